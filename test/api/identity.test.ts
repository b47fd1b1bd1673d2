import t from 'tap'
import { emailOf, password } from '../helpers/world.ts'
import { testApi } from '../helpers/api.ts'

const api = await testApi(t)

t.test('an API key identifies its organisation, a wrong one nobody', async t => {
  t.match((await api.call('retailer', 'GET /api/session')).json(), {
    organisationId: api.world.id.retailer,
    role: 'administrator',
  })
  const header = await api.app.inject({ url: '/api/session', headers: { 'x-api-key': api.world.keyOf('farm', 'viewer') } })
  t.match(header.json(), { organisationId: api.world.id.farm, role: 'viewer' })
  const nobody = await api.call(null, 'GET /api/session')
  t.equal(nobody.statusCode, 401)
  t.match(nobody.headers, { 'content-type': /^application\/problem\+json/, 'www-authenticate': /Bearer/ })
  t.match(nobody.json(), {
    type: '/problems/identity/unauthenticated',
    status: 401,
    code: 'identity/unauthenticated',
    instance: String,
  })
  t.equal(
    (await api.app.inject({ url: '/api/session', headers: { 'x-api-key': `ak_${'0'.repeat(12)}_${'x'.repeat(43)}` } }))
      .statusCode,
    401,
  )
})

t.test('a session is a cookie that scripts cannot read, and changes need its CSRF token', async t => {
  const { cookie, csrf, setCookie } = await api.signIn('farm')
  t.match(String(setCookie), /^accord=[\w-]{43}; .*HttpOnly; SameSite=Lax/)
  const me = await api.app.inject({ url: '/api/session', headers: { cookie } })
  t.match(me.json(), { organisationId: api.world.id.farm, session: { csrfToken: csrf } })

  const create = { method: 'POST' as const, url: '/api/keys', payload: { name: 'erp', role: 'viewer' } }
  t.match((await api.app.inject({ ...create, headers: { cookie } })).json(), { status: 403, code: 'request/csrf' })
  t.match((await api.app.inject({ ...create, headers: { cookie, 'x-csrf-token': 'wrong' } })).json(), { code: 'request/csrf' })
  const made = await api.app.inject({ ...create, headers: { cookie, 'x-csrf-token': csrf } })
  t.match(made, { statusCode: 201 })
  t.match(made.json(), { token: /^ak_/, key: { name: 'erp', role: 'viewer' } })

  t.equal(
    (await api.app.inject({ method: 'DELETE', url: '/api/session', headers: { cookie, 'x-csrf-token': csrf } })).statusCode,
    204,
  )
  t.equal((await api.app.inject({ url: '/api/session', headers: { cookie } })).statusCode, 401)
})

t.test('wrong credentials say nothing of whether the user exists', async t => {
  const attempt = (email: string, word: string) =>
    api.app.inject({ method: 'POST', url: '/api/session', payload: { email, password: word } })
  const wrong = await attempt(emailOf('supplier', 'viewer'), 'wrong')
  const unknown = await attempt('nobody@nowhere.example', 'wrong')
  t.equal(wrong.statusCode, 401)
  const { instance: _a, ...first } = wrong.json()
  const { instance: _b, ...second } = unknown.json()
  t.same(first, second)
})

t.test('roles decide, and scopes narrow', async t => {
  t.match((await api.call('retailer/viewer', 'GET /api/keys')).json(), {
    status: 403,
    code: 'identity/forbidden',
    params: { action: 'keys.manage' },
  })
  const { token } = (
    await api.call('retailer', 'POST /api/keys', { payload: { name: 'reader', role: 'administrator', scopes: ['read'] } })
  ).json()
  const narrowed = await api.app.inject({ url: '/api/keys', headers: { 'x-api-key': token } })
  t.equal(narrowed.statusCode, 403)
})

t.test('users: added, listed, given a role, removed', async t => {
  const input = { email: 'new@farm.example', name: 'New', role: 'viewer', password: 'a long enough password' }
  const added = await api.call('farm', 'POST /api/users', { payload: input })
  t.equal(added.statusCode, 201)
  const { id } = added.json()
  t.match((await api.call('farm', 'GET /api/users?limit=200')).json().items.at(-1), { id, role: 'viewer', email: input.email })
  t.equal((await api.call('farm', `PUT /api/users/${id}/role`, { payload: { role: 'planner' } })).statusCode, 204)
  t.match((await api.call('farm', 'POST /api/users', { payload: input })).json(), { status: 409, code: 'record/conflict' })
  t.equal((await api.call('supplier', `DELETE /api/users/${id}`)).statusCode, 404)
  t.equal((await api.call('farm', `DELETE /api/users/${id}`)).statusCode, 204)
  t.match(
    (await api.call('farm', 'GET /api/audit'))
      .json()
      .items.map((entry: { action: string }) => entry.action)
      .slice(0, 3),
    ['user.removed', 'user.role-changed', 'user.added'],
  )
})

t.test('a body with faults is refused with each of them and its place', async t => {
  const refused = await api.call('farm', 'POST /api/users', {
    payload: { email: 'no address', role: 'king', name: 'x', surplus: 1 },
  })
  t.equal(refused.statusCode, 400)
  const { code, errors } = refused.json()
  t.equal(code, 'request/invalid')
  t.same(
    new Set(errors.map((error: { pointer: string }) => error.pointer)),
    new Set(['/password', '/surplus', '/email', '/role']),
  )
})

t.test('lists are read page by page', async t => {
  const first = (await api.call('retailer', 'GET /api/users?limit=2')).json()
  t.equal(first.items.length, 2)
  const second = (await api.call('retailer', `GET /api/users?limit=200&cursor=${first.nextCursor}`)).json()
  t.equal(second.items.length, 3)
  t.equal(second.nextCursor, null)
  t.match((await api.call('retailer', 'GET /api/users?limit=0')).json(), { status: 400, errors: [{ pointer: '/query/limit' }] })
  t.match((await api.call('retailer', 'GET /api/users?sort=name')).json(), {
    status: 400,
    detail: '/query/sort is not known here.',
  })
  t.match((await api.call('retailer', 'GET /api/messages?direction=sideways')).json(), {
    status: 400,
    errors: [{ pointer: '/query/direction', detail: 'must be one of in, out' }],
  })
})

t.test('over TLS the cookie is bound to the host', async t => {
  const secure = await testApi(t, { PUBLIC_URL: 'https://hub.example' })
  const { setCookie } = await secure.signIn('farm')
  t.match(String(setCookie), /^__Host-accord=.*Path=\/; .*HttpOnly; Secure; SameSite=Lax/)
  t.match((await secure.app.inject('/healthz')).headers, { 'strict-transport-security': /max-age=31536000/ })
  t.ok(password)
})
