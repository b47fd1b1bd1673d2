import type { StoredEvent } from '../../db/events.ts'
import { getException } from '../../exceptions/service.ts'
import { authorise } from '../../identity/rules.ts'
import { DomainError } from '../../shared/errors.ts'
import { builder, load, type GraphContext } from './builder.ts'
import { ExceptionType } from './exceptions.ts'
import { orderLoader } from './loaders.ts'
import { OrderSummaryType } from './orders.ts'

/** Which events each subscription is about, by the first part of their type. */
const kinds = {
  orderEvents: ['order'],
  documentEvents: ['document', 'message', 'shipment', 'invoice', 'forecast'],
  exceptionEvents: ['exception'],
} as const
const recheckMilliseconds = 30_000

const orNull = (error: unknown): null => {
  if (error instanceof DomainError && error.code === 'record/not-found') return null
  throw error
}

/**
 * What happens to the caller's organisation, until it is no longer wanted or the caller may no longer come in. No generator:
 * one that waits for the next event cannot be ended before it comes.
 */
const follow = (context: GraphContext, wanted: readonly string[]): AsyncIterableIterator<StoredEvent> => {
  const { service, events, stillValid } = context
  authorise(service.actor, 'records.read')
  const source = events.subscribe(service.actor.organisationId)
  const end = async (): Promise<IteratorResult<StoredEvent>> => {
    await source.return?.()
    return { done: true, value: undefined }
  }
  let checkedAt = Date.now()
  const next = async (): Promise<IteratorResult<StoredEvent>> => {
    for (;;) {
      const event = await source.next()
      if (event.done) return event
      if (!wanted.includes(event.value.type.split('.')[0] ?? '')) continue
      if (stillValid && Date.now() - checkedAt > recheckMilliseconds) {
        if (!(await stillValid())) return end()
        checkedAt = Date.now()
      }
      return event
    }
  }
  return {
    next,
    return: end,
    throw: end,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

const fields = { id: 'id', type: 'type', subjectId: 'subjectId' } as const
const eventType = (name: string, description: string) =>
  builder
    .objectRef<StoredEvent>(name)
    .implement({
      description,
      fields: t => ({
        id: t.exposeID(fields.id),
        type: t.exposeString(fields.type, { description: 'For example order.answered.' }),
        subjectId: t.exposeID(fields.subjectId),
        partnershipId: t.id({ nullable: true, resolve: event => event.partnershipId }),
        data: t.field({ type: 'JSON', resolve: event => event.data }),
        at: t.field({ type: 'DateTime', resolve: event => event.at }),
      }),
    })

const OrderEvent = eventType('OrderEvent', 'Something happened to an order.')
const DocumentEvent = eventType('DocumentEvent', 'A message or document was received, sent, acknowledged or quarantined.')
const ExceptionEvent = eventType('ExceptionEvent', 'An exception opened, changed or closed.')
builder.objectFields(OrderEvent, t => ({
  order: t.field({
    type: OrderSummaryType,
    nullable: true,
    resolve: (event, _args, context) => load(context, orderLoader, event.subjectId),
  }),
}))
builder.objectFields(ExceptionEvent, t => ({
  exception: t.field({
    type: ExceptionType,
    nullable: true,
    resolve: (event, _args, { service }) => getException(service, event.subjectId).catch(orNull),
  }),
}))

builder.subscriptionFields(t => ({
  orderEvents: t.field({
    type: OrderEvent,
    subscribe: (_root, _args, context) => follow(context, kinds.orderEvents),
    resolve: event => event,
  }),
  documentEvents: t.field({
    type: DocumentEvent,
    subscribe: (_root, _args, context) => follow(context, kinds.documentEvents),
    resolve: event => event,
  }),
  exceptionEvents: t.field({
    type: ExceptionEvent,
    subscribe: (_root, _args, context) => follow(context, kinds.exceptionEvents),
    resolve: event => event,
  }),
}))
