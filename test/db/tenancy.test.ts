import t from 'tap'
import { connect, withOrganisation, type Database, type Sql } from '../../src/db/client.ts'
import { databaseRoles } from '../../src/db/roles.ts'
import { testDatabase, type TestDatabase } from '../helpers/database.ts'

/** Tables that are no tenant's, with the reason. Whoever adds one here says why nobody can learn anything from it. */
const exceptions: Record<string, string> = {
  schema_migration: 'which migrations were run; no role has a right on it',
  sscc_series: 'serials of a company prefix, reached through take_sscc_serials alone; no role has a right on it',
  control_counter: 'reached through next_control_number alone; no role has a right on it',
}
/** Tables that only the system role may touch. */
const systemOnly = ['user_session', 'sign_in_attempt']
/** Functions that run with their owner's rights; each has to be probed here or where it is used. */
const definerFunctions = ['maintain_partitions', 'next_control_number', 'take_sscc_serials']

type Table = {
  name: string
  kind: string
  partition: boolean
  enabled: boolean
  forced: boolean
  policies: number
  granted: string[]
}
const readTables = (owner: TestDatabase['owner']) => owner<Table[]>`
  select c.relname as name, c.relkind as kind, c.relispartition as partition, c.relrowsecurity as enabled,
    c.relforcerowsecurity as forced,
    (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
    coalesce((select array_agg(distinct g.grantee::regrole::text) from aclexplode(c.relacl) g
      where g.grantee = 0 or g.grantee::regrole::text = any(${[...databaseRoles]})), '{}') as granted
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1`

t.test('row-level security is on and forced for every table', async t => {
  const { owner } = await testDatabase(t)
  // A month's partitions, as the maintenance makes them.
  for (const [parent, prefix] of [['message', 'msg'], ['message_set', 'msg'], ['forecast_point', 'fct']])
    await owner`select ensure_partitions(${parent ?? ''}::regclass, ${prefix ?? ''}, '2026-01-01', 2)`
  const tables = await readTables(owner)
  t.ok(tables.some(table => table.name === 'message_202602' && table.partition), 'partitions are among them')
  for (const table of tables) {
    if (table.name in exceptions) t.same(table.granted, [], `${table.name}: ${exceptions[table.name]}`)
    else if (table.partition)
      t.match(table, { enabled: true, forced: true, granted: [] }, `${table.name} is reached through its parent only`)
    else t.ok(table.enabled && table.forced && table.policies > 0, table.name)
  }
  for (const name of Object.keys(exceptions)) t.ok(tables.some(table => table.name === name), `${name} is still a table`)
})

t.test('the roles own nothing and cannot step over the policies', async t => {
  const { owner } = await testDatabase(t)
  const roles = await owner<{ rolname: string; privileged: boolean; inherits: number; owns: number }[]>`
    select r.rolname, r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication as privileged,
      (select count(*)::int from pg_auth_members m where m.member = r.oid) as inherits,
      (select count(*)::int from pg_class c where c.relowner = r.oid) + (select count(*)::int
        from pg_proc p where p.proowner = r.oid)
        + (select count(*)::int from pg_namespace n where n.nspowner = r.oid) as owns
    from pg_roles r where r.rolname in ('accord_app', 'accord_system') order by 1`
  t.same(
    roles.map(role => ({ ...role })),
    ['accord_app', 'accord_system'].map(rolname => ({ rolname, privileged: false, inherits: 0, owns: 0 })),
  )
  const [create] = await owner<{ app: boolean; system: boolean }[]>`
    select has_schema_privilege('accord_app', 'public', 'create') as app, has_schema_privilege('accord_system', 'public',
      'create') as system`
  t.same({ ...create }, { app: false, system: false }, 'they make nothing in the schema')
  const definer = await owner<{ proname: string }[]>`
    select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace order by 1`
  t.same(definer.map(each => each.proname), definerFunctions, 'what runs with the owner\'s rights is known')
  const queue = await owner<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and has_table_privilege('accord_queue', oid, 'select')`
  t.same([...queue], [], 'the queue reads none of the hub\'s tables')
})

type Column = { table: string; column: string; type: string; required: boolean; check: string | null }

/** A row for any table: its tenants as given, otherwise the simplest values that its checks take. */
const rowFor = (columns: readonly Column[], tenants: { a: string; b: string }, mark: string): Record<string, unknown> => {
  const row: Record<string, unknown> = {}
  for (const { column, type, required, check } of columns) {
    if (column === 'organisation_id' || column === 'buyer_id') row[column] = tenants.a
    else if (column === 'counterpart_id' || column === 'seller_id') row[column] = tenants.b
    else if (!required) continue
    else if (type === 'text')
      row[column] = /'([^']*)'::text/.exec(check ?? '')?.[1] ?? (column.endsWith('id') ? `msg_${mark}` : mark)
    else if (type === 'bytea') row[column] = Buffer.from(mark)
    else if (type === 'jsonb') row[column] = '{}'
    else if (type === 'date') row[column] = '2026-01-01'
    else if (type.startsWith('timestamp')) row[column] = '2026-01-01T00:00:00Z'
    else if (type === 'boolean') row[column] = false
    else row[column] = 1
  }
  return row
}

const asApp = <T>(db: Database, organisationId: string | null, fn: (sql: Sql) => Promise<T>): Promise<T> =>
  withOrganisation(db, organisationId ?? '', tx => fn(tx.sql))

t.test('an organisation sees and changes nothing of another, in any table', async t => {
  const { db, owner } = await testDatabase(t)
  const columns = await owner<Column[]>`
    select c.relname as "table", a.attname as column, format_type(a.atttypid, null) as type,
      a.attnotnull and not a.atthasdef and a.attidentity = '' as required,
      (select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
        and a.attnum = any(k.conkey)
        and pg_get_constraintdef(k.oid) like '%ANY%' limit 1) as check
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0
      and not a.attisdropped`
  const names = [...new Set(columns.map(column => column.table))].filter(name => !(name in exceptions)).sort()
  const of = (name: string) => columns.filter(column => column.table === name)
  const has = (name: string, column: string) => of(name).some(each => each.column === column)

  const mark = '0'.repeat(12)
  const parties = ['a', 'b', 'stranger'] as const
  await owner.begin(async sql => {
    await sql`set local session_replication_role = replica` // rows without what they refer to
    for (const id of parties) await sql`insert into organisation (id, name, kind) values (${id}, ${id}, 'supplier')`
    for (const id of parties) {
      await sql`insert into app_user (id, email, name, password_hash) values (${id}, ${id}, ${id}, '')`
      await sql`insert into membership (id, organisation_id, user_id, role) values (${id}, ${id}, ${id}, 'viewer')`
    }
    for (const name of names.filter(each => !['organisation', 'app_user', 'membership'].includes(each))) {
      await sql`insert into ${sql(name)} ${sql(rowFor(of(name), { a: 'a', b: 'b' }, mark) as Record<string, string>)}`
    }
  })

  for (const name of names) await t.test(name, async t => {
    const count = (organisationId: string | null) => asApp(db, organisationId, async sql => {
      const [row] = await sql<{ count: number }[]>`select count(*)::int as count from ${sql(name)}`
      return row?.count
    }).catch((error: { code?: string }) => error.code)
    if (systemOnly.includes(name)) {
      t.equal(await count('a'), '42501', 'the app role may not look at all')
      return
    }
    // Of an app_user the app role may select some columns; count(*) needs one.
    const own = name === 'organisation' || name === 'app_user' || name === 'membership' ? 1 : 0
    t.equal(await count('stranger'), own, 'a stranger sees its own only')
    t.equal(await count(null), 0, 'without an organisation nothing is seen')
    t.ok(Number(await count('a')) >= 1, 'the owner sees it')
    const shared = has(name, 'counterpart_id') || has(name, 'seller_id')
    if (shared) t.ok(Number(await count('b')) >= 1, 'the counterpart sees it')
    else if (own === 0 && name !== 'location') t.equal(await count('b'), 0, 'a partner does not')

      const tenant = ['organisation_id', 'buyer_id', 'id'].find(column => has(name, column)) ?? ''
      const attempt = (change: (sql: Sql) => PromiseLike<{ count: number }>) =>
        asApp(db, 'stranger', async sql => (await change(sql)).count).catch((error: { code?: string }) =>
          error.code === '42501' ? 0 : Promise.reject(error),
        )
      t.equal(
        await attempt(sql => sql`update ${sql(name)} set ${sql(tenant)} = ${sql(tenant)} where ${sql(tenant)} = 'a'`),
        0,
        'a stranger changes nothing',
      )
      t.equal(await attempt(sql => sql`delete from ${sql(name)} where ${sql(tenant)} = 'a'`), 0, 'a stranger deletes nothing')
      if (tenant === 'id') return
      const forged = rowFor(of(name), { a: 'a', b: 'b' }, '1'.repeat(12)) as Record<string, string>
      const outcome = await asApp(db, 'stranger', async sql => {
        await sql`insert into ${sql(name)} ${sql(forged)}`
      }).then(
        () => 'written',
        (error: { code?: string }) => error.code,
      )
      t.equal(outcome, '42501', "a stranger writes nothing in another's name")
    })
})

t.test('the audit log cannot be rewritten by any role of the hub', async t => {
  const { db, owner } = await testDatabase(t)
  await owner`insert into organisation (id, name, kind) values ('a', 'a', 'supplier')`
  await asApp(db, 'a', async sql => {
    await sql`insert into audit_log (id, organisation_id, actor, action, subject) values ('1', 'a', 'x', 'y', 'z')`
  })
  for (const role of ['app', 'system'] as const) {
    for (const change of ['update audit_log set action = $1', 'delete from audit_log where action <> $1', 'truncate audit_log']) {
      const lease = await db[role].lease()
      await t.rejects(lease.sql.unsafe(change, change.includes('$1') ? [''] : []), { code: '42501' }, `${role}: ${change}`)
      lease.release()
    }
  }
})

t.test('who trades with whom is not the app role\'s to write', async t => {
  const { db, owner } = await testDatabase(t)
  for (const id of ['a', 'b']) await owner`insert into organisation (id, name, kind) values (${id}, ${id}, 'supplier')`
  await t.rejects(
    asApp(db, 'a', async sql => {
      await sql`insert into partnership (id, buyer_id, seller_id) values ('p', 'a', 'b')`
    }),
    { code: '42501' },
  )
  await t.rejects(
    asApp(db, 'a', async sql => {
      await sql`
        insert into organisation_identifier (id, organisation_id, qualifier, value, usage) values ('i', 'a', 'ZZ', 'B', 'test')`
    }),
    { code: '42501' },
  )
})

t.test('an organisation set in one transaction is gone in the next', async t => {
  const { access, owner } = await testDatabase(t)
  await owner`insert into organisation (id, name, kind) values ('a', 'a', 'supplier')`
  const db = connect({ ...access, poolSize: 1 })
  t.teardown(() => db.close())
  const seen = async () => {
    const lease = await db.app.lease()
    return lease.sql<{ id: string }[]>`select id from organisation`.then(rows => rows.length).finally(() => lease.release())
  }
  t.equal(await asApp(db, 'a', async sql => (await sql`select id from organisation`).length), 1)
  t.equal(await seen(), 0, 'on the same connection')
  await t.rejects(asApp(db, 'a', async () => { throw new Error('no') }), { message: 'no' })
  t.equal(await seen(), 0, 'after a rollback too')
})
