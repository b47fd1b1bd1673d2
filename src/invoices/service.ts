import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { InvoiceDocument, ShipNoticeDocument } from '../documents/canonical.ts'
import { invoiceFor } from '../documents/turnaround.ts'
import { authorise } from '../identity/rules.ts'
import { itemNumbers } from '../items/service.ts'
import { holdOrders, holdOrdersByNumber, lineFinder, putLine, saveOrders, type Book } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { moveQuantity, problem, saysTheSame, type Problem } from '../orders/rules.ts'
import { grouped } from '../orders/service.ts'
import { deliverWork, enteredBy, orderKey, reconcileWork, sourceOf, tradeOf, type Applied, type Received } from '../orders/work.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import type { Partnership } from '../partners/schema.ts'
import { getPartnership } from '../partners/service.ts'
import { Decimal, decimal, decimalText, moneyText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import {
  insertInvoiceLines, insertInvoices, selectInvoicePage, selectInvoices, selectInvoicesOfOrders, selectKnownInvoices, selectShipmentIds,
  selectShipmentToInvoice, type NewInvoice,
} from './queries.ts'
import { invoicedMove, invoiceTotal, isCredit, lineAmount, rightTotals, totalIsRight } from './rules.ts'
import type { Invoice, InvoiceFilter, InvoiceInput, InvoicePage } from './schema.ts'

type ToInvoice = { line: HeldLine; quantity: Decimal; price: string | undefined }

/**
 * The seller invoices a shipment, or what was shipped of an order, by portal or API; or credits what was invoiced. Prices are the
 * confirmed or else the ordered ones unless given. The buyer is told by an 810.
 * @throws DomainError record/not-found, identity/forbidden, orders/unknown-line, invoices/over-shipped-quantity, invoices/no-price
 *   (each names the line), invoices/nothing-to-invoice, invoices/total-mismatch, record/conflict (the number is taken)
 */
export const createInvoice = async (ctx: Context, input: InvoiceInput): Promise<Invoice> => {
  authorise(ctx.actor, 'invoices.create')
  return withOrganisation(ctx, async tx => {
    const shipment = input.shipmentId === undefined ? undefined : await shipmentToInvoice(tx, input.shipmentId)
    const order = await orderToInvoice(ctx, tx, input, shipment)
    const partnership = await getPartnership({ ...ctx, db: tx }, order.partnershipId)
    const lines = linesToInvoice(order, input, shipment)
    const document = documentOf(order, input, shipment, lines, ctx.now())
    const invoice: NewInvoice = {
      ...sidesOf(partnership), id: newId('inv'), number: document.number, type: input.type ?? 'invoice', invoiceDate: document.date,
      currency: order.currency, total: document.total, orderId: order.id, orderNumber: order.number, shipmentId: input.shipmentId ?? null,
      document: JSON.stringify(document), channel: enteredBy(ctx.actor), ...sourceOf({}),
      lines: document.lines.map((line, index) => ({
        orderLinePosition: lines[index]?.line.position ?? null, lineNumber: line.lineNumber ?? null, gtin: lines[index]?.line.gtin ?? null,
        quantity: line.quantity, unit: line.unit, price: line.price, amount: lineAmount(line), sourcePosition: null,
      })),
    }
    if ((await storeInvoices(tx, [invoice], ctx.now())).size === 0)
      throw new DomainError('record/conflict', { detail: `Invoice ${input.number} is here already.`, number: input.number })
    for (const { line, quantity } of lines) putLine(order, { ...line, ...moveQuantity(line, 'invoiced', invoicedMove(document, decimalText(quantity))) })
    await saveOrders(tx, [order], ctx.now())
    await emit(tx, [sentEvent(partnership, invoice)])
    return getInvoice({ ...ctx, db: tx }, invoice.id)
  })
}

type ShipmentToInvoice = { document: ShipNoticeDocument; lines: { orderId: string; position: number; quantity: string }[] }

const shipmentToInvoice = async (tx: Tx, id: string): Promise<ShipmentToInvoice> => {
  const [shipment] = await selectShipmentToInvoice(tx.sql, id)
  if (!shipment) throw new DomainError('record/not-found', { kind: 'shipment', id })
  if (shipment.state === 'cancelled') throw new DomainError('invoices/nothing-to-invoice', { detail: 'The shipment has been taken back.', shipmentId: id })
  return shipment
}

const orderToInvoice = async (ctx: Context, tx: Tx, input: InvoiceInput, shipment: ShipmentToInvoice | undefined): Promise<HeldOrder> => {
  const shipped = [...new Set(shipment?.lines.map(line => line.orderId))]
  const id = input.orderId ?? (shipped.length === 1 ? shipped[0] : undefined)
  if (id === undefined)
    throw new DomainError('request/invalid', { detail: shipped.length > 1 ? 'The shipment is of several orders: say which one to invoice.' : 'Name the shipment or the order to invoice.', orderIds: shipped })
  if (shipment && !shipped.includes(id)) throw new DomainError('invoices/nothing-to-invoice', { detail: 'Nothing of this order is in the shipment.', orderId: id })
  const [order] = await holdOrders(tx, [id])
  if (!order) throw new DomainError('record/not-found', { kind: 'order', id })
  if (order.sellerId !== ctx.actor.organisationId) throw new DomainError('identity/forbidden', { detail: 'Only the seller invoices an order.', orderId: id })
  return order
}

/** What can be invoiced of a line: what was shipped and is not invoiced yet; of a credit, what was invoiced. */
const mostOf = (line: HeldLine, credit: boolean): Decimal =>
  credit ? line.ledger.invoiced : Decimal.max(line.ledger.shipped.minus(line.ledger.invoiced), 0)

const linesToInvoice = (order: HeldOrder, input: InvoiceInput, shipment: ShipmentToInvoice | undefined): ToInvoice[] => {
  const credit = input.type === 'credit'
  if (input.lines === undefined) {
    const inShipment = shipment && new Map(shipment.lines.filter(line => line.orderId === order.id).map(line => [line.position, line.quantity]))
    const lines = order.lines.flatMap(line => {
      const quantity = inShipment ? Decimal.min(mostOf(line, credit), inShipment.get(line.position) ?? 0) : mostOf(line, credit)
      return quantity.gt(0) ? [{ line, quantity, price: undefined }] : []
    })
    if (lines.length === 0) throw new DomainError('invoices/nothing-to-invoice', { orderId: order.id })
    return lines
  }
  const taken = new Map<HeldLine, ToInvoice>()
  for (const { lineNumber, quantity, price } of input.lines) {
    const line = order.lines.find(one => one.lineNumber === lineNumber)
    if (!line) throw new DomainError('orders/unknown-line', { detail: `Order ${order.number} has no line ${lineNumber}.`, line: lineNumber })
    if (taken.has(line)) throw new DomainError('request/invalid', { detail: `Line ${lineNumber} is listed twice.`, line: lineNumber })
    const most = mostOf(line, credit)
    if (decimal(quantity).gt(most))
      throw new DomainError('invoices/over-shipped-quantity', {
        detail: `Line ${lineNumber}: at most ${decimalText(most)} can be ${credit ? 'credited' : 'invoiced'}, not ${quantity}.`, line: lineNumber, most: decimalText(most),
      })
    taken.set(line, { line, quantity: decimal(quantity), price })
  }
  return [...taken.values()]
}

const documentOf = (order: HeldOrder, input: InvoiceInput, shipment: ShipmentToInvoice | undefined, lines: readonly ToInvoice[], now: Date): InvoiceDocument => {
  const notice = shipment?.document
  const shippedOn = notice?.dates.find(event => event.qualifier === '011')?.date
  const document = invoiceFor(order.document, {
    number: input.number, date: input.invoiceDate ?? now.toISOString().slice(0, 10), total: '0', currency: order.currency,
    type: input.type === 'credit' ? 'CR' : 'DI',
    lines: lines.map(({ line, quantity, price = line.priceConfirmed ?? line.price ?? undefined }) => {
      if (price === undefined) throw new DomainError('invoices/no-price', { detail: `Line ${line.lineNumber} has no price to invoice at.`, line: line.lineNumber })
      return { position: line.position, quantity: decimalText(quantity), price }
    }),
    ...(notice && {
      shipment: {
        number: notice.number, references: notice.references, ...(shippedOn !== undefined && { shippedOn }), ...(notice.carrier && { carrier: notice.carrier }),
      },
    }),
    ...(input.allowancesCharges && { allowancesCharges: input.allowancesCharges }),
    ...(input.taxes && { taxes: input.taxes }),
    ...(input.notes && { notes: input.notes }),
  })
  const total = invoiceTotal(document)
  if (input.total !== undefined && !decimal(input.total).eq(total))
    throw new DomainError('invoices/total-mismatch', { detail: `The lines, charges and taxes come to ${total}, not ${input.total}.`, expected: total, given: input.total })
  return { ...document, total }
}

const sidesOf = ({ id, buyerId, sellerId }: Partnership) => ({ partnershipId: id, buyerId, sellerId })

/** Writes invoices with their lines: two statements for any number. Gives the ids of those whose number was free. */
const storeInvoices = async (tx: Tx, invoices: readonly NewInvoice[], now: Date): Promise<Set<string>> => {
  const stored = new Set((await insertInvoices(tx.sql, invoices, now)).map(row => row.id))
  const lines = invoices.filter(invoice => stored.has(invoice.id)).flatMap(({ id, partnershipId, buyerId, sellerId, lines: own }) =>
    own.map((line, index) => ({ ...line, invoiceId: id, partnershipId, buyerId, sellerId, position: index + 1 })))
  if (lines.length > 0) await insertInvoiceLines(tx.sql, lines)
  return stored
}

const sentEvent = (partnership: Partnership, invoice: NewInvoice): DomainEvent => ({
  type: 'invoice.sent', ...tradeOf(partnership), subjectId: invoice.id,
  data: { number: invoice.number, type: invoice.type, orderId: invoice.orderId },
  work: [
    ...deliverWork(partnership, partnership.sellerId, '810', invoice.id, orderKey(partnership.id, invoice.orderId ?? invoice.id)),
    ...(invoice.orderId === null ? [] : [reconcileWork(partnership.id, invoice.orderId)]),
  ],
})

type ReceivedInvoice = Received<InvoiceDocument>

/**
 * Records invoices as they arrived, in their order, and moves the invoiced quantities.
 * - a wrong total (`invoices/total-mismatch`), an order or line that is not here and a strange unit are problems of an invoice that is kept
 * - the same invoice again: `duplicate`; the same number with another content: `conflict` (`invoices/duplicate-differs`)
 */
export const receiveInvoices = (ctx: Context, documents: readonly ReceivedInvoice[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const partnershipIds = documents.map(d => d.partnership.id)
    const book = await holdOrdersByNumber(tx, documents.flatMap(({ partnership, document }) =>
      (document.orderNumber === undefined ? [] : [{ partnershipId: partnership.id, number: document.orderNumber }])))
    const [invoices, shipments] = await Promise.all([
      selectKnownInvoices(tx.sql, partnershipIds, documents.map(d => d.document.number)),
      selectShipmentIds(tx.sql, partnershipIds, documents.map(d => d.document.shipmentNumber ?? '')),
    ])
    const known = new Map<string, { id: string; document: InvoiceDocument }>(invoices.map(one => [`${one.partnershipId} ${one.number}`, one]))
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
          outcome: same ? 'duplicate' : 'conflict', documentKind: 'invoice', documentId: earlier.id,
          problems: same ? [] : [problem('invoices/duplicate-differs', `Invoice ${document.number} is here already with another content; it was left as it is.`, document.at)],
        }
      }
      const { invoice, problems } = place(received, book, shipmentIds.get(`${partnership.id} ${document.shipmentNumber}`) ?? null, touched)
      known.set(key, { id: invoice.id, document })
      placed.push({ invoice, partnership })
      return { outcome: 'applied', documentKind: 'invoice', documentId: invoice.id, problems }
    })
    if (placed.length > 0) {
      const stored = await storeInvoices(tx, placed.map(one => one.invoice), ctx.now())
      // Another transaction has just stored the same number; tried again, this batch will see it.
      if (stored.size < placed.length) throw new Error('an invoice of this batch was stored by someone else at the same time')
      await saveOrders(tx, [...touched], ctx.now())
      await emit(tx, placed.map(one => sentEvent(one.partnership, one.invoice)))
    }
    return applied
  })

/** The rows of an invoice that arrived; moves the lines of its order. */
const place = (received: ReceivedInvoice, book: Book, shipmentId: string | null, touched: Set<HeldOrder>): { invoice: NewInvoice; problems: Problem[] } => {
  const { document, partnership } = received
  const problems: Problem[] = []
  const order = book.find(partnership.id, document.orderNumber, document.release)
  if (!order) problems.push(problem('invoices/unknown-order', document.orderNumber === undefined ? 'The invoice names no order.' : `Order ${document.orderNumber} is not here.`, document.at))
  if (!totalIsRight(document))
    problems.push(problem('invoices/total-mismatch', `The invoice says ${moneyText(document.total)}; its lines, charges and taxes come to ${rightTotals(document).join(' or ')}.`, document.totalAt))
  const find = lineFinder(order?.lines ?? [])
  const lines = document.lines.map(line => {
    const numbers = itemNumbers(line.products)
    const position = find({ lineNumber: line.lineNumber, numbers })
    const ordered = position === undefined ? undefined : order?.lines[position - 1]
    if (order && !ordered) problems.push(problem('invoices/unknown-line', `Order ${order.number} has no line ${line.lineNumber ?? 'with this item'}.`, line.at))
    if (order && ordered && ordered.unit !== line.unit)
      problems.push(problem('invoices/unit-differs', `Line ${ordered.lineNumber} was ordered in ${ordered.unit} and is invoiced in ${line.unit}.`, line.at))
    if (order && ordered && ordered.unit === line.unit) {
      putLine(order, { ...ordered, ...moveQuantity(ordered, 'invoiced', invoicedMove(document, line.quantity)) })
      touched.add(order)
    }
    return {
      orderLinePosition: position ?? null, lineNumber: line.lineNumber ?? ordered?.lineNumber ?? null, gtin: ordered?.gtin ?? numbers.gtin ?? null,
      quantity: line.quantity, unit: line.unit, price: line.price, amount: lineAmount(line), sourcePosition: line.at ?? null,
    }
  })
  return {
    invoice: {
      ...sidesOf(partnership), id: newId('inv'), number: document.number, type: isCredit(document) ? 'credit' : 'invoice', invoiceDate: document.date,
      currency: document.currency ?? order?.currency ?? 'USD', total: document.total, orderId: order?.id ?? null, orderNumber: document.orderNumber ?? null,
      shipmentId, document: JSON.stringify(document), channel: received.channel, ...sourceOf(received), lines,
    },
    problems,
  }
}

type InvoiceRow = Omit<Invoice, 'references' | 'allowancesCharges' | 'taxes' | 'notes'> & { document: InvoiceDocument }

const toInvoice = ({ document, ...row }: InvoiceRow): Invoice => ({
  ...row, references: document.references, allowancesCharges: document.allowancesCharges ?? [], taxes: document.taxes ?? [], notes: document.notes ?? [],
})

/**
 * An invoice with its lines: one statement.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getInvoice = async (ctx: Context, id: string): Promise<Invoice> => {
  const [invoice] = await invoicesByIds(ctx, [id])
  if (!invoice) throw new DomainError('record/not-found', { kind: 'invoice', id })
  return invoice
}

/** The invoices of the actor's organisation, newest first. */
export const listInvoices = async (ctx: Context, filter: InvoiceFilter = {}): Promise<InvoicePage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectInvoicePage(sql, ctx.actor.organisationId, filter, size + 1))
  return pageOf(rows as unknown as InvoicePage['items'], size)
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const invoicesByIds = async (ctx: Context, ids: readonly string[]): Promise<(Invoice | undefined)[]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectInvoices(sql, ids)) as unknown as InvoiceRow[]
  const byId = new Map(rows.map(row => [row.id, toInvoice(row)]))
  return ids.map(id => byId.get(id))
}

export const invoicesByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<Invoice[][]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectInvoicesOfOrders(sql, ids)) as unknown as InvoiceRow[]
  return grouped(ids, rows, row => row.orderId ?? '').map(group => group.map(toInvoice))
}
