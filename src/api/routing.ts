import type { FastifyInstance } from 'fastify'
import { DomainError, errorTable } from '../shared/errors.ts'
import { handleError } from './problem.ts'

/**
 * Answers what no route does: 405 where another method would do, 404 otherwise; 406 to API requests that will not take JSON;
 * and explains every kind of problem at the address that its `type` gives.
 */
export const registerFallbacks = (app: FastifyInstance): void => {
  const routes: { pattern: RegExp; method: string }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(
      `^${url
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:[A-Za-z]\w*/g, '[^/]+')
        .replace(/\*/g, '.*')}/?$`,
    )
    for (const each of [method].flat()) routes.push({ pattern, method: each })
  })
  app.setErrorHandler(handleError)
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
    if (allowed.length === 0) throw new DomainError('request/not-found')
    reply.header('allow', allowed.join(', '))
    throw new DomainError('request/method-not-allowed', { allowed })
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const { accept } = request.headers
    const takes = accept === undefined || /application\/(\*|(problem\+)?json)|\*\/\*/.test(accept)
    done(takes || !request.routeOptions.config.operation ? undefined : new DomainError('request/not-acceptable'))
  })
  app.get('/problems/:domain/:name', { schema: { hide: true } }, async request => {
    const { domain, name } = request.params as { domain: string; name: string }
    const entry = Object.entries(errorTable).find(([code]) => code === `${domain}/${name}`)
    if (!entry) throw new DomainError('request/not-found')
    const [code, [status, title]] = entry
    return { code, status, title }
  })
}
