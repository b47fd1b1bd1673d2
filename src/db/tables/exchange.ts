import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytes, instant } from './columns.ts'

// What was transmitted, and what came of it.
// Constraints, indexes and policies are in migrations/0003-exchange.sql and 0010-waiting-documents.sql.

export const message = pgTable('message', {
  id: text('id').notNull(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  direction: text('direction', { enum: ['in', 'out'] }).notNull(),
  transport: text('transport').notNull(),
  contentType: text('content_type').notNull(),
  sha256: bytes('sha256'),
  sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
  test: boolean('test').notNull().default(false),
  sender: text('sender'),
  receiver: text('receiver'),
  controlNumber: text('control_number'),
  processingState: text('processing_state', {
    enum: ['received', 'processing', 'processed', 'quarantined', 'duplicate', 'sent']
  }).notNull().default('received'),
  ackOutcome: text('ack_outcome'),
  deliveryState: text('delivery_state', { enum: ['waiting', 'fetched', 'confirmed'] }),
  errorCode: text('error_code'),
  errorDetail: text('error_detail'),
  actor: text('actor').notNull(),
  receivedAt: instant('received_at').notNull().defaultNow(),
  processedAt: instant('processed_at'),
  summary: jsonb('summary').notNull().default({}),
}, table => [primaryKey({ columns: [table.id] })])

export const messageChunk = pgTable('message_chunk', {
  messageId: text('message_id').notNull(),
  sequence: integer('sequence').notNull(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  startOffset: bigint('start_offset', { mode: 'number' }).notNull(),
  bytes: bytes('bytes').notNull(),
}, table => [primaryKey({ columns: [table.messageId, table.sequence] })])

export const messageKey = pgTable('message_key', {
  organisationId: text('organisation_id').notNull(),
  sha256: bytes('sha256').notNull(),
  messageId: text('message_id').notNull(),
}, table => [primaryKey({ columns: [table.organisationId, table.sha256] })])

export const interchangeKey = pgTable('interchange_key', {
  organisationId: text('organisation_id').notNull(),
  sender: text('sender').notNull(),
  receiver: text('receiver').notNull(),
  controlNumber: text('control_number').notNull(),
  test: boolean('test').notNull(),
  sha256: bytes('sha256').notNull(),
  messageId: text('message_id').notNull(),
  interchange: integer('interchange').notNull(),
  seenAt: instant('seen_at').notNull().defaultNow(),
  releasedAt: instant('released_at'),
}, table => [primaryKey({ columns: [table.organisationId, table.sender, table.receiver, table.controlNumber, table.test] })])

export const functionalGroup = pgTable('functional_group', {
  messageId: text('message_id').notNull(),
  ordinal: integer('ordinal').notNull(),
  interchange: integer('interchange').notNull(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  direction: text('direction', { enum: ['in', 'out'] }).notNull(),
  functionalId: text('functional_id').notNull(),
  senderCode: text('sender_code').notNull(),
  receiverCode: text('receiver_code').notNull(),
  controlNumber: text('control_number').notNull(),
  version: text('version').notNull(),
  startOffset: bigint('start_offset', { mode: 'number' }).notNull().default(0),
  endOffset: bigint('end_offset', { mode: 'number' }),
  test: boolean('test').notNull().default(false),
  outcome: text('outcome'),
  setsIncluded: integer('sets_included'),
  setsReceived: integer('sets_received'),
  setsAccepted: integer('sets_accepted'),
  findings: jsonb('findings').notNull().default([]),
  acknowledgementMessageId: text('acknowledgement_message_id'),
  acknowledgementState: text('acknowledgement_state', {
    enum: ['pending', 'accepted', 'accepted_with_errors', 'partially_accepted', 'rejected']
  }),
  sentAt: instant('sent_at'),
  acknowledgedAt: instant('acknowledged_at'),
}, table => [primaryKey({ columns: [table.messageId, table.ordinal] })])

export const messageSet = pgTable('message_set', {
  messageId: text('message_id').notNull(),
  ordinal: integer('ordinal').notNull(),
  groupOrdinal: integer('group_ordinal').notNull(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id'),
  partnershipId: text('partnership_id'),
  setId: text('set_id').notNull(),
  controlNumber: text('control_number').notNull(),
  startOffset: bigint('start_offset', { mode: 'number' }).notNull(),
  endOffset: bigint('end_offset', { mode: 'number' }).notNull(),
  segmentCount: integer('segment_count').notNull(),
  outcome: text('outcome', { enum: ['A', 'E', 'R'] }).notNull(),
  state: text('state', { enum: ['accepted', 'rejected', 'applied', 'checked', 'duplicate', 'quarantined'] }).notNull(),
  findings: jsonb('findings').notNull().default([]),
  errorCode: text('error_code'),
  errorDetail: text('error_detail'),
  documentKind: text('document_kind'),
  documentId: text('document_id'),
  partnerOutcome: text('partner_outcome'),
}, table => [primaryKey({ columns: [table.messageId, table.ordinal] })])

export const controlCounter = pgTable('control_counter', {
  sender: text('sender').notNull(),
  receiver: text('receiver').notNull(),
  kind: text('kind', { enum: ['interchange', 'group'] }).notNull(),
  lastNumber: bigint('last_number', { mode: 'number' }).notNull(),
}, table => [primaryKey({ columns: [table.sender, table.receiver, table.kind] })])

export const delivery = pgTable('delivery', {
  id: text('id').primaryKey(),
  organisationId: text('organisation_id').notNull(),
  counterpartId: text('counterpart_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  document: text('document').notNull(),
  documentId: text('document_id').notNull(),
  revision: integer('revision').notNull().default(1),
  channel: text('channel').notNull(),
  state: text('state', { enum: ['sent', 'shown', 'failed'] }).notNull(),
  messageId: text('message_id'),
  resends: integer('resends').notNull().default(0),
  errorCode: text('error_code'),
  errorDetail: text('error_detail'),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const waitingDocument = pgTable('waiting_document', {
  messageId: text('message_id').notNull(),
  ordinal: integer('ordinal').notNull(),
  organisationId: text('organisation_id').notNull(),
  partnershipId: text('partnership_id').notNull(),
  buyerId: text('buyer_id').notNull(),
  sellerId: text('seller_id').notNull(),
  orderNumber: text('order_number').notNull(),
  setId: text('set_id').notNull(),
  document: jsonb('document').notNull(),
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
}, table => [primaryKey({ columns: [table.messageId, table.ordinal] })])
