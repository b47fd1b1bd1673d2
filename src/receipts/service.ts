import { readAs } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { grouped } from '../orders/service.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { selectReceiptPage, selectReceipts, selectReceiptsOfOrders } from './queries.ts'
import type { GoodsReceipt, GoodsReceiptFilter, GoodsReceiptPage } from './schema.ts'

export { linkReceipt, linkReceiptsOf, receiveReceipts } from './receiving.ts'

/**
 * A receipt with its lines: one statement.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getReceipt = async (ctx: Context, id: string): Promise<GoodsReceipt> => {
  const [receipt] = await receiptsByIds(ctx, [id])
  if (!receipt) throw new DomainError('record/not-found', { kind: 'receipt', id })
  return receipt
}

/** The receipts of the actor's organisation, newest first. */
export const listReceipts = async (ctx: Context, filter: GoodsReceiptFilter = {}): Promise<GoodsReceiptPage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectReceiptPage(sql, ctx.actor.organisationId, filter, size + 1),
  )
  return pageOf(rows as unknown as GoodsReceiptPage['items'], size)
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const receiptsByIds = async (ctx: Context, ids: readonly string[]): Promise<(GoodsReceipt | undefined)[]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectReceipts(sql, ids))) as unknown as GoodsReceipt[]
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => byId.get(id))
}

export const receiptsByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<GoodsReceipt[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectReceiptsOfOrders(sql, ids),
  )) as unknown as (GoodsReceipt & { orderId: string })[]
  return grouped(ids, rows, row => row.orderId).map(group => group.map(({ orderId: _order, ...receipt }) => receipt))
}
