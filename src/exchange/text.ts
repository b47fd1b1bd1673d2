/**
 * PostgreSQL takes no NUL in a text, and X12 from outside may hold one anywhere. What is stored of it in texts and JSON shows the
 * sign for it instead; the archived bytes stay as they came.
 */
const nulSign = '\u2400'

export const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', nulSign) : text)

/** A value as JSON text that the database takes. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? storable(inner) : inner))
