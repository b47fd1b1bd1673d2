import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import {
  chownSync, closeSync, existsSync, fstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, renameSync,
  rmSync, statSync, symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import type { DatabaseAddress } from './address.ts'
import type { Logger } from './context.ts'
import { EmbeddedError, findBinaries, type Binaries } from './embedded-binaries.ts'
import { isAlive, lockHolder, takeLock } from './process-lock.ts'

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

const owner = 'accord_owner'
const database = 'accord'
/** Only names the socket file; no TCP port is opened. */
const port = 5432
const startSeconds = 120
const stopSeconds = 60

/** Paths and the user of one data folder. The folder's name ends in the major version, so that an upgrade never meets old files. */
type Cluster = {
  readonly home: string
  readonly data: string
  readonly logFile: string
  readonly binaries: Binaries
  readonly user: { uid?: number; gid?: number }
  readonly log: Logger
}

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
  if ('heldBy' in lock) throw new EmbeddedError(`Another hub (process ${lock.heldBy}) is using ${home}; stop it first, or give this one another DATA_DIR.`)
  const cleanUp = [lock.release]
  try {
    const cluster = openCluster(home, log)
    if (!existsSync(join(cluster.data, 'PG_VERSION'))) initialise(cluster, settings.fsync === 'off')
    const door = shortPath(cluster.data)
    cleanUp.push(door.remove)
    const address: DatabaseAddress = { host: door.path, port, database, user: owner }
    const { pid, adopted, child } = await adopt(cluster, address) ?? await launch(cluster, address, settings)
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
  return readdirSync(parent).map(name => join(parent, name)).find(folder => postmasterPid(folder) !== undefined)
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
    if (held && held.uid !== uid) throw new EmbeddedError(`${data} belongs to another user (uid ${held.uid}); start the hub as that user or as root, or give it another DATA_DIR.`)
    return {}
  }
  if (held && held.uid !== 0) return { uid: held.uid, gid: held.gid }
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':'))
  const found = ['accord', 'postgres', 'nobody'].map(name => users.find(user => user[0] === name)).find(user => user !== undefined)
  if (!found) throw new EmbeddedError('PostgreSQL does not run as root, and there is no user accord, postgres or nobody to run it as; add one, or set DATABASE_URL.')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/**
 * How the server is started: in its data folder, as its user. That user may be unable to reach the folder by its path (under a
 * home of mode 700), but a process may always reach the folder it is in: hence /proc/self/cwd.
 */
const inFolder = (cluster: Cluster, folder: string): { options: SpawnOptions; dataPath: string } => ({
  options: {
    cwd: folder,
    ...cluster.user,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  },
  dataPath: cluster.user.uid !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : folder,
})

/** Makes the data folder, aside first, so that one that was cut short is never taken for a whole one. */
const initialise = (cluster: Cluster, careless: boolean): void => {
  const draft = `${cluster.data}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  const { uid, gid } = cluster.user
  if (uid !== undefined && gid !== undefined) chownSync(draft, uid, gid)
  const { options, dataPath } = inFolder(cluster, draft)
  cluster.log.info({ folder: cluster.data, version: cluster.binaries.version }, 'creating the embedded database')
  const { status, stderr, stdout, error } = spawnSync(cluster.binaries.initdb, [
    '-D', dataPath, '-U', owner, '--auth=trust', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8',
    '--no-instructions', ...(careless ? ['--no-sync'] : []),
  ], { ...options, encoding: 'utf8' })
  if (status === 0) return renameSync(draft, cluster.data)
  rmSync(draft, { recursive: true, force: true })
  const reason = (stderr || stdout || error?.message || '').trim()
  throw new EmbeddedError(/could not look up effective user/.test(reason)
    ? `PostgreSQL needs a user with a name, and uid ${process.getuid?.()} has none in /etc/passwd; add one, or set DATABASE_URL.`
    : `The embedded PostgreSQL could not make its data folder: ${reason}`)
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
    throw new EmbeddedError(`${folder} and ${tmpdir()} are both too long for a unix socket; give the hub a shorter DATA_DIR or TMPDIR.`)
  }
  symlinkSync(folder, path)
  return { path, remove }
}

/** What answers at the socket: a ready server, one that starts or stops, or none. */
const probe = async (address: DatabaseAddress): Promise<{ state: 'ready'; version: string } | { state: 'busy' | 'absent' }> => {
  const sql = postgres({ host: address.host, port, user: owner, database: 'postgres', max: 1, fetch_types: false, connect_timeout: 5 })
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
    return { state: 'ready', version: row?.version ?? '' }
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return { state: 'absent' }
    // 57P03: it starts up or shuts down. The others: it closed the door while we were in it.
    if (code === '57P03' || code === 'CONNECTION_CLOSED' || code === 'CONNECT_TIMEOUT' || code === 'ECONNRESET' || code === 'EPIPE') return { state: 'busy' }
    throw error
  } finally {
    await sql.end({ timeout: 1 })
  }
}

type Running = { pid: number; adopted: boolean; child?: ChildProcess }

/** Takes over a live server of this folder. One of another version is stopped; what a dead one left behind is removed. */
const adopt = async (cluster: Cluster, address: DatabaseAddress): Promise<Running | undefined> => {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    const pid = postmasterPid(cluster.data)
    const found = await probe(address)
    if (found.state === 'ready' && pid !== undefined) {
      if (found.version === cluster.binaries.version) {
        cluster.log.info({ pid }, 'the embedded database is running already; going on with it')
        return { pid, adopted: true }
      }
      await shutDown(pid, undefined, cluster.log)
    } else if (found.state === 'absent' && !(pid !== undefined && isPostmaster(pid, cluster.data))) {
      // PostgreSQL would take any living process with this number for its own; its check on shared memory stays in force.
      for (const name of ['postmaster.pid', `.s.PGSQL.${port}.lock`, `.s.PGSQL.${port}`]) rmSync(join(cluster.data, name), { force: true })
      return undefined
    }
    if (Date.now() > deadline) throw new EmbeddedError(`A PostgreSQL (process ${pid}) holds ${cluster.data} and does not answer; end it and start again.`)
    await pause(50)
  }
}

const postmasterPid = (data: string): number | undefined => {
  try {
    return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]) || undefined
  } catch {
    return undefined
  }
}

/** Whether the process is a server in this folder; where the system does not tell, whether it is called postgres. */
const isPostmaster = (pid: number, data: string): boolean => {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return /postgres/.test(spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout)
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === resolve(data)
  } catch {
    return false
  }
}

/** Starts the server and waits until it answers; a crash may have left it much to recover. */
const launch = async (cluster: Cluster, address: DatabaseAddress, settings: Readonly<Record<string, string>>): Promise<Running> => {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    const logStart = existsSync(cluster.logFile) ? statSync(cluster.logFile).size : 0
    const child = spawnServer(cluster, { ...serverSettings, ...settings })
    const ended = new Promise<'ended'>(done => { child.once('exit', () => done('ended')).once('error', () => done('ended')) })
    let state: string = 'busy'
    while (state !== 'ready' && state !== 'ended' && Date.now() < deadline) {
      state = await Promise.race([ended, probe(address).then(answer => answer.state)])
      if (state !== 'ready') await Promise.race([ended, pause(20)])
    }
    if (state === 'ready' && child.pid !== undefined) {
      cluster.log.info({ pid: child.pid, version: cluster.binaries.version }, 'the embedded database is running')
      return { pid: child.pid, adopted: false, child }
    }
    const reason = lastLines(cluster.logFile, logStart)
    // The postmaster was killed and its last children are still on their way out.
    const passing = /pre-existing shared memory block|lock file .* already exists/.test(reason)
    if (!passing || Date.now() > deadline) {
      if (child.pid !== undefined && child.exitCode === null) await shutDown(child.pid, child, cluster.log)
      throw new EmbeddedError(`The embedded PostgreSQL did not start; ${cluster.logFile} ends with: ${reason}`)
    }
    await pause(200)
  }
}

const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_directories: '.',
  unix_socket_permissions: '0700',
  port: String(port),
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  jit: 'off',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  logging_collector: 'off',
}

const spawnServer = (cluster: Cluster, settings: Readonly<Record<string, string>>): ChildProcess => {
  const tenMegabytes = 10_485_760
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > tenMegabytes) renameSync(cluster.logFile, `${cluster.logFile}.1`)
  const output = openSync(cluster.logFile, 'a', 0o600)
  try {
    const { options, dataPath } = inFolder(cluster, cluster.data)
    const child = spawn(cluster.binaries.postgres, ['-D', dataPath, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
      ...options, detached: true, stdio: ['ignore', output, output],
    })
    child.unref()
    return child
  } finally {
    closeSync(output)
  }
}

/** What the server has said since, without its routine lines. */
const lastLines = (file: string, from: number): string => {
  const handle = openSync(file, 'r')
  try {
    const text = Buffer.alloc(Math.min(8192, Math.max(0, fstatSync(handle).size - from)))
    readSync(handle, text, 0, text.length, Math.max(from, fstatSync(handle).size - text.length))
    const lines = text.toString('utf8').trim().split('\n')
    const telling = lines.filter(line => /FATAL|PANIC|ERROR|HINT|DETAIL/.test(line))
    return (telling.length > 0 ? telling : lines).slice(-5).join(' ')
  } finally {
    closeSync(handle)
  }
}

const ensureDatabase = async (address: DatabaseAddress): Promise<void> => {
  const sql = postgres({ host: address.host, port, user: owner, database: 'postgres', max: 1, fetch_types: false, onnotice: () => {} })
  try {
    const found = await sql`select 1 from pg_database where datname = ${database}`
    if (found.length === 0) await sql.unsafe(`create database ${database}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** "Fast" shutdown (SIGINT): sessions end, a checkpoint is written. After a minute "immediate" (SIGQUIT), recovered at the next start. */
const shutDown = async (pid: number, child: ChildProcess | undefined, log: Logger): Promise<void> => {
  // A child of ours stays a zombie, alive to kill(2), until its exit is collected: its handle knows better.
  const gone = () => (child ? child.exitCode !== null || child.signalCode !== null : !isAlive(pid))
  for (const [signal, seconds] of [['SIGINT', stopSeconds], ['SIGQUIT', 10], ['SIGKILL', 5]] as const) {
    const deadline = Date.now() + seconds * 1000
    if (gone()) return
    if (signal !== 'SIGINT') log.warn({ pid, signal }, 'the embedded database does not stop')
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    while (!gone() && Date.now() < deadline) await pause(20)
  }
}

const pause = (milliseconds: number) => new Promise<void>(done => { setTimeout(done, milliseconds) })
