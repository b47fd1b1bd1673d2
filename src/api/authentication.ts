import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingAsyncHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import type { Database } from '../db/client.ts'
import type { Actor, Context } from '../db/context.ts'
import { authenticateKey } from '../identity/keys.ts'
import { authorise } from '../identity/rules.ts'
import type { SessionInfo } from '../identity/schema.ts'
import { authenticateSession, type SessionToken } from '../identity/sessions.ts'
import { hashToken, sameHash } from '../identity/tokens.ts'
import type { Clock } from '../shared/clock.ts'
import { DomainError } from '../shared/errors.ts'
import type { Access } from './operation.ts'

/** Who sent a request. With a session, the token of its cookie comes too. */
export type Identified = { readonly actor: Actor; readonly session?: SessionInfo; readonly token?: string }

declare module 'fastify' {
  interface FastifyRequest {
    identified: Identified | null
  }
  interface FastifyInstance {
    readonly accord: ApiParts
  }
}

/** What every request needs of the process it runs in. */
export type ApiParts = { readonly config: Config; readonly db: Database; readonly now: Clock }

const secure = (config: Config): boolean => config.PUBLIC_URL?.startsWith('https:') === true
/** The browser itself keeps `__Host-` cookies to this host, this path and TLS. */
export const cookieName = (config: Config): string => (secure(config) ? '__Host-accord' : 'accord')

export const setSessionCookie = (reply: FastifyReply, config: Config, { token, expiresAt }: SessionToken): void => {
  reply.setCookie(cookieName(config), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: secure(config),
    expires: expiresAt,
  })
}

export const clearSessionCookie = (reply: FastifyReply, config: Config): void => {
  reply.clearCookie(cookieName(config), { path: '/', httpOnly: true, sameSite: 'lax', secure: secure(config) })
}

/**
 * Finds out who sends each request: `Authorization: Bearer ak_…`, `x-api-key`, or the session cookie. Nobody is refused
 * here, so that rate limits count the unknown as well; `requireAccess` refuses.
 */
export const registerAuthentication = async (app: FastifyInstance, parts: ApiParts): Promise<void> => {
  const { config, db, now } = parts
  await app.register(cookie)
  app.decorate('accord', parts)
  app.decorateRequest('identified', null)
  const name = cookieName(config)
  app.addHook('onRequest', async (request, reply) => {
    const key = keyIn(request)
    if (key !== undefined) {
      const actor = await authenticateKey(db, key, now())
      request.identified = actor ? { actor } : null
      return
    }
    const token = request.headers.cookie === undefined ? undefined : request.cookies[name]
    if (!token) return
    const known = await authenticateSession(db, token, now())
    if (!known) return clearSessionCookie(reply, config)
    request.identified = { actor: known.actor, session: known.session, token: known.renewed?.token ?? token }
    if (known.renewed) setSessionCookie(reply, config, known.renewed)
  })
}

const keyIn = ({ headers }: FastifyRequest): string | undefined => {
  const given = headers['x-api-key']
  if (typeof given === 'string') return given
  return headers.authorization?.startsWith('Bearer ') ? headers.authorization.slice(7).trim() : undefined
}

/**
 * A hook that refuses those who may not call an operation, before anything of the body is read. Changes made with a cookie
 * must carry the session's CSRF token: the cookie alone may have been sent by somebody else's page.
 * @throws DomainError identity/unauthenticated, identity/forbidden, request/csrf
 */
export const requireAccess =
  (access: Access): preParsingAsyncHookHandler =>
  async request => {
    if (access === 'anyone') return
    const { identified } = request
    if (!identified) throw new DomainError('identity/unauthenticated')
    if (identified.session && !isSafe(request.method)) requireCsrfToken(identified.session, request.headers['x-csrf-token'])
    if (access !== 'signed-in') authorise(identified.actor, access)
  }

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

export const requireCsrfToken = (session: SessionInfo, given: unknown): void => {
  if (typeof given !== 'string' || !sameHash(hashToken(given), hashToken(session.csrfToken)))
    throw new DomainError('request/csrf')
}

/**
 * The first parameter of every service, for this request.
 * @throws DomainError identity/unauthenticated
 */
export const contextOf = (request: FastifyRequest): Context & { readonly db: Database } => {
  if (!request.identified) throw new DomainError('identity/unauthenticated')
  const { db, now } = request.server.accord
  return { db, now, actor: request.identified.actor, log: request.log }
}
