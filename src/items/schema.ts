import { Type, type Static } from 'typebox'

const Decimal = Type.String({
  pattern: '^-?\\d{1,15}(\\.\\d{1,9})?$',
  description: 'Decimal number as text, for example "12.50".',
})
const BusinessDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Calendar date, YYYY-MM-DD.' })
const Gtin = Type.String({
  pattern: '^[0-9]{14}$',
  description: 'GTIN in 14 digits; shorter ones are padded with zeros on the left.',
})
const TextOrNull = Type.Union([Type.String(), Type.Null()])

/** One level above the base unit: how many base units it holds, and its own GTIN. */
export const Pack = Type.Object({
  level: Type.Union([Type.Literal('inner'), Type.Literal('case'), Type.Literal('pallet')]),
  quantity: Decimal,
  gtin: Type.Optional(Gtin),
})
export type Pack = Static<typeof Pack>

/** An item of the seller's master. */
export const Item = Type.Object({
  id: Type.String(),
  organisationId: Type.String(),
  gtin: Gtin,
  name: Type.String(),
  unit: Type.String({ description: 'X12 unit of measure of the base unit, for example EA.' }),
  packs: Type.Array(Pack),
  version: Type.Integer(),
}, { $id: 'Item' })
export type Item = Static<typeof Item>

/** An item as two partners trade it, with both sides' numbers. */
export const PartnershipItem = Type.Object({
  id: Type.String(),
  partnershipId: Type.String(),
  buyerId: Type.String(),
  sellerId: Type.String(),
  itemId: Type.String(),
  gtin: Gtin,
  name: Type.String(),
  unit: Type.String(),
  packQuantity: Type.String({ description: 'Base units in the case that is ordered; 1 when there is none.' }),
  buyerItem: TextOrNull,
  sellerItem: TextOrNull,
}, { $id: 'PartnershipItem' })
export type PartnershipItem = Static<typeof PartnershipItem>

/** What an item costs in a partnership from a day on, until `validTo` (inclusive) when set. */
export const Price = Type.Object({
  id: Type.String(),
  partnershipId: Type.String(),
  partnershipItemId: Type.String(),
  price: Decimal,
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  unit: Type.String(),
  validFrom: BusinessDate,
  validTo: Type.Union([BusinessDate, Type.Null()]),
}, { $id: 'Price' })
export type Price = Static<typeof Price>
