import {
  DifferenceAnswerInput,
  GoodsReceipt,
  GoodsReceiptChange,
  GoodsReceiptFilter,
  GoodsReceiptInput,
  GoodsReceiptSummary,
  ReceivingDifference,
  ReceivingDifferenceFilter,
} from '../../receipts/schema.ts'
import {
  answerDifference,
  cancelReceipt,
  changeReceipt,
  createReceipt,
  getDifference,
  getReceipt,
  listDifferences,
  listReceipts,
} from '../../receipts/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, load, output, page } from './builder.ts'
import { receiptsOfOrderLoader } from './loaders.ts'
import { OrderSummaryType } from './orders.ts'
import { filtered, mutation, query } from './resolve.ts'

const ReceiptType = output(GoodsReceipt)
const ReceiptPage = page('GoodsReceipt', output(GoodsReceiptSummary))
const DifferenceType = output(ReceivingDifference)
const DifferencePage = page('ReceivingDifference', DifferenceType)
const checkFilter = checker(GoodsReceiptFilter)
const checkInput = checker(GoodsReceiptInput)
const checkChange = checker(GoodsReceiptChange)
const checkDifferences = checker(ReceivingDifferenceFilter)
const checkAnswer = checker(DifferenceAnswerInput)

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
  receivingDifferences: t.field({
    type: DifferencePage,
    description: 'What was received otherwise than shipped, newest first.',
    args: { filter: t.arg({ type: filterInput(ReceivingDifferenceFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkDifferences, listDifferences)),
  }),
  receivingDifference: t.field({
    type: DifferenceType,
    args: { id: t.arg.id({ required: true }) },
    description: 'A difference with its evidence and all that was said to it.',
    resolve: query('records.read', (ctx, { id }: { id: string }) => getDifference(ctx, id)),
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
  answerReceivingDifference: t.field({
    type: DifferenceType,
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(DifferenceAnswerInput), required: true }),
      ifVersion: t.arg.int({ description: 'Refused when the difference has another version by now.' }),
    },
    description: "Agree to the other side's value, or dispute it with a reason.",
    resolve: mutation('exceptions.resolve', (ctx, args: { id: string; input: DifferenceAnswerInput; ifVersion?: number }) =>
      answerDifference(ctx, args.id, checkAnswer(args.input), args.ifVersion),
    ),
  }),
}))
