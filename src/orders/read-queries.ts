import type { Sql } from '../db/client.ts'
import type { LineResponse, OrderFilter } from './schema.ts'

/** Reading orders for people: each function is one statement, which PostgreSQL answers in the shape that the API gives. */

/** An instant as the API writes it, in UTC with milliseconds. */
export const instantText = (sql: Sql, column: string) =>
  sql`to_char(${sql(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const summaryColumns = (sql: Sql) => sql`
  o.id, o.partnership_id as "partnershipId", o.buyer_id as "buyerId", b.name as "buyerName", o.seller_id as "sellerId",
  s.name as "sellerName", o.number, o.release, o.type, o.order_date as "orderDate", o.currency, o.state,
  ${instantText(sql, 'o.respond_by')} as "respondBy", o.ship_to as "shipTo",
  o.ship_not_before as "shipNotBefore", o.ship_no_later as "shipNoLater",
  o.delivery_requested as "deliveryRequested", o.cancel_after as "cancelAfter", o.total_amount as "totalAmount",
  o.line_count as "lineCount", o.channel, o.version, ${instantText(sql, 'o.created_at')} as "createdAt",
  ${instantText(sql, 'o.updated_at')} as "updatedAt"`
const withNames = (sql: Sql) => sql`join organisation b on b.id = o.buyer_id join organisation s on s.id = o.seller_id`

const lineColumns = (sql: Sql) => sql`
  l.position, l.line_number as "lineNumber", l.partnership_item_id as "partnershipItemId", l.gtin, l.buyer_item as "buyerItem",
  l.seller_item as "sellerItem", l.description, l.unit, l.price::text, l.price_basis as "priceBasis", l.response,
  l.price_confirmed::text as "priceConfirmed", l.promised_date as "promisedDate",
  trim_scale(l.quantity_ordered)::text as "quantityOrdered", trim_scale(l.quantity_confirmed)::text as "quantityConfirmed",
  trim_scale(greatest(l.quantity_ordered - l.quantity_shipped - l.quantity_cancelled, 0))::text as "quantityOpen",
  trim_scale(l.quantity_shipped)::text as "quantityShipped", trim_scale(l.quantity_received)::text as "quantityReceived",
  trim_scale(l.quantity_invoiced)::text as "quantityInvoiced", trim_scale(l.quantity_paid)::text as "quantityPaid",
  trim_scale(l.quantity_cancelled)::text as "quantityCancelled"`

/** A line as the table has it: what the document adds and the status are put in by `toLine`. */
export type LineRow = {
  position: number; lineNumber: string; partnershipItemId: string | null; gtin: string | null; buyerItem: string | null
  sellerItem: string | null; description: string | null; unit: string; price: string | null; priceBasis: string | null
  response: LineResponse; priceConfirmed: string | null; promisedDate: string | null; quantityOrdered: string
  quantityConfirmed: string; quantityOpen: string; quantityShipped: string; quantityReceived: string; quantityInvoiced: string
  quantityPaid: string; quantityCancelled: string
}

const responseColumns = (sql: Sql) => sql`
  r.id, r.order_id as "orderId", r.sequence, r.type, r.document, r.channel, r.actor,
  ${instantText(sql, 'r.created_at')} as "createdAt"`

const deliveryColumns = (sql: Sql) => sql`
  d.id, d.organisation_id as "recipientId", d.document, d.document_id as "documentId", d.revision, d.channel, d.state,
  d.message_id as "messageId",
  case m.partner_outcome when 'A' then 'accepted' when 'E' then 'accepted_with_errors' when 'R' then 'rejected'
    else g.acknowledgement_state end as acknowledgement,
  ${instantText(sql, 'g.acknowledged_at')} as "acknowledgedAt", ${instantText(sql, 'd.created_at')} as "createdAt"`

/**
 * Everything about one order in one statement: it is one snapshot, and there is no second trip. The ids of its documents
 * find their deliveries and exceptions.
 */
export const selectOrder = (sql: Sql, id: string) => sql`
  with ship as materialized (
    select distinct shipment_id as id from shipment_line where order_id = ${id}
  ), inv as materialized (
    select i.* from invoice i where i.order_id = ${id}
  ), answer as materialized (
    select r.* from order_response r where r.order_id = ${id}
  ), document as materialized (
    select ${id} as id union all select id from answer union all select id from ship union all select id from inv
    union all select id from order_change where order_id = ${id}
    union all select id from order_change_answer where order_id = ${id}
    union select receipt_id from receipt_line where order_id = ${id}
  )
  select ${summaryColumns(sql)}, o.document,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select ${lineColumns(sql)} from order_line l where l.order_id = ${id} order by l.position) x) as lines,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select ${responseColumns(sql)} from answer r order by r.sequence) x) as responses,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select h.id, h.number, h.state, h.ship_date as "shipDate", h.estimated_delivery as "estimatedDelivery",
        ${instantText(sql, 'h.created_at')} as "createdAt",
        (select coalesce(json_agg(json_build_object('package', p.package, 'parent', p.parent, 'type', p.type,
           'sscc', p.sscc) order by p.package), '[]')
         from shipment_package p where p.shipment_id = h.id and p.package in (
           select l.package from shipment_line l where l.shipment_id = h.id and l.order_id = ${id}
           union select q.parent from shipment_line l
             join shipment_package q on q.shipment_id = l.shipment_id and q.package = l.package
             where l.shipment_id = h.id and l.order_id = ${id})) as packages,
        (select coalesce(json_agg(json_build_object('orderLinePosition', l.order_line_position, 'lineNumber', l.line_number,
          'package', l.package, 'quantity', trim_scale(l.quantity)::text, 'unit', l.unit) order by l.position), '[]')
         from shipment_line l where l.shipment_id = h.id and l.order_id = ${id}) as lines
      from ship join shipment h on h.id = ship.id order by h.id) x) as shipments,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select r.id, r.number, r.state, r.received_on as "receivedOn", ${instantText(sql, 'r.created_at')} as "createdAt",
        json_agg(json_build_object('orderLinePosition', l.order_line_position, 'lineNumber', l.line_number,
          'shipmentId', l.shipment_id, 'sscc', l.sscc, 'quantity', trim_scale(l.quantity)::text,
          'quantityDamaged', trim_scale(l.quantity_damaged)::text, 'unit', l.unit) order by l.position) as lines
      from receipt_line l join receipt r on r.id = l.receipt_id where l.order_id = ${id} group by r.id order by r.id) x) as receipts,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select i.id, i.number, i.type, i.invoice_date as "invoiceDate", i.currency, i.total::text, i.shipment_id as "shipmentId",
        ${instantText(sql, 'i.created_at')} as "createdAt",
        (select coalesce(json_agg(json_build_object('orderLinePosition', l.order_line_position, 'lineNumber', l.line_number,
           'quantity', trim_scale(l.quantity)::text, 'unit', l.unit, 'price', l.price::text,
           'amount', l.amount::text) order by l.position), '[]')
         from invoice_line l where l.invoice_id = i.id) as lines
      from inv i order by i.id) x) as invoices,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select ${deliveryColumns(sql)} from document t join delivery d on d.document_id = t.id
        left join message_set m on m.message_id = d.message_id and m.document_id = d.document_id
        left join functional_group g on g.message_id = m.message_id and g.ordinal = m.group_ordinal
      order by d.id) x) as deliveries,
    (select coalesce(json_agg(row_to_json(x)), '[]') from (
      select e.id, e.rule, e.code, e.severity, e.state, e.subject_kind as "subjectKind", e.subject_id as "subjectId", e.summary,
        e.money_at_risk::text as "moneyAtRisk", e.currency, ${instantText(sql, 'e.first_seen_at')} as "firstSeenAt"
      from document t join exception e on e.subject_id = t.id where e.closed_at is null order by e.id) x) as exceptions
  from purchase_order o ${withNames(sql)} where o.id = ${id}`

export const selectSummaries = (sql: Sql, ids: readonly string[]) => sql`
  select ${summaryColumns(sql)} from purchase_order o ${withNames(sql)} where o.id = any(${ids as string[]}::text[])`

/**
 * One page, newest first. The two sides are read apart and merged, each along its own index; a number goes through the
 * partnerships, whose unique key has it.
 */
export const selectOrderPage = (sql: Sql, organisationId: string, filter: OrderFilter, size: number) => {
  const side = (mine: 'buyer_id' | 'seller_id', theirs: 'buyer_id' | 'seller_id') => sql`
    (select o.* from purchase_order o where o.${sql(mine)} = ${organisationId}
      ${filter.partnerId === undefined ? sql`` : sql`and o.${sql(theirs)} = ${filter.partnerId}`}
      ${filter.number === undefined ? sql`` : sql`and o.number = ${filter.number}
        and o.partnership_id in (select p.id from partnership p where p.${sql(mine)} = ${organisationId})`}
      ${filter.state === undefined ? sql`` : sql`and o.state = ${filter.state}`}
      ${filter.needsAnswer === undefined ? sql`` : filter.needsAnswer
        ? sql`and o.state in ('open', 'change_pending')`
        : sql`and o.state not in ('open', 'change_pending')`}
      ${filter.since === undefined ? sql`` : sql`and o.created_at >= ${filter.since}::timestamptz`}
      ${filter.cursor === undefined ? sql`` : sql`and o.id < ${filter.cursor}`}
    order by o.id desc limit ${size})`
  const bought = side('buyer_id', 'seller_id'), sold = side('seller_id', 'buyer_id')
  return sql`
    select ${summaryColumns(sql)}
    from (${filter.role === 'buyer' ? bought : filter.role === 'seller' ? sold : sql`${bought} union all ${sold}`}) o
    ${withNames(sql)}
    order by o.id desc limit ${size}`
}

/** The lines of many orders, each with what its order's document says of it. */
export const selectLines = (sql: Sql, orderIds: readonly string[]) => sql`
  select l.order_id as "orderId", ${lineColumns(sql)}, d.line as said
  from purchase_order o
  cross join lateral jsonb_array_elements(o.document -> 'lines') with ordinality as d(line, position)
  join order_line l on l.order_id = o.id and l.position = d.position
  where o.id = any(${orderIds as string[]}::text[]) order by l.order_id, l.position`

export const selectResponses = (sql: Sql, orderIds: readonly string[]) => sql`
  select ${responseColumns(sql)} from order_response r
  where r.order_id = any(${orderIds as string[]}::text[]) order by r.order_id, r.sequence`

/** What happened to an order and its documents, and when the other side was told, oldest first. */
export const selectTimeline = (sql: Sql, id: string, limit: number) => sql`
  with document as materialized (
    select o.id from purchase_order o where o.id = ${id}
    union select r.id from order_response r where r.order_id = ${id}
    union select c.id from order_change c where c.order_id = ${id}
    union select a.id from order_change_answer a where a.order_id = ${id}
    union select l.shipment_id from shipment_line l where l.order_id = ${id}
    union select l.receipt_id from receipt_line l where l.order_id = ${id}
    union select i.id from invoice i where i.order_id = ${id}
    union select e.id from exception e where e.subject_id = ${id}
  ), entry as (
    select e.at, e.id, e.type, e.subject_id, e.data from document t join event e on e.subject_id = t.id
    union all
    select d.created_at, d.id, case d.state when 'failed' then 'document.failed' else 'document.sent' end, d.document_id,
      jsonb_build_object('document', d.document, 'recipientId', d.organisation_id, 'channel', d.channel,
        'messageId', d.message_id, 'revision', d.revision)
    from document t join delivery d on d.document_id = t.id
  )
  select ${instantText(sql, 'at')} as at, type, subject_id as "subjectId", data
  from entry order by entry.at, entry.id limit ${limit}`
