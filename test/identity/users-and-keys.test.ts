import t from 'tap'
import {
  audit,
  authenticateKey,
  createKey,
  createUser,
  listAudit,
  listKeys,
  listUsers,
  operatorContext,
  removeUser,
  resetPassword,
  revokeKey,
  setRole,
  signIn,
} from '../../src/identity/service.ts'
import { withOrganisation } from '../../src/db/client.ts'
import { testDatabase } from '../helpers/database.ts'
import { emailOf, password, smallWorld } from '../helpers/world.ts'

const open = async (t: Parameters<typeof testDatabase>[0]) => {
  const { db, owner } = await testDatabase(t)
  return { db, owner, world: await smallWorld(db) }
}

t.test('a key from creation to revocation', async t => {
  const { db, world, owner } = await open(t)
  const ctx = world.ctxOf('supplier')
  const { key, token } = await createKey(ctx, { name: 'ERP', role: 'order_manager', scopes: ['orders', 'shipments'] })
  t.match(token, new RegExp(`^ak_${key.prefix}_[A-Za-z0-9_-]{43}$`))
  t.same(await authenticateKey(db, token), {
    organisationId: world.id.supplier, apiKeyId: key.id, role: 'order_manager', name: 'ERP', scopes: ['orders', 'shipments'],
  })
  t.notOk(JSON.stringify(await owner`select * from api_key`).includes(token.slice(16)), 'the secret is not stored')
  const listed = (await listKeys(ctx)).items.find(each => each.id === key.id)
  t.ok(listed?.lastUsedAt, 'its use is noted')
  t.notOk(listed && 'secretHash' in listed)
  await revokeKey(ctx, key.id)
  t.equal(await authenticateKey(db, token), undefined, 'at once in this process')
  await revokeKey(ctx, key.id)
  t.same((await listAudit(ctx)).items.map(entry => entry.action), ['key.revoked', 'key.created'])
})

t.test('what is no key', async t => {
  const { db, world } = await open(t)
  const token = world.keyOf('retailer')
  t.ok(await authenticateKey(db, token))
  for (const wrong of [
    '',
    'ak_',
    token.slice(0, -1),
    `${token}x`,
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    token.replace('ak_', 'sk_'),
  ])
    t.equal(await authenticateKey(db, wrong), undefined, wrong.slice(0, 6))
})

t.test('a key expires, and is forgotten after ten seconds', async t => {
  const { db, world, owner } = await open(t)
  const { token } = await createKey(world.ctxOf('farm'), { name: 'short', role: 'viewer', expiresAt: '2026-01-01T00:00:05Z' })
  t.ok(await authenticateKey(db, token, new Date('2026-01-01T00:00:00Z')))
  t.equal(await authenticateKey(db, token, new Date('2026-01-01T00:00:05Z')), undefined, 'the answer is not kept beyond the end')
  const kept = world.keyOf('farm')
  t.ok(await authenticateKey(db, kept, new Date('2026-01-01T00:00:00Z')))
  await owner`update api_key set revoked_at = now()` // as another process would
  t.ok(await authenticateKey(db, kept, new Date('2026-01-01T00:00:09Z')))
  t.equal(await authenticateKey(db, kept, new Date('2026-01-01T00:00:10Z')), undefined)
})

t.test('who may make keys, and which', async t => {
  const { db, world } = await open(t)
  await t.rejects(createKey(world.ctxOf('retailer', 'edi_operator'), { name: 'x', role: 'viewer' }), {
    code: 'identity/forbidden',
  })
  await t.rejects(createKey(world.ctxOf('retailer'), { name: 'x', role: 'administrator', scopes: ['operate'] }), {
    code: 'identity/forbidden',
  })
  await t.rejects(createKey(world.ctxOf('retailer'), { name: 'x', role: 'viewer', organisationId: world.id.farm }), {
    code: 'identity/forbidden',
  })
  const { key, token } = await createKey(world.ctxOf('operator'), {
    name: 'theirs',
    role: 'viewer',
    organisationId: world.id.farm,
  })
  t.match(await authenticateKey(db, token), { organisationId: world.id.farm })
  await t.rejects(revokeKey(world.ctxOf('retailer'), key.id), { code: 'record/not-found' }, 'another\'s key is not there')
  t.match((await listAudit(world.ctxOf('farm'))).items[0], { action: 'key.created', actor: emailOf('operator', 'administrator') })
  t.match(await authenticateKey(db, world.keyOf('operator')), { scopes: ['operate'] })
})

t.test('the scope operate is worth nothing outside the operator\'s organisation', async t => {
  const { db, world, owner } = await open(t)
  await owner`update api_key set scopes = '{operate}'`
  t.match(await authenticateKey(db, world.keyOf('retailer')), { scopes: [] })
})

t.test('users', async t => {
  const { db, world } = await open(t)
  const ctx = world.ctxOf('retailer')
  const user = await createUser(ctx, { email: 'New.Person@Northgate.example', name: 'New Person', role: 'viewer', password })
  t.match(user, { email: 'new.person@northgate.example', role: 'viewer', organisationId: world.id.retailer })
  t.ok(await signIn(db, { email: 'new.person@northgate.example', password }, { now: new Date(), sessionHours: 1 }))
  await t.rejects(createUser(ctx, { email: 'new.person@northgate.example', name: 'Twin', role: 'viewer', password }), {
    code: 'record/conflict',
  })
  await t.rejects(createUser(ctx, { email: 'short@northgate.example', name: 'x', role: 'viewer', password: 'short' }), {
    code: 'identity/weak-password',
  })
  await t.rejects(
    createUser(ctx, { email: 'x@farm.example', name: 'x', role: 'viewer', password, organisationId: world.id.farm }),
    { code: 'identity/forbidden' },
  )
  await t.rejects(createUser(world.ctxOf('retailer', 'planner'), { email: 'y@y.example', name: 'y', role: 'viewer', password }), {
    code: 'identity/forbidden',
  })
  const first = await listUsers(ctx, { limit: 4 })
  const rest = await listUsers(ctx, { cursor: first.nextCursor ?? '' })
  t.equal(first.items.length + rest.items.length, 6)
  t.equal(rest.nextCursor, null)
  t.same([...first.items, ...rest.items].filter(each => each.organisationId !== world.id.retailer), [])
})

t.test('an organisation keeps an administrator', async t => {
  const { world } = await open(t)
  const ctx = world.ctxOf('farm')
  const administrator = world.userId('farm')
  await t.rejects(removeUser(ctx, administrator), { code: 'identity/last-administrator' })
  await t.rejects(setRole(ctx, administrator, 'viewer'), { code: 'identity/last-administrator' })
  await setRole(ctx, world.userId('farm', 'viewer'), 'administrator')
  await removeUser(ctx, administrator)
  await t.rejects(setRole(ctx, world.userId('retailer'), 'viewer'), { code: 'record/not-found' })
})

t.test('a password is reset within one organisation, or by the operator', async t => {
  const { db, world } = await open(t)
  const planner = world.userId('retailer', 'planner')
  await resetPassword(world.ctxOf('retailer'), planner, 'a much better one')
  t.ok(
    await signIn(
      db,
      { email: emailOf('retailer', 'planner'), password: 'a much better one' },
      { now: new Date(), sessionHours: 1 },
    ),
  )
  await t.rejects(resetPassword(world.ctxOf('farm'), planner, 'a much better one'), { code: 'record/not-found' })
  await createUser(world.ctxOf('operator'), {
    email: emailOf('retailer', 'planner'),
    name: 'x',
    role: 'viewer',
    password,
    organisationId: world.id.farm,
  })
  await t.rejects(resetPassword(world.ctxOf('farm'), planner, 'taken over by the farm'), { code: 'identity/forbidden' })
  await resetPassword(world.ctxOf('operator'), planner, 'set by the operator')
})

t.test('the audit log is written with the change, or not at all', async t => {
  const { world } = await open(t)
  const ctx = world.ctxOf('supplier')
  await t.rejects(withOrganisation(ctx, async tx => {
    await audit(tx, ctx.actor, { action: 'tried', subject: 'x' })
    throw new Error('no')
  }))
  t.same((await listAudit(ctx)).items, [])
  await t.rejects(listAudit(world.ctxOf('supplier', 'planner')), { code: 'identity/forbidden' })
})

t.test('the operator of an empty hub', async t => {
  const { db } = await testDatabase(t)
  const quiet = { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} }
  const settings = { now: () => new Date(), log: quiet, name: 'command line' }
  const [one, two] = await Promise.all([operatorContext(db, settings), operatorContext(db, settings)])
  t.equal(one.actor.organisationId, two.actor.organisationId, 'is made once')
  t.match(await createUser(one, { email: 'me@here.example', name: 'Me', role: 'administrator', password }), {
    role: 'administrator',
  })
  t.match(await signIn(db, { email: 'me@here.example', password }, { now: new Date(), sessionHours: 1 }), {
    actor: { scopes: ['operate'] },
  })
})
