import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import type { DatabaseAddress } from './address.ts'
import type { Logger } from './context.ts'
import { EmbeddedError, type Binaries } from './embedded-binaries.ts'
import { isAlive } from './process-lock.ts'

export const owner = 'accord_owner'
/** Only names the socket file; no TCP port is opened. */
export const port = 5432
const startSeconds = 120
const stopSeconds = 60

/** Paths and the user of one data folder. Its name is the major version, so that an upgrade never meets old files. */
export type Cluster = {
  readonly home: string
  readonly data: string
  readonly logFile: string
  readonly binaries: Binaries
  readonly user: { uid?: number; gid?: number }
  readonly log: Logger
}

/**
 * How the server is started: in its data folder, as its user. That user may be unable to reach the folder by its path (under a
 * home of mode 700), but a process may always reach the folder it is in: hence /proc/self/cwd.
 */
export const inFolder = (cluster: Cluster, folder: string): { options: SpawnOptions; dataPath: string } => ({
  options: {
    cwd: folder,
    ...cluster.user,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  },
  dataPath: cluster.user.uid !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : folder,
})

/** What answers at the socket: a ready server, one that starts or stops, or none. */
export const probe = async (
  address: DatabaseAddress,
): Promise<{ state: 'ready'; version: string } | { state: 'busy' | 'absent' }> => {
  const sql = postgres({
    host: address.host,
    port,
    user: owner,
    database: 'postgres',
    max: 1,
    fetch_types: false,
    connect_timeout: 5,
  })
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
    return { state: 'ready', version: row?.version ?? '' }
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return { state: 'absent' }
    // 57P03: it starts up or shuts down. The others: it closed the door while we were in it.
    if (
      code === '57P03' ||
      code === 'CONNECTION_CLOSED' ||
      code === 'CONNECT_TIMEOUT' ||
      code === 'ECONNRESET' ||
      code === 'EPIPE'
    )
      return { state: 'busy' }
    throw error
  } finally {
    await sql.end({ timeout: 1 })
  }
}

export type Running = { pid: number; adopted: boolean; child?: ChildProcess }

/** Takes over a live server of this folder. One of another version is stopped; what a dead one left behind is removed. */
export const adopt = async (cluster: Cluster, address: DatabaseAddress): Promise<Running | undefined> => {
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
      for (const name of ['postmaster.pid', `.s.PGSQL.${port}.lock`, `.s.PGSQL.${port}`])
        rmSync(join(cluster.data, name), { force: true })
      return undefined
    }
    if (Date.now() > deadline)
      throw new EmbeddedError(`A PostgreSQL (process ${pid}) holds ${cluster.data} and does not answer; end it and start again.`)
    await pause(50)
  }
}

export const postmasterPid = (data: string): number | undefined => {
  try {
    return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]) || undefined
  } catch {
    return undefined
  }
}

/** Whether the process is a server in this folder; where the system does not tell, whether it is called postgres. */
const isPostmaster = (pid: number, data: string): boolean => {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux')
    return /postgres/.test(spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout)
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === resolve(data)
  } catch {
    return false
  }
}

/** Starts the server and waits until it answers; a crash may have left it much to recover. */
export const launch = async (
  cluster: Cluster,
  address: DatabaseAddress,
  settings: Readonly<Record<string, string>>,
): Promise<Running> => {
  const deadline = Date.now() + startSeconds * 1000
  for (;;) {
    const logStart = existsSync(cluster.logFile) ? statSync(cluster.logFile).size : 0
    const child = spawnServer(cluster, { ...serverSettings, ...settings })
    const ended = new Promise<'ended'>(done => {
      child.once('exit', () => done('ended')).once('error', () => done('ended'))
    })
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
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > tenMegabytes)
    renameSync(cluster.logFile, `${cluster.logFile}.1`)
  const output = openSync(cluster.logFile, 'a', 0o600)
  try {
    const { options, dataPath } = inFolder(cluster, cluster.data)
    const child = spawn(
      cluster.binaries.postgres,
      ['-D', dataPath, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...options,
        detached: true,
        stdio: ['ignore', output, output],
      },
    )
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

/** "Fast" shutdown (SIGINT): sessions end, a checkpoint is written. After a minute "immediate" (SIGQUIT), to be recovered. */
export const shutDown = async (pid: number, child: ChildProcess | undefined, log: Logger): Promise<void> => {
  // A child of ours stays a zombie, alive to kill(2), until its exit is collected: its handle knows better.
  const gone = () => (child ? child.exitCode !== null || child.signalCode !== null : !isAlive(pid))
  for (const [signal, seconds] of [
    ['SIGINT', stopSeconds],
    ['SIGQUIT', 10],
    ['SIGKILL', 5],
  ] as const) {
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

const pause = (milliseconds: number) =>
  new Promise<void>(done => {
    setTimeout(done, milliseconds)
  })
