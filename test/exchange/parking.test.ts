import fc from 'fast-check'
import t from 'tap'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

/** Documents that come before what they speak of: they wait, and the end is the same whatever the order of arrival. */

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
const [biscuits, crackers, granola] = world.items.retailerManufacturer
let control = 0

type Document = readonly [from: 'retailer' | 'manufacturer', functionalId: string, set: string, ...segments: string[]]

/** An order with everything that is said of it: answered, changed, the change answered, shipped and invoiced. */
const story = (number: string): Document[] => [
  ['retailer', 'PO', '850', `BEG*00*SA*${number}**20261120`, `PO1*1*100*EA*2.5**UP*${biscuits!.upc}`,
    `PO1*2*50*EA*1.8**UP*${crackers!.upc}`, 'CTT*2'],
  ['manufacturer', 'PR', '855', `BAK*00*AC*${number}*20261120****S1*20261121`, `PO1*1*100*EA*2.5**UP*${biscuits!.upc}`, 'ACK*IA*100*EA',
    `PO1*2*50*EA*1.8**UP*${crackers!.upc}`, 'ACK*IQ*40*EA', 'CTT*2'],
  ['retailer', 'PC', '860', `BCH*04*SA*${number}**1*20261120*****20261122`, 'POC*1*QI*120*120*EA',
    `POC*3*AI*24*24*EA*4.95**UP*${granola!.upc}`, 'CTT*2'],
  ['retailer', 'PC', '860', `BCH*04*SA*${number}**2*20261120*****20261123`, 'POC*1*PC****2.4', 'CTT*1'],
  ['manufacturer', 'CA', '865', `BCA*00*AC*${number}**1*20261120`, 'POC*1*QI*120*120*EA', 'ACK*IA*120*EA',
    `POC*3*AI*24*24*EA*4.95**UP*${granola!.upc}`, 'ACK*IQ*12*EA', 'CTT*2'],
  ['manufacturer', 'CA', '865', `BCA*00*RD*${number}**2*20261120`, 'POC*1*PC****2.4', 'ACK*IR', 'CTT*1'],
  ['manufacturer', 'SH', '856', `BSN*00*N-${number}*20261125*0900*0004`, 'HL*1**S', 'DTM*011*20261125', 'HL*2*1*O', `PRF*${number}`,
    'HL*3*2*I', `LIN*1*UP*${biscuits!.upc}`, 'SN1*1*110*EA', 'HL*4*2*I', `LIN*3*UP*${granola!.upc}`, 'SN1*3*12*EA', 'CTT*4'],
  ['manufacturer', 'IN', '810', `BIG*20261126*I-${number}*20261120*${number}`, `IT1*1*110*EA*2.5**UP*${biscuits!.upc}`,
    `IT1*3*12*EA*4.95**UP*${granola!.upc}`, 'TDS*33440', 'CTT*2'],
]

const deliver = async (document: Document) => {
  const [from, functionalId, ...set] = document
  const to = from === 'retailer' ? { groupReceiver: '5550100200' } : {}
  control += 1
  await send(world.ctxOf(from), interchange({ from: world.identityOf(from), to: from === 'retailer' ? hub : world.identityOf('retailer'), control, ...to }, functionalId, [set as [string, ...string[]]]))
  await workOff(db)
}

/** The second look, which is due a minute later. */
const later = async () => {
  await owner`update outbox set available_at = now() where kind = 'unpark'`
  await workOff(db)
}

const outcome = async (number: string) => {
  const [order] = await owner`
    select id, state, document ->> 'purpose' as purpose, total_amount::text as total from purchase_order where number = ${number}`
  if (!order) return undefined
  const lines = await owner`
    select line_number as line, trim_scale(quantity_ordered)::text as ordered, trim_scale(quantity_confirmed)::text as confirmed,
      trim_scale(quantity_shipped)::text as shipped, trim_scale(quantity_invoiced)::text as invoiced,
      trim_scale(quantity_cancelled)::text as cancelled, response, trim_scale(price)::text as price
    from order_line where order_id = ${order.id} order by position`
  const changes = await owner`select sequence, state from order_change where order_id = ${order.id} order by sequence`
  const [{ waiting }] = (await owner`select count(*)::int as waiting from waiting_document where order_number = ${number}`) as unknown as [{ waiting: number }]
  const sets = await owner`
    select set_id, state from message_set s where exists (select 1 from message m where m.id = s.message_id and m.direction = 'in')
      and s.document_id in (select ${order.id} union select id from order_response where order_id = ${order.id}
        union select id from order_change where order_id = ${order.id} union select id from order_change_answer where order_id = ${order.id})
    order by set_id, state`
  const open = await owner`
    select code from exception where closed_at is null and code like '%UNKNOWN%' and (subject_id in (select shipment_id from shipment_line where order_number = ${number})
      or subject_id in (select id from invoice where order_number = ${number}))`
  const { id: _id, ...rest } = order
  return { ...rest, lines: [...lines], changes: [...changes], waiting, sets: sets.map(set => `${set.set_id} ${set.state}`), open: open.map(row => row.code) }
}

t.test('in the order in which it was said', async t => {
  for (const document of story('P-0')) await deliver(document)
  t.match(await outcome('P-0'), {
    state: 'partly_shipped', total: '508.8', waiting: 0, open: [],
    lines: [
      { line: '1', ordered: '120', confirmed: '120', shipped: '110', invoiced: '110', cancelled: '0', response: 'accepted', price: '2.5' },
      { line: '2', ordered: '50', confirmed: '40', shipped: '0', response: 'changed' },
      { line: '3', ordered: '24', confirmed: '12', shipped: '12', invoiced: '12', response: 'changed' },
    ],
    changes: [{ sequence: '1', state: 'countered' }, { sequence: '2', state: 'rejected' }],
    sets: ['850 applied', '855 applied', '860 applied', '860 applied', '865 applied', '865 applied'],
  })
})

t.test('everything before the order: it waits, says so, and is applied when the order comes', async t => {
  const documents = story('P-1')
  for (const document of documents.toReversed().slice(0, -1)) await deliver(document)
  t.equal(await outcome('P-1'), undefined)
  t.match(await owner`select set_id from waiting_document where order_number = 'P-1' order by set_id`, [
    { set_id: '855' }, { set_id: '860' }, { set_id: '860' }, { set_id: '865' }, { set_id: '865' },
  ])
  await deliver(documents[0]!)
  t.same(await outcome('P-1'), await outcome('P-0'))
  await later()
  t.same(await outcome('P-1'), await outcome('P-0'))
})

t.test('any arrival order, with documents that come twice, ends in the same state', async t => {
  const expected = await outcome('P-0')
  let number = 1
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
      fc.array(fc.tuple(fc.nat(7), fc.nat(8)), { maxLength: 2 }),
      async (order, repeats) => {
        number += 1
        const documents = story(`P-${number}`)
        const arriving = order.map(index => documents[index]!)
        for (const [index, place] of repeats) arriving.splice(place, 0, documents[index]!)
        for (const document of arriving) await deliver(document)
        await later()
        const ended = await outcome(`P-${number}`)
        // What came twice is there as a duplicate; everything else is the same.
        const { sets: _sets, ...state } = ended ?? { sets: [] }
        const { sets: _expected, ...wanted } = expected!
        t.same(state, wanted, `order ${order.join(' ')}, again ${JSON.stringify(repeats)}`)
        if (JSON.stringify(state) !== JSON.stringify(wanted)) throw new Error('another end')
      },
    ),
    { numRuns: 25, seed: 20261121, endOnFailure: true },
  )
})
