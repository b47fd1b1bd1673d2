import t from 'tap'
import { testApi } from '../helpers/api.ts'

const api = await testApi(t)
const { world } = api
const [biscuits, crackers] = world.items.retailerManufacturer

const order = (number: string) => ({
  sellerId: world.id.manufacturer,
  number,
  shipNoLater: '2030-03-10',
  lines: [
    { gtin: biscuits!.gtin, quantity: '120', price: '2.5' },
    { buyerItem: crackers!.buyerItem, quantity: '48', price: '1.8' },
  ],
})

t.test('an order is placed, answered, shipped and invoiced by REST', async t => {
  const placed = await api.call('retailer/order_manager', 'POST /api/orders', { payload: order('4500000001') })
  t.match(placed, { statusCode: 201 })
  t.match(placed.headers.etag, /^"\d+"$/)
  const { id } = placed.json()

  const seen = await api.call('manufacturer', `GET /api/orders/${id}`)
  t.match(seen.json(), {
    id,
    number: '4500000001',
    state: 'open',
    lines: [{ quantityOrdered: '120', quantityOpen: '120' }, { lineNumber: '2' }],
  })
  t.equal(
    (await api.call('manufacturer', `GET /api/orders/${id}`, { headers: { 'if-none-match': String(seen.headers.etag) } }))
      .statusCode,
    304,
  )

  const answer = {
    acceptRest: true,
    lines: [{ lineNumber: '2', action: 'change', quantity: '24', reason: 'Only one case left' }],
  }
  t.match(
    (
      await api.call('manufacturer', `POST /api/orders/${id}/answers`, { payload: answer, headers: { 'if-match': '"99"' } })
    ).json(),
    { status: 412, code: 'request/precondition-failed' },
  )
  t.match(
    (
      await api.call('manufacturer', `POST /api/orders/${id}/answers`, { payload: answer, headers: { 'if-match': 'nonsense' } })
    ).json(),
    { status: 412 },
  )
  const answered = await api.call('manufacturer/order_manager', `POST /api/orders/${id}/answers`, {
    payload: answer,
    headers: { 'if-match': String(seen.headers.etag) },
  })
  t.match(answered, { statusCode: 201 })
  t.match((await api.call('retailer', `GET /api/orders/${id}`)).json(), {
    state: 'changed',
    responses: [{ sequence: 1, type: 'AC' }],
  })

  t.match((await api.call('manufacturer', `GET /api/orders/${id}/packing-proposal`)).json().packages.length, 11)
  const shipment = await api.call('manufacturer', 'POST /api/shipments', {
    payload: { orderIds: [id], shipDate: '2030-03-01', estimatedDelivery: '2030-03-03' },
  })
  t.match(shipment, { statusCode: 201 })
  t.match(shipment.json(), { packages: [{ sscc: /^\d{18}$/ }], lines: [{ orderId: id }] })
  const invoice = await api.call('manufacturer', 'POST /api/invoices', {
    payload: { number: 'INV-1', shipmentId: shipment.json().id },
  })
  t.match(invoice, { statusCode: 201 })
  t.match(invoice.json(), { total: '343.20', orderId: id })
  t.match((await api.call('retailer', `GET /api/invoices/${invoice.json().id}`)).json(), { number: 'INV-1' })
  const timeline = (await api.call('retailer', `GET /api/orders/${id}/timeline`))
    .json()
    .items.map((entry: { type: string }) => entry.type)
  t.ok(
    ['order.received', 'order.answered', 'shipment.sent', 'invoice.sent'].every(type => timeline.includes(type)),
    String(timeline),
  )
})

t.test('what cannot be is refused, naming line and rule', async t => {
  const {
    lines: [line],
  } = order('x')
  const refused = await api.call('retailer', 'POST /api/orders', {
    payload: { ...order('4500000002'), lines: [line, { gtin: '99999999999997', quantity: '1' }] },
  })
  t.match(refused.json(), { status: 422, code: 'items/unknown-item', params: { line: '2' } })
  t.match(
    (await api.call('retailer', 'POST /api/orders', { payload: { ...order('4500000003'), sellerId: world.id.stranger } })).json(),
    { status: 422, code: 'partners/not-a-partner' },
  )
  t.match(
    (
      await api.call('retailer', 'POST /api/orders', {
        payload: { ...order('4500000004'), lines: [{ gtin: '1', quantity: '-3' }] },
      })
    ).json(),
    { status: 400, errors: [{ pointer: '/lines/0/gtin' }, { pointer: '/lines/0/quantity' }] },
  )
  t.equal((await api.call('retailer/viewer', 'POST /api/orders', { payload: order('4500000005') })).statusCode, 403)
})

t.test('the same by GraphQL, one query for any number of orders', async t => {
  const input = order('4500000010')
  const made = await api.graphql(
    'retailer',
    'mutation ($input: OrderInput!) { createOrder(input: $input) { id number state buyer { name } lines { lineNumber quantityOrdered } } }',
    { input },
  )
  t.match(made, {
    status: 200,
    data: {
      createOrder: {
        number: '4500000010',
        state: 'open',
        buyer: { name: 'Northgate Stores' },
        lines: [{ quantityOrdered: '120' }, {}],
      },
    },
  })
  const { id } = (made.data as unknown as { createOrder: { id: string } }).createOrder
  const answered = await api.graphql(
    'manufacturer',
    `mutation { answerOrder(id: "${id}", input: { acceptRest: true }) { version order { state } } }`,
  )
  t.match(answered.data, { answerOrder: { order: { state: 'accepted' } } })
  t.match(
    (
      await api.graphql(
        'manufacturer',
        `mutation { answerOrder(id: "${id}", ifVersion: 1, input: { acceptRest: true }) { version } }`,
      )
    ).errors,
    [{ extensions: { code: 'request/precondition-failed', status: 412 } }],
  )
  t.match(
    (
      await api.graphql('retailer', 'mutation ($input: OrderInput!) { createOrder(input: $input) { id } }', {
        input: { ...input, lines: [] },
      })
    ).errors,
    [{ extensions: { code: 'request/invalid', errors: [{ pointer: '/input/lines' }] } }],
  )
  t.match(
    await api.graphql('retailer/viewer', 'mutation ($input: OrderInput!) { createOrder(input: $input) { id } }', { input }),
    { status: 403, errors: [{ extensions: { code: 'identity/forbidden' } }] },
  )

  const before = api.transactions()
  const list = await api.graphql(
    'retailer',
    '{ orders(limit: 50) { items { number seller { name } lines { gtin } exceptions { code } shipments { number } invoices { number } } nextCursor } }',
  )
  t.equal(items(list).length, 2, JSON.stringify(list.errors))
  const one = api.transactions() - before
  for (let n = 0; n < 8; n++) await api.call('retailer', 'POST /api/orders', { payload: order(`45000001${n}0`) })
  const again = api.transactions()
  await api.graphql(
    'retailer',
    '{ orders(limit: 50) { items { number seller { name } lines { gtin } exceptions { code } shipments { number } invoices { number } } nextCursor } }',
  )
  t.equal(api.transactions() - again, one, 'as many reads for ten orders as for two')
})

t.test('orders are read page by page, newest first', async t => {
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: { id: string }[]; nextCursor: string | null } = (
      await api.call('retailer', `GET /api/orders?limit=3${cursor && `&cursor=${cursor}`}`)
    ).json()
    seen.push(...page.items.map(item => item.id))
    cursor = page.nextCursor
  }
  t.equal(seen.length, 10)
  t.same(seen, [...seen].sort().reverse())
  t.same((await api.call('supplier', 'GET /api/orders')).json(), { items: [], nextCursor: null })
})

const items = (list: { data: Record<string, unknown> | null }): unknown[] =>
  (list.data as { orders: { items: unknown[] } } | null)?.orders.items ?? []

t.test('a setting is edited by who has read it', async t => {
  const path = `/api/partnerships/${world.partnership.retailerFarm}` as const
  const read = await api.call('retailer', `GET ${path}`)
  const change = (headers: Record<string, string>, who: 'retailer' | 'retailer/order_manager' = 'retailer') =>
    api.call(who, `PATCH ${path}/channels/855`, { payload: { channel: 'portal' }, headers })
  t.match((await change({})).json(), { status: 428, code: 'request/precondition-required' })
  t.match((await change({ 'if-match': '"77"' })).json(), { status: 412, code: 'request/precondition-failed' })
  t.equal((await change({ 'if-match': String(read.headers.etag) }, 'retailer/order_manager')).statusCode, 403)
  const changed = await change({ 'if-match': String(read.headers.etag) })
  t.equal(changed.statusCode, 200)
  t.not(changed.headers.etag, read.headers.etag)
  t.equal((await change({ 'if-match': String(read.headers.etag) })).statusCode, 412, 'what was read is old by now')
  t.match((await api.call('retailer', `GET /api/prices?partnershipId=${world.partnership.retailerFarm}`)).json(), {
    items: [{ price: '3.1', currency: 'USD' }, {}],
    nextCursor: null,
  })
})
