import { asSystem, type Database } from '../db/client.ts'
import type { Logger } from '../db/context.ts'
import { workChannel, type QueueName } from '../db/outbox.ts'
import { crashPoint } from '../shared/crashpoint.ts'

export type RelayOptions = {
  readonly db: Database
  readonly log: Logger
  readonly enqueue: (queue: QueueName, keys: readonly string[]) => Promise<void>
  /** How long a row may lie enqueued before its key is put into the queue again: the queue may have lost it. Default 5 s. */
  readonly overdueSeconds?: number
  /** How often to look without being woken, for rows whose time has come. Default 1 s. */
  readonly pollMilliseconds?: number
}

const pageSize = 1000

/**
 * Fills the queue from the outbox. Woken by NOTIFY, so an idle hub works at once; looks by itself every second. The queue is
 * a cache: what it loses is enqueued again, what it has twice is done once, since the rows are the truth.
 */
export const startRelay = async (options: RelayOptions): Promise<{ readonly stop: () => Promise<void> }> => {
  let stopped = false
  let running: Promise<void> | undefined
  let again = false
  const wake = (): void => {
    if (stopped) return
    if (running) {
      again = true
      return
    }
    running = relayAll(options)
      .catch((error: unknown) => options.log.error({ err: error }, 'relay failed; it tries again'))
      .finally(() => {
        running = undefined
        if (again) {
          again = false
          wake()
        }
      })
  }
  const unlisten = await options.db.listen(workChannel, wake, wake)
  const timer = setInterval(wake, options.pollMilliseconds ?? 1000)
  wake()
  return {
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await unlisten()
      await running
    },
  }
}

const relayAll = async (options: RelayOptions): Promise<void> => {
  while ((await relayPage(options)) === pageSize);
}

/** Enqueues the keys of up to a page of due rows; returns how many rows there were. */
const relayPage = (options: RelayOptions): Promise<number> =>
  asSystem(options.db, async tx => {
    const rows = await tx.sql<{ queue: QueueName; key: string }[]>`
      update outbox set enqueued_at = now() where id in (
        select id from outbox
        where state = 'pending' and available_at <= now()
          and (enqueued_at is null or enqueued_at < now() - make_interval(secs => ${options.overdueSeconds ?? 5}))
        order by available_at, id limit ${pageSize} for update skip locked)
      returning queue, key`
    // Enqueued before the mark commits: a crash in between enqueues twice, which is harmless; the other way round it would lie.
    for (const queue of new Set(rows.map(row => row.queue)))
      await options.enqueue(queue, [...new Set(rows.filter(row => row.queue === queue).map(row => row.key))])
    crashPoint('relay.enqueued')
    return rows.length
  })
