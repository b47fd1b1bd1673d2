import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, enqueueWork, type DomainEvent } from '../db/outbox.ts'
import type { ReceivingAdviceDocument } from '../documents/canonical.ts'
import { noticeNumbers } from '../documents/receipt861.ts'
import { recordProblems } from '../exceptions/service.ts'
import { holdOrdersByNumber, putLine, saveOrders, type Book } from '../orders/book.ts'
import type { HeldOrder } from '../orders/queries.ts'
import { problem, saysTheSame, type Problem } from '../orders/rules.ts'
import { StoredMeanwhile, deliverWork, orderKey, reconcileWork, sourceOf, tradeOf, type Applied, type Received } from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { decimal } from '../shared/decimal.ts'
import { newId } from '../shared/ids.ts'
import { placeReceipt, type Placed, type ShipmentContents } from './placing.ts'
import {
  deleteReceiptLines,
  insertReceiptLines,
  insertReceipts,
  lockReceipts,
  lockReceiptsByNumber,
  selectContents,
  selectLinkable,
  selectOrdersOfReceipts,
  selectReceivedQuantities,
  updateLinked,
  updateReceipts,
  type KnownReceipt,
} from './queries.ts'

type ReceivedAdvice = Received<ReceivingAdviceDocument>
type Sides = Pick<KnownReceipt, 'id' | 'partnershipId' | 'buyerId' | 'sellerId' | 'document'>

/**
 * Records receiving advices as they arrived, in their order, finds the order lines and shipments that they are about, and brings
 * those lines' received quantities up to date.
 * - what speaks of an order or ship notice that is not here is kept, told as a problem, and finds its place when that comes
 * - the same advice again: `duplicate`; the same number with another content: `conflict` (`receipts/duplicate-differs`)
 * - BRA03 01 takes a receipt back and 05 replaces it; taking back one that is not here is `parked`
 */
export const receiveReceipts = (ctx: Context, documents: readonly ReceivedAdvice[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const known = new Map<string, Pick<KnownReceipt, 'id' | 'state' | 'version' | 'document'>>(
      (
        await lockReceiptsByNumber(
          tx.sql,
          documents.map(d => d.partnership.id),
          documents.map(d => d.document.number),
        )
      ).map(one => [`${one.partnershipId} ${one.number}`, one]),
    )
    const changes = new Map<string, Change>()
    const decided = documents.map(received => decide(received, known, changes))
    const placed = await writeChanges(ctx, tx, [...changes.values()])
    return decided.map(({ applied, change }): Applied => ({
      ...applied,
      problems: [...applied.problems, ...((change && placed.get(change.id)?.problems) ?? [])],
    }))
  })

/** What is to become of one receipt. */
type Change = {
  readonly id: string
  readonly isNew: boolean
  readonly received: ReceivedAdvice
  readonly state: 'received' | 'cancelled'
  readonly version: number
}

type Decided = { readonly applied: Applied; readonly change?: Change }

const decide = (
  received: ReceivedAdvice,
  known: Map<string, Pick<KnownReceipt, 'id' | 'state' | 'version' | 'document'>>,
  changes: Map<string, Change>,
): Decided => {
  const { document, partnership } = received
  const key = `${partnership.id} ${document.number}`
  const earlier = known.get(key)
  const answer = (outcome: Applied['outcome'], problems: Problem[] = []): Applied => ({
    outcome,
    documentKind: 'receipt',
    ...(earlier && { documentId: earlier.id }),
    problems,
  })
  const change = (state: Change['state'], of: ReceivedAdvice): Decided => {
    const made: Change = {
      id: earlier?.id ?? newId('rct'),
      isNew: earlier === undefined || changes.get(earlier.id)?.isNew === true,
      received: of,
      state,
      version: (earlier?.version ?? 0) + 1,
    }
    changes.set(made.id, made)
    known.set(key, { id: made.id, state, version: made.version, document: of.document })
    return { applied: { outcome: 'applied', documentKind: 'receipt', documentId: made.id, problems: [] }, change: made }
  }
  if (document.purpose === '01') {
    if (!earlier)
      return {
        applied: answer('parked', [
          problem('receipts/unknown-receipt', `Receipt ${document.number}, which is to be taken back, is not here.`, document.at),
        ]),
      }
    if (earlier.state === 'cancelled') return { applied: answer('duplicate') }
    // A cancelling advice may carry no lines; what it takes back stays readable.
    return change('cancelled', { ...received, document: { ...earlier.document, purpose: '01' } })
  }
  if (!earlier) return change('received', received)
  if (saysTheSame(earlier.document, document)) return { applied: answer('duplicate') }
  if (document.purpose === '05' && earlier.state === 'received') return change('received', received)
  return {
    applied: answer('conflict', [
      problem(
        'receipts/duplicate-differs',
        `Receipt ${document.number} is here already with another content; it was left as it is.`,
        document.at,
      ),
    ]),
  }
}

/** Writes receipts that are new or have changed, with everything that follows from them. */
export const writeChanges = async (ctx: Context, tx: Tx, changes: readonly Change[]): Promise<Map<string, Placed>> => {
  if (changes.length === 0) return new Map()
  const linking = await Linking.of(
    tx,
    changes.map(({ id, received: { partnership, document } }) => ({ id, ...sidesOf(partnership), document })),
    changes.filter(change => !change.isNew).map(change => change.id),
  )
  const now = ctx.now()
  const rows = changes.map(change => ({ ...rowOf(change, linking.placed.get(change.id)!), actor: ctx.actor.name }))
  const fresh = rows.filter((_, index) => changes[index]!.isNew)
  const stored = fresh.length === 0 ? [] : await insertReceipts(tx.sql, fresh, now)
  // Another transaction has just stored the same number; tried again, this batch will see it.
  if (stored.length < fresh.length) throw new StoredMeanwhile('receipt')
  const changed = rows.filter((row, index) => !changes[index]!.isNew || row.state === 'cancelled')
  if (changed.length > 0) await updateReceipts(tx.sql, changed, now)
  await linking.write(now)
  await emit(
    tx,
    changes.map(change => receiptEvent(change, linking, now)),
  )
  return linking.placed
}

const sidesOf = (partnership: Partnership) => ({
  partnershipId: partnership.id,
  buyerId: partnership.buyerId,
  sellerId: partnership.sellerId,
})

const rowOf = ({ id, received, state, version }: Change, placed: Placed) => {
  const { document, partnership } = received
  const numbers = new Set([...document.orders.map(order => order.number), ...document.lines.flatMap(line => line.orderNumber ?? [])])
  return {
    id,
    ...sidesOf(partnership),
    state,
    version,
    number: document.number,
    type: document.type,
    receivedOn: receivedOn(document),
    shipmentNumber: document.shipmentNumber ?? null,
    orderNumber: numbers.size === 1 ? [...numbers][0]! : null,
    linked: placed.linked,
    document: JSON.stringify(document),
    channel: received.channel,
    ...sourceOf(received),
  }
}

/** DTM*050, or else the day of the advice. */
export const receivedOn = (document: ReceivingAdviceDocument): string =>
  document.dates.find(event => event.qualifier === '050')?.date ?? document.date

/** How long after a receipt that waits is looked once more whether what it waits for was being stored at the same moment. */
const lookAgainMilliseconds = 60_000

const receiptEvent = ({ id, isNew, received, state, version }: Change, linking: Linking, now: Date): DomainEvent => {
  const { partnership, document } = received
  const orderIds = linking.ordersOf(id)
  const key = orderKey(partnership.id, orderIds[0] ?? id)
  return {
    type: isNew && state === 'received' ? 'receipt.received' : state === 'cancelled' ? 'receipt.cancelled' : 'receipt.changed',
    ...tradeOf(partnership),
    subjectId: id,
    data: { number: document.number, orderIds },
    work: [
      ...deliverWork(partnership, partnership.buyerId, '861', id, key, version === 1 ? undefined : version),
      ...orderIds.map(orderId => reconcileWork(partnership.id, orderId)),
      // What it waits for may have been stored by a transaction that this one could not see.
      ...(linking.placed.get(id)?.linked
        ? []
        : [
            linkWork(partnership.id, id),
            // A key of its own: work that is not due holds up what comes after it under the same key.
            { ...linkWork(partnership.id, id, ' again'), availableAt: new Date(now.getTime() + lookAgainMilliseconds) },
          ]),
    ],
  }
}

const linkWork = (partnershipId: string, receiptId: string, again = '') =>
  ({ queue: 'documents', kind: 'link-receipt', key: `${orderKey(partnershipId, receiptId)}${again}`, payload: { receiptId } }) as const

/** Receipts with their places in orders and shipments, to be written together. */
class Linking {
  readonly placed = new Map<string, Placed>()
  private readonly tx: Tx
  private readonly receipts: readonly Sides[]
  private readonly book: Book
  /** Orders that the receipts were of before. */
  private readonly earlier: ReadonlyMap<string, readonly string[]>

  private constructor(tx: Tx, receipts: readonly Sides[], book: Book, earlier: ReadonlyMap<string, readonly string[]>) {
    this.tx = tx
    this.receipts = receipts
    this.book = book
    this.earlier = earlier
  }

  /** Finds the places. `stored` are those of the receipts that have lines already. The orders concerned are held. */
  static async of(tx: Tx, receipts: readonly Sides[], stored: readonly string[]): Promise<Linking> {
    const [contents, before] = await Promise.all([
      selectContents(
        tx.sql,
        [...new Set(receipts.map(receipt => receipt.partnershipId))],
        receipts.flatMap(({ document }) => numbersIn(document)),
        receipts.flatMap(({ document }) => document.lines.flatMap(line => line.ssccs ?? [])),
      ),
      stored.length === 0 ? [] : selectOrdersOfReceipts(tx.sql, stored),
    ])
    const earlier = new Map<string, string[]>()
    for (const { receiptId, orderId } of before) earlier.set(receiptId, [...(earlier.get(receiptId) ?? []), orderId])
    const book = await holdOrdersByNumber(
      tx,
      receipts.flatMap(({ partnershipId, document }) =>
        [
          ...document.orders.map(order => order.number),
          ...document.lines.flatMap(line => line.orderNumber ?? []),
          ...contents.filter(each => each.partnershipId === partnershipId).flatMap(each => each.lines.map(line => line.orderNumber)),
        ].map(number => ({ partnershipId, number })),
      ),
    )
    await book.add([
      ...new Set([...before.map(row => row.orderId), ...contents.flatMap(each => each.lines.flatMap(line => line.orderId ?? []))]),
    ])
    const linking = new Linking(tx, receipts, book, earlier)
    linking.place(contents)
    return linking
  }

  private place(contents: readonly ShipmentContents[]): void {
    const byId = new Map(this.book.orders.map(order => [order.id, order]))
    for (const { id, partnershipId, document } of this.receipts)
      this.placed.set(
        id,
        placeReceipt(document, {
          shipments: contents.filter(each => each.partnershipId === partnershipId),
          orderByNumber: (number, release) => this.book.find(partnershipId, number, release),
          orderById: orderId => byId.get(orderId),
        }),
      )
  }

  /** The orders that a receipt is of, or was. */
  ordersOf(receiptId: string): string[] {
    const now = this.placed.get(receiptId)?.lines.flatMap(line => line.orderId ?? []) ?? []
    return [...new Set([...now, ...(this.earlier.get(receiptId) ?? [])])]
  }

  /** Puts the lines in the place of those that there were, and brings the orders' received quantities up to date. */
  async write(now: Date): Promise<void> {
    const { sql } = this.tx
    await deleteReceiptLines(
      sql,
      this.receipts.map(receipt => receipt.id),
    )
    const lines = this.receipts.flatMap(({ document: _document, id, ...sides }) =>
      (this.placed.get(id)?.lines ?? []).map((line, index) => ({ ...line, ...sides, receiptId: id, position: index + 1 })),
    )
    if (lines.length > 0) await insertReceiptLines(sql, lines)
    const orderIds = [...new Set(this.receipts.flatMap(receipt => this.ordersOf(receipt.id)))]
    if (orderIds.length === 0) return
    const received = new Map(
      (await selectReceivedQuantities(sql, orderIds)).map(row => [`${row.orderId} ${row.position}`, row.quantity]),
    )
    await saveOrders(
      this.tx,
      this.book.orders.filter(order => orderIds.includes(order.id) && countReceived(order, received)),
      now,
    )
  }
}

/** Sets what was received of the lines of an order. Whether any has changed. */
const countReceived = (order: HeldOrder, received: ReadonlyMap<string, string>): boolean => {
  let moved = false
  for (const line of order.lines) {
    const quantity = decimal(received.get(`${order.id} ${line.position}`) ?? '0')
    if (quantity.eq(line.ledger.received)) continue
    putLine(order, { ...line, ledger: { ...line.ledger, received: quantity } })
    moved = true
  }
  return moved
}

const numbersIn = (document: ReceivingAdviceDocument): string[] => [
  ...(document.shipmentNumber === undefined ? [] : [document.shipmentNumber]),
  ...noticeNumbers(document.references),
  ...document.lines.flatMap(line => noticeNumbers(line.references)),
]

/** What linking may find odd, and no longer so when an order or ship notice has come. */
const placingProblems = ['receipts/unknown-order', 'receipts/unknown-shipment', 'receipts/unknown-line', 'receipts/unit-differs']

/**
 * Finds the places of receipts afresh, and closes what was odd about them and no longer is. Gives the orders that they are of.
 */
export const linkReceipts = async (tx: Tx, ids: readonly string[], now: Date): Promise<string[]> => {
  const receipts = ids.length === 0 ? [] : (await lockReceipts(tx.sql, ids)).filter(receipt => receipt.state === 'received')
  if (receipts.length === 0) return []
  const linking = await Linking.of(
    tx,
    receipts,
    receipts.map(receipt => receipt.id),
  )
  await linking.write(now)
  await updateLinked(
    tx.sql,
    receipts.map(({ id }) => ({ id, linked: linking.placed.get(id)?.linked ?? false })),
  )
  await recordProblems(
    tx,
    now,
    receipts.map(({ id, buyerId, sellerId, partnershipId, sourceMessageId, sourceOrdinal }) => ({
      organisationId: buyerId,
      counterpartId: sellerId,
      partnershipId,
      side: 'buyer',
      documentKind: 'receipt',
      documentId: id,
      ...(sourceMessageId !== null && sourceOrdinal !== null && { source: { messageId: sourceMessageId, ordinal: sourceOrdinal } }),
      problems: linking.placed.get(id)?.problems ?? [],
    })),
    placingProblems,
  )
  return [...new Set(receipts.flatMap(receipt => linking.ordersOf(receipt.id)))]
}

/** The receipts of these orders that may find more of their places by now, linked. One statement when there are none. */
export const linkReceiptsOf = async (tx: Tx, orderIds: readonly string[], now: Date): Promise<void> => {
  await linkReceipts(
    tx,
    (await selectLinkable(tx.sql, orderIds)).map(row => row.id),
    now,
  )
}

/** What was waited for may have come while the receipt was being stored: it is linked again, and its orders reconciled. */
export const linkReceipt = (ctx: Context, receiptId: string): Promise<void> =>
  withOrganisation(ctx, async tx => {
    const orderIds = await linkReceipts(tx, [receiptId], ctx.now())
    const [receipt] = await lockReceipts(tx.sql, [receiptId])
    if (!receipt) return
    await enqueueWork(
      tx,
      orderIds.map(orderId => ({ ...reconcileWork(receipt.partnershipId, orderId), organisationId: receipt.buyerId })),
    )
  })
