import t from 'tap'
import { authenticateSession, setRole, signIn, signOut } from '../../src/identity/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { emailOf, password, smallWorld } from '../helpers/world.ts'

t.test('signing out ends the session under the token before its rotation too', async t => {
  const { db } = await testDatabase(t)
  await smallWorld(db)
  const start = new Date('2026-11-21T08:00:00Z')
  const minutes = (count: number): Date => new Date(start.getTime() + count * 60_000)
  const other = await signIn(db, { email: emailOf('farm', 'planner'), password }, { now: start, sessionHours: 12 })
  const { token } = await signIn(db, { email: emailOf('farm', 'planner'), password }, { now: start, sessionHours: 12 })
  const renewed = (await authenticateSession(db, token, minutes(61)))?.renewed
  t.ok(renewed, 'an hour later the token is replaced')
  t.ok(await authenticateSession(db, token, minutes(61)), 'the one before still works for requests under way')
  await signOut(db, renewed!.token)
  t.equal(await authenticateSession(db, renewed!.token, minutes(61)), undefined)
  t.equal(await authenticateSession(db, token, minutes(61)), undefined)
  t.ok(await authenticateSession(db, other.token, minutes(1)), 'the user\'s other browser stays signed in')
})

t.test('a narrowed key gives a user no more rights than it has itself', async t => {
  const { db, owner } = await testDatabase(t)
  const w = await smallWorld(db)
  const open = w.ctxOf('farm')
  const narrowed = { ...open, actor: { ...open.actor, scopes: ['administration'] } }
  await t.rejects(setRole(narrowed, w.userId('farm', 'viewer'), 'administrator'), { code: 'identity/forbidden' })
  t.match(await owner`select role from membership where user_id = ${w.userId('farm', 'viewer')}`, [{ role: 'viewer' }])
  await setRole(open, w.userId('farm', 'viewer'), 'planner')
  t.match(await owner`select role from membership where user_id = ${w.userId('farm', 'viewer')}`, [{ role: 'planner' }])
})
