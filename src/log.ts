import { pino, type DestinationStream, type Logger } from 'pino'
import type { Config } from './config.ts'
import { traceIds } from './telemetry.ts'

/** Never in a log, wherever an object with them is logged. */
const secrets = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-csrf-token', 'password', 'token', 'secret', 'query', 'document', 'body']

/** The log of a process: JSON lines, with the trace they belong to, without secrets and payloads. */
export const createLogger = (config: Pick<Config, 'LOG_LEVEL'>, destination?: DestinationStream): Logger => {
  const options = {
    level: config.LOG_LEVEL,
    base: null,
    redact: { paths: secrets.flatMap(name => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]), censor: '[redacted]' },
    mixin: traceIds,
  }
  return destination ? pino(options, destination) : pino(options)
}
