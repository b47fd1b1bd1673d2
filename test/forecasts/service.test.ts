import t from 'tap'
import { withOrganisation } from '../../src/db/client.ts'
import type { ForecastDocument } from '../../src/documents/canonical.ts'
import { writeForecast } from '../../src/documents/forecast830.ts'
import {
  compareForecasts,
  compareForecastVersions,
  documentOf,
  forecastPoints,
  forecastsByIds,
  getForecast,
  listForecasts,
  publishForecast,
  receiveForecasts,
} from '../../src/forecasts/service.ts'
import type { ForecastInput } from '../../src/forecasts/schema.ts'
import { getPartnership } from '../../src/partners/service.ts'
import { standardGuide, validateTransaction } from '../../src/x12/index.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const retailer = world.ctxOf('retailer')
const supplier = world.ctxOf('supplier')
const farm = world.ctxOf('farm')
const partnershipId = world.partnership.retailerSupplier
const [carton, wrap] = world.items.retailerSupplier as [
  (typeof world.items.retailerSupplier)[0],
  (typeof world.items.retailerSupplier)[0],
]
const dc = world.locations['DC01']!

const input = (quantities: readonly string[], rest: Partial<ForecastInput> = {}): ForecastInput => ({
  partnershipId,
  series: [
    {
      gtin: carton.upc,
      location: 'DC01',
      points: quantities.map((quantity, i) => ({ start: `2026-06-${String(1 + 7 * i).padStart(2, '0')}`, quantity })),
    },
  ],
  ...rest,
})
const document = (
  number: string,
  points: readonly [start: string, quantity: string, qualifier?: string][],
  rest: Partial<ForecastDocument> = {},
): ForecastDocument => ({
  number,
  purpose: '00',
  issuedOn: '2026-05-20',
  horizonStart: '2026-06-01',
  horizonEnd: '2026-06-28',
  references: [],
  parties: [],
  dates: [],
  at: 2,
  series: [
    {
      products: [{ qualifier: 'IN', value: carton.buyerItem }],
      location: { qualifier: '92', id: 'DC01' },
      unit: 'EA',
      at: 5,
      points: points.map(([start, quantity, qualifier = 'D'], i) => ({
        start,
        end: `${start.slice(0, 8)}${String(Number(start.slice(8)) + 6).padStart(2, '0')}`,
        quantity,
        qualifier,
        timing: 'W',
        at: 10 + i,
      })),
    },
  ],
  ...rest,
})
const receive = async (ctx: typeof retailer, documents: readonly ForecastDocument[], messageId = 'msg_830') => {
  const partnership = await getPartnership(ctx, partnershipId)
  return receiveForecasts(
    ctx,
    documents.map((each, ordinal) => ({ document: each, partnership, channel: 'x12' as const, source: { messageId, ordinal } })),
  )
}

t.test('each publication is a version, with its points and its work', async t => {
  const first = await publishForecast(retailer, input(['100', '120']))
  t.match(first, {
    source: 'BUYER',
    purpose: 'SALES_FORECAST',
    type: 'TOTAL',
    version: 1,
    number: 'SF-BUYER-TOTAL-1',
    horizonStart: '2026-06-01',
    horizonEnd: '2026-06-14',
    pointCount: 2,
    channel: 'portal',
    actor: 'administrator@retailer.example',
  })
  t.match(await publishForecast(retailer, input(['110', '120'])), { version: 2 })
  t.match(await publishForecast(supplier, input(['90'])), { source: 'SELLER', version: 1 })
  t.match(await publishForecast(retailer, input(['5'], { purpose: 'ORDER_FORECAST', type: 'PROMOTIONAL' })), {
    version: 1,
    number: 'OF-BUYER-PROMOTIONAL-1',
  })
  t.same((await forecastPoints(supplier, first.id)).items, [
    {
      position: 1,
      product: carton.gtin,
      location: dc.gln,
      bucketStart: '2026-06-01',
      bucketEnd: '2026-06-07',
      qualifier: 'D',
      quantity: '100',
      unit: 'EA',
    },
    {
      position: 2,
      product: carton.gtin,
      location: dc.gln,
      bucketStart: '2026-06-08',
      bucketEnd: '2026-06-14',
      qualifier: 'D',
      quantity: '120',
      unit: 'EA',
    },
  ])
  const work = await owner<
    { kind: string; payload: { recipientId?: string } }[]
  >`select kind, payload from outbox where payload->>'forecastId' = ${first.id} or payload->>'documentId' = ${first.id} order by id`
  t.same(
    work.map(row => row.kind),
    ['reconcile-forecast', 'deliver'],
  )
  t.equal(work[1]?.payload.recipientId, world.id.supplier)
  t.match(await owner`select * from event where subject_id = ${first.id}`, [
    { type: 'forecast.published', organisation_id: world.id.retailer, counterpart_id: world.id.supplier },
  ])
})

t.test('a portal partner is not sent an 830', async t => {
  const { id } = await publishForecast(retailer, {
    partnershipId: world.partnership.retailerFarm,
    series: [{ gtin: world.items.retailerFarm[0]!.gtin, points: [{ start: '2026-06-01', quantity: '1' }] }],
  })
  t.match(await owner`select kind from outbox where payload->>'documentId' = ${id}`, [])
})

t.test('the same number with the same content is one version', async t => {
  const once = await publishForecast(retailer, input(['100'], { number: 'W23' }))
  const twice = await publishForecast(retailer, input(['100'], { number: 'W23' }))
  t.equal(twice.id, once.id)
  t.not((await publishForecast(retailer, input(['101'], { number: 'W23' }))).id, once.id)
})

t.test('concurrent publications get versions of their own', async t => {
  const all = await Promise.all([1, 2, 3, 4].map(n => publishForecast(supplier, input([String(n)], { type: 'BASE' }))))
  t.same(all.map(forecast => forecast.version).sort(), [1, 2, 3, 4])
})

t.test('an entry that does not hold together is refused, with its place', async t => {
  const series = (points: { start: string; end?: string; quantity: string }[], rest = {}) => ({
    partnershipId,
    series: [{ gtin: carton.gtin, points, ...rest }],
  })
  const refused = async (given: ForecastInput, code: string, detail: RegExp, params = {}) =>
    t.rejects(publishForecast(retailer, given), { code, message: detail, params })
  await refused(
    series([{ start: '2026-06-02', quantity: '1' }]),
    'forecasts/invalid-buckets',
    /Series 0, point 0: 2026-06-02 is not a Monday/,
  )
  await refused(
    series([{ start: '2026-06-01', end: '2026-06-08', quantity: '1' }]),
    'forecasts/invalid-buckets',
    /ends on 2026-06-07/,
  )
  await refused(series([{ start: '2026-06-31', quantity: '1' }]), 'forecasts/invalid-buckets', /not a day/)
  await refused(
    { ...series([{ start: '2026-06-01', end: '2026-05-01', quantity: '1' }]), calendar: 'FREE' },
    'forecasts/invalid-buckets',
    /ends before it begins/,
  )
  await refused(
    { ...series([{ start: '2026-06-01', quantity: '1' }]), calendar: 'FREE' },
    'forecasts/invalid-buckets',
    /no last day/,
  )
  await refused(series([{ start: '2026-06-01', quantity: '-1' }]), 'forecasts/invalid-buckets', /never below zero/)
  await refused(
    {
      partnershipId,
      series: [
        { gtin: carton.gtin, points: [{ start: '2026-06-01', quantity: '1' }] },
        { buyerItem: carton.buyerItem, points: [{ start: '2026-06-01', quantity: '2' }] },
      ],
    },
    'forecasts/invalid-buckets',
    /Series 1, point 0: .*overlaps/,
    { count: 1, errors: [{ series: 1, point: 0, code: 'forecasts/buckets-overlap' }] },
  )
  await refused(
    { partnershipId, series: [{ gtin: '00000000000017', points: [{ start: '2026-06-01', quantity: '1' }] }] },
    'items/unknown-item',
    /Series 0/,
    { series: [0] },
  )
  await refused(series([{ start: '2026-06-01', quantity: '1' }], { location: 'NOWHERE' }), 'partners/unknown-location', /NOWHERE/)
  await t.rejects(publishForecast(retailer, { partnershipId: world.partnership.manufacturerFarm, series: [] }), {
    code: 'record/not-found',
  })
  await t.rejects(publishForecast(world.ctxOf('retailer', 'order_manager'), input(['1'])), { code: 'identity/forbidden' })
  for (const [calendar, start, end] of [
    ['SUNDAY_WEEK', '2026-06-07', '2026-06-13'],
    ['MONTH', '2026-06-01', '2026-06-30'],
    ['DAY', '2026-06-03', '2026-06-03'],
  ] as const)
    t.match(await publishForecast(retailer, { ...series([{ start, quantity: '1' }]), calendar, type: 'SEASONAL' }), {
      horizonStart: start,
      horizonEnd: end,
    })
})

t.test('an 830 is recorded as it came, with what is odd about it', async t => {
  const [applied] = await receive(retailer, [
    document('F-1', [
      ['2026-06-01', '10'],
      ['2026-06-08', '20'],
    ]),
  ])
  t.match(applied, { outcome: 'applied', documentKind: 'forecast', problems: [] })
  t.match(await getForecast(supplier, applied!.documentId!), { number: 'F-1', channel: 'x12', issuedOn: '2026-05-20' })
  t.match((await forecastPoints(supplier, applied!.documentId!)).items, [
    { product: carton.gtin, location: dc.gln, quantity: '10' },
    { quantity: '20' },
  ])

  t.match(
    await receive(retailer, [
      document('F-1', [
        ['2026-06-01', '10'],
        ['2026-06-08', '20'],
      ]),
    ]),
    [{ outcome: 'duplicate', documentId: applied!.documentId }],
  )
  t.match(
    await receive(retailer, [document('F-1', [['2026-06-01', '11']]), document('F-1', [['2026-06-01', '11']])]),
    [{ outcome: 'applied' }, { outcome: 'duplicate' }],
    'also twice in one batch',
  )

  const odd = document(
    'F-2',
    [
      ['2026-06-01', '5'],
      ['2026-06-01', '6'],
      ['2026-06-08', '-1'],
      ['', '3'],
    ],
    {},
  )
  const strange: ForecastDocument = {
    ...odd,
    series: [
      ...odd.series,
      {
        products: [{ qualifier: 'UP', value: '012345678905' }],
        location: { qualifier: '92', id: 'X9' },
        unit: 'EA',
        points: [],
        at: 40,
      },
    ],
  }
  const [mixed] = await receive(retailer, [strange])
  t.equal(mixed?.outcome, 'applied')
  t.same(mixed!.problems.map(({ code, at }) => [code, at]).sort(), [
    ['forecasts/buckets-overlap', 11],
    ['forecasts/date-unreadable', 13],
    ['forecasts/negative-quantity', 12],
    ['items/unknown-item', 40],
    ['partners/unknown-location', 40],
  ])
  t.match(await getForecast(retailer, mixed!.documentId!), { pointCount: 3 })

  t.match(
    await receive(retailer, [
      document('F-3', [], { purpose: '01' }),
      document('F-4', [['2026-06-01', '5']], { quantityQualifier: 'C' }),
      document('F-5', [['2026-06-01', '5']]),
    ]),
    [
      { outcome: 'conflict', problems: [{ code: 'forecasts/unknown-purpose' }] },
      { outcome: 'conflict', problems: [{ code: 'forecasts/cumulative-quantities' }] },
      { outcome: 'applied' },
    ],
  )
})

t.test('both sides beside each other', async t => {
  const only = { type: 'PROMOTIONAL' as const }
  await publishForecast(retailer, input(['100', '50', '8'], only))
  const { id: later } = await publishForecast(retailer, input(['120'], only))
  await publishForecast(supplier, {
    ...input(['2'], only),
    series: [
      {
        gtin: carton.gtin,
        location: dc.gln,
        unit: 'CA',
        points: [
          { start: '2026-06-01', quantity: '3' },
          { start: '2026-06-08', quantity: '1' },
        ],
      },
      { sellerItem: wrap.sellerItem, points: [{ start: '2026-06-01', quantity: '7' }] },
    ],
  })
  const wanted = { partnershipId, ...only, from: '2026-06-01' }
  const { items, nextCursor } = await compareForecasts(supplier, wanted)
  t.equal(nextCursor, null)
  t.match(
    items,
    [
      {
        product: carton.gtin,
        name: 'Shipping carton M',
        location: dc.gln,
        bucketStart: '2026-06-01',
        bucketEnd: '2026-06-07',
        buyer: { forecastId: later, version: 2, quantity: '120', unit: 'EA' },
        seller: { quantity: '3', unit: 'CA' },
        difference: '30',
        percentDifference: '20',
      },
      {
        bucketStart: '2026-06-08',
        buyer: { version: 1, quantity: '50' },
        seller: { quantity: '1' },
        difference: '0',
        percentDifference: '0',
      },
      { bucketStart: '2026-06-15', buyer: { quantity: '8' }, seller: null, difference: null, percentDifference: null },
      { product: wrap.gtin, location: '', buyer: null, seller: { quantity: '7' } },
    ],
    'the latest version that has a cell; cases of 50',
  )
  const pages = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Awaited<ReturnType<typeof compareForecasts>> = await compareForecasts(retailer, {
      ...wanted,
      limit: 1,
      ...(cursor && { cursor }),
    })
    pages.push(...page.items)
    cursor = page.nextCursor
  }
  t.same(pages, items)
  t.equal((await compareForecasts(retailer, { ...wanted, from: '2026-06-08', to: '2026-06-14' })).items.length, 1)
  t.equal((await compareForecasts(retailer, { ...wanted, product: wrap.gtin })).items.length, 1)
  t.equal((await compareForecasts(retailer, { ...wanted, location: dc.gln })).items.length, 3)
  t.same(
    (await compareForecasts(retailer, { ...wanted, purpose: 'ORDER_FORECAST' })).items.map(row => row.buyer?.quantity),
    ['5'],
  )
  await t.rejects(compareForecasts(retailer, { ...wanted, cursor: 'nonsense' }), { code: 'request/invalid' })
})

t.test('numbers of different firmness are not added up', async t => {
  const place = { location: { qualifier: '92', id: 'DC02' } }
  const given = document('F-9', [
    ['2026-06-01', '10', 'D'],
    ['2026-06-01', '4', 'C'],
    ['2026-06-08', '20', 'D'],
  ])
  await receive(retailer, [{ ...given, series: given.series.map(series => ({ ...series, ...place })) }])
  const { items } = await compareForecasts(retailer, {
    partnershipId,
    from: '2026-06-01',
    location: world.locations['DC02']!.gln,
  })
  t.match(items, [{ buyer: { quantity: '4', qualifier: 'C' } }, { buyer: { quantity: '20', qualifier: 'D' } }])
})

t.test('version against version', async t => {
  const one = await publishForecast(supplier, input(['10', '20', '30'], { purpose: 'ORDER_FORECAST' }))
  const two = await publishForecast(supplier, input(['10', '25'], { purpose: 'ORDER_FORECAST' }))
  const { items } = await compareForecastVersions(retailer, one.id, two.id)
  t.match(items, [
    { bucketStart: '2026-06-01', before: '10', after: '10', difference: '0', percentChange: '0' },
    { bucketStart: '2026-06-08', before: '20', after: '25', difference: '5', percentChange: '25' },
    { bucketStart: '2026-06-15', before: '30', after: null, difference: null, percentChange: null },
  ])
  await t.rejects(compareForecastVersions(farm, one.id, two.id), { code: 'record/not-found' })
})

t.test('lists, and nothing for strangers', async t => {
  const { items } = await listForecasts(retailer, { partnershipId, source: 'BUYER', type: 'TOTAL' })
  t.ok(items.length > 3)
  t.same(
    items.map(item => item.id),
    items
      .map(item => item.id)
      .sort()
      .reverse(),
  )
  const first = await listForecasts(retailer, { limit: 2 })
  t.ok((await listForecasts(retailer, { limit: 2, cursor: first.nextCursor! })).items.every(item => item.id < first.items[1]!.id))
  const { id } = items[0]!
  for (const name of ['manufacturer', 'farm', 'stranger'] as const) {
    const ctx = world.ctxOf(name)
    t.equal((await listForecasts(ctx)).items.filter(item => item.partnershipId === partnershipId).length, 0)
    t.same((await forecastPoints(ctx, id)).items, [])
    t.same(await forecastsByIds(ctx, [id]), [undefined])
    await t.rejects(getForecast(ctx, id), { code: 'record/not-found' })
    await t.rejects(documentOf(ctx, id), { code: 'record/not-found' })
    await t.rejects(compareForecasts(ctx, { partnershipId }), { code: 'record/not-found' })
    await t.rejects(publishForecast(ctx, input(['1'])), { code: 'record/not-found' })
  }
})

t.test('the document of an entry names both sides and can be written as an 830', async t => {
  const { id } = await publishForecast(retailer, input(['100', '120']))
  const made = await documentOf(supplier, id)
  t.match(made, {
    purpose: '00',
    horizonStart: '2026-06-01',
    horizonEnd: '2026-06-14',
    parties: [
      { role: 'BY', name: 'Northgate Stores', idQualifier: 'UL' },
      { role: 'SE', name: 'Harbour Packaging' },
    ],
    series: [
      {
        location: { qualifier: 'UL', id: dc.gln },
        unit: 'EA',
        points: [{ start: '2026-06-01', end: '2026-06-07', quantity: '100', timing: 'W', qualifier: 'D' }, { quantity: '120' }],
      },
    ],
  })
  t.same(made.series[0]!.products, [
    { qualifier: 'UK', value: carton.gtin },
    { qualifier: 'IN', value: carton.buyerItem },
    { qualifier: 'VN', value: carton.sellerItem },
  ])
  const guide = standardGuide('004010', '830')
  t.ok(guide)
  const written = { set: '830', controlNumber: '0001', version: '004010', root: writeForecast(made) }
  t.same(
    validateTransaction(written, guide!).map(finding => finding.message),
    [],
    'and it is a valid one',
  )
})

t.test('the document of an 830 is what came', async t => {
  const sent = document(
    'F-77',
    [
      ['2026-06-01', '10'],
      ['2026-06-08', '20'],
    ],
    { references: [{ qualifier: 'CT', value: 'C-1', at: 3 }], parties: [{ role: 'BY', id: '1', idQualifier: '92', at: 4 }] },
  )
  const [applied] = await receive(retailer, [sent])
  const made = await documentOf(supplier, applied!.documentId!)
  t.match(made, {
    ...sent,
    series: [
      { ...sent.series[0]!, products: [{ qualifier: 'IN', value: carton.buyerItem }, { qualifier: 'UK' }, { qualifier: 'VN' }] },
    ],
  })
  t.same(made.series[0]!.points, sent.series[0]!.points)
})

t.test('a failure leaves nothing behind', async t => {
  const before = await owner`select count(*)::int from forecast`
  await t.rejects(
    withOrganisation(retailer, async tx => {
      await publishForecast({ ...retailer, db: tx }, input(['1']))
      throw new Error('after all')
    }),
    /after all/,
  )
  t.same(await owner`select count(*)::int from forecast`, before)
})
