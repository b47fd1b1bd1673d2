import type { TSchema } from 'typebox'
import { namedSchemas } from './schemas.ts'

type Shape = TSchema & {
  $ref?: string
  type?: string
  const?: unknown
  default?: unknown
  examples?: unknown[]
  pattern?: string
  format?: string
  minimum?: number
  minLength?: number
  maxLength?: number
  properties?: Record<string, Shape>
  items?: Shape
  anyOf?: Shape[]
}

const prefixed = /^\^([a-z]{3})_\[0-9a-f\]/
const someId = '0199c0de000070008000000000000001'

/** Values for the patterns that the schemas use, tried in this order. */
const texts = [
  '2026-03-02',
  '12.50',
  '100',
  '00614141000012',
  '0614141000005',
  'USD',
  'EA',
  'PE',
  '004010',
  '850',
  'clerk@example.com',
]

/** What a text of this name would be like. */
const words: Readonly<Record<string, string>> = {
  name: 'Oat biscuits 400 g',
  buyerName: 'Northgate Stores',
  sellerName: 'Brightwell Foods',
  organisationName: 'Northgate Stores',
  actor: 'clerk@example.com',
  timeZone: 'America/Chicago',
  release: '',
  number: '4500012345',
  orderNumber: '4500012345',
  lineNumber: '1',
  buyerItem: 'R7001',
  sellerItem: 'MAN-1',
  gtin: '00614141000012',
  sscc: '006141410000000018',
  prefix: '1f0c93a7be44',
  password: 'correct horse battery staple',
  replacement: 'correct horse battery staple',
  city: 'Columbus',
  region: 'OH',
  country: 'US',
  code: 'R4_QUANTITY',
  rule: 'R4',
  sender: 'ZZ:NORTHGATE',
  receiver: 'ZZ:ACCORDHUB',
  controlNumber: '000000042',
  contentType: 'application/edi-x12',
  transport: 'http',
  kind: 'order',
  qualifier: 'ZZ',
  set: '850',
}

/** A value that the schema allows: its own example when it has one, otherwise made of its parts. */
export const exampleOf = (schema: TSchema, name = ''): unknown => {
  const shape = schema as Shape
  if (shape.examples?.length) return shape.examples[0]
  if (shape.$ref !== undefined) {
    const named = namedSchemas.get(shape.$ref.replace('#', ''))
    return named ? exampleOf(named, name) : {}
  }
  if (shape.default !== undefined) return shape.default
  if (shape.const !== undefined) return shape.const
  if (shape.anyOf?.[0]) return exampleOf(shape.anyOf.find(part => part.type !== 'null') ?? shape.anyOf[0], name)
  if (shape.properties)
    return Object.fromEntries(Object.entries(shape.properties).map(([key, part]) => [key, exampleOf(part, key)]))
  switch (shape.type) {
    case 'array':
      return shape.items ? [exampleOf(shape.items, name)] : []
    case 'string':
      return exampleText(shape, name)
    case 'integer':
      return shape.minimum ?? 1
    case 'number':
      return shape.minimum ?? 1
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return {}
  }
}

const exampleText = ({ pattern, format, minLength = 0, maxLength = Infinity }: Shape, name: string): string => {
  if (format === 'date-time') return '2026-03-02T09:30:00.000Z'
  const word = words[name] ?? 'text'
  if (pattern === undefined) return word.padEnd(minLength, 'x').slice(0, maxLength)
  const prefix = prefixed.exec(pattern)?.[1]
  if (prefix) return `${prefix}_${someId}`
  return [word, ...texts].find(text => new RegExp(pattern).test(text)) ?? 'text'
}
