import t from 'tap'
import { getMessage, listOutbox, replayMessage } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type World } from '../helpers/world.ts'

const order = (w: World, seller: 'manufacturer' | 'farm', control: number, number: string, usage: 'P' | 'T' = 'P') =>
  interchange({ from: w.identityOf('retailer'), to: w.identityOf(seller), control, usage }, 'PO', [
    ['850', `BEG*00*SA*${number}**20261120`, 'PO1*1*1*EA*1', 'CTT*1']])

t.test('two receivers, and test and production, each have control numbers of their own, in one file too', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const { messageId } = await send(retailer, [order(w, 'manufacturer', 1, 'M-1'), order(w, 'farm', 1, 'F-1'), order(w, 'farm', 1, 'F-T', 'T')].join(''))
  await workOff(db)
  t.match((await getMessage(retailer, messageId)).interchanges, [
    { state: 'accepted', noteCode: '000' }, { state: 'accepted', noteCode: '000' }, { state: 'accepted', noteCode: '000', test: true }])
  t.same((await owner`select number from purchase_order order by 1`).map(row => row['number']), ['F-1', 'M-1'])
})

t.test('releasing a number in production leaves the same number of a test as it is', async t => {
  const { db } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  for (const usage of ['P', 'T'] as const) await send(retailer, order(w, 'farm', 7, 'F-1', usage))
  const other = await send(retailer, order(w, 'farm', 7, 'F-2'))
  await workOff(db)
  t.match((await getMessage(retailer, other.messageId)).interchanges, [{ state: 'conflict' }])
  await replayMessage(retailer, other.messageId, { release: true })
  await workOff(db)
  t.match((await getMessage(retailer, other.messageId)).interchanges, [{ state: 'accepted' }])
  const test = await send(retailer, order(w, 'farm', 7, 'F-3', 'T'))
  await workOff(db)
  t.match((await getMessage(retailer, test.messageId)).interchanges, [{ state: 'conflict' }])
})

t.test('a TA1 is not acknowledged, even when it asks for it', async t => {
  const { db } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const [isa = ''] = interchange({ from: w.identityOf('retailer'), to: w.identityOf('farm'), control: 3 }, 'PO', []).replace('*0*P*', '*1*P*').split('\n')
  const { messageId } = await send(retailer, `${isa}TA1*000000001*261121*0900*A*000~IEA*0*000000003~`)
  await workOff(db)
  t.match(await getMessage(retailer, messageId), { processingState: 'processed' })
  t.same((await listOutbox(retailer)).items, [])
})
