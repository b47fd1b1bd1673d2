import { createHash } from 'node:crypto'
import t from 'tap'
import { storeArrival, type SmallArrival } from '../../src/exchange/arrivals.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

const arrival = (text: string, change: Partial<SmallArrival> = {}): SmallArrival => ({
  transport: 'http',
  contentType: 'application/edi-x12',
  actor: 'a key',
  sha256: createHash('sha256').update(text).digest(),
  bytes: Buffer.from(text, 'latin1'),
  sender: 'ZZ:NORTHGATE',
  receiver: null,
  controlNumber: '000000001',
  test: false,
  ...change,
})

t.test('what arrives at the same time is committed together', async t => {
  const { db, owner } = await testDatabase(t)
  const { id } = await smallWorld(db)
  const texts = Array.from({ length: 250 }, (_, n) => `message ${n % 200} \\ "quoted" \u0000\u00ff`)
  const stored = await Promise.all(texts.map((text, n) => storeArrival(db, n % 3 === 0 ? id.farm : id.retailer, arrival(text))))
  const kept = await owner<
    {
      id: string
      organisation: string
      bytes: Buffer
      sha256: Buffer
      size: number
      chunks: number
      work: number
      commit: string
    }[]
  >`
    select m.id, m.organisation_id as organisation, c.bytes, m.sha256, m.size_bytes::int as size, m.xmin::text as commit,
      (select count(*) from outbox o where o.payload->>'messageId' = m.id and o.organisation_id = m.organisation_id and o.key = 'edi ' || m.organisation_id)::int as work
    from message m join message_chunk c on c.message_id = m.id`
  t.equal(new Set(stored.map(one => one.messageId)).size, kept.length)
  for (const [n, { messageId }] of stored.entries()) {
    const row = kept.find(one => one.id === messageId)
    const organisation = n % 3 === 0 ? id.farm : id.retailer
    if (
      !row ||
      row.bytes.toString('latin1') !== texts[n] ||
      row.organisation !== organisation ||
      row.work !== 1 ||
      row.size !== texts[n].length
    )
      t.fail(`message ${n}`, { row })
  }
  t.equal(
    stored.filter(one => one.duplicate).length,
    stored.length - kept.length,
    'each of the same bytes but the first is told so',
  )
  t.ok(new Set(kept.map(row => row.commit)).size < 20, 'in a few commits')
  const again = await storeArrival(db, id.retailer, arrival(texts[1]!))
  t.same(again, { messageId: stored[1]!.messageId, duplicate: true })
})

t.test('one that cannot be kept fails alone', async t => {
  const { db } = await testDatabase(t)
  const { id } = await smallWorld(db)
  const [good, bad, other] = await Promise.allSettled(
    [arrival('one'), arrival('two', { sender: 'ZZ:\u0000' }), arrival('three')].map(one => storeArrival(db, id.retailer, one)),
  )
  t.match([good?.status, bad?.status, other?.status], ['fulfilled', 'rejected', 'fulfilled'])
})
