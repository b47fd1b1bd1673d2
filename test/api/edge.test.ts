import t from 'tap'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { createLogger } from '../../src/log.ts'
import { testApi, testConfig } from '../helpers/api.ts'
import { emailOf } from '../helpers/world.ts'

const api = await testApi(t, { METRICS_TOKEN: 'a token for the metrics' })

t.test('what no route does has a clear answer', async t => {
  t.match((await api.call('farm', 'GET /api/nothing')).json(), { status: 404, code: 'request/not-found' })
  const wrong = await api.call('farm', 'DELETE /api/orders')
  t.match(wrong.json(), { status: 405, code: 'request/method-not-allowed' })
  t.match(wrong.headers.allow, /GET.*POST/)
  t.match((await api.call('farm', 'GET /api/orders', { headers: { accept: 'application/xml' } })).json(), {
    status: 406,
    code: 'request/not-acceptable',
  })
  t.match(
    (await api.call('farm', 'POST /api/orders', { payload: '<order/>', headers: { 'content-type': 'application/xml' } })).json(),
    { status: 415, code: 'request/unsupported-media-type' },
  )
  t.match(
    (
      await api.call('farm', 'POST /api/orders', { payload: '{"sellerId":', headers: { 'content-type': 'application/json' } })
    ).json(),
    { status: 400, code: 'request/invalid' },
  )
  t.match(
    (
      await api.call('farm', 'POST /api/orders', {
        payload: `{"number":"${'x'.repeat(17 * 1024 * 1024)}"}`,
        headers: { 'content-type': 'application/json' },
      })
    ).json(),
    { status: 413, code: 'request/too-large' },
  )
  t.match((await api.call('farm', 'GET /api/orders/%00%ff')).json(), { code: /^request\// })
  t.match((await api.app.inject('/problems/orders/quantity-exceeded')).json(), { status: 422, title: String })
})

t.test('a bug says nothing of what went wrong inside', async t => {
  const lines: string[] = []
  const log = pino(
    { level: 'info' },
    {
      write: (line: string) => {
        lines.push(line)
      },
    },
  )
  const events = {
    subscribe: () => {
      throw new Error('not here')
    },
    close: async () => {},
  }
  const app = await buildApp({ config: api.config, db: api.db, log, events })
  app.get('/broken', async (): Promise<string> => {
    throw new Error('password=hunter2 at row 7')
  })
  const response = await app.inject('/broken')
  t.equal(response.statusCode, 500)
  t.match(response.json(), { code: 'hub/internal', instance: String })
  t.notMatch(response.body, /hunter2/)
  t.ok(
    lines.some(line => line.includes(response.json().instance)),
    'the log has the id that the caller was told',
  )
  await app.close()
})

t.test('the log has no payloads and no secrets', async t => {
  const lines: string[] = []
  const log = createLogger(testConfig({ LOG_LEVEL: 'trace' }), {
    destination: {
      write: (line: string) => {
        lines.push(line)
      },
    },
  })
  const events = {
    subscribe: () => {
      throw new Error('not here')
    },
    close: async () => {},
  }
  const app = await buildApp({ config: api.config, db: api.db, log, events })
  const key = api.world.keyOf('retailer')
  await app.inject({
    method: 'POST',
    url: '/api/session',
    payload: { email: emailOf('farm', 'viewer'), password: 'hunter2hunter2' },
  })
  await app.inject({
    url: '/api/orders?number=SECRET-NUMBER',
    headers: { authorization: `Bearer ${key}`, cookie: 'accord=SECRET-COOKIE' },
  })
  await app.inject({
    method: 'POST',
    url: '/api/orders',
    headers: { authorization: `Bearer ${key}` },
    payload: { number: 'SECRET-ORDER' },
  })
  log.info({ req: { headers: { authorization: `Bearer ${key}` } } }, 'logged by mistake')
  await app.close()
  t.ok(
    lines.some(line => line.includes('"route":"/api/orders"')),
    'requests are logged',
  )
  t.notMatch(lines.join('\n'), new RegExp(`hunter2|SECRET|${key}`))
})

t.test('pages are strict about what they load', async t => {
  const home = await api.app.inject('/')
  t.equal(home.statusCode, 200)
  t.match(home.headers, {
    'content-type': /text\/html/,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
  })
  t.match(home.headers['content-security-policy'], /default-src 'self'/)
  t.notMatch(home.headers['content-security-policy'], /unsafe/)
  t.notMatch(home.body, /<script|style=|https?:\/\//)
  for (const path of [
    '/style.css',
    '/icon.svg',
    '/docs',
    '/docs/json',
    '/graphiql',
    '/graphiql/main.js',
    '/graphiql/initial_options.js',
    '/openapi.json',
  ])
    t.equal((await api.app.inject(path)).statusCode, 200, path)
  const explorer = await api.app.inject('/graphiql')
  t.notMatch(explorer.body, /(src|href)="https?:/, 'the explorer loads nothing from elsewhere')
  t.match(explorer.headers['content-security-policy'], /script-src 'self'(;|$)/)
  t.match((await api.app.inject('/docs/static/index.html')).headers['content-security-policy'], /script-src 'self'(;|$)/)
})

t.test('health and metrics', async t => {
  t.same((await api.app.inject('/healthz')).json(), { status: 'ok' })
  t.same((await api.app.inject('/readyz')).json(), { status: 'ok', database: 'ok', queue: 'ok' })
  const metrics = await api.app.inject('/metrics')
  t.equal(metrics.statusCode, 200)
  for (const name of [
    'accord_http_request_duration_seconds',
    'accord_outbox_rows',
    'accord_outbox_lag_seconds',
    'accord_documents_last_day',
    'accord_queue_depth',
  ])
    t.match(metrics.body, new RegExp(`# TYPE ${name} `), name)
  const remote = { remoteAddress: '203.0.113.5' }
  t.equal((await api.app.inject({ url: '/metrics', ...remote })).statusCode, 403)
  t.equal((await api.app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '203.0.113.5' } })).statusCode, 403)
  t.equal(
    (await api.app.inject({ url: '/metrics', ...remote, headers: { authorization: 'Bearer a token for the metrics' } }))
      .statusCode,
    200,
  )
  t.equal(
    (await api.app.inject({ url: '/metrics', ...remote, headers: { authorization: 'Bearer another token' } })).statusCode,
    403,
  )
})

t.test('a queue that does not answer is said', async t => {
  const events = {
    subscribe: () => {
      throw new Error('not here')
    },
    close: async () => {},
  }
  const app = await buildApp({
    config: api.config,
    db: api.db,
    log: pino({ level: 'silent' }),
    events,
    queues: { depths: () => Promise.reject(new Error('gone')) },
  })
  const response = await app.inject('/readyz')
  t.equal(response.statusCode, 503)
  t.same(response.json(), { status: 'unavailable', database: 'ok', queue: 'unavailable' })
  await app.close()
})

t.test('limits are per organisation, and stricter where passwords are tried', async t => {
  const limited = await testApi(t, { RATE_LIMIT_PER_MINUTE: '5' })
  const statuses = async (who: 'farm' | 'retailer' | 'farm/viewer', times: number) => {
    const found: number[] = []
    for (let n = 0; n < times; n++) found.push((await limited.call(who, 'GET /api/session')).statusCode)
    return found
  }
  t.same(await statuses('farm', 4), [200, 200, 200, 200])
  t.same(await statuses('farm/viewer', 2), [200, 429], 'another member counts with it')
  t.same(await statuses('retailer', 1), [200], 'another organisation does not')
  const over = await limited.call('farm', 'GET /api/session')
  t.match(over.headers['retry-after'], /^\d+$/)
  t.match(over.json(), { status: 429, code: 'request/rate-limited' })
  t.equal((await limited.app.inject('/healthz')).statusCode, 200)

  const guesses: number[] = []
  for (let n = 0; n < 25; n++)
    guesses.push(
      (
        await api.app.inject({
          method: 'POST',
          url: '/api/session',
          payload: { email: `guess${n}@nowhere.example`, password: 'x' },
          remoteAddress: '203.0.113.9',
        })
      ).statusCode,
    )
  t.same(guesses, [...Array(20).fill(401), ...Array(5).fill(429)])
})
