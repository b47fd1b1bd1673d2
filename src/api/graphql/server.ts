import type { FastifyInstance, FastifyRequest } from 'fastify'
import { specifiedRules, validate } from 'graphql'
import mercurius from 'mercurius'
import { authenticateKey, authenticateSession } from '../../identity/service.ts'
import { DomainError } from '../../shared/errors.ts'
import { contextOf, requireAccess, type Identified } from '../authentication.ts'
import type { EventSource } from '../../db/events.ts'
import type { GraphContext } from './builder.ts'
import { formatExecution, handleGraphError } from './errors.ts'
import { checkCost, limits, sizeRule } from './limits.ts'
import { schema } from './schema.ts'

/**
 * GraphQL at /graphql for everybody who is signed in: queries and mutations by POST (queries by GET too), subscriptions by
 * WebSocket, a batch of at most ten documents. A document is compiled when it comes a second time.
 */
export const registerGraphql = async (app: FastifyInstance, events: EventSource): Promise<void> => {
  const signedIn = requireAccess('signed-in')
  await app.register(mercurius, {
    schema,
    path: '/graphql',
    graphiql: false,
    jit: 1,
    graphql: { parseOptions: { maxTokens: limits.tokens }, validateOptions: { maxErrors: 20 } },
    validationRules: [sizeRule],
    allowBatchedQueries: true,
    // It is made for refusals too, when nobody is known.
    context: request => (request.identified ? { ...graphContext(request, events) } : {}),
    errorFormatter: (execution, context) => formatExecution(execution, requestOf(context)),
    errorHandler: handleGraphError,
    additionalRouteOptions: {
      // A browser cannot send a key with the upgrade of a WebSocket: it comes with the first message instead.
      preParsing: async function (request, reply, payload) {
        return isSocket(request) ? payload : signedIn.call(this, request, reply, payload)
      },
      preValidation: async request => {
        if (isSocket(request)) requireOwnOrigin(request)
        else checkForm(request.body ?? request.query)
      },
    },
    subscription: {
      keepAlive: 30_000,
      context: (_socket, request) =>
        request.identified ? { ...liveContext(app, request, request.identified, events) } : { anonymous: request },
      onConnect: async ({ payload }) => keyIn(payload) ?? true,
    },
  })
  app.graphql.addHook('preExecution', (_schema, document, _context, variables) => {
    checkCost(schema, document, variables as Record<string, unknown> | undefined)
  })
  app.graphql.addHook('preSubscriptionExecution', async (_schema, document, context) => {
    await admit(app, context as unknown as Socket, events)
    const [fault] = validate(schema, document, [...specifiedRules, sizeRule], { maxErrors: 1 })
    if (fault) throw fault
    checkCost(schema, document, {})
  })
}

const isSocket = (request: FastifyRequest): boolean => (request as { ws?: boolean }).ws === true

const graphContext = (request: FastifyRequest, events: EventSource): GraphContext => ({
  service: contextOf(request),
  events,
  requestId: request.id,
  loaders: new Map(),
  idempotencyKey: request.headers['idempotency-key'] as string | undefined,
})

const requestOf = (context: unknown): FastifyRequest => {
  const { reply, request } = context as { reply?: { request: FastifyRequest }; request?: FastifyRequest }
  const found = reply?.request ?? request
  if (!found) throw new Error('a GraphQL context has its request')
  return found
}

type Body = { query?: unknown; operationName?: unknown }

/**
 * Bounds a batch, refuses documents given as a syntax tree, which the token limit would not see, and tells documents with
 * several operations apart by the one that is to run: compiled ones are kept by their text.
 */
const checkForm = (given: unknown): void => {
  const bodies = (Array.isArray(given) ? given : [given]) as (Body | null)[]
  if (bodies.length > limits.operationsPerBatch)
    throw new DomainError('request/query-too-complex', {
      detail: `A batch has at most ${limits.operationsPerBatch} documents.`,
      limit: limits.operationsPerBatch,
    })
  for (const body of bodies) {
    if (typeof body?.query !== 'string' || /^\s*\{\s*"/.test(body.query))
      throw new DomainError('request/query-invalid', { detail: 'Send {"query": "…"} with a GraphQL document as text.' })
    if (typeof body.operationName === 'string' && /^\w+$/.test(body.operationName)) body.query += `\n#${body.operationName}`
  }
}

/** Another site's page may open a WebSocket with this site's cookies; the browser says whose page it is. */
const requireOwnOrigin = (request: FastifyRequest): void => {
  const { origin, host } = request.headers
  if (origin === undefined || !request.identified?.session) return
  const own = request.server.accord.config.PUBLIC_URL
  if (origin !== (own ? new URL(own).origin : `${request.protocol}://${host}`)) throw new DomainError('request/csrf')
}

type Socket = Partial<GraphContext> & { anonymous?: FastifyRequest; key?: string }

const keyIn = (payload: unknown): { key: string } | undefined => {
  const { headers, ...rest } = (payload ?? {}) as Record<string, unknown>
  const given = { ...rest, ...(typeof headers === 'object' ? headers : {}) } as Record<string, unknown>
  const key = given['x-api-key'] ?? given.authorization ?? given.Authorization
  return typeof key === 'string' && key !== '' ? { key: key.replace(/^Bearer /, '') } : undefined
}

/** Completes the context of a socket that was opened without credentials and sent a key with its first message. */
const admit = async (app: FastifyInstance, socket: Socket, events: EventSource): Promise<void> => {
  if (socket.service) return
  const { db, now } = app.accord
  const actor = socket.key === undefined || !socket.anonymous ? undefined : await authenticateKey(db, socket.key, now())
  if (!actor || !socket.anonymous || socket.key === undefined) throw new DomainError('identity/unauthenticated')
  Object.assign(socket, liveContext(app, socket.anonymous, { actor }, events, socket.key))
}

const liveContext = (
  app: FastifyInstance,
  request: FastifyRequest,
  { actor, token }: Identified,
  events: EventSource,
  key?: string,
): GraphContext => {
  const { db, now } = app.accord
  const given = key ?? (request.headers['x-api-key'] as string | undefined) ?? request.headers.authorization?.slice(7)
  return {
    service: { db, now, actor, log: request.log },
    events,
    requestId: request.id,
    loaders: new Map(),
    idempotencyKey: undefined,
    stillValid: async () => {
      const known =
        token === undefined ? given && (await authenticateKey(db, given, now())) : await authenticateSession(db, token, now())
      return Boolean(known)
    },
  }
}
