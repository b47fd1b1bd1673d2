import { Decimal as DecimalJs } from 'decimal.js'

/** Quantities and money: 40 significant digits, halves rounded away from zero, as on an invoice. */
export const Decimal = DecimalJs.clone({ precision: 40, rounding: DecimalJs.ROUND_HALF_UP })
export type Decimal = DecimalJs

/** What may be given where a decimal is wanted. Texts have the plain form of `decimalPattern`. */
export type DecimalInput = string | number | Decimal

/** The plain decimal form used at every edge: no exponent, no grouping, a digit on each side of the point. */
export const decimalPattern = '^-?\\d{1,18}(\\.\\d{1,10})?$'
const plainForm = new RegExp(decimalPattern)

/** Whether the text is a decimal in the plain form. */
export const isDecimal = (text: string): boolean => plainForm.test(text)

/** Reads a decimal. Throws RangeError on anything that is not a finite number. */
export const decimal = (value: DecimalInput): Decimal => {
  if (typeof value === 'string' && !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim())) throw new RangeError(`not a decimal: ${value}`)
  const number = new Decimal(typeof value === 'string' ? value.trim() : value)
  if (!number.isFinite()) throw new RangeError(`not a decimal: ${String(value)}`)
  return number
}

/** The text of a decimal: no exponent, no needless zeros ('12.50' and '12.5' are both '12.5', '-0' is '0'). */
export const decimalText = (value: DecimalInput): string => {
  const text = decimal(value).toFixed()
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return trimmed === '-0' ? '0' : trimmed
}

/** An amount of money with so many decimals (two unless told), halves away from zero: '12.345' is '12.35'. */
export const moneyText = (value: DecimalInput, decimals = 2): string => decimal(value).toFixed(decimals)

/** The sum of the values, '0' of none. */
export const sum = (values: Iterable<DecimalInput>): Decimal => {
  let total = new Decimal(0)
  for (const value of values) total = total.plus(decimal(value))
  return total
}
