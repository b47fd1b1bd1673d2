import staticFiles from '@fastify/static'
import { renderAltair, renderInitSnippet, getDistDirectory } from 'altair-static'
import type { FastifyInstance } from 'fastify'
import { relaxPolicy } from './security.ts'

const publicFolder = new URL('../../public/', import.meta.url).pathname

/** The page at `/`, until the portal takes its place. */
export const registerPages = async (app: FastifyInstance): Promise<void> => {
  await app.register(staticFiles, { root: publicFolder, wildcard: false, cacheControl: true, maxAge: '1h' })
}

const explorer = {
  baseURL: '/graphiql/',
  endpointURL: '/graphql',
  subscriptionsEndpoint: '/graphql',
  subscriptionsProtocol: 'graphql-ws',
  initialName: 'Accord',
  initialQuery: `# Send an API key as the header x-api-key (the icon with the two arrows on the left),
# or sign in at POST /api/session and send x-csrf-token.
{
  orders(limit: 10) {
    items { id number state totalAmount currency respondBy }
    nextCursor
  }
}
`,
  initialHeaders: { 'x-api-key': '' },
  initialSettings: { theme: 'system' as const },
  disableAccount: true,
  serveInitialOptionsInSeperateRequest: true,
}

/**
 * The GraphQL explorer at /graphiql, entirely from this machine. mercurius' own page loads its scripts from a content
 * delivery network, which a hub inside a company may not reach and a browser should not trust with an API key.
 */
export const registerExplorer = async (app: FastifyInstance): Promise<void> => {
  app.addHook('onRequest', (_request, reply, done) => {
    relaxPolicy(reply)
    done()
  })
  const page = renderAltair(explorer).replace('</head>', '<link href="/explorer.css" rel="stylesheet" /></head>')
  const script = renderInitSnippet(explorer)
  const hidden = { schema: { hide: true } }
  app.get('/graphiql', hidden, (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
  app.get('/graphiql/initial_options.js', hidden, (_request, reply) =>
    reply.type('application/javascript; charset=utf-8').send(script),
  )
  await app.register(staticFiles, {
    root: getDistDirectory(),
    prefix: '/graphiql/',
    decorateReply: false,
    maxAge: '1d',
    index: false,
  })
}
