import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LATEST_SCHEMA_VERSION } from 'bullmq'
import postgres from 'postgres'
import { parseDatabaseUrl, postgresOptions, type DatabaseAccess, type DatabaseAddress } from '../../src/db/address.ts'
import { connect, type Database } from '../../src/db/client.ts'
import { migrate, migrationsFolder, readMigrations } from '../../src/db/migrate.ts'

/** The part of a tap test that is used here. */
type Teardown = { teardown(fn: () => Promise<void>): void }

export type TestDatabase = {
  readonly db: Database
  /** To connect otherwise: `connect(access)`, or a whole hub on this database. */
  readonly access: DatabaseAccess
  /** A superuser's connection, past row-level security, to look at what is really there. */
  readonly owner: postgres.Sql
  close(): Promise<void>
}

const secret = 'a secret for tests only, of 32 characters or more'

/**
 * A migrated database of its own for one test, gone when the test ends. It is a copy of a template that is made once per
 * state of the migrations, on a server that all test processes share (see database-server.ts), or on the one that
 * ACCORD_TEST_DATABASE_URL names, which must be a superuser's on a server for tests only.
 */
export const testDatabase = async (t: Teardown, { folder = migrationsFolder, poolSize = 4 } = {}): Promise<TestDatabase> => {
  const server = await serverAccess()
  const admin = ownerClient(server)
  const name = `accord_test_${randomBytes(6).toString('hex')}`
  try {
    await admin`create database ${admin(name)} template ${admin(await template(admin, server, folder))}`
  } finally {
    await admin.end()
  }
  const access: DatabaseAccess = { ...server, address: { ...server.address, database: name } }
  const db = connect({ ...access, poolSize })
  const owner = ownerClient(access)
  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= (async () => {
      await Promise.all([db.close(), owner.end({ timeout: 5 })])
      const last = ownerClient(server)
      await last`drop database if exists ${last(name)} with (force)`
      await last.end()
    })())
  t.teardown(close)
  return { db, access, owner, close }
}

/** An empty database, to migrate; gone when the test ends. */
export const emptyDatabase = async (t: Teardown): Promise<Pick<TestDatabase, 'access' | 'owner'>> => {
  const server = await serverAccess()
  const name = `accord_test_${randomBytes(6).toString('hex')}`
  const admin = ownerClient(server)
  await admin`create database ${admin(name)}`
  const access: DatabaseAccess = { ...server, address: { ...server.address, database: name } }
  const owner = ownerClient(access)
  t.teardown(async () => {
    await owner.end({ timeout: 5 })
    await admin`drop database if exists ${admin(name)} with (force)`
    await admin.end()
  })
  return { access, owner }
}

const ownerClient = (access: DatabaseAccess): postgres.Sql =>
  postgres({ ...postgresOptions(access, 'owner'), max: 1, onnotice: () => {}, connection: { application_name: 'test' } })

/** The name of the template for this state of the migrations, made if it is not there yet. */
const template = async (admin: postgres.Sql, server: DatabaseAccess, folder: string): Promise<string> => {
  const state = createHash('sha256').update(`bullmq ${LATEST_SCHEMA_VERSION}`)
  for (const file of readMigrations(folder)) state.update(file.name).update(file.sha256)
  const key = state.digest('hex').slice(0, 16)
  const name = `accord_template_${key}`
  const present = async () => (await admin`select 1 from pg_database where datname = ${name}`).length > 0
  if (await present()) return name
  await admin`select pg_advisory_lock(hashtextextended(${name}, 0))`
  if (!(await present())) {
    const draft = `accord_draft_${key}`
    await admin`drop database if exists ${admin(draft)} with (force)`
    await admin`create database ${admin(draft)}`
    await migrate({ ...server, address: { ...server.address, database: draft } }, { folder })
    await admin`alter database ${admin(draft)} rename to ${admin(name)}`
  }
  await admin`select pg_advisory_unlock(hashtextextended(${name}, 0))`
  return name
}

let shared: Promise<DatabaseAddress> | undefined

const serverAccess = async (): Promise<DatabaseAccess> => {
  const given = process.env.ACCORD_TEST_DATABASE_URL
  if (given) return { address: { ...parseDatabaseUrl(given) }, secret }
  return { address: await (shared ??= sharedServer()), secret }
}

const repository = fileURLToPath(new URL('../..', import.meta.url))
const serverScript = fileURLToPath(new URL('database-server.ts', import.meta.url))

/** The address of the run's server, started if need be. The connection that keeps it alive is held until this process ends. */
const sharedServer = async (): Promise<DatabaseAddress> => {
  const folder = join(
    tmpdir(),
    `accord-test-${process.getuid?.() ?? 0}-${createHash('sha256').update(repository).digest('hex').slice(0, 10)}`,
  )
  const deadline = Date.now() + 90_000
  let spawned = 0
  while (Date.now() < deadline) {
    const address = await hold(join(folder, 'server.sock'))
    if (address) return address
    // A server that was just ending refuses the next one, so it is asked for again.
    if (Date.now() - spawned > 3000) {
      spawned = Date.now()
      spawnServer(folder)
    }
    await new Promise(done => {
      setTimeout(done, 30)
    })
  }
  const log = join(folder, 'server.log')
  throw new Error(
    `the test database did not start: ${existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : 'it left no log'}`,
  )
}

const spawnServer = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const output = openSync(join(folder, 'server.log'), 'a', 0o600)
  // The test runner puts itself into every Node process by NODE_OPTIONS; this one outlives it.
  spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '--import', 'tsx', serverScript, folder], {
    cwd: repository,
    detached: true,
    stdio: ['ignore', output, output],
  }).unref()
  closeSync(output)
}

const hold = (path: string): Promise<DatabaseAddress | undefined> =>
  new Promise(done => {
    let text = ''
    const socket = connectSocket(path)
    socket.setEncoding('utf8')
    socket.on('error', () => done(undefined)).on('close', () => done(undefined))
    socket.on('data', (part: string) => {
      text += part
      if (!text.endsWith('\n')) return
      socket.unref()
      done(JSON.parse(text) as DatabaseAddress)
    })
  })
