import { answeredQuantities, meaningOf, type AcknowledgementLine } from '../documents/acknowledgement855.ts'
import type { LineAcknowledgement, PurchaseOrderDocument } from '../documents/canonical.ts'
import { Decimal, decimal, decimalText, type DecimalInput } from '../shared/decimal.ts'
import type { LineAnswer, LineResponse, LineStatus, OrderState } from './schema.ts'

/**
 * What a line's response may become. A change of the buyer's makes an answered line pending again, and takes nothing from one that
 * is still open. Rejected and cancelled lines take no further answer and no change; a buyer may still cancel a rejected one.
 */
export const nextResponses: Readonly<Record<LineResponse, readonly LineResponse[]>> = {
  open: ['accepted', 'changed', 'rejected', 'backordered', 'cancelled'],
  accepted: ['changed', 'rejected', 'backordered', 'change_pending', 'cancelled'],
  changed: ['accepted', 'changed', 'rejected', 'backordered', 'change_pending', 'cancelled'],
  backordered: ['accepted', 'changed', 'rejected', 'backordered', 'change_pending', 'cancelled'],
  change_pending: ['accepted', 'changed', 'rejected', 'backordered', 'change_pending', 'cancelled'],
  rejected: ['cancelled'],
  cancelled: [],
}

/** The quantities of a line, which move in parallel with its response. Each ≥ 0. */
export type Ledger = {
  readonly ordered: Decimal
  readonly confirmed: Decimal
  readonly shipped: Decimal
  readonly received: Decimal
  readonly invoiced: Decimal
  readonly paid: Decimal
  /** By the buyer, or rejected by the seller: it will never come. */
  readonly cancelled: Decimal
}

/** A line as the rules see it. */
export type LineState = {
  readonly position: number
  readonly lineNumber: string
  readonly unit: string
  readonly price: string | null
  readonly priceBasis: string | null
  readonly response: LineResponse
  readonly priceConfirmed: string | null
  readonly promisedDate: string | null
  readonly ledger: Ledger
}

const zero = new Decimal(0)
const notBelowZero = (value: Decimal): Decimal => (value.isNegative() ? zero : value)

/** What is still to come: ordered + over-shipped = open + shipped + cancelled. */
export const openQuantity = (ledger: Ledger): Decimal =>
  notBelowZero(ledger.ordered.minus(ledger.shipped).minus(ledger.cancelled))
export const overShippedQuantity = (ledger: Ledger): Decimal =>
  notBelowZero(ledger.shipped.plus(ledger.cancelled).minus(ledger.ordered))
/** What of the order stands: ordered less what was cancelled or rejected. */
export const standingQuantity = (ledger: Ledger): Decimal => notBelowZero(ledger.ordered.minus(ledger.cancelled))

/** Whether a line, or a change of it, waits for the seller's answer. */
export const waits = (line: Pick<LineState, 'response'>): boolean =>
  line.response === 'open' || line.response === 'change_pending'

const isDead = (line: LineState): boolean => line.response === 'cancelled' || line.response === 'rejected'

/** Everything that stands, or that the seller said would come, has been shipped. */
const isShippedInFull = ({ response, ledger }: LineState): boolean =>
  ledger.shipped.gt(0)
  && (openQuantity(ledger).isZero() || (response === 'changed' && ledger.confirmed.gt(0) && ledger.shipped.gte(ledger.confirmed)))

/** Where a line stands, for people: the furthest of its response and its quantities. */
export const lineStatus = (line: LineState): LineStatus => {
  if (line.ledger.shipped.isZero()) return line.response
  if (!isShippedInFull(line)) return 'partly_shipped'
  return line.ledger.invoiced.gte(line.ledger.shipped) ? 'invoiced' : 'shipped'
}

/** The state of an order, derived from its lines. */
export const orderState = (lines: readonly LineState[]): OrderState => {
  const live = lines.filter(line => !isDead(line) || line.ledger.shipped.gt(0))
  if (live.length === 0)
    return lines.some(line => line.response === 'rejected') ? 'rejected' : lines.length === 0 ? 'open' : 'cancelled'
  const statuses = live.map(lineStatus)
  if (statuses.every(status => status === 'invoiced')) return 'invoiced'
  if (statuses.every(status => status === 'invoiced' || status === 'shipped')) return 'shipped'
  if (live.some(line => line.ledger.shipped.gt(0))) return 'partly_shipped'
  if (live.some(line => line.response === 'open')) return 'open'
  if (live.some(line => line.response === 'change_pending')) return 'change_pending'
  return lines.every(line => line.response === 'accepted') ? 'accepted' : 'changed'
}

/** What an answer does to a line. `rejected` is the quantity that will not come. */
export type AnswerEffect = {
  readonly response: 'accepted' | 'changed' | 'rejected' | 'backordered'
  readonly confirmed: Decimal
  readonly rejected: Decimal
  readonly price?: string | undefined
  readonly date?: string | undefined
}

/** Why an answer cannot be taken, or undefined. Facts that arrive are judged more mildly than entries: see `receiving.ts`. */
export type Violation = 'orders/invalid-transition' | 'orders/quantity-exceeded' | 'orders/below-shipped'

export const violationOf = (line: LineState, effect: AnswerEffect): Violation | undefined => {
  if (!nextResponses[line.response].includes(effect.response)) return 'orders/invalid-transition'
  if (effect.confirmed.plus(effect.rejected).gt(line.ledger.ordered)) return 'orders/quantity-exceeded'
  const promised = effect.response === 'backordered' ? line.ledger.ordered : effect.confirmed
  return promised.lt(line.ledger.shipped) ? 'orders/below-shipped' : undefined
}

export const answerLine = (line: LineState, effect: AnswerEffect): LineState => ({
  ...line,
  response: effect.response,
  priceConfirmed: effect.price ?? (effect.response === 'rejected' ? null : line.price),
  promisedDate: effect.date ?? null,
  ledger: {
    ...line.ledger,
    confirmed: effect.confirmed,
    // An answer says what it rejects of the whole line, so a later one replaces it; more than was ordered cannot be rejected. What is
    // shipped of it all the same, before or after, is shipped over.
    cancelled: effect.response === 'rejected' ? line.ledger.ordered : Decimal.min(effect.rejected, line.ledger.ordered),
  },
})

/** The buyer withdraws what has not been shipped. */
export const cancelLine = (line: LineState): LineState => ({
  ...line,
  response: 'cancelled',
  ledger: { ...line.ledger, cancelled: notBelowZero(line.ledger.ordered.minus(line.ledger.shipped)) },
})

/** Adds to the shipped or invoiced quantity; a correction is negative and never takes it below zero. */
export const moveQuantity = (
  line: LineState,
  what: 'shipped' | 'invoiced' | 'received' | 'paid',
  quantity: DecimalInput,
): LineState => ({ ...line, ledger: { ...line.ledger, [what]: notBelowZero(line.ledger[what].plus(decimal(quantity))) } })

/** What an entered answer does to its line, and the ACK segments that say so. */
export const entered = (
  line: LineState,
  answer: LineAnswer,
): { effect: AnswerEffect; acknowledgements: LineAcknowledgement[] } => {
  const all = line.ledger.ordered
  const { unit } = line
  const price = answer.price
  const ack = (code: string, quantity: Decimal, dated = true): LineAcknowledgement => ({
    code,
    quantity: decimalText(quantity),
    unit,
    ...(price !== undefined && { price }),
    ...(dated && answer.shipDate !== undefined && { dateQualifier: scheduledShip, date: answer.shipDate }),
    ...(answer.reason !== undefined && { reason: answer.reason }),
  })
  const effect = (response: AnswerEffect['response'], confirmed: Decimal, rejected = zero): AnswerEffect => ({
    response,
    confirmed,
    rejected,
    price,
    date: answer.shipDate,
  })
  switch (answer.action) {
    case 'accept':
      return { effect: effect('accepted', all), acknowledgements: [ack('IA', all)] }
    case 'reject':
      return { effect: effect('rejected', zero, all), acknowledgements: [ack('IR', all)] }
    case 'change': {
      const quantity = answer.quantity === undefined ? all : decimal(answer.quantity)
      return { effect: effect('changed', quantity), acknowledgements: [ack(changeCode(line, answer), quantity)] }
    }
    case 'backorder': {
      const later = answer.quantity === undefined ? all : decimal(answer.quantity)
      const now = all.minus(later)
      return {
        effect: effect('backordered', notBelowZero(now)),
        acknowledgements: [...(now.gt(0) ? [ack('IA', now, false)] : []), ack('IB', later)],
      }
    }
    default:
      return answer.action satisfies never
  }
}

/** DTM / ACK04 qualifier of the ship date that the seller now plans. */
const scheduledShip = '068'

/** IQ, IP or DR when that alone changes, IC when several do; '' when nothing does. */
export const changeCode = (line: LineState, answer: LineAnswer): string => {
  const codes = [
    ...(answer.quantity !== undefined && !decimal(answer.quantity).eq(line.ledger.ordered) ? ['IQ'] : []),
    ...(answer.price !== undefined && (line.price === null || !decimal(answer.price).eq(line.price)) ? ['IP'] : []),
    ...(answer.shipDate !== undefined ? ['DR'] : []),
  ]
  return codes.length > 1 ? 'IC' : (codes[0] ?? '')
}

/**
 * What the ACK segments of one 855 line do to the order's line; undefined when they leave it waiting (on hold, date pending).
 * `price` is that of the 855's PO1.
 */
export const acknowledged = (
  line: LineState,
  said: Pick<AcknowledgementLine, 'price' | 'acknowledgements'>,
): AnswerEffect | undefined => {
  const acks = said.acknowledgements
  const { ordered } = line.ledger
  const { confirmed, rejected, backordered } = answeredQuantities(decimalText(ordered), acks)
  const meanings = new Set(acks.map(ack => meaningOf(ack.code)))
  const price = acks.findLast(ack => ack.price !== undefined && meaningOf(ack.code) !== 'rejected')?.price ?? said.price
  const date = (
    acks.find(ack => ack.date !== undefined && meaningOf(ack.code) === 'backordered') ?? acks.find(ack => ack.date !== undefined)
  )?.date
  const response =
    backordered.gt(0) || meanings.has('backordered')
      ? 'backordered'
      : meanings.has('changed') || meanings.has('substituted')
        ? 'changed'
        : meanings.has('accepted')
          ? meanings.has('rejected')
            ? 'changed'
            : 'accepted'
          : // Some sellers reject a line with the quantity that will come: none.
            meanings.has('rejected')
            ? rejected.isZero() || rejected.gte(ordered)
              ? 'rejected'
              : 'changed'
            : undefined
  return response && { response, confirmed, rejected, price, date }
}

/** What BAK02 says of lines that the 855 does not name: all accepted, all rejected, or nothing. */
export const meaningOfType = (type: string, named: number): 'accept' | 'reject' | undefined => {
  if (type === 'AE') return 'accept'
  if (named > 0) return undefined
  if (['AK', 'AT', 'AD'].includes(type)) return 'accept'
  return ['RJ', 'RD'].includes(type) ? 'reject' : undefined
}

/** A whole line accepted or rejected, as an answer without lines does. */
export const wholeLine = (line: LineState, answer: 'accept' | 'reject'): AnswerEffect =>
  answer === 'accept'
    ? { response: 'accepted', confirmed: line.ledger.ordered, rejected: zero }
    : { response: 'rejected', confirmed: zero, rejected: line.ledger.ordered }

const basisDivisors: Readonly<Record<string, number>> = { HP: 100, TP: 1000 }
/** How many units the price is for (PO105, IT105): HP per hundred, TP per thousand, otherwise one. */
export const priceBasisDivisor = (basis: string | null | undefined): number => (basis && basisDivisors[basis]) || 1

/** Quantity × price over its basis, not rounded. */
export const extendedAmount = (quantity: DecimalInput, price: DecimalInput, basis?: string | null): Decimal =>
  decimal(quantity).times(decimal(price)).dividedBy(priceBasisDivisor(basis))

/** Fields whose texts are numbers: '5.00' and '5' are the same there, while '007' and '7' are not elsewhere. */
const numericFields = new Set(['quantity', 'price', 'amount', 'percent', 'packSize', 'hashTotal', 'total', 'value'])
const plainNumber = /^-?\d+(\.\d+)?$/

/**
 * Whether two canonical documents say the same, whatever segment each part stood in and why it was sent (the purpose
 * code differs between an original and its duplicate).
 */
export const saysTheSame = (a: unknown, b: unknown, field = ''): boolean => {
  if (a === b) return true
  if (typeof a === 'string' && typeof b === 'string')
    return numericFields.has(field) && plainNumber.test(a) && plainNumber.test(b) && decimal(a).eq(decimal(b))
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, i) => saysTheSame(part, b[i], field))
  if (!isRecord(a) || !isRecord(b)) return false
  const fields = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const name of fields) if (!ignoredFields.has(name) && !saysTheSame(a[name], b[name], name)) return false
  return true
}
const ignoredFields = new Set(['at', 'itemAt', 'packageAt', 'totalAt', 'purpose'])
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Something that disagrees in a document that was recorded. `at` is the ordinal of the segment it is seen in. */
export type Problem = { code: string; detail: string; at?: number }

export const problem = (code: string, detail: string, at?: number): Problem => ({ code, detail, ...(at !== undefined && { at }) })

/** What does not hang together inside an order; counts and store splits are judged where the 850 is read. */
export const orderProblems = (document: PurchaseOrderDocument): Problem[] => {
  const found: Problem[] = []
  const numbers = new Set<string>()
  for (const line of document.lines) {
    if (numbers.has(line.lineNumber))
      found.push(problem('orders/line-number-repeated', `Line number ${line.lineNumber} occurs twice.`, line.at))
    numbers.add(line.lineNumber)
  }
  const { shipNotBefore, shipNoLater } = orderDates(document)
  if (shipNotBefore !== null && shipNoLater !== null && shipNotBefore > shipNoLater)
    found.push(
      problem('orders/dates-out-of-order', `Ship not before ${shipNotBefore} is after ship no later than ${shipNoLater}.`),
    )
  return found
}

/**
 * The dates of an order (DTM): 037 ship not before, 038 ship no later than, or else 010 requested ship; 002 delivery
 * requested, or else 063 do not deliver after; 001 cancel after.
 */
export const orderDates = (document: Pick<PurchaseOrderDocument, 'dates'>) => {
  const of = (qualifier: string): string | null => document.dates.find(event => event.qualifier === qualifier)?.date ?? null
  return {
    shipNotBefore: of('037'),
    shipNoLater: of('038') ?? of('010'),
    deliveryRequested: of('002') ?? of('063'),
    cancelAfter: of('001'),
  }
}

/** GLN, code or name of the ship-to party (N1*ST); null without one. */
export const shipToOf = (document: Pick<PurchaseOrderDocument, 'parties'>): string | null => {
  const party = document.parties.find(candidate => candidate.role === 'ST')
  return party?.id ?? party?.name ?? null
}

/** What the order comes to: its lines at their prices; lines without a price count nothing. */
export const orderTotal = (document: Pick<PurchaseOrderDocument, 'lines'>): Decimal => {
  let total = new Decimal(0)
  for (const line of document.lines)
    if (line.price !== undefined) total = total.plus(extendedAmount(line.quantity, line.price, line.priceBasis))
  return total
}

/** The members of a list by their key, in the order of the list. */
export const groupBy = <T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}
