import { readAs } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { OrderChangeAnswerDocument, OrderChangeDocument } from '../documents/canonical.ts'
import { DomainError } from '../shared/errors.ts'
import { selectShownChanges } from './change-queries.ts'
import type { OrderChange, OrderChangeAnswer } from './change-schema.ts'

/** Changes of orders and their answers, for people. */

export type ChangeRow = Omit<OrderChange, 'changedOn' | 'lines' | 'notes' | 'answers'> & {
  document: OrderChangeDocument
  answers: (Omit<OrderChangeAnswer, 'lines' | 'notes'> & { document: OrderChangeAnswerDocument })[]
}

const toChange = ({ document, answers, ...row }: ChangeRow): OrderChange => ({
  ...row,
  changedOn: document.changedOn ?? null,
  lines: document.lines,
  notes: document.notes ?? [],
  answers: answers.map(({ document: said, ...answer }) => ({
    ...answer,
    lines: said.lines.map(({ lineNumber, code, acknowledgements }) => ({ lineNumber: lineNumber ?? null, code, acknowledgements })),
    notes: said.notes ?? [],
  })),
})

/**
 * The changes of an order, as they came, each with its answers.
 * @throws DomainError record/not-found
 */
export const listOrderChanges = async (ctx: Context, orderId: string): Promise<OrderChange[]> => {
  const [known, rows] = await readAs(ctx.db, ctx.actor.organisationId, sql => [
    sql`select 1 from purchase_order where id = ${orderId}`,
    selectShownChanges(sql, [orderId]),
  ])
  if (known.length === 0) throw new DomainError('record/not-found', { kind: 'order', id: orderId })
  return (rows as unknown as ChangeRow[]).map(toChange)
}

/** The changes of many orders: one statement, in the order of the ids. */
export const changesByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<OrderChange[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectShownChanges(sql, ids))) as unknown as ChangeRow[]
  return ids.map(id => rows.filter(row => row.orderId === id).map(toChange))
}
