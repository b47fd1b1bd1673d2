import type { Tx } from '../db/client.ts'
import { problem, type Outcome, type Row } from './rules.ts'
import type { ImportError } from './schema.ts'

/** Whose data may be written: one organisation's, or everybody's (null) by the operator. */
export type Scope = { readonly organisationId: string | null; readonly now: Date }

/** What a kind makes of a row once its references are known. Rows with a key in common are the same record. */
export type Resolved = { readonly row: Row; readonly keys: readonly string[] }

/**
 * How one kind is imported, a batch at a time. `resolve` finds what the rows refer to; `write` takes those that are good,
 * no two of the same key, and answers in their order.
 */
export type ImportHandler<R extends Resolved = Resolved> = {
  resolve(tx: Tx, scope: Scope, rows: readonly Row[]): Promise<(R | ImportError)[]>
  write(tx: Tx, scope: Scope, records: readonly R[]): Promise<Outcome[]>
}

export const isProblem = (value: object | string): value is ImportError =>
  typeof value === 'object' && 'line' in value && 'code' in value

export type OrganisationReference = { readonly id: string; readonly name: string; readonly currency: string }
export type OrganisationFinder = (row: Row, column: string) => OrganisationReference | ImportError

/**
 * Finds the organisations that the columns name, by GLN, id or exact name, among those that the role may see. Where the
 * column `organisation` is empty it is the importer's own, and it can be no other unless the operator imports; "operator"
 * there is the operator of the hub, as in `accord-hub user add`. One query.
 */
export const findOrganisations = async (
  tx: Tx,
  scope: Scope,
  rows: readonly Row[],
  columns: readonly string[],
): Promise<OrganisationFinder> => {
  const named = [...new Set(rows.flatMap(row => columns.flatMap(column => row.cells[column] ?? [])))]
  const found = await tx.sql<(OrganisationReference & { gln: string | null; kind: string })[]>`
    select id, name, gln, currency, kind from organisation
    where id = any(${named}::text[]) or gln = any(${named}::text[]) or name = any(${named}::text[])
      or (kind = 'operator' and 'operator' = any(${named}::text[])) or id = ${scope.organisationId}`
  return (row, column) => {
    const reference = row.cells[column] ?? (column === 'organisation' ? scope.organisationId : null)
    if (reference === null) return problem(row, column, 'required', 'This column must be filled in.')
    const matches = found.filter(
      each =>
        [each.id, each.gln, each.name].includes(reference) ||
        (column === 'organisation' && reference === 'operator' && each.kind === 'operator'),
    )
    const [match] = matches
    if (matches.length > 1)
      return problem(row, column, 'ambiguous-organisation', 'Several organisations have this name; use the GLN.')
    if (!match) return problem(row, column, 'unknown-organisation', 'No organisation has this GLN, id or name.')
    if (column === 'organisation' && scope.organisationId !== null && match.id !== scope.organisationId)
      return problem(row, column, 'not-yours', 'Only your own organisation\'s data can be imported.')
    return match
  }
}

type Pair = { readonly buyerId: string; readonly sellerId: string }

/** Finds partnerships by their two sides. One query. */
export const findPartnerships = async (tx: Tx, pairs: readonly Pair[]): Promise<(pair: Pair) => string | undefined> => {
  const found = await tx.sql<(Pair & { id: string })[]>`
    select id, buyer_id as "buyerId", seller_id as "sellerId" from partnership
    where (buyer_id, seller_id) in (select * from unnest(${pairs.map(pair => pair.buyerId)}::text[],
      ${pairs.map(pair => pair.sellerId)}::text[]))`
  const ids = new Map(found.map(each => [`${each.buyerId} ${each.sellerId}`, each.id]))
  return pair => ids.get(`${pair.buyerId} ${pair.sellerId}`)
}

/** What came of a record: new, changed, or as it was. Compares by value. */
export const outcomeOf = (before: object | undefined, after: object): 'created' | 'updated' | 'unchanged' => {
  if (!before) return 'created'
  const was = before as Record<string, unknown>
  return Object.entries(after).every(([name, value]) => sameValue(was[name], value)) ? 'unchanged' : 'updated'
}

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

/** With the properties in order: JSONB keeps an order of its own. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}
