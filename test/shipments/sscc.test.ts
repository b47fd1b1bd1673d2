import fc from 'fast-check'
import t from 'tap'
import { asSystem } from '../../src/db/client.ts'
import { isSscc, makeSscc } from '../../src/documents/gs1.ts'
import { receiveOrders } from '../../src/orders/service.ts'
import type { PackageInput } from '../../src/shipments/schema.ts'
import { createShipment, receiveShipments, reserveSsccs } from '../../src/shipments/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { noticeDocument, orderDocument, receivedFrom } from '../orders/documents.ts'

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
const incoming = await receivedFrom(world, 'manufacturer', 'retailerManufacturer')
const seller = world.ctxOf('manufacturer', 'order_manager')
const items = world.items.retailerManufacturer

const place = async (quantity = '100') => {
  const document = orderDocument(items, {}, [quantity])
  const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
  return { document, id: applied?.documentId ?? '' }
}
const carton = (name: string, quantity: string, sscc?: string): PackageInput => ({
  package: name,
  type: 'carton',
  contents: [{ lineNumber: '1', quantity }],
  ...(sscc !== undefined && { sscc }),
})
const ship = (orderId: string, quantity: string, packages: PackageInput[], extensionDigit?: number) =>
  createShipment(seller, {
    orderIds: [orderId],
    lines: [{ lineNumber: '1', quantity }],
    packages,
    ...(extensionDigit !== undefined && { extensionDigit }),
  })

t.test('no SSCC comes twice, whoever asks for how many of which series at once', async t => {
  // The farm ships under the manufacturer's prefix: a subsidiary. Its codes come from the same series.
  await asSystem(db, tx => tx.sql`update organisation set gs1_prefix = '0722222' where id = ${world.id.farm}`)
  const given = new Set<string>()
  const request = fc.record({
    who: fc.constantFrom('manufacturer', 'farm', 'supplier'),
    count: fc.integer({ min: 1, max: 40 }),
    extensionDigit: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 8 }), async requests => {
      const answers = await Promise.all(
        requests.map(({ who, count, extensionDigit }) =>
          reserveSsccs(world.ctxOf(who), { count, ...(extensionDigit !== undefined && { extensionDigit }) }),
        ),
      )
      for (const [index, { ssccs }] of answers.entries()) {
        const { who, count, extensionDigit = 0 } = requests[index]!
        const start = `${extensionDigit}${who === 'supplier' ? '0733333' : '0722222'}`
        if (ssccs.length !== count || !ssccs.every(sscc => isSscc(sscc) && sscc.startsWith(start))) return false
        for (const sscc of ssccs) {
          if (given.has(sscc)) return false
          given.add(sscc)
        }
      }
      return true
    }),
    { numRuns: 25 },
  )
  t.ok(given.size > 500, `${given.size} codes`)
  const series = await owner<{ last: string }[]>`select sum(last_serial)::text as last from sscc_series`
  t.equal(series[0]?.last, String(given.size), 'and each serial was used')
})

t.test('what is refused takes no serials', async t => {
  const last = async () => (await owner`select prefix, extension_digit, last_serial from sscc_series order by 1, 2`).map(row => ({ ...row }))
  const before = await last()
  const { id } = await place()
  await t.rejects(ship(id, '10', [carton('A', '9')]), { code: 'shipments/invalid-packing' })
  await t.rejects(ship(id, '900', [carton('A', '900')]), { code: 'shipments/over-open-quantity' })
  t.same(await last(), before)
  await t.rejects(reserveSsccs(world.ctxOf('manufacturer', 'viewer'), { count: 1 }), { code: 'identity/forbidden' })
})

t.test('codes that the seller brings: reserved ones, and those of its own system', async t => {
  const { ssccs } = await reserveSsccs(seller, { count: 1, extensionDigit: 3 })
  const [reserved = ''] = ssccs
  const { id } = await place()
  const shipment = await ship(id, '3', [carton('A', '1', reserved), carton('B', '1'), carton('C', '1')])
  t.equal(shipment.packages[0]?.sscc, reserved)
  t.equal(new Set(shipment.packages.map(one => one.sscc)).size, 3)

  await t.rejects(ship(id, '1', [carton('X', '1', reserved)]), {
    code: 'shipments/sscc-reused',
    params: { package: 'X', sscc: reserved, detail: new RegExp(`Package X: SSCC ${reserved} was on ship notice ${shipment.number}`) },
  })
  const fresh = makeSscc('0722222', 5, 77)
  await t.rejects(ship(id, '2', [carton('X', '1', fresh), carton('Y', '1', fresh)]), { code: 'shipments/sscc-reused' })
  const wrong = `${fresh.slice(0, -1)}${(Number(fresh.at(-1)) + 1) % 10}`
  await t.rejects(ship(id, '1', [carton('X', '1', wrong)]), { code: 'shipments/invalid-sscc', params: { package: 'X' } })

  // Two shipments that bring the same code at once: one of them is refused.
  const [one, two] = [await place(), await place()]
  const outcomes = await Promise.allSettled([one, two].map(order => ship(order.id, '1', [carton('X', '1', fresh)])))
  t.same(outcomes.map(outcome => outcome.status).sort(), ['fulfilled', 'rejected'])
})

t.test('a code that the seller has used by itself is passed over', async t => {
  const [row] = await owner`select last_serial::int as last from sscc_series where prefix = '0722222' and extension_digit = 8`
  const next = (row?.['last'] as number | undefined ?? 0) + 1
  const { document } = await place()
  await receiveShipments(incoming.ctx, [
    incoming.received(
      noticeDocument('OWN-1', [{ order: document, lineNumber: '1', quantity: '1', sscc: makeSscc('0722222', 8, next) }]),
    ),
  ])
  t.same((await reserveSsccs(seller, { count: 2, extensionDigit: 8 })).ssccs, [
    makeSscc('0722222', 8, next + 1),
    makeSscc('0722222', 8, next + 2),
  ])
})

t.test('a series that is full: the next extension digit, and at last a refusal', async t => {
  await asSystem(db, tx => tx.sql`update organisation set gs1_prefix = '072222200001' where id = ${world.id.manufacturer}`)
  await owner`insert into sscc_series (prefix, extension_digit, last_serial) values ('072222200001', 0, 9997)`
  const { ssccs } = await reserveSsccs(seller, { count: 3 })
  t.same(ssccs, [
    makeSscc('072222200001', 0, 9998),
    makeSscc('072222200001', 0, 9999),
    makeSscc('072222200001', 1, 1),
  ])
  await t.rejects(reserveSsccs(seller, { count: 1, extensionDigit: 0 }), { code: 'shipments/no-gs1-prefix' })
  await owner`insert into sscc_series select '072222200001', digit, 9999 from generate_series(0, 9) as digit
    on conflict (prefix, extension_digit) do update set last_serial = 9999`
  await t.rejects(reserveSsccs(seller, { count: 1 }), { code: 'shipments/no-gs1-prefix', message: /All SSCCs/ })
  await asSystem(db, tx => tx.sql`update organisation set gs1_prefix = null where id = ${world.id.manufacturer}`)
  await t.rejects(reserveSsccs(seller, { count: 1 }), { code: 'shipments/no-gs1-prefix' })
})
