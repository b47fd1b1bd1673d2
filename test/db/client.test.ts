import { sql as raw } from 'drizzle-orm'
import { date, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import t, { type Test } from 'tap'
import {
  asSystem,
  assertDurable,
  connect,
  readAs,
  readSystem,
  withKeyLock,
  withOrganisation,
  writeAs,
  type Database,
} from '../../src/db/client.ts'
import { openPool } from '../../src/db/pool.ts'
import { testDatabase } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'

/** A database with one tenant table, `note`, and a note of each of two organisations. */
const notes = async (t: Test) => {
  const given = await testDatabase(t)
  await given.owner.unsafe(`
    create table note (organisation_id text not null, body text not null, unique (organisation_id, body));
    select protect('note', 'own');`)
  for (const organisation of ['org_a', 'org_b'])
    await withOrganisation(
      given.db,
      organisation,
      tx => tx.sql`insert into note values (${organisation}, ${`of ${organisation}`})`,
    )
  return given
}

const bodies = async (db: Database, organisation: string): Promise<string[]> =>
  (await readAs(db, organisation, sql => sql<{ body: string }[]>`select body from note order by body`)).map(row => row.body)

t.test('an organisation sees and writes its own rows and no others', async t => {
  const { db } = await notes(t)
  t.strictSame(await bodies(db, 'org_a'), ['of org_a'])
  t.strictSame(
    await withOrganisation(db, 'org_b', async tx => (await tx.sql`select body from note`).map(row => row.body as string)),
    ['of org_b'],
  )
  await t.rejects(
    withOrganisation(db, 'org_a', tx => tx.sql`insert into note values ('org_b', 'forged')`),
    { code: '42501' },
  )
  await t.rejects(
    writeAs(db, 'org_a', sql => sql`insert into note values ('org_b', 'forged')`),
    { code: '42501' },
  )
  const updated = await writeAs(
    db,
    'org_a',
    sql => sql`update note set body = 'mine now' where organisation_id = 'org_b' returning 1`,
  )
  t.equal(updated.length, 0)
  t.equal((await asSystem(db, tx => tx.sql`select 1 from note`)).length, 2)
})

t.test('an organisation is forgotten when its transaction or pipeline ends, also a failed one', async t => {
  const { access } = await notes(t)
  const single = connect({ ...access, poolSize: 1 })
  t.teardown(() => single.close())
  const current = async () => {
    const lease = await single.app.lease()
    const [row] = await lease.sql`select current_org() as org, (select count(*)::int from note) as n`
    lease.release()
    return row
  }
  await withOrganisation(single, 'org_a', tx => tx.sql`select 1`)
  t.strictSame(await current(), { org: null, n: 0 })
  await readAs(single, 'org_a', sql => sql`select 1`)
  t.strictSame(await current(), { org: null, n: 0 })
  await t.rejects(
    readAs(single, 'org_a', sql => sql`select 1 / 0`),
    { code: '22012' },
  )
  t.strictSame(await current(), { org: null, n: 0 })
  await t.rejects(
    withOrganisation(single, 'org_a', async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  t.strictSame(await current(), { org: null, n: 0 })
})

t.test('a read answers in order, in one or several queries, and cannot write', async t => {
  const { db } = await notes(t)
  const [[one], list, [three]] = await readAs(db, 'org_a', sql => [
    sql<{ n: number }[]>`select ${1}::int as n`,
    sql<{ body: string }[]>`select body from note where body like ${'of%'}`,
    sql<{ n: number }[]>`select 3 as n`,
  ])
  t.strictSame([one?.n, list.map(row => row.body), three?.n], [1, ['of org_a'], 3])
  await t.rejects(
    readAs(db, 'org_a', sql => sql`insert into note values ('org_a', 'sneaked in')`),
    { code: '25006' },
  )
  await t.rejects(
    readAs(db, 'org_a', () => {
      throw new Error('not built')
    }),
    { message: 'not built' },
  )
  // Statements new to a connection are described first; they must still come after the organisation is set.
  for (let i = 0; i < 20; i++) {
    const rows = await readAs(db, 'org_a', sql =>
      sql.unsafe(`select body, ${i} from note where body <> $1`, [String(i)], { prepare: true }),
    )
    t.equal(rows.length, 1)
  }
})

t.test('a pipeline of writes is done as a whole or not at all', async t => {
  const { db } = await notes(t)
  const [first] = await writeAs(db, 'org_a', sql => [
    sql`insert into note values ('org_a', 'one') returning body`,
    sql`insert into note values ('org_a', 'two')`,
  ])
  t.match(first, [{ body: 'one' }])
  await t.rejects(
    writeAs(db, 'org_a', sql => [
      sql`insert into note values ('org_a', 'three')`,
      sql`insert into note values ('org_a', 'one')`,
      sql`insert into note values ('org_a', 'four')`,
    ]),
    { code: '23505' },
  )
  t.strictSame(await bodies(db, 'org_a'), ['of org_a', 'one', 'two'])
})

t.test('a transaction commits as a whole or not at all', async t => {
  const { db } = await notes(t)
  await t.rejects(
    withOrganisation(db, 'org_a', async tx => {
      await tx.sql`insert into note values ('org_a', 'lost')`
      throw new Error('changed my mind')
    }),
    { message: 'changed my mind' },
  )
  const answer = await withOrganisation(db, 'org_a', async tx => {
    await tx.sql`insert into note values ('org_a', 'kept')`
    await t.rejects(
      tx.savepoint(async inner => {
        await inner.sql`insert into note values ('org_a', 'undone')`
        await inner.savepoint(deeper => deeper.sql`insert into note values ('org_a', 'undone too')`)
        await inner.sql`insert into note values ('org_a', 'kept')`
      }),
      { code: '23505' },
    )
    await tx.savepoint(inner => inner.sql`insert into note values ('org_a', 'kept as well')`)
    return 42
  })
  t.equal(answer, 42)
  t.strictSame(await bodies(db, 'org_a'), ['kept', 'kept as well', 'of org_a'])
})

t.test('a forgotten await is noticed', async t => {
  const { db } = await notes(t)
  await t.rejects(
    withOrganisation(db, 'org_a', async tx => {
      await tx.sql`insert into note values ('org_a', 'good')`
      tx.sql`insert into note values ('org_b', 'bad')`.catch(() => {})
    }),
    /failed unheard/,
  )
  t.strictSame(await bodies(db, 'org_a'), ['of org_a'])
  const escaped = await withOrganisation(db, 'org_a', async tx => tx)
  await t.rejects(escaped.sql`insert into note values ('org_a', 'late')`, /after its transaction or pipeline had ended/)
})

t.test('services nest: the same organisation joins, another is refused', async t => {
  const { db } = await notes(t)
  const actor = { organisationId: 'org_a', role: 'administrator', scopes: [], name: 'test' } as const
  await t.rejects(
    withOrganisation({ db, actor }, async tx => {
      await withOrganisation({ db: tx, actor }, inner => inner.sql`insert into note values ('org_a', 'inner')`)
      t.equal((await readAs(tx, 'org_a', sql => sql`select 1 from note where body = 'inner'`)).length, 1)
      await writeAs(tx, 'org_a', sql => [sql`insert into note values ('org_a', 'also')`])
      await t.rejects(
        withOrganisation(tx, 'org_b', async () => {}),
        /cannot go on as org_b/,
      )
      await t.rejects(
        readAs(tx, 'org_b', sql => sql`select 1`),
        /cannot go on as org_b/,
      )
      await t.rejects(
        asSystem(tx, async () => {}),
        /cannot go on as the system/,
      )
      throw new Error('all of it undone')
    }),
    { message: 'all of it undone' },
  )
  t.strictSame(await bodies(db, 'org_a'), ['of org_a'])
  await asSystem(db, async tx => {
    t.equal((await asSystem(tx, inner => inner.sql`select 1 from note`)).length, 2)
    t.equal((await readSystem(tx, sql => sql`select 1 from note`)).length, 2)
    await t.rejects(
      withOrganisation(tx, 'org_a', async () => {}),
      /cannot go on as org_a/,
    )
  })
  t.match(await readSystem(db, sql => [sql`select current_user::text as who`]), [[{ who: 'accord_system' }]])
})

t.test('dates, instants, JSON and arrays, through the template and through drizzle', async t => {
  const { db, owner } = await notes(t)
  await owner.unsafe(`create table thing (day date, at timestamptz, data jsonb, tags text[], n bigint, price numeric);
    grant all on thing to accord_app`)
  const at = new Date('2025-03-09T07:08:09.123Z')
  const row = { day: '2025-03-30', at, data: { a: [1, 'x'] }, tags: ['p', 'q'], n: '9007199254740993', price: '12.50' }
  await withOrganisation(db, 'org_a', async tx => {
    await tx.sql`insert into thing ${tx.sql(row)}`
    await tx.sql`insert into thing select * from
      unnest(${[row.day]}::text[]::date[], ${[at.toISOString()]}::text[]::timestamptz[], ${[JSON.stringify(row.data)]}::text[]::jsonb[]),
      (values (${row.tags}::text[], ${row.n}::bigint, ${row.price}::numeric)) as v`
    await tx.sql`insert into thing
      values (${row.day}, ${at.toISOString()}, ${JSON.stringify(row.data)}, ${row.tags}, ${row.n}, ${row.price})`
    await tx.sql`insert into thing values (${row.day}, ${at}, ${tx.sql.json(row.data)}, ${row.tags}, ${row.n}, ${row.price})`
    const found = await tx.sql`select * from thing`
    t.equal(found.length, 4)
    for (const each of found) t.strictSame({ ...each }, row)

    const thing = pgTable('thing', {
      day: date('day'),
      at: timestamp('at', { withTimezone: true }),
      data: jsonb('data'),
      tags: text('tags').array(),
    })
    await tx.drizzle.insert(thing).values({ day: row.day, at, data: row.data, tags: row.tags })
    const through = await tx.drizzle.select().from(thing)
    t.equal(through.length, 5)
    for (const each of through) t.strictSame(each, { day: row.day, at, data: row.data, tags: row.tags })
    await t.rejects(
      tx.drizzle.transaction(async inner => {
        await inner.delete(thing)
        throw new Error('undo')
      }),
      { message: 'undo' },
    )
    t.match(await tx.drizzle.execute(raw`select count(*)::int as n, max(at) as at from thing`), [{ n: 5, at }])
    // Drizzle has not changed what the template does, here or on the other connections.
    t.strictSame((await tx.sql`select at from thing`)[0]?.at, at)
  })
  t.strictSame((await readAs(db, 'org_a', sql => sql`select at from thing`))[0]?.at, at)
})

t.test('a lost connection fails what was on it and nothing else', async t => {
  const { db, owner } = await notes(t)
  const killed = async (pid: unknown) => {
    await owner`select pg_terminate_backend(${pid as number})`
  }
  await t.rejects(
    withOrganisation(db, 'org_a', async tx => {
      await tx.sql`insert into note values ('org_a', 'lost')`
      const [row] = await tx.sql`select pg_backend_pid() as pid`
      await killed(row?.pid)
      await until(async () => {
        try {
          await tx.sql`select 1`
          return false
        } catch {
          return true
        }
      })
      // The pool may have a new session by now; this must not reach it outside of a transaction.
      await t.rejects(tx.sql`insert into note values ('org_a', 'astray')`, /connection was lost/)
      return 'done'
    }),
  )
  const sleeping = writeAs(db, 'org_a', sql => [
    sql`select pg_sleep(20), ${'marked'}::text`,
    sql`select ${1}::int as never_described_before`,
  ])
  const failing = t.rejects(sleeping)
  await until(async () => {
    const rows = await owner<
      { pid: number }[]
    >`select pid from pg_stat_activity where datname = current_database() and usename = 'accord_app' and wait_event = 'PgSleep'`
    for (const { pid } of rows) await killed(pid)
    return rows.length > 0
  })
  await failing
  for (let i = 0; i < 8; i++) t.strictSame(await bodies(db, 'org_a'), ['of org_a'])
  // As after a restart of the database: all connections are gone, and nobody who reads needs to know.
  await owner`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'accord_app'`
  for (let i = 0; i < 8; i++) t.strictSame(await bodies(db, 'org_a'), ['of org_a'])
})

t.test('a connection that never becomes free is an answer, not a wait without end', async t => {
  const { access } = await testDatabase(t)
  const pool = openPool(access, 'accord_app', 1, 0.05)
  const lease = await pool.lease()
  await t.rejects(pool.lease(), { code: 'hub/unavailable' })
  const waiting = pool.lease()
  lease.release()
  lease.release()
  ;(await waiting).release()
  await pool.close()
})

t.test('many at once share few connections', async t => {
  const { db, owner } = await notes(t)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => {
      const organisation = i % 2 ? 'org_a' : 'org_b'
      return i % 3
        ? readAs(db, organisation, sql => sql`select body from note`)
        : withOrganisation(db, organisation, tx => tx.sql`select body from note`)
    }),
  )
  answers.forEach((rows, i) => t.match(rows, [{ body: i % 2 ? 'of org_a' : 'of org_b' }]))
  const [row] = await owner<
    { n: number }[]
  >`select count(*)::int as n from pg_stat_activity where datname = current_database() and usename = 'accord_app'`
  t.ok(row && row.n <= 5, `${row?.n} connections`)
})

t.test('a key lock is held by one, in this process or another', async t => {
  const { db, access, owner } = await testDatabase(t)
  const other = connect(access)
  t.teardown(() => other.close())
  const answer = await withKeyLock(db, 'partnership 1', async signal => {
    t.equal(await withKeyLock(db, 'partnership 1', async () => 'entered'), 'busy')
    t.equal(await withKeyLock(other, 'partnership 1', async () => 'entered'), 'busy')
    t.equal(await withKeyLock(other, 'partnership 2', async () => 'entered'), 'entered')
    t.notOk(signal.aborted)
    return 7
  })
  t.equal(answer, 7)
  await t.rejects(
    withKeyLock(other, 'partnership 1', async () => {
      throw new Error('failed')
    }),
    { message: 'failed' },
  )
  t.equal(await withKeyLock(db, 'partnership 1', async () => 'entered'), 'entered')
  await withKeyLock(db, 'partnership 1', async signal => {
    await owner`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`
    await until(() => signal.aborted)
    t.equal(await withKeyLock(other, 'partnership 1', async () => 'entered'), 'entered')
  })
  t.equal(await withKeyLock(db, 'partnership 1', async () => 'entered'), 'entered')
})

t.test('notifications are heard, also after a lost connection', async t => {
  const { db, owner } = await testDatabase(t)
  const heard: string[] = []
  let listening = 0
  const stop = await db.listen(
    'news',
    payload => heard.push(payload),
    () => {
      listening++
    },
  )
  await owner`select pg_notify('news', 'first')`
  await until(() => heard.length === 1)
  await owner`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'`
  await until(() => listening === 2)
  await owner`select pg_notify('news', 'second')`
  await until(() => heard.length === 2)
  t.strictSame(heard, ['first', 'second'])
  await stop()
})

t.test('a database that commits without writing is refused', async t => {
  const { db, owner, access } = await testDatabase(t)
  await assertDurable(db)
  await owner.unsafe(`alter database ${access.address.database} set synchronous_commit = off`)
  const careless = connect(access)
  t.teardown(() => careless.close())
  await t.rejects(assertDurable(careless), { code: 'hub/unavailable', message: /synchronous_commit=off/ })
})

t.test('what the organisation costs, in microseconds beside a bare query', async t => {
  const { db } = await notes(t)
  const lease = await db.app.lease()
  const ways = {
    bare: () => lease.sql`select body from note where organisation_id = ${'org_a'}`,
    readAs: () => readAs(db, 'org_a', sql => sql`select body from note where organisation_id = ${'org_a'}`),
    withOrganisation: () => withOrganisation(db, 'org_a', tx => tx.sql`select body from note where organisation_id = ${'org_a'}`),
  }
  const took: Record<string, number[]> = { bare: [], readAs: [], withOrganisation: [] }
  for (let round = 0; round < 9; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const start = performance.now()
      for (let i = 0; i < 100; i++) await run()
      took[name]?.push((performance.now() - start) * 10)
    }
  }
  lease.release()
  const median = (name: string) => took[name]!.sort((a, b) => a - b)[4]!
  for (const name of Object.keys(ways))
    t.comment(`${name}: ${median(name).toFixed(0)} us, ${(median('bare') / median(name)).toFixed(2)} of bare`)
  t.pass('measured')
})
