import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Config } from '../config.ts'
import { DomainError } from '../shared/errors.ts'

/** Nothing inline, nothing from elsewhere: what the hub's own pages live with. */
const ownPages = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
}

/**
 * The pages of Swagger UI and the GraphQL explorer are other people's: they set styles from script, and the explorer runs
 * in an iframe of its own and in workers made from blobs. Scripts come from this hub all the same.
 */
export const relaxPolicy = (reply: FastifyReply): void => {
  reply.header('x-frame-options', 'SAMEORIGIN')
  reply.header(
    'content-security-policy',
    [
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self' data:",
      "connect-src 'self' ws: wss:",
      "worker-src 'self' blob:",
      "frame-src 'self'",
      "object-src 'none'",
      "base-uri 'self'",
      "frame-ancestors 'self'",
    ].join(';'),
  )
}

/** Security headers and rate limits, for every route registered after it. */
export const registerSecurity = async (app: FastifyInstance, config: Config): Promise<void> => {
  const secure = config.PUBLIC_URL?.startsWith('https:') === true
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...ownPages, ...(secure && { upgradeInsecureRequests: [] }) } },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  })
  await app.register(rateLimit, {
    max: config.RATE_LIMIT_PER_MINUTE,
    timeWindow: 60_000,
    // By organisation once it is known who asks, so that one member's script cannot hide behind many addresses.
    keyGenerator: request => request.identified?.actor.organisationId ?? request.ip,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new DomainError('request/rate-limited', { limitPerMinute: max, retryAfterSeconds: Math.ceil(ttl / 1000) }),
  })
}
