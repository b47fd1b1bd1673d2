/**
 * The envelopes: ISA with its delimiters, GS, TA1, and the codes that TA1 gives their faults.
 * ISA is read by position (X12.5: 106 bytes); one whose padding was lost on the way is read by its separators, with a finding.
 */
import { isDate } from './element.ts'
import { finding, type FindingList } from './finding.ts'
import type { ValueForm } from './messages/language.ts'
import type { Delimiters, GroupHeader, InterchangeAcknowledgement, InterchangeHeader } from './types.ts'

const separatorPositions = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103] as const
/** Widths of ISA01 to ISA16. */
export const interchangeWidths = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1] as const
const headerLength = 106
const excessWidth = 10
const longestLooseHeader = 300

/** TA105 for a fault in ISA01…ISA16. */
const noteCodes = ['', '010', '011', '012', '013', '005', '006', '007', '008', '014', '015', '016', '017', '018', '019', '020', '027'] as const

export type HeaderReading =
  | { readonly kind: 'header'; readonly header: InterchangeHeader; readonly next: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'unreadable' }

export function isAlphanumeric(b: number | undefined): boolean {
  return b !== undefined && ((b >= 0x30 && b <= 0x39) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a))
}

const isaBytes = Uint8Array.of(0x49, 0x53, 0x41)

/** Does an ISA segment begin here? `undefined` when that needs more bytes. */
export function beginsInterchange(bytes: Uint8Array, at: number, available: number): boolean | undefined {
  for (let i = 0; i < 3; i++) {
    if (at + i >= available) return undefined
    if (bytes[at + i] !== isaBytes[i]) return false
  }
  return at + 3 >= available ? undefined : !isAlphanumeric(bytes[at + 3])
}

/** Read the ISA segment that begins at `at`. The same bytes give the same reading however they arrive. */
export function readInterchangeHeader(bytes: Uint8Array, at: number, available: number, final: boolean, base: number): HeaderReading {
  const element = bytes[at + 3] as number
  let fixed = true
  for (const position of separatorPositions) {
    if (at + position >= available) break
    if (bytes[at + position] !== element) {
      fixed = false
      break
    }
  }
  if (fixed) {
    if (at + headerLength <= available) return interchangeHeader(bytes, at, separatorPositions.map(p => at + p), available, final, base)
    return final ? { kind: 'unreadable' } : { kind: 'more' }
  }
  const separators: number[] = []
  const end = Math.min(available, at + longestLooseHeader)
  for (let i = at + 3; i < end && separators.length < 16; i++) {
    const b = bytes[i] as number
    if (b === element) separators.push(i)
    else if (b === 0x0a || b === 0x0d) return { kind: 'unreadable' }
  }
  const last = separators[15]
  if (last === undefined || last + 2 >= available) {
    return final || available >= at + longestLooseHeader ? { kind: 'unreadable' } : { kind: 'more' }
  }
  return interchangeHeader(bytes, at, separators, available, final, base)
}

function interchangeHeader(
  bytes: Uint8Array, at: number, separators: readonly number[], available: number, final: boolean, base: number,
): HeaderReading {
  const last = separators[15] as number
  const missing = lacksComponent(bytes, last + 1, available, final)
  if (missing === undefined) return { kind: 'more' }
  const terminator = missing ? last + 1 : last + 2
  const ends = [...separators.slice(1), terminator]
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, last + 2 - at).toString('latin1')
  const elements = separators.map((start, i) => text.slice(start + 1 - at, (ends[i] as number) - at))
  const delimiters = delimitersOf(bytes[separators[0] as number] as number, missing ? 0 : bytes[last + 1] as number, bytes[terminator] as number, elements)
  if (!isPlausible(elements, delimiters, separators[15] === at + 103)) return { kind: 'unreadable' }
  const element = (n: number) => elements[n - 1] as string
  return {
    kind: 'header',
    next: terminator + 1,
    header: {
      offset: base + at,
      delimiters,
      senderQualifier: element(5).trimEnd(),
      senderId: element(6).trimEnd(),
      receiverQualifier: element(7).trimEnd(),
      receiverId: element(8).trimEnd(),
      date: element(9),
      time: element(10),
      version: element(12),
      controlNumber: element(13),
      acknowledgementRequested: element(14) === '1',
      usage: element(15),
      elements,
    },
  }
}

/** Text that merely begins like an ISA is not taken for one. An ISA without its padding must show more of its nature than a padded one. */
function isPlausible(elements: readonly string[], { element, segment }: Delimiters, padded: boolean): boolean {
  if (isAlphanumeric(segment) || segment === element || segment === 0x20 || segment === 0) return false
  if (element === 0x20 || element === 0 || element === 0x0a || element === 0x0d) return false
  if (padded) return true
  const tooWide = elements.some((value, i) => value.length > (interchangeWidths[i] as number) + excessWidth)
  return !tooWide && /^\d{1,5}$/.test((elements[11] as string).trim()) && /^\d+$/.test((elements[12] as string).trim()) && /^[A-Z]$/.test(elements[14] as string)
}

/**
 * Some leave ISA16 out, so that the terminator stands in its place and a line end in the terminator's. Then the next line ends
 * with that same character too. Undefined when that line has not come yet.
 */
function lacksComponent(bytes: Uint8Array, at: number, available: number, final: boolean): boolean | undefined {
  const after = bytes[at + 1]
  if (after !== 0x0a && after !== 0x0d) return false
  let start = at + 1
  while (start < available && (bytes[start] === 0x0a || bytes[start] === 0x0d)) start++
  if (start - at > longestLooseHeader) return false
  const end = Math.min(available, start + longestLooseHeader)
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0x0a || bytes[i] === 0x0d) return bytes[i - 1] === bytes[at]
  }
  return final || available >= start + longestLooseHeader ? false : undefined
}

function delimitersOf(element: number, component: number, segment: number, elements: readonly string[]): Delimiters {
  const standards = elements[10] ?? ''
  const candidate = standards.charCodeAt(0)
  const separates = standards.length === 1 && (elements[11] ?? '') >= '00402' && !isAlphanumeric(candidate) && candidate !== 0x20
    && candidate !== element && candidate !== component && candidate !== segment
  return { element, component, segment, repetition: separates ? candidate : null }
}

// ---- Judging headers ---------------------------------------------------------------------------------------------

const isCalendarDate = (value: string): boolean => {
  const bytes = Buffer.from(value, 'latin1')
  return /^(\d\d)?\d{6}$/.test(value) && isDate(bytes, 0, bytes.length)
}
const isClockTime = (value: string): boolean => /^([01]\d|2[0-3])[0-5]\d([0-5]\d\d{0,2})?$/.test(value)

/** Valid contents of ISA elements whose contents the standard limits. */
const headerRules: readonly [element: number, valid: (value: string) => boolean, form: ValueForm][] = [
  [1, v => /^0\d$/.test(v), '00-08'],
  [3, v => /^0[01]$/.test(v), '00-01'],
  [5, v => /^[A-Z0-9]{2}$/.test(v), 'qualifier'],
  [6, v => v.trim() !== '', 'identifier'],
  [7, v => /^[A-Z0-9]{2}$/.test(v), 'qualifier'],
  [8, v => v.trim() !== '', 'identifier'],
  [9, isCalendarDate, 'date-6'],
  [10, isClockTime, 'time'],
  [12, v => /^\d{5}$/.test(v), 'interchange-version'],
  [14, v => v === '0' || v === '1', '0-1'],
  [15, v => v === 'P' || v === 'T' || v === 'I', 'usage'],
]

/** Findings about an ISA segment: lost padding, invalid contents. Most leave the interchange accepted with a note. */
export function judgeInterchangeHeader(header: InterchangeHeader, findings: FindingList): void {
  const place = { offset: header.offset, segmentId: 'ISA' }
  for (const [i, value] of header.elements.entries()) {
    const expected = interchangeWidths[i] as number
    if (i !== 12 && value.length !== expected) {
      findings.add(finding('interchange-element-width', { ...place, element: i + 1, value }, { expected }, noteCodes[i + 1]))
    }
  }
  for (const [element, valid, form] of headerRules) {
    const value = header.elements[element - 1] as string
    if (!valid(value) && !(value.length !== interchangeWidths[element - 1] && valid(value.trimEnd()))) {
      findings.add(finding('interchange-element-invalid', { ...place, element, value }, { form }, noteCodes[element]))
    }
  }
  const number = { ...place, element: 13, value: header.controlNumber }
  if (!/^\d+$/.test(header.controlNumber.trim())) findings.add(finding('interchange-control-invalid', number))
  else if (header.controlNumber.length !== 9) findings.add(finding('interchange-control-width', number))
  const { element, component, segment } = header.delimiters
  if (component === element || component === segment || component === 0x20 || isAlphanumeric(component)) findings.add(finding('interchange-delimiters', { ...place, element: 16 }))
}

/** The elements of a GS segment as a header. `at(n)` gives element n, '' when absent. */
export function groupHeader(at: (n: number) => string, offset: number): GroupHeader {
  return {
    offset,
    functionalId: at(1).trimEnd(),
    senderCode: at(2).trimEnd(),
    receiverCode: at(3).trimEnd(),
    date: at(4),
    time: at(5),
    controlNumber: at(6).trim(),
    agency: at(7).trimEnd(),
    version: at(8).trim(),
  }
}

const groupRules: readonly [element: number, valid: (header: GroupHeader) => boolean, value: (header: GroupHeader) => string, form: ValueForm][] = [
  [1, h => /^[A-Z0-9]{2}$/.test(h.functionalId), h => h.functionalId, 'functional-id'],
  [2, h => h.senderCode.length >= 2 && h.senderCode.length <= 15, h => h.senderCode, 'application-code'],
  [3, h => h.receiverCode.length >= 2 && h.receiverCode.length <= 15, h => h.receiverCode, 'application-code'],
  [4, h => isCalendarDate(h.date.trim()), h => h.date, 'date-8'],
  [5, h => isClockTime(h.time.trim()), h => h.time, 'time'],
  [7, h => h.agency === 'X' || h.agency === 'T', h => h.agency, 'agency'],
]

/** Findings about a GS segment. Those that TA1 can note go to `interchange` too. */
export function judgeGroupHeader(header: GroupHeader, group: FindingList, interchange: FindingList): void {
  const { offset } = header
  for (const [element, valid, value, form] of groupRules) {
    if (!valid(header)) interchange.report('group-header-invalid', { offset, segmentId: 'GS', element, value: value(header) }, { form })
  }
  if (!/^\d{1,9}$/.test(header.controlNumber)) {
    group.report('group-control-invalid', { offset, segmentId: 'GS', element: 6, value: header.controlNumber })
  }
}

export function interchangeAcknowledgement(at: (n: number) => string, offset: number): InterchangeAcknowledgement {
  return { offset, controlNumber: at(1).trim(), date: at(2), time: at(3), outcome: at(4).trim(), noteCode: at(5).trim() }
}

/** Equal as the numbers they are when both are numbers (leading zeros do not count), else as text. */
export function sameNumber(a: string, b: string): boolean {
  const digits = /^\d{1,15}$/
  return digits.test(a) && digits.test(b) ? Number(a) === Number(b) : a === b
}
