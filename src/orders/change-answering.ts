import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { LineAcknowledgement, OrderChangeAnswerDocument, OrderChangeDocument } from '../documents/canonical.ts'
import { changeAnswerFor } from '../documents/change-turnaround.ts'
import { authorise } from '../identity/rules.ts'
import { itemNumbers } from '../items/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { businessDate } from '../shared/clock.ts'
import { decimalText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { holdOrdersByNumber, lineFinder, saveOrders } from './book.ts'
import { holdBook } from './change-entering.ts'
import { insertChangeAnswer, selectChangeAnswers, selectChanges, type KnownChange } from './change-queries.ts'
import { cancelsOrder, changeKind, namedBy, sequenceNumber } from './change-rules.ts'
import type { OrderChangeReply } from './change-schema.ts'
import type { ChangeBook } from './changing.ts'
import { answeredLine } from './fold.ts'
import { namedLine } from './named-line.ts'
import type { HeldLine, HeldOrder } from './queries.ts'
import { refold } from './refolding.ts'
import { changeCode, entered, groupBy, problem, saysTheSame, violationOf, waits, type Problem } from './rules.ts'
import type { DocumentChannel, LineAnswer } from './schema.ts'
import { deliverWork, enteredBy, orderKey, reconcileWork, sourceOf, tradeOf, type Applied, type Received } from './work.ts'

/** Which line of the order each line of a change is about; undefined for none. */
const linesOfChange = (order: HeldOrder, change: OrderChangeDocument): (HeldLine | undefined)[] => {
  const find = lineFinder(order.lines)
  return change.lines.map(said => {
    const position =
      changeKind(said.code)?.does === 'add'
        ? find({ lineNumber: said.lineNumber, numbers: itemNumbers(said.products) })
        : find(namedBy(said))
    return position === undefined ? undefined : order.lines[position - 1]
  })
}

/**
 * The seller answers a change by portal or API: lines accepted, rejected (they stay as they were before), or countered with another
 * quantity, price or date. Everything is taken or nothing. The buyer is told by an 865.
 * @throws DomainError record/not-found, identity/forbidden (not the seller, or not the role), request/precondition-failed,
 *   orders/change-not-pending, orders/unknown-line, orders/quantity-exceeded, orders/below-shipped, orders/nothing-answered; each
 *   names the line
 */
export const answerChange = async (
  ctx: Context,
  orderId: string,
  changeId: string,
  reply: OrderChangeReply,
  ifVersion?: number,
): Promise<{ answerId: string; version: number }> => {
  authorise(ctx.actor, 'orders.answer')
  return withOrganisation(ctx, async tx => {
    const book = await holdBook({ ...ctx, db: tx }, tx, orderId, ifVersion, 'seller')
    const { order, partnership } = book
    const change = book.changes.find(one => one.id === changeId)
    if (!change) throw new DomainError('record/not-found', { kind: 'order change', id: changeId })
    if (change.state !== 'pending') throw new DomainError('orders/change-not-pending', { changeId, state: change.state })
    if (reply.acceptRest && reply.rejectRest)
      throw new DomainError('request/invalid', { detail: 'Accept the rest or reject it, not both.' })
    const answers = answersOf(order, change, reply)
    const whole = cancelsOrder(change.document) || change.document.lines.length === 0
    if (answers.length === 0 && !(whole && (reply.acceptRest || reply.rejectRest)))
      throw new DomainError('orders/nothing-answered', { orderId, changeId })
    const lines = linesOfChange(order, change.document).map(line => line && order.document.lines[line.position - 1])
    const document = changeAnswerFor(
      order.document,
      change.document,
      {
        answers,
        type: whole ? (reply.rejectRest ? 'RJ' : 'AT') : typeOf(answers),
        on: businessDate(ctx.now()),
        ...(reply.notes !== undefined && { notes: reply.notes }),
      },
      lines,
    )
    const answerId = await record(ctx, tx, book, change, { document, partnership, channel: enteredBy(ctx.actor) })
    return { answerId, version: order.version }
  })
}

type Answered = { readonly index: number; readonly acknowledgements: LineAcknowledgement[] }

/** BCA02: AD all accepted, RD all rejected, AC otherwise. */
const typeOf = (answers: readonly Answered[]): string => {
  const codes = new Set(answers.flatMap(({ acknowledgements }) => acknowledgements.map(ack => ack.code)))
  if (codes.size === 1 && codes.has('IA')) return 'AD'
  return codes.size === 1 && codes.has('IR') ? 'RD' : 'AC'
}

const answersOf = (order: HeldOrder, change: KnownChange, reply: OrderChangeReply): Answered[] => {
  const lines = linesOfChange(order, change.document)
  const given = new Map<number, LineAnswer>()
  for (const answer of reply.lines ?? []) {
    const line = namedLine(order, answer)
    const index = lines.findIndex(one => one?.position === line.position)
    if (index < 0)
      throw new DomainError('orders/unknown-line', {
        detail: `Line ${line.lineNumber} is not in this change.`,
        line: line.lineNumber,
      })
    if (given.has(index))
      throw new DomainError('request/invalid', { detail: `Line ${line.lineNumber} is answered twice.`, line: line.lineNumber })
    given.set(index, answer)
  }
  if (!cancelsOrder(change.document) && (reply.acceptRest || reply.rejectRest))
    lines.forEach((_, index) => {
      if (!given.has(index)) given.set(index, { action: reply.acceptRest ? 'accept' : 'reject' })
    })
  return [...given]
    .sort(([a], [b]) => a - b)
    .map(([index, answer]) => ({ index, acknowledgements: answerTo(lines[index], change.document.lines[index]!.code, answer) }))
}

/** The ACK segments of one answer. A rejected change has no quantity: the line stays as it was. */
const answerTo = (line: HeldLine | undefined, code: string, answer: LineAnswer): LineAcknowledgement[] => {
  const reason = answer.reason === undefined ? {} : { reason: answer.reason }
  if (answer.action === 'reject') return [{ code: 'IR', ...reason }]
  if (answer.action === 'accept' && (!line || !waits(line))) return [{ code: 'IA', ...reason }]
  const name = line?.lineNumber ?? 'of this change'
  if (!line || !waits(line) || code === 'DI')
    throw new DomainError('orders/invalid-transition', {
      detail: `Line ${name} can only be accepted or rejected here.`,
      line: name,
    })
  if (answer.action === 'change' && changeCode(line, answer) === '')
    throw new DomainError('request/invalid', {
      detail: `Line ${name}: say what changes: quantity, price or ship date.`,
      line: name,
    })
  const { effect, acknowledgements } = entered(line, answer)
  const violation = violationOf(line, effect)
  if (violation)
    throw new DomainError(violation, {
      detail: `Line ${name} has ${decimalText(line.ledger.ordered)} ordered and ${decimalText(line.ledger.shipped)} shipped.`,
      line: name,
    })
  return acknowledgements
}

type ReceivedAnswer = Received<OrderChangeAnswerDocument>

/** Keeps what the seller said, makes the order what follows from it, and tells the buyer. */
const record = async (
  ctx: Context,
  tx: Tx,
  { order, partnership }: ChangeBook,
  change: KnownChange,
  received: ReceivedAnswer,
): Promise<string> => {
  const id = newId('cha')
  const { document } = received
  await insertChangeAnswer(
    tx.sql,
    {
      id,
      order,
      changeId: change.id,
      document,
      channel: received.channel satisfies DocumentChannel,
      ...sourceOf(received),
      actor: ctx.actor.name,
    },
    ctx.now(),
  )
  await refold(tx, order, partnership, { replacedBy: 'answer', changeId: change.id }, ctx.now())
  await saveOrders(tx, [order], ctx.now())
  await emit(tx, [answeredEvent(partnership, order, change, id, document)])
  return id
}

const answeredEvent = (
  partnership: Partnership,
  order: HeldOrder,
  change: KnownChange,
  answerId: string,
  document: OrderChangeAnswerDocument,
) => {
  const key = orderKey(partnership.id, order.id)
  return {
    type: 'order.change_answered',
    ...tradeOf(partnership),
    subjectId: order.id,
    data: { number: order.number, changeId: change.id, answerId, type: document.type, state: order.state },
    work: [...deliverWork(partnership, partnership.sellerId, '865', answerId, key), reconcileWork(partnership.id, order.id)],
  }
}

/**
 * Records the answers to changes that arrived as 865s, in their order. Each answers the change of its number (BCA05), or the one that
 * waits when it names none. What it accepts or counters moves the lines, what it rejects has not been made. The same again is a
 * `duplicate`; one for an order or change that is not here is `parked`.
 */
export const receiveChangeAnswers = (ctx: Context, documents: readonly ReceivedAnswer[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const orders = await holdOrdersByNumber(
      tx,
      documents.map(({ partnership, document }) => ({ partnershipId: partnership.id, number: document.orderNumber })),
    )
    const ids = orders.orders.map(order => order.id)
    const changes = groupBy(await selectChanges(tx.sql, ids), change => change.orderId)
    const answers = new Map((await selectChangeAnswers(tx.sql, ids)).map(answer => [answer.changeId, answer]))
    const applied: Applied[] = []
    for (const received of documents) {
      const { document, partnership } = received
      const parked = (code: string, detail: string) =>
        applied.push({
          outcome: 'parked',
          documentKind: 'order_change_answer',
          problems: [problem(code, detail, document.at)],
        })
      const order = orders.find(partnership.id, document.orderNumber, document.release)
      if (!order) {
        parked('orders/unknown-order', `Order ${document.orderNumber} is not here.`)
        continue
      }
      const change = answeredChange(changes.get(order.id) ?? [], document)
      if (!change) {
        parked(
          'orders/change-missing',
          `Change ${document.sequence ?? ''} of order ${order.number}, which is answered, is not here or waits for another.`,
        )
        continue
      }
      const last = answers.get(change.id)
      if (last && last.channel !== 'hub' && saysTheSame(last.document, document)) {
        applied.push({ outcome: 'duplicate', documentKind: 'order_change_answer', documentId: last.id, problems: [] })
        continue
      }
      const problems = answerProblems(order, change, document)
      const id = await record(ctx, tx, { order, partnership, changes: changes.get(order.id) ?? [] }, change, received)
      answers.set(change.id, { id, orderId: order.id, changeId: change.id, document, channel: received.channel, sourceMessageId: null, sourceOrdinal: null })
      applied.push({ outcome: 'applied', documentKind: 'order_change_answer', documentId: id, problems })
    }
    return applied
  })

/** The change that an 865 answers. */
const answeredChange = (changes: readonly KnownChange[], { sequence }: OrderChangeAnswerDocument): KnownChange | undefined => {
  const here = changes.filter(change => change.state !== 'held' && change.state !== 'replaced')
  if (sequence === undefined) return here.findLast(change => change.state === 'pending') ?? here.at(-1)
  const number = sequenceNumber(sequence)
  return here.findLast(
    change => change.sequence === sequence || (number !== null && sequenceNumber(change.sequence) === number),
  )
}

const answerProblems = (order: HeldOrder, change: KnownChange, document: OrderChangeAnswerDocument): Problem[] => {
  const lines = linesOfChange(order, change.document)
  return document.lines.flatMap(said => {
    const index = answeredLine(change.document, said)
    const name = said.lineNumber ?? said.products[0]?.value ?? ''
    if (index === undefined)
      return [problem('orders/unknown-line', `Change ${change.sequence ?? ''} has no line ${name}.`.replace('  ', ' '), said.at)]
    const line = lines[index]
    const stranger = line && said.acknowledgements.find(ack => ack.unit !== undefined && ack.unit !== line.unit)
    return stranger
      ? [
          problem(
            'orders/unit-differs',
            `Line ${line.lineNumber} was ordered in ${line.unit} and is answered in ${stranger.unit}.`,
            stranger.at,
          ),
        ]
      : []
  })
}
