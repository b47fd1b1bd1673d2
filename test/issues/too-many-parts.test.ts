import t from 'tap'
import { getMessage, listOutbox, listSets, readMessageBytes, replayMessage } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
const nine = (number: number): string => String(number).padStart(9, '0')

t.test('a transmission of more parts than one may have is held whole, and costs next to nothing', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const [isa = ''] = interchange({ from: w.identityOf('retailer'), to: hub, control: 1 }, 'PO', []).split('\n')
  const cases = {
    interchanges: Array.from({ length: 5001 }, (_, index) => `${isa.replace('000000001', nine(index + 1))}IEA*0*${nine(index + 1)}~`).join(''),
    groups: `${isa}${'GS*PO*NORTHGATE*ACCORDHUB*20261121*0900*1*X*004010~ST*850*0001~SE*2*0001~GE*1*1~'.repeat(20_001)}IEA*20001*000000001~`,
  }
  for (const [what, text] of Object.entries(cases)) {
    const { messageId } = await send(retailer, text)
    await workOff(db)
    const message = await getMessage(retailer, messageId)
    t.match(message, { processingState: 'quarantined', errorCode: 'exchange/too-many-parts', interchanges: [], groups: [] })
    t.match(message.errorDetail, new RegExp(`more than \\d+ ${what}`))
    t.same((await listSets(retailer, messageId)).items, [])
    await replayMessage(retailer, messageId)
    await workOff(db)
    t.match(await getMessage(retailer, messageId), { processingState: 'quarantined', errorCode: 'exchange/too-many-parts' }, 'also when it is tried again')
  }
  t.same((await listOutbox(retailer)).items, [])
  t.equal((await owner`select 1 from interchange_key`).length, 0, 'no control number is taken')
})

t.test('many interchanges in one file each have their bytes told apart', async t => {
  const { db } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const one = (control: number, note: string) =>
    interchange({ from: w.identityOf('retailer'), to: hub, control }, 'PO', [['850', `BEG*00*SA*N-${control}**20261120`, `REF*ZZ*${note}`, 'PO1*1*1*EA*1', 'CTT*1']])
  const filler = 'x'.repeat(30)
  const first = await send(retailer, Array.from({ length: 600 }, (_, index) => one(index + 1, filler)).join(''))
  await workOff(db)
  t.same([...new Set((await getMessage(retailer, first.messageId)).interchanges.map(({ state }) => state))], ['accepted'])
  const second = await send(retailer, `${one(600, filler)}${one(300, filler)}${one(2, 'other')}`)
  await workOff(db)
  t.match((await getMessage(retailer, second.messageId)).interchanges, [{ state: 'duplicate' }, { state: 'duplicate' }, { state: 'conflict' }])
})

t.test('a flood of faults is answered rightly, but not told in full', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const faulty: [string, ...string[]] = ['850', 'BEG*00*SA*1**20261120', ...Array.from({ length: 110 }, () => 'XX*1')]
  const { messageId } = await send(retailer, interchange({ from: w.identityOf('retailer'), to: hub, control: 1 }, 'PO', Array.from({ length: 1500 }, () => faulty)))
  await workOff(db)
  const [kept] = await owner<{ findings: number; last: number; rejected: number }[]>`
    select sum(jsonb_array_length(findings))::int as findings, min(jsonb_array_length(findings)) as last, count(*) filter (where state = 'rejected')::int as rejected
    from message_set where message_id = ${messageId}`
  t.equal(kept?.rejected, 1500)
  t.equal(kept?.last, 1)
  t.ok(kept!.findings < 110_000, String(kept?.findings))
  const parts: Uint8Array[] = []
  for await (const part of (await readMessageBytes(retailer, (await listOutbox(retailer)).items[0]!.messageId)).chunks) parts.push(part)
  const answer = Buffer.concat(parts).toString('latin1')
  t.equal(answer.match(/AK5\*R\*5~/g)?.length, 1500)
  t.match(answer, /AK9\*R\*1500\*1500\*0~/)
})
