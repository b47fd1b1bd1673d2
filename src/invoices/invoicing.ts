import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { InvoiceDocument, ShipNoticeDocument } from '../documents/canonical.ts'
import { invoiceFor } from '../documents/turnaround.ts'
import { holdOrders, putLine, saveOrders } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { moveQuantity } from '../orders/rules.ts'
import { enteredBy, sourceOf } from '../orders/work.ts'
import { getPartnership } from '../partners/service.ts'
import { Decimal, decimal, decimalText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { selectShipmentToInvoice, type NewInvoice } from './queries.ts'
import { sentEvent, sidesOf, storeInvoices } from './receiving.ts'
import { invoicedMove, invoiceTotal, lineAmount } from './rules.ts'
import type { InvoiceInput } from './schema.ts'

type ToInvoice = { line: HeldLine; quantity: Decimal; price: string | undefined }

/**
 * What `createInvoice` of service.ts does, in one transaction with whatever the caller does there. Gives the id of the invoice.
 */
export const makeInvoice = async (ctx: Context, tx: Tx, input: InvoiceInput): Promise<string> => {
  const shipment = input.shipmentId === undefined ? undefined : await shipmentToInvoice(tx, input.shipmentId)
  const order = await orderToInvoice(ctx, tx, input, shipment)
  const partnership = await getPartnership({ ...ctx, db: tx }, order.partnershipId)
  const lines = linesToInvoice(order, input, shipment)
  const document = documentOf(order, input, shipment, lines, ctx.now())
  const invoice: NewInvoice = {
    ...sidesOf(partnership),
    id: newId('inv'),
    number: document.number,
    type: input.type ?? 'invoice',
    invoiceDate: document.date,
    currency: order.currency,
    total: document.total,
    orderId: order.id,
    orderNumber: order.number,
    shipmentId: input.shipmentId ?? null,
    document: JSON.stringify(document),
    channel: enteredBy(ctx.actor),
    ...sourceOf({}),
    lines: document.lines.map((line, index) => ({
      orderLinePosition: lines[index]?.line.position ?? null,
      lineNumber: line.lineNumber ?? null,
      gtin: lines[index]?.line.gtin ?? null,
      quantity: line.quantity,
      unit: line.unit,
      price: line.price,
      amount: lineAmount(line),
      sourcePosition: null,
    })),
  }
  if ((await storeInvoices(tx, [invoice], ctx.now())).size === 0)
    throw new DomainError('record/conflict', { detail: `Invoice ${input.number} is here already.`, number: input.number })
  for (const { line, quantity } of lines)
    putLine(order, { ...line, ...moveQuantity(line, 'invoiced', invoicedMove(document, decimalText(quantity))) })
  await saveOrders(tx, [order], ctx.now())
  await emit(tx, [sentEvent(partnership, invoice)])
  return invoice.id
}

type ShipmentToInvoice = { document: ShipNoticeDocument; lines: { orderId: string; position: number; quantity: string }[] }

const shipmentToInvoice = async (tx: Tx, id: string): Promise<ShipmentToInvoice> => {
  const [shipment] = await selectShipmentToInvoice(tx.sql, id)
  if (!shipment) throw new DomainError('record/not-found', { kind: 'shipment', id })
  if (shipment.state === 'cancelled')
    throw new DomainError('invoices/nothing-to-invoice', { detail: 'The shipment has been taken back.', shipmentId: id })
  return shipment
}

const orderToInvoice = async (
  ctx: Context,
  tx: Tx,
  input: InvoiceInput,
  shipment: ShipmentToInvoice | undefined,
): Promise<HeldOrder> => {
  const shipped = [...new Set(shipment?.lines.map(line => line.orderId))]
  const id = input.orderId ?? (shipped.length === 1 ? shipped[0] : undefined)
  if (id === undefined)
    throw new DomainError('request/invalid', {
      detail:
        shipped.length > 1
          ? 'The shipment is of several orders: say which one to invoice.'
          : 'Name the shipment or the order to invoice.',
      orderIds: shipped,
    })
  if (shipment && !shipped.includes(id))
    throw new DomainError('invoices/nothing-to-invoice', { detail: 'Nothing of this order is in the shipment.', orderId: id })
  const [order] = await holdOrders(tx, [id])
  if (!order) throw new DomainError('record/not-found', { kind: 'order', id })
  if (order.sellerId !== ctx.actor.organisationId)
    throw new DomainError('identity/forbidden', { detail: 'Only the seller invoices an order.', orderId: id })
  return order
}

/** What can be invoiced of a line: what was shipped and is not invoiced yet; of a credit, what was invoiced. */
const mostOf = (line: HeldLine, credit: boolean): Decimal =>
  credit ? line.ledger.invoiced : Decimal.max(line.ledger.shipped.minus(line.ledger.invoiced), 0)

const linesToInvoice = (order: HeldOrder, input: InvoiceInput, shipment: ShipmentToInvoice | undefined): ToInvoice[] => {
  const credit = input.type === 'credit'
  if (input.lines === undefined) {
    const inShipment =
      shipment && new Map(shipment.lines.filter(line => line.orderId === order.id).map(line => [line.position, line.quantity]))
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
    if (!line)
      throw new DomainError('orders/unknown-line', {
        detail: `Order ${order.number} has no line ${lineNumber}.`,
        line: lineNumber,
      })
    if (taken.has(line))
      throw new DomainError('request/invalid', { detail: `Line ${lineNumber} is listed twice.`, line: lineNumber })
    const most = mostOf(line, credit)
    if (decimal(quantity).gt(most))
      throw new DomainError('invoices/over-shipped-quantity', {
        detail: `Line ${lineNumber}: at most ${decimalText(most)} can be ${credit ? 'credited' : 'invoiced'}, not ${quantity}.`,
        line: lineNumber,
        most: decimalText(most),
      })
    taken.set(line, { line, quantity: decimal(quantity), price })
  }
  return [...taken.values()]
}

const documentOf = (
  order: HeldOrder,
  input: InvoiceInput,
  shipment: ShipmentToInvoice | undefined,
  lines: readonly ToInvoice[],
  now: Date,
): InvoiceDocument => {
  const notice = shipment?.document
  const shippedOn = notice?.dates.find(event => event.qualifier === '011')?.date
  const document = invoiceFor(order.document, {
    number: input.number,
    date: input.invoiceDate ?? now.toISOString().slice(0, 10),
    total: '0',
    currency: order.currency,
    type: input.type === 'credit' ? 'CR' : 'DI',
    lines: lines.map(({ line, quantity, price = line.priceConfirmed ?? line.price ?? undefined }) => {
      if (price === undefined)
        throw new DomainError('invoices/no-price', {
          detail: `Line ${line.lineNumber} has no price to invoice at.`,
          line: line.lineNumber,
        })
      return { position: line.position, quantity: decimalText(quantity), price }
    }),
    ...(notice && {
      shipment: {
        number: notice.number,
        references: notice.references,
        ...(shippedOn !== undefined && { shippedOn }),
        ...(notice.carrier && { carrier: notice.carrier }),
      },
    }),
    ...(input.allowancesCharges && { allowancesCharges: input.allowancesCharges }),
    ...(input.taxes && { taxes: input.taxes }),
    ...(input.notes && { notes: input.notes }),
  })
  const total = invoiceTotal(document)
  if (input.total !== undefined && !decimal(input.total).eq(total))
    throw new DomainError('invoices/total-mismatch', {
      detail: `The lines, charges and taxes come to ${total}, not ${input.total}.`,
      expected: total,
      given: input.total,
    })
  return { ...document, total }
}
