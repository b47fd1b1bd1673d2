import { lexicographicSortSchema, printSchema } from 'graphql'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { schema } from '../../src/api/graphql/schema.ts'
import { connect } from '../../src/db/client.ts'
import { testConfig } from './api.ts'

/** The documents that are generated and committed, by their name in schemas/. No database is needed: none is asked. */
export const generatedSchemas = async (): Promise<Record<'openapi.json' | 'schema.graphql', string>> => {
  const db = connect({
    address: { host: 'localhost', port: 1, database: 'none', user: 'nobody' },
    secret: 'nothing connects with this secret',
  })
  const events = { subscribe: async function* () {}, close: async () => {} }
  const app = await buildApp({ config: testConfig(), db, log: pino({ level: 'silent' }), events })
  await app.ready()
  const openapi = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  await db.close()
  return { 'openapi.json': openapi, 'schema.graphql': `${printSchema(lexicographicSortSchema(schema))}\n` }
}
