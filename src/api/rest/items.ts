import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Item, PartnershipItem, Price } from '../../items/schema.ts'
import { listItems, listPartnershipItems, listPrices } from '../../items/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { operation, pageOf } from '../operation.ts'

/** The item master and the items as partners trade them. */
export const registerItems = (app: FastifyInstance): void => {
  const read = { method: 'GET', tag: 'items', access: 'records.read' } as const
  operation(app, {
    ...read,
    id: 'listItems',
    path: '/api/items',
    summary: 'List your own items',
    query: PageRequest,
    answer: [200, pageOf(Item)],
    handler: (ctx, { query }) => listItems(ctx, query),
  })
  const ofPartnership = Type.Object(
    {
      ...PageRequest.properties,
      partnershipId: Type.Optional(Type.String({ maxLength: 60, description: 'Only those of this partnership.' })),
    },
    { additionalProperties: false },
  )
  operation(app, {
    ...read,
    id: 'listPrices',
    path: '/api/prices',
    summary: 'List prices, with the days they are for',
    query: ofPartnership,
    answer: [200, pageOf(Price)],
    handler: (ctx, { query }) => listPrices(ctx, query),
  })
  operation(app, {
    ...read,
    id: 'listPartnershipItems',
    path: '/api/partnership-items',
    summary: "List items as they are traded, with both sides' numbers",
    query: ofPartnership,
    answer: [200, pageOf(PartnershipItem)],
    handler: (ctx, { query }) => listPartnershipItems(ctx, query),
  })
}
