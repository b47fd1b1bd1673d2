import type { Context } from '../db/context.ts'
import { withOrganisation, type Database, type Tx } from '../db/client.ts'
import { emit } from '../db/outbox.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { applyMessage } from './apply.ts'
import { judgeMessage, reconcileControlNumbersWork } from './judge.ts'
import { loadSender } from './parties.ts'
import type { InterchangeSummary, ProcessingState } from './schema.ts'

/**
 * Takes one received message through: judged and acknowledged, then applied, then done. Each step commits by itself and is
 * skipped when it was done before, so a run may be interrupted anywhere and is simply started again.
 */
export const processMessage = async (
  ctx: Context & { readonly db: Database },
  work: { readonly messageId: string; readonly replay?: boolean },
  done: (tx: Tx) => Promise<void>,
): Promise<void> => {
  const { messageId, replay = false } = work
  const sender = await loadSender(ctx.db, ctx.actor.organisationId)
  const message = await withOrganisation(ctx, tx => stateOf(tx, messageId))
  // What the sender sent is the sender's doing, under the name it sent it with.
  const acting = { ...ctx, actor: { ...ctx.actor, name: message?.actor ?? ctx.actor.name } }
  if (message && (replay || message.state === 'received' || message.state === 'processing')) {
    let interchanges = message.interchanges
    const unsettled = interchanges.some(({ state }) => state === 'quarantined' || state === 'conflict')
    if (message.state === 'received' || (replay && (unsettled || interchanges.length === 0)))
      // What was refused at the door is processed only when somebody of its organisation says so.
      interchanges = await judgeMessage(ctx, sender, messageId, interchanges, message.refused && !replay)
    if (replay) await withOrganisation(ctx, tx => releaseSets(tx, messageId, interchanges))
    await applyMessage(acting, sender, messageId, interchanges, replay)
    await withOrganisation(ctx, async tx => {
      await finish(tx, ctx, messageId, interchanges, replay)
      await done(tx)
      crashPoint('finish.before-commit')
    })
    crashPoint('finish.committed')
    return
  }
  await withOrganisation(ctx, done)
}

const stateOf = async (tx: Tx, messageId: string) => {
  const [message] = await tx.sql<
    { state: ProcessingState; interchanges: InterchangeSummary[]; actor: string; refused: boolean }[]
  >`
    select processing_state as state, actor, sender is null as refused, coalesce(summary->'interchanges', '[]') as interchanges from message where id = ${messageId} and direction = 'in'`
  return message
}

/** Sets that were quarantined for themselves are tried again; those of a held interchange stay with it. */
const releaseSets = async (tx: Tx, messageId: string, interchanges: readonly InterchangeSummary[]): Promise<void> => {
  for (const { state, firstSet, setCount } of interchanges)
    if (state === 'accepted')
      await tx.sql`
      update message_set set state = 'accepted', error_code = null, error_detail = null
      where message_id = ${messageId} and ordinal >= ${firstSet} and ordinal < ${firstSet + setCount} and state = 'quarantined'`
}

const finish = async (
  tx: Tx,
  ctx: Context,
  messageId: string,
  interchanges: readonly InterchangeSummary[],
  replay: boolean,
): Promise<void> => {
  const { organisationId } = ctx.actor
  const state: ProcessingState =
    interchanges.length === 0 || interchanges.some(i => i.state === 'quarantined' || i.state === 'conflict')
      ? 'quarantined'
      : interchanges.every(i => i.state === 'duplicate')
        ? 'duplicate'
        : 'processed'
  const [message] = await tx.sql<{ sets: Record<string, number> }[]>`
    update message set processing_state = ${state}, processed_at = ${ctx.now()},
      summary = summary || jsonb_build_object('sets', (select coalesce(jsonb_object_agg(c.state, c.count), '{}')
        from (select s.state, count(*) as count from message_set s where s.message_id = ${messageId} group by s.state) c)),
      ack_outcome = (select case when bool_or(outcome = 'R') then 'R' when bool_or(outcome = 'P') then 'P' when bool_or(outcome = 'E') then 'E' else 'A' end
        from functional_group where message_id = ${messageId} and acknowledgement_message_id is not null having count(*) > 0)
    where id = ${messageId} returning summary->'sets' as sets`
  await emit(tx, [
    {
      type: `message.${state}`,
      organisationId,
      subjectId: messageId,
      data: { sets: message?.sets ?? {} },
      // A conflict of control numbers may be over.
      ...(replay && { work: [reconcileControlNumbersWork(organisationId)] }),
    },
  ])
}
