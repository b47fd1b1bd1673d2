import { readAs, type Tx } from '../db/client.ts'
import type { Actor, Context } from '../db/context.ts'
import { newId } from '../shared/ids.ts'
import { authorise } from './rules.ts'
import type { AuditEntry } from './schema.ts'

/** What was done to what. `detail` holds no secrets. */
export type Deed = { readonly action: string; readonly subject: string; readonly detail?: Readonly<Record<string, unknown>> }

/**
 * Writes the audit log of the actor's organisation, or of the one that the operator worked on, with the change itself.
 * Entries can never be changed or removed.
 */
export const audit = async (
  tx: Tx,
  actor: Pick<Actor, 'organisationId' | 'name'>,
  deed: Deed,
  organisationId = actor.organisationId,
): Promise<void> => {
  await tx.sql`
    insert into audit_log (id, organisation_id, actor, action, subject, detail)
    values (${newId('aud')}, ${organisationId}, ${actor.name}, ${deed.action}, ${deed.subject},
      ${JSON.stringify(deed.detail ?? {})})`
}

/** The audit log of the actor's organisation, newest first; `cursor` is the last id of the page before. */
export const listAudit = async (
  ctx: Context,
  page: { limit?: number; cursor?: string } = {},
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> => {
  authorise(ctx.actor, 'audit.read')
  const size = Math.min(Math.max(page.limit ?? 50, 1), 200)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => sql<AuditEntry[]>`
    select id, organisation_id as "organisationId", at, actor, action, subject, detail from audit_log
    where organisation_id = ${ctx.actor.organisationId} ${page.cursor === undefined ? sql`` : sql`and id < ${page.cursor}`}
    order by id desc limit ${size + 1}`)
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size ? items.at(-1)?.id ?? null : null }
}
