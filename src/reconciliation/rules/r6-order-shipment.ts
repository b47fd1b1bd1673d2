import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { unitFactor } from '../../items/units.ts'
import { extendedAmount } from '../../orders/rules.ts'
import { decimal, decimalText, moneyText, sum, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ShipmentFacts, ShipmentLineFacts } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { daysOutside, deliveryWindow, shipWindow, windowFor, type Window } from '../windows.ts'

/** R6: what was ordered, less what was cancelled, against what was shipped. */

type ShippedPart = { readonly shipment: ShipmentFacts; readonly part: ShipmentLineFacts }

/** The findings of one order and its shipments. Pure; the order of shipments and lines in `facts` does not matter. */
export const orderAgainstShipments = (facts: OrderFacts, policies: PolicyBook): Finding[] => {
  const parts = facts.shipments.flatMap(shipment => shipment.lines.map(part => ({ shipment, part })))
    .toSorted((a, b) => (a.shipment.id < b.shipment.id ? -1 : a.shipment.id > b.shipment.id ? 1 : a.part.position - b.part.position))
  const ours = parts.filter(({ part }) => part.orderId === facts.orderId)
  const byLine = new Map<number, ShippedPart[]>()
  for (const each of ours) {
    if (each.part.orderLinePosition === null) continue
    byLine.set(each.part.orderLinePosition, [...(byLine.get(each.part.orderLinePosition) ?? []), each])
  }
  const due = isDue(facts)
  const nothing = due && ours.length === 0 && facts.state !== 'cancelled' && facts.state !== 'rejected' && sum(facts.lines.map(accepted)).gt(0)
  return [
    ...(nothing ? [notShipped(facts)] : facts.lines.flatMap(line => compareLine(facts, line, byLine.get(line.position) ?? [], policies, due))),
    ...ours.filter(({ part }) => part.orderLinePosition === null || !facts.lines.some(line => line.position === part.orderLinePosition))
      .map(each => unknownItem(facts, each)),
    ...parts.filter(({ part }) => part.orderId === null).map(each => unknownOrder(facts, each)),
    ...facts.shipments.filter(shipment => shipment.lines.some(part => part.orderId === facts.orderId))
      .flatMap(shipment => outsideWindow(facts, shipment, policies)),
  ]
}

/** What of a line was to come: the answer's quantity, or without an answer what stands of the order. */
const accepted = (line: OrderLineFacts): Decimal => {
  const standing = decimal(line.quantityOrdered).minus(decimal(line.quantityCancelled))
  if (line.response === 'rejected' || line.response === 'cancelled' || standing.isNegative()) return decimal(0)
  return line.response === 'changed' || line.response === 'accepted' ? decimal(line.quantityConfirmed) : standing
}

/** No more is to be expected: the order is closed, or its window has passed. */
const isDue = (facts: OrderFacts): boolean => {
  if (facts.state === 'shipped' || facts.state === 'invoiced' || facts.state === 'cancelled') return true
  const last = shipWindow(facts.document.dates).latest ?? deliveryWindow(facts.document.dates).latest
  return last !== undefined && last.date < facts.today
}

const compareLine = (facts: OrderFacts, line: OrderLineFacts, parts: readonly ShippedPart[], policies: PolicyBook, due: boolean): Finding[] => {
  const policy = policies.settingsFor('R6', { partnershipId: facts.partnershipId, partnershipItemId: line.item?.id ?? null, date: facts.orderDate })
  const name = `Order ${facts.number} line ${line.lineNumber}`
  const quantities = parts.map(({ part }) => unitFactor(part.unit, line.unit, line.item ?? undefined)?.times(decimal(part.quantity)))
  const orderedQuantity = ordered(facts, line, 2, 'quantity', line.quantityOrdered)
  const shippedQuantities = parts.map(each => shipped(each, 2, 'quantity', each.part.quantity))
  const foreign = parts.find((_, i) => quantities[i] === undefined)
  if (foreign) return [lineFinding(facts, line, 'R6_UNIT', {
    severity: 'warning',
    summary: `${name}: ordered in ${line.unit}, shipped in ${foreign.part.unit}; how many one is of the other is not known.`,
    compared: { expected: line.unit, actual: foreign.part.unit, difference: null, tolerance: { policy: policy.policy } },
    evidence: [ordered(facts, line, 3, 'unit', line.unit), shipped(foreign, 3, 'unit', foreign.part.unit)],
  })]
  const total = sum(quantities.filter(quantity => quantity !== undefined))
  const standing = decimal(line.quantityOrdered).minus(decimal(line.quantityCancelled))
  if ((line.response === 'rejected' || line.response === 'cancelled') && total.greaterThan(standing.isNegative() ? 0 : standing)) {
    return [lineFinding(facts, line, 'R6_CANCELLED_LINE', {
      severity: 'error',
      summary: `${name}: ${decimalText(total)} ${line.unit} shipped although the line is ${line.response}.`,
      compared: {
        expected: decimalText(standing), actual: decimalText(total), difference: decimalText(total.minus(standing)), unit: line.unit,
        tolerance: { policy: policy.policy },
      },
      evidence: [orderedQuantity, ...shippedQuantities],
      money: valueOf(line, total.minus(standing)),
    })]
  }
  const over = difference(standing, total)
  const short = difference(accepted(line), total)
  const [code, gap, tolerance] = over.value.isPositive() && exceeds(over, policy.over) ? ['R6_OVER', over, policy.over] as const
    : due && short.value.isNegative() && exceeds(short, policy.short) ? ['R6_SHORT', short, policy.short] as const : []
  if (!code) return []
  const expected = code === 'R6_OVER' ? standing : accepted(line)
  const verb = code === 'R6_OVER' ? 'over' : 'short'
  return [lineFinding(facts, line, code, {
    severity: 'error',
    summary: `${name}: ${decimalText(expected)} ${line.unit} ${code === 'R6_OVER' ? 'ordered' : 'accepted'}, ${decimalText(total)} shipped, `
      + `${decimalText(gap.value.abs())} ${verb}${gap.percent ? ` (${percentText(gap.percent)} %)` : ''}.`,
    compared: {
      expected: decimalText(expected), actual: decimalText(total), difference: decimalText(gap.value),
      ...(gap.percent && { percent: percentText(gap.percent) }), unit: line.unit, tolerance: { ...tolerance, policy: policy.policy },
    },
    evidence: [orderedQuantity, ...shippedQuantities],
    money: valueOf(line, gap.value),
  })]
}

const valueOf = (line: OrderLineFacts, quantity: Decimal): Decimal | undefined =>
  line.price === null ? undefined : extendedAmount(quantity, line.price, line.priceBasis)

const parties = (facts: OrderFacts) => ({ organisationId: facts.buyerId, counterpartId: facts.sellerId, partnershipId: facts.partnershipId })
const atRisk = (facts: OrderFacts, money: Decimal | undefined) => money && { moneyAtRisk: moneyText(money.abs()), currency: facts.currency }

const lineFinding = (
  facts: OrderFacts, line: OrderLineFacts, code: string,
  { money, ...shown }: Pick<Finding, 'severity' | 'summary' | 'compared' | 'evidence'> & { money?: Decimal | undefined },
): Finding => ({
  rule: 'R6', code, key: findingKey('R6', code, facts.partnershipId, facts.orderId, line.position), ...parties(facts),
  subjectKind: 'order', subjectId: facts.orderId, ...shown, ...atRisk(facts, money),
})

const notShipped = (facts: OrderFacts): Finding => {
  const last = shipWindow(facts.document.dates).latest ?? deliveryWindow(facts.document.dates).latest
  const waiting = facts.lines.filter(line => accepted(line).gt(0))
  return {
    rule: 'R6', code: 'R6_NOT_SHIPPED', key: findingKey('R6', 'R6_NOT_SHIPPED', facts.partnershipId, facts.orderId), ...parties(facts),
    subjectKind: 'order', subjectId: facts.orderId, severity: 'error',
    summary: `Order ${facts.number}: nothing has been shipped, and its window ended on ${last?.date}.`,
    compared: { expected: last?.date ?? null, actual: null, difference: null, tolerance: {} },
    evidence: last ? [windowEvidence(facts, last)] : [],
    ...atRisk(facts, sum(waiting.map(line => valueOf(line, accepted(line)) ?? '0'))),
  }
}

const unknownItem = (facts: OrderFacts, each: ShippedPart): Finding => ({
  rule: 'R6', code: 'R6_UNKNOWN_ITEM', key: findingKey('R6', 'R6_UNKNOWN_ITEM', facts.partnershipId, each.shipment.id, each.part.position),
  ...parties(facts), subjectKind: 'order', subjectId: facts.orderId, severity: 'error',
  summary: `Shipment ${each.shipment.number}: ${each.part.quantity} ${each.part.unit} of ${each.part.product ?? 'an item'}`
    + `${each.part.lineNumber === null ? '' : ` (line ${each.part.lineNumber})`} is not on order ${facts.number}.`,
  compared: { expected: null, actual: each.part.quantity, difference: null, unit: each.part.unit, tolerance: {} },
  evidence: [shipped(each, 2, 'quantity', each.part.quantity)],
})

const unknownOrder = (facts: OrderFacts, each: ShippedPart): Finding => ({
  rule: 'R6', code: 'R6_UNKNOWN_ORDER', key: findingKey('R6', 'R6_UNKNOWN_ORDER', facts.partnershipId, each.shipment.id, each.part.position),
  ...parties(facts), subjectKind: 'shipment', subjectId: each.shipment.id, severity: 'error',
  summary: `Shipment ${each.shipment.number}: ${each.part.quantity} ${each.part.unit} of ${each.part.product ?? 'an item'} for order ${each.part.orderNumber}, which is not known.`,
  compared: { expected: null, actual: each.part.orderNumber, difference: null, tolerance: {} },
  evidence: [shipped(each, 2, 'quantity', each.part.quantity)],
})

const outsideWindow = (facts: OrderFacts, shipment: ShipmentFacts, policies: PolicyBook): Finding[] => {
  const policy = policies.settingsFor('R6', { partnershipId: facts.partnershipId, date: facts.orderDate })
  const tolerance = { early: policy.earlyDays, late: policy.lateDays }
  const check = (qualifier: '011' | '017', date: string | null, at: number | null): Finding[] => {
    const window = windowFor(qualifier, undefined, facts.document.dates)
    const days = date !== null && window ? daysOutside(date, window, tolerance) : 0
    if (date === null || !window || days === 0) return []
    const bound = days > 0 ? window.latest! : window.earliest!
    const code = window.kind === 'shipment' ? 'R6_SHIP_WINDOW' : 'R6_DELIVERY_WINDOW'
    return [{
      rule: 'R6', code, key: findingKey('R6', code, facts.partnershipId, facts.orderId, shipment.id), ...parties(facts),
      subjectKind: 'order', subjectId: facts.orderId, severity: days > 0 ? 'error' : 'warning',
      summary: `Shipment ${shipment.number} of order ${facts.number}: ${window.kind === 'shipment' ? 'shipped' : 'expected'} on ${date}, `
        + `${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'} ${days > 0 ? 'after' : 'before'} the ${window.kind} window (${describe(window)}).`,
      compared: {
        expected: bound.date, actual: date, difference: String(days), unit: 'days',
        tolerance: { earlyDays: policy.earlyDays, lateDays: policy.lateDays, policy: policy.policy },
      },
      evidence: [
        windowEvidence(facts, bound),
        evidenceOf({
          side: 'seller', documentKind: 'shipment', documentId: shipment.id, source: shipment.source, segment: 'DTM', element: 2, at, field: `dates.${qualifier}`,
        }, date),
      ],
    }]
  }
  return [...check('011', shipment.shipDate, shipment.shipDateAt), ...check('017', shipment.estimatedDelivery, shipment.estimatedDeliveryAt)]
}

const describe = ({ earliest, latest }: Window): string =>
  [earliest && `from ${earliest.date}`, latest && `to ${latest.date}`].filter(part => part !== undefined).join(' ')

const ordered = (facts: OrderFacts, line: OrderLineFacts, element: number, field: string, value: string): Evidence => evidenceOf({
  side: 'buyer', documentKind: 'order', documentId: facts.orderId, source: facts.source, segment: 'PO1', element, at: line.at,
  field: `lines[${line.position - 1}].${field}`,
}, value)

const windowEvidence = (facts: OrderFacts, bound: NonNullable<Window['latest']>): Evidence => evidenceOf({
  side: 'buyer', documentKind: 'order', documentId: facts.orderId, source: facts.source, segment: 'DTM', element: 2, at: bound.at, field: `dates.${bound.qualifier}`,
}, bound.date)

const shipped = ({ shipment, part }: ShippedPart, element: number, field: string, value: string): Evidence => evidenceOf({
  side: 'seller', documentKind: 'shipment', documentId: shipment.id, source: shipment.source, segment: 'SN1', element, at: part.at,
  field: `lines[${part.position - 1}].${field}`,
}, value)
