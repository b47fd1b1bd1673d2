import type { Sql } from '../db/client.ts'
import type { PurchaseOrderDocument } from '../documents/canonical.ts'
import { decimal, decimalText } from '../shared/decimal.ts'
import type { LineState } from './rules.ts'
import type { DocumentChannel, LineResponse, OrderState } from './schema.ts'

/** Writing orders: every statement takes any number of rows. Reading for people is in read-queries.ts. */

const nullable = <T>(values: readonly (T | null | undefined)[]): (T | null)[] => values.map(value => value ?? null)

export type NewOrder = {
  readonly id: string; readonly partnershipId: string; readonly buyerId: string; readonly sellerId: string
  readonly number: string; readonly release: string; readonly type: string; readonly orderDate: string; readonly currency: string
  readonly respondBy: string; readonly shipTo: string | null; readonly shipNotBefore: string | null
  readonly shipNoLater: string | null; readonly deliveryRequested: string | null; readonly cancelAfter: string | null
  readonly totalAmount: string; readonly lineCount: number
  /** The canonical document as JSON text. */
  readonly document: string
  readonly channel: DocumentChannel; readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined
}

export type NewOrderLine = {
  readonly order: Pick<NewOrder, 'id' | 'partnershipId' | 'buyerId' | 'sellerId'>
  readonly position: number; readonly lineNumber: string; readonly partnershipItemId: string | undefined
  readonly gtin: string | undefined; readonly buyerItem: string | undefined; readonly sellerItem: string | undefined
  readonly description: string | undefined; readonly unit: string; readonly price: string | undefined
  readonly priceBasis: string | undefined; readonly quantity: string; readonly sourcePosition: number | undefined
}

/**
 * Inserts those orders whose (partnership, number, release) is not there yet, and says which, and whether anything that speaks of them
 * came before them.
 */
export const insertOrders = (sql: Sql, orders: readonly NewOrder[], now: Date) => sql<{ id: string; awaited: boolean }[]>`
  insert into purchase_order (id, partnership_id, buyer_id, seller_id, number, release, type, order_date, currency, state,
    respond_by, ship_to, ship_not_before, ship_no_later, delivery_requested, cancel_after, total_amount, line_count, document,
    channel, source_message_id, source_ordinal, created_at, updated_at)
  select id, partnership, buyer, seller, number, release, type, ordered, currency, 'open', respond_by, ship_to, not_before,
    no_later, requested, after, total, lines, document, channel, message, ordinal, ${now}, ${now}
  from rows from (unnest(
    ${orders.map(o => o.id)}::text[], ${orders.map(o => o.partnershipId)}::text[], ${orders.map(o => o.buyerId)}::text[],
    ${orders.map(o => o.sellerId)}::text[], ${orders.map(o => o.number)}::text[], ${orders.map(o => o.release)}::text[],
    ${orders.map(o => o.type)}::text[], ${orders.map(o => o.orderDate)}::text[]::date[], ${orders.map(o => o.currency)}::text[],
    ${orders.map(o => o.respondBy)}::text[]::timestamptz[], ${orders.map(o => o.shipTo)}::text[],
    ${orders.map(o => o.shipNotBefore)}::text[]::date[], ${orders.map(o => o.shipNoLater)}::text[]::date[],
    ${orders.map(o => o.deliveryRequested)}::text[]::date[], ${orders.map(o => o.cancelAfter)}::text[]::date[],
    ${orders.map(o => o.totalAmount)}::numeric[], ${orders.map(o => o.lineCount)}::int[], ${orders.map(o => o.channel)}::text[],
    ${nullable(orders.map(o => o.sourceMessageId))}::text[], ${nullable(orders.map(o => o.sourceOrdinal))}::int[]),
    jsonb_array_elements(${`[${orders.map(o => o.document).join()}]`}::jsonb)
  ) as t(id, partnership, buyer, seller, number, release, type, ordered, currency, respond_by, ship_to, not_before, no_later,
    requested, after, total, lines, channel, message, ordinal, document)
  on conflict (partnership_id, number, release) do nothing
  returning id, ${awaits(sql)} as awaited`

/** Whether documents, or lines of ship notices, receipts and invoices, wait for an order of this number. */
const awaits = (sql: Sql) => sql`(
  exists (select 1 from waiting_document w where w.partnership_id = purchase_order.partnership_id
    and w.order_number = purchase_order.number)
  or exists (select 1 from shipment_line l where l.partnership_id = purchase_order.partnership_id
    and l.order_number = purchase_order.number and l.order_line_position is null)
  or exists (select 1 from invoice i where i.partnership_id = purchase_order.partnership_id
    and i.order_number = purchase_order.number and i.order_id is null)
  or exists (select 1 from receipt_line l where l.partnership_id = purchase_order.partnership_id
    and l.order_number = purchase_order.number and l.order_line_position is null))`

/** Whether something waits for a change of this order: documents, or lines that it has not had so far. */
export const selectAwaited = (sql: Sql, orderId: string) => sql<{ awaited: boolean }[]>`
  select ${awaits(sql)} or exists (select 1 from invoice i join invoice_line l on l.invoice_id = i.id
    where i.order_id = purchase_order.id and l.order_line_position is null) as awaited
  from purchase_order where id = ${orderId}`

export const insertOrderLines = (sql: Sql, lines: readonly NewOrderLine[]) => sql`
  insert into order_line (order_id, position, partnership_id, buyer_id, seller_id, line_number, partnership_item_id, gtin,
    buyer_item, seller_item, description, unit, price, price_basis, quantity_ordered, source_position)
  select * from unnest(
    ${lines.map(l => l.order.id)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.order.partnershipId)}::text[],
    ${lines.map(l => l.order.buyerId)}::text[], ${lines.map(l => l.order.sellerId)}::text[],
    ${lines.map(l => l.lineNumber)}::text[], ${nullable(lines.map(l => l.partnershipItemId))}::text[],
    ${nullable(lines.map(l => l.gtin))}::text[], ${nullable(lines.map(l => l.buyerItem))}::text[],
    ${nullable(lines.map(l => l.sellerItem))}::text[], ${nullable(lines.map(l => l.description))}::text[],
    ${lines.map(l => l.unit)}::text[], ${nullable(lines.map(l => l.price))}::numeric[],
    ${nullable(lines.map(l => l.priceBasis))}::text[], ${lines.map(l => l.quantity)}::numeric[],
    ${nullable(lines.map(l => l.sourcePosition))}::int[])`

/** A business key of orders. */
export type OrderKey = { readonly partnershipId: string; readonly number: string; readonly release: string }

type KnownDocument = OrderKey & { readonly id: string; readonly document: PurchaseOrderDocument }

/** What orders and their earlier versions say, to compare a document with that has come again. */
export const selectKnownDocuments = (sql: Sql, keys: readonly OrderKey[]) => sql<KnownDocument[]>`
  with known as (
    select o.id, o.partnership_id, o.number, o.release, o.document from purchase_order o
    where (o.partnership_id, o.number, o.release) in (select * from unnest(
      ${keys.map(k => k.partnershipId)}::text[], ${keys.map(k => k.number)}::text[], ${keys.map(k => k.release)}::text[])))
  select id, partnership_id as "partnershipId", number, release, document from known
  union all
  select k.id, k.partnership_id, k.number, k.release, v.document from known k join order_version v on v.order_id = k.id`

/** An order whose row is locked until the transaction ends, with what changes on it. */
export type HeldOrder = OrderKey & {
  readonly id: string; readonly buyerId: string; readonly sellerId: string; readonly currency: string; readonly orderDate: string
  readonly channel: DocumentChannel; document: PurchaseOrderDocument
  state: OrderState; version: number
  /** Answers so far. */
  responseCount: number
  /** Whether changes were made to it: then its lines follow from all that was said, see refolding.ts. */
  changed: boolean
  /** As they are in the database, and as they become. */
  stored: readonly HeldLine[]
  lines: HeldLine[]
}
export type HeldLine = LineState & {
  readonly partnershipItemId: string | null; readonly gtin: string | null; readonly buyerItem: string | null
  readonly sellerItem: string | null; readonly description: string | null
}

const heldColumns = (sql: Sql) => sql`
  o.id, o.partnership_id as "partnershipId", o.buyer_id as "buyerId", o.seller_id as "sellerId", o.number, o.release, o.currency,
  o.order_date as "orderDate", o.channel, o.document, o.state, o.version`
export type HeldRow = Omit<HeldOrder, 'stored' | 'lines' | 'responseCount' | 'changed'>

/** Always in the order of their ids, so that two transactions that hold several orders cannot wait for each other. */
export const lockOrders = (sql: Sql, ids: readonly string[]) => sql<HeldRow[]>`
  select ${heldColumns(sql)} from purchase_order o where o.id = any(${ids as string[]}::text[]) order by o.id for update`

/** By partnership and number, all releases. */
export const lockOrdersByNumber = (sql: Sql, partnershipIds: readonly string[], numbers: readonly string[]) => sql<HeldRow[]>`
  select ${heldColumns(sql)} from purchase_order o
  where (o.partnership_id, o.number) in (
    select * from unnest(${partnershipIds as string[]}::text[], ${numbers as string[]}::text[]))
  order by o.id for update`

type LineRow = {
  orderId: string; position: number; lineNumber: string; partnershipItemId: string | null; gtin: string | null
  buyerItem: string | null; sellerItem: string | null; description: string | null; unit: string; price: string | null
  priceBasis: string | null; response: LineResponse; priceConfirmed: string | null; promisedDate: string | null; ordered: string
  confirmed: string; shipped: string; received: string; invoiced: string; paid: string; cancelled: string
}

export const selectHeldLines = (sql: Sql, orderIds: readonly string[]) => sql<LineRow[]>`
  select order_id as "orderId", position, line_number as "lineNumber", partnership_item_id as "partnershipItemId", gtin,
    buyer_item as "buyerItem", seller_item as "sellerItem", description, unit, price, price_basis as "priceBasis", response,
    price_confirmed as "priceConfirmed", promised_date as "promisedDate", quantity_ordered as ordered,
    quantity_confirmed as confirmed, quantity_shipped as shipped, quantity_received as received, quantity_invoiced as invoiced,
    quantity_paid as paid, quantity_cancelled as cancelled
  from order_line where order_id = any(${orderIds as string[]}::text[]) order by order_id, position`

export const heldLine = (row: LineRow): HeldLine => {
  const { orderId: _order, ordered, confirmed, shipped, received, invoiced, paid, cancelled, ...line } = row
  return {
    ...line,
    ledger: {
      ordered: decimal(ordered), confirmed: decimal(confirmed), shipped: decimal(shipped), received: decimal(received),
      invoiced: decimal(invoiced), paid: decimal(paid), cancelled: decimal(cancelled),
    },
  }
}

/** How often orders have been answered, and whether they were changed. */
export const countResponses = (sql: Sql, orderIds: readonly string[]) => sql<
  { orderId: string; count: number; changed: boolean }[]
>`
  select o.id as "orderId", coalesce((select max(sequence) from order_response r where r.order_id = o.id), 0) as count,
    exists (select 1 from order_change c where c.order_id = o.id and c.ordinal is not null and c.state <> 'replaced') as changed
  from unnest(${orderIds as string[]}::text[]) as o(id)`

export const updateOrders = (sql: Sql, orders: readonly HeldOrder[], now: Date) => sql`
  update purchase_order o set state = t.state, version = t.version, updated_at = ${now}
  from unnest(${orders.map(o => o.id)}::text[], ${orders.map(o => o.state)}::text[],
    ${orders.map(o => o.version)}::int[]) as t(id, state, version)
  where o.id = t.id`

export const updateLines = (sql: Sql, lines: readonly (LineState & { readonly orderId: string })[]) => sql`
  update order_line l set response = t.response, price_confirmed = t.price, promised_date = t.promised,
    quantity_confirmed = t.confirmed, quantity_shipped = t.shipped, quantity_received = t.received,
    quantity_invoiced = t.invoiced, quantity_paid = t.paid, quantity_cancelled = t.cancelled
  from unnest(
    ${lines.map(l => l.orderId)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.response)}::text[],
    ${lines.map(l => l.priceConfirmed)}::numeric[], ${lines.map(l => l.promisedDate)}::text[]::date[],
    ${lines.map(l => decimalText(l.ledger.confirmed))}::numeric[], ${lines.map(l => decimalText(l.ledger.shipped))}::numeric[],
    ${lines.map(l => decimalText(l.ledger.received))}::numeric[], ${lines.map(l => decimalText(l.ledger.invoiced))}::numeric[],
    ${lines.map(l => decimalText(l.ledger.paid))}::numeric[], ${lines.map(l => decimalText(l.ledger.cancelled))}::numeric[]
  ) as t(order_id, position, response, price, promised, confirmed, shipped, received, invoiced, paid, cancelled)
  where l.order_id = t.order_id and l.position = t.position`

/** Keeps the document that is about to be replaced or cancelled, under its version. */
export const keepVersion = (sql: Sql, orderId: string, replacedBy: string, now: Date) => sql`
  insert into order_version (order_id, version, partnership_id, buyer_id, seller_id, document, replaced_at, replaced_by)
  select id, version, partnership_id, buyer_id, seller_id, document, ${now}, ${replacedBy}
  from purchase_order where id = ${orderId}`

/** The document of a cancelled order says so (BEG01 01), so that the seller can be told from it. */
export const markCancelled = (sql: Sql, orderId: string) => sql`
  update purchase_order set document = jsonb_set(document, '{purpose}', '"01"') where id = ${orderId}`

export const deleteLines = (sql: Sql, orderId: string) => sql`delete from order_line where order_id = ${orderId}`

/** Puts another document in the place of an order's. State is open again. */
export const replaceOrder = (sql: Sql, id: string, order: NewOrder, version: number, now: Date) => sql`
  update purchase_order set type = ${order.type}, order_date = ${order.orderDate}, currency = ${order.currency}, state = 'open',
    respond_by = ${order.respondBy}, ship_to = ${order.shipTo}, ship_not_before = ${order.shipNotBefore},
    ship_no_later = ${order.shipNoLater}, delivery_requested = ${order.deliveryRequested}, cancel_after = ${order.cancelAfter},
    total_amount = ${order.totalAmount}, line_count = ${order.lineCount}, document = ${order.document},
    channel = ${order.channel}, source_message_id = ${order.sourceMessageId ?? null},
    source_ordinal = ${order.sourceOrdinal ?? null}, version = ${version}, updated_at = ${now}
  where id = ${id}`

export type NewResponse = {
  readonly id: string; readonly order: Pick<HeldOrder, 'id' | 'partnershipId' | 'buyerId' | 'sellerId'>; readonly sequence: number
  readonly type: string; readonly document: string; readonly channel: DocumentChannel
  readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined
}

export const insertResponses = (sql: Sql, responses: readonly NewResponse[], actor: string, now: Date) => sql`
  insert into order_response (id, order_id, partnership_id, buyer_id, seller_id, sequence, type, document, channel,
    source_message_id, source_ordinal, actor, created_at)
  select *, ${actor}, ${now}::timestamptz from unnest(
    ${responses.map(r => r.id)}::text[], ${responses.map(r => r.order.id)}::text[],
    ${responses.map(r => r.order.partnershipId)}::text[], ${responses.map(r => r.order.buyerId)}::text[],
    ${responses.map(r => r.order.sellerId)}::text[], ${responses.map(r => r.sequence)}::int[],
    ${responses.map(r => r.type)}::text[], ${responses.map(r => r.document)}::text[]::jsonb[],
    ${responses.map(r => r.channel)}::text[], ${nullable(responses.map(r => r.sourceMessageId))}::text[],
    ${nullable(responses.map(r => r.sourceOrdinal))}::int[])`

/** The latest answer to each of the orders, to recognise one that is sent again. */
export const selectLatestResponses = (sql: Sql, orderIds: readonly string[]) =>
  sql<{ orderId: string; id: string; document: unknown }[]>`
  select distinct on (order_id) order_id as "orderId", id, document from order_response
  where order_id = any(${orderIds as string[]}::text[]) order by order_id, sequence desc`
