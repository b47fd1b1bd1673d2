import { decimal, decimalText, type Decimal, type DecimalInput } from '../shared/decimal.ts'
import type { Tolerance } from './policy.ts'

/** The difference actual − expected, and how much of the base (expected unless told) it is, in percent. */
export type Difference = { readonly value: Decimal; readonly percent: Decimal | null }

export const difference = (expected: DecimalInput, actual: DecimalInput, base: DecimalInput = expected): Difference => {
  const value = decimal(actual).minus(decimal(expected))
  const whole = decimal(base).abs()
  return { value, percent: whole.isZero() ? null : value.abs().times(100).dividedBy(whole) }
}

/** Whether a difference is over the tolerance. Of a base of nothing, anything is over any percentage. */
export const exceeds = ({ value, percent }: Difference, tolerance: Tolerance): boolean => {
  if (value.isZero()) return false
  const overPercent = percent === null || percent.greaterThan(decimal(tolerance.percent))
  const overAbsolute = value.abs().greaterThan(decimal(tolerance.absolute))
  return tolerance.match === 'either' ? overPercent || overAbsolute : overPercent && overAbsolute
}

/** A percentage for people and comparisons: at most two decimals. */
export const percentText = (percent: Decimal): string => decimalText(percent.toDecimalPlaces(2))
