import t from 'tap'
import { listExceptions } from '../../src/exceptions/service.ts'
import { listSets } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('one set of many megabytes is not made into a document, and does not hold up the others', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const descriptions = Array.from({ length: 100 }, () => `PID*F****${'D'.repeat(79)}`)
  const huge: [string, ...string[]] = [
    '850',
    'BEG*00*SA*HUGE**20261120',
    ...Array.from({ length: 2000 }, (_, line) => [`PO1*${line + 1}*1*EA*1`, ...descriptions]).flat(),
    'CTT*2000',
  ]
  const text = interchange({ from: w.identityOf('retailer'), to: w.identityOf('farm'), control: 1 }, 'PO', [
    huge,
    ['850', 'BEG*00*SA*SMALL**20261120', 'PO1*1*1*EA*1', 'CTT*1'],
  ])
  t.ok(text.length > 17_000_000)
  const { messageId } = await send(retailer, text)
  let peak = 0
  const before = process.memoryUsage().rss
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss - before)
  }, 5)
  await workOff(db)
  clearInterval(timer)
  t.match(
    (await listSets(retailer, messageId)).items,
    [
      { outcome: 'A', state: 'quarantined', errorCode: 'exchange/set-too-large' },
      { outcome: 'A', state: 'applied' },
    ],
    'the 997 stays true',
  )
  t.same(
    (await owner`select number from purchase_order`).map(row => row['number']),
    ['SMALL'],
  )
  t.match((await listExceptions(retailer)).items.filter(({ code }) => code === 'EXCHANGE_SET_TOO_LARGE'), [{ state: 'open' }])
  t.ok(peak < 300e6, `${Math.round(peak / 1e6)} MB more memory`)
})
