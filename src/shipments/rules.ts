import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { openQuantity, standingQuantity } from '../orders/rules.ts'
import { Decimal, decimal } from '../shared/decimal.ts'

/** How much more than what is open may be shipped, as a share of what stands of the line. */
export const overShipmentTolerance = '0.02'

/** The most packages of one shipment that is entered. */
export const maxPackages = 10_000

/** What may still be shipped on a line: what is open, and the tolerance. */
export const mostToShip = ({ ledger }: Pick<HeldLine, 'ledger'>): Decimal => {
  const most = standingQuantity(ledger).times(decimal(1).plus(overShipmentTolerance)).minus(ledger.shipped)
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
