import type { Sql } from '../db/client.ts'
import type { ActiveGuide } from './rules.ts'
import type { Guide, GuideFilter, GuideSummary } from './schema.ts'

type Instants<T> = { [K in keyof T]: K extends `${string}At` ? Date | null : T[K] }
export type GuideRow = Instants<Guide>
export type SummaryRow = Instants<GuideSummary>

const summaryColumns = (sql: Sql) => sql`
  id, organisation_id as "organisationId", partnership_id as "partnershipId", direction, set_id as set, x12_version as "x12Version", revision, state,
  name, actor, created_at as "createdAt", updated_at as "updatedAt", activated_at as "activatedAt"`

export const selectGuides = (sql: Sql, filter: GuideFilter & { after?: string }, limit: number) => sql<SummaryRow[]>`
  select ${summaryColumns(sql)} from guide where true
    ${filter.set === undefined ? sql`` : sql`and set_id = ${filter.set}`}
    ${filter.state === undefined ? sql`` : sql`and state = ${filter.state}`}
    ${filter.partnershipId === undefined ? sql`` : sql`and partnership_id = ${filter.partnershipId}`}
    ${filter.after === undefined ? sql`` : sql`and id < ${filter.after}`}
  order by id desc limit ${limit}`

export const selectGuide = (sql: Sql, id: string) => sql<GuideRow[]>`
  select ${summaryColumns(sql)}, overlay, version from guide where id = ${id}`

/** Those in force of an organisation and of all it trades with, as far as the caller sees them. */
export const selectActiveGuides = (sql: Sql, organisationId: string) => sql<ActiveGuide[]>`
  select g.id, g.organisation_id as "organisationId", g.partnership_id as "partnershipId", g.direction, g.set_id as set, g.x12_version as "x12Version",
    g.version
  from guide g
  where g.state = 'active' and (g.organisation_id = ${organisationId} or g.organisation_id in (
    select case when p.buyer_id = ${organisationId} then p.seller_id else p.buyer_id end from partnership p
    where ${organisationId} in (p.buyer_id, p.seller_id)))`

/** The one that a guide would replace. */
export const selectInForce = (sql: Sql, guide: Pick<Guide, 'organisationId' | 'partnershipId' | 'direction' | 'set' | 'x12Version'>) => sql<GuideRow[]>`
  select ${summaryColumns(sql)}, overlay, version from guide
  where organisation_id = ${guide.organisationId} and partnership_id is not distinct from ${guide.partnershipId} and direction = ${guide.direction}
    and set_id = ${guide.set} and x12_version = ${guide.x12Version} and state = 'active'`
