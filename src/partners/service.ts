import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { audit } from '../identity/audit.ts'
import { authorise } from '../identity/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { shippedGuides } from '../x12/index.ts'
import { selectIdentifiers, selectLocations, selectOrganisations, selectPartnerships, upsertChannel } from './queries.ts'
import { channelOf, counterpartOf, pageOf, pageSize, receives } from './rules.ts'
import type { ChannelChange, Location, Organisation, Page, PageRequest, Partnership } from './schema.ts'

export { channelOf, counterpartOf } from './rules.ts'

/**
 * One partnership of the actor's organisation.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getPartnership = async (ctx: Context, id: string): Promise<Partnership> => {
  const [partnership] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectPartnerships(sql, { id }))
  if (!partnership) throw new DomainError('record/not-found', { kind: 'partnership', id })
  return partnership
}

/** The partnerships of the actor's organisation, oldest first. */
export const listPartnerships = async (ctx: Context, page: PageRequest = {}): Promise<Page<Partnership>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectPartnerships(sql, { ...(page.cursor !== undefined && { after: page.cursor }), limit: size + 1 }))
  return pageOf(rows, size)
}

/** The partnership between two parties, one of them the actor's organisation; undefined when they do not trade. */
export const findPartnership = async (
  ctx: Context,
  parties: { buyerId: string; sellerId: string },
): Promise<Partnership | undefined> => {
  const [partnership] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectPartnerships(sql, parties))
  return partnership
}

/** All partnerships of an organisation with all their channels, as the exchange needs them: one statement. */
export const partnershipsOf = async (tx: Tx, organisationId: string): Promise<Partnership[]> =>
  [...await selectPartnerships(tx.sql, { organisationId })]

/** The actor's organisation and those it trades with. */
export const listOrganisations = async (ctx: Context, page: PageRequest = {}): Promise<Page<Organisation>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectOrganisations(sql, { ...(page.cursor !== undefined && { after: page.cursor }), limit: size + 1 }))
  return pageOf(rows, size)
}

/**
 * The actor's organisation or one that it trades with.
 * @throws DomainError record/not-found
 */
export const getOrganisation = async (ctx: Context, id: string): Promise<Organisation> => {
  const [organisation] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectOrganisations(sql, { id }))
  if (!organisation) throw new DomainError('record/not-found', { kind: 'organisation', id })
  return organisation
}

/** The organisations of these ids, in their order; undefined where the actor may see none. One query. */
export const organisationsByIds = async (ctx: Context, ids: readonly string[]): Promise<(Organisation | undefined)[]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectOrganisations(sql, { ids }))
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => byId.get(id))
}

/** The locations of the actor's organisation and of its partners, or of one of them. */
export const listLocations = async (
  ctx: Context,
  page: PageRequest & { organisationId?: string } = {},
): Promise<Page<Location>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectLocations(sql, {
      ...(page.organisationId !== undefined && { organisationId: page.organisationId }),
      ...(page.cursor !== undefined && { after: page.cursor }),
      limit: size + 1,
    }))
  return pageOf(rows, size)
}

/** The X12 identifiers that the operator has given to the actor's organisation. */
export const listIdentifiers = async (
  ctx: Context,
): Promise<{ qualifier: string; value: string; usage: 'production' | 'test' }[]> => [
  ...(await readAs(ctx.db, ctx.actor.organisationId, sql => selectIdentifiers(sql, ctx.actor.organisationId))),
]

/**
 * Changes how the actor's side receives one kind of document, and how what it sends is judged. What `change` leaves out stays.
 * @throws DomainError identity/forbidden, record/not-found, request/precondition-failed when `ifVersion` is not the version,
 *   partners/not-a-document for one this side never receives, partners/no-identity for X12 without the ids that sign it,
 *   guides/unknown-guide
 */
export const setChannel = async (
  ctx: Context,
  partnershipId: string,
  document: string,
  change: ChannelChange,
  ifVersion?: number,
): Promise<Partnership> => {
  authorise(ctx.actor, 'partnerships.configure')
  return withOrganisation(ctx, async tx => {
    const own = { ...ctx, db: tx }
    const [locked] = await tx.sql<{ version: number }[]>`select version from partnership where id = ${partnershipId} for update`
    if (locked && ifVersion !== undefined && locked.version !== ifVersion)
      throw new DomainError('request/precondition-failed', { version: locked.version })
    const before = await getPartnership(own, partnershipId)
    const { organisationId } = ctx.actor
    if (!receives(before, organisationId, document)) throw new DomainError('partners/not-a-document', { document })
    const channel = { ...channelOf(before, organisationId, document), ...change }
    if (channel.channel === 'x12' && !(before.buyerIdentity && before.sellerIdentity))
      throw new DomainError('partners/no-identity')
    if (channel.guide !== null && !shippedGuides.some(name => name === channel.guide))
      throw new DomainError('guides/unknown-guide', { guide: channel.guide, shipped: shippedGuides })
    await upsertChannel(tx.sql, partnershipId, counterpartOf(before, organisationId), channel)
    await tx.sql`update partnership set version = version + 1, updated_at = ${ctx.now()} where id = ${partnershipId}`
    await audit(tx, ctx.actor, { action: 'channel.changed', subject: partnershipId, detail: { document, ...change } })
    return getPartnership(own, partnershipId)
  })
}
