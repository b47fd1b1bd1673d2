import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { LineAcknowledgement, OrderChangeDocument } from '../documents/canonical.ts'
import { changeAnswerFor } from '../documents/change-turnaround.ts'
import type { Partnership } from '../partners/schema.ts'
import { addHours, businessDate } from '../shared/clock.ts'
import { newId } from '../shared/ids.ts'
import { holdOrdersByNumber, lineFinder, saveOrders } from './book.ts'
import {
  decideChange,
  insertChange,
  insertChangeAnswer,
  selectChanges,
  setChangeStates,
  type KnownChange,
  type NewChange,
} from './change-queries.ts'
import { cancelsOrder, changeFaults, changeProblems, namedBy, sequenceNumber, type ChangeFault } from './change-rules.ts'
import { selectAwaited, type HeldOrder } from './queries.ts'
import { refold } from './refolding.ts'
import { groupBy, problem, saysTheSame, type Problem } from './rules.ts'
import { deliverWork, orderKey, reconcileWork, sourceOf, tradeOf, unparkWork, type Applied, type Received } from './work.ts'

export type ReceivedChange = Received<OrderChangeDocument>

/** The changes of one order, while more are made. */
export type ChangeBook = { readonly order: HeldOrder; readonly partnership: Partnership; changes: KnownChange[] }

/**
 * Records the changes that arrived as 860s, each once and in the order of its number (BCH05).
 * - made: the order and its lines are changed at once, and wait for the seller's answer (865)
 * - one that cannot be made (`orders/below-shipped`, `orders/unknown-line` …) changes nothing, whole as it is: the hub answers with a
 *   rejecting 865 that says why
 * - a later one that arrives first is kept (`orders/change-held`) and made when those before it have come
 * - the same again: `duplicate`; the same number with another content: `conflict` (`orders/change-differs`), unless BCH01 05 says
 *   that it takes the other's place
 * - for an order that is not here: `parked`
 */
export const receiveChanges = (ctx: Context, documents: readonly ReceivedChange[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const orders = await holdOrdersByNumber(
      tx,
      documents.map(({ partnership, document }) => ({ partnershipId: partnership.id, number: document.orderNumber })),
    )
    const known = groupBy(await selectChanges(tx.sql, orders.orders.map(order => order.id)), change => change.orderId)
    const books = new Map<string, ChangeBook>()
    const applied: Applied[] = []
    for (const received of documents) {
      const { document, partnership } = received
      const order = orders.find(partnership.id, document.orderNumber, document.release)
      if (!order) {
        applied.push({
          outcome: 'parked',
          documentKind: 'order_change',
          problems: [problem('orders/unknown-order', `Order ${document.orderNumber} is not here.`, document.at)],
        })
        continue
      }
      const book = books.get(order.id) ?? { order, partnership, changes: known.get(order.id) ?? [] }
      books.set(order.id, book)
      applied.push(await takeChange({ ...ctx, db: tx }, tx, book, received))
    }
    return applied
  })

const inForce = (change: KnownChange): boolean => change.ordinal !== null && change.state !== 'replaced'

const takeChange = async (ctx: Context, tx: Tx, book: ChangeBook, received: ReceivedChange): Promise<Applied> => {
  const { document } = received
  const { order } = book
  const answer = (outcome: Applied['outcome'], documentId?: string, problems: Problem[] = []): Applied => ({
    outcome,
    documentKind: 'order_change',
    ...(documentId !== undefined && { documentId }),
    problems,
  })
  const sequence = document.sequence ?? null
  const same = book.changes.filter(
    change =>
      change.state !== 'replaced' && (sequence === null ? change.sequence === null : sameSequence(change.sequence, sequence)),
  )
  const again = same.find(change => saysTheSame(change.document, document))
  if (again) return answer('duplicate', again.id)
  const earlier = sequence === null ? undefined : same.at(-1)
  const number = sequenceNumber(sequence)
  if (earlier && document.purpose === '05') return replaceChange(ctx, tx, book, received, earlier)
  if (!changePurposes.has(document.purpose))
    return answer('conflict', undefined, [
      problem(
        'orders/unknown-purpose',
        `The purpose ${document.purpose} (BCH01) is not one that a change is taken for: ${[...changePurposes].join(', ')}.`,
        document.at,
      ),
    ])
  if (earlier)
    return answer('conflict', earlier.id, [
      problem(
        'orders/change-differs',
        `Change ${sequence} of order ${order.number} is here already with another content; it was left as it is.`,
        document.at,
      ),
    ])
  if (number !== null) {
    const last = lastNumber(book.changes)
    if (last !== null && number < last)
      return answer('conflict', undefined, [
        problem(
          'orders/change-late',
          `Change ${sequence} of order ${order.number} came after change ${last} had been decided on; it was not made.`,
          document.at,
        ),
      ])
    if (number > (last ?? 0) + 1) {
      const held = problem(
        'orders/change-held',
        `Change ${sequence} of order ${order.number} waits for change ${(last ?? 0) + 1}.`,
        document.at,
      )
      const change = newChange(ctx, book, received, { ordinal: null, state: 'held', respondBy: null, problems: [held] })
      await insertChange(tx.sql, change, ctx.now())
      book.changes = [...book.changes, knownOf(change)]
      await emit(tx, [changeEvent('order.change_held', book.partnership, order, change)])
      return answer('applied', change.id, [held])
    }
  }
  const { change, problems } = await decide(ctx, tx, book, received)
  await releaseNext(ctx, tx, book)
  return answer('applied', change.id, problems)
}

/**
 * BCH01: 00 original, 01 cancels the order, 04 change, 05 takes the place of the change of this number. A confirmation (06) of a change
 * that was agreed on otherwise, a duplicate (07) and a resubmission (15) are made when they are not here already.
 */
const changePurposes: ReadonlySet<string> = new Set(['00', '01', '04', '05', '06', '07', '15'])

const sameSequence = (one: string | null, other: string): boolean =>
  one === other || (one !== null && sequenceNumber(one) !== null && sequenceNumber(one) === sequenceNumber(other))

/** The highest number of a change that was made or refused. */
export const lastNumber = (changes: readonly KnownChange[]): number | null => {
  const numbers = changes.flatMap(change => (change.state === 'held' ? [] : (sequenceNumber(change.sequence) ?? [])))
  return numbers.length === 0 ? null : Math.max(...numbers)
}

const newChange = (
  ctx: Context,
  { order }: ChangeBook,
  received: ReceivedChange,
  decision: Pick<NewChange, 'ordinal' | 'state' | 'respondBy' | 'problems'>,
): NewChange => ({
  id: newId('chg'),
  order,
  sequence: received.document.sequence ?? null,
  purpose: received.document.purpose,
  type: received.document.type,
  document: received.document,
  channel: received.channel,
  ...sourceOf(received),
  actor: ctx.actor.name,
  ...decision,
})

const knownOf = (change: NewChange): KnownChange => ({
  ...change,
  orderId: change.order.id,
  sourceMessageId: change.sourceMessageId ?? null,
  sourceOrdinal: change.sourceOrdinal ?? null,
})

/** Makes a change, or refuses it with an 865 of the hub's; `waiting` is one that was held until now. */
export const decide = async (
  ctx: Context,
  tx: Tx,
  book: ChangeBook,
  received: ReceivedChange,
  { waiting, ordinal: place }: { waiting?: KnownChange; ordinal?: number } = {},
): Promise<{ change: NewChange; problems: Problem[] }> => {
  const { order, partnership } = book
  const { document } = received
  const now = ctx.now()
  const faults = changeFaults(order, document, partnership.changeQuantity)
  const refused = faults.length > 0
  const ordinal = refused ? null : (place ?? Math.max(0, ...book.changes.flatMap(change => change.ordinal ?? [])) + 1)
  const problems = refused ? faults.map(plain) : changeProblems(order, document, partnership.changeQuantity)
  const decision = {
    ordinal,
    state: refused ? ('refused' as const) : ('pending' as const),
    respondBy: refused ? null : addHours(now, partnership.responseHours),
    problems,
  }
  const change = { ...newChange(ctx, book, received, decision), ...(waiting && { id: waiting.id }) }
  await (waiting ? decideChange(tx.sql, waiting.id, decision, now) : insertChange(tx.sql, change, now))
  book.changes = [...book.changes.filter(other => other.id !== change.id), knownOf(change)]
  if (refused) {
    await refuse(ctx, tx, book, change, faults)
    return { change, problems }
  }
  order.changed = true
  await refold(tx, order, partnership, { replacedBy: 'change', changeId: change.id }, now)
  await saveOrders(tx, [order], now)
  const [found] = await selectAwaited(tx.sql, order.id)
  const event = changeEvent('order.changed', partnership, order, change)
  await emit(tx, [
    { ...event, work: [...(event.work ?? []), ...(found?.awaited ? [unparkWork(partnership.id, order.number)] : [])] },
  ])
  return { change, problems }
}

const plain = ({ index: _index, ...rest }: ChangeFault): Problem => rest

/** Now that one was decided on, those that waited for it are too. */
const releaseNext = async (ctx: Context, tx: Tx, book: ChangeBook): Promise<void> => {
  for (;;) {
    const last = lastNumber(book.changes)
    const next = book.changes.find(
      change => change.state === 'held' && last !== null && sequenceNumber(change.sequence) === last + 1,
    )
    if (!next) return
    await decide(ctx, tx, book, receivedAs(book, next), { waiting: next })
  }
}

/** A change that is here, as it was received. */
const receivedAs = ({ partnership }: ChangeBook, change: KnownChange): ReceivedChange => ({
  document: change.document,
  partnership,
  channel: change.channel,
  ...(change.sourceMessageId !== null
    && change.sourceOrdinal !== null && { source: { messageId: change.sourceMessageId, ordinal: change.sourceOrdinal } }),
})

/** A change that waits is not waited with any longer: those that it waits for are passed over. */
export const releaseHeld = async (ctx: Context, tx: Tx, book: ChangeBook, change: KnownChange): Promise<void> => {
  await decide(ctx, tx, book, receivedAs(book, change), { waiting: change })
  await releaseNext(ctx, tx, book)
}

/** BCH01 05: the change of this number is taken back and this one made in its place. */
const replaceChange = async (
  ctx: Context,
  tx: Tx,
  book: ChangeBook,
  received: ReceivedChange,
  earlier: KnownChange,
): Promise<Applied> => {
  await setChangeStates(tx.sql, [{ id: earlier.id, state: 'replaced' }])
  book.changes = book.changes.map(change => (change.id === earlier.id ? { ...change, state: 'replaced' } : change))
  if (earlier.state === 'held') {
    const change = newChange(ctx, book, received, { ordinal: null, state: 'held', respondBy: null, problems: [] })
    await insertChange(tx.sql, change, ctx.now())
    book.changes = [...book.changes, knownOf(change)]
    return { outcome: 'applied', documentKind: 'order_change', documentId: change.id, problems: [] }
  }
  if (inForce({ ...earlier, state: 'pending' })) {
    await refold(tx, book.order, book.partnership, { replacedBy: 'change', changeId: earlier.id }, ctx.now())
    await saveOrders(tx, [book.order], ctx.now())
  }
  const { change, problems } = await decide(ctx, tx, book, received, earlier.ordinal === null ? {} : { ordinal: earlier.ordinal })
  return { outcome: 'applied', documentKind: 'order_change', documentId: change.id, problems }
}

/** What the buyer is told of a change that cannot be made: every line of it rejected, those at fault with the reason. */
const refuse = async (
  ctx: Context,
  tx: Tx,
  { order, partnership }: ChangeBook,
  change: NewChange,
  faults: readonly ChangeFault[],
): Promise<void> => {
  const now = ctx.now()
  const find = lineFinder(order.lines)
  const lines = change.document.lines.map(said => order.document.lines[(find(namedBy(said)) ?? 0) - 1])
  const reasonOf = (index: number): string =>
    faults.find(fault => fault.index === index)?.detail ?? faults.find(fault => fault.index === null)?.detail
    ?? 'Not made, because another line of this change cannot be.'
  const rejected = (reason: string): LineAcknowledgement => ({ code: 'IR', reason: reason.slice(0, 80) })
  const document = changeAnswerFor(
    order.document,
    change.document,
    {
      type: cancelsOrder(change.document) || change.document.lines.length === 0 ? 'RJ' : 'RD',
      on: businessDate(now),
      answers: cancelsOrder(change.document)
        ? []
        : change.document.lines.map((_, index) => ({ index, acknowledgements: [rejected(reasonOf(index))] })),
      notes: faults.map(fault => fault.detail.slice(0, 264)).slice(0, 100),
    },
    lines,
  )
  const id = newId('cha')
  await insertChangeAnswer(
    tx.sql,
    {
      id,
      order,
      changeId: change.id,
      document,
      channel: 'hub',
      sourceMessageId: undefined,
      sourceOrdinal: undefined,
      actor: 'Accord',
    },
    now,
  )
  const key = orderKey(partnership.id, order.id)
  await emit(tx, [
    {
      type: 'order.change_refused',
      ...tradeOf(partnership),
      subjectId: order.id,
      data: { number: order.number, changeId: change.id, sequence: change.sequence, reason: faults[0]?.code },
      work: [...deliverWork(partnership, partnership.sellerId, '865', id, key), reconcileWork(partnership.id, order.id)],
    },
  ])
}

const changeEvent = (type: string, partnership: Partnership, order: HeldOrder, change: NewChange): DomainEvent => ({
  type,
  ...tradeOf(partnership),
  subjectId: order.id,
  data: { number: order.number, changeId: change.id, sequence: change.sequence, channel: change.channel, state: order.state },
  work: [
    ...(change.state === 'held'
      ? []
      : deliverWork(partnership, partnership.buyerId, '860', change.id, orderKey(partnership.id, order.id))),
    reconcileWork(partnership.id, order.id),
    // Once more when the answer is due, under a key of its own: what is due at once must not wait behind it.
    ...(change.respondBy === null
      ? []
      : [
          {
            ...reconcileWork(partnership.id, order.id),
            key: `${orderKey(partnership.id, order.id)} answer due`,
            availableAt: change.respondBy,
          },
        ]),
  ],
})
