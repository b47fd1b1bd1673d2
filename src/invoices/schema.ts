import { Type, type Static } from 'typebox'
import { AllowanceCharge, Reference, Tax } from '../documents/canonical.ts'
import {
  BusinessDate, Currency, Decimal, DocumentChannel, Instant, OrNull, PositiveDecimal, idOf, pageOfSchema,
} from '../orders/schema.ts'

const Money = Type.String({
  pattern: '^\\d{1,13}(\\.\\d{1,2})?$', description: 'Amount with at most two decimals, as text.', examples: ['12.50'],
})

export const InvoiceLine = Type.Object({
  position: Type.Integer(),
  orderLinePosition: OrNull(Type.Integer()),
  lineNumber: OrNull(Type.String()),
  gtin: OrNull(Type.String()),
  quantity: Decimal,
  unit: Type.String(),
  price: Decimal,
  amount: Type.String({ description: 'Quantity × price over its basis, to the cent.', examples: ['510.00'] }),
}, { $id: 'InvoiceLine' })
export type InvoiceLine = Static<typeof InvoiceLine>

const summary = {
  id: idOf('inv', 'The invoice.'),
  partnershipId: idOf('prt', 'The partnership it belongs to.'),
  buyerId: idOf('org', 'The buyer.'),
  sellerId: idOf('org', 'The seller.'),
  number: Type.String({ description: 'The seller\'s invoice number (BIG02).' }),
  type: Type.Union([Type.Literal('invoice'), Type.Literal('credit')]),
  invoiceDate: BusinessDate,
  currency: Currency,
  total: Type.String({ description: 'What is to be paid (TDS01); of a credit, what is given back.', examples: ['510.00'] }),
  orderId: OrNull(Type.String({ description: 'Null when the order is not on the hub.' })),
  orderNumber: OrNull(Type.String()),
  shipmentId: OrNull(Type.String({ description: 'The shipment it is for, when that is known.' })),
  channel: DocumentChannel,
  version: Type.Integer(),
  createdAt: Instant,
}

export const InvoiceSummary = Type.Object(summary, { $id: 'InvoiceSummary' })
export type InvoiceSummary = Static<typeof InvoiceSummary>

/** An invoice or credit with its lines, charges and taxes. */
export const Invoice = Type.Object({
  ...summary,
  references: Type.Array(Reference),
  allowancesCharges: Type.Array(AllowanceCharge),
  taxes: Type.Array(Tax),
  notes: Type.Array(Type.String()),
  lines: Type.Array(InvoiceLine),
}, { $id: 'Invoice' })
export type Invoice = Static<typeof Invoice>

export const InvoicePage = pageOfSchema(InvoiceSummary, 'InvoicePage')
export type InvoicePage = Static<typeof InvoicePage>

export const InvoiceFilter = Type.Object({
  role: Type.Optional(Type.Union([Type.Literal('buyer'), Type.Literal('seller')])),
  partnerId: Type.Optional(idOf('org', 'Only those with this partner.')),
  number: Type.Optional(Type.String({ minLength: 1, maxLength: 22 })),
  type: Type.Optional(Type.Union([Type.Literal('invoice'), Type.Literal('credit')])),
  since: Type.Optional(Type.String({ format: 'date-time' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 40 })),
}, { $id: 'InvoiceFilter', additionalProperties: false })
export type InvoiceFilter = Static<typeof InvoiceFilter>

export const InvoiceLineInput = Type.Object({
  lineNumber: Type.String({ minLength: 1, maxLength: 20 }),
  quantity: PositiveDecimal,
  price: Type.Optional(Type.String({
    pattern: '^\\d{1,15}(\\.\\d{1,9})?$', description: 'The confirmed or ordered price when left out.',
  })),
}, { $id: 'InvoiceLineInput', additionalProperties: false })
export type InvoiceLineInput = Static<typeof InvoiceLineInput>

export const ChargeInput = Type.Object({
  indicator: Type.Union([Type.Literal('A'), Type.Literal('C')], { description: 'A allowance, taken off; C charge, added.' }),
  code: Type.Optional(Type.String({ pattern: '^[A-Z]\\d{3}$', description: 'SAC02.', examples: ['D240'] })),
  amount: Money,
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
}, { $id: 'ChargeInput', additionalProperties: false })
export type ChargeInput = Static<typeof ChargeInput>

export const TaxInput = Type.Object({
  type: Type.String({
    pattern: '^[A-Z]{2}$', description: 'TXI01: ST state sales tax, VA value added tax …', examples: ['VA'],
  }),
  amount: Money,
  percent: Type.Optional(Type.String({ pattern: '^\\d{1,3}(\\.\\d{1,4})?$' })),
}, { $id: 'TaxInput', additionalProperties: false })
export type TaxInput = Static<typeof TaxInput>

/** An invoice made of a shipment, or of what has been shipped of an order. */
export const InvoiceInput = Type.Object({
  number: Type.String({
    minLength: 1, maxLength: 22, description: 'Your invoice number; unique in the partnership.', examples: ['INV-10077'],
  }),
  shipmentId: Type.Optional(idOf('shp', 'The shipment to invoice.')),
  orderId: Type.Optional(idOf('ord', 'The order; needed without a shipment, and when the shipment is of several orders.')),
  type: Type.Optional(Type.Union([Type.Literal('invoice'), Type.Literal('credit')], { default: 'invoice' })),
  invoiceDate: Type.Optional(BusinessDate),
  lines: Type.Optional(Type.Array(InvoiceLineInput,
    { minItems: 1, maxItems: 10_000, description: 'What was shipped and is not invoiced yet when left out.' })),
  allowancesCharges: Type.Optional(Type.Array(ChargeInput, { maxItems: 100 })),
  taxes: Type.Optional(Type.Array(TaxInput, { maxItems: 20 })),
  total: Type.Optional(Type.String({
    pattern: '^\\d{1,13}(\\.\\d{1,2})?$', description: 'Checked when given; worked out otherwise.', examples: ['510.00'],
  })),
  notes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 264 }), { maxItems: 20 })),
}, {
  $id: 'InvoiceInput', additionalProperties: false,
  examples: [{ number: 'INV-10077', shipmentId: 'shp_0199c0de0000700080000000000000a1' }],
})
export type InvoiceInput = Static<typeof InvoiceInput>
