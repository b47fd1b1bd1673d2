import t from 'tap'
import { Value } from 'typebox/value'
import {
  answeredQuantities, deriveAcknowledgementType, meaningOf, readAcknowledgement, writeAcknowledgement,
} from '../../src/documents/acknowledgement855.ts'
import { OrderAcknowledgementDocument } from '../../src/documents/canonical.ts'
import { refusal, segmentTexts, transactionOf } from './helper.ts'

const answer = `
BAK*00*AC*4500012345*20260302*REL1***S-900*20260303~CUR*SE*USD~REF*DP*042~N1*ST**UL*0614141000012~
PO1*10*100*EA*12.50*PE*UP*036000291452*VN*W-1~PID*F****WIDGET~ACK*IQ*80*EA*068*20260310~DTM*017*20260312~
ACK*IB*20*EA*068*20260401~
N9*L1*2*REASON~MSG*MILL CLOSED UNTIL APRIL~
PO1*20*50*EA*9.75**UP*036000291469~ACK*IP~
PO1*30*5*CA***VN*OLD-1~ACK*IS*5*CA****VN*NEW-1*UP*036000291476~
PO1*40*7*EA***VN*X~ACK*IR*7*EA************************VI*ACK*A13~
PO1*50*1*EA***VN*Y~CTT*5~`

t.test('an answer with split, repriced, substituted, rejected and forgotten lines', t => {
  const { document, problems } = readAcknowledgement(transactionOf('855', answer))
  t.ok(Value.Check(OrderAcknowledgementDocument, document), 'it has the canonical form')
  t.match(document, {
    purpose: '00', type: 'AC', orderNumber: '4500012345', orderDate: '2026-03-02', release: 'REL1',
    acknowledgementNumber: 'S-900', acknowledgedOn: '2026-03-03',
    currency: 'USD', lineCount: 5,
  })
  t.same(document.lines.map(line => line.acknowledgements), [
    [
      { code: 'IQ', quantity: '80', unit: 'EA', dateQualifier: '068', date: '2026-03-10', at: 8 },
      { code: 'IB', quantity: '20', unit: 'EA', dateQualifier: '068', date: '2026-04-01', reason: 'MILL CLOSED UNTIL APRIL',
        at: 10 },
    ],
    [{ code: 'IP', price: '9.75', at: 14 }],
    [{ code: 'IS', quantity: '5', unit: 'CA', products: [{ qualifier: 'VN', value: 'NEW-1' },
      { qualifier: 'UP', value: '036000291476' }], at: 16 }],
    [{ code: 'IR', quantity: '7', unit: 'EA', reasonCode: { agency: 'VI', list: 'ACK', code: 'A13' }, at: 18 }],
    [],
  ])
  t.notOk('notes' in document.lines[0]!, 'the reason is not a note besides')
  t.same(problems.map(({ code, at, segmentId }) => [code, at, segmentId]), [['line-unanswered', 19, 'PO1']])
  t.end()
})

t.test('BAK02 AD accepts lines that have no ACK', t => {
  const { problems } = readAcknowledgement(transactionOf('855', 'BAK*00*AD*1*20260302~PO1*1*5*EA***VN*A~CTT*1~'))
  t.same(problems, [])
  t.end()
})

t.test('an answer is written ACK by ACK, with its reasons', t => {
  const { document } = readAcknowledgement(transactionOf('855', answer))
  const texts = segmentTexts(writeAcknowledgement(document))
  t.equal(texts[0], 'BAK*00*AC*4500012345*20260302*REL1***S-900*20260303')
  t.same(texts.filter(text => text.startsWith('ACK')), [
    'ACK*IQ*80*EA*068*20260310', 'ACK*IB*20*EA*068*20260401', 'ACK*IP', 'ACK*IS*5*CA****VN*NEW-1*UP*036000291476',
    'ACK*IR*7*EA************************VI*ACK*A13',
  ])
  t.ok(texts.includes('N9*L1*2*REASON') && texts.includes('MSG*MILL CLOSED UNTIL APRIL'))
  t.equal(texts.at(-1), 'CTT*5')
  t.end()
})

t.test('a new price goes out in the PO1 of its line, and a line has one', t => {
  const { document } = readAcknowledgement(transactionOf('855', 'BAK*00*AC*1*20260302~PO1*1*5*EA*2**VN*A~ACK*IA~CTT*1~'))
  const line = document.lines[0]!
  const offering = (...prices: string[]) => segmentTexts(writeAcknowledgement({
    ...document, lines: [{ ...line, acknowledgements: prices.map(price => ({ code: 'IP', price })) }],
  }))
  t.equal(offering('2.10')[1], 'PO1*1*5*EA*2.10**VN*A')
  t.match(refusal(() => offering('2.10', '2.20')), ['lines[0].acknowledgements'])
  t.end()
})

t.test('BAK02 follows from the answers', t => {
  const line = (quantity: string, ...acknowledgements: { code: string; quantity?: string }[]) => ({ quantity, acknowledgements })
  t.equal(deriveAcknowledgementType([line('5', { code: 'IA' }), line('7', { code: 'IA', quantity: '7' })]), 'AD')
  t.equal(deriveAcknowledgementType([line('5', { code: 'IA' }), line('7', { code: 'IQ', quantity: '6' })]), 'AC')
  t.equal(deriveAcknowledgementType([line('7', { code: 'IA', quantity: '6' })]), 'AC', 'six of seven accepted is a change')
  t.equal(deriveAcknowledgementType([line('7', { code: 'IA', quantity: '4' }, { code: 'IA', quantity: '3.0' })]), 'AD',
    'accepted in two parts')
  t.equal(deriveAcknowledgementType([line('5', { code: 'IR' }), line('7', { code: 'ID', quantity: '7' })]), 'RD')
  t.equal(deriveAcknowledgementType([line('5', { code: 'IR' }), line('7', { code: 'IA' })]), 'AC')
  t.equal(deriveAcknowledgementType([line('5')]), 'AC', 'a line without an answer is no acceptance')
  t.equal(deriveAcknowledgementType([]), 'AK')
  t.equal(meaningOf('IA'), 'accepted')
  t.equal(meaningOf('??'), 'changed', 'an unknown code is for a person to look at')
  t.end()
})

t.test('what a line confirms, puts off, rejects and leaves open', t => {
  const quantities = (...acknowledgements: { code: string; quantity?: string }[]) => {
    const { confirmed, backordered, rejected, pending, unanswered } = answeredQuantities('100', acknowledgements)
    return [confirmed, backordered, rejected, pending, unanswered].map(String)
  }
  t.same(quantities({ code: 'IA' }), ['100', '0', '0', '0', '0'], 'no quantity: all of it')
  t.same(quantities({ code: 'IQ', quantity: '80' }), ['80', '0', '0', '0', '20'], 'the rest was not answered')
  t.same(quantities({ code: 'BP', quantity: '80' }), ['80', '20', '0', '0', '0'], 'part now, the rest later')
  t.same(quantities({ code: 'IA', quantity: '60' }, { code: 'IB' }), ['60', '40', '0', '0', '0'], 'what is left, later')
  t.same(quantities({ code: 'IA', quantity: '60' }, { code: 'IB', quantity: '30' }, { code: 'IR', quantity: '10' }),
    ['60', '30', '10', '0', '0'])
  t.same(quantities({ code: 'IS', quantity: '100' }), ['100', '0', '0', '0', '0'])
  t.same(quantities({ code: 'IQ', quantity: '120' }), ['120', '0', '0', '0', '0'], 'more than ordered leaves nothing open')
  t.same(quantities(), ['0', '0', '0', '0', '100'])
  t.end()
})
