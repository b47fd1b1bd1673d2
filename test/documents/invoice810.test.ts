import t from 'tap'
import { Value } from 'typebox/value'
import { InvoiceDocument } from '../../src/documents/canonical.ts'
import { readInvoice, writeInvoice } from '../../src/documents/invoice810.ts'
import { refusal, segmentTexts, transactionOf } from './helper.ts'

const invoice = `
BIG*20260310*INV-1*20260302*4500012345*REL1**CR*00~NTE*GEN*THANK YOU~CUR*SE*USD~REF*DP*042~REF*BM*B-1~REF*SI*ASN1~
N1*ST**UL*0614141000012~N1*RE*FACTORING CO~N3*PO BOX 1~N4*DALLAS*TX*75320~ITD*08*3*2**10**30~DTM*011*20260305~FOB*PP~
IT1*10*4*EA*12.5*HP*UP*036000291452*VN*W-1~TXI*ST*1.03*8.25~PID*F****WIDGET~REF*LT*L7~SAC*C*D240***50~IT1**2*CA*7**VN*X~
TDS*4503*4000*3920*80~TXI*ST*1.03*8.25~CAD*M*ABCD*123456*ABCD*ABC TRUCKING**CN*C-1~AMT*GV*46~SAC*A*F800***1000~TXI*VA*-0.20~
ISS*6*EA*45.5*LB~CTT*2*6~`

t.test('everything an invoice says is in its document', t => {
  const { document, problems } = readInvoice(transactionOf('810', invoice))
  t.same(problems, [])
  t.ok(Value.Check(InvoiceDocument, document), 'it has the canonical form')
  t.match(document, {
    number: 'INV-1', date: '2026-03-10', orderNumber: '4500012345', orderDate: '2026-03-02', release: 'REL1', type: 'CR',
    purpose: '00', currency: 'USD', freightTerms: 'PP',
    shipmentNumber: 'ASN1', total: '45.03', totalAt: 21, discountable: '40.00', discounted: '39.20', discount: '0.80',
    notes: ['THANK YOU'], lineCount: 2, hashTotal: '6',
    carrier: { scac: 'ABCD', mode: 'M', name: 'ABC TRUCKING', equipment: 'ABCD123456' },
    carrierReference: { qualifier: 'CN', value: 'C-1' },
    shipped: { quantity: '6', unit: 'EA', weight: { value: '45.5', unit: 'LB' } }, amounts: [{ qualifier: 'GV', amount: '46' }],
    allowancesCharges: [{ indicator: 'A', code: 'F800', amount: '10.00' }],
    parties: [{ role: 'ST' }, { role: 'RE', name: 'FACTORING CO', city: 'DALLAS' }],
    taxes: [{ type: 'ST', amount: '1.03', percent: '8.25', at: 22 }, { type: 'VA', amount: '-0.20' }],
    terms: [{ '01': '08', '02': '3', '03': '2', '05': '10', '07': '30' }],
  })
  t.match(document.lines, [
    {
      lineNumber: '10', quantity: '4', unit: 'EA', price: '12.5', priceBasis: 'HP', description: 'WIDGET',
      products: [{ qualifier: 'UP' }, { qualifier: 'VN', value: 'W-1' }],
      references: [{ qualifier: 'LT' }], taxes: [{ amount: '1.03' }], allowancesCharges: [{ indicator: 'C', amount: '0.50' }],
      at: 15,
    },
    { quantity: '2', unit: 'CA', price: '7' },
  ])
  t.notOk('lineNumber' in document.lines[1]!, 'an invoice line without a number has none')
  t.end()
})

t.test('two implied decimals', t => {
  const total = (tds: string) => readInvoice(transactionOf('810',
    `BIG*20260310*1~IT1**1*EA*1**VN*X~TDS*${tds}~CTT*1~`)).document.total
  t.same(['14400', '5', '50', '0', '-1', '-12345', '0007'].map(total),
    ['144.00', '0.05', '0.50', '0.00', '-0.01', '-123.45', '0.07'])
  t.end()
})

t.test('an invoice line without figures is kept and reported', t => {
  const { document, problems } = readInvoice(transactionOf('810', 'BIG*20260310*1~IT1*1*****VN*X~TDS*100~CTT*2~'))
  t.match(document.lines, [{ quantity: '0', unit: '', price: '0' }])
  t.same(problems.map(({ code, at, element }) => [code, at, element]),
    [['number-missing', 3, 2], ['unit-missing', 3, 3], ['number-missing', 3, 4], ['count-differs', 5, 1]])
  t.end()
})

t.test('an invoice is written with its amounts in cents and its shipment named', t => {
  const document: InvoiceDocument = {
    number: 'INV-1', date: '2026-03-10', orderNumber: 'PO1', orderDate: '2026-03-02', type: 'DI', shipmentNumber: 'ASN1',
    references: [], parties: [], dates: [],
    lines: [{ lineNumber: '10', quantity: '4', unit: 'EA', price: '12.50',
      products: [{ qualifier: 'UP', value: '036000291452' }] }],
    allowancesCharges: [{ indicator: 'C', code: 'D240', amount: '5' }], total: '55',
  }
  t.same(segmentTexts(writeInvoice(document)), [
    'BIG*20260310*INV-1*20260302*PO1***DI', 'REF*SI*ASN1', 'IT1*10*4*EA*12.50**UP*036000291452', 'TDS*5500', 'SAC*C*D240***500',
    'CTT*1',
  ])
  t.same(refusal(() => writeInvoice({ ...document, total: '55.005' })), ['total', 'too-precise'])
  t.same(refusal(() => writeInvoice({ ...document, lines: [{ ...document.lines[0]!, quantity: '12345678901' }] })),
    ['lines[0].quantity', 'too-long'])
  t.same(refusal(() => writeInvoice({ ...document, carrier: { mode: 'M' } })), ['carrier.name', 'missing'])
  t.same(refusal(() => writeInvoice({ ...document, notes: Array<string>(11).fill('NOTE') })), ['notes', 'too-many'])
  t.end()
})
