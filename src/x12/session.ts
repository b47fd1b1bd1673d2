/**
 * The envelopes as a state machine: segments in, results out. A set that goes wrong ends at the next ST, SE, GS, GE, ISA or IEA, a
 * group at the next GS, GE, ISA or IEA; every result says what was missing.
 */
import type { Guide } from './compile.ts'
import { groupHeader, interchangeAcknowledgement, judgeGroupHeader, judgeInterchangeHeader, sameNumber } from './envelope.ts'
import { SegmentFeed, type SegmentSink } from './feed.ts'
import { finding, FindingList, type FaultKind, type Place } from './finding.ts'
import { keyOf } from './lex.ts'
import { ControlNumbers } from './numbers.ts'
import { judgeRules } from './rules.ts'
import { functionalIdentifiers, splitVersion, standardGuide, standardVersions } from './standard.ts'
import { returnTools, takeTools, type Tools } from './tools.ts'
import type { Finding, GroupHeader, GroupOutcome, GroupResult, InterchangeHeader, InterchangeResult, ReadEvent, SetResult, Transaction } from './types.ts'
import type { CheckLevel } from './validate.ts'

export interface ReadOptions {
  /** Build a tree of each set that is not rejected; `all`: of rejected ones too, with segments that have no place where they were found. Default false. */
  readonly tree?: boolean | 'all'
  /**
   * How much is checked. `envelope`: control numbers and counts only, sets of any kind. `syntax`: places, usage, types, lengths, syntax notes.
   * `full` (default): codes and hierarchies too. `partner`: business sums of the guide too (as warnings).
   */
  readonly level?: 'envelope' | 'syntax' | 'full' | 'partner'
  /** How bytes become characters. Default latin1. */
  readonly encoding?: 'latin1' | 'utf8'
  /** The guide for a set; undefined rejects the set as not supported. Default: the standard that is shipped. */
  readonly guideFor?: (set: SetIdentity) => Guide | undefined
  /** Whether an ISA13 used twice in the input is a fault; not for who compares it with all that ever came. Default true. */
  readonly uniqueInterchanges?: boolean
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

const findingsPerEnvelope = 100
const inInterchange = 1
const inGroup = 2
const inSet = 3

const ieaKey = keyOf('IEA')
const gsKey = keyOf('GS')
const geKey = keyOf('GE')
const stKey = keyOf('ST')
const seKey = keyOf('SE')
const ta1Key = keyOf('TA1')

interface OpenInterchange {
  readonly header: InterchangeHeader
  readonly findings: FindingList
  readonly groupNumbers: Set<string>
  groups: number
  acknowledgements: number
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

export class Session implements SegmentSink {
  /** No interchange is open. */
  outside = true
  /** The current set is only counted: nothing of it is judged or kept. */
  plain = false
  readonly feed: SegmentFeed
  private readonly options: ReadOptions
  private readonly tools: Tools
  private readonly checks: CheckLevel
  private readonly trees: boolean
  private readonly keepsTree: boolean
  private readonly findings: FindingList
  private readonly interchangeNumbers = new Set<string>()
  private events: ReadEvent[] = []
  private state = inInterchange
  private interchange!: OpenInterchange
  private group!: OpenGroup
  private set!: OpenSet
  private position = 0
  private sets = 0
  /** The current set is judged by a guide. */
  private judged = false
  /** A tree is built of the current set. */
  private builds = false

  constructor(options: ReadOptions) {
    this.options = options
    this.tools = takeTools(options.encoding ?? 'latin1')
    this.findings = this.tools.validator.findings
    this.keepsTree = options.tree === 'all'
    this.trees = options.tree === true || this.keepsTree
    const level = options.level ?? 'full'
    this.checks = level === 'envelope' ? 'structure' : level
    this.feed = new SegmentFeed(this.tools.lexer, this.tools.text, options.offset ?? 0, this)
  }

  /** What has come of the input since the last time. */
  take(): ReadEvent[] {
    const events = this.events
    this.events = []
    return events
  }

  close(): void {
    returnTools(this.tools)
  }

  segment(at: number): void {
    if (!this.judged) {
      this.envelopeSegment(at)
      return
    }
    this.position++
    if (this.tools.validator.segment(this.position)) return
    const key = this.tools.lexer.keys[0] as number
    if (key === seKey || key === stKey || key === geKey || key === gsKey || key === ieaKey) {
      this.position--
      this.envelopeSegment(at)
    } else {
      this.tools.validator.unknownSegment(this.position)
    }
  }

  emptySegment(offset: number): void {
    const segmentId = this.currentId()
    if (this.state === inSet) this.findings.add(finding('segment-empty', { offset, segmentPosition: this.position + 1, segmentId }))
    else this.envelopeFinding('segment-empty', { offset, segmentId })
  }

  oversizedSegment(offset: number, id: string): void {
    if (this.state === inSet) this.tools.validator.oversizedSegment(++this.position, offset, id)
    else this.envelopeFinding('segment-too-long', { offset, segmentId: id })
  }

  unterminated(offset: number): void {
    this.envelopeFinding('terminator-missing', { offset })
  }

  cutOff(offset: number): void {
    this.closeInterchange(offset)
  }

  junk(found: Finding): void {
    this.events.push({ type: 'junk', finding: found })
  }

  private envelopeSegment(at: number): void {
    const { lexer, text } = this.tools
    const key = lexer.keys[0] as number
    const known = key === seKey || key === stKey || key === geKey || key === gsKey || key === ieaKey || (key === ta1Key && this.state !== inSet)
    if (!known) {
      this.looseSegment()
      return
    }
    if (this.plain) lexer.scan(at, at, true)
    const start = lexer.base + lexer.start
    const end = Math.min(lexer.base + lexer.end + 1, this.feed.inputEnd)
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
        this.closeInterchange(end, element)
        return
      default:
        this.interchange.acknowledgements++
        this.events.push({ type: 'ta1', acknowledgement: interchangeAcknowledgement(element, start), interchange: this.interchange.header })
    }
  }

  /** A segment that belongs to nothing that is open. */
  private looseSegment(kind?: FaultKind): void {
    if (this.state === inSet) {
      this.position++
      if (this.builds) this.tools.builder.addStray(this.position)
      return
    }
    // A document that nothing acknowledges would be lost without a word: whoever sends it has to send it again.
    const outside = this.tools.lexer.keys[0] === stKey ? 'group-header-missing' : 'interchange-content'
    this.envelopeFinding(kind ?? (this.state === inGroup ? 'segment-outside-set' : outside), {
      offset: this.tools.lexer.base + this.tools.lexer.start, segmentId: this.currentId(),
    })
  }

  private envelopeFinding(kind: FaultKind, place: Place): void {
    this.interchange.findings.report(kind, place)
  }

  private currentId(): string {
    const { lexer, text } = this.tools
    return text.slice(lexer.start, Math.min(lexer.ends[0] as number, lexer.start + 3))
  }

  // ---- Interchange ---------------------------------------------------------------------------------------------

  openInterchange(header: InterchangeHeader): void {
    const findings = new FindingList(findingsPerEnvelope)
    judgeInterchangeHeader(header, findings)
    // Many senders count by receiver, and apart for tests.
    const parties = `${header.senderQualifier}*${header.senderId}*${header.receiverQualifier}*${header.receiverId}`
    const number = `${parties}*${header.usage}*${header.controlNumber}`
    if (this.options.uniqueInterchanges !== false && this.interchangeNumbers.has(number)) {
      findings.add(finding('interchange-control-duplicate', { offset: header.offset, segmentId: 'ISA', element: 13, value: header.controlNumber }))
    }
    this.interchangeNumbers.add(number)
    this.interchange = { header, findings, groupNumbers: new Set(), groups: 0, acknowledgements: 0 }
    this.state = inInterchange
    this.outside = false
    this.events.push({ type: 'interchange', header, findings: findings.soFar })
  }

  private closeInterchange(end: number, element?: (n: number) => string): void {
    const { interchange } = this
    const { header, findings } = interchange
    const start = this.tools.lexer.base + this.tools.lexer.start
    if (this.state >= inGroup) this.closeGroup(element === undefined ? end : start, null)
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
      header, end, outcome: rejected ? 'R' : worst ? 'E' : 'A', noteCode: worst?.interchangeCode ?? (rejected ? '022' : '000'),
      groupCount: interchange.groups, acknowledgementCount: interchange.acknowledgements, findings: list,
    }
    this.events.push({ type: 'interchange-end', result })
    this.outside = true
    this.state = inInterchange
  }

  // ---- Group ---------------------------------------------------------------------------------------------------

  private openGroup(start: number, element: (n: number) => string): void {
    const { interchange } = this
    const header = groupHeader(element, start)
    const findings = new FindingList(findingsPerEnvelope)
    const noted = interchange.findings.size
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
    this.events.push({ type: 'group', header, interchange: interchange.header, findings: [...interchange.findings.soFar.slice(noted), ...findings.soFar] })
  }

  private closeGroup(end: number, element: ((n: number) => string) | null): void {
    const { group } = this
    const { header, findings } = group
    const start = this.tools.lexer.base + this.tools.lexer.start
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
    const { builder, validator } = this.tools
    const set = element(1).trim()
    const controlNumber = element(2).trim()
    const implementation = element(3).trim()
    findings.clear()
    group.received++
    this.position = 1
    const envelopeOnly = this.options.level === 'envelope'
    const guide = envelopeOnly ? undefined : this.guideOf(set, implementation)
    this.plain = guide === undefined && !(envelopeOnly ? this.trees : this.keepsTree)
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
    this.builds = !this.plain && (this.trees || (this.checks === 'partner' && guide !== undefined && guide.model.rules.length > 0))
    if (this.builds) builder.begin(set, guide ?? null)
    this.judged = guide !== undefined
    // An acknowledgement of a version we have no schema for is read by its structure alone.
    const checks = guide !== undefined && set === '997' && guide.version !== splitVersion(group.header.version).version ? 'structure' : this.checks
    if (guide !== undefined) validator.begin(guide, checks, this.builds && (this.keepsTree || findings.errors === 0) ? builder : null, this.keepsTree)
  }

  private rejectUnsupported(set: string, place: Place): void {
    const { header, findings } = this.group
    const { version } = splitVersion(header.version)
    const faults: [kind: FaultKind, known: boolean, element: number, value: string][] = [
      ['group-not-supported', functionalIdentifiers.has(header.functionalId), 1, header.functionalId],
      ['version-unsupported', standardVersions.includes(version), 8, header.version],
    ]
    for (const [kind, known, element, value] of faults) {
      if (!known && !findings.has(kind)) findings.add(finding(kind, { offset: header.offset, segmentId: 'GS', element, value }))
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
    const { group, set, findings } = this
    const { lexer, validator, builder } = this.tools
    const offset = lexer.base + lexer.start
    if (element !== null) this.position++
    if (set.guide !== undefined) validator.end(this.position + (element === null ? 1 : 0), element === null ? end : offset)
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
    const root = this.builds && (!rejected || this.keepsTree) ? builder.finish() : undefined
    if (root !== undefined && !rejected && set.guide !== undefined && this.checks === 'partner') {
      for (const found of judgeRules(root, set.guide.model.rules)) findings.add(found)
    }
    const transaction: Transaction | undefined = root !== undefined && this.trees
      ? {
          set: set.set, controlNumber: set.controlNumber, version: group.header.version, root,
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
    this.plain = this.judged = this.builds = false
  }
}
