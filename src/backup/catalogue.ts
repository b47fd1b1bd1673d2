import pg from 'pg'
import { pgOptions, type DatabaseAccess } from '../db/address.ts'
import { BackupError, quotedName } from './format.ts'

/**
 * Two sessions on one database. Row-level security is forced on the owner too, and nothing here steps over it: the tables
 * that have it are read and written as `accord_system`, whose policies let all rows through; the few without as the owner.
 */
export type Sessions = { readonly owner: pg.Client; readonly system: pg.Client }

/** A table of the hub, its columns in order, and who may read and write all of it. */
export type Table = { readonly name: string; readonly columns: readonly string[]; readonly reader: 'owner' | 'system' }

/** Settings that decide how values look as text, and that no one's time limit ends the work. */
const sessionSettings = `
  set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; set timezone = 'UTC'; set bytea_output = 'hex';
  set extra_float_digits = 1;
  set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0; set search_path = public;`

/** Opens both sessions for as long as `fn` takes. */
export const withSessions = async <T>(access: DatabaseAccess, fn: (sessions: Sessions) => Promise<T>): Promise<T> => {
  const owner = clientOf(access, 'owner')
  const system = clientOf(access, 'accord_system')
  try {
    await owner.connect()
    // A policy that would hide a row from the owner is then an error instead.
    await owner.query(`${sessionSettings} set row_security = off;`)
    await connectSystem(system)
    return await fn({ owner, system })
  } finally {
    await Promise.all([owner.end(), system.end()].map(ending => ending.catch(() => {})))
  }
}

const clientOf = (access: DatabaseAccess, role: 'owner' | 'accord_system'): pg.Client => {
  const client = new pg.Client({ ...pgOptions(access, role), application_name: 'accord backup' })
  // A lost connection fails the query that waits for it; without a listener it would end the process.
  client.on('error', () => {})
  return client
}

const connectSystem = async (system: pg.Client): Promise<void> => {
  try {
    await system.connect()
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== '28P01' && code !== '28000') throw error
    throw new BackupError(
      'The role accord_system cannot sign in: the database was not migrated with this ACCORD_SECRET. Run accord-hub migrate.',
      { cause: error },
    )
  }
  await system.query(sessionSettings)
}

type Found = Table & { readonly refersTo: readonly string[]; readonly blind: boolean; readonly mine: boolean }

/**
 * The tables of the hub, each after those that it refers to, without the list of migrations. The job queue's are elsewhere, and
 * are no truth of ours.
 * @throws BackupError when a table has rows that nobody here can be sure to see
 */
export const readTables = async ({ owner }: Sessions): Promise<Table[]> => {
  const { rows } = await owner.query<Found>(`
    select c.relname as name, case when c.relforcerowsecurity then 'system' else 'owner' end as reader,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
      array(select distinct f.confrelid::regclass::text from pg_constraint f
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid order by 1) as "refersTo",
      not (has_table_privilege('accord_system', c.oid, 'select')
        and exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r')
          and p.polroles && array[0::oid, 'accord_system'::regrole::oid] and pg_get_expr(p.polqual, p.polrelid) = 'true')
        and not exists (select 1 from pg_policy p where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('*', 'r')
          and p.polroles && array[0::oid, 'accord_system'::regrole::oid])) as blind,
      pg_has_role(c.relowner, 'member') as mine
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'schema_migration'
    order by 1`)
  for (const { name, reader, blind, mine } of rows) {
    if (reader === 'system' && blind)
      throw new BackupError(`Not every row of ${name} is sure to be seen: no policy lets accord_system read all of it.`)
    if (reader === 'owner' && !mine)
      throw new BackupError(`The table ${name} belongs to somebody else than the owner that DATABASE_URL names.`)
  }
  return inOrder(rows).map(({ name, columns, reader }) => ({ name, columns, reader }))
}

const inOrder = (tables: readonly Found[]): Found[] => {
  const ordered: Found[] = []
  const visit = (table: Found, path: readonly string[]): void => {
    if (ordered.includes(table)) return
    if (path.includes(table.name))
      throw new BackupError(`The tables ${[...path, table.name].join(', ')} refer to each other in a circle.`)
    for (const name of table.refersTo) {
      const target = tables.find(other => other.name === name)
      if (target) visit(target, [...path, table.name])
    }
    ordered.push(table)
  }
  for (const table of tables) visit(table, [])
  return ordered
}

export type AppliedMigration = { readonly name: string; readonly sha256: string }

/** What has been applied to the database; undefined when it was never migrated. */
export const readMigrationsApplied = async ({ owner }: Sessions): Promise<AppliedMigration[] | undefined> => {
  const {
    rows: [table],
  } = await owner.query<{ there: boolean }>(`select to_regclass('public.schema_migration') is not null as there`)
  if (!table?.there) return undefined
  return (await owner.query<AppliedMigration>('select name, sha256 from schema_migration order by name')).rows
}

export const countRows = async (sessions: Sessions, { name, reader }: Table): Promise<number> => {
  const {
    rows: [row],
  } = await sessions[reader].query<{ count: string }>(`select count(*) as count from ${quotedName(name)}`)
  return Number(row?.count)
}

/** Where each sequence stands. It may be ahead of the rows, never behind. */
export const readSequences = async ({ owner }: Sessions): Promise<{ name: string; last: string; called: boolean }[]> => {
  const { rows } = await owner.query<{ name: string }>(`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by 1`)
  const sequences: { name: string; last: string; called: boolean }[] = []
  for (const { name } of rows) {
    const {
      rows: [state],
    } = await owner.query<{ last: string; called: boolean }>(
      `select last_value as last, is_called as called from ${quotedName(name)}`,
    )
    if (state) sequences.push({ name, ...state })
  }
  return sequences
}

/** The span of months for which partitions were made (`message_202601` …). */
export const readPartitions = async ({ owner }: Sessions): Promise<{ from: string; months: number } | null> => {
  const {
    rows: [span],
  } = await owner.query<{ first: string | null; last: string | null }>(`
    select min(right(relname, 6)) as first, max(right(relname, 6)) as last from pg_class
    where relnamespace = 'public'::regnamespace and relispartition and relkind = 'r' and relname ~ '_[0-9]{6}$'`)
  if (!span?.first || !span.last) return null
  const monthOf = (text: string): number => Number(text.slice(0, 4)) * 12 + Number(text.slice(4)) - 1
  return { from: `${span.first.slice(0, 4)}-${span.first.slice(4)}-01`, months: monthOf(span.last) - monthOf(span.first) + 1 }
}
