import type { Tx } from '../db/client.ts'
import { recordProblems } from '../exceptions/service.ts'
import { itemNumbers } from '../items/service.ts'
import { lineFinder, putLine, type Book } from '../orders/book.ts'
import type { InvoiceDocument } from '../documents/canonical.ts'
import type { HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import type { Partnership } from '../partners/schema.ts'
import { invoicedMove } from './rules.ts'

type Unplaced = {
  invoiceId: string; orderId: string | null; document: InvoiceDocument; sourceMessageId: string | null
  sourceOrdinal: number | null; positions: number[]
}

/**
 * Invoices that came before their order, or before the change that adds a line of it: what they charge is moved on the lines of the
 * orders in the book, and what was said to be odd about it is so no longer. Gives the orders that it moved; the caller saves them.
 */
export const linkInvoices = async (
  tx: Tx,
  book: Book,
  partnership: Partnership,
  orderNumber: string,
  now: Date,
): Promise<Set<HeldOrder>> => {
  const moved = new Set<HeldOrder>()
  const rows = await tx.sql<Unplaced[]>`
    select i.id as "invoiceId", i.order_id as "orderId", i.document, i.source_message_id as "sourceMessageId",
      i.source_ordinal as "sourceOrdinal", u.positions
    from invoice i cross join lateral (
      select array_agg(l.position order by l.position) as positions from invoice_line l
      where l.invoice_id = i.id and l.partnership_id = i.partnership_id and l.order_line_position is null) u
    where i.partnership_id = ${partnership.id} and u.positions is not null
      and ((i.order_id is null and i.order_number = ${orderNumber})
        or i.order_id = any(${book.orders.map(order => order.id)}::text[]))
    order by i.id for update of i`
  for (const row of rows) {
    const order = book.orders.find(one => one.id === row.orderId) ?? book.find(partnership.id, orderNumber, row.document.release)
    if (!order) continue
    const find = lineFinder(order.lines)
    const placed = row.positions.map(position => {
      const said = row.document.lines[position - 1]
      const found = said && find({ lineNumber: said.lineNumber, numbers: itemNumbers(said.products) })
      const line = found === undefined ? undefined : order.lines[found - 1]
      if (said && line && line.unit === said.unit)
        putLine(order, { ...line, ...moveQuantity(line, 'invoiced', invoicedMove(row.document, said.quantity)) })
      return { position, lineNumber: said?.lineNumber, line: line?.position ?? null }
    })
    moved.add(order)
    await tx.sql`update invoice set order_id = ${order.id} where id = ${row.invoiceId} and order_id is null`
    await tx.sql`
      update invoice_line l set order_line_position = t.line
      from unnest(${placed.map(one => one.position)}::int[], ${placed.map(one => one.line)}::int[]) as t(position, line)
      where l.invoice_id = ${row.invoiceId} and l.position = t.position`
    await recordProblems(
      tx,
      now,
      [
        {
          organisationId: partnership.buyerId,
          counterpartId: partnership.sellerId,
          partnershipId: partnership.id,
          side: 'seller',
          documentKind: 'invoice',
          documentId: row.invoiceId,
          ...(row.sourceMessageId !== null
            && row.sourceOrdinal !== null && { source: { messageId: row.sourceMessageId, ordinal: row.sourceOrdinal } }),
          problems: placed
            .filter(one => one.line === null)
            .map(one => ({
              code: 'invoices/unknown-line',
              detail: `Order ${order.number} has no line ${one.lineNumber ?? 'with this item'}.`,
            })),
        },
      ],
      ['invoices/unknown-order', 'invoices/unknown-line'],
    )
  }
  return moved
}
