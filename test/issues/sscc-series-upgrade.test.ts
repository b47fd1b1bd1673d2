import { randomBytes } from 'node:crypto'
import t from 'tap'
import { connect, withOrganisation } from '../../src/db/client.ts'
import { migrate, migrationsFolder, readMigrations } from '../../src/db/migrate.ts'
import { emptyDatabase, testDatabase } from '../helpers/database.ts'

t.test('SSCC serials given out before series were kept by prefix are not given out again', async t => {
  await testDatabase(t) // makes the roles of the hub, which the owner below may not
  const { access, owner } = await emptyDatabase(t)
  // As in production: the owner is no superuser, so row-level security is forced on it too.
  const role = `owner_${randomBytes(4).toString('hex')}`
  await owner.unsafe(`create role ${role} login nosuperuser nobypassrls nocreaterole password 'p'`)
  await owner.unsafe(`alter database ${access.address.database} owner to ${role}`)
  t.teardown(() => owner.unsafe(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`))
  const owned = { ...access, address: { ...access.address, user: role, password: 'p' } }
  const files = readMigrations(migrationsFolder)
  const before = t.testdir(Object.fromEntries(files.filter(file => file.name < '0007').map(file => [file.name, file.text])))
  await migrate(owned, { folder: before })
  // Two under one prefix, one far enough to have used up an extension digit, one without a prefix.
  for (const [id, prefix, last] of [['a', '0614141', 41], ['b', '0614141', 57], ['c', '061414100001', 20_017], ['d', null, 3]] as const) {
    await owner`insert into organisation (id, name, kind, gs1_prefix) values (${id}, ${id}, 'supplier', ${prefix})`
    await owner`insert into sscc_counter (organisation_id, last_serial) values (${id}, ${last})`
  }
  await migrate(owned)
  const series = await owner`select prefix, extension_digit as digit, last_serial::int as last from sscc_series order by 1, 2`
  t.strictSame(
    series.map(row => ({ ...row })),
    [
      { prefix: '0614141', digit: 0, last: 57 },
      { prefix: '061414100001', digit: 0, last: 9999 },
      { prefix: '061414100001', digit: 1, last: 9999 },
      { prefix: '061414100001', digit: 2, last: 17 },
    ],
  )
  const [forced] = await owner`select relforcerowsecurity as forced from pg_class where relname = 'organisation'`
  t.equal(forced?.['forced'], true)
  const db = connect({ ...access, poolSize: 1 })
  t.teardown(() => db.close())
  const taken = await withOrganisation(db, 'a', tx => tx.sql`select * from take_sscc_serials('0614141', 0, 2)`)
  t.match(taken[0], { first_serial: '58', last_serial: '59' })
  await t.rejects(withOrganisation(db, 'a', async tx => void (await tx.sql`select * from sscc_series`)), { code: '42501' })
})
