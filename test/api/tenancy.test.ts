import { getNamedType, isNonNullType, isObjectType, subscribe, parse, type GraphQLField, type GraphQLObjectType } from 'graphql'
import t from 'tap'
import type { GraphContext } from '../../src/api/graphql/builder.ts'
import { schema } from '../../src/api/graphql/schema.ts'
import { createEventSource } from '../../src/db/events.ts'
import { newId } from '../../src/shared/ids.ts'
import { testApi } from '../helpers/api.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { until } from '../helpers/until.ts'
import { emailOf, type OrganisationName } from '../helpers/world.ts'

/**
 * The two-tenant probe: every REST operation and every GraphQL field is called with the ids of a trade that is not the
 * caller's, and then with ids that do not exist. Both answers must be the same, and nothing of the trade may be in them.
 * The retailer's trade with the farm is what is looked for, by a stranger and by a competitor that trades with the retailer.
 */
const api = await testApi(t)
const { world } = api
const { retailerFarm } = world.items
const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
const attackers = ['stranger', 'supplier'] as const satisfies readonly OrganisationName[]

type Ids = Record<
  | 'order'
  | 'change'
  | 'shipment'
  | 'receipt'
  | 'difference'
  | 'invoice'
  | 'forecast'
  | 'laterForecast'
  | 'exception'
  | 'message'
  | 'sent'
  | 'job'
  | 'user'
  | 'key'
  | 'organisation'
  | 'partnership'
  | 'location'
  | 'guide',
  string
>

const made = async (response: ReturnType<typeof api.call>): Promise<Record<string, string>> => {
  const { statusCode, body } = await response
  if (statusCode >= 300) throw new Error(body)
  return JSON.parse(body)
}

/** The trade of the retailer with the farm: documents on both sides, messages, exceptions, failed work. */
const trade = async (): Promise<Ids> => {
  const line = (price: string) => `PO1*1*30*EA*${price}**UP*${retailerFarm[0]!.upc}*IN*${retailerFarm[0]!.buyerItem}`
  const order = (number: string): [string, ...string[]] => [
    '850',
    `BEG*00*SA*${number}**20261120`,
    'N1*VN*Meadow Farm*92*100234',
    line(retailerFarm[0]!.price),
    'CTT*1',
  ]
  const { messageId: message } = await send(
    world.ctxOf('retailer'),
    interchange({ from: world.identityOf('retailer'), to: hub, control: 1 }, 'PO', [order('SECRET-1')]),
  )
  await workOff(api.db)
  const [{ id }] = (await api.call('farm', 'GET /api/orders')).json().items
  await made(
    api.call('farm', `POST /api/orders/${id}/answers`, {
      payload: { lines: [{ lineNumber: '1', action: 'change', quantity: '15', reason: 'SECRET reason' }] },
    }),
  )
  const { version } = (await api.call('retailer', `GET /api/orders/${id}`)).json()
  const change = await made(
    api.call('retailer', `POST /api/orders/${id}/changes`, {
      payload: { lines: [{ lineNumber: '1', quantity: '20' }], notes: ['SECRET change'] },
      headers: { 'if-match': `"${version}"` },
    }),
  )
  const shipment = await made(
    api.call('farm', 'POST /api/shipments', { payload: { orderIds: [id], number: 'SECRET-ASN', shipDate: '2026-11-22' } }),
  )
  await send(
    world.ctxOf('retailer'),
    interchange({ from: world.identityOf('retailer'), to: hub, control: 990 }, 'RC', [
      ['861', 'BRA*SECRET-RA*20261124*00*2', 'REF*SI*SECRET-ASN', 'DTM*050*20261124', 'PRF*SECRET-1', 'N1*VN*Meadow Farm*92*100234',
        'RCD*1*14*EA***1*EA*02', `LIN*1*UP*${retailerFarm[0]!.upc}`],
    ]),
  )
  await workOff(api.db)
  const [receipt] = (await api.call('farm', 'GET /api/receipts')).json().items
  const invoice = await made(
    api.call('farm', 'POST /api/invoices', { payload: { number: 'SECRET-INV', shipmentId: shipment.id } }),
  )
  const forecast = (quantity: string) => ({
    partnershipId: world.partnership.retailerFarm,
    series: [{ gtin: retailerFarm[0]!.gtin, points: [{ start: '2030-03-04', quantity }] }],
  })
  const first = await made(api.call('retailer', 'POST /api/forecasts', { payload: forecast('1000') }))
  const later = await made(api.call('retailer', 'POST /api/forecasts', { payload: forecast('1234') }))
  await made(api.call('farm', 'POST /api/forecasts', { payload: forecast('100') }))
  await workOff(api.db)
  const [job] = await api.owner`
    insert into outbox (id, organisation_id, queue, key, kind, state, error_detail) overriding system value values (123456789, ${world.id.farm}, 'documents', 'SECRET-KEY', 'deliver', 'dead', 'SECRET-FAULT') returning id::text`
  const [exception] = (await api.call('farm', 'GET /api/exceptions')).json().items.filter((each: { rule: string }) => each.rule !== 'R8')
  const [difference] = (await api.call('farm', 'GET /api/receiving-differences')).json().items
  const [sent] = (await api.call('retailer', 'GET /api/messages?direction=out')).json().items
  const guide = await made(
    api.call('retailer', 'POST /api/guides', {
      payload: {
        partnershipId: world.partnership.retailerFarm,
        direction: 'in',
        set: '855',
        x12Version: '004010',
        name: 'SECRET-GUIDE',
        overlay: { extends: '004010/855', narrow: [{ at: 'REF', max: 900, note: 'SECRET-NOTE' }] },
      },
    }),
  )
  await made(api.call('retailer', `POST /api/guides/${guide.id}/activate`))
  return {
    order: id,
    change: change.changeId!,
    shipment: shipment.id!,
    receipt: receipt.id,
    difference: difference.id,
    invoice: invoice.id!,
    forecast: first.id!,
    laterForecast: later.id!,
    exception: exception.id,
    message,
    sent: sent.id,
    job: job!.id,
    user: world.userId('farm', 'viewer'),
    key: (await api.call('farm', 'GET /api/keys')).json().items[0].id,
    organisation: world.id.farm,
    partnership: world.partnership.retailerFarm,
    location: world.locations.FARM!.id,
    guide: guide.id!,
  }
}

const foreign = await trade()
const phantom = (): Ids => ({
  order: newId('ord'),
  change: newId('chg'),
  shipment: newId('shp'),
  receipt: newId('rct'),
  difference: newId('exc'),
  invoice: newId('inv'),
  forecast: newId('fct'),
  laterForecast: newId('fct'),
  exception: newId('exc'),
  message: newId('msg'),
  sent: newId('msg'),
  job: '987654321',
  user: newId('usr'),
  key: newId('key'),
  organisation: newId('org'),
  partnership: newId('prt'),
  location: newId('loc'),
  guide: newId('gde'),
})
const secrets = [
  ...Object.entries(foreign)
    .filter(([name]) => name !== 'job')
    .map(([, id]) => id),
  'SECRET',
  'Meadow Farm',
  retailerFarm[0]!.gtin,
  retailerFarm[0]!.upc,
  world.partnership.manufacturerFarm,
  world.id.manufacturer,
  emailOf('farm', 'viewer'),
]

/** The answer without what differs for good reason: the ids that were asked for, and the request's own. */
const normal = (text: string, ids: Ids): string => {
  let plain = text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<request>')
  for (const [name, id] of Object.entries(ids)) plain = plain.replaceAll(id, `<${name}>`)
  return plain
}

type Call = { params?: Record<string, string>; query?: string; body?: unknown; headers?: Record<string, string> }
/** What one's own work looks like is not compared, only searched. */
type Probe = ((ids: Ids) => Call | Call[]) & { own?: boolean }
const own = (probe: (ids: Ids) => Call | Call[]): Probe => Object.assign(probe, { own: true })
const none: Probe = () => ({})
const byId =
  (name: keyof Ids, body?: (ids: Ids) => unknown): Probe =>
  ids => ({ params: { id: ids[name] }, ...(body && { body: body(ids) }) })
const listFor =
  (...queries: ((ids: Ids) => string)[]): Probe =>
  ids => [{}, ...queries.map(query => ({ query: query(ids) }))]

const probes: Record<string, Probe> = {
  signIn: ids => ({
    body: { email: 'administrator@stranger.example', password: 'not the password', organisationId: ids.organisation },
  }),
  getSession: own(none),
  signOut: own(none),
  getOwnOrganisation: own(none),
  listIdentifiers: own(none),
  listAudit: own(none),
  changePassword: own(() => ({ body: { current: 'x', replacement: 'a long enough password' } })),
  listUsers: none,
  listKeys: none,
  listOrganisations: none,
  listPartnerships: none,
  listItems: none,
  listDeadJobs: none,
  listOutbox: none,
  createUser: ids => ({
    body: {
      email: 'intruder@elsewhere.example',
      name: 'x',
      role: 'viewer',
      password: 'a long enough password',
      organisationId: ids.organisation,
    },
  }),
  createKey: ids => ({ body: { name: 'x', role: 'administrator', organisationId: ids.organisation } }),
  setUserRole: byId('user', () => ({ role: 'viewer' })),
  resetUserPassword: byId('user', () => ({ password: 'a long enough password' })),
  removeUser: byId('user'),
  revokeKey: byId('key'),
  getOrganisation: byId('organisation'),
  getPartnership: byId('partnership'),
  listLocations: listFor(
    ids => `organisationId=${ids.organisation}`,
    ids => `cursor=${ids.location}`,
  ),
  listPartnershipItems: listFor(ids => `partnershipId=${ids.partnership}`),
  listPrices: listFor(ids => `partnershipId=${ids.partnership}`),
  listOrders: listFor(
    () => 'number=SECRET-1',
    ids => `partnerId=${ids.organisation}`,
    () => 'role=seller',
    () => 'limit=200',
  ),
  createOrder: ids => ({
    body: { sellerId: ids.organisation, number: 'X', lines: [{ gtin: retailerFarm[0]!.gtin, quantity: '1' }] },
  }),
  getOrder: byId('order'),
  getOrderTimeline: byId('order'),
  proposePacking: byId('order'),
  listOrderVersions: byId('order'),
  changeOrder: ids => ({
    params: { id: ids.order },
    body: { lines: [{ lineNumber: '1', quantity: '1' }] },
    headers: { 'if-match': '"1"' },
  }),
  listOrderChanges: byId('order'),
  answerOrderChange: ids => ({ params: { id: ids.order, changeId: ids.change }, body: { acceptRest: true } }),
  releaseOrderChange: ids => ({ params: { id: ids.order, changeId: ids.change } }),
  compareOrderVersions: ids => ({ params: { id: ids.order, version: '1' } }),
  getOrderAsOf: ids => ({ params: { id: ids.order, at: '2099-01-01' } }),
  answerOrder: byId('order', () => ({ acceptRest: true })),
  listShipments: listFor(
    () => 'number=SECRET-ASN',
    ids => `partnerId=${ids.organisation}`,
  ),
  getShipment: byId('shipment'),
  createShipment: ids => ({ body: { orderIds: [ids.order] } }),
  proposeShipmentPacking: ids => ({ body: { orderIds: [ids.order] } }),
  amendShipment: byId('shipment', () => ({ estimatedDelivery: '2030-01-01' })),
  cancelShipment: byId('shipment'),
  printLabelsAhead: ids => ({
    body: { shipment: { orderIds: [ids.order], packages: [{ package: 'C1', type: 'carton', sscc: '007555550000000011' }] } },
  }),
  printShipmentLabels: byId('shipment'),
  printPackingList: byId('shipment'),
  printBillOfLading: byId('shipment'),
  reserveSsccs: own(() => ({ body: { count: 2 } })),
  listReceipts: listFor(
    () => 'number=SECRET-RA',
    ids => `partnerId=${ids.organisation}`,
    ids => `orderId=${ids.order}`,
    ids => `shipmentId=${ids.shipment}`,
  ),
  getReceipt: byId('receipt'),
  createReceipt: ids => [{ body: { shipmentId: ids.shipment } }, { body: { orderId: ids.order } }],
  changeReceipt: ids => ({
    params: { id: ids.receipt },
    body: { lines: [{ lineNumber: '1', quantity: '1' }] },
    headers: { 'if-match': '"1"' },
  }),
  cancelReceipt: byId('receipt'),
  listReceivingDifferences: listFor(
    ids => `partnershipId=${ids.partnership}`,
    ids => `subjectId=${ids.order}`,
  ),
  getReceivingDifference: byId('difference'),
  answerReceivingDifference: byId('difference', () => ({ action: 'agree' })),
  listInvoices: listFor(
    () => 'number=SECRET-INV',
    ids => `partnerId=${ids.organisation}`,
  ),
  getInvoice: byId('invoice'),
  createInvoice: ids => [{ body: { number: 'X', shipmentId: ids.shipment } }, { body: { number: 'X', orderId: ids.order } }],
  listForecasts: listFor(ids => `partnershipId=${ids.partnership}`),
  compareForecasts: ids => ({ query: `partnershipId=${ids.partnership}` }),
  getForecast: byId('forecast'),
  listForecastPoints: byId('forecast'),
  compareForecastVersions: ids => ({ params: { id: ids.forecast, toId: ids.laterForecast } }),
  publishForecast: ids => ({
    body: {
      partnershipId: ids.partnership,
      series: [{ gtin: retailerFarm[0]!.gtin, points: [{ start: '2030-03-04', quantity: '1' }] }],
    },
  }),
  listExceptions: listFor(
    ids => `partnershipId=${ids.partnership}`,
    ids => `subjectId=${ids.order}`,
  ),
  getException: byId('exception'),
  assignException: byId('exception', ids => ({ userId: ids.user })),
  resolveException: byId('exception', () => ({ resolution: 'high' })),
  reopenException: byId('exception'),
  listMessages: listFor(
    () => 'direction=in',
    () => 'direction=out',
    () => 'controlNumber=000000001',
  ),
  ...Object.fromEntries(
    ['getMessage', 'getMessageBytes', 'listMessageSets', 'replayMessage', 'releaseMessage', 'resendMessage'].map(name => [
      name,
      (ids => [{ params: { id: ids.message } }, { params: { id: ids.sent } }]) satisfies Probe,
    ]),
  ),
  ...Object.fromEntries(
    ['getMessageSet', 'getMessageSetBytes'].map(name => [
      name,
      (ids => [{ params: { id: ids.message, ordinal: '0' } }, { params: { id: ids.sent, ordinal: '0' } }]) satisfies Probe,
    ]),
  ),
  retryDeadJob: byId('job'),
  acknowledgeOutbox: ids => ({ params: { messageId: ids.sent } }),
  // Bytes that say they come from the farm: taken as the caller's own message, and quarantined.
  sendEdi: own(() => ({
    body: interchange({ from: world.identityOf('farm'), to: hub, control: 77 }, 'PR', []),
    headers: { 'content-type': 'application/edi-x12' },
  })),
  getImportColumns: own(() => ({ params: { kind: 'prices' } })),
  importRows: ids => [
    { params: { kind: 'locations' }, body: [{ organisation: ids.organisation, code: 'X', name: 'X', kind: 'store' }] },
    {
      params: { kind: 'prices' },
      query: 'dryRun=true',
      body: [{ buyer: ids.organisation, gtin: retailerFarm[0]!.gtin, price: '1', valid_from: '2026-01-01' }],
    },
  ],
  listGuides: listFor(
    ids => `partnershipId=${ids.partnership}`,
    () => 'set=855&state=active',
    ids => `cursor=${ids.guide}`,
  ),
  createGuide: ids => ({
    body: { partnershipId: ids.partnership, direction: 'in', set: '855', x12Version: '004010', overlay: { extends: '004010/855' } },
  }),
  ...Object.fromEntries(
    ['getGuide', 'deleteGuide', 'compareGuide', 'previewGuide', 'activateGuide', 'retireGuide'].map(name => [name, byId('guide')]),
  ),
  updateGuide: ids => ({ params: { id: ids.guide }, body: { name: 'x' }, headers: { 'if-match': '"1"' } }),
  setChannel: ids => ({
    params: { id: ids.partnership, document: '855' },
    body: { channel: 'portal' },
    headers: { 'if-match': '"1"' },
  }),
}

type Operations = { paths: Record<string, Record<string, { operationId: string }>> }
const operations = Object.entries((api.app.swagger() as unknown as Operations).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({ path, method: method.toUpperCase() as 'GET', operationId })),
)

t.test('every operation has a probe', async t => {
  for (const { operationId } of operations)
    t.ok(probes[operationId], `${operationId} is probed; add it to this test when it is new`)
})

const request = (
  who: OrganisationName,
  { path, method }: (typeof operations)[number],
  { params = {}, query, body, headers }: Call,
) => {
  const url = path.replace(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? `missing-${name}`)
  return api.call(who, `${method} ${url}${query ? `?${query}` : ''}` as 'GET /', {
    ...(body !== undefined && { payload: body as object }),
    ...(headers && { headers }),
  })
}

for (const who of attackers)
  t.test(`REST shows the ${who} nothing of others' trade`, async t => {
    for (const operation of operations) {
      const probe = probes[operation.operationId]
      if (!probe) continue
      const absent = phantom()
      const calls = [probe(foreign)].flat()
      const shadows = [probe(absent)].flat()
      for (const [index, call] of calls.entries()) {
        const answer = await request(who, operation, call)
        const body = normal(answer.body, foreign)
        const name = `${who}: ${operation.operationId} ${index}`
        t.same(
          secrets.filter(secret => body.includes(secret) && !JSON.stringify(call).includes(secret)),
          [],
          `${name}: nothing leaks: ${body.slice(0, 200)}`,
        )
        if (probe.own) continue
        const shadow = await request(who, operation, shadows[index]!)
        t.equal(answer.statusCode, shadow.statusCode, `${name}: the same status as for what does not exist`)
        t.equal(body, normal(shadow.body, absent), `${name}: the same answer`)
        if (call.params && answer.statusCode < 300 && operation.operationId !== 'importRows')
          t.match(JSON.parse(answer.body || '{}'), { items: [] }, `${name}: nothing is found`)
      }
    }
  })

/** All fields of a type that need no argument, so many objects deep. */
const selectionOf = (type: GraphQLObjectType, depth: number): string =>
  Object.values(type.getFields())
    .flatMap(field => {
      if (field.args.some(arg => isNonNullType(arg.type))) return []
      const inner = getNamedType(field.type)
      if (!isObjectType(inner)) return [field.name]
      return depth > 0 ? [`${field.name} { ${selectionOf(inner, depth - 1)} }`] : []
    })
    .join(' ') || '__typename'

const document = (root: string, field: GraphQLField<unknown, unknown>, args: string): string => {
  const type = getNamedType(field.type)
  const paged = field.args.some(arg => arg.name === 'limit') ? 'limit: 3' : ''
  const given = [args, paged].filter(Boolean).join(', ')
  return `${root} { ${field.name}${given && `(${given})`}${isObjectType(type) ? ` { ${selectionOf(type, type.name.endsWith('Page') ? 2 : 1)} }` : ''} }`
}

const one =
  (name: keyof Ids) =>
  (ids: Ids): string =>
    `id: "${ids[name]}"`
const fields: Record<string, ((ids: Ids) => string)[]> = {
  me: [() => ''],
  users: [() => ''],
  apiKeys: [() => ''],
  organisations: [() => ''],
  partnerships: [() => ''],
  items: [() => ''],
  outbox: [() => ''],
  deadJobs: [() => ''],
  organisation: [one('organisation')],
  partnership: [one('partnership')],
  order: [one('order')],
  shipment: [one('shipment')],
  receipt: [one('receipt')],
  invoice: [one('invoice')],
  forecast: [one('forecast')],
  exception: [one('exception')],
  message: [one('message'), one('sent')],
  locations: [() => '', ids => `organisationId: "${ids.organisation}"`],
  partnershipItems: [() => '', ids => `partnershipId: "${ids.partnership}"`],
  prices: [() => '', ids => `partnershipId: "${ids.partnership}"`],
  orders: [() => '', ids => `filter: { partnerId: "${ids.organisation}" }`, () => 'filter: { number: "SECRET-1" }'],
  shipments: [() => '', ids => `filter: { partnerId: "${ids.organisation}" }`],
  receipts: [() => '', ids => `filter: { partnerId: "${ids.organisation}" }`, ids => `filter: { shipmentId: "${ids.shipment}" }`],
  invoices: [() => '', ids => `filter: { partnerId: "${ids.organisation}" }`],
  forecasts: [() => '', ids => `filter: { partnershipId: "${ids.partnership}" }`],
  forecastComparison: [ids => `filter: { partnershipId: "${ids.partnership}" }`],
  forecastChanges: [ids => `fromId: "${ids.forecast}", toId: "${ids.laterForecast}"`],
  exceptions: [() => '', ids => `filter: { subjectId: "${ids.order}" }`],
  messages: [() => '', () => 'filter: { direction: in }'],
  messageSets: [ids => `messageId: "${ids.message}"`, ids => `messageId: "${ids.sent}"`],
  packingProposal: [ids => `orderIds: ["${ids.order}"]`],
  createOrder: [
    ids =>
      `input: { sellerId: "${ids.organisation}", number: "X", lines: [{ gtin: "${retailerFarm[0]!.gtin}", quantity: "1" }] }`,
  ],
  orderVersionDifferences: [ids => `id: "${ids.order}", from: 1`],
  orderAsOf: [ids => `id: "${ids.order}", at: "2099-01-01T00:00:00Z"`],
  changeOrder: [ids => `id: "${ids.order}", ifVersion: 1, input: { lines: [{ lineNumber: "1", quantity: "1" }] }`],
  answerOrderChange: [ids => `id: "${ids.order}", changeId: "${ids.change}", input: { acceptRest: true }`],
  releaseOrderChange: [ids => `id: "${ids.order}", changeId: "${ids.change}"`],
  answerOrder: [ids => `id: "${ids.order}", input: { acceptRest: true }`],
  amendShipment: [ids => `id: "${ids.shipment}", input: { estimatedDelivery: "2030-01-01" }`],
  cancelShipment: [one('shipment')],
  reserveSsccs: [], // gives each caller codes of its own prefix, others each time
  createShipment: [ids => `input: { orderIds: ["${ids.order}"] }`],
  createReceipt: [ids => `input: { shipmentId: "${ids.shipment}" }`, ids => `input: { orderId: "${ids.order}" }`],
  changeReceipt: [ids => `id: "${ids.receipt}", input: { lines: [{ lineNumber: "1", quantity: "1" }] }, ifVersion: 1`],
  cancelReceipt: [one('receipt')],
  receivingDifferences: [() => '', ids => `filter: { subjectId: "${ids.order}" }`],
  receivingDifference: [one('difference')],
  answerReceivingDifference: [ids => `id: "${ids.difference}", input: { action: agree }`],
  createInvoice: [
    ids => `input: { number: "X", shipmentId: "${ids.shipment}" }`,
    ids => `input: { number: "X", orderId: "${ids.order}" }`,
  ],
  publishForecast: [
    ids =>
      `input: { partnershipId: "${ids.partnership}", series: [{ gtin: "${retailerFarm[0]!.gtin}", points: [{ start: "2030-03-04", quantity: "1" }] }] }`,
  ],
  resolveException: [ids => `id: "${ids.exception}", input: { resolution: high }`],
  assignException: [ids => `id: "${ids.exception}", userId: "${ids.user}"`],
  guides: [() => '', ids => `filter: { partnershipId: "${ids.partnership}" }`],
  guide: [one('guide')],
  guideDifferences: [one('guide')],
  guidePreview: [one('guide')],
  createGuide: [
    ids =>
      `input: { partnershipId: "${ids.partnership}", direction: in, set: "855", x12Version: "004010", overlay: { extends: "004010/855" } }`,
  ],
  updateGuide: [ids => `id: "${ids.guide}", input: { name: "x" }`],
  deleteGuide: [one('guide')],
  activateGuide: [one('guide')],
  retireGuide: [one('guide')],
  setChannel: [ids => `partnershipId: "${ids.partnership}", document: "855", input: { channel: portal }`],
  replayMessage: [one('message'), one('sent')],
  releaseMessage: [one('message')],
  resendMessage: [one('sent')],
  acknowledgeOutbox: [one('sent')],
  retryDeadJob: [one('job')],
  orderEvents: [],
  documentEvents: [],
  exceptionEvents: [],
}

const roots = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
] as const

t.test('every field of GraphQL has a probe', async t => {
  for (const [, type] of roots)
    for (const name of Object.keys(type?.getFields() ?? {}))
      t.ok(fields[name], `${name} is probed; add it to this test when it is new`)
})

for (const who of attackers)
  t.test(`GraphQL shows the ${who} nothing of others' trade`, async t => {
    for (const [root, type] of roots)
      for (const field of Object.values(type?.getFields() ?? {}))
        for (const args of fields[field.name] ?? []) {
          const absent = phantom()
          const ask = async (ids: Ids) => {
            const query = document(root, field, args(ids))
            const response = await api.call(who, 'POST /graphql', { payload: { query } })
            return { query, status: response.statusCode, body: normal(response.body, ids) }
          }
          const answer = await ask(foreign)
          const shadow = await ask(absent)
          const name = `${who}: ${field.name}(${args(foreign)})`
          t.notMatch(answer.body, /query-too-complex|query-invalid|hub\/internal/, `${name} runs: ${answer.body.slice(0, 200)}`)
          t.same(
            secrets.filter(secret => answer.body.includes(secret) && !answer.query.includes(secret)),
            [],
            `${name}: nothing leaks`,
          )
          t.equal(answer.status, shadow.status, `${name}: the same status as for what does not exist`)
          t.same(JSON.parse(answer.body), JSON.parse(shadow.body), `${name}: the same answer`)
        }
  })

t.test('a competitor in the same interchange sees its own set, and nothing else of the file', async t => {
  const [carton] = world.items.retailerSupplier
  const { messageId } = await send(
    world.ctxOf('retailer'),
    interchange({ from: world.identityOf('retailer'), to: hub, control: 2 }, 'PO', [
      [
        '850',
        'BEG*00*SA*SECRET-2**20261120',
        'N1*VN*Meadow Farm*92*100234',
        `PO1*1*30*EA*3.1**UP*${retailerFarm[0]!.upc}`,
        'CTT*1',
      ],
      ['850', 'BEG*00*SA*S-2**20261120', 'REF*IA*300077', `PO1*1*50*EA*${carton!.price}**UP*${carton!.upc}`, 'CTT*1'],
    ]),
  )
  await workOff(api.db)
  const get = async (path: string) => await api.call('supplier', `GET /api/messages/${messageId}${path as ''}`)
  t.equal((await get('')).statusCode, 404)
  t.equal((await get('/bytes')).statusCode, 404)
  t.match((await get('/sets')).json().items, [{ ordinal: 1 }])
  t.equal((await get('/sets')).json().items.length, 1)
  t.equal((await get('/sets/0')).statusCode, 404)
  t.equal((await get('/sets/0/bytes')).statusCode, 404)
  t.match((await get('/sets/1/bytes')).body, /^ST\*850\*0002~[\s\S]*S-2[\s\S]*SE\*\d+\*0002~$/)
  t.notMatch((await get('/sets/1/bytes')).body + (await get('/sets/1')).body, /SECRET|Meadow|100234/)
})

t.test('subscriptions tell the competitor of its own orders only', async t => {
  const events = await createEventSource(api.db, world.ctxOf('supplier').log)
  t.teardown(() => events.close())
  const contextValue: GraphContext = {
    service: world.ctxOf('supplier'),
    events,
    idempotencyKey: undefined,
    requestId: 'test',
    loaders: new Map(),
  }
  const heard: string[] = []
  const streams = await Promise.all(
    ['orderEvents', 'documentEvents', 'exceptionEvents'].map(async name => {
      const stream = (await subscribe({
        schema,
        document: parse(`subscription { ${name} { type subjectId data } }`),
        contextValue,
      })) as AsyncGenerator<unknown>
      void (async () => {
        for await (const event of stream) heard.push(JSON.stringify(event))
      })()
      return stream
    }),
  )
  const place = (number: string, seller: 'farm' | 'supplier', gtin: string) =>
    api.call('retailer', 'POST /api/orders', {
      payload: { sellerId: world.id[seller], number, lines: [{ gtin, quantity: '10' }] },
    })
  let number = 0
  await until(async () => {
    number += 1
    const secret = (await place(`SECRET-L${number}`, 'farm', retailerFarm[0]!.gtin)).json()
    secrets.push(secret.id)
    await place(`L${number}`, 'supplier', world.items.retailerSupplier[0]!.gtin)
    return heard.some(event => event.includes('order.received'))
  })
  t.same(
    secrets.filter(secret => heard.join().includes(secret)),
    [],
  )
  await Promise.all(streams.map(stream => stream.return(undefined)))
})
