import { decimal } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { type Segment, segment } from '../x12/index.ts'

export type FieldFault =
  | 'missing' | 'too-long' | 'too-short' | 'too-many' | 'not-a-number' | 'not-a-date' | 'too-precise' | 'inconsistent'

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

const explicit = /^-?\d+(\.\d+)?$/
const isDay = /^\d{4}-\d{2}-\d{2}$/
const digitCount = (text: string): number => text.replace(/[-.]/g, '').length

/**
 * Checks and formats the fields of one part of a document; `prefix` is where it stands, e.g. `lines[3].` ('' for the heading).
 */
export class Fields {
  readonly prefix: string
  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** The fields of a member of this part. */
  of(member: string, index?: number): Fields {
    return new Fields(`${this.prefix}${member}${index === undefined ? '' : `[${index}]`}.`)
  }

  fail(name: string, fault: FieldFault, detail: string): never {
    throw new DocumentError(this.prefix + name, fault, detail)
  }

  /** Text of `min` to `max` characters; '' when there is none. Blanks at the end do not count. */
  text(name: string, given: Given, max: number, min = 1): string {
    const written = given === undefined ? '' : String(given).trimEnd()
    if (written.length > max) {
      this.fail(name, 'too-long', `has ${written.length} characters; ${max} fit: "${written.slice(0, 60)}"`)
    }
    if (written !== '' && written.length < min) this.fail(name, 'too-short', `has fewer than ${min} characters: "${written}"`)
    return written
  }

  /** Like `text`, but there has to be one. */
  need(name: string, given: Given, max: number, min?: number): string {
    return this.present(name, this.text(name, given, max, min))
  }

  /** An explicit decimal of at most `digits` digits (sign and point not counted), as in X12 type R. */
  number(name: string, given: Given, digits: number): string {
    if (given === undefined || given === '') return ''
    const written = String(given)
    if (!explicit.test(written)) this.fail(name, 'not-a-number', `is not a decimal number: "${written}"`)
    if (written.length <= digits || digitCount(written) <= digits) return written
    const shorter = decimal(written).toFixed()
    return digitCount(shorter) <= digits ? shorter : this.fail(name, 'too-long', `has more than ${digits} digits: "${written}"`)
  }

  needNumber(name: string, given: Given, digits: number): string {
    return this.present(name, this.number(name, given, digits))
  }

  /** A whole number, as in X12 type N0. */
  integer(name: string, given: Given, digits: number): string {
    const written = this.number(name, given, 24)
    if (written === '') return ''
    const whole = decimal(written)
    if (!whole.isInteger()) this.fail(name, 'too-precise', `has to be a whole number, not "${written}"`)
    const plain = whole.toFixed()
    return digitCount(plain) <= digits ? plain : this.fail(name, 'too-long', `has more than ${digits} digits: "${written}"`)
  }

  /** An amount in cents, as in X12 type N2: '144' and '144.00' are '14400'. More than two decimals is an error. */
  cents(name: string, given: Given, digits: number): string {
    const written = this.number(name, given, 24)
    if (written === '') return ''
    const amount = decimal(written).times(100)
    if (!amount.isInteger()) this.fail(name, 'too-precise', `has more than two decimals: "${written}"`)
    return this.integer(name, amount.toFixed(), digits)
  }

  /** '2024-02-29' as '20240229'; '' when there is none. */
  date(name: string, given: string | undefined): string {
    if (given === undefined || given === '') return ''
    return isDay.test(given) ? given.replaceAll('-', '') : this.fail(name, 'not-a-date', `is not a date (YYYY-MM-DD): "${given}"`)
  }

  needDate(name: string, given: string | undefined): string {
    return this.present(name, this.date(name, given))
  }

  private present(name: string, written: string): string {
    return written === '' ? this.fail(name, 'missing', 'is needed here') : written
  }
}

/** The fields of a whole document. */
export const fieldsOf = (): Fields => new Fields('')

/** A segment, or undefined when all its elements are empty. */
export const filled = (id: string, ...elements: string[]): Segment | undefined =>
  elements.some(element => element !== '') ? segment(id, ...elements) : undefined
