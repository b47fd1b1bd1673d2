/**
 * The PostgreSQL that all test processes of one run share; started by the first of them, as `node --import tsx <this> FOLDER`.
 * Each of them holds a connection to the socket in FOLDER; when the last has let go, also by dying, the server stops and
 * its files go.
 */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pino from 'pino'
import postgres from 'postgres'
import { postgresOptions } from '../../src/db/address.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { takeLock } from '../../src/db/process-lock.ts'

const [, , folder = ''] = process.argv
const lingerMilliseconds = 3000
const socket = join(folder, 'server.sock')
const dataDir = join(folder, 'data')

mkdirSync(folder, { recursive: true, mode: 0o700 })
const lock = takeLock(join(folder, 'server.lock'))
if ('heldBy' in lock) process.exit(0)

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
const embedded = await startEmbedded({
  dataDir,
  log,
  settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB', max_wal_size: '1GB', checkpoint_timeout: '1h' },
})
await dropLeftovers()

rmSync(socket, { force: true })
let users = 0
let timer = setTimeout(() => void end(), 30_000)
const server = createServer(user => {
  users++
  clearTimeout(timer)
  user
    .on('error', () => {})
    .on('close', () => {
      users--
      if (users === 0) timer = setTimeout(() => void end(), lingerMilliseconds)
    })
  user.write(`${JSON.stringify(embedded.address)}\n`)
  user.resume()
})
server.listen(socket)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end())

async function end(): Promise<void> {
  server.close()
  rmSync(socket, { force: true })
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
  if (!('heldBy' in lock)) lock.release()
  rmSync(join(folder, 'server.log'), { force: true })
  try {
    rmdirSync(folder)
  } catch {
    // The next run has begun to use it.
  }
  process.exit(0)
}

/** Databases of a run that was killed together with this process's predecessor, whose server we have adopted. */
async function dropLeftovers(): Promise<void> {
  const sql = postgres({ ...postgresOptions({ address: embedded.address, secret: '' }, 'owner'), max: 1, onnotice: () => {} })
  for (const { name } of await sql<
    { name: string }[]
  >`select datname as name from pg_database where datname ~ '^accord_(test|draft)_'`)
    await sql`drop database if exists ${sql(name)} with (force)`
  await sql.end()
}
