import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { DeadWork, Message, MessageDetail, MessageFilter, MessageSet } from '../../exchange/schema.ts'
import {
  getMessage,
  getSet,
  listDeadWork,
  listMessages,
  listSets,
  readMessageBytes,
  readSetBytes,
  replayMessage,
  resendMessage,
  retryDeadWork,
} from '../../exchange/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { IdParams, NoAnswer, operation, pageOf } from '../operation.ts'

const SetParams = Type.Object({
  ...IdParams.properties,
  ordinal: Type.Integer({ minimum: 0, description: 'Of the set in its message, from 0.' }),
})
const Bytes = Type.Unsafe<Readable>({ description: 'The bytes, exactly.', contentMediaType: 'application/edi-x12' })

/** Messages in and out with their findings, their bytes, and the work that failed for good. */
export const registerMessages = (app: FastifyInstance): void => {
  const inspect = { method: 'GET', tag: 'edi', access: 'edi.inspect' } as const
  operation(app, {
    ...inspect,
    id: 'listMessages',
    path: '/api/messages',
    summary: 'List transmissions received and sent, newest first',
    query: Type.Object({ ...MessageFilter.properties, ...PageRequest.properties }, { additionalProperties: false }),
    answer: [200, pageOf(Message)],
    handler: (ctx, { query }) => listMessages(ctx, query),
  })
  operation(app, {
    ...inspect,
    id: 'getMessage',
    path: '/api/messages/:id',
    summary: 'A message with its interchanges, groups and findings',
    params: IdParams,
    answer: [200, MessageDetail],
    handler: (ctx, { params }) => getMessage(ctx, params.id),
  })
  operation(app, {
    ...inspect,
    id: 'getMessageBytes',
    path: '/api/messages/:id/bytes',
    summary: 'The bytes of a message, as received or sent',
    params: IdParams,
    answer: [200, Bytes],
    handler: async (ctx, { params, reply }) => {
      const { sizeBytes, chunks } = await readMessageBytes(ctx, params.id)
      reply.headers({
        'content-type': 'application/edi-x12',
        'content-length': sizeBytes,
        'content-disposition': `attachment; filename="${params.id}.edi"`,
      })
      return Readable.from(chunks)
    },
  })
  operation(app, {
    ...inspect,
    access: 'records.read',
    id: 'listMessageSets',
    path: '/api/messages/:id/sets',
    summary: 'The transaction sets of a message that you may see, with findings',
    params: IdParams,
    query: PageRequest,
    answer: [200, pageOf(MessageSet)],
    handler: (ctx, { params, query }) => listSets(ctx, params.id, query),
  })
  operation(app, {
    ...inspect,
    access: 'records.read',
    id: 'getMessageSet',
    path: '/api/messages/:id/sets/:ordinal',
    summary: 'One transaction set with its findings',
    params: SetParams,
    answer: [200, MessageSet],
    handler: (ctx, { params }) => getSet(ctx, params.id, params.ordinal),
  })
  operation(app, {
    ...inspect,
    access: 'records.read',
    id: 'getMessageSetBytes',
    path: '/api/messages/:id/sets/:ordinal/bytes',
    summary: 'ST to SE of one set, exactly as received',
    description: 'A counterpart sees the sets that concern it, and nothing else of the file.',
    params: SetParams,
    answer: [200, Bytes],
    handler: async (ctx, { params, reply }) => {
      const bytes = await readSetBytes(ctx, params.id, params.ordinal)
      reply.headers({
        'content-type': 'application/edi-x12',
        'content-disposition': `attachment; filename="${params.id}-${params.ordinal}.edi"`,
      })
      return Readable.from([bytes])
    },
  })
  const operate = { method: 'POST', access: 'edi.operate', params: IdParams, answer: [202, NoAnswer] } as const
  operation(app, {
    ...operate,
    tag: 'edi',
    id: 'replayMessage',
    path: '/api/messages/:id/replay',
    summary: 'Process a quarantined message again',
    errors: ['exchange/nothing-to-replay'],
    handler: async (ctx, { params }) => {
      await replayMessage(ctx, params.id)
      return null
    },
  })
  operation(app, {
    ...operate,
    tag: 'edi',
    id: 'releaseMessage',
    path: '/api/messages/:id/release',
    summary: 'Let a control number conflict through and process the message',
    errors: ['exchange/nothing-to-replay'],
    handler: async (ctx, { params }) => {
      await replayMessage(ctx, params.id, { release: true })
      return null
    },
  })
  operation(app, {
    ...operate,
    tag: 'edi',
    id: 'resendMessage',
    path: '/api/messages/:id/resend',
    summary: 'Send a document again, with a new control number',
    errors: ['exchange/nothing-to-replay'],
    handler: async (ctx, { params }) => {
      await resendMessage(ctx, params.id)
      return null
    },
  })
  operation(app, {
    id: 'listDeadJobs',
    method: 'GET',
    path: '/api/jobs/dead',
    tag: 'jobs',
    access: 'edi.operate',
    summary: 'List work that failed for good',
    query: PageRequest,
    answer: [200, pageOf(DeadWork)],
    handler: (ctx, { query }) => listDeadWork(ctx, query),
  })
  operation(app, {
    ...operate,
    tag: 'jobs',
    id: 'retryDeadJob',
    path: '/api/jobs/dead/:id/retry',
    summary: 'Try failed work again',
    errors: ['jobs/not-dead'],
    handler: async (ctx, { params }) => {
      await retryDeadWork(ctx, params.id)
      return null
    },
  })
}
