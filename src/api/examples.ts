import type { TSchema } from 'typebox'
import { namedSchemas } from './schemas.ts'

type Shape = TSchema & {
  $ref?: string; type?: string; const?: unknown; default?: unknown; examples?: unknown[]; pattern?: string; format?: string; minimum?: number
  properties?: Record<string, Shape>; items?: Shape; anyOf?: Shape[]
}

const prefixed = /^\^([a-z]{3})_\[0-9a-f\]/
const someId = '0199c0de000070008000000000000001'

/** Values for the patterns that the schemas use, tried in this order. */
const texts = ['2026-03-02', '12.50', '100', '00614141000012', '0614141000005', 'USD', 'EA', 'PE', '004010', '850', 'clerk@example.com']

/** A value that the schema allows: its own example when it has one, otherwise made of its parts. */
export const exampleOf = (schema: TSchema): unknown => {
  const shape = schema as Shape
  if (shape.examples?.length) return shape.examples[0]
  if (shape.$ref !== undefined) {
    const named = namedSchemas.get(shape.$ref.replace('#', ''))
    return named ? exampleOf(named) : {}
  }
  if (shape.default !== undefined) return shape.default
  if (shape.const !== undefined) return shape.const
  if (shape.anyOf?.[0]) return exampleOf(shape.anyOf.find(part => part.type !== 'null') ?? shape.anyOf[0])
  if (shape.properties) return Object.fromEntries(Object.entries(shape.properties).map(([name, part]) => [name, exampleOf(part)]))
  switch (shape.type) {
    case 'array': return shape.items ? [exampleOf(shape.items)] : []
    case 'string': return exampleText(shape)
    case 'integer': return shape.minimum ?? 1
    case 'number': return shape.minimum ?? 1
    case 'boolean': return false
    case 'null': return null
    default: return {}
  }
}

const exampleText = ({ pattern, format }: Shape): string => {
  if (format === 'date-time') return '2026-03-02T09:30:00.000Z'
  if (pattern === undefined) return 'text'
  const prefix = prefixed.exec(pattern)?.[1]
  if (prefix) return `${prefix}_${someId}`
  return texts.find(text => new RegExp(pattern).test(text)) ?? 'text'
}
