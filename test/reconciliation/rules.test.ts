import t from 'tap'
import type { ControlConflictFacts, ControlGapFacts, ForecastCell, GroupFacts } from '../../src/reconciliation/facts.ts'
import { acknowledgementFindings } from '../../src/reconciliation/rules/r1-acknowledgement-overdue.ts'
import { forecastDifferences } from '../../src/reconciliation/rules/r14-forecasts.ts'
import { controlConflicts, controlGaps } from '../../src/reconciliation/rules/r2-control-numbers.ts'
import { brief, policies } from '../helpers/order-facts.ts'

const now = new Date('2026-03-10T12:00:00Z')

t.test('R1: 997 overdue', async t => {
  const group = (state: GroupFacts['state'], sentAt: string): GroupFacts => ({
    messageId: 'msg_out',
    ordinal: 0,
    organisationId: 'org_b',
    counterpartId: 'org_s',
    partnershipId: 'prt_1',
    functionalId: 'PR',
    controlNumber: '17',
    state,
    sentAt,
    acknowledgementMessageId: state === 'pending' ? null : 'msg_997',
  })
  const at = (sentAt: string, state: GroupFacts['state'] = 'pending', book = policies()) =>
    acknowledgementFindings([group(state, sentAt)], book, now).map(({ code, severity }) => `${code} ${severity}`)
  t.same(at('2026-03-10T08:00:01Z'), [], 'not yet 4 hours')
  t.same(at('2026-03-10T08:00:00Z'), ['R1_OVERDUE warning'], '4 hours')
  t.same(at('2026-03-09T12:00:01Z'), ['R1_OVERDUE warning'], 'not yet 24')
  t.same(at('2026-03-09T12:00:00Z'), ['R1_OVERDUE error'], '24 hours')
  t.same(at('2026-03-10T11:59:00Z', 'rejected'), ['R1_REJECTED critical'])
  t.same(at('2026-03-10T11:59:00Z', 'partially_accepted'), ['R1_PARTIALLY_ACCEPTED error'])
  t.same(at('2026-03-01T00:00:00Z', 'accepted'), [])
  t.same(at('2026-03-10T08:00:00Z', 'pending', policies({ rule: 'R1', settings: { warnAfterHours: 6 } })), [], 'configured')
  const [early] = acknowledgementFindings([group('pending', '2026-03-10T06:00:00Z')], policies(), now)
  const [later] = acknowledgementFindings(
    [group('pending', '2026-03-10T06:00:00Z')],
    policies(),
    new Date('2026-03-10T13:00:00Z'),
  )
  t.match(early, {
    evidence: [{ segment: 'GS', element: 6, value: '17', messageId: 'msg_out' }],
    summary: /order acknowledgements \(855\) was sent 6 hours ago/,
  })
  t.equal(early!.key, later!.key)
  t.same(early!.compared, later!.compared, 'time alone does not change the finding')
})

t.test('R2: control numbers', async t => {
  const conflict: ControlConflictFacts = {
    organisationId: 'org_b',
    sender: 'ZZ:B',
    receiver: 'ZZ:HUB',
    controlNumber: '000000042',
    test: false,
    messageId: 'msg_2',
    receivedAt: '2026-03-10T10:00:00Z',
    firstMessageId: 'msg_1',
    firstSeenAt: '2026-03-01T10:00:00Z',
  }
  t.match(controlConflicts([conflict], policies(), now), [
    {
      code: 'R2_CONFLICT',
      subjectId: 'msg_2',
      evidence: [
        { messageId: 'msg_1', segment: 'ISA', element: 13 },
        { messageId: 'msg_2', segment: 'ISA', element: 13 },
      ],
    },
  ])
  t.same(
    controlConflicts([{ ...conflict, firstSeenAt: '2025-03-01T10:00:00Z' }], policies(), now),
    [],
    'a year ago the counter was another',
  )

  const gap: ControlGapFacts = {
    organisationId: 'org_b',
    sender: 'ZZ:B',
    receiver: 'ZZ:HUB',
    test: false,
    before: '000000007',
    after: '000000010',
    missing: 2,
    beforeMessageId: 'msg_7',
    afterMessageId: 'msg_10',
    noticedAt: '2026-03-10T09:00:00Z',
  }
  const watched = policies({ rule: 'R2', partnershipId: null, settings: { gapWatch: true } })
  t.same(controlGaps([gap], policies(), now), [], 'nobody asked')
  t.match(controlGaps([gap], watched, now), [{ code: 'R2_GAP', compared: { actual: '2' } }])
  t.same(controlGaps([{ ...gap, noticedAt: '2026-03-10T10:30:00Z' }], watched, now), [], 'it may still arrive')
  t.same(controlGaps([{ ...gap, missing: 900_000_000 }], watched, now), [], 'the counter began again')
})

t.test('R14: FC_DIFF', async t => {
  const cell = (
    buyer: string,
    seller: string,
    rest: { buyerUnit?: string; sellerUnit?: string; pack?: string; price?: string } = {},
  ): ForecastCell => ({
    partnershipId: 'prt_1',
    buyerId: 'org_b',
    sellerId: 'org_s',
    purpose: 'SALES_FORECAST',
    type: 'TOTAL',
    product: '00036000291452',
    location: '0614141000005',
    bucketStart: '2026-03-16',
    bucketEnd: '2026-03-22',
    item: {
      id: 'pit_1',
      unit: 'EA',
      packQuantity: rest.pack ?? '12',
      price: rest.price ?? null,
      currency: rest.price === undefined ? null : 'USD',
    },
    buyer: {
      forecastId: 'fct_2',
      version: 3,
      quantity: buyer,
      unit: rest.buyerUnit ?? 'EA',
      source: { messageId: 'msg_830', ordinal: 4 },
      at: 31,
    },
    seller: { forecastId: 'fct_1', version: 1, quantity: seller, unit: rest.sellerUnit ?? 'EA', source: null, at: null },
  })
  const check = (name: string, one: ForecastCell, expected: string[], book = policies()) =>
    t.same(brief(forecastDifferences([one], book, '2026-03-10')), expected, name)
  check('equal', cell('100', '100'), [])
  check('25 of 125 is exactly 20 %', cell('100', '125'), [])
  check('26 of 126 is more, and more than a case of 12', cell('100', '126'), ['FC_DIFF warning: 100 → 126, 26'])
  check('of the larger of the two, whichever it is', cell('126', '100'), ['FC_DIFF warning: 126 → 100, -26'])
  check('12 of 24 is 50 % but only one case', cell('12', '24'), [])
  check('13 is more than a case', cell('12', '25'), ['FC_DIFF warning: 12 → 25, 13'])
  check('nothing against something', cell('0', '40'), ['FC_DIFF warning: 0 → 40, 40'])
  check('both nothing', cell('0', '0'), [])
  check('cases against each: 10 cases of 12 are 120', cell('10', '120', { buyerUnit: 'CA' }), [])
  check('in cases the floor is one', cell('10', '240', { buyerUnit: 'CA' }), ['FC_DIFF warning: 10 → 20, 10'])
  check('units that cannot be converted', cell('10', '10', { sellerUnit: 'LB' }), ['FC_UNIT warning: EA → LB, null'])
  check(
    'a tighter criterion',
    cell('100', '115'),
    ['FC_DIFF warning: 100 → 115, 15'],
    policies({ rule: 'R14', settings: { percent: '10' } }),
  )
  check(
    'for another item',
    cell('100', '115'),
    [],
    policies({ rule: 'R14', partnershipItemId: 'pit_9', settings: { percent: '10' } }),
  )
  const [found] = forecastDifferences([cell('100', '150', { price: '2.50' })], policies(), '2026-03-10')
  t.match(found, {
    rule: 'R14',
    subjectKind: 'forecast',
    subjectId: 'fct_2',
    moneyAtRisk: '125.00',
    currency: 'USD',
    summary:
      "00036000291452 at 0614141000005, 2026-03-16 to 2026-03-22: the buyer's sales forecast is 100 EA, the seller's 150, 33.33 % apart.",
    compared: { percent: '33.33', tolerance: { percent: '20', absolute: '12', match: 'both', policy: 'default' } },
  })
  t.same(found!.evidence, [
    {
      side: 'buyer',
      documentKind: 'forecast',
      documentId: 'fct_2',
      messageId: 'msg_830',
      set: 4,
      segment: 'FST',
      position: 31,
      element: 1,
      value: '100',
    },
    { side: 'seller', documentKind: 'forecast', documentId: 'fct_1', field: 'points.quantity', value: '150' },
  ])
})

t.test('policies: the most specific, in force on the day', async t => {
  const book = policies(
    { settings: { price: { percent: '2' }, lateDays: 1 } },
    { partnershipItemId: 'pit_1', settings: { price: { percent: '5' } } },
    { settings: { price: { percent: '3' } }, validFrom: '2026-06-01' },
    { settings: { lateDays: 9 }, validFrom: '2026-01-01', validTo: '2026-01-31' },
    { partnershipId: 'prt_2', settings: { lateDays: 7 } },
    { settings: { lateDays: -4 }, validFrom: '2026-05-01' },
    { rule: 'R99', settings: { anything: 1 } },
  )
  const at = (date: string, partnershipItemId: string | null = null, partnershipId = 'prt_1') =>
    book.settingsFor('R4', { partnershipId, partnershipItemId, date })
  t.match(at('2026-03-01'), { price: { percent: '2', absolute: '0', match: 'both' }, lateDays: 1, policy: 'pol_1' })
  t.match(
    at('2026-03-01', 'pit_1'),
    { price: { percent: '5' }, lateDays: 1, policy: 'pol_1 pol_2' },
    'the item sets its price tolerance, the rest stays',
  )
  t.match(at('2026-07-01'), { price: { percent: '3' }, lateDays: 1, policy: 'pol_1 pol_3' }, 'the later one')
  t.match(at('2026-01-15'), { lateDays: 9 }, 'while it lasted')
  t.match(at('2025-12-31'), { price: { percent: '0.5' }, lateDays: 0, policy: 'default' }, 'before all of them')
  t.match(at('2026-03-01', null, 'prt_2'), { lateDays: 7 })
  t.match(at('2026-05-15'), { lateDays: 1 }, 'settings that make no sense are passed over')
})
