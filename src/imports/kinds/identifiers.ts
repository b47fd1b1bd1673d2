import { newId } from '../../shared/ids.ts'
import { findOrganisations, isProblem, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Outcome } from '../rules.ts'

type Identifier = Resolved & {
  readonly organisationId: string
  readonly qualifier: string
  readonly value: string
  readonly usage: string
}

/** An identifier is one organisation's; giving it to another takes a decision that a file does not make. */
export const identifiers: ImportHandler<Identifier> = {
  async resolve(tx, scope, rows) {
    const organisation = await findOrganisations(tx, scope, rows, ['organisation'])
    return rows.map(row => {
      const owner = organisation(row, 'organisation')
      if (isProblem(owner)) return owner
      const { qualifier = '', value = '', usage = 'production' } = row.cells
      return { row, keys: [`${qualifier} ${value} ${usage}`], organisationId: owner.id, qualifier, value, usage }
    })
  },

  async write(tx, _scope, records) {
    const present = await tx.sql<{ organisationId: string; key: string }[]>`
      select organisation_id as "organisationId", qualifier || ' ' || value || ' ' || usage as key from organisation_identifier
      where value = any(${records.map(record => record.value)}::text[])`
    const owners = new Map(present.map(each => [each.key, each.organisationId]))
    const outcomes = records.map(({ row, keys, organisationId }): Outcome => {
      const owner = owners.get(keys[0] ?? '')
      if (owner === undefined) return 'created'
      return owner === organisationId
        ? 'unchanged'
        : problem(row, 'value', 'taken', 'This identifier belongs to another organisation.')
    })
    const written = records.filter((_, index) => outcomes[index] === 'created')
      .map(({ organisationId, qualifier, value, usage }) => ({ id: newId('oid'), organisationId, qualifier, value, usage }))
    if (written.length > 0) await tx.sql`
      insert into organisation_identifier (id, organisation_id, qualifier, value, usage)
      select * from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as r(id text, "organisationId" text, qualifier text,
        value text, usage text)`
    return outcomes
  },
}
