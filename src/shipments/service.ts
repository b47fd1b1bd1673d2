import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { ShipNoticeDocument } from '../documents/canonical.ts'
import { makeSscc } from '../documents/gs1.ts'
import { shipNoticeFor } from '../documents/turnaround.ts'
import { authorise } from '../identity/rules.ts'
import { holdOrders, putLine, saveOrders } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import { grouped } from '../orders/service.ts'
import { enteredBy, sourceOf } from '../orders/work.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { getPartnership } from '../partners/service.ts'
import { decimal, decimalText, sum } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import {
  countShipmentsOf, selectGs1Prefix, selectPackSizes, selectShipmentPage, selectShipments, selectShipmentsOfOrders, takeSerials, type NewShipment,
} from './queries.ts'
import { shipmentEvent, storeShipments } from './receiving.ts'
import {
  inOrderOf, maxPackages, mostToShip, packLines, proposePackages, quantityToShip, ssccCapacity, ssccParts, type Packed, type Quantity,
} from './rules.ts'
import type { PackageInput, PackingProposal, Shipment, ShipmentFilter, ShipmentInput, ShipmentPage, ShipmentPackage } from './schema.ts'

export { receiveShipments } from './receiving.ts'

type Taken = Quantity & { readonly order: HeldOrder; readonly line: HeldLine }

/**
 * The seller ships, by portal or API: lines with quantities, packed as given or as proposed. The packages get SSCCs of the seller's
 * company prefix, the lines' shipped quantities move, and the buyer is told by an 856: all of it or nothing.
 * @throws DomainError record/not-found, identity/forbidden, shipments/mixed-partnerships, orders/unknown-line, shipments/line-closed,
 *   shipments/over-open-quantity (each names the line), shipments/nothing-to-ship, shipments/invalid-packing,
 *   shipments/no-gs1-prefix, record/conflict (the number is taken)
 */
export const createShipment = async (ctx: Context, input: ShipmentInput): Promise<Shipment> => {
  authorise(ctx.actor, 'shipments.create')
  return withOrganisation(ctx, async tx => {
    const orders = await ordersToShip(ctx, tx, input.orderIds)
    const [first] = orders
    if (!first) throw new DomainError('request/invalid', { detail: 'Name at least one order.' })
    const partnership = await getPartnership({ ...ctx, db: tx }, first.partnershipId)
    const taken = takeLines(orders, input)
    const given = input.packages ?? await proposal(tx, taken)
    const packed = packLines(taken, given, orders.length === 1 ? first.id : undefined)
    if ('wrong' in packed) throw new DomainError('shipments/invalid-packing', { detail: packed.wrong })
    const ssccs = await assignSsccs(tx, ctx.actor.organisationId, given.length)
    const number = input.number ?? await nextNumber(tx, first)
    const document = noticeOf(input, number, ctx.now(), orders, packed, given.map((one, index) => ({ ...one, sscc: ssccs[index] })))
    const shipment = shipmentRow(first, document, input, packed, taken, ctx)
    const stored = await storeShipments(tx, [shipment], ctx.now())
    if (!stored.has(shipment.id)) throw new DomainError('record/conflict', { detail: `Ship notice ${number} is here already.`, number })
    for (const { order, line, quantity } of taken) putLine(order, { ...line, ...moveQuantity(line, 'shipped', quantity) })
    await saveOrders(tx, orders, ctx.now())
    await emit(tx, [shipmentEvent('shipment.sent', partnership, shipment, orders.map(order => order.id))])
    return getShipment({ ...ctx, db: tx }, shipment.id)
  })
}

const ordersToShip = async (ctx: Context, tx: Tx, ids: readonly string[]): Promise<HeldOrder[]> => {
  const orders = inOrderOf(ids, await holdOrders(tx, ids))
  const missing = ids.find(id => !orders.some(order => order.id === id))
  if (missing !== undefined) throw new DomainError('record/not-found', { kind: 'order', id: missing })
  if (orders.some(order => order.sellerId !== ctx.actor.organisationId)) throw new DomainError('identity/forbidden', { detail: 'Only the seller ships an order.' })
  if (new Set(orders.map(order => order.partnershipId)).size > 1) throw new DomainError('shipments/mixed-partnerships', { orderIds: ids })
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
    if (!order) throw new DomainError('request/invalid', { detail: `Line ${lineNumber}: say which of the orders of this shipment it is of.`, line: lineNumber })
    const line = order.lines.find(one => one.lineNumber === lineNumber)
    if (!line) throw new DomainError('orders/unknown-line', { detail: `Order ${order.number} has no line ${lineNumber}.`, line: lineNumber, orderId: order.id })
    taken.set(line, { order, line, orderId: order.id, lineNumber, quantity: decimalText(sum([taken.get(line)?.quantity ?? '0', quantity])) })
  }
  for (const { order, line, lineNumber, quantity } of taken.values()) {
    const where = { line: lineNumber, orderId: order.id }
    if (line.response === 'rejected' || line.response === 'cancelled')
      throw new DomainError('shipments/line-closed', { detail: `Line ${lineNumber} of order ${order.number} is ${line.response}.`, ...where })
    const most = mostToShip(line)
    if (decimal(quantity).gt(most))
      throw new DomainError('shipments/over-open-quantity', { detail: `Line ${lineNumber} of order ${order.number}: at most ${decimalText(most)} can still be shipped, not ${quantity}.`, most: decimalText(most), ...where })
  }
  return [...taken.values()]
}

const openLines = (orders: readonly HeldOrder[]): Taken[] => orders.flatMap(order => order.lines.flatMap(line => {
  const quantity = quantityToShip(line)
  return quantity.gt(0) ? [{ order, line, orderId: order.id, lineNumber: line.lineNumber, quantity: decimalText(quantity) }] : []
}))

const proposal = async (tx: Tx, taken: readonly Taken[]): Promise<PackingProposal['packages']> => {
  const ids = [...new Set(taken.flatMap(({ line }) => line.partnershipItemId ?? []))]
  const sizes = new Map((ids.length === 0 ? [] : await selectPackSizes(tx.sql, ids)).map(size => [size.id, size]))
  const packages = proposePackages(taken.map(({ line, orderId, lineNumber, quantity }) => {
    const size = sizes.get(line.partnershipItemId ?? '')
    return { orderId, lineNumber, quantity, casePack: size?.casePack ?? '1', palletPack: size?.palletPack ?? null }
  }))
  if (!packages) throw new DomainError('shipments/invalid-packing', { detail: `This would take more than ${maxPackages} packages. Ship less at a time, or give the packages.` })
  return packages
}

/** One SSCC for each package, of serial numbers that are never given out again: they are committed with the shipment, or not taken. */
const assignSsccs = async (tx: Tx, sellerId: string, count: number): Promise<string[]> => {
  if (count === 0) return []
  const [organisation] = await selectGs1Prefix(tx.sql, sellerId)
  const prefix = organisation?.prefix
  if (!prefix) throw new DomainError('shipments/no-gs1-prefix')
  const [taken] = await takeSerials(tx.sql, sellerId, count)
  if (!taken) throw new Error('no serial numbers were given out')
  const last = BigInt(taken.last)
  if (last >= ssccCapacity(prefix)) throw new DomainError('shipments/no-gs1-prefix', { detail: `All SSCCs of the company prefix ${prefix} are used.` })
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
  input: ShipmentInput, number: string, now: Date, orders: readonly HeldOrder[], packed: readonly Packed[], packages: readonly (PackageInput & { sscc: string | undefined })[],
): ShipNoticeDocument => {
  const [date = '', time = ''] = now.toISOString().split('T')
  const leaves = packages.filter(one => !packages.some(other => other.parent === one.package))
  return shipNoticeFor({
    number, date, time: time.slice(0, 5).replace(':', ''),
    orders: orders.map(order => order.document),
    lines: packed.map(part => {
      const index = orders.findIndex(order => order.id === part.orderId)
      const position = orders[index]?.lines.find(line => line.lineNumber === part.lineNumber)?.position
      if (position === undefined) throw new Error(`line ${part.lineNumber} of ${part.orderId} was packed and is not there`)
      return { order: index, position, quantity: part.quantity, ...(part.package !== null && { package: part.package }) }
    }),
    packages: packages.map(one => ({
      id: one.package, type: one.type, ...(one.parent !== undefined && { parent: one.parent }), ...(one.sscc !== undefined && { sscc: one.sscc }),
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
    ...(leaves.length > 0 && { packaging: leaves.every(one => one.type === 'pallet') ? 'PLT94' : 'CTN25', ladingQuantity: leaves.length }),
  })
}

const shipmentRow = (
  order: HeldOrder, document: ShipNoticeDocument, input: ShipmentInput, packed: readonly Packed[], taken: readonly Taken[], ctx: Context,
): NewShipment => ({
  id: newId('shp'), partnershipId: order.partnershipId, buyerId: order.buyerId, sellerId: order.sellerId, number: document.number,
  shipDate: input.shipDate ?? document.date, estimatedDelivery: input.estimatedDelivery ?? null,
  document: JSON.stringify(document), channel: enteredBy(ctx.actor), ...sourceOf({}),
  packages: document.packages.map(one => ({ package: one.id, parent: one.parent ?? null, type: one.type, sscc: one.sscc ?? null, sourcePosition: null })),
  lines: packed.map(part => {
    const of = taken.find(one => one.orderId === part.orderId && one.lineNumber === part.lineNumber)
    if (!of) throw new Error(`line ${part.lineNumber} of ${part.orderId} was packed and not shipped`)
    return {
      orderId: of.order.id, orderLinePosition: of.line.position, orderNumber: of.order.number, lineNumber: of.line.lineNumber, package: part.package,
      gtin: of.line.gtin, buyerItem: of.line.buyerItem, sellerItem: of.line.sellerItem, quantity: part.quantity, unit: of.line.unit, sourcePosition: null,
    }
  }),
})

/**
 * How what is open on orders would be packed, from the case and pallet sizes of their items. Nothing is stored.
 * @throws DomainError record/not-found, identity/forbidden, shipments/mixed-partnerships, shipments/invalid-packing (too many packages)
 */
export const proposePacking = async (ctx: Context, orderIds: string | readonly string[]): Promise<PackingProposal> =>
  withOrganisation(ctx, async tx => {
    const taken = openLines(await ordersToShip(ctx, tx, typeof orderIds === 'string' ? [orderIds] : orderIds))
    return {
      lines: taken.map(({ orderId, lineNumber, quantity, line }) => ({ orderId, lineNumber, quantity, unit: line.unit })),
      packages: await proposal(tx, taken),
    }
  })

type ShipmentRow = Omit<Shipment, 'structure' | 'carrier' | 'references' | 'packages'> & {
  document: ShipNoticeDocument; packages: Omit<ShipmentPackage, 'trackingNumber'>[]
}

const toShipment = ({ document, packages, ...row }: ShipmentRow): Shipment => {
  const tracking = new Map(document.packages.map(one => [one.id, one.trackingNumber]))
  const { scac, name, mode, equipment } = document.carrier ?? {}
  return {
    ...row,
    structure: document.structure,
    ...(document.carrier !== undefined && {
      carrier: { ...(scac !== undefined && { scac }), ...(name !== undefined && { name }), ...(mode !== undefined && { mode }), ...(equipment !== undefined && { equipment }) },
    }),
    references: document.references,
    packages: packages.map(one => ({ ...one, trackingNumber: tracking.get(one.package) ?? null })),
  }
}

/**
 * A shipment with its packages and lines: one statement.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getShipment = async (ctx: Context, id: string): Promise<Shipment> => {
  const [shipment] = await shipmentsByIds(ctx, [id])
  if (!shipment) throw new DomainError('record/not-found', { kind: 'shipment', id })
  return shipment
}

/** The shipments of the actor's organisation, newest first. */
export const listShipments = async (ctx: Context, filter: ShipmentFilter = {}): Promise<ShipmentPage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectShipmentPage(sql, ctx.actor.organisationId, filter, size + 1))
  return pageOf(rows as unknown as ShipmentPage['items'], size)
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const shipmentsByIds = async (ctx: Context, ids: readonly string[]): Promise<(Shipment | undefined)[]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectShipments(sql, ids)) as unknown as ShipmentRow[]
  const byId = new Map(rows.map(row => [row.id, toShipment(row)]))
  return ids.map(id => byId.get(id))
}

export const shipmentsByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<Shipment[][]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectShipmentsOfOrders(sql, ids)) as unknown as (ShipmentRow & { orderId: string })[]
  return grouped(ids, rows, row => row.orderId).map(group => group.map(({ orderId: _order, ...row }) => toShipment(row)))
}
