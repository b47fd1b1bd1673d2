/**
 * Segments into bytes: elements joined, empty ones at the end dropped, and no delimiter ever inside data: it is replaced
 * when the caller says by what, else refused with the place it stands in.
 */
import { repeats } from './tree.ts'
import type { Delimiters, ElementValue } from './types.ts'

/** `*` between elements, `>` between components, `~` after segments, no repetition (ISA12 00401). */
export const defaultDelimiters: Delimiters = { element: 0x2a, component: 0x3e, segment: 0x7e, repetition: null }

export interface WriteOptions {
  readonly delimiters?: Delimiters
  /** Written after each segment terminator, unless that is a line end itself. Default none. */
  readonly newline?: string
  /** Default latin1. */
  readonly encoding?: 'latin1' | 'utf8'
  /** What to write in the place of a delimiter that stands in data. Without it such data is refused. */
  readonly replaceDelimiters?: string
}

/** Data that cannot be written. Says where it stands. */
export class WriteError extends Error {
  readonly set: string
  readonly controlNumber: string
  readonly segment: string
  /** Ordinal in the set, ST = 1; 0 in the envelope. */
  readonly position: number
  readonly element: number

  constructor(problem: string, set: string, controlNumber: string, segment: string, position: number, element: number) {
    const where = `${segment}${String(element).padStart(2, '0')}${position > 0 ? ` (segment ${position} of ${set} ${controlNumber})` : ''}`
    super(`${where} ${problem}`)
    this.name = 'WriteError'
    this.set = set
    this.controlNumber = controlNumber
    this.segment = segment
    this.position = position
    this.element = element
  }
}

const flushLength = 65536

export class SegmentEncoder {
  readonly options: WriteOptions
  readonly element: string
  readonly component: string
  readonly repetition: string | null
  /** Set and ST02 that errors name; '' in the envelope. */
  set = ''
  setNumber = ''
  /** Segments written since this was last set. */
  position = 0
  private readonly terminator: string
  private readonly forbidden: RegExp
  private chunks: Buffer[] = []
  private pending = ''

  constructor(options: WriteOptions) {
    this.options = options
    const delimiters = options.delimiters ?? defaultDelimiters
    const isLineEnd = delimiters.segment === 0x0a || delimiters.segment === 0x0d
    this.element = String.fromCharCode(delimiters.element)
    this.component = String.fromCharCode(delimiters.component)
    this.repetition = delimiters.repetition === null ? null : String.fromCharCode(delimiters.repetition)
    this.terminator = String.fromCharCode(delimiters.segment) + (isLineEnd ? '' : options.newline ?? '')
    const marks = [delimiters.element, delimiters.component, delimiters.segment, delimiters.repetition ?? delimiters.element]
    this.forbidden = new RegExp(`[${marks.map(mark => `\\u${mark.toString(16).padStart(4, '0')}`).join('')}]`, 'g')
  }

  /** Write one segment. Throws WriteError when a value holds a delimiter or a character that the encoding lacks. */
  segment(id: string, elements: readonly ElementValue[]): void {
    this.position++
    let line = id
    let empty = ''
    for (let i = 0; i < elements.length; i++) {
      const value = i > 0 && binaryElement(id) === i ? this.binary(elements, i, id) : this.value(elements[i] as ElementValue, id, i + 1)
      empty += this.element
      if (value !== '') {
        line += empty + value
        empty = ''
      }
    }
    this.line(line)
  }

  /** Write a segment that is already text. */
  line(text: string): void {
    this.pending += text + this.terminator
    if (this.pending.length > flushLength) this.flush()
  }

  /** Add what another encoder with the same options has written. */
  append(chunks: readonly Buffer[], segments: number): void {
    this.flush()
    this.chunks.push(...chunks)
    this.position += segments
  }

  /** Everything written since the last time, in pieces. */
  take(): Buffer[] {
    this.flush()
    const chunks = this.chunks
    this.chunks = []
    return chunks
  }

  /** `value`, fit to stand in an element. */
  clean(value: string, id: string, element: number): string {
    const { replaceDelimiters } = this.options
    this.forbidden.lastIndex = 0
    if (this.forbidden.test(value)) {
      if (replaceDelimiters === undefined) this.fail(`holds a delimiter of the interchange: "${value}".`, id, element)
      value = value.replace(this.forbidden, replaceDelimiters)
    }
    if (this.options.encoding !== 'utf8' && /[\u0100-\uffff]/.test(value)) this.fail(`holds a character that Latin-1 lacks: "${value}".`, id, element)
    return value
  }

  fail(problem: string, id: string, element: number): never {
    throw new WriteError(problem, this.set, this.setNumber, id, this.set === '' ? 0 : this.position, element)
  }

  /** BIN02 and BDS03 may hold anything: their length is written before them. */
  private binary(elements: readonly ElementValue[], i: number, id: string): string {
    const data = elements[i]
    if (typeof data !== 'string' || Number(elements[i - 1]) !== data.length) this.fail('is not as long as the element before it says.', id, i + 1)
    return data
  }

  private value(value: ElementValue, id: string, element: number): string {
    if (typeof value === 'string') return value === '' ? '' : this.clean(value, id, element)
    const parts = repeats(value)
    if (parts.length > 1 && this.repetition === null) this.fail('is repeated, but the interchange has no repetition separator.', id, element)
    return parts.map(part => {
      if (typeof part === 'string') return this.clean(part, id, element)
      const components = part.map(component => this.clean(component, id, element))
      while (components.length > 0 && components[components.length - 1] === '') components.pop()
      return components.join(this.component)
    }).join(this.repetition ?? '')
  }

  private flush(): void {
    if (this.pending !== '') this.chunks.push(Buffer.from(this.pending, this.options.encoding ?? 'latin1'))
    this.pending = ''
  }
}

/** Index of the element that holds binary data, −1 in all other segments. */
function binaryElement(id: string): number {
  return id === 'BIN' ? 1 : id === 'BDS' ? 2 : -1
}
