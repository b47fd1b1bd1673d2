import { Type, type Static } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Instant = Type.String({ format: 'date-time' })
const MessageId = Type.String({ pattern: '^msg_[0-9a-f]{32}$', description: 'One transmission, received or sent.' })

export const processingStates = ['received', 'processing', 'processed', 'quarantined', 'duplicate', 'sent'] as const
export type ProcessingState = (typeof processingStates)[number]
export const interchangeStates = ['accepted', 'rejected', 'duplicate', 'conflict', 'quarantined'] as const
export type InterchangeState = (typeof interchangeStates)[number]

/** One interchange of a message: where it lies, what became of it, and how to read its sets again. */
export const InterchangeSummary = Type.Object(
  {
    ordinal: Type.Integer({ description: '0-based in the message.' }),
    start: Type.Integer({ description: 'Byte offset of its ISA.' }),
    end: Type.Integer({ description: 'One past its last byte.' }),
    sender: Type.String({ description: 'ISA05 and ISA06, "ZZ:NORTHWIND".' }),
    receiver: Type.String({ description: 'ISA07 and ISA08.' }),
    controlNumber: Type.String({ description: 'ISA13.' }),
    version: Type.String({ description: 'ISA12.' }),
    test: Type.Boolean({ description: 'ISA15 is not P: checked and acknowledged, nothing else.' }),
    delimiters: Type.Object({
      element: Type.Integer(),
      component: Type.Integer(),
      segment: Type.Integer(),
      repetition: Nullable(Type.Integer()),
    }),
    state: Type.Unsafe<InterchangeState>(Type.Union(interchangeStates.map(state => Type.Literal(state)))),
    noteCode: Type.String({ description: 'TA105; 000 when the envelope is right.' }),
    errorCode: Type.Optional(Type.String()),
    errorDetail: Type.Optional(Type.String()),
    firstGroup: Type.Integer(),
    groupCount: Type.Integer(),
    firstSet: Type.Integer(),
    setCount: Type.Integer(),
    acceptedSets: Type.Integer(),
    rejectedSets: Type.Integer(),
  },
  { $id: 'InterchangeSummary' },
)
export type InterchangeSummary = Static<typeof InterchangeSummary>

export const MessageFinding = Type.Object(
  {
    kind: Type.String(),
    severity: Type.String(),
    message: Type.String({ description: 'What is wrong and what to do, in a sentence.' }),
    segmentId: Type.String(),
    segmentPosition: Type.Integer({ description: 'Ordinal in its set; ST is 1, 0 for the envelope.' }),
    element: Type.Integer(),
    component: Type.Integer(),
    repetition: Type.Integer(),
    offset: Type.Integer({ description: 'Byte offset in the message.' }),
    value: Type.Optional(Type.String()),
    segmentCode: Type.Optional(Type.String({ description: 'AK304.' })),
    elementCode: Type.Optional(Type.String({ description: 'AK403.' })),
    setCode: Type.Optional(Type.String({ description: 'AK502.' })),
    groupCode: Type.Optional(Type.String({ description: 'AK905.' })),
    interchangeCode: Type.Optional(Type.String({ description: 'TA105.' })),
  },
  { $id: 'MessageFinding', additionalProperties: true },
)
export type MessageFinding = Static<typeof MessageFinding>

/** One functional group. For what the hub sent, `acknowledgement` says what the partner answered. */
export const MessageGroup = Type.Object(
  {
    ordinal: Type.Integer(),
    functionalId: Type.String({ description: 'GS01.' }),
    senderCode: Type.String({ description: 'GS02.' }),
    receiverCode: Type.String({ description: 'GS03.' }),
    controlNumber: Type.String({ description: 'GS06.' }),
    version: Type.String({ description: 'GS08.' }),
    outcome: Nullable(Type.String({ description: 'AK901 that the hub answered.' })),
    setsReceived: Nullable(Type.Integer()),
    setsAccepted: Nullable(Type.Integer()),
    acknowledgementState: Nullable(
      Type.String({ description: 'Sent groups: pending, accepted, accepted_with_errors, partially_accepted, rejected.' }),
    ),
    acknowledgementMessageId: Nullable(MessageId),
    sentAt: Nullable(Instant),
    acknowledgedAt: Nullable(Instant),
    findings: Type.Array(Type.Ref('MessageFinding')),
  },
  { $id: 'MessageGroup' },
)
export type MessageGroup = Static<typeof MessageGroup>

/** One transaction set. A counterpart sees the sets that concern it, and nothing else of the message. */
export const MessageSet = Type.Object(
  {
    messageId: MessageId,
    ordinal: Type.Integer(),
    groupOrdinal: Type.Integer(),
    set: Type.String({ description: 'ST01.' }),
    controlNumber: Type.String({ description: 'ST02.' }),
    segmentCount: Type.Integer(),
    sizeBytes: Type.Integer(),
    outcome: Type.String({ description: 'AK501: A, E or R.' }),
    state: Type.String({
      description: 'accepted (waiting to be applied), applied, rejected, checked (test), duplicate, quarantined.',
    }),
    partnershipId: Nullable(Type.String()),
    documentKind: Nullable(Type.String()),
    documentId: Nullable(Type.String()),
    partnerOutcome: Nullable(Type.String({ description: "Sent sets: the partner's AK501." })),
    errorCode: Nullable(Type.String()),
    errorDetail: Nullable(Type.String()),
    findings: Type.Array(Type.Ref('MessageFinding')),
  },
  { $id: 'MessageSet' },
)
export type MessageSet = Static<typeof MessageSet>

/** A stored set that a guide would judge otherwise than what is in force does. */
export const GuidePreviewItem = Type.Object(
  {
    messageId: MessageId,
    ordinal: Type.Integer({ description: 'Of the set in its message.' }),
    controlNumber: Type.String({ description: 'ST02.' }),
    partnershipId: Type.String(),
    outcomeNow: Type.String({ description: 'AK501 by what is in force: A or R.' }),
    outcomeThen: Type.String({ description: 'AK501 by the guide.' }),
    found: Type.Array(Type.Ref('MessageFinding'), { description: 'Findings that the guide would add.' }),
    gone: Type.Array(Type.Ref('MessageFinding'), { description: 'Findings that would no longer be made.' }),
  },
  { $id: 'GuidePreviewItem' },
)

export const GuidePreview = Type.Object(
  {
    items: Type.Array(GuidePreviewItem),
    judged: Type.Integer({ description: 'Sets of this page that were judged both ways.' }),
    skipped: Type.Integer({ description: 'Sets of this page that are too large or cannot be read any more.' }),
    nextCursor: Nullable(Type.String({ description: 'Pass it as ?cursor= to read on; null when all were judged.' })),
  },
  { $id: 'GuidePreview' },
)
type PreviewItem = Omit<Static<typeof GuidePreviewItem>, 'found' | 'gone'> & { found: MessageFinding[]; gone: MessageFinding[] }
export type GuidePreview = Omit<Static<typeof GuidePreview>, 'items'> & { items: PreviewItem[] }

const messageFields = {
  id: MessageId,
  direction: Type.Union([Type.Literal('in'), Type.Literal('out')]),
  transport: Type.String(),
  contentType: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Nullable(Type.String({ description: 'Hex.' })),
  test: Type.Boolean(),
  sender: Nullable(Type.String()),
  receiver: Nullable(Type.String()),
  controlNumber: Nullable(Type.String({ description: 'ISA13 of the first interchange.' })),
  processingState: Type.Unsafe<ProcessingState>(Type.Union(processingStates.map(state => Type.Literal(state)))),
  ackOutcome: Nullable(
    Type.String({ description: "Received: the worst answer given (A, E, P, R). Sent: the partner's answer." }),
  ),
  deliveryState: Nullable(Type.String({ description: 'Sent: waiting, fetched, confirmed.' })),
  errorCode: Nullable(Type.String()),
  errorDetail: Nullable(Type.String()),
  receivedAt: Instant,
  processedAt: Nullable(Instant),
}

export const Message = Type.Object(messageFields, { $id: 'Message' })
export type Message = Static<typeof Message>

export const MessageDetail = Type.Object(
  {
    ...messageFields,
    interchanges: Type.Array(Type.Ref('InterchangeSummary')),
    groups: Type.Array(Type.Ref('MessageGroup')),
  },
  { $id: 'MessageDetail' },
)
export type MessageDetail = Message & { interchanges: InterchangeSummary[]; groups: MessageGroup[] }

export const MessageFilter = Type.Object({
  direction: Type.Optional(Type.Union([Type.Literal('in'), Type.Literal('out')])),
  processingState: Type.Optional(Type.Union(processingStates.map(state => Type.Literal(state)))),
  controlNumber: Type.Optional(Type.String({ maxLength: 9, description: 'ISA13 of the first interchange.' })),
  since: Type.Optional(Type.String({ format: 'date-time' })),
})
export type MessageFilter = Static<typeof MessageFilter>

/** One document waiting in the caller's X12 outbox. */
export const OutboxItem = Type.Object(
  {
    messageId: MessageId,
    sender: Type.String(),
    receiver: Type.String(),
    controlNumber: Type.String({ description: 'ISA13.' }),
    test: Type.Boolean(),
    sets: Type.Array(Type.String({ description: 'ST01 of each set: 855, 997 …' })),
    sizeBytes: Type.Integer(),
    createdAt: Instant,
  },
  { $id: 'OutboxItem' },
)
export type OutboxItem = Static<typeof OutboxItem>

export const Receipt = Type.Object(
  {
    messageId: MessageId,
    duplicate: Type.Boolean({ description: 'These bytes were received before; nothing is done twice.' }),
    sizeBytes: Type.Integer(),
    sha256: Type.String(),
  },
  { $id: 'Receipt' },
)

export const DeadWork = Type.Object(
  {
    id: Type.String(),
    queue: Type.String(),
    kind: Type.String(),
    key: Type.String(),
    attempts: Type.Integer(),
    errorCode: Nullable(Type.String()),
    errorDetail: Nullable(Type.String()),
    createdAt: Instant,
  },
  { $id: 'DeadWork' },
)
export type DeadWork = Static<typeof DeadWork>
