import t from 'tap'
import { getMessage, listMessages, listOutbox, replayMessage } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('what was refused as no X12 is not processed behind its sender\'s back', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const text = interchange({ from: w.identityOf('retailer'), to: w.identityOf('manufacturer'), control: 1 }, 'PO', [
    ['850', 'BEG*00*SA*LATE-1**20261120', 'PO1*1*1*EA*1', 'CTT*1']])
  await t.rejects(send(retailer, `${'a covering letter\n'.repeat(300)}${text}`), { code: 'exchange/not-x12' })
  await workOff(db)
  const [message] = (await listMessages(retailer)).items
  t.match(message, { processingState: 'quarantined', errorCode: 'exchange/not-x12' })
  t.equal((await owner`select 1 from purchase_order`).length, 0)
  t.same((await listOutbox(retailer)).items, [])

  await replayMessage(retailer, message!.id)
  await workOff(db)
  t.match(await getMessage(retailer, message!.id), { processingState: 'processed', errorCode: null }, 'an EDI operator may decide otherwise')
  t.equal((await owner`select 1 from purchase_order`).length, 1)
})
