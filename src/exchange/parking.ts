import type { Context } from '../db/context.ts'
import { withOrganisation, type Tx } from '../db/client.ts'
import { emit, enqueueWork } from '../db/outbox.ts'
import type { CanonicalDocument } from '../documents/index.ts'
import { recordProblems } from '../exceptions/service.ts'
import { linkInvoices } from '../invoices/linking.ts'
import { holdOrdersByNumber, saveOrders } from '../orders/book.ts'
import {
  receiveAcknowledgements,
  receiveChangeAnswers,
  receiveChanges,
  receiveOrders,
  type Applied,
  type Received,
} from '../orders/service.ts'
import { reconcileWork, tradeOf, unparkWork } from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { counterpartOf, getPartnership } from '../partners/service.ts'
import { linkShipments } from '../shipments/linking.ts'

/**
 * Documents that came before what they speak of. An answer, a change, its answer or a cancellation waits as a whole; a ship notice or
 * an invoice is kept at once, and its lines find their order when that has come.
 */

/** A received document that an order is waited for with. */
export type Parked = {
  readonly messageId: string
  readonly ordinal: number
  readonly set: string
  readonly partnership: Partnership
  readonly document: CanonicalDocument
  readonly actor: string
}

/** What can wait for an order. */
const services: Readonly<Record<string, (ctx: Context, documents: readonly Received<never>[]) => Promise<Applied[]>>> = {
  '850': receiveOrders as never,
  '855': receiveAcknowledgements as never,
  '860': receiveChanges as never,
  '865': receiveChangeAnswers as never,
}

/** How long after a document was parked it is looked once more whether its order came at the same moment. */
const lookAgainMilliseconds = 60_000

/** The numbers of the orders that a document is about. */
export const orderNumbersOf = (set: string, document: CanonicalDocument): string[] => {
  if ('orderNumber' in document && document.orderNumber !== undefined) return [document.orderNumber]
  if (set === '850' && 'number' in document) return [document.number]
  return 'packages' in document ? [...new Set(document.lines.map(line => line.orderNumber))] : []
}

/**
 * Keeps documents whose order is not here (`parked`), and sees to it that those whose order came at the very moment are not forgotten
 * (`parked` and `unplaced`).
 */
export const park = async (
  tx: Tx,
  now: Date,
  organisationId: string,
  parked: readonly Parked[],
  unplaced: readonly Pick<Parked, 'set' | 'partnership' | 'document'>[],
): Promise<void> => {
  for (const { messageId, ordinal, set, partnership, document, actor } of parked) {
    const [orderNumber] = orderNumbersOf(set, document)
    // What waits for something else than an order, such as its ship notice, waits for a person.
    if (orderNumber === undefined || !services[set]) continue
    await tx.sql`
      insert into waiting_document (message_id, ordinal, organisation_id, partnership_id, buyer_id, seller_id, order_number, set_id,
        document, actor, created_at)
      values (${messageId}, ${ordinal}, ${organisationId}, ${partnership.id}, ${partnership.buyerId}, ${partnership.sellerId},
        ${orderNumber}, ${set}, ${JSON.stringify(document)}::text::jsonb, ${actor}, ${now})
      on conflict (message_id, ordinal) do nothing`
  }
  const awaited = new Map(
    [...parked, ...unplaced].flatMap(({ set, partnership, document }) =>
      orderNumbersOf(set, document).map(number => [`${partnership.id} ${number}`, { partnershipId: partnership.id, number }] as const),
    ),
  )
  await enqueueWork(
    tx,
    [...awaited.values()].map(({ partnershipId, number }) => ({
      ...unparkWork(partnershipId, number),
      // Under a key of its own: what is due at once must not wait behind it.
      key: `${partnershipId} look again ${number}`,
      organisationId,
      availableAt: new Date(now.getTime() + lookAgainMilliseconds),
    })),
  )
}

type Waiting = {
  messageId: string; ordinal: number; organisationId: string; set: string; document: CanonicalDocument; actor: string
}

/**
 * Applies what waited for the orders of a number, in the order in which it was sent; what still has to wait stays. Ship notices and
 * invoices find the lines that were not there when they came.
 */
export const unpark = async (ctx: Context, work: { readonly partnershipId: string; readonly number: string }): Promise<void> =>
  withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const partnership = await getPartnership(inner, work.partnershipId)
    await applyWaiting(inner, tx, partnership, work.number)
    const book = await holdOrdersByNumber(tx, [{ partnershipId: partnership.id, number: work.number }])
    if (book.orders.length === 0) return
    const moved = new Set([
      ...(await linkShipments(tx, book, partnership, work.number, ctx.now())),
      ...(await linkInvoices(tx, book, partnership, work.number, ctx.now())),
    ])
    await saveOrders(tx, [...moved], ctx.now())
    await emit(
      tx,
      book.orders.map(order => ({
        type: 'order.caught_up',
        ...tradeOf(partnership),
        subjectId: order.id,
        data: { number: order.number },
        work: [reconcileWork(partnership.id, order.id)],
      })),
    )
  })

const applyWaiting = async (ctx: Context, tx: Tx, partnership: Partnership, number: string): Promise<void> => {
  // A change that is made may be what its answer waits for, so it is gone round until nothing more can be applied.
  for (;;) {
    const waiting = await tx.sql<Waiting[]>`
      select message_id as "messageId", ordinal, organisation_id as "organisationId", set_id as set, document, actor
      from waiting_document where partnership_id = ${partnership.id} and order_number = ${number}
      order by message_id, ordinal for update`
    let done = 0
    for (const one of waiting) if (await applyOne(ctx, tx, partnership, one)) done += 1
    if (done === 0 || done === waiting.length) return
  }
}

const applyOne = async (ctx: Context, tx: Tx, partnership: Partnership, waiting: Waiting): Promise<boolean> => {
  const service = services[waiting.set]
  if (!service) throw new Error(`a ${waiting.set} cannot wait`)
  const source = { messageId: waiting.messageId, ordinal: waiting.ordinal }
  const [applied] = await service({ ...ctx, actor: { ...ctx.actor, name: waiting.actor } }, [
    { document: waiting.document as never, partnership, channel: 'x12', source },
  ])
  if (!applied || applied.outcome === 'parked') return false
  await tx.sql`delete from waiting_document where message_id = ${waiting.messageId} and ordinal = ${waiting.ordinal}`
  const [reason] = applied.problems
  const state = applied.outcome === 'conflict' ? 'quarantined' : applied.outcome
  await tx.sql`
    update message_set set state = ${state}, document_kind = ${applied.documentKind}, document_id = ${applied.documentId ?? null},
      error_code = ${applied.outcome === 'conflict' ? (reason?.code ?? 'exchange/conflict') : null},
      error_detail = ${applied.outcome === 'conflict' ? (reason?.detail ?? '') : null}
    where message_id = ${waiting.messageId} and ordinal = ${waiting.ordinal} and state = 'quarantined'`
  await recordProblems(tx, ctx.now(), [
    {
      ...tradeOf(partnership),
      side: counterpartOf(partnership, waiting.organisationId) === partnership.buyerId ? 'seller' : 'buyer',
      documentKind: applied.documentKind,
      ...(applied.documentId !== undefined && { documentId: applied.documentId }),
      source,
      problems: applied.problems,
    },
  ])
  return true
}
