/** The schemas that come with the engine: loaded and compiled when first asked for, one set of a version at a time. */
import { createRequire } from 'node:module'
import { compile, type Guide } from './compile.ts'
import { GuideError, lint, modelOf, type SchemaFiles, type SetFile } from './guide.ts'
import { industryOverlays } from './guides.ts'
import { narrow, type Overlay } from './overlay.ts'
import { laySet, layVersion, type SetDifference, type VersionFiles } from './versions.ts'

// The same two steps up from src/x12 and from dist/x12.
const schemaFolder = '../../schemas/x12'
const requireFile = createRequire(import.meta.url)

/** Versions (the first six characters of GS08) that are shipped, each by what it changed of the one before. */
export const standardVersions: readonly string[] = ['004010', '004030', '005010']

/** Suffixes of GS08 that name an industry's subset of the standard; X231 and its addendum are what X12 itself publishes for the 999. */
const knownSuffixes = new Set(['', 'VICS', 'UCS', 'EDIFICE', 'RAIL', 'CHRY', 'AIAG', 'X231', 'X231A1'])

/** Functional identifiers (GS01) of the sets that are shipped. */
export const functionalIdentifiers: ReadonlySet<string> = new Set([
  'SM', 'IM', 'QM', 'RF', 'RG', 'IN', 'CD', 'OR', 'RA', 'AG', 'PS', 'SC', 'IB', 'PO', 'PD', 'PR', 'SH', 'PC', 'RC', 'SS', 'TX', 'CA', 'OG', 'GP', 'OW', 'AR',
  'RE', 'SW', 'GF', 'FA',
])

const dictionaries = new Map<string, SchemaFiles>()
const setFiles = new Map<string, SetFile | null>()
const guides = new Map<string, Guide | null>()

/** Version and industry suffix of a GS08 such as "004010VICS". */
export function splitVersion(version: string): { version: string; suffix: string; suffixKnown: boolean } {
  const suffix = version.slice(6)
  return { version: version.slice(0, 6), suffix, suffixKnown: knownSuffixes.has(suffix) }
}

/**
 * The guide of a set in a version (GS08): the standard, narrowed by the industry that the suffix names (004010VICS) where its guide is shipped.
 * undefined when the set is not shipped. An acknowledgement of a version that is not shipped is read by the oldest one (997) or the latest (999)
 * that is: its segments have hardly changed, and it must always be readable.
 */
export function standardGuide(version: string, set: string): Guide | undefined {
  const { version: base, suffix } = splitVersion(version)
  if (!standardVersions.includes(base)) return set === '997' || set === '999' ? standardGuide(standardVersions.at(set === '997' ? 0 : -1) as string, set) : undefined
  const overlays = suffix === '' ? [] : industryOverlays(suffix, set, base)
  const key = overlays.length === 0 ? `${base}/${set}` : `${base}${suffix}/${set}`
  let guide = guides.get(key)
  if (guide === undefined) {
    const file = standardSet(base, set)
    guide = file === undefined ? null : compile(overlays.reduce(narrow, modelOf(schemaFiles(base), file)))
    guides.set(key, guide)
  }
  return guide ?? undefined
}

/**
 * The guide of a set as overlays narrow it, the widest first: the standard, then an industry's, then a partner's. Throws GuideError when the set
 * is not shipped, a place does not exist, an overlay would widen, or what it leaves cannot be told apart.
 */
export function narrowedGuide(version: string, set: string, ...overlays: readonly Overlay[]): Guide {
  const base = standardGuide(version, set)
  if (!base) throw new GuideError([`there is no ${set} in version ${version}`])
  const model = overlays.reduce(narrow, base.model)
  const known = new Set(lint(base.model))
  const problems = lint(model).filter(problem => !known.has(problem))
  if (problems.length > 0) throw new GuideError(problems)
  return compile(model)
}

/** The dictionaries of a version. Throws when the version is not shipped. */
export function schemaFiles(version: string): SchemaFiles {
  let found = dictionaries.get(version)
  if (!found) {
    const files: VersionFiles = {
      elements: read(version, 'elements') ?? {}, segments: read(version, 'segments') ?? {}, composites: read(version, 'composites') ?? {},
    }
    const before = versionBefore(version)
    found = layVersion(version, before === undefined ? undefined : schemaFiles(before), files)
    dictionaries.set(version, found)
  }
  return found
}

/** The file of a set in a version with what earlier versions said of it; undefined when the version has no such set. */
export function standardSet(version: string, set: string): SetFile | undefined {
  if (!standardVersions.includes(version) || !/^\d{3}$/.test(set)) return undefined
  const key = `${version}/${set}`
  let found = setFiles.get(key)
  if (found === undefined) {
    const file = read<SetDifference>(version, set)
    const before = versionBefore(version)
    const earlier = before === undefined ? undefined : standardSet(before, set)
    found = file === undefined ? earlier ?? null : laySet(earlier, file)
    setFiles.set(key, found)
  }
  return found ?? undefined
}

function versionBefore(version: string): string | undefined {
  return standardVersions[standardVersions.indexOf(version) - 1]
}

/** A file of a version's folder; undefined when there is none. */
function read<T>(version: string, name: string): T | undefined {
  if (!standardVersions.includes(version)) throw new GuideError([`version ${version} is not shipped`])
  try {
    return requireFile(`${schemaFolder}/${version}/${name}.json`) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
