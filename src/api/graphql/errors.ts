import type { FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import type { Logger } from '../../db/context.ts'
import { errorTable, type ErrorCode } from '../../shared/errors.ts'
import { problemOf } from '../problem.ts'

/** mercurius wraps what validation found. */
type Failed = { readonly code?: string; readonly errors?: readonly unknown[] }

/** Every error of a document, with REST's code in `extensions`. Bugs are logged and say nothing of what went wrong inside. */
export const formatErrors = (
  errors: readonly unknown[],
  log: Pick<Logger, 'error'>,
  requestId: string,
): GraphQLFormattedError[] =>
  errors.flatMap(error => {
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error
    const { code, errors: found } = original as Failed
    if (code === 'MER_ERR_GQL_VALIDATION' && found) return formatErrors(found, log, requestId)
    return [format(error, original, log, requestId)]
  })

const format = (error: unknown, original: unknown, log: Pick<Logger, 'error'>, requestId: string): GraphQLFormattedError => {
  const place =
    error instanceof GraphQLError
      ? { ...(error.locations && { locations: error.locations }), ...(error.path && { path: error.path }) }
      : {}
  const own = original instanceof GraphQLError ? original : undefined
  if (own) {
    // Found while parsing or validating: what it says is about the document.
    const code = codeOf(own)
    return { message: own.message, ...place, extensions: { code, status: errorTable[code][0] } }
  }
  const { title, detail, code, status, errors, params } = problemOf(original, requestId)
  if (code === 'hub/internal') log.error({ err: original }, 'a GraphQL field failed')
  return {
    message: detail ?? title,
    ...place,
    extensions: { code, status, instance: requestId, ...(errors && { errors }), ...(params && { params }) },
  }
}

const codeOf = ({ extensions }: GraphQLError): ErrorCode => {
  const given = extensions.code
  return typeof given === 'string' && given in errorTable ? (given as ErrorCode) : 'request/query-invalid'
}

/** For documents that ran: 200 as soon as there is data, otherwise the status of the first error. */
export const formatExecution = (execution: ExecutionResult, request: FastifyRequest) => {
  const errors = formatErrors(execution.errors ?? [], request.log, request.id)
  return { statusCode: execution.data ? 200 : statusOf(errors), response: { data: execution.data ?? null, errors } }
}

/** For requests that did not come to run a document. */
export const handleGraphError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  const errors = formatErrors([error], request.log, request.id)
  const status = statusOf(errors)
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="accord"')
  void reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer((text: string) => text)
    .send(JSON.stringify({ data: null, errors }))
}

const statusOf = ([first]: readonly GraphQLFormattedError[]): number => {
  const status = first?.extensions?.status
  return typeof status === 'number' ? status : 400
}
