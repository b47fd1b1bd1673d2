import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { Party, ShipNoticeDocument } from '../documents/canonical.ts'
import { shipNoticeFor } from '../documents/turnaround.ts'
import { holdOrders, putLine, saveOrders } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import { enteredBy, sourceOf } from '../orders/work.ts'
import { getPartnership } from '../partners/service.ts'
import { isPackUnit, unitFactor } from '../items/units.ts'
import { decimal, decimalText, sum } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { notStandardPack, packLines, picksOf, proposePackages, type LineToPack, type Packed, type Quantity } from './packing.ts'
import { countShipmentsOf, selectItemPacks, selectOverPolicies, selectPartyLocations, type ItemPacks, type NewShipment } from './queries.ts'
import { shipmentEvent, storeShipments } from './receiving.ts'
import { partyAddress } from './printing/printable.ts'
import { inOrderOf, maxPackages, mostToShip, quantityToShip, toleranceOf } from './rules.ts'
import type { PackageInput, PackingProposal, PackingRequest, ShipmentInput } from './schema.ts'
import { assignSsccs } from './sscc.ts'

type Taken = Quantity & { readonly order: HeldOrder; readonly line: HeldLine }

/**
 * What `createShipment` of service.ts does, in one transaction with whatever the caller does there. Gives the id of the shipment.
 */
export const makeShipment = async (ctx: Context, tx: Tx, input: ShipmentInput): Promise<string> => {
  const orders = await ordersToShip(ctx, tx, input.orderIds)
  const [first] = orders
  if (!first) throw new DomainError('request/invalid', { detail: 'Name at least one order.' })
  const partnership = await getPartnership({ ...ctx, db: tx }, first.partnershipId)
  const taken = await takeLines(ctx, tx, orders, input)
  const given = input.packages ?? (input.structure === '0004' ? [] : (await proposePackingOf(tx, taken)).packages)
  const packed = packLines(taken, given, orders.length === 1 ? first.id : undefined)
  if ('wrong' in packed) throw new DomainError('shipments/invalid-packing', { detail: packed.wrong })
  const wrong = wrongStructure(input.structure, packed)
  if (wrong !== undefined) throw new DomainError('shipments/invalid-packing', { detail: wrong })
  const ssccs = await assignSsccs(ctx, tx, given, input.extensionDigit)
  const number = input.number ?? (await nextNumber(tx, first))
  const document = noticeOf(
    input,
    await shipFromOf(ctx, tx, input.shipFrom),
    number,
    ctx.now(),
    orders,
    packed,
    given.map((one, index) => ({ ...one, sscc: ssccs[index] })),
  )
  const shipment = shipmentRow(first, document, input, packed, ctx)
  const stored = await storeShipments(tx, [shipment], ctx.now())
  if (!stored.has(shipment.id))
    throw new DomainError('record/conflict', { detail: `Ship notice ${number} is here already.`, number })
  for (const { order, line, quantity } of taken) putLine(order, { ...line, ...moveQuantity(line, 'shipped', quantity) })
  await saveOrders(tx, orders, ctx.now())
  await emit(tx, [
    shipmentEvent(
      'shipment.sent',
      partnership,
      shipment,
      orders.map(order => order.id),
    ),
  ])
  return shipment.id
}

/** Why the packages are not what the structure (BSN05) says, if so. */
const wrongStructure = (structure: ShipmentInput['structure'], packed: readonly Packed<Taken>[]): string | undefined => {
  const loose = packed.every(part => part.package === null)
  if (structure === '0001' && loose) return 'A pick and pack notice (0001) names packages; there are none.'
  if (structure === '0002') return notStandardPack(packed)
  if (structure === '0004' && !loose) return 'A notice without packages (0004) names none.'
  return undefined
}

const ordersToShip = async (ctx: Context, tx: Tx, ids: readonly string[]): Promise<HeldOrder[]> => {
  const orders = inOrderOf(ids, await holdOrders(tx, ids))
  const missing = ids.find(id => !orders.some(order => order.id === id))
  if (missing !== undefined) throw new DomainError('record/not-found', { kind: 'order', id: missing })
  if (orders.some(order => order.sellerId !== ctx.actor.organisationId))
    throw new DomainError('identity/forbidden', { detail: 'Only the seller ships an order.' })
  if (new Set(orders.map(order => order.partnershipId)).size > 1)
    throw new DomainError('shipments/mixed-partnerships', { orderIds: ids })
  return orders
}

/** The lines to ship with their quantities, each once; what is open on the orders when none are given. */
const takeLines = async (
  ctx: Context,
  tx: Tx,
  orders: readonly HeldOrder[],
  input: Pick<ShipmentInput, 'orderIds' | 'lines'>,
): Promise<Taken[]> => {
  if (input.lines === undefined) {
    const open = openLines(orders)
    if (open.length === 0) throw new DomainError('shipments/nothing-to-ship', { orderIds: input.orderIds })
    return open
  }
  const taken = new Map<HeldLine, Taken>()
  for (const { orderId, lineNumber, quantity } of input.lines) {
    const order = orderId === undefined && orders.length === 1 ? orders[0] : orders.find(one => one.id === orderId)
    if (!order)
      throw new DomainError('request/invalid', {
        detail: `Line ${lineNumber}: say which of the orders of this shipment it is of.`,
        line: lineNumber,
      })
    const line = order.lines.find(one => one.lineNumber === lineNumber)
    if (!line)
      throw new DomainError('orders/unknown-line', {
        detail: `Order ${order.number} has no line ${lineNumber}.`,
        line: lineNumber,
        orderId: order.id,
      })
    taken.set(line, {
      order,
      line,
      orderId: order.id,
      lineNumber,
      quantity: decimalText(sum([taken.get(line)?.quantity ?? '0', quantity])),
    })
  }
  const policies = await selectOverPolicies(tx.sql, orders[0]?.partnershipId ?? '', ctx.actor.organisationId)
  for (const { order, line, lineNumber, quantity } of taken.values()) {
    const where = { line: lineNumber, orderId: order.id }
    if (line.response === 'rejected' || line.response === 'cancelled')
      throw new DomainError('shipments/line-closed', {
        detail: `Line ${lineNumber} of order ${order.number} is ${line.response}.`,
        ...where,
      })
    const tolerance = toleranceOf(policies, line.partnershipItemId, order.document.orderDate)
    const most = mostToShip(line, tolerance)
    if (decimal(quantity).gt(most))
      throw new DomainError('shipments/over-open-quantity', {
        detail: `Line ${lineNumber} of order ${order.number}: at most ${decimalText(most)} can be shipped, not ${quantity}.`,
        rule: 'R6',
        tolerance,
        most: decimalText(most),
        ...where,
      })
  }
  return [...taken.values()]
}

const openLines = (orders: readonly HeldOrder[]): Taken[] =>
  orders.flatMap(order =>
    order.lines.flatMap(line => {
      const quantity = quantityToShip(line)
      return quantity.gt(0)
        ? [{ order, line, orderId: order.id, lineNumber: line.lineNumber, quantity: decimalText(quantity) }]
        : []
    }),
  )

/** Packs in units of the line: of what is ordered by the case, a carton holds one. Null for what does not come out whole. */
const packsOf = (item: ItemPacks | undefined, unit: string): { perCarton: string | null; perPallet: string | null } => {
  const baseUnits = item && unitFactor(unit, item.unit, item)
  if (!item || !baseUnits) return { perCarton: null, perPallet: null }
  const holds = (quantity: string | undefined): string | null => {
    const count = quantity === undefined ? undefined : decimal(quantity).dividedBy(baseUnits)
    return count?.isInteger() ? decimalText(count) : null
  }
  // A case of one base unit says nothing about packing.
  const perCarton = isPackUnit(unit) ? '1' : decimal(item.packQuantity).gt(1) ? holds(item.packQuantity) : null
  return { perCarton, perPallet: holds(item.packs.find(pack => pack.level === 'pallet')?.quantity) }
}

const picksFor = (item: ItemPacks | undefined, { line, quantity }: Taken) => {
  const baseUnits = item && unitFactor(line.unit, item.unit, item)
  if (!item || !baseUnits) return []
  const others = item.packs.filter(pack => pack.level !== 'case')
  return picksOf(baseUnits.times(quantity), [{ level: 'case' as const, quantity: item.packQuantity }, ...others])
}

const proposePackingOf = async (
  tx: Tx,
  taken: readonly Taken[],
  options: Pick<PackingRequest, 'pallets' | 'mixed'> = {},
): Promise<PackingProposal> => {
  const ids = [...new Set(taken.flatMap(({ line }) => line.partnershipItemId ?? []))]
  const items = new Map((ids.length === 0 ? [] : await selectItemPacks(tx.sql, ids)).map(item => [item.id, item]))
  const itemOf = ({ line }: Taken) => items.get(line.partnershipItemId ?? '')
  const toPack = taken.map((one): LineToPack => ({
    orderId: one.orderId,
    lineNumber: one.lineNumber,
    quantity: one.quantity,
    ...packsOf(itemOf(one), one.line.unit),
  }))
  const packages = proposePackages(toPack, options)
  if (!packages)
    throw new DomainError('shipments/invalid-packing', {
      detail: `This would take more than ${maxPackages} packages. Ship less at a time, or give the packages.`,
    })
  return {
    lines: taken.map(one => ({
      orderId: one.orderId,
      lineNumber: one.lineNumber,
      quantity: one.quantity,
      unit: one.line.unit,
      picks: picksFor(itemOf(one), one),
    })),
    packages,
  }
}

/** The order's number and how many shipments it has now; the order's row is locked, so that no two get the same. */
const nextNumber = async (tx: Tx, order: HeldOrder): Promise<string> => {
  const [row] = await countShipmentsOf(tx.sql, order.id)
  return `${order.number}-${(row?.count ?? 0) + 1}`
}

/** The location of the seller that the goods leave from, as a party of the ship notice. */
const shipFromOf = async (ctx: Context, tx: Tx, code: string | undefined): Promise<Party[]> => {
  if (code === undefined) return []
  const { organisationId } = ctx.actor
  const [location] = await selectPartyLocations(tx.sql, organisationId, organisationId, [code])
  if (!location) throw new DomainError('partners/unknown-location', { detail: `You have no location ${code}.`, location: code })
  const { gln, name, address } = location
  return [
    { role: 'SF', name: name.slice(0, 60), idQualifier: gln === null ? '92' : 'UL', id: gln ?? location.code, ...partyAddress(address) },
  ]
}

const noticeOf = (
  input: ShipmentInput,
  parties: readonly Party[],
  number: string,
  now: Date,
  orders: readonly HeldOrder[],
  packed: readonly Packed<Taken>[],
  packages: readonly (Omit<PackageInput, 'sscc'> & { sscc: string | undefined })[],
): ShipNoticeDocument => {
  const [date = '', time = ''] = now.toISOString().split('T')
  const parents = new Set(packages.map(one => one.parent))
  const leaves = packages.filter(one => !parents.has(one.package))
  return shipNoticeFor({
    number,
    date,
    time: time.slice(0, 5).replace(':', ''),
    orders: orders.map(order => order.document),
    lines: packed.map(part => ({
      order: orders.indexOf(part.of.order),
      position: part.of.line.position,
      quantity: part.quantity,
      ...(part.package !== null && { package: part.package }),
      ...(part.lotNumber !== undefined && { references: [{ qualifier: 'LT', value: part.lotNumber }] }),
      ...(part.expiryDate !== undefined && { dates: [{ qualifier: '036', date: part.expiryDate }] }),
    })),
    packages: packages.map(one => ({
      id: one.package,
      type: one.type,
      ...(one.parent !== undefined && { parent: one.parent }),
      ...(one.sscc !== undefined && { sscc: one.sscc }),
      ...(one.trackingNumber !== undefined && { trackingNumber: one.trackingNumber }),
      ...(one.weight !== undefined && { weight: one.weight }),
    })),
    parties,
    ...(input.structure === '0002' && { structure: input.structure }),
    dates: [
      { qualifier: '011', date: input.shipDate ?? date },
      ...(input.estimatedDelivery === undefined ? [] : [{ qualifier: '017', date: input.estimatedDelivery }]),
    ],
    references: [
      ...(input.billOfLading === undefined ? [] : [{ qualifier: 'BM', value: input.billOfLading }]),
      ...(input.trackingNumber === undefined ? [] : [{ qualifier: 'CN', value: input.trackingNumber }]),
    ],
    ...(input.carrier !== undefined && { carrier: input.carrier }),
    ...(input.grossWeight !== undefined && { grossWeight: input.grossWeight }),
    ...(leaves.length > 0 && {
      packaging: leaves.every(one => one.type === 'pallet') ? 'PLT94' : 'CTN25',
      ladingQuantity: leaves.length,
    }),
  })
}

const shipmentRow = (
  order: HeldOrder,
  document: ShipNoticeDocument,
  input: ShipmentInput,
  packed: readonly Packed<Taken>[],
  ctx: Context,
): NewShipment => ({
  id: newId('shp'),
  partnershipId: order.partnershipId,
  buyerId: order.buyerId,
  sellerId: order.sellerId,
  number: document.number,
  shipDate: input.shipDate ?? document.date,
  estimatedDelivery: input.estimatedDelivery ?? null,
  document: JSON.stringify(document),
  channel: enteredBy(ctx.actor),
  ...sourceOf({}),
  packages: document.packages.map(one => ({
    package: one.id,
    parent: one.parent ?? null,
    type: one.type,
    sscc: one.sscc ?? null,
    sourcePosition: null,
  })),
  lines: packed.map(({ of: { order: of, line }, quantity, package: name }) => ({
    orderId: of.id,
    orderLinePosition: line.position,
    orderNumber: of.number,
    lineNumber: line.lineNumber,
    package: name,
    gtin: line.gtin,
    buyerItem: line.buyerItem,
    sellerItem: line.sellerItem,
    quantity,
    unit: line.unit,
    sourcePosition: null,
  })),
})

/** What `proposePacking` of service.ts gives. */
export const proposeFor = async (ctx: Context, tx: Tx, { orderIds, lines, ...options }: PackingRequest): Promise<PackingProposal> => {
  const orders = await ordersToShip(ctx, tx, orderIds)
  const taken = lines === undefined ? openLines(orders) : await takeLines(ctx, tx, orders, { orderIds, lines })
  return proposePackingOf(tx, taken, options)
}
