import { asSystem, isTx, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { audit } from '../identity/audit.ts'
import { authorise } from '../identity/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { identifiers } from './kinds/identifiers.ts'
import { items } from './kinds/items.ts'
import { locations } from './kinds/locations.ts'
import { organisations } from './kinds/organisations.ts'
import { partnerships } from './kinds/partnerships.ts'
import { prices } from './kinds/prices.ts'
import { isProblem, type ImportHandler, type Resolved, type Scope } from './references.ts'
import { problem, readRow, type Outcome, type Row } from './rules.ts'
import { readRows, type ImportSource } from './rows.ts'
import {
  importColumns,
  ownImportKinds,
  type ImportError,
  type ImportKind,
  type ImportOptions,
  type ImportReport,
} from './schema.ts'

const rowsPerBatch = 500
const errorsKept = 1000

export type { ImportSource } from './rows.ts'

/** Ends a transaction that is not to be kept, with what came of it. */
class Undone extends Error {
  readonly report: ImportReport
  constructor(report: ImportReport) {
    super('undone')
    this.report = report
  }
}

/**
 * Imports master data: each row makes a record, changes one, or finds it as it is. Rows are matched by their natural key; an
 * empty cell leaves a value as it is. Everything is one transaction. Nothing is kept when any line has an error, unless
 * `bestEffort`; `dryRun` does the same and keeps nothing. The operator imports for everybody, an administrator its own
 * organisation's locations, items and prices.
 * The source should be a file or in memory: the transaction is open while it is read.
 * @throws DomainError identity/forbidden
 */
export const importRows = async (
  ctx: Context,
  kind: ImportKind,
  source: ImportSource,
  options: ImportOptions = {},
): Promise<ImportReport> => {
  if (isTx(ctx.db)) throw new Error('an import is a transaction of its own')
  const operates = ctx.actor.scopes.includes('operate')
  if (!operates) {
    authorise(ctx.actor, 'master-data.import')
    if (!ownImportKinds.includes(kind))
      throw new DomainError('identity/forbidden', {
        detail: `Only the operator of the hub imports ${kind}.`,
        action: 'hub.operate',
      })
  }
  const scope: Scope = { organisationId: operates ? null : ctx.actor.organisationId, now: ctx.now() }
  const work = async (tx: Tx): Promise<ImportReport> => {
    const report = await new Import(tx, scope, kind, options).run(source)
    if (!report.applied) throw new Undone(report)
    const { total, created, updated } = report
    await audit(tx, ctx.actor, {
      action: `import.${kind}`,
      subject: ctx.actor.organisationId,
      detail: { total, created, updated },
    })
    return report
  }
  try {
    return await (operates ? asSystem(ctx.db, work) : withOrganisation(ctx, work))
  } catch (error) {
    if (error instanceof Undone) return error.report
    throw error
  }
}

/** Imports good rows of one kind; `repeated` says which are the same record as an earlier line. */
type Batch = (
  tx: Tx,
  scope: Scope,
  rows: readonly Row[],
  repeated: (record: Resolved) => ImportError | undefined,
) => Promise<Outcome[]>

const batchOf = <R extends Resolved>(handler: ImportHandler<R>): Batch => async (tx, scope, rows, repeated) => {
  const outcomes: Outcome[] = []
  const good: R[] = []
  for (const record of await handler.resolve(tx, scope, rows)) {
    const fault = isProblem(record) ? record : repeated(record)
    if (fault) outcomes.push(fault)
    else good.push(record as R)
  }
  return good.length === 0 ? outcomes : [...outcomes, ...await handler.write(tx, scope, good)]
}

const batches: Readonly<Record<ImportKind, Batch>> = {
  organisations: batchOf(organisations),
  identifiers: batchOf(identifiers),
  partnerships: batchOf(partnerships),
  locations: batchOf(locations),
  items: batchOf(items),
  prices: batchOf(prices),
}

/** One import under way. */
class Import {
  private readonly tx: Tx
  private readonly scope: Scope
  private readonly kind: ImportKind
  private readonly options: ImportOptions
  private readonly counts = { total: 0, created: 0, updated: 0, unchanged: 0, failed: 0, errorCount: 0 }
  private readonly errors: ImportError[] = []
  /** Line by key, over the whole file. */
  private readonly seen = new Map<string, number>()

  constructor(tx: Tx, scope: Scope, kind: ImportKind, options: ImportOptions) {
    this.tx = tx
    this.scope = scope
    this.kind = kind
    this.options = options
  }

  async run(source: ImportSource): Promise<ImportReport> {
    const columns = importColumns[this.kind]
    let batch: Row[] = []
    for await (const raw of readRows(
      source,
      columns.map(column => column.name),
      columns.filter(column => column.required).map(column => column.name),
    )) {
      if ('code' in raw) {
        this.note([{ ...raw, value: '' }])
        continue
      }
      this.counts.total += 1
      const { row, errors } = readRow(this.kind, raw)
      if (errors.length > 0) {
        this.counts.failed += 1
        this.note(errors)
        continue
      }
      batch.push(row)
      if (batch.length < rowsPerBatch) continue
      await this.take(batch)
      batch = []
    }
    if (batch.length > 0) await this.take(batch)
    const { dryRun = false, bestEffort = false } = this.options
    const applied = !dryRun && (bestEffort || this.counts.errorCount === 0)
    return { kind: this.kind, dryRun, applied, ...this.counts, errors: this.errors.sort((a, b) => a.line - b.line) }
  }

  private async take(rows: readonly Row[]): Promise<void> {
    for (const outcome of await batches[this.kind](this.tx, this.scope, rows, record => this.repeated(record))) {
      if (isProblem(outcome)) {
        this.counts.failed += 1
        this.note([outcome])
      } else this.counts[outcome] += 1
    }
  }

  private repeated({ row, keys }: Resolved): ImportError | undefined {
    const earlier = keys.map(key => this.seen.get(key)).find(line => line !== undefined)
    if (earlier !== undefined) return problem(row, '', 'duplicate-row', `The same record as line ${earlier}.`)
    for (const key of keys) this.seen.set(key, row.line)
    return undefined
  }

  private note(errors: readonly ImportError[]): void {
    this.counts.errorCount += errors.length
    this.errors.push(...errors.slice(0, errorsKept - this.errors.length))
  }
}
