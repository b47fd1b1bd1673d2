import { boolean, integer, jsonb, numeric, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

// Findings that a person should see.
// Constraints, indexes and policies are in migrations/0005-forecasts-and-exceptions.sql.

export const exception = pgTable('exception', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  partnershipId: text('partnership_id'),
  rule: text('rule').notNull(),
  code: text('code').notNull(),
  key: text('key').notNull(),
  severity: text('severity', { enum: ['info', 'warning', 'error', 'critical'] }).notNull(),
  state: text('state', {
    enum: ['open', 'assigned', 'collaborating', 'proposed', 'resolved', 'auto_resolved', 'escalated', 'expired']
  }).notNull(),
  subjectKind: text('subject_kind').notNull(),
  subjectId: text('subject_id').notNull(),
  summary: text('summary').notNull(),
  compared: jsonb('compared').notNull(),
  evidence: jsonb('evidence').notNull(),
  moneyAtRisk: numeric('money_at_risk'),
  currency: text('currency'),
  holds: boolean('holds').notNull().default(true),
  assignedTo: text('assigned_to'),
  resolution: text('resolution'),
  resolvedBy: text('resolved_by'),
  firstSeenAt: instant('first_seen_at').notNull().defaultNow(),
  lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
  closedAt: instant('closed_at'),
  version: integer('version').notNull().default(1),
})
