import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { DomainError, errorTable, type ErrorCode } from '../shared/errors.ts'

/** A refusal as it is answered over HTTP: RFC 9457, with our code and, for bodies, every fault with its place. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Address that explains this kind of problem.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable name of the problem; the same as extensions.code in GraphQL.' }),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String({ description: 'Id of the request, as the log has it.' })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ pointer: Type.String({ description: 'JSON pointer to the value at fault.' }), detail: Type.String() }),
      ),
    ),
    params: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Facts about this case: which line, which limit, which value.' }),
    ),
  },
  { $id: 'Problem' },
)
export type Problem = Static<typeof Problem>

export const problemType = 'application/problem+json; charset=utf-8'

/** Fastify's own refusals and what they are here. */
const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_VALIDATION: 'request/invalid',
  FST_ERR_BAD_URL: 'request/invalid',
  FST_ERR_NOT_FOUND: 'request/not-found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request/too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request/unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request/invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request/invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request/invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'request/not-found',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'request/unsupported-media-type',
  FST_REQ_FILE_TOO_LARGE: 'request/too-large',
  FST_FILES_LIMIT: 'request/too-large',
  FST_PARTS_LIMIT: 'request/too-large',
  MER_ERR_GQL_CSRF_PREVENTION: 'request/csrf',
  MER_ERR_METHOD_NOT_ALLOWED: 'request/method-not-allowed',
}

/** The database is away, overtaxed, or asks to try again: SQLSTATE classes 08, 53, 57P and conflicts, and broken connections. */
const isPassing = ({ code, syscall }: { code?: string; syscall?: string }): boolean =>
  code !== undefined && (/^(08|53|57P)|^(40001|40P01|55P03)$|^CONNECT/.test(code) || syscall === 'connect')

/** What the database says of values that it cannot hold, which only a request can have brought; a schema cannot tell all of them. */
const faultyValues: Readonly<Record<string, string>> = {
  '22021': 'A text holds a character that cannot be stored, such as NUL.',
  '22P05': 'A text holds a character that cannot be stored, such as NUL or half of a surrogate pair.',
  '22P02': 'A value has not the form of what it stands for.',
  '22003': 'A number is out of range.',
  '22007': 'A date or time has not the form of one.',
  '22008': 'A date or time does not exist.',
}

/** A refusal of ours: what was thrown if it is one already, its equal for Fastify's and the database's; undefined for a bug. */
export const asDomainError = (error: unknown): DomainError | undefined => {
  if (error instanceof DomainError) return error
  if (!(error instanceof Error)) return undefined
  const { code = '', statusCode, validation, validationContext } = error as FastifyError
  if (validation) return invalid(validation, validationContext)
  const known = fastifyCodes[code]
  if (known) return new DomainError(known, known === 'request/not-found' ? {} : { detail: error.message })
  if (isPassing(error as FastifyError)) return new DomainError('hub/unavailable')
  const faulty = faultyValues[code]
  if (faulty) return new DomainError('request/invalid', { detail: faulty })
  if (statusCode === 429) return new DomainError('request/rate-limited', { detail: error.message })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new DomainError('request/invalid', { detail: error.message })
  return undefined
}

type Fault = { instancePath: string; message?: string; keyword?: string; params?: Record<string, unknown> }
const places: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'headers', body: '' }

const invalid = (faults: readonly Fault[], context = 'body'): DomainError => {
  const prefix = places[context] ? `/${places[context]}` : ''
  // A choice fails once for each of its values, and once more as a whole: said as one fault with all of them.
  const choices = new Map<string, unknown[]>()
  for (const { instancePath, keyword, params } of faults)
    if (keyword === 'const') choices.set(instancePath, [...(choices.get(instancePath) ?? []), params?.allowedValue])
  const told = faults.filter(
    ({ instancePath, keyword }, index) =>
      !choices.has(instancePath) ||
      (keyword === 'const'
        ? faults.findIndex(other => other.keyword === 'const' && other.instancePath === instancePath) === index
        : keyword !== 'anyOf'),
  )
  const errors = told.map(fault => ({
    pointer: prefix + fault.instancePath + missing(fault),
    detail: detailOf(fault, choices.get(fault.instancePath)),
  }))
  const [first] = errors
  return new DomainError('request/invalid', {
    detail: first ? `${first.pointer || 'The body'} ${first.detail}.` : 'The request is not valid.',
    errors,
  })
}
const detailOf = ({ keyword, message = 'is not valid' }: Fault, choices: readonly unknown[] = []): string => {
  if (keyword === 'additionalProperties') return 'is not known here'
  if (keyword === 'const' && choices.length > 0) return `must be ${choices.length > 1 ? 'one of ' : ''}${choices.join(', ')}`
  return message
}
const missing = ({ keyword, params }: Fault): string => {
  const name =
    keyword === 'required' ? params?.missingProperty : keyword === 'additionalProperties' ? params?.additionalProperty : undefined
  return typeof name === 'string' ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''
}

/** The problem of a refusal; of a bug, one that says nothing of what went wrong inside. */
export const problemOf = (error: unknown, requestId?: string): Problem => {
  const { code, status, params, message } = asDomainError(error) ?? new DomainError('hub/internal')
  const { detail: _detail, errors, ...facts } = params
  const title = errorTable[code][1]
  return {
    type: `/problems/${code}`,
    title,
    status,
    code,
    ...(message !== title && { detail: message }),
    ...(requestId !== undefined && { instance: requestId }),
    ...(Array.isArray(errors) && { errors: (errors as Faulty[]).map(withPointer) }),
    ...(Object.keys(facts).length > 0 && { params: facts }),
  }
}

/** A fault of many, named by its pointer or by where it is in a forecast. */
type Faulty = { pointer?: string; detail?: string; series?: number; point?: number }
const withPointer = ({
  pointer,
  detail = 'is not valid',
  series,
  point,
  ...rest
}: Faulty): { pointer: string; detail: string } => ({
  pointer: pointer ?? (series === undefined ? '' : `/series/${series}${point === undefined ? '' : `/points/${point}`}`),
  detail,
  ...rest,
})

/** Answers every error as a problem. Bugs are logged with their stack; what went wrong inside stays inside. */
export const handleError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  const problem = problemOf(error, request.id)
  if (problem.code === 'hub/internal') request.log.error({ err: error }, 'a request failed')
  else if (faultyValues[(error as FastifyError).code])
    request.log.info({ sqlstate: (error as FastifyError).code }, 'a request held a value that cannot be')
  else if (problem.status >= 500) request.log.warn({ err: error }, 'a request could not be served')
  if (problem.status === 503) reply.header('retry-after', '5')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="accord"')
  sendProblem(reply, problem)
}

export const sendProblem = (reply: FastifyReply, problem: Problem): void => {
  // As text, so that no response schema of the route has a say in it.
  void reply
    .code(problem.status)
    .type(problemType)
    .serializer((text: string) => text)
    .send(JSON.stringify(problem))
}
