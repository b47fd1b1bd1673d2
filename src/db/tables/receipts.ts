import { boolean, integer, jsonb, numeric, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Receipts and their lines.
// Constraints, indexes and policies are in migrations/0009-receipts.sql.

export const receipt = pgTable('receipt', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  number: text('number').notNull(),
  type: text('type').notNull(),
  state: text('state', { enum: ['received', 'cancelled'] }).notNull(),
  receivedOn: day('received_on').notNull(),
  shipmentNumber: text('shipment_number'),
  orderNumber: text('order_number'),
  linked: boolean('linked').notNull(),
  version: integer('version').notNull().default(1),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

export const receiptLine = pgTable('receipt_line', {
  receiptId: text('receipt_id').notNull(),
  position: integer('position').notNull(),
  documentLine: integer('document_line').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  orderId: text('order_id'),
  orderLinePosition: integer('order_line_position'),
  orderNumber: text('order_number'),
  lineNumber: text('line_number'),
  shipmentId: text('shipment_id'),
  shipmentVersion: integer('shipment_version'),
  package: text('package'),
  sscc: text('sscc'),
  gtin: text('gtin'),
  buyerItem: text('buyer_item'),
  sellerItem: text('seller_item'),
  quantity: numeric('quantity').notNull(),
  quantityDamaged: numeric('quantity_damaged').notNull().default('0'),
  quantityQuality: numeric('quantity_quality').notNull().default('0'),
  quantityWrong: numeric('quantity_wrong').notNull().default('0'),
  quantityShort: numeric('quantity_short').notNull().default('0'),
  unit: text('unit').notNull(),
  sourcePosition: integer('source_position'),
}, table => [primaryKey({ columns: [table.receiptId, table.position] })])

/** migrations/0011-receiving-differences.sql */
export const differenceAnswer = pgTable('difference_answer', {
  id: text('id').primaryKey(),
  exceptionId: text('exception_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  sequence: integer('sequence').notNull(),
  side: text('side', { enum: ['buyer', 'seller'] }).notNull(),
  action: text('action', { enum: ['agree', 'dispute'] }).notNull(),
  reason: text('reason'),
  compared: jsonb('compared').notNull(),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})
