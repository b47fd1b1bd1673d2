import { createWriteStream } from 'node:fs'
import { access as checkAccess, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { to as copyTo } from 'pg-copy-streams'
import type { DatabaseAccess } from '../db/address.ts'
import {
  countRows,
  readMigrationsApplied,
  readPartitions,
  readSequences,
  readTables,
  withSessions,
  type Sessions,
  type Table,
} from './catalogue.ts'
import {
  BackupError,
  columnList,
  copyLine,
  endOfRows,
  headerLine,
  newHash,
  partitionLines,
  quotedName,
  sequenceLines,
  trailerLine,
  type BackupHeader,
  type BackupTrailer,
} from './format.ts'
import { verifyBackup } from './read.ts'

export type BackupReport = { readonly header: BackupHeader; readonly trailer: BackupTrailer; readonly sizeBytes: number }

export type BackupOptions = {
  /** Version of the hub, for the header. */
  readonly hub: string
  /** Replace the file if it is there. */
  readonly replace?: boolean
  /** Read everything, keep nothing. */
  readonly dryRun?: boolean
}

/**
 * Writes everything that the hub holds, as it is at one moment, to a file that only its owner may read. The hub may go on working
 * meanwhile. The file gets its name when it is whole, on disk, and has been read back and found right.
 * @throws BackupError
 */
export const writeBackup = async (
  access: DatabaseAccess,
  file: string,
  { hub, replace = false, dryRun = false }: BackupOptions,
): Promise<BackupReport> => {
  if (!replace && (await exists(file)))
    throw new BackupError(`${file} is there already; give another name, or --force to replace it.`)
  const draft = `${file}.part`
  try {
    await rm(draft, { force: true }) // one that was cut short may have another mode
    await withSessions(access, sessions =>
      inSnapshot(sessions, async () => {
        const header = await readHeader(sessions, hub)
        await store(draft, content(sessions, await readTables(sessions), header))
      }),
    )
    const report = await verifyBackup(draft)
    if (!dryRun) await rename(draft, file)
    return report
  } catch (error) {
    throw unwritable(file, error)
  } finally {
    await rm(draft, { force: true }).catch(() => {})
  }
}

const exists = (file: string): Promise<boolean> =>
  checkAccess(file).then(
    () => true,
    () => false,
  )

/** Both sessions see the database as it was at the same moment. */
const inSnapshot = async (sessions: Sessions, fn: () => Promise<void>): Promise<void> => {
  const { owner, system } = sessions
  await owner.query('begin isolation level repeatable read read only')
  const {
    rows: [snapshot],
  } = await owner.query<{ id: string }>('select pg_export_snapshot() as id')
  await system.query('begin isolation level repeatable read read only')
  await system.query(`set transaction snapshot '${snapshot?.id ?? ''}'`)
  await fn()
  await Promise.all([owner.query('commit'), system.query('commit')])
}

const readHeader = async (sessions: Sessions, hub: string): Promise<BackupHeader> => {
  const migrations = await readMigrationsApplied(sessions)
  if (!migrations) throw new BackupError('The database was never migrated; there is nothing to back up.')
  const {
    rows: [server],
  } = await sessions.owner.query<{ version: string; now: Date }>(
    `select current_setting('server_version') as version, now() as now`,
  )
  const tables: BackupHeader['tables'][number][] = []
  for (const table of await readTables(sessions))
    tables.push({ name: table.name, columns: table.columns, rows: await countRows(sessions, table) })
  return {
    accordBackup: 1,
    hub,
    postgres: server?.version ?? '',
    createdAt: (server?.now ?? new Date()).toISOString(),
    migrations,
    tables,
    sequences: await readSequences(sessions),
    partitions: await readPartitions(sessions),
  }
}

async function* content(sessions: Sessions, tables: readonly Table[], header: BackupHeader): AsyncGenerator<Buffer> {
  const hash = newHash()
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes)
    return bytes
  }
  const lines = (...texts: readonly string[]): Buffer => hashed(Buffer.from(texts.map(text => `${text}\n`).join('')))
  let rows = 0
  yield lines(headerLine(header), ...partitionLines(header))
  for (const [index, table] of tables.entries()) {
    const described = header.tables[index]
    if (described?.name !== table.name) throw new BackupError('The tables changed while they were read; try again.')
    yield lines(copyLine(described))
    // A partitioned table can be copied by a query only.
    const stream = sessions[table.reader].query(
      copyTo(`copy (select ${columnList(table.columns)} from ${quotedName(table.name)}) to stdout`),
    )
    for await (const piece of stream) yield hashed(piece as Buffer)
    if (stream.rowCount !== described.rows)
      throw new BackupError(`${table.name} has ${described.rows} rows, and ${stream.rowCount} came.`)
    rows += stream.rowCount
    yield lines(endOfRows)
  }
  yield lines(...sequenceLines(header))
  yield Buffer.from(`${trailerLine({ rows, sha256: hash.digest('hex') })}\n`)
}

/** Compressed, readable by its owner only, and on disk when done. */
const store = async (file: string, bytes: AsyncGenerator<Buffer>): Promise<void> => {
  const target = createWriteStream(file, { mode: 0o600, flush: true })
  await pipeline(Readable.from(bytes, { highWaterMark: 4 }), createGzip({ chunkSize: 1 << 18 }), target)
}

/** What the file system objects to, in a sentence. */
const unwritable = (file: string, error: unknown): unknown => {
  const { code, path, syscall } = error as NodeJS.ErrnoException
  const ofFiles = path !== undefined || syscall === 'write' || syscall === 'fsync'
  return ofFiles ? new BackupError(`${file} cannot be written (${code}).`, { cause: error }) : error
}
