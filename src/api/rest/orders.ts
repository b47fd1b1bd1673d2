import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  Order,
  OrderAnswer,
  OrderFilter,
  OrderInput,
  OrderPage,
  OrderSummary,
  OrderVersion,
  TimelineEntry,
} from '../../orders/schema.ts'
import { answerOrder, createOrder, getOrder, listOrders, orderTimeline, orderVersions } from '../../orders/service.ts'
import { PackingProposal } from '../../shipments/schema.ts'
import { proposePacking } from '../../shipments/service.ts'
import { IdParams, operation } from '../operation.ts'

const Answered = Type.Object({
  responseId: Type.String({ description: 'The answer.' }),
  version: Type.Integer({ description: 'Of the order, now.' }),
})

/** Purchase orders and the seller's answers to them. */
export const registerOrders = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listOrders',
    method: 'GET',
    path: '/api/orders',
    tag: 'orders',
    access: 'records.read',
    summary: 'List orders, newest first',
    query: OrderFilter,
    answer: [200, OrderPage],
    handler: (ctx, { query }) => listOrders(ctx, query),
  })
  operation(app, {
    id: 'getOrder',
    method: 'GET',
    path: '/api/orders/:id',
    tag: 'orders',
    access: 'records.read',
    summary: 'An order with its lines, answers, shipments, invoices and open exceptions',
    params: IdParams,
    answer: [200, Order],
    handler: (ctx, { params }) => getOrder(ctx, params.id),
  })
  operation(app, {
    id: 'createOrder',
    method: 'POST',
    path: '/api/orders',
    tag: 'orders',
    access: 'orders.create',
    summary: 'Place an order',
    description: 'The seller gets it in its channel: X12, or its portal inbox.',
    body: OrderInput,
    answer: [201, OrderSummary],
    errors: ['partners/not-a-partner', 'items/unknown-item', 'record/conflict'],
    handler: (ctx, { body }) => createOrder(ctx, body),
  })
  operation(app, {
    id: 'answerOrder',
    method: 'POST',
    path: '/api/orders/:id/answers',
    tag: 'orders',
    access: 'orders.answer',
    summary: 'Accept, change, reject or backorder the lines of an order',
    description: 'The buyer gets an 855. Everything is taken, or nothing.',
    params: IdParams,
    body: OrderAnswer,
    answer: [201, Answered],
    ifMatch: 'optional',
    errors: [
      'orders/unknown-line',
      'orders/invalid-transition',
      'orders/quantity-exceeded',
      'orders/below-shipped',
      'orders/nothing-answered',
    ],
    handler: (ctx, { params, body, ifVersion }) => answerOrder(ctx, params.id, body, ifVersion),
  })
  operation(app, {
    id: 'getOrderTimeline',
    method: 'GET',
    path: '/api/orders/:id/timeline',
    tag: 'orders',
    access: 'records.read',
    summary: 'What happened to an order and its documents',
    params: IdParams,
    answer: [200, Type.Object({ items: Type.Array(TimelineEntry) })],
    handler: async (ctx, { params }) => ({ items: await orderTimeline(ctx, params.id) }),
  })
  operation(app, {
    id: 'proposePacking',
    method: 'GET',
    path: '/api/orders/:id/packing-proposal',
    tag: 'orders',
    access: 'shipments.create',
    summary: 'How what is open would be packed',
    description: 'From the case and pallet sizes of the items; edit it and give it to a shipment.',
    params: IdParams,
    answer: [200, PackingProposal],
    errors: ['shipments/invalid-packing'],
    handler: (ctx, { params }) => proposePacking(ctx, params.id),
  })
  operation(app, {
    id: 'listOrderVersions',
    method: 'GET',
    path: '/api/orders/:id/versions',
    tag: 'orders',
    access: 'records.read',
    summary: 'The order as it was before it was replaced or cancelled',
    params: IdParams,
    answer: [200, Type.Object({ items: Type.Array(OrderVersion) })],
    handler: async (ctx, { params }) => ({ items: await orderVersions(ctx, params.id) }),
  })
}
