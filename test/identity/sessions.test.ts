import t from 'tap'
import { asSystem } from '../../src/db/client.ts'
import {
  authenticateSession,
  changePassword,
  createUser,
  listAudit,
  removeUser,
  setRole,
  signIn,
  signOut,
  sweepSessions,
} from '../../src/identity/service.ts'
import { addHours } from '../../src/shared/clock.ts'
import { testDatabase } from '../helpers/database.ts'
import { emailOf, password, smallWorld } from '../helpers/world.ts'

const open = async (t: Parameters<typeof testDatabase>[0]) => {
  const { db, owner } = await testDatabase(t)
  return { db, owner, world: await smallWorld(db) }
}
const now = new Date('2026-03-02T08:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const settings = { now, sessionHours: 12 }
const planner = { email: emailOf('retailer', 'planner'), password }

t.test('a session from sign-in to sign-out', async t => {
  const { db, world, owner } = await open(t)
  const signed = await signIn(db, { ...planner, email: ` ${planner.email.toUpperCase()}` }, settings)
  t.match(signed.session, {
    organisationId: world.id.retailer,
    role: 'planner',
    email: planner.email,
    organisationName: 'Northgate Stores',
  })
  t.same(signed.expiresAt, addHours(now, 12))
  t.match(await authenticateSession(db, signed.token, later(60)), {
    actor: {
      organisationId: world.id.retailer,
      userId: world.userId('retailer', 'planner'),
      role: 'planner',
      scopes: [],
      name: planner.email,
    },
    session: { csrfToken: signed.session.csrfToken },
  })
  const stored = JSON.stringify(await owner`select * , encode(token_hash, 'escape') from user_session`)
  t.notOk(stored.includes(signed.token), 'the token itself is not stored')
  t.equal(await authenticateSession(db, 'x'.repeat(43), now), undefined)
  await signOut(db, signed.token)
  t.equal(await authenticateSession(db, signed.token, later(61)), undefined)
  await signOut(db, signed.token)
  const { items } = await listAudit(world.ctxOf('retailer'))
  t.same(items.map(entry => [entry.action, entry.actor]), [['session.closed', planner.email], ['session.opened', planner.email]])
})

t.test('a session ends at its time, and follows the role of its user', async t => {
  const { db, world } = await open(t)
  const { token } = await signIn(db, planner, settings)
  await setRole(world.ctxOf('retailer'), world.userId('retailer', 'planner'), 'viewer')
  t.match(await authenticateSession(db, token, later(1)), { actor: { role: 'viewer' } })
  t.equal(await authenticateSession(db, token, addHours(now, 12)), undefined)
  t.ok(await sweepSessions(db, addHours(now, 12)) >= 1)
  const again = await signIn(db, planner, settings)
  await removeUser(world.ctxOf('retailer'), world.userId('retailer', 'planner'))
  t.equal(await authenticateSession(db, again.token, later(1)), undefined, 'who has left is out')
  await t.rejects(signIn(db, planner, settings), { code: 'identity/wrong-credentials' })
})

t.test('a token in use is replaced after an hour, once', async t => {
  const { db } = await open(t)
  const { token, session } = await signIn(db, planner, settings)
  t.notOk((await authenticateSession(db, token, later(3599)))?.renewed)
  const answers = await Promise.all([1, 2, 3].map(() => authenticateSession(db, token, later(3601))))
  const renewed = answers.flatMap(answer => answer?.renewed ?? [])
  t.equal(renewed.length, 1, 'of three requests at once, one brings the new token')
  t.ok(answers.every(answer => answer), 'and all three are answered')
  const fresh = await authenticateSession(db, renewed[0]?.token ?? '', later(3700))
  t.match(
    fresh?.session,
    { csrfToken: session.csrfToken, expiresAt: addHours(now, 12) },
    'the session is the same, and ends when it would have',
  )
  t.equal(await authenticateSession(db, token, later(3700)), undefined, 'the old token has stopped working')
})

t.test('failures lock an address, whether anybody has it or not', async t => {
  const { db, world } = await open(t)
  for (const email of [planner.email, 'nobody@nowhere.example']) {
    for (let i = 0; i < 5; i++)
      await t.rejects(signIn(db, { email, password: 'wrong' }, settings), { code: 'identity/wrong-credentials' })
    await t.rejects(signIn(db, { email, password }, settings), { code: 'identity/locked', params: { retryAfterSeconds: 30 } })
    await t.rejects(signIn(db, { email, password: 'wrong' }, { ...settings, now: later(31) }), {
      code: 'identity/wrong-credentials',
    })
    await t.rejects(signIn(db, { email, password }, { ...settings, now: later(32) }), {
      code: 'identity/locked',
      params: { retryAfterSeconds: 59 },
    })
  }
  t.ok(await signIn(db, planner, { ...settings, now: later(92) }), 'after the lock the right password works')
  for (let i = 0; i < 4; i++)
    await t.rejects(signIn(db, { ...planner, password: 'wrong' }, settings), { code: 'identity/wrong-credentials' })
  t.ok(await signIn(db, planner, settings), 'and has cleared the count')
  const { items } = await listAudit(world.ctxOf('retailer'))
  t.equal(items.filter(entry => entry.action === 'user.locked').length, 2, 'the locks are in the audit log')
})

t.test('many guesses at once are no way around the lock', async t => {
  const { db } = await open(t)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => signIn(db, { ...planner, password: 'wrong' }, settings)),
  )
  const codes = outcomes.map(outcome => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'in'))
  t.equal(codes.filter(code => code === 'identity/wrong-credentials').length, 5)
  t.equal(codes.filter(code => code === 'identity/locked').length, 15)
})

t.test('a user of two organisations chooses one', async t => {
  const { db, world } = await open(t)
  await createUser(world.ctxOf('operator'), {
    email: planner.email,
    name: 'ignored',
    role: 'viewer',
    password,
    organisationId: world.id.farm,
  })
  const signed = await signIn(db, { ...planner, organisationId: world.id.farm }, settings)
  t.match(signed, { actor: { organisationId: world.id.farm, role: 'viewer' }, organisations: { length: 2 } })
  t.match(await signIn(db, planner, settings), { actor: { organisationId: world.id.retailer } }, 'the first unless said')
  await t.rejects(signIn(db, { ...planner, organisationId: world.id.supplier }, settings), { code: 'identity/wrong-credentials' })
})

t.test('a new password ends all sessions', async t => {
  const { db, world } = await open(t)
  const { token, actor } = await signIn(db, planner, settings)
  const ctx = { ...world.ctxOf('retailer'), actor }
  await t.rejects(changePassword(ctx, { current: 'wrong', replacement: 'a much better one' }), {
    code: 'identity/wrong-credentials',
  })
  await t.rejects(changePassword(ctx, { current: password, replacement: 'short' }), { code: 'identity/weak-password' })
  await changePassword(ctx, { current: password, replacement: 'a much better one' })
  t.equal(await authenticateSession(db, token, later(1)), undefined)
  await t.rejects(signIn(db, planner, settings), { code: 'identity/wrong-credentials' })
  t.ok(await signIn(db, { ...planner, password: 'a much better one' }, settings))
  const [stored] = await asSystem(
    db,
    tx => tx.sql<{ hash: string }[]>`select password_hash as hash from app_user where email = ${planner.email}`,
  )
  t.match(stored?.hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})
