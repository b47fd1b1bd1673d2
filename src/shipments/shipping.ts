import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { ShipNoticeDocument } from '../documents/canonical.ts'
import { makeSscc } from '../documents/gs1.ts'
import { shipNoticeFor } from '../documents/turnaround.ts'
import { holdOrders, putLine, saveOrders } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import { enteredBy, sourceOf } from '../orders/work.ts'
import { getPartnership } from '../partners/service.ts'
import { decimal, decimalText, sum } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { countShipmentsOf, selectGs1Prefix, selectPackSizes, takeSerials, type NewShipment } from './queries.ts'
import { shipmentEvent, storeShipments } from './receiving.ts'
import {
  inOrderOf,
  maxPackages,
  mostToShip,
  packLines,
  proposePackages,
  quantityToShip,
  ssccCapacity,
  ssccParts,
  type Packed,
  type Quantity,
} from './rules.ts'
import type { PackageInput, PackingProposal, ShipmentInput } from './schema.ts'

type Taken = Quantity & { readonly order: HeldOrder; readonly line: HeldLine }

/**
 * What `createShipment` of service.ts does, in one transaction with whatever the caller does there. Gives the id of the shipment.
 */
export const makeShipment = async (ctx: Context, tx: Tx, input: ShipmentInput): Promise<string> => {
  const orders = await ordersToShip(ctx, tx, input.orderIds)
  const [first] = orders
  if (!first) throw new DomainError('request/invalid', { detail: 'Name at least one order.' })
  const partnership = await getPartnership({ ...ctx, db: tx }, first.partnershipId)
  const taken = takeLines(orders, input)
  const given = input.packages ?? (await proposal(tx, taken))
  const packed = packLines(taken, given, orders.length === 1 ? first.id : undefined)
  if ('wrong' in packed) throw new DomainError('shipments/invalid-packing', { detail: packed.wrong })
  const ssccs = await assignSsccs(tx, ctx.actor.organisationId, given.length)
  const number = input.number ?? (await nextNumber(tx, first))
  const document = noticeOf(
    input,
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
const takeLines = (orders: readonly HeldOrder[], input: ShipmentInput): Taken[] => {
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
  for (const { order, line, lineNumber, quantity } of taken.values()) {
    const where = { line: lineNumber, orderId: order.id }
    if (line.response === 'rejected' || line.response === 'cancelled')
      throw new DomainError('shipments/line-closed', {
        detail: `Line ${lineNumber} of order ${order.number} is ${line.response}.`,
        ...where,
      })
    const most = mostToShip(line)
    if (decimal(quantity).gt(most))
      throw new DomainError('shipments/over-open-quantity', {
        detail: `Line ${lineNumber} of order ${order.number}: at most ${decimalText(most)} can be shipped, not ${quantity}.`,
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

const proposal = async (tx: Tx, taken: readonly Taken[]): Promise<PackingProposal['packages']> => {
  const ids = [...new Set(taken.flatMap(({ line }) => line.partnershipItemId ?? []))]
  const sizes = new Map((ids.length === 0 ? [] : await selectPackSizes(tx.sql, ids)).map(size => [size.id, size]))
  const packages = proposePackages(
    taken.map(({ line, orderId, lineNumber, quantity }) => {
      const size = sizes.get(line.partnershipItemId ?? '')
      return { orderId, lineNumber, quantity, casePack: size?.casePack ?? '1', palletPack: size?.palletPack ?? null }
    }),
  )
  if (!packages)
    throw new DomainError('shipments/invalid-packing', {
      detail: `This would take more than ${maxPackages} packages. Ship less at a time, or give the packages.`,
    })
  return packages
}

/**
 * One SSCC for each package, of serial numbers that are never given out again: they are committed with the shipment, or not
 * taken.
 */
const assignSsccs = async (tx: Tx, sellerId: string, count: number): Promise<string[]> => {
  if (count === 0) return []
  const [organisation] = await selectGs1Prefix(tx.sql, sellerId)
  const prefix = organisation?.prefix
  if (!prefix) throw new DomainError('shipments/no-gs1-prefix')
  const [taken] = await takeSerials(tx.sql, sellerId, count)
  if (!taken) throw new Error('no serial numbers were given out')
  const last = BigInt(taken.last)
  if (last >= ssccCapacity(prefix))
    throw new DomainError('shipments/no-gs1-prefix', { detail: `All SSCCs of the company prefix ${prefix} are used.` })
  return Array.from({ length: count }, (_, index) => {
    const { extensionDigit, serial } = ssccParts(prefix, last - BigInt(count - 1 - index))
    return makeSscc(prefix, extensionDigit, serial)
  })
}

/** The order's number and how many shipments it has now; the order's row is locked, so that no two get the same. */
const nextNumber = async (tx: Tx, order: HeldOrder): Promise<string> => {
  const [row] = await countShipmentsOf(tx.sql, order.id)
  return `${order.number}-${(row?.count ?? 0) + 1}`
}

const noticeOf = (
  input: ShipmentInput,
  number: string,
  now: Date,
  orders: readonly HeldOrder[],
  packed: readonly Packed<Taken>[],
  packages: readonly (PackageInput & { sscc: string | undefined })[],
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
    })),
    packages: packages.map(one => ({
      id: one.package,
      type: one.type,
      ...(one.parent !== undefined && { parent: one.parent }),
      ...(one.sscc !== undefined && { sscc: one.sscc }),
      ...(one.trackingNumber !== undefined && { trackingNumber: one.trackingNumber }),
    })),
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
export const proposeFor = async (ctx: Context, tx: Tx, orderIds: readonly string[]): Promise<PackingProposal> => {
  const taken = openLines(await ordersToShip(ctx, tx, orderIds))
  return {
    lines: taken.map(({ orderId, lineNumber, quantity, line }) => ({ orderId, lineNumber, quantity, unit: line.unit })),
    packages: await proposal(tx, taken),
  }
}
