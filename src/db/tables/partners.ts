import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { day, instant } from './columns.ts'

// Who trades with whom, and where.
// Constraints, indexes and policies are in migrations/0002-partners-and-items.sql.

export const partnership = pgTable('partnership', {
  id: text('id').primaryKey(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  status: text('status', { enum: ['active', 'suspended'] }).notNull().default('active'),
  usage: text('usage', { enum: ['production', 'test'] }).notNull().default('production'),
  sellerRecognition: jsonb('seller_recognition').$type<{ by?: 'GS03' | 'N1*VN' | 'REF*IA'; value?: string }>().notNull().default({}),
  buyerIdentity: jsonb('buyer_identity').$type<{ qualifier: string; id: string; group: string }>(),
  sellerIdentity: jsonb('seller_identity').$type<{ qualifier: string; id: string; group: string }>(),
  responseHours: integer('response_hours').notNull().default(24),
  forecastPurpose: text('forecast_purpose', {
    enum: ['SALES_FORECAST', 'ORDER_FORECAST']
  }).notNull().default('SALES_FORECAST'),
  changeQuantity: text('change_quantity', { enum: ['absolute', 'delta'] }).notNull().default('absolute'),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
  version: integer('version').notNull().default(1),
})

export const partnershipChannel = pgTable('partnership_channel', {
  partnershipId: text('partnership_id').notNull(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id').notNull(),
  document: text('document').notNull(),
  channel: text('channel', { enum: ['x12', 'portal'] }).notNull(),
  x12Version: text('x12_version').notNull().default('004010'),
  guide: text('guide'),
  ackDetail: text('ack_detail', { enum: ['set', 'errors', 'group'] }).notNull().default('set'),
  checkLevel: text('check_level', { enum: ['envelope', 'syntax', 'full', 'partner'] }).notNull().default('partner'),
  ackAs: text('ack_as', { enum: ['auto', '997', '999'] }).notNull().default('auto'),
}, table => [primaryKey({ columns: [table.partnershipId, table.organisationId, table.document] })])

export const location = pgTable('location', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  gln: text('gln'),
  code: text('code').notNull(),
  name: text('name').notNull(),
  kind: text('kind', { enum: ['store', 'distribution_centre', 'plant', 'warehouse', 'office'] }).notNull(),
  address: jsonb('address').$type<{
    lines?: string[]; city?: string; region?: string; postalCode?: string; country?: string
  }>().notNull().default({}),
  timeZone: text('time_zone'),
  validFrom: day('valid_from').notNull().default('2000-01-01'),
  validTo: day('valid_to'),
})
