import t from 'tap'
import { createQueues } from '../../src/jobs/queues.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange } from '../helpers/edi.ts'
import { startHubProcess, type HubProcess } from '../helpers/processes.ts'
import { smallWorld } from '../helpers/world.ts'

t.setTimeout(400_000)
const interchanges = 200
const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
const patience = 120_000

/** Each process is killed at these, one after the other; the last one lives. */
const crashes = {
  api: ['receive.before-commit:9', 'receive.committed:17', 'receive.committed:1'],
  worker: [
    'judge.before-commit:3',
    'judge.committed:5',
    'apply.before-commit:4',
    'apply.committed:6',
    'finish.before-commit:2',
    'finish.committed:7',
    'relay.enqueued:1',
    'deliver.before-commit:5',
    'deliver.committed:4',
    'work.done:9',
  ],
} as const

t.test('killed anywhere, nothing is lost and nothing is done twice', { timeout: 300_000 }, async t => {
  const { db, access, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const [farm] = w.items.retailerFarm
  const [boxes] = w.items.retailerSupplier
  // One order for the farm, which looks in the portal, and one for the supplier, who is sent an 850.
  const text = (n: number) =>
    interchange({ from: w.identityOf('retailer'), to: hub, control: n + 1 }, 'PO', [
      ['850', `BEG*00*SA*F-${n}**20261120`, 'N1*VN*Meadow Farm*92*100234', `PO1*1*5*EA*3.1**UP*${farm!.upc}`, 'CTT*1'],
      ['850', `BEG*00*SA*S-${n}**20261120`, 'REF*IA*300077', `PO1*1*7*EA*0.42**UP*${boxes!.upc}`, 'CTT*1'],
    ])
  const killed: string[] = []
  const port = 20_000 + (process.pid % 20_000)
  let stopping = false
  const keepAlive = async (role: 'api' | 'worker', points: readonly string[]): Promise<HubProcess> => {
    for (const [index, point] of [...points, ''].entries()) {
      const process = await startHubProcess(access, {
        ROLES: role,
        PORT: String(port),
        ACCORD_SECRET: access.secret,
        RATE_LIMIT_PER_MINUTE: '1000000',
        ...(point ? { ACCORD_CRASH_AT: point } : {}),
      })
      if (index === points.length) return process!
      const end = process ? await process.ended : 'SIGKILL'
      if (stopping) throw new Error('stopped')
      t.equal(end, 'SIGKILL', `${role} was killed at ${point}`)
      killed.push(point)
    }
    throw new Error('unreachable')
  }
  const api = keepAlive('api', crashes.api)
  const worker = keepAlive('worker', crashes.worker)
  t.teardown(async () => {
    stopping = true
    for (const process of await Promise.allSettled([api, worker])) if (process.status === 'fulfilled') await process.value.stop()
  })

  // Every fifth is sent twice, and whatever gets no answer is sent again: as a partner's software would.
  const post = async (body: string): Promise<string> => {
    for (const deadline = Date.now() + patience; ;) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/edi`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/edi-x12', authorization: `Bearer ${w.keyOf('retailer')}` },
      }).catch(() => undefined)
      if (answer?.status === 202) return ((await answer.json()) as { messageId: string }).messageId
      if (Date.now() > deadline) throw new Error(`no 202 in ${patience} ms: ${answer?.status} ${await answer?.text()}`)
      await new Promise(resolve => {
        setTimeout(resolve, 50)
      })
    }
  }
  const queue = Array.from({ length: interchanges }, (_, n) => n).flatMap(n => (n % 5 === 0 ? [n, n] : [n]))
  const receipts = new Map<number, Set<string>>()
  await Promise.all(
    [1, 2, 3, 4].map(async () => {
      for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
        const id = await post(text(n))
        receipts.set(n, (receipts.get(n) ?? new Set()).add(id))
      }
    }),
  )
  t.equal([...receipts.values()].filter(ids => ids.size !== 1).length, 0, 'the same bytes always got the same receipt')

  const queues = await createQueues({ access }, w.ctxOf('operator').log)
  await queues.wipe()
  await queues.close()

  await Promise.all([api, worker])
  for (const deadline = Date.now() + patience; ;) {
    const [left] = await owner<{ count: number }[]>`select count(*)::int as count from outbox`
    if (left?.count === 0) break
    if (Date.now() > deadline) throw new Error(`${left?.count} rows of work are left`)
    await new Promise(resolve => {
      setTimeout(resolve, 100)
    })
  }
  const [counted] = await owner`
    select (select count(*) from message where direction = 'in')::int as received,
      (select count(*) from message where direction = 'in' and processing_state = 'processed')::int as processed,
      (select count(*) from purchase_order)::int as orders, (select count(distinct number) from purchase_order)::int as numbers,
      (select count(*) from order_line)::int as lines, (select count(*) from event where type = 'order.received')::int as events,
      (select count(*) from message_set s join message m on m.id = s.message_id where m.direction = 'out' and s.set_id = '997')::int as acknowledgements,
      (select count(distinct s.document_id) from message_set s join message m on m.id = s.message_id where m.direction = 'out' and s.set_id = '997')::int as acknowledged,
      (select count(*) from message_set s join message m on m.id = s.message_id where m.direction = 'out' and s.set_id = '850')::int as forwarded,
      (select count(*) from delivery where state = 'sent')::int as deliveries`
  t.same(
    counted,
    {
      received: interchanges,
      processed: interchanges,
      orders: 2 * interchanges,
      numbers: 2 * interchanges,
      lines: 2 * interchanges,
      events: 2 * interchanges,
      acknowledgements: interchanges,
      acknowledged: interchanges,
      forwarded: interchanges,
      deliveries: interchanges,
    },
    'one set of documents per interchange, one 997 per group, one 850 passed on',
  )
  const numbers = await owner<{ receiver: string; count: number; distinct: number; highest: number }[]>`
    select receiver, count(*)::int as count, count(distinct control_number)::int as distinct, max(control_number::int) as highest from message where direction = 'out' group by receiver`
  for (const { count, distinct, highest } of numbers)
    t.same([distinct, highest], [count, count], 'our own control numbers have no gap and none twice')
  t.same(killed.toSorted(), [...crashes.api, ...crashes.worker].toSorted(), 'every crash point was passed')
})
