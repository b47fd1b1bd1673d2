import { Option, type Command } from 'commander'
import { read } from '../../x12/index.ts'
import { usageError } from '../failure.ts'
import { oneInput } from '../input.ts'
import { printable, say, writeJson } from '../output.ts'
import { holdsNothing } from './options.ts'

type Options = { format: 'text' | 'json'; json?: true }

const help = `
The expression is in the query language of node-x12, asked of each transaction set by itself:
  BEG03                      an element, of every BEG there is
  N102:N101["ST"]            only where another element of the segment has that value
  N1-N4-N401                 an element of a segment that follows others
  FOREACH(PO1)=>PO102        of each PO1 one
  HL+S+O+I-LIN03             along the levels of a ship notice
  ISA06, GS08                of the envelope

Prints one value per line; with --format json one object per set that has any: its place and its values.

Exit codes:
  0  found
  1  nothing found
  2  the file cannot be read as X12, the expression cannot be understood, or wrong usage

Examples:
  $ accord-hub x12 query BEG03 order.edi
  $ accord-hub x12 query 'N104:N101["ST"]' order.edi
  $ accord-hub x12 query 'FOREACH(PO1)=>PO102' - --format json < order.edi`

export const registerQuery = (parent: Command): void => {
  parent
    .command('query')
    .description('print the values that an expression finds in an X12 file')
    .argument('<expression>', 'what to look for')
    .argument('<file>', 'the file; - is standard input')
    .addOption(new Option('--format <format>', 'for people or for programs').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .addHelpText('after', help)
    .action(printFound)
}

const printFound = async (expression: string, name: string, { format, json }: Options): Promise<void> => {
  // Loaded only here: it brings node-x12.
  const { query, QueryError } = await import('../../x12/query.ts')
  const input = await oneInput(name)
  let interchanges = 0
  let found = 0
  for await (const event of read(input.open(), { tree: 'all' })) {
    if (event.type === 'interchange') interchanges++
    if (event.type !== 'set') continue
    const { group, interchange, result } = event
    const { transaction } = result
    if (!transaction) continue
    let values: string[]
    try {
      values = query(transaction, expression, { group, interchange })
    } catch (error) {
      throw error instanceof QueryError ? usageError(error.message) : error
    }
    found += values.length
    if (values.length === 0) continue
    if (json || format === 'json')
      await writeJson({
        set: result.set,
        controlNumber: result.controlNumber,
        groupControlNumber: group.controlNumber,
        interchangeControlNumber: interchange.controlNumber,
        values,
      })
    else await say(...values.map(printable))
  }
  if (interchanges === 0) throw holdsNothing(name)
  process.exitCode = found > 0 ? 0 : 1
}
