import t from 'tap'
import { Value } from 'typebox/value'
import { bucketEnd } from '../../src/documents/buckets.ts'
import { ForecastDocument } from '../../src/documents/canonical.ts'
import { readForecast, writeForecast } from '../../src/documents/forecast830.ts'
import { segmentTexts, transactionOf } from './helper.ts'

const heading = 'BFR*00*F-1*R2*DL*A*20260302*20260531*20260301*20260302*C-1*PO1*PS~REF*DP*042~N1*BY**92*0001~'
const read = (body: string) => readForecast(transactionOf('830', heading + body))
const codes = (problems: readonly { code: string; at: number; segmentId: string; element: number }[]) =>
  problems.map(({ code, at, segmentId, element }) => [code, at, segmentId, element])

t.test('a planning schedule with locations, patterns and cumulatives', t => {
  const { document, problems } = read(`
    LIN*1*UP*036000291452*BP*B-1~UIT*EA~PID*F****WIDGET~ATH*FI*20260401*500*600*20260101~N1*ST**UL*0614141000012~N1*SF*PLANT~
    FST*10*C*W*20260302~FST*20*D*W*20260309****PO*4500~FST*80*D*M*20260401~SHP*02*240*011*20260228**20260301~REF*SI*ASN0~
    LIN**UP*036000291469~UIT*CA~SDP*Y*Y~FST*3*C*F*20260401*20260812~FST*4*D*D*20260403~CTT*2~`)
  t.same(problems, [])
  t.ok(Value.Check(ForecastDocument, document), 'it has the canonical form')
  t.match(document, {
    number: 'F-1', release: 'R2', purpose: '00', basis: 'DL', quantityQualifier: 'A', horizonStart: '2026-03-02',
    horizonEnd: '2026-05-31', issuedOn: '2026-03-01',
    updatedOn: '2026-03-02', contract: 'C-1', orderNumber: 'PO1', scheduleType: 'PS',
  })
  const [first, second] = document.series
  t.match(first, {
    lineNumber: '1', unit: 'EA', description: 'WIDGET', location: { qualifier: 'UL', id: '0614141000012' },
    parties: [{ role: 'SF', name: 'PLANT' }], at: 5,
    authorizations: [{ code: 'FI', until: '2026-04-01', quantity: '500', maximum: '600', since: '2026-01-01' }],
    shipped: [{ qualifier: '02', quantity: '240', dateQualifier: '011', date: '2026-02-28', until: '2026-03-01',
      references: [{ qualifier: 'SI' }] }],
  })
  t.same(first!.points, [
    { start: '2026-03-02', end: '2026-03-08', quantity: '10', qualifier: 'C', timing: 'W', at: 11 },
    { start: '2026-03-09', end: '2026-03-15', quantity: '20', qualifier: 'D', timing: 'W',
      reference: { qualifier: 'PO', value: '4500' }, at: 12 },
    { start: '2026-04-01', end: '2026-04-30', quantity: '80', qualifier: 'D', timing: 'M', at: 13 },
  ])
  t.match(second!.points, [{ start: '2026-04-01', end: '2026-08-12', timing: 'F' },
    { start: '2026-04-03', end: '2026-04-03', timing: 'D' }])
  t.notOk('location' in second!)
  t.end()
})

t.test('the heading\'s ship-to holds for lines that name none', t => {
  const { document } = read(`N1*ST**UL*0614141000012~
    LIN**UP*1~UIT*EA~FST*1*D*W*20260302~LIN**UP*1~UIT*EA~N1*ST**92*S2~FST*2*D*W*20260302~CTT*2~`)
  t.same(document.series.map(each => each.location?.id), ['0614141000012', 'S2'])
  t.same(segmentTexts(writeForecast(document)).filter(text => text.startsWith('N1*ST')),
    ['N1*ST**UL*0614141000012', 'N1*ST**92*S2'])
  t.end()
})

t.test('buckets shared out among stores become a series per store', t => {
  const { document, problems } = read(`LIN**UP*1~UIT*CA~
    FST*30*D*W*20260302~SDQ*CA*92*S1*10*S2*20~FST*30*D*W*20260309~SDQ*CA*92*S1*10*S2*15~SHP*01*5~CTT*1~`)
  t.same(document.series.map(each => [each.location?.id, each.points.map(point => point.quantity)]),
    [['S1', ['10', '10']], ['S2', ['20', '15']]])
  t.same(document.series.map(each => each.shipped?.length ?? 0), [1, 0], 'what was shipped is not counted once per store')
  t.same(codes(problems), [['split-sum-differs', 9, 'FST', 1]])
  t.end()
})

t.test('firm and planned figures for one bucket are both kept, and never added', t => {
  const { document, problems } = read(`LIN**UP*1~UIT*EA~
    FST*10*C*W*20260302~FST*12*D*W*20260302~FST*13*D*W*20260302~FST*5*D*W*20260311~CTT*7~`)
  t.same(document.series[0]!.points.map(point => [point.quantity, point.qualifier]),
    [['10', 'C'], ['12', 'D'], ['13', 'D'], ['5', 'D']])
  t.same(codes(problems), [
    ['week-not-monday', 10, 'FST', 4],
    ['forecast-qualifiers-mixed', 8, 'FST', 2],
    ['forecast-bucket-repeated', 9, 'FST', 4],
    ['count-differs', 11, 'CTT', 1],
  ])
  t.end()
})

t.test('where a bucket ends', t => {
  t.equal(bucketEnd('W', '2026-03-02'), '2026-03-08', 'Monday to Sunday')
  t.equal(bucketEnd('W', '2026-03-01'), '2026-03-07', 'a partner\'s Sunday week')
  t.equal(bucketEnd('W', '2026-03-04', '2026-03-09'), '2026-03-08', 'a first week from Wednesday')
  t.equal(bucketEnd('W', '2026-03-02', '2026-03-30'), '2026-03-08', 'weeks left out')
  t.equal(bucketEnd('M', '2028-02-01'), '2028-02-29')
  t.equal(bucketEnd('M', '2026-12-15'), '2026-12-31')
  t.equal(bucketEnd('Q', '2026-01-01'), '2026-03-31')
  t.equal(bucketEnd('Q', '2026-11-10'), '2026-12-31')
  t.equal(bucketEnd('D', '2026-03-04'), '2026-03-04')
  t.equal(bucketEnd('C', '2026-03-04'), '2026-03-04')
  t.equal(bucketEnd('F', '2026-03-04'), undefined)
  t.end()
})

t.test('a forecast is written without the ends that its timing implies', t => {
  const texts = segmentTexts(writeForecast({
    number: 'F-1', purpose: '00', horizonStart: '2026-03-02', issuedOn: '2026-03-01', references: [], parties: [], dates: [],
    series: [{
      products: [{ qualifier: 'UP', value: '036000291452' }], unit: 'EA', location: { qualifier: 'UL', id: '0614141000012' },
      points: [
        { start: '2026-03-02', end: '2026-03-08', quantity: '10', qualifier: 'C', timing: 'W' },
        { start: '2026-03-09', end: '2026-03-12', quantity: '4', qualifier: 'D', timing: 'W' },
      ],
    }],
  }))
  t.same(texts, [
    'BFR*00*F-1**DL*A*20260302**20260301', 'LIN**UP*036000291452', 'UIT*EA', 'N1*ST**UL*0614141000012', 'FST*10*C*W*20260302',
    'FST*4*D*W*20260309*20260312', 'CTT*1',
  ])
  t.end()
})
