import { decimal } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { type Segment, segment } from '../x12/index.ts'

export type FieldFault = 'missing' | 'too-long' | 'too-short' | 'too-many' | 'not-a-number' | 'not-a-date' | 'too-precise' | 'inconsistent'

/**
 * A field of a canonical document that does not fit the element it has to be written to. `path` names the field, e.g.
 * `lines[3].products[0].value`. Thrown instead of cutting anything off: the caller changes the document, or sends it otherwise.
 */
export class DocumentError extends DomainError {
  readonly path: string
  readonly fault: FieldFault
  constructor(path: string, fault: FieldFault, detail: string) {
    super('documents/field-unwritable', { path, fault, detail: `${path} ${detail}` })
    this.name = 'DocumentError'
    this.path = path
    this.fault = fault
  }
}

type Given = string | number | undefined

/** Checks and formats the fields of one part of a document; `prefix` is where it stands, e.g. `lines[3].` ('' for the heading). */
export interface Fields {
  readonly prefix: string
  /** The fields of a member of this part. */
  of(member: string, index?: number): Fields
  /** Text of `min` to `max` characters; '' when there is none. Blanks at the end do not count. */
  text(name: string, given: Given, max: number, min?: number): string
  /** Like `text`, but there has to be one. */
  need(name: string, given: Given, max: number, min?: number): string
  /** An explicit decimal of at most `digits` digits (sign and point not counted), as in X12 type R. */
  number(name: string, given: Given, digits: number): string
  needNumber(name: string, given: Given, digits: number): string
  /** A whole number, as in X12 type N0. */
  integer(name: string, given: Given, digits: number): string
  /** An amount in cents, as in X12 type N2: '144' and '144.00' are '14400'. More than two decimals is an error. */
  cents(name: string, given: Given, digits: number): string
  /** '2024-02-29' as '20240229'. */
  date(name: string, given: string | undefined): string
  needDate(name: string, given: string | undefined): string
  fail(name: string, fault: FieldFault, detail: string): never
}

const explicit = /^-?\d+(\.\d+)?$/
const digitCount = (text: string): number => text.replace(/[-.]/g, '').length
const isDay = /^\d{4}-\d{2}-\d{2}$/

export const fieldsOf = (prefix = ''): Fields => {
  const fail = (name: string, fault: FieldFault, detail: string): never => {
    throw new DocumentError(prefix + name, fault, detail)
  }
  const text = (name: string, given: Given, max: number, min = 1): string => {
    const written = given === undefined ? '' : String(given).trimEnd()
    if (written.length > max) fail(name, 'too-long', `has ${written.length} characters; ${max} fit: "${written.slice(0, 60)}"`)
    if (written !== '' && written.length < min) fail(name, 'too-short', `has fewer than ${min} characters: "${written}"`)
    return written
  }
  const present = (name: string, written: string): string => (written === '' ? fail(name, 'missing', 'is needed here') : written)
  const number = (name: string, given: Given, digits: number): string => {
    if (given === undefined || given === '') return ''
    const written = String(given)
    if (!explicit.test(written)) fail(name, 'not-a-number', `is not a decimal number: "${written}"`)
    if (digitCount(written) <= digits) return written
    const shorter = decimal(written).toFixed()
    return digitCount(shorter) <= digits ? shorter : fail(name, 'too-long', `has more than ${digits} digits: "${written}"`)
  }
  const integer = (name: string, given: Given, digits: number): string => {
    const written = number(name, given, 24)
    if (written === '') return ''
    const whole = decimal(written)
    if (!whole.isInteger()) fail(name, 'too-precise', `has to be a whole number, not "${written}"`)
    const plain = whole.toFixed()
    return digitCount(plain) <= digits ? plain : fail(name, 'too-long', `has more than ${digits} digits: "${written}"`)
  }
  const cents = (name: string, given: Given, digits: number): string => {
    const written = number(name, given, 24)
    if (written === '') return ''
    const amount = decimal(written).times(100)
    if (!amount.isInteger()) fail(name, 'too-precise', `has more than two decimals: "${written}"`)
    return integer(name, amount.toFixed(), digits)
  }
  const date = (name: string, given: string | undefined): string => {
    if (given === undefined || given === '') return ''
    return isDay.test(given) ? given.replaceAll('-', '') : fail(name, 'not-a-date', `is not a date (YYYY-MM-DD): "${given}"`)
  }
  return {
    prefix,
    of: (member, index) => fieldsOf(`${prefix}${member}${index === undefined ? '' : `[${index}]`}.`),
    text,
    need: (name, given, max, min) => present(name, text(name, given, max, min)),
    number,
    needNumber: (name, given, digits) => present(name, number(name, given, digits)),
    integer,
    cents,
    date,
    needDate: (name, given) => present(name, date(name, given)),
    fail,
  }
}

/** A segment, or undefined when all its elements are empty. */
export const filled = (id: string, ...elements: string[]): Segment | undefined =>
  elements.some(element => element !== '') ? segment(id, ...elements) : undefined
