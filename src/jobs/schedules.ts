import { asSystem, type Database } from '../db/client.ts'
import { enqueueWork } from '../db/outbox.ts'
import { sweepSessions } from '../identity/service.ts'

/** What happens by the clock. A schedule only writes work rows, one per organisation; the work itself runs like any other. */
export type Schedule = {
  readonly name: string
  readonly every: { readonly milliseconds: number } | { readonly cron: string }
  readonly run: (db: Database) => Promise<void>
}

const minute = 60_000

export const schedules: readonly Schedule[] = [
  {
    name: 'acknowledgements',
    every: { milliseconds: 5 * minute },
    run: db => perOrganisation(db, 'reconcile-acknowledgements', 'acknowledgements'),
  },
  { name: 'sweep', every: { cron: '15 2 * * *' }, run: db => perOrganisation(db, 'sweep', 'sweep') },
  { name: 'housekeeping', every: { cron: '45 3 * * *' }, run: housekeeping },
]

/** One row for each organisation that has none of this kind waiting already. */
const perOrganisation = (db: Database, kind: string, keyPrefix: string): Promise<void> =>
  asSystem(db, async tx => {
    const organisations = await tx.sql<{ id: string }[]>`
      select o.id from organisation o
      where not exists (select 1 from outbox w where w.key = ${keyPrefix} || ' ' || o.id and w.kind = ${kind} and w.state = 'pending')`
    await enqueueWork(
      tx,
      organisations.map(({ id }) => ({ organisationId: id, queue: 'maintenance', key: `${keyPrefix} ${id}`, kind })),
    )
  })

/** Partitions for the months to come; sessions that ended and answers kept for Idempotency-Keys of more than a day ago go. */
async function housekeeping(db: Database): Promise<void> {
  await asSystem(db, async tx => {
    await tx.sql`select maintain_partitions(date_trunc('month', now())::date, 4)`
  })
  await sweepSessions(db, new Date())
  await asSystem(db, async tx => {
    await tx.sql`delete from idempotency_key where created_at < now() - interval '1 day'`
  })
}
