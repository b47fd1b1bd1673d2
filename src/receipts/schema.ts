import { Type, type Static } from 'typebox'
import { Reference } from '../documents/canonical.ts'
import { Compared, Evidence } from '../exceptions/schema.ts'
import { BusinessDate, DocumentChannel, Instant, OrNull, idOf, pageOfSchema } from '../orders/schema.ts'
import { differenceStates } from './difference-rules.ts'

const summary = {
  id: idOf('rct', 'The receipt.'),
  partnershipId: idOf('prt', 'The partnership it belongs to.'),
  buyerId: idOf('org', 'The buyer, who received.'),
  sellerId: idOf('org', 'The seller.'),
  number: Type.String({ description: 'The buyer\'s number of the receiving advice (BRA01).', examples: ['RA-1001'] }),
  type: Type.String({ description: 'BRA04: 1 counted at the dock, 2 after the receipt was checked.', examples: ['2'] }),
  state: Type.Union([Type.Literal('received'), Type.Literal('cancelled')]),
  receivedOn: BusinessDate,
  shipmentNumber: OrNull(Type.String({ description: 'The ship notice that the receipt names.' })),
  orderNumber: OrNull(Type.String({ description: 'The order that the receipt names, when it is one.' })),
  linked: Type.Boolean({ description: 'Whether every line has found its order line and shipment.' }),
  channel: DocumentChannel,
  actor: Type.String({ description: 'Who entered or sent it.' }),
  version: Type.Integer({ description: 'Goes up with every change; the ETag.' }),
  createdAt: Instant,
  updatedAt: Instant,
}

/** A receipt as lists show it. */
export const GoodsReceiptSummary = Type.Object(summary, { $id: 'GoodsReceiptSummary' })
export type GoodsReceiptSummary = Static<typeof GoodsReceiptSummary>

/** What arrived of one order line, or of goods that no order line is known for. */
export const GoodsReceiptLine = Type.Object({
  position: Type.Integer(),
  documentLine: Type.Integer({ description: 'Ordinal of the line as it was said; a whole carton has one for each item in it.' }),
  orderId: OrNull(Type.String({ description: 'Null when the order is not here (yet).' })),
  orderNumber: OrNull(Type.String()),
  orderLinePosition: OrNull(Type.Integer()),
  lineNumber: OrNull(Type.String()),
  shipmentId: OrNull(Type.String({ description: 'Null when the ship notice is not here (yet), or none was named.' })),
  package: OrNull(Type.String({ description: 'Name of the package in that shipment.' })),
  sscc: OrNull(Type.String({ description: 'SSCC that was scanned, 18 digits.' })),
  gtin: OrNull(Type.String()),
  buyerItem: OrNull(Type.String()),
  sellerItem: OrNull(Type.String()),
  quantity: Type.String({ description: 'What arrived of the item, in whatever condition.', examples: ['96'] }),
  quantityDamaged: Type.String({ description: 'Of it damaged.', examples: ['4'] }),
  quantityQuality: Type.String({ description: 'Of it of bad quality.', examples: ['0'] }),
  quantityWrong: Type.String({ description: 'Other goods that came in its place; not among what arrived.', examples: ['0'] }),
  quantityShort: Type.String({ description: 'What the receipt itself says is missing.', examples: ['0'] }),
  unit: Type.String(),
}, { $id: 'GoodsReceiptLine' })
export type GoodsReceiptLine = Static<typeof GoodsReceiptLine>

/** A receipt with its lines. */
export const GoodsReceipt = Type.Object({
  ...summary,
  references: Type.Array(Reference),
  lines: Type.Array(GoodsReceiptLine),
}, { $id: 'GoodsReceipt' })
export type GoodsReceipt = Static<typeof GoodsReceipt>

export const GoodsReceiptPage = pageOfSchema(GoodsReceiptSummary, 'GoodsReceiptPage')
export type GoodsReceiptPage = Static<typeof GoodsReceiptPage>

export const GoodsReceiptFilter = Type.Object({
  role: Type.Optional(Type.Union([Type.Literal('buyer'), Type.Literal('seller')])),
  partnerId: Type.Optional(idOf('org', 'Only those with this partner.')),
  number: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
  orderId: Type.Optional(idOf('ord', 'Only those of this order.')),
  shipmentId: Type.Optional(idOf('shp', 'Only those of this shipment.')),
  linked: Type.Optional(Type.Boolean({ description: 'False: only those that wait for an order or ship notice.' })),
  since: Type.Optional(Type.String({ format: 'date-time' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 40 })),
}, { $id: 'GoodsReceiptFilter', additionalProperties: false })
export type GoodsReceiptFilter = Static<typeof GoodsReceiptFilter>

const Quantity = (description: string) => Type.String({ pattern: '^\\d{1,9}(\\.\\d{1,6})?$', description, examples: ['4'] })

/** What arrived: of an order line, or a whole carton or pallet. */
export const GoodsReceiptLineInput = Type.Object({
  sscc: Type.Optional(Type.String({
    pattern: '^(00)?\\d{18}$', description: 'The carton or pallet that was scanned. Alone, it is about all that is in it.',
    examples: ['006141410000000018'],
  })),
  condition: Type.Optional(Type.Union([Type.Literal('good'), Type.Literal('damaged'), Type.Literal('missing')], {
    description: 'Of a whole carton or pallet; good when left out.',
  })),
  orderId: Type.Optional(idOf('ord', 'The order; may be left out when the receipt is of one order.')),
  lineNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: 'Line of the order.', examples: ['1'] })),
  quantity: Type.Optional(Quantity('What arrived of the line, in whatever condition, in the unit of the order line.')),
  damaged: Type.Optional(Quantity('Of it damaged.')),
  quality: Type.Optional(Quantity('Of it of bad quality.')),
  wrong: Type.Optional(Quantity('Other goods that came in its place; not among the quantity.')),
}, { $id: 'GoodsReceiptLineInput', additionalProperties: false })
export type GoodsReceiptLineInput = Static<typeof GoodsReceiptLineInput>

const said = {
  type: Type.Optional(Type.Union([Type.Literal('1'), Type.Literal('2')], {
    description: '1 counted at the dock, 2 after the receipt was checked.', default: '2',
  })),
  receivedOn: Type.Optional(BusinessDate),
  lines: Type.Optional(Type.Array(GoodsReceiptLineInput, {
    minItems: 1, maxItems: 10_000, description: 'All that was shipped and has not been received, in good condition, when left out.',
  })),
}

/** A receipt of a shipment, or of an order without one. */
export const GoodsReceiptInput = Type.Object({
  number: Type.Optional(Type.String({
    minLength: 1, maxLength: 30, description: 'Your number of the receipt, unique in the partnership; the hub makes one when it is left out.',
  })),
  shipmentId: Type.Optional(idOf('shp', 'The shipment that arrived.')),
  orderId: Type.Optional(idOf('ord', 'The order; needed without a shipment.')),
  ...said,
}, {
  $id: 'GoodsReceiptInput', additionalProperties: false,
  examples: [{ shipmentId: 'shp_0199c0de0000700080000000000000a1', lines: [{ lineNumber: '1', quantity: '96', damaged: '4' }] }],
})
export type GoodsReceiptInput = Static<typeof GoodsReceiptInput>

/** What a receipt says now, in the place of what it said. */
export const GoodsReceiptChange = Type.Object({ ...said, lines: Type.Array(GoodsReceiptLineInput, { minItems: 1, maxItems: 10_000 }) }, {
  $id: 'GoodsReceiptChange', additionalProperties: false, examples: [{ lines: [{ lineNumber: '1', quantity: '100' }] }],
})
export type GoodsReceiptChange = Static<typeof GoodsReceiptChange>

const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>(Type.Union(values.map(value => Type.Literal(value)), description === undefined ? {} : { description }))

/** What one side has said to a difference. */
export const DifferenceAnswer = Type.Object({
  sequence: Type.Integer({ description: 'First answer 1, and so on.' }),
  side: oneOf(['buyer', 'seller']),
  action: oneOf(['agree', 'dispute']),
  reason: OrNull(Type.String()),
  compared: Compared,
  actor: Type.String({ description: 'Who said it.' }),
  createdAt: Instant,
}, { $id: 'DifferenceAnswer' })

/** A difference between what was shipped and what was received: an exception of rule R8, with what the sides say to it. */
export const ReceivingDifference = Type.Object({
  id: idOf('exc', 'The difference, which is an exception.'),
  partnershipId: idOf('prt', 'The partnership it belongs to.'),
  buyerId: idOf('org', 'The buyer.'),
  sellerId: idOf('org', 'The seller.'),
  code: Type.String({ description: 'R8_SHORT, R8_OVER, R8_DAMAGED, R8_CARTON_MISSING …', examples: ['R8_SHORT'] }),
  severity: Type.String({ examples: ['error'] }),
  state: oneOf(differenceStates,
    'disputed: the seller stands by its ship notice. upheld: the buyer stands by its receipt. agreed: the seller takes the buyer\'s value. conceded: the buyer takes the seller\'s. gone: it no longer holds. resolved: closed by a person otherwise.'),
  subjectKind: Type.String({ examples: ['order'] }),
  subjectId: Type.String({ description: 'The order, or the shipment.' }),
  summary: Type.String({ description: 'One sentence with the numbers.' }),
  compared: Compared,
  evidence: Type.Array(Evidence),
  moneyAtRisk: OrNull(Type.String({ examples: ['10.00'] })),
  currency: OrNull(Type.String()),
  answers: Type.Array(DifferenceAnswer, { description: 'All that was said, oldest first.' }),
  version: Type.Integer({ description: 'Of the exception; the ETag.' }),
  firstSeenAt: Instant,
  lastSeenAt: Instant,
}, { $id: 'ReceivingDifference' })
export type ReceivingDifference = Static<typeof ReceivingDifference>

export const ReceivingDifferencePage = pageOfSchema(ReceivingDifference, 'ReceivingDifferencePage')
export type ReceivingDifferencePage = Static<typeof ReceivingDifferencePage>

export const ReceivingDifferenceFilter = Type.Object({
  state: Type.Optional(oneOf(differenceStates)),
  partnershipId: Type.Optional(idOf('prt', 'Only those of this partnership.')),
  subjectId: Type.Optional(Type.String({ maxLength: 80, description: 'Only those of this order or shipment.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 40 })),
}, { $id: 'ReceivingDifferenceFilter', additionalProperties: false })
export type ReceivingDifferenceFilter = Static<typeof ReceivingDifferenceFilter>

/** To agree is to take the other side's value; to dispute, to stand by one's own and say why. */
export const DifferenceAnswerInput = Type.Object({
  action: oneOf(['agree', 'dispute']),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'Needed to dispute.' })),
}, {
  $id: 'DifferenceAnswerInput', additionalProperties: false,
  examples: [{ action: 'dispute', reason: 'The carrier signed for 24 cartons; see the proof of delivery.' }],
})
export type DifferenceAnswerInput = Static<typeof DifferenceAnswerInput>
