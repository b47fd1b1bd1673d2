import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ChannelChange, Location, Organisation, PageRequest, Partnership } from '../../partners/schema.ts'
import {
  getOrganisation,
  getPartnership,
  listIdentifiers,
  listLocations,
  listOrganisations,
  listPartnerships,
  setChannel,
} from '../../partners/service.ts'
import { IdParams, operation, pageOf } from '../operation.ts'

const Identifier = Type.Object({
  qualifier: Type.String({ description: 'ISA05 qualifier, or GS for a group code.', examples: ['ZZ'] }),
  value: Type.String({ examples: ['NORTHGATE'] }),
  usage: Type.Union([Type.Literal('production'), Type.Literal('test')]),
})

/** Organisations, partnerships and locations, as the caller's organisation sees them. */
export const registerPartners = (app: FastifyInstance): void => {
  const read = { method: 'GET', tag: 'partners', access: 'records.read' } as const
  operation(app, {
    ...read,
    id: 'listOrganisations',
    path: '/api/organisations',
    summary: 'List your organisation and those it trades with',
    query: PageRequest,
    answer: [200, pageOf(Organisation)],
    handler: (ctx, { query }) => listOrganisations(ctx, query),
  })
  operation(app, {
    ...read,
    id: 'getOwnOrganisation',
    path: '/api/organisations/me',
    summary: 'Your organisation',
    answer: [200, Organisation],
    handler: ctx => getOrganisation(ctx, ctx.actor.organisationId),
  })
  operation(app, {
    ...read,
    id: 'listIdentifiers',
    path: '/api/organisations/me/identifiers',
    summary: 'Your X12 identifiers',
    answer: [200, Type.Object({ items: Type.Array(Identifier) })],
    handler: async ctx => ({ items: await listIdentifiers(ctx) }),
  })
  operation(app, {
    ...read,
    id: 'getOrganisation',
    path: '/api/organisations/:id',
    summary: 'Your organisation or a partner',
    params: IdParams,
    answer: [200, Organisation],
    handler: (ctx, { params }) => getOrganisation(ctx, params.id),
  })
  operation(app, {
    ...read,
    id: 'listPartnerships',
    path: '/api/partnerships',
    summary: 'List your partnerships with their settings',
    query: PageRequest,
    answer: [200, pageOf(Partnership)],
    handler: (ctx, { query }) => listPartnerships(ctx, query),
  })
  operation(app, {
    ...read,
    id: 'getPartnership',
    path: '/api/partnerships/:id',
    summary: 'A partnership with its settings',
    params: IdParams,
    answer: [200, Partnership],
    handler: (ctx, { params }) => getPartnership(ctx, params.id),
  })
  operation(app, {
    id: 'setChannel',
    method: 'PATCH',
    path: '/api/partnerships/:id/channels/:document',
    tag: 'partners',
    access: 'partnerships.configure',
    summary: 'Change how your side receives one kind of document',
    description: 'What is left out stays. The document is an X12 set id: 855, 856, 810 …',
    params: Type.Object({ ...IdParams.properties, document: Type.String({ pattern: '^\\d{3}$' }) }),
    body: ChannelChange,
    answer: [200, Partnership],
    ifMatch: 'required',
    errors: ['partners/not-a-document', 'partners/no-identity', 'guides/unknown-guide'],
    example: { channel: 'x12', x12Version: '004010' },
    handler: (ctx, { params, body, ifVersion }) => setChannel(ctx, params.id, params.document, body, ifVersion),
  })
  operation(app, {
    ...read,
    id: 'listLocations',
    path: '/api/locations',
    summary: "List your locations and your partners'",
    query: Type.Object(
      {
        ...PageRequest.properties,
        organisationId: Type.Optional(Type.String({ maxLength: 60, description: 'Only those of this organisation.' })),
      },
      { additionalProperties: false },
    ),
    answer: [200, pageOf(Location)],
    handler: (ctx, { query }) => listLocations(ctx, query),
  })
}
