import { withKeyLock, asSystem, withOrganisation, type Database, type Tx } from '../db/client.ts'
import type { Context, Logger } from '../db/context.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { DomainError } from '../shared/errors.ts'

/** One row of the outbox: something to do for an organisation, in order with the other rows of its key. */
export type WorkRow = {
  readonly id: string
  readonly organisationId: string
  readonly kind: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly attempts: number
}

/**
 * Does one kind of work. It calls `done(tx)` in the transaction of its last effect, so that the effect and the row's end
 * commit together; work that is interrupted before is simply done again, so everything it does must bear that.
 */
export type Handler = (
  context: Context & { readonly db: Database },
  row: WorkRow,
  done: (tx: Tx) => Promise<void>,
) => Promise<void>

/** Seconds to wait before attempt 2, 3, …; after the last the row is dead and waits for a person. */
export const retryDelaySeconds = [1, 5, 30, 120, 600, 3600] as const

export type WorkerOptions = {
  readonly db: Database
  readonly log: Logger
  readonly now: () => Date
  readonly handlers: Readonly<Record<string, Handler>>
}

/**
 * Does all the work that is due for one key, oldest first. Only one process at a time does so: who finds the key taken
 * leaves it to the other, and that one looks once more after letting go, so that nothing is left lying.
 */
export const drain = async (options: WorkerOptions, key: string, stopping?: AbortSignal): Promise<void> => {
  for (;;) {
    const outcome = await withKeyLock(options.db, key, held =>
      drainLocked(options, key, stopping ? AbortSignal.any([held, stopping]) : held),
    )
    if (outcome === 'busy' || stopping?.aborted || !(await nextRow(options.db, key))) return
  }
}

const drainLocked = async (options: WorkerOptions, key: string, stopping: AbortSignal): Promise<void> => {
  while (!stopping.aborted) {
    const row = await nextRow(options.db, key)
    if (!row) return
    await work(options, row)
  }
}

const nextRow = (db: Database, key: string): Promise<WorkRow | undefined> =>
  asSystem(db, async tx => {
    // The first row that is not dead decides: while it waits for its next attempt, those behind it wait too.
    const [row] = await tx.sql<(WorkRow & { due: boolean })[]>`
      select id::text, organisation_id as "organisationId", kind, payload, attempts, available_at <= now() as due
      from outbox where key = ${key} and state = 'pending' order by id limit 1`
    return row?.due ? row : undefined
  })

const work = async (options: WorkerOptions, row: WorkRow): Promise<void> => {
  const context = {
    db: options.db,
    now: options.now,
    log: options.log,
    actor: { organisationId: row.organisationId, role: 'administrator', scopes: [], name: `job ${row.kind}` } as const,
  }
  const done = async (tx: Tx) => {
    const { count } = await tx.sql`delete from outbox where id = ${row.id}`
    // Who lost its lock with its connection may still be at work beside its successor; what it does a second time is undone.
    if (count === 0) throw new Error(`work ${row.id} was done by another worker meanwhile`)
  }
  try {
    const handler = options.handlers[row.kind]
    if (!handler) throw new Error(`no handler for work of kind ${row.kind}`)
    await handler(context, row, done)
    crashPoint('work.done')
  } catch (error) {
    options.log.error({ err: error, work: row.id, kind: row.kind, attempts: row.attempts + 1 }, 'work failed')
    await withOrganisation(options.db, row.organisationId, tx => postpone(tx, row, error))
  }
}

const postpone = async (tx: Tx, row: WorkRow, error: unknown): Promise<void> => {
  const delay = retryDelaySeconds[row.attempts]
  const code = error instanceof DomainError ? error.code : 'hub/unexpected'
  const detail = error instanceof Error ? error.message : String(error)
  await tx.sql`
    update outbox set attempts = attempts + 1, enqueued_at = null, error_code = ${code}, error_detail = ${detail.slice(0, 1000)},
      state = ${delay === undefined ? 'dead' : 'pending'}, available_at = now() + make_interval(secs => ${delay ?? 0})
    where id = ${row.id}`
}
