import { once } from 'node:events'
import { styleText } from 'node:util'

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold'

const coloured = process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'

/** Coloured at a terminal, plain when piped. */
export const paint = (colour: Colour, text: string): string => (coloured ? styleText(colour, text) : text)

/** Writes to standard output, waiting while the reader is slower. */
export const write = async (text: string | Uint8Array): Promise<void> => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** One JSON value on a line of its own. */
export const writeJson = (value: unknown): Promise<void> => write(`${JSON.stringify(value)}\n`)

/** Writes lines to standard output. */
export const say = (...lines: readonly string[]): Promise<void> => write(lines.map(line => `${line}\n`).join(''))

export type Column<Row> = {
  readonly title: string
  readonly of: (row: Row) => string | number
  readonly right?: true
  readonly colour?: (row: Row) => Colour | undefined
}

const gap = '  '

/**
 * Rows under their titles, columns aligned. At a terminal the last column is cut to its width; piped, nothing is. Control
 * characters, which a hostile document may hold, are shown as dots.
 */
export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = rows.map(row => columns.map(column => printable(String(column.of(row)))))
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map(line => line[index]?.length ?? 0)))
  const room = process.stdout.isTTY ? process.stdout.columns : Infinity
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0)
  const line = (texts: readonly string[], colourOf: (index: number) => Colour | undefined) =>
    texts
      .map((text, index) => {
        const width = widths[index] ?? 0
        const last = index === columns.length - 1
        const fitted = last
          ? cut(text, Math.max(20, room - before))
          : columns[index]?.right
            ? text.padStart(width)
            : text.padEnd(width)
        const colour = colourOf(index)
        return colour ? paint(colour, fitted) : fitted
      })
      .join(gap)
      .trimEnd()
  return [
    line(
      columns.map(column => column.title),
      () => 'bold',
    ),
    ...cells.map((texts, row) => line(texts, index => columns[index]?.colour?.(rows[row] as Row))),
  ].join('\n')
}

/** Text of a document or of another program, made safe to show. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '·')

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** "1 file", "2 files". */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** Bytes as people read them. */
export const size = (bytes: number): string =>
  bytes < 10_000
    ? `${bytes} bytes`
    : bytes < 10_000_000
      ? `${Math.round(bytes / 1000)} kB`
      : `${(bytes / 1_000_000).toFixed(1)} MB`
