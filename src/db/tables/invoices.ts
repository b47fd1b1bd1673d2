import { integer, jsonb, numeric, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Invoices and their lines.
// Constraints, indexes and policies are in migrations/0004-orders.sql.

export const invoice = pgTable('invoice', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  number: text('number').notNull(),
  type: text('type', { enum: ['invoice', 'credit'] }).notNull(),
  invoiceDate: day('invoice_date').notNull(),
  currency: text('currency').notNull(),
  total: numeric('total').notNull(),
  orderId: text('order_id'),
  orderNumber: text('order_number'),
  shipmentId: text('shipment_id'),
  version: integer('version').notNull().default(1),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const invoiceLine = pgTable('invoice_line', {
  invoiceId: text('invoice_id').notNull(),
  position: integer('position').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  orderLinePosition: integer('order_line_position'),
  lineNumber: text('line_number'),
  gtin: text('gtin'),
  quantity: numeric('quantity').notNull(),
  unit: text('unit').notNull(),
  price: numeric('price').notNull(),
  amount: numeric('amount').notNull(),
  sourcePosition: integer('source_position'),
}, table => [primaryKey({ columns: [table.invoiceId, table.position] })])
