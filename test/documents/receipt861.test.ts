import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { ReceivingAdviceDocument } from '../../src/documents/canonical.ts'
import { makeSscc } from '../../src/documents/gs1.ts'
import { conditionOf, readReceipt, writeReceipt, type ReceivedLine } from '../../src/documents/receipt861.ts'
import { carrier, contact, datedEvent, date, decimalText, fullText, list, part, party, products, reference, time, unit } from './arbitraries.ts'
import { readBack, refusal, segmentTexts, transactionOf, withoutPositions } from './helper.ts'

const carton = makeSscc('0614141', 0, 1)

t.test('read', t => {
  const { document, problems } = readReceipt(transactionOf('861', `
    BRA*RA-1001*20260312*00*1*1430~REF*SI*ASN-77~DTM*050*20260312~PRF*4500012345***20260302~N1*ST*Northgate DC East*92*DC01~
    RCD*1*90*EA***6*EA*02*4*EA*01~LIN*1*UP*722222000015*IN*R7001~
    RCD**1*CT~MAN*GM*00${carton}~
    RCD*3***5*EA*7*EA*05~PRF*4500099999****2~
    CTT*3~`))
  t.same(problems, [])
  t.same(withoutPositions(document), {
    number: 'RA-1001', date: '2026-03-12', purpose: '00', type: '1', time: '1430', shipmentNumber: 'ASN-77',
    orders: [{ number: '4500012345', date: '2026-03-02' }],
    references: [{ qualifier: 'SI', value: 'ASN-77' }],
    parties: [{ role: 'ST', name: 'Northgate DC East', idQualifier: '92', id: 'DC01' }],
    dates: [{ qualifier: '050', date: '2026-03-12' }],
    lines: [
      {
        lineNumber: '1', quantity: '90', unit: 'EA', orderLineNumber: '1',
        conditions: [{ code: '02', quantity: '6', unit: 'EA' }, { code: '01', quantity: '4', unit: 'EA' }],
        products: [{ qualifier: 'UP', value: '722222000015' }, { qualifier: 'IN', value: 'R7001' }],
      },
      { quantity: '1', unit: 'CT', ssccs: [carton], conditions: [], products: [] },
      {
        lineNumber: '3', returned: '5', returnedUnit: 'EA', conditions: [{ code: '05', quantity: '7', unit: 'EA' }],
        orderNumber: '4500099999', orderLineNumber: '2', products: [],
      },
    ],
    lineCount: 3,
  })
  t.match(document.lines.map(line => [line.at, line.itemAt, line.packageAt]), [[7, 8, undefined], [9, undefined, 10], [11, undefined, undefined]])

  const odd = readReceipt(transactionOf('861', `
    BRA*RA-2*20260312*00*2~DTM*050*20260312~RCD**1*CT~MAN*GM*12345~RCD**1*CT~MAN*GM*00${carton.slice(0, 17)}${(Number(carton[17]) + 1) % 10}~CTT*9~`))
  t.match(odd.problems, [
    { code: 'sscc-malformed', at: 5, element: 2 }, { code: 'sscc-check-digit', at: 7 }, { code: 'count-differs', element: 1 },
  ])
  t.end()
})

const line = (quantity: string | undefined, ...conditions: [code: string, quantity: string][]): ReceivedLine => ({
  ...(quantity !== undefined && { quantity }), unit: 'EA', products: [], conditions: conditions.map(([code, each]) => ({ code, quantity: each })),
})

t.test('what arrived, and in what condition', t => {
  const plain = (of: ReceivedLine, condition?: string) =>
    Object.fromEntries(Object.entries(conditionOf(condition === undefined ? {} : { condition }, of)).map(([name, value]) => [name, value.toNumber()]))
  const nothing = { received: 0, damaged: 0, quality: 0, wrong: 0, short: 0, over: 0 }
  t.same(plain(line('90', ['02', '10'])), { ...nothing, received: 90, short: 10 })
  t.same(plain(line('100', ['01', '4'], ['05', '6'])), { ...nothing, received: 94, damaged: 4, wrong: 6 }, 'what is wrong is another item')
  t.same(plain(line('0', ['01', '10'])), { ...nothing, received: 10, damaged: 10 }, 'only good units were counted')
  t.same(plain(line(undefined, ['01', '5'], ['07', '20'])), { ...nothing, received: 25, damaged: 5 }, 'no RCD02')
  t.same(plain(line(undefined, ['02', '12'])), { ...nothing, short: 12 }, 'all of it is missing')
  t.same(plain(line('12'), '01'), { ...nothing, received: 12, damaged: 12 }, 'BRA06 holds for lines that say nothing')
  t.end()
})

const advicePart = part<Omit<ReceivedLine, 'at' | 'itemAt' | 'packageAt' | 'conditions' | 'quantity' | 'returned' | 'returnedUnit' | 'unitShipped' | 'quantityShipped'>>({
  lineNumber: fullText(20), orderNumber: fullText(22), release: fullText(30), orderDate: date, orderLineNumber: fullText(20),
  ssccs: fc.uniqueArray(fc.nat({ max: 9999 }), { minLength: 1, maxLength: 3 }).map(all => all.map(n => makeSscc('0614141', 0, n))),
  unit, products: products(15), description: fullText(80), references: list(reference), dates: list(datedEvent),
}, ['unit', 'products'])

const adviceLine: fc.Arbitrary<ReceivedLine> = fc.record({
  given: advicePart, quantity: decimalText, said: fc.boolean(), returned: fc.option(decimalText, { nil: undefined }), shipped: fc.option(decimalText, { nil: undefined }),
  conditions: fc.array(fc.record({ code: fc.constantFrom('01', '02', '03', '04', '05', '07'), quantity: decimalText, unit }), { maxLength: 5 }),
}).map(({ given: { release, orderDate, unit: its, ...given }, quantity, said, returned, shipped, conditions }) => ({
  ...given, conditions,
  ...(given.orderNumber !== undefined && release !== undefined && { release }),
  ...(given.orderNumber !== undefined && orderDate !== undefined && { orderDate }),
  ...(said || conditions.length === 0 ? { quantity, unit: its! } : {}),
  ...(returned !== undefined && { returned, returnedUnit: 'EA' }),
  ...(shipped !== undefined && { quantityShipped: shipped, unitShipped: 'CA' }),
}))

const advice = part<Omit<ReceivingAdviceDocument, 'at' | 'lineCount' | 'shipmentNumber' | 'notes' | 'hashTotal'>>({
  number: fullText(30), date, purpose: fc.constantFrom('00', '01', '05'), type: fc.constantFrom('1', '2'), time,
  condition: fc.constantFrom('01', '07'), orders: list(part<ReceivingAdviceDocument['orders'][number]>({ number: fullText(22), release: fullText(30), date, at: fc.constant(1) }, ['number'])),
  carrier, references: list(reference), parties: list(party('ST', 'SU')), contacts: list(contact), dates: list(datedEvent),
  lines: fc.array(adviceLine, { minLength: 1, maxLength: 4 }),
}, ['number', 'date', 'purpose', 'type', 'orders', 'references', 'parties', 'dates', 'lines'])
  .map(document => ({ ...document, lineCount: document.lines.length }))

t.test('any advice that fits is written, judged and read back the same', t => {
  for (const version of ['004010', '005010'] as const)
    fc.assert(fc.property(advice, document => {
      const result = readBack('861', writeReceipt(document), version)
      const errors = result.findings.filter(finding => finding.severity === 'error').map(finding => finding.message)
      if (errors.length > 0 || result.transaction === undefined) throw new Error(`the engine rejects it: ${errors.join(' ')}`)
      const expected = withoutPositions(document)
      deepStrictEqual(withoutPositions(readReceipt(result.transaction).document), expected)
    }), { numRuns: 200, seed: 20260302 })
  t.pass('200 random documents in each version')
  t.end()
})

t.test('written', t => {
  const document: ReceivingAdviceDocument = {
    number: 'RA-9', date: '2026-03-12', purpose: '00', type: '2', shipmentNumber: 'ASN-9', orders: [], references: [], parties: [], dates: [],
    lines: [{ ...line('88', ['02', '12']), lineNumber: '1', orderLineNumber: '1', products: [{ qualifier: 'IN', value: 'R7001' }], ssccs: [carton] }],
  }
  t.same(segmentTexts(writeReceipt(document)), [
    'BRA*RA-9*20260312*00*2', 'REF*SI*ASN-9', 'DTM*050*20260312', 'RCD*1*88*EA***12*EA*02', 'LIN*1*IN*R7001', `MAN*GM*00${carton}`, 'CTT*1',
  ])
  t.same(refusal(() => writeReceipt({ ...document, lines: [{ ...line('1234567890') }] })), ['lines[0].quantity', 'too-long'])
  t.same(refusal(() => writeReceipt({ ...document, lines: [{ ...line('1'), orderLineNumber: '4' }] })), ['lines[0].orderLineNumber', 'inconsistent'])
  t.end()
})
