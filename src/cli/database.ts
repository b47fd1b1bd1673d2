import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { hubSecret, loadConfig, type Config } from '../config.ts'
import { parseDatabaseUrl, type DatabaseAccess } from '../db/address.ts'
import { asSystem, connect, type Database, type Tx } from '../db/client.ts'
import type { Context, Logger } from '../db/context.ts'
import { findEmbedded, startEmbedded } from '../db/embedded.ts'
import { pendingMigrations } from '../db/migrate.ts'
import { operatorContext } from '../identity/service.ts'
import { DomainError } from '../shared/errors.ts'
import { CliError } from './failure.ts'

const nothing = (): void => {}
const tell = (entry: unknown, message?: string): void =>
  console.error(message ?? (typeof entry === 'string' ? entry : 'The database has a complaint.'))
/** A command is no service: it says what matters itself, and only trouble beside. */
export const quietLog: Logger = { fatal: tell, error: tell, warn: tell, info: nothing, debug: nothing, trace: nothing }

/**
 * Runs `fn` with the address of the database's owner: the one in DATABASE_URL, that of the embedded database of a hub that runs
 * here, or the embedded database started for as long as `fn` takes. Ctrl-C stops what was started.
 * @throws CliError when there is no embedded database yet, unless `create`
 */
export const withAccess = async <T>(fn: (access: DatabaseAccess) => Promise<T>, { create = false } = {}): Promise<T> => {
  const config = loadConfig()
  if (config.DATABASE_URL) return fn({ address: parseDatabaseUrl(config.DATABASE_URL), secret: hubSecret(config) })
  const running = await findEmbedded(config.DATA_DIR)
  if (running) {
    try {
      return await fn({ address: running.address, secret: hubSecret(config) })
    } finally {
      running.close()
    }
  }
  if (!create && !hasEmbedded(config))
    throw new CliError(
      `There is no database in ${config.DATA_DIR} yet. Start the hub once, run accord-hub migrate, or set DATABASE_URL.`,
      { exitCode: 2 },
    )
  return withEmbedded(config, fn)
}

const hasEmbedded = (config: Config): boolean => existsSync(join(config.DATA_DIR, 'postgres'))

const withEmbedded = async <T>(config: Config, fn: (access: DatabaseAccess) => Promise<T>): Promise<T> => {
  const server = await startEmbedded({ dataDir: config.DATA_DIR, log: quietLog })
  const stopOn = (signal: NodeJS.Signals): void => {
    void server.stop().finally(() => {
      process.exit(signal === 'SIGINT' ? 130 : 143)
    })
  }
  process.once('SIGINT', stopOn).once('SIGTERM', stopOn)
  try {
    return await fn({ address: server.address, secret: hubSecret(config) })
  } finally {
    process.off('SIGINT', stopOn).off('SIGTERM', stopOn)
    await server.stop()
  }
}

/** The hub's connections to a database that is migrated to this version. @throws CliError when it is not */
export const withDatabase = <T>(fn: (db: Database) => Promise<T>): Promise<T> =>
  withAccess(async access => {
    const pending = await pendingMigrations(access)
    if (pending.length > 0) throw new CliError('The database is not at this version of the hub. Run accord-hub migrate first.')
    const db = connect({ ...access, poolSize: 2 })
    try {
      return await fn(db)
    } finally {
      await db.close()
    }
  })

const settings = { now: () => new Date(), log: quietLog, name: `command line, ${userInfo().username}` }

/** Runs `fn` as the operator of the hub, whose organisation is made if there is none. */
export const asOperator = <T>(fn: (ctx: Context) => Promise<T>): Promise<T> =>
  withDatabase(async db => fn(await operatorContext(db, settings)))

/** Ends a transaction that is not to be kept, with what came of it. */
class Undone extends Error {
  readonly result: unknown
  constructor(result: unknown) {
    super('undone')
    this.result = result
  }
}

/** The same in one transaction of the system, which a dry run rolls back. */
export const asOperatorOnce = <T>(dryRun: boolean, fn: (ctx: Context, tx: Tx) => Promise<T>): Promise<T> =>
  withDatabase(async db => {
    try {
      return await asSystem(db, async tx => {
        const result = await fn(await operatorContext(tx, settings), tx)
        if (dryRun) throw new Undone(result)
        return result
      })
    } catch (error) {
      if (error instanceof Undone) return error.result as T
      throw error
    }
  })

/**
 * The organisation that a command names: `operator`, an id, a GLN or the exact name.
 * @throws CliError, DomainError record/not-found
 */
export const findOrganisation = async (ctx: Context, tx: Tx, reference: string): Promise<{ id: string; name: string }> => {
  const rows = await tx.sql<{ id: string; name: string }[]>`
    select id, name from organisation
    where id = ${reference === 'operator' ? ctx.actor.organisationId : reference} or gln = ${reference} or name = ${reference}
    order by id`
  const [row] = rows
  if (!row)
    throw new DomainError('record/not-found', {
      detail:
        `No organisation has the id, GLN or exact name ${reference}. ` +
        'Import it first: accord-hub import organisations FILE --local.',
    })
  if (rows.length > 1) throw new CliError(`Several organisations are called ${reference}; use the GLN or the id.`)
  return row
}
