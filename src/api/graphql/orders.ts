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
  listOrders,
  orderAsOf,
  orderTimeline,
  orderVersions,
  releaseChange,
} from '../../orders/service.ts'
import { DomainError } from '../../shared/errors.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, load, output, page } from './builder.ts'
import { changesLoader, linesLoader, organisationLoader, orderLoader, responsesLoader, subjectExceptionsLoader } from './loaders.ts'
import { filtered, mutation, query } from './resolve.ts'
import { OrganisationType } from './partners.ts'

export const OrderType = output(Order)
export const OrderSummaryType = output(OrderSummary)
const checkInput = checker(OrderInput)
const checkAnswer = checker(OrderAnswer)
const checkFilter = checker(OrderFilter)
const checkChange = checker(OrderChangeInput)
const checkReply = checker(OrderChangeReply)

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
  changes: t.field({
    type: [output(OrderChange)],
    description: 'Changes of the buyer, as they came.',
    resolve: async ({ id }, _args, context) => (await load(context, changesLoader, id)) ?? [],
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
  changes: t.field({
    type: [output(OrderChange)],
    description: 'Changes of the buyer, as they came.',
    resolve: async ({ id }, _args, context) => (await load(context, changesLoader, id)) ?? [],
  }),
  versions: t.field({
    type: [output(OrderVersion)],
    description: 'The documents that the order has had, the one in force last.',
    resolve: ({ id }, _args, { service }) => orderVersions(service, id),
  }),
  timeline: t.field({ type: [output(TimelineEntry)], resolve: ({ id }, _args, { service }) => orderTimeline(service, id) }),
}))

/** An instant as GraphQL gives it. */
const instantOf = (text: string): Date => {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new DomainError('request/invalid', { detail: `${text} is no instant.` })
  return at
}

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

builder.queryFields(t => ({
  orderVersionDifferences: t.field({
    type: output(VersionComparison),
    description: 'What differs between two versions of an order; against the one in force without `to`.',
    args: { id: t.arg.id({ required: true }), from: t.arg.int({ required: true }), to: t.arg.int() },
    resolve: query('records.read', (ctx, args: { id: string; from: number; to?: number }) =>
      compareVersions(ctx, args.id, args.from, args.to),
    ),
  }),
  orderAsOf: t.field({
    type: output(OrderAsOf),
    description: 'An order as it was known at an instant.',
    args: { id: t.arg.id({ required: true }), at: t.arg({ type: 'DateTime', required: true }) },
    resolve: query('records.read', (ctx, args: { id: string; at: string }) => orderAsOf(ctx, args.id, instantOf(args.at))),
  }),
}))

const ChangedOrder = builder.objectRef<{ changeId: string; version: number; orderId: string }>('ChangedOrder').implement({
  fields: t => ({
    changeId: t.exposeID('changeId'),
    version: t.exposeInt('version', { description: 'Of the order, now.' }),
    order: t.field({
      type: OrderSummaryType,
      nullable: true,
      resolve: ({ orderId }, _args, context) => load(context, orderLoader, orderId),
    }),
  }),
})
const changeIds = { id: 'The order.', changeId: 'The change.' } as const

builder.mutationFields(t => ({
  changeOrder: t.field({
    type: ChangedOrder,
    description: 'Change an order as its buyer; the seller gets an 860.',
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(OrderChangeInput), required: true }),
      ifVersion: t.arg.int({ required: true, description: 'The version that was read; refused when there is another by now.' }),
    },
    resolve: mutation('orders.create', async (ctx, args: { id: string; input: OrderChangeInput; ifVersion: number }) => ({
      ...(await changeOrder(ctx, args.id, checkChange(args.input), args.ifVersion)),
      orderId: args.id,
    })),
  }),
  answerOrderChange: t.field({
    type: ChangedOrder,
    description: 'Accept, reject or counter a change as the seller; the buyer gets an 865.',
    args: {
      id: t.arg.id({ required: true, description: changeIds.id }),
      changeId: t.arg.id({ required: true, description: changeIds.changeId }),
      input: t.arg({ type: input(OrderChangeReply), required: true }),
      ifVersion: t.arg.int({ description: 'Refused when the order has another version by now.' }),
    },
    resolve: mutation(
      'orders.answer',
      async (ctx, args: { id: string; changeId: string; input: OrderChangeReply; ifVersion?: number }) => ({
        ...(await answerChange(ctx, args.id, args.changeId, checkReply(args.input), args.ifVersion)),
        changeId: args.changeId,
        orderId: args.id,
      }),
    ),
  }),
  releaseOrderChange: t.field({
    type: ChangedOrder,
    description: 'Make a change that waits for an earlier one, without waiting any longer.',
    args: {
      id: t.arg.id({ required: true, description: changeIds.id }),
      changeId: t.arg.id({ required: true, description: changeIds.changeId }),
    },
    resolve: mutation('orders.create', async (ctx, args: { id: string; changeId: string }) => ({
      ...(await releaseChange(ctx, args.id, args.changeId)),
      orderId: args.id,
    })),
  }),
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
