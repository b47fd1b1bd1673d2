import { Exception } from '../../exceptions/schema.ts'
import {
  Order,
  OrderAnswer,
  OrderFilter,
  OrderInput,
  OrderLine,
  OrderResponse,
  OrderSummary,
  TimelineEntry,
} from '../../orders/schema.ts'
import { answerOrder, createOrder, getOrder, listOrders, orderTimeline } from '../../orders/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, load, output, page } from './builder.ts'
import { linesLoader, organisationLoader, orderLoader, responsesLoader, subjectExceptionsLoader } from './loaders.ts'
import { filtered, mutation, query } from './resolve.ts'
import { OrganisationType } from './partners.ts'

export const OrderType = output(Order)
export const OrderSummaryType = output(OrderSummary)
const checkInput = checker(OrderInput)
const checkAnswer = checker(OrderAnswer)
const checkFilter = checker(OrderFilter)

// A list shows summaries; what hangs on each is fetched for all of them at once.
builder.objectFields(OrderSummaryType, t => ({
  buyer: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ buyerId }, _args, context) => load(context, organisationLoader, buyerId),
  }),
  seller: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ sellerId }, _args, context) => load(context, organisationLoader, sellerId),
  }),
  lines: t.field({
    type: [output(OrderLine)],
    resolve: async ({ id }, _args, context) => (await load(context, linesLoader, id)) ?? [],
  }),
  responses: t.field({
    type: [output(OrderResponse)],
    resolve: async ({ id }, _args, context) => (await load(context, responsesLoader, id)) ?? [],
  }),
  exceptions: t.field({
    type: [output(Exception)],
    resolve: async ({ id }, _args, context) => (await load(context, subjectExceptionsLoader, id)) ?? [],
  }),
}))
builder.objectFields(OrderType, t => ({
  buyer: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ buyerId }, _args, context) => load(context, organisationLoader, buyerId),
  }),
  seller: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ sellerId }, _args, context) => load(context, organisationLoader, sellerId),
  }),
  timeline: t.field({ type: [output(TimelineEntry)], resolve: ({ id }, _args, { service }) => orderTimeline(service, id) }),
}))

const OrderPage = page('Order', OrderSummaryType)
const AnsweredOrder = builder
  .objectRef<{ responseId: string; version: number; orderId: string }>('AnsweredOrder')
  .implement({
    fields: t => ({
      responseId: t.exposeID('responseId'),
      version: t.exposeInt('version', { description: 'Of the order, now.' }),
      order: t.field({
        type: OrderSummaryType,
        nullable: true,
        resolve: ({ orderId }, _args, context) => load(context, orderLoader, orderId),
      }),
    }),
  })

builder.queryFields(t => ({
  orders: t.field({
    type: OrderPage,
    description: 'Orders, newest first.',
    args: { filter: t.arg({ type: filterInput(OrderFilter, 'OrderFilterInput') }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkFilter, listOrders)),
  }),
  order: t.field({
    type: OrderType,
    args: { id: t.arg.id({ required: true }) },
    description: 'An order with everything that hangs on it.',
    resolve: query('records.read', (ctx, { id }: { id: string }) => getOrder(ctx, id)),
  }),
}))

builder.mutationFields(t => ({
  createOrder: t.field({
    type: OrderSummaryType,
    args: { input: t.arg({ type: input(OrderInput), required: true }) },
    description: 'Place an order as its buyer.',
    resolve: mutation('orders.create', (ctx, args: { input: OrderInput }) => createOrder(ctx, checkInput(args.input))),
  }),
  answerOrder: t.field({
    type: AnsweredOrder,
    description: 'Accept, change, reject or backorder lines as the seller; the buyer gets an 855.',
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(OrderAnswer), required: true }),
      ifVersion: t.arg.int({ description: 'Refused when the order has another version by now.' }),
    },
    resolve: mutation('orders.answer', async (ctx, args: { id: string; input: OrderAnswer; ifVersion?: number }) => ({
      ...(await answerOrder(ctx, args.id, checkAnswer(args.input), args.ifVersion)),
      orderId: args.id,
    })),
  }),
}))
