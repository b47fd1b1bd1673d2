import { Type, type Static } from 'typebox'
import { buyerDocuments, locationKinds, organisationKinds, sellerDocuments } from '../partners/schema.ts'

/** What a cell has to be. References to organisations are a GLN, an id (`org_…`) or the exact name. */
export type CellRule =
  | { readonly is: 'text'; readonly max: number }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'documents'; readonly of: readonly string[] }
  | {
      readonly is:
        | 'gln'
        | 'gtin'
        | 'price'
        | 'quantity'
        | 'date'
        | 'currency'
        | 'time zone'
        | 'hours'
        | 'organisation'
        | 'identity'
        | 'unit'
        | 'gs1 prefix'
    }

/** One column of a CSV file, and one property of a row in JSON. An empty cell leaves a value as it is. */
export type ImportColumn = {
  readonly name: string
  readonly rule: CellRule
  readonly required?: true
  readonly description: string
  readonly example: string
}

export const importKinds = ['organisations', 'identifiers', 'partnerships', 'locations', 'items', 'prices'] as const
export type ImportKind = (typeof importKinds)[number]

/** What an administrator may import for its own organisation; the operator may import everything, for everybody. */
export const ownImportKinds: readonly ImportKind[] = ['locations', 'items', 'prices']

const text = (max: number): CellRule => ({ is: 'text', max })
const choice = (...of: readonly string[]): CellRule => ({ is: 'choice', of })

/** The columns of each kind, in the order in which they are documented. Rows are matched with what is there by their key. */
export const importColumns: Readonly<Record<ImportKind, readonly ImportColumn[]>> = {
  organisations: [
    {
      name: 'name',
      rule: text(60),
      required: true,
      description: 'Name. Without a GLN it is the key.',
      example: 'Northgate Stores',
    },
    {
      name: 'kind',
      rule: choice(...organisationKinds.filter(kind => kind !== 'operator')),
      required: true,
      description: 'What the company does.',
      example: 'retailer',
    },
    { name: 'gln', rule: { is: 'gln' }, description: 'Global Location Number; the key when given.', example: '0711111000000' },
    {
      name: 'gs1_prefix',
      rule: { is: 'gs1 prefix' },
      description: 'GS1 company prefix; a seller needs it for SSCCs.',
      example: '0711111',
    },
    { name: 'currency', rule: { is: 'currency' }, description: 'ISO 4217; USD unless given.', example: 'USD' },
    { name: 'time_zone', rule: { is: 'time zone' }, description: 'IANA name; UTC unless given.', example: 'America/Chicago' },
  ],
  identifiers: [
    {
      name: 'organisation',
      rule: { is: 'organisation' },
      required: true,
      description: 'Whose identifier it is: GLN, id, name, or operator for the hub itself.',
      example: 'Northgate Stores',
    },
    {
      name: 'qualifier',
      rule: text(2),
      required: true,
      description: 'ISA05 qualifier (01, 08, 12, 14, ZZ …), or GS for a group code. Key with value and usage.',
      example: 'ZZ',
    },
    {
      name: 'value',
      rule: text(15),
      required: true,
      description: 'ISA06 without padding, or the GS02 code.',
      example: 'NORTHGATE',
    },
    { name: 'usage', rule: choice('production', 'test'), description: 'production unless given.', example: 'production' },
  ],
  partnerships: [
    {
      name: 'buyer',
      rule: { is: 'organisation' },
      required: true,
      description: 'GLN, id or name. Key with the seller.',
      example: 'Northgate Stores',
    },
    {
      name: 'seller',
      rule: { is: 'organisation' },
      required: true,
      description: 'GLN, id or name.',
      example: 'Brightwell Foods',
    },
    { name: 'status', rule: choice('active', 'suspended'), description: 'active unless given.', example: 'active' },
    {
      name: 'usage',
      rule: choice('production', 'test'),
      description: 'Whether X12 goes out as production or test (ISA15).',
      example: 'production',
    },
    {
      name: 'recognised_by',
      rule: choice('GS03', 'N1*VN', 'REF*IA'),
      description: 'How a set of the buyer is known to be for this seller.',
      example: 'N1*VN',
    },
    {
      name: 'recognised_value',
      rule: text(80),
      description: "The value that is there, usually the buyer's vendor number.",
      example: '100234',
    },
    {
      name: 'buyer_identity',
      rule: { is: 'identity' },
      description: 'ISA qualifier:id of the buyer, with :group when GS02 differs.',
      example: 'ZZ:NORTHGATE',
    },
    {
      name: 'seller_identity',
      rule: { is: 'identity' },
      description: 'The same of the seller.',
      example: '12:5550100200:BRIGHT',
    },
    {
      name: 'response_hours',
      rule: { is: 'hours' },
      description: 'Hours that the seller has to answer an order; 24 unless given.',
      example: '24',
    },
    {
      name: 'forecast_purpose',
      rule: choice('SALES_FORECAST', 'ORDER_FORECAST'),
      description: 'What an 830 says here.',
      example: 'SALES_FORECAST',
    },
    {
      name: 'change_quantity',
      rule: choice('absolute', 'delta'),
      description: 'Whether a quantity in an order change (POC03) is the new one or the difference; absolute unless given.',
      example: 'absolute',
    },
    {
      name: 'buyer_x12',
      rule: { is: 'documents', of: buyerDocuments },
      description: 'Documents that the buyer receives as X12; the others wait in the portal. "none" for none.',
      example: '855 856 810 997',
    },
    {
      name: 'seller_x12',
      rule: { is: 'documents', of: sellerDocuments },
      description: 'Documents that the seller receives as X12.',
      example: '850 830 997',
    },
    {
      name: 'x12_version',
      rule: text(6),
      description: 'Version of the X12 that goes out; 004010 unless given.',
      example: '004010',
    },
  ],
  locations: [
    {
      name: 'organisation',
      rule: { is: 'organisation' },
      description: "Whose location it is; one's own unless given. Key with the code.",
      example: 'Northgate Stores',
    },
    {
      name: 'code',
      rule: text(80),
      required: true,
      description: "The organisation's own code, as N104 has it.",
      example: 'DC01',
    },
    { name: 'name', rule: text(60), required: true, description: 'Name.', example: 'Northgate DC East' },
    {
      name: 'kind',
      rule: choice(...locationKinds),
      required: true,
      description: 'What happens there.',
      example: 'distribution_centre',
    },
    { name: 'gln', rule: { is: 'gln' }, description: 'Global Location Number.', example: '0711111000017' },
    { name: 'street', rule: text(55), description: 'First line of the address.', example: '1 Depot Road' },
    { name: 'city', rule: text(30), description: 'City.', example: 'Columbus' },
    { name: 'region', rule: text(2), description: 'State or province.', example: 'OH' },
    { name: 'postal_code', rule: text(15), description: 'Postal code.', example: '43004' },
    { name: 'country', rule: text(3), description: 'ISO 3166 code.', example: 'US' },
    {
      name: 'time_zone',
      rule: { is: 'time zone' },
      description: "IANA name; the organisation's unless given.",
      example: 'America/New_York',
    },
    { name: 'valid_from', rule: { is: 'date' }, description: 'First day of use.', example: '2026-01-01' },
    { name: 'valid_to', rule: { is: 'date' }, description: 'Last day of use.', example: '2030-12-31' },
  ],
  items: [
    {
      name: 'organisation',
      rule: { is: 'organisation' },
      description: "The seller; one's own unless given. Key with GTIN and buyer.",
      example: 'Brightwell Foods',
    },
    {
      name: 'gtin',
      rule: { is: 'gtin' },
      required: true,
      description: 'GTIN of the base unit: 8, 12, 13 or 14 digits.',
      example: '722222000018',
    },
    { name: 'name', rule: text(80), required: true, description: 'Description.', example: 'Oat biscuits 400 g' },
    { name: 'unit', rule: { is: 'unit' }, description: 'X12 unit of measure; EA unless given.', example: 'EA' },
    { name: 'inner_quantity', rule: { is: 'quantity' }, description: 'Base units in an inner pack.', example: '4' },
    { name: 'inner_gtin', rule: { is: 'gtin' }, description: 'GTIN of the inner pack.', example: '20722222000012' },
    { name: 'case_quantity', rule: { is: 'quantity' }, description: 'Base units in a case.', example: '12' },
    { name: 'case_gtin', rule: { is: 'gtin' }, description: 'GTIN of the case.', example: '10722222000015' },
    { name: 'pallet_quantity', rule: { is: 'quantity' }, description: 'Base units on a pallet.', example: '720' },
    { name: 'pallet_gtin', rule: { is: 'gtin' }, description: 'GTIN of the pallet.', example: '30722222000019' },
    {
      name: 'buyer',
      rule: { is: 'organisation' },
      description: 'A buyer that trades it; one row for each.',
      example: 'Northgate Stores',
    },
    { name: 'buyer_item', rule: text(48), description: "The buyer's item number (X12 qualifier IN).", example: 'R7001' },
    { name: 'seller_item', rule: text(48), description: "The seller's item number (X12 qualifier VN).", example: 'MAN-1' },
  ],
  prices: [
    {
      name: 'organisation',
      rule: { is: 'organisation' },
      description: "The seller; one's own unless given.",
      example: 'Brightwell Foods',
    },
    {
      name: 'buyer',
      rule: { is: 'organisation' },
      required: true,
      description: 'Whom the price is for.',
      example: 'Northgate Stores',
    },
    {
      name: 'gtin',
      rule: { is: 'gtin' },
      required: true,
      description: 'GTIN of an item of the partnership. Key with seller, buyer and first day.',
      example: '722222000018',
    },
    { name: 'price', rule: { is: 'price' }, required: true, description: 'Price of one unit.', example: '2.50' },
    { name: 'valid_from', rule: { is: 'date' }, required: true, description: 'First day.', example: '2026-01-01' },
    {
      name: 'valid_to',
      rule: { is: 'date' },
      description: 'Last day; without it until a later price begins.',
      example: '2026-12-31',
    },
    { name: 'currency', rule: { is: 'currency' }, description: "ISO 4217; the seller's unless given.", example: 'USD' },
    { name: 'unit', rule: { is: 'unit' }, description: "Unit that the price is for; the item's unless given.", example: 'EA' },
  ],
}

/** What is wrong with a cell, or with a line when `column` is empty. `line` counts from 1; in a CSV file that is the header. */
export const ImportError = Type.Object({
  line: Type.Integer({ minimum: 1 }),
  column: Type.String(),
  code: Type.String({ description: 'For example invalid-gtin, unknown-organisation, duplicate-row.' }),
  message: Type.String(),
  value: Type.String(),
})
export type ImportError = Static<typeof ImportError>

/** What came, or would come, of an import. */
export const ImportReport = Type.Object(
  {
    kind: Type.Unsafe<ImportKind>(Type.Union(importKinds.map(kind => Type.Literal(kind)))),
    dryRun: Type.Boolean(),
    applied: Type.Boolean({
      description:
        'Whether anything was kept: not in a dry run, and not when a line has an error, unless the good lines were asked for.',
    }),
    total: Type.Integer({ description: 'Lines read, without the header.' }),
    created: Type.Integer(),
    updated: Type.Integer(),
    unchanged: Type.Integer(),
    failed: Type.Integer({ description: 'Lines with an error.' }),
    errorCount: Type.Integer({ description: 'All errors.' }),
    errors: Type.Array(ImportError, { description: 'The first thousand.' }),
  },
  { $id: 'ImportReport' },
)
export type ImportReport = Static<typeof ImportReport>

export const ImportOptions = Type.Object({
  dryRun: Type.Optional(Type.Boolean({ description: 'Do everything, then undo it: what would come of it.' })),
  bestEffort: Type.Optional(Type.Boolean({ description: 'Keep the good lines even when others have errors.' })),
}, { $id: 'ImportOptions', additionalProperties: false })
export type ImportOptions = Static<typeof ImportOptions>
