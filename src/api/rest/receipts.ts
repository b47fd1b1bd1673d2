import type { FastifyInstance } from 'fastify'
import { GoodsReceipt, GoodsReceiptFilter, GoodsReceiptPage } from '../../receipts/schema.ts'
import { getReceipt, listReceipts } from '../../receipts/service.ts'
import { IdParams, operation } from '../operation.ts'

/** What the buyer says arrived. */
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
}
