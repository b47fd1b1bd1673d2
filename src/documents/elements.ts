import { decimal } from '../shared/decimal.ts'
import { isSegment, type Loop, type Segment, text } from '../x12/index.ts'
import { type DocumentProblem, report } from './problem.ts'

/** Typed reading of single elements. None of these throws: what cannot be read is reported, or absent. */

/**
 * The segment itself, or the segment that a loop is named after. Undefined for a loop that does not begin with its own segment.
 */
export const headOf = (node: Segment | Loop): Segment | undefined => {
  if (isSegment(node)) return node
  const first = node.children[0]
  return first !== undefined && isSegment(first) ? first : undefined
}

/** Every segment with this id that stands directly in the loop, or heads a loop that does, in document order. */
export const heads = (loop: Loop, id: string): Segment[] => {
  const found: Segment[] = []
  for (const child of loop.children) {
    const segment = headOf(child)
    if (segment?.id === id) found.push(segment)
  }
  return found
}

/** The first of `heads`. */
export const head = (loop: Loop, id: string): Segment | undefined => {
  for (const child of loop.children) {
    const segment = headOf(child)
    if (segment?.id === id) return segment
  }
  return undefined
}

/** Element `n` (1-based) without the blanks around it; '' when absent. Of a composite or repeated element, the first part. */
export const value = (segment: Segment, n: number): string => {
  const element = segment.elements[n - 1]
  return typeof element === 'string' ? element.trim() : text(segment, n)
}

/** Like `value`, but undefined when absent. */
export const optional = (segment: Segment, n: number): string | undefined => {
  const found = value(segment, n)
  return found === '' ? undefined : found
}

/** Like `value`, and reports its absence; for what the canonical document cannot be without. */
export const required = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string => {
  const found = value(segment, n)
  if (found === '') report(problems, 'value-missing', segment, n, `${what} is missing.`)
  return found
}

const canonicalNumber = /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/

/**
 * An explicit decimal (X12 type R or N0) in canonical form: no leading zeros, no plus, a digit on each side of the point, at
 * most 15 and 9 digits. Undefined when absent or unreadable; the latter is reported.
 */
export const number = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string | undefined => {
  const text = value(segment, n)
  if (text === '' || canonicalNumber.test(text)) return text === '' ? undefined : text
  try {
    const read = decimal(/^[+-]?(\d+\.?\d*|\.\d+)E[+-]?\d{1,2}$/i.test(text) ? Number(text) : text)
    const digits = read.toFixed(read.decimalPlaces() > 9 ? 9 : undefined)
    if (!canonicalNumber.test(digits)) throw new RangeError(text)
    if (read.decimalPlaces() > 9) {
      report(problems, 'number-rounded', segment, n, `${what} "${text}" was rounded to nine decimals.`)
    }
    return digits
  } catch {
    report(problems, 'number-unreadable', segment, n, `${what} "${text}" is not a number.`)
    return undefined
  }
}

/** Like `number`, but "0" when there is none, which is reported. */
export const requiredNumber = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string => {
  const read = number(problems, segment, n, what)
  if (read !== undefined) return read
  if (value(segment, n) === '') report(problems, 'number-missing', segment, n, `${what} is missing; it counts as 0.`)
  return '0'
}

/** A number with two implied decimals (X12 type N2): "14400" is "144.00". A point in it is taken at its word. */
export const impliedCents = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string | undefined => {
  const text = value(segment, n)
  if (text === '') return undefined
  const match = /^(-?)0*(\d{0,15}?)(\d{1,2})$/.exec(text)
  if (match === null) return number(problems, segment, n, what)
  const [, sign = '', whole = '', cents = ''] = match
  return `${sign}${whole === '' ? '0' : whole}.${cents.padStart(2, '0')}`
}

/** A whole number; undefined when absent or not one (which is reported). */
export const integer = (problems: DocumentProblem[], segment: Segment, n: number, what: string): number | undefined => {
  const text = value(segment, n)
  if (text === '') return undefined
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  report(problems, 'number-unreadable', segment, n, `${what} "${text}" is not a whole number.`)
  return undefined
}

const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** "20240229" as "2024-02-29"; null when it is no day of the calendar. */
export const dateOf = (text: string): string | null => {
  if (!/^\d{8}$/.test(text)) return null
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(4, 6))
  const day = Number(text.slice(6))
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  if (day < 1 || day > (monthLengths[month - 1] ?? 0) || (month === 2 && day === 29 && !leap)) return null
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
}

/** A date element (CCYYMMDD); undefined when absent or no date (which is reported). */
export const date = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string | undefined => {
  const text = value(segment, n)
  if (text === '') return undefined
  const read = dateOf(text)
  if (read === null) report(problems, 'date-unreadable', segment, n, `${what} "${text}" is not a date.`)
  return read ?? undefined
}

/** Like `date`, but '' when there is none, which is reported. A syntactically valid set always has one where this is used. */
export const requiredDate = (problems: DocumentProblem[], segment: Segment, n: number, what: string): string => {
  const read = date(problems, segment, n, what)
  if (read === undefined && value(segment, n) === '') report(problems, 'value-missing', segment, n, `${what} is missing.`)
  return read ?? ''
}

type Loose<T> = { [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] }

/** The object without its undefined optional members, so that documents compare and serialise the same whatever made them. */
export const compact = <T extends object>(loose: Loose<T>): T => {
  const made: Record<string, unknown> = {}
  const members: Readonly<Record<string, unknown>> = loose
  for (const key in members) if (members[key] !== undefined) made[key] = members[key]
  return made as T
}

/** The list, or undefined when it is empty. */
export const some = <T>(list: T[]): T[] | undefined => (list.length === 0 ? undefined : list)
