import { decimalText } from '../shared/decimal.ts'
import { first, type Loop, loop, loops, type Segment, segment, type Transaction } from '../x12/index.ts'
import { offeredPrice, readAnswer, readReasons, writeAnswer, writeReasons } from './acknowledgement855.ts'
import type { ChangeLineDocument, OrderChangeAnswerDocument, OrderChangeDocument } from './canonical.ts'
import { compact, date, headOf, heads, number, optional, required, some, value } from './elements.ts'
import { type Fields, fieldsOf, filled } from './fields.ts'
import { checkSplits } from './order850.ts'
import type { DocumentProblem, Mapped } from './problem.ts'
import { lineDetails, type Parts, readParts, readProducts, readTotals } from './read-parts.ts'
import {
  writeAllowancesCharges, writeAmounts, writeContacts, writeCurrency, writeDates, writeDescriptions, writeEquipment, writeFreight,
  writeNotes, writeParties, writeProducts, writeReferences, writeRouting, writeSchedule, writeSplits, writeTaxes, writeTerms,
  writeTotals,
} from './write-parts.ts'

/** 860 purchase order change and 865, its answer, both ways. */

export type ChangeAnswerLine = OrderChangeAnswerDocument['lines'][number]

const readLine = (problems: DocumentProblem[], poc: Segment, parts: Parts): ChangeLineDocument => {
  const quantity = number(problems, poc, 3, 'The quantity')
  if (quantity !== undefined) checkSplits(problems, poc, quantity, value(poc, 5), parts.splits, parts.splitSegments)
  return compact<ChangeLineDocument>({
    lineNumber: optional(poc, 1),
    code: required(problems, poc, 2, 'What changes of the line'),
    quantity,
    quantityLeft: number(problems, poc, 4, 'The quantity left to receive'),
    unit: optional(poc, 5),
    price: number(problems, poc, 6, 'The price') ?? parts.costPrice,
    priceBasis: optional(poc, 7),
    products: readProducts(poc, 8, 27),
    ...lineDetails(parts),
    at: poc.position,
  })
}

/** What the headings of both sets have in common. */
const readHeading = (problems: DocumentProblem[], head: Segment, parts: Parts, counted: number) => ({
  purpose: value(head, 1),
  orderNumber: required(problems, head, 3, 'The order number'),
  release: optional(head, 4),
  sequence: optional(head, 5),
  orderDate: date(problems, head, 6, 'The order date'),
  requestReference: optional(head, 7),
  contract: optional(head, 8),
  reference: optional(head, 9),
  changedOn: date(problems, head, 11, 'The date of the change'),
  currency: parts.currency,
  freightTerms: parts.freightTerms,
  freightLocation: parts.freightLocation,
  terms: some(parts.terms),
  salesRequirement: parts.salesRequirement,
  carrier: parts.carrier,
  references: parts.references,
  parties: parts.parties,
  dates: parts.dates,
  notes: some(parts.notes),
  contacts: some(parts.contacts),
  allowancesCharges: some(parts.allowancesCharges),
  taxes: some(parts.taxes),
  amounts: some(parts.amounts),
  ...readTotals(problems, parts.totals, counted, 'lines (POC)'),
  at: head.position,
})

/** An 860 as a change of an order. A line without a number (POC01) is meant by its item. Reports a wrong CTT01. */
export const readChange = (transaction: Transaction): Mapped<OrderChangeDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const bch = first(root, 'BCH') ?? segment('BCH')
  const lines = loops(root, 'POC').flatMap(each => {
    const poc = headOf(each)
    return poc?.id === 'POC' ? [readLine(problems, poc, readParts(each, problems))] : []
  })
  const document = compact<OrderChangeDocument>({
    ...readHeading(problems, bch, readParts(root, problems), lines.length),
    type: value(bch, 2),
    lines,
  })
  return { document, problems }
}

/** An 865 as the answer to a change. Reports a wrong CTT01. */
export const readChangeAnswer = (transaction: Transaction): Mapped<OrderChangeAnswerDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const bca = first(root, 'BCA') ?? segment('BCA')
  const lines = loops(root, 'POC').flatMap((each): ChangeAnswerLine[] => {
    const poc = headOf(each)
    if (poc?.id !== 'POC') return []
    const acknowledgements = heads(each, 'ACK').map(ack => readAnswer(problems, ack, poc, 6))
    const reasons = readReasons(each, acknowledgements)
    const parts = readParts({ id: 'POC', children: each.children.filter(child => !reasons.has(child as Loop)) }, problems)
    return [{ ...readLine(problems, poc, parts), acknowledgements }]
  })
  const document = compact<OrderChangeAnswerDocument>({
    ...readHeading(problems, bca, readParts(root, problems), lines.length),
    type: optional(bca, 2),
    answeredOn: date(problems, bca, 10, 'The date of the answer'),
    lines,
  })
  return { document, problems }
}

const writePoc = (of: Fields, line: ChangeLineDocument, price: string | undefined): Segment => {
  const quantity = of.number('quantity', line.quantity, 15)
  const written = of.number('price', price, 17)
  return segment(
    'POC', of.text('lineNumber', line.lineNumber, 20), of.need('code', line.code, 2, 2), quantity,
    // A quantity wants the one still to come beside it.
    of.number('quantityLeft', line.quantityLeft ?? (quantity === '' ? undefined : decimalText(quantity)), 9),
    quantity === '' ? of.text('unit', line.unit, 2, 2) : of.need('unit', line.unit, 2, 2), written,
    written === '' ? '' : of.text('priceBasis', line.priceBasis, 2, 2), ...writeProducts(of, line.products),
  )
}

/** What stands in a line's loop before its answers and after them. */
const lineParts = (of: Fields, line: ChangeLineDocument) => {
  const unit = of.text('unit', line.unit, 2, 2)
  return {
    before: [
      line.retailPrice === undefined ? undefined : segment('CTP', 'RS', 'RES', of.number('retailPrice', line.retailPrice, 17)),
      ...writeDescriptions(of, line.description, line.characteristics),
      filled('PO4', of.integer('packSize', line.packSize, 6), ...Array<string>(12).fill(''),
        of.integer('innerPacks', line.innerPacks, 6)),
      ...writeReferences(of, line.references),
      ...writeAllowancesCharges(of, line.allowancesCharges),
      ...writeSplits(of, unit, line.splits),
      ...writeDates(of, line.dates),
      ...writeTaxes(of, line.taxes),
    ],
    schedule: writeSchedule(of, unit, line.schedule),
    after: [...writeNotes(of, line.notes), ...writeParties(of, line.parties)],
  }
}

const headParts = (of: Fields, document: OrderChangeDocument | OrderChangeAnswerDocument, entity: string) => [
  writeCurrency(of, entity, document.currency),
  ...writeReferences(of, document.references),
  ...writeContacts(of, document.contacts),
  writeFreight(of, document.freightTerms, document.freightLocation),
  document.salesRequirement === undefined
    ? undefined
    : segment('CSH', of.need('salesRequirement', document.salesRequirement, 2)),
  ...writeAllowancesCharges(of, document.allowancesCharges),
  ...writeTerms(of, document.terms),
  ...writeDates(of, document.dates),
  writeRouting(of, document.carrier),
  writeEquipment(of, document.carrier),
  ...writeTaxes(of, document.taxes),
  ...writeNotes(of, document.notes),
  ...writeParties(of, document.parties),
]

/** The total of lines and amounts; a set without lines, such as one that cancels the whole order, has none. */
const totals = (of: Fields, document: OrderChangeDocument | OrderChangeAnswerDocument): Loop[] =>
  document.lines.length === 0
    ? []
    : [writeTotals(of, document.lines.length, document.hashTotal, writeAmounts(of, document.amounts, 5))]

/** A change as the tree of an 860. CTT01 is counted. Throws DocumentError for what does not fit. */
export const writeChange = (document: OrderChangeDocument): Loop => {
  const of = fieldsOf()
  return loop(
    '860',
    segment(
      'BCH', of.need('purpose', document.purpose, 2, 2), of.need('type', document.type, 2, 2),
      of.need('orderNumber', document.orderNumber, 22), of.text('release', document.release, 30),
      of.text('sequence', document.sequence, 8), of.needDate('orderDate', document.orderDate),
      of.text('requestReference', document.requestReference, 45), of.text('contract', document.contract, 30),
      of.text('reference', document.reference, 30), '', of.date('changedOn', document.changedOn),
    ),
    ...headParts(of, document, 'BY'),
    ...document.lines.map((line, i) => {
      const each = of.of('lines', i)
      const { before, schedule, after } = lineParts(each, line)
      return loop('POC', writePoc(each, line, line.price), ...before, ...schedule, ...after)
    }),
    ...totals(of, document),
  )
}

/** The answer to a change as the tree of an 865. CTT01 is counted. Throws DocumentError for what does not fit. */
export const writeChangeAnswer = (document: OrderChangeAnswerDocument): Loop => {
  const of = fieldsOf()
  return loop(
    '865',
    segment(
      'BCA', of.need('purpose', document.purpose, 2, 2), of.text('type', document.type, 2, 2),
      of.need('orderNumber', document.orderNumber, 22), of.text('release', document.release, 30),
      of.text('sequence', document.sequence, 8), of.needDate('orderDate', document.orderDate),
      of.text('requestReference', document.requestReference, 45), of.text('contract', document.contract, 30),
      of.text('reference', document.reference, 30), of.date('answeredOn', document.answeredOn),
      of.date('changedOn', document.changedOn),
    ),
    ...headParts(of, document, 'SE'),
    ...document.lines.map((line, i) => {
      const each = of.of('lines', i)
      const { before, schedule, after } = lineParts(each, line)
      return loop(
        'POC', writePoc(each, line, offeredPrice(each, line.acknowledgements) ?? line.price), ...before,
        ...line.acknowledgements.map((ack, k) => writeAnswer(each.of('acknowledgements', k), ack, line.unit ?? '')),
        ...schedule, ...writeReasons(each, line.acknowledgements), ...after,
      )
    }),
    ...totals(of, document),
  )
}
