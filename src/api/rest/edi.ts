import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Type, type Static } from 'typebox'
import { OutboxItem, Receipt } from '../../exchange/schema.ts'
import { confirmOutbox, listOutbox, receive } from '../../exchange/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { DomainError } from '../../shared/errors.ts'
import { contextOf } from '../authentication.ts'
import { bodyError, bodyOf } from '../body.ts'
import { onceStreamed } from '../idempotency.ts'
import { NoAnswer, operation, pageOf } from '../operation.ts'

const x12Types = ['application/edi-x12', 'application/x12'] as const
const Receipts = Type.Object({
  ...Receipt.properties,
  messages: Type.Array(Receipt, { description: 'One for each file of a multipart form; else this one.' }),
})
const EdiFile = Type.Object({
  file: Type.String({ contentMediaType: 'application/edi-x12', description: 'One or more X12 files.' }),
})
const EdiText = Type.String({ description: 'One or more interchanges, ISA to IEA.', contentMediaType: 'application/edi-x12' })
const sample =
  'ISA*00*          *00*          *ZZ*NORTHGATE      *ZZ*ACCORDHUB      *260302*0930*U*00401*000000001*0*P*>~GS*PO*…'

/** The door for X12. In a scope of its own: its bodies are not JSON. */
export const registerEdi = async (app: FastifyInstance): Promise<void> => {
  const { MAX_BODY_BYTES: limitBytes } = app.accord.config
  // Nothing but X12 here, read by the handler as it comes: the largest bodies are 200 MB.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...x12Types], (_request, body, done) => {
    done(null, body)
  })
  await app.register(multipart, { limits: { files: 100, fields: 20, fileSize: limitBytes + 1, headerPairs: 50 } })

  operation(app, {
    id: 'sendEdi',
    method: 'POST',
    path: '/api/edi',
    tag: 'edi',
    access: 'edi.send',
    summary: 'Send X12',
    description:
      'Answered as soon as the exact bytes are safe; the 997 comes back through your channel. Content-Encoding gzip and ' +
      'deflate are taken. The same bytes again get the same message id and nothing is done twice.',
    consumes: { [x12Types[0]]: { schema: EdiText, example: sample }, 'multipart/form-data': { schema: EdiFile } },
    answer: [202, Receipts],
    errors: [
      'exchange/empty',
      'exchange/not-x12',
      'exchange/truncated',
      'exchange/bad-compression',
      'request/too-large',
      'request/unsupported-media-type',
    ],
    ownIdempotency: true,
    handler: async (ctx, { request, reply }) => {
      try {
        const key = request.headers['idempotency-key']
        if (key === undefined) return summary(await receiveAll(request, limitBytes))
        const { answer, replayed } = await onceStreamed(ctx, String(key), {
          run: async () => {
            const answer = summary(await receiveAll(request, limitBytes))
            return { answer, fingerprint: digest(answer.messages.map(({ sha256 }) => sha256)) }
          },
          fingerprint: async () => digest(await hashAll(request, limitBytes)),
        })
        if (replayed) reply.header('idempotency-replayed', 'true')
        return answer
      } catch (error) {
        // What is left of the body is not read any more.
        reply.header('connection', 'close')
        throw bodyError(error)
      }
    },
  })
}

/** X12 that waits for the caller. */
export const registerOutbox = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listOutbox',
    method: 'GET',
    path: '/api/edi/outbox',
    tag: 'edi',
    access: 'edi.fetch',
    summary: 'List X12 that waits for you, oldest first',
    description: 'Fetch each with GET /api/messages/{id}/bytes, then acknowledge it.',
    query: PageRequest,
    answer: [200, pageOf(OutboxItem)],
    handler: (ctx, { query }) => listOutbox(ctx, query),
  })
  operation(app, {
    id: 'acknowledgeOutbox',
    method: 'POST',
    path: '/api/edi/outbox/:messageId/acknowledge',
    tag: 'edi',
    access: 'edi.fetch',
    summary: 'Say that you have a message safely',
    description: 'It leaves the outbox. Saying so again changes nothing. This is not the 997, which says that you could read it.',
    params: Type.Object({ messageId: Type.String({ minLength: 1, maxLength: 60 }) }),
    answer: [204, NoAnswer],
    handler: async (ctx, { params }) => {
      await confirmOutbox(ctx, params.messageId)
      return null
    },
  })
}

type Receipted = Static<typeof Receipt>
const summary = (messages: Receipted[]): Static<typeof Receipts> => {
  const [first] = messages
  if (!first) throw new DomainError('exchange/empty')
  return { ...first, messages }
}
const digest = (hashes: readonly string[]): Buffer => createHash('sha256').update(hashes.join()).digest()

const receiveAll = (request: FastifyRequest, limitBytes: number): Promise<Receipted[]> => {
  const ctx = contextOf(request)
  return eachFile(request, limitBytes, (body, contentType) => receive(ctx, body, { transport: 'http', contentType }))
}

/** The hashes of the bodies, for a request that may have been answered before. */
const hashAll = (request: FastifyRequest, limitBytes: number): Promise<string[]> =>
  eachFile(request, limitBytes, async body => {
    const hash = createHash('sha256')
    for await (const piece of body) hash.update(piece)
    return hash.digest('hex')
  })

/** Calls `take` with the raw body, or with each file of a form in turn. */
const eachFile = async <T>(
  request: FastifyRequest,
  limitBytes: number,
  take: (body: AsyncIterable<Uint8Array>, contentType: string) => Promise<T>,
): Promise<T[]> => {
  const { 'content-encoding': encoding, 'content-length': contentLength } = request.headers
  if (!request.isMultipart()) {
    if (!request.body)
      throw new DomainError('request/unsupported-media-type', { detail: `Send ${x12Types[0]} or multipart/form-data.` })
    const body = bodyOf(request.body as Readable, {
      limitBytes,
      ...(encoding && { encoding }),
      ...(contentLength && { contentLength }),
    })
    return [await take(body, x12Types[0])]
  }
  if (encoding !== undefined && encoding !== 'identity')
    throw new DomainError('request/unsupported-media-type', {
      detail: 'A form is not compressed as a whole; compress its files and call them application/gzip.',
    })
  const taken: T[] = []
  for await (const part of request.files()) {
    const packed = /^application\/(x-)?gzip$/.test(part.mimetype)
    taken.push(await take(bodyOf(part.file, { limitBytes, ...(packed && { encoding: 'gzip' }) }), x12Types[0]))
  }
  return taken
}
