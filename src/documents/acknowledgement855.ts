import { type Decimal, decimal, sum } from '../shared/decimal.ts'
import { first, type Loop, loop, loops, type Segment, segment, type Transaction } from '../x12/index.ts'
import type { LineAcknowledgement, OrderAcknowledgementDocument } from './canonical.ts'
import { compact, date, headOf, heads, number, optional, required, requiredDate, some, value } from './elements.ts'
import { type Fields, fieldsOf, filled } from './fields.ts'
import { checkSplits } from './order850.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { messagesOf, readParts, readProducts, readTotals } from './read-parts.ts'
import {
  writeAllowancesCharges, writeAmounts, writeContacts, writeCurrency, writeDates, writeDescriptions, writeEquipment, writeFreight,
  writeNotes,
  writeParties, writeProducts, writeReferences, writeRouting, writeSchedule, writeSplits, writeTerms, writeTotals,
} from './write-parts.ts'

/** 855 purchase order acknowledgement, both ways, and what its codes mean. */

export type AcknowledgementLine = OrderAcknowledgementDocument['lines'][number]

/**
 * ACK01 (X12 element 668), by what it does to the quantity it speaks of. `accepted` as ordered; `changed` accepted with a
 * difference (quantity, price, date, other); `backordered` later; `substituted` by another item; `rejected` not at all; `pending`
 * no answer yet.
 */
export const acknowledgementMeanings = {
  IA: 'accepted', AR: 'accepted', AC: 'accepted', AA: 'accepted',
  IQ: 'changed', IP: 'changed', IC: 'changed', DR: 'changed', IE: 'changed', BP: 'changed',
  IB: 'backordered',
  IS: 'substituted',
  ID: 'rejected', IR: 'rejected', R1: 'rejected', R2: 'rejected', R3: 'rejected', R4: 'rejected', R5: 'rejected', R6: 'rejected',
  IH: 'pending', IF: 'pending', IW: 'pending', SP: 'pending',
} as const satisfies Record<string, string>

export type AcknowledgementMeaning = 'accepted' | 'changed' | 'backordered' | 'substituted' | 'rejected' | 'pending'

/** What an ACK01 means; a code that is not in the table counts as a change, so that a person looks at it. */
export const meaningOf = (code: string): AcknowledgementMeaning =>
  (acknowledgementMeanings as Readonly<Record<string, AcknowledgementMeaning>>)[code] ?? 'changed'

/**
 * BAK02 from the answers: AD when every line is accepted as it was, RD when every line is rejected, AC otherwise, and AK when
 * there are no lines. A line whose answers cover less or more than its quantity is a change.
 */
export const deriveAcknowledgementType = (
  lines: readonly { quantity?: string; acknowledgements: readonly Pick<LineAcknowledgement, 'code' | 'quantity'>[] }[],
): 'AD' | 'AC' | 'RD' | 'AK' => {
  if (lines.length === 0) return 'AK'
  const all = (meaning: AcknowledgementMeaning): boolean => lines.every(line =>
    line.acknowledgements.length > 0 && line.acknowledgements.every(ack => meaningOf(ack.code) === meaning))
  if (all('rejected')) return 'RD'
  const whole = lines.every(line => {
    const answered = line.acknowledgements.map(ack => ack.quantity ?? line.quantity).filter(quantity => quantity !== undefined)
    return line.quantity === undefined || sum(answered).eq(line.quantity)
  })
  return whole && all('accepted') ? 'AD' : 'AC'
}

/** How the quantity of a line is answered; every figure in the line's unit. */
export interface AnsweredQuantities {
  /** To be shipped now: accepted or changed, the now-part of BP, the new quantity of a substitute. */
  confirmed: Decimal
  backordered: Decimal
  rejected: Decimal
  pending: Decimal
  /** Neither confirmed, backordered, rejected nor pending: ordered 100, IQ 80 and no more leaves 20. Never below 0. */
  unanswered: Decimal
}

/**
 * Adds up a line's ACKs against the quantity ordered. An ACK without a quantity speaks of all that the others leave. BP ("part
 * now, part backordered") with its quantity confirms that much and backorders what the line's other ACKs leave.
 */
export const answeredQuantities = (
  ordered: string, acknowledgements: readonly Pick<LineAcknowledgement, 'code' | 'quantity'>[],
): AnsweredQuantities => {
  const answered = { confirmed: decimal(0), backordered: decimal(0), rejected: decimal(0), pending: decimal(0) }
  const kindOf = (code: string): keyof typeof answered => {
    const meaning = meaningOf(code)
    return meaning === 'backordered' || meaning === 'rejected' || meaning === 'pending' ? meaning : 'confirmed'
  }
  for (const ack of acknowledgements) {
    if (ack.quantity !== undefined) answered[kindOf(ack.code)] = answered[kindOf(ack.code)].plus(ack.quantity)
  }
  const left = (): Decimal => {
    const rest = decimal(ordered).minus(sum(Object.values(answered)))
    return rest.isNegative() ? decimal(0) : rest
  }
  const open = acknowledgements.find(ack => ack.quantity === undefined)
  if (open !== undefined) answered[kindOf(open.code)] = answered[kindOf(open.code)].plus(left())
  if (acknowledgements.some(ack => ack.code === 'BP' && ack.quantity !== undefined)) {
    answered.backordered = answered.backordered.plus(left())
  }
  return { ...answered, unanswered: left() }
}

/** One ACK. `line` is the segment of its line, whose element `priceAt` holds the price that an IP offers. */
export const readAnswer = (problems: DocumentProblem[], ack: Segment, line: Segment, priceAt = 4): LineAcknowledgement => {
  const code = value(ack, 1)
  const agency = optional(ack, 27)
  const reasonCode = value(ack, 29)
  const list = optional(ack, 28)
  return compact<LineAcknowledgement>({
    code,
    quantity: number(problems, ack, 2, 'The quantity acknowledged'),
    unit: optional(ack, 3),
    // A new price stands in the PO1 (or POC) of the line that it is acknowledged in.
    price: code === 'IP' ? number(problems, line, priceAt, 'The price') : undefined,
    dateQualifier: optional(ack, 4),
    date: date(problems, ack, 5, 'The date'),
    products: some(readProducts(ack, 7, 26)),
    reference: optional(ack, 6),
    reasonCode: agency === undefined || reasonCode === ''
      ? undefined
      : { agency, ...(list === undefined ? {} : { list }), code: reasonCode },
    at: ack.position,
  })
}

/** Reasons travel as notes of the line that name their ACK: N9*L1*2 with its text is the reason of the line's second ACK. */
export const readReasons = (lineLoop: Loop, acknowledgements: LineAcknowledgement[]): Set<Loop> => {
  const used = new Set<Loop>()
  for (const notes of loops(lineLoop, 'N9')) {
    const n9 = headOf(notes)
    const [message] = messagesOf(notes)
    const ordinal = n9 !== undefined && value(n9, 1) === 'L1' && value(n9, 3) === 'REASON' ? Number(value(n9, 2)) : 0
    const acknowledgement = acknowledgements[ordinal - 1]
    if (acknowledgement === undefined || message === undefined || message.length > 80) continue
    acknowledgement.reason = message
    used.add(notes)
  }
  return used
}

const readLine = (problems: DocumentProblem[], lineLoop: Loop, ordinal: number, type: string): AcknowledgementLine | null => {
  const po1 = headOf(lineLoop)
  if (po1?.id !== 'PO1') return null
  const acknowledgements = heads(lineLoop, 'ACK').map(ack => readAnswer(problems, ack, po1))
  const reasons = readReasons(lineLoop, acknowledgements)
  const parts = readParts({ id: 'PO1', children: lineLoop.children.filter(child => !reasons.has(child as Loop)) }, problems)
  // AD and AK accept everything by themselves; any other answer has to say what becomes of each line.
  if (acknowledgements.length === 0 && type !== 'AD' && type !== 'AK') {
    report(problems, 'line-unanswered', po1, 0, `Line ${value(po1, 1) || ordinal} has no answer (ACK).`)
  }
  const quantity = number(problems, po1, 2, 'The quantity')
  if (quantity !== undefined) checkSplits(problems, po1, quantity, value(po1, 3), parts.splits, parts.splitSegments)
  return compact<AcknowledgementLine>({
    lineNumber: value(po1, 1) || String(ordinal),
    quantity,
    unit: optional(po1, 3),
    price: number(problems, po1, 4, 'The price'),
    priceBasis: optional(po1, 5),
    products: readProducts(po1, 6, 25),
    description: parts.description,
    characteristics: some(parts.characteristics),
    packSize: parts.packSize,
    references: some(parts.references),
    dates: some(parts.dates),
    allowancesCharges: some(parts.allowancesCharges),
    splits: some(parts.splits),
    schedule: some(parts.schedule),
    parties: some(parts.parties),
    notes: some(parts.notes),
    acknowledgements,
    at: po1.position,
  })
}

/** An 855 as an order acknowledgement. Reports lines without an ACK (unless BAK02 accepts all, AD or AK) and a wrong CTT01. */
export const readAcknowledgement = (transaction: Transaction): Mapped<OrderAcknowledgementDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const bak = first(root, 'BAK') ?? segment('BAK')
  const type = value(bak, 2)
  const parts = readParts(root, problems)
  const lines = loops(root, 'PO1').map((each, i) => readLine(problems, each, i + 1, type)).filter(line => line !== null)
  const document = compact<OrderAcknowledgementDocument>({
    purpose: value(bak, 1),
    type,
    orderNumber: required(problems, bak, 3, 'The order number'),
    orderDate: requiredDate(problems, bak, 4, 'The order date'),
    release: optional(bak, 5),
    acknowledgementNumber: optional(bak, 8),
    acknowledgedOn: date(problems, bak, 9, 'The date of the acknowledgement'),
    requestReference: optional(bak, 6),
    contract: optional(bak, 7),
    currency: parts.currency,
    freightTerms: parts.freightTerms,
    freightLocation: parts.freightLocation,
    terms: some(parts.terms),
    carrier: parts.carrier,
    references: parts.references,
    parties: parts.parties,
    dates: parts.dates,
    notes: some(parts.notes),
    contacts: some(parts.contacts),
    lines,
    allowancesCharges: some(parts.allowancesCharges),
    amounts: some(parts.amounts),
    ...readTotals(problems, parts.totals, lines.length, 'lines (PO1)'),
    at: bak.position,
  })
  return { document, problems }
}

export const writeAnswer = (of: Fields, ack: LineAcknowledgement, lineUnit: string): Loop => {
  const quantity = of.number('quantity', ack.quantity, 15)
  const day = of.date('date', ack.date)
  const products = writeProducts(of, ack.products)
  const reason = ack.reasonCode === undefined ? [] : [
    of.need('reasonCode.agency', ack.reasonCode.agency, 2, 2), of.need('reasonCode.list', ack.reasonCode.list, 15),
    of.need('reasonCode.code', ack.reasonCode.code, 30),
  ]
  return loop('ACK', segment(
    'ACK', of.need('code', ack.code, 2, 2), quantity,
    quantity === '' ? '' : of.need('unit', ack.unit ?? lineUnit, 2, 2),
    // Which date it is has to be said; 068, "current schedule ship", is what an answer speaks of unless it says otherwise.
    day === '' ? '' : of.text('dateQualifier', ack.dateQualifier ?? '068', 3, 3), day,
    of.text('reference', ack.reference, 45),
    ...products, ...Array<string>(20 - products.length).fill(''), ...reason,
  ))
}

/** The one price that the answers of a line offer; undefined when they offer none. */
export const offeredPrice = (of: Fields, acknowledgements: readonly LineAcknowledgement[]): string | undefined => {
  const offered = [...new Set(acknowledgements.map(ack => ack.price).filter(price => price !== undefined))]
  if (offered.length > 1) {
    of.fail('acknowledgements', 'too-many', `offer several prices (${offered.join(', ')}); a line carries one`)
  }
  return offered[0]
}

export const writeReasons = (of: Fields, acknowledgements: readonly LineAcknowledgement[]): Loop[] =>
  acknowledgements.flatMap((ack, i) => (ack.reason === undefined ? [] : [loop(
    'N9', segment('N9', 'L1', String(i + 1), 'REASON'), segment('MSG', of.need(`acknowledgements[${i}].reason`, ack.reason, 80)),
  )]))

const writeLine = (of: Fields, line: AcknowledgementLine): Loop => {
  const quantity = of.number('quantity', line.quantity, 15)
  const unit = quantity === '' ? '' : of.need('unit', line.unit, 2, 2)
  const price = of.number('price', offeredPrice(of, line.acknowledgements) ?? line.price, 17)
  return loop(
    'PO1',
    segment(
      'PO1', of.need('lineNumber', line.lineNumber, 20), quantity, unit, price,
      price === '' ? '' : of.text('priceBasis', line.priceBasis, 2, 2), ...writeProducts(of, line.products),
    ),
    ...writeDescriptions(of, line.description, line.characteristics),
    filled('PO4', of.integer('packSize', line.packSize, 6)),
    ...writeReferences(of, line.references),
    ...writeAllowancesCharges(of, line.allowancesCharges),
    ...writeSplits(of, unit, line.splits),
    ...writeDates(of, line.dates),
    ...line.acknowledgements.map((ack, i) => writeAnswer(of.of('acknowledgements', i), ack, unit)),
    ...writeSchedule(of, unit, line.schedule),
    ...writeReasons(of, line.acknowledgements),
    ...writeNotes(of, line.notes),
    ...writeParties(of, line.parties),
  )
}

/** An order acknowledgement as the tree of an 855. CTT01 is counted. Throws DocumentError for what does not fit. */
export const writeAcknowledgement = (document: OrderAcknowledgementDocument): Loop => {
  const of = fieldsOf()
  return loop(
    '855',
    segment(
      'BAK', of.need('purpose', document.purpose, 2, 2), of.need('type', document.type, 2, 2),
      of.need('orderNumber', document.orderNumber, 22),
      of.needDate('orderDate', document.orderDate), of.text('release', document.release, 30),
      of.text('requestReference', document.requestReference, 45), of.text('contract', document.contract, 30),
      of.text('acknowledgementNumber', document.acknowledgementNumber, 30), of.date('acknowledgedOn', document.acknowledgedOn),
    ),
    writeCurrency(of, 'SE', document.currency),
    ...writeReferences(of, document.references),
    ...writeContacts(of, document.contacts),
    writeFreight(of, document.freightTerms, document.freightLocation),
    ...writeAllowancesCharges(of, document.allowancesCharges),
    ...writeTerms(of, document.terms),
    ...writeDates(of, document.dates),
    writeRouting(of, document.carrier),
    writeEquipment(of, document.carrier),
    ...writeNotes(of, document.notes),
    ...writeParties(of, document.parties),
    ...document.lines.map((line, i) => writeLine(of.of('lines', i), line)),
    writeTotals(of, document.lines.length, document.hashTotal, writeAmounts(of, document.amounts, 1)),
  )
}
