import type { Database } from '../db/client.ts'
import type { Logger } from '../db/context.ts'
import { queueNames } from '../db/outbox.ts'
import { handlersFor, type AcknowledgementHours } from './handlers.ts'
import type { Queues } from './queues.ts'
import { startRelay } from './relay.ts'
import { schedules } from './schedules.ts'
import { drain, type WorkerOptions } from './work.ts'

export type StartOptions = {
  readonly db: Database
  readonly queues: Queues
  readonly log: Logger
  readonly now: () => Date
  /** Keys worked on at the same time, per queue. */
  readonly concurrency: number
  readonly acknowledgementHours: AcknowledgementHours
}

const schedulePrefix = 'schedule '

/** Starts what works in this process: a worker for each queue, the schedules, and the relay that fills the queues. */
export const startWorkers = async ({
  db,
  queues,
  log,
  now,
  concurrency,
  acknowledgementHours,
}: StartOptions): Promise<{ readonly stop: () => Promise<void> }> => {
  const options: WorkerOptions = { db, log, now, handlers: handlersFor(acknowledgementHours) }
  const handle = (key: string, stopping: AbortSignal): Promise<void> =>
    key.startsWith(schedulePrefix) ? runSchedule(db, key.slice(schedulePrefix.length)) : drain(options, key, stopping)
  for (const queue of queueNames) await queues.startWorker(queue, handle, { concurrency })
  for (const { name, every } of schedules)
    await queues.schedule(
      name,
      'cron' in every ? every : { everyMilliseconds: every.milliseconds },
      'maintenance',
      `${schedulePrefix}${name}`,
    )
  const relay = await startRelay({ db, log, enqueue: (queue, keys) => queues.enqueue(queue, keys) })
  return { stop: () => relay.stop() }
}

const runSchedule = async (db: Database, name: string): Promise<void> => {
  await schedules.find(schedule => schedule.name === name)?.run(db)
}
