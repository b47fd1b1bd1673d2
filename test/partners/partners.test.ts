import t from 'tap'
import { asSystem, withOrganisation } from '../../src/db/client.ts'
import { listAudit } from '../../src/identity/service.ts'
import { channelOf, counterpartOf, pageOf, pageSize, receives } from '../../src/partners/rules.ts'
import {
  findPartnership,
  getOrganisation,
  getPartnership,
  listIdentifiers,
  listLocations,
  listOrganisations,
  listPartnerships,
  organisationsByIds,
  partnershipsOf,
  setChannel,
} from '../../src/partners/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('rules', async t => {
  const partnership = {
    id: 'p',
    buyerId: 'b',
    sellerId: 's',
    channels: [
      {
        organisationId: 'b',
        document: '855',
        channel: 'x12' as const,
        x12Version: '005010',
        guide: 'g',
        checkLevel: 'partner' as const,
        ackAs: 'auto' as const,
        ackDetail: 'group' as const,
      },
    ],
  }
  t.match(channelOf(partnership, 'b', '855'), { channel: 'x12', x12Version: '005010' })
  t.same(
    channelOf(partnership, 's', '850'),
    { organisationId: 's', document: '850', channel: 'portal', x12Version: '004010', guide: null, checkLevel: 'partner', ackAs: 'auto', ackDetail: 'set' },
    'the portal unless agreed',
  )
  t.equal(counterpartOf(partnership, 'b'), 's')
  t.equal(counterpartOf(partnership, 's'), 'b')
  t.throws(() => counterpartOf(partnership, 'x'))
  t.same(
    ['850', '855', '830'].map(document => [receives(partnership, 'b', document), receives(partnership, 's', document)]),
    [
      [false, true],
      [true, false],
      [true, true],
    ],
  )
  t.same([undefined, 0, 7, 1000].map(pageSize), [50, 1, 7, 200])
  t.same(pageOf([{ id: '1' }, { id: '2' }], 1), { items: [{ id: '1' }], nextCursor: '1' })
  t.same(pageOf([{ id: '1' }], 1), { items: [{ id: '1' }], nextCursor: null })
})

t.test('each side sees its own partnerships', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const names = async (organisation: Parameters<typeof world.ctxOf>[0]) =>
    (await listPartnerships(world.ctxOf(organisation, 'viewer'))).items.map(each => `${each.buyerName} > ${each.sellerName}`)
  t.same(await names('farm'), ['Northgate Stores > Meadow Farm', 'Brightwell Foods > Meadow Farm'])
  t.same(await names('supplier'), ['Northgate Stores > Harbour Packaging'])
  t.same(await names('stranger'), [])
  const ctx = world.ctxOf('supplier', 'viewer')
  t.same(
    (await listOrganisations(ctx)).items.map(each => each.name),
    ['Northgate Stores', 'Harbour Packaging'],
    'a supplier does not learn of the others',
  )
  await t.rejects(getPartnership(ctx, world.partnership.retailerFarm), { code: 'record/not-found' })
  await t.rejects(getOrganisation(ctx, world.id.farm), { code: 'record/not-found' })
  t.match(await organisationsByIds(ctx, [world.id.farm, world.id.retailer]), [undefined, { name: 'Northgate Stores' }])
  t.equal(await findPartnership(ctx, { buyerId: world.id.manufacturer, sellerId: world.id.farm }), undefined)
  t.match(await findPartnership(ctx, { buyerId: world.id.retailer, sellerId: world.id.supplier }), {
    id: world.partnership.retailerSupplier,
  })
  t.same(
    (await listLocations(ctx)).items.map(each => each.code),
    ['DC01', 'DC02', '0101', 'HQ', 'WH1'],
  )
  t.same(
    (await listLocations(ctx, { organisationId: world.id.supplier })).items.map(each => each.code),
    ['WH1'],
  )
  t.equal((await listIdentifiers(ctx)).length, 4)
  t.equal((await withOrganisation(ctx, tx => partnershipsOf(tx, world.id.supplier))).length, 1)
  t.equal(
    (await asSystem(db, tx => partnershipsOf(tx, world.id.retailer))).length,
    3,
    "the system too is shown one organisation's",
  )
})

t.test('pages', async t => {
  const { db } = await testDatabase(t)
  const ctx = (await smallWorld(db)).ctxOf('retailer')
  const codes: string[] = []
  let cursor: string | null | undefined
  do {
    const page = await listLocations(ctx, { limit: 3, ...(cursor && { cursor }) })
    codes.push(...page.items.map(each => each.code))
    cursor = page.nextCursor
  } while (cursor)
  t.same(codes, ['DC01', 'DC02', '0101', 'HQ', 'PLANT1', 'WH1', 'FARM'])
})

t.test('a side changes its own channel', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const id = world.partnership.retailerFarm
  const farm = world.ctxOf('farm')
  const changed = await setChannel(farm, id, '850', { channel: 'x12', ackDetail: 'group' }, 1)
  t.match(channelOf(changed, world.id.farm, '850'), { channel: 'x12', x12Version: '004010', ackDetail: 'group' })
  t.equal(changed.version, 2)
  t.match((await listAudit(farm)).items[0], {
    action: 'channel.changed',
    subject: id,
    detail: { document: '850', channel: 'x12' },
  })
  await t.rejects(setChannel(farm, id, '850', { channel: 'portal' }, 1), { code: 'request/precondition-failed' })
  await t.rejects(setChannel(farm, id, '855', { channel: 'portal' }), { code: 'partners/not-a-document' })
  await t.rejects(setChannel(world.ctxOf('farm', 'order_manager'), id, '850', {}), { code: 'identity/forbidden' })
  await t.rejects(setChannel(farm, world.partnership.retailerSupplier, '850', { channel: 'x12' }), { code: 'record/not-found' })
  await owner`update partnership set seller_identity = null`
  await t.rejects(setChannel(farm, id, '850', { guide: 'northgate' }), { code: 'partners/no-identity' })
})
