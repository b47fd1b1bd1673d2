import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

// What organisations want of X12 beside the standard.
// Constraints, indexes and policies are in migrations/0006-guides.sql.

export const guide = pgTable('guide', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  partnershipId: text('partnership_id'),
  direction: text('direction', { enum: ['in', 'out'] }).notNull(),
  setId: text('set_id').notNull(),
  x12Version: text('x12_version').notNull(),
  revision: integer('revision').notNull(),
  state: text('state', { enum: ['draft', 'active', 'retired'] }).notNull().default('draft'),
  name: text('name').notNull(),
  overlay: jsonb('overlay').notNull(),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  activatedAt: instant('activated_at'),
  version: integer('version').notNull().default(1),
})
