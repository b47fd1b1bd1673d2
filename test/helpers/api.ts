import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { loadConfig, type Config } from '../../src/config.ts'
import type { Database } from '../../src/db/client.ts'
import type { Role } from '../../src/db/context.ts'
import { createEventSource } from '../../src/db/events.ts'
import { testDatabase } from './database.ts'
import { emailOf, password, smallWorld, type OrganisationName } from './world.ts'

type Teardown = { teardown(fn: () => Promise<void>): void }
type Call = Omit<InjectOptions, 'url' | 'method'>

/** The configuration of a hub under test: quiet, and with no limit that a test would meet by chance. */
export const testConfig = (settings: Record<string, string> = {}): Config =>
  loadConfig({ LOG_LEVEL: 'silent', RATE_LIMIT_PER_MINUTE: '100000', ...settings })

/** The API on a database of its own with the small world in it. */
export const testApi = async (t: Teardown, settings: Record<string, string> = {}) => {
  const { db: plain, owner, access } = await testDatabase(t)
  let taken = 0
  const db: Database = {
    ...plain,
    app: {
      ...plain.app,
      lease: () => {
        taken += 1
        return plain.app.lease()
      },
    },
  }
  const world = await smallWorld(db)
  const config = testConfig(settings)
  const log = pino({ level: 'silent' })
  const events = await createEventSource(db, log)
  const app = await buildApp({ config, db, log, events })
  t.teardown(async () => {
    await app.close()
    await events.close()
  })
  await app.ready()
  return {
    app,
    db,
    owner,
    access,
    world,
    config,
    /** How often a connection was taken for an organisation so far. */ transactions: () => taken,
    ...callers(app, world.keyOf),
  }
}

const callers = (app: FastifyInstance, keyOf: (organisation: OrganisationName, role?: Role) => string) => ({
  /** A request with the API key of an organisation, an administrator's unless told otherwise: `call('farm', 'GET /api/orders')`. */
  call: (
    who: OrganisationName | `${OrganisationName}/${Role}` | null,
    what: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`,
    options: Call = {},
  ) => {
    const [method, url] = what.split(' ') as ['GET', string]
    const [organisation, role] = (who?.split('/') ?? []) as [OrganisationName?, Role?]
    const headers = { ...(organisation && { authorization: `Bearer ${keyOf(organisation, role)}` }), ...options.headers }
    return app.inject({ ...options, method, url, headers })
  },
  /** Data and errors of a GraphQL document. */
  graphql: async (
    who: OrganisationName | `${OrganisationName}/${Role}`,
    query: string,
    variables?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ) => {
    const [organisation, role] = who.split('/') as [OrganisationName, Role?]
    const response = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: `Bearer ${keyOf(organisation, role)}`, ...headers },
      payload: { query, ...(variables && { variables }) },
    })
    return {
      status: response.statusCode,
      ...response.json<{ data: Record<string, never> | null; errors?: { message: string; extensions: { code: string } }[] }>(),
    }
  },
  /** Signs a user in; gives the headers of a request with the session. */
  signIn: async (organisation: OrganisationName, role: Role = 'administrator') => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/session',
      payload: { email: emailOf(organisation, role), password },
    })
    const [cookie] = response.cookies
    if (response.statusCode !== 201 || !cookie) throw new Error(`sign-in failed: ${response.body}`)
    const { session } = response.json<{ session: { csrfToken: string } }>()
    return { cookie: `${cookie.name}=${cookie.value}`, csrf: session.csrfToken, setCookie: response.headers['set-cookie'] }
  },
})
