import t from 'tap'
import { Value } from 'typebox/value'
import { PurchaseOrderDocument } from '../../src/documents/canonical.ts'
import { readOrder, writeOrder } from '../../src/documents/order850.ts'
import { refusal, segmentTexts, transactionOf } from './helper.ts'

const order = `
BEG*00*SA*4500012345*REL1*20260302*C-77~CUR*BY*USD~REF*DP*042~REF*IA*987654*VENDOR NAME~
PER*BD*ANN BUYER*TE*555-0100*EM*ann@example.com~
FOB*CC*OR*DALLAS~CSH*N~SAC*A*F800***1050***5~ITD*01*3*2**10**30~DTM*037*20260310~DTM*038*20260315*1700*ET~
TD5*O*2*ABCD*M*ABC TRUCKING~N9*L1**NOTES~MSG*CALL BEFORE DELIVERY~N9*ZZ**Requester~MSG*A. SMITH~N9*AH*777~
N1*ST*STORE 12*UL*0614141000012~N2*BACK DOOR~N3*1 MAIN ST*DOCK 4~N3*BUILDING B~N4*AUSTIN*TX*78701*US~REF*11*ACC9~PER*RE*DOCK~
N1*BT**92*0253~
PO1*10*100*EA*12.50*PE*UP*036000291452*VN*W-1***IN*B-9~CTP*RS*RES*19.99~PID*F*08***WIDGET~PID*F*73***BLUE~PO4*12*************4~
SAC*C*D240***500~SDQ*EA*92*0001*60*0002*30~SDQ*EA*92*0003*10~DTM*002*20260320~SCH*40*EA***002*20260321~N9*L1**NOTES~MSG*FRAGILE~
N1*MA**92*S1~
PO1**5*CA***BP*77~CTP**UCP*4.25~
CTT*2*105~AMT*TT*1250~`

t.test('everything an order says is in its document', t => {
  const { document, problems } = readOrder(transactionOf('850', order))
  t.same(problems, [])
  t.ok(Value.Check(PurchaseOrderDocument, document), 'it has the canonical form')
  t.match(document, {
    number: '4500012345', release: 'REL1', purpose: '00', type: 'SA', orderDate: '2026-03-02', contract: 'C-77', currency: 'USD',
    freightTerms: 'CC',
    freightLocation: { qualifier: 'OR', description: 'DALLAS' }, salesRequirement: 'N',
    terms: [{ '01': '01', '02': '3', '03': '2', '05': '10', '07': '30' }],
    carrier: { scac: 'ABCD', mode: 'M', name: 'ABC TRUCKING' }, lineCount: 2, hashTotal: '105',
    amounts: [{ qualifier: 'TT', amount: '1250' }],
    notes: ['CALL BEFORE DELIVERY', 'Requester: A. SMITH'], at: 2,
  })
  t.same(document.references, [
    { qualifier: 'DP', value: '042', at: 4 }, { qualifier: 'IA', value: '987654', description: 'VENDOR NAME', at: 5 },
    { qualifier: 'AH', value: '777', at: 18 },
  ])
  t.same(document.contacts, [{ function: 'BD', name: 'ANN BUYER',
    numbers: [{ qualifier: 'TE', value: '555-0100' }, { qualifier: 'EM', value: 'ann@example.com' }], at: 6 }])
  t.same(document.dates, [{ qualifier: '037', date: '2026-03-10', at: 11 },
    { qualifier: '038', date: '2026-03-15', time: '1700', timeZone: 'ET', at: 12 }])
  t.same(document.parties[0], {
    role: 'ST', name: 'STORE 12', idQualifier: 'UL', id: '0614141000012', at: 19, additionalNames: ['BACK DOOR'],
    address: ['1 MAIN ST', 'DOCK 4', 'BUILDING B'],
    city: 'AUSTIN', region: 'TX', postalCode: '78701', country: 'US', references: [{ qualifier: '11', value: 'ACC9', at: 24 }],
    contacts: [{ function: 'RE', name: 'DOCK', numbers: [], at: 25 }],
  })
  t.same(document.allowancesCharges, [{ indicator: 'A', code: 'F800', amount: '10.50', rate: '5', at: 9 }])
  t.end()
})

t.test('a line with packs, prices, store splits and its own ship-to', t => {
  const { document } = readOrder(transactionOf('850', order))
  t.match(document.lines[0], {
    lineNumber: '10', quantity: '100', unit: 'EA', price: '12.50', priceBasis: 'PE', description: 'WIDGET',
    characteristics: [{ code: '73', text: 'BLUE' }],
    products: [{ qualifier: 'UP', value: '036000291452' }, { qualifier: 'VN', value: 'W-1' }, { qualifier: 'IN', value: 'B-9' }],
    packSize: '12', innerPacks: '4', retailPrice: '19.99', notes: ['FRAGILE'], parties: [{ role: 'MA', id: 'S1' }],
    schedule: [{ quantity: '40', dateQualifier: '002', date: '2026-03-21' }], dates: [{ qualifier: '002', date: '2026-03-20' }],
    allowancesCharges: [{ indicator: 'C', code: 'D240', amount: '5.00' }],
  })
  t.same(document.lines[0]!.splits!.map(({ location, quantity }) => [location, quantity]),
    [['0001', '60'], ['0002', '30'], ['0003', '10']])
  t.match(document.lines[1], { lineNumber: '2', price: '4.25' }, 'PO101 missing is the ordinal, and a price may stand in CTP')
  t.end()
})

t.test('what is odd is reported where it stands, and kept', t => {
  const { document, problems } = readOrder(transactionOf('850', `
    BEG*00*SA*1**20260302~SAC*P*F800***100~
    PO1*1*100*EA*1**UP*036000291452~SDQ*CA*92*0001*60*0002*30~
    PO1*2**EA*1**UP*036000291452~CTT*3~`.replace('PO1*2**EA*1', 'PO1*2***1')))
  t.same(problems.map(({ code, at, segmentId, element }) => [code, at, segmentId, element]), [
    ['allowance-indicator-unknown', 3, 'SAC', 1],
    ['split-unit-differs', 5, 'SDQ', 1],
    ['split-sum-differs', 4, 'PO1', 2],
    ['number-missing', 6, 'PO1', 2],
    ['unit-missing', 6, 'PO1', 3],
    ['count-differs', 7, 'CTT', 1],
  ])
  t.equal(document.lines[1]!.quantity, '0')
  t.equal(document.lineCount, 3, 'as it was sent')
  t.end()
})

t.test('numbers take their canonical form', t => {
  const line = (quantity: string) => readOrder(transactionOf('850',
    `BEG*00*SA*1**20260302~PO1*1*${quantity}*EA*1**UP*1~CTT*1~`)).document.lines[0]!.quantity
  t.equal(line('0012'), '12')
  t.equal(line('.5'), '0.5')
  t.equal(line('12.'), '12')
  t.equal(line('-3'), '-3')
  t.equal(line('12.50'), '12.50')
  t.end()
})

const small: PurchaseOrderDocument = {
  number: '1', purpose: '00', type: 'SA', orderDate: '2026-03-02', references: [], parties: [], dates: [],
  lines: [{ lineNumber: '1', quantity: '100', unit: 'EA', price: '1', products: [{ qualifier: 'UP', value: '036000291452' }] }],
}

t.test('an order is written with its lines counted and its stores ten to an SDQ', t => {
  const splits = Array.from({ length: 12 }, (_, i) => ({ locationQualifier: '92', location: `S${i}`, quantity: '1' }))
  const texts = segmentTexts(writeOrder({ ...small, lineCount: 99, lines: [{ ...small.lines[0]!, splits }] }))
  t.equal(texts[0], 'BEG*00*SA*1**20260302')
  t.equal(texts[1], 'PO1*1*100*EA*1**UP*036000291452')
  t.equal(texts[2], `SDQ*EA*92*${splits.slice(0, 10).map(split => `${split.location}*1`).join('*')}`)
  t.equal(texts[3], 'SDQ*EA*92*S10*1*S11*1')
  t.equal(texts[4], 'CTT*1')
  t.end()
})

t.test('a field that does not fit is refused by name', t => {
  const refused = (change: Partial<PurchaseOrderDocument>) => refusal(() => writeOrder({ ...small, ...change }))
  const [line] = small.lines as [typeof small.lines[number]]
  t.same(refused({ number: 'N'.repeat(23) }), ['number', 'too-long'])
  t.same(refused({ orderDate: '2 March' }), ['orderDate', 'not-a-date'])
  t.match(refused({ lines: [line, { ...line, products: [{ qualifier: 'UP', value: '9'.repeat(49) }] }] }),
    ['lines[1].products[0].value', 'too-long'])
  t.match(refused({ lines: [{ ...line, quantity: 'many' }] }), ['lines[0].quantity', 'not-a-number'])
  t.match(refused({ lines: [{ ...line, packSize: '1.5' }] }), ['lines[0].packSize', 'too-precise'])
  t.match(refused({ allowancesCharges: [{ indicator: 'A', code: 'F800', amount: '1.005' }] }),
    ['allowancesCharges[0].amount', 'too-precise'])
  t.match(refused({ parties: [{ role: 'ST', id: '123' }] }), ['parties[0].idQualifier', 'missing'])
  t.match(refused({ references: [{ qualifier: 'D', value: '1' }] }), ['references[0].qualifier', 'too-short'])
  t.end()
})
