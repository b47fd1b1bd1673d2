import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { openQuantity, standingQuantity } from '../orders/rules.ts'
import { Decimal, decimal, isDecimal } from '../shared/decimal.ts'

/**
 * How much more than what is open may be shipped: so many percent of what stands of the line and so many units, whichever is
 * more (`both` have to be exceeded) or less (`either`).
 */
export type OverTolerance = { readonly percent: string; readonly absolute: string; readonly match: 'both' | 'either' }

const usualTolerance: OverTolerance = { percent: '2', absolute: '0', match: 'both' }

/** The part of a policy of R6 (order and ship notice) that says how much may be shipped over. */
export type OverPolicy = {
  readonly partnershipItemId: string | null
  readonly validFrom: string
  readonly validTo: string | null
  readonly over: Partial<OverTolerance>
}

/**
 * What reconciliation will hold a shipment to: the policies in force on the day of the order, the most specific last, over the
 * usual tolerance. What does not have the form of a tolerance is passed over, as reconciliation does.
 */
export const toleranceOf = (policies: readonly OverPolicy[], partnershipItemId: string | null, date: string): OverTolerance =>
  policies
    .filter(
      ({ validFrom, validTo, partnershipItemId: item }) =>
        validFrom <= date && (validTo === null || validTo >= date) && (item === null || item === partnershipItemId),
    )
    .map(({ over }) => over)
    .reduce<OverTolerance>((under, over) => {
      const { percent, absolute, match } = { ...under, ...over }
      return isDecimal(percent) && isDecimal(absolute) && (match === 'both' || match === 'either') ? { percent, absolute, match } : under
    }, usualTolerance)

/** The most packages of one shipment that is entered. */
export const maxPackages = 10_000

/** What may still be shipped on a line: what is open, and the tolerance. */
export const mostToShip = ({ ledger }: Pick<HeldLine, 'ledger'>, { percent, absolute, match }: OverTolerance): Decimal => {
  const standing = standingQuantity(ledger)
  const margins = [standing.times(percent).dividedBy(100), decimal(absolute)] as const
  const margin = match === 'both' ? Decimal.max(...margins) : Decimal.min(...margins)
  const most = standing.plus(margin).minus(ledger.shipped)
  return most.isNegative() ? decimal(0) : most
}

/** What is shipped when nobody says: what is open, or promised where the seller promised less. */
export const quantityToShip = ({ response, ledger }: Pick<HeldLine, 'response' | 'ledger'>): Decimal => {
  if (response === 'rejected' || response === 'cancelled') return decimal(0)
  const open = openQuantity(ledger)
  const promised = ledger.confirmed.minus(ledger.shipped)
  const quantity = response === 'changed' || response === 'backordered' ? Decimal.min(open, promised) : open
  return quantity.isNegative() ? decimal(0) : quantity
}

/** The orders of a shipment in the order in which they were named. */
export const inOrderOf = (ids: readonly string[], orders: readonly HeldOrder[]): HeldOrder[] =>
  [...new Set(ids)].flatMap(id => orders.find(order => order.id === id) ?? [])
