import { isTx, readAs, withOrganisation, type Database } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { compiledGuide } from '../guides/compiled.ts'
import { checkingFor, type ActiveGuide } from '../guides/rules.ts'
import type { Guide } from '../guides/schema.ts'
import { activeGuidesAround, getGuide } from '../guides/service.ts'
import { authorise } from '../identity/rules.ts'
import type { Partnership } from '../partners/schema.ts'
import { pageSize } from '../partners/rules.ts'
import { partnershipsOf } from '../partners/service.ts'
import { DomainError } from '../shared/errors.ts'
import { compareVerdicts, peekInterchange, readTransaction, type Delimiters, type Finding, type SetResult } from '../x12/index.ts'
import { judgeSet, mostSetBytes } from './agreed.ts'
import { openArchive } from './archive.ts'
import { selectEnvelopes, selectStoredSets, type StoredSet } from './queries.ts'
import type { GuidePreview, MessageFinding } from './schema.ts'

/** A page of a preview judges at most so many bytes: a page of large sets is shorter. */
const pageBytes = 8 * 1024 * 1024
const longestDays = 400
const findingsTold = 20

export type PreviewRequest = { readonly limit?: number; readonly cursor?: string; readonly days?: number }

/**
 * What would change if a guide were activated: stored sets that it is for, newest first, judged by what is in force now and by what would
 * be, and of those that differ, how. Nothing is stored. A page looks at `limit` sets; the cursor goes on where it ended.
 * @throws DomainError identity/forbidden, record/not-found, also for a partner's guide, request/invalid for a cursor of another list
 */
export const previewGuide = async (ctx: Context, id: string, request: PreviewRequest = {}): Promise<GuidePreview> => {
  authorise(ctx.actor, 'edi.inspect')
  const { db } = ctx
  if (isTx(db)) throw new Error('previewGuide reads outside a transaction')
  const guide = await getGuide(ctx, id)
  const { organisationId } = ctx.actor
  if (guide.organisationId !== organisationId) throw new DomainError('record/not-found', { kind: 'guide', id })
  const size = pageSize(request.limit)
  const since = new Date(ctx.now().getTime() - Math.min(request.days ?? 30, longestDays) * 86_400_000)
  const rows = await readAs(db, organisationId, sql => selectStoredSets(sql, organisationId, guide, since, positionOf(request.cursor), size + 1))
  const agreements = await agreementsOf(ctx, db, guide)
  const preview: GuidePreview = { items: [], judged: 0, skipped: 0, nextCursor: null }
  const envelopes = new Envelopes(db)
  let bytes = 0
  let last: StoredSet | undefined
  for (const row of rows.slice(0, size)) {
    if (bytes > pageBytes) break
    last = row
    bytes += row.end - row.start
    const judged = row.end - row.start > mostSetBytes ? undefined : await judgeTwice(ctx, row, guide, agreements, envelopes)
    if (judged === 'other version') continue
    if (!judged) {
      preview.skipped += 1
      continue
    }
    preview.judged += 1
    const verdicts = compareVerdicts(judged.before, judged.after)
    if (!verdicts) continue
    preview.items.push({
      messageId: row.messageId,
      ordinal: row.ordinal,
      controlNumber: row.controlNumber,
      partnershipId: row.partnershipId,
      outcomeNow: verdicts.a,
      outcomeThen: verdicts.b,
      found: told(verdicts.onlyB),
      gone: told(verdicts.onlyA),
    })
  }
  const more = last !== undefined && (rows.length > size || rows.at(-1) !== last)
  return { ...preview, nextCursor: more && last ? `${last.messageId}.${last.ordinal}` : null }
}

const told = (findings: readonly Finding[]): MessageFinding[] => findings.slice(0, findingsTold) as MessageFinding[]

const positionOf = (cursor: string | undefined): { messageId: string; ordinal: number } | undefined => {
  if (cursor === undefined) return undefined
  const [, messageId, ordinal] = /^(msg_[0-9a-f]{32})\.(\d{1,9})$/.exec(cursor) ?? []
  if (messageId === undefined) throw new DomainError('request/invalid', { detail: 'The cursor is not one that this list gave.' })
  return { messageId, ordinal: Number(ordinal) }
}

type Agreements = { readonly partnerships: ReadonlyMap<string, Partnership>; readonly before: readonly ActiveGuide[]; readonly after: readonly ActiveGuide[] }

/** What is in force, and what would be with the guide in the place of the one it replaces. */
const agreementsOf = async (ctx: Context, db: Database, guide: Guide): Promise<Agreements> => {
  const { organisationId } = ctx.actor
  const [partnerships, before] = await withOrganisation(db, organisationId, async tx => [
    await partnershipsOf(tx, organisationId),
    await activeGuidesAround(tx, organisationId),
  ])
  const replaced = (other: ActiveGuide) =>
    other.organisationId === guide.organisationId &&
    other.partnershipId === guide.partnershipId &&
    other.direction === guide.direction &&
    other.set === guide.set &&
    other.x12Version === guide.x12Version
  const { id, partnershipId, direction, set, x12Version, version } = guide
  const after = [...before.filter(other => !replaced(other)), { id, organisationId, partnershipId, direction, set, x12Version, version }]
  return { partnerships: new Map(partnerships.map(partnership => [partnership.id, partnership])), before, after }
}

/** The set judged by what is in force and by what would be; undefined when its bytes or its partnership are no more. */
const judgeTwice = async (
  ctx: Context,
  row: StoredSet,
  guide: Guide,
  { partnerships, before, after }: Agreements,
  envelopes: Envelopes,
): Promise<{ before: SetResult; after: SetResult } | 'other version' | undefined> => {
  const partnership = partnerships.get(row.partnershipId)
  const envelope = partnership && (await envelopes.of(row))
  if (!partnership || !envelope) return undefined
  if (!envelope.version.startsWith(guide.x12Version)) return 'other version'
  const { organisationId } = ctx.actor
  const counterpart = partnership.buyerId === organisationId ? partnership.sellerId : partnership.buyerId
  const senderId = guide.direction === 'in' ? counterpart : organisationId
  const judge = async (guides: readonly ActiveGuide[]): Promise<SetResult | undefined> => {
    const checking = checkingFor(guides, partnership, senderId, guide.set, guide.x12Version)
    const compiled = await compiledGuide(ctx, checking, envelope.version, guide.set)
    if (!compiled) return undefined
    const { version, bytes, delimiters } = envelope
    const read = { ...readTransaction(bytes, delimiters, compiled, { version, offset: row.start, ordinal: row.ordinal }), findings: [] }
    return judgeSet(bytes, delimiters, compiled, checking.level, version, read)
  }
  const [now, then] = [await judge(before), await judge(after)]
  return now && then && { before: now, after: then }
}

/**
 * Bytes, delimiters and version of stored sets. That the caller may see a set was decided by row-level security; the file around it is
 * read under its owner, as `readSetBytes` does.
 */
class Envelopes {
  private readonly db: Database
  private held: { messageId: string; archive: ReturnType<typeof openArchive>; delimiters: (interchange: number) => Promise<Delimiters | undefined>; versions: Map<number, { version: string; interchange: number }> } | undefined

  constructor(db: Database) {
    this.db = db
  }

  async of(row: StoredSet): Promise<{ bytes: Uint8Array; delimiters: Delimiters; version: string } | undefined> {
    if (this.held?.messageId !== row.messageId) this.held = await this.open(row)
    const group = this.held.versions.get(row.groupOrdinal)
    const delimiters = group && (await this.held.delimiters(group.interchange))
    if (!delimiters) return undefined
    const bytes = await this.held.archive.slice(row.start, row.end)
    return bytes.length < row.end - row.start ? undefined : { bytes, delimiters, version: group.version }
  }

  private async open({ messageId, owner }: StoredSet): Promise<NonNullable<Envelopes['held']>> {
    const archive = openArchive(this.db, owner, messageId)
    const groups = await readAs(this.db, owner, sql => selectEnvelopes(sql, messageId))
    return {
      messageId,
      archive,
      versions: new Map(groups.map(({ ordinal, version, interchange }) => [ordinal, { version, interchange }])),
      // What was received says how each interchange is written; what was sent has one, and begins with it.
      delimiters: async interchange =>
        groups.find(group => group.interchange === interchange)?.delimiters ?? peekInterchange(await archive.slice(0, 200))?.delimiters,
    }
  }
}
