import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import {
  ApiKey,
  AuditEntry,
  NewApiKey,
  NewUser,
  PasswordChange,
  SessionInfo,
  SignInRequest,
  User,
} from '../../identity/schema.ts'
import {
  changePassword,
  createKey,
  createUser,
  listAudit,
  listKeys,
  listUsers,
  removeUser,
  resetPassword,
  revokeKey,
  setRole,
  signIn,
  signOut,
} from '../../identity/service.ts'
import { PageRequest } from '../../partners/schema.ts'
import { clearSessionCookie, setSessionCookie } from '../authentication.ts'
import { IdParams, NoAnswer, operation, pageOf } from '../operation.ts'

const SignedIn = Type.Object({
  session: SessionInfo,
  organisations: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'All that the user may sign in to.',
  }),
})
const Caller = Type.Object({
  name: Type.String(),
  organisationId: Type.String(),
  role: User.properties.role,
  scopes: Type.Array(Type.String()),
  userId: Type.Optional(Type.String()),
  apiKeyId: Type.Optional(Type.String()),
  session: Type.Optional(SessionInfo),
})
const NewKey = Type.Object({
  key: ApiKey,
  token: Type.String({ description: 'The key itself: ak_…. Shown this once; empty in a repeated answer.' }),
})
const RoleChange = Type.Object({ role: User.properties.role }, { additionalProperties: false })
const NewPassword = Type.Object({ password: PasswordChange.properties.replacement }, { additionalProperties: false })

/** Guessing passwords is slowed here by address, and by account in the service. */
const signInsPerMinute = 20

/** Sessions, the caller itself, users, API keys and the audit log. */
export const registerIdentity = (app: FastifyInstance): void => {
  const { config, db, now } = app.accord

  operation(app, {
    id: 'signIn',
    method: 'POST',
    path: '/api/session',
    tag: 'session',
    access: 'anyone',
    summary: 'Sign in',
    description: 'Sets the session cookie and answers the CSRF token that changes made with it must carry as x-csrf-token.',
    body: SignInRequest,
    answer: [201, SignedIn],
    errors: ['identity/wrong-credentials', 'identity/locked'],
    example: { email: 'clerk@example.com', password: 'correct horse battery staple' },
    rateLimitPerMinute: signInsPerMinute,
    open: async ({ body, reply }) => {
      const { session, organisations, ...token } = await signIn(db, body, { now: now(), sessionHours: config.SESSION_HOURS })
      setSessionCookie(reply, config, token)
      return { session, organisations: [...organisations] }
    },
  })
  operation(app, {
    id: 'getSession',
    method: 'GET',
    path: '/api/session',
    tag: 'session',
    access: 'signed-in',
    summary: 'Who am I',
    answer: [200, Caller],
    handler: async (ctx, { request }) => {
      const { organisationId, role, scopes, name, userId, apiKeyId } = ctx.actor
      const session = request.identified?.session
      return {
        name,
        organisationId,
        role,
        scopes: [...scopes],
        ...(userId && { userId }),
        ...(apiKeyId && { apiKeyId }),
        ...(session && { session }),
      }
    },
  })
  operation(app, {
    id: 'signOut',
    method: 'DELETE',
    path: '/api/session',
    tag: 'session',
    access: 'signed-in',
    summary: 'Sign out',
    answer: [204, NoAnswer],
    handler: async (_ctx, { request, reply }) => {
      if (request.identified?.token) await signOut(db, request.identified.token)
      clearSessionCookie(reply, config)
      return null
    },
  })
  operation(app, {
    id: 'changePassword',
    method: 'PUT',
    path: '/api/session/password',
    tag: 'session',
    access: 'signed-in',
    summary: 'Change your password',
    description: 'Ends all your sessions, this one too.',
    body: PasswordChange,
    answer: [204, NoAnswer],
    rateLimitPerMinute: signInsPerMinute,
    errors: ['identity/wrong-credentials', 'identity/locked', 'identity/weak-password'],
    handler: async (ctx, { body, reply }) => {
      await changePassword(ctx, body)
      clearSessionCookie(reply, config)
      return null
    },
  })
  registerUsers(app)
  registerKeys(app)
  operation(app, {
    id: 'listAudit',
    method: 'GET',
    path: '/api/audit',
    tag: 'administration',
    access: 'audit.read',
    summary: 'Read the audit log, newest first',
    query: PageRequest,
    answer: [200, pageOf(AuditEntry)],
    handler: (ctx, { query }) => listAudit(ctx, query),
  })
}

const registerUsers = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listUsers',
    method: 'GET',
    path: '/api/users',
    tag: 'administration',
    access: 'users.manage',
    summary: 'List members of your organisation',
    query: PageRequest,
    answer: [200, pageOf(User)],
    handler: (ctx, { query }) => listUsers(ctx, query),
  })
  operation(app, {
    id: 'createUser',
    method: 'POST',
    path: '/api/users',
    tag: 'administration',
    access: 'users.manage',
    summary: 'Add a user',
    body: NewUser,
    answer: [201, User],
    errors: ['identity/weak-password', 'record/conflict', 'record/not-found'],
    apart: true,
    example: {
      email: 'clerk@example.com',
      name: 'Clara Clerk',
      role: 'order_manager',
      password: 'correct horse battery staple',
    } as Static<typeof NewUser>,
    handler: (ctx, { body }) => createUser(ctx, body),
  })
  operation(app, {
    id: 'setUserRole',
    method: 'PUT',
    path: '/api/users/:id/role',
    tag: 'administration',
    access: 'users.manage',
    summary: 'Give a user another role',
    params: IdParams,
    body: RoleChange,
    answer: [204, NoAnswer],
    errors: ['identity/last-administrator'],
    handler: async (ctx, { params, body }) => {
      await setRole(ctx, params.id, body.role)
      return null
    },
  })
  operation(app, {
    id: 'resetUserPassword',
    method: 'PUT',
    path: '/api/users/:id/password',
    tag: 'administration',
    access: 'users.manage',
    summary: 'Give a user a new password',
    description: 'Ends all sessions of the user.',
    params: IdParams,
    body: NewPassword,
    answer: [204, NoAnswer],
    errors: ['identity/weak-password'],
    handler: async (ctx, { params, body }) => {
      await resetPassword(ctx, params.id, body.password)
      return null
    },
  })
  operation(app, {
    id: 'removeUser',
    method: 'DELETE',
    path: '/api/users/:id',
    tag: 'administration',
    access: 'users.manage',
    summary: 'Remove a user from your organisation',
    params: IdParams,
    answer: [204, NoAnswer],
    errors: ['identity/last-administrator'],
    handler: async (ctx, { params }) => {
      await removeUser(ctx, params.id)
      return null
    },
  })
}

const registerKeys = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listKeys',
    method: 'GET',
    path: '/api/keys',
    tag: 'administration',
    access: 'keys.manage',
    summary: 'List API keys, revoked ones too',
    query: PageRequest,
    answer: [200, pageOf(ApiKey)],
    handler: (ctx, { query }) => listKeys(ctx, query),
  })
  operation(app, {
    id: 'createKey',
    method: 'POST',
    path: '/api/keys',
    tag: 'administration',
    access: 'keys.manage',
    summary: 'Make an API key',
    description: 'The token is in this answer and nowhere else.',
    body: NewApiKey,
    answer: [201, NewKey],
    secrets: ['token'],
    apart: true,
    errors: ['record/not-found'],
    example: { name: 'ERP', role: 'order_manager' } as Static<typeof NewApiKey>,
    handler: (ctx, { body }) => createKey(ctx, body),
  })
  operation(app, {
    id: 'revokeKey',
    method: 'DELETE',
    path: '/api/keys/:id',
    tag: 'administration',
    access: 'keys.manage',
    summary: 'Revoke an API key',
    params: IdParams,
    answer: [204, NoAnswer],
    handler: async (ctx, { params }) => {
      await revokeKey(ctx, params.id)
      return null
    },
  })
}
