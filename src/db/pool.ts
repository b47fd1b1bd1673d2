import postgres from 'postgres'
import { DomainError } from '../shared/errors.ts'
import { postgresOptions, type DatabaseAccess } from './address.ts'
import type { DatabaseRole } from './roles.ts'

/**
 * A `date` stays the text 'YYYY-MM-DD', a `timestamptz` is a Date. A JSON parameter that is a text is taken as JSON text
 * already, anything else is serialised. Arrays of texts and numbers are passed plainly with a cast (`${ids}::text[]`);
 * arrays of dates or booleans as texts, cast twice (`${days}::text[]::date[]`).
 */
const types = {
  day: { to: 1082, from: [1082], serialize: (day: string) => day, parse: (text: string) => text },
  instant: {
    to: 1184,
    from: [1114, 1184],
    serialize: (instant: Date | string) => (instant instanceof Date ? instant.toISOString() : instant),
    parse: (text: string): Date | string => new Date(text),
  },
  json: {
    to: 114,
    from: [114, 3802],
    serialize: (value: object | string) => (typeof value === 'string' ? value : JSON.stringify(value)),
    parse: (text: string): object | string => JSON.parse(text) as object | string,
  },
}
type Types = { day: string; instant: Date | string; json: object | string }

/** The tagged template that makes queries, whatever stands behind it. */
export type Sql = postgres.ISql<Types>
/** A query of any rows; `postgres.PendingQuery` is invariant in its rows, so it cannot say that itself. */
export type Query = PromiseLike<unknown> & { execute(): unknown }

/** One connection, ours alone until it is released. */
export type Lease = {
  readonly sql: Sql
  /** Whether the connection was lost; whatever was asked since the loss has been refused. */
  readonly lost: boolean
  release(): void
}

export type Pool = { lease(): Promise<Lease>; close(): Promise<void> }

/** A postgres.js client; it connects when first needed. */
export const openClient = (access: DatabaseAccess, role: DatabaseRole, onclose?: () => void): postgres.Sql<Types> =>
  postgres<typeof types>({
    ...postgresOptions(access, role),
    ...(onclose && { onclose }),
    types,
    max: 1,
    // The client would close a connection of a certain age between two statements of our transaction.
    max_lifetime: null,
    onnotice: () => {},
    connection: { application_name: role, idle_in_transaction_session_timeout: 120_000 },
  })

/**
 * A pool of single connections. The pool of postgres.js itself is not used, because of what it does when a connection
 * is lost: a query of a broken transaction goes to whatever session the socket serves next, or throws where nobody
 * can catch it, and a `reserve` that failed swallows a connection later. Here a lease whose connection is gone, or which
 * is over, refuses every further query.
 */
export const openPool = (access: DatabaseAccess, role: DatabaseRole, size: number, waitSeconds = 30): Pool => {
  const lanes: Lane[] = []
  const idle: Lane[] = []
  const waiting: { give: (lane: Lane) => void }[] = []
  const next = (): Promise<Lane> | Lane => {
    const free = idle.pop()
    if (free) return free
    if (lanes.length < size) {
      const lane = openLane(access, role)
      lanes.push(lane)
      return lane
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(new DomainError('hub/unavailable', { detail: `No database connection became free within ${waitSeconds} s.` }))
      }, waitSeconds * 1000)
      const waiter = {
        give: (lane: Lane) => {
          clearTimeout(timer)
          resolve(lane)
        },
      }
      waiting.push(waiter)
    })
  }
  return {
    lease: async () => {
      const lane = await next()
      return lane.lease(() => {
        const waiter = waiting.shift()
        if (waiter) waiter.give(lane)
        else idle.push(lane)
      })
    },
    close: async () => {
      await Promise.all(lanes.map(lane => lane.close()))
    },
  }
}

const connectionLost = () => Object.assign(new Error('the database connection was lost'), { code: 'CONNECTION_LOST' })

/** Whether the error ends the connection: the server hung up (57P01, …), the socket failed, or postgres.js says so. */
export const isConnectionLoss = (error: unknown): boolean => {
  const { severity, code = '', syscall } = error as { severity?: string; code?: string; syscall?: string }
  return (
    severity === 'FATAL' ||
    severity === 'PANIC' ||
    syscall !== undefined ||
    code.startsWith('CONNECTION_') ||
    code === 'CONNECT_TIMEOUT'
  )
}

type Lane = { lease(free: () => void): Lease; close(): Promise<void> }
type InnerQuery = {
  state: object | null
  handler: (query: InnerQuery) => void
  resolve: (answer: unknown) => void
  reject: (error: Error) => void
  cancel: () => void
}
/** A client, whether it has lost its connection, and what was asked of it under the present lease and is not answered yet. */
type Line = { readonly client: postgres.Sql<Types>; spent: boolean; queries: Set<InnerQuery> }

const openLine = (access: DatabaseAccess, role: DatabaseRole): Line => {
  const client = openClient(access, role, () => {
    line.spent = true
    // What still waits would go to the next session, outside our transaction; what was sent gets no answer any more.
    for (const query of line.queries) {
      const waits = query.state === null
      query.reject(connectionLost())
      if (waits) query.cancel()
    }
  })
  const line: Line = { client, spent: false, queries: new Set() }
  return line
}

/**
 * A place for one connection. A client that lost its own is replaced, since postgres.js lets the old one's error fall upon
 * the next query.
 */
const openLane = (access: DatabaseAccess, role: DatabaseRole): Lane => {
  let line = openLine(access, role)
  const lease = (free: () => void): Lease => {
    if (line.spent) {
      void line.client.end({ timeout: 0 })
      line = openLine(access, role)
    }
    const mine = line
    const queries = new Set<InnerQuery>()
    mine.queries = queries
    let over = false
    const guard = <T>(made: T): T => {
      const query = made as unknown as InnerQuery
      const { handler, resolve, reject } = query
      query.handler = asked => {
        if (over)
          return asked.reject(new Error('a query was run after its transaction or pipeline had ended; it was not awaited'))
        if (mine.spent) return asked.reject(connectionLost())
        queries.add(asked)
        handler(asked)
      }
      // A long transaction must not keep the parameters of all its queries.
      query.resolve = answer => {
        queries.delete(query)
        resolve(answer)
      }
      query.reject = error => {
        queries.delete(query)
        // The reason is told before the socket closes; a query sent in between would never be answered.
        if (isConnectionLoss(error)) mine.spent = true
        reject(error)
      }
      return made
    }
    return {
      sql: guardedSql(mine.client, guard),
      get lost() {
        return mine.spent
      },
      release() {
        if (over) return
        over = true
        queries.clear()
        free()
      },
    }
  }
  return { lease, close: () => line.client.end({ timeout: line.spent ? 0 : 10 }) }
}

/** The client's template with every query passed through `guard`; identifiers and value lists go as they are. */
const guardedSql = (client: postgres.Sql<Types>, guard: <T>(query: T) => T): Sql => {
  const template = (first: unknown, ...rest: unknown[]): unknown => {
    const made = (client as unknown as (...all: unknown[]) => unknown)(first, ...rest)
    return Array.isArray((first as { raw?: unknown } | undefined)?.raw) ? guard(made) : made
  }
  const unsafe: Sql['unsafe'] = (text, parameters, options) => guard(client.unsafe(text, parameters, options))
  const { types: typed, json, array, notify, file } = client
  return Object.assign(template, { types: typed, typed, json, array, notify, file, unsafe }) as unknown as Sql
}
