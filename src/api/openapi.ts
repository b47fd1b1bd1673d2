import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { TSchema } from 'typebox'
import { DomainError, errorTable, type ErrorCode } from '../shared/errors.ts'
import { cookieName } from './authentication.ts'
import { exampleOf } from './examples.ts'
import { tags, type OperationNotes } from './operation.ts'
import { problemOf } from './problem.ts'
import { namedSchemas, withReferences } from './schemas.ts'
import { relaxPolicy } from './security.ts'

const introduction = [
  'Accord is a hub on which buyers and sellers keep one shared record of orders, shipments, invoices and forecasts.',
  '**Who asks**: send an API key (`Authorization: Bearer ak_…` or `x-api-key`), or sign in at `POST /api/session`; ' +
    "with the session's cookie every change also needs `x-csrf-token`.",
  '**Repeating safely**: every POST takes an `Idempotency-Key`; the same key and request within 24 hours gives the same answer.',
  "**Editing**: a record's ETag is its version; send it back as `If-Match`.",
  '**Lists** are read page by page with `limit` and `cursor`, as long as `nextCursor` is not null.',
  '**Refusals** are `application/problem+json` with a stable `code`. Quantities and money are decimal texts, instants are UTC, ' +
    'business dates are YYYY-MM-DD.',
].join('\n\n')

type OpenApiOperation = {
  operationId?: string
  security?: unknown
  parameters?: unknown[]
  responses?: Record<string, unknown>
  requestBody?: { required?: boolean; content: Record<string, { schema?: TSchema; example?: unknown }> }
}
type Answer = { description?: string; headers?: object; content?: Record<string, { schema?: TSchema; example?: unknown }> }
const answers: Readonly<Record<string, string>> = {
  200: 'Here it is.',
  201: 'Made.',
  202: 'Taken; the work follows.',
  204: 'Done.',
}

/** The OpenAPI 3.1 document of every route registered after this, at /openapi.json, and its pages at /docs. */
export const registerOpenApi = async (app: FastifyInstance): Promise<void> => {
  const { config } = app.accord
  for (const [name, schema] of namedSchemas) app.addSchema({ ...(withReferences(schema, true) as object), $id: name })
  const notes = new Map<string, { note: OperationNotes; answer: TSchema | undefined; body: TSchema | undefined }>()
  app.addHook('onRoute', route => {
    const { operation } = route.config ?? {}
    if (!operation || route.method === 'HEAD' || !route.schema?.operationId) return
    const [answer] = Object.values(route.schema.response ?? {}) as TSchema[]
    notes.set(route.schema.operationId, { note: operation, answer, body: route.schema.body as TSchema | undefined })
    referToNamed(route)
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Accord',
        version: '1',
        description: introduction,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as { name: string },
      },
      ...(config.PUBLIC_URL && { servers: [{ url: config.PUBLIC_URL }] }),
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      components: {
        examples: Object.fromEntries(
          (Object.keys(errorTable) as ErrorCode[]).map(code => [exampleName(code), { value: problemOf(new DomainError(code)) }]),
        ),
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'API key, ak_…' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: cookieName(config),
            description: 'Session cookie; changes also need x-csrf-token.',
          },
        },
      },
    },
    hideUntagged: true,
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => (typeof json.$id === 'string' ? json.$id : `schema-${index}`),
    },
    transformObject: document => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const shared: Record<string, object> = {}
      for (const [path, methods] of Object.entries(document.openapiObject.paths ?? {}))
        for (const [method, operation] of Object.entries(methods as Record<string, OpenApiOperation>)) {
          const known = operation.operationId === undefined ? undefined : notes.get(operation.operationId)
          if (known) complete(operation, method, path, known, shared)
        }
      document.openapiObject.components = {
        ...document.openapiObject.components,
        responses: shared as Record<string, { description: string }>,
      }
      return document.openapiObject
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { deepLinking: true, persistAuthorization: false, tryItOutEnabled: true },
    uiHooks: {
      onRequest: (_request, reply, done) => {
        relaxPolicy(reply)
        done()
      },
    },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Schemas with a name become references, so that OpenAPI has components and validators are compiled once. */
const referToNamed = (route: RouteOptions): void => {
  const { schema } = route
  if (!schema) return
  for (const part of ['body', 'querystring', 'params'] as const)
    if (schema[part] !== undefined) schema[part] = withReferences(schema[part])
  if (schema.response) schema.response = withReferences(schema.response)
}

const alwaysPossible: readonly ErrorCode[] = ['request/rate-limited', 'hub/internal', 'hub/unavailable']

/** Adds what the schemas do not say: who may, headers, examples, and every refusal with its code. */
const complete = (
  operation: OpenApiOperation,
  method: string,
  path: string,
  { note, answer, body }: { note: OperationNotes; answer: TSchema | undefined; body: TSchema | undefined },
  shared: Record<string, object>,
): void => {
  operation.security = note.access === 'anyone' ? [] : [{ key: [] }, { session: [] }]
  const headers = [
    ...(method === 'post' && note.access !== 'anyone'
      ? [header('Idempotency-Key', 'Makes it safe to send the request again; up to 255 characters, for 24 hours.', false)]
      : []),
    ...(note.ifMatch ? [header('If-Match', 'The ETag that was read.', note.ifMatch === 'required')] : []),
  ]
  if (headers.length > 0) operation.parameters = [...(operation.parameters ?? []), ...headers]
  if (note.consumes)
    operation.requestBody = {
      required: true,
      content: structuredClone(note.consumes) as Record<string, { schema?: TSchema; example?: unknown }>,
    }
  for (const content of Object.values(operation.requestBody?.content ?? {}))
    content.example ??= note.example ?? (body ? exampleOf(body) : undefined)
  const responses = operation.responses ?? {}
  for (const [status, response] of Object.entries(responses) as [string, Answer][]) {
    response.description = answers[status] ?? 'Done.'
    for (const content of Object.values(response.content ?? {})) content.example ??= answer ? exampleOf(answer) : undefined
    if (note.etag)
      response.headers = {
        ETag: { description: 'The version of the record, for If-Match and If-None-Match.', schema: { type: 'string' } },
      }
  }
  for (const [status, codes] of refusals(note, method, path, body)) {
    const name = codes.map(exampleName).join('.')
    shared[name] ??= refusal(codes)
    responses[status] = { $ref: `#/components/responses/${name}` }
  }
  operation.responses = responses
}

const refusal = (codes: readonly ErrorCode[]) => ({
  description: codes.map(code => `\`${code}\`: ${errorTable[code][1]}`).join('\n\n'),
  content: {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(
        codes.map(code => [exampleName(code), { $ref: `#/components/examples/${exampleName(code)}` }]),
      ),
    },
  },
})
const exampleName = (code: ErrorCode): string => code.replace('/', '-')

const header = (name: string, description: string, required: boolean) => ({
  name,
  in: 'header',
  description,
  required,
  schema: { type: 'string' },
})

/** The codes that an operation can refuse with, by status. */
const refusals = (note: OperationNotes, method: string, path: string, body: TSchema | undefined): Map<number, ErrorCode[]> => {
  const codes = new Set<ErrorCode>([
    ...(note.errors ?? []),
    ...(note.access === 'anyone' ? [] : ['identity/unauthenticated' as const]),
    ...(note.access === 'anyone' || note.access === 'signed-in' ? [] : ['identity/forbidden' as const]),
    ...(note.access !== 'anyone' && method !== 'get' ? ['request/csrf' as const] : []),
    ...(path.includes('{') ? ['record/not-found' as const] : []),
    ...(body || method === 'get' ? ['request/invalid' as const] : []),
    ...(body ? ['request/unsupported-media-type' as const, 'request/too-large' as const] : []),
    ...(method === 'post' && note.access !== 'anyone'
      ? ['request/idempotency-conflict' as const, 'request/idempotency-in-progress' as const]
      : []),
    ...(note.ifMatch ? ['request/precondition-failed' as const] : []),
    ...(note.ifMatch === 'required' ? ['request/precondition-required' as const] : []),
    ...alwaysPossible,
  ])
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of [...codes].toSorted()) {
    const [status] = errorTable[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return new Map([...byStatus].toSorted(([a], [b]) => a - b))
}
