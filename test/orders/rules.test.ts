import fc from 'fast-check'
import t from 'tap'
import {
  acknowledged,
  answerLine,
  cancelLine,
  changeCode,
  entered,
  extendedAmount,
  lineStatus,
  meaningOfType,
  moveQuantity,
  nextResponses,
  openQuantity,
  orderDates,
  orderState,
  overShippedQuantity,
  saysTheSame,
  violationOf,
  type LineState,
} from '../../src/orders/rules.ts'
import type { LineAnswer, LineResponse } from '../../src/orders/schema.ts'
import { decimal, decimalText } from '../../src/shared/decimal.ts'

const line = (
  change: Partial<Omit<LineState, 'ledger'>> = {},
  ledger: Partial<Record<keyof LineState['ledger'], string>> = {},
): LineState => ({
  position: 1,
  lineNumber: '1',
  unit: 'EA',
  price: '2.5',
  priceBasis: null,
  response: 'open',
  priceConfirmed: null,
  promisedDate: null,
  ...change,
  ledger: {
    ordered: decimal(ledger.ordered ?? '100'),
    confirmed: decimal(ledger.confirmed ?? '0'),
    shipped: decimal(ledger.shipped ?? '0'),
    received: decimal('0'),
    invoiced: decimal(ledger.invoiced ?? '0'),
    paid: decimal('0'),
    cancelled: decimal(ledger.cancelled ?? '0'),
  },
})
const quantities = ({ ledger }: LineState) =>
  Object.fromEntries(
    Object.entries(ledger)
      .filter(([, value]) => !value.isZero())
      .map(([name, value]) => [name, decimalText(value)]),
  )

t.test('every response leads somewhere, and only cancelled is the end', t => {
  for (const [from, next] of Object.entries(nextResponses)) t.equal(next.length === 0, from === 'cancelled', from)
  t.end()
})

t.test('an entered answer moves its line and says so in ACK segments', t => {
  const take = (answer: LineAnswer, of = line()) => {
    const { effect, acknowledgements } = entered(of, answer)
    const answered = answerLine(of, effect)
    return {
      response: answered.response,
      ...quantities(answered),
      price: answered.priceConfirmed,
      date: answered.promisedDate,
      acks: acknowledgements.map(ack => `${ack.code} ${ack.quantity}`),
    }
  }
  t.strictSame(take({ action: 'accept' }), {
    response: 'accepted',
    ordered: '100',
    confirmed: '100',
    price: '2.5',
    date: null,
    acks: ['IA 100'],
  })
  t.strictSame(take({ action: 'change', quantity: '80' }), {
    response: 'changed',
    ordered: '100',
    confirmed: '80',
    price: '2.5',
    date: null,
    acks: ['IQ 80'],
  })
  t.strictSame(take({ action: 'change', price: '2.6', shipDate: '2026-03-20' }), {
    response: 'changed',
    ordered: '100',
    confirmed: '100',
    price: '2.6',
    date: '2026-03-20',
    acks: ['IC 100'],
  })
  t.strictSame(take({ action: 'reject', reason: 'Discontinued' }), {
    response: 'rejected',
    ordered: '100',
    cancelled: '100',
    price: null,
    date: null,
    acks: ['IR 100'],
  })
  t.strictSame(take({ action: 'backorder', quantity: '40', shipDate: '2026-04-01' }), {
    response: 'backordered',
    ordered: '100',
    confirmed: '60',
    price: '2.5',
    date: '2026-04-01',
    acks: ['IA 60', 'IB 40'],
  })
  t.strictSame(take({ action: 'backorder' }), {
    response: 'backordered',
    ordered: '100',
    price: '2.5',
    date: null,
    acks: ['IB 100'],
  })
  t.equal(changeCode(line(), { action: 'change', quantity: '100', price: '2.50' }), '', 'what is as ordered changes nothing')
  t.end()
})

t.test('an answer that cannot be is refused', t => {
  const violation = (of: LineState, answer: LineAnswer) => violationOf(of, entered(of, answer).effect)
  t.equal(violation(line({ response: 'accepted' }), { action: 'accept' }), 'orders/invalid-transition')
  t.equal(violation(line({ response: 'cancelled' }), { action: 'change', quantity: '1' }), 'orders/invalid-transition')
  t.equal(violation(line({ response: 'rejected' }), { action: 'accept' }), 'orders/invalid-transition')
  t.equal(violation(line(), { action: 'change', quantity: '101' }), 'orders/quantity-exceeded')
  t.equal(violation(line(), { action: 'backorder', quantity: '101' }), undefined, 'more than all is all')
  t.equal(
    violation(line({ response: 'accepted' }, { shipped: '60' }), { action: 'change', quantity: '59' }),
    'orders/below-shipped',
  )
  t.equal(violation(line({ response: 'accepted' }, { shipped: '60' }), { action: 'reject' }), 'orders/below-shipped')
  t.equal(violation(line({ response: 'accepted' }, { shipped: '60' }), { action: 'change', quantity: '60' }), undefined)
  t.end()
})

t.test('what the ACK segments of an 855 mean', t => {
  const of = (...acknowledgements: Parameters<typeof acknowledged>[1]['acknowledgements']) => {
    const effect = acknowledged(line(), { acknowledgements })
    return (
      effect && {
        response: effect.response,
        confirmed: decimalText(effect.confirmed),
        rejected: decimalText(effect.rejected),
        ...(effect.price && { price: effect.price }),
        ...(effect.date && { date: effect.date }),
      }
    )
  }
  t.strictSame(of({ code: 'IA' }), { response: 'accepted', confirmed: '100', rejected: '0' })
  t.strictSame(of({ code: 'IQ', quantity: '80' }), { response: 'changed', confirmed: '80', rejected: '0' })
  t.strictSame(of({ code: 'IP', quantity: '100', price: '2.7' }), {
    response: 'changed',
    confirmed: '100',
    rejected: '0',
    price: '2.7',
  })
  t.strictSame(of({ code: 'IA', quantity: '60' }, { code: 'IB', quantity: '40', date: '2026-04-01' }), {
    response: 'backordered',
    confirmed: '60',
    rejected: '0',
    date: '2026-04-01',
  })
  t.strictSame(of({ code: 'BP', quantity: '60' }), { response: 'backordered', confirmed: '60', rejected: '0' })
  t.strictSame(of({ code: 'IA', quantity: '80' }, { code: 'IR', quantity: '20' }), {
    response: 'changed',
    confirmed: '80',
    rejected: '20',
  })
  t.strictSame(of({ code: 'IR' }), { response: 'rejected', confirmed: '0', rejected: '100' })
  t.strictSame(of({ code: 'IR', quantity: '0' }), { response: 'rejected', confirmed: '0', rejected: '0' })
  t.strictSame(of({ code: 'IR', quantity: '20' }), { response: 'changed', confirmed: '0', rejected: '20' })
  t.equal(of({ code: 'IH' }), undefined, 'on hold is no answer')
  t.end()
})

t.test('BAK02 without lines answers all, AE the rest', t => {
  t.strictSame(
    ['AK', 'AT', 'AD', 'RJ', 'RD', 'AC', 'AE'].map(type => meaningOfType(type, 0)),
    ['accept', 'accept', 'accept', 'reject', 'reject', undefined, 'accept'],
  )
  t.strictSame(
    ['AK', 'RD', 'AC', 'AE'].map(type => meaningOfType(type, 2)),
    [undefined, undefined, undefined, 'accept'],
  )
  t.end()
})

t.test('the state of an order follows from its lines', t => {
  const state = (...lines: [response: LineResponse, ledger?: Parameters<typeof line>[1]][]) =>
    orderState(lines.map(([response, ledger]) => line({ response }, ledger)))
  t.equal(state(['open'], ['accepted']), 'open')
  t.equal(state(['accepted'], ['accepted']), 'accepted')
  t.equal(state(['accepted'], ['rejected', { cancelled: '100' }]), 'changed')
  t.equal(state(['backordered'], ['accepted']), 'changed')
  t.equal(state(['rejected', { cancelled: '100' }], ['rejected', { cancelled: '100' }]), 'rejected')
  t.equal(state(['cancelled', { cancelled: '100' }], ['cancelled', { cancelled: '100' }]), 'cancelled')
  t.equal(state(['accepted', { shipped: '40' }], ['accepted']), 'partly_shipped')
  t.equal(state(['accepted', { shipped: '100' }], ['rejected', { cancelled: '100' }]), 'shipped')
  t.equal(state(['changed', { confirmed: '80', shipped: '80' }]), 'shipped', 'all that was promised')
  t.equal(state(['accepted', { shipped: '100', invoiced: '100' }], ['accepted', { shipped: '100', invoiced: '50' }]), 'shipped')
  t.equal(state(['accepted', { shipped: '100', invoiced: '100' }]), 'invoiced')
  t.equal(lineStatus(line({ response: 'accepted' }, { shipped: '1' })), 'partly_shipped')
  t.end()
})

t.test('the ledger balances whatever happens', t => {
  const quantity = fc.integer({ min: 0, max: 250 }).map(n => String(n / 2))
  const move = fc.oneof(
    fc.record({
      kind: fc.constant('answer' as const),
      action: fc.constantFrom('accept', 'change', 'reject', 'backorder'),
      quantity,
    }),
    fc.record({
      kind: fc.constant('ack' as const),
      codes: fc.array(fc.tuple(fc.constantFrom('IA', 'IQ', 'IR', 'IB', 'BP', 'DR', 'IH'), quantity), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    fc.record({ kind: fc.constant('ship' as const), quantity }),
    fc.record({ kind: fc.constant('unship' as const), quantity }),
    fc.record({ kind: fc.constant('cancel' as const) }),
  )
  fc.assert(
    fc.property(fc.array(move, { maxLength: 12 }), moves => {
      let current = line()
      for (const one of moves) {
        if (one.kind === 'answer') {
          const { effect } = entered(current, { action: one.action as LineAnswer['action'], quantity: one.quantity })
          if (!violationOf(current, effect)) current = answerLine(current, effect)
        } else if (one.kind === 'ack') {
          const effect = acknowledged(current, { acknowledgements: one.codes.map(([code, q]) => ({ code, quantity: q })) })
          if (effect) current = answerLine(current, effect)
        } else if (one.kind === 'cancel') current = cancelLine(current)
        else current = moveQuantity(current, 'shipped', one.kind === 'ship' ? one.quantity : `-${one.quantity}`)
        const { ledger } = current
        const [open, over] = [openQuantity(ledger), overShippedQuantity(ledger)]
        if (!ledger.ordered.plus(over).eq(open.plus(ledger.shipped).plus(ledger.cancelled))) return false
        if ([open, over, ...Object.values(ledger)].some(value => value.isNegative())) return false
        if (open.gt(0) && over.gt(0)) return false
      }
      return true
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('amounts, dates and comparisons', t => {
  t.equal(decimalText(extendedAmount('120', '425', 'HP')), '510')
  t.equal(decimalText(extendedAmount('3', '0.333')), '0.999')
  t.strictSame(
    orderDates({
      dates: [
        { qualifier: '010', date: '2026-03-05' },
        { qualifier: '002', date: '2026-03-08' },
      ],
    }),
    { shipNotBefore: null, shipNoLater: '2026-03-05', deliveryRequested: '2026-03-08', cancelAfter: null },
  )
  t.ok(saysTheSame({ quantity: '5.00', at: 3, lines: [{ value: '7' }] }, { quantity: '5', at: 9, lines: [{ value: '7' }] }))
  t.notOk(saysTheSame({ lineNumber: '007' }, { lineNumber: '7' }))
  t.notOk(saysTheSame({ lines: ['a'] }, { lines: ['a', 'b'] }))
  t.notOk(saysTheSame({ a: 'x' }, { a: 'x', b: 'y' }))
  t.end()
})
