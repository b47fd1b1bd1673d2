import {
  createPostgresBackend,
  Queue,
  withBackend,
  Worker,
  type JobsOptions,
  type JobType,
  type PgPool,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import pg from 'pg'
import { ConfigError } from '../shared/errors.ts'
import { pgOptions, type DatabaseAccess } from '../db/address.ts'
import type { Logger } from '../db/context.ts'
import { queueNames, type QueueName } from '../db/outbox.ts'

export type QueueConnection = { readonly access: DatabaseAccess } | { readonly redisUrl: string }

/** What is in one queue now. */
export type QueueDepth = { readonly waiting: number; readonly active: number; readonly delayed: number }

/** A key, and a signal that says to stop between two pieces of work. */
export type KeyHandler = (key: string, stopping: AbortSignal) => Promise<void>

export type Queues = {
  /**
   * Asks that the work of these keys be looked at. A key that waits already is not added twice; one that is being worked on
   * is looked at once more afterwards, so that nothing written meanwhile is left lying.
   */
  enqueue(queue: QueueName, keys: readonly string[]): Promise<void>
  /** Works off a queue in this process until `close`. A handler that throws is logged; its key is not tried again by itself. */
  startWorker(queue: QueueName, handler: KeyHandler, options: { readonly concurrency: number }): Promise<void>
  /**
   * Enqueues a key again and again: every so many milliseconds, or by a cron pattern in UTC. The same name replaces it; a
   * wiped queue gets it back.
   */
  schedule(
    name: string,
    repeat: { readonly everyMilliseconds: number } | { readonly cron: string },
    queue: QueueName,
    key: string,
  ): Promise<void>
  depths(): Promise<Record<QueueName, QueueDepth>>
  /** Throws away all jobs. The database knows what is to be done, so this loses time and nothing else. */
  wipe(): Promise<void>
  /** Lets running handlers finish, then disconnects. */
  close(): Promise<void>
}

type Data = { key: string }
type Backend = {
  readonly queue: (name: QueueName) => AnyQueue
  readonly worker: (name: QueueName, work: (job: { data: Data }) => Promise<void>, options: WorkerSettings) => AnyWorker
  readonly close: () => Promise<void>
}
/** What is used of BullMQ's classes, which have other type arguments on each backend. */
type AnyQueue = {
  addBulk(jobs: { name: string; data: Data; opts: JobsOptions }[]): Promise<unknown>
  getJobScheduler(id: string): Promise<unknown>
  upsertJobScheduler(
    id: string,
    repeat: { every: number } | { pattern: string; tz: string },
    job: { name: string; data: Data; opts: typeof jobOptions },
  ): Promise<unknown>
  getJobCounts(...states: JobType[]): Promise<Record<string, number>>
  obliterate(options: { force: boolean }): Promise<void>
  resume(): Promise<void>
} & Connected
type AnyWorker = Connected
type Connected = {
  waitUntilReady(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}
type WorkerSettings = Omit<WorkerOptions, 'connection'>

/** A job leaves no trace: one that was kept would swallow the next of its id, and what came of it is in our own tables. */
const jobOptions = { removeOnComplete: true, removeOnFail: true } as const
/**
 * Opens the three queues, in Redis when there is one, else in schema `bullmq` of the database, as its own role.
 * @param options.lockMilliseconds a job is taken up by another worker when its own has not been heard of for so long
 * @param options.scheduleMilliseconds how often to look whether a schedule was lost with the queue
 */
export const createQueues = async (
  connection: QueueConnection,
  log: Logger,
  { lockMilliseconds = 5_000, scheduleMilliseconds = 60_000 } = {},
): Promise<Queues> => {
  const report = (queue: QueueName) => (error: Error) => log.error({ err: error, queue }, 'the job queue failed')
  const backend = 'access' in connection ? postgresBackend(connection.access, log) : await redisBackend(connection.redisUrl, log)
  const open = (name: QueueName): AnyQueue => {
    const queue = backend.queue(name)
    queue.on('error', report(name))
    return queue
  }
  const queues: Record<QueueName, AnyQueue> = {
    exchange: open('exchange'),
    documents: open('documents'),
    maintenance: open('maintenance'),
  }
  const workers: AnyWorker[] = []
  const schedules = new Map<string, { queue: QueueName; upsert: () => Promise<unknown> }>()
  const timer = setInterval(() => {
    for (const [id, { queue, upsert }] of schedules)
      queues[queue]
        .getJobScheduler(id)
        .then(found => found ?? upsert())
        .catch(report(queue))
  }, scheduleMilliseconds)
  const stopping = new AbortController()
  await Promise.all(queueNames.map(name => queues[name].waitUntilReady()))
  return {
    async enqueue(name, keys) {
      if (keys.length === 0) return
      await queues[name].addBulk(
        keys.map(key => ({ name: 'work', data: { key }, opts: { ...jobOptions, deduplication: deduplication(key) } })),
      )
    },
    async startWorker(name, handler, { concurrency }) {
      const worker = backend.worker(
        name,
        async job => {
          try {
            await handler(job.data.key, stopping.signal)
          } catch (error) {
            log.error({ err: error, queue: name, key: job.data.key }, 'a job failed')
          }
        },
        { concurrency, lockDuration: lockMilliseconds, stalledInterval: lockMilliseconds / 2, maxStalledCount: 1000 },
      )
      worker.on('error', report(name))
      workers.push(worker)
      await worker.waitUntilReady()
    },
    async schedule(id, repeat, name, key) {
      const when = 'cron' in repeat ? { pattern: repeat.cron, tz: 'UTC' } : { every: repeat.everyMilliseconds }
      const upsert = () => queues[name].upsertJobScheduler(id, when, { name: 'work', data: { key }, opts: jobOptions })
      schedules.set(id, { queue: name, upsert })
      await upsert()
    },
    async depths() {
      const counts = await Promise.all(
        queueNames.map(async name => {
          const {
            waiting = 0,
            prioritized = 0,
            active = 0,
            delayed = 0,
          } = await queues[name].getJobCounts('waiting', 'prioritized', 'active', 'delayed')
          return [name, { waiting: waiting + prioritized, active, delayed }] as const
        }),
      )
      return Object.fromEntries(counts) as Record<QueueName, QueueDepth>
    },
    async wipe() {
      for (const name of queueNames) {
        await queues[name].obliterate({ force: true })
        // Obliterating begins with a pause, which outlives it in PostgreSQL.
        await queues[name].resume()
      }
    },
    async close() {
      clearInterval(timer)
      stopping.abort()
      await Promise.all(workers.map(worker => worker.close()))
      await Promise.all(queueNames.map(name => queues[name].close()))
      await backend.close()
    },
  }
}

/** One job of a key waits at most, and one more while the first is worked on. Colons are BullMQ's own separators. */
const deduplication = (key: string) => ({ id: encodeURIComponent(key), keepLastIfActive: true })

/** All queues and workers share one small pool: a connection to listen for each worker, and a few for everything else. */
const postgresBackend = (access: DatabaseAccess, log: Logger): Backend => {
  const pool = new pg.Pool({
    ...pgOptions(access, 'accord_queue'),
    options: '-c search_path=bullmq',
    application_name: 'accord_queue',
    max: queueNames.length + 5,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  pool.on('error', error => log.error({ err: error }, 'the job queue lost a connection'))
  const connection = pool as unknown as PgPool
  const bound = withBackend(createPostgresBackend)
  return {
    queue: name => new bound.Queue<Data>(name, { connection }),
    worker: (name, work, options) => new bound.Worker<Data>(name, work, { ...options, connection }),
    close: () => pool.end(),
  }
}

/** `unix:///path`, one address, or several with commas between for a cluster. */
const redisBackend = async (url: string, log: Logger): Promise<Backend> => {
  await assertReachable(url)
  const connection = connectRedis(url)
  connection.on('error', error => log.error({ err: error }, 'Redis failed'))
  await warnOfEviction(connection, log)
  // The braces keep all keys of a queue in one slot of a cluster.
  const shared = { connection, prefix: '{hub}' } satisfies QueueOptions
  return {
    queue: name => new Queue<Data>(name, { ...shared }),
    worker: (name, work, options) => new Worker<Data>(name, work, { ...options, ...shared }),
    close: async () => {
      await connection.quit()
    },
  }
}

// Blocking reads wait as long as it takes; a limit on retries would make them fail instead.
const connectRedis = (url: string, options: RedisOptions = { maxRetriesPerRequest: null }): Redis | Cluster => {
  if (url.startsWith('unix://')) return new Redis({ ...options, path: url.slice('unix://'.length) })
  return url.includes(',') ? new Cluster(url.split(','), { redisOptions: options }) : new Redis(url, options)
}

/** At the start a Redis that cannot be reached is a wrong configuration; later it is waited for. */
const assertReachable = async (url: string): Promise<void> => {
  const [first = ''] = url.split(',')
  const probe = connectRedis(first, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5000 })
  let reason: Error | undefined
  probe.on('error', error => {
    reason = error
  })
  try {
    await probe.connect()
  } catch (error) {
    const { host, protocol, pathname } = new URL(first)
    throw new ConfigError(
      'REDIS_URL',
      `The Redis at ${protocol}//${host}${pathname} cannot be reached (${(reason ?? (error as Error)).message}); check REDIS_URL.`,
    )
  } finally {
    probe.disconnect()
  }
}

/** A Redis that evicts keys under memory pressure would drop jobs; some hosts do not let one ask. */
const warnOfEviction = async (connection: Redis | Cluster, log: Logger): Promise<void> => {
  const answer = (await connection.config('GET', 'maxmemory-policy').catch(() => [])) as string[]
  if (answer[1] !== undefined && answer[1] !== 'noeviction')
    log.warn({ policy: answer[1] }, 'Redis may evict jobs; set maxmemory-policy to noeviction')
}
