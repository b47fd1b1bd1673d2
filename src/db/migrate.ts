import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LATEST_SCHEMA_VERSION, runMigrations } from 'bullmq'
import pg from 'pg'
import postgres from 'postgres'
import { ConfigError } from '../shared/errors.ts'
import { pgOptions, postgresOptions, type DatabaseAccess } from './address.ts'
import type { Logger } from './context.ts'
import { databaseRoles, passwordVerifier, type DatabaseRole } from './roles.ts'

/** The database cannot be brought to this version of the hub. The message says what to do. */
export class MigrationError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'MigrationError'
  }
}

/** The SQL of this version, beside `src` and `dist` alike. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url))

type Migration = { readonly name: string; readonly text: string; readonly sha256: string }

/** The files `NNNN-*.sql` of a folder, in order. */
export const readMigrations = (folder: string): readonly Migration[] =>
  readdirSync(folder)
    .filter(name => /^\d{4}-.+\.sql$/.test(name))
    .sort()
    .map(name => {
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') }
    })

export type MigrateOptions = {
  readonly folder?: string
  readonly log?: Pick<Logger, 'info'>
  /** Do it in one transaction and roll that back; the job queue's schema, which makes its own transactions, is left out. */
  readonly dryRun?: boolean
}

/**
 * Brings the database to this version, as its owner: the roles, then the SQL files that are not recorded in
 * `schema_migration` (each in a transaction), then the job queue's schema. Several at once wait for each other.
 * @returns the names of the files applied now
 * @throws MigrationError, or ConfigError when the database cannot be reached
 */
export const migrate = async (
  access: DatabaseAccess,
  { folder = migrationsFolder, log, dryRun = false }: MigrateOptions = {},
): Promise<readonly string[]> => {
  const sql = postgres({
    ...postgresOptions(access, 'owner'),
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    connection: { application_name: 'accord migrate' },
  })
  try {
    const [server] = await sql<{ version: number }[]>`select current_setting('server_version_num')::int as version`.catch(
      (error: unknown) => {
        throw unreachable(error, access)
      },
    )
    if ((server?.version ?? 0) < 160_000)
      throw new MigrationError(`The hub needs PostgreSQL 16 or later; this is ${Math.floor((server?.version ?? 0) / 10_000)}.`)
    await sql`select pg_advisory_lock(hashtextextended('accord migrate', 0))`
    if (dryRun) return await tryFiles(sql, access, readMigrations(folder))
    await prepareRoles(sql, access)
    const applied = await applyFiles(sql, readMigrations(folder), log)
    await maintainPartitions(sql)
    await migrateQueue(sql, access)
    return applied
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** The sentence for a database that does not let the owner in; other errors as they are. */
const unreachable = (error: unknown, { address }: DatabaseAccess): unknown => {
  const { code = '', syscall, message } = error as { code?: string; syscall?: string; message: string }
  // 28…: who one is; 3D000: no such database
  if (!syscall && !code.startsWith('CONNECT') && !code.startsWith('28') && code !== '3D000') return error
  return new ConfigError(
    'DATABASE_URL',
    `The database at ${address.host}:${address.port} does not let ${address.user} in (${message.trim()}); check DATABASE_URL.`,
  )
}

/** This month's partitions, the last one's and three months ahead; the nightly housekeeping goes on from there. */
const maintainPartitions = async (sql: postgres.Sql): Promise<void> => {
  const [known] = await sql<{ present: boolean }[]>`select to_regproc('maintain_partitions') is not null as present`
  if (known?.present) await sql`select maintain_partitions((date_trunc('month', now()) - interval '1 month')::date, 5)`
}

/** The names of the files that this version has and the database has not; all of them where it was never migrated. */
export const pendingMigrations = async (access: DatabaseAccess, folder = migrationsFolder): Promise<readonly string[]> => {
  const sql = postgres({ ...postgresOptions(access, 'owner'), max: 1, onnotice: () => {} })
  try {
    const [table] = await sql<{ name: string | null }[]>`select to_regclass('schema_migration')::text as name`
    const done = table?.name ? await sql<{ name: string }[]>`select name from schema_migration` : []
    return readMigrations(folder)
      .map(file => file.name)
      .filter(name => !done.some(row => row.name === name))
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Makes the roles that are missing, and sets the password where the derived one does not open the door. */
const prepareRoles = async (sql: postgres.ISql, access: DatabaseAccess): Promise<void> => {
  const present = await sql<{ name: string; mighty: boolean; login: boolean }[]>`
    select rolname as name, rolsuper or rolbypassrls as mighty, rolcanlogin as login from pg_roles
    where rolname = any(${[...databaseRoles]}::text[])`
  for (const role of databaseRoles) {
    const found = present.find(row => row.name === role)
    if (found?.mighty)
      throw new MigrationError(
        `The role ${role} is a superuser or bypasses row-level security, so it would see every organisation; ` +
          `run: alter role ${role} nosuperuser nobypassrls`,
      )
    if (found?.login && (await canLogIn(access, role))) continue
    const statement = `${found ? 'alter' : 'create'} role ${role} login password '${passwordVerifier(access.secret, role)}'`
    try {
      await sql.unsafe(statement)
    } catch (error) {
      // 42710: another database of the same server was being migrated and made the role a moment ago.
      if ((error as { code?: string }).code === '42710' && (await canLogIn(access, role))) continue
      if ((error as { code?: string }).code !== '42501') throw error
      throw new MigrationError(
        `The owner ${access.address.user} may not ${found ? 'change' : 'create'} roles. ${handWork(access)}`,
        { cause: error },
      )
    }
  }
}

/** What a database administrator runs who does not give the owner CREATEROLE. */
const handWork = (access: DatabaseAccess): string =>
  [
    'Run this as a superuser and start again:',
    ...databaseRoles.map(
      role =>
        `do $$ begin create role ${role}; exception when duplicate_object then null; end $$;\n` +
        `alter role ${role} login nosuperuser nobypassrls password '${passwordVerifier(access.secret, role)}';`,
    ),
    `grant create on database "${access.address.database.replaceAll('"', '""')}" to accord_queue;`,
  ].join('\n')

const canLogIn = async (access: DatabaseAccess, role: DatabaseRole): Promise<boolean> => {
  const sql = postgres({ ...postgresOptions(access, role), max: 1, fetch_types: false, onnotice: () => {} })
  try {
    await sql`select 1`
    return true
  } catch (error) {
    // 28P01 wrong password, 28000 no such role or no right to log in
    if (['28P01', '28000'].includes((error as { code?: string }).code ?? '')) return false
    throw error
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** What is rolled back ends with this. */
const undone = new Error('undone')

const tryFiles = async (sql: postgres.Sql, access: DatabaseAccess, files: readonly Migration[]): Promise<string[]> => {
  let applied: string[] = []
  await sql
    .begin(async tx => {
      await prepareRoles(tx, access)
      applied = await applyFiles(tx, files, undefined)
      throw undone
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error
    })
  return applied
}

const applyFiles = async (
  sql: postgres.Sql | postgres.TransactionSql,
  files: readonly Migration[],
  log: MigrateOptions['log'],
): Promise<string[]> => {
  await sql`create table if not exists schema_migration (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`
  const recorded = await sql<{ name: string; sha256: string }[]>`select name, sha256 from schema_migration order by name`
  for (const { name, sha256 } of recorded) {
    const file = files.find(candidate => candidate.name === name)
    if (!file)
      throw new MigrationError(
        `The database has ${name}, which this version of the hub does not know; it was migrated by a newer one. ` +
          'Use that version or a later one.',
      )
    if (file.sha256 !== sha256)
      throw new MigrationError(
        `${name} was changed after it had been applied to this database. Restore the file, and put the change into a new one.`,
      )
  }
  const pending = files.filter(file => !recorded.some(row => row.name === file.name))
  const last = recorded.at(-1)?.name ?? ''
  const late = pending.find(file => file.name < last)
  if (late) throw new MigrationError(`${late.name} comes before ${last}, which is applied already; give it a number after that.`)
  const apply =
    (file: Migration) =>
    async (tx: postgres.TransactionSql): Promise<void> => {
      await tx.unsafe(file.text)
      await tx`insert into schema_migration (name, sha256) values (${file.name}, ${file.sha256})`
    }
  for (const file of pending) {
    await ('savepoint' in sql ? sql.savepoint(apply(file)) : sql.begin(apply(file))).catch((error: unknown) => {
      throw new MigrationError(`${file.name}${placeOf(error, file.text)}: ${(error as Error).message}`, { cause: error })
    })
    log?.info({ migration: file.name }, 'migrated')
  }
  return pending.map(file => file.name)
}

const placeOf = (error: unknown, text: string): string => {
  const position = Number((error as { position?: string }).position)
  return position > 0 ? `, line ${text.slice(0, position).split('\n').length}` : ''
}

/**
 * BullMQ's schema belongs to the role that uses it, since it makes sequences as it goes. Creating it needs a right on the
 * database, for a moment.
 */
const migrateQueue = async (sql: postgres.Sql, access: DatabaseAccess): Promise<void> => {
  const client = new pg.Client(pgOptions(access, 'accord_queue'))
  await client.connect()
  try {
    if ((await queueVersion(client)) >= LATEST_SCHEMA_VERSION) return
    const name = sql(access.address.database)
    const [right] = await sql<
      { had: boolean }[]
    >`select has_database_privilege('accord_queue', current_database(), 'create') as had`
    if (!right?.had) await sql`grant create on database ${name} to accord_queue`
    try {
      await runMigrations(client)
    } catch (error) {
      if ((error as { code?: string }).code !== '42501') throw error
      throw new MigrationError(
        `The owner ${access.address.user} may not let the job queue create its schema. ${handWork(access)}`,
        { cause: error },
      )
    } finally {
      if (!right?.had) await sql`revoke create on database ${name} from accord_queue`
    }
  } finally {
    await client.end()
  }
}

const queueVersion = async (client: pg.Client): Promise<number> => {
  const {
    rows: [table],
  } = await client.query<{ there: boolean }>(`select to_regclass('bullmq.migration') is not null as there`)
  if (!table?.there) return 0
  const {
    rows: [row],
  } = await client.query<{ version: number | null }>('select max(version)::int as version from bullmq.migration')
  return row?.version ?? 0
}
