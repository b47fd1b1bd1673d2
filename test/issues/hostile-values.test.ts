import t from 'tap'
import { testApi } from '../helpers/api.ts'

const api = await testApi(t)
const { world } = api
const [item] = world.items.retailerFarm
const order = {
  sellerId: world.id.farm, number: 'R-1', orderDate: '2026-11-21', lines: [{ gtin: item!.gtin, quantity: '5', price: '3.10', unit: 'EA' }],
}
const none = 'msg_00000000000000000000000000000000'
const cursor = Buffer.from(JSON.stringify(['a', 'b', '2026-99-99', '2026-99-99'])).toString('base64url')

t.test('a value that the database cannot hold is the caller\'s fault, and said so', async t => {
  for (const path of [
    'orders/%00', 'messages/a%00b', 'orders?number=a%00b', 'orders?cursor=a%00b', 'jobs/dead?cursor=abc', 'jobs/dead?cursor=99999999999999999999999',
    `messages/${none}/sets/99999999999`, `messages/${none}/sets?cursor=99999999999`,
    `forecasts/comparison?partnershipId=${world.partnership.retailerFarm}&cursor=${cursor}`,
  ] as const) {
    const response = await api.call('retailer', `GET /api/${path}`)
    t.match(response.json(), { status: 400, code: 'request/invalid', detail: String }, path)
  }
  for (const [name, payload] of Object.entries({
    NUL: { ...order, number: 'R\0' }, 'half a pair': { ...order, number: 'R\ud800' }, 'NUL in the document': { ...order, notes: ['a\0'] },
    'no such day': { ...order, orderDate: '2026-02-30' },
  })) {
    t.match((await api.call('retailer', 'POST /api/orders', { payload })).json(), { status: 400, code: 'request/invalid' }, name)
    t.match((await api.call('retailer', 'POST /api/orders', { payload, headers: { 'idempotency-key': name.replaceAll(' ', '-') } })).json(), { status: 400 }, `${name}, once`)
  }
  t.match((await api.app.inject({ method: 'POST', url: '/api/session', payload: { email: 'a\0@b.c', password: 'x' } })).json(), { status: 400 })
  t.match(await api.graphql('retailer', 'query($id: ID!) { order(id: $id) { id } }', { id: 'a\0' }), { errors: [{ extensions: { code: 'request/invalid' } }] })
  t.equal((await api.owner`select 1 from purchase_order`).length, 0)
})

t.test('rows of JSON are taken into memory, so they are few; who may not import sends none at all', async t => {
  const json = { 'content-type': 'application/json' }
  t.match((await api.call('retailer', 'POST /api/imports/items', { payload: `[${'{},'.repeat(6_000_000)}{}]`, headers: json })).json(), { status: 413 })
  t.match((await api.call('retailer/viewer', 'POST /api/imports/items', { payload: '[{', headers: json })).json(), { status: 403 }, 'before anything is read')
  t.match((await api.call('operator/edi_operator', 'POST /api/imports/organisations', { payload: '[]', headers: json })).json(), { kind: 'organisations' })
  const csv = `gtin,name\n${`${' '.repeat(1000)}\n`.repeat(18_000)}`
  t.equal((await api.call('retailer', 'POST /api/imports/items', { payload: csv, headers: { 'content-type': 'text/csv' } })).statusCode, 200, 'CSV may be large')
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  t.match((await api.call('retailer', 'POST /api/imports/items', { payload: deep, headers: { ...json, 'idempotency-key': 'deep' } })).json(), { status: 400 })
})
