import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { OrderAcknowledgementDocument } from '../documents/canonical.ts'
import { acknowledgementFor } from '../documents/turnaround.ts'
import { authorise } from '../identity/rules.ts'
import { itemNumbers } from '../items/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { getPartnership } from '../partners/service.ts'
import { decimalText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { holdOrders, holdOrdersByNumber, lineFinder, putLine, saveOrders } from './book.ts'
import { namedLine } from './named-line.ts'
import { refold } from './refolding.ts'
import { insertResponses, selectLatestResponses, type HeldLine, type HeldOrder, type NewResponse } from './queries.ts'
import {
  acknowledged,
  answerLine,
  changeCode,
  entered,
  meaningOfType,
  problem,
  saysTheSame,
  violationOf,
  waits,
  wholeLine,
  type AnswerEffect,
  type Problem,
  type Violation,
} from './rules.ts'
import type { LineAnswer, OrderAnswer } from './schema.ts'
import { deliverWork, enteredBy, orderKey, reconcileWork, sourceOf, tradeOf, type Applied, type Received } from './work.ts'

/**
 * The seller answers an order by portal or API: lines accepted, changed, rejected or backordered, the rest accepted if so
 * said. Everything is taken or nothing. The buyer is told by an 855.
 * @throws DomainError record/not-found, identity/forbidden (not the seller, or not the role), request/precondition-failed
 *   (`ifVersion` is not the order's), orders/unknown-line, orders/invalid-transition, orders/quantity-exceeded,
 *   orders/below-shipped, orders/nothing-answered; each names the line
 */
export const answerOrder = async (
  ctx: Context,
  orderId: string,
  answer: OrderAnswer,
  ifVersion?: number,
): Promise<{ responseId: string; version: number }> => {
  authorise(ctx.actor, 'orders.answer')
  return withOrganisation(ctx, async tx => {
    const [order] = await holdOrders(tx, [orderId])
    if (!order) throw new DomainError('record/not-found', { kind: 'order', id: orderId })
    if (order.sellerId !== ctx.actor.organisationId)
      throw new DomainError('identity/forbidden', { detail: 'Only the seller answers an order.', orderId })
    if (ifVersion !== undefined && ifVersion !== order.version)
      throw new DomainError('request/precondition-failed', { version: order.version })
    const partnership = await getPartnership({ ...ctx, db: tx }, order.partnershipId)
    const answers = answersByLine(order, answer)
    if (answers.size === 0) throw new DomainError('orders/nothing-answered', { orderId })
    const said = [...answers].map(([position, given]) => takeEntered(order, position, given))
    const document = acknowledgementFor(order.document, {
      answers: said,
      on: ctx.now().toISOString().slice(0, 10),
      ...(answer.sellerOrderNumber !== undefined && { acknowledgementNumber: answer.sellerOrderNumber }),
      ...(answer.notes !== undefined && { notes: answer.notes }),
    })
    const response = newResponse(order, document, { channel: enteredBy(ctx.actor), partnership })
    await insertResponses(tx.sql, [response], ctx.actor.name, ctx.now())
    if (order.changed) await refold(tx, order, partnership, undefined, ctx.now())
    await saveOrders(tx, [order], ctx.now())
    await emit(tx, [answeredEvent(partnership, order, response)])
    return { responseId: response.id, version: order.version }
  })
}

/** Which answer each line gets, by position. */
const answersByLine = (order: HeldOrder, answer: OrderAnswer): Map<number, LineAnswer> => {
  const answers = new Map<number, LineAnswer>()
  for (const given of answer.lines ?? []) {
    const { position } = namedLine(order, given)
    if (answers.has(position))
      throw new DomainError('request/invalid', {
        detail: `Line ${given.lineNumber ?? position} is answered twice.`,
        line: given.lineNumber ?? position,
      })
    answers.set(position, given)
  }
  if (answer.acceptRest)
    for (const line of order.lines)
      if (waits(line) && !answers.has(line.position)) answers.set(line.position, { action: 'accept' })
  return new Map([...answers].sort(([a], [b]) => a - b))
}

const violationTexts: Readonly<Record<Violation, (line: HeldLine, effect: AnswerEffect) => string>> = {
  'orders/invalid-transition': (line, effect) => `is ${line.response} and cannot become ${effect.response}`,
  'orders/quantity-exceeded': (line, effect) =>
    `has ${decimalText(line.ledger.ordered)} ordered, fewer than ${decimalText(effect.confirmed.plus(effect.rejected))}`,
  'orders/below-shipped': line => `has ${decimalText(line.ledger.shipped)} shipped already`,
}

/** Applies an entered answer to its line, and gives what the 855 says of it. */
const takeEntered = (order: HeldOrder, position: number, given: LineAnswer) => {
  const line = order.lines[position - 1]
  if (!line) throw new Error(`order ${order.id} has no line at ${position}`)
  if (given.action === 'change' && changeCode(line, given) === '')
    throw new DomainError('request/invalid', {
      detail: `Line ${line.lineNumber}: say what changes: quantity, price or ship date.`,
      line: line.lineNumber,
    })
  const { effect, acknowledgements } = entered(line, given)
  const violation = violationOf(line, effect)
  if (violation)
    throw new DomainError(violation, {
      detail: `Line ${line.lineNumber} ${violationTexts[violation](line, effect)}.`,
      line: line.lineNumber,
      position,
    })
  putLine(order, { ...line, ...answerLine(line, effect) })
  return { position, acknowledgements }
}

const newResponse = (
  order: HeldOrder,
  document: OrderAcknowledgementDocument,
  received: Pick<Received<unknown>, 'channel' | 'partnership' | 'source'>,
): NewResponse => {
  order.responseCount += 1
  return {
    id: newId('rsp'),
    order,
    sequence: order.responseCount,
    type: document.type,
    document: JSON.stringify(document),
    channel: received.channel,
    ...sourceOf(received),
  }
}

const answeredEvent = (partnership: Partnership, order: HeldOrder, response: NewResponse) => {
  const key = orderKey(partnership.id, order.id)
  return {
    type: 'order.answered',
    ...tradeOf(partnership),
    subjectId: order.id,
    data: { number: order.number, responseId: response.id, type: response.type, state: order.state },
    work: [...deliverWork(partnership, partnership.sellerId, '855', response.id, key), reconcileWork(partnership.id, order.id)],
  }
}

type ReceivedAcknowledgement = Received<OrderAcknowledgementDocument>

/**
 * Records the answers that arrived as 855s, in their order. The answer is kept as it was said, whatever it says; what it
 * cannot do to a line is a problem (`orders/unknown-line`, `orders/invalid-transition` …). BAK02 AK, AT and RJ without lines
 * answer all, AE accepts the lines that it does not name; what is left unanswered stays open. The same 855 again is a
 * `duplicate`, one for an order that is not here is `parked`. A handful of statements for any number of documents.
 */
export const receiveAcknowledgements = (ctx: Context, documents: readonly ReceivedAcknowledgement[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const book = await holdOrdersByNumber(
      tx,
      documents.map(({ partnership, document }) => ({ partnershipId: partnership.id, number: document.orderNumber })),
    )
    const latest = await latestDocuments(tx, book.orders)
    const taken: { received: ReceivedAcknowledgement; order: HeldOrder; response: NewResponse }[] = []
    const applied = documents.map((received): Applied => {
      const { document, partnership } = received
      const order = book.find(partnership.id, document.orderNumber, document.release)
      if (!order)
        return {
          outcome: 'parked',
          documentKind: 'order_response',
          problems: [problem('orders/unknown-order', `Order ${document.orderNumber} is not here.`, document.at)],
        }
      const last = latest.get(order.id)
      if (last && saysTheSame(last.document, document))
        return { outcome: 'duplicate', documentKind: 'order_response', documentId: last.id, problems: [] }
      const problems = takeAcknowledgement(order, document)
      const response = newResponse(order, document, received)
      latest.set(order.id, { id: response.id, document })
      taken.push({ received, order, response })
      return { outcome: 'applied', documentKind: 'order_response', documentId: response.id, problems }
    })
    if (taken.length > 0) {
      await insertResponses(
        tx.sql,
        taken.map(t => t.response),
        ctx.actor.name,
        ctx.now(),
      )
      const answered = [...new Set(taken.map(t => t.order))]
      for (const order of answered)
        if (order.changed) await refold(tx, order, taken.find(t => t.order === order)!.received.partnership, undefined, ctx.now())
      await saveOrders(tx, answered, ctx.now())
      await emit(
        tx,
        taken.map(t => answeredEvent(t.received.partnership, t.order, t.response)),
      )
    }
    return applied
  })

const latestDocuments = async (tx: Tx, orders: readonly HeldOrder[]): Promise<Map<string, { id: string; document: unknown }>> => {
  const answered = orders.filter(order => order.responseCount > 0).map(order => order.id)
  if (answered.length === 0) return new Map()
  return new Map((await selectLatestResponses(tx.sql, answered)).map(row => [row.orderId, row]))
}

/** Moves the lines of an order by what an 855 says, and lists what it says that cannot be. */
const takeAcknowledgement = (order: HeldOrder, document: OrderAcknowledgementDocument): Problem[] => {
  const problems: Problem[] = []
  const find = lineFinder(order.lines)
  const named = new Set<number>()
  const take = (line: HeldLine, effect: AnswerEffect, at: number | undefined) => {
    // Some sellers answer every line again in each 855; what stays as it was is no transition.
    const violation = violationOf(line, effect)
    if (violation === 'orders/invalid-transition' && line.response !== effect.response) {
      problems.push(problem(violation, `Line ${line.lineNumber} ${violationTexts[violation](line, effect)}.`, at))
      return
    }
    if (violation && violation !== 'orders/invalid-transition')
      problems.push(problem(violation, `Line ${line.lineNumber} ${violationTexts[violation](line, effect)}.`, at))
    putLine(order, { ...line, ...answerLine(line, effect) })
  }
  for (const said of document.lines) {
    const position = find({ lineNumber: said.lineNumber, numbers: itemNumbers(said.products) })
    const line = position === undefined ? undefined : order.lines[position - 1]
    if (!line) {
      problems.push(problem('orders/unknown-line', `The order has no line ${said.lineNumber}.`, said.at))
      continue
    }
    named.add(line.position)
    const stranger = said.acknowledgements.find(ack => ack.unit !== undefined && ack.unit !== line.unit)
    if (stranger) {
      // Quantities in another unit cannot be told apart from wrong ones, so they move nothing.
      problems.push(
        problem(
          'orders/unit-differs',
          `Line ${line.lineNumber} was ordered in ${line.unit} and is answered in ${stranger.unit}.`,
          stranger.at,
        ),
      )
      continue
    }
    const effect = acknowledged(line, said)
    if (effect) take(line, effect, said.acknowledgements[0]?.at ?? said.at)
  }
  const rest = meaningOfType(document.type, document.lines.length)
  if (rest)
    for (const line of order.lines)
      if (!named.has(line.position) && waits(line)) take(line, wholeLine(line, rest), document.at)
  return problems
}
