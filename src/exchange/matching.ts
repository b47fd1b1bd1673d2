import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { ParsedAcknowledgement } from '../x12/index.ts'

const stateOf = { A: 'accepted', E: 'accepted_with_errors', P: 'partially_accepted', R: 'rejected' } as const

/** How a 997 came: between which ISA ids ("ZZ:NORTHWIND"), to which GS03, and whether as a test. */
export type Answering = { readonly sender: string; readonly receiver: string; readonly groupReceiver: string; readonly test: boolean }

/**
 * Matches an incoming 997 to the group it answers, by the partner who sends it, whom it is sent to, GS01 and GS06: the newest such
 * group that was sent to that partner under the identity that the 997 goes back to (control numbers count by pair of identities, so
 * two partners' groups may have the same). Returns the id of the message it answers, undefined when nothing that was sent has these
 * numbers. A 997 with AK1 and AK9 only speaks for every set of the group. The same answer again changes nothing.
 */
export const matchAcknowledgement = async (
  ctx: Context,
  tx: Tx,
  organisationId: string,
  acknowledgementMessageId: string,
  acknowledgement: ParsedAcknowledgement,
  { sender, receiver, groupReceiver, test }: Answering,
): Promise<string | undefined> => {
  const [group] = await tx.sql<{ messageId: string; ordinal: number; counterpartId: string | null }[]>`
    select g.message_id as "messageId", g.ordinal, g.counterpart_id as "counterpartId"
    from functional_group g join message m on m.id = g.message_id
    where g.direction = 'out' and g.organisation_id = ${organisationId} and g.control_number = ${acknowledgement.groupControlNumber.replace(/^0+(?=\d)/, '')}
      and g.functional_id = ${acknowledgement.groupFunctionalId} and g.test = ${test}
      and (m.sender = ${receiver} or g.sender_code = ${groupReceiver})
    order by (m.sender = ${receiver})::int + (g.sender_code = ${groupReceiver})::int + (m.receiver = ${sender})::int desc, g.message_id desc
    limit 1`
  if (!group) return undefined
  const state = stateOf[acknowledgement.groupOutcome]
  await tx.sql`
    update functional_group set acknowledgement_state = ${state}, acknowledgement_message_id = ${acknowledgementMessageId}, acknowledged_at = ${ctx.now()}
    where message_id = ${group.messageId} and ordinal = ${group.ordinal}`
  await tx.sql`update message set ack_outcome = ${acknowledgement.groupOutcome}, delivery_state = 'confirmed' where id = ${group.messageId}`
  const whole = acknowledgement.sets.length === 0 ? acknowledgement.groupOutcome : null
  const answers = await tx.sql<{ documentId: string | null; partnershipId: string | null; outcome: string | null }[]>`
    update message_set s set partner_outcome = coalesce(a.outcome, ${whole}) 
    from message_set t left join unnest(${acknowledgement.sets.map(set => set.controlNumber)}::text[], ${acknowledgement.sets.map(set => set.outcome)}::text[])
      as a(control_number, outcome) on a.control_number = t.control_number
    where t.message_id = ${group.messageId} and t.group_ordinal = ${group.ordinal} and s.message_id = t.message_id and s.ordinal = t.ordinal
    returning s.document_id as "documentId", s.partnership_id as "partnershipId", s.partner_outcome as outcome`
  await emit(
    tx,
    answers
      .filter(answer => answer.documentId !== null)
      .map(answer => ({
        type: 'document.acknowledged',
        organisationId,
        ...(group.counterpartId === null ? {} : { counterpartId: group.counterpartId }),
        ...(answer.partnershipId === null ? {} : { partnershipId: answer.partnershipId }),
        subjectId: answer.documentId!,
        data: { outcome: answer.outcome ?? acknowledgement.groupOutcome, messageId: group.messageId, acknowledgementMessageId },
        work: [
          { queue: 'documents', kind: 'reconcile-acknowledgements', key: `acknowledgements ${organisationId}`, payload: {} },
        ],
      })),
  )
  return group.messageId
}
