import { asSystem, type Database, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { newId } from '../shared/ids.ts'
import { audit } from './audit.ts'

/**
 * The context of the hub's operator for the command line and the demo, whose caller holds the database's secret anyway.
 * Makes the operator's organisation when the hub has none yet. `name` is written to the audit log. In a transaction of the
 * system, all that the context is used for is part of it.
 */
export const operatorContext = async (
  db: Database | Tx,
  settings: Pick<Context, 'now' | 'log'> & { name: string },
): Promise<Context> => {
  const { now, log, name } = settings
  const organisationId = await asSystem(db, async tx => {
    await tx.sql`select pg_advisory_xact_lock(hashtextextended('operator', 0))`
    const [found] = await tx.sql<{ id: string }[]>`select id from organisation where kind = 'operator' order by id limit 1`
    if (found) return found.id
    const id = newId('org')
    await tx.sql`insert into organisation (id, name, kind) values (${id}, 'Operator of this hub', 'operator')`
    await audit(tx, { organisationId: id, name }, { action: 'organisation.created', subject: id })
    return id
  })
  return { db, now, log, actor: { organisationId, role: 'administrator', scopes: ['operate'], name } }
}
