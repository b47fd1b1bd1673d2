import { readFileSync } from 'node:fs'
import t from 'tap'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { generatedSchemas } from '../helpers/generated-schemas.ts'

type Content = Record<string, { schema: TSchema; example?: unknown; examples?: object }>
type Operation = {
  operationId: string
  summary?: string
  tags?: string[]
  security?: unknown[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, TSchema>; examples: Record<string, { value: unknown }> }
}

const generated = await generatedSchemas()
const document = JSON.parse(generated['openapi.json']) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, ...operation })),
)

for (const [name, text] of Object.entries(generated))
  t.test(`schemas/${name} is what the code says; \`npm run schemas\` writes it`, async t => {
    t.ok(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8') === text, `schemas/${name} is out of date`)
  })

t.test('every operation says what it does, shows how, and names its refusals', async t => {
  t.match(document.openapi, /^3\.1/)
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  for (const { name, method, summary, tags, security, requestBody, responses } of operations) {
    t.ok(summary && tags?.length === 1 && security, `${name}: summary, tag and who may`)
    for (const content of Object.values(requestBody?.content ?? {}))
      t.ok(
        content.example !== undefined || 'file' in (content.schema as { properties?: object }).properties!,
        `${name}: example of the body`,
      )
    const refusals = Object.keys(responses).filter(status => Number(status) >= 400)
    t.ok(
      ['429', '500', '503'].every(status => refusals.includes(status)),
      `${name}: refusals`,
    )
    t.ok(method === 'get' || security?.length === 0 || refusals.includes('403'), `${name}: who may not`)
  }
})

t.test('the examples are what the schemas say', async t => {
  const components = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [`#/components/schemas/${name}`, schema]),
  )
  const resolved = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(resolved)
    if (typeof schema !== 'object' || schema === null) return schema
    const { $ref } = schema as { $ref?: string }
    return $ref
      ? resolved(components[$ref])
      : Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, resolved(part)]))
  }
  const check = (name: string, { schema, example }: Content[string]) => {
    if (example === undefined) return
    const [fault] = Compile(resolved(schema) as TSchema).Errors(example)
    t.notOk(fault, `${name}${fault ? `: ${fault.instancePath} ${fault.message}` : ''}`)
  }
  for (const { name, requestBody, responses } of operations) {
    for (const [type, content] of Object.entries(requestBody?.content ?? {})) check(`${name} takes ${type}`, content)
    for (const [status, { content }] of Object.entries(responses))
      for (const each of Object.values(content ?? {})) check(`${name} answers ${status}`, each)
  }
  const problem = Compile(resolved(document.components.schemas.Problem) as TSchema)
  for (const [name, { value }] of Object.entries(document.components.examples)) t.ok(problem.Check(value), `problem ${name}`)
})
