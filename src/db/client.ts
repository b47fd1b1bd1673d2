import { drizzle as makeDrizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type postgres from 'postgres'
import { DomainError } from '../shared/errors.ts'
import type { DatabaseAccess } from './address.ts'
import type { Context } from './context.ts'
import { isConnectionLoss, openClient, openPool, type Lease, type Pool, type Query, type Sql } from './pool.ts'

export type { Sql } from './pool.ts'

/** A transaction. `organisationId` is null in `asSystem`. Await everything on it before its function returns. */
export type Tx = {
  readonly sql: Sql
  readonly drizzle: PostgresJsDatabase
  readonly organisationId: string | null
  /** Runs `fn` so that its failure undoes what it did and nothing before it. The failure is thrown on. */
  savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
}

/** The connections of one process; see `withOrganisation`, `readAs`, `asSystem`, `readSystem`, `withKeyLock`. */
export type Database = {
  readonly app: Pool
  readonly system: Pool
  readonly locks: KeyLocks
  /**
   * Calls `callback` with the payload of every NOTIFY on the channel, until the function returned is called. After a lost
   * connection it listens again; `onListen` is called each time, since what was said in between is not heard.
   */
  listen(channel: string, callback: (payload: string) => void, onListen?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** What a query takes that may run inside a transaction or by itself. */
export type Db = Database

export type ConnectOptions = DatabaseAccess & {
  /** Connections that serve requests and jobs; the system role has half as many. Default 10. */
  readonly poolSize?: number
}

/** Opens the pools; connections are made when first needed. */
export const connect = (options: ConnectOptions): Database => {
  const size = options.poolSize ?? 10
  const app = openPool(options, 'accord_app', size)
  const system = openPool(options, 'accord_system', Math.max(2, Math.ceil(size / 2)))
  const locks = openKeyLocks(options)
  const listener = openClient(options, 'accord_system')
  return {
    app,
    system,
    locks,
    listen: async (channel, callback, onListen) => (await listener.listen(channel, callback, onListen)).unlisten,
    close: async () => {
      await Promise.all([app.close(), system.close(), locks.close(), listener.end({ timeout: 1 })])
    },
  }
}

/** Whether `db` is a transaction already open. */
export const isTx = (db: Database | Tx): db is Tx => 'organisationId' in db

/**
 * Runs `fn` in a transaction on behalf of one organisation: row-level security shows and accepts what that organisation
 * may see and write, and nothing else. Commits when `fn` is done, rolls back when it throws. Inside a transaction of the
 * same organisation it joins that one; inside another's it throws.
 */
export function withOrganisation<T>(context: Pick<Context, 'db' | 'actor'>, fn: (tx: Tx) => Promise<T>): Promise<T>
export function withOrganisation<T>(db: Database | Tx, organisationId: string, fn: (tx: Tx) => Promise<T>): Promise<T>
export function withOrganisation<T>(
  ...given: [Pick<Context, 'db' | 'actor'>, (tx: Tx) => Promise<T>] | [Database | Tx, string, (tx: Tx) => Promise<T>]
): Promise<T> {
  const [db, organisationId, fn] = given.length === 2 ? [given[0].db, given[0].actor.organisationId, given[1]] : given
  return isTx(db) ? join(db, organisationId, fn) : transaction(db.app, organisationId, fn)
}

/** Runs `fn` in a transaction as `accord_system`, across organisations. Joins one of its own kind, throws in another. */
export const asSystem = <T>(db: Database | Tx, fn: (tx: Tx) => Promise<T>): Promise<T> =>
  isTx(db) ? join(db, null, fn) : transaction(db.system, null, fn)

const join = async <T>(tx: Tx, organisationId: string | null, fn: (tx: Tx) => Promise<T>): Promise<T> => {
  if (tx.organisationId !== organisationId)
    throw new Error(`a transaction of ${tx.organisationId ?? 'the system'} cannot go on as ${organisationId ?? 'the system'}`)
  return fn(tx)
}

const setOrganisation = (sql: Sql, organisationId: string) => sql`select set_config('app.org', ${organisationId}, true)`

const transaction = async <T>(pool: Pool, organisationId: string | null, fn: (tx: Tx) => Promise<T>): Promise<T> => {
  const lease = await pool.lease()
  const { sql } = lease
  try {
    // postgres.js sends a query only when it is awaited or told to. These go out together with the first query of `fn`;
    // a connection answers in order, so the organisation is set by then.
    const opening: Promise<unknown>[] = [sql`begin`.execute()]
    if (organisationId !== null) opening.push(setOrganisation(sql, organisationId).execute())
    const opened = Promise.all(opening)
    opened.catch(() => {})
    const result = await fn(makeTx(sql, organisationId))
    await opened
    const { command } = await sql`commit`
    if (command !== 'COMMIT')
      throw new Error('a query of this transaction failed unheard, so it was rolled back; await every query')
    return result
  } catch (error) {
    if (!lease.lost) await sql`rollback`.catch(() => {})
    throw error
  } finally {
    lease.release()
  }
}

const makeTx = (sql: Sql, organisationId: string | null, depth = 0): Tx => {
  let instance: PostgresJsDatabase | undefined
  const savepoint = async <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => {
    const name = `s${depth}`
    await sql.unsafe(`savepoint ${name}`)
    try {
      const result = await fn(makeTx(sql, organisationId, depth + 1))
      await sql.unsafe(`release savepoint ${name}`)
      return result
    } catch (error) {
      await sql.unsafe(`rollback to savepoint ${name}`)
      throw error
    }
  }
  const tx: Tx = {
    sql,
    organisationId,
    savepoint,
    get drizzle() {
      return (instance ??= drizzleOn(tx))
    },
  }
  return tx
}

/** Drizzle on a transaction. It gets type tables of its own, since it overwrites them. */
const drizzleOn = (tx: Tx): PostgresJsDatabase => {
  const nested = <T>(fn: (client: unknown) => Promise<T>) => tx.savepoint(inner => fn(clientOf(inner)))
  const clientOf = ({ sql }: Tx) => ({
    options: { parsers: {}, serializers: {} },
    unsafe: sql.unsafe,
    begin: nested,
    savepoint: nested,
  })
  return makeDrizzle(clientOf(tx) as unknown as postgres.Sql)
}

type Rows<Q> = Q extends postgres.PendingQuery<infer R> ? postgres.RowList<R> : never
type Answers<Q> = Q extends readonly Query[] ? { -readonly [K in keyof Q]: Rows<Q[K]> } : Rows<Q>
type Built = Query | readonly Query[]

/**
 * Reads on behalf of one organisation, in one round trip: `begin`, the organisation, the queries and `commit` go out
 * together. `build` makes one query or a list of them and awaits none. Inside an open transaction they run there.
 *
 *     const [order] = await readAs(ctx.db, organisationId, sql => sql`select … where id = ${id}`)
 *     const [orders, lines] = await readAs(ctx.db, organisationId, sql => [sql`…`, sql`…`])
 */
export const readAs = <const Q extends Built>(
  db: Database | Tx,
  organisationId: string,
  build: (sql: Sql) => Q,
): Promise<Answers<Q>> =>
  isTx(db)
    ? join(db, organisationId, tx => answers(build(tx.sql)))
    : // The database may have been restarted while the connection lay idle; a read does no harm when it is done twice.
      pipeline(db.app, organisationId, true, build).catch((error: unknown) => {
        if (!isConnectionLoss(error)) throw error
        return pipeline(db.app, organisationId, true, build)
      })

/** The same for writes that need no answer in between: all of the queries are committed, or none. */
export const writeAs = <const Q extends Built>(
  db: Database | Tx,
  organisationId: string,
  build: (sql: Sql) => Q,
): Promise<Answers<Q>> =>
  isTx(db) ? join(db, organisationId, tx => answers(build(tx.sql))) : pipeline(db.app, organisationId, false, build)

/** Queries as `accord_system`, sent together, each a transaction of its own. */
export const readSystem = async <const Q extends Built>(db: Database | Tx, build: (sql: Sql) => Q): Promise<Answers<Q>> => {
  if (isTx(db)) return join(db, null, tx => answers(build(tx.sql)))
  const lease = await db.system.lease()
  return answers(build(lease.sql)).finally(() => lease.release())
}

const pipeline = async <Q extends Built>(
  pool: Pool,
  organisationId: string,
  readOnly: boolean,
  build: (sql: Sql) => Q,
): Promise<Answers<Q>> => {
  const lease: Lease = await pool.lease()
  try {
    const { sql } = lease
    const built = build(sql)
    const opening = [(readOnly ? sql`begin read only` : sql`begin`).execute(), setOrganisation(sql, organisationId).execute()]
    const answered = answers(built)
    const ending = sql`commit`.execute()
    const [, result] = await settled([Promise.all(opening), answered, ending])
    return result
  } finally {
    lease.release()
  }
}

/** The answers, in the order of the queries; they are sent in that order too. */
const answers = async <Q extends Built>(built: Q): Promise<Answers<Q>> => {
  const queries = Array.isArray(built) ? (built as readonly Query[]) : [built as Query]
  for (const query of queries) query.execute()
  const results = await settled(queries)
  return (Array.isArray(built) ? results : results[0]) as Answers<Q>
}

/** Like Promise.all, but only when all are done, so that a connection goes back to the pool with nothing left to answer. */
const settled = async <const P extends readonly PromiseLike<unknown>[]>(
  promises: P,
): Promise<{ -readonly [K in keyof P]: Awaited<P[K]> }> => {
  const outcomes = await Promise.allSettled(promises)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return outcomes.map(outcome => (outcome as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof P]: Awaited<P[K]>
  }
}

type KeyLocks = {
  /** Takes the lock if nobody has it. The signal aborts when the lock is lost with its connection. */
  take(key: string): Promise<AbortSignal | null>
  give(key: string): Promise<void>
  close(): Promise<void>
}

/** All key locks of a process are session locks of one connection, which would get the same lock twice: hence `held`. */
const openKeyLocks = (access: DatabaseAccess): KeyLocks => {
  const held = new Map<string, AbortController>()
  const client = openClient(access, 'accord_app', () => {
    for (const holder of held.values()) holder.abort(new Error('the connection that held the lock was lost'))
  })
  return {
    async take(key) {
      if (held.has(key)) return null
      const holder = new AbortController()
      held.set(key, holder)
      try {
        const [row] = await client<{ taken: boolean }[]>`select pg_try_advisory_lock(hashtextextended(${key}, 0)) as taken`
        if (row?.taken) return holder.signal
      } catch (error) {
        held.delete(key)
        throw error
      }
      held.delete(key)
      return null
    },
    async give(key) {
      // Where the connection was lost in between, the server has let go by itself, and this finds nothing to undo.
      await client`select pg_advisory_unlock(hashtextextended(${key}, 0))`.catch(() => {})
      held.delete(key)
    },
    close: () => client.end({ timeout: 1 }),
  }
}

/**
 * Runs `fn` while this process alone, of all that use the database, holds the key; answers 'busy' at once when another
 * has it. Unlike a row lock it spans transactions. `fn` should stop between two of them when the signal aborts.
 */
export const withKeyLock = async <T>(db: Database, key: string, fn: (signal: AbortSignal) => Promise<T>): Promise<T | 'busy'> => {
  const signal = await db.locks.take(key)
  if (!signal) return 'busy'
  try {
    return await fn(signal)
  } finally {
    await db.locks.give(key)
  }
}

/** Checks that a commit is on disk when the database says so. @throws DomainError hub/unavailable */
export const assertDurable = async (db: Database): Promise<void> => {
  for (const pool of [db.app, db.system]) {
    const lease = await pool.lease()
    const [row] = await lease.sql<{ setting: string }[]>`select current_setting('synchronous_commit') as setting`.finally(() =>
      lease.release(),
    )
    if (!['on', 'remote_apply'].includes(row?.setting ?? ''))
      throw new DomainError('hub/unavailable', {
        detail: `The database has synchronous_commit=${row?.setting}; the hub needs 'on', or a power cut undoes what it acknowledged.`,
      })
  }
}
