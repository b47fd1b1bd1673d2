import { CsvError, parse, type Info } from 'csv-parse'
import { Readable } from 'node:stream'
import type { RawRow } from './rules.ts'

/** A CSV file in pieces, or rows of JSON. */
export type ImportSource = AsyncIterable<Uint8Array | string> | readonly Readonly<Record<string, unknown>>[]

/** What ends a file before its end. */
export type BadFile = { readonly line: number; readonly column: string; readonly code: string; readonly message: string }

const longestRecord = 100_000

/**
 * Reads the rows of a source one by one. A CSV file is UTF-8 with a header line, separated by commas, semicolons or tabs, quoted
 * as RFC 4180 says; names of columns are taken without regard to case, and a blank in one is an underscore.
 * A file that cannot be read further ends with a BadFile.
 */
export const readRows = (
  source: ImportSource,
  columns: readonly string[],
  required: readonly string[],
): AsyncIterable<RawRow | BadFile> =>
  Array.isArray(source)
    ? listed(source as readonly Readonly<Record<string, unknown>>[])
    : csv(source as AsyncIterable<Uint8Array | string>, columns, required)

async function* listed(rows: readonly Readonly<Record<string, unknown>>[]): AsyncIterable<RawRow> {
  for (const [index, values] of rows.entries()) yield { line: index + 1, values }
}

async function* csv(
  source: AsyncIterable<Uint8Array | string>,
  columns: readonly string[],
  required: readonly string[],
): AsyncIterable<RawRow | BadFile> {
  const pieces = source[Symbol.asyncIterator]()
  const first = await firstLine(pieces)
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
    delimiter: delimiterOf(first.text),
  })
  const input = Readable.from(joined(first.start, pieces))
  input.on('error', error => parser.destroy(error))
  let header: string[] | undefined
  let line = 1
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<{ record: string[]; info: Info }>) {
      line = info.lines
      if (header) {
        if (record.length > header.length) { yield* tooMany(header, record, line); continue }
        yield { line, values: Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])) }
      } else {
        header = record.map(name => name.toLowerCase().replaceAll(/\s+/g, '_'))
        const fault = headerFault(header, columns, required)
        if (fault) { yield { line, ...fault }; return }
      }
    }
    if (!header)
      yield {
        line: 1,
        column: '',
        code: 'empty-file',
        message: `The file is empty. Its first line names the columns: ${columns.join(',')}.`,
      }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    yield {
      line: typeof error.lines === 'number' ? error.lines : line,
      column: '',
      code: 'malformed',
      message: `Not readable as CSV from here on: ${error.message}.`,
    }
  } finally {
    input.destroy()
    parser.destroy()
  }
}

/** A line with more cells than the header; its extra cell is shown as a column that nobody knows. */
function* tooMany(header: readonly string[], record: readonly string[], line: number): Iterable<RawRow> {
  yield {
    line,
    values: {
      ...Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])),
      [`cell ${header.length + 1}`]: record[header.length],
    },
  }
}

const headerFault = (
  header: readonly string[],
  columns: readonly string[],
  required: readonly string[],
): Omit<BadFile, 'line'> | undefined => {
  const strange = header.find(name => !columns.includes(name))
  if (strange !== undefined)
    return { column: strange, code: 'unknown-column', message: `There is no such column; known are ${columns.join(', ')}.` }
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  if (twice !== undefined) return { column: twice, code: 'duplicate-column', message: 'This column is there twice.' }
  const missing = required.find(name => !header.includes(name))
  return missing === undefined
    ? undefined
    : { column: missing, code: 'missing-column', message: `This column is required; required are ${required.join(', ')}.` }
}

/** Reads until the first line is whole: it tells the separator. */
const firstLine = async (
  pieces: AsyncIterator<Uint8Array | string>,
): Promise<{ start: (Uint8Array | string)[]; text: string }> => {
  const start: (Uint8Array | string)[] = []
  let text = ''
  while (!text.includes('\n') && text.length < longestRecord) {
    const { done, value } = await pieces.next()
    if (done) break
    start.push(value)
    text += typeof value === 'string' ? value : new TextDecoder('latin1').decode(value)
  }
  return { start, text: text.split('\n', 1)[0] ?? '' }
}

const delimiterOf = (header: string): string => {
  const count = (separator: string) => header.split(separator).length
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best))
}

async function* joined(
  start: readonly (Uint8Array | string)[],
  rest: AsyncIterator<Uint8Array | string>,
): AsyncIterable<Uint8Array> {
  const bytes = (piece: Uint8Array | string) => (typeof piece === 'string' ? Buffer.from(piece) : piece)
  for (const piece of start) yield bytes(piece)
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield bytes(next.value)
}
