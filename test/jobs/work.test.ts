import t from 'tap'
import { withOrganisation, type Database } from '../../src/db/client.ts'
import { enqueueWork } from '../../src/db/outbox.ts'
import { listDeadWork, retryDeadWork } from '../../src/exchange/service.ts'
import { startRelay } from '../../src/jobs/relay.ts'
import { schedules } from '../../src/jobs/schedules.ts'
import { drain, retryDelaySeconds, type Handler } from '../../src/jobs/work.ts'
import { DomainError } from '../../src/shared/errors.ts'
import { testDatabase } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { smallWorld } from '../helpers/world.ts'

const setting = async (test: Parameters<typeof testDatabase>[0]) => {
  const { db, owner } = await testDatabase(test)
  const world = await smallWorld(db)
  const { log, now } = world.ctxOf('retailer')
  const add = (kind: string, key: string, payload: Record<string, unknown> = {}) =>
    withOrganisation(db, world.id.retailer, tx =>
      enqueueWork(tx, [{ organisationId: world.id.retailer, queue: 'documents', kind, key, payload }]),
    )
  return {
    db,
    owner,
    world,
    log,
    now,
    add,
    run: (handlers: Record<string, Handler>, key: string) => drain({ db, log, now, handlers }, key),
  }
}

t.test('the work of one key is done in order, by one worker at a time, and ends with its effect', async t => {
  const { owner, add, run } = await setting(t)
  const order: number[] = []
  let running = 0
  const step: Handler = async (ctx, { payload }, done) => {
    running += 1
    t.equal(running, 1, 'alone')
    await withOrganisation(ctx, async tx => {
      order.push(Number(payload['n']))
      await done(tx)
    })
    running -= 1
  }
  for (let n = 0; n < 8; n++) await add('step', 'k', { n })
  await Promise.all([run({ step }, 'k'), run({ step }, 'k'), run({ step }, 'k')])
  t.same(order, [0, 1, 2, 3, 4, 5, 6, 7])
  t.same(await owner`select 1 from outbox`, [])
})

t.test('work written while its key is worked on is not left lying', async t => {
  const { add, run, owner } = await setting(t)
  const seen: unknown[] = []
  const step: Handler = async (ctx, { payload }, done) => {
    await withOrganisation(ctx, done)
    seen.push(payload['n'])
    if (payload['n'] === 1) await add('step', 'k', { n: 2 })
  }
  await add('step', 'k', { n: 1 })
  await run({ step }, 'k')
  t.same(seen, [1, 2])
  t.same(await owner`select 1 from outbox`, [])
})

t.test('what fails is tried again later, holds back what comes after it, and in the end waits for a person', async t => {
  const { add, run, owner, world } = await setting(t)
  let healthy = false
  const done: unknown[] = []
  const handlers: Record<string, Handler> = {
    fragile: async (ctx, _, finish) => {
      if (!healthy) throw new DomainError('hub/unavailable', { detail: 'not now' })
      await withOrganisation(ctx, finish)
      done.push('fragile')
    },
    after: async (ctx, _, finish) => {
      await withOrganisation(ctx, finish)
      done.push('after')
    },
  }
  await add('fragile', 'k')
  await add('after', 'k')
  await run(handlers, 'k')
  t.match(
    await owner`select kind, attempts, state, error_code, available_at > now() as later from outbox order by id`,
    [
      { kind: 'fragile', attempts: 1, state: 'pending', error_code: 'hub/unavailable', later: true },
      { kind: 'after', attempts: 0 },
    ],
    'what comes after waits',
  )
  for (const _ of retryDelaySeconds) {
    await owner`update outbox set available_at = now()`
    await run(handlers, 'k')
  }
  t.match(
    await owner`select kind, attempts, state from outbox`,
    [{ kind: 'fragile', attempts: retryDelaySeconds.length + 1, state: 'dead' }],
    'then it is dead, and the next goes on',
  )
  t.same(done, ['after'])

  const dead = await listDeadWork(world.ctxOf('retailer'))
  t.match(dead, {
    items: [{ kind: 'fragile', errorCode: 'hub/unavailable', errorDetail: 'not now', queue: 'documents' }],
    nextCursor: null,
  })
  t.same((await listDeadWork(world.ctxOf('stranger'))).items, [], 'nobody else sees it')
  await t.rejects(retryDeadWork(world.ctxOf('stranger'), dead.items[0]!.id), { code: 'record/not-found' })
  await t.rejects(retryDeadWork(world.ctxOf('retailer', 'viewer'), dead.items[0]!.id), { code: 'identity/forbidden' })
  healthy = true
  await retryDeadWork(world.ctxOf('retailer'), dead.items[0]!.id)
  await t.rejects(retryDeadWork(world.ctxOf('retailer'), dead.items[0]!.id), { code: 'jobs/not-dead' })
  await run(handlers, 'k')
  t.same(done, ['after', 'fragile'])
  t.match(await owner`select action from audit_log where organisation_id = ${world.id.retailer}`, [{ action: 'job.retried' }])
})

t.test('the relay enqueues what is due, once, and again what the queue has lost', async t => {
  const { db, log, add, owner } = await setting(t)
  const enqueued: string[] = []
  const relay = await startRelay({
    db,
    log,
    pollMilliseconds: 20,
    enqueue: async (queue, keys) => {
      enqueued.push(...keys.map(key => `${queue} ${key}`))
    },
  })
  t.teardown(relay.stop)
  await add('step', 'a')
  await until(() => enqueued.length === 1)
  t.same(enqueued, ['documents a'])
  await add('step', 'b')
  await until(() => enqueued.length === 2)
  t.same(enqueued, ['documents a', 'documents b'], 'what is in the queue is not enqueued again')
  await owner`update outbox set enqueued_at = now() - interval '1 minute' where key = 'a'`
  await until(() => enqueued.length === 3)
  t.equal(enqueued[2], 'documents a', 'what lies too long is')
})

t.test('schedules write work, once per organisation, and keep house', async t => {
  const { db, owner, world } = await setting(t)
  const run = (name: string): Promise<void> => schedules.find(schedule => schedule.name === name)!.run(db)
  await run('acknowledgements')
  await run('acknowledgements')
  const organisations = Number((await owner`select count(*) from organisation`)[0]!['count'])
  t.equal(
    (await owner`select 1 from outbox where kind = 'reconcile-acknowledgements'`).length,
    organisations,
    'a second run adds none while the first is waiting',
  )

  await owner`insert into idempotency_key (organisation_id, key, request_hash, created_at) values (${world.id.retailer}, 'old', '', now() - interval '2 days'), (${world.id.retailer}, 'new', '', now())`
  await run('housekeeping')
  t.same(
    (await owner`select key from idempotency_key`).map(row => row['key']),
    ['new'],
  )
  const months =
    await owner`select relid::text as name from pg_partition_tree('message') where isleaf and relid::text <> 'message_default'`
  t.ok(months.length >= 4, 'there are partitions for the months to come')
  await t.rejects(asApp(db, world.id.retailer), /permission denied/, 'which only the system role may ask for')
})

const asApp = (db: Database, organisationId: string): Promise<unknown> =>
  withOrganisation(db, organisationId, async tx => tx.sql`select maintain_partitions('2030-01-01', 1)`)
