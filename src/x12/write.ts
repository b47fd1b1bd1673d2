/**
 * The writer: trees back into bytes. Envelopes are counted and padded, trailing empty elements trimmed, and a delimiter
 * inside data never leaks: it is replaced when the caller says by what, else refused with the place it stands in.
 */
import { interchangeWidths } from './envelope.ts'
import { allSegments, repeats } from './tree.ts'
import type { Delimiters, ElementValue, GroupHeader, InterchangeHeader, Loop, Segment, Transaction } from './types.ts'

/** `*` between elements, `>` between components, `~` after segments, no repetition (ISA12 00401). */
export const defaultDelimiters: Delimiters = { element: 0x2a, component: 0x3e, segment: 0x7e, repetition: null }

export interface Party {
  /** ISA05 or ISA07. */
  readonly qualifier: string
  /** ISA06 or ISA08, at most 15 characters. */
  readonly id: string
}

/** What a new interchange needs; the rest of ISA follows from it. */
export interface NewInterchangeHeader {
  readonly sender: Party
  readonly receiver: Party
  /** Written in UTC. */
  readonly at: Date
  /** At most nine digits. */
  readonly controlNumber: number | string
  readonly usage: string
  /** ISA12, default 00401. */
  readonly version?: string
  readonly acknowledgementRequested?: boolean
}

export interface NewGroupHeader {
  readonly functionalId: string
  readonly senderCode: string
  readonly receiverCode: string
  readonly at: Date
  readonly controlNumber: number | string
  /** GS08. */
  readonly version: string
  /** GS07, default X. */
  readonly agency?: string
}

export interface TransactionToWrite {
  readonly set: string
  readonly controlNumber: string
  /** ST03. */
  readonly implementation?: string
  /** The set without ST and SE, as a tree or as its segments. */
  readonly root?: Loop
  readonly segments?: Iterable<Segment>
}

export interface GroupToWrite {
  readonly header: NewGroupHeader | GroupHeader
  readonly transactions: Iterable<TransactionToWrite>
}

export interface WriteOptions {
  readonly delimiters?: Delimiters
  /** Written after each segment terminator. Default none. */
  readonly newline?: string
  /** Default latin1. */
  readonly encoding?: 'latin1' | 'utf8'
  /** What to write in the place of a delimiter that stands in data. Without it such data is refused. */
  readonly replaceDelimiters?: string
}

export interface InterchangeToWrite extends WriteOptions {
  readonly header: NewInterchangeHeader | InterchangeHeader
  readonly groups?: Iterable<GroupToWrite>
  /** TA1 segments, which stand before the groups. */
  readonly acknowledgements?: Iterable<Segment>
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

/** Writes one interchange piece by piece, counting as it goes. `writeInterchange` and the acknowledgements are built on it. */
export class InterchangeWriter {
  private readonly options: WriteOptions
  private readonly delimiters: Delimiters
  private readonly element: string
  private readonly component: string
  private readonly repetition: string | null
  private readonly terminator: string
  private readonly forbidden: RegExp
  private readonly chunks: Buffer[] = []
  private pending = ''
  private interchangeNumber = ''
  private groupNumber = ''
  private groups = 0
  private sets = 0
  private set = ''
  private setNumber = ''
  private position = 0

  constructor(options: WriteOptions = {}) {
    this.options = options
    const delimiters = this.delimiters = options.delimiters ?? defaultDelimiters
    this.element = String.fromCharCode(delimiters.element)
    this.component = String.fromCharCode(delimiters.component)
    this.repetition = delimiters.repetition === null ? null : String.fromCharCode(delimiters.repetition)
    this.terminator = String.fromCharCode(delimiters.segment) + (options.newline ?? '')
    const marks = [delimiters.element, delimiters.component, delimiters.segment, ...(delimiters.repetition === null ? [] : [delimiters.repetition])]
    this.forbidden = new RegExp(`[${marks.map(mark => `\\u${mark.toString(16).padStart(4, '0')}`).join('')}]`, 'g')
  }

  beginInterchange(header: NewInterchangeHeader | InterchangeHeader): void {
    const elements = 'elements' in header ? header.elements : this.interchangeElements(header)
    this.interchangeNumber = elements[12] as string
    this.groups = 0
    const padded = elements.map((value, i) => {
      const width = interchangeWidths[i] as number
      if (value.length > width) this.fail(`is "${value}"; at most ${width} characters fit.`, 'ISA', i + 1)
      // ISA11 and ISA16 are where the delimiters themselves are declared.
      return (i === 15 || i === 10 ? value : this.clean(value, 'ISA', i + 1)).padEnd(width)
    })
    this.put(`ISA${this.element}${padded.join(this.element)}${this.terminator}`)
  }

  private interchangeElements(header: NewInterchangeHeader): string[] {
    const { date, time } = stamp(header.at)
    const version = header.version ?? '00401'
    const repeats = this.repetition !== null && version >= '00402'
    return [
      '00', '', '00', '', header.sender.qualifier, header.sender.id, header.receiver.qualifier, header.receiver.id, date.slice(2), time,
      repeats ? this.repetition as string : 'U', version, String(header.controlNumber).padStart(9, '0'),
      header.acknowledgementRequested ? '1' : '0', header.usage, this.component,
    ]
  }

  beginGroup(header: NewGroupHeader | GroupHeader): void {
    const { date, time } = 'at' in header ? stamp(header.at) : header
    this.groupNumber = String(header.controlNumber)
    this.groups++
    this.sets = 0
    this.set = ''
    this.position = 0
    this.segment('GS', [
      header.functionalId, header.senderCode, header.receiverCode, date, time, this.groupNumber, header.agency ?? 'X', header.version,
    ])
  }

  beginSet(set: string, controlNumber: string, implementation = ''): void {
    this.set = set
    this.setNumber = controlNumber
    this.position = 0
    this.sets++
    this.segment('ST', [set, controlNumber, implementation])
  }

  /** Write one segment. Throws WriteError when a value holds a delimiter or a character the encoding lacks. */
  segment(id: string, elements: readonly ElementValue[]): void {
    this.position++
    let line = id
    let empty = ''
    for (let i = 0; i < elements.length; i++) {
      const value = this.value(elements[i] as ElementValue, id, i + 1)
      empty += this.element
      if (value !== '') {
        line += empty + value
        empty = ''
      }
    }
    this.put(line + this.terminator)
  }

  endSet(): void {
    this.segment('SE', [String(this.position + 1), this.setNumber])
    this.set = ''
    this.position = 0
  }

  endGroup(): void {
    this.segment('GE', [String(this.sets), this.groupNumber])
    this.position = 0
  }

  /** Close the interchange and hand out its bytes. */
  endInterchange(): Uint8Array {
    this.segment('IEA', [String(this.groups), this.interchangeNumber])
    this.flush()
    return this.chunks.length === 1 ? this.chunks[0] as Buffer : Buffer.concat(this.chunks)
  }

  /** The text of what was written and not yet handed out. For sets written without an envelope. */
  text(): string {
    return this.pending
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

  private clean(value: string, id: string, element: number): string {
    const { replaceDelimiters } = this.options
    this.forbidden.lastIndex = 0
    if (this.forbidden.test(value)) {
      if (replaceDelimiters === undefined) this.fail(`holds a delimiter of the interchange: "${value}".`, id, element)
      value = value.replace(this.forbidden, replaceDelimiters)
    }
    if (this.options.encoding !== 'utf8' && /[^\u0000-\u00ff]/.test(value)) this.fail(`holds a character that Latin-1 lacks: "${value}".`, id, element)
    return value
  }

  private fail(problem: string, id: string, element: number): never {
    throw new WriteError(problem, this.set, this.setNumber, id, this.set === '' ? 0 : this.position, element)
  }

  private put(line: string): void {
    this.pending += line
    if (this.pending.length > flushLength) this.flush()
  }

  private flush(): void {
    if (this.pending !== '') this.chunks.push(Buffer.from(this.pending, this.options.encoding ?? 'latin1'))
    this.pending = ''
  }
}

/** CCYYMMDD and HHMM of an instant, UTC. */
export function stamp(at: Date): { date: string; time: string } {
  const iso = at.toISOString()
  return { date: iso.slice(0, 10).replaceAll('-', ''), time: iso.slice(11, 16).replace(':', '') }
}

/** Write a whole interchange: ISA padded to 106 bytes, SE01, GE01 and IEA01 counted. Throws WriteError naming set, segment and element. */
export function writeInterchange(interchange: InterchangeToWrite): Uint8Array {
  const { header } = interchange
  const writer = new InterchangeWriter('elements' in header ? { delimiters: header.delimiters, ...interchange } : interchange)
  writer.beginInterchange(header)
  for (const { id, elements } of interchange.acknowledgements ?? []) writer.segment(id, elements)
  for (const group of interchange.groups ?? []) {
    writer.beginGroup(group.header)
    for (const transaction of group.transactions) {
      writer.beginSet(transaction.set, transaction.controlNumber, transaction.implementation)
      for (const { id, elements } of transaction.segments ?? allSegments(transaction.root as Loop)) writer.segment(id, elements)
      writer.endSet()
    }
    writer.endGroup()
  }
  return writer.endInterchange()
}

/** One set, ST to SE, without an envelope. Delimiters in the data are replaced by a control character that no check lets pass. */
export function encodeTransaction(transaction: Transaction, delimiters: Delimiters): string {
  const writer = new InterchangeWriter({ delimiters, encoding: 'utf8', replaceDelimiters: '\u0001' })
  writer.beginSet(transaction.set, transaction.controlNumber, transaction.implementation)
  for (const { id, elements } of allSegments(transaction.root)) writer.segment(id, elements)
  writer.endSet()
  return writer.text()
}
