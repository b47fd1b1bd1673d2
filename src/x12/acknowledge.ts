/**
 * Acknowledgements of what was read: TA1 for an interchange, 997 or 999 for a functional group. They judge the envelope, the syntax and
 * the guide, nothing else, and are built from results as those come: a group of any size costs the text of its answer and no more.
 *
 * A 997 knows the standard only. A 999 also says when something is right by the standard but not by the guide in force (codes that
 * begin with I: data elements 618, 620 and 621); a 997 gives the nearest code of its own.
 */
import type { Delimiters, Finding, GroupHeader, GroupResult, InterchangeHeader, InterchangeResult, SetResult } from './types.ts'
import { SegmentEncoder, type WriteOptions } from './encode.ts'
import { isAlphanumeric } from './envelope.ts'
import { segment } from './tree.ts'
import { InterchangeWriter, writeInterchange, type NewInterchangeHeader } from './write.ts'

export interface AcknowledgementOptions {
  /**
   * Which acknowledgement is written. `auto` (default): 999 for what follows an implementation guide of version 005010 or later, as GS08 then
   * says (005010X…), else 997. One interchange is answered by one kind, that of its first group.
   */
  readonly as?: 'auto' | '997' | '999'
  /** `set` (default): AK2/AK5 for each set, with its faults. `errors`: only for sets that have faults. `group`: AK1 and AK9 only. */
  readonly detail?: 'set' | 'errors' | 'group'
  /** Default: those of the interchange that is acknowledged. */
  readonly delimiters?: Delimiters
  readonly newline?: string
  /** Default latin1; what it lacks of the sender's own codes is then written as `?`. */
  readonly encoding?: 'latin1' | 'utf8'
  /** Faults described for each set; the rest only count in its verdict. Default 100. */
  readonly findingsPerSet?: number
}

/** Our own control numbers, which may be drawn when the verdict is known. */
export interface AcknowledgementNumbers {
  /** ISA13. */
  readonly interchangeControlNumber: number | string
  /** GS06. */
  readonly groupControlNumber: number | string
  /** ST02 of the first acknowledgement; the next ones count up. Default 1. */
  readonly setControlNumber?: number
  readonly at: Date
}

export interface InterchangeAcknowledgementOptions {
  readonly interchangeControlNumber: number | string
  readonly at: Date
  readonly delimiters?: Delimiters
  readonly newline?: string
}

/** Whether a group is to be acknowledged at all: acknowledgements themselves are not (GS01 = FA). */
export function isAcknowledged(group: GroupHeader): boolean {
  return group.functionalId !== 'FA'
}

/**
 * Whether an interchange calls for a TA1: its sender asks (ISA14), or something is wrong with its envelope. One that holds nothing but
 * TA1 is itself an acknowledgement and gets none.
 */
export function wantsTa1(interchange: InterchangeResult): boolean {
  if (interchange.groupCount === 0 && interchange.acknowledgementCount > 0) return false
  return interchange.header.acknowledgementRequested || interchange.outcome !== 'A'
}

/** A TA1 in an interchange of its own, from the receiver back to the sender. */
export function buildTa1(interchange: InterchangeResult, options: InterchangeAcknowledgementOptions): Uint8Array {
  const { header } = interchange
  const delimiters = options.delimiters ?? header.delimiters
  return writeInterchange({
    header: answeringHeader(header, options),
    delimiters: safeDelimiters(delimiters),
    replaceDelimiters: ' ',
    ...(options.newline === undefined ? {} : { newline: options.newline }),
    acknowledgements: [
      segment('TA1', digits(header.controlNumber, 9, 9), digits(header.date, 6, 6), digits(header.time, 4, 4), interchange.outcome, interchange.noteCode),
    ],
  })
}

interface Body {
  readonly chunks: Buffer[]
  readonly segments: number
}

type Kind = '997' | '999'

/** What the two call the segments for a set's faults. */
const segmentNames = { 997: { segment: 'AK3', element: 'AK4', set: 'AK5' }, 999: { segment: 'IK3', element: 'IK4', set: 'IK5' } } as const

/** Codes of data elements 618, 620, 621, 716 and 718 that not every acknowledgement has, and what is nearest there. */
const codesOf999: Readonly<Record<'segment' | 'element' | 'set', Readonly<Record<string, string>>>> = {
  segment: { I4: '2' }, element: { I6: '7', I10: '10' }, set: { I5: '5' },
}
const codesSince005010: Readonly<Record<'element' | 'set' | 'group', Readonly<Record<string, string>>>> = {
  element: { 12: '3', 13: '3' }, set: { 18: '6' }, group: { 19: '6' },
}

/**
 * Builds the acknowledgement of one interchange: a 997 or 999 for each of its functional groups that is not itself an acknowledgement.
 * Feed it groups and sets as they are read; only the text of the answers is kept. `finish` puts them into one interchange.
 */
export class AcknowledgementBuilder {
  private readonly interchange: InterchangeHeader
  private readonly as: 'auto' | Kind
  private readonly detail: 'set' | 'errors' | 'group'
  private readonly limit: number
  private readonly options: WriteOptions
  private readonly delimiters: Delimiters
  private readonly encoder: SegmentEncoder
  private readonly bodies: Body[] = []
  /** The group that is open; undefined between groups and in one that is not acknowledged. */
  private group: GroupHeader | undefined
  private answered: GroupHeader | undefined
  /** What is written, settled by the first group that is answered. */
  kind: Kind = '997'
  /** Version of the answer, that of the first group; all answers of an interchange share it. */
  private version = '004010'

  constructor(interchange: InterchangeHeader, options: AcknowledgementOptions = {}) {
    this.interchange = interchange
    this.as = options.as ?? 'auto'
    this.detail = options.detail ?? 'set'
    this.limit = options.findingsPerSet ?? 100
    this.delimiters = safeDelimiters(options.delimiters ?? interchange.delimiters)
    this.options = {
      delimiters: this.delimiters, replaceDelimiters: ' ', encoding: options.encoding ?? 'latin1', ...(options.newline === undefined ? {} : { newline: options.newline }),
    }
    this.encoder = new SegmentEncoder(this.options)
  }

  /** Acknowledgements built so far. With none there is nothing to send. */
  get count(): number {
    return this.bodies.length
  }

  beginGroup(group: GroupHeader): void {
    this.group = isAcknowledged(group) ? group : undefined
    if (this.group === undefined) return
    if (this.answered === undefined) this.answer(group)
    this.encoder.position = 0
    this.put('AK1', letters(group.functionalId, 2, 2), digits(group.controlNumber, 1, 9), this.later ? printable(group.version, 12) : '')
  }

  addSet(result: SetResult): void {
    const errors = result.findings.filter(finding => finding.severity === 'error')
    if (this.group === undefined || this.detail === 'group' || (this.detail === 'errors' && errors.length === 0)) return
    this.put('AK2', letters(result.set, 3, 3), controlNumber(result.controlNumber), this.later ? printable(result.implementation ?? '', 35) : '')
    this.segmentFaults(errors.filter(finding => finding.segmentCode !== undefined).slice(0, this.limit))
    const codes = result.outcome === 'A' ? [] : codesOf(errors, finding => this.codeOf('set', finding.setCode))
    this.put(segmentNames[this.kind].set, result.outcome, ...codes)
  }

  endGroup(result: GroupResult): void {
    if (this.group === undefined) return
    this.group = undefined
    const included = Number.isNaN(result.included) ? result.received : result.included
    const codes = codesOf(result.findings, finding => finding.severity === 'error' ? this.codeOf('group', finding.groupCode) : undefined)
    this.put('AK9', result.outcome, count(included), count(result.received), count(result.accepted), ...codes)
    this.bodies.push({ chunks: this.encoder.take(), segments: this.encoder.position })
  }

  /** The interchange that answers, sender and receiver exchanged. GS02 and GS03 answer the first group. */
  finish(numbers: AcknowledgementNumbers): Uint8Array {
    const { interchange, answered } = this
    const writer = new InterchangeWriter(this.options)
    writer.beginInterchange(answeringHeader(interchange, numbers))
    writer.beginGroup({
      functionalId: 'FA', senderCode: this.writable(answered?.receiverCode || interchange.receiverId),
      receiverCode: this.writable(answered?.senderCode || interchange.senderId),
      at: numbers.at, controlNumber: numbers.groupControlNumber, version: this.version,
    })
    for (const [i, body] of this.bodies.entries()) {
      writer.beginSet(this.kind, String((numbers.setControlNumber ?? 1) + i).padStart(4, '0'))
      writer.encoder.append(body.chunks, body.segments)
      writer.endSet()
    }
    writer.endGroup()
    return writer.endInterchange()
  }

  /** Settle what the answer is by the first group it answers. A 999 exists from 005010 on. */
  private answer(group: GroupHeader): void {
    this.answered = group
    this.version = versionOf(group)
    this.kind = this.as !== 'auto' ? this.as : this.later && /^X\d{3}/.test(group.version.slice(6)) ? '999' : '997'
    if (this.kind === '999' && !this.later) this.version = '005010'
  }

  private get later(): boolean {
    return this.version >= '005010'
  }

  /** A segment fault segment for each segment at fault, with one for each element of it. */
  private segmentFaults(errors: readonly Finding[]): void {
    const name = segmentNames[this.kind].segment
    let openPosition = -1
    let elements = 0
    // Two notes of a segment may miss the same element, which is one fault to the partner.
    const told = new Set<string>()
    for (const error of errors) {
      const id = letters(error.segmentId, 2, 3)
      const position = String(Math.min(Math.max(error.segmentPosition, 1), 999999))
      const loop = this.kind === '999' ? error.loopPath[error.loopPath.length - 1]?.slice(0, 4) ?? '' : ''
      if (error.elementCode === undefined) {
        this.put(name, id, position, loop, this.codeOf('segment', error.segmentCode) ?? '')
        openPosition = -1
      } else {
        const opens = openPosition !== error.segmentPosition
        if (opens) told.clear()
        const fault = `${error.element} ${error.component} ${error.repetition} ${error.elementCode}`
        if (told.has(fault)) continue
        told.add(fault)
        if (opens || elements === 99) {
          this.put(name, id, position, loop, '8')
          openPosition = error.segmentPosition
          elements = 0
        }
        elements++
        this.elementFault(error)
      }
    }
  }

  private elementFault(error: Finding): void {
    const place = [String(Math.min(error.element, 99))]
    if (error.component > 0) place.push(String(Math.min(error.component, 99)))
    if (this.later && error.repetition > 0) {
      if (place.length === 1) place.push('')
      place.push(String(Math.min(error.repetition, 9999)))
    }
    const reference = /^\d{1,4}$/.test(error.elementReference ?? '') ? error.elementReference as string : ''
    this.encoder.segment(segmentNames[this.kind].element, [
      place.length === 1 ? place[0] as string : place, reference, this.codeOf('element', error.elementCode) ?? '', this.copy(error.value),
    ])
  }

  /** The code as this kind and version of acknowledgement has it. */
  private codeOf(level: 'segment' | 'element' | 'set' | 'group', code: string | undefined): string | undefined {
    if (code === undefined) return undefined
    const plain = this.kind === '999' || level === 'group' ? code : codesOf999[level][code] ?? code
    return this.later || level === 'segment' ? plain : codesSince005010[level][plain] ?? plain
  }

  /** The bad value, unless copying it could break our own envelope. */
  private copy(value: string | undefined): string {
    if (value === undefined || value.trim() === '') return ''
    const { element, component, segment: terminator, repetition } = this.delimiters
    for (let i = 0; i < value.length; i++) {
      const c = value.charCodeAt(i)
      if (c < 0x20 || c === 0x7f || c > 0xff || c === element || c === component || c === terminator || c === repetition) return ''
    }
    return value.trim()
  }

  private put(id: string, ...elements: string[]): void {
    this.encoder.segment(id, elements.map(element => this.writable(element)))
  }

  private writable(text: string): string {
    return this.options.encoding === 'utf8' ? text : text.replace(/[\u0100-\uffff]/g, '?')
  }
}

function codesOf(findings: readonly Finding[], codeOf: (finding: Finding) => string | undefined): string[] {
  const codes = new Set<string>()
  for (const finding of findings) {
    const code = codeOf(finding)
    if (code !== undefined) codes.add(code)
  }
  const rank = (code: string): number => code.startsWith('I') ? 1000 + Number(code.slice(1)) : Number(code)
  return [...codes].sort((a, b) => rank(a) - rank(b)).slice(0, 5)
}

/** The version of the answer: that of the group, without its suffix. */
function versionOf(group: GroupHeader | undefined): string {
  return group !== undefined && /^00\d{4}/.test(group.version) ? group.version.slice(0, 6) : '004010'
}

/** ISA of an answer: sender and receiver change places, version and usage are echoed, the numbers and the time are ours. */
function answeringHeader(header: InterchangeHeader, options: { interchangeControlNumber: number | string; at: Date }): NewInterchangeHeader {
  return {
    sender: { qualifier: letters(header.receiverQualifier, 2, 2), id: header.receiverId.slice(0, 15) },
    receiver: { qualifier: letters(header.senderQualifier, 2, 2), id: header.senderId.slice(0, 15) },
    at: options.at,
    controlNumber: options.interchangeControlNumber,
    usage: /^[PTI]$/.test(header.usage) ? header.usage : 'P',
    version: /^\d{5}$/.test(header.version) ? header.version : '00401',
  }
}

/** A component separator that is also another delimiter, or a character of data (it happens), cannot be used to write. */
function safeDelimiters(delimiters: Delimiters): Delimiters {
  const { element, component, segment: terminator, repetition } = delimiters
  const usable = component > 0x20 && component !== element && component !== terminator && !isAlphanumeric(component)
  if (usable) return delimiters
  const free = [0x3e, 0x3a, 0x5c].find(c => c !== element && c !== terminator && c !== repetition) as number
  return { ...delimiters, component: free }
}

/** What must be digits in our acknowledgement although it may not have been in what we acknowledge. */
function digits(value: string, min: number, max: number): string {
  return value.replace(/\D/g, '').slice(-max).padStart(min, '0')
}

function letters(value: string, min: number, max: number): string {
  return value.replace(/[^A-Za-z0-9]/g, '').slice(0, max).padEnd(min, 'Z')
}

/** A code of theirs as far as it can stand in an element. */
function printable(value: string, max: number): string {
  // oxlint-disable-next-line no-control-regex
  return value.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, max).trim()
}

/** AK202 has four to nine characters. */
function controlNumber(value: string): string {
  return value.replace(/[^!-~]/g, '').slice(0, 9).padStart(4, '0')
}

function count(value: number): string {
  return String(Math.min(value, 999999))
}
