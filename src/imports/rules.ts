import { gtin14, isGln } from '../documents/gs1.ts'
import { isBusinessDate } from '../shared/clock.ts'
import { decimal, decimalText, isDecimal } from '../shared/decimal.ts'
import { importColumns, type CellRule, type ImportError, type ImportKind } from './schema.ts'

/** The cells of a row that has the right form, normalised; empty ones are absent. */
export type Cells = Readonly<Record<string, string>>
export type Row = { readonly line: number; readonly cells: Cells }
export type Outcome = 'created' | 'updated' | 'unchanged' | ImportError

export const problem = (
  row: { readonly line: number; readonly cells?: Cells },
  column: string,
  code: string,
  message: string,
): ImportError => ({ line: row.line, column, code, message, value: row.cells?.[column] ?? '' })

/** A normalised cell, or why it is none. */
type Read = { value: string } | { code: string; message: string }
const invalid = (code: string, message: string): Read => ({ code, message })

/** Reads one cell that is not empty. */
export const readCell = (rule: CellRule, text: string): Read => {
  switch (rule.is) {
    case 'text': return text.length <= rule.max ? { value: text } : invalid('too-long', `At most ${rule.max} characters.`)
    case 'organisation': return text.length <= 120 ? { value: text } : invalid('too-long', 'A GLN, an id or a name.')
    case 'choice': {
      const found = rule.of.find(choice => choice.toLowerCase() === text.toLowerCase())
      return found === undefined ? invalid('invalid-choice', `One of ${rule.of.join(', ')}.`) : { value: found }
    }
    case 'documents': {
      const listed = text.toLowerCase() === 'none' ? [] : text.split(/[\s,;]+/)
      const strange = listed.find(document => !rule.of.includes(document))
      return strange === undefined
        ? { value: listed.join(' ') || 'none' }
        : invalid('invalid-choice', `${strange} is not one of ${rule.of.join(', ')}, or none.`)
    }
    case 'gln': return isGln(text) ? { value: text } : invalid('invalid-gln', digitsHint(text, [13]))
    case 'gtin': {
      const gtin = gtin14(text)
      return gtin === null ? invalid('invalid-gtin', digitsHint(text, [8, 12, 13, 14])) : { value: gtin }
    }
    case 'price':
      return isDecimal(text) && !decimal(text).isNegative()
        ? { value: decimalText(text) }
        : invalid('invalid-number', 'A number of at least 0, such as 12.50.')
    case 'quantity':
      return isDecimal(text) && decimal(text).greaterThan(0)
        ? { value: decimalText(text) }
        : invalid('invalid-number', 'A number above 0, such as 12.')
    case 'hours':
      return /^[1-9]\d{0,3}$/.test(text) ? { value: text } : invalid('invalid-number', 'A whole number from 1 to 9999.')
    case 'date':
      return isBusinessDate(text) ? { value: text } : invalid('invalid-date', 'A day as YYYY-MM-DD.')
    case 'currency':
      return /^[A-Za-z]{3}$/.test(text)
        ? { value: text.toUpperCase() }
        : invalid('invalid-currency', 'Three letters, such as USD.')
    case 'unit':
      return /^[A-Za-z0-9]{2}$/.test(text)
        ? { value: text.toUpperCase() }
        : invalid('invalid-unit', 'Two characters, such as EA or CA.')
    case 'gs1 prefix':
      return /^\d{6,12}$/.test(text) ? { value: text } : invalid('invalid-prefix', '6 to 12 digits.')
    case 'time zone':
      return isTimeZone(text) ? { value: text } : invalid('invalid-time-zone', 'An IANA name, such as America/Chicago.')
    case 'identity':
      return /^[A-Z0-9]{2}:[^:]{1,15}(:[^:]{2,15})?$/.test(text)
        ? { value: text }
        : invalid('invalid-identity', 'qualifier:id or qualifier:id:group, such as ZZ:NORTHGATE.')
    default:
      return rule satisfies never
  }
}

const digitsHint = (text: string, lengths: readonly number[]): string => {
  const wanted = `${lengths.slice(0, -1).join(', ')}${lengths.length > 1 ? ' or ' : ''}${lengths.at(-1)} digits`
  if (!/^\d+$/.test(text))
    return `${wanted}${/e\+/i.test(text) ? '; the spreadsheet has rounded it, format the column as text' : ''}.`
  if (lengths.includes(text.length)) return 'The check digit is wrong.'
  return lengths.includes(text.length + 1)
    ? `${wanted}; has the spreadsheet dropped a leading zero?`
    : `${wanted}, not ${text.length}.`
}

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** A row as it arrives: a line of a CSV file by its header, or an object of a JSON array. */
export type RawRow = { readonly line: number; readonly values: Readonly<Record<string, unknown>> }

/** Reads the cells of a row and says everything that is wrong with them. */
export const readRow = (kind: ImportKind, raw: RawRow): { row: Row; errors: ImportError[] } => {
  const columns = importColumns[kind]
  const cells: Record<string, string> = {}
  const errors: ImportError[] = []
  const report = (column: string, code: string, message: string, value: string) =>
    errors.push({ line: raw.line, column, code, message, value: value.slice(0, 200) })
  for (const name of Object.keys(raw.values))
    if (!columns.some(column => column.name === name))
      report(name, 'unknown-column', `There is no such column; known are ${columns.map(column => column.name).join(', ')}.`, '')
  for (const { name, rule, required } of columns) {
    const text = cellText(raw.values[name])
    if (text === undefined) report(name, 'invalid-text', 'A text or a number.', '')
    else if (text === '') {
      if (required) report(name, 'required', 'This column must be filled in.', '')
    } else if (/[\p{Cc}\ufffd]/u.test(text))
      report(name, 'invalid-text', 'Not plain UTF-8 text: a control character, or a file in another encoding.', text)
    else {
      const read = readCell(rule, text)
      if ('value' in read) cells[name] = read.value
      else report(name, read.code, read.message, text)
    }
  }
  return { row: { line: raw.line, cells }, errors }
}

const cellText = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}
