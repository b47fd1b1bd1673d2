import type { FastifyInstance } from 'fastify'
import { Readable } from 'node:stream'
import { Type, type Static } from 'typebox'
import { importColumns, importKinds, ImportOptions, ImportReport, type ImportKind } from '../../imports/schema.ts'
import { importRows } from '../../imports/service.ts'
import { checker } from '../checker.ts'
import { operation } from '../operation.ts'

const KindParams = Type.Object({ kind: Type.Unsafe<ImportKind>(Type.Union(importKinds.map(kind => Type.Literal(kind)))) })
const Columns = Type.Object({
  kind: Type.String(),
  columns: Type.Array(
    Type.Object({ name: Type.String(), required: Type.Boolean(), description: Type.String(), example: Type.String() }),
  ),
})
const Rows = Type.Array(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])), {
  description: 'One object a row, by column name. An empty cell leaves a value as it is.',
})
const checkRows = checker(Rows)
const Csv = Type.String({
  description: 'UTF-8, a header line, separated by commas, semicolons or tabs.',
  contentMediaType: 'text/csv',
})
const header = (kind: ImportKind): string => importColumns[kind].map(({ name }) => name).join()
const firstRow = (kind: ImportKind): string => importColumns[kind].map(({ example }) => example).join()

/** Master data in bulk: CSV or rows of JSON, with a dry run and every error by its line. */
export const registerImports = async (app: FastifyInstance): Promise<void> => {
  const bodyLimit = app.accord.config.MAX_BODY_BYTES
  // The transaction is open while rows are read, so a slow sender must not be waited for then. Rows of JSON become many times their
  // size in memory; for them the smaller limit of all JSON holds.
  app.addContentTypeParser(['text/csv', 'application/csv'], { parseAs: 'buffer', bodyLimit }, (_request, body, done) => {
    done(null, body)
  })

  operation(app, {
    id: 'getImportColumns',
    method: 'GET',
    path: '/api/imports/:kind',
    tag: 'items',
    access: 'signed-in',
    summary: 'The columns of an import',
    params: KindParams,
    answer: [200, Columns],
    handler: async (_ctx, { params: { kind } }) => ({
      kind,
      columns: importColumns[kind].map(({ name, required = false, description, example }) => ({
        name,
        required,
        description,
        example,
      })),
    }),
  })
  operation(app, {
    id: 'importRows',
    method: 'POST',
    path: '/api/imports/:kind',
    tag: 'items',
    access: 'master-data.import',
    summary: 'Import master data',
    description:
      'The operator imports everything, an administrator its own locations, items and prices. Rows are matched by their key. ' +
      'Nothing is kept when a line has an error, unless bestEffort is asked for; dryRun does everything and keeps nothing. ' +
      'The report names each error by line and column.',
    params: KindParams,
    query: ImportOptions,
    answer: [200, ImportReport],
    errors: ['identity/forbidden', 'request/unsupported-media-type'],
    apart: true,
    consumes: {
      'text/csv': { schema: Csv, example: `${header('prices')}\n${firstRow('prices')}\n` },
      'application/json': {
        schema: Rows,
        example: [Object.fromEntries(importColumns.prices.map(({ name, example }) => [name, example]))],
      },
    },
    handler: (ctx, { params, query, request }) => {
      const body: unknown = request.body
      // All of it is here; a large import works on in silence for longer than a connection may otherwise be silent.
      request.raw.setTimeout?.(0)
      const source = Buffer.isBuffer(body) ? Readable.from([body]) : (checkRows(body ?? [], '') as Static<typeof Rows>)
      return importRows(ctx, params.kind, source, query)
    },
  })
}
