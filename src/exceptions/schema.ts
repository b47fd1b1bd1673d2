import { Type, type Static } from 'typebox'

const Decimal = Type.String({
  pattern: '^-?\\d{1,18}(\\.\\d{1,10})?$',
  description: 'Decimal number as text, for example "12.50".',
})
const Instant = Type.String({ format: 'date-time', description: 'UTC instant.' })
const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const oneOf = <const T extends readonly string[]>(values: T, options: { description?: string } = {}) =>
  Type.Unsafe<T[number]>(
    Type.Union(
      values.map(value => Type.Literal(value)),
      options,
    ),
  )

export const severities = ['info', 'warning', 'error', 'critical'] as const
export type Severity = (typeof severities)[number]

export const exceptionStates = [
  'open',
  'assigned',
  'collaborating',
  'proposed',
  'resolved',
  'auto_resolved',
  'escalated',
  'expired',
] as const
export type ExceptionState = (typeof exceptionStates)[number]

/** What a resolution says: whose value holds (the resolution rules of a CPFR criterion), or that nothing was wrong. */
export const resolutions = ['buyers_value', 'sellers_value', 'high', 'low', 'average', 'manual', 'not_an_error'] as const
export type Resolution = (typeof resolutions)[number]

export const subjectKinds = [
  'order',
  'order_response',
  'order_change',
  'order_change_answer',
  'shipment',
  'receipt',
  'invoice',
  'forecast',
  'delivery',
  'message',
  'set',
  'control_numbers',
] as const
export type SubjectKind = (typeof subjectKinds)[number]

/**
 * Where a value came from: the segment and element of a set when the document travelled as X12, otherwise the field of the
 * document as it was entered.
 */
export const Evidence = Type.Object(
  {
    side: oneOf(['buyer', 'seller', 'hub'], { description: 'Who said it.' }),
    documentKind: Type.String({ description: 'order, order_response, shipment, forecast, interchange, group …' }),
    documentId: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.String({ description: 'The message that brought it.' })),
    set: Type.Optional(Type.Integer({ minimum: 0, description: 'Ordinal of the transaction set in the message, from 0.' })),
    segment: Type.Optional(Type.String({ description: 'Segment id, for example PO1.' })),
    position: Type.Optional(Type.Integer({ minimum: 1, description: 'Ordinal of the segment in its set; ST is 1.' })),
    element: Type.Optional(Type.Integer({ minimum: 1, description: 'Element of the segment, from 1.' })),
    field: Type.Optional(Type.String({ description: 'Field of the document, when it did not come as X12.' })),
    value: OrNull(Type.String()),
  },
  { $id: 'Evidence' },
)
export type Evidence = Static<typeof Evidence>

/** The two values, how far they are apart and how far they might have been. */
export const Compared = Type.Object(
  {
    expected: OrNull(Type.String()),
    actual: OrNull(Type.String()),
    difference: OrNull(Type.String()),
    percent: Type.Optional(Decimal),
    unit: Type.Optional(Type.String({ description: 'Unit of measure, currency, days or hours.' })),
    tolerance: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: 'The tolerance in force, and under `policy` where it was set.',
    }),
  },
  { $id: 'Compared' },
)
export type Compared = Static<typeof Compared>

/** A disagreement or failure that a person should see. Both sides of a partnership see the same one. */
export const Exception = Type.Object(
  {
    id: Type.String(),
    organisationId: Type.String({ description: 'The buyer, or the organisation it concerns alone.' }),
    counterpartId: OrNull(Type.String({ description: 'The seller.' })),
    partnershipId: OrNull(Type.String()),
    rule: Type.String({ description: 'R1 to R6, R8, R14, or DOCUMENT for what is odd about one document alone.' }),
    code: Type.String({ description: 'The kind of disagreement, for example R4_QUANTITY or FC_DIFF.' }),
    severity: oneOf(severities),
    state: oneOf(exceptionStates),
    subjectKind: oneOf(subjectKinds),
    subjectId: Type.String(),
    summary: Type.String({ description: 'One sentence with the numbers.' }),
    compared: Compared,
    evidence: Type.Array(Evidence),
    moneyAtRisk: OrNull(Decimal),
    currency: OrNull(Type.String()),
    assignedTo: OrNull(Type.String({ description: 'User of either side.' })),
    resolution: OrNull(oneOf(resolutions)),
    resolvedBy: OrNull(Type.String()),
    firstSeenAt: Instant,
    lastSeenAt: Instant,
    closedAt: OrNull(Instant),
    version: Type.Integer(),
  },
  { $id: 'Exception' },
)
export type Exception = Static<typeof Exception>

/** Which exceptions. `open` leaves out those that are resolved, closed by themselves or expired. */
export const ExceptionFilter = Type.Object(
  {
    rule: Type.Optional(Type.String({ maxLength: 20 })),
    code: Type.Optional(Type.String({ maxLength: 60 })),
    severity: Type.Optional(oneOf(severities)),
    state: Type.Optional(oneOf(exceptionStates)),
    open: Type.Optional(Type.Boolean()),
    partnershipId: Type.Optional(Type.String({ maxLength: 40 })),
    subjectId: Type.Optional(Type.String({ maxLength: 80 })),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'First seen at or after this instant.' })),
  },
  { $id: 'ExceptionFilter' },
)
export type ExceptionFilter = Static<typeof ExceptionFilter>

export const ExceptionAssignment = Type.Object(
  { userId: Type.String({ maxLength: 40 }) },
  { $id: 'ExceptionAssignment', additionalProperties: false },
)
export type ExceptionAssignment = Static<typeof ExceptionAssignment>

export const ExceptionResolution = Type.Object(
  { resolution: oneOf(resolutions) },
  { $id: 'ExceptionResolution', additionalProperties: false },
)
export type ExceptionResolution = Static<typeof ExceptionResolution>
