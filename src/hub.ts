import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { hubSecret, type Config } from './config.ts'
import { parseDatabaseUrl, type DatabaseAccess } from './db/address.ts'
import { assertDurable, connect, type Database } from './db/client.ts'
import { startEmbedded } from './db/embedded.ts'
import { createEventSource } from './db/events.ts'
import { migrate } from './db/migrate.ts'
import { createQueues } from './jobs/queues.ts'
import { startWorkers } from './jobs/workers.ts'

export type Hub = {
  readonly db: Database
  readonly access: DatabaseAccess
  /** Where people reach the API; undefined in a process that only works off queues. */
  readonly url: string | undefined
  /** Where it listens, for who is on this machine. */
  readonly localUrl: string | undefined
  readonly embedded: boolean
  /** Stops in order: no new requests, running work finished, connections closed, the embedded database shut down. */
  close(): Promise<void>
}

export type HubOptions = {
  readonly config: Config
  readonly log: FastifyBaseLogger
  readonly now?: () => Date
  /** Told what is being done while the hub starts. */
  readonly progress?: (step: string) => void
  /** Given instead of what the configuration says: a database that somebody else has started and migrated. */
  readonly access?: DatabaseAccess
}

/** Brings the hub up: database (embedded unless DATABASE_URL says where), migrations, queues, workers, API. */
export const startHub = async ({
  config,
  log,
  now = () => new Date(),
  progress = () => {},
  access: given,
}: HubOptions): Promise<Hub> => {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse())
      await closer().catch((error: unknown) => log.error({ err: error }, 'something did not stop cleanly'))
  }
  try {
    const embedded = !given && !config.DATABASE_URL
    const access = given ?? (await database(config, log, progress, closers))
    if (!given) {
      progress('migrating the database')
      await migrate(access, { log })
    }
    const db = connect({ ...access, poolSize: config.DATABASE_POOL_SIZE })
    closers.push(() => db.close())
    if (!given) await assertDurable(db)

    progress(`opening the job queues (${config.REDIS_URL ? 'Redis' : 'PostgreSQL'})`)
    const queues = await createQueues(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : { access }, log)
    closers.push(() => queues.close())
    if (config.ROLES.includes('worker')) {
      progress('starting the workers')
      const acknowledgementHours = { warnAfterHours: config.ACK_WARN_HOURS, openAfterHours: config.ACK_OVERDUE_HOURS }
      const workers = await startWorkers({ db, queues, log, now, concurrency: config.WORKER_CONCURRENCY, acknowledgementHours })
      closers.push(() => workers.stop())
    }
    const app = config.ROLES.includes('api') ? await serve({ config, log, now, progress }, db, queues, closers) : undefined
    const localUrl = app && addressOf(app, config)
    return { db, access, embedded, localUrl, url: localUrl && (config.PUBLIC_URL?.replace(/\/$/, '') ?? localUrl), close }
  } catch (error) {
    await close()
    throw error
  }
}

const database = async (
  config: Config,
  log: FastifyBaseLogger,
  progress: (step: string) => void,
  closers: (() => Promise<unknown>)[],
): Promise<DatabaseAccess> => {
  if (config.DATABASE_URL) return { address: parseDatabaseUrl(config.DATABASE_URL), secret: hubSecret(config) }
  progress('starting the embedded PostgreSQL')
  const server = await startEmbedded({ dataDir: config.DATA_DIR, log })
  closers.push(() => server.stop())
  return { address: server.address, secret: hubSecret(config) }
}

const serve = async (
  options: Required<Pick<HubOptions, 'config' | 'log' | 'now' | 'progress'>>,
  db: Database,
  queues: Awaited<ReturnType<typeof createQueues>>,
  closers: (() => Promise<unknown>)[],
): Promise<FastifyInstance> => {
  options.progress('starting the API')
  const events = await createEventSource(db, options.log)
  closers.push(() => events.close())
  const app = await buildApp({ config: options.config, db, queues, log: options.log, now: options.now, events })
  closers.push(() => app.close())
  await app.listen({ host: options.config.HOST, port: options.config.PORT })
  return app
}

const addressOf = (app: FastifyInstance, config: Config): string => {
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.PORT
  return `http://${['127.0.0.1', '0.0.0.0', '::', '::1'].includes(config.HOST) ? 'localhost' : config.HOST}:${port}`
}
