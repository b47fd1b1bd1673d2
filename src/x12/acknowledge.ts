/**
 * Acknowledgements of what was read: TA1 for an interchange, 997 for a functional group. They judge the envelope, the syntax and
 * the guide, nothing else, and are built from results as those come: a group of any size costs the text of its 997 and no more.
 */
import type { Delimiters, Finding, GroupHeader, GroupResult, InterchangeHeader, InterchangeResult, SetResult } from './types.ts'
import { SegmentEncoder, type WriteOptions } from './encode.ts'
import { isAlphanumeric } from './envelope.ts'
import { segment } from './tree.ts'
import { InterchangeWriter, writeInterchange, type NewInterchangeHeader } from './write.ts'

export interface AcknowledgementOptions {
  /** `set` (default): AK2/AK5 for each set, with AK3/AK4 for its faults. `group`: AK1 and AK9 only. */
  readonly detail?: 'set' | 'group'
  /** Default: those of the interchange that is acknowledged. */
  readonly delimiters?: Delimiters
  readonly newline?: string
  /** Faults described for each set; the rest only count in its verdict. Default 100. */
  readonly findingsPerSet?: number
}

/** Our own control numbers, which may be drawn when the verdict is known. */
export interface AcknowledgementNumbers {
  /** ISA13. */
  readonly interchangeControlNumber: number | string
  /** GS06. */
  readonly groupControlNumber: number | string
  /** ST02 of the first 997; the next ones count up. Default 1. */
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

/**
 * Builds the acknowledgement of one interchange: a 997 for each of its functional groups that is not itself an acknowledgement.
 * Feed it groups and sets as they are read; only the text of the 997s is kept. `finish` puts them into one interchange.
 */
export class AcknowledgementBuilder {
  private readonly interchange: InterchangeHeader
  private readonly detail: 'set' | 'group'
  private readonly limit: number
  private readonly options: WriteOptions
  private readonly delimiters: Delimiters
  private readonly encoder: SegmentEncoder
  private readonly bodies: Body[] = []
  /** The group that is open; undefined between groups and in one that is not acknowledged. */
  private group: GroupHeader | undefined
  private answered: GroupHeader | undefined
  /** The answer is of version 005010 or later; all its 997s share the version of the first group. */
  private later = false

  constructor(interchange: InterchangeHeader, options: AcknowledgementOptions = {}) {
    this.interchange = interchange
    this.detail = options.detail ?? 'set'
    this.limit = options.findingsPerSet ?? 100
    this.delimiters = safeDelimiters(options.delimiters ?? interchange.delimiters)
    this.options = { delimiters: this.delimiters, replaceDelimiters: ' ', ...(options.newline === undefined ? {} : { newline: options.newline }) }
    this.encoder = new SegmentEncoder(this.options)
  }

  /** 997s built so far. With none there is nothing to send. */
  get count(): number {
    return this.bodies.length
  }

  beginGroup(group: GroupHeader): void {
    this.group = isAcknowledged(group) ? group : undefined
    if (this.group === undefined) return
    this.answered ??= group
    this.later = versionOf(this.answered) >= '005010'
    this.encoder.position = 0
    this.put('AK1', letters(group.functionalId, 2, 2), digits(group.controlNumber, 1, 9), this.later ? group.version.slice(0, 12) : '')
  }

  addSet(result: SetResult): void {
    if (this.group === undefined || this.detail === 'group') return
    this.put('AK2', letters(result.set, 3, 3), controlNumber(result.controlNumber), this.later ? result.implementation ?? '' : '')
    const errors = result.findings.filter(finding => finding.severity === 'error')
    this.segmentFaults(errors.filter(finding => finding.segmentCode !== undefined).slice(0, this.limit))
    this.put('AK5', result.outcome, ...(result.outcome === 'A' ? [] : codesOf(errors, finding => finding.setCode)))
  }

  endGroup(result: GroupResult): void {
    if (this.group === undefined) return
    this.group = undefined
    const included = Number.isNaN(result.included) ? result.received : result.included
    const codes = codesOf(result.findings, finding => finding.severity === 'error' ? finding.groupCode : undefined)
    this.put('AK9', result.outcome, count(included), count(result.received), count(result.accepted), ...codes)
    this.bodies.push({ chunks: this.encoder.take(), segments: this.encoder.position })
  }

  /** The interchange that answers, sender and receiver exchanged. GS02 and GS03 answer the first group. */
  finish(numbers: AcknowledgementNumbers): Uint8Array {
    const { interchange, answered } = this
    const writer = new InterchangeWriter(this.options)
    writer.beginInterchange(answeringHeader(interchange, numbers))
    writer.beginGroup({
      functionalId: 'FA', senderCode: answered?.receiverCode || interchange.receiverId, receiverCode: answered?.senderCode || interchange.senderId,
      at: numbers.at, controlNumber: numbers.groupControlNumber, version: versionOf(answered),
    })
    for (const [i, body] of this.bodies.entries()) {
      writer.beginSet('997', String((numbers.setControlNumber ?? 1) + i).padStart(4, '0'))
      writer.encoder.append(body.chunks, body.segments)
      writer.endSet()
    }
    writer.endGroup()
    return writer.endInterchange()
  }

  /** AK3 for each segment at fault, with an AK4 for each element of it. */
  private segmentFaults(errors: readonly Finding[]): void {
    let openPosition = -1
    let elements = 0
    for (const error of errors) {
      const id = letters(error.segmentId, 2, 3)
      const position = String(Math.min(Math.max(error.segmentPosition, 1), 999999))
      if (error.elementCode === undefined) {
        this.put('AK3', id, position, '', error.segmentCode ?? '')
        openPosition = -1
      } else {
        if (openPosition !== error.segmentPosition || elements === 99) {
          this.put('AK3', id, position, '', '8')
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
    this.encoder.segment('AK4', [place.length === 1 ? place[0] as string : place, reference, this.elementCode(error), this.copy(error.value)])
  }

  /** Codes 12 and 13 came with 005010; before, too many of anything is 3. A partner's "not used" is an exclusion to a 997. */
  private elementCode(error: Finding): string {
    const code = error.elementCode ?? ''
    if (code === 'I10') return '10'
    return !this.later && (code === '12' || code === '13') ? '3' : code
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
    this.encoder.segment(id, elements)
  }
}

function codesOf(findings: readonly Finding[], codeOf: (finding: Finding) => string | undefined): string[] {
  const codes = new Set<string>()
  for (const finding of findings) {
    const code = codeOf(finding)
    if (code !== undefined) codes.add(code)
  }
  return [...codes].sort((a, b) => Number(a) - Number(b)).slice(0, 5)
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

/** AK202 has four to nine characters. */
function controlNumber(value: string): string {
  return value.replace(/[^!-~]/g, '').slice(0, 9).padStart(4, '0')
}

function count(value: number): string {
  return String(Math.min(value, 999999))
}
