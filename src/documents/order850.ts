import { sum } from '../shared/decimal.ts'
import { first, type Loop, loop, loops, type Segment, segment, type Transaction } from '../x12/index.ts'
import type { LocationSplit, OrderLineDocument, PurchaseOrderDocument } from './canonical.ts'
import { compact, headOf, number, optional, required, requiredDate, requiredNumber, some, value } from './elements.ts'
import { type Fields, fieldsOf, filled } from './fields.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { lineDetails, readParts, readProducts, readTotals } from './read-parts.ts'
import {
  writeAllowancesCharges, writeAmounts, writeContacts, writeCurrency, writeDates, writeDescriptions, writeEquipment, writeFreight,
  writeNotes,
  writeParties, writeProducts, writeReferences, writeRouting, writeSchedule, writeSplits, writeTaxes, writeTerms, writeTotals,
} from './write-parts.ts'

/** 850 purchase order, both ways. */

/** Reports store splits that do not add up to the line's quantity, or that are in another unit. */
export const checkSplits = (
  problems: DocumentProblem[], line: Segment, quantity: string, unit: string, splits: readonly LocationSplit[],
  segments: readonly Segment[],
): void => {
  if (segments.length === 0) return
  for (const each of segments) {
    const splitUnit = value(each, 1)
    if (splitUnit !== '' && unit !== '' && splitUnit !== unit) {
      report(problems, 'split-unit-differs', each, 1, `The locations' quantities are in ${splitUnit}, the line's is in ${unit}.`)
    }
  }
  const total = sum(splits.map(split => split.quantity))
  if (!total.eq(quantity)) {
    report(problems, 'split-sum-differs', line, 2,
      `The locations' quantities add up to ${total.toFixed()}, the line says ${quantity}.`)
  }
}

const readLine = (problems: DocumentProblem[], lineLoop: Loop, ordinal: number): OrderLineDocument | null => {
  const po1 = headOf(lineLoop)
  if (po1?.id !== 'PO1') return null
  const parts = readParts(lineLoop, problems)
  const quantity = requiredNumber(problems, po1, 2, 'The quantity')
  const unit = value(po1, 3)
  if (unit === '') report(problems, 'unit-missing', po1, 3, 'The unit of measure is missing.')
  checkSplits(problems, po1, quantity, unit, parts.splits, parts.splitSegments)
  return compact<OrderLineDocument>({
    lineNumber: value(po1, 1) || String(ordinal),
    quantity,
    unit,
    // Some partners leave PO104 empty and give the price in a CTP.
    price: number(problems, po1, 4, 'The price') ?? parts.costPrice,
    priceBasis: optional(po1, 5),
    products: readProducts(po1, 6, 25),
    ...lineDetails(parts),
    at: po1.position,
  })
}

/**
 * An 850 as a purchase order. PO101 missing counts as the line's ordinal. Reports a CTT01 that is not the number of lines, and
 * store splits (SDQ) that do not add up to PO102.
 */
export const readOrder = (transaction: Transaction): Mapped<PurchaseOrderDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const beg = first(root, 'BEG') ?? segment('BEG')
  const parts = readParts(root, problems)
  const lines = loops(root, 'PO1').map((each, i) => readLine(problems, each, i + 1)).filter(line => line !== null)
  const document = compact<PurchaseOrderDocument>({
    number: required(problems, beg, 3, 'The order number'),
    release: optional(beg, 4),
    purpose: value(beg, 1),
    type: value(beg, 2),
    orderDate: requiredDate(problems, beg, 5, 'The order date'),
    contract: optional(beg, 6),
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
    lines,
    allowancesCharges: some(parts.allowancesCharges),
    taxes: some(parts.taxes),
    amounts: some(parts.amounts),
    ...readTotals(problems, parts.totals, lines.length, 'order lines (PO1)'),
    at: beg.position,
  })
  return { document, problems }
}

const writeLine = (of: Fields, line: OrderLineDocument): Loop => {
  const unit = of.text('unit', line.unit, 2, 2)
  const price = of.number('price', line.price, 17)
  return loop(
    'PO1',
    segment(
      'PO1', of.need('lineNumber', line.lineNumber, 20), of.needNumber('quantity', line.quantity, 15), unit, price,
      price === '' ? '' : of.text('priceBasis', line.priceBasis, 2, 2), ...writeProducts(of, line.products),
    ),
    line.retailPrice === undefined
      ? undefined
      : loop('CTP', segment('CTP', 'RS', 'RES', of.number('retailPrice', line.retailPrice, 17))),
    ...writeDescriptions(of, line.description, line.characteristics),
    filled('PO4', of.integer('packSize', line.packSize, 6), ...Array<string>(12).fill(''),
      of.integer('innerPacks', line.innerPacks, 6)),
    ...writeReferences(of, line.references),
    ...writeAllowancesCharges(of, line.allowancesCharges),
    ...writeSplits(of, unit, line.splits),
    ...writeDates(of, line.dates),
    ...writeTaxes(of, line.taxes),
    ...writeSchedule(of, unit, line.schedule),
    ...writeNotes(of, line.notes),
    ...writeParties(of, line.parties),
  )
}

/** A purchase order as the tree of an 850. CTT01 is counted. Throws DocumentError for what does not fit. */
export const writeOrder = (document: PurchaseOrderDocument): Loop => {
  const of = fieldsOf()
  // One AMT fits after CTT, and any number in the heading; the last one is the total.
  const amounts = writeAmounts(of, document.amounts)
  return loop(
    '850',
    segment(
      'BEG', of.need('purpose', document.purpose, 2, 2), of.need('type', document.type, 2, 2),
      of.need('number', document.number, 22),
      of.text('release', document.release, 30), of.needDate('orderDate', document.orderDate),
      of.text('contract', document.contract, 30),
    ),
    writeCurrency(of, 'BY', document.currency),
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
    ...amounts.slice(0, -1).map(amount => loop('AMT', amount)),
    ...writeNotes(of, document.notes),
    ...writeParties(of, document.parties),
    ...document.lines.map((line, i) => writeLine(of.of('lines', i), line)),
    writeTotals(of, document.lines.length, document.hashTotal, amounts.slice(-1)),
  )
}
