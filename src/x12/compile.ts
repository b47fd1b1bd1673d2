/**
 * A guide's model compiled into typed arrays, so that the validator's hot path is table look-ups on integers.
 *
 * Positions: every segment and loop of the set is a node, numbered in document order (root 0; a loop's first segment is the
 * loop's number + 1). Where segment S leads from node P never depends on the data, so it is worked out once, when first
 * asked, and remembered (`transition`): the guide becomes a state machine that grows along the paths real files take.
 */
import type { BodyNode, ElementUse, GuideModel, SegmentUse } from './guide.ts'
import { blank, componentMark, control, digit, high, keyOf, letter, other, point, repetitionMark, sign } from './lex.ts'

/** Fields of one element in `Guide.slots`, which has `slotSize` numbers for each element of each segment. */
export const slotSize = 8
export const slotType = 0
export const slotMin = 1
/** Maximum length − minimum length. */
export const slotSpan = 2
/** Byte classes that send the element to the slow, exact check. */
export const slotReject = 3
/** Offset and size − 1 of the element's code table in `Guide.codes`; offset −1 when any code will do. */
export const slotCodes = 4
export const slotCodeMask = 5

export const typeText = 0
export const typeDate = 1
export const typeTime = 2
export const typeInteger = 3
export const typeDecimal = 4
export const typeBinary = 5
export const typeComposite = 6

/** A transition is `node << transitionShift | flags`; `noTransition` when the segment has no place from there. */
export const transitionShift = 5
export const sameSegment = 1
export const loopBegins = 2
export const loopRepeats = 4
export const someMissing = 8
/** The guide says that the place is not used. */
export const notUsed = 16
export const noTransition = -1
const unresolved = 0

export interface Guide {
  readonly model: GuideModel
  readonly set: string
  /** GS01 of the groups it travels in. */
  readonly functionalId: string
  readonly version: string
  // Nodes.
  readonly nodeCount: number
  readonly parents: Int32Array
  readonly maxima: Int32Array
  /** Index of the segment's definition; for a loop, of its first segment's. */
  readonly definitions: Int32Array
  readonly isLoop: Uint8Array
  readonly required: Uint8Array
  readonly names: readonly string[]
  readonly children: readonly (readonly number[])[]
  /** For each node that has kinds of its own (`SegmentNode.variants`), those; null when no node of the guide has. A kind is no child of its loop. */
  readonly variants: ReadonlyMap<number, readonly Variant[]> | null
  /** The node whose place a node takes: itself, but for variants. */
  readonly places: Int32Array
  // Segment ids as symbols 0…
  readonly symbols: SymbolTable
  readonly symbolOfNode: Int32Array
  readonly rows: (Int32Array | null)[]
  readonly missing: Map<number, readonly number[]>
  // Segment definitions.
  readonly uses: readonly SegmentUse[]
  readonly slotStart: Int32Array
  readonly elementCount: Int32Array
  /** Bit e − 1 set: element e is mandatory, or must not be used. */
  readonly mandatory: Int32Array
  readonly forbidden: Int32Array
  readonly noteStart: Int32Array
  /** Syntax notes as (kind, mask of elements, bit of the first) triples. */
  readonly notes: Int32Array
  readonly slots: Int32Array
  /** For each definition the elements present in a segment that was right by its usage and syntax notes; −1 before there was one. */
  readonly fits: Int32Array
  readonly codes: Int32Array
  /** Symbol of HL when the set has hierarchy rules, else −1. */
  readonly hierarchySymbol: number
}

export interface Variant {
  readonly node: number
  readonly element: number
  readonly codes: ReadonlySet<string>
  readonly required: boolean
}

export const notePaired = 0
export const noteRequired = 1
export const noteExclusive = 2
export const noteConditional = 3
export const noteList = 4
const noteKinds = { P: notePaired, R: noteRequired, E: noteExclusive, C: noteConditional, L: noteList } as const

/** Segment ids by their packed key: open addressing, −1 when the id is not in the set. */
export class SymbolTable {
  private readonly keys: Int32Array
  private readonly values: Int32Array
  private readonly mask: number
  readonly ids: readonly string[]

  constructor(ids: readonly string[]) {
    const size = powerOfTwo(ids.length * 4)
    this.ids = ids
    this.mask = size - 1
    this.keys = new Int32Array(size)
    this.values = new Int32Array(size).fill(-1)
    for (const [value, id] of ids.entries()) {
      let at = slotOf(keyOf(id), this.mask)
      while (this.keys[at] !== 0) at = (at + 1) & this.mask
      this.keys[at] = keyOf(id)
      this.values[at] = value
    }
  }

  find(key: number): number {
    const { keys, mask } = this
    let at = slotOf(key, mask)
    for (;;) {
      const found = keys[at]
      if (found === key) return this.values[at] as number
      if (found === 0) return -1
      at = (at + 1) & mask
    }
  }
}

export function slotOf(key: number, mask: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 16) & mask
}

function powerOfTwo(atLeast: number): number {
  let size = 4
  while (size < atLeast) size *= 2
  return size
}

/** Compile a model. About a millisecond for the largest sets. */
export function compile(model: GuideModel): Guide {
  const nodes = numberNodes(model)
  const definitions = compileDefinitions(nodes.uses)
  const ids = [...new Set(nodes.uses.map(use => use.id))]
  const symbols = new SymbolTable(ids)
  const symbolOfNode = Int32Array.from(nodes.definitions, d => d < 0 ? -1 : ids.indexOf((nodes.uses[d] as SegmentUse).id))
  return {
    model, set: model.set, functionalId: model.functionalId, version: model.version,
    nodeCount: nodes.names.length,
    parents: Int32Array.from(nodes.parents),
    maxima: Int32Array.from(nodes.maxima),
    definitions: Int32Array.from(nodes.definitions),
    isLoop: Uint8Array.from(nodes.isLoop),
    required: Uint8Array.from(nodes.required),
    names: nodes.names,
    children: nodes.children,
    variants: nodes.variants.size > 0 ? nodes.variants : null,
    places: Int32Array.from(nodes.places),
    symbols, symbolOfNode,
    rows: nodes.names.map(() => null),
    missing: new Map(),
    uses: nodes.uses,
    ...definitions,
    hierarchySymbol: model.hierarchy ? ids.indexOf('HL') : -1,
  }
}

function numberNodes(model: GuideModel) {
  const nodes = {
    parents: [] as number[], maxima: [] as number[], definitions: [] as number[], isLoop: [] as number[], places: [] as number[],
    required: [] as number[], names: [] as string[], children: [] as number[][], uses: [] as SegmentUse[],
    variants: new Map<number, readonly Variant[]>(),
  }
  const definitionOf = new Map<SegmentUse, number>()
  const define = (use: SegmentUse): number => {
    let definition = definitionOf.get(use)
    if (definition === undefined) {
      definition = nodes.uses.push(use) - 1
      definitionOf.set(use, definition)
    }
    return definition
  }
  const visit = (child: BodyNode, parent: number, place: number): number => {
    const node = nodes.names.length
    nodes.parents.push(parent)
    nodes.maxima.push(child.max)
    nodes.definitions.push(-1)
    nodes.isLoop.push(child.kind === 'loop' ? 1 : 0)
    nodes.places.push(place < 0 ? node : place)
    nodes.required.push(child.requirement === 'M' ? 1 : 0)
    nodes.names.push(child.kind === 'loop' ? child.id : child.use.id)
    nodes.children.push([])
    if (parent >= 0 && place < 0) (nodes.children[parent] as number[]).push(node)
    if (child.kind === 'segment') {
      nodes.definitions[node] = define(child.use)
    } else {
      for (const inner of child.body) visit(inner, node, -1)
      if (parent >= 0) nodes.definitions[node] = nodes.definitions[node + 1] as number
    }
    if (child.variants) {
      nodes.variants.set(node, child.variants.map(variant => ({
        node: visit(variant, parent, node), ...variant.when, required: variant.requirement === 'M',
      })))
    }
    return node
  }
  visit(model.root, -1, -1)
  return nodes
}

function compileDefinitions(uses: readonly SegmentUse[]) {
  const slots: number[] = []
  const codes: number[] = []
  const notes: number[] = []
  const tables = new Map<ReadonlySet<string>, [offset: number, mask: number]>()
  const slotStart = new Int32Array(uses.length)
  const elementCount = new Int32Array(uses.length)
  const mandatory = new Int32Array(uses.length)
  const forbidden = new Int32Array(uses.length)
  const noteStart = new Int32Array(uses.length + 1)
  for (const [d, use] of uses.entries()) {
    slotStart[d] = slots.length
    elementCount[d] = use.elements.length
    noteStart[d] = notes.length
    for (const [i, element] of use.elements.entries()) {
      if (i < 31 && element.requirement === 'M') mandatory[d] = (mandatory[d] as number) | (1 << i)
      if (i < 31 && element.requirement === 'X') forbidden[d] = (forbidden[d] as number) | (1 << i)
      slots.push(...slot(element, codes, tables))
    }
    for (const note of use.syntax) {
      notes.push(noteKinds[note.kind], note.elements.reduce((mask, e) => mask | (1 << (e - 1)), 0), 1 << ((note.elements[0] as number) - 1))
    }
  }
  noteStart[uses.length] = notes.length
  return {
    slotStart, elementCount, mandatory, forbidden, noteStart,
    fits: new Int32Array(uses.length).fill(-1), notes: Int32Array.from(notes), slots: Int32Array.from(slots), codes: Int32Array.from(codes),
  }
}

function slot(element: ElementUse, codes: number[], tables: Map<ReadonlySet<string>, [number, number]>): number[] {
  const type = typeNumber(element)
  const numeric = digit | (type === typeInteger ? sign : type === typeDecimal ? sign | point : 0)
  const always = componentMark | repetitionMark | control
  const reject = type === typeText ? always
    : type === typeBinary ? 0
      : type === typeComposite ? -1
        : always | ((letter | blank | point | sign | other | high) & ~numeric)
  const [offset, mask] = element.codes && type === typeText ? codeTable(element.codes, codes, tables) : [-1, 0]
  return [type, element.min, element.max - element.min, reject, offset, mask, 0, 0]
}

function typeNumber(element: ElementUse): number {
  switch (element.type) {
    case 'composite': return typeComposite
    case 'ID': case 'AN': return typeText
    case 'DT': return typeDate
    case 'TM': return typeTime
    case 'R': return typeDecimal
    case 'B': return typeBinary
    default: return typeInteger
  }
}

function codeTable(list: ReadonlySet<string>, codes: number[], tables: Map<ReadonlySet<string>, [number, number]>): [number, number] {
  const known = tables.get(list)
  if (known) return known
  let table = tablesMade.get(list)
  if (!table) tablesMade.set(list, table = makeTable(list))
  const entry: [number, number] = [codes.length, table.length - 1]
  for (const key of table) codes.push(key)
  tables.set(list, entry)
  return entry
}

/** Lists are shared by the guides of a version, and so are their tables. */
const tablesMade = new WeakMap<ReadonlySet<string>, Int32Array>()

/** Codes of up to four characters by their packed key; longer ones are looked up in the model. */
function makeTable(list: ReadonlySet<string>): Int32Array {
  const short = [...list].filter(code => code.length <= 4)
  const size = powerOfTwo(short.length * 2 + 1)
  const table = new Int32Array(size)
  for (const code of short) {
    let at = slotOf(keyOf(code), size - 1)
    while (table[at] !== 0) at = (at + 1) & (size - 1)
    table[at] = keyOf(code)
  }
  return table
}

// ---- Transitions -----------------------------------------------------------------------------------------------

/** Where `symbol` leads from `node` (0 = just after ST). */
export function transition(guide: Guide, node: number, symbol: number): number {
  let row = guide.rows[node] as Int32Array | null
  if (row === null) row = guide.rows[node] = new Int32Array(guide.symbols.ids.length)
  const known = row[symbol] as number
  if (known !== unresolved) return known
  const found = search(guide, node, symbol, true, -1)
  row[symbol] = found
  return found
}

/** The same when the obvious place is full: without repeating the segment itself, or without repeating `fullLoop`. */
export function transitionBeyond(guide: Guide, node: number, symbol: number, fullLoop: number): number {
  return search(guide, node, symbol, fullLoop >= 0, fullLoop)
}

/** Mandatory nodes passed over by a transition that has `someMissing`, or by ending the set at `node` (symbol −1). */
export function missingBetween(guide: Guide, node: number, symbol: number, fullLoop = -1): readonly number[] {
  const key = (node * (guide.symbols.ids.length + 1) + symbol + 1) * (guide.nodeCount + 1) + fullLoop + 1
  let missing = guide.missing.get(key)
  if (!missing) {
    const passed: number[] = []
    search(guide, node, symbol, true, fullLoop, passed)
    guide.missing.set(key, missing = passed)
  }
  return missing
}

function search(guide: Guide, from: number, symbol: number, mayRepeat: boolean, fullLoop: number, passed: number[] = []): number {
  const { parents, symbolOfNode, maxima, required, isLoop, children, places } = guide
  const here = places[from] as number
  const first = from > 1 && parents[from] === from - 1
  if (from > 0 && mayRepeat && symbolOfNode[from] === symbol && (maxima[here] as number) > 1 && !first) return (here << transitionShift) | sameSegment
  let loop = from === 0 ? 0 : parents[from] as number
  let after = here
  for (;;) {
    passRequiredVariants(guide, after, passed)
    for (const child of children[loop] as readonly number[]) {
      if (child <= after) continue
      if (symbolOfNode[child] === symbol) {
        const flags = (isLoop[child] ? loopBegins : 0) | (passed.length > 0 ? someMissing : 0) | (maxima[child] === 0 ? notUsed : 0)
        return ((isLoop[child] ? child + 1 : child) << transitionShift) | flags
      }
      if (required[child]) passed.push(child)
      passRequiredVariants(guide, child, passed)
    }
    if (loop === 0) break
    const place = places[loop] as number
    if (loop !== fullLoop && place !== fullLoop && symbolOfNode[loop] === symbol) {
      return ((place + 1) << transitionShift) | loopRepeats | (passed.length > 0 ? someMissing : 0)
    }
    after = place
    loop = parents[loop] as number
  }
  return from > 0 && mayRepeat && fullLoop < 0 && symbolOfNode[from] === symbol ? (here << transitionShift) | sameSegment : noTransition
}

/** Mandatory kinds of a node that is left behind. Whether they came is known only while reading. */
function passRequiredVariants(guide: Guide, node: number, passed: number[]): void {
  if (guide.variants === null) return
  for (const variant of guide.variants.get(node) ?? []) if (variant.required) passed.push(variant.node)
}

/** Whether the segment has a place earlier in one of the loops that are open at `node`: then it is out of order, else unexpected. */
export function hasEarlierPlace(guide: Guide, node: number, symbol: number): boolean {
  for (let loop = guide.parents[node] as number, after = guide.places[node] as number; loop >= 0; after = guide.places[loop] as number, loop = guide.parents[loop] as number) {
    for (const child of guide.children[loop] as readonly number[]) {
      if (child <= after && guide.symbolOfNode[child] === symbol) return true
    }
  }
  return false
}

/** Ids of the loops around a node, from the outside in, without the root. */
export function loopPath(guide: Guide, node: number): string[] {
  const path: string[] = []
  for (let loop = guide.isLoop[node] ? node : guide.parents[node] as number; loop > 0; loop = guide.parents[loop] as number) {
    path.unshift(guide.names[loop] as string)
  }
  return path
}
