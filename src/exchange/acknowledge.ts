import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import {
  buildTa1,
  wantsTa1,
  type AcknowledgementBuilder,
  type AcknowledgementOptions,
  type InterchangeHeader,
  type InterchangeResult,
} from '../x12/index.ts'
import { nextControlNumber, outboundSets, storeOutbound } from './outbound.ts'
import type { SenderProfile } from './parties.ts'
import { receiver } from './receive.ts'
import type { InterchangeSummary } from './schema.ts'

export type InterchangeVerdict = {
  readonly result: InterchangeResult
  readonly summary: InterchangeSummary
  readonly acknowledgement: AcknowledgementBuilder
}

/**
 * Answers one received interchange in its sender's outbox: a TA1 when its envelope is at fault or its sender asks for one, and one
 * interchange with a 997 for each functional group, unless it was rejected whole. The numbers that takes, and the verdict it
 * states, commit with the caller's transaction.
 */
export const sendAcknowledgements = async (
  ctx: Context,
  tx: Tx,
  sender: SenderProfile,
  messageId: string,
  verdict: InterchangeVerdict,
): Promise<void> => {
  const { summary, acknowledgement } = verdict
  const at = ctx.now()
  // The answer goes the way back: the receiver's identity signs it.
  const from = summary.receiver
  const to = summary.sender
  const send = (bytes: Uint8Array, interchangeControl: number): Promise<string> =>
    storeOutbound(tx, {
      organisationId: sender.organisationId,
      counterpartId: null,
      bytes,
      sender: from,
      receiver: to,
      interchangeControl: String(interchangeControl).padStart(9, '0'),
      test: summary.test,
      actor: ctx.actor.name,
      group: undefined,
      sets: outboundSets(bytes, { documentKind: 'acknowledgement', documentId: messageId }),
    })
  const result =
    summary.noteCode === verdict.result.noteCode
      ? verdict.result
      : { ...verdict.result, outcome: 'R' as const, noteCode: summary.noteCode }
  if (wantsTa1(result)) {
    const interchangeControlNumber = await nextControlNumber(tx, from, to, 'interchange')
    await send(buildTa1(result, { interchangeControlNumber, at }), interchangeControlNumber)
  }
  if (summary.state !== 'accepted' || acknowledgement.count === 0) return
  const interchangeControlNumber = await nextControlNumber(tx, from, to, 'interchange')
  const groupControlNumber = await nextControlNumber(tx, from, to, 'group')
  const acknowledgementId = await send(
    acknowledgement.finish({ interchangeControlNumber, groupControlNumber, at }),
    interchangeControlNumber,
  )
  await tx.sql`
    update functional_group set acknowledgement_message_id = ${acknowledgementId}
    where message_id = ${messageId} and interchange = ${summary.ordinal} and functional_id <> 'FA'`
}

/**
 * Which acknowledgement a sender is sent, and how much it says: what its channel for 997 asks for in the partnership that the interchange is
 * addressed to. Addressed to the hub, where all of its partnerships ask for the same; else set by set.
 */
export const acknowledgementWish = (sender: SenderProfile, header: InterchangeHeader): Required<Pick<AcknowledgementOptions, 'as' | 'detail'>> => {
  const addressee = sender.others.get(receiver(header)) ?? sender.tests.others.get(receiver(header))
  const addressed = sender.partnerships.filter(({ buyerId, sellerId }) => buyerId === addressee || sellerId === addressee)
  const wishes = (addressed.length > 0 ? addressed : sender.partnerships)
    .flatMap(({ channels }) => channels)
    .filter(channel => channel.organisationId === sender.organisationId && channel.document === '997')
  const [first] = wishes
  const agreed = <K extends 'ackAs' | 'ackDetail'>(key: K): (typeof wishes)[number][K] | undefined =>
    first && wishes.every(wish => wish[key] === first[key]) ? first[key] : undefined
  return { as: agreed('ackAs') ?? 'auto', detail: agreed('ackDetail') ?? 'set' }
}
