import type { DatedEvent } from '../../documents/canonical.ts'
import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { moneyText, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts } from '../facts.ts'

/** What the rules about an order (R3 to R8) have in common: whose finding it is, its key, and the order's side of the evidence. */

type Shown = Pick<Finding, 'code' | 'severity' | 'summary' | 'compared' | 'evidence'> & {
  /** What the finding is about inside the order: a line's position, a shipment …; part of its key. */
  readonly about: readonly (string | number)[]
  readonly money?: Decimal | undefined
}

export const orderFinding = (facts: OrderFacts, rule: 'R3' | 'R4' | 'R5' | 'R6' | 'R8', { about, money, ...shown }: Shown): Finding => ({
  rule,
  ...shown,
  key: findingKey(rule, shown.code, facts.partnershipId, facts.orderId, ...about),
  organisationId: facts.buyerId,
  counterpartId: facts.sellerId,
  partnershipId: facts.partnershipId,
  subjectKind: 'order',
  subjectId: facts.orderId,
  ...(money && { moneyAtRisk: moneyText(money.abs()), currency: facts.currency }),
})

const ofOrder = (facts: OrderFacts) =>
  ({ side: 'buyer', documentKind: 'order', documentId: facts.orderId, source: facts.source }) as const

/** Where a POC has what a PO1 has: quantity, unit, price, basis, item. */
const inChange: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 5, 4: 6, 5: 7, 6: 8, 7: 9 }

/** An element of the order line's PO1, or of the POC that changed it since. */
export const orderedEvidence = (
  facts: OrderFacts,
  line: OrderLineFacts,
  element: number,
  field: string,
  value: string | null | undefined,
): Evidence => {
  const { change } = line
  if (change)
    return evidenceOf(
      {
        side: 'buyer',
        documentKind: 'order_change',
        documentId: change.id,
        source: change.source,
        segment: 'POC',
        element: inChange[element] ?? element,
        at: change.at,
        field: `lines[${line.position - 1}].${field}`,
      },
      value,
    )
  return evidenceOf({ ...ofOrder(facts), segment: 'PO1', element, at: line.at, field: `lines[${line.position - 1}].${field}` }, value)
}

/** The order's DTM that sets a bound. */
export const datedEvidence = (facts: OrderFacts, { qualifier, date, at }: DatedEvent): Evidence =>
  evidenceOf({ ...ofOrder(facts), segment: 'DTM', element: 2, at, field: `dates.${qualifier}` }, date)

/** '3 days', '1 day'; the sign aside. */
export const daysText = (days: number): string => `${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'}`
