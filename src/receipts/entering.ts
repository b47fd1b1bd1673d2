import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { Party, PurchaseOrderDocument, ReceivingAdviceDocument } from '../documents/canonical.ts'
import { isSscc } from '../documents/gs1.ts'
import type { ReceivedLine } from '../documents/receipt861.ts'
import { holdOrders } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { addDays, businessDate } from '../shared/clock.ts'
import { decimal, decimalText, sum, type Decimal } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import type { ShipmentContents } from './placing.ts'
import { countReceiptsOf, selectContentsById, selectReceivedBefore, type ReceivedBefore } from './queries.ts'
import type { GoodsReceiptInput, GoodsReceiptLineInput } from './schema.ts'

/** What is entered by portal or API becomes an advice; what cannot be right is refused, with line and rule. */

/** What a receipt is entered against: a shipment with its orders, or one order. All belong to one partnership. */
export type Subject = {
  readonly shipment: ShipmentContents | undefined
  readonly orders: readonly HeldOrder[]
  /** On other receipts. */
  readonly before: readonly ReceivedBefore[]
}

/**
 * Finds and holds what the receipt is of. `except` is the receipt that is being changed.
 * @throws DomainError request/invalid, record/not-found, receipts/shipment-cancelled
 */
export const subjectOf = async (
  tx: Tx,
  { shipmentId, orderId }: Pick<GoodsReceiptInput, 'shipmentId' | 'orderId'>,
  except: string | undefined,
): Promise<Subject> => {
  if (shipmentId === undefined && orderId === undefined)
    throw new DomainError('request/invalid', { detail: 'Say which shipment or which order has arrived.' })
  const [shipment] = shipmentId === undefined ? [] : await selectContentsById(tx.sql, shipmentId)
  if (shipmentId !== undefined && !shipment) throw new DomainError('record/not-found', { kind: 'shipment', id: shipmentId })
  if (shipment?.state === 'cancelled') throw new DomainError('receipts/shipment-cancelled', { number: shipment.number })
  const ids = shipment ? [...new Set(shipment.lines.flatMap(line => line.orderId ?? []))] : []
  if (shipment && orderId !== undefined && !ids.includes(orderId))
    throw new DomainError('request/invalid', { detail: `Ship notice ${shipment.number} has nothing of this order.`, orderId })
  const orders = await holdOrders(tx, shipment ? ids : [orderId!])
  if (!shipment && orders.length === 0) throw new DomainError('record/not-found', { kind: 'order', id: orderId! })
  return { shipment, orders, before: shipment ? await selectReceivedBefore(tx.sql, shipment.id, except ?? '') : [] }
}

/** A number of its own for a receipt that has none: that of the shipment or order, and how many receipts it has now. */
export const nextNumber = async (tx: Tx, { shipment, orders: [order] }: Subject): Promise<string> => {
  const [row] = await countReceiptsOf(tx.sql, shipment?.id ?? null, order?.id ?? null)
  const suffix = `-R${(row?.count ?? 0) + 1}`
  return `${(shipment?.number ?? order?.number ?? '').slice(0, 30 - suffix.length)}${suffix}`
}

/**
 * The advice that says what was entered.
 * @throws DomainError request/invalid, orders/unknown-line, receipts/invalid-sscc, receipts/sscc-received-before,
 *   receipts/condition-exceeds-quantity, receipts/nothing-to-receive; each names the line
 */
export const adviceOf = (
  ctx: Context,
  input: Pick<GoodsReceiptInput, 'type' | 'receivedOn' | 'lines'>,
  number: string,
  subject: Subject,
): ReceivingAdviceDocument => {
  const { shipment, orders } = subject
  const today = businessDate(ctx.now())
  const receivedOn = input.receivedOn ?? today
  // A day of grace: it may be tomorrow already where the goods are.
  if (receivedOn > addDays(today, 1))
    throw new DomainError('request/invalid', { detail: `Received on ${receivedOn}: that day is yet to come.`, receivedOn })
  const lines = input.lines ? linesOf(input.lines, subject) : openLines(subject)
  if (lines.length === 0) throw new DomainError('receipts/nothing-to-receive')
  const [first] = orders
  return {
    number,
    date: today,
    purpose: '00',
    type: input.type ?? '2',
    ...(shipment && { shipmentNumber: shipment.number }),
    orders: orders.map(({ document }) => ({
      number: document.number,
      ...(document.release !== undefined && { release: document.release }),
      date: document.orderDate,
    })),
    references: first ? first.document.references.filter(each => each.qualifier === 'IA' || each.qualifier === 'DP').map(plain) : [],
    parties: first ? partiesOf(first.document) : [],
    dates: [{ qualifier: '050', date: receivedOn }],
    lines,
    lineCount: lines.length,
  }
}

const plain = <T extends { at?: number }>({ at: _at, ...rest }: T) => rest

const partiesOf = (order: PurchaseOrderDocument): Party[] =>
  order.parties
    .filter(party => ['ST', 'BY', 'VN', 'SE'].includes(party.role))
    .map(({ at: _at, contacts: _contacts, references: _references, ...party }) => party)

type Named = { readonly order: HeldOrder; readonly line: HeldLine }

const linesOf = (given: readonly GoodsReceiptLineInput[], subject: Subject): ReceivedLine[] => {
  const seen = new Set<string>()
  return given.map((entry, index): ReceivedLine => {
    const name = entry.lineNumber === undefined ? `${index + 1}` : entry.lineNumber
    const sscc = entry.sscc === undefined ? undefined : checkedSscc(entry.sscc, name, subject)
    if (entry.lineNumber === undefined) {
      if (sscc === undefined)
        throw new DomainError('request/invalid', { detail: `Line ${name}: say which order line or which carton arrived.`, line: name })
      once(seen, sscc, name)
      return wholePackage(entry, sscc, name)
    }
    const named = orderLineOf(entry, name, subject)
    once(seen, `${named.order.id} ${named.line.position} ${sscc ?? ''}`, name)
    return itemLine(entry, named, sscc, name, subject)
  })
}

const once = (seen: Set<string>, key: string, line: string): void => {
  if (seen.has(key)) throw new DomainError('request/invalid', { detail: `Line ${line} occurs twice.`, line })
  seen.add(key)
}

const checkedSscc = (given: string, line: string, { before, shipment }: Subject): string => {
  const sscc = given.slice(-18)
  if (!isSscc(sscc))
    throw new DomainError('receipts/invalid-sscc', { detail: `Line ${line}: the check digit of SSCC ${sscc} is wrong.`, line, sscc })
  if (!shipment)
    throw new DomainError('request/invalid', { detail: `Line ${line}: cartons are received against a shipment.`, line })
  const earlier = before.find(each => each.sscc === sscc)
  if (earlier)
    throw new DomainError('receipts/sscc-received-before', {
      detail: `Line ${line}: SSCC ${sscc} is on receipt ${earlier.number}.`, line, sscc, receipt: earlier.number,
    })
  return sscc
}

/** A carton or pallet as a whole; its unit is CT, of which there is one, or none when it is missing. */
const wholePackage = (entry: GoodsReceiptLineInput, sscc: string, line: string): ReceivedLine => {
  for (const field of ['quantity', 'damaged', 'quality', 'wrong'] as const)
    if (entry[field] !== undefined)
      throw new DomainError('request/invalid', { detail: `Line ${line}: to give quantities of a carton, name the order line too.`, line })
  const condition = entry.condition ?? 'good'
  return {
    ssccs: [sscc],
    quantity: condition === 'missing' ? '0' : '1',
    unit: 'CT',
    conditions: condition === 'good' ? [] : [{ code: condition === 'damaged' ? '01' : '02', quantity: '1', unit: 'CT' }],
    products: [],
  }
}

const orderLineOf = ({ orderId, lineNumber }: GoodsReceiptLineInput, name: string, { orders }: Subject): Named => {
  const order = orderId === undefined && orders.length === 1 ? orders[0] : orders.find(each => each.id === orderId)
  if (!order)
    throw new DomainError('request/invalid', {
      detail: `Line ${name}: say which of the orders of this shipment it is of.`, line: name,
    })
  const line = order.lines.find(each => each.lineNumber === lineNumber)
  if (!line)
    throw new DomainError('orders/unknown-line', {
      detail: `Order ${order.number} has no line ${name}.`, line: name, orderId: order.id,
    })
  return { order, line }
}

const itemLine = (
  entry: GoodsReceiptLineInput, { order, line }: Named, sscc: string | undefined, name: string, subject: Subject,
): ReceivedLine => {
  if (entry.condition !== undefined)
    throw new DomainError('request/invalid', { detail: `Line ${name}: the condition is that of a whole carton; give quantities.`, line: name })
  if (entry.quantity === undefined)
    throw new DomainError('request/invalid', { detail: `Line ${name}: say how much arrived.`, line: name })
  const [damaged, quality, wrong] = [entry.damaged, entry.quality, entry.wrong].map(each => decimal(each ?? '0'))
  const bad = damaged!.plus(quality!)
  if (bad.gt(entry.quantity))
    throw new DomainError('receipts/condition-exceeds-quantity', {
      detail: `Line ${name}: ${decimalText(bad)} are damaged or of bad quality, of ${entry.quantity} that arrived.`, line: name,
    })
  const arrived = decimal(entry.quantity).plus(wrong!)
  const expected = sscc === undefined ? leftOf(order, line, subject) : undefined
  const difference = expected?.minus(entry.quantity)
  return lineOf({ order, line }, {
    quantity: decimalText(arrived),
    ...(sscc !== undefined && { ssccs: [sscc] }),
    conditions: [
      ...condition('01', damaged!, line.unit), ...condition('04', quality!, line.unit), ...condition('05', wrong!, line.unit),
      ...(difference ? condition('02', difference, line.unit) : []), ...(difference ? condition('03', difference.negated(), line.unit) : []),
    ],
  })
}

const condition = (code: string, quantity: Decimal, unit: string): ReceivedLine['conditions'] =>
  quantity.gt(0) ? [{ code, quantity: decimalText(quantity), unit }] : []

const lineOf = ({ order, line }: Named, said: Pick<ReceivedLine, 'quantity' | 'ssccs' | 'conditions'>): ReceivedLine => {
  const ordered = order.document.lines[line.position - 1]
  return {
    ...said,
    unit: line.unit,
    orderNumber: order.number,
    ...(order.release !== '' && { release: order.release }),
    orderDate: order.orderDate,
    orderLineNumber: line.lineNumber,
    products: ordered?.products.map(({ qualifier, value }) => ({ qualifier, value })) ?? [],
    ...(line.description !== null && { description: line.description.slice(0, 80) }),
  }
}

/** What the shipment has of an order line and no other receipt has told of; undefined without a shipment. */
const leftOf = (order: HeldOrder, line: HeldLine, { shipment, before }: Subject): Decimal | undefined => {
  if (!shipment) return undefined
  const shipped = sum(
    shipment.lines
      .filter(each => each.orderId === order.id && each.orderLinePosition === line.position && each.unit === line.unit)
      .map(each => each.quantity),
  )
  const received = sum(before.filter(each => each.orderId === order.id && each.position === line.position).map(each => each.quantity))
  return shipped.minus(received)
}

/** Everything that was shipped, or stands of the order, and has not been received, in good condition. */
const openLines = (subject: Subject): ReceivedLine[] =>
  subject.orders.flatMap(order => order.lines.flatMap(line => {
    const left = leftOf(order, line, subject)
      ?? (line.response === 'rejected' || line.response === 'cancelled'
        ? decimal(0)
        : line.ledger.ordered.minus(line.ledger.cancelled).minus(line.ledger.received))
    return left.gt(0) ? [lineOf({ order, line }, { quantity: decimalText(left), conditions: [] })] : []
  }))
