import t from 'tap'
import type { Database } from '../../src/db/client.ts'
import { judgeMessage } from '../../src/exchange/judge.ts'
import { loadSender } from '../../src/exchange/parties.ts'
import { getMessage, listOutbox, listSets, resendMessage } from '../../src/exchange/service.ts'
import { handlersFor } from '../../src/jobs/handlers.ts'
import { drain } from '../../src/jobs/work.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type World } from '../helpers/world.ts'

/** The connection that holds the key locks is gone, and another worker has taken up the same key. */
const careless = (db: Database): Database =>
  ({ ...db, locks: { ...db.locks, take: async () => new AbortController().signal, give: async () => {} } })

const twoWorkers = async (w: World, key: string): Promise<void> => {
  const options = { db: careless(w.db), log: w.ctxOf('operator').log, now: () => new Date(), handlers: handlersFor({}) }
  await Promise.all([drain(options, key), drain(options, key)])
}

const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }

const orders = async (w: World, count: number): Promise<void> => {
  const [item] = w.items.retailerManufacturer
  const manufacturer = w.identityOf('manufacturer')
  await send(w.ctxOf('retailer'), interchange({ from: w.identityOf('retailer'), to: hub, groupReceiver: manufacturer.id, control: 1 }, 'PO',
    Array.from({ length: count }, (_, index) =>
      ['850', `BEG*00*SA*M-${index}**20261120`, `PO1*1*10*EA*${item!.price}**UP*${item!.upc}`, 'CTT*1'] as const)))
  await workOff(w.db)
}

t.test('two workers on one message answer each order once', async t => {
  const { db, owner } = await testDatabase(t, { poolSize: 8 })
  const w = await smallWorld(db)
  await orders(w, 20)
  const seller = w.ctxOf('manufacturer')
  // Each order is answered twice, differently, so that the answer before the last looks new when it is applied again.
  const answers = Array.from({ length: 20 }, (_, index) => [10, 8].map(quantity =>
    ['855', `BAK*00*AC*M-${index}*20261121`, `PO1*1*10*EA`, `ACK*IQ*${quantity}*EA`, 'CTT*1'] as const)).flat()
  const { messageId } = await send(seller, interchange({ from: w.identityOf('manufacturer'), to: w.identityOf('retailer'), control: 5 }, 'PR', answers))
  await judgeMessage({ ...seller, db }, await loadSender(db, w.id.manufacturer), messageId, [])
  await twoWorkers(w, `edi ${w.id.manufacturer}`)
  await owner`update outbox set available_at = now()`
  await workOff(db)
  t.match(await getMessage(seller, messageId), { processingState: 'processed' })
  const { items } = await listSets(seller, messageId, { limit: 200 })
  t.same([...new Set(items.map(set => `${set.state} ${set.errorCode}`))], ['applied null'])
  t.equal((await owner`select 1 from order_response`).length, 40)
  t.equal((await listOutbox(w.ctxOf('retailer'), { limit: 200 })).items.filter(item => item.sets[0] === '855').length, 40)
})

t.test('two workers on one resend send once', async t => {
  const { db, owner } = await testDatabase(t, { poolSize: 8 })
  const w = await smallWorld(db)
  await orders(w, 1)
  const supplier = w.ctxOf('manufacturer')
  const [sent] = (await listOutbox(supplier)).items
  await resendMessage(supplier, sent!.messageId)
  const [row] = await owner<{ key: string }[]>`select key from outbox where kind = 'deliver'`
  await twoWorkers(w, row!.key)
  t.equal((await owner`select 1 from outbox where kind = 'deliver'`).length, 0)
  t.equal((await listOutbox(supplier)).items.length, 2, 'the first and the second transmission')
})
