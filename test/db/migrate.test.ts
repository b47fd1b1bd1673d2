import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import { postgresOptions, type DatabaseAccess } from '../../src/db/address.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { migrate, migrationsFolder, pendingMigrations, readMigrations } from '../../src/db/migrate.ts'
import { databaseRoles, passwordVerifier, rolePassword } from '../../src/db/roles.ts'
import { emptyDatabase } from '../helpers/database.ts'
import { homeOf, users } from '../helpers/platform.ts'

const secret = 'a secret of thirty-two characters or more'

t.test('an empty database gets the roles, the tables and the queue, and a second time nothing', async t => {
  const { access, owner } = await emptyDatabase(t)
  const names = readMigrations(migrationsFolder).map(file => file.name)
  t.strictSame(await pendingMigrations(access), names)
  t.strictSame(await migrate(access), names)
  t.strictSame(await migrate(access), [])
  t.strictSame(await pendingMigrations(access), [])
  const roles =
    await owner`select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
      where rolname = any(${[...databaseRoles]}::text[])`
  t.equal(roles.length, 3)
  for (const role of roles)
    t.match(role, { rolcanlogin: true, rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })
  const owned =
    await owner`select distinct relnamespace::regnamespace::text as schema, relowner::regrole::text as owner from pg_class
    where relowner::regrole::text like 'accord\\_%' and relnamespace::regnamespace::text not like 'pg\\_%'
      and relnamespace::regnamespace::text <> 'information_schema' order by 1`
  t.strictSame(
    owned.map(row => ({ ...row })),
    [
      { schema: 'bullmq', owner: 'accord_queue' },
      { schema: 'public', owner: access.address.user },
    ],
  )
  const [right] = await owner`select has_database_privilege('accord_queue', current_database(), 'create') as create,
    has_schema_privilege('accord_app', 'bullmq', 'usage') as app,
    has_schema_privilege('accord_queue', 'public', 'create') as queue`
  t.strictSame({ ...right }, { create: false, app: false, queue: false })
})

t.test('several at once wait for each other', async t => {
  const { access } = await emptyDatabase(t)
  const done = await Promise.all([migrate(access), migrate(access), migrate(access)])
  t.strictSame(
    done.map(names => names.length).sort((a, b) => a - b),
    [0, 0, readMigrations(migrationsFolder).length],
  )
})

t.test('the files', async t => {
  const { access, owner } = await emptyDatabase(t)
  const folder = t.testdir({
    '0001-one.sql': 'create table one (n int);',
    '0002-two.sql': 'create table two (n int);\ninsert into one values (1);',
    'README.md': 'not SQL',
  })
  t.strictSame(await migrate(access, { folder }), ['0001-one.sql', '0002-two.sql'])

  writeFileSync(join(folder, '0003-three.sql'), 'create table three (n int);\n\nselect nonsense;\n')
  await t.rejects(migrate(access, { folder }), {
    name: 'MigrationError',
    message: '0003-three.sql, line 3: column "nonsense" does not exist',
  })
  t.match(await owner`select to_regclass('three') as made`, [{ made: null }], 'a file is applied as a whole or not at all')
  writeFileSync(join(folder, '0003-three.sql'), 'create table three (n int);')
  t.strictSame(await migrate(access, { folder }), ['0003-three.sql'])

  // Another checkout may have other line ends.
  writeFileSync(join(folder, '0002-two.sql'), 'create table two (n int);\r\ninsert into one values (1);')
  t.strictSame(await migrate(access, { folder }), [])
  appendFileSync(join(folder, '0002-two.sql'), ' -- improved')
  await t.rejects(migrate(access, { folder }), /^0002-two\.sql was changed after it had been applied/)
  writeFileSync(join(folder, '0002-two.sql'), 'create table two (n int);\ninsert into one values (1);')

  writeFileSync(join(folder, '0001-zero.sql'), 'select 1')
  await t.rejects(migrate(access, { folder }), /^0001-zero\.sql comes before 0003-three\.sql, which is applied already/)
  rmSync(join(folder, '0001-zero.sql'))
  rmSync(join(folder, '0003-three.sql'))
  await t.rejects(migrate(access, { folder }), /^The database has 0003-three\.sql, which this version of the hub does not know/)
})

/** A server of its own, where roles are made for the first time and passwords count for everybody but its superuser. */
const strictServer = async (
  t: Test,
): Promise<{ access: DatabaseAccess; superuser: postgres.Sql; as: (user: string, password?: string) => DatabaseAccess }> => {
  const home = homeOf(t, users()[0]!)
  const embedded = await startEmbedded({ dataDir: home, log: pino({ level: 'silent' }), settings: { fsync: 'off' } })
  const { address } = embedded
  const rules = join(home, 'postgres', '18', 'pg_hba.conf')
  writeFileSync(rules, `local all ${address.user} trust\nlocal all all scram-sha-256\n${readFileSync(rules, 'utf8')}`)
  const superuser = postgres({ ...postgresOptions({ address, secret }, 'owner'), max: 1, onnotice: () => {} })
  await superuser`select pg_reload_conf()`
  t.teardown(async () => {
    await superuser.end()
    await embedded.stop()
  })
  const as = (user: string, password = 'known'): DatabaseAccess => ({ address: { ...address, user, password }, secret })
  return { access: { address, secret }, superuser, as }
}

const logIn = async (access: DatabaseAccess, role: (typeof databaseRoles)[number]) => {
  const sql = postgres({ ...postgresOptions(access, role), max: 1 })
  try {
    await sql`select 1`
  } finally {
    await sql.end()
  }
}

t.test('an owner who is no superuser', async t => {
  const { superuser, as } = await strictServer(t)
  await superuser.unsafe("create role hub login createrole password 'known'")
  await superuser.unsafe('create database hub owner hub')
  const access = { ...as('hub'), address: { ...as('hub').address, database: 'hub' } }
  t.equal((await migrate(access)).length, readMigrations(migrationsFolder).length)
  for (const role of databaseRoles) await logIn(access, role)

  t.comment('another secret: the passwords follow it')
  const renewed = { ...access, secret: 'another secret of thirty-two characters or more' }
  await t.rejects(logIn(renewed, 'accord_app'), { code: '28P01' })
  await migrate(renewed)
  for (const role of databaseRoles) await logIn(renewed, role)
  await t.rejects(logIn(access, 'accord_app'), { code: '28P01' })

  await superuser`alter role accord_app bypassrls`
  await t.rejects(
    migrate(renewed),
    /accord_app is a superuser or bypasses row-level security.*alter role accord_app nosuperuser nobypassrls/,
  )
})

t.test('an owner who may not create roles is told what to have run, and that is enough', async t => {
  const { superuser, as } = await strictServer(t)
  await superuser.unsafe("create role hub login password 'known'")
  await superuser.unsafe('create database hub owner hub')
  const access = { ...as('hub'), address: { ...as('hub').address, database: 'hub' } }
  let advice = ''
  await migrate(access).catch((error: Error) => {
    advice = error.message
  })
  t.match(advice, /^The owner hub may not create roles\. Run this as a superuser and start again:\n/)
  t.notMatch(advice, rolePassword(secret, 'accord_app'), 'it does not show a password')
  const administrator = postgres({
    ...postgresOptions({ ...access, address: { ...access.address, user: 'accord_owner' } }, 'owner'),
    max: 1,
  })
  await administrator.unsafe(advice.split('\n').slice(1).join('\n'))
  await administrator.end()
  t.equal((await migrate(access)).length, readMigrations(migrationsFolder).length)
  for (const role of databaseRoles) await logIn(access, role)
})

t.test('a database that cannot be reached is a wrong DATABASE_URL', async t => {
  const { as } = await strictServer(t)
  await t.rejects(migrate(as('hub', 'wrong')), {
    name: 'ConfigError',
    variable: 'DATABASE_URL',
    message: /does not let hub in .*password authentication failed.*; check DATABASE_URL\.$/s,
  })
  await t.rejects(migrate({ address: { host: '127.0.0.1', port: 1, database: 'hub', user: 'hub' }, secret }), {
    name: 'ConfigError',
    message: /^The database at 127\.0\.0\.1:1 .*ECONNREFUSED/,
  })
})

t.test('a verifier is of the form that PostgreSQL keeps', async t => {
  t.match(
    passwordVerifier(secret, 'accord_app'),
    /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/,
  )
  t.not(rolePassword(secret, 'accord_app'), rolePassword(secret, 'accord_queue'))
})
