import { Type, type Static } from 'typebox'
import { Reference } from '../documents/canonical.ts'
import {
  BusinessDate, Decimal, DocumentChannel, Instant, OrNull, PositiveDecimal, Unit, idOf, pageOfSchema,
} from '../orders/schema.ts'

export const PackageType = Type.Union([Type.Literal('pallet'), Type.Literal('carton')])
export type PackageType = Static<typeof PackageType>

const Weight = Type.Object({
  value: PositiveDecimal, unit: Type.String({ pattern: '^[A-Z0-9]{2}$', examples: ['KG'] }),
}, { additionalProperties: false })

const carrier = {
  scac: Type.Optional(Type.String({ pattern: '^[A-Z]{2,4}$', description: 'Standard Carrier Alpha Code.', examples: ['ABFS'] })),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  mode: Type.Optional(Type.String({
    pattern: '^[A-Z]{1,2}$', description: 'TD504: M motor, U parcel, R rail, A air …', examples: ['M'],
  })),
  equipment: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: 'Trailer or container.' })),
}

export const ShipmentPackage = Type.Object({
  package: Type.String({ description: 'Its name in this shipment.' }),
  parent: OrNull(Type.String({ description: 'The pallet it stands on.' })),
  type: PackageType,
  sscc: OrNull(Type.String({ description: 'Serial Shipping Container Code, 18 digits.', examples: ['006141410000000018'] })),
  trackingNumber: OrNull(Type.String()),
}, { $id: 'ShipmentPackage' })
export type ShipmentPackage = Static<typeof ShipmentPackage>

export const ShipmentLine = Type.Object({
  position: Type.Integer(),
  orderId: OrNull(Type.String({ description: 'Null when the order is not on the hub.' })),
  orderNumber: Type.String(),
  orderLinePosition: OrNull(Type.Integer()),
  lineNumber: OrNull(Type.String()),
  package: OrNull(Type.String()),
  gtin: OrNull(Type.String()),
  buyerItem: OrNull(Type.String()),
  sellerItem: OrNull(Type.String()),
  quantity: Decimal,
  unit: Type.String(),
}, { $id: 'ShipmentLine' })
export type ShipmentLine = Static<typeof ShipmentLine>

const summary = {
  id: idOf('shp', 'The shipment.'),
  partnershipId: idOf('prt', 'The partnership it belongs to.'),
  buyerId: idOf('org', 'The buyer.'),
  sellerId: idOf('org', 'The seller.'),
  number: Type.String({ description: 'Number of the ship notice (BSN02).' }),
  state: Type.Union([Type.Literal('shipped'), Type.Literal('cancelled')]),
  shipDate: OrNull(BusinessDate),
  estimatedDelivery: OrNull(BusinessDate),
  channel: DocumentChannel,
  version: Type.Integer(),
  createdAt: Instant,
}

export const ShipmentSummary = Type.Object(summary, { $id: 'ShipmentSummary' })
export type ShipmentSummary = Static<typeof ShipmentSummary>

/** A shipment with what is in it. */
export const Shipment = Type.Object({
  ...summary,
  structure: Type.String({ description: 'BSN05: 0001 pick and pack, 0002 standard pack, 0004 without packages.' }),
  carrier: Type.Optional(Type.Object(carrier)),
  references: Type.Array(Reference, { description: 'BM bill of lading, CN carrier\'s reference …' }),
  packages: Type.Array(ShipmentPackage),
  lines: Type.Array(ShipmentLine),
}, { $id: 'Shipment' })
export type Shipment = Static<typeof Shipment>

export const ShipmentPage = pageOfSchema(ShipmentSummary, 'ShipmentPage')
export type ShipmentPage = Static<typeof ShipmentPage>

export const ShipmentFilter = Type.Object({
  role: Type.Optional(Type.Union([Type.Literal('buyer'), Type.Literal('seller')])),
  partnerId: Type.Optional(idOf('org', 'Only those with this partner.')),
  number: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
  since: Type.Optional(Type.String({ format: 'date-time' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 40 })),
}, { $id: 'ShipmentFilter', additionalProperties: false })
export type ShipmentFilter = Static<typeof ShipmentFilter>

const lineOf = {
  orderId: Type.Optional(idOf('ord', 'The order; may be left out when the shipment is of one order.')),
  lineNumber: Type.String({ minLength: 1, maxLength: 20 }),
  quantity: PositiveDecimal,
}

/** So much of an order line is in the shipment, in the unit of the order line. */
export const ShipmentLineInput = Type.Object(lineOf, { $id: 'ShipmentLineInput', additionalProperties: false })
export type ShipmentLineInput = Static<typeof ShipmentLineInput>

const Sscc = Type.String({
  pattern: '^\\d{18}$', description: 'Serial Shipping Container Code, 18 digits.', examples: ['006141410000000018'],
})

/** What of a line is in a package, with the batch where it has one. */
const content = {
  ...lineOf,
  lotNumber: Type.Optional(Type.String({
    pattern: '^[!"%&\'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}$', description: 'Batch or lot, GS1 AI (10), REF*LT.', examples: ['L2407'],
  })),
  expiryDate: Type.Optional(BusinessDate),
}

export const PackageInput = Type.Object({
  package: Type.String({ minLength: 1, maxLength: 12, description: 'A name for it in this shipment.', examples: ['C1'] }),
  type: PackageType,
  parent: Type.Optional(Type.String({ minLength: 1, maxLength: 12, description: 'The pallet it stands on.' })),
  trackingNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
  sscc: Type.Optional(Type.String({
    ...Sscc, description: 'Your own or a reserved SSCC; the hub makes one from your GS1 company prefix when it is left out.',
  })),
  weight: Type.Optional(Weight),
  contents: Type.Optional(Type.Array(Type.Object(content, { additionalProperties: false }), { maxItems: 1000 })),
}, { $id: 'PackageInput', additionalProperties: false })
export type PackageInput = Static<typeof PackageInput>

const ExtensionDigit = Type.Integer({
  minimum: 0, maximum: 9, description: 'First digit of the SSCCs that the hub makes; the lowest that is not used up when left out.',
})

/** What is shipped. Packages that bring no SSCC get one of the seller's GS1 company prefix. */
export const ShipmentInput = Type.Object({
  number: Type.Optional(Type.String({
    minLength: 2, maxLength: 30, description: 'Your number of the ship notice; the hub makes one when it is left out.',
  })),
  orderIds: Type.Array(idOf('ord', 'The order.'), { minItems: 1, maxItems: 100, description: 'Orders of one partnership.' }),
  lines: Type.Optional(Type.Array(ShipmentLineInput,
    { minItems: 1, maxItems: 10_000, description: 'All that is open, or promised where less was promised, when left out.' })),
  packages: Type.Optional(Type.Array(PackageInput,
    { maxItems: 10_000, description: 'Proposed from the case sizes of the items when left out; none when empty.' })),
  shipDate: Type.Optional(BusinessDate),
  estimatedDelivery: Type.Optional(BusinessDate),
  shipFrom: Type.Optional(Type.String({
    minLength: 1, maxLength: 80, description: 'Code or GLN of your location that it leaves from (N1*SF).', examples: ['PLANT1'],
  })),
  carrier: Type.Optional(Type.Object(carrier, { additionalProperties: false })),
  trackingNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
  billOfLading: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
  grossWeight: Type.Optional(Weight),
  extensionDigit: Type.Optional(ExtensionDigit),
  structure: Type.Optional(Type.Union([Type.Literal('0001'), Type.Literal('0002'), Type.Literal('0004')], {
    description: 'BSN05: 0001 pick and pack, 0002 standard pack (each carton holds one line), 0004 without packages.',
  })),
}, {
  $id: 'ShipmentInput', additionalProperties: false,
  examples: [
    { orderIds: ['ord_0199c0de0000700080000000000000a1'], estimatedDelivery: '2026-03-12', carrier: { scac: 'ABFS', mode: 'M' },
      billOfLading: 'BOL-881' },
  ],
})
export type ShipmentInput = Static<typeof ShipmentInput>

/** What is different now of a shipment; what is left out stays. */
export const ShipmentAmendment = Type.Object({
  shipDate: Type.Optional(BusinessDate),
  estimatedDelivery: Type.Optional(BusinessDate),
  carrier: Type.Optional(Type.Object(carrier, { additionalProperties: false })),
  trackingNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
  billOfLading: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
  grossWeight: Type.Optional(Weight),
  packages: Type.Optional(Type.Array(Type.Object({
    package: Type.String({ minLength: 1, maxLength: 12 }),
    trackingNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
    weight: Type.Optional(Weight),
  }, { additionalProperties: false }), { maxItems: 10_000 })),
}, {
  $id: 'ShipmentAmendment', additionalProperties: false, minProperties: 1,
  examples: [{ estimatedDelivery: '2026-03-14', trackingNumber: 'PRO-55' }],
})
export type ShipmentAmendment = Static<typeof ShipmentAmendment>

export const PalletUse = Type.Union([Type.Literal('none'), Type.Literal('full'), Type.Literal('all')], {
  description: 'none; full: when at least one is full, and then for the rest too; all: everything on pallets.',
})
export type PalletUse = Static<typeof PalletUse>

const packingOptions = {
  lines: Type.Optional(Type.Array(ShipmentLineInput,
    { minItems: 1, maxItems: 10_000, description: 'All that is open, or promised where less was promised, when left out.' })),
  pallets: Type.Optional(PalletUse),
  mixed: Type.Optional(Type.Boolean({
    description: 'Whether what is left of several lines may share a carton, by the parts of a case that they are.',
  })),
}

export const PackingOptions = Type.Object(packingOptions, { $id: 'PackingOptions', additionalProperties: false })
export type PackingOptions = Static<typeof PackingOptions>

/** What is to be packed together, and how. */
export const PackingRequest = Type.Object({
  orderIds: Type.Array(idOf('ord', 'The order.'), { minItems: 1, maxItems: 100, description: 'Orders of one partnership.' }),
  ...packingOptions,
}, {
  $id: 'PackingRequest', additionalProperties: false,
  examples: [{ orderIds: ['ord_0199c0de0000700080000000000000a1'], pallets: 'all', mixed: true }],
})
export type PackingRequest = Static<typeof PackingRequest>

const Pick = Type.Object({
  level: Type.Union([Type.Literal('pallet'), Type.Literal('case'), Type.Literal('inner'), Type.Literal('each')]),
  count: Decimal,
}, { $id: 'Pick' })

/** How quantities of orders would be packed. It can be edited and given to the shipment. */
export const PackingProposal = Type.Object({
  lines: Type.Array(Type.Object({
    orderId: Type.String(), lineNumber: Type.String(), quantity: Decimal, unit: Unit,
    picks: Type.Array(Pick, { description: 'The quantity by the levels of the item, the largest first.' }),
  })),
  packages: Type.Array(Type.Object({
    package: Type.String(), type: PackageType, parent: Type.Optional(Type.String()),
    contents: Type.Array(Type.Object({ orderId: Type.String(), lineNumber: Type.String(), quantity: Decimal })),
  })),
}, { $id: 'PackingProposal' })
export type PackingProposal = Static<typeof PackingProposal>

export const SsccReservation = Type.Object({
  count: Type.Integer({ minimum: 1, maximum: 10_000, description: 'How many.' }),
  extensionDigit: Type.Optional(ExtensionDigit),
}, { $id: 'SsccReservation', additionalProperties: false, examples: [{ count: 20 }] })
export type SsccReservation = Static<typeof SsccReservation>

export const SsccsReserved = Type.Object({ ssccs: Type.Array(Sscc) }, { $id: 'SsccsReserved' })
export type SsccsReserved = Static<typeof SsccsReserved>

export const LabelSize = Type.Union([Type.Literal('4x6'), Type.Literal('a6'), Type.Literal('a5')], {
  description: '4 by 6 inches, A6 (105 by 148 mm) or A5 (148 by 210 mm).',
})
export type LabelSize = Static<typeof LabelSize>

const labelOptions = {
  format: Type.Optional(Type.Union([Type.Literal('pdf'), Type.Literal('zpl')], { description: 'pdf, or zpl for label printers.' })),
  size: Type.Optional(LabelSize),
  dpi: Type.Optional(Type.Union([Type.Literal(203), Type.Literal(300)], { description: 'Dots per inch of the printer, for zpl.' })),
  package: Type.Optional(Type.String({ minLength: 1, maxLength: 12, description: 'Only this package and those on it.' })),
}

export const LabelRequest = Type.Object(labelOptions, { $id: 'LabelRequest', additionalProperties: false })
export type LabelRequest = Static<typeof LabelRequest>

/** Labels of a shipment that is still to be entered. */
export const LabelsAhead = Type.Object({ shipment: ShipmentInput, ...labelOptions }, {
  $id: 'LabelsAhead', additionalProperties: false,
  examples: [{
    format: 'zpl',
    shipment: {
      orderIds: ['ord_0199c0de0000700080000000000000a1'],
      packages: [{ package: 'C1', type: 'carton', sscc: '006141410000000012', contents: [{ lineNumber: '1', quantity: '12' }] }],
    },
  }],
})
export type LabelsAhead = Static<typeof LabelsAhead>

export const PaperRequest = Type.Object({
  paper: Type.Optional(Type.Union([Type.Literal('letter'), Type.Literal('a4')], { description: 'Letter unless told.' })),
}, { $id: 'PaperRequest', additionalProperties: false })
export type PaperRequest = Static<typeof PaperRequest>
