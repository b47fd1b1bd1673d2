import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { InvoiceDocument } from '../documents/canonical.ts'
import { itemNumbers } from '../items/service.ts'
import { holdOrdersByNumber, lineFinder, putLine, saveOrders, type Book } from '../orders/book.ts'
import type { HeldOrder } from '../orders/queries.ts'
import { moveQuantity, problem, saysTheSame, type Problem } from '../orders/rules.ts'
import {
  StoredMeanwhile,
  deliverWork,
  orderKey,
  reconcileWork,
  sourceOf,
  tradeOf,
  type Applied,
  type Received,
} from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { moneyText } from '../shared/decimal.ts'
import { newId } from '../shared/ids.ts'
import { insertInvoiceLines, insertInvoices, selectKnownInvoices, selectShipmentIds, type NewInvoice } from './queries.ts'
import { invoicedMove, isCredit, lineAmount, rightTotals, totalIsRight } from './rules.ts'

export const sidesOf = ({ id, buyerId, sellerId }: Partnership) => ({ partnershipId: id, buyerId, sellerId })

/** Writes invoices with their lines: two statements for any number. Gives the ids of those whose number was free. */
export const storeInvoices = async (tx: Tx, invoices: readonly NewInvoice[], now: Date): Promise<Set<string>> => {
  const stored = new Set((await insertInvoices(tx.sql, invoices, now)).map(row => row.id))
  const lines = invoices
    .filter(invoice => stored.has(invoice.id))
    .flatMap(({ id, partnershipId, buyerId, sellerId, lines: own }) =>
      own.map((line, index) => ({ ...line, invoiceId: id, partnershipId, buyerId, sellerId, position: index + 1 })),
    )
  if (lines.length > 0) await insertInvoiceLines(tx.sql, lines)
  return stored
}

export const sentEvent = (partnership: Partnership, invoice: NewInvoice): DomainEvent => ({
  type: 'invoice.sent',
  ...tradeOf(partnership),
  subjectId: invoice.id,
  data: { number: invoice.number, type: invoice.type, orderId: invoice.orderId },
  work: [
    ...deliverWork(partnership, partnership.sellerId, '810', invoice.id, orderKey(partnership.id, invoice.orderId ?? invoice.id)),
    ...(invoice.orderId === null ? [] : [reconcileWork(partnership.id, invoice.orderId)]),
  ],
})

type ReceivedInvoice = Received<InvoiceDocument>

/**
 * Records invoices as they arrived, in their order, and moves the invoiced quantities.
 * - a wrong total (`invoices/total-mismatch`), an order or line that is not here and a strange unit are problems of an invoice
 *   that is kept
 * - the same invoice again: `duplicate`; the same number with another content: `conflict` (`invoices/duplicate-differs`)
 */
export const receiveInvoices = (ctx: Context, documents: readonly ReceivedInvoice[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const partnershipIds = documents.map(d => d.partnership.id)
    const book = await holdOrdersByNumber(
      tx,
      documents.flatMap(({ partnership, document }) =>
        document.orderNumber === undefined ? [] : [{ partnershipId: partnership.id, number: document.orderNumber }],
      ),
    )
    const [invoices, shipments] = await Promise.all([
      selectKnownInvoices(
        tx.sql,
        partnershipIds,
        documents.map(d => d.document.number),
      ),
      selectShipmentIds(
        tx.sql,
        partnershipIds,
        documents.map(d => d.document.shipmentNumber ?? ''),
      ),
    ])
    const known = new Map<string, { id: string; document: InvoiceDocument }>(
      invoices.map(one => [`${one.partnershipId} ${one.number}`, one]),
    )
    const shipmentIds = new Map(shipments.map(one => [`${one.partnershipId} ${one.number}`, one.id]))
    const touched = new Set<HeldOrder>()
    const placed: { invoice: NewInvoice; partnership: Partnership }[] = []
    const applied = documents.map((received): Applied => {
      const { document, partnership } = received
      const key = `${partnership.id} ${document.number}`
      const earlier = known.get(key)
      if (earlier) {
        const same = saysTheSame(earlier.document, document)
        return {
          outcome: same ? 'duplicate' : 'conflict',
          documentKind: 'invoice',
          documentId: earlier.id,
          problems: same
            ? []
            : [
                problem(
                  'invoices/duplicate-differs',
                  `Invoice ${document.number} is here already with another content; it was left as it is.`,
                  document.at,
                ),
              ],
        }
      }
      const { invoice, problems } = place(
        received,
        book,
        shipmentIds.get(`${partnership.id} ${document.shipmentNumber}`) ?? null,
        touched,
      )
      known.set(key, { id: invoice.id, document })
      placed.push({ invoice, partnership })
      return { outcome: 'applied', documentKind: 'invoice', documentId: invoice.id, problems }
    })
    if (placed.length > 0) {
      const stored = await storeInvoices(
        tx,
        placed.map(one => one.invoice),
        ctx.now(),
      )
      // Another transaction has just stored the same number; tried again, this batch will see it.
      if (stored.size < placed.length) throw new StoredMeanwhile('invoice')
      await saveOrders(tx, [...touched], ctx.now())
      await emit(
        tx,
        placed.map(one => sentEvent(one.partnership, one.invoice)),
      )
    }
    return applied
  })

/** The rows of an invoice that arrived; moves the lines of its order. */
const place = (
  received: ReceivedInvoice,
  book: Book,
  shipmentId: string | null,
  touched: Set<HeldOrder>,
): { invoice: NewInvoice; problems: Problem[] } => {
  const { document, partnership } = received
  const problems: Problem[] = []
  const order = book.find(partnership.id, document.orderNumber, document.release)
  if (!order)
    problems.push(
      problem(
        'invoices/unknown-order',
        document.orderNumber === undefined ? 'The invoice names no order.' : `Order ${document.orderNumber} is not here.`,
        document.at,
      ),
    )
  if (!totalIsRight(document))
    problems.push(
      problem(
        'invoices/total-mismatch',
        `The total is ${moneyText(document.total)}; lines, charges and taxes come to ${rightTotals(document).join(' or ')}.`,
        document.totalAt,
      ),
    )
  const find = lineFinder(order?.lines ?? [])
  const lines = document.lines.map(line => {
    const numbers = itemNumbers(line.products)
    const position = find({ lineNumber: line.lineNumber, numbers })
    const ordered = position === undefined ? undefined : order?.lines[position - 1]
    if (order && !ordered)
      problems.push(
        problem('invoices/unknown-line', `Order ${order.number} has no line ${line.lineNumber ?? 'with this item'}.`, line.at),
      )
    if (order && ordered && ordered.unit !== line.unit)
      problems.push(
        problem(
          'invoices/unit-differs',
          `Line ${ordered.lineNumber} was ordered in ${ordered.unit} and is invoiced in ${line.unit}.`,
          line.at,
        ),
      )
    if (order && ordered && ordered.unit === line.unit) {
      putLine(order, { ...ordered, ...moveQuantity(ordered, 'invoiced', invoicedMove(document, line.quantity)) })
      touched.add(order)
    }
    return {
      orderLinePosition: position ?? null,
      lineNumber: line.lineNumber ?? ordered?.lineNumber ?? null,
      gtin: ordered?.gtin ?? numbers.gtin ?? null,
      quantity: line.quantity,
      unit: line.unit,
      price: line.price,
      amount: lineAmount(line),
      sourcePosition: line.at ?? null,
    }
  })
  return {
    invoice: {
      ...sidesOf(partnership),
      id: newId('inv'),
      number: document.number,
      type: isCredit(document) ? 'credit' : 'invoice',
      invoiceDate: document.date,
      currency: document.currency ?? order?.currency ?? 'USD',
      total: document.total,
      orderId: order?.id ?? null,
      orderNumber: document.orderNumber ?? null,
      shipmentId,
      document: JSON.stringify(document),
      channel: received.channel,
      ...sourceOf(received),
      lines,
    },
    problems,
  }
}
