import type { TSchema } from 'typebox'

/** What is read of a TypeBox schema: the JSON Schema that it is. */
type Shape = TSchema & {
  $id?: string
  $ref?: string
  type?: string
  const?: unknown
  format?: string
  description?: string
  required?: string[]
  additionalProperties?: unknown
  properties?: Record<string, Shape>
  items?: Shape
  anyOf?: Shape[]
  patternProperties?: Record<string, Shape>
}
/** A GraphQL type that was made of a schema: a scalar's name or a reference of the builder's, or a list of such. */
export type Made = string | object | [Made]
export type Fields = Record<string, { type: Made; nullable: boolean; about: { description?: string } }>
type Kind = 'object' | 'input'

/** How types are made with the builder in use. */
export type Definer = {
  object(name: string, fields: Fields, description: string | undefined): object
  input(name: string, fields: Fields, description: string | undefined): object
  enumeration(name: string, values: readonly string[], description: string | undefined): object
}

const scalars: Readonly<Record<string, string>> = { string: 'String', integer: 'Int', number: 'Float', boolean: 'Boolean' }
const pascal = (text: string): string =>
  text.replace(/(^|[^A-Za-z0-9])([A-Za-z0-9])/g, (_all, _gap, letter: string) => letter.toUpperCase())
const singular = (text: string): string => text.replace(/ies$/, 'y').replace(/([^s])s$/, '$1')

/**
 * Makes GraphQL types of the TypeBox objects that REST uses. An object is named by its `$id`, or else by its place ('Order' +
 * 'lines' is 'OrderLine'). `T | null` and optional properties are nullable. A union of texts is an enum, one for the same
 * texts, named by the first place that has it, or a String where one of them is no GraphQL name. A record and what is unknown
 * are the scalar JSON, an instant is DateTime, a reference is looked up in `named`. Throws on anything else, and when two
 * schemas want one name.
 */
export const fromTypeBox = (define: Definer, named: ReadonlyMap<string, TSchema>) => {
  const made = new Map<string, { shape: string; type: object }>()
  const enumerations = new Map<string, object>()
  const once = (name: string, schema: Shape, make: () => object): object => {
    const shape = JSON.stringify({ ...schema, $id: undefined })
    const known = made.get(name)
    if (known && known.shape !== shape) throw new Error(`two schemas are called ${name} in GraphQL`)
    if (known) return known.type
    const type = make()
    made.set(name, { shape, type })
    return type
  }
  const object = (kind: Kind, schema: Shape, name: string): object => {
    const title = kind === 'input' && !name.endsWith('Input') ? `${name}Input` : name
    return once(title, schema, () =>
      define[kind](title, fieldsOf(kind, schema, kind === 'input' ? name.replace(/Input$/, '') : name), schema.description),
    )
  }

  const fieldsOf = (kind: Kind, schema: Shape, name: string): Fields =>
    Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([key, property]) => {
        const parts = property.anyOf?.filter(part => part.type !== 'null') ?? [property]
        const bare = parts.length === 1 && parts[0] ? parts[0] : { ...property, anyOf: parts }
        const nullable = parts.length !== (property.anyOf?.length ?? 1) || !schema.required?.includes(key)
        const type = key === 'id' && property.type === 'string' ? 'ID' : typeOf(kind, bare, name + pascal(key))
        const description = property.description ?? bare.description
        return [key, { type, nullable, about: description === undefined ? {} : { description } }]
      }),
    )

  const typeOf = (kind: Kind, schema: Shape, place: string): Made => {
    const referred = schema.$ref === undefined ? undefined : named.get(schema.$ref)
    if (referred) return typeOf(kind, referred as Shape, place)
    const texts = literals(schema)
    if (texts) {
      if (!texts.every(text => /^[A-Za-z_]\w*$/.test(text))) return 'String'
      const known = enumerations.get(texts.join())
      if (known) return known
      const made = define.enumeration(schema.$id ?? place, texts, schema.description)
      enumerations.set(texts.join(), made)
      return made
    }
    if (schema.type === 'array' && schema.items) return [typeOf(kind, schema.items, schema.items.$id ?? singular(place))]
    if (schema.type === 'object' && schema.properties) return object(kind, schema, schema.$id ?? place)
    if (schema.type === 'object' && (schema.patternProperties || schema.additionalProperties)) return 'JSON'
    if (typeof schema.const === 'string') return 'String'
    if (Object.keys(schema).every(key => key === 'description')) return 'JSON'
    if (schema.type === 'string' && schema.format === 'date-time') return 'DateTime'
    const scalar = schema.type === undefined ? undefined : scalars[schema.type]
    if (!scalar) throw new Error(`GraphQL has no type for ${place}: ${JSON.stringify(schema).slice(0, 200)}`)
    return scalar
  }

  return {
    output: (schema: TSchema, name?: string) => object('object', schema as Shape, nameOf(schema as Shape, name)),
    input: (schema: TSchema, name?: string) => object('input', schema as Shape, nameOf(schema as Shape, name)),
  }
}

/** The texts of a union of literals, however it is nested; undefined of anything else. */
const literals = (schema: Shape): string[] | undefined => {
  const parts = schema.anyOf?.map(part => (typeof part.const === 'string' ? [part.const] : literals(part)))
  return parts?.every(part => part !== undefined) ? parts.flat() : undefined
}

const nameOf = (schema: Shape, name: string | undefined): string => {
  const given = name ?? schema.$id
  if (!given) throw new Error('a schema without $id needs a name in GraphQL')
  return given
}
