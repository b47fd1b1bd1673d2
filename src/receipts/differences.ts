import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit } from '../db/outbox.ts'
import { discussException, resolveException } from '../exceptions/service.ts'
import { authorise } from '../identity/rules.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { afterAnswer } from './difference-rules.ts'
import { insertAnswer, lockDifference, selectDifferences } from './queries.ts'
import type { DifferenceAnswerInput, ReceivingDifference, ReceivingDifferenceFilter, ReceivingDifferencePage } from './schema.ts'

/** The differences between what was shipped and what was received, newest first. */
export const listDifferences = async (ctx: Context, filter: ReceivingDifferenceFilter = {}): Promise<ReceivingDifferencePage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectDifferences(sql, filter, size + 1))
  return pageOf(rows, size)
}

/**
 * One difference with its evidence and everything that was said to it.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getDifference = async (ctx: Context, id: string): Promise<ReceivingDifference> => {
  const [found] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectDifferences(sql, { id }, 1))
  if (!found) throw new DomainError('record/not-found', { kind: 'difference', id })
  return found
}

/**
 * One side agrees to the other's value, which resolves the difference, or disputes it with a reason. What was said stays; other values
 * found later make it an open difference again.
 * @throws DomainError record/not-found, identity/forbidden, request/invalid (a dispute without a reason),
 *   request/precondition-failed, receipts/answer-not-possible
 */
export const answerDifference = async (
  ctx: Context,
  id: string,
  { action, reason }: DifferenceAnswerInput,
  ifVersion?: number,
): Promise<ReceivingDifference> => {
  authorise(ctx.actor, 'exceptions.resolve')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    await lockDifference(tx.sql, id)
    const difference = await getDifference(inner, id)
    if (ifVersion !== undefined && ifVersion !== difference.version)
      throw new DomainError('request/precondition-failed', { id, version: difference.version, ifVersion })
    if (action === 'dispute' && reason === undefined)
      throw new DomainError('request/invalid', { detail: 'Say why you dispute it.', pointer: '/reason' })
    const side = ctx.actor.organisationId === difference.buyerId ? 'buyer' : 'seller'
    const state = afterAnswer(difference.state, side, action)
    if (state === undefined)
      throw new DomainError('receipts/answer-not-possible', {
        detail: `The difference is ${difference.state}; the ${side} cannot ${action} now.`, id, state: difference.state, side, action,
      })
    const actor = ctx.actor.userId ?? ctx.actor.name
    await insertAnswer(tx.sql, difference, { id: newId('dan'), side, action, reason: reason ?? null, actor }, ctx.now())
    if (action === 'agree') await resolveException(inner, id, side === 'seller' ? 'buyers_value' : 'sellers_value')
    else await discussException(inner, id)
    await emit(tx, [
      {
        type: `receiving_difference.${state}`,
        organisationId: difference.buyerId,
        counterpartId: difference.sellerId,
        partnershipId: difference.partnershipId,
        subjectId: id,
        data: { code: difference.code, side, action, ...(reason !== undefined && { reason }), subjectId: difference.subjectId },
      },
    ])
    return getDifference(inner, id)
  })
}
