import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  Order,
  OrderAnswer,
  OrderFilter,
  OrderInput,
  OrderPage,
  OrderSummary,
  TimelineEntry,
} from '../../orders/schema.ts'
import {
  OrderAsOf,
  OrderChange,
  OrderChangeInput,
  OrderChangeReply,
  OrderVersion,
  VersionComparison,
} from '../../orders/change-schema.ts'
import {
  answerChange,
  answerOrder,
  changeOrder,
  compareVersions,
  createOrder,
  getOrder,
  listOrderChanges,
  listOrders,
  orderAsOf,
  orderTimeline,
  orderVersions,
  releaseChange,
} from '../../orders/service.ts'
import { PackingProposal } from '../../shipments/schema.ts'
import { proposePacking } from '../../shipments/service.ts'
import { DomainError } from '../../shared/errors.ts'
import { IdParams, operation } from '../operation.ts'

const Answered = Type.Object({
  responseId: Type.String({ description: 'The answer.' }),
  version: Type.Integer({ description: 'Of the order, now.' }),
})

const Changed = Type.Object({
  changeId: Type.String({ description: 'The change.' }),
  sequence: Type.String({ description: 'Its number, as the seller is told it.' }),
  version: Type.Integer({ description: 'Of the order, now.' }),
})
const ChangeParams = Type.Object({
  ...IdParams.properties,
  changeId: Type.String({ minLength: 1, maxLength: 60, description: 'Id of the change.' }),
})

/** Purchase orders, their changes, and the seller's answers to both. */
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
    summary: 'An order with its lines, answers, shipments, receipts, invoices and open exceptions',
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
    id: 'changeOrder',
    method: 'POST',
    path: '/api/orders/:id/changes',
    tag: 'orders',
    access: 'orders.create',
    summary: 'Change an order as its buyer: quantities, prices, dates, lines added or cancelled, or all of it cancelled',
    description: 'The seller gets an 860. Everything is made, or nothing; what goes below what has shipped is refused.',
    params: IdParams,
    body: OrderChangeInput,
    answer: [201, Changed],
    ifMatch: 'required',
    errors: [
      'orders/nothing-changed',
      'orders/unknown-line',
      'orders/line-closed',
      'orders/line-number-taken',
      'orders/below-shipped',
      'orders/already-cancelled',
      'orders/change-waiting',
      'items/unknown-item',
    ],
    handler: (ctx, { params, body, ifVersion }) => changeOrder(ctx, params.id, body, ifVersion),
  })
  operation(app, {
    id: 'listOrderChanges',
    method: 'GET',
    path: '/api/orders/:id/changes',
    tag: 'orders',
    access: 'records.read',
    summary: 'The changes of an order, as they came, with their answers',
    params: IdParams,
    answer: [200, Type.Object({ items: Type.Array(OrderChange) })],
    handler: async (ctx, { params }) => ({ items: await listOrderChanges(ctx, params.id) }),
  })
  operation(app, {
    id: 'answerOrderChange',
    method: 'POST',
    path: '/api/orders/:id/changes/:changeId/answers',
    tag: 'orders',
    access: 'orders.answer',
    summary: 'Accept, reject or counter the lines of a change as the seller',
    description: 'The buyer gets an 865. A line whose change is rejected is again what it was before.',
    params: ChangeParams,
    body: OrderChangeReply,
    answer: [201, Type.Object({ answerId: Type.String({ description: 'The answer.' }), version: Changed.properties.version })],
    ifMatch: 'optional',
    errors: [
      'orders/change-not-pending',
      'orders/unknown-line',
      'orders/invalid-transition',
      'orders/quantity-exceeded',
      'orders/below-shipped',
      'orders/nothing-answered',
    ],
    handler: (ctx, { params, body, ifVersion }) => answerChange(ctx, params.id, params.changeId, body, ifVersion),
  })
  operation(app, {
    id: 'releaseOrderChange',
    method: 'POST',
    path: '/api/orders/:id/changes/:changeId/release',
    tag: 'orders',
    access: 'orders.create',
    summary: 'Make a change that waits for an earlier one, without waiting any longer',
    params: ChangeParams,
    answer: [200, Type.Object({ changeId: Changed.properties.changeId, version: Changed.properties.version })],
    errors: ['orders/not-held', 'orders/change-waiting'],
    handler: (ctx, { params }) => releaseChange(ctx, params.id, params.changeId),
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
    summary: 'The documents that the order has had, the one in force last',
    params: IdParams,
    answer: [200, Type.Object({ items: Type.Array(OrderVersion) })],
    handler: async (ctx, { params }) => ({ items: await orderVersions(ctx, params.id) }),
  })
  operation(app, {
    id: 'compareOrderVersions',
    method: 'GET',
    path: '/api/orders/:id/versions/:version/differences',
    tag: 'orders',
    access: 'records.read',
    summary: 'What differs between two versions of an order',
    description: 'Value by value, heading first, then line by line. Without `to`, against the version in force.',
    params: Type.Object({ ...IdParams.properties, version: Type.Integer({ minimum: 1, description: 'The earlier version.' }) }),
    query: Type.Object(
      { to: Type.Optional(Type.Integer({ minimum: 1, description: 'The later version.' })) },
      { additionalProperties: false },
    ),
    answer: [200, VersionComparison],
    handler: (ctx, { params, query }) => compareVersions(ctx, params.id, params.version, query.to),
  })
  operation(app, {
    id: 'getOrderAsOf',
    method: 'GET',
    path: '/api/orders/:id/as-of/:at',
    tag: 'orders',
    access: 'records.read',
    summary: 'The order as it was known at an instant',
    description: 'With the changes, answers, shipments and invoices that the hub had by then. A day means its end, in UTC.',
    params: Type.Object({
      ...IdParams.properties,
      at: Type.String({
        pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?Z)?$',
        description: 'An instant in UTC, or a day.',
        examples: ['2026-03-05', '2026-03-05T12:00:00Z'],
      }),
    }),
    answer: [200, OrderAsOf],
    handler: (ctx, { params }) => orderAsOf(ctx, params.id, instantOf(params.at)),
  })
}

/** An instant as it is given in a path; a day is its last millisecond. */
const instantOf = (text: string): Date => {
  const at = new Date(text.includes('T') ? text : `${text}T23:59:59.999Z`)
  if (Number.isNaN(at.getTime())) throw new DomainError('request/invalid', { detail: `${text} is no day of the calendar.` })
  return at
}
