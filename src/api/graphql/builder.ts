import SchemaBuilder, { type InputRef, type ObjectRef } from '@pothos/core'
import DataLoader from 'dataloader'
import { GraphQLScalarType } from 'graphql'
import { Type, type Static, type TObject, type TSchema } from 'typebox'
import type { Context } from '../../db/context.ts'
import { fromTypeBox, type Definer } from '../../shared/fromTypeBox.ts'
import type { EventSource } from '../../db/events.ts'
import { namedSchemas } from '../schemas.ts'

/** What every resolver gets: the context of the services, the loaders of this request, and what came with it. */
export type GraphContext = {
  readonly service: Context
  readonly events: EventSource
  readonly idempotencyKey: string | undefined
  readonly requestId: string
  readonly loaders: Map<object, DataLoader<string, unknown>>
  /** Of a document in a batch. */
  readonly operationId?: number
  /** Of a subscription, which lives long: it reads afresh each time, and asks whether its owner may still come in. */
  readonly stillValid?: () => Promise<boolean>
}

type Types = {
  Context: GraphContext
  Scalars: { JSON: { Input: unknown; Output: unknown }; DateTime: { Input: string; Output: Date | string } }
  DefaultFieldNullability: false
}

export const builder = new SchemaBuilder<Types>({ defaultFieldNullability: false })
type BuilderTypes = typeof builder.$inferSchemaTypes

builder.queryType({})
builder.mutationType({})
builder.subscriptionType({})
builder.addScalarType('JSON', new GraphQLScalarType({ name: 'JSON', description: 'Any JSON value.' }))
builder.addScalarType(
  'DateTime',
  new GraphQLScalarType({
    name: 'DateTime',
    description: 'Instant in UTC, ISO 8601.',
    serialize: value => (value instanceof Date ? value.toISOString() : value),
  }),
)

/** The dynamic edge of Pothos: it infers types of fields from literals, and here they come from schemas. */
const define: Definer = {
  object: (name, fields, description) =>
    builder
      .objectRef<Record<string, unknown>>(name)
      .implement({
        ...(description && { description }),
        fields: t =>
          Object.fromEntries(
            Object.entries(fields).map(([key, { type, nullable, about }]) => [
              key,
              t.field({
                type: type as 'String',
                nullable,
                ...about,
                extensions: { pothosExposedField: key },
                resolve: row => row[key] as string,
              }),
            ]),
          ),
      }),
  input: (name, fields, description) =>
    builder.inputType(name, {
      ...(description && { description }),
      fields: t =>
        Object.fromEntries(
          Object.entries(fields).map(([key, { type, nullable, about }]) => [
            key,
            t.field({ type: type as 'String', required: !nullable, ...about }),
          ]),
        ),
    }),
  enumeration: (name, values, description) => builder.enumType(name, { values, ...(description && { description }) }),
}

const made = fromTypeBox(define, namedSchemas)

/** The GraphQL object of a schema; the same one each time. */
export const output = <S extends TSchema>(schema: S, name?: string): ObjectRef<BuilderTypes, Static<S>> =>
  made.output(schema, name) as ObjectRef<BuilderTypes, Static<S>>

/** The GraphQL input of a schema. */
export const input = <S extends TSchema>(schema: S, name?: string): InputRef<Static<S>> =>
  made.input(schema, name) as InputRef<Static<S>>

/** The GraphQL input of a filter. The page is asked for apart, where its cost is seen. */
export const filterInput = <S extends TObject>(schema: S, name?: string): InputRef<Omit<Static<S>, 'limit' | 'cursor'>> => {
  const { limit: _limit, cursor: _cursor, ...properties } = schema.properties
  return made.input(Type.Object(properties), name ?? (schema as { $id?: string }).$id) as InputRef<
    Omit<Static<S>, 'limit' | 'cursor'>
  >
}

/** A page of a list as GraphQL has it: the same as in REST. */
export const page = <T>(name: string, item: ObjectRef<BuilderTypes, T>) =>
  builder
    .objectRef<{ items: readonly T[]; nextCursor: string | null }>(`${name}Page`)
    .implement({
      fields: t => ({
        items: t.field({ type: [item], resolve: found => found.items as T[] }),
        nextCursor: t.exposeString('nextCursor', {
          nullable: true,
          description: 'Pass it as cursor to read on; null on the last page.',
        }),
      }),
    })

/** A batch of look-ups by id: one call of a service for all that one level of a query needs. */
export type Loader<T> = (ctx: Context, ids: readonly string[]) => Promise<readonly (T | undefined)[]>

/** Loads one record together with the others that are asked for at the same time; null when it is not there for the caller. */
export const load = async <T>(context: GraphContext, loader: Loader<T>, id: string): Promise<T | null> => {
  const known = context.loaders.get(loader) as DataLoader<string, T | undefined> | undefined
  const batch =
    known ??
    new DataLoader<string, T | undefined>(ids => loader(context.service, ids), { cache: !context.stillValid, maxBatchSize: 1000 })
  if (!known) context.loaders.set(loader, batch as DataLoader<string, unknown>)
  return (await batch.load(id)) ?? null
}
