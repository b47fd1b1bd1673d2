import type { DatedEvent } from '../../documents/canonical.ts'
import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { moneyText, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts } from '../facts.ts'

/** What the rules about an order (R4, R6, R8) have in common: whose finding it is, its key, and the order's side of the evidence. */

type Shown = Pick<Finding, 'code' | 'severity' | 'summary' | 'compared' | 'evidence'> & {
  /** What the finding is about inside the order: a line's position, a shipment …; part of its key. */
  readonly about: readonly (string | number)[]
  readonly money?: Decimal | undefined
}

export const orderFinding = (facts: OrderFacts, rule: 'R4' | 'R6' | 'R8', { about, money, ...shown }: Shown): Finding => ({
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

/** An element of the order line's PO1. */
export const orderedEvidence = (
  facts: OrderFacts,
  line: OrderLineFacts,
  element: number,
  field: string,
  value: string | null | undefined,
): Evidence =>
  evidenceOf({ ...ofOrder(facts), segment: 'PO1', element, at: line.at, field: `lines[${line.position - 1}].${field}` }, value)

/** The order's DTM that sets a bound. */
export const datedEvidence = (facts: OrderFacts, { qualifier, date, at }: DatedEvent): Evidence =>
  evidenceOf({ ...ofOrder(facts), segment: 'DTM', element: 2, at, field: `dates.${qualifier}` }, date)

/** '3 days', '1 day'; the sign aside. */
export const daysText = (days: number): string => `${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'}`
