import t from 'tap'
import { asSystem, withOrganisation } from '../../src/db/client.ts'
import type { Context } from '../../src/db/context.ts'
import type { OrderAcknowledgementDocument, PurchaseOrderDocument, ShipNoticeDocument } from '../../src/documents/canonical.ts'
import { listExceptions, resolveException } from '../../src/exceptions/service.ts'
import type { ExceptionFilter } from '../../src/exceptions/schema.ts'
import { publishForecast } from '../../src/forecasts/service.ts'
import { answerOrder, createOrder, receiveAcknowledgements, receiveOrders } from '../../src/orders/service.ts'
import { getPartnership } from '../../src/partners/service.ts'
import {
  reconcileAcknowledgements,
  reconcileControlNumbers,
  reconcileForecast,
  reconcileOrder,
  reconcileOrders,
  sweepOrganisation,
} from '../../src/reconciliation/service.ts'
import { newId } from '../../src/shared/ids.ts'
import { receiveShipments } from '../../src/shipments/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const at = (ctx: Context, instant: string): Context => ({ ...ctx, now: () => new Date(instant) })
const retailer = at(world.ctxOf('retailer'), '2026-03-02T09:00:00Z')
const supplier = at(world.ctxOf('supplier'), '2026-03-02T15:00:00Z')
const partnershipId = world.partnership.retailerSupplier
const partnership = await getPartnership(retailer, partnershipId)
const [carton, wrap] = world.items.retailerSupplier as [
  (typeof world.items.retailerSupplier)[0],
  (typeof world.items.retailerSupplier)[0],
]

let messages = 0
const received = <D>(document: D) => ({
  document,
  partnership,
  channel: 'x12' as const,
  source: { messageId: `msg_in_${++messages}`, ordinal: 3 },
})
const order850 = (number: string): PurchaseOrderDocument => ({
  number,
  purpose: '00',
  type: 'SA',
  orderDate: '2026-03-02',
  references: [],
  parties: [],
  at: 2,
  dates: [
    { qualifier: '037', date: '2026-03-09', at: 4 },
    { qualifier: '038', date: '2026-03-12', at: 5 },
  ],
  lines: [
    { lineNumber: '1', quantity: '100', unit: 'EA', price: '0.42', products: [{ qualifier: 'UP', value: carton.upc }], at: 8 },
    {
      lineNumber: '2',
      quantity: '10',
      unit: 'EA',
      price: '7.20',
      products: [{ qualifier: 'IN', value: wrap.buyerItem }],
      at: 10,
    },
  ],
})
const ack855 = (
  orderNumber: string,
  first: OrderAcknowledgementDocument['lines'][number]['acknowledgements'],
  price = '0.42',
): OrderAcknowledgementDocument => ({
  purpose: '00',
  type: 'AC',
  orderNumber,
  orderDate: '2026-03-02',
  references: [],
  parties: [],
  dates: [],
  at: 2,
  lines: [
    {
      lineNumber: '1',
      quantity: '100',
      unit: 'EA',
      price,
      products: [{ qualifier: 'UP', value: carton.upc }],
      at: 5,
      acknowledgements: first.map((ack, i) => ({ ...ack, at: 6 + i })),
    },
    {
      lineNumber: '2',
      quantity: '10',
      unit: 'EA',
      price: '7.20',
      products: [],
      at: 9,
      acknowledgements: [{ code: 'IA', quantity: '10', at: 10 }],
    },
  ],
})
const notice856 = (
  number: string,
  lines: readonly [order: string, line: string | undefined, quantity: string][],
  shipped = '2026-03-10',
): ShipNoticeDocument => ({
  number,
  purpose: '00',
  date: shipped,
  time: '0900',
  structure: '0004',
  references: [],
  parties: [],
  dates: [{ qualifier: '011', date: shipped, at: 5 }],
  packages: [],
  orders: [...new Set(lines.map(([order]) => order))].map(order => ({ number: order, references: [], parties: [] })),
  at: 2,
  lines: lines.map(([orderNumber, lineNumber, quantity], i) => ({
    orderNumber,
    ...(lineNumber !== undefined && { lineNumber }),
    quantity,
    unit: 'EA',
    products: lineNumber === undefined ? [{ qualifier: 'UP', value: '099999999991' }] : [],
    at: 20 + i,
    itemAt: 19 + i,
  })),
})
const place = async (number: string) => (await receiveOrders(retailer, [received(order850(number))]))[0]!.documentId!
const open = async (filter: ExceptionFilter, ctx = retailer) => (await listExceptions(ctx, { ...filter, open: true })).items
const codes = async (filter: ExceptionFilter, ctx = retailer) => (await open(filter, ctx)).map(item => item.code).sort()

t.test('R4 on what was sent: opened with its evidence, mended, closed', async t => {
  const orderId = await place('4501')
  t.match(await reconcileOrder(supplier, orderId), { found: 0 }, 'unanswered is not a disagreement')
  const short = received(ack855('4501', [{ code: 'IQ', quantity: '80' }], '0.45'))
  await receiveAcknowledgements(supplier, [short])
  t.match(await reconcileOrder(retailer, orderId), { found: 2, opened: 2 })
  t.same(await codes({ subjectId: orderId }, supplier), ['R4_PRICE', 'R4_QUANTITY'])
  const [quantity] = await open({ subjectId: orderId, code: 'R4_QUANTITY' })
  t.match(quantity, {
    organisationId: world.id.retailer,
    counterpartId: world.id.supplier,
    partnershipId,
    moneyAtRisk: '8.40',
    currency: 'USD',
    summary: 'Order 4501 line 1: ordered 100 EA, only 80 EA confirmed (IQ), 20 EA short.',
    evidence: [
      {
        side: 'buyer',
        documentKind: 'order',
        documentId: orderId,
        set: 3,
        segment: 'PO1',
        position: 8,
        element: 2,
        value: '100',
      },
      {
        side: 'seller',
        documentKind: 'order_response',
        messageId: short.source.messageId,
        set: 3,
        segment: 'ACK',
        position: 6,
        element: 2,
        value: '80',
      },
    ],
  })
  const before = await open({ subjectId: orderId })
  t.match(await reconcileOrder(supplier, orderId), { found: 2, opened: 0, closed: 0 }, 'a rerun changes nothing')
  t.same(
    (await open({ subjectId: orderId })).map(({ lastSeenAt: _, ...rest }) => rest),
    before.map(({ lastSeenAt: _, ...rest }) => rest),
  )

  await receiveAcknowledgements(supplier, [received(ack855('4501', [{ code: 'IA', quantity: '100' }]))])
  t.match(await reconcileOrder(retailer, orderId), { found: 0, closed: 2 })
  t.same(await codes({ subjectId: orderId }), [])
})

t.test('R4 on what was entered points at the field', async t => {
  const { id } = await createOrder(retailer, {
    sellerId: world.id.supplier,
    number: '4502',
    lines: [
      { gtin: carton.gtin, quantity: '100', price: '0.42' },
      { gtin: wrap.gtin, quantity: '5', price: '7.2' },
    ],
  })
  await answerOrder(supplier, id, { lines: [{ lineNumber: '1', action: 'change', quantity: '60' }] })
  await reconcileOrder(supplier, id)
  t.same(await codes({ subjectId: id }), ['R4_MISSING_LINE', 'R4_QUANTITY'])
  const [quantity] = await open({ subjectId: id, code: 'R4_QUANTITY' })
  t.match(quantity?.evidence, [
    { side: 'buyer', field: 'lines[0].quantity', value: '100' },
    { side: 'seller', field: 'lines[0].acknowledgements[0].quantity', value: '60' },
  ])
  await answerOrder(supplier, id, { acceptRest: true })
  await reconcileOrder(supplier, id)
  t.same(await codes({ subjectId: id }), ['R4_QUANTITY'])
})

t.test('R6 on what was shipped', async t => {
  const orderId = await place('4503')
  await receiveAcknowledgements(supplier, [received({ ...ack855('4503', []), type: 'AK', lines: [] })])
  const notice = received(
    notice856(
      'ASN1',
      [
        ['4503', '1', '60'],
        ['4503', '2', '12'],
        ['4503', undefined, '1'],
        ['NONE', '1', '4'],
      ],
      '2026-03-14',
    ),
  )
  const [shipment] = await receiveShipments(supplier, [notice])
  await reconcileOrder(at(retailer, '2026-03-11T00:00:00Z'), orderId)
  t.same(await codes({ subjectId: orderId }), ['R6_OVER', 'R6_SHIP_WINDOW', 'R6_UNKNOWN_ITEM'])
  t.same(await codes({ subjectId: shipment!.documentId! }), ['R6_UNKNOWN_ORDER'])
  const [over] = await open({ subjectId: orderId, code: 'R6_OVER' })
  t.match(over, {
    summary: 'Order 4503 line 2: 10 EA ordered, 12 shipped, 2 over (20 %).',
    moneyAtRisk: '14.40',
    evidence: [
      { side: 'buyer', segment: 'PO1', position: 10 },
      { side: 'seller', messageId: notice.source.messageId, segment: 'SN1', element: 2, position: 21, value: '12' },
    ],
  })

  await reconcileOrder(at(retailer, '2026-03-13T00:00:00Z'), orderId)
  t.ok((await codes({ subjectId: orderId })).includes('R6_SHORT'), 'the window is over')
  await receiveShipments(supplier, [received(notice856('ASN2', [['4503', '1', '40']], '2026-03-12'))])
  await reconcileOrder(at(supplier, '2026-03-13T00:00:00Z'), orderId)
  t.notOk((await codes({ subjectId: orderId })).includes('R6_SHORT'))

  await receiveShipments(supplier, [received({ ...notice856('ASN1', []), purpose: '01' })])
  await reconcileOrder(at(supplier, '2026-03-11T00:00:00Z'), orderId)
  t.same(await codes({ subjectId: orderId }), [], 'the shipment was taken back')
  t.same(await codes({ subjectId: shipment!.documentId! }), [])
})

t.test('tolerances of the partnership and the item', async t => {
  const orderId = await place('4504')
  await receiveAcknowledgements(supplier, [received(ack855('4504', [{ code: 'IA', quantity: '100' }], '0.44'))])
  await reconcileOrder(retailer, orderId)
  t.same(await codes({ subjectId: orderId }), ['R4_PRICE'])
  await withOrganisation(
    retailer,
    tx => tx.sql`
    insert into reconciliation_policy (id, rule, partnership_id, buyer_id, seller_id, partnership_item_id, settings, valid_from)
    values (${newId('pol')}, 'R4', ${partnershipId}, ${world.id.retailer}, ${world.id.supplier}, ${carton.partnershipItemId}, ${'{"price": {"percent": "10"}}'}::jsonb, '2026-03-01')`,
  )
  t.match(await reconcileOrder(supplier, orderId), { closed: 1 }, 'the seller reconciles by the same tolerance')
  t.same(await codes({ subjectId: orderId }), [])
  await owner`delete from reconciliation_policy`
})

t.test('R14: one finding a cell, closed when the numbers meet', async t => {
  const week = (quantities: readonly string[], type = 'TOTAL' as const) => ({
    partnershipId,
    type,
    series: [
      {
        gtin: carton.gtin,
        location: 'DC01',
        points: quantities.map((quantity, i) => ({ start: `2026-03-${String(2 + 7 * i).padStart(2, '0')}`, quantity })),
      },
    ],
  })
  const day = '2026-03-10T08:00:00Z'
  await publishForecast(at(retailer, day), week(['500', '1000', '1000', '1000']))
  t.match(await reconcileForecast(at(retailer, day), { partnershipId }), { found: 0 }, 'one side alone')
  const sellers = await publishForecast(at(supplier, day), week(['900', '1100', '1300', '40']))
  t.match(
    await reconcileForecast(at(supplier, day), { partnershipId, forecastId: sellers.id }),
    { found: 2, opened: 2 },
    'the week that is over is not compared',
  )
  const found = await open({ rule: 'R14' })
  t.same(
    found
      .map(item => [
        item.code,
        item.subjectId,
        item.compared.expected,
        item.compared.actual,
        item.compared.percent,
        item.moneyAtRisk,
      ])
      .sort(),
    [
      ['FC_DIFF', sellers.id, '1000', '1300', '23.08', '126.00'],
      ['FC_DIFF', sellers.id, '1000', '40', '96', '403.20'],
    ],
  )
  t.match(await reconcileForecast(at(retailer, day), { partnershipId }), { found: 2, opened: 0, closed: 0 })
  await publishForecast(at(retailer, day), week(['500', '1000', '1250']))
  t.match(await reconcileForecast(at(retailer, day), { partnershipId }), { found: 1, opened: 0, closed: 1 })
  t.match(
    await reconcileForecast(at(retailer, '2026-04-10T08:00:00Z'), { partnershipId }),
    { found: 0, closed: 1 },
    'its week is over',
  )
})

const sendGroup = async (state: string, sentAt: string, counterpart = world.id.supplier, document = newId('rsp')) => {
  const id = newId('msg')
  await asSystem(db, async tx => {
    await tx.sql`insert into message (id, organisation_id, counterpart_id, direction, transport, content_type, actor) values (${id}, ${world.id.retailer}, ${counterpart}, 'out', 'http', 'x12', 'hub')`
    await tx.sql`insert into functional_group (message_id, ordinal, interchange, organisation_id, counterpart_id, direction, functional_id, sender_code, receiver_code, control_number, version,
      acknowledgement_state, sent_at) values (${id}, 0, 0, ${world.id.retailer}, ${counterpart}, 'out', 'PR', 'S', 'R', '7', '004010', ${state}, ${sentAt}::timestamptz)`
    await tx.sql`insert into message_set (message_id, ordinal, group_ordinal, organisation_id, counterpart_id, partnership_id, set_id, control_number, start_offset, end_offset,
      segment_count, outcome, state, document_kind, document_id)
      values (${id}, 0, 0, ${world.id.retailer}, ${counterpart}, ${partnershipId}, '855', '0001', 0, 1, 1, 'A', 'applied', 'order_response', ${document})`
    await tx.sql`insert into delivery (id, organisation_id, counterpart_id, partnership_id, document, document_id, channel, state, message_id)
      values (${newId('dlv')}, ${world.id.retailer}, ${counterpart}, ${partnershipId}, '855', ${document}, 'x12', 'sent', ${id})
      on conflict (partnership_id, organisation_id, document, document_id, revision) do update set message_id = excluded.message_id`
  })
  return id
}

t.test('R1: overdue and rejected 997s', async t => {
  const now = at(retailer, '2026-03-10T12:00:00Z')
  const overdue = await sendGroup('pending', '2026-03-09T10:00:00Z')
  const slow = await sendGroup('pending', '2026-03-10T07:00:00Z')
  const document = newId('rsp')
  const rejected = await sendGroup('rejected', '2026-03-10T11:00:00Z', world.id.supplier, document)
  await sendGroup('pending', '2026-03-10T11:00:00Z')
  t.match(await reconcileAcknowledgements(now), { found: 3, opened: 3 })
  t.same(
    (await open({ rule: 'R1' }, supplier)).map(item => [item.subjectId, item.code, item.severity]).sort(),
    [
      [overdue, 'R1_OVERDUE', 'error'],
      [slow, 'R1_OVERDUE', 'warning'],
      [rejected, 'R1_REJECTED', 'critical'],
    ].sort(),
    'the one whose document it is sees it too',
  )
  t.match(await reconcileAcknowledgements(at(retailer, '2026-03-10T12:05:00Z')), { found: 3, opened: 0 })
  t.ok((await open({ rule: 'R1' })).every(item => item.version === 1))

  t.match(await reconcileAcknowledgements(now, { warnAfterHours: 6 }), { found: 2, closed: 1 }, 'as the hub is configured')
  await reconcileAcknowledgements(now)
  await sendGroup('pending', '2026-03-10T11:30:00Z', world.id.supplier, document)
  await owner`update functional_group set acknowledgement_state = 'accepted' where message_id = ${overdue}`
  t.match(await reconcileAcknowledgements(now), { found: 1, closed: 2 }, 'acknowledged after all; sent again under a new number')
  t.match(
    await reconcileAcknowledgements(at(world.ctxOf('supplier'), '2026-03-10T12:00:00Z')),
    { found: 0, closed: 0 },
    'the other side owes nothing',
  )
})

t.test('R2: a conflict until it is released, and gaps where they are watched', async t => {
  const now = at(retailer, '2026-03-10T12:00:00Z')
  const key = (controlNumber: string, messageId: string, seenAt: string) =>
    asSystem(
      db,
      tx => tx.sql`
    insert into interchange_key (organisation_id, sender, receiver, control_number, test, sha256, message_id, interchange, seen_at)
    values (${world.id.retailer}, 'ZZ:NORTHGATE', 'ZZ:ACCORDHUB', ${controlNumber}, false, '\\x00', ${messageId}, 0, ${seenAt}::timestamptz)`,
    )
  const first = newId('msg')
  const second = newId('msg')
  await key('000000041', first, '2026-03-09T12:00:00Z')
  await key('000000044', newId('msg'), '2026-03-10T08:00:00Z')
  const summary = {
    interchanges: [
      { sender: 'ZZ:NORTHGATE', receiver: 'ZZ:ACCORDHUB', controlNumber: '000000041', test: false, state: 'conflict' },
    ],
  }
  await asSystem(
    db,
    tx => tx.sql`
    insert into message (id, organisation_id, direction, transport, content_type, actor, processing_state, error_code, received_at, summary)
    values (${second}, ${world.id.retailer}, 'in', 'http', 'x12', 'key', 'quarantined', 'exchange/control-number-conflict', '2026-03-10T09:00:00Z', ${JSON.stringify(summary)}::text::jsonb)`,
  )
  t.match(await reconcileControlNumbers(now), { found: 1, opened: 1 })
  t.match(await open({ rule: 'R2' }), [
    {
      code: 'R2_CONFLICT',
      subjectId: second,
      counterpartId: null,
      evidence: [{ messageId: first, segment: 'ISA', element: 13 }, { messageId: second }],
    },
  ])
  t.same(await open({ rule: 'R2' }, supplier), [])

  await withOrganisation(
    retailer,
    tx => tx.sql`
    insert into reconciliation_policy (id, rule, buyer_id, settings, valid_from) values (${newId('pol')}, 'R2', ${world.id.retailer}, ${'{"gapWatch": true}'}::jsonb, '2026-01-01')`,
  )
  t.match(await reconcileControlNumbers(now), { found: 2, opened: 1 })
  t.match(await open({ code: 'R2_GAP' }), [
    { compared: { actual: '2' }, summary: /2 interchanges between 000000041 and 000000044/ },
  ])
  await key('000000042', newId('msg'), '2026-03-10T08:00:00Z')
  await key('000000043', newId('msg'), '2026-03-10T08:00:00Z')
  await owner`update message set summary = '{}', error_code = null where id = ${second}`
  t.match(await reconcileControlNumbers(now), { found: 0, closed: 2 })
})

t.test('several orders at once are as many statements as one', async t => {
  const numbers = Array.from({ length: 5 }, (_, i) => `46${i}0`)
  await receiveOrders(
    retailer,
    numbers.map(number => received(order850(number))),
  )
  await receiveAcknowledgements(
    supplier,
    numbers.map(number => received(ack855(number, [{ code: 'IQ', quantity: '80' }]))),
  )
  const ids = (
    await owner<{ id: string }[]>`select id from purchase_order where number = any(${numbers}::text[]) order by number`
  ).map(row => row.id)
  const count = async (orderIds: readonly string[]) =>
    withOrganisation(retailer, async tx => {
      let statements = 0
      const counting = new Proxy(tx.sql, {
        // A query is sent when it is awaited; a fragment of another never is.
        apply: (target, self, args) => {
          const query = Reflect.apply(target, self, args) as Promise<unknown>
          const send = query.then.bind(query)
          Reflect.set(query, 'then', (...handlers: Parameters<typeof send>) => {
            statements += 1
            return send(...handlers)
          })
          return query
        },
      })
      await reconcileOrders({ ...retailer, db: { ...tx, sql: counting, drizzle: tx.drizzle } }, orderIds)
      return statements
    })
  await reconcileOrders(retailer, ids)
  t.equal(await count(ids.slice(0, 1)), 8)
  t.equal(await count(ids), 8)
})

t.test('the sweep finds all of it again, and nothing twice', async t => {
  const now = at(retailer, '2026-03-10T12:00:00Z')
  await sweepOrganisation(now)
  const rows = () => owner`select id, key, state, version, compared, evidence from exception order by id`
  const before = await rows()
  t.match(await sweepOrganisation(at(retailer, '2026-03-10T12:30:00Z')), { opened: 0, closed: 0 })
  t.same(await rows(), before)
  const [first] = await open({ rule: 'R4' })
  await resolveException(retailer, first!.id, 'sellers_value')
  t.match(await sweepOrganisation(now), { opened: 0 })
})

t.test('concurrent runs on one order end as one', async t => {
  const orderId = await place('4701')
  await receiveAcknowledgements(supplier, [received(ack855('4701', [{ code: 'IQ', quantity: '80' }]))])
  const runs = await Promise.all(Array.from({ length: 6 }, (_, i) => reconcileOrder(i % 2 ? retailer : supplier, orderId)))
  t.equal(
    runs.reduce((sum, run) => sum + run.opened, 0),
    1,
  )
  t.equal((await open({ subjectId: orderId })).length, 1)
})

t.test('others neither see nor close anything', async t => {
  const before = await owner`select id, state from exception order by id`
  for (const name of ['manufacturer', 'farm', 'stranger'] as const) {
    const ctx = at(world.ctxOf(name), '2027-03-10T12:00:00Z')
    t.same(
      (await listExceptions(ctx)).items.filter(item => item.partnershipId === partnershipId),
      [],
    )
    const ids = (await owner<{ id: string }[]>`select id from purchase_order`).map(row => row.id)
    t.match(await reconcileOrders(ctx, ids), { found: 0, closed: 0 })
    t.match(await reconcileForecast(ctx, { partnershipId }), { found: 0, closed: 0 })
    t.match(await sweepOrganisation(ctx), { opened: 0, closed: 0 })
  }
  t.same(await owner`select id, state from exception order by id`, before)
})
