import t from 'tap'
import { listExceptions } from '../../src/exceptions/service.ts'
import { getMessage, replayMessage } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('a control number used twice in one file with different content is noticed by R2', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const order = (number: string) =>
    interchange({ from: w.identityOf('retailer'), to: w.identityOf('farm'), control: 9 }, 'PO', [
      ['850', `BEG*00*SA*${number}**20261120`, 'PO1*1*1*EA*1', 'CTT*1'],
    ])
  const { messageId } = await send(retailer, `${order('A-1')}${order('A-2')}${order('A-1')}`)
  await workOff(db)
  t.match((await getMessage(retailer, messageId)).interchanges, [
    { state: 'accepted' },
    { state: 'conflict' },
    { state: 'duplicate' },
  ])
  t.match((await listExceptions(retailer, { rule: 'R2' })).items, [
    { code: 'R2_CONFLICT', state: 'open', subjectId: messageId },
  ])

  await replayMessage(retailer, messageId, { release: true })
  await workOff(db)
  t.match((await getMessage(retailer, messageId)).interchanges, [
    { state: 'accepted' },
    { state: 'accepted' },
    { state: 'duplicate' },
  ])
  t.same(
    (await owner`select number from purchase_order order by 1`).map(row => row['number']),
    ['A-1', 'A-2'],
  )
  t.match((await listExceptions(retailer, { rule: 'R2' })).items, [{ state: 'auto_resolved' }], 'released, it is over at once')
})
