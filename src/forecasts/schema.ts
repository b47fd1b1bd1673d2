import { Type, type Static } from 'typebox'
import { BusinessDate, Decimal, DocumentChannel, idOf, Instant, OrNull, pageOfSchema, Unit } from '../orders/schema.ts'

const oneOf = <const T extends readonly string[]>(values: T, options: { description?: string; default?: T[number] } = {}) =>
  Type.Unsafe<T[number]>(
    Type.Union(
      values.map(value => Type.Literal(value)),
      options,
    ),
  )

export const forecastSources = ['BUYER', 'SELLER'] as const
export type ForecastSource = (typeof forecastSources)[number]
export const forecastPurposes = ['SALES_FORECAST', 'ORDER_FORECAST'] as const
export type ForecastPurpose = (typeof forecastPurposes)[number]
export const forecastTypes = ['BASE', 'PROMOTIONAL', 'SEASONAL', 'TOTAL'] as const
export type ForecastType = (typeof forecastTypes)[number]

/** How the buckets of a publication lie: weeks from Monday or Sunday, months, days, or free ones with an end of their own. */
export const forecastCalendars = ['ISO_WEEK', 'SUNDAY_WEEK', 'MONTH', 'DAY', 'FREE'] as const
export type ForecastCalendar = (typeof forecastCalendars)[number]

const Purpose = oneOf(forecastPurposes, { description: 'What is forecast: sales at the till, or orders to the seller.' })
const DemandType = oneOf(forecastTypes, { description: 'Part of the demand; TOTAL is all of it.', default: 'TOTAL' })
const Product = Type.String({
  description: 'GTIN in 14 digits; qualifier:value as sent when the item is not known.',
  examples: ['00614141000012'],
})
const Place = Type.String({ description: "GLN, or the partner's code; empty for all locations.", examples: ['0614141000005'] })

/** One publication of one side. Every version is kept. */
export const Forecast = Type.Object(
  {
    id: idOf('fct', 'The publication.'),
    partnershipId: idOf('prt', 'The partnership it belongs to.'),
    buyerId: idOf('org', 'The buyer.'),
    sellerId: idOf('org', 'The seller.'),
    source: oneOf(forecastSources, { description: 'Whose forecast it is.' }),
    purpose: Purpose,
    type: DemandType,
    version: Type.Integer({ description: 'First 1, and so on, for each source, purpose and type.' }),
    number: Type.String({ description: "The publisher's number of it (BFR02)." }),
    issuedOn: BusinessDate,
    horizonStart: BusinessDate,
    horizonEnd: BusinessDate,
    pointCount: Type.Integer(),
    channel: DocumentChannel,
    actor: Type.String({ description: 'Who published it.' }),
    publishedAt: Instant,
  },
  { $id: 'Forecast' },
)
export type Forecast = Static<typeof Forecast>

/** The quantity of one item × location × bucket in one publication. */
export const ForecastPoint = Type.Object(
  {
    position: Type.Integer(),
    product: Product,
    location: Place,
    bucketStart: BusinessDate,
    bucketEnd: Type.String({ description: 'Last day of the bucket, inclusive.' }),
    qualifier: Type.String({ description: 'FST02: A immediate, B pilot, C firm, D planning. Never add up different ones.' }),
    quantity: Decimal,
    unit: Unit,
  },
  { $id: 'ForecastPoint' },
)
export type ForecastPoint = Static<typeof ForecastPoint>

export const ForecastPage = pageOfSchema(Forecast, 'ForecastPage')
export const ForecastPointPage = pageOfSchema(ForecastPoint, 'ForecastPointPage')

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 400 })),
}

/** Which publications a list shows, newest first. */
export const ForecastFilter = Type.Object(
  {
    partnershipId: Type.Optional(idOf('prt', 'Only those of this partnership.')),
    source: Type.Optional(oneOf(forecastSources)),
    purpose: Type.Optional(Purpose),
    type: Type.Optional(oneOf(forecastTypes)),
    ...page,
  },
  { $id: 'ForecastFilter', additionalProperties: false },
)
export type ForecastFilter = Static<typeof ForecastFilter>

export const ForecastSeriesInput = Type.Object(
  {
    gtin: Type.Optional(Type.String({ pattern: '^(\\d{8}|\\d{12,14})$', description: 'GTIN of 8, 12, 13 or 14 digits.' })),
    buyerItem: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
    sellerItem: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
    location: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 80,
        description: 'GLN or code of a location of either side; all locations when absent.',
      }),
    ),
    unit: Type.Optional(Unit),
    points: Type.Array(
      Type.Object(
        {
          start: BusinessDate,
          end: Type.Optional(
            Type.String({
              pattern: '^\\d{4}-\\d{2}-\\d{2}$',
              description: 'Last day, inclusive; follows from the calendar when absent.',
            }),
          ),
          quantity: Type.String({ pattern: '^\\d{1,15}(\\.\\d{1,9})?$', examples: ['120'] }),
          qualifier: Type.Optional(
            oneOf(['A', 'B', 'C', 'D'], { description: 'A immediate, B pilot, C firm, D planning.', default: 'D' }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 2000 },
    ),
  },
  { $id: 'ForecastSeriesInput', additionalProperties: false },
)
export type ForecastSeriesInput = Static<typeof ForecastSeriesInput>

/** A forecast to publish. It becomes the next version of the actor's side. */
export const ForecastInput = Type.Object(
  {
    partnershipId: idOf('prt', 'For which partnership.'),
    purpose: Type.Optional(oneOf(forecastPurposes, { description: 'Default: what the partnership says.' })),
    type: Type.Optional(DemandType),
    number: Type.Optional(
      Type.String({ minLength: 1, maxLength: 30, description: 'Your number of it; made from the version when absent.' }),
    ),
    issuedOn: Type.Optional(BusinessDate),
    calendar: Type.Optional(
      oneOf(forecastCalendars, { description: 'How the buckets lie. FREE ones name their end.', default: 'ISO_WEEK' }),
    ),
    series: Type.Array(ForecastSeriesInput, { minItems: 1, maxItems: 100_000 }),
  },
  {
    $id: 'ForecastInput',
    additionalProperties: false,
    examples: [
      {
        partnershipId: 'prt_0199c0de0000700080000000000000a1',
        series: [
          {
            gtin: '00614141000012',
            location: '0614141000005',
            points: [
              { start: '2026-03-02', quantity: '120' },
              { start: '2026-03-09', quantity: '144' },
            ],
          },
        ],
      },
    ],
  },
)
export type ForecastInput = Static<typeof ForecastInput>

const Side = Type.Object({
  forecastId: idOf('fct', 'The publication that has it.'),
  version: Type.Integer(),
  quantity: Decimal,
  unit: Unit,
  qualifier: Type.String(),
})

/** Both sides' latest number for one cell. What one side has not forecast is null, not zero. */
export const ForecastComparison = Type.Object(
  {
    product: Product,
    name: OrNull(Type.String({ description: 'Of the item, when it is known.' })),
    location: Place,
    bucketStart: BusinessDate,
    bucketEnd: BusinessDate,
    buyer: OrNull(Side),
    seller: OrNull(Side),
    difference: OrNull(Type.String({ description: "Seller less buyer, in the buyer's unit.", examples: ['-20'] })),
    percentDifference: OrNull(Type.String({ description: 'Of the larger of the two.', examples: ['16.67'] })),
  },
  { $id: 'ForecastComparison' },
)
export type ForecastComparison = Static<typeof ForecastComparison>

export const ForecastComparisonPage = pageOfSchema(ForecastComparison, 'ForecastComparisonPage')

/** Which cells to compare. */
export const ForecastComparisonFilter = Type.Object(
  {
    partnershipId: idOf('prt', 'The partnership.'),
    purpose: Type.Optional(oneOf(forecastPurposes, { description: 'Default: what the partnership says.' })),
    type: Type.Optional(oneOf(forecastTypes)),
    from: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Buckets that end on this day or later.' }),
    ),
    to: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Buckets that begin on this day or earlier.' }),
    ),
    product: Type.Optional(Type.String({ maxLength: 80, description: 'GTIN.' })),
    location: Type.Optional(Type.String({ maxLength: 80, description: 'GLN or code.' })),
    ...page,
  },
  { $id: 'ForecastComparisonFilter', additionalProperties: false },
)
export type ForecastComparisonFilter = Static<typeof ForecastComparisonFilter>

/** One cell in two publications of whichever sides; null where one does not have it. */
export const ForecastVersionComparison = Type.Object(
  {
    product: Product,
    location: Place,
    bucketStart: BusinessDate,
    bucketEnd: BusinessDate,
    unit: Unit,
    before: OrNull(Decimal),
    after: OrNull(Decimal),
    difference: OrNull(Type.String()),
    percentChange: OrNull(Type.String({ description: 'Of the number before.' })),
  },
  { $id: 'ForecastVersionComparison' },
)
export type ForecastVersionComparison = Static<typeof ForecastVersionComparison>
export const ForecastVersionComparisonPage = pageOfSchema(ForecastVersionComparison, 'ForecastVersionComparisonPage')
