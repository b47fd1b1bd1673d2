import { integer, jsonb, numeric, pgTable, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// What is traded, under both sides' numbers, at which price.
// Constraints, indexes and policies are in migrations/0002-partners-and-items.sql.

export const item = pgTable('item', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  gtin: text('gtin').notNull(),
  name: text('name').notNull(),
  unit: text('unit').notNull().default('EA'),
  packs: jsonb('packs').$type<{ level: string; quantity: string; gtin?: string }[]>().notNull().default([]),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  version: integer('version').notNull().default(1),
})

export const partnershipItem = pgTable('partnership_item', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  itemId: text('item_id').notNull(),
  gtin: text('gtin').notNull(),
  name: text('name').notNull(),
  unit: text('unit').notNull(),
  packQuantity: numeric('pack_quantity').notNull().default('1'),
  buyerItem: text('buyer_item'),
  sellerItem: text('seller_item'),
})

export const price = pgTable('price', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  partnershipItemId: text('partnership_item_id').notNull(),
  price: numeric('price').notNull(),
  currency: text('currency').notNull(),
  unit: text('unit').notNull(),
  validFrom: day('valid_from').notNull(),
  validTo: day('valid_to'),
})
