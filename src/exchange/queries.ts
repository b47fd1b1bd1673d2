import type { Sql, Tx } from '../db/client.ts'
import type { Delimiters } from '../x12/index.ts'
import type { DeadWork, InterchangeSummary, Message, MessageFilter, MessageGroup, MessageSet, OutboxItem } from './schema.ts'

const messageColumns = (sql: Sql) => sql`
  id, direction, transport, content_type as "contentType", size_bytes::float8 as "sizeBytes", encode(sha256, 'hex') as sha256, test, sender, receiver,
  control_number as "controlNumber", processing_state as "processingState", ack_outcome as "ackOutcome", delivery_state as "deliveryState",
  error_code as "errorCode", error_detail as "errorDetail", received_at as "receivedAt", processed_at as "processedAt"`

const setColumns = (sql: Sql) => sql`
  message_id as "messageId", ordinal, group_ordinal as "groupOrdinal", set_id as set, control_number as "controlNumber", segment_count as "segmentCount",
  (end_offset - start_offset)::float8 as "sizeBytes", outcome, state, partnership_id as "partnershipId", document_kind as "documentKind",
  document_id as "documentId", partner_outcome as "partnerOutcome", error_code as "errorCode", error_detail as "errorDetail", findings`

type Instants<T> = {
  [K in keyof T]: K extends 'receivedAt' | 'processedAt' | 'createdAt' | 'sentAt' | 'acknowledgedAt'
    ? Exclude<T[K], string> | Date
    : T[K]
}
export type MessageRow = Instants<Message> & { interchanges?: InterchangeSummary[] }

export const selectMessages = (sql: Sql, filter: MessageFilter, before: string | null, limit: number) => sql<MessageRow[]>`
  select ${messageColumns(sql)} from message
  where (${before}::text is null or id < ${before})
    and (${filter.direction ?? null}::text is null or direction = ${filter.direction ?? null})
    and (${filter.processingState ?? null}::text is null or processing_state = ${filter.processingState ?? null})
    and (${filter.controlNumber ?? null}::text is null or control_number = ${filter.controlNumber ?? null})
    and (${filter.since ?? null}::text is null or received_at >= ${filter.since ?? null}::text::timestamptz)
  order by id desc limit ${limit}`

export const selectMessage = (sql: Sql, id: string) => sql<
  (MessageRow & { interchanges: InterchangeSummary[] | null; organisationId: string })[]
>`
  select ${messageColumns(sql)}, organisation_id as "organisationId", summary->'interchanges' as interchanges from message where id = ${id}`

export const selectGroups = (sql: Sql, messageId: string) => sql<Instants<MessageGroup>[]>`
  select ordinal, functional_id as "functionalId", sender_code as "senderCode", receiver_code as "receiverCode", control_number as "controlNumber", version,
    outcome, sets_received as "setsReceived", sets_accepted as "setsAccepted", acknowledgement_state as "acknowledgementState",
    acknowledgement_message_id as "acknowledgementMessageId", sent_at as "sentAt", acknowledged_at as "acknowledgedAt", findings
  from functional_group where message_id = ${messageId} order by ordinal limit 1000`

export const selectSets = (sql: Sql, messageId: string, after: number, limit: number) => sql<MessageSet[]>`
  select ${setColumns(sql)} from message_set where message_id = ${messageId} and ordinal > ${after} order by ordinal limit ${limit}`

export const selectSet = (sql: Sql, messageId: string, ordinal: number) => sql<
  (MessageSet & { start: string; end: string; owner: string })[]
>`
  select ${setColumns(sql)}, start_offset as start, end_offset as end, organisation_id as owner
  from message_set where message_id = ${messageId} and ordinal = ${ordinal}`

/** A set as a preview judges it again. `owner` is whose the file around it is. */
export type StoredSet = {
  readonly messageId: string
  readonly ordinal: number
  readonly groupOrdinal: number
  readonly owner: string
  readonly partnershipId: string
  readonly controlNumber: string
  readonly start: number
  readonly end: number
}

/**
 * Sets that a guide of the organisation is for: of what it was sent, by partners or by the hub, or of what it sent; newest first. A file that
 * a partner sent is not the organisation's to see, and only the sets of it that concern it are here.
 */
export const selectStoredSets = (
  sql: Sql,
  organisationId: string,
  guide: { readonly direction: 'in' | 'out'; readonly set: string; readonly partnershipId: string | null },
  since: Date,
  before: { readonly messageId: string; readonly ordinal: number } | undefined,
  limit: number,
) => sql<StoredSet[]>`
  select s.message_id as "messageId", s.ordinal, s.group_ordinal as "groupOrdinal", s.organisation_id as owner, s.partnership_id as "partnershipId",
    s.control_number as "controlNumber", s.start_offset::float8 as start, s.end_offset::float8 as end
  from message_set s left join message m on m.id = s.message_id
  where s.set_id = ${guide.set} and s.partnership_id is not null and s.message_id >= id_bound('msg', ${since})
    ${guide.partnershipId === null ? sql`` : sql`and s.partnership_id = ${guide.partnershipId}`}
    ${before === undefined ? sql`` : sql`and (s.message_id, s.ordinal) < (${before.messageId}, ${before.ordinal})`}
    and case when coalesce(m.direction, 'in') = ${guide.direction === 'in' ? 'in' : 'out'} then s.counterpart_id else s.organisation_id end = ${organisationId}
  order by s.message_id desc, s.ordinal desc limit ${limit}`

/** Groups of a message with the delimiters of their interchanges, where the message is one that was received. */
export const selectEnvelopes = (sql: Sql, messageId: string) => sql<
  { ordinal: number; interchange: number; version: string; delimiters: Delimiters | null }[]
>`
  select g.ordinal, g.interchange, g.version, m.summary->'interchanges'->g.interchange->'delimiters' as delimiters
  from functional_group g join message m on m.id = g.message_id where g.message_id = ${messageId}`

export const selectOutbox = (sql: Sql, organisationId: string, after: string | null, limit: number) => sql<
  Instants<OutboxItem>[]
>`
  select m.id as "messageId", m.sender, m.receiver, m.control_number as "controlNumber", m.test, m.size_bytes::float8 as "sizeBytes", m.received_at as "createdAt",
    coalesce((select array_agg(s.set_id order by s.ordinal) from message_set s where s.message_id = m.id), '{}') as sets
  from message m
  where m.organisation_id = ${organisationId} and m.delivery_state = 'waiting' and (${after}::text is null or m.id > ${after})
  order by m.id limit ${limit}`

/** Marks a waiting message; true when it was the caller's and still waiting for that. */
export const markDelivered = async (
  tx: Tx,
  organisationId: string,
  id: string,
  state: 'fetched' | 'confirmed',
): Promise<boolean> => {
  const rows = await tx.sql`
    update message set delivery_state = ${state}
    where id = ${id} and organisation_id = ${organisationId} and direction = 'out'
      and (delivery_state = 'waiting' or (${state} = 'confirmed' and delivery_state = 'fetched'))
    returning id`
  return rows.length > 0
}

export const selectDeadWork = (sql: Sql, before: string | null, limit: number) => sql<Instants<DeadWork>[]>`
  select id::text, queue, kind, key, attempts, error_code as "errorCode", error_detail as "errorDetail", created_at as "createdAt"
  from outbox where state = 'dead' and (${before}::bigint is null or id < ${before}::bigint) order by id desc limit ${limit}`

export const reviveWork = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx.sql`
    update outbox set state = 'pending', attempts = 0, available_at = now(), enqueued_at = null
    where id = ${id}::bigint and state = 'dead' returning id`
  return rows.length > 0
}
