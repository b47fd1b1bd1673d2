import type { Sql } from '../db/client.ts'
import { newId } from '../shared/ids.ts'
import type { Finding, Scope } from './finding.ts'
import { closedStates } from './rules.ts'
import type { Exception, ExceptionFilter, ExceptionState, Resolution } from './schema.ts'

const closed = [...closedStates] as string[]

/** An exception that this run opened (or opened again), or closed. */
export type Change = Pick<
  Exception,
  'id' | 'organisationId' | 'counterpartId' | 'partnershipId' | 'rule' | 'code' | 'severity' | 'subjectId' | 'summary'
> & { change: 'opened' | 'closed' }

/**
 * Writes findings and, when they are all of the run, closes what the scope had and they do not name. One statement. What a
 * person has resolved stays so while its values stay; other values, or a come-back, open it again.
 */
export const writeFindings = (sql: Sql, scope: Scope, findings: readonly Finding[], all: boolean) => {
  const at = scope.at.toISOString()
  return sql<Change[]>`
    with given as (
      select * from unnest(
        ${findings.map(() => newId('exc'))}::text[], ${findings.map(f => f.organisationId)}::text[],
        ${findings.map(f => f.counterpartId ?? null)}::text[], ${findings.map(f => f.partnershipId ?? null)}::text[],
        ${findings.map(f => f.rule)}::text[], ${findings.map(f => f.code)}::text[], ${findings.map(f => f.key)}::text[],
        ${findings.map(f => f.severity)}::text[], ${findings.map(f => f.subjectKind)}::text[],
        ${findings.map(f => f.subjectId)}::text[], ${findings.map(f => f.summary)}::text[],
        ${findings.map(f => JSON.stringify(f.compared))}::text[]::jsonb[],
        ${findings.map(f => JSON.stringify(f.evidence))}::text[]::jsonb[],
        ${findings.map(f => f.moneyAtRisk ?? null)}::text[]::numeric[], ${findings.map(f => f.currency ?? null)}::text[]
      ) as t(id, organisation_id, counterpart_id, partnership_id, rule, code, key, severity, subject_kind, subject_id, summary,
             compared, evidence, money_at_risk, currency)
    ), before as materialized (
      select e.id, e.state from exception e join given g on g.organisation_id = e.organisation_id and g.key = e.key
    ), put as (
      insert into exception as e (id, organisation_id, counterpart_id, partnership_id, rule, code, key, severity, state, subject_kind,
        subject_id, summary, compared, evidence, money_at_risk, currency, first_seen_at, last_seen_at)
      select id, organisation_id, counterpart_id, partnership_id, rule, code, key, severity, 'open', subject_kind, subject_id,
        summary, compared, evidence, money_at_risk, currency, ${at}::timestamptz, ${at}::timestamptz
      from given order by organisation_id, key
      on conflict (organisation_id, key) do update set
        severity = excluded.severity, subject_kind = excluded.subject_kind, subject_id = excluded.subject_id,
        summary = excluded.summary, compared = excluded.compared, evidence = excluded.evidence,
        money_at_risk = excluded.money_at_risk, currency = excluded.currency, last_seen_at = excluded.last_seen_at, holds = true,
        state = case when ${reopens(sql)} then 'open' else e.state end,
        closed_at = case when ${reopens(sql)} then null else e.closed_at end,
        resolution = case when ${reopens(sql)} then null else e.resolution end,
        resolved_by = case when ${reopens(sql)} then null else e.resolved_by end,
        version = e.version + case when ${reopens(sql)}
          or (e.severity, e.summary, e.compared, e.evidence, e.money_at_risk, e.subject_id)
             is distinct from (excluded.severity, excluded.summary, excluded.compared, excluded.evidence, excluded.money_at_risk,
               excluded.subject_id)
          then 1 else 0 end
      returning ${changeColumns(sql)}, e.state
    ), gone as (
      ${close(sql, scope)} and ${all}
        and not exists (select 1 from given g where g.organisation_id = e.organisation_id and g.key = e.key)
      returning ${changeColumns(sql)}, e.resolution
    )
    select id, "organisationId", "counterpartId", "partnershipId", rule, code, severity, "subjectId", summary, 'opened' as change
    from put left join before using (id) where before.id is null or (before.state = any(${closed}::text[]) and put.state = 'open')
    union all
    select id, "organisationId", "counterpartId", "partnershipId", rule, code, severity, "subjectId", summary, 'closed'
    from gone where resolution is null`
}

/** Closes what the scope had and this run, which wrote its findings before, has not seen. */
export const closeUnseen = (sql: Sql, scope: Scope) => sql<Change[]>`
  with gone as (
    ${close(sql, scope)} and e.last_seen_at is distinct from ${scope.at.toISOString()}::timestamptz
    returning ${changeColumns(sql)}, e.resolution)
  select id, "organisationId", "counterpartId", "partnershipId", rule, code, severity, "subjectId", summary, 'closed' as change
  from gone where resolution is null`

const close = (sql: Sql, scope: Scope) => sql`
  update exception e set holds = false,
    state = case when e.state = any(${closed}::text[]) then e.state else 'auto_resolved' end,
    closed_at = coalesce(e.closed_at, ${scope.at.toISOString()}::timestamptz),
    version = e.version + case when e.state = any(${closed}::text[]) then 0 else 1 end
  where e.holds and e.rule = any(${scope.rules as string[]}::text[]) and ${inScope(sql, scope)}`

const reopens = (sql: Sql) =>
  sql`(e.state = any(${closed}::text[]) and (not e.holds or e.compared is distinct from excluded.compared))`

const changeColumns = (sql: Sql) => sql`
  e.id, e.organisation_id as "organisationId", e.counterpart_id as "counterpartId", e.partnership_id as "partnershipId", e.rule, e.code,
  e.severity, e.subject_id as "subjectId", e.summary`

const inScope = (sql: Sql, scope: Scope) =>
  'subjectIds' in scope
    ? sql`e.subject_id = any(${scope.subjectIds as string[]}::text[])
    ${scope.sets === undefined ? sql`` : sql`
      and coalesce((e.evidence->0->>'messageId') || '/' || (e.evidence->0->>'set'), '') = any(${scope.sets as string[]}::text[])`}
    ${scope.codes === undefined ? sql`` : sql`and e.code = any(${scope.codes as string[]}::text[])`}`
    : 'partnershipId' in scope
      ? sql`e.partnership_id = ${scope.partnershipId}`
      : sql`e.organisation_id = ${scope.organisationId}`

const instant = (sql: Sql, column: string) => sql`to_char(${sql(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const columns = (sql: Sql) => sql`
  id, organisation_id as "organisationId", counterpart_id as "counterpartId", partnership_id as "partnershipId", rule, code,
  severity, state,
  subject_kind as "subjectKind", subject_id as "subjectId", summary, compared, evidence, money_at_risk as "moneyAtRisk", currency,
  assigned_to as "assignedTo", resolution, resolved_by as "resolvedBy", ${instant(sql, 'first_seen_at')} as "firstSeenAt",
  ${instant(sql, 'last_seen_at')} as "lastSeenAt", ${instant(sql, 'closed_at')} as "closedAt", version`

/** Newest first. */
export const selectExceptions = (sql: Sql, filter: ExceptionFilter & { before?: string; limit: number }) => sql<Exception[]>`
  select ${columns(sql)} from exception
  where true
    ${filter.rule === undefined ? sql`` : sql`and rule = ${filter.rule}`}
    ${filter.code === undefined ? sql`` : sql`and code = ${filter.code}`}
    ${filter.severity === undefined ? sql`` : sql`and severity = ${filter.severity}`}
    ${filter.state === undefined ? sql`` : sql`and state = ${filter.state}`}
    ${filter.open === undefined ? sql`` : sql`and (state <> all(${closed}::text[])) = ${filter.open}`}
    ${filter.partnershipId === undefined ? sql`` : sql`and partnership_id = ${filter.partnershipId}`}
    ${filter.subjectId === undefined ? sql`` : sql`and subject_id = ${filter.subjectId}`}
    ${filter.since === undefined ? sql`` : sql`and first_seen_at >= ${filter.since}::timestamptz`}
    ${filter.before === undefined ? sql`` : sql`and id < ${filter.before}`}
  order by id desc limit ${filter.limit}`

export const selectException = (sql: Sql, id: string) => sql<Exception[]>`select ${columns(sql)} from exception where id = ${id}`

export const selectExceptionsBySubject = (sql: Sql, subjectIds: readonly string[]) => sql<Exception[]>`
  select ${columns(sql)} from exception where subject_id = any(${subjectIds as string[]}::text[]) order by id`

export const lockException = (sql: Sql, id: string) => sql<{ state: ExceptionState; version: number }[]>`
  select state, version from exception where id = ${id} for update`

export const updateException = (
  sql: Sql,
  id: string,
  to: {
    state: ExceptionState
    assignedTo?: string
    resolution: Resolution | null
    resolvedBy: string | null
    closedAt: Date | null
  },
) => sql<Exception[]>`
  update exception set state = ${to.state}, resolution = ${to.resolution}, resolved_by = ${to.resolvedBy},
    closed_at = ${to.closedAt}, assigned_to = coalesce(${to.assignedTo ?? null}, assigned_to), version = version + 1
  where id = ${id} returning ${columns(sql)}`

export const selectColleague = (sql: Sql, userId: string) => sql`select 1 from membership where user_id = ${userId}`
