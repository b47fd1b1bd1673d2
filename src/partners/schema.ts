import { Type, type Static } from 'typebox'

const Id = (prefix: string, description: string) => Type.String({ pattern: `^${prefix}_[0-9a-f]{32}$`, description })
const Gln = Type.String({ pattern: '^[0-9]{13}$', description: 'Global Location Number, 13 digits.' })
const BusinessDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Calendar date, YYYY-MM-DD.' })
const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const organisationKinds = [
  'retailer',
  'manufacturer',
  'supplier',
  'distributor',
  'logistics_provider',
  'operator',
] as const
export const OrganisationKind = Type.Union(organisationKinds.map(kind => Type.Literal(kind)))
export type OrganisationKind = (typeof organisationKinds)[number]

/** A company on the hub, as its partners see it. */
export const Organisation = Type.Object({
  id: Id('org', 'Organisation.'),
  name: Type.String(),
  kind: Type.Unsafe<OrganisationKind>(OrganisationKind),
  gln: OrNull(Gln),
  gs1Prefix: OrNull(Type.String({ description: 'GS1 company prefix; SSCCs are made from the seller\'s.' })),
  currency: Type.String({ description: 'ISO 4217.' }),
  timeZone: Type.String({ description: 'IANA name.' }),
}, { $id: 'Organisation' })
export type Organisation = Static<typeof Organisation>

/** The ISA qualifier and id, and the GS code, that sign what goes out. */
export const ExchangeIdentity = Type.Object({
  qualifier: Type.String({ minLength: 2, maxLength: 2, description: 'ISA05 / ISA07.' }),
  id: Type.String({ minLength: 1, maxLength: 15, description: 'ISA06 / ISA08, without the padding.' }),
  group: Type.String({ minLength: 2, maxLength: 15, description: 'GS02 / GS03.' }),
})
export type ExchangeIdentity = Static<typeof ExchangeIdentity>

/** How a set that the buyer sends is known to be for this seller, when one group holds sets for several. */
export const SellerRecognition = Type.Object({
  by: Type.Optional(Type.Union([Type.Literal('GS03'), Type.Literal('N1*VN'), Type.Literal('REF*IA')])),
  value: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
})
export type SellerRecognition = Static<typeof SellerRecognition>

/** Documents that each side receives, and that it has a channel for. */
export const buyerDocuments = ['855', '865', '856', '810', '830', '997'] as const
export const sellerDocuments = ['850', '860', '861', '830', '997'] as const

export const checkLevels = ['envelope', 'syntax', 'full', 'partner'] as const
export type CheckLevel = (typeof checkLevels)[number]
export const acknowledgeAs = ['auto', '997', '999'] as const
export type AcknowledgeAs = (typeof acknowledgeAs)[number]
export const acknowledgeDetails = ['set', 'errors', 'group'] as const
export type AcknowledgeDetail = (typeof acknowledgeDetails)[number]

const channelSettings = {
  channel: Type.Union([Type.Literal('x12'), Type.Literal('portal')]),
  x12Version: Type.String({ pattern: '^\\d{6}$', description: 'Version of the X12 that this side is sent, for example 004010.' }),
  guide: OrNull(
    Type.String({
      maxLength: 80,
      description:
        'A guide that the hub ships, by its name (northwind), for what this side is sent. A guide of its own that is in force goes before it; null for none.',
    }),
  ),
  checkLevel: Type.Unsafe<CheckLevel>(
    Type.Union(checkLevels.map(level => Type.Literal(level)), {
      description:
        'How strictly what this side is sent is judged: its envelope only, its syntax too, codes and hierarchies too (full), or also by the guide in force (partner).',
    }),
  ),
  ackAs: Type.Unsafe<AcknowledgeAs>(
    Type.Union(acknowledgeAs.map(kind => Type.Literal(kind)), {
      description:
        'Which acknowledgement this side is sent for what it sends; set it for document 997. auto: 999 for what follows an implementation guide of 005010 or later, else 997.',
    }),
  ),
  ackDetail: Type.Unsafe<AcknowledgeDetail>(
    Type.Union(acknowledgeDetails.map(detail => Type.Literal(detail)), {
      description: 'Whether the acknowledgement answers each set, only sets with faults, or only the group; set it for document 997.',
    }),
  ),
}

/** How one side receives one kind of document, and how strictly what it is sent is judged. */
export const Channel = Type.Object({
  organisationId: Id('org', 'Whose channel it is.'),
  document: Type.String({ pattern: '^\\d{3}$', description: 'X12 set id: 850, 855, 856, 810, 830, 997.' }),
  ...channelSettings,
})
export type Channel = Static<typeof Channel>

/** What a side may set of its own channel; what is left out keeps its value. */
export const ChannelChange = Type.Partial(Type.Object(channelSettings), { $id: 'ChannelChange', additionalProperties: false })
export type ChannelChange = Static<typeof ChannelChange>

/** A buyer and a seller who trade on the hub. Only these two see it. */
export const Partnership = Type.Object(
  {
    id: Id('prt', 'Partnership.'),
    buyerId: Id('org', 'The buyer.'),
    sellerId: Id('org', 'The seller.'),
    buyerName: Type.String(),
    sellerName: Type.String(),
    status: Type.Union([Type.Literal('active'), Type.Literal('suspended')]),
    usage: Type.Union([Type.Literal('production'), Type.Literal('test')]),
    sellerRecognition: SellerRecognition,
    buyerIdentity: OrNull(ExchangeIdentity),
    sellerIdentity: OrNull(ExchangeIdentity),
    responseHours: Type.Integer({ minimum: 1, description: 'Hours that the seller has to answer an order.' }),
    forecastPurpose: Type.Union([Type.Literal('SALES_FORECAST'), Type.Literal('ORDER_FORECAST')], {
      description: 'What an 830 says here.',
    }),
    changeQuantity: Type.Union([Type.Literal('absolute'), Type.Literal('delta')], {
      description: 'Whether a quantity in an order change (POC03) is the new one or the difference to the old one.',
    }),
    channels: Type.Array(Channel),
    version: Type.Integer(),
  },
  { $id: 'Partnership' },
)
export type Partnership = Static<typeof Partnership>

export const Address = Type.Object({
  lines: Type.Optional(Type.Array(Type.String({ maxLength: 55 }), { maxItems: 4 })),
  city: Type.Optional(Type.String({ maxLength: 30 })),
  region: Type.Optional(Type.String({ maxLength: 2 })),
  postalCode: Type.Optional(Type.String({ maxLength: 15 })),
  country: Type.Optional(Type.String({ maxLength: 3 })),
})
export type Address = Static<typeof Address>

export const locationKinds = ['store', 'distribution_centre', 'plant', 'warehouse', 'office'] as const
export type LocationKind = (typeof locationKinds)[number]

/** A store, distribution centre or plant of an organisation, under its own code (N104) and its GLN. */
export const Location = Type.Object({
  id: Id('loc', 'Location.'),
  organisationId: Id('org', 'Whose location it is.'),
  code: Type.String(),
  gln: OrNull(Gln),
  name: Type.String(),
  kind: Type.Unsafe<LocationKind>(Type.Union(locationKinds.map(kind => Type.Literal(kind)))),
  address: Address,
  timeZone: OrNull(Type.String()),
  validFrom: BusinessDate,
  validTo: OrNull(BusinessDate),
}, { $id: 'Location' })
export type Location = Static<typeof Location>

/** Which page of a list. Cursors are the last id of the page before. */
export const PageRequest = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 40 })),
  },
  { additionalProperties: false },
)
export type PageRequest = Static<typeof PageRequest>
export type Page<T> = { items: T[]; nextCursor: string | null }
