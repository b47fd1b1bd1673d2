import type { Sql } from '../db/client.ts'
import type { ReceivingAdviceDocument } from '../documents/canonical.ts'
import { instantText } from '../orders/read-queries.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { PlacedLine, ShipmentContents } from './placing.ts'
import type { GoodsReceiptFilter, ReceivingDifference, ReceivingDifferenceFilter } from './schema.ts'

type Sides = { readonly partnershipId: string; readonly buyerId: string; readonly sellerId: string }

export type NewReceipt = Sides & {
  readonly id: string; readonly number: string; readonly type: string; readonly receivedOn: string
  readonly shipmentNumber: string | null; readonly orderNumber: string | null; readonly linked: boolean
  /** The canonical document as JSON text. */
  readonly document: string
  readonly channel: DocumentChannel; readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined
  readonly actor: string
}

/** Inserts those receipts whose number is not taken, and says which. */
export const insertReceipts = (sql: Sql, receipts: readonly NewReceipt[], now: Date) => sql<{ id: string }[]>`
  insert into receipt (id, partnership_id, buyer_id, seller_id, number, type, state, received_on, shipment_number, order_number,
    linked, document, channel, source_message_id, source_ordinal, actor, created_at, updated_at)
  select id, partnership, buyer, seller, number, type, 'received', received, shipment, ordered, linked, document, channel, message,
    ordinal, actor, ${now}::timestamptz, ${now}::timestamptz from unnest(
    ${receipts.map(r => r.id)}::text[], ${receipts.map(r => r.partnershipId)}::text[], ${receipts.map(r => r.buyerId)}::text[],
    ${receipts.map(r => r.sellerId)}::text[], ${receipts.map(r => r.number)}::text[], ${receipts.map(r => r.type)}::text[],
    ${receipts.map(r => r.receivedOn)}::text[]::date[], ${receipts.map(r => r.shipmentNumber)}::text[],
    ${receipts.map(r => r.orderNumber)}::text[], ${receipts.map(r => String(r.linked))}::text[]::boolean[],
    ${receipts.map(r => r.document)}::text[]::jsonb[], ${receipts.map(r => r.channel)}::text[],
    ${receipts.map(r => r.sourceMessageId ?? null)}::text[], ${receipts.map(r => r.sourceOrdinal ?? null)}::int[],
    ${receipts.map(r => r.actor)}::text[]
  ) as t(id, partnership, buyer, seller, number, type, received, shipment, ordered, linked, document, channel, message, ordinal, actor)
  on conflict (partnership_id, number) do nothing
  returning id`

export const insertReceiptLines = (sql: Sql, lines: readonly (PlacedLine & Sides & { receiptId: string; position: number })[]) => sql`
  insert into receipt_line (receipt_id, position, document_line, partnership_id, buyer_id, seller_id, order_id, order_line_position,
    order_number, line_number, shipment_id, shipment_version, package, sscc, gtin, buyer_item, seller_item, quantity,
    quantity_damaged, quantity_quality, quantity_wrong, quantity_short, unit, source_position)
  select * from unnest(
    ${lines.map(l => l.receiptId)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.documentLine)}::int[],
    ${lines.map(l => l.partnershipId)}::text[], ${lines.map(l => l.buyerId)}::text[], ${lines.map(l => l.sellerId)}::text[],
    ${lines.map(l => l.orderId)}::text[], ${lines.map(l => l.orderLinePosition)}::int[], ${lines.map(l => l.orderNumber)}::text[],
    ${lines.map(l => l.lineNumber)}::text[], ${lines.map(l => l.shipmentId)}::text[], ${lines.map(l => l.shipmentVersion)}::int[],
    ${lines.map(l => l.package)}::text[], ${lines.map(l => l.sscc)}::text[], ${lines.map(l => l.gtin)}::text[],
    ${lines.map(l => l.buyerItem)}::text[], ${lines.map(l => l.sellerItem)}::text[], ${lines.map(l => l.quantity)}::numeric[],
    ${lines.map(l => l.quantityDamaged)}::numeric[], ${lines.map(l => l.quantityQuality)}::numeric[],
    ${lines.map(l => l.quantityWrong)}::numeric[], ${lines.map(l => l.quantityShort)}::numeric[],
    ${lines.map(l => l.unit)}::text[], ${lines.map(l => l.sourcePosition)}::int[])`

export const deleteReceiptLines = (sql: Sql, receiptIds: readonly string[]) =>
  sql`delete from receipt_line where receipt_id = any(${receiptIds as string[]}::text[])`

export type KnownReceipt = Sides & {
  id: string; number: string; state: 'received' | 'cancelled'; version: number; document: ReceivingAdviceDocument; linked: boolean
  sourceMessageId: string | null; sourceOrdinal: number | null
}

const knownColumns = (sql: Sql) => sql`
  id, partnership_id as "partnershipId", buyer_id as "buyerId", seller_id as "sellerId", number, state, version, document, linked,
  source_message_id as "sourceMessageId", source_ordinal as "sourceOrdinal"`

/** Receipts by their numbers, locked, in the order of their ids. */
export const lockReceiptsByNumber = (sql: Sql, partnershipIds: readonly string[], numbers: readonly string[]) => sql<KnownReceipt[]>`
  select ${knownColumns(sql)} from receipt
  where (partnership_id, number) in (select * from unnest(${partnershipIds as string[]}::text[], ${numbers as string[]}::text[]))
  order by id for update`

export const lockReceipts = (sql: Sql, ids: readonly string[]) => sql<KnownReceipt[]>`
  select ${knownColumns(sql)} from receipt where id = any(${ids as string[]}::text[]) order by id for update`

export const updateReceipts = (
  sql: Sql, receipts: readonly (NewReceipt & { state: 'received' | 'cancelled'; version: number })[], now: Date,
) => sql`
  update receipt r set state = t.state, version = t.version, document = t.document, type = t.type, received_on = t.received,
    shipment_number = t.shipment, order_number = t.ordered, linked = t.linked, channel = t.channel, source_message_id = t.message,
    source_ordinal = t.ordinal, actor = t.actor, updated_at = ${now}
  from unnest(
    ${receipts.map(r => r.id)}::text[], ${receipts.map(r => r.state)}::text[], ${receipts.map(r => r.version)}::int[],
    ${receipts.map(r => r.document)}::text[]::jsonb[], ${receipts.map(r => r.type)}::text[],
    ${receipts.map(r => r.receivedOn)}::text[]::date[], ${receipts.map(r => r.shipmentNumber)}::text[],
    ${receipts.map(r => r.orderNumber)}::text[], ${receipts.map(r => String(r.linked))}::text[]::boolean[],
    ${receipts.map(r => r.channel)}::text[], ${receipts.map(r => r.sourceMessageId ?? null)}::text[],
    ${receipts.map(r => r.sourceOrdinal ?? null)}::int[], ${receipts.map(r => r.actor)}::text[]
  ) as t(id, state, version, document, type, received, shipment, ordered, linked, channel, message, ordinal, actor)
  where r.id = t.id`

export const updateLinked = (sql: Sql, receipts: readonly { id: string; linked: boolean }[]) => sql`
  update receipt r set linked = t.linked
  from unnest(${receipts.map(r => r.id)}::text[], ${receipts.map(r => String(r.linked))}::text[]::boolean[]) as t(id, linked)
  where r.id = t.id and r.linked <> t.linked`

const contentColumns = (sql: Sql) => sql`
  s.id, s.partnership_id as "partnershipId", s.number, s.version,
  (select coalesce(jsonb_agg(jsonb_build_object('package', p.package, 'parent', p.parent, 'sscc', p.sscc)
     order by p.source_position, length(p.package), p.package), '[]')
   from shipment_package p where p.shipment_id = s.id) as packages,
  (select coalesce(jsonb_agg(jsonb_build_object('orderId', l.order_id, 'orderLinePosition', l.order_line_position,
     'orderNumber', l.order_number, 'lineNumber', l.line_number, 'package', l.package, 'gtin', l.gtin, 'buyerItem', l.buyer_item,
     'sellerItem', l.seller_item, 'quantity', trim_scale(l.quantity)::text, 'unit', l.unit) order by l.position), '[]')
   from shipment_line l where l.shipment_id = s.id) as lines`

/** One ship notice, in whatever state, with what is in it. */
export const selectContentsById = (sql: Sql, id: string) => sql<(ShipmentContents & { state: 'shipped' | 'cancelled' })[]>`
  select ${contentColumns(sql)}, s.state from shipment s where s.id = ${id}`

/** What receipts say of a shipment: an order line's share, a carton. */
export type ReceivedBefore = {
  readonly number: string; readonly orderId: string | null; readonly position: number | null; readonly sscc: string | null
  readonly quantity: string
}

/** What other receipts than one say of a shipment. */
export const selectReceivedBefore = (sql: Sql, shipmentId: string, exceptId: string) => sql<ReceivedBefore[]>`
  select r.number, l.order_id as "orderId", l.order_line_position as position, l.sscc, l.quantity::text as quantity
  from receipt_line l join receipt r on r.id = l.receipt_id and r.state = 'received'
  where l.shipment_id = ${shipmentId} and r.id <> ${exceptId}`

/** The shipment and the order of a receipt's first line that has them. */
export const selectShipmentOfReceipt = (sql: Sql, id: string) => sql<{ shipmentId: string | null; orderId: string | null }[]>`
  select (select shipment_id from receipt_line where receipt_id = ${id} and shipment_id is not null order by position limit 1) as "shipmentId",
    (select order_id from receipt_line where receipt_id = ${id} and order_id is not null order by position limit 1) as "orderId"`

export const countReceiptsOf = (sql: Sql, shipmentId: string | null, orderId: string | null) => sql<{ count: number }[]>`
  select count(distinct receipt_id)::int as count from receipt_line
  where shipment_id = ${shipmentId} or (${shipmentId}::text is null and order_id = ${orderId})`

/** Ship notices that stand, by their numbers and by the SSCCs of their packages, with what is in them, oldest first. */
export const selectContents = (
  sql: Sql, partnershipIds: readonly string[], numbers: readonly string[], ssccs: readonly string[],
) => sql<ShipmentContents[]>`
  select ${contentColumns(sql)}
  from shipment s
  where s.state = 'shipped' and s.partnership_id = any(${partnershipIds as string[]}::text[]) and s.id in (
    select id from shipment
    where partnership_id = any(${partnershipIds as string[]}::text[]) and number = any(${numbers as string[]}::text[])
    union
    select shipment_id from shipment_package where sscc = any(${ssccs as string[]}::text[]))
  order by s.id`

/** What stands as received of each line of these orders, in the unit of the order line. */
export const selectReceivedQuantities = (sql: Sql, orderIds: readonly string[]) =>
  sql<{ orderId: string; position: number; quantity: string }[]>`
  select l.order_id as "orderId", l.order_line_position as position, sum(l.quantity)::text as quantity
  from receipt_line l join receipt r on r.id = l.receipt_id and r.state = 'received'
    join order_line o on o.order_id = l.order_id and o.position = l.order_line_position and o.unit = l.unit
  where l.order_id = any(${orderIds as string[]}::text[]) group by l.order_id, l.order_line_position`

export const selectOrdersOfReceipts = (sql: Sql, receiptIds: readonly string[]) => sql<{ receiptId: string; orderId: string }[]>`
  select distinct receipt_id as "receiptId", order_id as "orderId" from receipt_line
  where receipt_id = any(${receiptIds as string[]}::text[]) and order_id is not null`

/**
 * Receipts that these orders concern and that may now find more of their places: they wait for the order, a line or a shipment of it,
 * or a shipment of it has been changed since.
 */
export const selectLinkable = (sql: Sql, orderIds: readonly string[]) => sql<{ id: string }[]>`
  with asked as materialized (
    select id, partnership_id, number from purchase_order where id = any(${orderIds as string[]}::text[])
  ), shipped as materialized (
    select distinct s.id, s.partnership_id, s.number, s.version from shipment_line l join shipment s on s.id = l.shipment_id
    where l.order_id = any(${orderIds as string[]}::text[])
  )
  select r.id from receipt r join receipt_line l on l.receipt_id = r.id join asked a on a.partnership_id = l.partnership_id
    and a.number = l.order_number
  where l.order_id is null and not r.linked and r.state = 'received'
  union
  select l.receipt_id from receipt_line l join receipt r on r.id = l.receipt_id and r.state = 'received'
  where l.order_id = any(${orderIds as string[]}::text[]) and l.order_line_position is null
  union
  select r.id from receipt r join shipped s on s.partnership_id = r.partnership_id and s.number = r.shipment_number
  where not r.linked and r.state = 'received'
  union
  select r.id from shipped s join shipment_package p on p.shipment_id = s.id
    join receipt r on r.partnership_id = s.partnership_id and not r.linked and r.state = 'received'
    join receipt_line l on l.receipt_id = r.id and l.sscc = p.sscc and l.shipment_id is null
  union
  select r.id from shipped s join receipt_line l on l.shipment_id = s.id and l.shipment_version < s.version
    join receipt r on r.id = l.receipt_id and r.state = 'received'`

const summaryColumns = (sql: Sql) => sql`
  r.id, r.partnership_id as "partnershipId", r.buyer_id as "buyerId", r.seller_id as "sellerId", r.number, r.type, r.state,
  r.received_on as "receivedOn", r.shipment_number as "shipmentNumber", r.order_number as "orderNumber", r.linked, r.channel,
  r.actor, r.version, ${instantText(sql, 'r.created_at')} as "createdAt", ${instantText(sql, 'r.updated_at')} as "updatedAt"`

const receiptColumns = (sql: Sql) => sql`
  ${summaryColumns(sql)}, coalesce(r.document -> 'references', '[]') as references,
  (select coalesce(json_agg(json_build_object('position', l.position, 'documentLine', l.document_line, 'orderId', l.order_id,
     'orderNumber', l.order_number, 'orderLinePosition', l.order_line_position, 'lineNumber', l.line_number,
     'shipmentId', l.shipment_id, 'package', l.package, 'sscc', l.sscc, 'gtin', l.gtin, 'buyerItem', l.buyer_item,
     'sellerItem', l.seller_item, 'quantity', trim_scale(l.quantity)::text,
     'quantityDamaged', trim_scale(l.quantity_damaged)::text, 'quantityQuality', trim_scale(l.quantity_quality)::text,
     'quantityWrong', trim_scale(l.quantity_wrong)::text, 'quantityShort', trim_scale(l.quantity_short)::text, 'unit', l.unit)
     order by l.position), '[]')
   from receipt_line l where l.receipt_id = r.id) as lines`

export const selectReceipts = (sql: Sql, ids: readonly string[]) => sql`
  select ${receiptColumns(sql)} from receipt r where r.id = any(${ids as string[]}::text[])`

/** The receipts of many orders, each once per order that it is of. */
export const selectReceiptsOfOrders = (sql: Sql, orderIds: readonly string[]) => sql`
  select t.order_id as "orderId", ${receiptColumns(sql)}
  from (select distinct order_id, receipt_id from receipt_line where order_id = any(${orderIds as string[]}::text[])) t
  join receipt r on r.id = t.receipt_id order by r.id`

/** One page, newest first: the two sides are read apart, each along its own index. */
export const selectReceiptPage = (sql: Sql, organisationId: string, filter: GoodsReceiptFilter, size: number) => {
  const side = (mine: 'buyer_id' | 'seller_id', theirs: 'buyer_id' | 'seller_id') => sql`
    (select r.* from receipt r where r.${sql(mine)} = ${organisationId}
      ${filter.partnerId === undefined ? sql`` : sql`and r.${sql(theirs)} = ${filter.partnerId}`}
      ${filter.number === undefined ? sql`` : sql`and r.number = ${filter.number}
        and r.partnership_id in (select p.id from partnership p where p.${sql(mine)} = ${organisationId})`}
      ${filter.orderId === undefined ? sql`` : sql`and r.id in (select receipt_id from receipt_line where order_id = ${filter.orderId})`}
      ${filter.shipmentId === undefined
        ? sql`` : sql`and r.id in (select receipt_id from receipt_line where shipment_id = ${filter.shipmentId})`}
      ${filter.linked === undefined ? sql`` : sql`and r.linked = ${filter.linked}`}
      ${filter.since === undefined ? sql`` : sql`and r.created_at >= ${filter.since}::timestamptz`}
      ${filter.cursor === undefined ? sql`` : sql`and r.id < ${filter.cursor}`}
    order by r.id desc limit ${size})`
  const bought = side('buyer_id', 'seller_id'), sold = side('seller_id', 'buyer_id')
  return sql`
    select ${summaryColumns(sql)}
    from (${filter.role === 'buyer' ? bought : filter.role === 'seller' ? sold : sql`${bought} union all ${sold}`}) r
    order by r.id desc limit ${size}`
}

/** Where a difference stands: by the last answer, as long as what it was given to is what is compared now. */
const differenceState = (sql: Sql) => sql`
  case when e.closed_at is null then
    case when a.action = 'dispute' and a.compared = e.compared then case a.side when 'seller' then 'disputed' else 'upheld' end
      else 'open' end
  when e.resolution is null then 'gone'
  when a.action = 'agree' and a.compared = e.compared then case a.side when 'seller' then 'agreed' else 'conceded' end
  else 'resolved' end`

/** Differences (exceptions of R8) with everything that was said to them, newest first. */
export const selectDifferences = (sql: Sql, filter: Omit<ReceivingDifferenceFilter, 'limit'> & { id?: string }, size: number) =>
  sql<ReceivingDifference[]>`
  select * from (
    select e.id, e.partnership_id as "partnershipId", e.organisation_id as "buyerId", e.counterpart_id as "sellerId", e.code, e.severity,
      ${differenceState(sql)} as state, e.subject_kind as "subjectKind", e.subject_id as "subjectId", e.summary, e.compared, e.evidence,
      e.money_at_risk::text as "moneyAtRisk", e.currency, e.version, ${instantText(sql, 'e.first_seen_at')} as "firstSeenAt",
      ${instantText(sql, 'e.last_seen_at')} as "lastSeenAt",
      (select coalesce(json_agg(json_build_object('sequence', d.sequence, 'side', d.side, 'action', d.action, 'reason', d.reason,
         'compared', d.compared, 'actor', d.actor, 'createdAt', ${instantText(sql, 'd.created_at')}) order by d.sequence), '[]')
       from difference_answer d where d.exception_id = e.id) as answers
    from exception e left join lateral (
      select side, action, compared from difference_answer d where d.exception_id = e.id order by sequence desc limit 1) a on true
    where e.rule = 'R8'
      ${filter.id === undefined ? sql`` : sql`and e.id = ${filter.id}`}
      ${filter.partnershipId === undefined ? sql`` : sql`and e.partnership_id = ${filter.partnershipId}`}
      ${filter.subjectId === undefined ? sql`` : sql`and e.subject_id = ${filter.subjectId}`}
      ${filter.cursor === undefined ? sql`` : sql`and e.id < ${filter.cursor}`}
  ) t ${filter.state === undefined ? sql`` : sql`where t.state = ${filter.state}`}
  order by t.id desc limit ${size}`

export const lockDifference = (sql: Sql, id: string) => sql`select 1 from exception where id = ${id} and rule = 'R8' for update`

export const insertAnswer = (sql: Sql, difference: ReceivingDifference, said: {
  id: string; side: 'buyer' | 'seller'; action: 'agree' | 'dispute'; reason: string | null; actor: string
}, now: Date) => sql`
  insert into difference_answer (id, exception_id, partnership_id, buyer_id, seller_id, sequence, side, action, reason, compared, actor,
    created_at)
  values (${said.id}, ${difference.id}, ${difference.partnershipId}, ${difference.buyerId}, ${difference.sellerId},
    ${difference.answers.length + 1}, ${said.side}, ${said.action}, ${said.reason},
    (select compared from exception where id = ${difference.id}), ${said.actor}, ${now})`
