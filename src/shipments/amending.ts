import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { DatedEvent, Reference, ShipNoticeDocument } from '../documents/canonical.ts'
import { holdOrders, putLine, saveOrders } from '../orders/book.ts'
import { moveQuantity, saysTheSame } from '../orders/rules.ts'
import { getPartnership } from '../partners/service.ts'
import { DomainError } from '../shared/errors.ts'
import {
  lockShipment,
  selectOrdersOfShipment,
  selectShippedQuantities,
  selectUseOfShipment,
  updateShipment,
  type HeldShipment,
} from './queries.ts'
import { shipmentDates, shipmentEvent } from './receiving.ts'
import type { ShipmentAmendment } from './schema.ts'

/** What the seller says of a shipment later: other dates, carrier or numbers, or that it did not go. What is in it stays. */

/** What `amendShipment` of service.ts does. */
export const amend = async (ctx: Context, tx: Tx, id: string, change: ShipmentAmendment, ifVersion?: number): Promise<void> => {
  const shipment = await holdOwn(ctx, tx, id, ifVersion)
  const after = amended(shipment.document, change)
  if (saysTheSame(shipment.document, after)) return
  const orderIds = (await selectOrdersOfShipment(tx.sql, id)).map(row => row.orderId)
  await store(ctx, tx, shipment, { ...after, purpose: '05', ...noticeTime(ctx.now()) }, 'shipped', orderIds)
}

/** What `cancelShipment` of service.ts does. */
export const takeBack = async (ctx: Context, tx: Tx, id: string, ifVersion?: number): Promise<void> => {
  // Orders are locked before shipments, here as where notices arrive.
  const orders = await holdOrders(tx, (await selectOrdersOfShipment(tx.sql, id)).map(row => row.orderId))
  const shipment = await holdOwn(ctx, tx, id, ifVersion)
  const [use] = await selectUseOfShipment(tx.sql, id)
  if (use)
    throw new DomainError('shipments/in-use', {
      detail: `Ship notice ${shipment.number} has been ${use.kind === 'receipt' ? 'received' : 'invoiced'} (${use.number}); it cannot be taken back.`,
      [use.kind]: use.number,
    })
  for (const { orderId, position, quantity } of await selectShippedQuantities(tx.sql, id)) {
    const order = orders.find(one => one.id === orderId)
    const line = order?.lines[position - 1]
    if (order && line) putLine(order, { ...line, ...moveQuantity(line, 'shipped', `-${quantity}`) })
  }
  await saveOrders(tx, orders, ctx.now())
  const document = { ...shipment.document, purpose: '01', ...noticeTime(ctx.now()) }
  await store(ctx, tx, shipment, document, 'cancelled', orders.map(order => order.id))
}

const holdOwn = async (ctx: Context, tx: Tx, id: string, ifVersion: number | undefined): Promise<HeldShipment> => {
  const [shipment] = await lockShipment(tx.sql, id)
  if (!shipment) throw new DomainError('record/not-found', { kind: 'shipment', id })
  if (shipment.sellerId !== ctx.actor.organisationId)
    throw new DomainError('identity/forbidden', { detail: 'Only the seller changes a shipment.' })
  if (ifVersion !== undefined && shipment.version !== ifVersion)
    throw new DomainError('request/precondition-failed', { version: shipment.version })
  if (shipment.state === 'cancelled')
    throw new DomainError('shipments/cancelled', { detail: `Ship notice ${shipment.number} was taken back.` })
  return shipment
}

const noticeTime = (now: Date): Pick<ShipNoticeDocument, 'date' | 'time'> => {
  const [date = '', time = ''] = now.toISOString().split('T')
  return { date, time: time.slice(0, 5).replace(':', '') }
}

const store = async (
  ctx: Context,
  tx: Tx,
  shipment: HeldShipment,
  document: ShipNoticeDocument,
  state: 'shipped' | 'cancelled',
  orderIds: readonly string[],
): Promise<void> => {
  const version = shipment.version + 1
  await updateShipment(tx.sql, shipment.id, { state, version, document: JSON.stringify(document), ...shipmentDates(document) })
  const partnership = await getPartnership({ ...ctx, db: tx }, shipment.partnershipId)
  await emit(tx, [shipmentEvent('shipment.changed', partnership, shipment, orderIds, version)])
}

const amended = (document: ShipNoticeDocument, change: ShipmentAmendment): ShipNoticeDocument => {
  const changes = new Map((change.packages ?? []).map(one => [one.package, one]))
  const missing = [...changes.keys()].find(name => !document.packages.some(each => each.id === name))
  if (missing !== undefined)
    throw new DomainError('shipments/invalid-packing', { detail: `The shipment has no package ${missing}.`, package: missing })
  return {
    ...document,
    dates: withDates(document.dates, { '011': change.shipDate, '017': change.estimatedDelivery }),
    references: withReferences(document.references, { BM: change.billOfLading, CN: change.trackingNumber }),
    ...(change.carrier !== undefined && { carrier: change.carrier }),
    ...(change.grossWeight !== undefined && { grossWeight: change.grossWeight }),
    packages: document.packages.map(each => {
      const { trackingNumber, weight } = changes.get(each.id) ?? {}
      return { ...each, ...(trackingNumber !== undefined && { trackingNumber }), ...(weight !== undefined && { weight }) }
    }),
  }
}

const withDates = (dates: readonly DatedEvent[], changed: Changed): DatedEvent[] =>
  inPlace(dates, changed, (qualifier, date) => ({ qualifier, date }))

const withReferences = (references: readonly Reference[], changed: Changed): Reference[] =>
  inPlace(references, changed, (qualifier, value) => ({ qualifier, value }))

type Changed = Readonly<Record<string, string | undefined>>

/** Each part that is changed in its place, and new ones at the end. */
const inPlace = <T extends { qualifier: string }>(
  parts: readonly T[],
  changed: Changed,
  make: (qualifier: string, value: string) => T,
): T[] => {
  const known = new Set(parts.map(part => part.qualifier))
  return [
    ...parts.map(part => {
      const value = changed[part.qualifier]
      return value === undefined ? part : make(part.qualifier, value)
    }),
    ...Object.entries(changed).flatMap(([qualifier, value]) =>
      value === undefined || known.has(qualifier) ? [] : [make(qualifier, value)],
    ),
  ]
}
