import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import envSchema from 'env-schema'
import { Type, type Static } from 'typebox'
import { ConfigError } from './shared/errors.ts'

export { ConfigError } from './shared/errors.ts'

const megabyte = 1024 * 1024

/**
 * Every setting of the hub, under the name of its environment variable. `.env.example` lists the same names with the
 * same defaults; a test holds them together.
 */
const Settings = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 4000 }),
  HOST: Type.String({ default: '127.0.0.1' }),
  PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  TRUST_PROXY: Type.Boolean({ default: false }),
  ROLES: Type.String({ pattern: '^\\s*(api|worker)\\s*(,\\s*(api|worker)\\s*)?$', default: 'api,worker' }),
  DATA_DIR: Type.String({ minLength: 1, default: '.data' }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 200, default: 10 }),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^(rediss?|unix)://' })),
  ACCORD_SECRET: Type.Optional(Type.String({ minLength: 32 })),
  LOG_LEVEL: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map(level => Type.Literal(level)),
    { default: 'info' },
  ),
  MAX_BODY_BYTES: Type.Integer({ minimum: 1024, default: 256 * megabyte }),
  WORKER_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 100, default: 4 }),
  SESSION_HOURS: Type.Number({ exclusiveMinimum: 0, default: 12 }),
  RATE_LIMIT_PER_MINUTE: Type.Integer({ minimum: 1, default: 600 }),
  ACK_WARN_HOURS: Type.Number({ exclusiveMinimum: 0, default: 4 }),
  ACK_OVERDUE_HOURS: Type.Number({ exclusiveMinimum: 0, default: 24 }),
  METRICS_TOKEN: Type.Optional(Type.String({ minLength: 16 })),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
})

/** What each variable must be, for the one sentence that a wrong value is answered with. */
const expectations: Record<keyof Static<typeof Settings>, string> = {
  PORT: 'a port number from 0 to 65535',
  HOST: 'an address to listen on',
  PUBLIC_URL: 'the http(s) address people reach the hub at',
  TRUST_PROXY: 'true or false',
  ROLES: "'api', 'worker' or 'api,worker'",
  DATA_DIR: 'a folder',
  DATABASE_URL: 'a postgres:// address of the database owner',
  DATABASE_POOL_SIZE: 'a whole number from 2 to 200',
  REDIS_URL: 'a redis://, rediss:// or unix:// address',
  ACCORD_SECRET: 'a random text of at least 32 characters',
  LOG_LEVEL: 'fatal, error, warn, info, debug, trace or silent',
  MAX_BODY_BYTES: 'a whole number of bytes, at least 1024',
  WORKER_CONCURRENCY: 'a whole number from 1 to 100',
  SESSION_HOURS: 'a number of hours above 0',
  RATE_LIMIT_PER_MINUTE: 'a whole number of requests, at least 1',
  ACK_WARN_HOURS: 'a number of hours above 0',
  ACK_OVERDUE_HOURS: 'a number of hours above 0',
  METRICS_TOKEN: 'a random text of at least 16 characters',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'the http(s) address of an OpenTelemetry collector',
}

/** A process serves the API, works off the queues, or does both. */
export type ProcessRole = 'api' | 'worker'

/** The checked settings. `ROLES` is a list, `DATA_DIR` an absolute path; everything else is as in the environment. */
export type Config = Readonly<Omit<Static<typeof Settings>, 'ROLES'> & { ROLES: readonly ProcessRole[] }>

/**
 * Reads and checks the settings. Without an argument they come from `process.env` and, where that is silent, from `.env`
 * in the working directory. An empty variable counts as absent.
 * @throws ConfigError
 */
export const loadConfig = (env?: Readonly<Record<string, string | undefined>>): Config => {
  const variables = env ?? { ...readDotEnv(), ...process.env }
  const checked = check(Object.fromEntries(Object.entries(variables).filter(([, value]) => value)))
  if (checked.DATABASE_URL && !checked.ACCORD_SECRET)
    throw new ConfigError(
      'ACCORD_SECRET',
      'ACCORD_SECRET must be set when DATABASE_URL is: a random text of at least 32 characters, kept secret.',
    )
  if (checked.ACK_OVERDUE_HOURS < checked.ACK_WARN_HOURS)
    throw new ConfigError('ACK_OVERDUE_HOURS', 'ACK_OVERDUE_HOURS must not be less than ACK_WARN_HOURS.')
  const named = checked.ROLES.split(',').map(role => role.trim())
  return {
    ...checked,
    DATA_DIR: resolve(checked.DATA_DIR),
    ROLES: (['api', 'worker'] as const).filter(role => named.includes(role)),
  }
}

const readDotEnv = (): Record<string, string | undefined> => {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

const check = (data: Record<string, unknown>): Static<typeof Settings> => {
  try {
    return envSchema<Static<typeof Settings>>({ schema: structuredClone(Settings), data, env: false })
  } catch (error) {
    const variable = (error as { errors?: { instancePath: string }[] }).errors?.[0]?.instancePath.slice(1)
    if (!variable || !(variable in expectations)) throw error
    throw new ConfigError(variable, `${variable} must be ${expectations[variable as keyof typeof expectations]}.`)
  }
}

/**
 * The secret of this hub (role passwords, signatures): `ACCORD_SECRET`, or, on the embedded database, a random one that
 * is made once and kept in `DATA_DIR/secret`, readable by its owner only.
 */
export const hubSecret = (config: Pick<Config, 'ACCORD_SECRET' | 'DATA_DIR'>): string => {
  if (config.ACCORD_SECRET) return config.ACCORD_SECRET
  const file = join(config.DATA_DIR, 'secret')
  mkdirSync(config.DATA_DIR, { recursive: true })
  // Written aside and linked into place, so that two starts at once agree on one secret and none reads half of it.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'w' })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  chmodSync(file, 0o600)
  return readFileSync(file, 'utf8').trim()
}
