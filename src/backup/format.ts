import { createHash } from 'node:crypto'

/**
 * A backup is a gzip-compressed text: a header, the rows of every table in COPY's text format, a trailer. It is also a script
 * that `psql` would run as a superuser, so that it can be read without this program. Every line that is not a row follows from
 * the header:
 *
 *     -- {"accordBackup": 1, "tables": [{"name": "organisation", "columns": […], "rows": 2}, …], …}
 *     select maintain_partitions('2026-01-01', 14);
 *     copy organisation (id, name, …) from stdin;
 *     org_0199…\tNorthgate Stores\t…
 *     \.
 *     select setval('outbox_id_seq', 4711, true);
 *     -- {"rows": 2, "sha256": "…"}
 *
 * The hash is over everything before the trailer. Backup and restore know nothing of what the tables mean.
 */
export type BackupHeader = {
  readonly accordBackup: 1
  /** Version of the hub that wrote it, and of its PostgreSQL. */
  readonly hub: string
  readonly postgres: string
  readonly createdAt: string
  readonly migrations: readonly { readonly name: string; readonly sha256: string }[]
  /** In an order in which rows follow those that they refer to. */
  readonly tables: readonly TableHeader[]
  readonly sequences: readonly { readonly name: string; readonly last: string; readonly called: boolean }[]
  /** The months that have partitions of their own. */
  readonly partitions: { readonly from: string; readonly months: number } | null
}
export type TableHeader = { readonly name: string; readonly columns: readonly string[]; readonly rows: number }
export type BackupTrailer = { readonly rows: number; readonly sha256: string }

/** A backup cannot be made, or one cannot be restored; one sentence to show. */
export class BackupError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'BackupError'
  }
}

export const endOfRows = '\\.'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** `name (column, column)`, for COPY and INSERT. */
export const tableAndColumns = ({ name, columns }: Pick<TableHeader, 'name' | 'columns'>): string =>
  `${quoted(name)} (${columns.map(quoted).join(', ')})`
export const columnList = (columns: readonly string[]): string => columns.map(quoted).join(', ')
export const quotedName = quoted

export const headerLine = (header: BackupHeader): string => `-- ${JSON.stringify(header)}`
export const trailerLine = (trailer: BackupTrailer): string => `-- ${JSON.stringify(trailer)}`
export const copyLine = (table: TableHeader): string => `copy ${tableAndColumns(table)} from stdin;`
export const partitionLines = ({ partitions }: BackupHeader): string[] =>
  partitions ? [`select maintain_partitions('${partitions.from}', ${partitions.months});`] : []
export const sequenceLines = ({ sequences }: BackupHeader): string[] =>
  sequences.map(({ name, last, called }) => `select setval('${quoted(name)}', ${last}, ${called});`)

/** The header of the first line. @throws BackupError when it is none */
export const parseHeader = (line: string): BackupHeader => {
  const header = parseComment(line) as Partial<BackupHeader> | undefined
  if (typeof header?.accordBackup !== 'number') throw new BackupError('The file is not a backup of this program.')
  if (header.accordBackup !== 1)
    throw new BackupError(
      `The backup has format ${String(header.accordBackup)}, which this version of the hub does not know; use a later one.`,
    )
  return header as BackupHeader
}

export const parseTrailer = (line: string): BackupTrailer | undefined => {
  const trailer = parseComment(line) as Partial<BackupTrailer> | undefined
  return typeof trailer?.sha256 === 'string' && typeof trailer.rows === 'number' ? (trailer as BackupTrailer) : undefined
}

const parseComment = (line: string): unknown => {
  if (!line.startsWith('-- ')) return undefined
  try {
    return JSON.parse(line.slice(3))
  } catch {
    return undefined
  }
}

export const newHash = () => createHash('sha256')
