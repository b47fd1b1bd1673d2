/**
 * The guides that come with the engine, in `schemas/guides/NAME/SET.json`: what an industry or a partner allows of the standard. Each
 * extends the standard (`004010/850`) or another guide (`vics/850`), and says for which versions it holds.
 */
import { createRequire } from 'node:module'
import { GuideError } from './guide.ts'
import { parseOverlay, type Overlay } from './overlay.ts'

// The same two steps up from src/x12 and from dist/x12.
const guideFolder = '../../schemas/guides'
const requireFile = createRequire(import.meta.url)

/** Names of the shipped guides: the industry's first. */
export const shippedGuides = ['vics', 'northwind', 'lakeshore'] as const

/** Industries that GS08 names by a suffix, and the guide that says what they agreed on. */
const industries: Readonly<Record<string, string>> = { VICS: 'vics' }

const longestChain = 5
const files = new Map<string, Overlay | null>()

/** What an `extends` names: a version of the standard or a guide, and the set. */
export interface GuideReference {
  /** `004010` or `vics`. */
  readonly name: string
  readonly set: string
  readonly isStandard: boolean
}

/** `004010/850`, `vics/850`. Throws GuideError for anything else. */
export function parseReference(reference: string): GuideReference {
  const match = /^(\d{6}|[a-z][a-z0-9-]{0,39})\/(\d{3})$/.exec(reference)
  if (!match) throw new GuideError([`"${reference}" names no guide; write 004010/850 or vics/850`])
  const [, name = '', set = ''] = match
  return { name, set, isStandard: /^\d/.test(name) }
}

/**
 * The overlays of a guide, the widest first, down from the standard that they end at. `own` is an overlay that is not shipped; what it extends
 * must be. Throws GuideError when a guide is not there or they speak of different sets.
 */
export function overlayChain(own: Overlay): { readonly version: string; readonly set: string; readonly overlays: readonly Overlay[] } {
  const overlays: Overlay[] = [own]
  let reference = parseReference(own.extends)
  const { set } = reference
  while (!reference.isStandard) {
    const next = shippedOverlay(reference.name, reference.set)
    if (!next) throw new GuideError([`there is no guide ${reference.name}/${reference.set}`])
    if (overlays.unshift(next) > longestChain) throw new GuideError([`${own.extends} extends more than ${longestChain} guides`])
    reference = parseReference(next.extends)
    if (reference.set !== set) throw new GuideError([`a guide of ${set} cannot extend one of ${reference.set}`])
  }
  return { version: reference.name, set, overlays }
}

/** One shipped guide as its file has it; undefined when there is none. */
export function shippedOverlay(name: string, set: string): Overlay | undefined {
  if (!(shippedGuides as readonly string[]).includes(name) || !/^\d{3}$/.test(set)) return undefined
  const key = `${name}/${set}`
  let overlay = files.get(key)
  if (overlay === undefined) files.set(key, overlay = load(key))
  return overlay ?? undefined
}

/**
 * The overlays that a shipped guide lays over a version of the standard, the widest first; none when it has no such set, or does not hold for
 * that version. For `standard.ts` and everybody who needs no compiled guide.
 */
export function shippedOverlays(name: string, set: string, version: string): readonly Overlay[] {
  const own = shippedOverlay(name, set)
  if (!own) return []
  const chain = overlayChain(own)
  const holds = own.versions ?? [chain.version]
  return holds.includes(version) ? chain.overlays : []
}

/** The overlays of the industry that a suffix of GS08 names (`VICS`); none for a suffix that no guide is shipped for. */
export function industryOverlays(suffix: string, set: string, version: string): readonly Overlay[] {
  const name = industries[suffix]
  return name === undefined ? [] : shippedOverlays(name, set, version)
}

function load(key: string): Overlay | null {
  let file: unknown
  try {
    file = requireFile(`${guideFolder}/${key}.json`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
  return parseOverlay(file)
}
