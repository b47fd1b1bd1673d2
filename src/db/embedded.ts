import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import type { DatabaseAddress } from './address.ts'
import type { Logger } from './context.ts'
import { EmbeddedError, findBinaries } from './embedded-binaries.ts'
import { adopt, inFolder, launch, owner, port, postmasterPid, probe, shutDown, type Cluster } from './embedded-server.ts'
import { lockHolder, takeLock } from './process-lock.ts'

export { EmbeddedError } from './embedded-binaries.ts'

export type EmbeddedOptions = {
  /** Holds the database (`postgres/18`), its log and the lock of the hub that uses it. */
  readonly dataDir: string
  readonly log: Logger
  /** Server settings above our own, e.g. `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string>>
}

export type Embedded = {
  readonly address: DatabaseAddress
  /** The postmaster's process. */
  readonly pid: number
  /** Whether it was running already, left by a hub that was killed. */
  readonly adopted: boolean
  /** Ends the server in order (open transactions are rolled back) and lets go of the data folder. */
  stop(): Promise<void>
}

const database = 'accord'

/**
 * Starts the embedded PostgreSQL, or adopts the one that a killed hub left running, and returns the owner's address.
 * It listens on a unix socket inside the data folder (mode 700) only. It runs in a session of its own, so that Ctrl-C
 * reaches the hub alone, which then calls `stop`. As root it runs as the user `accord`, `postgres` or `nobody`.
 * @throws EmbeddedError when it cannot run here or another hub uses the folder; one sentence to show
 */
export const startEmbedded = async ({ dataDir, log, settings = {} }: EmbeddedOptions): Promise<Embedded> => {
  const home = resolve(dataDir)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const lock = takeLock(join(home, 'hub.lock'))
  if ('heldBy' in lock)
    throw new EmbeddedError(
      `Another hub (process ${lock.heldBy}) is using ${home}; stop it first, or give this one another DATA_DIR.`,
    )
  const cleanUp = [lock.release]
  try {
    const cluster = openCluster(home, log)
    if (!existsSync(join(cluster.data, 'PG_VERSION'))) initialise(cluster, settings.fsync === 'off')
    const door = shortPath(cluster.data)
    cleanUp.push(door.remove)
    const address: DatabaseAddress = { host: door.path, port, database, user: owner }
    const { pid, adopted, child } = (await adopt(cluster, address)) ?? (await launch(cluster, address, settings))
    const stop = async () => {
      await shutDown(pid, child, log)
      for (const undo of cleanUp) undo()
    }
    try {
      await ensureDatabase(address)
    } catch (error) {
      await shutDown(pid, child, log)
      throw error
    }
    return { address, pid, adopted, stop }
  } catch (error) {
    for (const undo of cleanUp) undo()
    throw error
  }
}

/**
 * The address of the database of a hub that runs on this data folder, for a command that works beside it; undefined when
 * none runs. Call `close` when done.
 */
export const findEmbedded = async (dataDir: string): Promise<{ address: DatabaseAddress; close(): void } | undefined> => {
  const home = resolve(dataDir)
  if (lockHolder(join(home, 'hub.lock')) === undefined) return undefined
  const data = runningFolder(home)
  if (!data) return undefined
  const door = shortPath(data)
  const address: DatabaseAddress = { host: door.path, port, database, user: owner }
  if ((await probe(address)).state === 'ready') return { address, close: door.remove }
  door.remove()
  return undefined
}

/** The folder whose server is running, of those of all the versions that there have been. */
const runningFolder = (home: string): string | undefined => {
  const parent = join(home, 'postgres')
  if (!existsSync(parent)) return undefined
  return readdirSync(parent)
    .map(name => join(parent, name))
    .find(folder => postmasterPid(folder) !== undefined)
}

const openCluster = (home: string, log: Logger): Cluster => {
  const binaries = findBinaries(home)
  const major = binaries.version.split('.')[0] ?? ''
  const data = join(home, 'postgres', major)
  mkdirSync(join(home, 'postgres'), { recursive: true, mode: 0o700 })
  return { home, data, logFile: join(home, 'postgres.log'), binaries, user: serverUser(data), log }
}

/** Whom the server runs as: ourselves, or, since PostgreSQL refuses to run as root, the folder's owner or a system user. */
const serverUser = (data: string): { uid?: number; gid?: number } => {
  const uid = process.getuid?.()
  const held = existsSync(data) ? statSync(data) : undefined
  if (uid !== 0) {
    if (held && held.uid !== uid)
      throw new EmbeddedError(
        `${data} belongs to another user (uid ${held.uid}); start the hub as that user or as root, or give it another DATA_DIR.`,
      )
    return {}
  }
  if (held && held.uid !== 0) return { uid: held.uid, gid: held.gid }
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  const found = ['accord', 'postgres', 'nobody']
    .map(name => users.find(user => user[0] === name))
    .find(user => user !== undefined)
  if (!found)
    throw new EmbeddedError(
      'PostgreSQL does not run as root, and there is no user accord, postgres or nobody for it; add one, or set DATABASE_URL.',
    )
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** Makes the data folder, aside first, so that one that was cut short is never taken for a whole one. */
const initialise = (cluster: Cluster, careless: boolean): void => {
  const draft = `${cluster.data}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  const { uid, gid } = cluster.user
  if (uid !== undefined && gid !== undefined) chownSync(draft, uid, gid)
  const { options, dataPath } = inFolder(cluster, draft)
  cluster.log.info({ folder: cluster.data, version: cluster.binaries.version }, 'creating the embedded database')
  const { status, stderr, stdout, error } = spawnSync(
    cluster.binaries.initdb,
    [
      '-D',
      dataPath,
      '-U',
      owner,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(careless ? ['--no-sync'] : []),
    ],
    { ...options, encoding: 'utf8' },
  )
  if (status === 0) return renameSync(draft, cluster.data)
  rmSync(draft, { recursive: true, force: true })
  const reason = (stderr || stdout || error?.message || '').trim()
  throw new EmbeddedError(
    /could not look up effective user/.test(reason)
      ? `PostgreSQL needs a user with a name, and uid ${process.getuid?.()} has none in /etc/passwd; add one, or set DATABASE_URL.`
      : `The embedded PostgreSQL could not make its data folder: ${reason}`,
  )
}

/**
 * A path to the folder that is short enough for a unix socket in it (about 100 characters): its own, or a link in a new
 * private folder among the temporary files.
 */
const shortPath = (folder: string): { path: string; remove: () => void } => {
  const limit = 90
  if (Buffer.byteLength(folder) <= limit) return { path: folder, remove: () => {} }
  const parent = mkdtempSync(join(tmpdir(), 'accord-'))
  const path = join(parent, 'pg')
  const remove = () => rmSync(parent, { recursive: true, force: true })
  if (Buffer.byteLength(path) > limit) {
    remove()
    throw new EmbeddedError(
      `${folder} and ${tmpdir()} are both too long for a unix socket; give the hub a shorter DATA_DIR or TMPDIR.`,
    )
  }
  symlinkSync(folder, path)
  return { path, remove }
}

const ensureDatabase = async (address: DatabaseAddress): Promise<void> => {
  const sql = postgres({
    host: address.host,
    port,
    user: owner,
    database: 'postgres',
    max: 1,
    fetch_types: false,
    onnotice: () => {},
  })
  try {
    const found = await sql`select 1 from pg_database where datname = ${database}`
    if (found.length === 0) await sql.unsafe(`create database ${database}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
