import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Exception, ExceptionAssignment, ExceptionFilter, ExceptionResolution } from '../../exceptions/schema.ts'
import { assignException, getException, listExceptions, reopenException, resolveException } from '../../exceptions/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { IdParams, operation, pageOf } from '../operation.ts'

/** What does not agree, and what people do about it. */
export const registerExceptions = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listExceptions',
    method: 'GET',
    path: '/api/exceptions',
    tag: 'exceptions',
    access: 'records.read',
    summary: 'List exceptions, newest first',
    query: Type.Object({ ...ExceptionFilter.properties, ...PageRequest.properties }, { additionalProperties: false }),
    answer: [200, pageOf(Exception)],
    handler: (ctx, { query }) => listExceptions(ctx, query),
  })
  operation(app, {
    id: 'getException',
    method: 'GET',
    path: '/api/exceptions/:id',
    tag: 'exceptions',
    access: 'records.read',
    summary: 'An exception with its evidence',
    params: IdParams,
    answer: [200, Exception],
    handler: (ctx, { params }) => getException(ctx, params.id),
  })
  const change = {
    method: 'POST',
    tag: 'exceptions',
    access: 'exceptions.resolve',
    params: IdParams,
    answer: [200, Exception],
    ifMatch: 'optional',
    errors: ['exceptions/invalid-transition'],
  } as const
  operation(app, {
    ...change,
    id: 'assignException',
    path: '/api/exceptions/:id/assign',
    summary: 'Give an exception to a colleague',
    body: ExceptionAssignment,
    handler: (ctx, { params, body, ifVersion }) => assignException(ctx, params.id, body.userId, ifVersion),
  })
  operation(app, {
    ...change,
    id: 'resolveException',
    path: '/api/exceptions/:id/resolve',
    summary: 'Resolve an exception: say whose value holds',
    body: ExceptionResolution,
    handler: (ctx, { params, body, ifVersion }) => resolveException(ctx, params.id, body.resolution, ifVersion),
  })
  operation(app, {
    ...change,
    id: 'reopenException',
    path: '/api/exceptions/:id/reopen',
    summary: 'Open a closed exception again',
    handler: (ctx, { params, ifVersion }) => reopenException(ctx, params.id, ifVersion),
  })
}
