import fc from 'fast-check'
import t from 'tap'
import { withOrganisation } from '../../src/db/client.ts'
import { findingKey, type Finding } from '../../src/exceptions/finding.ts'
import { recordFindings } from '../../src/exceptions/service.ts'
import { bucketMaker, overlaps } from '../../src/forecasts/rules.ts'
import { publishForecast } from '../../src/forecasts/service.ts'
import { answeredQuantities } from '../../src/documents/acknowledgement855.ts'
import { addDays } from '../../src/shared/clock.ts'
import { orderAgainstAnswer } from '../../src/reconciliation/rules/r4-order-answer.ts'
import { orderAgainstShipments } from '../../src/reconciliation/rules/r6-order-shipment.ts'
import { reconcileForecast } from '../../src/reconciliation/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { ack, answerOf, orderOf, policies, shipmentOf } from '../helpers/order-facts.ts'

const quantity = fc.integer({ min: 0, max: 120 }).map(String)
const code = fc.constantFrom('IA', 'IQ', 'IP', 'IB', 'BP', 'IR', 'ID', 'IH', 'IS', 'DR', 'XX')
const acks = fc.array(fc.record({ code, quantity: fc.option(quantity, { nil: undefined }) }), { minLength: 1, maxLength: 3 })
const answers = fc.array(
  fc.record({
    type: fc.constantFrom('AC', 'AD', 'AE', 'AK', 'RJ', 'AT'),
    lines: fc.dictionary(fc.constantFrom('1', '2', '3', '9'), acks, { maxKeys: 3 }),
  }),
  { maxLength: 4 },
)
const lines = fc.array(
  fc.record({
    quantity,
    price: fc.constantFrom('1', '2.5'),
    quantityConfirmed: quantity,
    quantityCancelled: fc.constantFrom('0', '0', '10'),
    response: fc.constantFrom('open', 'accepted', 'changed', 'rejected', 'backordered', 'cancelled'),
  }),
  { minLength: 1, maxLength: 3 },
)
const shipments = fc.array(
  fc.array(
    fc.record({
      line: fc.constantFrom(1, 2, 3, null),
      quantity,
      unit: fc.constantFrom('EA', 'EA', 'EA', 'CA'),
      orderId: fc.constantFrom('ord_1', 'ord_1', 'ord_1', 'ord_2', null),
    }),
    { maxLength: 4 },
  ),
  { maxLength: 3 },
)
const facts = fc
  .record({ lines, answers, shipments, state: fc.constantFrom('open', 'accepted', 'partly_shipped', 'shipped', 'cancelled') })
  .map(given =>
    orderOf(given.lines as never, {
      state: given.state as never,
      responses: given.answers.map((answer, i) =>
        answerOf(
          answer.type,
          Object.entries(answer.lines).map(([line, said]) => ({
            line,
            position: Number(line) <= given.lines.length ? Number(line) : null,
            acks: said.map(one => ack(one.code, one.quantity)),
          })),
          i + 1,
        ),
      ),
      shipments: given.shipments.map((parts, i) => shipmentOf(String(i + 1), parts as never)),
    }),
  )
const shuffled = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((value, i) => [(seed * (i + 7)) % 11, value] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value)
const byKey = (findings: readonly Finding[]) => [...findings].sort((a, b) => (a.key < b.key ? -1 : 1))
const book = policies()
const run = (one: ReturnType<typeof orderOf>) => [...orderAgainstAnswer(one, book), ...orderAgainstShipments(one, book)]

t.test('the same facts give the same findings, in whatever order they come, each once', async t => {
  fc.assert(
    fc.property(facts, fc.nat(10), (one, seed) => {
      const findings = run(one)
      const other = run({
        ...one,
        lines: shuffled(one.lines, seed),
        responses: shuffled(one.responses, seed),
        shipments: shuffled(one.shipments, seed).map(each => ({ ...each, lines: shuffled(each.lines, seed) })),
      })
      t.same(byKey(other), byKey(findings))
      if (new Set(findings.map(finding => finding.key)).size !== findings.length) throw new Error('two findings have one key')
    }),
    { numRuns: 1000 },
  )
})

t.test('every disagreement in quantity is found, and nothing else', async t => {
  fc.assert(
    fc.property(quantity, acks, (ordered, said) => {
      const one = orderOf([{ quantity: ordered }], {
        responses: [answerOf('AC', [{ line: '1', acks: said.map(each => ack(each.code, each.quantity)) }])],
      })
      const { confirmed, pending } = answeredQuantities(ordered, said as never)
      const found = orderAgainstAnswer(one, book).filter(finding => finding.code !== 'R4_ITEM')
      if (found.length !== (confirmed.plus(pending).eq(ordered) ? 0 : 1)) throw new Error(JSON.stringify(found))
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('what was shipped is held against what stands, whatever the shipments', async t => {
  fc.assert(
    fc.property(quantity, fc.array(quantity, { minLength: 1, maxLength: 4 }), fc.boolean(), (ordered, shipped, closed) => {
      const one = orderOf([{ quantity: ordered, response: 'accepted', quantityConfirmed: ordered }], {
        state: closed ? 'shipped' : 'partly_shipped',
        shipments: shipped.map((each, i) => shipmentOf(String(i), [{ line: 1, quantity: each }])),
      })
      const total = shipped.reduce((sum, each) => sum + Number(each), 0)
      const expected = total > Number(ordered) * 1.02 ? ['R6_OVER'] : closed && total < Number(ordered) ? ['R6_SHORT'] : []
      const found = orderAgainstShipments(one, book).map(finding => finding.code)
      if (String(found) !== String(expected)) throw new Error(`${found} instead of ${expected}`)
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('overlaps are those that comparing every pair finds', async t => {
  const bucket = fc.record({
    start: fc.integer({ min: 0, max: 40 }),
    days: fc.integer({ min: 0, max: 9 }),
    cell: fc.constantFrom('a', 'b'),
    qualifier: fc.constantFrom('C', 'D'),
  })
  fc.assert(
    fc.property(fc.array(bucket, { maxLength: 8 }), given => {
      const placed = given.map((each, point) => {
        const start = addDays('2026-06-01', each.start)
        const {
          buckets: [made],
        } = bucketMaker()([{ start, end: addDays(start, each.days), quantity: '1', qualifier: each.qualifier, timing: 'F' }], 0)
        return { cell: each.cell, series: 0, point, bucket: made! }
      })
      const clean = placed.every((a, i) =>
        placed.every(
          (b, j) =>
            i >= j ||
            a.cell !== b.cell ||
            a.bucket.qualifier !== b.bucket.qualifier ||
            a.bucket.end < b.bucket.start ||
            b.bucket.end < a.bucket.start,
        ),
      )
      if ((overlaps(placed).length === 0) !== clean) throw new Error(JSON.stringify(given))
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const retailer = world.ctxOf('retailer')
const supplier = world.ctxOf('supplier')
const partnershipId = world.partnership.retailerSupplier

t.test('any history of runs leaves open exactly what the last one found', async t => {
  const finding = (line: number, value: number): Finding => ({
    rule: 'R4',
    code: 'R4_QUANTITY',
    key: findingKey('R4', subject, line),
    severity: 'error',
    organisationId: world.id.retailer,
    counterpartId: world.id.supplier,
    partnershipId,
    subjectKind: 'order',
    subjectId: subject,
    summary: `Line ${line}`,
    compared: { expected: null, actual: String(value), difference: null, tolerance: {} },
    evidence: [],
  })
  let subject = ''
  let histories = 0
  const found = fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.integer({ min: 1, max: 3 }))
  await fc.assert(
    fc.asyncProperty(fc.array(found, { minLength: 1, maxLength: 6 }), async history => {
      subject = `ord_property_${++histories}`
      const record = (given: Record<string, number>) =>
        withOrganisation(retailer, tx =>
          recordFindings(
            tx,
            { rules: ['R4'], subjectIds: [subject], at: new Date() },
            Object.entries(given).map(([line, value]) => finding(Number(line), value)),
          ),
        )
      let before: Record<string, number> = {}
      for (const given of history) {
        const opened = Object.keys(given).filter(line => !(line in before)).length
        const closed = Object.keys(before).filter(line => !(line in given)).length
        t.same(await record(given), { found: Object.keys(given).length, opened, closed })
        before = given
      }
      const rows = async () =>
        (
          await owner<{ summary: string; actual: string }[]>`
      select summary, compared->>'actual' as actual from exception where subject_id = ${subject} and state = 'open' order by summary`
        ).map(row => [row.summary, row.actual])
      t.same(
        await rows(),
        Object.entries(before)
          .sort()
          .map(([line, value]) => [`Line ${line}`, String(value)]),
      )
      t.same(await record(before), { found: Object.keys(before).length, opened: 0, closed: 0 })
    }),
    { numRuns: 60 },
  )
})

t.test('any history of publications leaves open what a plain comparison of the latest numbers finds', async t => {
  const items = world.items.retailerSupplier
  const packs = ['50', '6']
  const today = '2026-06-10'
  const weeks = ['2026-06-01', '2026-06-08', '2026-06-15', '2026-06-22']
  const publication = fc.record({
    side: fc.constantFrom('BUYER', 'SELLER'),
    purpose: fc.constantFrom('SALES_FORECAST', 'ORDER_FORECAST'),
    cells: fc.uniqueArray(
      fc.record({
        item: fc.nat(1),
        location: fc.constantFrom('DC01', 'DC02', undefined),
        week: fc.nat(3),
        quantity: fc.integer({ min: 0, max: 200 }),
      }),
      { minLength: 1, maxLength: 8, selector: cell => `${cell.item} ${cell.location} ${cell.week}` },
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(publication, { minLength: 1, maxLength: 5 }), async history => {
      await owner`truncate forecast, forecast_point, exception, difference_answer`
      const latest = new Map<string, number>()
      for (const { side, purpose, cells } of history) {
        const ctx = { ...(side === 'BUYER' ? retailer : supplier), now: () => new Date(`${today}T10:00:00Z`) }
        await publishForecast(ctx, {
          partnershipId,
          purpose: purpose as 'SALES_FORECAST',
          series: cells.map(cell => ({
            gtin: items[cell.item]!.gtin,
            ...(cell.location !== undefined && { location: cell.location }),
            points: [{ start: weeks[cell.week]!, quantity: String(cell.quantity) }],
          })),
        })
        for (const cell of cells) latest.set(`${side} ${purpose} ${cell.item} ${cell.location} ${cell.week}`, cell.quantity)
      }
      let expected = 0
      for (const [key, buyer] of latest) {
        const [side, purpose, item, location, week] = key.split(' ')
        const seller = latest.get(`SELLER ${purpose} ${item} ${location} ${week}`)
        if (side !== 'BUYER' || seller === undefined || week === '0') continue
        const gap = Math.abs(buyer - seller)
        if (gap > Number(packs[Number(item)]) && gap / Math.max(buyer, seller) > 0.2) expected += 1
      }
      const ctx = { ...retailer, now: () => new Date(`${today}T11:00:00Z`) }
      t.match(await reconcileForecast(ctx, { partnershipId }), { found: expected, opened: expected, closed: 0 })
      t.match(await reconcileForecast({ ...supplier, now: ctx.now }, { partnershipId }), {
        found: expected,
        opened: 0,
        closed: 0,
      })
    }),
    { numRuns: 40 },
  )
})
