import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { bucketEnd } from '../../src/documents/buckets.ts'
import type {
  ChangeLineDocument, ForecastDocument, InvoiceDocument, LineAcknowledgement, OrderAcknowledgementDocument,
  OrderChangeAnswerDocument, OrderChangeDocument, OrderLineDocument, PurchaseOrderDocument,
  ShipNoticeDocument,
} from '../../src/documents/canonical.ts'
import type { AcknowledgementLine } from '../../src/documents/acknowledgement855.ts'
import type { ForecastPoint, ForecastSeries } from '../../src/documents/forecast830.ts'
import { makeSscc } from '../../src/documents/gs1.ts'
import { documentMappings, type DocumentOf, type DocumentSet } from '../../src/documents/index.ts'
import type { InvoiceLine } from '../../src/documents/invoice810.ts'
import type { ShipNoticeLine, ShipNoticeOrder, ShipNoticePackage } from '../../src/documents/shipment856.ts'
import {
  allowanceCharge, amount, carrier, characteristic, date, datedEvent, decimalText, freightLocation, fullText, heading,
  headingNeeds, invoiceCarrier, list,
  measure, money, notes, part, party, products, reference, schedule, some, split, tax, terms, time, unit,
} from './arbitraries.ts'
import { readBack, withoutPositions } from './helper.ts'

/** Any document that fits 004010 → written → serialised → judged by the engine → read again → the same document. */
const roundTrips = <S extends DocumentSet>(set: S, documents: fc.Arbitrary<DocumentOf[S]>, numRuns: number): void => {
  const { read, write } = documentMappings[set]
  fc.assert(fc.property(documents, document => {
    const result = readBack(set, write(document))
    const errors = result.findings.filter(finding => finding.severity === 'error').map(finding => finding.message)
    if (errors.length > 0 || result.transaction === undefined) throw new Error(`the engine rejects it: ${errors.join(' ')}`)
    const again = withoutPositions(read(result.transaction).document)
    deepStrictEqual(again, withoutPositions(document))
  }), { numRuns, seed: 20260302 })
}

const orderLine = part<Omit<OrderLineDocument, 'at' | 'priceBasis'>>({
  lineNumber: fullText(20), quantity: decimalText, unit, price: decimalText, products: products(), description: fullText(80),
  characteristics: list(characteristic), packSize: fc.constantFrom('1', '12', '999999'), innerPacks: fc.constantFrom('2', '4'),
  retailPrice: decimalText,
  references: list(reference), dates: list(datedEvent), allowancesCharges: list(allowanceCharge), splits: list(split, 23),
  schedule: list(schedule),
  parties: list(party('ST', 'MA')), taxes: list(tax), notes,
}, ['lineNumber', 'quantity', 'unit', 'products'])

const order = part<Omit<PurchaseOrderDocument, 'at' | 'lineCount'>>({
  number: fullText(22), release: fullText(30), purpose: fc.constantFrom('00', '05', '06'), type: fc.constantFrom('SA', 'RL'),
  orderDate: date,
  contract: fullText(30), currency: fc.constantFrom('USD', 'CAD'), freightTerms: fc.constantFrom('PP', 'CC'), freightLocation,
  terms,
  salesRequirement: fc.constantFrom('N', 'Y'), carrier, ...heading('ST', 'BT', 'BY', 'SE', 'VN'),
  lines: fc.array(orderLine, { minLength: 1, maxLength: 4 }), allowancesCharges: list(allowanceCharge), taxes: list(tax),
  amounts: list(amount), hashTotal: decimalText,
}, ['number', 'purpose', 'type', 'orderDate', ...headingNeeds, 'lines', 'freightTerms'])
  .map(document => ({ ...document, lineCount: document.lines.length }))

t.test('850', t => {
  roundTrips('850', order, 300)
  t.pass('300 random documents came back the same')
  t.end()
})

const acknowledgement = part<Omit<LineAcknowledgement, 'at' | 'price' | 'unit' | 'dateQualifier' | 'date'>>({
  code: fc.constantFrom('IA', 'IQ', 'IB', 'IR', 'IS', 'BP'), quantity: decimalText, products: products(), reference: fullText(45),
  reasonCode: fc.record({ agency: fc.constant('VI'), list: fullText(15), code: fullText(30) }), reason: fullText(80),
}, ['code'])
  .chain(ack => fc.record({ unit, date, dateQualifier: fc.constantFrom('010', '068'),
    dated: fc.boolean() }).map(({ unit: its, date: on, dateQualifier, dated }): LineAcknowledgement => ({
    ...ack, ...(ack.quantity === undefined ? {} : { unit: its }), ...(dated ? { dateQualifier, date: on } : {}),
  })))

const acknowledgementLine: fc.Arbitrary<AcknowledgementLine> = part<Omit<AcknowledgementLine, 'at' | 'priceBasis'>>({
  lineNumber: fullText(20), quantity: decimalText, unit, price: decimalText, products: products(), description: fullText(80),
  characteristics: list(characteristic),
  packSize: fc.constantFrom('1', '12'), references: list(reference), dates: list(datedEvent),
  allowancesCharges: list(allowanceCharge), splits: list(split, 11),
  schedule: list(schedule), parties: list(party('ST')), notes, acknowledgements: some(acknowledgement),
}, ['lineNumber', 'quantity', 'unit', 'price', 'products', 'acknowledgements'])
  // A new price is the line's own.
  .chain(line => fc.boolean().map(repriced => (repriced
    ? { ...line, acknowledgements: [...line.acknowledgements, { code: 'IP', price: line.price! }] } : line)))

const answer = part<Omit<OrderAcknowledgementDocument, 'at' | 'lineCount'>>({
  purpose: fc.constantFrom('00', '06'), type: fc.constantFrom('AD', 'AC', 'RD', 'AE'), orderNumber: fullText(22), orderDate: date,
  release: fullText(30),
  acknowledgementNumber: fullText(30), acknowledgedOn: date, requestReference: fullText(45), contract: fullText(30),
  currency: fc.constant('USD'),
  freightTerms: fc.constantFrom('PP', 'CC'), freightLocation, terms, carrier, ...heading('ST', 'BT', 'BY', 'SE', 'VN'),
  lines: fc.array(acknowledgementLine, { minLength: 1, maxLength: 4 }), allowancesCharges: list(allowanceCharge),
  amounts: list(amount, 1), hashTotal: decimalText,
}, ['purpose', 'type', 'orderNumber', 'orderDate', ...headingNeeds, 'lines', 'freightTerms'])
  .map(document => ({ ...document, lineCount: document.lines.length }))

t.test('855', t => {
  roundTrips('855', answer, 300)
  t.pass('300 random documents came back the same')
  t.end()
})

const changeLine = part<Omit<ChangeLineDocument, 'at' | 'priceBasis' | 'quantityLeft'>>({
  lineNumber: fullText(20), code: fc.constantFrom('AI', 'CA', 'CT', 'DI', 'MU', 'PC', 'QD', 'QI', 'RE', 'RZ'),
  quantity: fc.integer({ min: 0, max: 99_999 }).map(String), unit,
  price: decimalText, products: products(), description: fullText(80), characteristics: list(characteristic),
  packSize: fc.constantFrom('1', '12'), innerPacks: fc.constantFrom('2', '4'), retailPrice: decimalText,
  references: list(reference), dates: list(datedEvent), allowancesCharges: list(allowanceCharge), splits: list(split, 11),
  schedule: list(schedule), parties: list(party('ST')), taxes: list(tax), notes,
}, ['code', 'unit', 'products'])
  // Beside a quantity goes the one still to come: the same unless told.
  .map(line => (line.quantity === undefined ? line : { ...line, quantityLeft: line.quantity }))

const changeHeading = {
  purpose: fc.constantFrom('00', '04', '05'), orderNumber: fullText(22), release: fullText(30), sequence: fullText(8),
  orderDate: date, requestReference: fullText(45), contract: fullText(30), reference: fullText(30), changedOn: date,
  currency: fc.constant('USD'), freightTerms: fc.constantFrom('PP', 'CC'), freightLocation, terms,
  salesRequirement: fc.constantFrom('N', 'Y'), carrier, ...heading('ST', 'BT', 'BY', 'SE', 'VN'),
  allowancesCharges: list(allowanceCharge), taxes: list(tax), amounts: list(amount, 5), hashTotal: decimalText,
}
const changeNeeds = ['purpose', 'orderNumber', 'orderDate', ...headingNeeds, 'lines', 'freightTerms'] as const

const change = part<Omit<OrderChangeDocument, 'at' | 'lineCount'>>({
  ...changeHeading, type: fc.constantFrom('SA', 'RL'), lines: fc.array(changeLine, { minLength: 1, maxLength: 4 }),
}, [...changeNeeds, 'type'])
  .map(document => ({ ...document, lineCount: document.lines.length }))

t.test('860', t => {
  roundTrips('860', change, 300)
  t.pass('300 random documents came back the same')
  t.end()
})

const changeAnswer = part<Omit<OrderChangeAnswerDocument, 'at' | 'lineCount'>>({
  ...changeHeading, type: fc.constantFrom('AC', 'AT', 'RD'), answeredOn: date,
  lines: fc.array(fc.tuple(changeLine, some(acknowledgement)).chain(([line, acknowledgements]) => fc.boolean().map(repriced => ({
    ...line,
    // A new price is the line's own.
    acknowledgements: repriced && line.price !== undefined
      ? [...acknowledgements, { code: 'IP', price: line.price }] : acknowledgements,
  }))), { minLength: 1, maxLength: 4 }),
}, [...changeNeeds])
  .map(document => ({ ...document, lineCount: document.lines.length }))

t.test('865', t => {
  roundTrips('865', changeAnswer, 300)
  t.pass('300 random documents came back the same')
  t.end()
})

const shippedLine = part<Omit<ShipNoticeLine,
  'at' | 'itemAt' | 'orderNumber' | 'release' | 'orderDate' | 'package' | 'unitOrdered'>>({
  lineNumber: fullText(20), quantity: decimalText, unit, quantityOrdered: decimalText, quantityToDate: decimalText,
  status: fc.constantFrom('AC', 'BP'),
  products: products(15), description: fullText(80), references: list(reference), dates: list(datedEvent),
}, ['quantity', 'unit', 'products'])
  .chain(line => unit.map(unitOrdered => (line.quantityOrdered === undefined ? line : { ...line, unitOrdered })))

const packageOf = part<Omit<ShipNoticePackage, 'at' | 'id' | 'parent' | 'type' | 'sscc' | 'orderNumber'>>({
  trackingNumber: fullText(48), marks: list(fc.record({ qualifier: fc.constantFrom('SM', 'UC'), value: fullText(48) })),
  weight: measure,
  packaging: fc.constantFrom('CTN', 'PLT94'), references: list(reference), parties: list(party('BY', 'Z7')),
}, [])

const cartonContent = fc.record({ about: packageOf, marked: fc.boolean(), lines: some(shippedLine) })
const orderContent = fc.record({
  about: part<Omit<ShipNoticeOrder, 'at' | 'number' | 'packaging'>>(
    { release: fullText(30), date, references: some(reference), parties: some(party('BY')), dates: list(datedEvent),
      ladingQuantity: fc.integer({ min: 1, max: 99 }), weight: measure },
    ['references', 'parties', 'ladingQuantity']),
  loose: some(shippedLine, 2),
  cartons: some(cartonContent, 2),
  pallets: some(fc.record({ about: packageOf, marked: fc.boolean(), lines: some(shippedLine, 1),
    cartons: some(cartonContent, 2) }), 2),
})

/** Packages and lines in the order in which a tree lists them, with ids that say where they stand. */
const unpack = (contents: readonly { number: string; content: typeof orderContent extends fc.Arbitrary<infer T> ? T
  : never }[]) => {
  const packages: ShipNoticePackage[] = []
  const lines: ShipNoticeLine[] = []
  const orders: ShipNoticeOrder[] = []
  for (const { number, content } of contents) {
    const { about } = content
    orders.push({ number, ...about })
    const put = (list: typeof content.loose, inside?: string): void => {
      for (const line of list) lines.push({
        orderNumber: number, ...(about.release === undefined ? {} : { release: about.release }),
        ...(about.date === undefined ? {} : { orderDate: about.date }),
        ...line, ...(inside === undefined ? {} : { package: inside }),
      })
    }
    const pack = (type: 'pallet' | 'carton', each: { about: typeof packageOf extends fc.Arbitrary<infer T> ? T
      : never; marked: boolean }, parent?: string): string => {
      const id = `#${packages.length + 1}`
      packages.push({
        id, type, ...(parent === undefined ? {} : { parent }),
        ...(each.marked ? { sscc: makeSscc('0614141', 1, packages.length) } : {}), ...each.about, orderNumber: number,
      })
      return id
    }
    put(content.loose)
    for (const carton of content.cartons) put(carton.lines, pack('carton', carton))
    for (const pallet of content.pallets) {
      const id = pack('pallet', pallet)
      put(pallet.lines, id)
      for (const carton of pallet.cartons) put(carton.lines, pack('carton', carton, id))
    }
  }
  return { packages, lines, orders, hlCount: 1 + orders.length + packages.length + lines.length,
    structure: packages.length === 0 ? '0004' : '0001' }
}

const numbered = fc.array(orderContent, { minLength: 1, maxLength: 3 }).map(list =>
  unpack(list.map((content, i) => ({ number: `PO${i + 1}`, content }))))
const notice: fc.Arbitrary<ShipNoticeDocument> = fc.tuple(
  part<Omit<ShipNoticeDocument, 'at' | 'notes' | 'structure' | 'packages' | 'lines' | 'orders' | 'hlCount' | 'packaging'>>({
    number: fullText(30, 2), purpose: fc.constantFrom('00', '05'), date, time, carrier, grossWeight: measure, volume: measure,
    ladingQuantity: fc.integer({ min: 1, max: 9999 }),
    freightTerms: fc.constantFrom('PP', 'CC'), freightLocation, references: some(reference, 4),
    parties: some(party('ST', 'SF'), 4), dates: some(datedEvent, 4),
    contacts: heading('ST').contacts, hashTotal: decimalText,
  }, ['number', 'purpose', 'date', 'time', ...headingNeeds, 'freightTerms', 'ladingQuantity']),
  numbered,
).map(([about, contents]) => ({ ...about, ...contents }))

/** Packages are known by where they stand in the list, since HL numbers are the writer's. */
const renamed = (document: ShipNoticeDocument): ShipNoticeDocument => {
  const names = new Map(document.packages.map((each, i) => [each.id, `#${i + 1}`]))
  return {
    ...document,
    packages: document.packages.map(each => ({ ...each, id: names.get(each.id)!,
      ...(each.parent === undefined ? {} : { parent: names.get(each.parent)! }) })),
    lines: document.lines.map(line => (line.package === undefined ? line : { ...line, package: names.get(line.package)! })),
  }
}

t.test('856', t => {
  const { read, write } = documentMappings['856']
  fc.assert(fc.property(notice, document => {
    const result = readBack('856', write(document))
    const errors = result.findings.filter(finding => finding.severity === 'error').map(finding => finding.message)
    if (errors.length > 0 || result.transaction === undefined) throw new Error(`the engine rejects it: ${errors.join(' ')}`)
    const again = withoutPositions(renamed(read(result.transaction).document))
    deepStrictEqual(again, withoutPositions(document))
  }), { numRuns: 300, seed: 20260302 })
  t.pass('300 random documents came back the same')
  t.end()
})

const invoiceLine = part<Omit<InvoiceLine, 'at'>>({
  lineNumber: fullText(20), quantity: decimalText, unit, price: decimalText, priceBasis: fc.constantFrom('PE', 'HP'),
  products: products(), description: fullText(80),
  characteristics: list(characteristic), packSize: fc.constantFrom('1', '12'), references: list(reference),
  dates: list(datedEvent), taxes: list(tax),
  splits: list(split, 11), parties: list(party('ST')), allowancesCharges: list(allowanceCharge),
}, ['quantity', 'unit', 'price', 'products'])

const invoice = part<Omit<InvoiceDocument, 'at' | 'totalAt' | 'lineCount' | 'shipmentNumber'>>({
  number: fullText(22), date, orderNumber: fullText(22), orderDate: date, release: fullText(30),
  type: fc.constantFrom('DI', 'CR'), purpose: fc.constant('00'),
  currency: fc.constant('USD'), freightTerms: fc.constantFrom('PP', 'CC'), freightLocation, terms, carrier: invoiceCarrier,
  carrierReference: fc.record({ qualifier: fc.constant('CN'), value: fullText(30) }), ...heading('ST', 'BT', 'RE'),
  notes: list(fullText(264), 10), lines: fc.array(invoiceLine, { maxLength: 4 }),
  allowancesCharges: list(allowanceCharge), taxes: list(tax), total: money, discountable: money, discounted: money,
  discount: money, amounts: list(amount),
  shipped: fc.record({ quantity: decimalText, unit, weight: measure }), hashTotal: decimalText,
}, ['number', 'date', ...headingNeeds, 'lines', 'total', 'freightTerms', 'carrier'])
  .chain(document => fc.option(fullText(30), { nil: undefined }).map((shipmentNumber): InvoiceDocument => ({
    ...document, lineCount: document.lines.length,
    ...(shipmentNumber === undefined ? {} : { shipmentNumber,
      references: [...document.references, { qualifier: 'SI', value: shipmentNumber }] }),
  })))

t.test('810', t => {
  roundTrips('810', invoice, 300)
  t.pass('300 random documents came back the same')
  t.end()
})

const monday = (week: number): string => new Date(Date.UTC(2026, 0, 5 + 7 * week)).toISOString().slice(0, 10)
const pointReference = fc.option(fc.record({ qualifier: fc.constant('PO'), value: fullText(30) }), { nil: undefined })
const point: fc.Arbitrary<ForecastPoint> = fc.record({ quantity: decimalText, qualifier: fc.constantFrom('C', 'D'),
  reference: pointReference, when: fc.oneof(
  fc.integer({ min: 0, max: 60 }).map(week => ({ start: monday(week), timing: 'W' })),
  fc.record({ start: date, timing: fc.constantFrom('C', 'D', 'M', 'Q') }),
  fc.record({ start: date, timing: fc.constant('F'), end: date }),
  fc.record({ start: date, timing: fc.constant('F') }),
) }).map(({ when, reference: about, ...rest }) => {
  const end = 'end' in when ? when.end : bucketEnd(when.timing, when.start)
  return { ...when, ...(end === undefined ? {} : { end }), ...rest, ...(about === undefined ? {} : { reference: about }) }
})

const series = part<Omit<ForecastSeries, 'at'>>({
  lineNumber: fullText(20), products: products(15), description: fullText(80), references: list(reference),
  parties: list(party('SF', 'MA')),
  location: part<{ qualifier?: string; id: string }>({ qualifier: fc.constantFrom('UL', '92'), id: fullText(80, 2) },
    ['qualifier', 'id']), unit,
  points: some(point, 8),
  shipped: list(fc.record({ qualifier: fc.constantFrom('01', '02'), quantity: decimalText, dateQualifier: fc.constant('011'),
    date, until: date, references: list(reference) })),
  authorizations: list(fc.record({ code: fc.constantFrom('FI', 'MT'), until: date, quantity: decimalText, maximum: decimalText,
    since: date })),
}, ['products', 'unit', 'points'])

const forecast = part<Omit<ForecastDocument, 'at' | 'notes'>>({
  number: fullText(30), release: fullText(30), purpose: fc.constantFrom('00', '05'), basis: fc.constantFrom('DL', 'SH'),
  horizonStart: date, horizonEnd: date, issuedOn: date,
  quantityQualifier: fc.constantFrom('A', 'C'), updatedOn: date, contract: fullText(30), orderNumber: fullText(22),
  scheduleType: fc.constant('PS'),
  references: some(reference, 4), parties: some(party('BY', 'SE'), 3), dates: some(datedEvent, 4),
  contacts: heading('BY').contacts, series: fc.array(series, { minLength: 1, maxLength: 4 }),
}, ['number', 'purpose', 'basis', 'horizonStart', 'issuedOn', 'quantityQualifier', ...headingNeeds, 'series'])

t.test('830', t => {
  roundTrips('830', forecast, 300)
  t.pass('300 random documents came back the same')
  t.end()
})
