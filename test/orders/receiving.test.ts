import t from 'tap'
import { createOrder, getOrder, listOrders, ordersByIds, receiveOrders } from '../../src/orders/service.ts'
import { createShipment } from '../../src/shipments/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { countStatements, orderDocument, receivedFrom } from './documents.ts'

t.test('orders as they arrive', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const { ctx, received } = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const items = world.items.retailerManufacturer

  t.test('a batch becomes orders that both sides see, and work for the seller', async t => {
    const documents = [orderDocument(items), orderDocument(items.slice(0, 1), { freightTerms: 'CC' })]
    const applied = await receiveOrders(ctx, documents.map(received))
    t.match(applied, [
      { outcome: 'applied', documentKind: 'order', problems: [] },
      { outcome: 'applied', problems: [] },
    ])
    const id = applied[0]?.documentId ?? ''
    const order = await getOrder(world.ctxOf('manufacturer'), id)
    t.match(order, {
      id,
      number: documents[0]?.number,
      state: 'open',
      version: 1,
      buyerName: 'Northgate Stores',
      sellerName: 'Brightwell Foods',
      shipTo: 'DC01',
      shipNotBefore: '2026-03-09',
      shipNoLater: '2026-03-12',
      totalAmount: '925',
      lineCount: 3,
      channel: 'x12',
      references: [{ qualifier: 'DP', value: '0047' }],
      lines: [
        {
          position: 1,
          lineNumber: '1',
          gtin: items[0]?.gtin,
          buyerItem: items[0]?.buyerItem,
          sellerItem: items[0]?.sellerItem,
          description: 'Oat biscuits 400 g',
          quantityOrdered: '100',
          quantityOpen: '100',
          quantityShipped: '0',
          response: 'open',
          status: 'open',
          price: '2.5',
        },
        { position: 2 },
        { position: 3 },
      ],
      responses: [],
      shipments: [],
      invoices: [],
      deliveries: [],
      exceptions: [],
    })
    t.equal(Date.parse(order.respondBy) - Date.parse(order.createdAt), 24 * 3_600_000)
    const work = await owner`select kind, key, payload from outbox where key like ${`% ${id}`}`
    t.strictSame(
      [...work].map(row => ({ ...row })),
      [
        {
          kind: 'deliver',
          key: `${world.partnership.retailerManufacturer} ${id}`,
          payload: { document: '850', documentId: id, recipientId: world.id.manufacturer },
        },
      ],
    )
    t.match(await owner`select type, organisation_id, counterpart_id from event where subject_id = ${id}`, [
      { type: 'order.received', organisation_id: world.id.retailer, counterpart_id: world.id.manufacturer },
    ])
  })

  t.test('a seller in the portal gets no X12', async t => {
    const farm = await receivedFrom(world, 'retailer', 'retailerFarm')
    const [applied] = await receiveOrders(farm.ctx, [farm.received(orderDocument(world.items.retailerFarm))])
    t.equal((await owner`select 1 from outbox where payload ->> 'documentId' = ${applied?.documentId ?? ''}`).length, 0)
  })

  t.test('a hundred orders in one batch are a handful of statements', async t => {
    const documents = Array.from({ length: 100 }, () => orderDocument(items))
    const { result: applied, statements } = await countStatements(ctx, counted => receiveOrders(counted, documents.map(received)))
    t.ok(statements <= 8, `${statements} statements`)
    t.equal(new Set(applied.map(one => one.documentId)).size, 100)
    t.ok(applied.every(one => one.outcome === 'applied'))
    t.match(
      await ordersByIds(
        ctx,
        applied.map(one => one.documentId ?? ''),
      ),
      documents.map(document => ({ number: document.number, lineCount: 3 })),
    )
  })

  t.test('the same again is a duplicate, another content a conflict, and nothing is overwritten', async t => {
    const document = orderDocument(items)
    const [first] = await receiveOrders(ctx, [received(document)])
    const sentAgain = {
      ...document,
      purpose: '07',
      references: document.references.map(one => ({ ...one, at: 9 })),
      lines: document.lines.map(line => ({ ...line, quantity: '100.00' })),
    }
    const differs = { ...document, lines: document.lines.map(line => ({ ...line, quantity: '90' })) }
    const applied = await receiveOrders(ctx, [received(sentAgain), received(differs), received({ ...document, release: '2' })])
    t.match(applied, [
      { outcome: 'duplicate', documentId: first?.documentId, problems: [] },
      { outcome: 'conflict', documentId: first?.documentId, problems: [{ code: 'orders/duplicate-differs' }] },
      { outcome: 'applied' },
    ])
    t.match(await getOrder(ctx, first?.documentId ?? ''), { version: 1, lines: [{ quantityOrdered: '100' }, {}, {}] })
  })

  t.test('twice in one batch is one order', async t => {
    const document = orderDocument(items)
    t.match(
      (await receiveOrders(ctx, [received(document), received(document)])).map(one => one.outcome),
      ['applied', 'duplicate'],
    )
  })

  t.test('what is odd is recorded and said', async t => {
    const document = orderDocument(items)
    const [line, ...rest] = document.lines
    const [applied] = await receiveOrders(ctx, [
      received({
        ...document,
        dates: [
          { qualifier: '037', date: '2026-03-20' },
          { qualifier: '038', date: '2026-03-12' },
        ],
        lines: [
          { ...line!, price: '2.6' },
          { ...rest[0]!, products: [{ qualifier: 'UP', value: '999999999993' }] },
          { ...rest[1]!, lineNumber: '1' },
        ],
      }),
    ])
    t.match(applied, { outcome: 'applied' })
    t.match(applied?.problems, [
      { code: 'orders/line-number-repeated', at: 10 },
      { code: 'orders/dates-out-of-order' },
      { code: 'orders/price-differs', at: 8 },
      { code: 'items/unknown-item', at: 9 },
    ])
    t.match((await getOrder(ctx, applied?.documentId ?? '')).lines[1], { partnershipItemId: null, gtin: '00999999999993' })
  })

  t.test('replaced and cancelled while nothing has shipped', async t => {
    const document = orderDocument(items)
    const [first] = await receiveOrders(ctx, [received(document)])
    const id = first?.documentId ?? ''
    const replacement = {
      ...document,
      purpose: '05',
      lines: document.lines.slice(0, 2).map(line => ({ ...line, quantity: '40' })),
    }
    t.match(await receiveOrders(ctx, [received(replacement)]), [{ outcome: 'applied', documentId: id }])
    t.match(await getOrder(ctx, id), {
      version: 2,
      state: 'open',
      lineCount: 2,
      totalAmount: '172',
      lines: [{ quantityOrdered: '40' }, { quantityOrdered: '40' }],
    })
    t.match(await receiveOrders(ctx, [received(document)]), [{ outcome: 'duplicate' }], 'a late copy of the first version')
    t.match(await receiveOrders(ctx, [received({ ...document, purpose: '01', lines: [] })]), [
      { outcome: 'applied', documentId: id },
    ])
    t.match(await getOrder(ctx, id), {
      version: 3,
      state: 'cancelled',
      lines: [{ quantityCancelled: '40', quantityOpen: '0', status: 'cancelled' }, {}],
    })
    t.match(await receiveOrders(ctx, [received({ ...document, purpose: '01' }), received(replacement)]), [
      { outcome: 'duplicate' },
      { outcome: 'conflict', problems: [{ code: 'orders/already-cancelled' }] },
    ])
    t.match(await owner`select version, replaced_by from order_version where order_id = ${id} order by version`, [
      { version: 1, replaced_by: 'replacement' },
      { version: 2, replaced_by: 'cancellation' },
    ])
    t.match(await owner`select payload from outbox where kind = 'deliver' and payload ->> 'documentId' = ${id} order by id`, [
      { payload: {} },
      { payload: { revision: 2 } },
      { payload: { revision: 3 } },
    ])
  })

  t.test('not after something has shipped; and not an order that is not here', async t => {
    const document = orderDocument(items)
    const [first] = await receiveOrders(ctx, [received(document)])
    await createShipment(world.ctxOf('manufacturer'), {
      orderIds: [first?.documentId ?? ''],
      lines: [{ lineNumber: '1', quantity: '10' }],
    })
    const applied = await receiveOrders(ctx, [
      received({ ...document, purpose: '01' }),
      received({ ...document, purpose: '05', lines: document.lines.slice(1) }),
      received(orderDocument(items, { purpose: '01' })),
      received(orderDocument(items, { purpose: '05' })),
      received(orderDocument(items, { purpose: '22' })),
    ])
    t.match(applied, [
      { outcome: 'conflict', problems: [{ code: 'orders/already-shipped' }] },
      { outcome: 'conflict', problems: [{ code: 'orders/already-shipped' }] },
      { outcome: 'parked', problems: [{ code: 'orders/unknown-order' }] },
      { outcome: 'applied', problems: [{ code: 'orders/replaces-unknown-order' }] },
      { outcome: 'conflict', problems: [{ code: 'orders/unknown-purpose' }] },
    ])
  })

  t.test('the order of a batch holds: placed, then cancelled', async t => {
    const document = orderDocument(items)
    const applied = await receiveOrders(ctx, [received(document), received({ ...document, purpose: '01' })])
    t.match(
      applied.map(one => one.outcome),
      ['applied', 'applied'],
    )
    t.match(await getOrder(ctx, applied[0]?.documentId ?? ''), { state: 'cancelled' })
  })
})

t.test('orders as they are entered and listed', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const items = world.items.retailerFarm
  const input = {
    sellerId: world.id.farm,
    number: 'PO-1',
    shipNoLater: '2026-03-12',
    lines: [
      { gtin: items[0]!.upc, quantity: '30' },
      { buyerItem: items[1]!.buyerItem, quantity: '12', price: '6.4' },
    ],
  }

  t.test('by the buyer, with items that are known', async t => {
    const order = await createOrder(world.ctxOf('retailer', 'order_manager'), input)
    t.match(order, { number: 'PO-1', state: 'open', channel: 'portal', totalAmount: '76.8', lineCount: 2 })
    t.match((await getOrder(world.ctxOf('farm'), order.id)).lines, [
      { description: 'Free-range eggs 12', unit: 'EA', price: null },
      { gtin: items[1]?.gtin },
    ])
    await t.rejects(createOrder(world.ctxOf('retailer'), input), { code: 'record/conflict' })
    await t.rejects(
      createOrder(world.ctxOf('retailer'), { ...input, number: 'PO-2', lines: [{ gtin: '00999999999993', quantity: '1' }] }),
      { code: 'items/unknown-item', params: { line: '1' } },
    )
    await t.rejects(createOrder(world.ctxOf('retailer'), { ...input, number: 'PO-2', sellerId: world.id.stranger }), {
      code: 'partners/not-a-partner',
    })
    await t.rejects(createOrder(world.ctxOf('retailer', 'viewer'), input), { code: 'identity/forbidden' })
    await t.rejects(createOrder(world.ctxOf('retailer'), { ...input, number: 'PO-2', lines: [{ quantity: '1' }] }), {
      code: 'request/invalid',
    })
    t.equal((await listOrders(world.ctxOf('retailer'))).items.length, 1, 'refused orders leave nothing')
  })

  t.test('listed by page and filter, each side its own', async t => {
    const retailer = world.ctxOf('retailer')
    for (let n = 2; n <= 6; n++) await createOrder(retailer, { ...input, number: `PO-${n}` })
    await createOrder(world.ctxOf('manufacturer'), { ...input, number: 'PO-9', lines: [{ gtin: items[0]!.upc, quantity: '5' }] })
    const first = await listOrders(world.ctxOf('farm'), { limit: 4 })
    t.match(
      first.items.map(one => one.number),
      ['PO-9', 'PO-6', 'PO-5', 'PO-4'],
    )
    const second = await listOrders(world.ctxOf('farm'), { limit: 4, cursor: first.nextCursor ?? '' })
    t.match(second, { items: [{ number: 'PO-3' }, { number: 'PO-2' }, { number: 'PO-1' }], nextCursor: null })
    t.match((await listOrders(retailer, { number: 'PO-3' })).items, [{ number: 'PO-3' }])
    t.equal((await listOrders(retailer, { number: 'PO-9' })).items.length, 0)
    t.equal((await listOrders(retailer, { role: 'seller' })).items.length, 0)
    t.equal(
      (await listOrders(world.ctxOf('farm'), { role: 'seller', needsAnswer: true, partnerId: world.id.manufacturer })).items
        .length,
      1,
    )
    t.equal((await listOrders(retailer, { state: 'accepted' })).items.length, 0)
    t.equal((await listOrders(retailer, { since: new Date(Date.now() + 60_000).toISOString() })).items.length, 0)
    t.equal((await listOrders(world.ctxOf('stranger'))).items.length, 0)
  })
})
