import type { Tx } from '../db/client.ts'
import { newId } from '../shared/ids.ts'
import { readAll } from '../x12/index.ts'
import { archive, pieces } from './archive.ts'

/** The next ISA13 or GS06 for this pair of identities, taken with the caller's transaction. */
export const nextControlNumber = async (
  tx: Tx,
  sender: string,
  receiver: string,
  kind: 'interchange' | 'group',
): Promise<number> => {
  const [row] = await tx.sql<{ number: string }[]>`select next_control_number(${sender}, ${receiver}, ${kind}) as number`
  return Number(row?.number)
}

/** One transaction set inside what is sent, for evidence and for matching the partner's answer. */
export type OutboundSet = {
  readonly set: string
  readonly controlNumber: string
  readonly start: number
  readonly end: number
  readonly segmentCount: number
  readonly partnershipId?: string
  readonly documentKind?: string
  readonly documentId?: string
}

export type Outbound = {
  /** Who fetches it. */
  readonly organisationId: string
  /** Whose document it carries; null for the hub's own acknowledgements. */
  readonly counterpartId: string | null
  readonly bytes: Uint8Array
  readonly sender: string
  readonly receiver: string
  readonly interchangeControl: string
  readonly test: boolean
  readonly actor: string
  readonly group:
    | {
        readonly functionalId: string
        readonly senderCode: string
        readonly receiverCode: string
        readonly controlNumber: string
        readonly version: string
        /** Acknowledgements are not acknowledged. */
        readonly awaitsAcknowledgement: boolean
      }
    | undefined
  readonly sets: readonly OutboundSet[]
}

/** Puts one interchange into its recipient's outbox: message, bytes, group and sets, with the caller's transaction. */
export const storeOutbound = async (tx: Tx, out: Outbound): Promise<string> => {
  const id = newId('msg')
  await tx.sql`
    insert into message (id, organisation_id, counterpart_id, direction, transport, content_type, size_bytes, test, sender, receiver, control_number,
      processing_state, delivery_state, actor, processed_at, sha256)
    values (${id}, ${out.organisationId}, ${out.counterpartId}, 'out', 'http', 'application/edi-x12', ${out.bytes.length}, ${out.test}, ${out.sender},
      ${out.receiver}, ${out.interchangeControl}, 'sent', 'waiting', ${out.actor}, now(), sha256(${Buffer.from(out.bytes)}))`
  await archive(tx, { id, organisationId: out.organisationId, counterpartId: out.counterpartId }, pieces(out.bytes))
  if (out.group)
    await tx.sql`
      insert into functional_group (message_id, ordinal, interchange, organisation_id, counterpart_id, direction, functional_id, sender_code, receiver_code,
        control_number, version, test, sets_included, end_offset, acknowledgement_state, sent_at)
      values (${id}, 0, 0, ${out.organisationId}, ${out.counterpartId}, 'out', ${out.group.functionalId}, ${out.group.senderCode}, ${out.group.receiverCode},
        ${out.group.controlNumber}, ${out.group.version}, ${out.test}, ${out.sets.length}, ${out.bytes.length},
        ${out.group.awaitsAcknowledgement ? 'pending' : null}, now())`
  for (const [ordinal, set] of out.sets.entries())
    await tx.sql`
      insert into message_set (message_id, ordinal, group_ordinal, organisation_id, counterpart_id, partnership_id, set_id, control_number, start_offset,
        end_offset, segment_count, outcome, state, document_kind, document_id)
      values (${id}, ${ordinal}, 0, ${out.organisationId}, ${out.counterpartId}, ${set.partnershipId ?? null}, ${set.set}, ${set.controlNumber}, ${set.start},
        ${set.end}, ${set.segmentCount}, 'A', 'applied', ${set.documentKind ?? null}, ${set.documentId ?? null})`
  return id
}

/** Where the sets lie in what was written: what leaves is read once more by our own engine. */
export const outboundSets = (
  bytes: Uint8Array,
  document: Pick<OutboundSet, 'partnershipId' | 'documentKind' | 'documentId'> = {},
): OutboundSet[] =>
  readAll(bytes, { level: 'envelope' }).flatMap(event =>
    event.type === 'set'
      ? [
          {
            set: event.result.set,
            controlNumber: event.result.controlNumber,
            start: event.result.start,
            end: event.result.end,
            segmentCount: event.result.segmentCount,
            ...document,
          },
        ]
      : [],
  )
