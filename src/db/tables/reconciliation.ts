import { jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Tolerances, effective-dated.
// Constraints, indexes and policies are in migrations/0002-partners-and-items.sql.

export const reconciliationPolicy = pgTable('reconciliation_policy', {
  id: text('id').primaryKey(),
  rule: text('rule').notNull(),
  partnershipId: text('partnership_id'),
  buyerId: text('buyer_id'),
  sellerId: text('seller_id'),
  partnershipItemId: text('partnership_item_id'),
  settings: jsonb('settings').notNull(),
  validFrom: day('valid_from').notNull(),
  validTo: day('valid_to'),
  createdAt: instant('created_at').notNull().defaultNow(),
})
