import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { unitFactor } from '../../items/units.ts'
import { extendedAmount } from '../../orders/rules.ts'
import { decimal, decimalText, sum, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ShipmentFacts, ShipmentLineFacts } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { daysOutside, deliveryWindow, describeWindow, shipWindow, windowFor } from '../windows.ts'
import { datedEvidence, daysText, orderFinding, orderedEvidence } from './order-findings.ts'

/** R6: what was ordered, less what was cancelled, against what was shipped. */

type ShippedPart = { readonly shipment: ShipmentFacts; readonly part: ShipmentLineFacts }

/** The findings of one order and its shipments. Pure; the order of shipments and lines in `facts` does not matter. */
export const orderAgainstShipments = (facts: OrderFacts, policies: PolicyBook): Finding[] => {
  const parts = facts.shipments
    .flatMap(shipment => shipment.lines.map(part => ({ shipment, part })))
    .toSorted((a, b) =>
      a.shipment.id < b.shipment.id ? -1 : a.shipment.id > b.shipment.id ? 1 : a.part.position - b.part.position,
    )
  const ours = parts.filter(({ part }) => part.orderId === facts.orderId)
  const byLine = new Map<number, ShippedPart[]>()
  for (const each of ours) {
    if (each.part.orderLinePosition === null) continue
    byLine.set(each.part.orderLinePosition, [...(byLine.get(each.part.orderLinePosition) ?? []), each])
  }
  const due = isDue(facts)
  const nothing =
    due && ours.length === 0 && facts.state !== 'cancelled' && facts.state !== 'rejected' && sum(facts.lines.map(accepted)).gt(0)
  return [
    ...(nothing
      ? [notShipped(facts)]
      : facts.lines.flatMap(line => compareLine(facts, line, byLine.get(line.position) ?? [], policies, due))),
    ...ours
      .filter(
        ({ part }) => part.orderLinePosition === null || !facts.lines.some(line => line.position === part.orderLinePosition),
      )
      .map(each => unknownItem(facts, each)),
    ...parts.filter(({ part }) => part.orderId === null).map(each => unknownOrder(facts, each)),
    ...facts.shipments
      .filter(shipment => shipment.lines.some(part => part.orderId === facts.orderId))
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
  const last = lastDay(facts)
  return last !== undefined && last.date < facts.today
}

/** The DTM after which nothing more may be shipped, or else delivered. */
const lastDay = (facts: OrderFacts) => shipWindow(facts.document.dates).latest ?? deliveryWindow(facts.document.dates).latest

const compareLine = (
  facts: OrderFacts,
  line: OrderLineFacts,
  parts: readonly ShippedPart[],
  policies: PolicyBook,
  due: boolean,
): Finding[] => {
  const policy = policies.settingsFor('R6', {
    partnershipId: facts.partnershipId,
    partnershipItemId: line.item?.id ?? null,
    date: facts.orderDate,
  })
  const name = `Order ${facts.number} line ${line.lineNumber}`
  const quantities = parts.map(({ part }) =>
    unitFactor(part.unit, line.unit, line.item ?? undefined)?.times(decimal(part.quantity)),
  )
  const orderedQuantity = orderedEvidence(facts, line, 2, 'quantity', line.quantityOrdered)
  const shippedQuantities = parts.map(each => shipped(each, 2, 'quantity', each.part.quantity))
  const foreign = parts.find((_, i) => quantities[i] === undefined)
  if (foreign)
    return [
      lineFinding(facts, line, 'R6_UNIT', {
        severity: 'warning',
        summary: `${name}: ordered in ${line.unit}, shipped in ${foreign.part.unit}; how many one is of the other is not known.`,
        compared: { expected: line.unit, actual: foreign.part.unit, difference: null, tolerance: { policy: policy.policy } },
        evidence: [orderedEvidence(facts, line, 3, 'unit', line.unit), shipped(foreign, 3, 'unit', foreign.part.unit)],
      }),
    ]
  const total = sum(quantities.filter(quantity => quantity !== undefined))
  const standing = decimal(line.quantityOrdered).minus(decimal(line.quantityCancelled))
  if (
    (line.response === 'rejected' || line.response === 'cancelled') &&
    total.greaterThan(standing.isNegative() ? 0 : standing)
  ) {
    return [
      lineFinding(facts, line, 'R6_CANCELLED_LINE', {
        severity: 'error',
        summary: `${name}: ${decimalText(total)} ${line.unit} shipped although the line is ${line.response}.`,
        compared: {
          expected: decimalText(standing),
          actual: decimalText(total),
          difference: decimalText(total.minus(standing)),
          unit: line.unit,
          tolerance: { policy: policy.policy },
        },
        evidence: [orderedQuantity, ...shippedQuantities],
        money: valueOf(line, total.minus(standing)),
      }),
    ]
  }
  const over = difference(standing, total)
  const short = difference(accepted(line), total)
  const [code, gap, tolerance] =
    over.value.isPositive() && exceeds(over, policy.over)
      ? (['R6_OVER', over, policy.over] as const)
      : due && short.value.isNegative() && exceeds(short, policy.short)
        ? (['R6_SHORT', short, policy.short] as const)
        : []
  if (!code) return []
  const expected = code === 'R6_OVER' ? standing : accepted(line)
  const verb = code === 'R6_OVER' ? 'over' : 'short'
  return [
    lineFinding(facts, line, code, {
      severity: 'error',
      summary:
        `${name}: ${decimalText(expected)} ${line.unit} ${code === 'R6_OVER' ? 'ordered' : 'accepted'}, ${decimalText(total)} shipped, ` +
        `${decimalText(gap.value.abs())} ${verb}${gap.percent ? ` (${percentText(gap.percent)} %)` : ''}.`,
      compared: {
        expected: decimalText(expected),
        actual: decimalText(total),
        difference: decimalText(gap.value),
        ...(gap.percent && { percent: percentText(gap.percent) }),
        unit: line.unit,
        tolerance: { ...tolerance, policy: policy.policy },
      },
      evidence: [orderedQuantity, ...shippedQuantities],
      money: valueOf(line, gap.value),
    }),
  ]
}

const valueOf = (line: OrderLineFacts, quantity: Decimal): Decimal | undefined =>
  line.price === null ? undefined : extendedAmount(quantity, line.price, line.priceBasis)

const lineFinding = (
  facts: OrderFacts,
  line: OrderLineFacts,
  code: string,
  shown: Omit<Parameters<typeof orderFinding>[2], 'about' | 'code'>,
): Finding => orderFinding(facts, 'R6', { code, about: [line.position], ...shown })

const notShipped = (facts: OrderFacts): Finding => {
  const last = lastDay(facts)
  return orderFinding(facts, 'R6', {
    code: 'R6_NOT_SHIPPED',
    about: ['order'],
    severity: 'error',
    summary: `Order ${facts.number}: nothing has been shipped, and its window ended on ${last?.date}.`,
    compared: { expected: last?.date ?? null, actual: null, difference: null, tolerance: {} },
    evidence: last ? [datedEvidence(facts, last)] : [],
    money: sum(facts.lines.map(line => valueOf(line, accepted(line)) ?? '0')),
  })
}

const partText = ({ shipment, part }: ShippedPart): string =>
  `Shipment ${shipment.number}: ${part.quantity} ${part.unit} of ${part.product ?? 'an item'}`

const unknownItem = (facts: OrderFacts, each: ShippedPart): Finding =>
  orderFinding(facts, 'R6', {
    code: 'R6_UNKNOWN_ITEM',
    about: [each.shipment.id, each.part.position],
    severity: 'error',
    summary: `${partText(each)}${each.part.lineNumber === null ? '' : ` (line ${each.part.lineNumber})`} is not on order ${facts.number}.`,
    compared: { expected: null, actual: each.part.quantity, difference: null, unit: each.part.unit, tolerance: {} },
    evidence: [shipped(each, 2, 'quantity', each.part.quantity)],
  })

/** The shipment's own finding, whichever of its known orders is looked at; so its key must not have that order in it. */
const unknownOrder = (facts: OrderFacts, each: ShippedPart): Finding => ({
  ...orderFinding(facts, 'R6', {
    code: 'R6_UNKNOWN_ORDER',
    about: [],
    severity: 'error',
    summary: `${partText(each)} for order ${each.part.orderNumber}, which is not known.`,
    compared: { expected: null, actual: each.part.orderNumber, difference: null, tolerance: {} },
    evidence: [shipped(each, 2, 'quantity', each.part.quantity)],
  }),
  key: findingKey('R6', 'R6_UNKNOWN_ORDER', facts.partnershipId, each.shipment.id, each.part.position),
  subjectKind: 'shipment',
  subjectId: each.shipment.id,
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
    return [
      orderFinding(facts, 'R6', {
        code,
        about: [shipment.id],
        severity: days > 0 ? 'error' : 'warning',
        summary:
          `Shipment ${shipment.number} of order ${facts.number}: ${window.kind === 'shipment' ? 'shipped' : 'expected'} on ${date}, ` +
          `${daysText(days)} too ${days > 0 ? 'late' : 'early'}; ${window.kind} was asked ${describeWindow(window)}.`,
        compared: {
          expected: bound.date,
          actual: date,
          difference: String(days),
          unit: 'days',
          tolerance: { earlyDays: policy.earlyDays, lateDays: policy.lateDays, policy: policy.policy },
        },
        evidence: [
          datedEvidence(facts, bound),
          evidenceOf({ ...ofShipment(shipment), segment: 'DTM', element: 2, at, field: `dates.${qualifier}` }, date),
        ],
      }),
    ]
  }
  return [
    ...check('011', shipment.shipDate, shipment.shipDateAt),
    ...check('017', shipment.estimatedDelivery, shipment.estimatedDeliveryAt),
  ]
}

const ofShipment = (shipment: ShipmentFacts) =>
  ({ side: 'seller', documentKind: 'shipment', documentId: shipment.id, source: shipment.source }) as const

/** An element of a shipped line's SN1. */
const shipped = ({ shipment, part }: ShippedPart, element: number, field: string, value: string): Evidence =>
  evidenceOf(
    { ...ofShipment(shipment), segment: 'SN1', element, at: part.at, field: `lines[${part.position - 1}].${field}` },
    value,
  )
