import t from 'tap'
import { Value } from 'typebox/value'
import { writeAcknowledgement } from '../../src/documents/acknowledgement855.ts'
import { InvoiceDocument, OrderAcknowledgementDocument, ShipNoticeDocument } from '../../src/documents/canonical.ts'
import { makeSscc } from '../../src/documents/gs1.ts'
import { writeInvoice } from '../../src/documents/invoice810.ts'
import { readOrder } from '../../src/documents/order850.ts'
import { writeShipNotice } from '../../src/documents/ship-notice-tree.ts'
import { acknowledgementFor, invoiceFor, shipNoticeFor } from '../../src/documents/turnaround.ts'
import { readBack, segmentTexts, transactionOf } from './helper.ts'

const orderSet = (number: string, store: string) => `
BEG*00*SA*${number}*R7*20260302~CUR*BY*USD~REF*DP*042~REF*IA*987654~REF*MR*0073~REF*PD*SPRING~REF*19*HIDDEN~FOB*CC*OR*DALLAS~
ITD*08*3*2**10**30~DTM*010*20260310~
N1*ST*DC 6*UL*0614141000012~N3*1 MAIN~N4*AUSTIN*TX*78701~PER*RE*DOCK~N1*BT**92*0253~N1*BY**92*${store}~N1*VN*SELLER*92*V1~
PO1*001*100*EA*12.50*PE*UP*036000291452*VN*W-1*IN*B-9~PID*F****WIDGET~REF*PD*LINE~SDQ*EA*92*0001*60*0002*40~
PO1*003*10*CA*3**UP*036000291469~CTT*2~`
const order = (number: string, store: string) => readOrder(transactionOf('850', orderSet(number, store))).document
const valid = (test: typeof t, set: string, root: Parameters<typeof readBack>[1]) =>
  test.same(readBack(set, root).findings.filter(finding => finding.severity === 'error'), [], `${set} is valid`)

t.test('the answer says again what the order said', t => {
  const document = acknowledgementFor(order('PO1', 'S1'), {
    answers: [
      { position: 1, acknowledgements: [{ code: 'IP', price: '12.75', quantity: '80', unit: 'EA' },
        { code: 'IB', quantity: '20', unit: 'EA', dateQualifier: '068', date: '2026-04-01' }] },
      { position: 2, acknowledgements: [{ code: 'IR', reason: 'NOT MADE ANY MORE' }] },
    ],
    on: '2026-03-03', acknowledgementNumber: 'S-1', notes: ['CALL US'],
  })
  t.ok(Value.Check(OrderAcknowledgementDocument, document))
  const root = writeAcknowledgement(document)
  valid(t as never, '855', root)
  t.same(segmentTexts(root), [
    'BAK*00*AC*PO1*20260302*R7***S-1*20260303', 'CUR*SE*USD', 'REF*DP*042', 'REF*IA*987654', 'REF*MR*0073', 'REF*PD*SPRING',
    'FOB*CC*OR*DALLAS',
    'N9*L1**NOTES', 'MSG*CALL US', 'N1*ST*DC 6*UL*0614141000012', 'N3*1 MAIN', 'N4*AUSTIN*TX*78701', 'N1*BT**92*0253',
    'N1*BY**92*S1', 'N1*VN*SELLER*92*V1',
    'PO1*001*100*EA*12.75*PE*UP*036000291452*VN*W-1*IN*B-9', 'PID*F****WIDGET', 'REF*PD*LINE', 'SDQ*EA*92*0001*60*0002*40',
    'ACK*IP*80*EA', 'ACK*IB*20*EA*068*20260401',
    'PO1*003*10*CA*3**UP*036000291469', 'ACK*IR', 'N9*L1*1*REASON', 'MSG*NOT MADE ANY MORE', 'CTT*2',
  ])
  t.end()
})

t.test('the ship notice of two orders names their common place once, and each order\'s own parties with it', t => {
  const sscc = makeSscc('0614141', 0, 1)
  const document = shipNoticeFor({
    number: 'ASN1', date: '2026-03-05', time: '1200', orders: [order('PO1', 'S1'), order('PO2', 'S2')],
    lines: [{ order: 0, position: 1, quantity: '80', package: 'c1' }, { order: 1, position: 2, quantity: '10', package: 'c1' }],
    packages: [{ id: 'c1', type: 'carton', sscc }], dates: [{ qualifier: '011', date: '2026-03-05' }],
    references: [{ qualifier: 'BM', value: 'B-1' }],
    parties: [{ role: 'SF', idQualifier: 'UL', id: '0614141000029' }], carrier: { scac: 'ABCD', mode: 'M' }, packaging: 'CTN25',
    ladingQuantity: 1,
  })
  t.ok(Value.Check(ShipNoticeDocument, document))
  const root = writeShipNotice(document)
  valid(t as never, '856', root)
  const echoed = ['REF*DP*042', 'REF*IA*987654', 'REF*MR*0073', 'REF*PD*SPRING']
  t.same(segmentTexts(root), [
    'BSN*00*ASN1*20260305*1200*0001', 'HL*1**S', 'TD1*CTN25*1', 'TD5**2*ABCD*M', 'REF*BM*B-1', 'DTM*011*20260305',
    'FOB*CC*OR*DALLAS',
    'N1*ST*DC 6*UL*0614141000012', 'N3*1 MAIN', 'N4*AUSTIN*TX*78701', 'N1*SF**UL*0614141000029',
    'HL*2*1*O', 'PRF*PO1*R7**20260302', ...echoed, 'N1*BT**92*0253', 'N1*BY**92*S1', 'N1*VN*SELLER*92*V1',
    'HL*3*2*P', `MAN*GM*00${sscc}`, 'HL*4*3*I', 'LIN*001*UP*036000291452*VN*W-1*IN*B-9', 'SN1**80*EA**100*EA', 'PID*F****WIDGET',
    'REF*PD*LINE',
    'HL*5*1*O', 'PRF*PO2*R7**20260302', ...echoed, 'N1*BT**92*0253', 'N1*BY**92*S2', 'N1*VN*SELLER*92*V1',
    'HL*6*5*P', `MAN*GM*00${sscc}`, 'HL*7*6*I', 'LIN*003*UP*036000291469', 'SN1**10*CA**10*CA', 'CTT*7',
  ])
  t.end()
})

t.test('the invoice says again what the order said, and which shipment it is for', t => {
  const document = invoiceFor(order('PO1', 'S1'), {
    number: 'INV-1', date: '2026-03-10', total: '1001.50',
    lines: [{ position: 1, quantity: '80', price: '12.75' }, { position: 2, quantity: '1' }],
    shipment: { number: 'ASN1', shippedOn: '2026-03-05', carrier: { scac: 'ABCD', seal: 'X1' },
      references: [{ qualifier: 'BM', value: 'B-1' }, { qualifier: 'ZZ', value: 'OURS' }] },
    parties: [{ role: 'RE', name: 'FACTORING CO' }], allowancesCharges: [{ indicator: 'A', code: 'F800', amount: '21.50' }],
  })
  t.ok(Value.Check(InvoiceDocument, document))
  const root = writeInvoice(document)
  valid(t as never, '810', root)
  t.same(segmentTexts(root), [
    'BIG*20260310*INV-1*20260302*PO1*R7**DI', 'CUR*SE*USD', 'REF*DP*042', 'REF*IA*987654', 'REF*MR*0073', 'REF*PD*SPRING',
    'REF*SI*ASN1', 'REF*BM*B-1',
    'N1*ST*DC 6*UL*0614141000012', 'N3*1 MAIN', 'N4*AUSTIN*TX*78701', 'N1*BT**92*0253', 'N1*BY**92*S1', 'N1*VN*SELLER*92*V1',
    'N1*RE*FACTORING CO',
    'ITD*08*3*2**10**30', 'DTM*011*20260305', 'FOB*CC*OR*DALLAS',
    'IT1*001*80*EA*12.75*PE*UP*036000291452*VN*W-1*IN*B-9', 'PID*F****WIDGET', 'REF*PD*LINE', 'IT1*003*1*CA*3**UP*036000291469',
    'TDS*100150', 'CAD****ABCD', 'SAC*A*F800***2150', 'CTT*2',
  ])
  t.end()
})

t.test('a partner\'s guide may ask for other references and parties', t => {
  const document = acknowledgementFor(order('PO1', 'S1'), { answers: [], on: '2026-03-03' },
    { references: ['19'], parties: ['BT'] })
  t.same(document.references, [{ qualifier: '19', value: 'HIDDEN' }])
  t.same(document.parties.map(party => party.role), ['BT'])
  t.equal(document.type, 'AK', 'no lines: accepted as it is')
  t.throws(() => acknowledgementFor(order('PO1', 'S1'), { answers: [{ position: 3, acknowledgements: [] }], on: '2026-03-03' }),
    RangeError)
  t.end()
})
