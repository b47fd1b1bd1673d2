/**
 * Every fault the engine can name, in one table: how severe it is, which code each acknowledgement gives it, and the
 * sentence a clerk reads. The codes are those of X12 data elements 620 (AK304), 723 (AK403), 718 (AK502), 716 (AK905) and I18 (TA105).
 *
 * Severity decides the outcome: an error rejects the set, group or interchange it belongs to; a warning never rejects. An
 * interchange warning that has a TA1 note makes the interchange "accepted with errors".
 */
import type { Finding, Severity } from './types.ts'

interface Fault {
  readonly severity: Severity
  readonly segmentCode?: string
  readonly elementCode?: string
  readonly setCode?: string
  readonly groupCode?: string
  readonly interchangeCode?: string
  /** Placeholders are fields of the finding or of its params. */
  readonly text: string
}

const segment = (code: string, text: string): Fault => ({ severity: 'error', segmentCode: code, setCode: '5', text })
const element = (code: string, text: string): Fault =>
  ({ severity: 'error', segmentCode: '8', elementCode: code, setCode: '5', text })
const set = (code: string, text: string): Fault => ({ severity: 'error', setCode: code, text })
const group = (code: string, text: string): Fault => ({ severity: 'error', groupCode: code, text })
const interchange = (code: string, text: string): Fault => ({ severity: 'error', interchangeCode: code, text })
const note = (code: string, text: string): Fault => ({ severity: 'warning', interchangeCode: code, text })
const warning = (text: string): Fault => ({ severity: 'warning', text })

export const faults = {
  'segment-unknown': segment('1', '{segment} is not a segment we know. Check its spelling and the segment terminator before it.'),
  'segment-unexpected': segment('2', '{segment} does not belong here. Check that the segment which opens its loop comes before it.'),
  'segment-not-used': segment('2', '{segment} is not used by this partner. Leave it out.'),
  'segment-missing': segment('3', '{segment} is missing{inLoop}. Send it before this place.'),
  'loop-over-max': segment('4', 'The {name} loop occurs more than {maximum} times.'),
  'segment-over-max': segment('5', '{segment} occurs more than {maximum} times here.'),
  'segment-not-in-set': segment('6', '{segment} is not part of a {set}. Leave it out.'),
  'segment-out-of-order': segment('7', '{segment} comes too late. Its place is earlier{inLoop}.'),
  'segment-too-long': segment('8', '{segment} is longer than {maximum} bytes and was not read. Check for a missing segment terminator.'),
  'segment-empty': warning('There is an empty segment before {segment}. It was ignored.'),

  'element-missing': element('1', '{where} is required but empty.'),
  'element-condition-missing': element('2', '{where} is required because of the other elements sent ({rule}).'),
  'element-too-many': element('3', '{segment} has {found} elements; at most {maximum} are defined.'),
  'element-too-short': element('4', '{where} is "{value}", which is shorter than {minimum} characters.'),
  'element-too-long': element('5', '{where} is "{value}", which is longer than {maximum} characters.'),
  'element-invalid-character': element('6', '{where} is "{value}", which holds a character that is not allowed ({expected}).'),
  'code-unknown': element('7', '{where} is "{value}", which is not one of the codes allowed there.'),
  'date-invalid': element('8', '{where} is "{value}", which is not a date (YYYYMMDD).'),
  'time-invalid': element('9', '{where} is "{value}", which is not a time (HHMM, with seconds if wanted).'),
  'element-exclusion': element('10', '{where} may not be sent together with the other elements of the rule {rule}.'),
  'element-not-used': element('I10', '{where} is not used by this partner. Leave it empty.'),
  'repetition-too-many': element('12', '{where} is repeated {found} times; at most {maximum} are allowed.'),
  'component-too-many': element('13', '{where} has {found} components; at most {maximum} are defined.'),
  'element-blank': warning('{where} is "{value}": it begins or ends with blanks. It was read without them.'),
  'code-unlisted': warning('{where} is "{value}", a code that is not in our list.'),

  'hl-id-duplicate': element('7', '{where} is "{value}", but an earlier HL segment has that number.'),
  'hl-parent-unknown': element('7', '{where} is "{value}", but no earlier HL segment has that number.'),
  'hl-level-order': warning('{where}: level "{value}" is not expected under "{parent}" by the hierarchy {expected}.'),

  'set-not-supported': set('1', 'Transaction set {value} is not handled here in this version.'),
  'set-trailer-missing': set('2', 'The SE segment of this transaction set is missing.'),
  'set-control-mismatch': set('3', 'SE02 is "{value}" but ST02 is "{expected}". They must be equal.'),
  'set-count-wrong': set('4', 'SE01 is "{value}" but the set has {expected} segments, ST and SE included.'),
  'set-identifier-invalid': set('6', 'ST01 "{value}" does not belong in a group of kind {expected}.'),
  'set-control-invalid': set('7', 'ST02 is "{value}"; it must have 4 to 9 characters.'),
  'set-control-duplicate': set('23', 'ST02 "{value}" was used before in this group.'),
  'findings-suppressed': warning('{found} more faults in this set are not listed.'),

  'version-unsupported': group('2', 'Version {value} (GS08) is not handled here.'),
  'group-trailer-missing': group('3', 'The GE segment of this group is missing.'),
  'group-control-mismatch': group('4', 'GE02 is "{value}" but GS06 is "{expected}". They must be equal.'),
  'group-count-wrong': group('5', 'GE01 is "{value}" but the group has {expected} transaction sets.'),
  'group-control-invalid': group('6', 'GS06 is "{value}"; it must be a number of 1 to 9 digits.'),
  'group-control-duplicate': group('19', 'GS06 "{value}" was used before in this interchange.'),
  'version-suffix-unknown': warning('The suffix of GS08 "{value}" is not known. The set was judged by {expected}.'),
  'segment-outside-set': note('024', '{segment} stands in the group outside any transaction set. It was ignored.'),

  'interchange-control-mismatch': interchange('001', 'IEA02 is "{value}" but ISA13 is "{expected}". They must be equal.'),
  'interchange-control-invalid': interchange('018', 'ISA13 is "{value}"; it must be a number.'),
  'interchange-control-width': note('018', 'ISA13 is "{value}"; it must have nine digits.'),
  'interchange-control-duplicate': interchange('025', 'ISA13 "{value}" was used before by this sender in this file.'),
  'interchange-count-wrong': note('021', 'IEA01 is "{value}" but the interchange has {expected} groups.'),
  'interchange-trailer-missing': interchange('023', 'The IEA segment is missing: the interchange ends too early.'),
  'interchange-delimiters': note('027', 'The delimiters in ISA are not all different.'),
  'interchange-element-width': { severity: 'warning', text: 'ISA{element} is "{value}"; it must be exactly {expected} characters wide.' },
  'interchange-element-invalid': { severity: 'warning', text: 'ISA{element} is "{value}", which is not valid ({expected}).' },
  'interchange-content': note('022', '{segment} stands in the interchange outside any functional group. It was ignored.'),
  'group-header-invalid': note('024', '{where} is "{value}", which is not valid ({expected}).'),
  'group-end-unexpected': note('022', '{segment} ends something that was not begun. It was ignored.'),
  'terminator-missing': warning('The last segment has no terminator.'),

  'not-x12': { severity: 'error', text: 'This text is not part of an X12 interchange: "{value}".' },
  'header-unreadable': { severity: 'error', interchangeCode: '022', text: 'An ISA segment begins here but cannot be read: "{value}".' },

  'sum-mismatch': warning('{where} is "{value}" but {rule} is {expected}.'),
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

/** Make a finding of a kind at a place. `params` fill the sentence; `interchangeCode` overrides the table's note (it depends on the element). */
export function finding(
  kind: FaultKind, place: Place, params: Readonly<Record<string, string | number>> = {}, interchangeCode?: string,
): Finding {
  const fault: Fault = faults[kind]
  const value = place.value === undefined ? undefined : place.value.slice(0, longestValue)
  const noteCode = interchangeCode ?? fault.interchangeCode
  return {
    kind,
    severity: fault.severity,
    offset: place.offset,
    segmentPosition: place.segmentPosition ?? 0,
    segmentId: place.segmentId ?? '',
    loopPath: place.loopPath ?? noPath,
    element: place.element ?? 0,
    component: place.component ?? 0,
    repetition: place.repetition ?? 0,
    ...(place.elementReference === undefined ? {} : { elementReference: place.elementReference }),
    ...(value === undefined ? {} : { value }),
    ...(fault.segmentCode === undefined ? {} : { segmentCode: fault.segmentCode }),
    ...(fault.elementCode === undefined ? {} : { elementCode: fault.elementCode }),
    ...(fault.setCode === undefined ? {} : { setCode: fault.setCode }),
    ...(fault.groupCode === undefined ? {} : { groupCode: fault.groupCode }),
    ...(noteCode === undefined ? {} : { interchangeCode: noteCode }),
    message: sentence(fault.text, place, value, params),
    ...(Object.keys(params).length === 0 ? {} : { params }),
  }
}

function sentence(text: string, place: Place, value: string | undefined, params: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'where': return where(place, params)
      case 'segment': return segmentName(place, params)
      case 'element': return String(place.element ?? 0).padStart(2, '0')
      case 'value': return value ?? ''
      case 'inLoop': return place.loopPath?.length ? ` in loop ${place.loopPath.join('/')}` : ''
      default: return String(params[name] ?? '')
    }
  })
}

/** "PO1 (segment 12)": the segment and its place in the set. */
function segmentName(place: Place, params: Readonly<Record<string, string | number>>): string {
  const id = place.segmentId || 'A segment'
  const name = params.segmentName === undefined ? '' : ` ${params.segmentName}`
  return place.segmentPosition ? `${id}${name} (segment ${place.segmentPosition})` : id
}

/** "PO103 Unit of measure (segment 12)". */
function where(place: Place, params: Readonly<Record<string, string | number>>): string {
  const number = String(place.element ?? 0).padStart(2, '0')
  const component = place.component ? `-${place.component}` : ''
  const repetition = (place.repetition ?? 0) > 1 ? `, repetition ${place.repetition}` : ''
  const name = params.name === undefined ? '' : ` ${params.name}`
  const segment = place.segmentPosition ? ` (segment ${place.segmentPosition}${repetition})` : ''
  return `${place.segmentId ?? ''}${number}${component}${name}${segment}`
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
