import type { BaseLogger } from 'pino'
import type { Database, Tx } from './client.ts'

/** What a member of an organisation may do, from least to most; the permissions are in src/identity. */
export type Role = 'viewer' | 'planner' | 'order_manager' | 'edi_operator' | 'administrator'

/** Who acts, and for which organisation. `scopes` narrows an API key; 'operate' makes the operator of the whole hub. */
export type Actor = {
  readonly organisationId: string
  readonly userId?: string
  readonly apiKeyId?: string
  readonly role: Role
  readonly scopes: readonly string[]
  /** Shown in the audit log: the user's e-mail address, the key's name or the job's. */
  readonly name: string
}

export type Logger = Pick<BaseLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'>

/** The first parameter of every service. `db` is the pool, or the transaction that an outer service has opened. */
export type Context = {
  readonly db: Database | Tx
  readonly actor: Actor
  readonly now: () => Date
  readonly log: Logger
}
