/** One line of the table. */
export type Row = {
  readonly what: string
  readonly candidate: string
  readonly floor?: string
  /** Candidate's speed as a part of the floor's. */
  readonly ratio?: number
  readonly wanted?: string
  readonly met?: boolean
  readonly fsyncsPerSecond?: number
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const columns = ['', 'candidate', 'floor', 'ratio', 'wanted', '', 'fsyncs/s'] as const

export const table = (rows: readonly Row[]): string => {
  const cells = [columns as readonly string[], ...rows.map(row => [
    row.what, row.candidate, row.floor ?? '', row.ratio?.toFixed(2) ?? '', row.wanted ?? '', row.met === undefined ? '' : row.met ? 'met' : 'MISSED',
    row.fsyncsPerSecond?.toFixed(0) ?? '',
  ])]
  const widths = columns.map((_, column) => cells.slice(1).every(line => line[column] === '') ? 0 : Math.max(...cells.map(line => line[column]!.length)))
  const padded = (cell: string, column: number): string => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
  return cells.map(line => line.flatMap((cell, column) => widths[column] === 0 ? [] : [padded(cell, column)]).join('  ').trimEnd()).join('\n')
}

export const seconds = (value: number): string => `${value.toFixed(2)} s`
export const perSecond = (value: number): string => `${value.toFixed(0)}/s`
