import { GoodsReceipt, GoodsReceiptFilter, GoodsReceiptSummary } from '../../receipts/schema.ts'
import { getReceipt, listReceipts } from '../../receipts/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, load, output, page } from './builder.ts'
import { receiptsOfOrderLoader } from './loaders.ts'
import { OrderSummaryType } from './orders.ts'
import { filtered, query } from './resolve.ts'

const ReceiptType = output(GoodsReceipt)
const ReceiptPage = page('GoodsReceipt', output(GoodsReceiptSummary))
const checkFilter = checker(GoodsReceiptFilter)

builder.objectFields(OrderSummaryType, t => ({
  receipts: t.field({
    type: [ReceiptType],
    resolve: async ({ id }, _args, context) => (await load(context, receiptsOfOrderLoader, id)) ?? [],
  }),
}))

builder.queryFields(t => ({
  receipts: t.field({
    type: ReceiptPage,
    description: 'Receipts, newest first.',
    args: { filter: t.arg({ type: filterInput(GoodsReceiptFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkFilter, listReceipts)),
  }),
  receipt: t.field({
    type: ReceiptType,
    args: { id: t.arg.id({ required: true }) },
    description: 'A receipt with its lines.',
    resolve: query('records.read', (ctx, { id }: { id: string }) => getReceipt(ctx, id)),
  }),
}))
