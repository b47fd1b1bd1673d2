import { bigint, integer, jsonb, numeric, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Shipments, their packages and lines.
// Constraints, indexes and policies are in migrations/0004-orders.sql and 0007-sscc-series.sql.

export const shipment = pgTable('shipment', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  number: text('number').notNull(),
  state: text('state', { enum: ['shipped', 'cancelled'] }).notNull(),
  shipDate: day('ship_date'),
  estimatedDelivery: day('estimated_delivery'),
  version: integer('version').notNull().default(1),
  document: jsonb('document').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const shipmentPackage = pgTable('shipment_package', {
  shipmentId: text('shipment_id').notNull(),
  package: text('package').notNull(),
  parent: text('parent'),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  type: text('type', { enum: ['pallet', 'carton'] }).notNull(),
  sscc: text('sscc'),
  sourcePosition: integer('source_position'),
}, table => [primaryKey({ columns: [table.shipmentId, table.package] })])

export const shipmentLine = pgTable('shipment_line', {
  shipmentId: text('shipment_id').notNull(),
  position: integer('position').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  orderId: text('order_id'),
  orderLinePosition: integer('order_line_position'),
  orderNumber: text('order_number').notNull(),
  lineNumber: text('line_number'),
  package: text('package'),
  gtin: text('gtin'),
  buyerItem: text('buyer_item'),
  sellerItem: text('seller_item'),
  quantity: numeric('quantity').notNull(),
  unit: text('unit').notNull(),
  sourcePosition: integer('source_position'),
}, table => [primaryKey({ columns: [table.shipmentId, table.position] })])

export const ssccSeries = pgTable('sscc_series', {
  prefix: text('prefix').notNull(),
  extensionDigit: integer('extension_digit').notNull(),
  lastSerial: bigint('last_serial', { mode: 'number' }).notNull(),
}, table => [primaryKey({ columns: [table.prefix, table.extensionDigit] })])
