import type { Tx } from '../db/client.ts'
import { recordProblems } from '../exceptions/service.ts'
import { lineFinder, putLine, type Book } from '../orders/book.ts'
import type { HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import type { Partnership } from '../partners/schema.ts'

type Unplaced = {
  shipmentId: string; position: number; lineNumber: string | null; gtin: string | null; buyerItem: string | null
  sellerItem: string | null; quantity: string; unit: string; sourceMessageId: string | null; sourceOrdinal: number | null
}

/**
 * Ship notices that came before their order, or before the change that adds the line: what they shipped is moved on the lines of the
 * orders in the book, and what was said to be odd about it is so no longer. Gives the orders that it moved; the caller saves them.
 */
export const linkShipments = async (
  tx: Tx,
  book: Book,
  partnership: Partnership,
  orderNumber: string,
  now: Date,
): Promise<Set<HeldOrder>> => {
  const moved = new Set<HeldOrder>()
  const order = book.find(partnership.id, orderNumber, undefined)
  if (!order) return moved
  const rows = await tx.sql<Unplaced[]>`
    select l.shipment_id as "shipmentId", l.position, l.line_number as "lineNumber", l.gtin, l.buyer_item as "buyerItem",
      l.seller_item as "sellerItem", l.quantity::text, l.unit, s.source_message_id as "sourceMessageId",
      s.source_ordinal as "sourceOrdinal"
    from shipment_line l join shipment s on s.id = l.shipment_id
    where l.partnership_id = ${partnership.id} and l.order_number = ${orderNumber} and l.order_line_position is null
      and s.state <> 'cancelled'
    order by l.shipment_id, l.position for update of l`
  if (rows.length === 0) return moved
  const find = lineFinder(order.lines)
  const placed = rows.map(row => {
    const position = find({
      lineNumber: row.lineNumber ?? undefined,
      numbers: { gtin: row.gtin ?? undefined, buyerItem: row.buyerItem ?? undefined, sellerItem: row.sellerItem ?? undefined },
    })
    const line = position === undefined ? undefined : order.lines[position - 1]
    if (line && line.unit === row.unit) putLine(order, { ...line, ...moveQuantity(line, 'shipped', row.quantity) })
    return { ...row, orderLine: line?.position ?? null }
  })
  moved.add(order)
  await tx.sql`
    update shipment_line l set order_id = ${order.id}, order_line_position = t.line
    from unnest(${placed.map(row => row.shipmentId)}::text[], ${placed.map(row => row.position)}::int[],
      ${placed.map(row => row.orderLine)}::int[]) as t(shipment, position, line)
    where l.shipment_id = t.shipment and l.position = t.position`
  await recordProblems(
    tx,
    now,
    [...new Map(placed.map(row => [row.shipmentId, row])).values()].map(shipment => ({
      organisationId: partnership.buyerId,
      counterpartId: partnership.sellerId,
      partnershipId: partnership.id,
      side: 'seller' as const,
      documentKind: 'shipment' as const,
      documentId: shipment.shipmentId,
      ...(shipment.sourceMessageId !== null
        && shipment.sourceOrdinal !== null && {
          source: { messageId: shipment.sourceMessageId, ordinal: shipment.sourceOrdinal },
        }),
      problems: placed
        .filter(row => row.shipmentId === shipment.shipmentId && row.orderLine === null)
        .map(row => ({
          code: 'shipments/unknown-line',
          detail: `Order ${orderNumber} has no line ${row.lineNumber ?? 'with this item'}.`,
        })),
    })),
    ['shipments/unknown-order', 'shipments/unknown-line'],
  )
  return moved
}
