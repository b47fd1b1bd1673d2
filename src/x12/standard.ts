/** The schemas that come with the engine: loaded and compiled when first asked for, one set of a version at a time. */
import { createRequire } from 'node:module'
import { compile, type Guide } from './compile.ts'
import { GuideError, lint, modelOf, type SchemaFiles, type SetFile } from './guide.ts'
import { narrow, type Overlay } from './overlay.ts'

// The same two steps up from src/x12 and from dist/x12.
const schemaFolder = '../../schemas/x12'
const requireFile = createRequire(import.meta.url)

/** Versions (the first six characters of GS08) that are shipped. */
export const standardVersions: readonly string[] = ['004010']

/** Suffixes of GS08 that name an industry's subset of the standard. */
const knownSuffixes = new Set(['', 'VICS', 'UCS', 'EDIFICE', 'RAIL', 'CHRY', 'AIAG'])

const files = new Map<string, SchemaFiles>()
const guides = new Map<string, Guide | null>()

/** Version and industry suffix of a GS08 such as "004010VICS". */
export function splitVersion(version: string): { version: string; suffix: string; suffixKnown: boolean } {
  const suffix = version.slice(6)
  return { version: version.slice(0, 6), suffix, suffixKnown: knownSuffixes.has(suffix) }
}

/**
 * The guide of a set in a version (GS08; a suffix is ignored), undefined when it is not shipped. An acknowledgement (997) of
 * a version that is not shipped is read by the oldest one that is: its segments have hardly changed, and it must always be readable.
 */
export function standardGuide(version: string, set: string): Guide | undefined {
  const base = version.slice(0, 6)
  const key = `${base}/${set}`
  let guide = guides.get(key)
  if (guide === undefined) {
    guide = load(base, set)
    if (standardVersions.includes(base)) guides.set(key, guide)
  }
  if (guide === null && set === '997' && !standardVersions.includes(base)) return standardGuide(standardVersions[0] as string, set)
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

/** The files of a version, as they are. Throws when the version is not shipped. */
export function schemaFiles(version: string): SchemaFiles {
  let found = files.get(version)
  if (!found) {
    const read = (name: string): unknown => requireFile(`${schemaFolder}/${version}/${name}.json`)
    found = {
      version,
      elements: read('elements') as SchemaFiles['elements'],
      segments: read('segments') as SchemaFiles['segments'],
      composites: read('composites') as SchemaFiles['composites'],
    }
    files.set(version, found)
  }
  return found
}

function load(version: string, set: string): Guide | null {
  if (!standardVersions.includes(version) || !/^\d{3}$/.test(set)) return null
  let file: SetFile
  try {
    file = requireFile(`${schemaFolder}/${version}/${set}.json`) as SetFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
  return compile(modelOf(schemaFiles(version), file))
}
