import type { Sql } from '../db/client.ts'
import type { DatedEvent, OrderAcknowledgementDocument } from '../documents/canonical.ts'
import { latestCells } from '../forecasts/queries.ts'
import type {
  ChangeFacts,
  ControlConflictFacts,
  ControlGapFacts,
  ForecastCell,
  GroupFacts,
  OrderFacts,
  OrderLineFacts,
  ReceivedFacts,
  ReceivingFacts,
  ShipmentLineFacts,
} from './facts.ts'
import type { PolicyRow } from './policy.ts'

/**
 * Runs on the same subjects are made one after the other, each on what the one before has left. Ids are sorted, or two runs
 * could wait for each other.
 */
export const lockSubjects = (sql: Sql, ids: readonly string[]) =>
  sql`select pg_advisory_xact_lock(hashtextextended('reconcile ' || id, 0)) from unnest(${ids.toSorted()}::text[]) as id`

/** Of partnerships (null: every organisation's own), and of the organisation itself where no partnership is meant. */
export const selectPolicies = (
  sql: Sql,
  rules: readonly string[],
  partnershipIds: readonly string[],
  organisationId: string | null,
) => sql<PolicyRow[]>`
  select id, rule, partnership_id as "partnershipId", partnership_item_id as "partnershipItemId", settings,
    valid_from as "validFrom", valid_to as "validTo"
  from reconciliation_policy
  where rule = any(${rules as string[]}::text[])
    and (partnership_id = any(${partnershipIds as string[]}::text[])
      or (partnership_id is null and buyer_id = ${organisationId}))`

type SourceColumns = { sourceMessageId: string | null; sourceOrdinal: number | null }

/** A line as the facts have it, and the numbers by which an answer may name it. */
export type OrderLineRow = OrderLineFacts & { gtin: string | null; buyerItem: string | null; sellerItem: string | null }
export type OrderRow = Omit<OrderFacts, 'responses' | 'shipments' | 'changes' | 'today' | 'now' | 'source' | 'lines'> &
  SourceColumns & { /** Whether the buyer says in this partnership what it receives. */ receives: boolean; lines: OrderLineRow[]; changes: Omit<ChangeFacts, 'positions'>[] }

/** Which set a document came in, as the facts have it. */
const jsonSource = (sql: Sql, table: string) => sql`
  case when ${sql(table)}.source_message_id is not null then jsonb_build_object('messageId', ${sql(table)}.source_message_id,
    'ordinal', ${sql(table)}.source_ordinal) end`

/** Orders with their lines and changes. Quantities as plain decimals, since a JSON number would not be exact. */
export const selectOrders = (sql: Sql, ids: readonly string[]) => sql<OrderRow[]>`
  select o.id as "orderId", o.partnership_id as "partnershipId", o.buyer_id as "buyerId", o.seller_id as "sellerId", o.number,
    o.order_date as "orderDate", o.currency, o.state, o.document, o.source_message_id as "sourceMessageId",
    o.source_ordinal as "sourceOrdinal",
    exists (select 1 from receipt r where r.partnership_id = o.partnership_id) as receives,
    coalesce((select jsonb_agg(jsonb_build_object('position', l.position, 'lineNumber', l.line_number, 'unit', l.unit,
        'response', l.response, 'price', trim_scale(l.price)::text, 'priceBasis', l.price_basis, 'quantityOrdered', trim_scale(l.quantity_ordered)::text,
        'quantityConfirmed', trim_scale(l.quantity_confirmed)::text, 'quantityCancelled', trim_scale(l.quantity_cancelled)::text,
        'gtin', l.gtin, 'buyerItem', l.buyer_item, 'sellerItem', l.seller_item, 'at', l.source_position,
        'priceConfirmed', trim_scale(l.price_confirmed)::text,
        'change', case when l.change_id is not null then jsonb_build_object('id', l.change_id, 'at', l.change_position, 'source',
          (select ${jsonSource(sql, 'c')} from order_change c where c.id = l.change_id)) end,
        'item', case when i.id is not null then jsonb_build_object('id', i.id, 'gtin', i.gtin, 'unit', i.unit,
          'packQuantity', trim_scale(i.pack_quantity)::text) end
      ) order by l.position)
      from order_line l left join partnership_item i on i.id = l.partnership_item_id where l.order_id = o.id), '[]') as lines,
    coalesce((select jsonb_agg(jsonb_build_object('id', c.id, 'sequence', c.sequence, 'ordinal', c.ordinal, 'state', c.state,
        'decidedAt', coalesce(c.decided_at, c.created_at), 'source', ${jsonSource(sql, 'c')}, 'document', c.document,
        'problems', c.problems,
        'answers', coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'source', ${jsonSource(sql, 'a')},
            'document', a.document) order by a.id) from order_change_answer a where a.change_id = c.id and a.channel <> 'hub'), '[]')
      ) order by c.id) from order_change c where c.order_id = o.id), '[]') as changes
  from purchase_order o where o.id = any(${ids as string[]}::text[]) order by o.id`

export type ResponseRow = SourceColumns & {
  id: string
  orderId: string
  sequence: number
  document: OrderAcknowledgementDocument
}

/** Answers to the order as it stands: those to a version that was replaced since speak of another order. */
export const selectResponses = (sql: Sql, orderIds: readonly string[]) => sql<ResponseRow[]>`
  select id, order_id as "orderId", sequence, document, source_message_id as "sourceMessageId", source_ordinal as "sourceOrdinal"
  from order_response r
  where order_id = any(${orderIds as string[]}::text[])
    and created_at >= coalesce(
      (select max(replaced_at) from order_version v where v.order_id = r.order_id and v.replaced_by = 'replacement'), '-infinity')
  order by order_id, sequence`

export type ShipmentRow = SourceColumns & {
  id: string
  number: string
  state: string
  shipDate: string | null
  estimatedDelivery: string | null
  dates: DatedEvent[]
  lines: ShipmentLineFacts[]
  /** With the positions of the lines in each. */
  packages: (Omit<ReceivingFacts['packages'][number], 'shipmentId'> & { lines: number[] | null })[]
}

/** The shipments that touch these orders, with their packages, and their lines for them and for orders that nobody knows. */
export const selectShipments = (sql: Sql, orderIds: readonly string[]) => sql<ShipmentRow[]>`
  select s.id, s.number, s.state, s.ship_date as "shipDate", s.estimated_delivery as "estimatedDelivery",
    coalesce(s.document->'dates', '[]') as dates,
    s.source_message_id as "sourceMessageId", s.source_ordinal as "sourceOrdinal",
    (select jsonb_agg(jsonb_build_object('position', l.position, 'orderId', l.order_id,
        'orderLinePosition', l.order_line_position, 'orderNumber', l.order_number, 'lineNumber', l.line_number, 'product', coalesce(l.gtin, l.buyer_item, l.seller_item),
        'quantity', trim_scale(l.quantity)::text, 'unit', l.unit, 'at', l.source_position) order by l.position)
      from shipment_line l
      where l.shipment_id = s.id and (l.order_id = any(${orderIds as string[]}::text[]) or l.order_id is null)) as lines,
    coalesce((select jsonb_agg(jsonb_build_object('package', p.package, 'parent', p.parent, 'sscc', p.sscc, 'at', p.source_position,
        'lines', (select jsonb_agg(l.position) from shipment_line l where l.shipment_id = p.shipment_id and l.package = p.package)))
      from shipment_package p where p.shipment_id = s.id), '[]') as packages
  from shipment s
  where s.id in (select shipment_id from shipment_line where order_id = any(${orderIds as string[]}::text[]))
  order by s.id`

export type ReceiptRow = SourceColumns & {
  receiptId: string
  number: string
  receivedOn: string
  lines: (Omit<ReceivedFacts, 'receiptId' | 'number' | 'source' | 'receivedOn' | 'conditions' | 'cartonAt'> & { at: number | null })[]
  /** Of each line of the document. */
  said: { conditions: { code: string }[] | null; packageAt: number | null }[]
}

/** Receipts that stand, with their lines for these orders and those of their shipments that no order is known for. */
export const selectReceipts = (sql: Sql, orderIds: readonly string[]) => sql<ReceiptRow[]>`
  with shipped as materialized (
    select distinct shipment_id from shipment_line where order_id = any(${orderIds as string[]}::text[])
  ), line as materialized (
    select * from receipt_line where order_id = any(${orderIds as string[]}::text[])
    union all
    select l.* from shipped s join receipt_line l using (shipment_id) where l.order_id is null
  )
  select r.id as "receiptId", r.number, r.received_on as "receivedOn", r.source_message_id as "sourceMessageId",
    r.source_ordinal as "sourceOrdinal",
    (select jsonb_agg(jsonb_build_object('position', l.position, 'documentLine', l.document_line, 'orderId', l.order_id,
        'orderLinePosition', l.order_line_position, 'shipmentId', l.shipment_id, 'package', l.package, 'sscc', l.sscc,
        'product', coalesce(l.gtin, l.buyer_item, l.seller_item), 'quantity', trim_scale(l.quantity)::text,
        'damaged', trim_scale(l.quantity_damaged)::text, 'quality', trim_scale(l.quantity_quality)::text,
        'wrong', trim_scale(l.quantity_wrong)::text, 'unit', l.unit, 'at', l.source_position) order by l.position)
      from line l where l.receipt_id = r.id) as lines,
    (select jsonb_agg(jsonb_build_object('conditions', e->'conditions', 'packageAt', e->'packageAt') order by n)
      from jsonb_array_elements(r.document->'lines') with ordinality as t(e, n)) as said
  from receipt r where r.state = 'received' and r.id in (select receipt_id from line) order by r.id`

/**
 * Orders of one buyer that something may still happen to, or that have moved since; oldest first. What is invoiced and has been shipped
 * within three months may still not have been received.
 */
export const selectOrdersToSweep = (sql: Sql, buyerId: string, touchedSince: Date, after: string, limit: number) => sql<
  { id: string }[]
>`
  select id from purchase_order
  where buyer_id = ${buyerId} and id > ${after}
    and (state in ('open', 'accepted', 'changed', 'change_pending', 'partly_shipped', 'shipped') or updated_at >= ${touchedSince}
      or (state = 'invoiced' and updated_at >= ${touchedSince}::timestamptz - interval '90 days'
        and exists (select 1 from order_line l where l.order_id = purchase_order.id and l.quantity_received < l.quantity_shipped)))
  order by id limit ${limit}`

export const selectPartnershipIds = (sql: Sql, buyerId: string) =>
  sql<{ id: string }[]>`select id from partnership where buyer_id = ${buyerId} order by id`

/**
 * Groups that were sent to the organisation and are not settled: no 997 yet, or a bad one. What was sent again since, under a
 * new control number, no longer waits for an answer to the old one. Test groups never count.
 */
export const selectUnsettledGroups = (sql: Sql, organisationId: string) => sql<GroupFacts[]>`
  select g.message_id as "messageId", g.ordinal, g.organisation_id as "organisationId", g.counterpart_id as "counterpartId",
    (select s.partnership_id from message_set s where s.message_id = g.message_id and s.group_ordinal = g.ordinal
      and s.partnership_id is not null limit 1) as "partnershipId",
    g.functional_id as "functionalId", g.control_number as "controlNumber", g.acknowledgement_state as state,
    g.sent_at as "sentAt", g.acknowledgement_message_id as "acknowledgementMessageId"
  from functional_group g
  where g.organisation_id = ${organisationId} and g.direction = 'out' and not g.test and g.sent_at is not null
    and g.acknowledgement_state in ('pending', 'partially_accepted', 'rejected')
    and not exists (
      select 1 from message_set s join delivery d on d.document_id = s.document_id and d.organisation_id = g.organisation_id
      where s.message_id = g.message_id and s.group_ordinal = g.ordinal and d.message_id > g.message_id)
  order by g.message_id, g.ordinal`

/** Interchanges in quarantine because their control number was used before with other content, and what used it. */
export const selectControlConflicts = (sql: Sql, organisationId: string) => sql<ControlConflictFacts[]>`
  select m.organisation_id as "organisationId", k.sender, k.receiver, k.control_number as "controlNumber", k.test,
    m.id as "messageId", m.received_at as "receivedAt", k.message_id as "firstMessageId", k.seen_at as "firstSeenAt"
  from message m cross join jsonb_array_elements(coalesce(m.summary->'interchanges', '[]')) i
    join interchange_key k on k.organisation_id = m.organisation_id and k.sender = i->>'sender' and k.receiver = i->>'receiver'
      and k.control_number = i->>'controlNumber' and k.test = (i->>'test')::boolean
      and (k.message_id <> m.id or k.interchange <> (i->>'ordinal')::int)
  where m.organisation_id = ${organisationId} and m.direction = 'in' and m.error_code is not null and i->>'state' = 'conflict'
  order by m.id`

/** Numbers passed over between two that arrived, by the pair of ids and ISA15. */
export const selectControlGaps = (sql: Sql, organisationId: string, since: Date) => sql<ControlGapFacts[]>`
  select ${organisationId} as "organisationId", sender, receiver, test, before, after,
    (after::bigint - before::bigint - 1)::float8 as missing,
    "beforeMessageId", "afterMessageId", "noticedAt"
  from (
    select sender, receiver, test, control_number as before, message_id as "beforeMessageId",
      lead(control_number) over n as after, lead(message_id) over n as "afterMessageId", greatest(seen_at, lead(seen_at) over n) as "noticedAt"
    from interchange_key
    where organisation_id = ${organisationId} and seen_at >= ${since} and control_number ~ '^[0-9]{1,9}$'
    window n as (partition by sender, receiver, test order by control_number::bigint)
  ) as pairs
  where after::bigint - before::bigint > 1
  order by sender, receiver, test, before::bigint`

/**
 * Opens a cursor over the cells in which the two sides' latest numbers differ, in buckets that end on `today` or later, of all
 * purposes and types of a partnership. One join, whatever the number of points; the rule sees only what differs.
 */
export const openDifferingCells = (sql: Sql, partnershipId: string, today: string) => sql`
  declare differing no scroll cursor for
  with pair as (
    select purpose, type, product, location, bucket_start, bucket_end,
      ${sideColumns(sql, 'b', 'BUYER')}, ${sideColumns(sql, 's', 'SELLER')}
    from (${latestCells(sql, { partnershipId, from: today })}) as cell
    group by purpose, type, product, location, bucket_start, bucket_end
  )
  select f.id as "partnershipId", f.buyer_id as "buyerId", f.seller_id as "sellerId", p.purpose, p.type, p.product, p.location,
    p.bucket_start as "bucketStart", p.bucket_end as "bucketEnd", ${side(sql, 'b')} as buyer, ${side(sql, 's')} as seller,
    case when i.id is not null then jsonb_build_object('id', i.id, 'unit', i.unit,
      'packQuantity', trim_scale(i.pack_quantity)::text, 'price', trim_scale(r.price)::text, 'currency', r.currency) end as item
  from pair p join partnership f on f.id = ${partnershipId}
    left join partnership_item i on i.partnership_id = f.id and i.gtin = p.product
    left join lateral (
      select price, currency from price
      where partnership_item_id = i.id and valid_from <= ${today}::date and (valid_to is null or valid_to >= ${today}::date)
      order by valid_from desc limit 1) r on true
  where p.b_quantity <> p.s_quantity or p.b_unit <> p.s_unit`

type SideName = 'b' | 's'
const sideParts = [
  'forecast_id',
  'version',
  'quantity',
  'unit',
  'source_message_id',
  'source_ordinal',
  'source_position',
] as const

/** One side's number of a cell. There is at most one row of each source, so that any aggregate picks it. */
const sideColumns = (sql: Sql, name: SideName, source: 'BUYER' | 'SELLER') => {
  const [first, ...others] = sideParts.map(
    part => sql`max(${sql(part)}) filter (where source = ${source}) as ${sql(`${name}_${part}`)}`,
  )
  return others.reduce((list, column) => sql`${list}, ${column}`, first!)
}

const side = (sql: Sql, name: SideName) => {
  const column = (part: (typeof sideParts)[number]) => sql(`p.${name}_${part}`)
  return sql`jsonb_build_object('forecastId', ${column('forecast_id')}, 'version', ${column('version')},
    'quantity', trim_scale(${column('quantity')})::text, 'unit', ${column('unit')}, 'at', ${column('source_position')}, 'source', case when ${column('source_message_id')} is not null
      then jsonb_build_object('messageId', ${column('source_message_id')}, 'ordinal', ${column('source_ordinal')}) end)`
}

export const fetchDifferingCells = (sql: Sql) => sql<ForecastCell[]>`fetch 2000 from differing`
export const closeDifferingCells = (sql: Sql) => sql`close differing`
