import type { Command } from 'commander'
import { read, type GroupHeader, type InterchangeHeader, type SetResult } from '../../x12/index.ts'
import { CliError } from '../failure.ts'
import { oneInput } from '../input.ts'
import { writeJson } from '../output.ts'

const help = `
One line of JSON for each transaction set: the envelope it came in, the outcome, the findings, and, unless it is rejected,
its segments as a tree of loops. An element is text, a list of components, or {"repeats": […]}.

Exit codes:
  0  every set is accepted
  1  a set, group or interchange is rejected (its findings say why)
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 json order.edi | jq .root
  $ accord-hub outbox fetch | accord-hub x12 json - | jq -r .set`

export const registerJson = (parent: Command): void => {
  parent
    .command('json')
    .description('print an X12 file as JSON, one transaction set per line')
    .argument('<file>', 'the file; - is standard input')
    .option('--json', 'as it does anyway')
    .addHelpText('after', help)
    .action(printJson)
}

const printJson = async (name: string): Promise<void> => {
  const input = await oneInput(name)
  let interchanges = 0
  let faults = 0
  for await (const event of read(input.open(), { tree: true })) {
    switch (event.type) {
      case 'interchange':
        interchanges++
        break
      case 'set':
        if (event.result.outcome === 'R') faults++
        await writeJson(lineOf(event.interchange, event.group, event.result))
        break
      case 'group-end':
      case 'interchange-end':
        // A faulty envelope has no line of its own; `x12 validate` says more.
        for (const finding of event.result.findings) {
          if (finding.severity === 'error') faults++
          console.error(`${finding.severity}: ${finding.message}`)
        }
        break
      case 'junk':
        faults++
        console.error(`${event.finding.severity}: ${event.finding.message}`)
        break
      case 'group':
      case 'ta1':
        break
      default:
        event satisfies never
    }
  }
  if (interchanges === 0)
    throw new CliError(`${name === '-' ? 'Standard input' : name} holds no X12 interchange.`, { exitCode: 2 })
  process.exitCode = faults > 0 ? 1 : 0
}

const lineOf = (interchange: InterchangeHeader, group: GroupHeader, result: SetResult) => {
  const { set, controlNumber, implementation, outcome, findings, transaction } = result
  const { offset: _, elements: __, ...interchangeHeader } = interchange
  const { offset: ___, ...groupHeader } = group
  return {
    set,
    controlNumber,
    ...(implementation !== undefined && { implementation }),
    version: group.version,
    outcome,
    findings,
    interchange: interchangeHeader,
    group: groupHeader,
    ...(transaction && { root: transaction.root }),
  }
}
