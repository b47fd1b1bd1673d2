import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'
import type { Context } from '../db/context.ts'
import type { Action } from '../identity/rules.ts'
import { DomainError, type ErrorCode } from '../shared/errors.ts'
import { contextOf, requireAccess } from './authentication.ts'
import { once } from './idempotency.ts'

/** Who may call an operation: those allowed an action, everybody who is signed in, or anyone at all. */
export type Access = Action | 'signed-in' | 'anyone'

export type Tag = keyof typeof tags
/** The chapters of the API's documentation. */
export const tags = {
  session: 'Sign in, sign out, who am I.',
  administration: 'Users, API keys and the audit log of your organisation.',
  partners: 'Organisations you trade with, partnerships and their settings, locations.',
  guides: 'What you and your partners want of X12 beside the standard: drafts, previews, what is in force.',
  items: "Items, both sides' numbers, prices, and imports of master data.",
  orders: 'Purchase orders, answers and what may be shipped on them.',
  shipments: 'Ship notices with pallets, cartons and SSCCs.',
  receipts: 'What arrived: receiving advices, and what sellers say to the differences.',
  invoices: 'Invoices.',
  forecasts: 'Forecasts of both sides and their comparison.',
  exceptions: 'What does not agree, with its evidence.',
  edi: 'X12 in and out over HTTP, and every message with its findings.',
  jobs: 'Work that failed for good.',
} as const

export const NoAnswer = Type.Null({ description: 'Nothing.' })
export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 60, description: 'Id of the record.' }) })
const Nothing = Type.Object({})

export type Input<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
  /** The version in If-Match. */
  readonly ifVersion: number | undefined
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export type Operation<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> = {
  /** Name in the generated clients: verb and noun, like the service's. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly tag: Tag
  readonly summary: string
  readonly description?: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer: readonly [status: 200 | 201 | 202 | 204, schema: R]
  /** What it can refuse with, beside what every operation can. */
  readonly errors?: readonly ErrorCode[]
  readonly example?: Static<B>
  /** Edits need the ETag that was read; 'optional' where a change may also be made blindly. */
  readonly ifMatch?: 'required' | 'optional'
  /** Fields of the answer that are shown once and never stored for an Idempotency-Key. */
  readonly secrets?: readonly string[]
  /** The service commits by itself, so an Idempotency-Key cannot commit together with it. */
  readonly apart?: boolean
  /** The handler sees to the Idempotency-Key itself, as it must where the body is a stream. */
  readonly ownIdempotency?: boolean
  /** Bodies that are not JSON and that the handler reads itself, by content type. */
  readonly consumes?: Readonly<Record<string, { readonly schema: TSchema; readonly example?: unknown }>>
  readonly bodyLimit?: number
  readonly rateLimitPerMinute?: number
}
type Handled<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> =
  | { readonly access: 'anyone'; readonly open: (input: Input<P, Q, B>) => Promise<Static<R>> }
  | { readonly access: Exclude<Access, 'anyone'>; readonly handler: (ctx: Context, input: Input<P, Q, B>) => Promise<Static<R>> }

/** What the OpenAPI document says of a route beyond its schemas. */
export type OperationNotes = Pick<
  Operation<TSchema, TSchema, TSchema, TSchema>,
  'errors' | 'example' | 'ifMatch' | 'consumes'
> & { readonly access: Access; readonly etag: boolean }

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationNotes
  }
}

/**
 * Registers one operation of the REST API: documentation, schemas, access, preconditions and Idempotency-Key in one place,
 * so that a handler is the call of a service and nothing else.
 */
export const operation = <
  P extends TSchema = typeof Nothing,
  Q extends TSchema = typeof Nothing,
  B extends TSchema = typeof Nothing,
  R extends TSchema = typeof NoAnswer,
>(
  app: FastifyInstance,
  definition: Operation<P, Q, B, R> & Handled<P, Q, B, R>,
): void => {
  const {
    id,
    method,
    path,
    tag,
    summary,
    description,
    access,
    params,
    query,
    body,
    answer: [status, schema],
    ifMatch,
    secrets = [],
    apart = false,
  } = definition
  const etag = hasVersion(schema)
  const notes: OperationNotes = {
    access,
    etag,
    ...(definition.errors && { errors: definition.errors }),
    ...(definition.example !== undefined && { example: definition.example }),
    ...(ifMatch && { ifMatch }),
    ...(definition.consumes && { consumes: definition.consumes }),
  }
  const handle: RouteHandlerMethod = async (request, reply) => {
    const input = {
      params: request.params as Static<P>,
      query: request.query as Static<Q>,
      body: request.body as Static<B>,
      ifVersion: ifMatch ? versionIn(request.headers['if-match'], ifMatch) : undefined,
      request,
      reply,
    }
    const result = await run(input)
    reply.code(status)
    if (etag) {
      const tagged = `"${(result as { version: number }).version}"`
      reply.header('etag', tagged)
      if (method === 'GET' && request.headers['if-none-match'] === tagged) return reply.code(304).send()
    }
    return status === 204 ? reply.send() : result
  }
  const run = async (input: Input<P, Q, B>): Promise<Static<R>> => {
    if (definition.access === 'anyone') return definition.open(input)
    const { request, reply } = input
    const { handler } = definition
    return method === 'POST' && !definition.ownIdempotency && request.headers['idempotency-key'] !== undefined
      ? once(contextOf(request), request, reply, { secrets, apart }, ctx => handler(ctx, input))
      : handler(contextOf(request), input)
  }
  app.route({
    method,
    url: path,
    handler: handle,
    schema: {
      operationId: id,
      summary,
      tags: [tag],
      ...(description && { description }),
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: { [status]: schema },
    },
    preParsing: requireAccess(access),
    ...(definition.bodyLimit !== undefined && { bodyLimit: definition.bodyLimit }),
    config: {
      operation: notes,
      ...(definition.rateLimitPerMinute !== undefined && {
        rateLimit: { max: definition.rateLimitPerMinute, timeWindow: 60_000 },
      }),
    },
  })
}

/** Whether the schema is an object with a version: then its ETag is that version. */
const hasVersion = (schema: TSchema): boolean => 'version' in ((schema as { properties?: object }).properties ?? {})

const versionIn = (header: string | undefined, need: 'required' | 'optional'): number | undefined => {
  if (header === undefined || header === '*') {
    if (need === 'required') throw new DomainError('request/precondition-required')
    return undefined
  }
  const [, version] = /^(?:W\/)?"(\d{1,9})"$/.exec(header.trim()) ?? []
  if (version === undefined)
    throw new DomainError('request/precondition-failed', { detail: 'If-Match is not an ETag of this record.' })
  return Number(version)
}

/** A page of a list: `?limit=&cursor=`, the next cursor null on the last page. */
export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Pass it as ?cursor= to read on; null on the last page.',
    }),
  })
