import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ShipNoticeDocument } from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import { grouped } from '../orders/service.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { amend, takeBack } from './amending.ts'
import { selectShipmentPage, selectShipments, selectShipmentsOfOrders } from './queries.ts'
import type {
  PackingProposal,
  PackingRequest,
  Shipment,
  ShipmentAmendment,
  ShipmentFilter,
  ShipmentInput,
  ShipmentPackage,
  ShipmentPage,
} from './schema.ts'
import { makeShipment, proposeFor } from './shipping.ts'

export { receiveShipments } from './receiving.ts'
export { reserveSsccs } from './sscc.ts'

/**
 * The seller ships, by portal or API: lines with quantities, packed as given or as proposed. The packages get SSCCs of the
 * seller's
 * company prefix, the lines' shipped quantities move, and the buyer is told by an 856: all of it or nothing.
 * @throws DomainError record/not-found, identity/forbidden, shipments/mixed-partnerships, orders/unknown-line,
 *   shipments/line-closed,
 *   shipments/over-open-quantity (each names the line), shipments/nothing-to-ship, shipments/invalid-packing,
 *   shipments/no-gs1-prefix, record/conflict (the number is taken)
 */
export const createShipment = async (ctx: Context, input: ShipmentInput): Promise<Shipment> => {
  authorise(ctx.actor, 'shipments.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    return getShipment(inner, await makeShipment(inner, tx, input))
  })
}

/**
 * The seller corrects the dates, carrier, numbers or weights of a shipment; the buyer gets an 856 that replaces the first
 * (BSN01 05). What says nothing new sends nothing.
 * @throws DomainError record/not-found, identity/forbidden, request/precondition-failed when `ifVersion` is not the version,
 *   shipments/cancelled, shipments/invalid-packing (no such package)
 */
export const amendShipment = async (ctx: Context, id: string, change: ShipmentAmendment, ifVersion?: number): Promise<Shipment> => {
  authorise(ctx.actor, 'shipments.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    await amend(inner, tx, id, change, ifVersion)
    return getShipment(inner, id)
  })
}

/**
 * The seller takes a shipment back that did not go: its quantities are open on the orders again, and the buyer gets an 856 that
 * cancels the first (BSN01 01). Its SSCCs are not given out again.
 * @throws DomainError record/not-found, identity/forbidden, request/precondition-failed, shipments/cancelled,
 *   shipments/in-use when it has been received or invoiced
 */
export const cancelShipment = async (ctx: Context, id: string, ifVersion?: number): Promise<Shipment> => {
  authorise(ctx.actor, 'shipments.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    await takeBack(inner, tx, id, ifVersion)
    return getShipment(inner, id)
  })
}

/**
 * How what is open on orders (or the lines given) would be packed, from the case and pallet sizes of their items. Nothing is
 * stored.
 * @throws DomainError record/not-found, identity/forbidden, shipments/mixed-partnerships, shipments/invalid-packing (too many
 *   packages), and those of `createShipment` for lines that cannot be shipped
 */
export const proposePacking = (ctx: Context, request: string | PackingRequest): Promise<PackingProposal> =>
  withOrganisation(ctx, tx => proposeFor(ctx, tx, typeof request === 'string' ? { orderIds: [request] } : request))

type ShipmentRow = Omit<Shipment, 'structure' | 'carrier' | 'references' | 'packages'> & {
  document: ShipNoticeDocument
  packages: Omit<ShipmentPackage, 'trackingNumber'>[]
}

const toShipment = ({ document, packages, ...row }: ShipmentRow): Shipment => {
  const tracking = new Map(document.packages.map(one => [one.id, one.trackingNumber]))
  const { scac, name, mode, equipment } = document.carrier ?? {}
  return {
    ...row,
    structure: document.structure,
    ...(document.carrier !== undefined && {
      carrier: {
        ...(scac !== undefined && { scac }),
        ...(name !== undefined && { name }),
        ...(mode !== undefined && { mode }),
        ...(equipment !== undefined && { equipment }),
      },
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
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectShipmentPage(sql, ctx.actor.organisationId, filter, size + 1),
  )
  return pageOf(rows as unknown as ShipmentPage['items'], size)
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const shipmentsByIds = async (ctx: Context, ids: readonly string[]): Promise<(Shipment | undefined)[]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectShipments(sql, ids))) as unknown as ShipmentRow[]
  const byId = new Map(rows.map(row => [row.id, toShipment(row)]))
  return ids.map(id => byId.get(id))
}

export const shipmentsByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<Shipment[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectShipmentsOfOrders(sql, ids),
  )) as unknown as (ShipmentRow & { orderId: string })[]
  return grouped(ids, rows, row => row.orderId).map(group => group.map(({ orderId: _order, ...row }) => toShipment(row)))
}
