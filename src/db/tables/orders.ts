import { integer, jsonb, numeric, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Orders, their lines, versions, answers and changes.
// Constraints, indexes and policies are in migrations/0004-orders.sql and 0008-order-changes.sql.

export const purchaseOrder = pgTable('purchase_order', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  number: text('number').notNull(),
  release: text('release').notNull().default(''),
  type: text('type').notNull(),
  orderDate: day('order_date').notNull(),
  currency: text('currency').notNull(),
  state: text('state', {
    enum: ['open', 'accepted', 'changed', 'rejected', 'change_pending', 'partly_shipped', 'shipped', 'invoiced', 'cancelled']
  }).notNull(),
  respondBy: instant('respond_by').notNull(),
  shipTo: text('ship_to'),
  shipNotBefore: day('ship_not_before'),
  shipNoLater: day('ship_no_later'),
  deliveryRequested: day('delivery_requested'),
  cancelAfter: day('cancel_after'),
  totalAmount: numeric('total_amount').notNull(),
  lineCount: integer('line_count').notNull(),
  version: integer('version').notNull().default(1),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

export const orderLine = pgTable('order_line', {
  orderId: text('order_id').notNull(),
  position: integer('position').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  lineNumber: text('line_number').notNull(),
  partnershipItemId: text('partnership_item_id'),
  gtin: text('gtin'),
  buyerItem: text('buyer_item'),
  sellerItem: text('seller_item'),
  description: text('description'),
  unit: text('unit').notNull(),
  price: numeric('price'),
  priceBasis: text('price_basis'),
  response: text('response', {
    enum: ['open', 'accepted', 'changed', 'rejected', 'backordered', 'change_pending', 'cancelled']
  }).notNull().default('open'),
  priceConfirmed: numeric('price_confirmed'),
  promisedDate: day('promised_date'),
  quantityOrdered: numeric('quantity_ordered').notNull(),
  quantityConfirmed: numeric('quantity_confirmed').notNull().default('0'),
  quantityShipped: numeric('quantity_shipped').notNull().default('0'),
  quantityReceived: numeric('quantity_received').notNull().default('0'),
  quantityInvoiced: numeric('quantity_invoiced').notNull().default('0'),
  quantityPaid: numeric('quantity_paid').notNull().default('0'),
  quantityCancelled: numeric('quantity_cancelled').notNull().default('0'),
  sourcePosition: integer('source_position'),
  changeId: text('change_id'),
  changePosition: integer('change_position'),
}, table => [primaryKey({ columns: [table.orderId, table.position] })])

export const orderVersion = pgTable('order_version', {
  orderId: text('order_id').notNull(),
  version: integer('version').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  document: jsonb('document').notNull(),
  replacedAt: instant('replaced_at').notNull().defaultNow(),
  replacedBy: text('replaced_by').notNull(),
  changeId: text('change_id'),
}, table => [primaryKey({ columns: [table.orderId, table.version] })])

export const orderResponse = pgTable('order_response', {
  id: text('id').primaryKey(),
  orderId: text('order_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  sequence: integer('sequence').notNull(),
  type: text('type').notNull(),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const orderChange = pgTable('order_change', {
  id: text('id').primaryKey(),
  orderId: text('order_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  sequence: text('sequence'),
  ordinal: integer('ordinal'),
  purpose: text('purpose').notNull(),
  type: text('type').notNull(),
  state: text('state', {
    enum: ['held', 'refused', 'replaced', 'pending', 'accepted', 'countered', 'rejected', 'superseded']
  }).notNull(),
  respondBy: instant('respond_by'),
  document: jsonb('document').notNull(),
  problems: jsonb('problems').notNull().default([]),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  decidedAt: instant('decided_at'),
})

export const orderChangeAnswer = pgTable('order_change_answer', {
  id: text('id').primaryKey(),
  orderId: text('order_id').notNull(),
  changeId: text('change_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  type: text('type'),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal', 'hub'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
})
