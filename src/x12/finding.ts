/**
 * Every fault the engine can name, in one table: how severe it is and which code each acknowledgement gives it. The sentences are in
 * `messages/`. The codes are those of a 999: X12 data elements 620 (IK304), 621 (IK403), 618 (IK502), 716 (AK905) and I18 (TA105). Those that begin
 * with I mean that something is right by the standard but not by the guide in force; a 997 has none of them and gives the nearest.
 *
 * Severity decides the outcome: an error rejects the set, group or interchange it belongs to; a warning never rejects. An
 * interchange warning that has a TA1 note makes the interchange "accepted with errors".
 */
import { en } from './messages/en.ts'
import { sentence } from './messages/language.ts'
import type { Finding, Severity } from './types.ts'

interface Fault {
  readonly severity: Severity
  readonly segmentCode?: string
  readonly elementCode?: string
  readonly setCode?: string
  readonly groupCode?: string
  readonly interchangeCode?: string
}

const segment = (code: string): Fault => ({ severity: 'error', segmentCode: code, setCode: '5' })
const element = (code: string): Fault => ({ severity: 'error', segmentCode: '8', elementCode: code, setCode: '5' })
const set = (code: string): Fault => ({ severity: 'error', setCode: code })
const group = (code: string): Fault => ({ severity: 'error', groupCode: code })
const interchange = (code: string): Fault => ({ severity: 'error', interchangeCode: code })
const note = (code: string): Fault => ({ severity: 'warning', interchangeCode: code })
const warning: Fault = { severity: 'warning' }
/** A fault against the guide in force only. */
const byGuide = (fault: Fault): Fault => ({ ...fault, setCode: 'I5' })

export const faults = {
  'segment-unknown': segment('1'),
  'segment-unexpected': segment('2'),
  'segment-not-used': byGuide(segment('I4')),
  'segment-missing': segment('3'),
  'loop-over-max': segment('4'),
  'segment-over-max': segment('5'),
  'segment-not-in-set': segment('6'),
  'segment-out-of-order': segment('7'),
  'segment-too-long': segment('8'),
  'segment-empty': warning,

  'element-missing': element('1'),
  'element-condition-missing': element('2'),
  'element-too-many': element('3'),
  'element-too-short': element('4'),
  'element-too-long': element('5'),
  'element-invalid-character': element('6'),
  'code-unknown': element('7'),
  'date-invalid': element('8'),
  'time-invalid': element('9'),
  'element-exclusion': element('10'),
  'element-not-used': byGuide(element('I10')),
  'code-not-used': byGuide(element('I6')),
  'repetition-too-many': element('12'),
  'component-too-many': element('13'),
  'element-blank': warning,
  'code-unlisted': warning,

  'hl-id-duplicate': element('7'),
  'hl-parent-unknown': element('7'),
  'hl-parent-missing': warning,
  'hl-child-wrong': warning,
  'hl-level-order': warning,

  'set-not-supported': set('1'),
  'set-trailer-missing': set('2'),
  'set-control-mismatch': set('3'),
  'set-count-wrong': set('4'),
  'set-identifier-invalid': set('18'),
  'set-control-invalid': set('7'),
  'set-control-duplicate': set('23'),
  'findings-suppressed': warning,

  'group-not-supported': group('1'),
  'version-unsupported': group('2'),
  'group-trailer-missing': group('3'),
  'group-control-mismatch': group('4'),
  'group-count-wrong': group('5'),
  'group-control-invalid': group('6'),
  'group-control-duplicate': group('19'),
  'version-suffix-unknown': warning,
  'segment-outside-set': note('024'),

  'interchange-control-mismatch': interchange('001'),
  'interchange-control-invalid': interchange('018'),
  'interchange-control-width': note('018'),
  'interchange-control-duplicate': interchange('025'),
  'interchange-count-wrong': note('021'),
  'interchange-trailer-missing': interchange('023'),
  'interchange-delimiters': note('027'),
  'interchange-element-width': { severity: 'warning' },
  'interchange-element-invalid': { severity: 'warning' },
  'interchange-content': note('022'),
  'group-header-missing': interchange('022'),
  'group-header-invalid': note('024'),
  'group-end-unexpected': note('022'),
  'terminator-missing': warning,

  'not-x12': { severity: 'error' },
  'header-unreadable': { severity: 'error', interchangeCode: '022' },
  'header-wrapped': { severity: 'error', interchangeCode: '022' },

  'sum-mismatch': warning,
} as const satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults

/** Where a finding points. Everything but the offset may be left out. */
export interface Place {
  readonly offset: number
  readonly segmentPosition?: number
  readonly segmentId?: string
  readonly loopPath?: readonly string[]
  readonly element?: number
  readonly component?: number
  readonly repetition?: number
  readonly elementReference?: string
  readonly value?: string
}

const noPath: readonly string[] = []
const longestValue = 99

/**
 * Make a finding of a kind at a place. `params` fill the sentence; `interchangeCode` overrides the table's note (it depends on the element).
 * A file of nothing but faults is mostly this function, hence the assignments: spreading what is optional took five times as long.
 */
export function finding(kind: FaultKind, place: Place, params?: Readonly<Record<string, string | number>>, interchangeCode?: string): Finding {
  const fault: Fault = faults[kind]
  const made: { -readonly [Field in keyof Finding]: Finding[Field] } = {
    kind,
    severity: fault.severity,
    offset: place.offset,
    segmentPosition: place.segmentPosition ?? 0,
    segmentId: place.segmentId ?? '',
    loopPath: place.loopPath ?? noPath,
    element: place.element ?? 0,
    component: place.component ?? 0,
    repetition: place.repetition ?? 0,
    message: '',
  }
  if (place.elementReference !== undefined) made.elementReference = place.elementReference
  if (place.value !== undefined) made.value = place.value.slice(0, longestValue)
  if (fault.segmentCode !== undefined) made.segmentCode = fault.segmentCode
  if (fault.elementCode !== undefined) made.elementCode = fault.elementCode
  if (fault.setCode !== undefined) made.setCode = fault.setCode
  if (fault.groupCode !== undefined) made.groupCode = fault.groupCode
  const noteCode = interchangeCode ?? fault.interchangeCode
  if (noteCode !== undefined) made.interchangeCode = noteCode
  if (params !== undefined && Object.keys(params).length > 0) made.params = params
  made.message = sentence(en, made) ?? kind
  return made
}

/** Findings of one set, group or interchange: a hostile file cannot make it grow without bound. */
export class FindingList {
  private readonly limit: number
  private suppressed = 0
  private kept: Finding[] = []
  errors = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(found: Finding): void {
    if (found.severity === 'error') this.errors++
    if (this.kept.length < this.limit) this.kept.push(found)
    else this.suppressed++
  }

  /** Add a finding, or only count it when no more are kept. */
  report(kind: FaultKind, place: Place, params?: Readonly<Record<string, string | number>>, interchangeCode?: string): void {
    if (this.full) this.suppress(kind)
    else this.add(finding(kind, place, params, interchangeCode))
  }

  /** Those kept by now. */
  get soFar(): readonly Finding[] {
    return this.kept.length === 0 ? none : [...this.kept]
  }

  get size(): number {
    return this.kept.length
  }

  /** Put the findings from the index on, those of one segment, into the order of its elements. */
  orderByElement(from: number): void {
    const ordered = this.kept.splice(from).sort((a, b) => a.element - b.element || a.repetition - b.repetition || a.component - b.component)
    this.kept.push(...ordered)
  }

  has(kind: FaultKind): boolean {
    return this.kept.some(found => found.kind === kind)
  }

  /** No more are kept: `suppress` is then enough, and much cheaper. */
  get full(): boolean {
    return this.kept.length >= this.limit
  }

  suppress(kind: FaultKind): void {
    if (faults[kind].severity === 'error') this.errors++
    this.suppressed++
  }

  clear(): void {
    this.kept = []
    this.suppressed = 0
    this.errors = 0
  }

  /** The findings so far, with a note of how many were left out; the list is empty afterwards. */
  take(offset: number): readonly Finding[] {
    const taken = this.kept
    if (this.suppressed > 0) taken.push(finding('findings-suppressed', { offset }, { found: this.suppressed }))
    if (taken.length === 0) return none
    this.kept = []
    this.suppressed = 0
    return taken
  }
}

const none: readonly Finding[] = []
