import type { FastifyInstance } from 'fastify'
import {
  DifferenceAnswerInput,
  GoodsReceipt,
  GoodsReceiptChange,
  GoodsReceiptFilter,
  GoodsReceiptInput,
  GoodsReceiptPage,
  ReceivingDifference,
  ReceivingDifferenceFilter,
  ReceivingDifferencePage,
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
import { IdParams, operation } from '../operation.ts'

/** What the buyer says arrived, and what both sides say to how that differs from what was shipped. */
export const registerReceipts = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listReceipts',
    method: 'GET',
    path: '/api/receipts',
    tag: 'receipts',
    access: 'records.read',
    summary: 'List receipts, newest first',
    query: GoodsReceiptFilter,
    answer: [200, GoodsReceiptPage],
    handler: (ctx, { query }) => listReceipts(ctx, query),
  })
  operation(app, {
    id: 'getReceipt',
    method: 'GET',
    path: '/api/receipts/:id',
    tag: 'receipts',
    access: 'records.read',
    summary: 'A receipt with its lines, each with its order line and shipment',
    params: IdParams,
    answer: [200, GoodsReceipt],
    handler: (ctx, { params }) => getReceipt(ctx, params.id),
  })
  const refusals = [
    'record/not-found',
    'orders/unknown-line',
    'receipts/shipment-cancelled',
    'receipts/invalid-sscc',
    'receipts/sscc-received-before',
    'receipts/condition-exceeds-quantity',
    'receipts/nothing-to-receive',
  ] as const
  operation(app, {
    id: 'createReceipt',
    method: 'POST',
    path: '/api/receipts',
    tag: 'receipts',
    access: 'receipts.enter',
    summary: 'Say what arrived of a shipment or an order',
    description: 'By order line or by whole carton; without lines, all that was shipped arrived well. The seller gets an 861.',
    body: GoodsReceiptInput,
    answer: [201, GoodsReceipt],
    errors: ['record/conflict', ...refusals],
    handler: (ctx, { body }) => createReceipt(ctx, body),
  })
  operation(app, {
    id: 'changeReceipt',
    method: 'PUT',
    path: '/api/receipts/:id',
    tag: 'receipts',
    access: 'receipts.enter',
    summary: 'Correct a receipt',
    description: 'What it says now takes the place of what it said. The seller gets an 861 that replaces the one before.',
    params: IdParams,
    body: GoodsReceiptChange,
    answer: [200, GoodsReceipt],
    ifMatch: 'required',
    errors: ['receipts/cancelled', ...refusals],
    handler: (ctx, { params, body, ifVersion }) => changeReceipt(ctx, params.id, body, ifVersion),
  })
  operation(app, {
    id: 'cancelReceipt',
    method: 'POST',
    path: '/api/receipts/:id/cancel',
    tag: 'receipts',
    access: 'receipts.enter',
    summary: 'Take a receipt back',
    description: 'Nothing of it counts any more; it stays readable. The seller gets an 861 that says so.',
    params: IdParams,
    answer: [200, GoodsReceipt],
    ifMatch: 'optional',
    errors: ['receipts/cancelled'],
    handler: (ctx, { params, ifVersion }) => cancelReceipt(ctx, params.id, ifVersion),
  })
  operation(app, {
    id: 'listReceivingDifferences',
    method: 'GET',
    path: '/api/receiving-differences',
    tag: 'receipts',
    access: 'records.read',
    summary: 'List what was received otherwise than shipped, newest first',
    query: ReceivingDifferenceFilter,
    answer: [200, ReceivingDifferencePage],
    handler: (ctx, { query }) => listDifferences(ctx, query),
  })
  operation(app, {
    id: 'getReceivingDifference',
    method: 'GET',
    path: '/api/receiving-differences/:id',
    tag: 'receipts',
    access: 'records.read',
    summary: 'A difference with its evidence and all that was said to it',
    params: IdParams,
    answer: [200, ReceivingDifference],
    handler: (ctx, { params }) => getDifference(ctx, params.id),
  })
  operation(app, {
    id: 'answerReceivingDifference',
    method: 'POST',
    path: '/api/receiving-differences/:id/answers',
    tag: 'receipts',
    access: 'exceptions.resolve',
    summary: 'Agree to a difference, or dispute it',
    description: "To agree is to take the other side's value, which resolves it; to dispute is to stand by one's own, with a reason.",
    params: IdParams,
    body: DifferenceAnswerInput,
    answer: [201, ReceivingDifference],
    ifMatch: 'optional',
    errors: ['receipts/answer-not-possible'],
    handler: (ctx, { params, body, ifVersion }) => answerDifference(ctx, params.id, body, ifVersion),
  })
}
