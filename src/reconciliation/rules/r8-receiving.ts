import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { unitFactor } from '../../items/units.ts'
import { extendedAmount } from '../../orders/rules.ts'
import { daysBetween } from '../../shared/clock.ts'
import { decimal, decimalText, sum, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ReceivedFacts, ReceivingFacts, ShipmentFacts, ShipmentLineFacts } from '../facts.ts'
import type { Held, PolicyBook, Tolerance } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { deliveryWindow } from '../windows.ts'
import { datedEvidence, daysText, orderFinding } from './order-findings.ts'

/** R8: what a ship notice said would come against what the buyer says arrived, carton by carton and then line by line. */

/** So much of a receipt's line, in the unit of the order line; the conditions are counted with its first share only. */
type Share = {
  readonly from: ReceivedFacts
  readonly quantity: Decimal
  readonly damaged: Decimal
  readonly quality: Decimal
  readonly wrong: Decimal
}

type Policy = Held<'R8'>

/**
 * The findings of one order, its shipments and what was received of them. Pure; the order of what is in the facts does not matter.
 * Receipts that name no shipment are counted with the shipments in the order in which they left.
 */
export const shipmentsAgainstReceipts = (facts: OrderFacts, receiving: ReceivingFacts, policies: PolicyBook): Finding[] => {
  const shipments = facts.shipments.toSorted((a, b) => compare(a.shipDate ?? '', b.shipDate ?? '') || compare(a.id, b.id))
  const known = new Set(shipments.map(shipment => shipment.id))
  const lineOf = new Map(facts.lines.map(line => [line.position, line]))
  const received = receiving.received.toSorted((a, b) => compare(a.receiptId, b.receiptId) || a.position - b.position)
  const ours = received.filter(each => each.orderId === facts.orderId)
  const strays = received.filter(each => each.orderId === null && each.shipmentId !== null && known.has(each.shipmentId))
  const findings: Finding[] = []
  const strange = (each: ReceivedFacts): boolean => each.sscc !== null && each.package === null && each.shipmentId !== null
  for (const each of ours) {
    if (strange(each)) findings.push(unknownCarton(facts, each, false))
    else if (lineOf.get(each.orderLinePosition ?? 0) === undefined) findings.push(unknownItem(facts, each, false))
  }
  for (const each of strays) findings.push(strange(each) ? unknownCarton(facts, each, true) : unknownItem(facts, each, true))

  const allotted = allot(facts, shipments, ours, known)
  for (const { line, share } of allotted.unshipped) if (share.quantity.gt(0)) findings.push(withoutNotice(facts, line, share))
  for (const line of allotted.foreign) findings.push(otherUnit(facts, line))
  for (const shipment of shipments) {
    const shares = allotted.of(shipment)
    const untouched = shares.length === 0 && !strays.some(each => each.shipmentId === shipment.id)
    const unclear = allotted.foreign.some(each => each.received.shipmentId === shipment.id)
    if (untouched && !unclear) findings.push(...notReceived(facts, shipment, receiving, policies))
    else findings.push(...compareShipment(facts, shipment, receiving, shares, policies))
  }
  return findings
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const policyOf = (facts: OrderFacts, policies: PolicyBook, line?: OrderLineFacts): Policy =>
  policies.settingsFor('R8', {
    partnershipId: facts.partnershipId,
    partnershipItemId: line?.item?.id ?? null,
    date: facts.orderDate,
  })

type Allotted = { readonly line: OrderLineFacts; readonly share: Share }
type Foreign = { readonly line: OrderLineFacts; readonly received: ReceivedFacts }

/** Which shipment each received quantity is of: the one that its receipt names, or else the first that still has some of the line. */
const allot = (facts: OrderFacts, shipments: readonly ShipmentFacts[], ours: readonly ReceivedFacts[], known: ReadonlySet<string>) => {
  const lineOf = new Map(facts.lines.map(line => [line.position, line]))
  const byShipment = new Map<string, Allotted[]>(shipments.map(shipment => [shipment.id, []]))
  const unshipped: Allotted[] = []
  const foreign: Foreign[] = []
  const shares = ours.flatMap((from): Allotted[] => {
    const line = lineOf.get(from.orderLinePosition ?? 0)
    if (!line) return []
    const factor = unitFactor(from.unit, line.unit, line.item ?? undefined)
    if (factor === null) {
      foreign.push({ line, received: from })
      return []
    }
    const of = (quantity: string) => factor.times(decimal(quantity))
    return [{ line, share: { from, quantity: of(from.quantity), damaged: of(from.damaged), quality: of(from.quality), wrong: of(from.wrong) } }]
  })
  const names = ({ share: { from } }: Allotted): boolean => from.shipmentId !== null && known.has(from.shipmentId)
  for (const each of shares.filter(names)) byShipment.get(each.share.from.shipmentId!)!.push(each)
  const left = (shipment: ShipmentFacts, line: OrderLineFacts): Decimal =>
    sum(partsOf(facts, shipment, line).map(part => inUnitOf(line, part) ?? '0')).minus(
      sum(byShipment.get(shipment.id)!.filter(each => each.line === line).map(each => each.share.quantity)),
    )
  for (const { line, share } of shares.filter(each => !names(each))) {
    const carriers = shipments.filter(shipment => partsOf(facts, shipment, line).length > 0)
    const last = carriers.findLast(shipment => byShipment.get(shipment.id)!.some(each => each.line === line)) ?? carriers[0]
    if (!last) {
      unshipped.push({ line, share })
      continue
    }
    let rest: Share = share
    const take = (shipment: ShipmentFacts, quantity: Decimal): void => {
      byShipment.get(shipment.id)!.push({ line, share: { ...rest, quantity } })
      const none = decimal(0)
      rest = { from: share.from, quantity: rest.quantity.minus(quantity), damaged: none, quality: none, wrong: none }
    }
    for (const shipment of carriers) {
      const room = left(shipment, line)
      if (room.gt(0) && rest.quantity.gt(0)) take(shipment, room.lt(rest.quantity) ? room : rest.quantity)
    }
    if (rest.quantity.gt(0) || rest === share) {
      take(carriers.findLast(shipment => byShipment.get(shipment.id)!.some(each => each.line === line)) ?? last, rest.quantity)
    }
  }
  return { unshipped, foreign, of: (shipment: ShipmentFacts): readonly Allotted[] => byShipment.get(shipment.id) ?? [] }
}

const partsOf = (facts: OrderFacts, shipment: ShipmentFacts, line: OrderLineFacts): ShipmentLineFacts[] =>
  shipment.lines.filter(part => part.orderId === facts.orderId && part.orderLinePosition === line.position)

const inUnitOf = (line: OrderLineFacts, part: ShipmentLineFacts): Decimal | null =>
  unitFactor(part.unit, line.unit, line.item ?? undefined)?.times(decimal(part.quantity)) ?? null

/** What is compared: a carton, or what of a line was counted without looking at cartons. */
type Group = { readonly sscc: string | null; readonly parts: readonly ShipmentLineFacts[]; readonly shares: readonly Share[] }

const compareShipment = (
  facts: OrderFacts, shipment: ShipmentFacts, receiving: ReceivingFacts, allotted: readonly Allotted[], policies: PolicyBook,
): Finding[] => {
  const packages = new Map(receiving.packages.filter(each => each.shipmentId === shipment.id).map(each => [each.package, each]))
  const packageOf = (part: ShipmentLineFacts): string | null => receiving.packageOf(shipment.id, part.position)
  /** The package and those around it, from the inside out. */
  const around = (name: string | null): string[] => {
    const path: string[] = []
    for (let at = name; at !== null && !path.includes(at); at = packages.get(at)?.parent ?? null) path.push(at)
    return path
  }
  const scanned = new Set(allotted.flatMap(({ share: { from } }) => (from.shipmentId === shipment.id ? (from.package ?? []) : [])))
  const findings: Finding[] = []
  const missing = new Map<string, { line: OrderLineFacts; part: ShipmentLineFacts }[]>()
  for (const line of facts.lines) {
    const parts = partsOf(facts, shipment, line)
    const shares = allotted.filter(each => each.line === line).map(each => each.share)
    if (parts.length === 0 && shares.length === 0) continue
    if (parts.some(part => inUnitOf(line, part) === null)) continue // R6 says so
    const outermost = (name: string | null): string | undefined => around(name).findLast(each => scanned.has(each))
    const groups = new Map<string, Group>()
    for (const name of new Set(shares.flatMap(({ from }) => outermost(from.package) ?? []))) {
      groups.set(name, {
        sscc: packages.get(name)?.sscc ?? name,
        parts: parts.filter(part => outermost(packageOf(part)) === name),
        shares: shares.filter(({ from }) => outermost(from.package) === name),
      })
    }
    const loose = shares.filter(({ from }) => outermost(from.package) === undefined)
    let uncovered = parts.filter(part => !groups.has(outermost(packageOf(part)) ?? ''))
    if (loose.length === 0 && scanned.size > 0) {
      // Nothing of the line was counted by hand: cartons that were not scanned are missing as a whole.
      for (const part of uncovered) {
        const carton = around(packageOf(part)).find(each => packages.get(each)?.sscc)
        if (carton !== undefined) missing.set(carton, [...(missing.get(carton) ?? []), { line, part }])
      }
      uncovered = uncovered.filter(part => !around(packageOf(part)).some(each => packages.get(each)?.sscc))
    }
    if (loose.length > 0 || uncovered.length > 0) groups.set('', { sscc: null, parts: uncovered, shares: loose })
    const policy = policyOf(facts, policies, line)
    for (const group of groups.values()) findings.push(...compareGroup(facts, shipment, line, group, policy))
  }
  for (const [carton, contents] of missing) findings.push(missingCarton(facts, shipment, packages.get(carton)!, contents))
  return findings
}

const compareGroup = (facts: OrderFacts, shipment: ShipmentFacts, line: OrderLineFacts, group: Group, policy: Policy): Finding[] => {
  const shipped = sum(group.parts.map(part => inUnitOf(line, part) ?? '0'))
  const arrived = sum(group.shares.map(share => share.quantity))
  const where = `Shipment ${shipment.number} of order ${facts.number} line ${line.lineNumber}${group.sscc ? `, carton ${group.sscc}` : ''}`
  const about = [shipment.id, group.sscc ?? '', line.position]
  const evidence = [
    ...group.parts.map(part => shippedEvidence(shipment, part)),
    ...group.shares.map(share => receivedEvidence(share.from, 'quantity', share.from.quantity)),
  ]
  const findings: Finding[] = []
  const gap = difference(shipped, arrived)
  const [code, tolerance, word]: [string, Tolerance, string] = gap.value.isNegative()
    ? ['R8_SHORT', policy.short, 'short']
    : ['R8_OVER', policy.over, 'over']
  if (exceeds(gap, tolerance))
    findings.push(
      orderFinding(facts, 'R8', {
        code,
        about,
        severity: code === 'R8_SHORT' ? 'error' : 'warning',
        summary:
          `${where}: ${decimalText(shipped)} ${line.unit} shipped, ${decimalText(arrived)} received, ` +
          `${decimalText(gap.value.abs())} ${word}${gap.percent ? ` (${percentText(gap.percent)} %)` : ''}.`,
        compared: {
          expected: decimalText(shipped),
          actual: decimalText(arrived),
          difference: decimalText(gap.value),
          ...(gap.percent && { percent: percentText(gap.percent) }),
          unit: line.unit,
          tolerance: { ...tolerance, policy: policy.policy },
        },
        evidence,
        money: valueOf(line, gap.value),
      }),
    )
  const bad = (name: 'damaged' | 'quality' | 'wrong', badCode: string, words: string): void => {
    const quantity = sum(group.shares.map(share => share[name]))
    const share = difference(arrived, arrived.plus(quantity))
    if (quantity.isZero() || !exceeds(share, policy.damaged)) return
    findings.push(
      orderFinding(facts, 'R8', {
        code: badCode,
        about,
        severity: 'error',
        summary: `${where}: ${decimalText(quantity)} ${line.unit} ${words}, of ${decimalText(shipped)} shipped.`,
        compared: {
          expected: '0',
          actual: decimalText(quantity),
          difference: decimalText(quantity),
          unit: line.unit,
          tolerance: { ...policy.damaged, policy: policy.policy },
        },
        evidence: [
          ...group.parts.map(part => shippedEvidence(shipment, part)),
          ...group.shares
            .filter(each => each[name].gt(0))
            .map(each => receivedEvidence(each.from, name, each.from[name])),
        ],
        ...(name !== 'wrong' && { money: valueOf(line, quantity) }),
      }),
    )
  }
  bad('damaged', 'R8_DAMAGED', 'damaged')
  bad('quality', 'R8_QUALITY', 'of bad quality')
  bad('wrong', 'R8_WRONG_ITEM', 'of another item came in its place')
  return findings
}

const missingCarton = (
  facts: OrderFacts,
  shipment: ShipmentFacts,
  carton: ReceivingFacts['packages'][number],
  contents: readonly { line: OrderLineFacts; part: ShipmentLineFacts }[],
): Finding =>
  orderFinding(facts, 'R8', {
    code: 'R8_CARTON_MISSING',
    about: [shipment.id, carton.sscc ?? ''],
    severity: 'error',
    summary:
      `Shipment ${shipment.number} of order ${facts.number}: carton ${carton.sscc} was not received; in it ` +
      `${contents.map(({ line, part }) => `${part.quantity} ${part.unit} of line ${line.lineNumber}`).join(', ')}.`,
    compared: { expected: carton.sscc, actual: null, difference: null, tolerance: {} },
    evidence: [
      evidenceOf({ ...ofShipment(shipment), segment: 'HL', element: 1, at: carton.at, field: `packages.${carton.package}` }, carton.sscc),
      ...contents.map(({ part }) => shippedEvidence(shipment, part)),
    ],
    money: sum(contents.map(({ line, part }) => valueOf(line, inUnitOf(line, part) ?? decimal(0)) ?? '0')),
  })

const notReceived = (facts: OrderFacts, shipment: ShipmentFacts, receiving: ReceivingFacts, policies: PolicyBook): Finding[] => {
  const policy = policyOf(facts, policies)
  if (policy.expect === 'never' || (policy.expect === 'when_used' && !receiving.used)) return []
  const asked = deliveryWindow(facts.document.dates).latest
  const due = shipment.estimatedDelivery ?? asked?.date
  const days = due === undefined ? 0 : daysBetween(due, facts.today)
  if (due === undefined || days <= policy.notReceivedAfterDays) return []
  const parts = shipment.lines.filter(part => part.orderId === facts.orderId)
  const worth = facts.lines.flatMap(line => partsOf(facts, shipment, line).map(part => valueOf(line, inUnitOf(line, part) ?? decimal(0)) ?? '0'))
  return [
    orderFinding(facts, 'R8', {
      code: 'R8_NOT_RECEIVED',
      about: [shipment.id],
      severity: 'error',
      summary: `Shipment ${shipment.number} of order ${facts.number} was to arrive on ${due} and has not been received ${daysText(days)} later.`,
      compared: {
        expected: due,
        actual: null,
        difference: String(days),
        unit: 'days',
        tolerance: { notReceivedAfterDays: policy.notReceivedAfterDays, policy: policy.policy },
      },
      evidence: [
        shipment.estimatedDelivery === null && asked
          ? datedEvidence(facts, asked)
          : evidenceOf(
              { ...ofShipment(shipment), segment: 'DTM', element: 2, at: shipment.estimatedDeliveryAt, field: 'dates.017' }, due,
            ),
        ...parts.map(part => shippedEvidence(shipment, part)),
      ],
      money: sum(worth),
    }),
  ]
}

/** Received although no ship notice has any of the line. */
const withoutNotice = (facts: OrderFacts, line: OrderLineFacts, { from, quantity }: Share): Finding =>
  orderFinding(facts, 'R8', {
    code: 'R8_NO_SHIP_NOTICE',
    about: [from.receiptId, line.position],
    severity: 'warning',
    summary: `Order ${facts.number} line ${line.lineNumber}: ${decimalText(quantity)} ${line.unit} received on ${from.receivedOn} without a ship notice.`,
    compared: { expected: null, actual: decimalText(quantity), difference: null, unit: line.unit, tolerance: {} },
    evidence: [receivedEvidence(from, 'quantity', from.quantity)],
  })

const otherUnit = (facts: OrderFacts, { line, received }: Foreign): Finding =>
  orderFinding(facts, 'R8', {
    code: 'R8_UNIT',
    about: [received.receiptId, received.documentLine, line.position],
    severity: 'warning',
    summary: `Order ${facts.number} line ${line.lineNumber}: ordered in ${line.unit}, received in ${received.unit}; how many one is of the other is not known.`,
    compared: { expected: line.unit, actual: received.unit, difference: null, tolerance: {} },
    evidence: [receivedEvidence(received, 'unit', received.unit)],
  })

/** What is the shipment's own finding has no order in its key, whichever of its orders is looked at. */
const ofSubject = (facts: OrderFacts, received: ReceivedFacts, code: string, stray: boolean, finding: Finding): Finding =>
  stray && received.shipmentId !== null
    ? {
        ...finding,
        key: findingKey('R8', code, facts.partnershipId, received.receiptId, received.documentLine, received.sscc ?? ''),
        subjectKind: 'shipment',
        subjectId: received.shipmentId,
      }
    : finding

const unknownCarton = (facts: OrderFacts, received: ReceivedFacts, stray: boolean): Finding => {
  const number = facts.shipments.find(shipment => shipment.id === received.shipmentId)?.number
  return ofSubject(facts, received, 'R8_CARTON_UNKNOWN', stray, orderFinding(facts, 'R8', {
    code: 'R8_CARTON_UNKNOWN',
    about: [received.receiptId, received.sscc ?? ''],
    severity: 'warning',
    summary: `Receipt ${received.number}: carton ${received.sscc} was scanned and is not on ship notice ${number ?? 'of this order'}.`,
    compared: { expected: null, actual: received.sscc, difference: null, tolerance: {} },
    evidence: [
      evidenceOf(
        { ...ofReceipt(received), segment: 'MAN', element: 2, at: received.cartonAt, field: `lines[${received.documentLine - 1}].ssccs` },
        received.sscc,
      ),
    ],
  }))
}

const unknownItem = (facts: OrderFacts, received: ReceivedFacts, stray: boolean): Finding =>
  ofSubject(facts, received, 'R8_UNKNOWN_ITEM', stray, orderFinding(facts, 'R8', {
    code: 'R8_UNKNOWN_ITEM',
    about: [received.receiptId, received.documentLine],
    severity: 'warning',
    summary:
      `Receipt ${received.number}: ${received.quantity} ${received.unit} of ${received.product ?? 'an item'} ` +
      `arrived and ${stray ? 'no order of the shipment has it' : `is not on order ${facts.number}`}.`,
    compared: { expected: null, actual: received.quantity, difference: null, unit: received.unit, tolerance: {} },
    evidence: [receivedEvidence(received, 'quantity', received.quantity)],
  }))

const valueOf = (line: OrderLineFacts, quantity: Decimal): Decimal | undefined =>
  line.price === null ? undefined : extendedAmount(quantity, line.price, line.priceBasis)

const ofShipment = (shipment: ShipmentFacts) =>
  ({ side: 'seller', documentKind: 'shipment', documentId: shipment.id, source: shipment.source }) as const
const ofReceipt = (received: ReceivedFacts) =>
  ({ side: 'buyer', documentKind: 'receipt', documentId: received.receiptId, source: received.source }) as const

/** SN102 of a shipped line. */
const shippedEvidence = (shipment: ShipmentFacts, part: ShipmentLineFacts): Evidence =>
  evidenceOf({ ...ofShipment(shipment), segment: 'SN1', element: 2, at: part.at, field: `lines[${part.position - 1}].quantity` }, part.quantity)

const conditionCodes = { damaged: '01', quality: '04', wrong: '05' } as const

/** RCD02, or the quantity of a condition: RCD06, 09 … as they stand in the segment. */
const receivedEvidence = (received: ReceivedFacts, what: 'quantity' | 'unit' | keyof typeof conditionCodes, value: string): Evidence => {
  const index = what === 'quantity' || what === 'unit' ? -1 : received.conditions.indexOf(conditionCodes[what])
  const element = what === 'unit' ? 3 : index < 0 ? 2 : 6 + 3 * index
  const field = index < 0 ? (what === 'unit' ? 'unit' : 'quantity') : `conditions[${index}].quantity`
  return evidenceOf({ ...ofReceipt(received), segment: 'RCD', element, at: received.at, field: `lines[${received.documentLine - 1}].${field}` }, value)
}
