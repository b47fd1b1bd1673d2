import t from 'tap'
import type { ResponseFacts } from '../../src/reconciliation/facts.ts'
import { orderAgainstAnswer } from '../../src/reconciliation/rules/r4-order-answer.ts'
import { ack, answerOf, brief, dated, item, orderOf, policies, upc } from '../helpers/order-facts.ts'

const hundred = orderOf([{ quantity: '100', price: '2.50' }])
const check = (
  name: string,
  facts: ReturnType<typeof orderOf>,
  responses: ResponseFacts[],
  expected: string[],
  book = policies(),
) => t.same(brief(orderAgainstAnswer({ ...facts, responses }, book)), expected, name)

t.test('quantity', async () => {
  check('no answer is no disagreement', hundred, [], [])
  check('accepted as ordered', hundred, [answerOf('AD', [{ line: '1', acks: [ack('IA', '100')] }])], [])
  check('an ACK without a quantity speaks of all', hundred, [answerOf('AD', [{ line: '1', acks: [ack('IA')] }])], [])
  check('accepted as a whole, without lines', hundred, [answerOf('AK', [])], [])
  check(
    '80 of 100, changed',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IQ', '80')] }])],
    ['R4_QUANTITY error: 100 → 80, -20'],
  )
  check(
    '80 of 100 accepted, the rest not spoken of',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IA', '80')] }])],
    ['R4_UNANSWERED warning: 100 → 80, -20'],
  )
  check(
    '80 accepted, 20 rejected',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IA', '80'), ack('IR', '20')] }])],
    ['R4_REJECTED error: 100 → 80, -20'],
  )
  check(
    '80 now, 20 later',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IA', '80'), ack('IB', '20')] }])],
    ['R4_BACKORDERED warning: 100 → 80, -20'],
  )
  check(
    'part now, balance later',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('BP', '60')] }])],
    ['R4_BACKORDERED warning: 100 → 60, -40'],
  )
  check('rejected', hundred, [answerOf('AC', [{ line: '1', acks: [ack('IR', '100')] }])], ['R4_REJECTED error: 100 → 0, -100'])
  check(
    'rejected with the quantity that will come: none',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('ID', '0')] }])],
    ['R4_REJECTED error: 100 → 0, -100'],
  )
  check(
    'more than ordered',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IQ', '110')] }])],
    ['R4_QUANTITY error: 100 → 110, 10'],
  )
  check('on hold is no answer yet', hundred, [answerOf('AC', [{ line: '1', acks: [ack('IH', '100')] }])], [])
  check(
    'a cancelled line',
    orderOf([{ quantity: '100', response: 'cancelled' }]),
    [answerOf('AC', [{ line: '1', acks: [ack('IQ', '80')] }])],
    [],
  )
})

t.test('units', async () => {
  const cases = orderOf([{ quantity: '5', unit: 'CA', price: '30', item: item('12') }])
  check(
    '60 each are 5 cases of 12',
    cases,
    [answerOf('AD', [{ line: '1', unit: 'EA', price: '2.50', acks: [ack('IA', '60')] }])],
    [],
  )
  check(
    '48 are 4',
    cases,
    [answerOf('AC', [{ line: '1', unit: 'EA', acks: [ack('IQ', '48')] }])],
    ['R4_QUANTITY error: 5 → 4, -1'],
  )
  check(
    'a unit that cannot be converted',
    orderOf([{ quantity: '5', unit: 'CA' }]),
    [answerOf('AD', [{ line: '1', unit: 'EA', acks: [ack('IA', '60')] }])],
    ['R4_UNIT warning: CA → EA, null'],
  )
})

t.test('price', async () => {
  const priced = (price: string, priceBasis?: string) => [
    answerOf('AC', [{ line: '1', price, ...(priceBasis !== undefined && { priceBasis }), acks: [ack('IA', '100')] }]),
  ]
  check('0.4 % is inside', hundred, priced('2.51'), [])
  check('exactly 0.5 % is inside', orderOf([{ quantity: '100', price: '2.00' }]), priced('2.01'), [])
  check('0.8 % is not, in either direction', hundred, priced('2.48'), ['R4_PRICE error: 2.5 → 2.48, -0.02'])
  check('the same price per hundred', hundred, priced('250', 'HP'), [])
  check('another price per thousand', hundred, priced('2600', 'TP'), ['R4_PRICE error: 2.5 → 2.6, 0.1'])
  check('a price that was not ordered at', orderOf([{ quantity: '100' }]), priced('9'), [])
  check(
    'of a rejected line',
    hundred,
    [answerOf('AC', [{ line: '1', price: '9', acks: [ack('IR', '100')] }])],
    ['R4_REJECTED error: 100 → 0, -100'],
  )
  check(
    'the price offered in the ACK',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IP', '100', { price: '3' })] }])],
    ['R4_PRICE error: 2.5 → 3, 0.5'],
  )
  check(
    'both a percentage and a floor must be exceeded',
    hundred,
    priced('2.60'),
    [],
    policies({ settings: { price: { percent: '0.5', absolute: '0.1' } } }),
  )
  check(
    'or either',
    hundred,
    priced('2.60'),
    ['R4_PRICE error: 2.5 → 2.6, 0.1'],
    policies({ settings: { price: { percent: '50', absolute: '0.05', match: 'either' } } }),
  )
})

t.test('date', async () => {
  const promise = (date: string, qualifier = '068') => [
    answerOf('AC', [{ line: '1', acks: [ack('DR', '100', { date, dateQualifier: qualifier })] }]),
  ]
  const window = orderOf([{ quantity: '100' }], {
    dates: [dated('037', '2026-03-09', 5), dated('038', '2026-03-12', 6), dated('002', '2026-03-20', 7)],
  })
  check('inside', window, promise('2026-03-12'), [])
  check('after', window, promise('2026-03-15'), ['R4_DATE error: 2026-03-12 → 2026-03-15, 3'])
  check('before', window, promise('2026-03-07'), ['R4_DATE warning: 2026-03-09 → 2026-03-07, -2'])
  check('a delivery date against the delivery asked for', window, promise('2026-03-22', '067'), [
    'R4_DATE error: 2026-03-20 → 2026-03-22, 2',
  ])
  check(
    'a ship date is not held against a delivery date',
    orderOf([{ quantity: '100' }], { dates: [dated('002', '2026-03-20')] }),
    promise('2026-03-25'),
    [],
  )
  check(
    'one requested day',
    orderOf([{ quantity: '100' }], { dates: [dated('010', '2026-03-09')] }),
    promise('2026-03-10', '010'),
    ['R4_DATE error: 2026-03-09 → 2026-03-10, 1'],
  )
  check(
    "a line's own date first",
    orderOf([{ quantity: '100', dates: [dated('010', '2026-04-01')] }], { dates: [dated('010', '2026-03-09')] }),
    promise('2026-04-01'),
    [],
  )
  check('days allowed', window, promise('2026-03-14'), [], policies({ settings: { lateDays: 2 } }))
})

t.test('items and lines', async () => {
  check(
    'another item',
    hundred,
    [answerOf('AC', [{ line: '1', products: [upc('012345678905')], acks: [ack('IA', '100')] }])],
    ['R4_ITEM error: 00036000291452 → 00012345678905, null'],
  )
  check(
    'the same GTIN with leading zeros',
    hundred,
    [answerOf('AC', [{ line: '1', products: [{ qualifier: 'UK', value: '00036000291452' }], acks: [ack('IA', '100')] }])],
    [],
  )
  check(
    'a substitute',
    hundred,
    [answerOf('AC', [{ line: '1', acks: [ack('IS', '100', { products: [upc('012345678905')] })] }])],
    ['R4_ITEM error: 00036000291452 → 00012345678905, null'],
  )
  const two = orderOf([
    { quantity: '100', price: '2.50' },
    { quantity: '10', price: '7' },
  ])
  check(
    'a line that nobody named',
    two,
    [answerOf('AC', [{ line: '1', acks: [ack('IA', '100')] }])],
    ['R4_MISSING_LINE warning: 10 → null, null'],
  )
  check(
    'exceptions only: the others are accepted',
    two,
    [answerOf('AE', [{ line: '1', acks: [ack('IQ', '90')] }])],
    ['R4_QUANTITY error: 100 → 90, -10'],
  )
  check(
    'a line that was not ordered',
    hundred,
    [
      answerOf('AC', [
        { line: '1', acks: [ack('IA', '100')] },
        { line: '9', acks: [ack('IA', '5')], position: null },
      ]),
    ],
    ['R4_EXTRA_LINE error: null → 5, null'],
  )
  check('the whole order rejected is one finding', two, [answerOf('RD', [])], ['R4_REJECTED error: 2 → 0, -2'])
})

t.test('the latest answer to a line holds', async () => {
  const short = answerOf('AC', [{ line: '1', acks: [ack('IQ', '80')] }], 1)
  const whole = answerOf('AD', [{ line: '1', acks: [ack('IA', '100')] }], 2)
  check('mended', hundred, [short, whole], [])
  check('whatever order they are given in', hundred, [whole, short], [])
  check(
    'made worse',
    hundred,
    [
      { ...whole, sequence: 1 },
      { ...short, sequence: 2 },
    ],
    ['R4_QUANTITY error: 100 → 80, -20'],
  )
  check('rejected, then accepted after all', hundred, [answerOf('RJ', [], 1), whole], [])
  check('rejected after all', hundred, [whole, answerOf('RJ', [], 3)], ['R4_REJECTED error: 1 → 0, -1'])
})

t.test('a finding says what, where and how much', async t => {
  const [found] = orderAgainstAnswer(
    { ...hundred, responses: [answerOf('AC', [{ line: '1', acks: [ack('IQ', '80')] }])] },
    policies(),
  )
  t.match(found, {
    rule: 'R4',
    organisationId: 'org_b',
    counterpartId: 'org_s',
    partnershipId: 'prt_1',
    subjectKind: 'order',
    subjectId: 'ord_1',
    summary: 'Order PO7 line 1: ordered 100 EA, only 80 EA confirmed (IQ), 20 EA short.',
    compared: { percent: '20', unit: 'EA', tolerance: { percent: '0', absolute: '0', match: 'both', policy: 'default' } },
    moneyAtRisk: '50.00',
    currency: 'USD',
  })
  t.same(found!.evidence, [
    {
      side: 'buyer',
      documentKind: 'order',
      documentId: 'ord_1',
      messageId: 'msg_850',
      set: 0,
      segment: 'PO1',
      position: 11,
      element: 2,
      value: '100',
    },
    {
      side: 'seller',
      documentKind: 'order_response',
      documentId: 'rsp_1',
      messageId: 'msg_855_1',
      set: 0,
      segment: 'ACK',
      position: 11,
      element: 2,
      value: '80',
    },
  ])
  const entered = { ...answerOf('AC', [{ line: '1', price: '3', acks: [ack('IP', '100')] }]), source: null }
  const [price] = orderAgainstAnswer({ ...hundred, responses: [entered] }, policies())
  t.match(price, { moneyAtRisk: '50.00', summary: 'Order PO7 line 1: ordered at 2.5 USD per EA, answered at 3 (+20 %).' })
  t.same(price!.evidence[1], {
    side: 'seller',
    documentKind: 'order_response',
    documentId: 'rsp_1',
    field: 'lines[0].price',
    value: '3',
  })
})
