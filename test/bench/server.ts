import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createEventSource } from '../../src/db/events.ts'
import { quiet, type Clone } from './cluster.ts'

/** The API of a hub on a database, listening; `add` may give it routes of its own. */
export const serve = async ({ db }: Clone, add: (app: FastifyInstance) => PromiseLike<unknown> | void): Promise<{ port: number; close: () => Promise<void> }> => {
  const events = await createEventSource(db, quiet)
  const app = await buildApp({ config: loadConfig({ LOG_LEVEL: 'silent', RATE_LIMIT_PER_MINUTE: '100000000' }), db, log: quiet, events })
  await add(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  return { port: address.port, close: async () => { await app.close(); await events.close() } }
}
