import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import postgres from 'postgres'
import t from 'tap'
import { postgresOptions, type DatabaseAccess } from '../../src/db/address.ts'
import { migrate } from '../../src/db/migrate.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type World } from '../helpers/world.ts'
import { accordHub, databaseEnv, jsonLines } from './run.ts'

type Test = Parameters<typeof testDatabase>[0]

/** Every table of the hub with its number of rows and a hash over them; seen by a superuser, past row-level security. */
const contents = async (owner: postgres.Sql): Promise<Record<string, { rows: number; hash: string }>> => {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname <> 'schema_migration'`
  const found: Record<string, { rows: number; hash: string }> = {}
  for (const { name } of tables) {
    const [row] = await owner<{ rows: number; hash: string }[]>`
      select count(*)::int as rows, md5(coalesce(string_agg(md5(t::text), '' order by t::text), '')) as hash
      from ${owner(name)} t`
    if (row) found[name] = { ...row }
  }
  return found
}

const order = (w: World, number: string): [string, ...string[]] => {
  const [item] = w.items.retailerFarm
  return [
    '850',
    `BEG*00*SA*${number}**20261120`,
    'N1*ST*DC East*92*DC01',
    'N1*VN*Meadow Farm*92*100234',
    `PO1*1*10*EA*${item?.price}**UP*${item?.upc}*IN*${item?.buyerItem}`,
    'CTT*1',
  ]
}

/** A database with the small world, messages in and out, work still to do, and rows that text formats like to get wrong. */
const busyDatabase = async (t: Test) => {
  const made = await testDatabase(t)
  const w = await smallWorld(made.db)
  const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
  const text = (control: number) =>
    interchange({ from: w.identityOf('retailer'), to: hub, control }, 'PO', [order(w, `P-${control}`), order(w, `Q-${control}`)])
  await send(w.ctxOf('retailer'), text(1))
  await workOff(made.db)
  await send(w.ctxOf('retailer'), text(2))
  await made.owner`select maintain_partitions('2026-01-01', 3)`
  const odd = 'tab\t newline\n back\\slash \\N \\. quote" æ 汉 🙂'
  const address = made.owner.json({ [odd]: [odd, 1.5, null] })
  await made.owner`update location set name = ${odd}, address = ${address} where code = 'DC01'`
  // Larger than what is read at once, and with the mark that ends a table in it.
  await made.owner`insert into message_chunk (message_id, sequence, organisation_id, start_offset, bytes)
    values (${`msg_${'0'.repeat(32)}`}, 0, ${w.id.retailer}, 0, ${randomBytes(1_500_000)}),
      (${`msg_${'0'.repeat(32)}`}, 1, ${w.id.retailer}, 0, ${Buffer.from('\n\\.\n')})`
  return { ...made, world: w }
}

t.test('a backup restored is the same, in every table', async t => {
  const source = await busyDatabase(t)
  const target = await testDatabase(t)
  const file = join(t.testdir(), 'all.backup')
  const before = await contents(source.owner)

  const made = await accordHub(['backup', file, '--json'], { env: databaseEnv(source.access) })
  t.match(made, { code: 0, stderr: '' })
  const [report] = jsonLines<{ rows: number; tables: Record<string, number>; sha256: string }>(made)
  t.same(
    report?.tables,
    Object.fromEntries(Object.entries(before).map(([name, { rows }]) => [name, rows])),
    'with the rows of each table',
  )
  t.equal((await stat(file)).mode & 0o777, 0o600, 'readable by its owner only')
  t.match(await accordHub(['backup', file], { env: databaseEnv(source.access) }), { code: 1, stderr: /is there already/ })
  t.match(await accordHub(['backup', file, '--force', '--dry-run'], { env: databaseEnv(source.access) }), {
    code: 0,
    stdout: /no file was kept/,
  })

  const env = databaseEnv(target.access)
  t.match(await accordHub(['restore', file, '--dry-run'], { env }), { code: 0, stdout: /nothing was kept/ })
  t.ok(
    Object.values(await contents(target.owner)).every(({ rows }) => rows === 0),
    'a dry run leaves it empty',
  )
  t.match(await accordHub(['restore', file], { env }), { code: 0, stderr: '', stdout: /Restored\.\n$/ })
  t.same(await contents(target.owner), before, 'rows and their hashes')

  const [id] = await target.owner<{ next: string; most: string }[]>`
    select nextval('outbox_id_seq') as next, (select coalesce(max(id), 0) from outbox) as most`
  t.ok(BigInt(id?.next ?? 0) > BigInt(id?.most ?? 0), 'numbers go on after those given out')
  const partitions =
    await target.owner`select 1 from pg_class where relname in ('message_202601', 'message_202603', 'forecast_point_202602')`
  t.equal(partitions.length, 3, 'the months have their partitions')

  // What was waiting is worked off, and control numbers go on.
  await workOff(target.db)
  const [orders] = await target.owner<{ count: number }[]>`select count(*)::int as count from purchase_order`
  t.equal(orders?.count, 4)
  const again = await target.owner`
      select control_number from message where direction = 'out' and organisation_id = ${source.world.id.retailer}`
  t.same(new Set(again.map(row => row['control_number'] as string)).size, again.length, 'no control number is used twice')

  t.match(await accordHub(['restore', file], { env }), {
    code: 1,
    stderr: /^The database is not empty: organisation, .* empty, newly migrated database only\.\n$/,
  })
})

t.test('a backup is of one moment while the hub works on', async t => {
  const { db, owner, access, world } = await busyDatabase(t)
  const file = join(t.testdir(), 'moment.backup')
  const over = new AbortController()
  const work = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      // Both in one transaction: a backup has both of a pair or none.
      await owner.begin(async sql => {
        await sql`insert into idempotency_key (organisation_id, key, request_hash, status) values (${world.id.farm}, 'moment', '', ${n})
          on conflict (organisation_id, key) do update set status = ${n}`
        await sql`insert into control_counter (sender, receiver, kind, last_number) values ('ZZ:A', 'ZZ:B', 'group', ${n})
          on conflict (sender, receiver, kind) do update set last_number = ${n}`
      })
    }
  })()
  t.match(await accordHub(['backup', file], { env: databaseEnv(access) }), { code: 0 })
  over.abort()
  await work
  await db.close()
  const text = gunzipSync(await readFile(file)).toString('latin1')
  const counter = /copy "control_counter" [\s\S]*?ZZ:A\tZZ:B\tgroup\t(\d+)\n/.exec(text)?.[1]
  const status = /copy "idempotency_key" [\s\S]*?\tmoment\t[^\t]*\t(\d+)\t/.exec(text)?.[1]
  t.ok(counter !== undefined && Number(counter) > 0)
  t.equal(status, counter, 'the owner and the system saw the same')
})

t.test('the owner need not be a superuser', async t => {
  const source = await testDatabase(t)
  const { access } = await ownedDatabase(t, source.access, source.owner)
  await migrate(access)
  const made = await accordHub(['user', 'add', 'ann@example.com', '--organisation', 'operator', '--role', 'administrator'], {
    env: databaseEnv(access),
  })
  t.match(made, { code: 0 })
  const file = join(t.testdir(), 'owned.backup')
  t.match(await accordHub(['backup', file], { env: databaseEnv(access) }), { code: 0, stdout: /^.*: \d+ rows in \d+ tables/ })
  const other = await ownedDatabase(t, source.access, source.owner)
  t.match(await accordHub(['restore', file], { env: databaseEnv(other.access) }), {
    code: 1,
    stderr: /is not migrated\. Run accord-hub migrate/,
  })
  await migrate(other.access)
  t.match(await accordHub(['restore', file], { env: databaseEnv(other.access) }), { code: 0 })
  t.same(await contents(other.superuser), await contents((await superuserOf(t, access, source.access)).sql))
})

/** A new database whose owner is an ordinary role. */
const ownedDatabase = async (t: Test, server: DatabaseAccess, admin: postgres.Sql) => {
  const name = `accord_test_${randomBytes(6).toString('hex')}`
  const role = `owner_${randomBytes(4).toString('hex')}`
  await admin.unsafe(`create role ${role} login nosuperuser nobypassrls nocreaterole password 'p'`)
  await admin.unsafe(`create database ${name} owner ${role}`)
  const access = { ...server, address: { ...server.address, database: name, user: role, password: 'p' } }
  const { sql } = await superuserOf(t, access, server)
  t.teardown(async () => {
    await sql.end()
    const last = postgres({ ...postgresOptions(server, 'owner'), database: 'postgres', max: 1, onnotice: () => {} })
    await last.unsafe(`drop database if exists ${name} with (force)`)
    await last.unsafe(`drop role if exists ${role}`)
    await last.end()
  })
  return { access, superuser: sql }
}

const superuserOf = async (t: Test, { address: { database } }: DatabaseAccess, server: DatabaseAccess) => {
  const sql = postgres({ ...postgresOptions(server, 'owner'), database, max: 1, onnotice: () => {} })
  t.teardown(() => sql.end())
  return { sql }
}

t.test('what is damaged, cut short or something else is refused, and nothing is touched', async t => {
  const source = await testDatabase(t)
  await smallWorld(source.db)
  const target = await testDatabase(t)
  const env = databaseEnv(target.access)
  const folder = t.testdir()
  const file = join(folder, 'good.backup')
  t.match(await accordHub(['backup', file], { env: databaseEnv(source.access) }), { code: 0 })
  const packed = await readFile(file)
  const text = gunzipSync(packed).toString('latin1')
  const changed = (change: (text: string) => string): Buffer => {
    const result = change(text)
    if (result === text) throw new Error('the change changes nothing')
    return gzipSync(Buffer.from(result, 'latin1'))
  }
  const flipped = Buffer.from(packed)
  flipped[Math.floor(packed.length / 2)] = (packed[Math.floor(packed.length / 2)] ?? 0) ^ 0x10
  const cases: Record<string, [Buffer, RegExp]> = {
    'cut in the middle': [packed.subarray(0, Math.floor(packed.length / 2)), /^The backup is incomplete: it ends too early\.\n$/],
    'cut at the end': [packed.subarray(0, packed.length - 9), /^The backup is incomplete/],
    'without its trailer': [changed(all => all.slice(0, all.lastIndexOf('-- '))), /^The backup is incomplete/],
    'a bit flipped': [flipped, /^The backup (is damaged|is incomplete)/],
    'a value changed': [
      changed(all => all.replace('Northgate Stores', 'Northgate Storez')),
      /^The backup is damaged: its content is not what was written \(SHA-256\)\.\n$/,
    ],
    'a row missing': [
      changed(all => all.replace(/(copy "location" [^\n]*\n)[^\n]*\n/, '$1')),
      /^The backup is damaged: location should have 7 rows and has 6\.\n$/,
    ],
    'a statement slipped in': [
      changed(all => all.replace('copy "app_user"', 'drop table app_user;\ncopy "app_user"')),
      /^The backup is damaged: it does not say/,
    ],
    'something after it': [changed(all => `${all}select 1;\n`), /^The backup is damaged: something follows its trailer\.\n$/],
    'a later format': [
      changed(all => all.replace('"accordBackup":1', '"accordBackup":2')),
      /has format 2, which this version of the hub does not know/,
    ],
    'another file': [Buffer.from('ISA*00*'), /is not a backup of this program\.\n$/],
    'another gzip': [gzipSync('hello\n'), /is not a backup of this program\.\n$/],
    empty: [Buffer.alloc(0), /^The backup is incomplete/],
  }
  for (const [name, [bytes, sentence]] of Object.entries(cases)) {
    const bad = join(folder, 'bad.backup')
    await writeFile(bad, bytes)
    const ran = await accordHub(['restore', bad], { env })
    t.match(ran, { code: 1, stdout: '' }, name)
    t.match(ran.stderr, sentence, name)
  }
  t.match(await accordHub(['restore', join(folder, 'none.backup')], { env }), { code: 1, stderr: /does not exist/ })
  t.ok(
    Object.values(await contents(target.owner)).every(({ rows }) => rows === 0),
    'the database is as empty as before',
  )
})

t.test('another version, rows that do not fit, rows that are hidden, no place to write', async t => {
  const source = await testDatabase(t)
  await smallWorld(source.db)
  const file = join(t.testdir(), 'v.backup')
  t.match(await accordHub(['backup', file], { env: databaseEnv(source.access) }), { code: 0 })

  const newer = await testDatabase(t)
  await newer.owner`insert into schema_migration (name, sha256) values ('0999-later.sql', 'x')`
  t.match(await accordHub(['restore', file], { env: databaseEnv(newer.access) }), {
    code: 1,
    stderr: /^The backup was made at \d{4}-.*\.sql and the database is at 0999-later\.sql\. Restore it with the version/,
  })
  const edited = await testDatabase(t)
  await edited.owner`update schema_migration set sha256 = 'x' where name like '0001%'`
  t.match(await accordHub(['restore', file], { env: databaseEnv(edited.access) }), { code: 1, stderr: /by different files/ })

  // A constraint that the rows do not keep: all of it is undone.
  const stricter = await testDatabase(t)
  await stricter.owner`alter table item add constraint no_honey check (name not like 'Honey%')`
  const refused = await accordHub(['restore', file], { env: databaseEnv(stricter.access) })
  t.match(refused, { code: 1, stderr: /^A row of the backup does not fit its table item: .*no_honey.* Nothing was kept\.\n$/ })
  t.ok(Object.values(await contents(stricter.owner)).every(({ rows }) => rows === 0))

  // A policy that hides rows must not make a backup that lacks them.
  const narrowed = await testDatabase(t)
  await narrowed.owner`create policy narrow on item as restrictive for select to accord_system using (false)`
  const blind = await accordHub(['backup', `${file}.2`], { env: databaseEnv(narrowed.access) })
  t.match(blind, { code: 1, stderr: /^Not every row of item is sure to be seen/ })
  await t.rejects(stat(`${file}.2`), 'no file is left')
  await t.rejects(stat(`${file}.2.part`), 'nor half of one')
  t.match(await accordHub(['backup', join(file, 'x')], { env: databaseEnv(source.access) }), {
    code: 1,
    stderr: /cannot be written \(ENOTDIR\)/,
  })
})
