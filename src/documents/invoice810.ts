import { first, type Loop, loop, loops, type Segment, segment, type Transaction } from '../x12/index.ts'
import type { InvoiceDocument, Reference } from './canonical.ts'
import {
  compact, date, head, headOf, impliedCents, number, optional, required, requiredDate, requiredNumber, some, value,
} from './elements.ts'
import { type Fields, fieldsOf, filled } from './fields.ts'
import { checkSplits } from './order850.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { readParts, readProducts, readTotals } from './read-parts.ts'
import {
  writeAllowancesCharges, writeAmounts, writeCarrierDetail, writeContacts, writeCurrency, writeDates, writeDescriptions,
  writeFreight, writeNotes,
  writeParties, writeProducts, writeReferences, writeSplits, writeTaxes, writeTerms,
} from './write-parts.ts'

/** 810 invoice, both ways. Whether its total is right is for the invoices domain to say; the figures are mapped as sent. */

export type InvoiceLine = InvoiceDocument['lines'][number]

const readLine = (problems: DocumentProblem[], lineLoop: Loop): InvoiceLine | null => {
  const it1 = headOf(lineLoop)
  if (it1?.id !== 'IT1') return null
  const parts = readParts(lineLoop, problems)
  const quantity = requiredNumber(problems, it1, 2, 'The quantity')
  const unit = value(it1, 3)
  if (unit === '') report(problems, 'unit-missing', it1, 3, 'The unit of measure is missing.')
  checkSplits(problems, it1, quantity, unit, parts.splits, parts.splitSegments)
  return compact<InvoiceLine>({
    lineNumber: optional(it1, 1),
    quantity,
    unit,
    price: requiredNumber(problems, it1, 4, 'The price'),
    priceBasis: optional(it1, 5),
    products: readProducts(it1, 6, 25),
    description: parts.description,
    characteristics: some(parts.characteristics),
    packSize: parts.packSize,
    references: some(parts.references),
    dates: some(parts.dates),
    taxes: some(parts.taxes),
    splits: some(parts.splits),
    parties: some(parts.parties),
    allowancesCharges: some(parts.allowancesCharges),
    at: it1.position,
  })
}

const readCarrier = (cad: Segment | undefined): Pick<InvoiceDocument, 'carrier' | 'carrierReference'> => {
  if (cad === undefined) return {}
  const equipment = value(cad, 2) + value(cad, 3)
  const qualifier = value(cad, 7)
  return {
    carrier: compact<NonNullable<InvoiceDocument['carrier']>>({
      scac: optional(cad, 4), mode: optional(cad, 1), name: optional(cad, 5), equipment: equipment === '' ? undefined : equipment,
      at: cad.position,
    }),
    ...(qualifier === '' ? {} : { carrierReference: { qualifier, value: value(cad, 8), at: cad.position } }),
  }
}

const readShipped = (problems: DocumentProblem[], iss: Segment | undefined): InvoiceDocument['shipped'] => {
  if (iss === undefined) return undefined
  const weight = number(problems, iss, 3, 'The weight')
  const shipped = compact<NonNullable<InvoiceDocument['shipped']>>({
    quantity: number(problems, iss, 1, 'The quantity shipped'),
    unit: optional(iss, 2),
    weight: weight === undefined ? undefined : { value: weight, unit: value(iss, 4) },
  })
  return Object.keys(shipped).length === 0 ? undefined : shipped
}

/** The number of the shipment that an invoice is for: REF*SI (shipper's number), else REF*BM (bill of lading). */
const shipmentReference = (references: readonly Reference[]): string | undefined =>
  (references.find(each => each.qualifier === 'SI') ?? references.find(each => each.qualifier === 'BM'))?.value

/** An 810 as an invoice. TDS and SAC05 get their two implied decimals. Reports IT1s without figures and a wrong CTT01. */
export const readInvoice = (transaction: Transaction): Mapped<InvoiceDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const big = first(root, 'BIG') ?? segment('BIG')
  const tds = first(root, 'TDS')
  const parts = readParts(root, problems)
  const lines = loops(root, 'IT1').map(each => readLine(problems, each)).filter(line => line !== null)
  const total = tds && impliedCents(problems, tds, 1, 'The total')
  if (total === undefined) {
    report(problems, 'number-missing', tds ?? big, 1, 'The invoice total (TDS01) is missing; it counts as 0.')
  }
  const document = compact<InvoiceDocument>({
    number: required(problems, big, 2, 'The invoice number'),
    date: requiredDate(problems, big, 1, 'The invoice date'),
    orderNumber: optional(big, 4),
    orderDate: date(problems, big, 3, 'The order date'),
    release: optional(big, 5),
    type: optional(big, 7),
    purpose: optional(big, 8),
    shipmentNumber: shipmentReference(parts.references),
    currency: parts.currency,
    freightTerms: parts.freightTerms,
    freightLocation: parts.freightLocation,
    terms: some(parts.terms),
    ...readCarrier(first(root, 'CAD')),
    references: parts.references,
    parties: parts.parties,
    dates: parts.dates,
    notes: some(parts.notes),
    contacts: some(parts.contacts),
    lines,
    allowancesCharges: some(parts.allowancesCharges),
    taxes: some(parts.taxes),
    total: total ?? '0.00',
    totalAt: tds?.position,
    discountable: tds && impliedCents(problems, tds, 2, 'The amount subject to discount'),
    discounted: tds && impliedCents(problems, tds, 3, 'The discounted amount'),
    discount: tds && impliedCents(problems, tds, 4, 'The discount'),
    amounts: some(parts.amounts),
    shipped: readShipped(problems, head(root, 'ISS')),
    ...readTotals(problems, parts.totals, lines.length, 'invoice lines (IT1)'),
    at: big.position,
  })
  return { document, problems }
}

const writeLine = (of: Fields, line: InvoiceLine): Loop => {
  const unit = of.need('unit', line.unit, 2, 2)
  return loop(
    'IT1',
    segment(
      'IT1', of.text('lineNumber', line.lineNumber, 20), of.needNumber('quantity', line.quantity, 10), unit,
      of.needNumber('price', line.price, 17),
      of.text('priceBasis', line.priceBasis, 2, 2), ...writeProducts(of, line.products),
    ),
    ...writeTaxes(of, line.taxes),
    ...writeDescriptions(of, line.description, line.characteristics),
    filled('PO4', of.integer('packSize', line.packSize, 6)),
    ...writeReferences(of, line.references),
    ...writeSplits(of, unit, line.splits),
    ...writeDates(of, line.dates),
    ...writeAllowancesCharges(of, line.allowancesCharges),
    ...writeParties(of, line.parties),
  )
}

const writeShipped = (of: Fields, shipped: InvoiceDocument['shipped']): Loop | undefined => {
  const quantity = of.number('quantity', shipped?.quantity, 10)
  const weight = of.number('weight.value', shipped?.weight?.value, 10)
  const iss = filled(
    'ISS', quantity, quantity === '' ? '' : of.need('unit', shipped?.unit, 2, 2), weight,
    weight === '' ? '' : of.need('weight.unit', shipped?.weight?.unit, 2, 2),
  )
  return iss && loop('ISS', iss)
}

/**
 * An invoice as the tree of an 810. Amounts become cents (TDS, SAC05); more than two decimals do not fit and are refused. The
 * shipment's number goes out as REF*SI unless a reference carries it already. Throws DocumentError for what does not fit.
 */
export const writeInvoice = (document: InvoiceDocument): Loop => {
  const of = fieldsOf()
  const { shipmentNumber, references } = document
  const carried = shipmentNumber === undefined
    || references.some(each => (each.qualifier === 'SI' || each.qualifier === 'BM') && each.value === shipmentNumber)
  return loop(
    '810',
    segment(
      'BIG', of.needDate('date', document.date), of.need('number', document.number, 22), of.date('orderDate', document.orderDate),
      of.text('orderNumber', document.orderNumber, 22), of.text('release', document.release, 30), '',
      of.text('type', document.type, 2, 2),
      of.text('purpose', document.purpose, 2, 2),
    ),
    writeCurrency(of, 'SE', document.currency),
    ...writeReferences(of, references),
    carried ? undefined : segment('REF', 'SI', of.need('shipmentNumber', shipmentNumber, 30)),
    ...writeContacts(of, document.contacts),
    ...writeParties(of, document.parties),
    ...writeTerms(of, document.terms),
    ...writeDates(of, document.dates),
    writeFreight(of, document.freightTerms, document.freightLocation),
    ...writeNotes(of, document.notes, 10),
    ...document.lines.map((line, i) => writeLine(of.of('lines', i), line)),
    segment(
      'TDS', of.cents('total', document.total, 15), of.cents('discountable', document.discountable, 15),
      of.cents('discounted', document.discounted, 15), of.cents('discount', document.discount, 15),
    ),
    ...writeTaxes(of, document.taxes),
    writeCarrierDetail(of, document.carrier, document.carrierReference),
    ...writeAmounts(of, document.amounts),
    ...writeAllowancesCharges(of, document.allowancesCharges),
    writeShipped(of.of('shipped'), document.shipped),
    segment('CTT', of.integer('lineCount', document.lines.length, 6), of.number('hashTotal', document.hashTotal, 10)),
  )
}
