import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { DatabaseAccess } from '../db/address.ts'
import {
  countRows,
  readMigrationsApplied,
  readTables,
  withSessions,
  type AppliedMigration,
  type Sessions,
  type Table,
} from './catalogue.ts'
import {
  BackupError,
  columnList,
  partitionLines,
  quotedName,
  sequenceLines,
  tableAndColumns,
  type BackupHeader,
  type BackupTrailer,
} from './format.ts'
import { readBackup, verifyBackup } from './read.ts'

export type RestoreReport = { readonly header: BackupHeader; readonly trailer: BackupTrailer; readonly sizeBytes: number }

/** So many bytes of rows are staged at a time. */
const batchBytes = 16 * 1024 * 1024

/**
 * Fills an empty database, migrated to the version that the backup was made at, with all of the backup or nothing. The file is
 * read once to know that it is right before anything is touched, and again to load it; then the rows are counted.
 * @throws BackupError
 */
export const restoreBackup = async (access: DatabaseAccess, file: string, { dryRun = false } = {}): Promise<RestoreReport> => {
  const report = await verifyBackup(file)
  await withSessions(access, async sessions => {
    try {
      await restore(sessions, file, report, dryRun)
    } catch (error) {
      throw explained(error, access)
    }
  })
  return report
}

const restore = async (sessions: Sessions, file: string, { header, trailer }: RestoreReport, dryRun: boolean): Promise<void> => {
  const { owner, system } = sessions
  // Nobody migrates meanwhile; the lock goes with the session.
  await owner.query(`select pg_advisory_lock(hashtextextended('accord migrate', 0))`)
  compareMigrations(header, await readMigrationsApplied(sessions))
  const tables = await readTables(sessions)
  compareTables(header, tables)
  await makePartitions(sessions, header, dryRun)

  await owner.query('begin')
  await system.query('begin')
  // Whatever there is belongs to an organisation: while nobody else can make one, the database stays empty.
  await system.query('lock table organisation in exclusive mode')
  await requireEmpty(sessions, tables)
  await load(sessions, tables, file, trailer)
  for (const line of sequenceLines(header)) await owner.query(line)
  for (const table of tables) {
    const found = await countRows(sessions, table)
    const wanted = header.tables.find(({ name }) => name === table.name)?.rows
    if (found !== wanted)
      throw new BackupError(`${table.name} has ${found} rows after loading instead of ${wanted}. Nothing was kept.`)
  }
  if (dryRun) {
    await system.query('rollback')
    await owner.query('rollback')
    return
  }
  // The owner's few rows first: should the second commit fail, the database is seen not to be empty, and not taken for restored.
  await owner.query('commit')
  await system.query('commit')
  for (const { name } of tables) await owner.query(`analyze ${quotedName(name)}`)
}

const compareMigrations = (header: BackupHeader, applied: readonly AppliedMigration[] | undefined): void => {
  if (!applied) throw new BackupError('The database is not migrated. Run accord-hub migrate, then restore.')
  const [theirs, ours] = [header.migrations.at(-1)?.name ?? 'no migration', applied.at(-1)?.name ?? 'no migration']
  const same =
    header.migrations.length === applied.length &&
    header.migrations.every(({ name, sha256 }, index) => applied[index]?.name === name && applied[index].sha256 === sha256)
  if (same) return
  throw new BackupError(
    theirs === ours
      ? `The backup and the database are both at ${theirs}, but by different files. ` +
          `Restore it with the hub that made it (${header.hub}).`
      : `The backup was made at ${theirs} and the database is at ${ours}. ` +
          `Restore it with the version of the hub that made it (${header.hub}), then migrate.`,
  )
}

const compareTables = (header: BackupHeader, tables: readonly Table[]): void => {
  const shape = (list: readonly Pick<Table, 'name' | 'columns'>[]): string =>
    JSON.stringify(list.map(({ name, columns }) => [name, columns]))
  if (shape(header.tables) !== shape(tables)) throw new BackupError('The tables of the backup are not those of this database.')
}

/** The months of the backup get their partitions, as a running hub would have made them; made again, they stay as they are. */
const makePartitions = async ({ owner }: Sessions, header: BackupHeader, dryRun: boolean): Promise<void> => {
  await owner.query('begin')
  for (const line of partitionLines(header)) await owner.query(line)
  await owner.query(dryRun ? 'rollback' : 'commit')
}

const requireEmpty = async (sessions: Sessions, tables: readonly Table[]): Promise<void> => {
  const full: string[] = []
  for (const { name, reader } of tables) {
    const { rows } = await sessions[reader].query(`select 1 from ${quotedName(name)} limit 1`)
    if (rows.length > 0) full.push(name)
  }
  if (full.length === 0) return
  const more = full.length > 3 ? ` and ${full.length - 3} more tables have` : full.length > 1 ? ' have' : ' has'
  throw new BackupError(
    `The database is not empty: ${full.slice(0, 3).join(', ')}${more} rows. ` +
      'A backup is restored into an empty, newly migrated database only.',
  )
}

/** Loads the rows, table by table, and checks that the file is still the one that was found right. */
const load = async (sessions: Sessions, tables: readonly Table[], file: string, trailer: BackupTrailer): Promise<void> => {
  let loader: Loader | undefined
  for await (const part of readBackup(file)) {
    if (part.type === 'header') continue
    if (part.type === 'trailer') {
      if (part.trailer.sha256 !== trailer.sha256) throw new BackupError('The backup changed while it was read. Nothing was kept.')
      continue
    }
    if (loader?.table.name !== part.table.name) {
      await loader?.finish()
      const table = tables.find(({ name }) => name === part.table.name)
      if (!table) throw new Error('tables were compared')
      loader = new Loader(sessions, table)
    }
    await loader.take(part.bytes)
  }
  await loader?.finish()
}

/**
 * Loads one table. COPY writes past row-level security and is refused where that is on; there the rows go into a temporary table
 * first, a batch at a time, and from it through the policies like any other row.
 */
class Loader {
  readonly table: Table
  private readonly sessions: Sessions
  private stream: ReturnType<typeof copyFrom> | undefined
  private failure: unknown
  private bytes = 0
  private staged = false

  constructor(sessions: Sessions, table: Table) {
    this.sessions = sessions
    this.table = table
  }

  async take(bytes: Buffer): Promise<void> {
    const stream = this.stream ?? (await this.begin())
    // Not `pipeline`: the stream takes many pieces, and a failure is told by `end`.
    if (!stream.write(bytes) && !stream.destroyed) await roomIn(stream)
    if (this.failure) throw this.failure
    this.bytes += bytes.length
    if (this.table.reader === 'system' && this.bytes >= batchBytes) await this.finish()
  }

  private async begin(): Promise<ReturnType<typeof copyFrom>> {
    const {
      sessions,
      table: { name, columns, reader },
    } = this
    if (reader === 'system' && !this.staged) {
      await sessions.system.query(
        `drop table if exists pg_temp.staging;
        create temporary table staging as select ${columnList(columns)} from ${quotedName(name)} where false`,
      )
      this.staged = true
    }
    const target = reader === 'system' ? `staging (${columnList(columns)})` : tableAndColumns(this.table)
    const stream = sessions[reader].query(copyFrom(`copy ${target} from stdin`))
    stream.on('error', error => {
      this.failure ??= error
    })
    this.stream = stream
    return stream
  }

  /** What was staged goes to its table. */
  async finish(): Promise<void> {
    const {
      stream,
      sessions,
      table: { columns, reader },
    } = this
    if (!stream) return
    stream.end()
    await finished(stream)
    this.stream = undefined
    this.bytes = 0
    if (reader === 'owner') return
    await sessions.system.query(
      `insert into ${tableAndColumns(this.table)} overriding system value select ${columnList(columns)} from staging`,
    )
    await sessions.system.query('truncate staging')
  }
}

/** Waits until the stream takes more, or takes nothing any more. */
const roomIn = (stream: Writable): Promise<void> =>
  new Promise(resolve => {
    const go = (): void => {
      stream.off('drain', go).off('close', go)
      resolve()
    }
    stream.on('drain', go).on('close', go)
  })

/** What PostgreSQL objects to, in a sentence that says what to do. */
const explained = (error: unknown, access: DatabaseAccess): unknown => {
  const { code, message, table } = error as { code?: string; message: string; table?: string }
  if (code === '42501' && /temporary/.test(message))
    return new BackupError(
      'The restore needs temporary tables. Run this as the owner and start again: ' +
        `grant temporary on database ${quotedName(access.address.database)} to accord_system`,
      { cause: error },
    )
  if (code !== undefined && /^(22|23)/.test(code))
    return new BackupError(
      `A row of the backup does not fit its table${table ? ` ${table}` : ''}: ${message}. Nothing was kept.`,
      { cause: error },
    )
  return error
}
