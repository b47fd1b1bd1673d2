import t from 'tap'
import { getMessage, listSets } from '../../src/exchange/service.ts'
import { newId } from '../../src/shared/ids.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff, type Envelope } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('an identifier may be one organisation\'s in production and another\'s in tests', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  await owner`update organisation_identifier set organisation_id = ${w.id.supplier} where value = 'MEADOWFARM' and usage = 'test'`
  await owner`delete from organisation_identifier where value = 'NORTHGATE' and usage = 'test'`
  await owner`insert into organisation_identifier (id, organisation_id, qualifier, value, usage) values (${newId('oid')}, ${w.id.retailer}, 'ZZ', 'TRYOUT', 'test')`
  let control = 0
  const order = async (envelope: Pick<Envelope, 'from' | 'to'> & { usage: 'P' | 'T' }, who: 'retailer' | 'supplier' = 'retailer') => {
    control += 1
    const { messageId } = await send(w.ctxOf(who), interchange({ ...envelope, control }, 'PO', [['850', `BEG*00*SA*X-${control}**20261120`, 'PO1*1*1*EA*1', 'CTT*1']]))
    await workOff(db)
    return { interchange: (await getMessage(w.ctxOf(who), messageId)).interchanges[0], set: (await listSets(w.ctxOf(who), messageId)).items[0] }
  }
  const retailer = w.identityOf('retailer')
  const farm = w.identityOf('farm')

  t.match(await order({ from: retailer, to: farm, usage: 'P' }), { set: { state: 'applied', partnershipId: w.partnership.retailerFarm } },
    'the farm\'s order goes to the farm, not to its competitor with the same id in tests')
  t.match(await order({ from: farm, to: retailer, usage: 'P' }, 'supplier'), { interchange: { state: 'quarantined', errorCode: 'exchange/sender-not-yours' } },
    'who has an id for tests does not speak under it in production')
  t.match(await order({ from: farm, to: retailer, usage: 'T' }, 'supplier'), { interchange: { state: 'accepted' }, set: { state: 'checked' } })
  const tryout = { qualifier: 'ZZ', id: 'TRYOUT', group: 'TRYOUT' }
  t.match(await order({ from: tryout, to: farm, usage: 'P' }), { interchange: { state: 'quarantined' } })
  t.match(await order({ from: tryout, to: farm, usage: 'T' }), { interchange: { state: 'accepted' } })
  t.match(await order({ from: retailer, to: farm, usage: 'T' }), { interchange: { state: 'accepted' } }, 'ids of production will do for tests')
})
