import t from 'tap'
import { createKey, listAudit, operatorContext } from '../../src/identity/service.ts'
import { importRows } from '../../src/imports/service.ts'
import { importColumns, importKinds, type ImportKind, type ImportOptions } from '../../src/imports/schema.ts'
import { readCell } from '../../src/imports/rules.ts'
import { listItems, listPartnershipItems, pricesFor, resolveItems } from '../../src/items/service.ts'
import { channelOf, listIdentifiers, listLocations, listOrganisations, listPartnerships } from '../../src/partners/service.ts'
import { withOrganisation } from '../../src/db/client.ts'
import type { Context } from '../../src/db/context.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

async function* csv(...lines: string[]) {
  const bytes = Buffer.from(lines.join('\n'))
  // In pieces that split lines, cells and characters.
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}
const run = (ctx: Context, kind: ImportKind, lines: string[], options?: ImportOptions) =>
  importRows(ctx, kind, csv(...lines), options)
const quiet = { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} }
const clean = { applied: true, failed: 0, errorCount: 0, errors: [] as unknown[] }

const files: Record<ImportKind, string[]> = {
  organisations: [
    'name,kind,gln,gs1_prefix,currency,time_zone',
    'Northgate Stores,retailer,0711111000000,0711111,USD,America/Chicago',
    '"Meadow Farm, Inc.",supplier,,0744444,,',
  ],
  identifiers: [
    'organisation,qualifier,value,usage',
    '0711111000000,ZZ,NORTHGATE,production',
    '"Meadow Farm, Inc.",ZZ,MEADOW,',
  ],
  partnerships: [
    'buyer,seller,recognised_by,recognised_value,buyer_identity,seller_identity,buyer_x12,seller_x12',
    'Northgate Stores,"Meadow Farm, Inc.",N1*VN,100234,ZZ:NORTHGATE:NGATE,ZZ:MEADOW,855 856 810 997,none',
  ],
  locations: [
    'organisation,code,name,kind,gln,street,city,region,postal_code,country',
    'Northgate Stores,DC01,DC East,distribution_centre,,1 Depot Road,Columbus,OH,43004,US',
  ],
  items: [
    'organisation,gtin,name,case_quantity,case_gtin,buyer,buyer_item,seller_item',
    '"Meadow Farm, Inc.",744444000010,Eggs 12,15,10744444000017,Northgate Stores,R7001,F-1',
    '"Meadow Farm, Inc.",744444000027,Honey 500 g,,,Northgate Stores,R7002,F-2',
  ],
  prices: [
    'organisation,buyer,gtin,price,valid_from,valid_to',
    '"Meadow Farm, Inc.",Northgate Stores,744444000010,3.10,2026-01-01,2026-06-30',
    '"Meadow Farm, Inc.",Northgate Stores,744444000010,3.25,2026-07-01,',
  ],
}

t.test('an operator sets up an empty hub from six files', async t => {
  const { db } = await testDatabase(t)
  const operator = await operatorContext(db, { now: () => new Date('2026-03-02T08:00:00Z'), log: quiet, name: 'command line' })
  for (const kind of importKinds) {
    const total = files[kind].length - 1
    t.match(
      await run(operator, kind, files[kind], { dryRun: true }),
      { ...clean, applied: false, dryRun: true, total, created: total },
      `${kind}: dry run`,
    )
    t.match(await run(operator, kind, files[kind]), { ...clean, total, created: total, updated: 0, unchanged: 0 }, kind)
    t.match(
      await run(operator, kind, files[kind]),
      { ...clean, total, created: 0, updated: 0, unchanged: total },
      `${kind} again`,
    )
  }
  const [buyerId] = await db.system
    .lease()
    .then(lease =>
      lease.sql<{ id: string }[]>`select id from organisation where name = 'Northgate Stores'`.finally(() => lease.release()),
    )
    .then(rows => rows.map(row => row.id))
  const ctx: Context = { ...operator, actor: { organisationId: buyerId ?? '', role: 'viewer', scopes: [], name: 'test' } }

  const [partnership] = (await listPartnerships(ctx)).items
  t.match(partnership, {
    buyerName: 'Northgate Stores',
    sellerName: 'Meadow Farm, Inc.',
    sellerRecognition: { by: 'N1*VN', value: '100234' },
    responseHours: 24,
    buyerIdentity: { qualifier: 'ZZ', id: 'NORTHGATE', group: 'NGATE' },
    sellerIdentity: { qualifier: 'ZZ', id: 'MEADOW', group: 'MEADOW' },
  })
  if (!partnership) return
  t.match(channelOf(partnership, partnership.buyerId, '855'), {
    channel: 'x12',
    x12Version: '004010',
    ackDetail: 'set',
    guide: null,
  })
  t.match(channelOf(partnership, partnership.buyerId, '830'), { channel: 'portal' })
  t.match(channelOf(partnership, partnership.sellerId, '850'), { channel: 'portal' })
  t.match(await listIdentifiers(ctx), [{ qualifier: 'ZZ', value: 'NORTHGATE', usage: 'production' }])
  t.match(
    (await listOrganisations(ctx)).items.map(each => each.name),
    ['Northgate Stores', 'Meadow Farm, Inc.'],
  )
  t.match((await listLocations(ctx)).items, [
    {
      code: 'DC01',
      validFrom: '2000-01-01',
      address: { lines: ['1 Depot Road'], city: 'Columbus', region: 'OH', country: 'US' },
    },
  ])
  await withOrganisation(ctx, async tx => {
    const [eggs, honey] = await resolveItems(tx, partnership.id, [
      { products: [{ qualifier: 'UP', value: '744444000010' }] },
      { products: [{ qualifier: 'IN', value: 'R7002' }] },
    ])
    t.match(
      [eggs, honey],
      [
        { gtin: '00744444000010', packQuantity: '15', sellerItem: 'F-1' },
        { name: 'Honey 500 g', packQuantity: '1' },
      ],
    )
    const price = async (date: string) => (await pricesFor(tx, [eggs?.id ?? ''], date)).get(eggs?.id ?? '')?.price
    t.same([await price('2025-12-31'), await price('2026-06-30'), await price('2026-07-01')], [undefined, '3.1', '3.25'])
  })
  t.match((await listAudit({ ...operator })).items.map(entry => [entry.action, entry.detail]).at(0), [
    'import.prices',
    { total: 2, created: 0, updated: 0 },
  ])
})

t.test('a changed cell updates, an empty one leaves as it is', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const operator = world.ctxOf('operator')
  t.match(
    await run(operator, 'partnerships', [
      'buyer,seller,response_hours,buyer_x12,seller_x12',
      'Northgate Stores,Meadow Farm,48,,850',
    ]),
    { ...clean, updated: 1 },
  )
  const partnership = (await listPartnerships(world.ctxOf('farm'))).items.find(each => each.id === world.partnership.retailerFarm)
  t.match(partnership, { responseHours: 48, version: 2, sellerRecognition: { by: 'N1*VN' } })
  t.equal(partnership && channelOf(partnership, world.id.farm, '850').channel, 'x12')
  t.equal(partnership && channelOf(partnership, world.id.retailer, '855').channel, 'x12', 'what was not named stays')
  t.match(
    await run(operator, 'organisations', ['name;kind', 'Meadow Farm;manufacturer']),
    { ...clean, updated: 1 },
    'semicolons are separators too',
  )
  const eggs = world.items.retailerFarm[0]?.upc ?? ''
  t.match(
    await run(operator, 'items', ['organisation\tgtin\tname', `Meadow Farm\t${eggs}\tFree-range eggs, dozen`]),
    { ...clean, updated: 1 },
    'and tabs',
  )
  t.match((await listItems(world.ctxOf('farm'))).items[0], {
    name: 'Free-range eggs, dozen',
    version: 2,
    packs: [{ level: 'case', quantity: '15' }],
  })
})

t.test('every wrong cell is named, and nothing is kept', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const report = await run(world.ctxOf('operator'), 'items', [
    'organisation,gtin,name,case_quantity,buyer,buyer_item',
    'Meadow Farm,744444000034,Good,4,,',
    'Meadow Farm,744444000035,Wrong check digit,0,,',
    'Nobody,744444000034,,,,',
    'Nobody,744444000041,x,,,',
    'Meadow Farm,44444000034,Zero lost,,,',
    'Meadow Farm,7.44E+11,Spreadsheet,,,',
    'Meadow Farm,744444000041,Not a customer,,Harbour Packaging,',
    'Meadow Farm,744444000058,Number taken,,Northgate Stores,R7001',
    'Meadow Farm,00744444000034,Good again,,,',
    'Meadow Farm,744444000065,Number alone,,,R1',
    'Meadow Farm,744444000072,Too many,,,,extra',
  ])
  t.match(report, { applied: false, total: 11, created: 1, failed: 10, errorCount: 11 })
  t.same(
    report.errors.map(error => [error.line, error.column, error.code]),
    [
      [3, 'gtin', 'invalid-gtin'],
      [3, 'case_quantity', 'invalid-number'],
      [4, 'name', 'required'],
      [5, 'organisation', 'unknown-organisation'],
      [6, 'gtin', 'invalid-gtin'],
      [7, 'gtin', 'invalid-gtin'],
      [8, 'buyer', 'unknown-partnership'],
      [9, 'buyer_item', 'number-taken'],
      [10, '', 'duplicate-row'],
      [11, 'buyer', 'required'],
      [12, 'cell 7', 'unknown-column'],
    ],
  )
  t.match(
    report.errors.find(error => error.line === 6),
    { value: '44444000034', message: /leading zero/ },
  )
  t.match(
    report.errors.find(error => error.line === 7),
    { message: /spreadsheet has rounded/ },
  )
  t.match(
    report.errors.find(error => error.line === 10),
    { message: 'The same record as line 2.' },
  )
  t.equal((await listItems(world.ctxOf('farm'))).items.length, 2)
})

t.test('good lines are kept when asked for', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const lines = ['gtin,name', '744444000034,Good', 'x,Bad', '744444000041,Good too']
  t.match(await run(world.ctxOf('farm'), 'items', lines, { bestEffort: true }), { applied: true, created: 2, failed: 1 })
  t.equal((await listItems(world.ctxOf('farm'))).items.length, 4)
  t.match(await run(world.ctxOf('farm'), 'items', lines, { bestEffort: true, dryRun: true }), {
    applied: false,
    unchanged: 2,
    failed: 1,
  })
})

t.test('a file that cannot be read', async t => {
  const { db } = await testDatabase(t)
  const operator = (await smallWorld(db)).ctxOf('operator')
  const codes = async (...lines: string[]) =>
    (await run(operator, 'organisations', lines)).errors.map(error => `${error.line} ${error.column} ${error.code}`)
  t.same(await codes(), ['1  empty-file'])
  t.same(await codes('name,kind'), [])
  t.same(await codes('name,colour,kind', 'x,red,retailer'), ['1 colour unknown-column'])
  t.same(await codes('name', 'x'), ['1 kind missing-column'])
  t.same(await codes('name,kind,name', 'x,retailer,y'), ['1 name duplicate-column'])
  t.same(await codes('name,kind', 'A,retailer', '"B,retailer'), ['3  malformed'])
  t.same(await codes('\ufeffName,KIND', 'A,retailer'), [], 'a byte order mark and capitals are nothing')
  t.same(await codes('name,kind', `${'A'.repeat(61)},retailer`), ['2 name too-long'])
  const latin = importRows(
    operator,
    'organisations',
    (async function* () {
      yield Buffer.from('name,kind\nCaf\xe9,retailer\n', 'latin1')
    })(),
  )
  t.match((await latin).errors, [{ line: 2, column: 'name', code: 'invalid-text' }])
})

t.test('rows as JSON', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const gtin = world.items.retailerFarm[0]?.gtin
  const rows = [
    { buyer: 'Northgate Stores', gtin, price: 3.5, valid_from: '2027-01-01' },
    { buyer: world.id.retailer, gtin, price: 'free', valid_from: '2027-02-01', color: 1 },
  ]
  t.match(await importRows(world.ctxOf('farm'), 'prices', rows, { bestEffort: true }), {
    created: 1,
    errors: [
      { line: 2, column: 'color', code: 'unknown-column' },
      { line: 2, column: 'price', code: 'invalid-number', value: 'free' },
    ],
  })
})

t.test('who may import what', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  for (const kind of ['organisations', 'identifiers', 'partnerships'] as const)
    await t.rejects(run(world.ctxOf('farm'), kind, files[kind]), { code: 'identity/forbidden' }, kind)
  await t.rejects(run(world.ctxOf('farm', 'order_manager'), 'items', ['gtin,name']), { code: 'identity/forbidden' })
  const theirs = await run(world.ctxOf('farm'), 'items', [
    'organisation,gtin,name',
    'Brightwell Foods,744444000034,Mine now',
    'Harbour Packaging,744444000034,Unseen',
  ])
  t.match(
    theirs.errors.map(error => error.code),
    ['not-yours', 'unknown-organisation'],
    "a partner is not one's own, and a stranger is not there",
  )
  t.match(
    await run(world.ctxOf('retailer'), 'prices', [
      'buyer,gtin,price,valid_from',
      `Northgate Stores,${world.items.retailerFarm[0]?.upc},0,2026-01-01`,
    ]),
    { applied: false, errors: [{ code: 'unknown-item' }] },
    "a buyer does not set its supplier's prices",
  )
  t.match(await run(world.ctxOf('operator'), 'items', ['gtin,name', '744444000034,Whose']), {
    errors: [{ column: 'organisation', code: 'required' }],
  })
  t.match(await run(world.ctxOf('operator'), 'identifiers', ['organisation,qualifier,value', 'Meadow Farm,ZZ,NORTHGATE']), {
    errors: [{ code: 'taken' }],
  })
  t.match(
    await run(world.ctxOf('operator'), 'partnerships', [
      'buyer,seller,seller_identity',
      'Northgate Stores,Meadow Farm,ZZ:HARBOURPKG',
    ]),
    { errors: [{ code: 'unknown-identifier' }] },
  )
  t.match(await run(world.ctxOf('farm'), 'items', ['gtin,name', '744444000034,Mine']), { applied: true, created: 1 })
  t.match((await listAudit(world.ctxOf('farm'))).items[0], { action: 'import.items', detail: { created: 1 } })
  t.ok(await createKey(world.ctxOf('farm'), { name: 'still in order', role: 'viewer' }))
})

t.test('a large file in batches, with more errors than are kept', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const ctx = world.ctxOf('retailer')
  const lines = (bad: number) => [
    'code,name,kind',
    ...Array.from({ length: 3000 }, (_, index) => `S${index},Store ${index},${index < bad ? 'shop' : 'store'}`),
  ]
  t.match(await run(ctx, 'locations', lines(1500)), {
    applied: false,
    total: 3000,
    created: 1500,
    failed: 1500,
    errorCount: 1500,
    errors: { length: 1000 },
  })
  t.match(await run(ctx, 'locations', lines(0)), { ...clean, created: 3000 })
  t.match(await run(ctx, 'locations', lines(0)), { ...clean, unchanged: 3000 })
  t.match(await listPartnershipItems(ctx, { limit: 1 }), { items: { length: 1 } })
})

t.test('the columns are described by examples that are right', async t => {
  for (const kind of importKinds)
    for (const { name, rule, example } of importColumns[kind])
      t.match(readCell(rule, example), { value: String }, `${kind}.${name} ${example}`)
})
