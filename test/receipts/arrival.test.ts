import t from 'tap'
import { makeSscc } from '../../src/documents/gs1.ts'
import { reconcileOrders } from '../../src/reconciliation/service.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { hub, trade } from './trade.ts'

/** Numbers that come out the same each time (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t1 = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t1 = (t1 + Math.imul(t1 ^ (t1 >>> 7), 61 | t1)) ^ t1
  return ((t1 ^ (t1 >>> 14)) >>> 0) / 4_294_967_296
}

const runs = 24

t.test('order, ship notice and receipts in any order, some of them twice, end in the same state', async t => {
  t.setTimeout(180_000)
  const { api, world, items } = await trade(t)
  let control = 100
  const from = (who: 'retailer' | 'manufacturer') =>
    ({ from: world.identityOf(who), to: { ...hub, group: who === 'retailer' ? '5550100200' : world.identityOf('retailer').group }, control: ++control })
  const cartons = (run: number) => [1, 2, 3].map(n => makeSscc('0722222', 0, run * 10 + n))

  /** What one trade says: 24 and 12 ordered, shipped in three cartons; one carton scanned, the rest counted short and damaged. */
  const documents = (run: number): { who: 'retailer' | 'manufacturer'; group: string; set: readonly [string, ...string[]] }[] => {
    const [one, two, three] = cartons(run)
    const item = (n: number) => `UP*${items[n]!.upc}`
    return [
      { who: 'retailer', group: 'PO', set: ['850', `BEG*00*SA*A-${run}**20260302`, `PO1*1*24*EA*2.5**${item(0)}`, `PO1*2*12*EA*1.8**${item(1)}`, 'CTT*2'] },
      {
        who: 'manufacturer', group: 'SH',
        set: ['856', `BSN*00*AS-${run}*20260310*0800*0001`, 'HL*1**S', 'DTM*011*20260310', `HL*2*1*O`, `PRF*A-${run}`,
          ...[[one, 0, 12], [two, 0, 12], [three, 1, 12]].flatMap(([sscc, n, quantity], i) => [
            `HL*${3 + 2 * i}*2*P`, `MAN*GM*00${sscc}`, `HL*${4 + 2 * i}*${3 + 2 * i}*I`, `LIN*${Number(n) + 1}*${item(Number(n))}`, `SN1**${quantity}*EA`,
          ]), 'CTT*8'],
      },
      { who: 'retailer', group: 'RC', set: ['861', `BRA*RA-${run}*20260312*00*2`, 'DTM*050*20260312', 'RCD**1*CT', `MAN*GM*00${one}`] },
      {
        who: 'retailer', group: 'RC',
        set: ['861', `BRA*RB-${run}*20260313*00*2`, `REF*SI*AS-${run}`, 'DTM*050*20260313', `PRF*A-${run}`, 'RCD*1*10*EA', `LIN*1*${item(0)}`, 'RCD*2*12*EA***2*EA*01', `LIN*2*${item(1)}`],
      },
    ]
  }

  const state = async (run: number): Promise<string> => {
    const [order] = await api.owner`select id from purchase_order where number = ${`A-${run}`}`
    await reconcileOrders(world.ctxOf('retailer'), [order!['id'] as string])
    const lines = await api.owner`
      select position, quantity_shipped::float8 as shipped, quantity_received::float8 as received from order_line where order_id = ${order!['id']} order by position`
    const placed = await api.owner`
      select r.number, r.linked, l.document_line, l.order_line_position, l.package, l.sscc, l.quantity::float8 as quantity, l.quantity_damaged::float8 as damaged,
        l.shipment_id is not null as shipped from receipt r join receipt_line l on l.receipt_id = r.id where r.number in (${`RA-${run}`}, ${`RB-${run}`}) order by r.number, l.position`
    const open = await api.owner`
      select code, compared->>'expected' as expected, compared->>'actual' as actual, money_at_risk::text as money from exception
      where closed_at is null and subject_id in (${order!['id']},
        (select id from receipt where number = ${`RA-${run}`}), (select id from receipt where number = ${`RB-${run}`})) order by code, actual`
    return JSON.stringify({ lines, placed, open }).replaceAll(`-${run}"`, '"').replaceAll(new RegExp(cartons(run).join('|'), 'g'), sscc => `carton ${cartons(run).indexOf(sscc)}`)
  }

  let expected = ''
  for (let run = 0; run < runs; run++) {
    const next = random(run)
    const all = documents(run)
    // The first run is in order, with nothing twice.
    const sent = run === 0 ? all : [...all, ...all.filter(() => next() < 0.3)].map(each => [next(), each] as const).toSorted(([a], [b]) => a - b).map(([, each]) => each)
    for (const { who, group, set } of sent) {
      await send(world.ctxOf(who), interchange(from(who), group, [set]))
      if (next() < 0.5) await workOff(api.db)
    }
    await workOff(api.db)
    const found = await state(run)
    if (run === 0) {
      expected = found
      t.match(JSON.parse(found), {
        lines: [{ shipped: 24, received: 22 }, { shipped: 12, received: 12 }],
        open: [{ code: 'R8_DAMAGED', actual: '2' }, { code: 'R8_SHORT', expected: '12', actual: '10', money: '5.00' }],
      })
    } else if (found !== expected) t.equal(found, expected, `run ${run}: ${sent.map(each => each.set[1]).join(', ')}`)
  }
  t.pass(`${runs} arrivals`)
})
