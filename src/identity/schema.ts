import { Type, type Static } from 'typebox'
import type { Role } from '../db/context.ts'
import { keyScopes, roles } from './rules.ts'

const RoleName = Type.Unsafe<Role>(Type.Union(roles.map(role => Type.Literal(role))))
const Scope = Type.Union(keyScopes.map(scope => Type.Literal(scope)))
const Email = Type.String({ minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' })
const Instant = Type.Unsafe<Date>(Type.String({ format: 'date-time' }))
const Password = Type.String({ minLength: 12, maxLength: 256, description: 'At least 12 characters.' })

export const SignInRequest = Type.Object(
  {
    email: Email,
    password: Type.String({ maxLength: 256 }),
    organisationId: Type.Optional(
      Type.String({ description: 'For a user of several organisations; the oldest membership unless given.' }),
    ),
  },
  { $id: 'SignInRequest', additionalProperties: false },
)
export type SignInRequest = Static<typeof SignInRequest>

/** Who is signed in. The cookie's token is not part of it. */
export const SessionInfo = Type.Object({
  userId: Type.String(),
  email: Email,
  name: Type.String(),
  organisationId: Type.String(),
  organisationName: Type.String(),
  role: RoleName,
  scopes: Type.Array(Type.String()),
  csrfToken: Type.String({ description: 'To be sent as X-CSRF-Token with every change.' }),
  expiresAt: Instant,
}, { $id: 'Session' })
export type SessionInfo = Static<typeof SessionInfo>

/** A member of an organisation. */
export const User = Type.Object({
  id: Type.String(),
  organisationId: Type.String(),
  email: Email,
  name: Type.String(),
  role: RoleName,
  createdAt: Instant,
}, { $id: 'User' })
export type User = Static<typeof User>

export const NewUser = Type.Object({
  email: Email,
  name: Type.String({ minLength: 1, maxLength: 120 }),
  role: RoleName,
  password: Password,
  organisationId: Type.Optional(Type.String({ description: 'The operator may name another organisation than its own.' })),
}, { $id: 'NewUser', additionalProperties: false })
export type NewUser = Static<typeof NewUser>

export const PasswordChange = Type.Object({
  current: Type.String({ maxLength: 256 }),
  replacement: Password,
}, { $id: 'PasswordChange', additionalProperties: false })
export type PasswordChange = Static<typeof PasswordChange>

/** An API key as it is listed: its prefix tells which it is, its secret was shown once. */
export const ApiKey = Type.Object({
  id: Type.String(),
  organisationId: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: 'The token begins with ak_<prefix>_.' }),
  role: RoleName,
  scopes: Type.Array(Type.String(), { description: 'What the key is narrowed to; all that its role may when empty.' }),
  createdAt: Instant,
  expiresAt: Type.Union([Instant, Type.Null()]),
  revokedAt: Type.Union([Instant, Type.Null()]),
  lastUsedAt: Type.Union([Instant, Type.Null()]),
}, { $id: 'ApiKey' })
export type ApiKey = Static<typeof ApiKey>

export const NewApiKey = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 120 }),
  role: RoleName,
  scopes: Type.Optional(Type.Array(Type.Unsafe<(typeof keyScopes)[number]>(Scope), { maxItems: keyScopes.length })),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'Never unless given.' })),
  organisationId: Type.Optional(Type.String({ description: 'The operator may name another organisation than its own.' })),
}, { $id: 'NewApiKey', additionalProperties: false })
export type NewApiKey = Static<typeof NewApiKey>

/** One line of the audit log, which nobody can change. */
export const AuditEntry = Type.Object({
  id: Type.String(),
  organisationId: Type.String(),
  at: Instant,
  actor: Type.String(),
  action: Type.String({ description: 'For example key.created.' }),
  subject: Type.String({ description: 'Id of what was changed.' }),
  detail: Type.Record(Type.String(), Type.Unknown()),
}, { $id: 'AuditEntry' })
export type AuditEntry = Static<typeof AuditEntry>
