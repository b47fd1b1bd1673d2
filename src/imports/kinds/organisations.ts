import { newId } from '../../shared/ids.ts'
import { outcomeOf, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Outcome } from '../rules.ts'

type Stored = {
  id: string
  name: string
  kind: string
  gln: string | null
  gs1Prefix: string | null
  currency: string
  timeZone: string
}

/** Matched by GLN, or by name when one of the two has no GLN. A name is one organisation's, so that files can refer by it. */
export const organisations: ImportHandler<Resolved> = {
  async resolve(_tx, _scope, rows) {
    return rows.map(row => ({
      row,
      keys: [`name ${row.cells.name}`, ...(row.cells.gln === undefined ? [] : [`gln ${row.cells.gln}`])],
    }))
  },

  async write(tx, scope, records) {
    const cells = records.map(record => record.row.cells)
    const present = await tx.sql<Stored[]>`
      select id, name, kind, gln, gs1_prefix as "gs1Prefix", currency, time_zone as "timeZone" from organisation
      where name = any(${cells.map(each => each.name ?? '')}::text[])
        or gln = any(${cells.flatMap(each => each.gln ?? [])}::text[])`
    const written: Stored[] = []
    const outcomes = records.map(({ row }): Outcome => {
      const { name = '', kind = '', gln, gs1_prefix: gs1Prefix, currency, time_zone: timeZone } = row.cells
      const namesakes = present.filter(each => each.name === name)
      const byGln = gln === undefined ? undefined : present.find(each => each.gln === gln)
      const [namesake] = namesakes.filter(each => each !== byGln)
      if (namesakes.length > 1)
        return problem(
          row,
          'name',
          'ambiguous-organisation',
          'Several organisations have this name; give each its GLN and a name of its own.',
        )
      if (namesake && (byGln || (gln !== undefined && namesake.gln !== null)))
        return problem(row, 'name', 'name-taken', 'Another organisation has this name.')
      const before = byGln ?? namesake
      if (before?.kind === 'operator')
        return problem(row, 'name', 'not-importable', "The operator's organisation is not imported.")
      const after: Stored = {
        id: before?.id ?? newId('org'),
        name,
        kind,
        gln: gln ?? before?.gln ?? null,
        gs1Prefix: gs1Prefix ?? before?.gs1Prefix ?? null,
        currency: currency ?? before?.currency ?? 'USD',
        timeZone: timeZone ?? before?.timeZone ?? 'UTC',
      }
      const outcome = outcomeOf(before, after)
      if (outcome !== 'unchanged') written.push(after)
      return outcome
    })
    if (written.length > 0) await tx.sql`
      insert into organisation (id, name, kind, gln, gs1_prefix, currency, time_zone, created_at, updated_at)
      select id, name, kind, gln, "gs1Prefix", currency, "timeZone", ${scope.now}, ${scope.now}
        from jsonb_to_recordset(${JSON.stringify(written)}::jsonb)
        as r(id text, name text, kind text, gln text, "gs1Prefix" text, currency text, "timeZone" text)
      on conflict (id) do update set name = excluded.name, kind = excluded.kind, gln = excluded.gln,
        gs1_prefix = excluded.gs1_prefix,
        currency = excluded.currency, time_zone = excluded.time_zone, updated_at = excluded.updated_at`
    return outcomes
  },
}
