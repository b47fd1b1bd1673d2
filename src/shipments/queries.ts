import type { Sql } from '../db/client.ts'
import type { ShipNoticeDocument } from '../documents/canonical.ts'
import type { Pack } from '../items/schema.ts'
import { instantText } from '../orders/read-queries.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { Address } from '../partners/schema.ts'
import type { OverPolicy } from './rules.ts'
import type { PackageType, ShipmentFilter } from './schema.ts'

type Sides = { readonly partnershipId: string; readonly buyerId: string; readonly sellerId: string }

export type NewShipment = Sides & {
  readonly id: string; readonly number: string; readonly shipDate: string | null; readonly estimatedDelivery: string | null
  /** The canonical document as JSON text. */
  readonly document: string
  readonly channel: DocumentChannel; readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined
  readonly packages: readonly NewPackage[]
  readonly lines: readonly NewShipmentLine[]
}
export type NewPackage = {
  readonly package: string; readonly parent: string | null; readonly type: PackageType; readonly sscc: string | null
  readonly sourcePosition: number | null
}
export type NewShipmentLine = {
  readonly orderId: string | null; readonly orderLinePosition: number | null; readonly orderNumber: string
  readonly lineNumber: string | null; readonly package: string | null; readonly gtin: string | null
  readonly buyerItem: string | null; readonly sellerItem: string | null; readonly quantity: string; readonly unit: string
  readonly sourcePosition: number | null
}

export const insertShipments = (sql: Sql, shipments: readonly NewShipment[], now: Date) => sql<{ id: string }[]>`
  insert into shipment (id, partnership_id, buyer_id, seller_id, number, state, ship_date, estimated_delivery, document, channel,
    source_message_id, source_ordinal, created_at)
  select id, partnership, buyer, seller, number, 'shipped', shipped, delivery, document, channel, message, ordinal,
    ${now}::timestamptz from unnest(
    ${shipments.map(s => s.id)}::text[], ${shipments.map(s => s.partnershipId)}::text[], ${shipments.map(s => s.buyerId)}::text[],
    ${shipments.map(s => s.sellerId)}::text[], ${shipments.map(s => s.number)}::text[],
    ${shipments.map(s => s.shipDate)}::text[]::date[], ${shipments.map(s => s.estimatedDelivery)}::text[]::date[],
    ${shipments.map(s => s.document)}::text[]::jsonb[], ${shipments.map(s => s.channel)}::text[],
    ${shipments.map(s => s.sourceMessageId ?? null)}::text[], ${shipments.map(s => s.sourceOrdinal ?? null)}::int[]
  ) as t(id, partnership, buyer, seller, number, shipped, delivery, document, channel, message, ordinal)
  on conflict (partnership_id, number) do nothing
  returning id`

export const insertPackages = (sql: Sql, packages: readonly (NewPackage & Sides & { readonly shipmentId: string })[]) => sql`
  insert into shipment_package (shipment_id, package, parent, partnership_id, buyer_id, seller_id, type, sscc, source_position)
  select * from unnest(
    ${packages.map(p => p.shipmentId)}::text[], ${packages.map(p => p.package)}::text[], ${packages.map(p => p.parent)}::text[],
    ${packages.map(p => p.partnershipId)}::text[], ${packages.map(p => p.buyerId)}::text[],
    ${packages.map(p => p.sellerId)}::text[], ${packages.map(p => p.type)}::text[], ${packages.map(p => p.sscc)}::text[],
    ${packages.map(p => p.sourcePosition)}::int[])`

export const insertShipmentLines = (sql: Sql,
  lines: readonly (NewShipmentLine & Sides & { readonly shipmentId: string; readonly position: number })[]) => sql`
  insert into shipment_line (shipment_id, position, partnership_id, buyer_id, seller_id, order_id, order_line_position,
    order_number, line_number, package, gtin, buyer_item, seller_item, quantity, unit, source_position)
  select * from unnest(
    ${lines.map(l => l.shipmentId)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.partnershipId)}::text[],
    ${lines.map(l => l.buyerId)}::text[], ${lines.map(l => l.sellerId)}::text[], ${lines.map(l => l.orderId)}::text[],
    ${lines.map(l => l.orderLinePosition)}::int[], ${lines.map(l => l.orderNumber)}::text[],
    ${lines.map(l => l.lineNumber)}::text[], ${lines.map(l => l.package)}::text[], ${lines.map(l => l.gtin)}::text[],
    ${lines.map(l => l.buyerItem)}::text[], ${lines.map(l => l.sellerItem)}::text[], ${lines.map(l => l.quantity)}::numeric[],
    ${lines.map(l => l.unit)}::text[], ${lines.map(l => l.sourcePosition)}::int[])`

export type KnownShipment = {
  id: string; partnershipId: string; number: string; state: 'shipped' | 'cancelled'; version: number; document: ShipNoticeDocument
}

/** Shipments by their numbers, locked, in the order of their ids. */
export const lockShipments = (sql: Sql, partnershipIds: readonly string[], numbers: readonly string[]) => sql<KnownShipment[]>`
  select id, partnership_id as "partnershipId", number, state, version, document from shipment
  where (partnership_id, number) in (select * from unnest(${partnershipIds as string[]}::text[], ${numbers as string[]}::text[]))
  order by id for update`

export type HeldShipment = KnownShipment & { sellerId: string }

/** One shipment by its id, locked. */
export const lockShipment = (sql: Sql, id: string) => sql<HeldShipment[]>`
  select id, partnership_id as "partnershipId", seller_id as "sellerId", number, state, version, document from shipment
  where id = ${id} for update`

export const selectOrdersOfShipment = (sql: Sql, id: string) => sql<{ orderId: string }[]>`
  select distinct order_id as "orderId" from shipment_line where shipment_id = ${id} and order_id is not null order by 1`

/** What was made of a shipment already: a receipt or an invoice. */
export const selectUseOfShipment = (sql: Sql, id: string) => sql<{ kind: 'receipt' | 'invoice'; number: string }[]>`
  (select 'receipt' as kind, r.number from receipt r join receipt_line l on l.receipt_id = r.id
    where l.shipment_id = ${id} and r.state = 'received' limit 1)
  union all (select 'invoice', number from invoice where shipment_id = ${id} and type = 'invoice' limit 1)`

/** What a shipment took from orders that are here, in the unit of the order line. */
export const selectShippedQuantities = (sql: Sql, shipmentId: string) =>
  sql<{ orderId: string; position: number; quantity: string }[]>`
  select s.order_id as "orderId", s.order_line_position as position, sum(s.quantity)::text as quantity
  from shipment_line s join order_line l on l.order_id = s.order_id and l.position = s.order_line_position and l.unit = s.unit
  where s.shipment_id = ${shipmentId} group by s.order_id, s.order_line_position`

export const clearShipment = (sql: Sql, shipmentId: string) => [
  sql`delete from shipment_line where shipment_id = ${shipmentId}`,
  sql`delete from shipment_package where shipment_id = ${shipmentId}`,
]

export const updateShipment = (sql: Sql, id: string, change: {
  state: 'shipped' | 'cancelled'; version: number; document: string; shipDate: string | null; estimatedDelivery: string | null
}) => sql`
  update shipment set state = ${change.state}, version = ${change.version}, document = ${change.document},
    ship_date = ${change.shipDate}, estimated_delivery = ${change.estimatedDelivery} where id = ${id}`

/** Makes others that check or make SSCCs of this organisation wait until this transaction is over. */
export const lockSsccs = (sql: Sql, organisationId: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`sscc ${organisationId}`}, 0))`

/** Takes up to `count` serial numbers of a series; others who want some of it wait until this transaction is over. */
export const takeSerials = (sql: Sql, prefix: string, extensionDigit: number, count: number) => sql<{ first: string; last: string }[]>`
  select first_serial::text as first, last_serial::text as last
  from take_sscc_serials(${prefix}, ${extensionDigit}, ${count})`

/** Those of the SSCCs that a shipment has used since then. */
export const selectUsedSsccs = (sql: Sql, ssccs: readonly string[], since: Date) =>
  sql<{ sscc: string; number: string; partnershipId: string }[]>`
  select p.sscc, s.number, s.partnership_id as "partnershipId" from shipment_package p join shipment s on s.id = p.shipment_id
  where p.sscc = any(${ssccs as string[]}::text[]) and s.state = 'shipped' and s.created_at > ${since}`

export const selectGs1Prefix = (sql: Sql, organisationId: string) => sql<{ prefix: string | null }[]>`
  select gs1_prefix as prefix from organisation where id = ${organisationId}`

export type ItemPacks = { id: string; unit: string; packQuantity: string; packs: Pack[] }

/** The pack hierarchies of items: the case as the partners trade it, the others where the item master (the seller's own) has them. */
export const selectItemPacks = (sql: Sql, partnershipItemIds: readonly string[]) => sql<ItemPacks[]>`
  select p.id, p.unit, trim_scale(p.pack_quantity)::text as "packQuantity", coalesce(i.packs, '[]') as packs
  from partnership_item p left join item i on i.id = p.item_id where p.id = any(${partnershipItemIds as string[]}::text[])`

export type PrintableRow = {
  id: string; buyerId: string; sellerId: string; buyerName: string; sellerName: string; state: 'shipped' | 'cancelled'
  shipDate: string | null; estimatedDelivery: string | null; createdAt: Date; document: ShipNoticeDocument
  /** In the order of the document's lines. */
  lines: {
    package: string | null; orderNumber: string; lineNumber: string | null; gtin: string | null; buyerItem: string | null
    sellerItem: string | null; quantity: string; unit: string
    item: { gtin: string; unit: string; packQuantity: string; name: string; packs: Pack[] } | null
  }[]
}

/** A shipment with what its labels and papers say. The packs of an item are there for its seller alone, as the master is. */
export const selectPrintable = (sql: Sql, id: string) => sql<PrintableRow[]>`
  select s.id, s.buyer_id as "buyerId", s.seller_id as "sellerId", b.name as "buyerName", v.name as "sellerName", s.state,
    s.ship_date as "shipDate", s.estimated_delivery as "estimatedDelivery", s.created_at as "createdAt", s.document,
    (select coalesce(json_agg(json_build_object('package', l.package, 'orderNumber', l.order_number, 'lineNumber', l.line_number,
       'gtin', l.gtin, 'buyerItem', l.buyer_item, 'sellerItem', l.seller_item, 'quantity', trim_scale(l.quantity)::text,
       'unit', l.unit, 'item', case when p.id is not null then json_build_object('gtin', p.gtin, 'unit', p.unit, 'name', p.name,
         'packQuantity', trim_scale(p.pack_quantity)::text, 'packs', coalesce(i.packs, '[]')) end) order by l.position), '[]')
     from shipment_line l left join partnership_item p on p.partnership_id = l.partnership_id and p.gtin = l.gtin
       left join item i on i.id = p.item_id
     where l.shipment_id = s.id) as lines
  from shipment s join organisation b on b.id = s.buyer_id join organisation v on v.id = s.seller_id
  where s.id = ${id}`

/** The locations of both sides that are meant by codes or GLNs. */
export const selectPartyLocations = (sql: Sql, buyerId: string, sellerId: string, codes: readonly string[]) =>
  sql<{ organisationId: string; code: string; gln: string | null; name: string; address: Address }[]>`
  select organisation_id as "organisationId", code, gln, name, address from location
  where organisation_id in (${buyerId}, ${sellerId})
    and (code = any(${codes as string[]}::text[]) or gln = any(${codes as string[]}::text[]))
  order by id`

/** What the policies of R6 say of shipping over, in a partnership or for the organisation, the least specific first. */
export const selectOverPolicies = (sql: Sql, partnershipId: string, organisationId: string) => sql<OverPolicy[]>`
  select partnership_item_id as "partnershipItemId", valid_from as "validFrom", valid_to as "validTo", settings -> 'over' as over
  from reconciliation_policy
  where rule = 'R6' and jsonb_typeof(settings -> 'over') = 'object'
    and (partnership_id = ${partnershipId} or (partnership_id is null and buyer_id = ${organisationId}))
  order by partnership_item_id is not null, partnership_id is not null, valid_from, id`

export const countShipmentsOf = (sql: Sql, orderId: string) => sql<{ count: number }[]>`
  select count(distinct shipment_id)::int as count from shipment_line where order_id = ${orderId}`

const summaryColumns = (sql: Sql) => sql`
  s.id, s.partnership_id as "partnershipId", s.buyer_id as "buyerId", s.seller_id as "sellerId", s.number, s.state,
  s.ship_date as "shipDate", s.estimated_delivery as "estimatedDelivery", s.channel, s.version,
  ${instantText(sql, 's.created_at')} as "createdAt"`

const shipmentColumns = (sql: Sql) => sql`
  ${summaryColumns(sql)}, s.document,
  (select coalesce(json_agg(json_build_object('package', p.package, 'parent', p.parent, 'type', p.type, 'sscc', p.sscc)
     order by p.source_position, length(p.package), p.package), '[]')
   from shipment_package p where p.shipment_id = s.id) as packages,
  (select coalesce(json_agg(json_build_object('position', l.position, 'orderId', l.order_id, 'orderNumber', l.order_number,
     'orderLinePosition', l.order_line_position, 'lineNumber', l.line_number, 'package', l.package, 'gtin', l.gtin,
     'buyerItem', l.buyer_item, 'sellerItem', l.seller_item, 'quantity', trim_scale(l.quantity)::text, 'unit', l.unit)
     order by l.position), '[]')
   from shipment_line l where l.shipment_id = s.id) as lines`

export const selectShipments = (sql: Sql, ids: readonly string[]) => sql`
  select ${shipmentColumns(sql)} from shipment s where s.id = any(${ids as string[]}::text[])`

/** The shipments of many orders, each once per order that it is of. */
export const selectShipmentsOfOrders = (sql: Sql, orderIds: readonly string[]) => sql`
  select t.order_id as "orderId", ${shipmentColumns(sql)}
  from (select distinct order_id, shipment_id from shipment_line where order_id = any(${orderIds as string[]}::text[])) t
  join shipment s on s.id = t.shipment_id order by s.id`

/** One page, newest first: the two sides are read apart, each along its own index. */
export const selectShipmentPage = (sql: Sql, organisationId: string, filter: ShipmentFilter, size: number) => {
  const side = (mine: 'buyer_id' | 'seller_id', theirs: 'buyer_id' | 'seller_id') => sql`
    (select s.* from shipment s where s.${sql(mine)} = ${organisationId}
      ${filter.partnerId === undefined ? sql`` : sql`and s.${sql(theirs)} = ${filter.partnerId}`}
      ${filter.number === undefined ? sql`` : sql`and s.number = ${filter.number}
        and s.partnership_id in (select p.id from partnership p where p.${sql(mine)} = ${organisationId})`}
      ${filter.since === undefined ? sql`` : sql`and s.created_at >= ${filter.since}::timestamptz`}
      ${filter.cursor === undefined ? sql`` : sql`and s.id < ${filter.cursor}`}
    order by s.id desc limit ${size})`
  const bought = side('buyer_id', 'seller_id'), sold = side('seller_id', 'buyer_id')
  return sql`
    select ${summaryColumns(sql)}
    from (${filter.role === 'buyer' ? bought : filter.role === 'seller' ? sold : sql`${bought} union all ${sold}`}) s
    order by s.id desc limit ${size}`
}
