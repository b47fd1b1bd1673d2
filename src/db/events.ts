import { asSystem, type Database } from './client.ts'
import type { Logger } from './context.ts'
import { eventChannel } from './outbox.ts'

/** An event as its parties see it. */
export type StoredEvent = {
  readonly id: string
  readonly type: string
  readonly organisationId: string
  readonly counterpartId: string | null
  readonly partnershipId: string | null
  readonly subjectId: string
  readonly data: Readonly<Record<string, unknown>>
  readonly at: Date
}

/** Live events of all processes, for subscriptions. A subscriber gets what its organisation may see, from now on. */
export type EventSource = {
  subscribe(organisationId: string): AsyncIterableIterator<StoredEvent>
  close(): Promise<void>
}

/** Ids are made before their transaction commits, so a later look must go back this far to miss none. */
const overlapMilliseconds = 30_000
const mostWaiting = 1000
const pageRows = 1000

type Subscriber = {
  readonly organisationId: string
  readonly waiting: StoredEvent[]
  wake: (() => void) | undefined
  open: boolean
}

/**
 * Follows the event table: NOTIFY says that there is something new, one query for all subscribers says what. A subscriber that
 * does not read loses its oldest waiting events rather than the hub its memory.
 */
export const createEventSource = async (db: Database, log: Logger): Promise<EventSource> => {
  const subscribers = new Set<Subscriber>()
  const seen = new Map<string, number>()
  let looking: Promise<void> | undefined
  let again = false

  const look = (): void => {
    if (subscribers.size === 0) return
    if (looking) {
      again = true
      return
    }
    looking = fetchNew()
      .catch((error: unknown) => log.warn({ err: error }, 'live events could not be read'))
      .finally(() => {
        looking = undefined
        if (again) {
          again = false
          look()
        }
      })
  }

  const fetchNew = async (): Promise<void> => {
    const organisations = [...new Set([...subscribers].map(subscriber => subscriber.organisationId))]
    const horizon = Date.now() - overlapMilliseconds
    for (const [id, at] of seen) if (at < horizon) seen.delete(id)
    for (let after = idAt(horizon); ;) {
      const events = await asSystem(
        db,
        async tx => tx.sql<StoredEvent[]>`
        select id, type, organisation_id as "organisationId", counterpart_id as "counterpartId", partnership_id as "partnershipId",
          subject_id as "subjectId", data, at from event
        where id > ${after} and (organisation_id = any(${organisations}::text[]) or counterpart_id = any(${organisations}::text[]))
        order by id limit ${pageRows}`,
      )
      for (const event of events) {
        if (seen.has(event.id)) continue
        seen.set(event.id, Date.now())
        for (const subscriber of subscribers) offer(subscriber, event)
      }
      if (events.length < pageRows) return
      after = events.at(-1)!.id
    }
  }

  const unlisten = await db.listen(eventChannel, look)
  return {
    subscribe: organisationId => {
      const subscriber: Subscriber = { organisationId, waiting: [], wake: undefined, open: true }
      subscribers.add(subscriber)
      const since = new Date()
      const next = async (): Promise<IteratorResult<StoredEvent>> => {
        for (;;) {
          if (!subscriber.open) return { done: true, value: undefined }
          const event = subscriber.waiting.shift()
          if (event && event.at >= since) return { done: false, value: event }
          if (!event)
            await new Promise<void>(resolve => {
              subscriber.wake = resolve
            })
        }
      }
      const end = async (): Promise<IteratorResult<StoredEvent>> => {
        subscriber.open = false
        subscribers.delete(subscriber)
        subscriber.wake?.()
        return { done: true, value: undefined }
      }
      return {
        next,
        return: end,
        throw: end,
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
    close: async () => {
      await unlisten()
      for (const subscriber of subscribers) {
        subscriber.open = false
        subscriber.wake?.()
      }
      subscribers.clear()
      await looking
    },
  }
}

const offer = (subscriber: Subscriber, event: StoredEvent): void => {
  if (event.organisationId !== subscriber.organisationId && event.counterpartId !== subscriber.organisationId) return
  subscriber.waiting.push(event)
  if (subscriber.waiting.length > mostWaiting) subscriber.waiting.shift()
  subscriber.wake?.()
  subscriber.wake = undefined
}

/** The smallest event id of this millisecond. */
const idAt = (milliseconds: number): string => `evt_${milliseconds.toString(16).padStart(12, '0')}`
