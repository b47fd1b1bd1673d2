import t from 'tap'
import { testApi } from '../helpers/api.ts'

const api = await testApi(t)
const { world } = api
const order = (number: string) => ({
  sellerId: world.id.farm,
  number,
  lines: [{ gtin: world.items.retailerFarm[0]!.gtin, quantity: '15' }],
})
const post = (payload: object, key: string, who: 'retailer' | 'manufacturer' | 'farm' = 'retailer') =>
  api.call(who, 'POST /api/orders', { payload, headers: { 'idempotency-key': key } })

t.test('the same key and request get the same answer, and nothing happens twice', async t => {
  const first = await post(order('A1'), 'key-1')
  t.equal(first.statusCode, 201)
  t.notOk(first.headers['idempotency-replayed'])
  const second = await post(order('A1'), 'key-1')
  t.equal(second.statusCode, 201)
  t.equal(second.headers['idempotency-replayed'], 'true')
  t.same(second.json(), first.json())
  t.equal(second.headers.etag, first.headers.etag)
  t.equal((await api.owner`select count(*)::int as n from purchase_order where number = 'A1'`)[0]?.n, 1)
})

t.test('the same key with another request is refused', async t => {
  t.match((await post(order('A2'), 'key-1')).json(), { status: 409, code: 'request/idempotency-conflict' })
  t.match((await post(order('A2'), ' spaced out ')).json(), { status: 400, code: 'request/invalid' })
})

t.test('a key belongs to its organisation', async t => {
  const other = await post(
    { ...order('A1'), lines: [{ gtin: world.items.manufacturerFarm[0]!.gtin, quantity: '15' }] },
    'key-1',
    'manufacturer',
  )
  t.equal(other.statusCode, 201)
})

t.test('a refusal is not kept: the corrected request may use the key', async t => {
  t.equal((await post({ ...order('A3'), lines: [{ gtin: '99999999999997', quantity: '1' }] }, 'key-3')).statusCode, 422)
  t.equal((await post(order('A3'), 'key-3')).statusCode, 201)
})

t.test('at once, one does the work', async t => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => post(order('A4'), 'key-4')))
  for (const { statusCode, body } of answers)
    t.ok(statusCode === 201 || (statusCode === 409 && body.includes('request/idempotency-in-progress')), body.slice(0, 100))
  t.equal((await api.owner`select count(*)::int as n from purchase_order where number = 'A4'`)[0]?.n, 1)
  t.equal((await post(order('A4'), 'key-4')).statusCode, 201)
})

t.test('a key is forgotten after a day', async t => {
  await api.owner`update idempotency_key set created_at = now() - interval '25 hours' where key = 'key-1'`
  t.match((await post(order('A1'), 'key-1')).json(), { code: 'record/conflict' }, 'so the work is tried again')
})

t.test('the secret of a new key is never stored', async t => {
  const make = () =>
    api.call('farm', 'POST /api/keys', { payload: { name: 'erp', role: 'viewer' }, headers: { 'idempotency-key': 'make-key' } })
  const first = (await make()).json()
  const second = (await make()).json()
  t.match(first.token, /^ak_/)
  t.same(second, { ...first, token: '' })
  const [kept] = await api.owner`select response::text as text from idempotency_key where key = 'make-key'`
  t.notMatch(kept?.text, first.token.split('_')[2])
})

t.test('work that commits by itself is claimed first, and a claim of a dead process ends', async t => {
  const add = () =>
    api.call('farm', 'POST /api/users', {
      payload: { email: 'once@farm.example', name: 'Once', role: 'viewer', password: 'a long enough password' },
      headers: { 'idempotency-key': 'add-user' },
    })
  const [a, b] = await Promise.all([add(), add()])
  t.same([a.statusCode, b.statusCode].sort(), [201, 409])
  t.equal((await add()).statusCode, 201)
  await api.owner`update idempotency_key set status = null where key = 'add-user'`
  t.match((await add()).json(), { code: 'request/idempotency-in-progress' })
  await api.owner`update idempotency_key set created_at = now() - interval '6 minutes' where key = 'add-user'`
  t.match((await add()).json(), { code: 'record/conflict' }, 'it is tried again, and the service says that it was done')
})

t.test('mutations honour the header, each for itself', async t => {
  const document =
    'mutation ($a: OrderInput!, $b: OrderInput!) { a: createOrder(input: $a) { id } b: createOrder(input: $b) { id } }'
  const run = (a: string, b: string) =>
    api.graphql('retailer', document, { a: order(a), b: order(b) }, { 'idempotency-key': 'graph' })
  const first = await run('G1', 'G2')
  t.same((await run('G1', 'G2')).data, first.data)
  t.match((await run('G1', 'G3')).errors, [{ extensions: { code: 'request/idempotency-conflict' } }])
})
