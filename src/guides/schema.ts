import { Type, type Static } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Instant = Type.String({ format: 'date-time' })
const GuideId = Type.String({ pattern: '^gde_[0-9a-f]{32}$', description: 'Guide.' })

/** What may be said of one place of a set. */
export const GuideNarrowing = Type.Object(
  {
    at: Type.String({ maxLength: 200, description: 'Place: PO1/PO107, REF[01=DP], N1[01=ST]/N4.' }),
    req: Type.Optional(Type.String({ description: 'M required, O optional, X not used.' })),
    max: Type.Optional(Type.Integer({ description: 'Most occurrences; of an element, its largest length.' })),
    min: Type.Optional(Type.Integer({ description: 'Smallest length of an element.' })),
    codes: Type.Optional(Type.Array(Type.String(), { description: 'The codes allowed.' })),
    note: Type.Optional(Type.String({ description: 'Why, for people.' })),
  },
  { $id: 'GuideNarrowing' },
)

export const GuideRule = Type.Object(
  {
    sum: Type.Optional(Type.String({ description: 'Element whose total is taken: PO1/PO102.' })),
    count: Type.Optional(Type.String({ description: 'Loop or segment that is counted.' })),
    equals: Type.String({ description: 'Element that states it: CTT/CTT02.' }),
  },
  { $id: 'GuideRule' },
)

/** What an organisation wants beside the standard or a shipped guide; docs/guides.md has the format. */
export const GuideOverlay = Type.Object(
  {
    extends: Type.String({ description: 'The standard or a guide that the hub ships: 004010/850, vics/850.' }),
    name: Type.Optional(Type.String()),
    about: Type.Optional(Type.String()),
    narrow: Type.Array(GuideNarrowing),
    rules: Type.Array(GuideRule),
  },
  { $id: 'GuideOverlay' },
)

export const guideDirections = ['in', 'out'] as const
export type GuideDirection = (typeof guideDirections)[number]
export const guideStates = ['draft', 'active', 'retired'] as const
export type GuideState = (typeof guideStates)[number]
const Direction = Type.Unsafe<GuideDirection>(Type.Union(guideDirections.map(direction => Type.Literal(direction))))
const State = Type.Unsafe<GuideState>(Type.Union(guideStates.map(state => Type.Literal(state))))

const summaryFields = {
  id: GuideId,
  organisationId: Type.String({ description: 'Whose guide it is.' }),
  partnershipId: Nullable(Type.String({ description: 'The partnership it is for; null for all.' })),
  direction: Type.Unsafe<GuideDirection>({ ...Direction, description: 'Of what the organisation is sent (in), or of what it sends (out).' }),
  set: Type.String({ description: 'ST01.' }),
  x12Version: Type.String({ description: '004010.' }),
  revision: Type.Integer({ description: 'Counts up for each partnership, direction, set and version.' }),
  state: State,
  name: Type.String(),
  actor: Type.String({ description: 'Who last changed it.' }),
  createdAt: Instant,
  updatedAt: Instant,
  activatedAt: Nullable(Instant),
}

/** One revision of a guide, without what it says. */
export const GuideSummary = Type.Object(summaryFields, { $id: 'GuideSummary' })
export type GuideSummary = Static<typeof GuideSummary>

/** One revision of a guide. */
export const Guide = Type.Object({ ...summaryFields, overlay: GuideOverlay, version: Type.Integer() }, { $id: 'Guide' })
export type Guide = Static<typeof Guide>

/** An overlay as people have written it: checked when it comes, field by field. */
const OverlayGiven = Type.Record(Type.String(), Type.Unknown(), { description: 'The guide, as docs/guides.md has it or x12 learn proposes it.' })

export const NewGuide = Type.Object(
  {
    partnershipId: Type.Optional(Type.String({ maxLength: 60, description: 'For one partnership; left out, for all.' })),
    direction: Direction,
    set: Type.String({ pattern: '^\\d{3}$', description: 'ST01.' }),
    x12Version: Type.String({ pattern: '^\\d{6}$', description: '004010.' }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    overlay: OverlayGiven,
  },
  { $id: 'NewGuide', additionalProperties: false },
)
export type NewGuide = Static<typeof NewGuide>

export const GuideChange = Type.Object(
  { name: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })), overlay: Type.Optional(OverlayGiven) },
  { $id: 'GuideChange', additionalProperties: false },
)
export type GuideChange = Static<typeof GuideChange>

export const GuideFilter = Type.Object({
  set: Type.Optional(Type.String({ pattern: '^\\d{3}$' })),
  state: Type.Optional(Type.Union(guideStates.map(state => Type.Literal(state)))),
  partnershipId: Type.Optional(Type.String({ maxLength: 60, description: 'Those for this partnership alone.' })),
})
export type GuideFilter = Static<typeof GuideFilter>

/** One thing that a guide forbids or allows that what is in force does not. */
export const GuideDifference = Type.Object(
  {
    at: Type.String({ description: 'Place.' }),
    alsoAt: Type.Array(Type.String(), { description: 'Further places of the same segment.' }),
    kind: Type.String(),
    effect: Type.String({ description: 'stricter, looser or other.' }),
    sentence: Type.String(),
  },
  { $id: 'GuideDifference' },
)

export const GuideDifferences = Type.Object(
  {
    comparedWith: Nullable(GuideId),
    items: Type.Array(GuideDifference),
  },
  { $id: 'GuideDifferences', description: 'Compared with the revision in force, or with what the guide extends when there is none.' },
)
export type GuideDifferences = Static<typeof GuideDifferences>
