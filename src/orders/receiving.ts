import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { PurchaseOrderDocument } from '../documents/canonical.ts'
import type { PartnershipItem } from '../items/schema.ts'
import { itemNumbers, pricesFor, resolveItems } from '../items/service.ts'
import { addHours } from '../shared/clock.ts'
import { decimal, decimalText } from '../shared/decimal.ts'
import { newId } from '../shared/ids.ts'
import { holdOrdersByNumber, saveOrders } from './book.ts'
import { voidChanges } from './change-queries.ts'
import {
  deleteLines,
  insertOrderLines,
  insertOrders,
  keepVersion,
  markCancelled,
  replaceOrder,
  selectKnownDocuments,
  type HeldOrder,
  type NewOrder,
  type NewOrderLine,
} from './queries.ts'
import {
  cancelLine,
  groupBy,
  orderDates,
  orderProblems,
  orderTotal,
  problem,
  saysTheSame,
  shipToOf,
  type Problem,
} from './rules.ts'
import {
  deliverWork,
  orderKey,
  reconcileWork,
  releaseOf,
  sourceOf,
  tradeOf,
  unparkWork,
  type Applied,
  type Received,
} from './work.ts'

type ReceivedOrder = Received<PurchaseOrderDocument>

/** BEG01: what an order that arrives is. Original, confirmation and duplicate are all compared with what is there. */
const purposes: Readonly<Record<string, 'place' | 'cancel' | 'replace'>> = {
  '00': 'place',
  '06': 'place',
  '07': 'place',
  '01': 'cancel',
  '05': 'replace',
}

/**
 * The business key of the order that a document places, when that is all it does: it may be received side by side with others of
 * other keys. Undefined for what changes an order.
 */
export const placedOrder = ({ document, partnership }: Pick<ReceivedOrder, 'document' | 'partnership'>): string | undefined =>
  (purposes[document.purpose] === 'place' ? JSON.stringify([partnership.id, document.number, releaseOf(document)]) : undefined)

/**
 * Records purchase orders as they arrived, in their order. A batch is a handful of statements, whatever its size.
 * - new: recorded with what is odd about it in `problems` (`items/unknown-item`, `orders/price-differs` …)
 * - the same again: `duplicate`; the same number with another content: `conflict` (`orders/duplicate-differs`), nothing changes
 * - BEG01 01 cancels and 05 replaces, unless something has shipped: `conflict`. A cancellation of an unknown order is `parked`.
 */
export const receiveOrders = (ctx: Context, documents: readonly ReceivedOrder[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const applied: Applied[] = []
    let run: ReceivedOrder[] = []
    const flush = async () => {
      if (run.length > 0) applied.push(...(await placeOrders(tx, run, ctx.now())))
      run = []
    }
    for (const received of documents) {
      const purpose = purposes[received.document.purpose]
      if (purpose === 'place') {
        run.push(received)
        continue
      }
      await flush()
      applied.push(purpose === undefined ? notUnderstood(received.document) : await changeOrder(tx, received, purpose, ctx.now()))
    }
    await flush()
    return applied
  })

const notUnderstood = ({ purpose, at }: PurchaseOrderDocument): Applied => ({
  outcome: 'conflict',
  documentKind: 'order',
  problems: [
    problem(
      'orders/unknown-purpose',
      `The purpose ${purpose} (BEG01) is not one that an order is taken for: 00, 01, 05, 06 or 07.`,
      at,
    ),
  ],
})

const placeOrders = async (tx: Tx, documents: readonly ReceivedOrder[], now: Date): Promise<Applied[]> => {
  const prepared = await prepareOrders(tx, documents, now)
  const inserted = new Map(
    (
      await insertOrders(
        tx.sql,
        prepared.map(p => p.order),
        now,
      )
    ).map(row => [row.id, row.awaited]),
  )
  const placed = prepared.filter(p => inserted.has(p.order.id))
  if (placed.length > 0) {
    await insertOrderLines(
      tx.sql,
      placed.flatMap(p => p.lines),
    )
    await emit(
      tx,
      placed.map(p => {
        const event = orderEvent('order.received', p.received, p.order)
        return inserted.get(p.order.id)
          ? { ...event, work: [...(event.work ?? []), unparkWork(p.order.partnershipId, p.order.number)] }
          : event
      }),
    )
  }
  const compared =
    placed.length < prepared.length
      ? await compareWithKnown(
          tx,
          prepared.filter(p => !inserted.has(p.order.id)),
        )
      : undefined
  return prepared.map(
    p => compared?.get(p) ?? { outcome: 'applied', documentKind: 'order', documentId: p.order.id, problems: p.problems },
  )
}

type Prepared = { received: ReceivedOrder; order: NewOrder; lines: NewOrderLine[]; problems: Problem[] }

/** The rows of orders, and what is odd about them. One query of items per partnership and one of prices per order date. */
const prepareOrders = async (tx: Tx, documents: readonly ReceivedOrder[], now: Date): Promise<Prepared[]> => {
  const prepared = documents.map(received => ({
    received,
    order: orderRow(received, now),
    lines: [] as NewOrderLine[],
    problems: orderProblems(received.document),
  }))
  const items = new Map<Prepared, (PartnershipItem | undefined)[]>()
  await Promise.all(
    [...groupBy(prepared, p => p.order.partnershipId)].map(async ([partnershipId, group]) => {
      const found = await resolveItems(
        tx,
        partnershipId,
        group.flatMap(p => p.received.document.lines),
      )
      let next = 0
      for (const p of group) items.set(p, found.slice(next, (next += p.received.document.lines.length)))
    }),
  )
  await Promise.all(
    [...groupBy(prepared, p => p.order.orderDate)].map(async ([date, group]) => {
      const prices = await pricesFor(
        tx,
        group.flatMap(p => items.get(p) ?? []).flatMap(item => item?.id ?? []),
        date,
      )
      for (const p of group) {
        p.received.document.lines.forEach((line, index) => {
          const item = items.get(p)?.[index]
          p.lines.push(lineRow(p.order, line, index, item))
          if (!item) {
            p.problems.push(
              problem(
                'items/unknown-item',
                `Line ${line.lineNumber}: ${productsText(line)} is not known in this partnership.`,
                line.at,
              ),
            )
            return
          }
          const price = prices.get(item.id)
          if (
            price
            && line.price !== undefined
            && price.unit === line.unit
            && price.currency === p.order.currency
            && price.price !== line.price
            && !decimal(price.price).eq(line.price)
          )
            p.problems.push(
              problem(
                'orders/price-differs',
                `Line ${line.lineNumber}: the order says ${line.price}, agreed is ${decimalText(price.price)}.`,
                line.at,
              ),
            )
        })
      }
    }),
  )
  return prepared
}

const productsText = (line: PurchaseOrderDocument['lines'][number]): string =>
  line.products.length === 0
    ? 'an item without a number'
    : line.products.map(product => `${product.qualifier} ${product.value}`).join(', ')

const orderRow = (received: ReceivedOrder, now: Date): NewOrder => {
  const { document, partnership } = received
  return {
    id: newId('ord'),
    partnershipId: partnership.id,
    buyerId: partnership.buyerId,
    sellerId: partnership.sellerId,
    number: document.number,
    release: releaseOf(document),
    type: document.type,
    orderDate: document.orderDate,
    currency: document.currency ?? 'USD',
    respondBy: addHours(now, partnership.responseHours).toISOString(),
    shipTo: shipToOf(document),
    ...orderDates(document),
    totalAmount: decimalText(orderTotal(document)),
    lineCount: document.lines.length,
    document: JSON.stringify(document),
    channel: received.channel,
    ...sourceOf(received),
  }
}

const lineRow = (
  order: NewOrder,
  line: PurchaseOrderDocument['lines'][number],
  index: number,
  item: PartnershipItem | undefined,
): NewOrderLine => {
  const named = itemNumbers(line.products)
  return {
    order,
    position: index + 1,
    lineNumber: line.lineNumber,
    partnershipItemId: item?.id,
    gtin: item?.gtin ?? named.gtin,
    buyerItem: named.buyerItem ?? item?.buyerItem ?? undefined,
    sellerItem: named.sellerItem ?? item?.sellerItem ?? undefined,
    description: line.description ?? item?.name,
    unit: line.unit,
    price: line.price,
    priceBasis: line.priceBasis,
    quantity: line.quantity,
    sourcePosition: line.at,
  }
}

const orderEvent = (
  type: string,
  { partnership, channel }: ReceivedOrder,
  order: Pick<NewOrder, 'id' | 'number' | 'lineCount'>,
  revision?: number,
): DomainEvent => ({
  type,
  ...tradeOf(partnership),
  subjectId: order.id,
  data: { number: order.number, lineCount: order.lineCount, channel },
  work: [
    ...deliverWork(partnership, partnership.buyerId, '850', order.id, orderKey(partnership.id, order.id), revision),
    ...(revision === undefined ? [] : [reconcileWork(partnership.id, order.id)]),
  ],
})

/** Orders whose number is taken: the same content as the one there, or as a version that it has had, is a duplicate. */
const compareWithKnown = async (tx: Tx, taken: readonly Prepared[]): Promise<Map<Prepared, Applied>> => {
  const known = await selectKnownDocuments(
    tx.sql,
    taken.map(p => p.order),
  )
  return new Map(
    taken.map(p => {
      const { partnershipId, number, release } = p.order
      const earlier = known.filter(k => k.partnershipId === partnershipId && k.number === number && k.release === release)
      const same = earlier.find(k => saysTheSame(k.document, p.received.document))
      const documentId = (same ?? earlier[0])?.id
      return [
        p,
        {
          outcome: same ? 'duplicate' : 'conflict',
          documentKind: 'order',
          ...(documentId !== undefined && { documentId }),
          problems: same
            ? []
            : [
                problem(
                  'orders/duplicate-differs',
                  `Order ${number} is here already with another content; it was left as it is.`,
                  p.received.document.at,
                ),
              ],
        },
      ]
    }),
  )
}

/** BEG01 01 and 05. */
const changeOrder = async (tx: Tx, received: ReceivedOrder, purpose: 'cancel' | 'replace', now: Date): Promise<Applied> => {
  const { document, partnership } = received
  const book = await holdOrdersByNumber(tx, [{ partnershipId: partnership.id, number: document.number }])
  const order = book.find(partnership.id, document.number, releaseOf(document))
  const answer = (outcome: Applied['outcome'], documentId?: string, problems: Problem[] = []): Applied => ({
    outcome,
    documentKind: 'order',
    ...(documentId !== undefined && { documentId }),
    problems,
  })
  if (!order) {
    if (purpose === 'cancel')
      return answer('parked', undefined, [
        problem('orders/unknown-order', `Order ${document.number}, which is to be cancelled, is not here.`, document.at),
      ])
    const [placed] = await placeOrders(tx, [received], now)
    if (!placed) throw new Error('an order that was placed has no outcome')
    return {
      ...placed,
      problems: [
        problem(
          'orders/replaces-unknown-order',
          `Order ${document.number}, which is to be replaced, was not here; it was taken as new.`,
          document.at,
        ),
        ...placed.problems,
      ],
    }
  }
  if (order.state === 'cancelled')
    return purpose === 'cancel'
      ? answer('duplicate', order.id)
      : answer('conflict', order.id, [
          problem('orders/already-cancelled', `Order ${order.number} has been cancelled.`, document.at),
        ])
  if (purpose === 'replace' && saysTheSame(order.document, document)) return answer('duplicate', order.id)
  if (order.lines.some(line => line.ledger.shipped.gt(0)))
    return answer('conflict', order.id, [
      problem(
        'orders/already-shipped',
        `Order ${order.number} has shipped in part or whole; it cannot be ${purpose === 'cancel' ? 'cancelled' : 'replaced'}.`,
        document.at,
      ),
    ])

  await keepVersion(tx.sql, order.id, purpose === 'cancel' ? 'cancellation' : 'replacement', now)
  if (purpose === 'replace' && order.changed) await voidChanges(tx.sql, order.id)
  if (purpose === 'cancel') {
    await cancel(tx, order, received, now)
    return answer('applied', order.id)
  }
  const [prepared] = await prepareOrders(tx, [received], now)
  if (!prepared) throw new Error('an order was not prepared')
  await deleteLines(tx.sql, order.id)
  await insertOrderLines(
    tx.sql,
    prepared.lines.map(line => ({ ...line, order })),
  )
  await replaceOrder(tx.sql, order.id, prepared.order, order.version + 1, now)
  await emit(tx, [orderEvent('order.changed', received, { ...prepared.order, id: order.id }, order.version + 1)])
  return answer('applied', order.id, prepared.problems)
}

const cancel = async (tx: Tx, order: HeldOrder, received: ReceivedOrder, now: Date): Promise<void> => {
  order.lines = order.lines.map(line => ({ ...line, ...cancelLine(line) }))
  await markCancelled(tx.sql, order.id)
  await saveOrders(tx, [order], now)
  await emit(tx, [
    orderEvent('order.cancelled', received, { id: order.id, number: order.number, lineCount: order.lines.length }, order.version),
  ])
}
