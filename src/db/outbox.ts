import { newId } from '../shared/ids.ts'
import type { Tx } from './client.ts'

/** Work that follows from a change. `key` names what it must be in order with; rows of one key run one after the other. */
export type Work = {
  readonly queue: QueueName
  readonly kind: string
  readonly key: string
  readonly payload?: Readonly<Record<string, unknown>>
  /** Not before; at once when absent. */
  readonly availableAt?: Date
}

export const queueNames = ['exchange', 'documents', 'maintenance'] as const
export type QueueName = (typeof queueNames)[number]

/** Something that happened, shown in timelines and subscriptions of its organisation and, when named, its counterpart. */
export type DomainEvent = {
  readonly type: string
  readonly organisationId: string
  readonly counterpartId?: string
  readonly partnershipId?: string
  readonly subjectId: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly work?: readonly Work[]
}

/** Notified after commits that left work behind, and after those that left events. Payloads are empty: the tables tell. */
export const workChannel = 'accord_work'
export const eventChannel = 'accord_event'

/**
 * Writes events, and the work that follows from them, with the caller's transaction: both commit with the data or not at all.
 * Any number of events is two statements.
 */
export const emit = async (tx: Tx, events: readonly DomainEvent[]): Promise<void> => {
  if (events.length === 0) return
  await tx.sql`
    insert into event (id, organisation_id, counterpart_id, partnership_id, type, subject_id, data)
    select * from unnest(
      ${events.map(() => newId('evt'))}::text[], ${events.map(e => e.organisationId)}::text[],
      ${events.map(e => e.counterpartId ?? null)}::text[], ${events.map(e => e.partnershipId ?? null)}::text[],
      ${events.map(e => e.type)}::text[], ${events.map(e => e.subjectId)}::text[],
      ${events.map(e => JSON.stringify(e.data ?? {}))}::text[]::jsonb[])`
  await tx.sql`select pg_notify(${eventChannel}, '')`
  await enqueueWork(
    tx,
    events.flatMap(e => (e.work ?? []).map(work => ({ ...work, organisationId: tx.organisationId ?? e.organisationId }))),
  )
}

/** Writes work without an event. It runs for `organisationId`, under whose rights the job acts. */
export const enqueueWork = async (tx: Tx, work: readonly (Work & { readonly organisationId: string })[]): Promise<void> => {
  if (work.length === 0) return
  await tx.sql`
    insert into outbox (organisation_id, queue, key, kind, payload, available_at)
    select o, q, k, d, p, coalesce(a, now()) from unnest(
      ${work.map(w => w.organisationId)}::text[], ${work.map(w => w.queue)}::text[], ${work.map(w => w.key)}::text[],
      ${work.map(w => w.kind)}::text[], ${work.map(w => JSON.stringify(w.payload ?? {}))}::text[]::jsonb[],
      ${work.map(w => w.availableAt?.toISOString() ?? null)}::text[]::timestamptz[]) as t(o, q, k, d, p, a)`
  await tx.sql`select pg_notify(${workChannel}, '')`
}
