import type { Sql } from '../db/client.ts'
import type { InvoiceDocument, ShipNoticeDocument } from '../documents/canonical.ts'
import { instantText } from '../orders/read-queries.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { InvoiceFilter } from './schema.ts'

type Sides = { readonly partnershipId: string; readonly buyerId: string; readonly sellerId: string }

export type NewInvoice = Sides & {
  readonly id: string; readonly number: string; readonly type: 'invoice' | 'credit'; readonly invoiceDate: string
  readonly currency: string; readonly total: string; readonly orderId: string | null; readonly orderNumber: string | null
  readonly shipmentId: string | null
  /** The canonical document as JSON text. */
  readonly document: string
  readonly channel: DocumentChannel; readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined
  readonly lines: readonly NewInvoiceLine[]
}
export type NewInvoiceLine = {
  readonly orderLinePosition: number | null; readonly lineNumber: string | null; readonly gtin: string | null
  readonly quantity: string; readonly unit: string; readonly price: string; readonly amount: string
  readonly sourcePosition: number | null
}

/** Inserts those invoices whose (partnership, number) is free, and says which. */
export const insertInvoices = (sql: Sql, invoices: readonly NewInvoice[], now: Date) => sql<{ id: string }[]>`
  insert into invoice (id, partnership_id, buyer_id, seller_id, number, type, invoice_date, currency, total, order_id,
    order_number, shipment_id, document, channel, source_message_id, source_ordinal, created_at)
  select *, ${now}::timestamptz from unnest(
    ${invoices.map(i => i.id)}::text[], ${invoices.map(i => i.partnershipId)}::text[], ${invoices.map(i => i.buyerId)}::text[],
    ${invoices.map(i => i.sellerId)}::text[], ${invoices.map(i => i.number)}::text[], ${invoices.map(i => i.type)}::text[],
    ${invoices.map(i => i.invoiceDate)}::text[]::date[], ${invoices.map(i => i.currency)}::text[],
    ${invoices.map(i => i.total)}::numeric[], ${invoices.map(i => i.orderId)}::text[],
    ${invoices.map(i => i.orderNumber)}::text[], ${invoices.map(i => i.shipmentId)}::text[],
    ${invoices.map(i => i.document)}::text[]::jsonb[], ${invoices.map(i => i.channel)}::text[],
    ${invoices.map(i => i.sourceMessageId ?? null)}::text[], ${invoices.map(i => i.sourceOrdinal ?? null)}::int[])
  on conflict (partnership_id, number) do nothing
  returning id`

export const insertInvoiceLines = (sql: Sql,
  lines: readonly (NewInvoiceLine & Sides & { readonly invoiceId: string; readonly position: number })[]) => sql`
  insert into invoice_line (invoice_id, position, partnership_id, buyer_id, seller_id, order_line_position, line_number, gtin,
    quantity, unit, price, amount, source_position)
  select * from unnest(
    ${lines.map(l => l.invoiceId)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.partnershipId)}::text[],
    ${lines.map(l => l.buyerId)}::text[], ${lines.map(l => l.sellerId)}::text[], ${lines.map(l => l.orderLinePosition)}::int[],
    ${lines.map(l => l.lineNumber)}::text[], ${lines.map(l => l.gtin)}::text[], ${lines.map(l => l.quantity)}::numeric[],
    ${lines.map(l => l.unit)}::text[], ${lines.map(l => l.price)}::numeric[], ${lines.map(l => l.amount)}::numeric[],
    ${lines.map(l => l.sourcePosition)}::int[])`

export type KnownInvoice = { id: string; partnershipId: string; number: string; document: InvoiceDocument }

export const selectKnownInvoices = (sql: Sql, partnershipIds: readonly string[], numbers: readonly string[]) =>
  sql<KnownInvoice[]>`
  select id, partnership_id as "partnershipId", number, document from invoice
  where (partnership_id, number) in (select * from unnest(${partnershipIds as string[]}::text[], ${numbers as string[]}::text[]))`

export const selectShipmentIds = (sql: Sql, partnershipIds: readonly string[], numbers: readonly string[]) =>
  sql<{ id: string; partnershipId: string; number: string }[]>`
  select id, partnership_id as "partnershipId", number from shipment
  where (partnership_id, number) in (select * from unnest(${partnershipIds as string[]}::text[], ${numbers as string[]}::text[]))`

/** A shipment to invoice, with what it ships of which order lines. */
export const selectShipmentToInvoice = (sql: Sql, id: string) => sql<{
  state: 'shipped' | 'cancelled'; document: ShipNoticeDocument; lines: { orderId: string; position: number; quantity: string }[]
}[]>`
  select s.state, s.document, (
    select coalesce(json_agg(json_build_object('orderId', t.order_id, 'position', t.order_line_position,
      'quantity', t.quantity::text)), '[]')
    from (select l.order_id, l.order_line_position, sum(l.quantity) as quantity from shipment_line l
      where l.shipment_id = s.id and l.order_id is not null and l.order_line_position is not null
      group by l.order_id, l.order_line_position order by l.order_id, l.order_line_position) t) as lines
  from shipment s where s.id = ${id}`

const summaryColumns = (sql: Sql) => sql`
  i.id, i.partnership_id as "partnershipId", i.buyer_id as "buyerId", i.seller_id as "sellerId", i.number, i.type,
  i.invoice_date as "invoiceDate", i.currency, i.total, i.order_id as "orderId", i.order_number as "orderNumber",
  i.shipment_id as "shipmentId", i.channel, i.version, ${instantText(sql, 'i.created_at')} as "createdAt"`

const invoiceColumns = (sql: Sql) => sql`
  ${summaryColumns(sql)}, i.document,
  (select coalesce(json_agg(json_build_object('position', l.position, 'orderLinePosition', l.order_line_position,
     'lineNumber', l.line_number, 'gtin', l.gtin, 'quantity', trim_scale(l.quantity)::text, 'unit', l.unit,
     'price', l.price::text, 'amount', l.amount::text) order by l.position), '[]')
   from invoice_line l where l.invoice_id = i.id) as lines`

export const selectInvoices = (sql: Sql, ids: readonly string[]) => sql`
  select ${invoiceColumns(sql)} from invoice i where i.id = any(${ids as string[]}::text[])`

export const selectInvoicesOfOrders = (sql: Sql, orderIds: readonly string[]) => sql`
  select ${invoiceColumns(sql)} from invoice i where i.order_id = any(${orderIds as string[]}::text[]) order by i.id`

/** One page, newest first: the two sides are read apart, each along its own index. */
export const selectInvoicePage = (sql: Sql, organisationId: string, filter: InvoiceFilter, size: number) => {
  const side = (mine: 'buyer_id' | 'seller_id', theirs: 'buyer_id' | 'seller_id') => sql`
    (select i.* from invoice i where i.${sql(mine)} = ${organisationId}
      ${filter.partnerId === undefined ? sql`` : sql`and i.${sql(theirs)} = ${filter.partnerId}`}
      ${filter.number === undefined ? sql`` : sql`and i.number = ${filter.number}
        and i.partnership_id in (select p.id from partnership p where p.${sql(mine)} = ${organisationId})`}
      ${filter.type === undefined ? sql`` : sql`and i.type = ${filter.type}`}
      ${filter.since === undefined ? sql`` : sql`and i.created_at >= ${filter.since}::timestamptz`}
      ${filter.cursor === undefined ? sql`` : sql`and i.id < ${filter.cursor}`}
    order by i.id desc limit ${size})`
  const bought = side('buyer_id', 'seller_id'), sold = side('seller_id', 'buyer_id')
  return sql`
    select ${summaryColumns(sql)}
    from (${filter.role === 'buyer' ? bought : filter.role === 'seller' ? sold : sql`${bought} union all ${sold}`}) i
    order by i.id desc limit ${size}`
}
