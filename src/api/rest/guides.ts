import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { previewGuide } from '../../exchange/preview.ts'
import { GuidePreview } from '../../exchange/schema.ts'
import { Guide, GuideChange, GuideDifferences, GuideFilter, GuideSummary, NewGuide } from '../../guides/schema.ts'
import {
  activateGuide,
  compareWithInForce,
  createGuide,
  deleteGuide,
  getGuide,
  listGuides,
  retireGuide,
  updateGuide,
} from '../../guides/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { IdParams, NoAnswer, operation, pageOf } from '../operation.ts'

const overlayLimit = 2 * 1024 * 1024

/** What organisations want of X12 beside the standard: drafts, what they would change, and which one is in force. */
export const registerGuides = (app: FastifyInstance): void => {
  const read = { method: 'GET', tag: 'guides', access: 'records.read', params: IdParams } as const
  const change = { tag: 'guides', access: 'partnerships.configure', params: IdParams } as const
  operation(app, {
    id: 'listGuides',
    method: 'GET',
    tag: 'guides',
    access: 'records.read',
    path: '/api/guides',
    summary: "List your guides in all revisions, and your partners' that are in force",
    query: Type.Object({ ...GuideFilter.properties, ...PageRequest.properties }, { additionalProperties: false }),
    answer: [200, pageOf(GuideSummary)],
    handler: (ctx, { query }) => listGuides(ctx, query),
  })
  operation(app, {
    id: 'createGuide',
    method: 'POST',
    tag: 'guides',
    access: 'partnerships.configure',
    path: '/api/guides',
    summary: 'Store a guide as a draft',
    description:
      'Of what you are sent (in) or of what you send (out), for one partnership or for all. Nothing is judged by it before it is activated. Take the overlay from `accord-hub x12 learn`, or write it as docs/guides.md says.',
    body: NewGuide,
    bodyLimit: overlayLimit,
    answer: [201, Guide],
    errors: ['guides/invalid', 'record/not-found'],
    example: {
      direction: 'in',
      set: '856',
      x12Version: '004010',
      overlay: { extends: 'vics/856', narrow: [{ at: 'HL[03=P]/MAN[01=GM]', req: 'M', note: 'an SSCC on every carton' }] },
    },
    handler: (ctx, { body }) => createGuide(ctx, body),
  })
  operation(app, {
    ...read,
    id: 'getGuide',
    path: '/api/guides/:id',
    summary: 'A guide with what it says',
    answer: [200, Guide],
    handler: (ctx, { params }) => getGuide(ctx, params.id),
  })
  operation(app, {
    ...change,
    id: 'updateGuide',
    method: 'PATCH',
    path: '/api/guides/:id',
    summary: 'Change a draft',
    body: GuideChange,
    bodyLimit: overlayLimit,
    answer: [200, Guide],
    ifMatch: 'required',
    errors: ['guides/not-a-draft', 'guides/invalid'],
    example: { name: 'Ship notices, spring' },
    handler: (ctx, { params, body, ifVersion }) => updateGuide(ctx, params.id, body, ifVersion),
  })
  operation(app, {
    ...change,
    id: 'deleteGuide',
    method: 'DELETE',
    path: '/api/guides/:id',
    summary: 'Throw a draft away',
    answer: [204, NoAnswer],
    errors: ['guides/not-a-draft'],
    handler: async (ctx, { params }) => {
      await deleteGuide(ctx, params.id)
      return null
    },
  })
  operation(app, {
    ...read,
    id: 'compareGuide',
    path: '/api/guides/:id/differences',
    summary: 'What a guide forbids or allows that the one in force does not',
    description: 'Without one in force, what it forbids of the guide that it extends.',
    answer: [200, GuideDifferences],
    errors: ['guides/invalid'],
    handler: (ctx, { params }) => compareWithInForce(ctx, params.id),
  })
  operation(app, {
    ...read,
    access: 'edi.inspect',
    id: 'previewGuide',
    path: '/api/guides/:id/preview',
    summary: 'Which stored sets a guide would judge otherwise',
    description:
      'Sets that were received or sent, newest first, judged by what is in force and by what would be. A page looks at `limit` sets and lists those that differ; an empty page with a cursor is not the last.',
    query: Type.Object(
      {
        ...PageRequest.properties,
        cursor: Type.Optional(Type.String({ maxLength: 60 })),
        days: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, default: 30, description: 'How far back.' })),
      },
      { additionalProperties: false },
    ),
    answer: [200, GuidePreview],
    handler: (ctx, { params, query }) => previewGuide(ctx, params.id, query),
  })
  operation(app, {
    ...change,
    id: 'activateGuide',
    method: 'POST',
    path: '/api/guides/:id/activate',
    summary: 'Put a guide in force',
    description: 'What comes from now on is judged by it. The one that was in force is retired, and can be activated again.',
    answer: [200, Guide],
    ifMatch: 'optional',
    errors: ['guides/invalid'],
    handler: (ctx, { params, ifVersion }) => activateGuide(ctx, params.id, ifVersion),
  })
  operation(app, {
    ...change,
    id: 'retireGuide',
    method: 'POST',
    path: '/api/guides/:id/retire',
    summary: 'Take a guide out of force',
    answer: [200, Guide],
    ifMatch: 'optional',
    errors: ['guides/not-in-force'],
    handler: (ctx, { params, ifVersion }) => retireGuide(ctx, params.id, ifVersion),
  })
}
