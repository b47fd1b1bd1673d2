import type postgres from 'postgres'

/** All rows of a table as columns of texts, ready to be inserted in any portions. */
export type TableRows = {
  readonly name: string
  readonly rows: number
  slice(from: number, to: number): { readonly rows: number; readonly statement: string; readonly columns: readonly (readonly (string | null)[])[] }
}

/** Tables that hold what was there before, and what only a function may write. */
const present = `
  select c.oid::regclass::text as name from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and has_table_privilege('accord_app', c.oid, 'insert')`

/** What fills the tables that the world leaves empty: parents before children, in the order of the keys. */
export const readRows = async (owner: postgres.Sql): Promise<TableRows[]> => {
  const tables = await owner.unsafe<{ name: string }[]>(present)
  const read: TableRows[] = []
  for (const { name } of tables) {
    if (worldTables.has(name)) continue
    const columns = await owner<{ name: string; type: string; key: boolean }[]>`
      select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
        exists (select 1 from pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any(i.indkey)) as key
      from pg_attribute a where a.attrelid = ${name}::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`
    const order = columns.filter(column => column.key).map(column => column.name).join(', ')
    // What the database numbers by itself, it numbers again.
    const identities = await owner`select attname from pg_attribute where attrelid = ${name}::regclass and attidentity <> ''`
    const written = columns.filter(column => !identities.some(identity => identity.attname === column.name))
    const rows = await owner.unsafe(`select ${written.map(column => `${column.name}::text`).join(', ')} from ${name} order by ${order}`).values() as unknown as (string | null)[][]
    if (rows.length > 0) read.push(tableRows(name, written, rows))
  }
  // An order before its lines.
  return read.toSorted((a, b) => Number(b.name === 'purchase_order') - Number(a.name === 'purchase_order'))
}

const worldTables = new Set([
  'organisation', 'organisation_identifier', 'app_user', 'membership', 'api_key', 'partnership', 'partnership_channel', 'location', 'item', 'partnership_item', 'price',
])

const tableRows = (name: string, columns: readonly { name: string; type: string }[], rows: readonly (readonly (string | null)[])[]): TableRows => {
  const names = columns.map(column => column.name).join(', ')
  const arrays = columns.map(({ type }, index) => `$${index + 1}::text[]${type === 'text' ? '' : `::${type}[]`}`).join(', ')
  const statement = `insert into ${name} (${names}) select * from unnest(${arrays})`
  return {
    name, rows: rows.length,
    slice: (from, to) => ({ rows: to - from, statement, columns: columns.map((_, index) => rows.slice(from, to).map(row => row[index]!)) }),
  }
}
