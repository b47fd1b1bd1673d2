import { Argument, type Command } from 'commander'
import { importColumns, importKinds, type ImportError, type ImportKind, type ImportReport } from '../imports/schema.ts'
import type { ExitCode } from './failure.ts'
import { askJson, hubOf, hubOptions, type HubOptions } from './http.ts'
import { oneInput, type Input } from './input.ts'
import { count, paint, say, table, writeJson, type Column } from './output.ts'

type Options = HubOptions & { dryRun?: boolean; bestEffort?: boolean; local?: true; json?: true }

/** A line for each column: name, what it is, what it may be, an example. */
const columnLines = (kind: ImportKind): string =>
  importColumns[kind]
    .map(({ name, required, rule, description, example }) => {
      const of = 'of' in rule ? ` One${rule.is === 'documents' ? ' or more' : ''} of ${rule.of.join(', ')}.` : ''
      return `    ${name.padEnd(17)}${required ? '*' : ' '} ${description}${of || ` E.g. ${example}`}`
    })
    .join('\n')

const help = `
The first line of the file names the columns, in any order (separated by commas, semicolons or tabs; UTF-8):
${importKinds.map(kind => `  ${kind}\n${columnLines(kind)}`).join('\n')}
(* required). Rows are matched with what is there by their key; an empty cell
leaves a value as it is. All of the file is one transaction, and nothing is kept when a line has an error.

An administrator's key imports locations, items and prices of its own organisation; the operator's imports everything.
--local works on the database itself, as the operator: for the first set-up, before there is a key.

Exit codes:
  0  imported (or, with --dry-run, would be)
  1  lines have errors (nothing was kept, unless --best-effort), or refused
  2  wrong usage, or the file cannot be read

Examples:
  $ accord-hub import organisations organisations.csv --local
  $ accord-hub import items items.csv --dry-run
  $ accord-hub import prices - < prices.csv`

export const registerImport = (parent: Command): void => {
  hubOptions(
    parent
      .command('import')
      .description('import master data from CSV')
      .addArgument(new Argument('<kind>', 'what the file has').choices(importKinds))
      .argument('<file>', 'the CSV file; - is standard input')
      .option('--dry-run', 'do everything, then undo it: say what would come of it')
      .option('--best-effort', 'keep the good lines even when others have errors')
      .option('--local', 'work on the database itself, as the operator, without a running hub or a key')
      .option('--json', 'print the report as JSON'),
  )
    .addHelpText('after', help)
    .action(async (kind: ImportKind, name: string, options: Options) => {
      const input = await oneInput(name)
      const report = await (options.local ? importLocally(kind, input, options) : importRemotely(kind, input, options))
      process.exitCode = await show(report, options.json === true)
    })
}

const importRemotely = (kind: ImportKind, input: Input, { dryRun, bestEffort, ...options }: Options): Promise<ImportReport> =>
  askJson<ImportReport>(hubOf(options), 'POST', `/api/imports/${kind}`, {
    query: { ...(dryRun && { dryRun: 'true' }), ...(bestEffort && { bestEffort: 'true' }) },
    body: input.open(),
    headers: { 'content-type': 'text/csv', ...(input.sizeBytes !== undefined && { 'content-length': String(input.sizeBytes) }) },
  })

const importLocally = async (
  kind: ImportKind,
  input: Input,
  { dryRun = false, bestEffort = false }: Options,
): Promise<ImportReport> => {
  const [{ asOperator }, { importRows }] = await Promise.all([import('./database.ts'), import('../imports/service.ts')])
  return asOperator(ctx => importRows(ctx, kind, input.open(), { dryRun, bestEffort }))
}

const columns: readonly Column<ImportError>[] = [
  { title: 'LINE', of: error => error.line, right: true },
  { title: 'COLUMN', of: error => error.column || '-' },
  { title: 'VALUE', of: error => error.value },
  { title: 'WHAT IS WRONG', of: error => error.message },
]

const show = async (report: ImportReport, json: boolean): Promise<ExitCode> => {
  const { kind, dryRun, applied, total, created, updated, unchanged, failed, errorCount, errors } = report
  const code: ExitCode = errorCount > 0 ? 1 : 0
  if (json) {
    await writeJson(report)
    return code
  }
  if (errors.length > 0)
    await say(
      table(columns, errors),
      ...(errorCount > errors.length ? [`… and ${errorCount - errors.length} more errors.`] : []),
      '',
    )
  const came = `${created} new, ${updated} changed, ${unchanged} unchanged, ${failed} with errors`
  const kept = applied ? paint('green', 'Imported.') : dryRun ? 'Dry run: nothing was kept.' : paint('red', 'Nothing was kept.')
  await say(`${count(total, 'line')} of ${kind}: ${came}. ${kept}`)
  return code
}
