import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import type { ParsedAcknowledgement } from '../x12/index.ts'

const stateOf = { A: 'accepted', E: 'accepted_with_errors', P: 'partially_accepted', R: 'rejected' } as const

/**
 * Matches an incoming 997 to the group it answers, by the partner who sends it, GS01 and GS06: the newest such group that was sent
 * to that partner. Returns the id of the message it answers, undefined when nothing that was sent has these numbers. A 997 with
 * AK1 and AK9 only speaks for every set of the group. The same answer again changes nothing.
 */
export const matchAcknowledgement = async (
  ctx: Context,
  tx: Tx,
  organisationId: string,
  acknowledgementMessageId: string,
  acknowledgement: ParsedAcknowledgement,
  test: boolean,
): Promise<string | undefined> => {
  const [group] = await tx.sql<{ messageId: string; ordinal: number; counterpartId: string | null }[]>`
    select message_id as "messageId", ordinal, counterpart_id as "counterpartId" from functional_group
    where direction = 'out' and organisation_id = ${organisationId} and control_number = ${acknowledgement.groupControlNumber.replace(/^0+(?=\d)/, '')}
      and functional_id = ${acknowledgement.groupFunctionalId} and test = ${test}
    order by message_id desc limit 1`
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
