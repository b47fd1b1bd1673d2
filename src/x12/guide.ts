/**
 * What a transaction set may look like: the schema files of `schemas/x12` made into a model, linted, and compiled into a Guide.
 *
 * The model (`SegmentUse`, `BodyNode`) is what people and findings speak of; the compiled tables (`compile.ts`) are what the
 * validator runs on. Overlays (`overlay.ts`) narrow the model before it is compiled.
 */
// ---- The files -------------------------------------------------------------------------------------------------

export type Requirement = 'M' | 'O' | 'X'
export type ElementType = 'ID' | 'AN' | 'DT' | 'TM' | 'R' | 'B' | 'N' | 'N0' | 'N1' | 'N2' | 'N3' | 'N4' | 'N5' | 'N6' | 'N7' | 'N8' | 'N9'

export interface ElementFile {
  readonly name: string
  readonly type: string
  readonly min: number
  readonly max: number
  /** Allowed codes, or codes with their meaning. */
  readonly codes?: readonly string[] | Readonly<Record<string, string>>
  /** The list is not complete: a code outside it is a warning, never an error. */
  readonly partial?: boolean
}

/** A bare reference is an optional element. `ref` names an element or a composite; `composite` is another way to name the latter. */
export type ElementEntry = string | {
  readonly ref?: string
  readonly composite?: string
  readonly req?: string
  readonly repeat?: number
  readonly name?: string
}

export interface SegmentFile {
  readonly name: string
  readonly elements: readonly ElementEntry[]
  /** Syntax notes, e.g. "P0304": P paired, R at least one, E at most one, C first needs all the rest, L first needs one of the rest. */
  readonly syntax?: readonly string[]
}

export type BodyEntry =
  | { readonly seg: string; readonly req?: string; readonly max?: number | string }
  | { readonly loop: string; readonly name?: string; readonly req?: string; readonly max?: number | string; readonly body: readonly BodyEntry[] }

/** Hierarchy rules: which HL elements hold id, parent, level and child code, and the level orders that a structure code (BSN05) announces. */
export interface HierarchyFile {
  readonly id: number
  readonly parent: number
  readonly level: number
  readonly child?: number
  readonly orders?: Readonly<Record<string, string>>
}

export interface SetFile {
  readonly set: string
  readonly group: string
  readonly name?: string
  readonly body: readonly BodyEntry[]
  readonly hl?: HierarchyFile
}

export interface SchemaFiles {
  readonly version: string
  readonly elements: Readonly<Record<string, ElementFile>>
  readonly segments: Readonly<Record<string, SegmentFile>>
  readonly composites: Readonly<Record<string, SegmentFile>>
}

// ---- The model -------------------------------------------------------------------------------------------------

export interface ElementUse {
  readonly reference: string
  readonly name: string
  readonly type: ElementType | 'composite'
  readonly min: number
  readonly max: number
  readonly codes: ReadonlySet<string> | null
  readonly partial: boolean
  /** The list of the standard, where an overlay has narrowed it. */
  readonly standard?: { readonly codes: ReadonlySet<string> | null; readonly partial: boolean }
  readonly requirement: Requirement
  readonly repeat: number
  readonly components: readonly ElementUse[]
  readonly syntax: readonly SyntaxNote[]
}

export interface SegmentUse {
  readonly id: string
  readonly name: string
  readonly elements: readonly ElementUse[]
  readonly syntax: readonly SyntaxNote[]
}

export interface SyntaxNote {
  readonly text: string
  readonly kind: 'P' | 'R' | 'E' | 'C' | 'L'
  /** 1-based element numbers, in the order of the note. */
  readonly elements: readonly number[]
}

/** Only occurrences whose (first) segment has one of these codes in this element. */
export interface Condition {
  readonly element: number
  readonly codes: ReadonlySet<string>
}

export interface SegmentNode {
  readonly kind: 'segment'
  readonly requirement: Requirement
  readonly max: number
  readonly use: SegmentUse
  /** Kinds of this segment that an overlay treats apart; they share its place and may come in any order. */
  readonly variants?: readonly (SegmentNode & { readonly when: Condition })[]
}

export interface LoopNode {
  readonly kind: 'loop'
  readonly id: string
  readonly name: string
  readonly requirement: Requirement
  readonly max: number
  readonly body: readonly BodyNode[]
  /** Kinds of this loop that an overlay treats apart, by a code in their first segment. */
  readonly variants?: readonly (LoopNode & { readonly when: Condition })[]
}

export type BodyNode = SegmentNode | LoopNode

/**
 * A check of business sums: the total of an element over the set (`sum`), or the number of loops or segments (`count`), equals another
 * element. Never part of a 997's verdict. Places are paths such as `PO1/PO102`: loops, then a segment, then its element.
 */
export interface SumRule {
  readonly sum?: string
  readonly count?: string
  readonly equals: string
}

export interface GuideModel {
  readonly set: string
  /** GS01 of the groups it travels in. */
  readonly functionalId: string
  readonly version: string
  readonly name: string
  readonly root: LoopNode
  readonly hierarchy: HierarchyFile | null
  readonly rules: readonly SumRule[]
  /** Every segment id of the version, to tell a segment of another set from one that nobody knows. */
  readonly dictionary: ReadonlySet<string>
}

export const unlimited = 0x7fffffff

/** A schema or overlay that contradicts itself or its base. Thrown while loading, never while reading. */
export class GuideError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The guide cannot be used: ${problems.join('; ')}`)
    this.name = 'GuideError'
    this.problems = problems
  }
}

// The segments of a version are the same in all its sets, and the codes of an element wherever it stands: most of the work of making a
// model, and done once.
const segmentsMade = new WeakMap<SchemaFiles, Map<string, SegmentUse>>()
const codesMade = new WeakMap<ElementFile, ReadonlySet<string>>()

function codesOf(file: ElementFile): ReadonlySet<string> | null {
  if (!file.codes) return null
  let codes = codesMade.get(file)
  if (!codes) {
    codes = new Set(Array.isArray(file.codes) ? file.codes as readonly string[] : Object.keys(file.codes))
    codesMade.set(file, codes)
  }
  return codes
}

/** Make the model of one set from its files. Throws GuideError naming every reference that leads nowhere. */
export function modelOf(files: SchemaFiles, set: SetFile): GuideModel {
  const problems: string[] = []
  let uses = segmentsMade.get(files)
  if (!uses) segmentsMade.set(files, uses = new Map())
  const made = uses
  const useOf = (id: string): SegmentUse => {
    let use = made.get(id)
    if (!use) {
      const file = files.segments[id]
      const before = problems.length
      if (!file) problems.push(`segment ${id} is not defined`)
      use = {
        id,
        name: file?.name ?? id,
        elements: (file?.elements ?? []).map((entry, i) => elementUse(files, entry, `${id}${String(i + 1).padStart(2, '0')}`, problems)),
        syntax: syntaxNotes(file?.syntax ?? [], file?.elements.length ?? 0, id, problems),
      }
      if (problems.length === before) made.set(id, use)
    }
    return use
  }
  const node = (entry: BodyEntry): BodyNode => 'seg' in entry
    ? { kind: 'segment', requirement: requirement(entry.req), max: maximum(entry.max, 1), use: useOf(entry.seg) }
    : {
        kind: 'loop', id: entry.loop, name: entry.name ?? entry.loop, requirement: requirement(entry.req),
        max: maximum(entry.max, 1), body: entry.body.map(node),
      }
  // ST and SE are the reader's: it has judged them before a guide is chosen, and after the last segment.
  const body = set.body.filter(entry => !('seg' in entry && (entry.seg === 'ST' || entry.seg === 'SE'))).map(node)
  const root: LoopNode = { kind: 'loop', id: set.set, name: set.name ?? set.set, requirement: 'M', max: 1, body }
  if (problems.length > 0) throw new GuideError([...new Set(problems)])
  return {
    set: set.set, functionalId: set.group, version: files.version, name: set.name ?? set.set, root,
    hierarchy: set.hl ?? null, rules: [], dictionary: new Set(Object.keys(files.segments)),
  }
}

function elementUse(files: SchemaFiles, entry: ElementEntry, place: string, problems: string[]): ElementUse {
  const spec = typeof entry === 'string' ? { ref: entry } : entry
  const reference = spec.composite ?? spec.ref ?? ''
  const repeat = spec.repeat ?? 1
  const composite = files.composites[reference]
  if (composite) {
    return {
      reference, requirement: requirement(spec.req), repeat, name: spec.name ?? composite.name, type: 'composite', min: 0, max: unlimited, codes: null, partial: false,
      components: composite.elements.map((part, i) => elementUse(files, part, `${place}-${i + 1}`, problems)),
      syntax: syntaxNotes(composite.syntax ?? [], composite.elements.length, place, problems),
    }
  }
  const file = files.elements[reference]
  if (!file) problems.push(`${place}: element ${reference || '(none)'} is not defined`)
  else if (!/^(ID|AN|DT|TM|R|B|N\d?)$/.test(file.type)) problems.push(`element ${reference}: type ${file.type} is not known`)
  return {
    reference, requirement: requirement(spec.req), repeat, name: spec.name ?? file?.name ?? reference, type: (file?.type ?? 'AN') as ElementType,
    min: file?.min ?? 1, max: file?.max ?? 1,
    codes: file ? codesOf(file) : null,
    partial: file?.partial ?? false, components: [], syntax: [],
  }
}

function requirement(value: string | undefined): Requirement {
  return value === 'M' || value === 'X' ? value : 'O'
}

function maximum(value: number | string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  const number = value === '>1' ? -1 : Number(value)
  return number < 0 ? unlimited : number
}

function syntaxNotes(notes: readonly string[], elements: number, place: string, problems: string[]): SyntaxNote[] {
  return notes.flatMap(text => {
    const match = /^([PRECL])((?:\d\d){2,})$/.exec(text)
    const numbers = (match?.[2]?.match(/\d\d/g) ?? []).map(Number)
    if (!match || numbers.some(n => n < 1 || n > elements || n > 31)) {
      problems.push(`${place}: syntax note ${text} cannot be read`)
      return []
    }
    return [{ text, kind: match[1] as SyntaxNote['kind'], elements: numbers }]
  })
}

// ---- Lint ------------------------------------------------------------------------------------------------------

/** What is wrong with a model: loops that do not begin with a segment, limits that contradict each other, places that a segment can never reach. */
export function lint(model: GuideModel): string[] {
  const problems: string[] = []
  const elements = (use: SegmentUse) => {
    for (const [i, element] of use.elements.entries()) {
      const place = `${use.id}${String(i + 1).padStart(2, '0')}`
      if (element.type !== 'composite' && element.min > element.max) problems.push(`${place}: minimum ${element.min} is over maximum ${element.max}`)
      if (element.requirement === 'M' && i >= 31) problems.push(`${place}: only the first 31 elements may be mandatory`)
      for (const code of element.codes ?? []) {
        if (code.length > element.max || code.length < element.min) problems.push(`${place}: code ${code} does not fit ${element.min}..${element.max}`)
      }
    }
  }
  const visit = (loop: LoopNode, path: string) => {
    const first = loop.body[0]
    if (!first) problems.push(`${path}: the loop is empty`)
    else if (loop.id !== model.set && first.kind !== 'segment') problems.push(`${path}: a loop must begin with a segment`)
    // After a place that can be skipped, a later place of the same segment is never reached: the first one takes them all.
    const open = new Map<string, string>()
    for (const child of loop.body) {
      const id = child.kind === 'segment' ? child.use.id : firstSegment(child)
      const earlier = open.get(id)
      if (earlier !== undefined) problems.push(`${path}/${id}: cannot be told from the ${id} before it`)
      if (child.requirement === 'M') open.clear()
      open.set(id, id)
      if (child.kind === 'segment') elements(child.use)
      else visit(child, `${path}/${child.id}`)
    }
  }
  visit(model.root, model.set)
  return [...new Set(problems)]
}

export function firstSegment(loop: LoopNode): string {
  const first = loop.body[0]
  return first === undefined ? '' : first.kind === 'segment' ? first.use.id : firstSegment(first)
}
