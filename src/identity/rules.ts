import type { Actor, Role } from '../db/context.ts'
import { DomainError } from '../shared/errors.ts'

export const roles = ['viewer', 'planner', 'order_manager', 'edi_operator', 'administrator'] as const satisfies readonly Role[]

/** What an API key can be narrowed to. A key without scopes may do all that its role may. */
export const keyScopes = [
  'read',
  'orders',
  'shipments',
  'receipts',
  'invoices',
  'forecasts',
  'exceptions',
  'edi',
  'master-data',
  'administration',
  'operate',
] as const
export type KeyScope = (typeof keyScopes)[number]

const everyone: readonly Role[] = roles
const orderDesk: readonly Role[] = ['order_manager', 'administrator']
const planning: readonly Role[] = ['planner', 'administrator']
const ediDesk: readonly Role[] = ['edi_operator', 'administrator']
const administration: readonly Role[] = ['administrator']

/** Who may do what: the scope that a narrowed key needs, and the roles. Everything within the actor's own organisation. */
const permissions = {
  'records.read': ['read', everyone],
  'orders.create': ['orders', orderDesk],
  'orders.answer': ['orders', orderDesk],
  'shipments.create': ['shipments', orderDesk],
  'receipts.enter': ['receipts', orderDesk],
  'invoices.create': ['invoices', orderDesk],
  'forecasts.publish': ['forecasts', planning],
  'exceptions.resolve': ['exceptions', ['planner', 'order_manager', 'edi_operator', 'administrator']],
  'edi.send': ['edi', ediDesk],
  'edi.fetch': ['edi', ediDesk],
  'edi.inspect': ['edi', ediDesk],
  'edi.operate': ['edi', ediDesk],
  'master-data.import': ['master-data', administration],
  'partnerships.configure': ['administration', administration],
  'users.manage': ['administration', administration],
  'keys.manage': ['administration', administration],
  'audit.read': ['administration', administration],
} as const satisfies Record<string, readonly [KeyScope, readonly Role[]]>

/** An action as permissions know it; 'hub.operate' is the operator's work on the whole hub. */
export type Action = keyof typeof permissions | 'hub.operate'
export const actions: readonly Action[] = [...(Object.keys(permissions) as (keyof typeof permissions)[]), 'hub.operate']

/**
 * Whether the actor may do this. The scope 'operate' makes the operator of the hub, and is given only in an organisation
 * of kind 'operator'; every other scope narrows.
 */
export const may = (actor: Pick<Actor, 'role' | 'scopes'>, action: Action): boolean => {
  if (action === 'hub.operate') return actor.scopes.includes('operate')
  // The operator imports for everybody, whatever its role.
  if (action === 'master-data.import' && actor.scopes.includes('operate')) return true
  const [scope, allowed]: readonly [KeyScope, readonly Role[]] = permissions[action]
  const narrowed = actor.scopes.filter(given => given !== 'operate')
  return allowed.includes(actor.role) && (narrowed.length === 0 || narrowed.includes(scope))
}

/**
 * Refuses what the actor may not do.
 * @throws DomainError identity/forbidden
 */
export const authorise = (actor: Pick<Actor, 'role' | 'scopes'>, action: Action): void => {
  if (!may(actor, action)) throw new DomainError('identity/forbidden', { action, role: actor.role })
}

/**
 * Whether the actor may give a key or member these rights: a narrowed key gives no more than it has itself, and only the
 * operator makes operators.
 */
export const mayGrant = (actor: Pick<Actor, 'scopes'>, scopes: readonly string[]): boolean => {
  const own = actor.scopes.filter(scope => scope !== 'operate')
  const given = scopes.filter(scope => scope !== 'operate')
  if (scopes.includes('operate') && !actor.scopes.includes('operate')) return false
  return own.length === 0 || (given.length > 0 && given.every(scope => own.includes(scope)))
}

/** Roles that operate the hub when held in the operator's own organisation. */
export const operatorScopes = (role: Role, organisationKind: string): readonly string[] =>
  organisationKind === 'operator' && ediDesk.includes(role) ? ['operate'] : []

const freeAttempts = 5
const longestLockSeconds = 3600

/** For how long an address is locked after so many failures in a row: not before the fifth, then 30 s doubling up to an hour. */
export const lockSeconds = (failedAttempts: number): number =>
  failedAttempts < freeAttempts ? 0 : Math.min(30 * 2 ** (failedAttempts - freeAttempts), longestLockSeconds)

/** After how long without a failure an address starts again with all its attempts. */
export const forgetAttemptsHours = 24

/** After how long the token of a session in use is replaced. */
export const rotateAfterMinutes = 60
/** For how long the token before a rotation still works, for requests that were under way. */
export const rotationGraceSeconds = 60

/** An e-mail address as it is compared. */
export const normalEmail = (email: string): string => email.trim().toLowerCase()
