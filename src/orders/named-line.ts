import { DomainError } from '../shared/errors.ts'
import type { HeldLine, HeldOrder } from './queries.ts'

type Named = { readonly lineNumber?: string | undefined; readonly position?: number | undefined }

/**
 * The line that an entry names, by its number, its position, or both.
 * @throws DomainError orders/unknown-line; request/invalid when none is named, or a number that occurs twice
 */
export const namedLine = (order: HeldOrder, { lineNumber, position }: Named): HeldLine => {
  const named = order.lines.filter(
    line =>
      (position === undefined || line.position === position) && (lineNumber === undefined || line.lineNumber === lineNumber),
  )
  const [line] = named
  const name = lineNumber ?? position
  if (name === undefined) throw new DomainError('request/invalid', { detail: 'Name each line by its lineNumber or position.' })
  if (!line) throw new DomainError('orders/unknown-line', { detail: `The order has no line ${name}.`, line: name })
  if (named.length > 1)
    throw new DomainError('request/invalid', {
      detail: `Line number ${name} occurs ${named.length} times; name the position.`,
      line: name,
    })
  return line
}
