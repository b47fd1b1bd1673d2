import type { Sql } from '../db/client.ts'
import type { Role } from '../db/context.ts'
import type { ApiKey, User } from './schema.ts'

/** A membership of a user, with what is needed to sign in. For the system role. */
export type Account = {
  userId: string
  email: string
  name: string
  passwordHash: string
  organisationId: string
  organisationName: string
  organisationKind: string
  role: Role
}

const accountColumns = (sql: Sql) => sql`
  u.id as "userId", u.email, u.name, u.password_hash as "passwordHash", o.id as "organisationId", o.name as "organisationName",
  o.kind as "organisationKind", m.role`

/** All memberships of the user with this address (lower case), oldest first. */
export const selectAccounts = (sql: Sql, email: string) => sql<Account[]>`
  select ${accountColumns(sql)}
  from app_user u join membership m on m.user_id = u.id join organisation o on o.id = m.organisation_id
  where lower(u.email) = ${email} order by m.id`

export const selectSession = (sql: Sql, tokenHash: Uint8Array, now: Date) => sql<
  (Account & { csrfToken: string; rotatedAt: Date; expiresAt: Date })[]
>`
  select ${accountColumns(sql)}, s.csrf_token as "csrfToken", s.rotated_at as "rotatedAt", s.expires_at as "expiresAt"
  from user_session s join app_user u on u.id = s.user_id
    join membership m on m.user_id = s.user_id
      and m.organisation_id = s.organisation_id join organisation o on o.id = s.organisation_id
  where s.token_hash = ${tokenHash} and s.expires_at > ${now}`

export type NewSession = {
  tokenHash: Uint8Array
  organisationId: string
  userId: string
  csrfToken: string
  now: Date
  expiresAt: Date
}
export const insertSession = (sql: Sql, session: NewSession) => sql`
  insert into user_session (token_hash, organisation_id, user_id, csrf_token, created_at, rotated_at, expires_at)
  values (${session.tokenHash}, ${session.organisationId}, ${session.userId}, ${session.csrfToken}, ${session.now},
    ${session.now}, ${session.expiresAt})`

export const selectKey = (sql: Sql, prefix: string, now: Date) => sql<{
  id: string; organisationId: string; organisationKind: string; name: string; secretHash: Uint8Array; role: Role; scopes: string[]
  expiresAt: Date | null; lastUsedAt: Date | null
}[]>`
  select k.id, k.organisation_id as "organisationId", o.kind as "organisationKind", k.name, k.secret_hash as "secretHash",
    k.role, k.scopes,
    k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt"
  from api_key k join organisation o on o.id = k.organisation_id
  where k.prefix = ${prefix} and k.revoked_at is null and (k.expires_at is null or k.expires_at > ${now})`

const keyColumns = (sql: Sql) => sql`
  id, organisation_id as "organisationId", name, prefix, role, scopes, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`

export const selectKeys = (sql: Sql, filter: { organisationId: string; after?: string; limit: number }) => sql<ApiKey[]>`
  select ${keyColumns(sql)} from api_key
  where organisation_id = ${filter.organisationId} ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id limit ${filter.limit}`

export type NewKeyRow = {
  id: string; organisationId: string; name: string; prefix: string; secretHash: Uint8Array; role: Role; scopes: readonly string[]
  createdAt: Date; expiresAt: Date | null
}
export const insertKey = (sql: Sql, key: NewKeyRow) => sql<ApiKey[]>`
  insert into api_key (id, organisation_id, name, prefix, secret_hash, role, scopes, created_at, expires_at)
  values (${key.id}, ${key.organisationId}, ${key.name}, ${key.prefix}, ${key.secretHash}, ${key.role},
    ${key.scopes as string[]}::text[],
    ${key.createdAt}, ${key.expiresAt})
  returning ${keyColumns(sql)}`

const userColumns = (sql: Sql) =>
  sql`u.id, m.organisation_id as "organisationId", u.email, u.name, m.role, m.created_at as "createdAt"`

export const selectUsers = (sql: Sql, filter: { organisationId: string; id?: string; after?: string; limit?: number }) => sql<
  User[]
>`
  select ${userColumns(sql)} from membership m join app_user u on u.id = m.user_id
  where m.organisation_id = ${filter.organisationId}
    ${filter.id === undefined ? sql`` : sql`and u.id = ${filter.id}`}
    ${filter.after === undefined ? sql`` : sql`and u.id > ${filter.after}`}
  order by u.id ${filter.limit === undefined ? sql`` : sql`limit ${filter.limit}`}`
