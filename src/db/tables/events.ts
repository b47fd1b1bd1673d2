import { bigint, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

// What happened, and the work that follows from it.
// Constraints, indexes and policies are in migrations/0001-foundation.sql.

export const outbox = pgTable('outbox', {
  id: bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
  organisationId: text('organisation_id').notNull(),
  queue: text('queue', { enum: ['exchange', 'documents', 'maintenance'] }).notNull(),
  key: text('key').notNull(),
  kind: text('kind').notNull(),
  payload: jsonb('payload').notNull().default({}),
  createdAt: instant('created_at').notNull().defaultNow(),
  availableAt: instant('available_at').notNull().defaultNow(),
  enqueuedAt: instant('enqueued_at'),
  attempts: integer('attempts').notNull().default(0),
  state: text('state', { enum: ['pending', 'dead'] }).notNull().default('pending'),
  errorCode: text('error_code'),
  errorDetail: text('error_detail'),
})

export const event = pgTable('event', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  partnershipId: text('partnership_id'),
  type: text('type').notNull(),
  subjectId: text('subject_id').notNull(),
  data: jsonb('data').notNull().default({}),
  at: instant('at').notNull().defaultNow(),
})
