import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { ConfigError, hubSecret, loadConfig } from '../src/config.ts'
import { parseDatabaseUrl, pgOptions, postgresOptions } from '../src/db/address.ts'

const secret = 'a secret of thirty-two characters or more'

t.test('without anything set there is a whole configuration', async t => {
  t.strictSame(loadConfig({ DATABASE_URL: '', REDIS_URL: undefined }), {
    PORT: 4000,
    HOST: '127.0.0.1',
    TRUST_PROXY: false,
    ROLES: ['api', 'worker'],
    DATA_DIR: resolve('.data'),
    DATABASE_POOL_SIZE: 10,
    LOG_LEVEL: 'info',
    MAX_BODY_BYTES: 268_435_456,
    WORKER_CONCURRENCY: 4,
    SESSION_HOURS: 12,
    RATE_LIMIT_PER_MINUTE: 600,
    ACK_WARN_HOURS: 4,
    ACK_OVERDUE_HOURS: 24,
  })
})

t.test('texts become what they stand for, and what is not ours stays out', async t => {
  const config = loadConfig({
    PORT: '0',
    TRUST_PROXY: 'true',
    ROLES: ' worker, api ',
    ACK_WARN_HOURS: '0.5',
    PATH: '/bin',
    DATA_DIR: '/var/lib/accord',
  })
  t.match(config, { PORT: 0, TRUST_PROXY: true, ROLES: ['api', 'worker'], ACK_WARN_HOURS: 0.5, DATA_DIR: '/var/lib/accord' })
  t.notOk('PATH' in config)
  t.strictSame(loadConfig({ ROLES: 'worker' }).ROLES, ['worker'])
})

t.test('a wrong value is one sentence that names the variable', async t => {
  const wrong: Record<string, [Record<string, string>, RegExp?]> = {
    PORT: [{ PORT: 'http' }, /^PORT must be a port number from 0 to 65535\.$/],
    ROLES: [{ ROLES: 'api,web' }],
    DATABASE_URL: [{ DATABASE_URL: 'mysql://localhost/x' }],
    REDIS_URL: [{ REDIS_URL: 'localhost:6379' }],
    LOG_LEVEL: [{ LOG_LEVEL: 'loud' }],
    MAX_BODY_BYTES: [{ MAX_BODY_BYTES: '256MB' }],
    WORKER_CONCURRENCY: [{ WORKER_CONCURRENCY: '0' }],
    SESSION_HOURS: [{ SESSION_HOURS: '-1' }],
    PUBLIC_URL: [{ PUBLIC_URL: 'hub.example' }],
    OTEL_EXPORTER_OTLP_ENDPOINT: [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }],
    TRUST_PROXY: [{ TRUST_PROXY: 'perhaps' }],
    ACCORD_SECRET: [{ DATABASE_URL: 'postgres://o@h/d' }, /^ACCORD_SECRET must be set when DATABASE_URL is/],
    ACK_OVERDUE_HOURS: [{ ACK_OVERDUE_HOURS: '2' }, /must not be less than ACK_WARN_HOURS/],
  }
  for (const [variable, [env, message]] of Object.entries(wrong)) {
    t.throws(
      () => loadConfig(env),
      Object.assign(new ConfigError(variable, ''), { message: message ?? new RegExp(`^${variable} must be [^.]*\\.$`) }),
      variable,
    )
  }
  t.throws(() => loadConfig({ ACCORD_SECRET: 'short' }), { message: /^ACCORD_SECRET must be a random text/ })
})

t.test('.env is read where the environment is silent', async t => {
  const before = { folder: process.cwd(), port: process.env['PORT'], host: process.env['HOST'] }
  process.chdir(t.testdir({ '.env': 'PORT=4321\nHOST=0.0.0.0\nREDIS_URL=\n' }))
  process.env['HOST'] = '127.0.0.2'
  delete process.env['PORT']
  t.teardown(() => {
    process.chdir(before.folder)
    for (const [name, value] of Object.entries({ PORT: before.port, HOST: before.host })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const config = loadConfig()
  t.match(config, { PORT: 4321, HOST: '127.0.0.2' })
  t.notOk(config.REDIS_URL)
})

t.test('.env.example names every setting with its default', async t => {
  const example = parseEnv(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'))
  const defaults = loadConfig({})
  t.strictSame(loadConfig(example as Record<string, string>), defaults)
  const source = readFileSync(new URL('../src/config.ts', import.meta.url), 'utf8')
  const settings = [...(source.match(/const Settings = [^]*?\n}\)/)?.[0] ?? '').matchAll(/^ {2}([A-Z_]+):/gm)].map(
    match => match[1],
  )
  t.ok(settings.length > 15)
  t.strictSame(Object.keys(example).sort(), settings.sort())
})

t.test('the secret is made once, for our eyes only', async t => {
  const folder = t.testdir()
  const config = { DATA_DIR: join(folder, '.data') }
  const made = hubSecret(config)
  t.match(made, /^[\w-]{43}$/)
  t.equal(hubSecret(config), made)
  t.equal(statSync(join(folder, '.data', 'secret')).mode & 0o777, 0o600)
  t.equal(hubSecret({ ...config, ACCORD_SECRET: secret }), secret)
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'other', 'secret'), 'kept from before\n')
  t.equal(hubSecret({ DATA_DIR: join(folder, 'other') }), 'kept from before')
})

t.test('DATABASE_URL', async t => {
  t.strictSame(parseDatabaseUrl('postgres://own%40er:p%2Fw@db.example:6432/hub?sslmode=verify-full&application_name=x'), {
    host: 'db.example',
    port: 6432,
    database: 'hub',
    user: 'own@er',
    password: 'p/w',
    ssl: 'verify',
  })
  t.strictSame(parseDatabaseUrl('postgresql://owner@/hub?host=/run/postgresql'), {
    host: '/run/postgresql',
    port: 5432,
    database: 'hub',
    user: 'owner',
  })
  t.strictSame(parseDatabaseUrl('postgres://owner@[::1]/hub'), { host: '::1', port: 5432, database: 'hub', user: 'owner' })
  for (const url of [
    'postgres://host/hub',
    'postgres://owner@host',
    'postgres://o@h/d?sslmode=always',
    'postgres://o@h/d?sslrootcert=/nowhere.pem',
    'postgres://o@h/d?pool=9',
    'postgres://o@h:port/d',
  ])
    t.throws(() => parseDatabaseUrl(url), { name: 'ConfigError', variable: 'DATABASE_URL', message: /^DATABASE_URL .*\.$/ }, url)
  const access = { address: parseDatabaseUrl('postgres://owner:pw@h/d?sslmode=require'), secret }
  t.match(postgresOptions(access, 'owner'), { user: 'owner', password: 'pw', ssl: { rejectUnauthorized: false } })
  t.match(pgOptions(access, 'accord_queue'), {
    user: 'accord_queue',
    password: /^[\w-]{43}$/,
    ssl: { rejectUnauthorized: false },
  })
})
