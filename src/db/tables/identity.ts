import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytes, instant } from './columns.ts'

// Who may come in: organisations, users, sessions, API keys, and what they did.
// Constraints, indexes and policies are in migrations/0001-foundation.sql.

export const organisation = pgTable('organisation', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind', {
    enum: ['retailer', 'manufacturer', 'supplier', 'distributor', 'logistics_provider', 'operator']
  }).notNull(),
  gs1Prefix: text('gs1_prefix'),
  gln: text('gln'),
  currency: text('currency').notNull().default('USD'),
  timeZone: text('time_zone').notNull().default('UTC'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

export const organisationIdentifier = pgTable('organisation_identifier', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  qualifier: text('qualifier').notNull(),
  value: text('value').notNull(),
  usage: text('usage', { enum: ['production', 'test'] }).notNull(),
})

export const appUser = pgTable('app_user', {
  id: text('id').primaryKey(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  passwordHash: text('password_hash').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const signInAttempt = pgTable('sign_in_attempt', {
  emailHash: bytes('email_hash').primaryKey(),
  failedAttempts: integer('failed_attempts').notNull().default(0),
  lastAt: instant('last_at').notNull().defaultNow(),
  lockedUntil: instant('locked_until'),
})

export const membership = pgTable('membership', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  userId: text('user_id').notNull(),
  role: text('role', { enum: ['viewer', 'planner', 'order_manager', 'edi_operator', 'administrator'] }).notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const userSession = pgTable('user_session', {
  tokenHash: bytes('token_hash').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  userId: text('user_id').notNull(),
  csrfToken: text('csrf_token').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  rotatedAt: instant('rotated_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
})

export const apiKey = pgTable('api_key', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  name: text('name').notNull(),
  prefix: text('prefix').notNull(),
  secretHash: bytes('secret_hash').notNull(),
  role: text('role', { enum: ['viewer', 'planner', 'order_manager', 'edi_operator', 'administrator'] }).notNull(),
  scopes: text('scopes').array().notNull().default([]),
  createdAt: instant('created_at').notNull().defaultNow(),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
  lastUsedAt: instant('last_used_at'),
})

export const auditLog = pgTable('audit_log', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  at: instant('at').notNull().defaultNow(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  subject: text('subject').notNull(),
  detail: jsonb('detail').notNull().default({}),
})

export const idempotencyKey = pgTable('idempotency_key', {
  organisationId: text('organisation_id').notNull(),
  key: text('key').notNull(),
  requestHash: bytes('request_hash').notNull(),
  status: integer('status'),
  response: jsonb('response'),
  createdAt: instant('created_at').notNull().defaultNow(),
}, table => [primaryKey({ columns: [table.organisationId, table.key] })])
