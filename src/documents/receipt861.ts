import { type Decimal, decimal, sum } from '../shared/decimal.ts'
import { first, type Loop, loop, loops, type Segment, segment, segments, type Transaction } from '../x12/index.ts'
import type { ReceivingAdviceDocument, Reference } from './canonical.ts'
import { compact, date, head, heads, number, optional, required, requiredDate, some, value } from './elements.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { isSscc } from './gs1.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { readParts, readProducts, readTotals } from './read-parts.ts'
import {
  writeContacts, writeDates, writeDescriptions, writeEquipment, writeParties, writeProducts, writeReferences, writeRouting,
} from './write-parts.ts'

/** 861 receiving advice, both ways: what arrived, line by line or carton by carton, and in what condition. */

export type ReceivedLine = ReceivingAdviceDocument['lines'][number]
type ReceivedOrder = ReceivingAdviceDocument['orders'][number]

const readOrder = (problems: DocumentProblem[], prf: Segment): ReceivedOrder =>
  compact<ReceivedOrder>({
    number: value(prf, 1), release: optional(prf, 2), date: date(problems, prf, 4, 'The order date'), at: prf.position,
  })

/** RCD06–08 and up to four more like it: so many, in this condition (element 412). */
const conditionElements = [6, 9, 12, 15, 18] as const

const readConditions = (problems: DocumentProblem[], rcd: Segment): ReceivedLine['conditions'] =>
  conditionElements.flatMap(n => {
    const quantity = number(problems, rcd, n, 'The quantity in question')
    const code = value(rcd, n + 2)
    if (quantity === undefined || code === '') return []
    return [compact<ReceivedLine['conditions'][number]>({ code, quantity, unit: optional(rcd, n + 1) })]
  })

/** The SSCCs of MAN segments (GM with or without its application identifier 00, or AA); what is none is reported. */
const readSsccs = (problems: DocumentProblem[], marks: readonly Segment[]): string[] =>
  marks.flatMap(man => ([[1, 2], [4, 5]] as const).flatMap(([qualifierAt, n]) => {
    const mark = value(man, n)
    if (mark === '' || !['GM', 'AA'].includes(value(man, qualifierAt))) return []
    const sscc = /^00\d{18}$/.test(mark) ? mark.slice(2) : mark
    if (!/^\d{18}$/.test(sscc)) {
      report(problems, 'sscc-malformed', man, n, `"${mark}" is not an SSCC (18 digits, or 20 with 00 before them).`)
      return []
    }
    if (!isSscc(sscc)) report(problems, 'sscc-check-digit', man, n, `The check digit of SSCC ${sscc} is wrong.`)
    return [sscc]
  }))

const readLine = (problems: DocumentProblem[], within: Loop): ReceivedLine | null => {
  const rcd = first(within, 'RCD')
  if (rcd === undefined) return null
  const parts = readParts(within, problems)
  const lin = head(within, 'LIN')
  const sn1 = head(within, 'SN1')
  const prf = head(within, 'PRF')
  const marks = segments(within, 'MAN')
  const order = prf && readOrder(problems, prf)
  return compact<ReceivedLine>({
    lineNumber: optional(rcd, 1),
    orderNumber: order?.number,
    release: order?.release,
    orderDate: order?.date,
    orderLineNumber: (prf && optional(prf, 5)) ?? (lin && optional(lin, 1)),
    ssccs: some(readSsccs(problems, marks)),
    quantity: number(problems, rcd, 2, 'The quantity received'),
    unit: optional(rcd, 3),
    returned: number(problems, rcd, 4, 'The quantity returned'),
    returnedUnit: optional(rcd, 5),
    conditions: readConditions(problems, rcd),
    quantityShipped: sn1 && number(problems, sn1, 2, 'The quantity shipped'),
    unitShipped: sn1 && optional(sn1, 3),
    products: lin === undefined ? [] : readProducts(lin, 2, 31),
    description: parts.description,
    references: some(parts.references),
    dates: some(parts.dates),
    at: rcd.position,
    itemAt: lin?.position,
    packageAt: marks[0]?.position,
  })
}

/** REF01 of the ship notice's number, the most telling first: MA ship notice or manifest, SI shipper's, PK packing list. */
const noticeQualifiers = ['MA', 'SI', 'PK'] as const

/** The numbers by which references may name the ship notice, the most telling first. */
export const noticeNumbers = (references: readonly Reference[] | undefined): string[] =>
  noticeQualifiers.flatMap(qualifier => references?.filter(each => each.qualifier === qualifier).map(each => each.value) ?? [])

/** An 861 as a receiving advice. Reports SSCCs that are none and a wrong CTT01 (number of RCDs). */
export const readReceipt = (transaction: Transaction): Mapped<ReceivingAdviceDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const bra = first(root, 'BRA') ?? segment('BRA')
  const parts = readParts(root, problems)
  const lines = loops(root, 'RCD').map(each => readLine(problems, each)).filter(line => line !== null)
  const orders = heads(root, 'PRF').map(prf => readOrder(problems, prf))
  const document = compact<ReceivingAdviceDocument>({
    number: required(problems, bra, 1, 'The number of the receiving advice'),
    date: requiredDate(problems, bra, 2, 'The date'),
    purpose: value(bra, 3),
    type: value(bra, 4),
    time: optional(bra, 5),
    condition: optional(bra, 6),
    shipmentNumber: noticeNumbers(parts.references)[0],
    orders,
    carrier: parts.carrier,
    references: parts.references,
    parties: parts.parties,
    dates: parts.dates,
    notes: some(parts.notes),
    contacts: some(parts.contacts),
    lines,
    ...readTotals(problems, parts.totals, lines.length, 'received lines (RCD)'),
    at: bra.position,
  })
  return { document, problems }
}

const writeOrder = (of: Fields, order: Pick<ReceivedOrder, 'number' | 'release' | 'date'>, line?: string): Segment =>
  segment('PRF', of.need('number', order.number, 22), of.text('release', order.release, 30), '', of.date('date', order.date),
    line ?? '')

const writeConditions = (of: Fields, line: ReceivedLine): string[] => {
  if (line.conditions.length > conditionElements.length) {
    of.fail('conditions', 'too-many', `has ${line.conditions.length} entries; ${conditionElements.length} fit`)
  }
  return line.conditions.flatMap((condition, i) => {
    const each = of.of('conditions', i)
    return [
      each.needNumber('quantity', condition.quantity, 9), each.need('unit', condition.unit ?? line.unit, 2, 2),
      each.need('code', condition.code, 2, 2),
    ]
  })
}

const writeLine = (of: Fields, line: ReceivedLine): Loop => {
  const quantity = of.number('quantity', line.quantity, 9)
  const returned = of.number('returned', line.returned, 9)
  const shipped = of.number('quantityShipped', line.quantityShipped, 10)
  const products = writeProducts(of, line.products, 15)
  const orderLine = of.text('orderLineNumber', line.orderLineNumber, 20)
  if (orderLine !== '' && products.length === 0 && line.orderNumber === undefined) {
    of.fail('orderLineNumber', 'inconsistent', 'has to stand with an item or an order number')
  }
  return loop(
    'RCD',
    segment(
      'RCD', of.text('lineNumber', line.lineNumber, 20), quantity, quantity === '' ? '' : of.need('unit', line.unit, 2, 2),
      returned, returned === '' ? '' : of.need('returnedUnit', line.returnedUnit ?? line.unit, 2, 2), ...writeConditions(of, line),
    ),
    shipped === '' ? undefined : segment('SN1', '', shipped, of.need('unitShipped', line.unitShipped ?? line.unit, 2, 2)),
    products.length === 0 ? undefined : segment('LIN', orderLine, ...products),
    ...writeDescriptions(of, line.description, undefined).flatMap(pid => pid.children),
    ...writeReferences(of, line.references),
    ...writeDates(of, line.dates),
    line.orderNumber === undefined
      ? undefined
      : writeOrder(of, { number: line.orderNumber, ...(line.release !== undefined && { release: line.release }),
        ...(line.orderDate !== undefined && { date: line.orderDate }) }, products.length === 0 ? orderLine : ''),
    ...(line.ssccs ?? []).map((sscc, i) => segment('MAN', 'GM', `00${of.need(`ssccs[${i}]`, sscc, 18, 18)}`)),
  )
}

/**
 * A receiving advice as the tree of an 861. X12 wants a date in the heading, so that without one the document's own goes out as
 * the day of receipt (050). The ship notice's number goes out as REF*SI unless a reference carries it already. An 861 has no place
 * for free text, so `notes` are not written. Throws DocumentError for what does not fit.
 */
export const writeReceipt = (document: ReceivingAdviceDocument): Loop => {
  const of = fieldsOf()
  const { shipmentNumber, references } = document
  const carried = shipmentNumber === undefined || noticeNumbers(references).includes(shipmentNumber)
  const dates = writeDates(of, document.dates)
  return loop(
    '861',
    segment(
      'BRA', of.need('number', document.number, 30), of.needDate('date', document.date), of.need('purpose', document.purpose, 2, 2),
      of.need('type', document.type, 1), of.text('time', document.time, 8, 4), of.text('condition', document.condition, 2, 2),
    ),
    ...writeReferences(of, references),
    carried ? undefined : segment('REF', 'SI', of.need('shipmentNumber', shipmentNumber, 30)),
    ...writeContacts(of, document.contacts),
    ...(dates.length > 0 ? dates : [segment('DTM', '050', of.needDate('date', document.date))]),
    ...document.orders.map((order, i) => writeOrder(of.of('orders', i), order)),
    writeRouting(of, document.carrier),
    writeEquipment(of, document.carrier),
    ...writeParties(of, document.parties),
    ...document.lines.map((line, i) => writeLine(of.of('lines', i), line)),
    segment('CTT', of.integer('lineCount', document.lines.length, 6), of.number('hashTotal', document.hashTotal, 10)),
  )
}

/** What of a line arrived, and in what condition; each ≥ 0, in the unit of the line. */
export interface Condition {
  /** Everything that arrived of the item, damaged or not. */
  readonly received: Decimal
  readonly damaged: Decimal
  readonly quality: Decimal
  /** Other goods in the place of these; they are not among those received. */
  readonly wrong: Decimal
  /** Said to be missing, and said to be too many. */
  readonly short: Decimal
  readonly over: Decimal
}

/**
 * RCD02 counts what arrived, whatever its condition, and the conditions say what of it is not good (01 damaged, 04 quality, 05
 * wrong product). Where they say more than RCD02, as those do who count only good units there, they come on top. Without RCD02
 * what the conditions name has arrived, except what is short. BRA06 is the condition of lines that name none.
 */
export const conditionOf = (document: Pick<ReceivingAdviceDocument, 'condition'>, line: ReceivedLine): Condition => {
  const stated = line.quantity === undefined ? undefined : decimal(line.quantity)
  const conditions = line.conditions.length === 0 && stated !== undefined && document.condition !== undefined
    ? [{ code: document.condition, quantity: line.quantity! }]
    : line.conditions
  const of = (code: string): Decimal => sum(conditions.filter(each => each.code === code).map(each => each.quantity))
  const [damaged, quality, wrong, short, over] = [of('01'), of('04'), of('05'), of('02'), of('03')]
  const bad = damaged.plus(quality).plus(wrong)
  const arrived = stated === undefined
    ? bad.plus(of('07')).plus(of('06')).plus(over)
    : bad.gt(stated) ? stated.plus(bad) : stated
  return { received: arrived.minus(wrong), damaged, quality, wrong, short, over }
}
