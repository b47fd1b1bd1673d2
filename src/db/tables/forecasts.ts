import { integer, jsonb, numeric, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytes, day, instant } from './columns.ts'

// Forecast versions and their points.
// Constraints, indexes and policies are in migrations/0005-forecasts-and-exceptions.sql.

export const forecast = pgTable('forecast', {
  id: text('id').primaryKey(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  source: text('source', { enum: ['BUYER', 'SELLER'] }).notNull(),
  purpose: text('purpose', { enum: ['SALES_FORECAST', 'ORDER_FORECAST'] }).notNull(),
  type: text('type', { enum: ['BASE', 'PROMOTIONAL', 'SEASONAL', 'TOTAL'] }).notNull().default('TOTAL'),
  version: integer('version').notNull(),
  number: text('number').notNull(),
  issuedOn: day('issued_on').notNull(),
  horizonStart: day('horizon_start').notNull(),
  horizonEnd: day('horizon_end').notNull(),
  pointCount: integer('point_count').notNull(),
  channel: text('channel', { enum: ['x12', 'api', 'portal'] }).notNull(),
  sourceMessageId: text('source_message_id'),
  sourceOrdinal: integer('source_ordinal'),
  actor: text('actor').notNull(),
  document: jsonb('document').notNull(),
  digest: bytes('digest').notNull(),
  publishedAt: instant('published_at').notNull().defaultNow(),
})

export const forecastPoint = pgTable('forecast_point', {
  forecastId: text('forecast_id').notNull(),
  position: integer('position').notNull(),
  series: integer('series').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  product: text('product').notNull(),
  location: text('location').notNull().default(''),
  bucketStart: day('bucket_start').notNull(),
  bucketEnd: day('bucket_end').notNull(),
  timing: text('timing').notNull(),
  qualifier: text('qualifier').notNull().default('D'),
  quantity: numeric('quantity').notNull(),
  unit: text('unit').notNull(),
  sourcePosition: integer('source_position'),
}, table => [primaryKey({ columns: [table.forecastId, table.position] })])
