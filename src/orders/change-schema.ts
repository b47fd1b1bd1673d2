import { Type, type Static } from 'typebox'
import { ChangeLineDocument, LineAcknowledgement } from '../documents/canonical.ts'
import { BusinessDate, Decimal, DocumentChannel, Instant, idOf, OrNull, OrderAnswer, OrderLineInput } from './schema.ts'

export const changeStates = [
  'held', 'refused', 'replaced', 'pending', 'accepted', 'countered', 'rejected', 'superseded',
] as const
export type ChangeState = (typeof changeStates)[number]

const ProblemNote = Type.Object({
  code: Type.String({ examples: ['orders/below-shipped'] }),
  detail: Type.String(),
  at: Type.Optional(Type.Integer({ description: 'Ordinal of the X12 segment that it is seen in.' })),
})

/** What was said to a change (865). */
export const OrderChangeAnswer = Type.Object({
  id: idOf('cha', 'The answer.'),
  type: OrNull(Type.String({ description: 'BCA02: AT accepted, AC with changes, RD rejected, RO rejected with a counter offer …' })),
  lines: Type.Array(Type.Object({
    lineNumber: OrNull(Type.String()), code: Type.String(), acknowledgements: Type.Array(LineAcknowledgement),
  })),
  notes: Type.Array(Type.String()),
  channel: Type.String({ description: 'x12, api, portal; hub when the change could not be made and the hub said so.' }),
  actor: Type.String(),
  createdAt: Instant,
}, { $id: 'OrderChangeAnswer' })
export type OrderChangeAnswer = Static<typeof OrderChangeAnswer>

/** A change of an order (860), and what became of it. */
export const OrderChange = Type.Object({
  id: idOf('chg', 'The change.'),
  orderId: idOf('ord', 'The order changed.'),
  sequence: OrNull(Type.String({ description: 'The buyer\'s number of the change (BCH05).' })),
  ordinal: OrNull(Type.Integer({ description: 'Its place among the changes made; null when it waits or was refused.' })),
  purpose: Type.String({ description: 'BCH01: 01 cancels the order, 04 changes it, 05 takes the place of the change of this sequence.' }),
  type: Type.String({ description: 'BCH02.' }),
  state: Type.Unsafe<ChangeState>(Type.Union(changeStates.map(state => Type.Literal(state)), {
    description: 'held: waits for an earlier change. refused: cannot be made. pending: made, and not wholly answered by the seller; then what the seller said. superseded: later changes speak of the same lines. replaced: another took its place.',
  })),
  respondBy: OrNull(Type.String({ description: 'By when the seller is to answer. Instant in UTC.' })),
  changedOn: OrNull(BusinessDate),
  lines: Type.Array(ChangeLineDocument),
  notes: Type.Array(Type.String()),
  problems: Type.Array(ProblemNote, { description: 'Why it was refused, or what is odd about it.' }),
  channel: DocumentChannel,
  actor: Type.String({ description: 'Who asked for it.' }),
  createdAt: Instant,
  decidedAt: OrNull(Type.String({ description: 'When it was made or refused. Instant in UTC.' })),
  answers: Type.Array(OrderChangeAnswer),
}, { $id: 'OrderChange' })
export type OrderChange = Static<typeof OrderChange>

const quantity = Type.String({
  pattern: '^\\d{1,15}(\\.\\d{1,9})?$', description: 'The new quantity, never a difference. 0 cancels the line.', examples: ['80'],
})
const price = Type.String({ pattern: '^\\d{1,15}(\\.\\d{1,9})?$', description: 'The new price.', examples: ['4.10'] })

/** One line to change, named by its number, or by its position when a number occurs twice; or to cancel. */
export const ChangeLineInput = Type.Object({
  lineNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
  position: Type.Optional(Type.Integer({ minimum: 1 })),
  cancel: Type.Optional(Type.Boolean({ description: 'Take the line off the order.' })),
  quantity: Type.Optional(quantity),
  price: Type.Optional(price),
  shipNotBefore: Type.Optional(BusinessDate),
  shipNoLater: Type.Optional(BusinessDate),
  deliveryRequested: Type.Optional(BusinessDate),
}, { $id: 'ChangeLineInput', additionalProperties: false })
export type ChangeLineInput = Static<typeof ChangeLineInput>

/** A change of an order, as its buyer enters it. */
export const OrderChangeInput = Type.Object({
  cancel: Type.Optional(Type.Boolean({ description: 'Cancel the whole order; nothing of it may have shipped.' })),
  lines: Type.Optional(Type.Array(ChangeLineInput, { maxItems: 10_000 })),
  add: Type.Optional(Type.Array(OrderLineInput, { maxItems: 10_000, description: 'Lines to add.' })),
  shipNotBefore: Type.Optional(BusinessDate),
  shipNoLater: Type.Optional(BusinessDate),
  deliveryRequested: Type.Optional(BusinessDate),
  cancelAfter: Type.Optional(BusinessDate),
  freightTerms: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
  notes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 264 }), { maxItems: 100 })),
}, {
  $id: 'OrderChangeInput', additionalProperties: false,
  examples: [{ lines: [{ lineNumber: '1', quantity: '80' }, { lineNumber: '2', cancel: true }] }],
})
export type OrderChangeInput = Static<typeof OrderChangeInput>

/** The seller's answer to a change: each of its lines accepted, rejected, changed or backordered. */
export const OrderChangeReply = Type.Object({
  acceptRest: Type.Optional(Type.Boolean({ description: 'Accept every line of the change that is not listed. Alone it accepts all of it.' })),
  rejectRest: Type.Optional(Type.Boolean({ description: 'Reject every line of the change that is not listed. Alone it rejects all of it.' })),
  lines: OrderAnswer.properties.lines,
  notes: OrderAnswer.properties.notes,
}, {
  $id: 'OrderChangeReply', additionalProperties: false,
  examples: [{ acceptRest: true }, { lines: [{ lineNumber: '1', action: 'change', quantity: '90', reason: 'These are packed.' }] }],
})
export type OrderChangeReply = Static<typeof OrderChangeReply>

/** A document that an order has had. */
export const OrderVersion = Type.Object({
  version: Type.Integer(),
  since: Instant,
  until: OrNull(Type.String({ description: 'Null for the one in force. Instant in UTC.' })),
  replacedBy: OrNull(Type.String({ description: 'change, answer, replacement or cancellation; null for the one in force.' })),
  changeId: OrNull(Type.String({ description: 'The change that took its place, or whose answer did.' })),
  document: Type.Record(Type.String(), Type.Unknown(), { description: 'The order as it was.' }),
}, { $id: 'OrderVersion' })
export type OrderVersion = Static<typeof OrderVersion>

/** One value that differs between two versions. */
export const VersionDifference = Type.Object({
  lineNumber: OrNull(Type.String({ description: 'The line; null for the heading.' })),
  field: Type.String({ description: 'quantity, price, dates.038, references.DP …; line when it is there in one version only.' }),
  before: OrNull(Type.String()),
  after: OrNull(Type.String()),
}, { $id: 'VersionDifference' })
export type VersionDifference = Static<typeof VersionDifference>

export const VersionComparison = Type.Object({
  orderId: idOf('ord', 'The order.'),
  from: Type.Integer(),
  to: Type.Integer(),
  differences: Type.Array(VersionDifference),
}, { $id: 'VersionComparison' })
export type VersionComparison = Static<typeof VersionComparison>

/** A line as it was known at an instant. */
const LineAsOf = Type.Object({
  position: Type.Integer(),
  lineNumber: Type.String(),
  unit: Type.String(),
  price: OrNull(Decimal),
  response: Type.String(),
  priceConfirmed: OrNull(Decimal),
  promisedDate: OrNull(BusinessDate),
  quantityOrdered: Decimal,
  quantityConfirmed: Decimal,
  quantityOpen: Decimal,
  quantityShipped: Decimal,
  quantityInvoiced: Decimal,
  quantityCancelled: Decimal,
  changeId: OrNull(Type.String({ description: 'The change that made it what it was; null when that was the order.' })),
})

/** The order as it was known at an instant: its document, answers, changes, shipments and invoices up to then. */
export const OrderAsOf = Type.Object({
  orderId: idOf('ord', 'The order.'),
  at: Instant,
  state: Type.String(),
  document: Type.Record(Type.String(), Type.Unknown(), { description: 'The order as it stood.' }),
  lines: Type.Array(LineAsOf),
  changes: Type.Integer({ description: 'Changes made by then.' }),
  answers: Type.Integer({ description: 'Answers to the order by then.' }),
}, { $id: 'OrderAsOf' })
export type OrderAsOf = Static<typeof OrderAsOf>

