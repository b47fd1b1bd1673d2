import fc from 'fast-check'
import t from 'tap'
import type { OrderFacts, ReceivedFacts, ReceivingFacts } from '../../src/reconciliation/facts.ts'
import { shipmentsAgainstReceipts } from '../../src/reconciliation/rules/r8-receiving.ts'
import { decimal } from '../../src/shared/decimal.ts'
import { brief, dated, orderOf, policies, shipmentOf, source } from '../helpers/order-facts.ts'

type Row = { line: number | null; quantity: string; shipment?: string | null; package?: string | null; sscc?: string | null } & Partial<ReceivedFacts>

/** A receipt that came as an 861: RCD of line n is segment 40 + n. */
const receiptOf = (number: string, rows: readonly Row[]): ReceivedFacts[] => rows.map(({ line, quantity, shipment = 'A', ...row }, i) => ({
  receiptId: `rct_${number}`, number, source: source(`msg_861_${number}`), receivedOn: '2026-03-09', position: i + 1, documentLine: i + 1,
  orderId: 'ord_1', orderLinePosition: line, shipmentId: shipment === null ? null : `shp_${shipment}`, package: null, sscc: null, product: null,
  quantity, damaged: '0', quality: '0', wrong: '0', unit: 'EA', conditions: [], at: 41 + i, cartonAt: null, ...row,
}))

/** Packages of shipment A: each with its lines' positions. */
type Carton = [name: string, sscc: string | null, lines: number[], parent?: string]
const receiving = (received: readonly ReceivedFacts[], cartons: readonly Carton[] = [], used = true): ReceivingFacts => ({
  received, used,
  packages: cartons.map(([name, sscc, , parent], i) => ({ shipmentId: 'shp_A', package: name, parent: parent ?? null, sscc, at: 30 + i })),
  packageOf: (shipmentId, position) => (shipmentId === 'shp_A' ? (cartons.find(([, , lines]) => lines.includes(position))?.[0] ?? null) : null),
})
const find = (facts: OrderFacts, what: ReceivingFacts, ...rows: Parameters<typeof policies>) => shipmentsAgainstReceipts(facts, what, policies(...rows))
const ordered = (...shipments: OrderFacts['shipments']) => orderOf([{ quantity: '100', price: '2.5' }, { quantity: '50', price: '4' }], { shipments })

t.test('line by line', t => {
  const facts = ordered(shipmentOf('A', [{ line: 1, quantity: '100' }, { line: 2, quantity: '50' }]))
  t.same(find(facts, receiving(receiptOf('R', [{ line: 1, quantity: '100' }, { line: 2, quantity: '50' }]))), [])
  const found = find(facts, receiving(receiptOf('R', [
    { line: 1, quantity: '96', damaged: '4', conditions: ['02', '01'] }, { line: 2, quantity: '51', wrong: '2', quality: '1', conditions: ['05', '04'] },
  ])))
  t.same(brief(found), [
    'R8_SHORT error: 100 → 96, -4', 'R8_DAMAGED error: 0 → 4, 4', 'R8_OVER warning: 50 → 51, 1', 'R8_QUALITY error: 0 → 1, 1', 'R8_WRONG_ITEM error: 0 → 2, 2',
  ])
  t.match(found[0], {
    rule: 'R8', subjectKind: 'order', subjectId: 'ord_1', organisationId: 'org_b', counterpartId: 'org_s', moneyAtRisk: '10.00', currency: 'USD',
    summary: 'Shipment A of order PO7 line 1: 100 EA shipped, 96 received, 4 short (4 %).',
    compared: { percent: '4', unit: 'EA', tolerance: { percent: '0', policy: 'default' } },
    evidence: [
      { side: 'seller', documentKind: 'shipment', documentId: 'shp_A', messageId: 'msg_856_A', segment: 'SN1', position: 20, element: 2, value: '100' },
      { side: 'buyer', documentKind: 'receipt', documentId: 'rct_R', messageId: 'msg_861_R', segment: 'RCD', position: 41, element: 2, value: '96' },
    ],
  })
  t.match(found[1]?.evidence[1], { segment: 'RCD', position: 41, element: 9, value: '4' }, 'the second condition of the RCD')
  t.same(find(facts, receiving(receiptOf('R', [{ line: 1, quantity: '96' }]))).map(each => each.code), ['R8_SHORT', 'R8_SHORT'], 'what is not mentioned is missing')
  t.same(brief(find(facts, receiving([...receiptOf('R', [{ line: 1, quantity: '60' }]), ...receiptOf('S', [{ line: 1, quantity: '40' }, { line: 2, quantity: '50' }])]))), [], 'in two receipts')
  t.end()
})

t.test('carton by carton', t => {
  const cartons: Carton[] = [['C1', '001', [1]], ['C2', '002', [2]], ['C3', '003', [3]]]
  const facts = ordered(shipmentOf('A', [{ line: 1, quantity: '60' }, { line: 1, quantity: '40' }, { line: 2, quantity: '50' }]))
  const scan = (line: number, quantity: string, name: string | null, sscc: string, more: Partial<ReceivedFacts> = {}): Row =>
    ({ line, quantity, package: name, sscc, ...more })
  t.same(find(facts, receiving(receiptOf('R', [scan(1, '60', 'C1', '001'), scan(1, '40', 'C2', '002'), scan(2, '50', 'C3', '003')]), cartons)), [])
  const found = find(facts, receiving(receiptOf('R', [
    scan(1, '58', 'C1', '001'), scan(1, '40', 'C2', '002', { damaged: '40' }), { ...scan(1, '1', null, '999'), line: null, cartonAt: 77 },
  ]), cartons))
  t.same(brief(found), [
    'R8_CARTON_UNKNOWN warning: null → 999, null', 'R8_SHORT error: 60 → 58, -2', 'R8_DAMAGED error: 0 → 40, 40', 'R8_CARTON_MISSING error: 003 → null, null',
  ])
  t.match(found[0]?.evidence, [{ segment: 'MAN', position: 77, element: 2, value: '999' }])
  t.match(found[3], { moneyAtRisk: '200.00', summary: /carton 003 was not received; in it 50 EA of line 2/, evidence: [{ segment: 'HL', position: 32 }, { segment: 'SN1' }] })
  t.equal(new Set(found.map(each => each.key)).size, found.length)

  const stacked: Carton[] = [['P1', '900', []], ['C1', null, [1], 'P1'], ['C2', null, [2], 'P1'], ['C3', '003', [3]]]
  t.same(brief(find(facts, receiving(receiptOf('R', [scan(1, '60', 'P1', '900'), scan(1, '40', 'P1', '900')]), stacked))), ['R8_CARTON_MISSING error: 003 → null, null'], 'a pallet with its cartons')
  t.same(brief(find(facts, receiving(receiptOf('R', [scan(1, '60', 'C1', '001'), { line: 1, quantity: '39' }, { line: 2, quantity: '50' }]), cartons))), ['R8_SHORT error: 40 → 39, -1'], 'the rest was counted by hand')
  t.end()
})

t.test('what is not of the order, not announced, or in another unit', t => {
  const facts = ordered(shipmentOf('A', [{ line: 1, quantity: '100' }]))
  t.match(find(facts, receiving(receiptOf('R', [{ line: 1, quantity: '100' }, { line: null, quantity: '3', product: '0001' }]))),
    [{ code: 'R8_UNKNOWN_ITEM', subjectKind: 'order', evidence: [{ segment: 'RCD', position: 42 }] }])
  t.match(find(facts, receiving(receiptOf('R', [{ line: 1, quantity: '100' }, { line: null, quantity: '3', orderId: null }]))),
    [{ code: 'R8_UNKNOWN_ITEM', subjectKind: 'shipment', subjectId: 'shp_A' }])
  t.same(brief(find(ordered(), receiving(receiptOf('R', [{ line: 2, quantity: '5', shipment: null }])))), ['R8_NO_SHIP_NOTICE warning: null → 5, null'])
  t.same(brief(find(facts, receiving(receiptOf('R', [{ line: 1, quantity: '9', unit: 'PL' }])))), ['R8_UNIT warning: EA → PL, null'].concat(['R8_SHORT error: 100 → 0, -100']).slice(0, 2))
  t.end()
})

t.test('receipts that name no shipment fill the shipments as they left', t => {
  const facts = ordered(
    shipmentOf('B', [{ line: 1, quantity: '60' }], { shipDate: '2026-03-06' }), shipmentOf('A', [{ line: 1, quantity: '40' }], { shipDate: '2026-03-04' }),
  )
  const of = (quantity: string) => brief(find(facts, receiving(receiptOf('R', [{ line: 1, quantity, shipment: null }]))))
  t.same(of('40'), [], 'the first is here, the second on its way')
  t.same(of('70'), ['R8_SHORT error: 60 → 30, -30'])
  t.same(of('100'), [])
  t.same(of('103'), ['R8_OVER warning: 60 → 63, 3'])
  t.end()
})

t.test('never received', t => {
  const shipped = shipmentOf('A', [{ line: 1, quantity: '100' }], { estimatedDelivery: '2026-03-06' })
  const at = (today: string, used = true, ...rows: Parameters<typeof policies>) => find({ ...ordered(shipped), today }, receiving([], [], used), ...rows)
  t.same(at('2026-03-09'), [])
  t.match(at('2026-03-10'), [{ code: 'R8_NOT_RECEIVED', moneyAtRisk: '250.00', compared: { expected: '2026-03-06', difference: '4' }, evidence: [{ segment: 'DTM', position: 6, value: '2026-03-06' }, { segment: 'SN1' }] }])
  t.same(at('2026-03-10', false), [], 'a buyer that never says what it receives')
  t.equal(at('2026-03-10', false, { rule: 'R8', settings: { expect: 'always' } }).length, 1)
  t.same(at('2026-03-10', true, { rule: 'R8', settings: { expect: 'never' } }), [])
  t.same(at('2026-03-15', true, { rule: 'R8', settings: { notReceivedAfterDays: 10 } }), [])
  const asked = orderOf([{ quantity: '1' }], { shipments: [shipmentOf('A', [{ line: 1, quantity: '1' }])], dates: [dated('063', '2026-03-05')] })
  t.match(find({ ...asked, today: '2026-03-12' }, receiving([])), [{ code: 'R8_NOT_RECEIVED', evidence: [{ documentKind: 'order', segment: 'DTM', value: '2026-03-05' }, {}] }])
  t.end()
})

t.test('tolerances', t => {
  const facts = ordered(shipmentOf('A', [{ line: 1, quantity: '100' }]))
  const of = (quantity: string, damaged = '0') => find(facts, receiving(receiptOf('R', [{ line: 1, quantity, damaged }])), {
    rule: 'R8', settings: { short: { percent: '2', absolute: '0', match: 'both' }, over: { percent: '1', absolute: '5', match: 'both' }, damaged: { percent: '0', absolute: '3', match: 'both' } },
  }).map(each => each.code)
  t.same([of('98'), of('97'), of('104'), of('106'), of('100', '3'), of('100', '4')], [[], ['R8_SHORT'], [], ['R8_OVER'], [], ['R8_DAMAGED']])
  t.end()
})

t.test('whatever the order of the facts, the same findings, and they add up to what is between shipped and received', t => {
  const lines = fc.array(fc.record({ line: fc.constantFrom(1, 2), quantity: fc.integer({ min: 1, max: 40 }).map(String), carton: fc.integer({ min: 0, max: 3 }) }), { minLength: 1, maxLength: 6 })
  const receipts = fc.array(fc.record({ line: fc.constantFrom(1, 2), quantity: fc.integer({ min: 0, max: 40 }).map(String), carton: fc.integer({ min: 0, max: 3 }), receipt: fc.constantFrom('R', 'S'), named: fc.boolean() }), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(lines, receipts, fc.infiniteStream(fc.nat()), (shipped, got, dice) => {
    const cartons: Carton[] = [1, 2, 3].map(n => [`C${n}`, `00${n}`, shipped.flatMap((each, i) => (each.carton === n ? [i + 1] : []))])
    const facts = ordered(shipmentOf('A', shipped))
    const rows = got.map((each, i): ReceivedFacts => ({
      ...receiptOf(each.receipt, [{ line: each.line, quantity: each.quantity, shipment: each.named || each.carton > 0 ? 'A' : null }])[0]!,
      position: i + 1, documentLine: i + 1, ...(each.carton > 0 && { package: `C${each.carton}`, sscc: `00${each.carton}` }),
    }))
    const what = receiving(rows, cartons)
    const findings = find(facts, what)
    const shuffled = rows.map(row => [dice.next().value as number, row] as const).toSorted(([a], [b]) => a - b).map(([, row]) => row)
    if (JSON.stringify(find(facts, { ...what, received: shuffled, packages: what.packages.toReversed() })) !== JSON.stringify(findings)) throw new Error('another order, other findings')
    // A shipment of which nothing has been received yet is on its way.
    if (!got.some(each => each.named || each.carton > 0 || shipped.some(one => one.line === each.line))) return
    const sumOf = (list: readonly { quantity: string }[]) => list.reduce((total, each) => total.plus(each.quantity), decimal(0))
    const gap = sumOf(rows).minus(sumOf(shipped))
    const told = findings.reduce((total, each) => {
      if (each.code === 'R8_CARTON_MISSING') return total.minus(sumOf(each.evidence.slice(1).map(one => ({ quantity: one.value ?? '0' }))))
      return total.plus(each.code === 'R8_NO_SHIP_NOTICE' ? (each.compared.actual ?? '0') : (each.compared.difference ?? '0'))
    }, decimal(0))
    if (!told.eq(gap)) throw new Error(`told ${told.toFixed()}, is ${gap.toFixed()}`)
  }), { numRuns: 1000, seed: 20260302 })
  t.pass('1,000 shipments and receipts')
  t.end()
})
