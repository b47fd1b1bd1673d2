import { Type, type Static, type TSchema } from 'typebox'
import { AllowanceCharge, DatedEvent, LineAcknowledgement, LocationSplit, Party, Reference } from '../documents/canonical.ts'

/** Parts that shipments and invoices use too. */
export const Decimal = Type.String({
  pattern: '^-?\\d{1,15}(\\.\\d{1,9})?$', description: 'Decimal number as text.', examples: ['12.50'],
})
const positivePattern = '^(?!0+(\\.0+)?$)\\d{1,15}(\\.\\d{1,9})?$'
export const PositiveDecimal = Type.String({
  pattern: positivePattern, description: 'Decimal number above zero, as text.', examples: ['100'],
})
export const BusinessDate = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Calendar date, YYYY-MM-DD.', examples: ['2026-03-02'],
})
export const Instant = Type.String({ description: 'Instant in UTC, ISO 8601.', examples: ['2026-03-02T09:30:00.000Z'] })
export const Unit = Type.String({
  pattern: '^[A-Z0-9]{2}$', description: 'X12 unit of measure: EA each, CA case …', examples: ['EA'],
})
export const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.', examples: ['USD'] })
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const idOf = (prefix: string, description: string) => Type.String({ pattern: `^${prefix}_[0-9a-f]{32}$`, description })
export const pageOfSchema = <T extends TSchema>(item: T, $id: string) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: OrNull(Type.String({ description: 'Give it as `cursor` to get the next page; null on the last.' })),
  }, { $id })

export const DocumentChannel = Type.Union([Type.Literal('x12'), Type.Literal('api'), Type.Literal('portal')],
  { description: 'How it came in.' })
export type DocumentChannel = Static<typeof DocumentChannel>

export const LineResponse = Type.Union([
  Type.Literal('open'), Type.Literal('accepted'), Type.Literal('changed'), Type.Literal('rejected'), Type.Literal('backordered'),
  Type.Literal('change_pending'), Type.Literal('cancelled'),
], {
  description: 'What the seller has answered to the line; change_pending when the buyer has changed it since; or cancelled by the buyer.',
})
export type LineResponse = Static<typeof LineResponse>

export const LineStatus = Type.Union([
  Type.Literal('open'), Type.Literal('accepted'), Type.Literal('changed'), Type.Literal('rejected'), Type.Literal('backordered'),
  Type.Literal('change_pending'), Type.Literal('cancelled'), Type.Literal('partly_shipped'), Type.Literal('shipped'),
  Type.Literal('invoiced'),
], { description: 'Where the line stands, from its response and its quantities.' })
export type LineStatus = Static<typeof LineStatus>

export const OrderState = Type.Union([
  Type.Literal('open'), Type.Literal('accepted'), Type.Literal('changed'), Type.Literal('rejected'),
  Type.Literal('change_pending'), Type.Literal('partly_shipped'), Type.Literal('shipped'), Type.Literal('invoiced'),
  Type.Literal('cancelled'),
], {
  description: 'Derived from the lines; open as long as a line waits for an answer, change_pending as long as a change of one does.',
})
export type OrderState = Static<typeof OrderState>

const summary = {
  id: idOf('ord', 'The order.'),
  partnershipId: idOf('prt', 'The partnership it belongs to.'),
  buyerId: idOf('org', 'The buyer.'),
  buyerName: Type.String(),
  sellerId: idOf('org', 'The seller.'),
  sellerName: Type.String(),
  number: Type.String({ description: 'The buyer\'s purchase order number (BEG03).', examples: ['4500012345'] }),
  release: Type.String({ description: 'Release of a blanket order (BEG04); empty when there is none.' }),
  type: Type.String({ description: 'Type of order (BEG02): SA stand-alone, RL release …', examples: ['SA'] }),
  orderDate: BusinessDate,
  currency: Currency,
  state: OrderState,
  respondBy: Type.String({
    description: 'By when the seller is to answer. Instant in UTC.', examples: ['2026-03-03T09:30:00.000Z'],
  }),
  shipTo: OrNull(Type.String({ description: 'GLN, code or name of the place to ship to.' })),
  shipNotBefore: OrNull(BusinessDate),
  shipNoLater: OrNull(BusinessDate),
  deliveryRequested: OrNull(BusinessDate),
  cancelAfter: OrNull(BusinessDate),
  totalAmount: Type.String({ description: 'Sum of quantity × price of the lines.', examples: ['1250.00'] }),
  lineCount: Type.Integer(),
  channel: DocumentChannel,
  version: Type.Integer({ description: 'Goes up with every change; the ETag.' }),
  createdAt: Instant,
  updatedAt: Instant,
}

/** An order as lists show it. */
export const OrderSummary = Type.Object(summary, { $id: 'OrderSummary' })
export type OrderSummary = Static<typeof OrderSummary>

/** A line with its answer and its ledger: ordered + over-shipped = open + shipped + cancelled. */
export const OrderLine = Type.Object({
  position: Type.Integer({ description: 'Ordinal of the line in its order, from 1.' }),
  lineNumber: Type.String({ description: 'The buyer\'s line number (PO101).', examples: ['1'] }),
  partnershipItemId: OrNull(Type.String({ description: 'The item as the partners trade it; null when it is not known.' })),
  gtin: OrNull(Type.String()),
  buyerItem: OrNull(Type.String()),
  sellerItem: OrNull(Type.String()),
  description: OrNull(Type.String()),
  unit: Unit,
  price: OrNull(Decimal),
  priceBasis: OrNull(Type.String({ description: 'What the price is for (PO105): PE each, HP hundred, TP thousand.' })),
  response: LineResponse,
  status: LineStatus,
  priceConfirmed: OrNull(Decimal),
  promisedDate: OrNull(BusinessDate),
  quantityOrdered: Decimal,
  quantityConfirmed: Decimal,
  quantityOpen: Decimal,
  quantityShipped: Decimal,
  quantityReceived: Decimal,
  quantityInvoiced: Decimal,
  quantityPaid: Decimal,
  quantityCancelled: Decimal,
  packSize: Type.Optional(Decimal),
  splits: Type.Optional(Type.Array(LocationSplit, { description: 'How the quantity divides over stores (SDQ).' })),
  dates: Type.Optional(Type.Array(DatedEvent)),
  references: Type.Optional(Type.Array(Reference)),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
}, { $id: 'OrderLine' })
export type OrderLine = Static<typeof OrderLine>

/** One answer of the seller (an 855). */
export const OrderResponse = Type.Object({
  id: idOf('rsp', 'The answer.'),
  orderId: idOf('ord', 'The order answered.'),
  sequence: Type.Integer({ description: 'First answer 1, and so on.' }),
  type: Type.String({
    description: 'BAK02: AD nothing changed, AC with changes, RD rejected, AK or AT accepted without lines …',
  }),
  acknowledgementNumber: OrNull(Type.String({ description: 'The seller\'s own order number (BAK08).' })),
  lines: Type.Array(Type.Object({ lineNumber: Type.String(), acknowledgements: Type.Array(LineAcknowledgement) })),
  notes: Type.Array(Type.String()),
  channel: DocumentChannel,
  actor: Type.String({ description: 'Who answered.' }),
  createdAt: Instant,
}, { $id: 'OrderResponse' })
export type OrderResponse = Static<typeof OrderResponse>

/** What of a shipment concerns this order. */
export const OrderShipment = Type.Object({
  id: idOf('shp', 'The shipment.'),
  number: Type.String(),
  state: Type.Union([Type.Literal('shipped'), Type.Literal('cancelled')]),
  shipDate: OrNull(BusinessDate),
  estimatedDelivery: OrNull(BusinessDate),
  createdAt: Instant,
  packages: Type.Array(Type.Object({
    package: Type.String(), parent: OrNull(Type.String()), type: Type.Union([Type.Literal('pallet'), Type.Literal('carton')]),
    sscc: OrNull(Type.String()),
  }), { description: 'Those that hold lines of this order, and the pallets they stand on.' }),
  lines: Type.Array(Type.Object({
    orderLinePosition: OrNull(Type.Integer()), lineNumber: OrNull(Type.String()), package: OrNull(Type.String()),
      quantity: Decimal, unit: Type.String(),
  })),
}, { $id: 'OrderShipment' })
export type OrderShipment = Static<typeof OrderShipment>

/** What of a receipt concerns this order. */
export const OrderReceipt = Type.Object({
  id: idOf('rct', 'The receipt.'),
  number: Type.String(),
  state: Type.Union([Type.Literal('received'), Type.Literal('cancelled')]),
  receivedOn: BusinessDate,
  createdAt: Instant,
  lines: Type.Array(Type.Object({
    orderLinePosition: OrNull(Type.Integer()), lineNumber: OrNull(Type.String()), shipmentId: OrNull(Type.String()),
    sscc: OrNull(Type.String()), quantity: Decimal, quantityDamaged: Decimal, unit: Type.String(),
  })),
}, { $id: 'OrderReceipt' })
export type OrderReceipt = Static<typeof OrderReceipt>

/** An invoice or credit for this order. */
export const OrderInvoice = Type.Object({
  id: idOf('inv', 'The invoice.'),
  number: Type.String(),
  type: Type.Union([Type.Literal('invoice'), Type.Literal('credit')]),
  invoiceDate: BusinessDate,
  currency: Currency,
  total: Decimal,
  shipmentId: OrNull(Type.String()),
  createdAt: Instant,
  lines: Type.Array(Type.Object({
    orderLinePosition: OrNull(Type.Integer()), lineNumber: OrNull(Type.String()), quantity: Decimal, unit: Type.String(),
      price: Decimal, amount: Decimal,
  })),
}, { $id: 'OrderInvoice' })
export type OrderInvoice = Static<typeof OrderInvoice>

/** How one side was told of a document, and whether it has acknowledged it. */
export const DocumentDelivery = Type.Object({
  id: idOf('dlv', 'The delivery.'),
  recipientId: idOf('org', 'Who was told.'),
  document: Type.String({ description: 'X12 set id.', examples: ['855'] }),
  documentId: Type.String({ description: 'The order, answer, shipment or invoice.' }),
  revision: Type.Integer(),
  channel: Type.String(),
  state: Type.Union([Type.Literal('sent'), Type.Literal('shown'), Type.Literal('failed')]),
  messageId: OrNull(Type.String()),
  acknowledgement: OrNull(Type.String({
    description: 'The recipient\'s 997: pending, accepted, rejected …; null when none is due.',
  })),
  acknowledgedAt: OrNull(Instant),
  createdAt: Instant,
}, { $id: 'DocumentDelivery' })
export type DocumentDelivery = Static<typeof DocumentDelivery>

/** An exception that is still open on the order or one of its documents. */
export const OpenException = Type.Object({
  id: idOf('exc', 'The exception.'),
  rule: Type.String({ examples: ['R4'] }),
  code: Type.String(),
  severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error'), Type.Literal('critical')]),
  state: Type.String(),
  subjectKind: Type.String(),
  subjectId: Type.String(),
  summary: Type.String(),
  moneyAtRisk: OrNull(Decimal),
  currency: OrNull(Type.String()),
  firstSeenAt: Instant,
}, { $id: 'OpenException' })
export type OpenException = Static<typeof OpenException>

/** An order with its lines and everything that hangs on it. */
export const Order = Type.Object({
  ...summary,
  contract: Type.Optional(Type.String()),
  freightTerms: Type.Optional(Type.String({ description: 'FOB01: PP prepaid, CC collect …' })),
  references: Type.Array(Reference),
  parties: Type.Array(Party),
  dates: Type.Array(DatedEvent),
  notes: Type.Array(Type.String()),
  allowancesCharges: Type.Array(AllowanceCharge),
  lines: Type.Array(OrderLine),
  responses: Type.Array(OrderResponse),
  shipments: Type.Array(OrderShipment),
  receipts: Type.Array(OrderReceipt),
  invoices: Type.Array(OrderInvoice),
  deliveries: Type.Array(DocumentDelivery),
  exceptions: Type.Array(OpenException),
}, { $id: 'Order' })
export type Order = Static<typeof Order>

export const OrderPage = pageOfSchema(OrderSummary, 'OrderPage')
export type OrderPage = Static<typeof OrderPage>

/** Which orders a list shows. */
export const OrderFilter = Type.Object({
  role: Type.Optional(Type.Union([Type.Literal('buyer'), Type.Literal('seller')],
    { description: 'Only those in which you are the buyer, or the seller.' })),
  partnerId: Type.Optional(idOf('org', 'Only those with this partner.')),
  state: Type.Optional(OrderState),
  number: Type.Optional(Type.String({ minLength: 1, maxLength: 22, description: 'The purchase order number, exactly.' })),
  needsAnswer: Type.Optional(Type.Boolean({ description: 'Only those that wait for the seller\'s answer.' })),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'Only those received at or after this instant.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 40 })),
}, { $id: 'OrderFilter', additionalProperties: false })
export type OrderFilter = Static<typeof OrderFilter>

/** Something that happened to an order or one of its documents. */
export const TimelineEntry = Type.Object({
  at: Instant,
  type: Type.String({
    description: 'order.received, order.answered, shipment.sent, document.sent …', examples: ['order.answered'],
  }),
  subjectId: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
}, { $id: 'TimelineEntry' })
export type TimelineEntry = Static<typeof TimelineEntry>

const lineNumber = Type.String({ minLength: 1, maxLength: 20, description: 'The buyer\'s line number.', examples: ['1'] })
const note = (description: string) => Type.String({ minLength: 1, maxLength: 80, description })

const ShipTo = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  gln: Type.Optional(Type.String({ pattern: '^[0-9]{13}$' })),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: 'The buyer\'s own code of the location.' })),
  address: Type.Optional(Type.Array(Type.String({ maxLength: 55 }), { maxItems: 4 })),
  city: Type.Optional(Type.String({ maxLength: 30 })),
  region: Type.Optional(Type.String({ maxLength: 2 })),
  postalCode: Type.Optional(Type.String({ maxLength: 15 })),
  country: Type.Optional(Type.String({ maxLength: 3 })),
}, { additionalProperties: false })

/** One line to order. One of the three item numbers must be known in the partnership. */
export const OrderLineInput = Type.Object({
  lineNumber: Type.Optional(lineNumber),
  gtin: Type.Optional(Type.String({
    pattern: '^(\\d{8}|\\d{12,14})$', description: 'GTIN of 8, 12, 13 or 14 digits.', examples: ['00614141000012'],
  })),
  buyerItem: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
  sellerItem: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
  description: Type.Optional(note('Shown when the item has no name of its own.')),
  quantity: PositiveDecimal,
  unit: Type.Optional(Unit),
  price: Type.Optional(Decimal),
  priceBasis: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
}, { $id: 'OrderLineInput', additionalProperties: false })
export type OrderLineInput = Static<typeof OrderLineInput>

/** An order placed by portal or API. */
export const OrderInput = Type.Object({
  sellerId: idOf('org', 'Who is to deliver.'),
  number: Type.String({
    minLength: 1, maxLength: 22, description: 'Your purchase order number; unique in the partnership.', examples: ['4500012345'],
  }),
  release: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
  type: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{2}$', default: 'SA' })),
  orderDate: Type.Optional(BusinessDate),
  currency: Type.Optional(Currency),
  freightTerms: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', examples: ['PP'] })),
  shipTo: Type.Optional(ShipTo),
  shipNotBefore: Type.Optional(BusinessDate),
  shipNoLater: Type.Optional(BusinessDate),
  deliveryRequested: Type.Optional(BusinessDate),
  cancelAfter: Type.Optional(BusinessDate),
  notes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 264 }), { maxItems: 100 })),
  lines: Type.Array(OrderLineInput, { minItems: 1, maxItems: 10_000 }),
}, {
  $id: 'OrderInput', additionalProperties: false,
  examples: [{
    sellerId: 'org_0199c0de0000700080000000000000a1', number: '4500012345', shipNoLater: '2026-03-10',
    lines: [{ gtin: '00614141000012', quantity: '120', unit: 'EA', price: '4.25' }],
  }],
})
export type OrderInput = Static<typeof OrderInput>

/** What the seller says of one line. Name it by its number, or by its position when a number occurs twice. */
export const LineAnswer = Type.Object({
  lineNumber: Type.Optional(lineNumber),
  position: Type.Optional(Type.Integer({ minimum: 1 })),
  action: Type.Union([Type.Literal('accept'), Type.Literal('change'), Type.Literal('reject'), Type.Literal('backorder')]),
  quantity: Type.Optional(Type.String({
    pattern: positivePattern,
    description: 'change: what will be delivered. backorder: what will come later; all of it when absent.', examples: ['80'],
  })),
  price: Type.Optional(Type.String({
    pattern: '^\\d{1,15}(\\.\\d{1,9})?$', description: 'change: the price instead of the ordered one.', examples: ['4.40'],
  })),
  shipDate: Type.Optional(BusinessDate),
  reason: Type.Optional(note('Why; the buyer reads it.')),
}, { $id: 'LineAnswer', additionalProperties: false })
export type LineAnswer = Static<typeof LineAnswer>

/** The seller's answer to an order. */
export const OrderAnswer = Type.Object({
  acceptRest: Type.Optional(Type.Boolean({
    description: 'Accept every line that is not listed and waits for an answer. Alone it accepts the whole order.',
  })),
  lines: Type.Optional(Type.Array(LineAnswer, { maxItems: 10_000 })),
  sellerOrderNumber: Type.Optional(Type.String({
    minLength: 1, maxLength: 30, description: 'Your own number of the order (BAK08).',
  })),
  notes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 264 }), { maxItems: 100 })),
}, {
  $id: 'OrderAnswer', additionalProperties: false,
  examples: [
    { acceptRest: true },
    { acceptRest: true, lines: [{ lineNumber: '2', action: 'change', quantity: '80', reason: 'Only 80 left of this batch' }] },
  ],
})
export type OrderAnswer = Static<typeof OrderAnswer>
