import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ReceivingAdviceDocument } from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import { grouped } from '../orders/service.ts'
import { enteredBy } from '../orders/work.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { getPartnership } from '../partners/service.ts'
import { DomainError } from '../shared/errors.ts'
import { adviceOf, nextNumber, subjectOf } from './entering.ts'
import {
  lockReceipts,
  selectReceiptPage,
  selectReceipts,
  selectReceiptsOfOrders,
  selectShipmentOfReceipt,
  type KnownReceipt,
} from './queries.ts'
import { receiveReceipts, writeChanges } from './receiving.ts'
import type { GoodsReceipt, GoodsReceiptChange, GoodsReceiptFilter, GoodsReceiptInput, GoodsReceiptPage } from './schema.ts'

export { answerDifference, getDifference, listDifferences } from './differences.ts'
export { linkReceipt, linkReceiptsOf, receiveReceipts } from './receiving.ts'

/**
 * The buyer says by portal or API what has arrived of a shipment or an order. The received quantities of the order lines move, and
 * the seller is told by an 861: all of it or nothing.
 * @throws DomainError record/not-found, identity/forbidden, request/invalid, orders/unknown-line, receipts/shipment-cancelled,
 *   receipts/invalid-sscc, receipts/sscc-received-before, receipts/condition-exceeds-quantity, receipts/nothing-to-receive (each
 *   names the line), record/conflict (the number is taken)
 */
export const createReceipt = async (ctx: Context, input: GoodsReceiptInput): Promise<GoodsReceipt> => {
  authorise(ctx.actor, 'receipts.enter')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const subject = await subjectOf(tx, input, undefined)
    const partnershipId = subject.shipment?.partnershipId ?? subject.orders[0]?.partnershipId ?? ''
    const partnership = await getPartnership(inner, partnershipId)
    onlyBuyer(ctx, partnership.buyerId)
    const number = input.number ?? (await nextNumber(tx, subject))
    const document = adviceOf(ctx, input, number, subject)
    const [applied] = await receiveReceipts(inner, [{ document, partnership, channel: enteredBy(ctx.actor) }])
    if (applied?.outcome !== 'applied' || applied.documentId === undefined)
      throw new DomainError('record/conflict', { detail: `Receipt ${number} is here already.`, number })
    return getReceipt(inner, applied.documentId)
  })
}

/**
 * The buyer corrects a receipt: what it says now takes the place of what it said, and the seller is told by an 861 that replaces the
 * one before (BRA03 05).
 * @throws DomainError as `createReceipt`, and request/precondition-failed, receipts/cancelled
 */
export const changeReceipt = (ctx: Context, id: string, input: GoodsReceiptChange, ifVersion: number | undefined): Promise<GoodsReceipt> =>
  changing(ctx, id, ifVersion, async (tx, receipt) => {
    const subject = await subjectOf(tx, await subjectOfReceipt(tx, id), id)
    const said = { type: receipt.document.type === '1' ? ('1' as const) : ('2' as const), ...input }
    return { ...adviceOf(ctx, said, receipt.number, subject), purpose: '05' }
  })

/**
 * The buyer takes a receipt back (BRA03 01): nothing of it counts any more, and it stays readable.
 * @throws DomainError record/not-found, identity/forbidden, request/precondition-failed, receipts/cancelled
 */
export const cancelReceipt = (ctx: Context, id: string, ifVersion: number | undefined): Promise<GoodsReceipt> =>
  changing(ctx, id, ifVersion, async (_tx, receipt) => ({ ...receipt.document, purpose: '01' }))

const changing = async (
  ctx: Context,
  id: string,
  ifVersion: number | undefined,
  make: (tx: Tx, receipt: KnownReceipt) => Promise<ReceivingAdviceDocument>,
): Promise<GoodsReceipt> => {
  authorise(ctx.actor, 'receipts.enter')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const [receipt] = await lockReceipts(tx.sql, [id])
    if (!receipt) throw new DomainError('record/not-found', { kind: 'receipt', id })
    onlyBuyer(ctx, receipt.buyerId)
    if (ifVersion !== undefined && ifVersion !== receipt.version)
      throw new DomainError('request/precondition-failed', { id, version: receipt.version, ifVersion })
    if (receipt.state === 'cancelled') throw new DomainError('receipts/cancelled', { id, number: receipt.number })
    const document = await make(tx, receipt)
    const cancelled = document.purpose === '01'
    await writeChanges(inner, tx, [
      {
        id,
        isNew: false,
        state: cancelled ? 'cancelled' : 'received',
        version: receipt.version + 1,
        received: {
          document,
          partnership: await getPartnership(inner, receipt.partnershipId),
          channel: enteredBy(ctx.actor),
          // The evidence of what is taken back stays where it was.
          ...(cancelled
            && receipt.sourceMessageId !== null
            && receipt.sourceOrdinal !== null && { source: { messageId: receipt.sourceMessageId, ordinal: receipt.sourceOrdinal } }),
        },
      },
    ])
    return getReceipt(inner, id)
  })
}

const onlyBuyer = (ctx: Context, buyerId: string): void => {
  if (ctx.actor.organisationId !== buyerId)
    throw new DomainError('identity/forbidden', { detail: 'Only the buyer says what has arrived.' })
}

/** What a receipt was entered against: its shipment, or else its order. */
const subjectOfReceipt = async (tx: Tx, id: string): Promise<Pick<GoodsReceiptInput, 'shipmentId' | 'orderId'>> => {
  const [found] = await selectShipmentOfReceipt(tx.sql, id)
  if (found && found.shipmentId !== null) return { shipmentId: found.shipmentId }
  return found && found.orderId !== null ? { orderId: found.orderId } : {}
}

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
