/** The writer: trees back into interchanges, with ISA padded and SE01, GE01 and IEA01 counted. */
import { SegmentEncoder, type WriteOptions } from './encode.ts'
import { interchangeWidths } from './envelope.ts'
import { allSegments } from './tree.ts'
import type { Delimiters, GroupHeader, InterchangeHeader, Loop, Segment, Transaction } from './types.ts'

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
  /** ISA15: P or T. */
  readonly usage: string
  /** ISA12, default 00401. */
  readonly version?: string
  readonly acknowledgementRequested?: boolean
}

export interface NewGroupHeader {
  readonly functionalId: string
  readonly senderCode: string
  readonly receiverCode: string
  /** Written in UTC. */
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

export interface InterchangeToWrite extends WriteOptions {
  /** The header of an interchange that was read is written as it was, with its own delimiters unless others are given. */
  readonly header: NewInterchangeHeader | InterchangeHeader
  readonly groups?: Iterable<GroupToWrite>
  /** TA1 segments, which stand before the groups. */
  readonly acknowledgements?: Iterable<Segment>
}

/** Writes one interchange piece by piece, counting as it goes. `writeInterchange` and the acknowledgements are built on it. */
export class InterchangeWriter {
  readonly encoder: SegmentEncoder
  private interchangeNumber = ''
  private groupNumber = ''
  private groups = 0
  private sets = 0

  constructor(options: WriteOptions = {}) {
    this.encoder = new SegmentEncoder(options)
  }

  beginInterchange(header: NewInterchangeHeader | InterchangeHeader): void {
    const { encoder } = this
    const elements = 'elements' in header ? [...header.elements.slice(0, 15), encoder.component] : this.interchangeElements(header)
    this.interchangeNumber = (elements[12] as string).trim()
    const padded = elements.map((value, i) => {
      const width = interchangeWidths[i] as number
      if (value.length > width) encoder.fail(`is "${value}"; at most ${width} characters fit.`, 'ISA', i + 1)
      // ISA11 and ISA16 are where delimiters themselves are declared.
      return (i === 10 || i === 15 ? value : encoder.clean(value, 'ISA', i + 1)).padEnd(width)
    })
    encoder.line(['ISA', ...padded].join(encoder.element))
  }

  beginGroup(header: NewGroupHeader | GroupHeader): void {
    const { date, time } = 'at' in header ? stamp(header.at) : header
    this.groupNumber = String(header.controlNumber)
    this.groups++
    this.sets = 0
    this.encoder.segment('GS', [
      header.functionalId, header.senderCode, header.receiverCode, date, time, this.groupNumber, header.agency ?? 'X', header.version,
    ])
  }

  beginSet(set: string, controlNumber: string, implementation = ''): void {
    this.encoder.set = set
    this.encoder.setNumber = controlNumber
    this.encoder.position = 0
    this.sets++
    this.encoder.segment('ST', [set, controlNumber, implementation])
  }

  endSet(): void {
    this.encoder.segment('SE', [String(this.encoder.position + 1), this.encoder.setNumber])
    this.encoder.set = ''
  }

  /** A whole set, ST to SE. */
  addSet({ set, controlNumber, implementation, segments, root }: TransactionToWrite): void {
    this.beginSet(set, controlNumber, implementation)
    for (const { id, elements } of segments ?? allSegments(root as Loop)) this.encoder.segment(id, elements)
    this.endSet()
  }

  endGroup(): void {
    this.encoder.segment('GE', [String(this.sets), this.groupNumber])
  }

  /** Close the interchange and hand out its bytes. */
  endInterchange(): Uint8Array {
    this.encoder.segment('IEA', [String(this.groups), this.interchangeNumber])
    return Buffer.concat(this.encoder.take())
  }

  private interchangeElements(header: NewInterchangeHeader): string[] {
    const { repetition, component } = this.encoder
    const { date, time } = stamp(header.at)
    const version = header.version ?? '00401'
    return [
      '00', '', '00', '', header.sender.qualifier, header.sender.id, header.receiver.qualifier, header.receiver.id, date.slice(2), time,
      repetition !== null && version >= '00402' ? repetition : 'U', version, String(header.controlNumber).padStart(9, '0'),
      header.acknowledgementRequested ? '1' : '0', header.usage, component,
    ]
  }
}

/** CCYYMMDD and HHMM of an instant, UTC. */
function stamp(at: Date): { date: string; time: string } {
  const iso = at.toISOString()
  return { date: iso.slice(0, 10).replaceAll('-', ''), time: iso.slice(11, 16).replace(':', '') }
}

/** Write a whole interchange. Throws WriteError naming set, segment and element when data cannot be written. */
export function writeInterchange(interchange: InterchangeToWrite): Uint8Array {
  const { header } = interchange
  const writer = new InterchangeWriter('elements' in header ? { ...interchange, delimiters: interchange.delimiters ?? header.delimiters } : interchange)
  writer.beginInterchange(header)
  for (const { id, elements } of interchange.acknowledgements ?? []) writer.encoder.segment(id, elements)
  for (const group of interchange.groups ?? []) {
    writer.beginGroup(group.header)
    for (const transaction of group.transactions) writer.addSet(transaction)
    writer.endGroup()
  }
  return writer.endInterchange()
}

/** One set, ST to SE, without an envelope. Delimiters in the data become a control character that no check lets pass. */
export function encodeTransaction(transaction: Transaction, delimiters: Delimiters): Uint8Array {
  const writer = new InterchangeWriter({ delimiters, encoding: 'utf8', replaceDelimiters: '\u0001' })
  writer.addSet(transaction)
  return Buffer.concat(writer.encoder.take())
}
