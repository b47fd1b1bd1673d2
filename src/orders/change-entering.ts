import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ChangeLineDocument, DatedEvent, OrderLineDocument } from '../documents/canonical.ts'
import { changeFor, lineToChange } from '../documents/change-turnaround.ts'
import { authorise } from '../identity/rules.ts'
import { resolveItems } from '../items/service.ts'
import { getPartnership } from '../partners/service.ts'
import { businessDate } from '../shared/clock.ts'
import { Decimal, decimal, decimalText } from '../shared/decimal.ts'
import { DomainError, type ErrorCode } from '../shared/errors.ts'
import { holdOrders } from './book.ts'
import { selectChanges } from './change-queries.ts'
import { changeFaults, sequenceNumber, type ChangeFault, type ChangeQuantity } from './change-rules.ts'
import type { ChangeLineInput, OrderChangeInput } from './change-schema.ts'
import { decide, lastNumber, releaseHeld, type ChangeBook } from './changing.ts'
import { enteredLine } from './entered-lines.ts'
import { namedLine } from './named-line.ts'
import type { HeldLine, HeldOrder } from './queries.ts'
import { enteredBy } from './work.ts'

/**
 * The buyer changes an order by portal or API: lines, dates, or all of it cancelled. Everything is made or nothing. The seller is told
 * by an 860, and answers by an 865.
 * @throws DomainError record/not-found, identity/forbidden (not the buyer, or not the role), request/precondition-failed,
 *   orders/nothing-changed, orders/change-waiting (an earlier change has not come), items/unknown-item, orders/unknown-line,
 *   orders/line-closed, orders/line-number-taken, orders/below-shipped, orders/already-cancelled; each names the line
 */
export const changeOrder = async (
  ctx: Context,
  orderId: string,
  input: OrderChangeInput,
  ifVersion?: number,
): Promise<{ changeId: string; sequence: string; version: number }> => {
  authorise(ctx.actor, 'orders.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const book = await holdBook(inner, tx, orderId, ifVersion, 'buyer')
    const { order, partnership } = book
    const waiting = book.changes.find(change => change.state === 'held')
    if (waiting)
      throw new DomainError('orders/change-waiting', {
        detail: `Change ${waiting.sequence} of this order waits for an earlier one. Release it first.`,
        changeId: waiting.id,
      })
    const lines = [...changedLines(order, input, partnership.changeQuantity), ...(await addedLines(tx, order, input))]
    const dates = datesOf(input)
    if (!input.cancel && lines.length + dates.length === 0 && input.freightTerms === undefined && input.notes === undefined)
      throw new DomainError('orders/nothing-changed', { orderId })
    const sequence = String((lastNumber(book.changes) ?? 0) + 1)
    const document = changeFor(order.document, {
      purpose: input.cancel ? '01' : '04',
      sequence,
      on: businessDate(ctx.now()),
      lines: input.cancel ? [] : lines,
      dates,
      ...(input.freightTerms !== undefined && { freightTerms: input.freightTerms }),
      ...(input.notes !== undefined && { notes: input.notes }),
    })
    const [fault] = changeFaults(order, document, partnership.changeQuantity)
    if (fault) throw refusal(fault, document.lines)
    const { change } = await decide(inner, tx, book, { document, partnership, channel: enteredBy(ctx.actor) })
    return { changeId: change.id, sequence, version: order.version }
  })
}

/**
 * A change that waits for an earlier one is made now: the earlier ones are no longer waited for.
 * @throws DomainError record/not-found, identity/forbidden (not the buyer), orders/not-held
 */
export const releaseChange = async (
  ctx: Context,
  orderId: string,
  changeId: string,
): Promise<{ changeId: string; version: number }> => {
  authorise(ctx.actor, 'orders.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const book = await holdBook(inner, tx, orderId, undefined, 'buyer')
    const held = book.changes.filter(change => change.state === 'held')
    const change = held.find(one => one.id === changeId)
    if (!change) {
      if (book.changes.some(one => one.id === changeId)) throw new DomainError('orders/not-held', { changeId })
      throw new DomainError('record/not-found', { kind: 'order change', id: changeId })
    }
    // Of several that wait the first goes first, or it would come too late for ever.
    const earlier = held.filter(one => (sequenceNumber(one.sequence) ?? 0) < (sequenceNumber(change.sequence) ?? 0))
    if (earlier.length > 0)
      throw new DomainError('orders/change-waiting', {
        detail: `Change ${earlier[0]!.sequence} waits too and comes before; release that one.`,
        changeId: earlier[0]!.id,
      })
    await releaseHeld(inner, tx, book, change)
    return { changeId, version: book.order.version }
  })
}

/** An order with its changes, held for the side that acts. */
export const holdBook = async (
  ctx: Context,
  tx: Tx,
  orderId: string,
  ifVersion: number | undefined,
  side: 'buyer' | 'seller',
): Promise<ChangeBook> => {
  const [order] = await holdOrders(tx, [orderId])
  if (!order) throw new DomainError('record/not-found', { kind: 'order', id: orderId })
  if ((side === 'buyer' ? order.buyerId : order.sellerId) !== ctx.actor.organisationId)
    throw new DomainError('identity/forbidden', {
      detail: side === 'buyer' ? 'Only the buyer changes an order.' : 'Only the seller answers a change.',
      orderId,
    })
  if (ifVersion !== undefined && ifVersion !== order.version)
    throw new DomainError('request/precondition-failed', { version: order.version })
  const partnership = await getPartnership(ctx, order.partnershipId)
  return { order, partnership, changes: [...(await selectChanges(tx.sql, [order.id]))] }
}

const refusal = (fault: ChangeFault, lines: readonly ChangeLineDocument[]): DomainError =>
  new DomainError(fault.code as ErrorCode, {
    detail: fault.detail,
    ...(fault.index !== null && { line: lines[fault.index]?.lineNumber ?? String(fault.index + 1) }),
  })

const datesOf = (
  dates: Pick<OrderChangeInput, 'shipNotBefore' | 'shipNoLater' | 'deliveryRequested' | 'cancelAfter'>,
): DatedEvent[] =>
  (
    [['037', dates.shipNotBefore], ['038', dates.shipNoLater], ['002', dates.deliveryRequested], ['001', dates.cancelAfter]] as const
  ).flatMap(([qualifier, date]) => (date === undefined ? [] : [{ qualifier, date }]))

/** The lines that are changed, as an 860 says them. */
const changedLines = (order: HeldOrder, input: OrderChangeInput, terms: ChangeQuantity): ChangeLineDocument[] => {
  const seen = new Set<number>()
  return (input.lines ?? []).map(given => {
    const line = namedLine(order, given)
    if (seen.has(line.position))
      throw new DomainError('request/invalid', { detail: `Line ${line.lineNumber} is changed twice.`, line: line.lineNumber })
    seen.add(line.position)
    const document = order.document.lines[line.position - 1]
    if (!document) throw new Error(`order ${order.id} has no line at ${line.position}`)
    return changedLine(line, document, given, terms)
  })
}

const changedLine = (
  line: HeldLine,
  document: OrderLineDocument,
  given: ChangeLineInput,
  terms: ChangeQuantity,
): ChangeLineDocument => {
  const named = lineToChange(document)
  const quantity = given.quantity === undefined ? undefined : decimal(given.quantity)
  if (given.cancel || quantity?.isZero()) return { ...named, code: 'DI' }
  const dates = datesOf(given)
  const moved = quantity !== undefined && !quantity.eq(line.ledger.ordered)
  const priced = given.price !== undefined && (line.price === null || !decimal(given.price).eq(line.price))
  if (!moved && !priced && dates.length === 0)
    throw new DomainError('request/invalid', {
      detail: `Line ${line.lineNumber}: say what changes: quantity, price, dates, or cancel.`,
      line: line.lineNumber,
    })
  const code = moved
    ? priced && dates.length > 0
      ? 'MU'
      : priced
        ? 'PQ'
        : dates.length > 0
          ? 'RQ'
          : quantity.gt(line.ledger.ordered)
            ? 'QI'
            : 'QD'
    : priced
      ? dates.length > 0
        ? 'CA'
        : 'PC'
      : 'CT'
  return {
    ...named,
    code,
    ...(moved && {
      quantity: decimalText(quantityToSay(line.ledger.ordered, quantity, code, terms)),
      quantityLeft: decimalText(Decimal.max(quantity.minus(line.ledger.shipped), 0)),
    }),
    ...(priced && { price: given.price, ...(document.priceBasis !== undefined && { priceBasis: document.priceBasis }) }),
    ...(dates.length > 0 && { dates }),
  }
}

/** POC03: the new quantity, or the difference where the partners have agreed on that; that of QI and QD has no sign. */
const quantityToSay = (before: Decimal, after: Decimal, code: string, terms: ChangeQuantity): Decimal => {
  if (terms === 'absolute') return after
  const difference = after.minus(before)
  return code === 'QI' || code === 'QD' ? difference.abs() : difference
}

/** The lines that are added, as an 860 says them. Their items have to be known, as in an order. */
const addedLines = async (tx: Tx, order: HeldOrder, input: OrderChangeInput): Promise<ChangeLineDocument[]> => {
  if (!input.add || input.add.length === 0) return []
  const added = input.add.map((line, index) =>
    enteredLine({ ...line, lineNumber: line.lineNumber ?? String(order.lines.length + index + 1) }, index),
  )
  const items = await resolveItems(tx, order.partnershipId, added)
  return added.map((line, index): ChangeLineDocument => {
    const item = items[index]
    if (!item)
      throw new DomainError('items/unknown-item', {
        detail: `Line ${line.lineNumber}: the item is not known in this partnership.`,
        line: line.lineNumber,
      })
    return {
      ...line,
      code: 'AI',
      unit: input.add?.[index]?.unit ?? item.unit,
      quantityLeft: line.quantity,
      description: line.description ?? item.name.slice(0, 80),
    }
  })
}

