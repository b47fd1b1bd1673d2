/** Turns lexed segments into strings and a tree. Only used when a tree is wanted, or when a finding needs the value. */
import type { Guide } from './compile.ts'
import { componentMark, elementLimit, repetitionMark, type SegmentLexer } from './lex.ts'
import type { ElementValue, Loop, Segment } from './types.ts'

const cacheSize = 4096
/** Windows up to this size are decoded at once; of larger ones only the segments that are asked for. */
const decodedAtOnce = 1 << 18

/** Buffer's own decoders; `toString` would look up the encoding each time. */
interface Decoder {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/** Strings of the lexer's current segment. Short values (codes, units, qualifiers) repeat endlessly and are kept in a small cache by their packed key. */
export class ElementText {
  private readonly lexer: SegmentLexer
  private readonly utf8: boolean
  private readonly cachedKeys = new Int32Array(cacheSize)
  private readonly cached: string[] = Array.from({ length: cacheSize }, () => '')
  private viewed: Uint8Array | null = null
  private view: Decoder = Buffer.alloc(0) as unknown as Decoder
  /** Text of the window from `textStart` to `textEnd`; one decoding serves many elements. */
  private decoded = ''
  private textStart = 0
  private textEnd = 0

  constructor(lexer: SegmentLexer, encoding: 'latin1' | 'utf8') {
    this.lexer = lexer
    this.utf8 = encoding === 'utf8'
  }

  /** Any stretch of the buffer. */
  slice(start: number, end: number): string {
    const buffer = this.lexer.buffer
    if (this.viewed !== buffer) {
      this.view = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength) as unknown as Decoder
      this.viewed = buffer
    }
    return this.utf8 ? this.view.utf8Slice(start, end) : this.view.latin1Slice(start, end)
  }

  /** Element `index` of the current segment (0 = its id) as it stands, separators inside included. */
  raw(index: number): string {
    const { lexer } = this
    return this.element(lexer.elementStart(index), lexer.ends[index] as number, lexer.keys[index] as number)
  }

  private element(start: number, end: number, key: number): string {
    const length = end - start
    if (length <= 4) return length === 0 ? '' : this.short(start, end, key)
    if (this.utf8) return this.slice(start, end)
    if (end > this.textEnd || start < this.textStart) this.decode(start)
    return this.decoded.slice(start - this.textStart, end - this.textStart)
  }

  /** The buffer has other contents from now on. */
  forget(): void {
    this.textStart = this.textEnd = 0
    this.decoded = ''
    this.viewed = null
  }

  private decode(from: number): void {
    const { buffer, end } = this.lexer
    this.textStart = from
    this.textEnd = buffer.length - from <= decodedAtOnce ? buffer.length : end
    this.decoded = this.slice(from, this.textEnd)
  }

  private short(start: number, end: number, key: number): string {
    const at = (Math.imul(key, 0x9e3779b1) >>> 20) & (cacheSize - 1)
    const found = this.cached[at] as string
    if (this.cachedKeys[at] === key && found.length === end - start) return found
    // Cut from text that is there already, which is much cheaper than to decode so little.
    const text = !this.utf8 && start >= this.textStart && end <= this.textEnd
      ? this.decoded.slice(start - this.textStart, end - this.textStart) : this.slice(start, end)
    this.cachedKeys[at] = key
    this.cached[at] = text
    return text
  }

  /** Element `index` taken apart at the separators that occur in it. */
  value(index: number): ElementValue {
    const marks = this.lexer.masks[index] as number
    const raw = this.raw(index)
    if ((marks & (componentMark | repetitionMark)) === 0) return raw
    const { component, repetition } = this.lexer.delimiters
    const separator = String.fromCharCode(component)
    const parts = (text: string): string | string[] => text.includes(separator) ? text.split(separator) : text
    if (repetition === null || (marks & repetitionMark) === 0) return parts(raw)
    return { repeats: raw.split(String.fromCharCode(repetition)).map(parts) }
  }

  /** The current segment. `position` is its ordinal in the set. */
  segment(position: number): Segment {
    const { lexer } = this
    const { ends, masks, keys } = lexer
    let last = Math.min(lexer.count, elementLimit) - 1
    while (last > 0 && (ends[last] as number) === lexer.elementStart(last)) last--
    const elements = blanks.slice(0, last)
    let start = (ends[0] as number) + 1
    for (let i = 1; i <= last; i++) {
      const end = ends[i] as number
      const simple = ((masks[i] as number) & (componentMark | repetitionMark)) === 0
      elements[i - 1] = simple ? this.element(start, end, keys[i] as number) : this.value(i)
      start = end + 1
    }
    return new PlainSegment(this.raw(0), position, lexer.base + lexer.start, elements)
  }
}

/*
 * What trees are made of is never written as a literal. Of literals, V8 watches how long what they make lives; now and then it concludes from a
 * few that all of it lives long, and puts it straight into the old space until the process ends: trees then take twice the time. A constructor
 * without a prototype of its own makes the same plain objects, and a copy of a part the same plain arrays, unwatched.
 */
const blanks: readonly ElementValue[] = Array.from({ length: elementLimit }, () => '')
const noChildren: readonly (Segment | Loop)[] = []

const PlainSegment = function (
  this: { -readonly [Field in keyof Segment]: Segment[Field] }, id: string, position: number, offset: number, elements: readonly ElementValue[],
): void {
  this.id = id
  this.position = position
  this.offset = offset
  this.elements = elements
} as unknown as new (id: string, position: number, offset: number, elements: readonly ElementValue[]) => Segment
Object.assign(PlainSegment, { prototype: Object.prototype })

const PlainLoop = function (this: { -readonly [Field in keyof Loop]: Loop[Field] }, id: string, children: readonly (Segment | Loop)[]): void {
  this.id = id
  this.children = children
} as unknown as new (id: string, children: readonly (Segment | Loop)[]) => Loop
Object.assign(PlainLoop, { prototype: Object.prototype })

interface OpenLoop {
  readonly node: number
  readonly children: (Segment | Loop)[]
}

/** Puts segments where the guide's nodes say. Without a guide the tree is flat. */
export class TreeBuilder {
  private readonly text: ElementText
  private guide: Guide | null = null
  private readonly stack: OpenLoop[] = []
  private root: Loop = { id: '', children: [] }
  private top: (Segment | Loop)[] = []

  constructor(text: ElementText) {
    this.text = text
  }

  begin(set: string, guide: Guide | null): void {
    this.guide = guide
    this.top = []
    this.root = { id: set, children: this.top }
    this.stack.length = 0
    this.stack.push({ node: 0, children: this.top })
  }

  /** Add the current segment at a node; `opensLoop` when a loop begins with it. */
  add(position: number, node: number, opensLoop: boolean): void {
    const { guide, stack } = this
    if (guide !== null) {
      const loop = guide.parents[node] as number
      const around = opensLoop ? guide.parents[loop] as number : loop
      if ((stack[stack.length - 1] as OpenLoop).node !== around) {
        while ((stack[stack.length - 1] as OpenLoop).node > around) stack.pop()
        this.top = (stack[stack.length - 1] as OpenLoop).children
      }
      if (opensLoop) {
        const children = noChildren.slice()
        this.top.push(new PlainLoop(guide.names[loop] as string, children))
        stack.push({ node: loop, children })
        this.top = children
      }
    }
    this.top.push(this.text.segment(position))
  }

  /** Add the current segment where the tree stands: one that has no place in the guide. */
  addStray(position: number): void {
    this.top.push(this.text.segment(position))
  }

  finish(): Loop {
    const root = this.root
    this.stack.length = 0
    this.top = []
    return root
  }
}
