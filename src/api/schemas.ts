import type { TSchema } from 'typebox'
import * as exceptions from '../exceptions/schema.ts'
import * as exchange from '../exchange/schema.ts'
import * as forecasts from '../forecasts/schema.ts'
import * as guides from '../guides/schema.ts'
import * as identity from '../identity/schema.ts'
import * as imports from '../imports/schema.ts'
import * as invoices from '../invoices/schema.ts'
import * as items from '../items/schema.ts'
import * as orderChanges from '../orders/change-schema.ts'
import * as orders from '../orders/schema.ts'
import * as partners from '../partners/schema.ts'
import * as receipts from '../receipts/schema.ts'
import * as shipments from '../shipments/schema.ts'
import { Problem } from './problem.ts'

type Named = TSchema & { $id: string }
const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && typeof (value as { $id?: unknown }).$id === 'string'

/** Every schema with an `$id`, by that name: the components of the OpenAPI document and the types of GraphQL. */
export const namedSchemas: ReadonlyMap<string, TSchema> = (() => {
  const found = new Map<string, TSchema>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (isNamed(value)) {
      const known = found.get(value.$id)
      if (known && JSON.stringify(known) !== JSON.stringify(value)) throw new Error(`two schemas are called ${value.$id}`)
      if (known) return
      found.set(value.$id, value)
    }
    for (const part of Object.values(value)) visit(part)
  }
  for (const module of [
    exceptions,
    exchange,
    forecasts,
    guides,
    identity,
    imports,
    invoices,
    items,
    orderChanges,
    orders,
    partners,
    receipts,
    shipments,
    { Problem },
  ])
    for (const exported of Object.values(module)) visit(exported)
  return found
})()

/** The schema with every named one in it replaced by a reference, as Fastify and OpenAPI want them. */
export const withReferences = (schema: unknown, isTop = false): unknown => {
  if (Array.isArray(schema)) return schema.map(part => withReferences(part))
  if (typeof schema !== 'object' || schema === null) return schema
  if (isNamed(schema) && !isTop && namedSchemas.has(schema.$id)) return { $ref: `${schema.$id}#` }
  const { $ref } = schema as { $ref?: unknown }
  if (typeof $ref === 'string') return { ...schema, $ref: $ref.includes('#') ? $ref : `${$ref}#` }
  return Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, withReferences(part)]))
}
