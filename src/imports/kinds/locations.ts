import type { Address } from '../../partners/schema.ts'
import { newId } from '../../shared/ids.ts'
import { findOrganisations, isProblem, outcomeOf, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Cells, type Outcome } from '../rules.ts'

type Stored = {
  id: string
  organisationId: string
  code: string
  gln: string | null
  name: string
  kind: string
  address: Address
  timeZone: string | null
  validFrom: string
  validTo: string | null
}

export const locations: ImportHandler<Resolved & { readonly organisationId: string }> = {
  async resolve(tx, scope, rows) {
    const organisation = await findOrganisations(tx, scope, rows, ['organisation'])
    return rows.map(row => {
      const owner = organisation(row, 'organisation')
      return isProblem(owner) ? owner : { row, keys: [`${owner.id} ${row.cells.code}`], organisationId: owner.id }
    })
  },

  async write(tx, _scope, records) {
    const stored = await tx.sql<Stored[]>`
      select id, organisation_id as "organisationId", code, gln, name, kind, address, time_zone as "timeZone",
        valid_from as "validFrom", valid_to as "validTo"
      from location where (organisation_id, code) in (
        select * from unnest(${records.map(record => record.organisationId)}::text[],
          ${records.map(record => record.row.cells.code ?? '')}::text[]))`
    const present = new Map(stored.map(each => [`${each.organisationId} ${each.code}`, each]))
    const written: Stored[] = []
    const outcomes = records.map(({ row, keys, organisationId }): Outcome => {
      const before = present.get(keys[0] ?? '')
      const { code = '', name = '', kind = '', gln, time_zone: timeZone, valid_from: validFrom, valid_to: validTo } = row.cells
      const after: Stored = {
        id: before?.id ?? newId('loc'),
        organisationId,
        code,
        name,
        kind,
        gln: gln ?? before?.gln ?? null,
        address: addressOf(row.cells, before?.address ?? {}),
        timeZone: timeZone ?? before?.timeZone ?? null,
        validFrom: validFrom ?? before?.validFrom ?? '2000-01-01',
        validTo: validTo ?? before?.validTo ?? null,
      }
      if (after.validTo !== null && after.validTo < after.validFrom)
        return problem(row, 'valid_to', 'invalid-period', `The last day is before the first, ${after.validFrom}.`)
      const outcome = outcomeOf(before, after)
      if (outcome !== 'unchanged') written.push(after)
      return outcome
    })
    if (written.length > 0) await tx.sql`
      insert into location (id, organisation_id, code, gln, name, kind, address, time_zone, valid_from, valid_to)
      select id, "organisationId", code, gln, name, kind, address, "timeZone", "validFrom", "validTo"
        from jsonb_to_recordset(${JSON.stringify(written)}::jsonb)
        as r(id text, "organisationId" text, code text, gln text, name text, kind text, address jsonb, "timeZone" text,
          "validFrom" date, "validTo" date)
      on conflict (organisation_id, code) do update set gln = excluded.gln, name = excluded.name, kind = excluded.kind,
        address = excluded.address,
        time_zone = excluded.time_zone, valid_from = excluded.valid_from, valid_to = excluded.valid_to`
    return outcomes
  },
}

const addressOf = (cells: Cells, before: Address): Address => ({
  ...before,
  ...(cells.street !== undefined && { lines: [cells.street] }),
  ...(cells.city !== undefined && { city: cells.city }),
  ...(cells.region !== undefined && { region: cells.region }),
  ...(cells.postal_code !== undefined && { postalCode: cells.postal_code }),
  ...(cells.country !== undefined && { country: cells.country }),
})
