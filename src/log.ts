import { pino, type DestinationStream, type Logger } from 'pino'
import { traceIds } from './telemetry.ts'

/** Never in a log, wherever an object with them is logged. */
const secrets = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-csrf-token',
  'password',
  'token',
  'secret',
  'query',
  'document',
  'body',
]

/**
 * The log of a process: JSON lines, or readable ones at a terminal, with the trace they belong to, without secrets and
 * payloads. `destination` is for tests.
 */
export const createLogger = (
  config: { readonly LOG_LEVEL: string },
  { pretty = false, destination }: { pretty?: boolean; destination?: DestinationStream } = {},
): Logger => {
  const options = {
    level: config.LOG_LEVEL,
    base: null,
    redact: { paths: secrets.flatMap(name => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]), censor: '[redacted]' },
    mixin: traceIds,
    serializers: { err: errorLine },
  }
  if (destination) return pino(options, destination)
  return pino(pretty ? { ...options, transport: { target: 'pino-pretty' } } : options)
}

/** Drivers hang the query, its parameters and the whole connection on their errors; of these only what went wrong is logged. */
const errorLine = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause: errorLine(cause) }),
  }
}
