import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isTx, withOrganisation, type Database, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { DomainError } from '../shared/errors.ts'

const keyForm = /^[\x21-\x7e]{1,255}$/
const keptHours = 24
/** After this long a claim without an answer is taken to be that of a process that died. */
const claimMinutes = 5

/** The fingerprint of a request: the same key with another one is refused. */
export const fingerprintOf = (...parts: readonly unknown[]): Buffer => createHash('sha256').update(textOf(parts)).digest()

const textOf = (parts: readonly unknown[]): string => {
  try {
    return JSON.stringify(parts)
  } catch (error) {
    if (error instanceof RangeError) throw new DomainError('request/invalid', { detail: 'The body is nested too deeply.' })
    throw error
  }
}

type Claim = { readonly key: string; readonly fingerprint: Buffer }
export type Answered<T> = { readonly answer: T; readonly replayed: boolean }

/**
 * Does `run` once for an Idempotency-Key of an organisation within 24 hours; a repeated request gets what was answered. The
 * key, the work and the answer commit together, so a crash leaves all of it or nothing; a refusal stores nothing, and the
 * corrected request may use the key again.
 * @throws DomainError request/idempotency-conflict, request/idempotency-in-progress, request/invalid
 */
export const onceFor = async <T>(
  ctx: Context,
  claim: Claim,
  run: (ctx: Context) => Promise<T>,
  kept: (answer: T) => T = answer => answer,
): Promise<Answered<T>> =>
  withOrganisation(poolOf(ctx), ctx.actor.organisationId, async tx => {
    const known = await look<T>(tx, claim)
    if (known) return known
    const answer = await run({ ...ctx, db: tx })
    await store(tx, claim, 200, kept(answer))
    return { answer, replayed: false }
  })

/**
 * The same around work that commits by itself: the key is claimed before and the answer stored after. When the process dies
 * in between, the key is free again after five minutes and the work, which must bear that, may be done a second time.
 */
export const onceApart = async <T>(
  ctx: Context,
  claim: Claim,
  run: (ctx: Context) => Promise<T>,
  kept: (answer: T) => T = answer => answer,
): Promise<Answered<T>> => {
  const {
    actor: { organisationId },
  } = ctx
  const db = poolOf(ctx)
  const known = await withOrganisation(db, organisationId, async tx => {
    const found = await look<T>(tx, claim)
    if (!found) await store(tx, claim, null, null)
    return found
  })
  if (known) return known
  try {
    const answer = await run(ctx)
    await withOrganisation(db, organisationId, tx => store(tx, claim, 200, kept(answer)))
    return { answer, replayed: false }
  } catch (error) {
    await withOrganisation(db, organisationId, tx => free(tx, claim.key))
    throw error
  }
}

const poolOf = (ctx: Context): Database => {
  if (isTx(ctx.db)) throw new Error('an idempotent request opens its transaction itself')
  return ctx.db
}

/** The stored answer to the key, or undefined when it is free; then it is locked until the transaction ends. */
const find = async <T>({ sql, organisationId }: Tx, key: string): Promise<{ answer: T; hash: Buffer } | undefined> => {
  if (!keyForm.test(key))
    throw new DomainError('request/invalid', { detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters.' })
  const [lock] = await sql<
    { taken: boolean }[]
  >`select pg_try_advisory_xact_lock(hashtextextended(${`${organisationId} ${key}`}, 0)) as taken`
  if (!lock?.taken) throw new DomainError('request/idempotency-in-progress')
  await sql`
    delete from idempotency_key where organisation_id = ${organisationId} and key = ${key}
      and created_at < now() - case when status is null
        then make_interval(mins => ${claimMinutes}) else make_interval(hours => ${keptHours}) end`
  const [known] = await sql<{ hash: Buffer; status: number | null; response: { answer: T } }[]>`
    select request_hash as hash, status, response from idempotency_key where organisation_id = ${organisationId} and key = ${key}`
  if (known?.status === null) throw new DomainError('request/idempotency-in-progress')
  return known && { answer: known.response.answer, hash: known.hash }
}

const look = async <T>(tx: Tx, { key, fingerprint }: Claim): Promise<Answered<T> | undefined> => {
  const known = await find<T>(tx, key)
  if (known && !fingerprint.equals(known.hash)) throw new DomainError('request/idempotency-conflict')
  return known && { answer: known.answer, replayed: true }
}

const free = ({ sql, organisationId }: Tx, key: string) =>
  sql`delete from idempotency_key where organisation_id = ${organisationId} and key = ${key}`

const store = async <T>(
  { sql, organisationId }: Tx,
  { key, fingerprint }: Claim,
  status: number | null,
  answer: T,
): Promise<void> => {
  await sql`
    insert into idempotency_key (organisation_id, key, request_hash, status, response)
    values (${organisationId}, ${key}, ${fingerprint}, ${status}, ${JSON.stringify({ answer: answer ?? null })})
    on conflict (organisation_id, key)
      do update set request_hash = excluded.request_hash, status = excluded.status, response = excluded.response`
}

/**
 * The same for a body that is too large to be read before it is worked on: the key is claimed first, and `run` also tells
 * the fingerprint of what it read; for a key that has its answer, `fingerprint` reads the body without working on it.
 */
export const onceStreamed = async <T>(
  ctx: Context,
  key: string,
  work: { run: () => Promise<{ answer: T; fingerprint: Buffer }>; fingerprint: () => Promise<Buffer> },
): Promise<Answered<T>> => {
  const db = poolOf(ctx)
  const {
    actor: { organisationId },
  } = ctx
  const within = <R>(fn: (tx: Tx) => Promise<R>): Promise<R> => withOrganisation(db, organisationId, fn)
  const known = await within(async tx => {
    const found = await find<T>(tx, key)
    if (!found) await store(tx, { key, fingerprint: Buffer.alloc(0) }, null, null)
    return found
  })
  if (known) {
    if (!known.hash.equals(await work.fingerprint())) throw new DomainError('request/idempotency-conflict')
    return { answer: known.answer, replayed: true }
  }
  try {
    const { answer, fingerprint } = await work.run()
    await within(tx => store(tx, { key, fingerprint }, 200, answer))
    return { answer, replayed: false }
  } catch (error) {
    await within(tx => free(tx, key))
    throw error
  }
}

const hashed = (body: unknown): unknown => (Buffer.isBuffer(body) ? createHash('sha256').update(body).digest('hex') : body)

/** For a REST request. A replayed answer says so, and no longer has what is shown only once. */
export const once = async <T>(
  ctx: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { secrets, apart }: { secrets: readonly string[]; apart: boolean },
  run: (ctx: Context) => Promise<T>,
): Promise<T> => {
  const withoutSecrets = (answer: T): T =>
    secrets.length === 0 ? answer : { ...answer, ...Object.fromEntries(secrets.map(name => [name, ''])) }
  const claim = {
    key: String(request.headers['idempotency-key']),
    fingerprint: fingerprintOf(request.method, request.url, request.headers['if-match'] ?? null, hashed(request.body) ?? null),
  }
  const { answer, replayed } = await (apart ? onceApart : onceFor)(ctx, claim, run, withoutSecrets)
  if (replayed) reply.header('idempotency-replayed', 'true')
  return answer
}
