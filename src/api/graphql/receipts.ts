import {
  GoodsReceipt,
  GoodsReceiptChange,
  GoodsReceiptFilter,
  GoodsReceiptInput,
  GoodsReceiptSummary,
} from '../../receipts/schema.ts'
import { cancelReceipt, changeReceipt, createReceipt, getReceipt, listReceipts } from '../../receipts/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, load, output, page } from './builder.ts'
import { receiptsOfOrderLoader } from './loaders.ts'
import { OrderSummaryType } from './orders.ts'
import { filtered, mutation, query } from './resolve.ts'

const ReceiptType = output(GoodsReceipt)
const ReceiptPage = page('GoodsReceipt', output(GoodsReceiptSummary))
const checkFilter = checker(GoodsReceiptFilter)
const checkInput = checker(GoodsReceiptInput)
const checkChange = checker(GoodsReceiptChange)

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

const ifVersion = 'Refused when the receipt has another version by now.'

builder.mutationFields(t => ({
  createReceipt: t.field({
    type: ReceiptType,
    args: { input: t.arg({ type: input(GoodsReceiptInput), required: true }) },
    description: 'Say as the buyer what arrived of a shipment or an order; the seller gets an 861.',
    resolve: mutation('receipts.enter', (ctx, args: { input: GoodsReceiptInput }) => createReceipt(ctx, checkInput(args.input))),
  }),
  changeReceipt: t.field({
    type: ReceiptType,
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(GoodsReceiptChange), required: true }),
      ifVersion: t.arg.int({ required: true, description: ifVersion }),
    },
    description: 'Correct a receipt; the seller gets an 861 that replaces the one before.',
    resolve: mutation('receipts.enter', (ctx, args: { id: string; input: GoodsReceiptChange; ifVersion: number }) =>
      changeReceipt(ctx, args.id, checkChange(args.input), args.ifVersion),
    ),
  }),
  cancelReceipt: t.field({
    type: ReceiptType,
    args: { id: t.arg.id({ required: true }), ifVersion: t.arg.int({ description: ifVersion }) },
    description: 'Take a receipt back; the seller gets an 861 that says so.',
    resolve: mutation('receipts.enter', (ctx, args: { id: string; ifVersion?: number }) =>
      cancelReceipt(ctx, args.id, args.ifVersion),
    ),
  }),
}))
