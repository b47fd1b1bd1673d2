import { asSystem, isTx, readAs, withOrganisation, type Database } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { enqueueWork } from '../db/outbox.ts'
import { audit } from '../identity/service.ts'
import { authorise } from '../identity/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { archivedChunks, openArchive } from './archive.ts'
import {
  markDelivered,
  reviveWork,
  selectDeadWork,
  selectGroups,
  selectMessage,
  selectMessages,
  selectOutbox,
  selectSet,
  selectSets,
  type MessageRow,
} from './queries.ts'
import { senderKey } from './receive.ts'
import type { DeadWork, Message, MessageDetail, MessageFilter, MessageGroup, MessageSet, OutboxItem } from './schema.ts'

export { receive } from './receive.ts'

export type Page<T> = { items: T[]; nextCursor: string | null }
type PageRequest = { readonly limit?: number; readonly cursor?: string }

const pageSize = (limit: number | undefined): number => Math.min(Math.max(limit ?? 50, 1), 200)
const pageOf = <T>(rows: readonly T[], size: number, cursor: (row: T) => string): Page<T> => {
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size && items.length > 0 ? cursor(items.at(-1)!) : null }
}
const iso = (instant: Date | null): string | null => instant?.toISOString() ?? null
const messageOf = ({ interchanges: _, ...row }: MessageRow): Message => ({
  ...row,
  receivedAt: iso(row.receivedAt as Date)!,
  processedAt: iso(row.processedAt as Date | null),
})

/** The transmissions that the caller's organisation sent or is sent, and those that carry its documents; newest first. */
export const listMessages = async (ctx: Context, filter: MessageFilter & PageRequest = {}): Promise<Page<Message>> => {
  authorise(ctx.actor, 'edi.inspect')
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectMessages(sql, filter, filter.cursor ?? null, size + 1))
  return pageOf(rows.map(messageOf), size, message => message.id)
}

/** @throws DomainError record/not-found, also when it is somebody else's */
export const getMessage = async (ctx: Context, id: string): Promise<MessageDetail> => {
  authorise(ctx.actor, 'edi.inspect')
  const [messages, groups] = await readAs(ctx.db, ctx.actor.organisationId, sql => [
    selectMessage(sql, id),
    selectGroups(sql, id),
  ])
  const [message] = messages
  if (!message) throw new DomainError('record/not-found', { kind: 'message', id })
  const { organisationId: _, interchanges, ...rest } = message
  return {
    ...messageOf(rest),
    interchanges: interchanges ?? [],
    groups: groups.map((group): MessageGroup => ({
      ...group,
      sentAt: iso(group.sentAt as Date | null),
      acknowledgedAt: iso(group.acknowledgedAt as Date | null),
    })),
  }
}

/** The sets of a message that the caller may see: all of its own, of another's those that concern it. The cursor is the last ordinal. */
export const listSets = async (ctx: Context, messageId: string, page: PageRequest = {}): Promise<Page<MessageSet>> => {
  authorise(ctx.actor, 'records.read')
  const size = pageSize(page.limit)
  const after = page.cursor === undefined ? -1 : Number(page.cursor)
  if (!Number.isInteger(after)) throw new DomainError('request/invalid', { detail: 'The cursor is not one that this list gave.' })
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectSets(sql, messageId, after, size + 1))
  if (rows.length === 0 && after === -1) await requireMessage(ctx, messageId) // a message without sets is empty; no message is a refusal
  return pageOf(rows, size, set => String(set.ordinal))
}

const requireMessage = async (ctx: Context, id: string): Promise<void> => {
  const [message] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectMessage(sql, id))
  if (!message) throw new DomainError('record/not-found', { kind: 'message', id })
}

export const getSet = async (ctx: Context, messageId: string, ordinal: number): Promise<MessageSet> => {
  const { start: _, end: __, owner: ___, ...set } = await findSet(ctx, messageId, ordinal)
  return set
}

const findSet = async (ctx: Context, messageId: string, ordinal: number) => {
  authorise(ctx.actor, 'records.read')
  const [set] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectSet(sql, messageId, ordinal))
  if (!set) throw new DomainError('record/not-found', { kind: 'set', id: `${messageId}/${ordinal}` })
  return set
}

/** The exact bytes of a message that the caller sent or is sent, as a stream. */
export const readMessageBytes = async (
  ctx: Context,
  id: string,
): Promise<{ readonly sizeBytes: number; readonly contentType: string; readonly chunks: AsyncGenerator<Uint8Array> }> => {
  const message = await getMessage(ctx, id)
  return { sizeBytes: message.sizeBytes, contentType: message.contentType, chunks: bytesOf(ctx, id) }
}

async function* bytesOf(ctx: Context, id: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of archivedChunks(ctx.db, ctx.actor.organisationId, id)) yield bytes
}

/**
 * ST to SE of one set, exactly as received. A counterpart may read a set that concerns it although the rest of the file is not its
 * to see: that it may is decided by row-level security on the set, then its byte range is cut out under the file's owner.
 */
export const readSetBytes = async (ctx: Context, messageId: string, ordinal: number): Promise<Uint8Array> => {
  if (isTx(ctx.db)) throw new Error('readSetBytes reads outside a transaction')
  const set = await findSet(ctx, messageId, ordinal)
  return openArchive(ctx.db, set.owner, messageId).slice(Number(set.start), Number(set.end))
}

/** What waits for the caller in its X12 outbox, oldest first. */
export const listOutbox = async (ctx: Context, page: PageRequest = {}): Promise<Page<OutboxItem>> => {
  authorise(ctx.actor, 'edi.fetch')
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectOutbox(sql, ctx.actor.organisationId, page.cursor ?? null, size + 1),
  )
  return pageOf(
    rows.map((row): OutboxItem => ({ ...row, createdAt: iso(row.createdAt as Date)! })),
    size,
    item => item.messageId,
  )
}

/** The caller has the message safely: it leaves the outbox. Said twice, it answers the same. */
export const confirmOutbox = async (ctx: Context, messageId: string): Promise<void> => {
  authorise(ctx.actor, 'edi.fetch')
  await withOrganisation(ctx, async tx => {
    if (await markDelivered(tx, ctx.actor.organisationId, messageId, 'confirmed')) return
    const [message] = await selectMessage(tx.sql, messageId)
    if (!message || message.direction !== 'out' || message.organisationId !== ctx.actor.organisationId)
      throw new DomainError('record/not-found', { kind: 'message', id: messageId })
  })
}

/**
 * Processes a received message again: what was quarantined is judged and applied anew under the settings of now; what was applied
 * stays as it is. With `release`, a control number conflict is let through.
 * @throws DomainError record/not-found, exchange/nothing-to-replay
 */
export const replayMessage = async (ctx: Context, id: string, options: { readonly release?: boolean } = {}): Promise<void> => {
  authorise(ctx.actor, 'edi.operate')
  return withOrganisation(ctx, async tx => {
    const [message] = await tx.sql<{ state: string; direction: string; owner: string; waiting: number }[]>`
      select processing_state as state, direction, organisation_id as owner,
        (select count(*)::int from message_set s where s.message_id = m.id and s.state = 'quarantined') as waiting
      from message m where id = ${id} for update`
    if (!message || message.owner !== ctx.actor.organisationId) throw new DomainError('record/not-found', { kind: 'message', id })
    if (message.direction !== 'in' || (message.state !== 'quarantined' && message.waiting === 0))
      throw new DomainError('exchange/nothing-to-replay', { id, state: message.state })
    if (options.release)
      await tx.sql`
      update interchange_key k set released_at = ${ctx.now()} from message m, jsonb_array_elements(coalesce(m.summary->'interchanges', '[]')) i
      where m.id = ${id} and i->>'state' = 'conflict' and k.organisation_id = m.organisation_id and k.sender = i->>'sender'
        and k.receiver = i->>'receiver' and k.control_number = i->>'controlNumber'
        and k.test = (i->>'test')::boolean`
    await enqueueWork(tx, [
      {
        organisationId: message.owner,
        queue: 'exchange',
        key: senderKey(message.owner),
        kind: 'process',
        payload: { messageId: id, replay: true },
      },
    ])
    await audit(tx, ctx.actor, { action: options.release ? 'message.released' : 'message.replayed', subject: id })
  })
}

/**
 * Sends a document again that was sent in this message: same document, new control numbers.
 * @throws DomainError record/not-found, exchange/nothing-to-replay
 */
export const resendMessage = async (ctx: Context, id: string): Promise<void> => {
  authorise(ctx.actor, 'edi.operate')
  return withOrganisation(ctx, async tx => {
    const [delivery] = await tx.sql<{ document: string; documentId: string; recipientId: string; revision: number }[]>`
      select document, document_id as "documentId", organisation_id as "recipientId", revision from delivery where message_id = ${id}`
    if (!delivery) {
      await getMessage({ ...ctx, db: tx }, id)
      throw new DomainError('exchange/nothing-to-replay', {
        id,
        detail: 'Only the latest transmission of a document can be sent again.',
      })
    }
    await enqueueWork(tx, [
      {
        organisationId: ctx.actor.organisationId,
        queue: 'documents',
        key: `resend ${delivery.documentId}`,
        kind: 'deliver',
        payload: { ...delivery, resend: true },
      },
    ])
    await audit(tx, ctx.actor, { action: 'message.resent', subject: id, detail: delivery })
  })
}

/** Work of the caller's organisation that failed for good and waits for a person. */
export const listDeadWork = async (ctx: Context, page: PageRequest = {}): Promise<Page<DeadWork>> => {
  authorise(ctx.actor, 'edi.operate')
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectDeadWork(sql, page.cursor ?? null, size + 1))
  return pageOf(
    rows.map((row): DeadWork => ({ ...row, createdAt: iso(row.createdAt as Date)! })),
    size,
    work => work.id,
  )
}

/** @throws DomainError record/not-found, jobs/not-dead */
export const retryDeadWork = async (ctx: Context, id: string): Promise<void> => {
  authorise(ctx.actor, 'edi.operate')
  if (!/^\d{1,18}$/.test(id)) throw new DomainError('record/not-found', { kind: 'job', id })
  return withOrganisation(ctx, async tx => {
    if (!(await reviveWork(tx, id))) {
      const [row] = await tx.sql`select 1 from outbox where id = ${id}::bigint`
      throw new DomainError(row ? 'jobs/not-dead' : 'record/not-found', { kind: 'job', id })
    }
    await audit(tx, ctx.actor, { action: 'job.retried', subject: id })
  })
}

/** Figures for /metrics and /readyz: what waits, how long, and what came of messages and sets in the last day. */
export const exchangeFigures = (db: Database) =>
  asSystem(db, async tx => {
    const [backlog] = await tx.sql<{ pending: number; dead: number; oldestSeconds: number }[]>`
      select count(*) filter (where state = 'pending')::int as pending, count(*) filter (where state = 'dead')::int as dead,
        coalesce(extract(epoch from now() - min(created_at) filter (where state = 'pending')), 0)::float8 as "oldestSeconds" from outbox`
    const documents = await tx.sql<{ set: string; direction: string; state: string; count: number }[]>`
      select s.set_id as set, m.direction, s.state, count(*)::int as count from message m join message_set s on s.message_id = m.id
      where m.id >= id_bound('msg', now() - interval '1 day') and s.message_id >= id_bound('msg', now() - interval '1 day') group by 1, 2, 3`
    return { backlog: backlog ?? { pending: 0, dead: 0, oldestSeconds: 0 }, documents: [...documents] }
  })
