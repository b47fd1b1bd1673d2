import t from 'tap'
import { asSystem } from '../../src/db/client.ts'
import {
  confirmOutbox,
  getMessage,
  listMessages,
  listOutbox,
  listSets,
  readMessageBytes,
  readSetBytes,
  replayMessage,
} from '../../src/exchange/service.ts'
import { DomainError } from '../../src/shared/errors.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type OrganisationName, type World } from '../helpers/world.ts'

const world = async (test: Parameters<typeof testDatabase>[0]) => {
  const { db, owner } = await testDatabase(test)
  return { db, owner, world: await smallWorld(db) }
}

const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }

const order = (w: World, seller: 'farm' | 'supplier' | 'manufacturer', number: string, quantity = 10): [string, ...string[]] => {
  const [item] =
    w.items[
      { farm: 'retailerFarm', supplier: 'retailerSupplier', manufacturer: 'retailerManufacturer' }[seller] as keyof World['items']
    ]
  return [
    '850',
    `BEG*00*SA*${number}**20261120`,
    ...(seller === 'supplier' ? ['REF*IA*300077'] : []),
    'N1*ST*DC East*92*DC01',
    ...(seller === 'farm' ? ['N1*VN*Meadow Farm*92*100234'] : []),
    `PO1*1*${quantity}*EA*${item!.price}**UP*${item!.upc}*IN*${item!.buyerItem}`,
    'CTT*1',
  ]
}

const bytesOf = async (w: World, who: OrganisationName, id: string): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const part of (await readMessageBytes(w.ctxOf(who), id)).chunks) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

t.test('an interchange with orders for two competitors', async t => {
  const { db, world: w } = await world(t)
  const text = interchange({ from: w.identityOf('retailer'), to: hub, control: 1 }, 'PO', [
    order(w, 'farm', 'F-1'),
    order(w, 'supplier', 'S-1'),
  ])
  const retailer = w.ctxOf('retailer')
  const receipt = await send(retailer, text)
  t.equal(await bytesOf(w, 'retailer', receipt.messageId), text, 'the bytes are kept exactly, before anything is done with them')
  await workOff(db)

  const message = await getMessage(retailer, receipt.messageId)
  t.match(message, { processingState: 'processed', ackOutcome: 'A', errorCode: null })
  const outbox = await listOutbox(retailer)
  t.match(
    outbox.items.map(item => item.sets),
    [['997']],
    "one 997 for the group, in the sender's outbox",
  )
  const ack = await bytesOf(w, 'retailer', outbox.items[0]!.messageId)
  t.match(
    ack
      .split('~')
      .map(s => s.trim())
      .filter(s => /^(AK|ISA|GS)/.test(s)),
    [
      /^ISA\*00\* {10}\*00\* {10}\*ZZ\*ACCORDHUB {6}\*ZZ\*NORTHGATE {6}\*/,
      /^GS\*FA\*ACCORDHUB\*NORTHGATE\*/,
      'AK1*PO*1',
      'AK2*850*0001',
      'AK5*A',
      'AK2*850*0002',
      'AK5*A',
      'AK9*A*2*2*2',
    ],
  )

  const sets = await listSets(retailer, receipt.messageId)
  t.match(sets.items, [
    { state: 'applied', partnershipId: w.partnership.retailerFarm },
    { state: 'applied', partnershipId: w.partnership.retailerSupplier },
  ])
  const farm = await listSets(w.ctxOf('farm'), receipt.messageId)
  t.match(
    farm.items.map(set => set.ordinal),
    [0],
    'the farm sees its own set',
  )
  t.match(
    Buffer.from(await readSetBytes(w.ctxOf('farm'), receipt.messageId, 0)).toString('latin1'),
    /^ST\*850\*0001~[\s\S]*F-1[\s\S]*SE\*\d+\*0001~$/,
  )
  for (const call of [
    (): Promise<unknown> => readSetBytes(w.ctxOf('farm'), receipt.messageId, 1),
    () => getMessage(w.ctxOf('farm'), receipt.messageId),
    () => listSets(w.ctxOf('stranger'), receipt.messageId),
  ])
    await t.rejects(call(), { code: 'record/not-found' }, 'and nothing else of the file')
  t.same((await listMessages(w.ctxOf('farm'))).items, [])

  const passedOn = await listOutbox(w.ctxOf('supplier'))
  t.match(
    passedOn.items.map(item => item.sets),
    [['850']],
    'the supplier, who has X12, is sent its order',
  )
  const forwarded = await bytesOf(w, 'supplier', passedOn.items[0]!.messageId)
  t.match(forwarded, /BEG\*00\*SA\*S-1\*\*20261120~/)
  t.notMatch(forwarded, /F-1|100234|Meadow/)

  await confirmOutbox(retailer, outbox.items[0]!.messageId)
  await confirmOutbox(retailer, outbox.items[0]!.messageId)
  t.same((await listOutbox(retailer)).items, [], 'what was confirmed leaves the outbox')
  await t.rejects(confirmOutbox(w.ctxOf('stranger'), outbox.items[0]!.messageId), { code: 'record/not-found' })
})

t.test('the same again, and the same number with other content', async t => {
  const { db, owner, world: w } = await world(t)
  const retailer = w.ctxOf('retailer')
  const text = interchange({ from: w.identityOf('retailer'), to: hub, control: 7 }, 'PO', [order(w, 'farm', 'F-7')])
  const first = await send(retailer, text)
  const second = await send(retailer, text)
  t.match(second, { messageId: first.messageId, duplicate: true }, 'the same bytes are the same message')
  await workOff(db)
  const again = await send(retailer, `\n${text}`)
  t.not(again.messageId, first.messageId)
  await workOff(db)
  t.match(
    await getMessage(retailer, again.messageId),
    { processingState: 'duplicate', interchanges: [{ state: 'duplicate' }] },
    'the same interchange in other wrapping is a duplicate',
  )
  t.equal((await listOutbox(retailer)).items.length, 1, 'and is not answered twice')

  const other = await send(retailer, text.replace('F-7', 'F-8'))
  await workOff(db)
  t.match(await getMessage(retailer, other.messageId), {
    processingState: 'quarantined',
    errorCode: 'exchange/control-number-conflict',
  })
  t.equal((await owner`select 1 from purchase_order`).length, 1)
  t.equal((await owner`select 1 from exception where rule = 'R2' and state = 'open'`).length, 1, 'R2 says so')

  await replayMessage(retailer, other.messageId, { release: true })
  await workOff(db)
  t.match(await getMessage(retailer, other.messageId), { processingState: 'processed', errorCode: null })
  t.same(
    (await owner`select number from purchase_order order by number`).map(row => row['number']),
    ['F-7', 'F-8'],
    'released, it counts',
  )
  await t.rejects(replayMessage(retailer, other.messageId), { code: 'exchange/nothing-to-replay' })
})

t.test('who sent it', async t => {
  const { db, owner, world: w } = await world(t)
  const stranger = w.ctxOf('stranger')
  const cases = [
    [
      'ISA06 of another',
      interchange({ from: w.identityOf('retailer'), to: hub, control: 1 }, 'PO', [order(w, 'farm', 'X-1')]),
      'exchange/sender-not-yours',
    ],
    [
      'GS02 of another',
      interchange({ from: { ...w.identityOf('stranger'), group: 'NORTHGATE' }, to: hub, control: 2 }, 'PO', [
        order(w, 'farm', 'X-2'),
      ]),
      'exchange/group-not-yours',
    ],
  ] as const
  for (const [name, text, errorCode] of cases) {
    const { messageId } = await send(stranger, text)
    await workOff(db)
    t.match(await getMessage(stranger, messageId), { processingState: 'quarantined', errorCode }, name)
  }
  t.same((await listOutbox(stranger)).items, [], 'nobody is answered who is not who he says')

  const { messageId } = await send(
    stranger,
    interchange({ from: w.identityOf('stranger'), to: hub, control: 3 }, 'PO', [order(w, 'farm', 'X-3')]),
  )
  await workOff(db)
  t.match(
    (await listSets(stranger, messageId)).items,
    [{ state: 'quarantined', errorCode: 'partners/not-a-partner' }],
    "a stranger's order is well-formed and nobody's",
  )
  t.match(
    await bytesOf(w, 'stranger', (await listOutbox(stranger)).items[0]!.messageId),
    /AK9\*A\*1\*1\*1/,
    'so its 997 accepts it',
  )
  t.equal((await owner`select 1 from purchase_order`).length, 0)

  const unknown = await send(
    w.ctxOf('retailer'),
    interchange({ from: w.identityOf('retailer'), to: { qualifier: 'ZZ', id: 'NOBODY', group: 'NOBODY' }, control: 4 }, 'PO', [
      order(w, 'farm', 'X-4'),
    ]),
  )
  await workOff(db)
  t.match((await getMessage(w.ctxOf('retailer'), unknown.messageId)).interchanges, [
    { state: 'rejected', errorCode: 'exchange/receiver-unknown' },
  ])
  t.match(
    await bytesOf(w, 'retailer', (await listOutbox(w.ctxOf('retailer'))).items[0]!.messageId),
    /TA1\*000000004\*\d{6}\*\d{4}\*R\*008~/,
  )
})

t.test('a test interchange is checked and acknowledged, and touches nothing', async t => {
  const { db, owner, world: w } = await world(t)
  const retailer = w.ctxOf('retailer')
  const { messageId } = await send(
    retailer,
    interchange({ from: w.identityOf('retailer'), to: hub, control: 1, usage: 'T' }, 'PO', [order(w, 'farm', 'T-1')]),
  )
  await workOff(db)
  t.match((await listSets(retailer, messageId)).items, [{ state: 'checked' }])
  const ack = await bytesOf(w, 'retailer', (await listOutbox(retailer)).items[0]!.messageId)
  t.match(ack, /\*T\*>~/, 'its 997 is marked as a test too')
  t.match(ack, /AK9\*A\*1\*1\*1/)
  t.equal((await owner`select 1 from purchase_order`).length, 0)
})

t.test('bad input', async t => {
  const { db, owner, world: w } = await world(t)
  const retailer = w.ctxOf('retailer')
  await t.rejects(send(retailer, ''), { code: 'exchange/empty' })
  const failure = await send(retailer, '<order/>').catch((error: unknown) => error)
  t.ok(failure instanceof DomainError && failure.code === 'exchange/not-x12')
  await workOff(db)
  t.match(
    (await listMessages(retailer)).items,
    [{ processingState: 'quarantined', errorCode: 'exchange/not-x12', sizeBytes: 8 }],
    'it is kept, where the EDI operator sees it',
  )

  const good = interchange({ from: w.identityOf('retailer'), to: hub, control: 5 }, 'PO', [
    order(w, 'farm', 'B-1'),
    order(w, 'farm', 'B-2'),
  ])
  const cases: [string, string, RegExp][] = [
    ['truncated', good.slice(0, good.indexOf('PO1', good.indexOf('B-2'))), /TA1\*000000005\*\d{6}\*\d{4}\*R\*023/],
    [
      'wrong SE count',
      good.replace('SE*7*0001', 'SE*9*0001').replaceAll('000000005', '000000006'),
      /AK2\*850\*0001~[\s\S]*AK5\*R\*4~[\s\S]*AK9\*P\*2\*2\*1/,
    ],
    ['wrong GE count', good.replace('GE*2', 'GE*3').replaceAll('000000005', '000000007'), /AK9\*R\*3\*2\*0\*5/],
    [
      'missing BEG',
      good
        .replace(/BEG[^~]*~\n/, '')
        .replace('SE*7*0001', 'SE*6*0001')
        .replaceAll('000000005', '000000008'),
      /AK3\*BEG\*2\*\*3~[\s\S]*AK5\*R\*5/,
    ],
    ['unknown set', good.replaceAll('ST*850', 'ST*888').replaceAll('000000005', '000000009'), /AK2\*888\*0001~\s*AK5\*R\*1/],
  ]
  for (const [name, text, answer] of cases) {
    await send(retailer, text)
    await workOff(db)
    const { items } = await listOutbox(retailer)
    t.match(await bytesOf(w, 'retailer', items.at(-1)!.messageId), answer, name)
  }
  t.same(
    (await owner`select number from purchase_order`).map(row => row['number']),
    ['B-2'],
    'only the sound set of a partly accepted group counts',
  )
})

t.test('a large file is archived in pieces and read in batches', async t => {
  const { db, owner, world: w } = await world(t)
  const retailer = w.ctxOf('retailer')
  const sets = Array.from({ length: 5000 }, (_, index) => order(w, 'farm', `L-${index}`, index + 1))
  sets[2500] = ['850', 'BEG*00*SA*L-2500**20261120', 'N1*VN*Nobody*92*999999', 'PO1*1*1*EA*1**UP*1', 'CTT*1']
  const text = interchange({ from: w.identityOf('retailer'), to: hub, control: 1 }, 'PO', sets)
  const { messageId } = await send(retailer, text)
  await workOff(db)
  t.ok((await owner`select 1 from message_chunk where message_id = ${messageId}`).length > 1 || text.length < 1_000_000)
  t.equal(await bytesOf(w, 'retailer', messageId), text)
  t.equal(Number((await owner`select count(*) from purchase_order`)[0]!['count']), 4999)
  t.match((await listSets(retailer, messageId, { cursor: '2499', limit: 1 })).items, [
    { ordinal: 2500, state: 'quarantined', errorCode: 'partners/not-a-partner' },
  ])
  t.equal((await asSystem(db, tx => tx.sql`select 1 from outbox`)).length, 0)
})
