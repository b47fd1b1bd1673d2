/**
 * Versions of the standard by difference: a later version's files state what changed since the one before, and these functions lay the change
 * over it. In `elements` an entry's properties replace the earlier ones and `addCodes` adds to the list; in `segments` and `composites`
 * an entry is complete, or says what to `append` and `change`; null takes an entry away. A set is the earlier one unless the version
 * has a file for it: a whole body, or `changes` to the earlier body.
 */
import { GuideError, type BodyEntry, type ElementEntry, type ElementFile, type SchemaFiles, type SegmentFile, type SetFile } from './guide.ts'

type ElementDifference = Partial<ElementFile> & { readonly addCodes?: Readonly<Record<string, string>> }

type SegmentDifference = Partial<SegmentFile> & {
  readonly append?: readonly ElementEntry[]
  /** Elements that are replaced, by their number. */
  readonly change?: Readonly<Record<string, ElementEntry>>
}

type Differences<T> = Readonly<Record<string, T | null>>

/** What one version's folder holds; a version that is not the first may lack any of it. */
export interface VersionFiles {
  readonly elements?: Differences<ElementDifference>
  readonly segments?: Differences<SegmentDifference>
  readonly composites?: Differences<SegmentDifference>
}

/**
 * A change to the body of a set. Places are ids of loops, then of a segment or loop; `N9#2` is the second N9 entry of its loop, and a last
 * step that names both a loop and a segment means the loop.
 */
export type SetChange =
  | { readonly at: string; readonly req?: string; readonly max?: number | string }
  | { readonly after: string; readonly add: readonly BodyEntry[] }
  | { readonly before: string; readonly add: readonly BodyEntry[] }
  | { readonly remove: string }

export type SetDifference = SetFile | (Partial<Omit<SetFile, 'body'>> & { readonly set: string; readonly changes: readonly SetChange[] })

/** The dictionaries of a version: those of the version before with its differences laid over. */
export function layVersion(version: string, before: SchemaFiles | undefined, files: VersionFiles): SchemaFiles {
  const problems: string[] = []
  const result: SchemaFiles = {
    version,
    elements: lay(before?.elements, files.elements, (earlier, { addCodes, ...entry }, id) => {
      const element = { ...earlier, ...entry }
      if (element.type === undefined) problems.push(`element ${id} is not complete`)
      return addCodes === undefined ? element as ElementFile : { ...element, codes: { ...meanings(element.codes), ...addCodes } } as ElementFile
    }),
    segments: lay(before?.segments, files.segments, (earlier, entry, id) => laySegment(earlier, entry, id, problems)),
    composites: lay(before?.composites, files.composites, (earlier, entry, id) => laySegment(earlier, entry, id, problems)),
  }
  if (problems.length > 0) throw new GuideError(problems.map(problem => `${version}: ${problem}`))
  return result
}

/** A set of a version: its own body, or the earlier one with its changes. Throws GuideError naming the places that do not exist. */
export function laySet(before: SetFile | undefined, file: SetDifference): SetFile {
  if (!('changes' in file)) return file
  if (!before) throw new GuideError([`${file.set} has changes, but no earlier version has the set`])
  const { changes, ...header } = file
  const problems: string[] = []
  let { body } = before
  for (const change of changes) {
    const path = 'at' in change ? change.at : 'after' in change ? change.after : 'before' in change ? change.before : change.remove
    const changed = edit(body, path.split('/'), entry => {
      if ('remove' in change) return []
      if ('after' in change) return [entry, ...change.add]
      if ('before' in change) return [...change.add, entry]
      const { at: _, ...limits } = change
      return [{ ...entry, ...limits }]
    })
    if (changed) body = changed
    else problems.push(`${file.set}: ${path} does not exist`)
  }
  if (problems.length > 0) throw new GuideError(problems)
  return { ...before, ...header, body }
}

function lay<T, D>(
  before: Readonly<Record<string, T>> | undefined, differences: Differences<D> | undefined, over: (earlier: T | undefined, entry: D, id: string) => T,
): Record<string, T> {
  const result: Record<string, T> = { ...before }
  for (const [id, entry] of Object.entries(differences ?? {})) {
    if (entry === null) delete result[id]
    else result[id] = over(result[id], entry, id)
  }
  return result
}

function laySegment(earlier: SegmentFile | undefined, difference: SegmentDifference, id: string, problems: string[]): SegmentFile {
  const { append = [], change = {}, ...entry } = difference
  const elements = [...entry.elements ?? earlier?.elements ?? []]
  for (const [number, element] of Object.entries(change)) {
    if (elements[Number(number) - 1] === undefined) problems.push(`${id} has no element ${number} to change`)
    elements[Number(number) - 1] = element
  }
  const segment = { ...earlier, ...entry, elements: [...elements, ...append] }
  if (segment.name === undefined || segment.elements.length === 0) problems.push(`${id} is not complete`)
  return segment as SegmentFile
}

function meanings(codes: ElementFile['codes']): Readonly<Record<string, string>> {
  return Array.isArray(codes) ? Object.fromEntries(codes.map((code: string) => [code, code])) : { ...codes as Readonly<Record<string, string>> }
}

/** The body with the entry at `path` replaced by others; undefined when there is no such place. */
function edit(body: readonly BodyEntry[], path: readonly string[], replace: (entry: BodyEntry) => readonly BodyEntry[]): BodyEntry[] | undefined {
  const [step = '', ...rest] = path
  const [id = '', occurrence] = step.split('#')
  const isLoop = (entry: BodyEntry): boolean => 'loop' in entry && entry.loop === id
  const isHere = (entry: BodyEntry): boolean => isLoop(entry) || ('seg' in entry && entry.seg === id)
  const candidates = rest.length > 0 || body.some(isLoop) ? body.filter(isLoop) : body.filter(isHere)
  const target = (occurrence === undefined ? candidates : body.filter(isHere))[Number(occurrence ?? 1) - 1]
  if (target === undefined) return undefined
  if (rest.length === 0) return body.flatMap(entry => entry === target ? replace(entry) : [entry])
  if (!('loop' in target)) return undefined
  const inside = edit(target.body, rest, replace)
  return inside && body.map(entry => entry === target ? { ...target, body: inside } : entry)
}
