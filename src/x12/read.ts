/**
 * The reader: bytes in, results out as soon as each is complete. Push chunks of any size; what is kept between
 * two pushes is one unfinished segment and the results of one unfinished transaction set.
 *
 * It never throws on content. A set that goes wrong ends at the next ST, SE, GS, GE, ISA or IEA, a group at the next GS, GE, ISA or IEA.
 */
import type { ElementText, TreeBuilder } from './build.ts'
import type { Guide } from './compile.ts'
import {
  beginsInterchange, groupHeader, interchangeAcknowledgement, judgeGroupHeader, judgeInterchangeHeader, readInterchangeHeader, sameNumber,
} from './envelope.ts'
import { finding, FindingList, type FaultKind, type Place } from './finding.ts'
import { InputWindow } from './input.ts'
import { binaryLimit, keyOf, segmentLimit, type SegmentLexer } from './lex.ts'
import { ControlNumbers } from './numbers.ts'
import { splitVersion, standardGuide, standardVersions } from './standard.ts'
import type {
  Finding, GroupHeader, GroupOutcome, GroupResult, InterchangeHeader, InterchangeResult, ReadEvent, SetResult, Transaction,
} from './types.ts'
import { returnTools, takeTools, type Tools } from './tools.ts'
import type { CheckLevel, SetValidator } from './validate.ts'

export interface ReadOptions {
  /** Build a tree of each set that is not rejected. Default false. */
  readonly tree?: boolean
  /**
   * How much is checked. `envelope`: control numbers and counts only, sets of any kind. `syntax`: places, usage, types, lengths, syntax notes.
   * `full` (default): codes and hierarchies too. `partner`: business sums of the guide too (as warnings).
   */
  readonly level?: 'envelope' | 'syntax' | 'full' | 'partner'
  /** How bytes become characters. Default latin1. */
  readonly encoding?: 'latin1' | 'utf8'
  /** The guide for a set; undefined rejects the set as not supported. Default: the standard that is shipped. */
  readonly guideFor?: (set: SetIdentity) => Guide | undefined
  /** Offset of the first byte pushed, when reading begins in the middle of a stored file. Default 0. */
  readonly offset?: number
}

export interface SetIdentity {
  readonly set: string
  readonly version: string
  readonly implementation?: string
  readonly group: GroupHeader
  readonly interchange: InterchangeHeader
}

export interface Reader {
  /** Read a chunk. The chunk may be reused when this returns. */
  push(chunk: Uint8Array): ReadEvent[]
  /** There is no more: whatever is open is closed, with findings. */
  end(): ReadEvent[]
}

const findingsPerEnvelope = 100
const sampleLength = 99
const outside = 0
const inInterchange = 1
const inGroup = 2
const inSet = 3

const ieaKey = keyOf('IEA')
const gsKey = keyOf('GS')
const geKey = keyOf('GE')
const stKey = keyOf('ST')
const seKey = keyOf('SE')
const ta1Key = keyOf('TA1')

/** NUL, tab, LF, CR, Ctrl-Z, blank: may stand between segments and around interchanges. */
const whiteSpace = Uint8Array.from({ length: 256 }, (_, b) => [0, 9, 10, 13, 26, 32].includes(b) ? 1 : 0)

interface OpenInterchange {
  readonly header: InterchangeHeader
  readonly findings: FindingList
  readonly groupNumbers: Set<string>
  groups: number
}

interface OpenGroup {
  readonly header: GroupHeader
  readonly findings: FindingList
  readonly setNumbers: ControlNumbers
  received: number
  accepted: number
  noted: number
  /** The guide of the last set, which the next one mostly shares. */
  guide: Guide | undefined
  guideOf: string
}

interface OpenSet {
  readonly ordinal: number
  readonly start: number
  readonly set: string
  readonly controlNumber: string
  readonly implementation: string
  readonly guide: Guide | undefined
}

class X12Reader implements Reader {
  private readonly options: ReadOptions
  private readonly window: InputWindow
  private readonly tools: Tools
  private readonly lexer: SegmentLexer
  private readonly text: ElementText
  private readonly validator: SetValidator
  private readonly builder: TreeBuilder
  private readonly checks: CheckLevel
  private readonly findings: FindingList
  private readonly interchangeNumbers = new Set<string>()
  private readonly between = new Uint8Array(256)
  private events: ReadEvent[] = []
  private state = outside
  /** Offset of the last segment terminator in the window, −1 when there is none. */
  private lastTerminator = -1
  private interchange!: OpenInterchange
  private group!: OpenGroup
  private set!: OpenSet
  private position = 0
  private sets = 0
  /** The current set is judged by a guide. */
  private judged = false
  /** The current set is only counted: nothing of it is judged or kept. */
  private plain = false
  private junkStart = -1
  private junkKind: 'not-x12' | 'header-unreadable' = 'not-x12'
  private junkSample: number[] = []
  private skipStart = -1
  private skipId = ''
  private emptySegment = -1
  private inputEnd = Infinity
  private ended = false

  constructor(options: ReadOptions) {
    this.options = options
    this.window = new InputWindow(options.offset ?? 0)
    this.tools = takeTools(options.encoding ?? 'latin1')
    this.lexer = this.tools.lexer
    this.text = this.tools.text
    this.builder = this.tools.builder
    this.validator = this.tools.validator
    this.findings = this.validator.findings
    const level = options.level ?? 'full'
    this.checks = level === 'envelope' ? 'structure' : level
  }

  push(chunk: Uint8Array): ReadEvent[] {
    if (this.ended) throw new Error('This reader has ended. Create another one.')
    if (chunk.byteLength === 0) return []
    const { window } = this
    const known = window.base + window.available
    window.append(chunk)
    this.bufferChanged()
    if (this.state !== outside) this.findLastTerminator(known - window.base)
    this.run(false)
    window.settle()
    this.bufferChanged()
    return this.take()
  }

  end(): ReadEvent[] {
    const { window } = this
    if (this.ended) return []
    this.run(true)
    while (this.state !== outside && window.at < window.available) {
      this.inputEnd = window.base + window.available
      this.envelopeFinding('terminator-missing', { offset: window.base + window.at })
      window.append(Uint8Array.of(this.lexer.delimiters.segment))
      this.lastTerminator = this.inputEnd
      this.bufferChanged()
      this.run(true)
    }
    this.endJunk()
    if (this.skipStart >= 0) this.oversized(this.skipStart, this.skipId)
    if (this.state !== outside) this.closeInterchange(window.base + window.at, false)
    this.ended = true
    returnTools(this.tools)
    return this.take()
  }

  private take(): ReadEvent[] {
    const events = this.events
    this.events = []
    return events
  }

  private bufferChanged(): void {
    this.lexer.buffer = this.window.bytes
    this.lexer.base = this.window.base
    this.text.forget()
  }

  /** Look for the last terminator from the end of the window back to index `from`; earlier ones are known. */
  private findLastTerminator(from: number): void {
    const { bytes, available, base } = this.window
    const { segment } = this.lexer.delimiters
    for (let i = available - 1; i >= from; i--) {
      if (bytes[i] === segment) {
        this.lastTerminator = base + i
        return
      }
    }
  }

  private run(final: boolean): void {
    while (this.state === outside ? this.findInterchange(final) : this.segments(final));
  }

  // ---- Between interchanges ------------------------------------------------------------------------------------

  /** Find the next ISA and enter its interchange. Returns false when the input does not go that far. */
  private findInterchange(final: boolean): boolean {
    const { window } = this
    const { bytes, available } = window
    let at = window.at
    while (at < available) {
      const b = bytes[at] as number
      if (this.junkStart < 0) {
        if (whiteSpace[b] === 1) {
          at++
          continue
        }
        if (b === 0xef) {
          if (at + 2 >= available && !final) break
          if (bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
            at += 3
            continue
          }
        }
      }
      const begins = b === 0x49 && beginsInterchange(bytes, at, available)
      if (begins === undefined && !final) break
      if (begins === true) {
        const reading = readInterchangeHeader(bytes, at, available, final, window.base)
        if (reading.kind === 'more') break
        if (reading.kind === 'header') {
          window.at = at
          this.endJunk()
          this.openInterchange(reading.header)
          window.at = reading.next
          this.findLastTerminator(reading.next)
          return true
        }
        this.endJunk()
        this.junkKind = 'header-unreadable'
      }
      if (this.junkStart < 0) this.junkStart = window.base + at
      if (this.junkSample.length < sampleLength) this.junkSample.push(b)
      at++
    }
    window.at = at
    return false
  }

  private endJunk(): void {
    if (this.junkStart >= 0) {
      const value = String.fromCharCode(...this.junkSample).trim()
      this.events.push({ type: 'junk', finding: finding(this.junkKind, { offset: this.junkStart, value }) })
    }
    this.junkStart = -1
    this.junkSample = []
    this.junkKind = 'not-x12'
  }

  // ---- Segments ------------------------------------------------------------------------------------------------

  /** Read the segments that are complete. Returns false when the rest of the window must wait, true when the interchange has ended. */
  private segments(final: boolean): boolean {
    const { window, lexer, validator, between } = this
    const { bytes, available, base } = window
    let at = window.at
    if (this.skipStart >= 0 && (at = this.skipOversized(at)) < 0) return false
    const last = this.lastTerminator - base
    const terminator = lexer.delimiters.segment
    for (;;) {
      while (at < available && between[bytes[at] as number] === 1) at++
      if (at > last) {
        window.at = at
        if (at < available && beginsInterchange(bytes, at, available) === true) return this.breakInterchange()
        this.noteOversized(at)
        return false
      }
      const b = bytes[at] as number
      if (b === 0x49 && beginsInterchange(bytes, at, available) === true) {
        window.at = at
        return this.breakInterchange()
      }
      if (b === terminator) {
        if (this.emptySegment < 0) this.emptySegment = base + at
        at++
        continue
      }
      const next = this.plain ? lexer.scanPlain(at, available, final) : lexer.scan(at, available, final)
      if (next < 0) {
        window.at = at
        return false
      }
      if (this.emptySegment >= 0) this.reportEmptySegment()
      if (next - at > segmentLimit && !lexer.binary) {
        this.oversized(base + at, this.text.slice(at, Math.min(at + 3, lexer.ends[0] as number)))
      } else if (this.judged) {
        this.position++
        if (!validator.segment(this.position)) this.notInSet(at)
      } else {
        this.envelopeSegment(at)
      }
      at = next
      if (this.state === outside) {
        window.at = at
        return true
      }
    }
  }

  /** A segment whose id the guide does not have, or any segment of a set that is not judged. */
  private notInSet(at: number): void {
    const key = this.lexer.keys[0] as number
    if (key === seKey || key === stKey || key === geKey || key === gsKey || key === ieaKey) {
      this.position--
      this.envelopeSegment(at)
    } else {
      this.validator.unknownSegment(this.position)
    }
  }

  private envelopeSegment(at: number): void {
    const { lexer, text } = this
    const key = lexer.keys[0] as number
    const known = key === seKey || key === stKey || key === geKey || key === gsKey || key === ieaKey || (key === ta1Key && this.state !== inSet)
    if (!known) {
      this.looseSegment()
      return
    }
    if (this.plain) lexer.scan(at, at, true)
    const start = lexer.base + lexer.start
    const end = Math.min(lexer.base + lexer.end + 1, this.inputEnd)
    const element = (n: number): string => n < lexer.count ? text.raw(n) : ''
    switch (key) {
      case stKey:
        if (this.state === inSet) this.closeSet(start, null)
        if (this.state === inGroup) this.openSet(start, element)
        else this.looseSegment()
        return
      case seKey:
        if (this.state === inSet) this.closeSet(end, element)
        else this.looseSegment('group-end-unexpected')
        return
      case gsKey:
        if (this.state >= inGroup) this.closeGroup(start, null)
        this.openGroup(start, element)
        return
      case geKey:
        if (this.state >= inGroup) this.closeGroup(end, element)
        else this.looseSegment('group-end-unexpected')
        return
      case ieaKey:
        this.closeInterchange(end, true, element)
        return
      default:
        this.events.push({ type: 'ta1', acknowledgement: interchangeAcknowledgement(element, start), interchange: this.interchange.header })
    }
  }

  /** A segment that belongs to nothing that is open. */
  private looseSegment(kind?: FaultKind): void {
    if (this.state === inSet) {
      this.position++
      if (this.options.tree === true && !this.plain) this.builder.addStray(this.position)
      return
    }
    const { lexer } = this
    const segmentId = this.text.slice(lexer.start, Math.min(lexer.ends[0] as number, lexer.start + 3))
    this.envelopeFinding(kind ?? (this.state === inGroup ? 'segment-outside-set' : 'interchange-content'), {
      offset: lexer.base + lexer.start, segmentId,
    })
  }

  private envelopeFinding(kind: FaultKind, place: Place): void {
    this.interchange.findings.add(finding(kind, place))
  }

  private reportEmptySegment(): void {
    const offset = this.emptySegment
    this.emptySegment = -1
    const segmentId = this.text.slice(this.lexer.start, Math.min(this.lexer.ends[0] as number, this.lexer.start + 3))
    if (this.state === inSet) this.findings.add(finding('segment-empty', { offset, segmentPosition: this.position + 1, segmentId }))
    else this.envelopeFinding('segment-empty', { offset, segmentId })
  }

  // ---- Segments without end ------------------------------------------------------------------------------------

  /** The unfinished segment at the end of the window has outgrown the limit: keep nothing of it but its place and name. */
  private noteOversized(at: number): void {
    const { window } = this
    const { bytes, available, base } = window
    if (available - at <= segmentLimit) return
    const id = String.fromCharCode(...bytes.subarray(at, at + 3))
    if ((id === 'BIN' || id === 'BDS') && available - at <= binaryLimit + segmentLimit) return
    const end = [...id].findIndex(c => c.charCodeAt(0) === this.lexer.delimiters.element)
    this.skipStart = base + at
    this.skipId = end < 0 ? id : id.slice(0, end)
    window.at = available
  }

  /** Go on after the terminator of the segment that is being skipped; −1 when it has not come yet. */
  private skipOversized(at: number): number {
    const { window } = this
    const terminator = window.bytes.subarray(0, window.available).indexOf(this.lexer.delimiters.segment, at)
    if (terminator < 0) {
      window.at = window.available
      return -1
    }
    this.oversized(this.skipStart, this.skipId)
    this.skipStart = -1
    return terminator + 1
  }

  private oversized(offset: number, id: string): void {
    if (this.state === inSet) this.validator.oversizedSegment(++this.position, offset, id)
    else this.envelopeFinding('segment-too-long', { offset, segmentId: id })
  }

  // ---- Interchange ---------------------------------------------------------------------------------------------

  private openInterchange(header: InterchangeHeader): void {
    const findings = new FindingList(findingsPerEnvelope)
    judgeInterchangeHeader(header, findings)
    const number = `${header.senderQualifier}*${header.senderId}*${header.controlNumber}`
    if (this.interchangeNumbers.has(number)) {
      findings.add(finding('interchange-control-duplicate', { offset: header.offset, segmentId: 'ISA', element: 13, value: header.controlNumber }))
    }
    this.interchangeNumbers.add(number)
    this.interchange = { header, findings, groupNumbers: new Set(), groups: 0 }
    this.lexer.use(header.delimiters)
    this.between.set(whiteSpace)
    this.between[header.delimiters.element] = 0
    this.state = inInterchange
    this.lastTerminator = -1
    this.events.push({ type: 'interchange', header })
  }

  /** A new ISA where a segment should begin: the interchange before it was cut off. */
  private breakInterchange(): boolean {
    this.closeInterchange(this.window.base + this.window.at, false)
    return true
  }

  private closeInterchange(end: number, trailer: boolean, element?: (n: number) => string): void {
    const { interchange } = this
    const { header, findings } = interchange
    const start = this.lexer.base + this.lexer.start
    if (this.state >= inGroup) this.closeGroup(trailer ? start : end, null)
    if (element === undefined) {
      findings.add(finding('interchange-trailer-missing', { offset: end, segmentId: 'IEA' }))
    } else {
      const count = element(1).trim()
      const number = element(2).trim()
      const place = { offset: start, segmentId: 'IEA' }
      if (!sameNumber(count, String(interchange.groups))) {
        findings.add(finding('interchange-count-wrong', { ...place, element: 1, value: count }, { expected: interchange.groups }))
      }
      if (!sameNumber(number, header.controlNumber.trim())) {
        findings.add(finding('interchange-control-mismatch', { ...place, element: 2, value: number }, { expected: header.controlNumber }))
      }
    }
    const rejected = findings.errors > 0
    const list = findings.take(end)
    const worst = list.find(f => f.severity === (rejected ? 'error' : 'warning') && f.interchangeCode !== undefined)
    const result: InterchangeResult = {
      header, end, outcome: rejected ? 'R' : worst ? 'E' : 'A', noteCode: worst?.interchangeCode ?? (rejected ? '022' : '000'), groupCount: interchange.groups, findings: list,
    }
    this.events.push({ type: 'interchange-end', result })
    this.state = outside
    this.emptySegment = -1
    this.skipStart = -1
  }

  // ---- Group ---------------------------------------------------------------------------------------------------

  private openGroup(start: number, element: (n: number) => string): void {
    const { interchange } = this
    const header = groupHeader(element, start)
    const findings = new FindingList(findingsPerEnvelope)
    judgeGroupHeader(header, findings, interchange.findings)
    const number = `${header.functionalId}*${header.senderCode}*${header.controlNumber}`
    if (interchange.groupNumbers.has(number)) {
      findings.add(finding('group-control-duplicate', { offset: start, segmentId: 'GS', element: 6, value: header.controlNumber }))
    }
    interchange.groupNumbers.add(number)
    interchange.groups++
    const { version, suffixKnown } = splitVersion(header.version)
    if (!suffixKnown && this.options.level !== 'envelope' && standardVersions.includes(version)) {
      findings.add(finding('version-suffix-unknown', { offset: start, segmentId: 'GS', element: 8, value: header.version }, { expected: version }))
    }
    this.group = {
      header, findings, setNumbers: new ControlNumbers(), received: 0, accepted: 0, noted: 0, guide: undefined, guideOf: '',
    }
    this.state = inGroup
    this.events.push({ type: 'group', header, interchange: interchange.header })
  }

  private closeGroup(end: number, element: ((n: number) => string) | null): void {
    const { group } = this
    const { header, findings } = group
    const start = this.lexer.base + this.lexer.start
    if (this.state === inSet) this.closeSet(element === null ? end : start, null)
    let included = NaN
    if (element === null) {
      findings.add(finding('group-trailer-missing', { offset: end, segmentId: 'GE' }))
    } else {
      const count = element(1).trim()
      const number = element(2).trim()
      const place = { offset: start, segmentId: 'GE' }
      if (/^\d{1,9}$/.test(count)) included = Number(count)
      if (included !== group.received) findings.add(finding('group-count-wrong', { ...place, element: 1, value: count }, { expected: group.received }))
      if (!sameNumber(number, header.controlNumber)) {
        findings.add(finding('group-control-mismatch', { ...place, element: 2, value: number }, { expected: header.controlNumber }))
      }
    }
    const rejected = findings.errors > 0 || (group.received > 0 && group.accepted === 0)
    const outcome: GroupOutcome = rejected ? 'R' : group.accepted < group.received ? 'P' : group.noted > 0 ? 'E' : 'A'
    const result: GroupResult = {
      header, end, outcome, included, received: group.received,
      // A rejected group has no accepted sets, whatever each of them was (AK904 beside AK901 = R).
      accepted: rejected ? 0 : group.accepted,
      findings: findings.take(end),
    }
    this.events.push({ type: 'group-end', result, interchange: this.interchange.header })
    this.state = inInterchange
  }

  // ---- Set -----------------------------------------------------------------------------------------------------

  private openSet(start: number, element: (n: number) => string): void {
    const { group, findings } = this
    const set = element(1).trim()
    const controlNumber = element(2).trim()
    const implementation = element(3).trim()
    findings.clear()
    group.received++
    this.position = 1
    const envelopeOnly = this.options.level === 'envelope'
    const guide = envelopeOnly ? undefined : this.guideOf(set, implementation)
    this.plain = guide === undefined && !(envelopeOnly && this.options.tree === true)
    this.set = { ordinal: this.sets++, start, set, controlNumber, implementation, guide }
    const place = { offset: start, segmentPosition: 1, segmentId: 'ST' }
    if (guide === undefined) {
      if (!envelopeOnly) this.rejectUnsupported(set, place)
    } else if (guide.functionalId !== group.header.functionalId) {
      findings.add(finding('set-identifier-invalid', { ...place, element: 1, value: set }, { expected: group.header.functionalId }))
    }
    if (controlNumber.length < 4 || controlNumber.length > 9) {
      findings.add(finding('set-control-invalid', { ...place, element: 2, value: controlNumber }))
    }
    if (!group.setNumbers.add(controlNumber)) findings.add(finding('set-control-duplicate', { ...place, element: 2, value: controlNumber }))
    this.state = inSet
    const tree = this.options.tree === true && !this.plain
    if (tree) this.builder.begin(set, guide ?? null)
    this.judged = guide !== undefined
    // An acknowledgement of a version we have no schema for is read by its structure alone.
    const checks = guide !== undefined && set === '997' && guide.version !== splitVersion(group.header.version).version ? 'structure' : this.checks
    if (guide !== undefined) this.validator.begin(guide, checks, tree && findings.errors === 0 ? this.builder : null)
  }

  private rejectUnsupported(set: string, place: Place): void {
    const { group } = this
    const { version } = splitVersion(group.header.version)
    if (!standardVersions.includes(version) && !group.findings.has('version-unsupported')) {
      group.findings.add(finding('version-unsupported', { offset: group.header.offset, segmentId: 'GS', element: 8, value: group.header.version }))
    }
    this.findings.add(finding('set-not-supported', { ...place, element: 1, value: set }))
  }

  private guideOf(set: string, implementation: string): Guide | undefined {
    const { group, options } = this
    const key = `${set}*${implementation}`
    if (group.guideOf === key) return group.guide
    const { version } = group.header
    group.guideOf = key
    group.guide = options.guideFor === undefined ? standardGuide(version, set) : options.guideFor({
      set, version, ...(implementation === '' ? {} : { implementation }), group: group.header, interchange: this.interchange.header,
    })
    return group.guide
  }

  /** `element` reads the SE segment; null when it is missing and the set ends where the next thing begins. */
  private closeSet(end: number, element: ((n: number) => string) | null): void {
    const { group, set, findings, lexer } = this
    const offset = lexer.base + lexer.start
    if (element !== null) this.position++
    if (set.guide !== undefined) this.validator.end(this.position + (element === null ? 1 : 0), element === null ? end : offset)
    const place = { offset: element === null ? end : offset, segmentPosition: this.position, segmentId: 'SE' }
    if (element === null) {
      findings.add(finding('set-trailer-missing', { ...place, segmentPosition: this.position + 1 }))
    } else {
      const count = element(1).trim()
      const number = element(2).trim()
      if (number !== set.controlNumber) {
        findings.add(finding('set-control-mismatch', { ...place, element: 2, value: number }, { expected: set.controlNumber }))
      }
      if (!sameNumber(count, String(this.position))) {
        findings.add(finding('set-count-wrong', { ...place, element: 1, value: count }, { expected: this.position }))
      }
    }
    const rejected = findings.errors > 0
    if (!rejected) group.accepted++
    const transaction: Transaction | undefined = this.options.tree === true && !rejected && !this.plain
      ? {
          set: set.set, controlNumber: set.controlNumber, version: group.header.version, root: this.builder.finish(),
          ...(set.implementation === '' ? {} : { implementation: set.implementation }),
        }
      : undefined
    const list: readonly Finding[] = findings.take(set.start)
    const result: SetResult = {
      ordinal: set.ordinal, set: set.set, controlNumber: set.controlNumber,
      ...(set.implementation === '' ? {} : { implementation: set.implementation }),
      start: set.start, end, segmentCount: this.position, outcome: rejected ? 'R' : 'A', findings: list,
      ...(transaction === undefined ? {} : { transaction }),
    }
    this.events.push({ type: 'set', result, group: group.header, interchange: this.interchange.header })
    this.state = inGroup
    this.plain = this.judged = false
  }
}

/** A reader to push chunks into. Results come back from each push, in document order, as soon as they are complete. */
export function createReader(options: ReadOptions = {}): Reader {
  return new X12Reader(options)
}

const chunkSize = 65536

/** Read from bytes or a stream of chunks. Memory stays bounded by one transaction set and one chunk. */
export async function* read(
  source: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>, options: ReadOptions = {},
): AsyncGenerator<ReadEvent> {
  const reader = createReader(options)
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    for (let at = 0; at < chunk.byteLength; at += chunkSize) yield* reader.push(chunk.subarray(at, at + chunkSize))
  }
  yield* reader.end()
}

/** Read all of it at once. */
export function readAll(bytes: Uint8Array, options: ReadOptions = {}): ReadEvent[] {
  const reader = createReader(options)
  return [...reader.push(bytes), ...reader.end()]
}
