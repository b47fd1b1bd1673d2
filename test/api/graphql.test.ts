import { getIntrospectionQuery } from 'graphql'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { limits } from '../../src/api/graphql/limits.ts'
import { testApi } from '../helpers/api.ts'
import { until } from '../helpers/until.ts'

const api = await testApi(t)
const { world } = api
const address = await api.app.listen({ host: '127.0.0.1', port: 0 }).then(() => api.app.server.address() as AddressInfo)

const post = (payload: unknown, headers: Record<string, string> = { authorization: `Bearer ${world.keyOf('retailer')}` }) =>
  api.app.inject({ method: 'POST', url: '/graphql', payload: payload as object, headers })

t.test('only those who are signed in, for documents and for the schema', async t => {
  t.match(await post({ query: '{ me { name } }' }, {}), { statusCode: 401 })
  t.match((await post({ query: '{ __schema { types { name } } }' }, {})).json(), {
    data: null,
    errors: [{ extensions: { code: 'identity/unauthenticated', status: 401 } }],
  })
  t.match((await post({ query: getIntrospectionQuery() })).json(), { data: { __schema: { queryType: { name: 'Query' } } } })
  const { cookie, csrf } = await api.signIn('retailer')
  t.match((await post({ query: '{ me { name } }' }, { cookie })).json(), { errors: [{ extensions: { code: 'request/csrf' } }] })
  t.match((await post({ query: '{ me { organisation { name } } }' }, { cookie, 'x-csrf-token': csrf })).json(), {
    data: { me: { organisation: { name: 'Northgate Stores' } } },
  })
})

t.test('queries by GET, mutations not', async t => {
  const get = (query: string) => api.call('retailer', `GET /graphql?query=${encodeURIComponent(query)}`)
  t.match((await get('{ me { role } }')).json(), { data: { me: { role: 'administrator' } } })
  t.match((await get('mutation { retryDeadJob(id: "1") }')).json(), {
    errors: [{ extensions: { code: 'request/method-not-allowed' } }],
  })
})

t.test('errors carry the code of REST, and say nothing of what went wrong inside', async t => {
  const id = 'ord_00000000000000000000000000000000'
  const missing = await api.graphql('retailer', `{ order(id: "${id}") { number } }`)
  t.match(missing, {
    status: 404,
    data: null,
    errors: [{ path: ['order'], extensions: { code: 'record/not-found', status: 404, params: { id } } }],
  })
  t.match(await api.graphql('retailer', '{ nothing }'), {
    status: 400,
    errors: [{ message: /Cannot query field/, extensions: { code: 'request/query-invalid' } }],
  })
  t.match(await api.graphql('retailer', '{ me {'), { status: 400, errors: [{ extensions: { code: 'request/query-invalid' } }] })
  t.match(await api.graphql('retailer', 'query ($n: Int!) { orders(limit: $n) { nextCursor } }', { n: 'many' }), {
    status: 400,
    errors: [{ extensions: { code: 'request/query-invalid' } }],
  })
  t.match(await api.graphql('retailer', '{ orders(cursor: "\\u0000") { nextCursor } }'), {
    errors: [{ extensions: { code: /^(hub\/internal|request\/invalid)$/ } }],
  })
  const partly = await api.graphql('retailer', `{ me { name } a: order(id: "${id}") { number } }`)
  t.equal(partly.data, null, 'a field that must be there takes the whole answer with it')
})

t.test('hostile documents are refused, quickly', async t => {
  const refused = async (name: string, payload: unknown, code = 'request/query-too-complex') => {
    const started = performance.now()
    const response = await post(payload)
    const milliseconds = performance.now() - started
    t.equal(response.statusCode, 400, `${name}: ${response.body.slice(0, 150)}`)
    t.match(response.json(), { errors: [{ extensions: { code } }] }, name)
    t.ok(milliseconds < 1000, `${name} took ${Math.round(milliseconds)} ms`)
  }
  await refused('deep', {
    query: `{ invoices { items { order { invoices { order { invoices { order { invoices { order { invoices { order { invoices { id } } } } } } } } } } } } }`,
  })
  await refused('aliases', {
    query: `{ ${Array.from({ length: limits.aliases + 1 }, (_, n) => `a${n}: me { name }`).join(' ')} }`,
  })
  await refused('fields', { query: `{ me { ${'name '.repeat(limits.fields + 1)} } }` })
  const bomb = Array.from({ length: 40 }, (_, n) => `fragment f${n} on Me { ...f${n + 1} ...f${n + 1} }`).join(' ')
  await refused('a fragment bomb', { query: `{ me { ...f0 } } ${bomb} fragment f40 on Me { name }` })
  await refused('fragments in a circle', { query: '{ me { ...a } } fragment a on Me { ...b } fragment b on Me { ...a }' })
  await refused('costs', {
    query:
      '{ orders(limit: 200) { items { lines { gtin references { value } } shipments { lines { gtin } packages { sscc } } } } }',
  })
  await refused('costs, by variable', {
    query:
      'query ($n: Int) { orders(limit: $n) { items { lines { gtin references { value } } shipments { lines { gtin } packages { sscc } } } } }',
    variables: { n: 200 },
  })
  t.match(
    await post({
      query:
        'query ($n: Int) { orders(limit: $n) { items { lines { gtin references { value } } shipments { lines { gtin } packages { sscc } } } } }',
      variables: { n: 5 },
    }),
    { statusCode: 200 },
  )
  await refused('tokens', { query: `{ me { name } } ${'# '.repeat(10)}\n${'{ '.repeat(5000)}` }, 'request/query-invalid')
  await refused('many of one field, which validation compares with each other', { query: `{ ${'me { name } '.repeat(700)} }` })
  await refused(
    'a batch',
    Array.from({ length: limits.operationsPerBatch + 1 }, () => ({ query: '{ me { name } }' })),
  )
  await refused(
    'a syntax tree instead of text',
    { query: JSON.stringify({ kind: 'Document', definitions: [] }) },
    'request/query-invalid',
  )
  await refused(
    'introspection of itself',
    { query: `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }` },
    'request/query-invalid',
  )
  t.match((await post([{ query: '{ me { name } }' }, { query: '{ me { role } }' }])).json(), [
    { data: { me: { name: String } } },
    { data: { me: { role: 'administrator' } } },
  ])
  t.match(await post('x'.repeat(100), { authorization: `Bearer ${world.keyOf('retailer')}`, 'content-type': 'text/plain' }), {
    statusCode: 415,
  })
})

t.test('of several operations the one that is named runs, compiled or not', async t => {
  const query = 'query A { me { name } } query B { me { role } }'
  for (let n = 0; n < 4; n++) {
    t.same((await post({ query, operationName: 'A' })).json().data, { me: { name: 'administrator key' } })
    t.same((await post({ query, operationName: 'B' })).json().data, { me: { role: 'administrator' } })
  }
})

/** A subscriber on graphql-transport-ws: what it was told so far. */
const subscribe = (
  query: string,
  { headers = {}, payload = {} }: { headers?: Record<string, string>; payload?: object } = {},
) => {
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/graphql`, 'graphql-transport-ws', { headers })
  const told: {
    type: string
    payload?: { data?: unknown; errors?: unknown; extensions?: { code: string } }[] | { data?: Record<string, unknown> }
  }[] = []
  let refused = false
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })))
  socket.on('message', message => {
    const frame = JSON.parse(String(message)) as (typeof told)[number]
    told.push(frame)
    if (frame.type === 'connection_ack') socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  })
  socket
    .on('error', () => {
      refused = true
    })
    .on('close', () => {
      refused = true
    })
  return {
    told,
    events: () => told.filter(frame => frame.type === 'next'),
    closed: () => refused,
    close: () => socket.close(),
    ready: () => until(() => told.some(frame => frame.type === 'connection_ack')),
  }
}

t.test('events come to both sides as they happen, and to nobody else', async t => {
  const query = 'subscription { orderEvents { type subjectId order { number state seller { name } } } }'
  const buyer = subscribe(query, { headers: { authorization: `Bearer ${world.keyOf('retailer')}` } })
  const seller = subscribe(query, { payload: { 'x-api-key': world.keyOf('farm') } })
  const stranger = subscribe(query, { payload: { authorization: `Bearer ${world.keyOf('stranger')}` } })
  const anonymous = subscribe(query)
  const documents = subscribe('subscription { documentEvents { type } }', { payload: { 'x-api-key': world.keyOf('farm') } })
  await Promise.all([buyer, seller, stranger, anonymous, documents].map(each => each.ready()))
  await until(
    async () => (await api.owner`select count(*)::int as n from pg_stat_activity where query ilike 'listen%'`)[0]?.n > 0,
  )
  let number = 0
  await until(async () => {
    number += 1
    await api.call('retailer', 'POST /api/orders', {
      payload: {
        sellerId: world.id.farm,
        number: `S${number}`,
        lines: [{ gtin: world.items.retailerFarm[0]!.gtin, quantity: '15' }],
      },
    })
    return buyer.events().length > 0 && seller.events().length > 0
  })
  t.match(seller.events()[0]?.payload, {
    data: {
      orderEvents: { type: 'order.received', order: { number: /^S\d+$/, state: 'open', seller: { name: 'Meadow Farm' } } },
    },
  })
  t.equal(stranger.events().length, 0)
  t.equal(documents.events().length, 0)
  t.match(anonymous.told.at(-1), { type: 'error', payload: [{ message: 'Sign in or send an API key.' }] })
  for (const each of [buyer, seller, stranger, anonymous, documents]) each.close()
})

t.test('a socket takes subscriptions only, and none that is hostile', async t => {
  const key = { payload: { 'x-api-key': world.keyOf('farm') } }
  const mutation = subscribe('mutation { retryDeadJob(id: "1") }', key)
  await until(() => mutation.told.some(frame => frame.type === 'error'))
  const aliases = subscribe(
    `subscription { orderEvents { ${Array.from({ length: limits.aliases + 1 }, (_, n) => `a${n}: type`).join(' ')} } }`,
    key,
  )
  await until(() => aliases.told.some(frame => frame.type === 'error'))
  const invalid = subscribe('subscription { nothing }', key)
  await until(() => invalid.told.some(frame => frame.type === 'error'))
  t.equal([mutation, aliases, invalid].flatMap(each => each.events()).length, 0)
  const { cookie } = await api.signIn('farm')
  const foreign = subscribe('subscription { orderEvents { type } }', { headers: { cookie, origin: 'https://evil.example' } })
  await until(() => foreign.closed())
  t.equal(foreign.told.length, 0, "another site cannot listen with a visitor's cookie")
  const own = subscribe('subscription { orderEvents { type } }', {
    headers: { cookie, origin: `http://127.0.0.1:${address.port}` },
  })
  await own.ready()
  for (const each of [mutation, aliases, invalid, own]) each.close()
})
