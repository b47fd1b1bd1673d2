import t from 'tap'
import { readChange, readChangeAnswer, writeChange, writeChangeAnswer } from '../../src/documents/change860.ts'
import { writeInVersion } from '../../src/documents/index.ts'
import { changeAnswerFor, changeFor } from '../../src/documents/change-turnaround.ts'
import type { PurchaseOrderDocument } from '../../src/documents/canonical.ts'
import { standardGuide, validateTransaction, type Loop } from '../../src/x12/index.ts'
import { refusal, segmentTexts, transactionOf, withoutPositions } from './helper.ts'

/** 860 and 865 closely: what is where, what is odd, and both versions. */

const errorsIn = (set: '860' | '865', root: Loop, version: string) =>
  validateTransaction({ set, controlNumber: '0001', version, root }, standardGuide(version, set)!)
    .filter(finding => finding.severity === 'error').map(finding => finding.message)

t.test('an 860', async t => {
  const { document, problems } = readChange(transactionOf('860', `
    BCH*04*SA*PO-77*R1*3*20260302*REQ-9*CON-1*CH-77**20260304~REF*DP*0047~DTM*038*20260320~N1*ST*DC East*92*DC01~
    POC*1*QD*80*60*EA*2.5*PE*UP*012345678905*IN*A-1~SDQ*EA*92*0101*50*0102*20~DTM*002*20260322~
    POC**DI******VN*M-2~
    POC*3*AI*24*24*CA*9.6**UP*012345678912~PID*F****Granola~
    CTT*4~`))
  t.match(document, {
    purpose: '04', type: 'SA', orderNumber: 'PO-77', release: 'R1', sequence: '3', orderDate: '2026-03-02', requestReference: 'REQ-9',
    contract: 'CON-1', reference: 'CH-77', changedOn: '2026-03-04', at: 2,
    references: [{ qualifier: 'DP', value: '0047' }], dates: [{ qualifier: '038', date: '2026-03-20' }], parties: [{ role: 'ST', id: 'DC01' }],
    lines: [
      { lineNumber: '1', code: 'QD', quantity: '80', quantityLeft: '60', unit: 'EA', price: '2.5', priceBasis: 'PE', at: 6,
        products: [{ qualifier: 'UP' }, { qualifier: 'IN', value: 'A-1' }], splits: [{ location: '0101', quantity: '50' }, { location: '0102', quantity: '20' }] },
      { code: 'DI', products: [{ qualifier: 'VN', value: 'M-2' }] },
      { lineNumber: '3', code: 'AI', unit: 'CA', description: 'Granola' },
    ],
  })
  t.notOk('lineNumber' in document.lines[1]!, 'a line without a number has none')
  t.match(problems, [{ code: 'split-sum-differs', at: 6, element: 2 }, { code: 'count-differs', element: 1 }])
  for (const version of ['004010', '005010']) t.same(errorsIn('860', writeInVersion('860', document, version), version), [], version)
})

t.test('an 865', async t => {
  const { document } = readChangeAnswer(transactionOf('865', `
    BCA*00*AC*PO-77**3*20260302****20260305*20260304~
    POC*1*QD*80*80*EA*2.6**UP*012345678905~ACK*IP*80*EA*068*20260318~N9*L1*1*REASON~MSG*New price list~
    POC*2*DI~ACK*IR~
    CTT*2~`))
  t.match(document, {
    type: 'AC', sequence: '3', answeredOn: '2026-03-05', changedOn: '2026-03-04',
    lines: [
      { lineNumber: '1', acknowledgements: [{ code: 'IP', quantity: '80', price: '2.6', date: '2026-03-18', reason: 'New price list', at: 4 }] },
      { lineNumber: '2', acknowledgements: [{ code: 'IR' }] },
    ],
  })
  t.notOk('notes' in document.lines[0]!, 'a reason is no note')
  for (const version of ['004010', '005010']) t.same(errorsIn('865', writeInVersion('865', document, version), version), [], version)
  const written = writeInVersion('865', document, '005010')
  t.ok(segmentTexts(written).includes('MTX**New price list'))
  t.same(withoutPositions(readChangeAnswer({ set: '865', controlNumber: '0001', version: '005010', root: written }).document.lines[0]!.acknowledgements), withoutPositions(document.lines[0]!.acknowledgements))
})

const order: PurchaseOrderDocument = {
  number: 'PO-77', release: 'R1', purpose: '00', type: 'SA', orderDate: '2026-03-02', contract: 'CON-1', currency: 'USD', freightTerms: 'CC',
  references: [{ qualifier: 'DP', value: '0047', at: 4 }, { qualifier: 'ZZ', value: 'internal', at: 5 }],
  parties: [{ role: 'ST', idQualifier: '92', id: 'DC01', at: 6 }],
  dates: [{ qualifier: '038', date: '2026-03-12', at: 7 }],
  lines: [{ lineNumber: '010', quantity: '100', unit: 'EA', price: '2.5', products: [{ qualifier: 'UP', value: '012345678905' }], at: 8 }],
}

t.test('turnaround: references, parties and line numbers of the order are said again', async t => {
  const change = changeFor(order, { purpose: '04', sequence: '1', on: '2026-03-04', lines: [{ lineNumber: '010', code: 'QD', quantity: '80', unit: 'EA', products: order.lines[0]!.products }] })
  t.same(segmentTexts(writeChange(change)), [
    'BCH*04*SA*PO-77*R1*1*20260302**CON-1***20260304', 'CUR*BY*USD', 'REF*DP*0047', 'FOB*CC', 'N1*ST**92*DC01',
    'POC*010*QD*80*80*EA***UP*012345678905', 'CTT*1',
  ])
  const answer = changeAnswerFor(order, change, { answers: [{ index: 0, acknowledgements: [{ code: 'IR', reason: 'Packed already' }] }], type: 'RD', on: '2026-03-05' }, [order.lines[0]])
  t.same(segmentTexts(writeChangeAnswer(answer)), [
    'BCA*00*RD*PO-77*R1*1*20260302**CON-1**20260305*20260304', 'CUR*SE*USD', 'REF*DP*0047', 'FOB*CC', 'N1*ST**92*DC01',
    'POC*010*QD*80*80*EA*2.5**UP*012345678905', 'ACK*IR', 'N9*L1*1*REASON', 'MSG*Packed already', 'CTT*1',
  ])
  t.notMatch(JSON.stringify(withoutPositions(change)), /internal/)
})

t.test('what does not fit is refused and named', async t => {
  const change = changeFor(order, { purpose: '04', sequence: '1', on: '2026-03-04', lines: [{ lineNumber: '010', code: 'QD', quantity: '80', products: [] }] })
  t.same(refusal(() => writeChange(change)), ['lines[0].unit', 'missing'])
  t.same(refusal(() => writeChange({ ...change, lines: [], sequence: '123456789' })), ['sequence', 'too-long'])
})
