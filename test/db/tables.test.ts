import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import t from 'tap'
import * as tables from '../../src/db/tables/index.ts'
import { testDatabase } from '../helpers/database.ts'

type Column = { type: string; nullable: boolean; hasDefault: boolean; identity: boolean }
type Shape = { columns: Record<string, Column>; primaryKey: string[] }

const drizzleShapes = (): Record<string, Shape> => {
  const shapes: Record<string, Shape> = {}
  for (const table of Object.values(tables)) {
    if (!is(table, PgTable)) continue
    const { name, columns, primaryKeys } = getTableConfig(table)
    shapes[name] = {
      columns: Object.fromEntries(
        columns.map(column => [
          column.name,
          {
            type: column.getSQLType(),
            nullable: !column.notNull,
            hasDefault: column.hasDefault && !column.generatedIdentity,
            identity: column.generatedIdentity !== undefined,
          },
        ]),
      ),
      primaryKey:
        primaryKeys[0]?.columns.map(column => column.name) ?? columns.filter(column => column.primary).map(column => column.name),
    }
  }
  return shapes
}

t.test('the drizzle tables are those of the migrated database', async t => {
  const { owner } = await testDatabase(t)
  const columns = await owner<
    { table: string; column: string; type: string; nullable: boolean; hasDefault: boolean; identity: boolean }[]
  >`
    select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
      not a.attnotnull as nullable,
      a.atthasdef as "hasDefault", a.attidentity <> '' as identity
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0
      and not a.attisdropped
    order by c.relname, a.attnum`
  const keys = await owner<{ table: string; columns: string[] }[]>`
    select c.relname as "table", array_agg(a.attname::text order by k.position) as columns
    from pg_constraint p join pg_class c on c.oid = p.conrelid
      cross join unnest(p.conkey) with ordinality as k(number, position) join pg_attribute a on a.attrelid = c.oid
        and a.attnum = k.number
    where p.contype = 'p' and c.relnamespace = 'public'::regnamespace and not c.relispartition
    group by c.relname`

  const migrated: Record<string, Shape> = {}
  for (const { table, column, ...shape } of columns) {
    // The migrations' own record is no table of the hub.
    if (table === 'schema_migration') continue
    const entry = migrated[table] ??= { columns: {}, primaryKey: keys.find(key => key.table === table)?.columns ?? [] }
    entry.columns[column] = shape
  }
  const defined = drizzleShapes()
  t.same(Object.keys(defined).sort(), Object.keys(migrated).sort(), 'every table is defined, and no other')
  for (const [name, shape] of Object.entries(migrated)) t.same(defined[name], shape, name)
})

t.test('a text that drizzle knows the values of is checked for the same values', async t => {
  const { owner } = await testDatabase(t)
  const checks = await owner<{ table: string; definition: string }[]>`
    select conrelid::regclass::text as "table", pg_get_constraintdef(oid) as definition from pg_constraint where contype = 'c'`
  for (const table of Object.values(tables)) {
    if (!is(table, PgTable)) continue
    const { name, columns } = getTableConfig(table)
    for (const column of columns.filter(each => each.enumValues?.length)) {
      const listed = checks.filter(check => check.table === name && check.definition.includes(`(${column.name} = ANY`))
        .map(check => [...check.definition.matchAll(/'([^']*)'::text/g)].map(match => match[1]).sort())
      t.same(listed, [[...column.enumValues ?? []].sort()], `${name}.${column.name}`)
    }
  }
})
