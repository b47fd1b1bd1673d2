import t from 'tap'
import { listSets } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type OrganisationName } from '../helpers/world.ts'

// Control numbers count by pair of identities, so two partners' groups to one organisation may well have the same.
t.test('a 997 answers the group of the partner that it is sent to', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const from = w.identityOf('retailer')
  const sellers = { manufacturer: 'retailerManufacturer', supplier: 'retailerSupplier' } as const
  let control = 0
  for (const [seller, partnership] of Object.entries(sellers) as [keyof typeof sellers, (typeof sellers)[keyof typeof sellers]][]) {
    const [item] = w.items[partnership]
    control += 1
    await send(retailer, interchange({ from, to: w.identityOf(seller), control }, 'PO', [
      ['850', `BEG*00*SA*O-${control}**20261120`, ...(seller === 'supplier' ? ['REF*IA*300077'] : []), `PO1*1*10*EA*${item!.price}**UP*${item!.upc}`, 'CTT*1']]))
    await workOff(db)
    await send(w.ctxOf(seller), interchange({ from: w.identityOf(seller), to: from, control: 1 }, 'PR', [['855', `BAK*00*AT*O-${control}*20261121`]]))
    await workOff(db)
  }
  const sent = await owner<{ id: string; seller: string; number: string; state: string }[]>`
    select message_id as id, counterpart_id as seller, control_number as number, acknowledgement_state as state from functional_group
    where direction = 'out' and functional_id = 'PR' and organisation_id = ${w.id.retailer} order by message_id`
  const number = Number(sent[0]?.number)
  t.match([...sent], [
    { seller: w.id.manufacturer, number: String(number), state: 'pending' },
    { seller: w.id.supplier, number: String(number), state: 'pending' },
  ])

  const answer = async (to: OrganisationName): Promise<string> => {
    control += 1
    const { messageId } = await send(retailer, interchange({ from, to: w.identityOf(to), control }, 'FA', [['997', `AK1*PR*${number}`, 'AK9*A*1*1*1']]))
    await workOff(db)
    return messageId
  }
  const states = async () => Object.fromEntries((await owner<{ seller: string; state: string }[]>`
    select counterpart_id as seller, acknowledgement_state as state from functional_group
    where direction = 'out' and functional_id = 'PR' and organisation_id = ${w.id.retailer}`).map(({ seller, state }) => [seller, state]))

  await answer('manufacturer')
  t.same(await states(), { [w.id.manufacturer]: 'accepted', [w.id.supplier]: 'pending' }, 'not the newest group of that number, but the manufacturer\'s')
  const stray = await answer('farm')
  t.match((await listSets(retailer, stray)).items, [{ state: 'quarantined', errorCode: 'exchange/unmatched-acknowledgement' }], 'nothing was sent for the farm')
  t.same(await states(), { [w.id.manufacturer]: 'accepted', [w.id.supplier]: 'pending' })
  await answer('supplier')
  t.same(await states(), { [w.id.manufacturer]: 'accepted', [w.id.supplier]: 'accepted' })
})
