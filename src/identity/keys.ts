import { asSystem, isTx, readAs, readSystem, withOrganisation, type Database, type Tx } from '../db/client.ts'
import type { Actor, Context } from '../db/context.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { audit } from './audit.ts'
import { insertKey, selectKey, selectKeys } from './queries.ts'
import { authorise, mayGrant } from './rules.ts'
import type { ApiKey, NewApiKey } from './schema.ts'
import { newKey, readKey, sameHash } from './tokens.ts'

const cacheMilliseconds = 10_000
const cacheSize = 10_000
const useMilliseconds = 60_000

type Known = { readonly actor: Actor; readonly until: number; readonly secretHash: Uint8Array }
// By prefix, for as long as the database is open: a key in use costs one look-up in ten seconds.
const caches = new WeakMap<Database, Map<string, Known>>()
const cacheOf = (db: Database): Map<string, Known> => {
  const cache = caches.get(db) ?? new Map<string, Known>()
  caches.set(db, cache)
  return cache
}

/**
 * Whose key the token is; undefined when it is nobody's, expired or revoked. Answers are kept for ten seconds, which is
 * how long another process may still accept a revoked key.
 */
export const authenticateKey = async (db: Database, token: string, now = new Date()): Promise<Actor | undefined> => {
  const parts = readKey(token)
  if (!parts) return undefined
  const cache = cacheOf(db)
  const known = cache.get(parts.prefix)
  if (known && known.until > now.getTime()) return sameHash(known.secretHash, parts.secretHash) ? known.actor : undefined
  cache.delete(parts.prefix)
  const [key] = await readSystem(db, sql => selectKey(sql, parts.prefix, now))
  if (!key || !sameHash(key.secretHash, parts.secretHash)) return undefined
  const actor: Actor = {
    organisationId: key.organisationId, apiKeyId: key.id, role: key.role, name: key.name,
    scopes: key.scopes.filter(scope => scope !== 'operate' || key.organisationKind === 'operator'),
  }
  if (cache.size >= cacheSize) cache.clear()
  cache.set(parts.prefix, {
    actor, secretHash: key.secretHash, until: Math.min(now.getTime() + cacheMilliseconds, key.expiresAt?.getTime() ?? Infinity),
  })
  if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() > useMilliseconds)
    await readSystem(db, sql => sql`update api_key set last_used_at = ${now} where id = ${key.id}`)
  return actor
}

/** As the organisation itself, or as the system when the operator works on another or in a transaction of the system. */
const within = <T>(ctx: Context, organisationId: string, fn: (tx: Tx) => Promise<T>): Promise<T> => {
  const inSystem = isTx(ctx.db) && ctx.db.organisationId === null
  if (organisationId === ctx.actor.organisationId && !inSystem) return withOrganisation(ctx, fn)
  authorise(ctx.actor, 'hub.operate')
  return asSystem(ctx.db, fn)
}

/**
 * Makes an API key. The token is in the answer and nowhere else.
 * @throws DomainError identity/forbidden, also for more rights than the actor's own; record/not-found for an unknown organisation
 */
export const createKey = async (ctx: Context, input: NewApiKey): Promise<{ key: ApiKey; token: string }> => {
  authorise(ctx.actor, 'keys.manage')
  const organisationId = input.organisationId ?? ctx.actor.organisationId
  const scopes = input.scopes ?? []
  if (!mayGrant(ctx.actor, scopes))
    throw new DomainError('identity/forbidden', { detail: 'A key cannot be given more than you may do yourself.' })
  const { token, prefix, secretHash } = newKey()
  return within(ctx, organisationId, async tx => {
    const [organisation] = await tx.sql`select 1 from organisation where id = ${organisationId}`
    if (!organisation) throw new DomainError('record/not-found', { kind: 'organisation', id: organisationId })
    const [key] = await insertKey(tx.sql, {
      id: newId('key'), organisationId, name: input.name, prefix, secretHash, role: input.role, scopes,
      createdAt: ctx.now(), expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
    })
    if (!key) throw new Error('an insert returns its row')
    await audit(
      tx,
      ctx.actor,
      { action: 'key.created', subject: key.id, detail: { name: key.name, role: key.role, scopes } },
      organisationId,
    )
    return { key, token }
  })
}

/**
 * Revokes a key of the actor's organisation, at once here and within ten seconds elsewhere. Revoking it again changes nothing.
 * @throws DomainError identity/forbidden, record/not-found
 */
export const revokeKey = async (ctx: Context, id: string): Promise<void> => {
  authorise(ctx.actor, 'keys.manage')
  const prefix = await withOrganisation(ctx, async tx => {
    const [key] = await tx.sql<{ prefix: string; revokedAt: Date | null }[]>`
      select prefix, revoked_at as "revokedAt" from api_key where id = ${id} for update`
    if (!key) throw new DomainError('record/not-found', { kind: 'key', id })
    if (!key.revokedAt) {
      await tx.sql`update api_key set revoked_at = ${ctx.now()} where id = ${id}`
      await audit(tx, ctx.actor, { action: 'key.revoked', subject: id })
    }
    return key.prefix
  })
  if ('app' in ctx.db) cacheOf(ctx.db).delete(prefix)
}

/** The keys of the actor's organisation, oldest first, revoked ones too. */
export const listKeys = async (
  ctx: Context,
  page: { limit?: number; cursor?: string } = {},
): Promise<{ items: ApiKey[]; nextCursor: string | null }> => {
  authorise(ctx.actor, 'keys.manage')
  const size = Math.min(Math.max(page.limit ?? 50, 1), 200)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectKeys(sql, {
      organisationId: ctx.actor.organisationId,
      ...(page.cursor !== undefined && { after: page.cursor }),
      limit: size + 1,
    }),
  )
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size ? items.at(-1)?.id ?? null : null }
}
