import t from 'tap'
import { withOrganisation } from '../../src/db/client.ts'
import { itemNumbers } from '../../src/items/rules.ts'
import { listItems, listPartnershipItems, pricesFor, resolveItems } from '../../src/items/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('numbers of a line', async t => {
  t.same(
    itemNumbers([
      { qualifier: 'IN', value: ' R7001 ' },
      { qualifier: 'UP', value: '036000291452' },
      { qualifier: 'VA', value: 'V-1' },
    ]),
    { gtin: '00036000291452', buyerItem: 'R7001', sellerItem: 'V-1' },
  )
  t.same(
    itemNumbers([{ qualifier: 'UP', value: '036000291453' }]),
    { gtin: undefined, buyerItem: undefined, sellerItem: undefined },
    'a wrong check digit is no GTIN',
  )
  t.same(
    itemNumbers([
      { qualifier: 'UP', value: '036000291452' },
      { qualifier: 'UK', value: '10036000291459' },
    ]).gtin,
    '10036000291459',
    'the longer form goes first',
  )
})

t.test('items of lines', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const [biscuits, crackers, granola] = world.items.retailerManufacturer
  if (!biscuits || !crackers || !granola) throw new Error('the world has three items of the manufacturer')
  const ctx = world.ctxOf('retailer')
  const resolve = (lines: [string, string][][], partnership = world.partnership.retailerManufacturer) =>
    withOrganisation(ctx, async tx =>
      (
        await resolveItems(
          tx,
          partnership,
          lines.map(line => ({ products: line.map(([qualifier, value]) => ({ qualifier, value })) })),
        )
      ).map(item => item?.gtin),
    )
  t.same(await resolve([]), [])
  t.same(
    await resolve([
      [['UP', biscuits.upc]],
      [['EN', `0${biscuits.upc}`]],
      [['UK', biscuits.gtin]],
      [['IN', crackers.buyerItem]],
      [['VN', granola.sellerItem]],
      [['ZZ', biscuits.upc]],
      [],
      [
        ['UK', '10036000291459'],
        ['VP', granola.sellerItem],
      ],
      [
        ['UP', biscuits.upc],
        ['IN', crackers.buyerItem],
      ],
    ]),
    [biscuits.gtin, biscuits.gtin, biscuits.gtin, crackers.gtin, granola.gtin, undefined, undefined, granola.gtin, biscuits.gtin],
    'by any number; an unknown GTIN gives way, a known one goes first',
  )
  t.same(
    await resolve([[['IN', biscuits.buyerItem]], [['UP', biscuits.upc]]], world.partnership.retailerFarm),
    [world.items.retailerFarm[0]?.gtin, undefined],
    'the same number means another item elsewhere',
  )
  t.same(
    await resolve([[['UP', world.items.manufacturerFarm[0]?.upc ?? '']]], world.partnership.manufacturerFarm),
    [undefined],
    "others' partnerships are not seen",
  )
})

t.test('the price of a day', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const [eggs, honey] = world.items.retailerFarm
  if (!eggs || !honey) throw new Error('the world has two items of the farm')
  const sides = {
    partnership_id: world.partnership.retailerFarm,
    buyer_id: world.id.retailer,
    seller_id: world.id.farm,
    partnership_item_id: eggs.partnershipItemId,
    currency: 'USD',
    unit: 'EA',
  }
  await owner`insert into price ${owner([
    { ...sides, id: 'p1', price: '2.9', valid_from: '2026-05-01', valid_to: '2026-05-31' },
    { ...sides, id: 'p2', price: '3.2', valid_from: '2026-07-01', valid_to: '2026-12-31' },
  ])}`
  const priceOn = (date: string, id = eggs.partnershipItemId) =>
    withOrganisation(world.ctxOf('farm'), async tx => (await pricesFor(tx, [id, id], date)).get(id)?.price)
  t.same(
    await Promise.all(
      ['2019-12-31', '2026-04-30', '2026-05-01', '2026-05-31', '2026-06-01', '2026-07-01', '2027-01-01'].map(date =>
        priceOn(date),
      ),
    ),
    [undefined, '3.1', '2.9', '2.9', '3.1', '3.2', '3.1'],
    'the latest that is in force',
  )
  t.equal(await priceOn('2026-05-01', honey.partnershipItemId), '6.4')
  t.equal((await withOrganisation(world.ctxOf('farm'), tx => pricesFor(tx, [], '2026-01-01'))).size, 0)
})

t.test('lists', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  t.same((await listItems(world.ctxOf('retailer'))).items, [], 'a buyer has no master of its own')
  t.equal((await listItems(world.ctxOf('manufacturer'))).items.length, 3)
  t.equal((await listPartnershipItems(world.ctxOf('retailer'))).items.length, 7)
  const first = await listPartnershipItems(world.ctxOf('farm'), { partnershipId: world.partnership.manufacturerFarm, limit: 1 })
  t.match(first, { items: [{ partnershipId: world.partnership.manufacturerFarm }], nextCursor: first.items[0]?.id })
})
