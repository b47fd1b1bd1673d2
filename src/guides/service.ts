import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { audit } from '../identity/audit.ts'
import { authorise } from '../identity/rules.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import type { Page, PageRequest } from '../partners/schema.ts'
import { getPartnership } from '../partners/service.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { compareGuides, GuideError, guideNamed, parseOverlay, standardGuide, type Overlay } from '../x12/index.ts'
import { guideOver } from './compiled.ts'
import { selectActiveGuides, selectGuide, selectGuides, selectInForce, type GuideRow, type SummaryRow } from './queries.ts'
import type { ActiveGuide } from './rules.ts'
import type { Guide, GuideChange, GuideDifferences, GuideFilter, GuideSummary, NewGuide } from './schema.ts'

const mostNarrowings = 5000
const mostOverlayBytes = 1024 * 1024

const iso = (instant: Date | null): string | null => instant?.toISOString() ?? null
const summaryOf = (row: SummaryRow): GuideSummary => ({
  ...row,
  createdAt: iso(row.createdAt)!,
  updatedAt: iso(row.updatedAt)!,
  activatedAt: iso(row.activatedAt),
})
const guideOf = (row: GuideRow): Guide => ({ ...summaryOf(row), overlay: row.overlay, version: row.version })

/** The guides of the actor's organisation in all revisions, and those of its partners that are in force; newest first. */
export const listGuides = async (ctx: Context, filter: GuideFilter & PageRequest = {}): Promise<Page<GuideSummary>> => {
  const size = pageSize(filter.limit)
  const { cursor, limit: _, ...rest } = filter
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectGuides(sql, { ...rest, ...(cursor !== undefined && { after: cursor }) }, size + 1),
  )
  return pageOf(rows.map(summaryOf), size)
}

/** @throws DomainError record/not-found, also for a partner's draft */
export const getGuide = async (ctx: Context, id: string): Promise<Guide> => {
  const [row] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectGuide(sql, id))
  if (!row) throw new DomainError('record/not-found', { kind: 'guide', id })
  return guideOf(row)
}

/** Those in force of an organisation and of all it trades with. For the exchange. */
export const activeGuidesAround = async (tx: Tx, organisationId: string): Promise<ActiveGuide[]> => [
  ...(await selectActiveGuides(tx.sql, organisationId)),
]

/**
 * Stores a draft. Nothing is judged by it before it is activated.
 * @throws DomainError identity/forbidden, record/not-found for a partnership of others, guides/invalid with all that is wrong
 */
export const createGuide = async (ctx: Context, given: NewGuide): Promise<Guide> => {
  authorise(ctx.actor, 'partnerships.configure')
  const { set, x12Version, direction } = given
  const overlay = checkedOverlay(given.overlay, x12Version, set)
  const { organisationId } = ctx.actor
  return withOrganisation(ctx, async tx => {
    const partnershipId = given.partnershipId ?? null
    if (partnershipId !== null) await getPartnership({ ...ctx, db: tx }, partnershipId)
    const id = newId('gde')
    // Two drafts at once must not get one revision.
    await tx.sql`select pg_advisory_xact_lock(hashtextextended(${`guide ${organisationId}`}, 0))`
    await tx.sql`
      insert into guide (id, organisation_id, partnership_id, direction, set_id, x12_version, revision, name, overlay, actor, created_at, updated_at)
      select ${id}, ${organisationId}, ${partnershipId}, ${direction}, ${set}, ${x12Version}, coalesce(max(revision), 0) + 1,
        ${given.name ?? overlay.name ?? `${set} ${x12Version}`}, ${JSON.stringify(overlay)}::text::jsonb, ${ctx.actor.name}, ${ctx.now()}, ${ctx.now()}
      from guide where organisation_id = ${organisationId} and partnership_id is not distinct from ${partnershipId} and direction = ${direction}
        and set_id = ${set} and x12_version = ${x12Version}`
    await audit(tx, ctx.actor, { action: 'guide.created', subject: id, detail: { set, x12Version, direction, partnershipId } })
    return getGuide({ ...ctx, db: tx }, id)
  })
}

/**
 * Changes a draft.
 * @throws DomainError identity/forbidden, record/not-found, guides/not-a-draft, guides/invalid, request/precondition-failed
 */
export const updateGuide = async (ctx: Context, id: string, change: GuideChange, ifVersion?: number): Promise<Guide> =>
  changing(ctx, id, ifVersion, async (tx, guide) => {
    if (guide.state !== 'draft') throw new DomainError('guides/not-a-draft', { state: guide.state })
    const overlay = change.overlay === undefined ? guide.overlay : checkedOverlay(change.overlay, guide.x12Version, guide.set)
    await tx.sql`
      update guide set name = ${change.name ?? guide.name}, overlay = ${JSON.stringify(overlay)}::text::jsonb, version = version + 1,
        actor = ${ctx.actor.name}, updated_at = ${ctx.now()} where id = ${id}`
    await audit(tx, ctx.actor, { action: 'guide.changed', subject: id })
  })

/**
 * Throws a draft away.
 * @throws DomainError identity/forbidden, record/not-found, guides/not-a-draft
 */
export const deleteGuide = async (ctx: Context, id: string): Promise<void> => {
  authorise(ctx.actor, 'partnerships.configure')
  await withOrganisation(ctx, async tx => {
    const guide = await ownGuide(ctx, tx, id)
    if (guide.state !== 'draft') throw new DomainError('guides/not-a-draft', { state: guide.state })
    await tx.sql`delete from guide where id = ${id}`
    await audit(tx, ctx.actor, { action: 'guide.deleted', subject: id })
  })
}

/**
 * Puts a draft, or a revision from before, in force: what comes from now on is judged by it. The one that was in force is retired.
 * @throws DomainError identity/forbidden, record/not-found, guides/invalid when the standard has changed under it, request/precondition-failed
 */
export const activateGuide = async (ctx: Context, id: string, ifVersion?: number): Promise<Guide> =>
  changing(ctx, id, ifVersion, async (tx, guide) => {
    if (guide.state === 'active') return
    checkedOverlay(guide.overlay, guide.x12Version, guide.set)
    const [before] = await selectInForce(tx.sql, guide)
    if (before) await setState(tx, ctx, before.id, 'retired')
    await setState(tx, ctx, id, 'active')
    await audit(tx, ctx.actor, { action: 'guide.activated', subject: id, detail: { replaces: before?.id ?? null } })
  })

/**
 * Takes a guide out of force; the standard and its industry are left.
 * @throws DomainError identity/forbidden, record/not-found, guides/not-in-force, request/precondition-failed
 */
export const retireGuide = async (ctx: Context, id: string, ifVersion?: number): Promise<Guide> =>
  changing(ctx, id, ifVersion, async (tx, guide) => {
    if (guide.state !== 'active') throw new DomainError('guides/not-in-force', { state: guide.state })
    await setState(tx, ctx, id, 'retired')
    await audit(tx, ctx.actor, { action: 'guide.retired', subject: id })
  })

/** What a guide forbids or allows that the one in force does not; without one, or for that one itself, that the guide it extends does not. */
export const compareWithInForce = async (ctx: Context, id: string): Promise<GuideDifferences> => {
  const guide = await getGuide(ctx, id)
  const [inForce] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectInForce(sql, guide))
  const other = inForce && inForce.id !== id ? inForce : undefined
  const { x12Version: version, set } = guide
  try {
    const before = other ? guideOver(version, set, parseOverlay(other.overlay)) : baseOf(guide.overlay, version, set)
    const differences = compareGuides(before.model, guideOver(version, set, parseOverlay(guide.overlay)).model)
    return {
      comparedWith: other?.id ?? null,
      items: differences.map(({ at, alsoAt, kind, effect, sentence }) => ({ at, alsoAt: [...alsoAt], kind, effect, sentence })),
    }
  } catch (error) {
    throw refusal(error)
  }
}

const baseOf = (overlay: Pick<Overlay, 'extends'>, version: string, set: string) =>
  /^\d/.test(overlay.extends) ? guideNamed(`${version}/${set}`) : guideOver(version, set, { extends: overlay.extends })

/** Changes one of the actor's own guides, under a lock. */
const changing = async (
  ctx: Context,
  id: string,
  ifVersion: number | undefined,
  change: (tx: Tx, guide: GuideRow) => Promise<void>,
): Promise<Guide> => {
  authorise(ctx.actor, 'partnerships.configure')
  return withOrganisation(ctx, async tx => {
    const guide = await ownGuide(ctx, tx, id)
    if (ifVersion !== undefined && guide.version !== ifVersion)
      throw new DomainError('request/precondition-failed', { version: guide.version })
    await change(tx, guide)
    return getGuide({ ...ctx, db: tx }, id)
  })
}

const ownGuide = async (ctx: Context, tx: Tx, id: string): Promise<GuideRow> => {
  // One at a time for an organisation: what is in force is replaced, not doubled.
  await tx.sql`select pg_advisory_xact_lock(hashtextextended(${`guide ${ctx.actor.organisationId}`}, 0))`
  const [guide] = await selectGuide(tx.sql, id)
  if (!guide || guide.organisationId !== ctx.actor.organisationId) throw new DomainError('record/not-found', { kind: 'guide', id })
  return guide
}

const setState = (tx: Tx, ctx: Context, id: string, state: 'active' | 'retired') => tx.sql`
  update guide set state = ${state}, version = version + 1, actor = ${ctx.actor.name}, updated_at = ${ctx.now()},
    activated_at = ${state === 'active' ? ctx.now() : tx.sql`activated_at`} where id = ${id}`

/** The overlay when it makes a guide of that set over that version. */
const checkedOverlay = (given: unknown, version: string, set: string): Overlay => {
  try {
    if (!standardGuide(version, set)) throw new GuideError([`there is no ${set} in version ${version}`])
    const overlay = parseOverlay(given)
    if ((overlay.narrow?.length ?? 0) > mostNarrowings || JSON.stringify(overlay).length > mostOverlayBytes)
      throw new GuideError([`it says more than ${mostNarrowings} things or has more than ${mostOverlayBytes} characters`])
    guideOver(version, set, overlay)
    const { versions: _, ...kept } = overlay
    return kept
  } catch (error) {
    throw refusal(error)
  }
}

const mostProblemsTold = 50
const refusal = (error: unknown): unknown =>
  error instanceof GuideError
    ? new DomainError('guides/invalid', { detail: error.problems.slice(0, 5).join('; '), problems: error.problems.slice(0, mostProblemsTold) })
    : error

