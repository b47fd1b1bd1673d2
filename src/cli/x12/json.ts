import type { Command } from 'commander'
import { explain, lineOf, read, type Finding, type MessageLanguage } from '../../x12/index.ts'
import { oneInput } from '../input.ts'
import { printable, writeJson } from '../output.ts'
import { chosenGuides, guideOption, guidesHelp, holdsNothing, languageOption } from './options.ts'

type Options = { all?: true; guide: string[]; language: MessageLanguage }

const help = `
One line of JSON for each transaction set: the envelope it came in, the outcome, the findings, and, unless it is rejected,
its segments as a tree of loops. An element is text, a list of components, or {"repeats": […]}. x12 write turns the lines
back into X12. Faults of envelopes have no line of their own; they are told on standard error.
${guidesHelp}

Exit codes:
  0  every set is accepted
  1  a set, group or interchange is rejected (its findings say why)
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 json order.edi | jq .root
  $ accord-hub x12 json order.edi | jq -c '.group.receiverCode = "NEWDC"' | accord-hub x12 write -
  $ accord-hub outbox fetch | accord-hub x12 json - | jq -r .set`

export const registerJson = (parent: Command): void => {
  parent
    .command('json')
    .description('print an X12 file as JSON, one transaction set per line')
    .argument('<file>', 'the file; - is standard input')
    .option('--all', 'print the segments of rejected sets too')
    .addOption(guideOption())
    .addOption(languageOption())
    .option('--json', 'as it does anyway')
    .addHelpText('after', help)
    .action(printJson)
}

const printJson = async (name: string, { all, guide, language }: Options): Promise<void> => {
  const input = await oneInput(name)
  const told = (finding: Finding): Finding => (language === 'en' ? finding : { ...finding, message: explain(finding, language) })
  let interchanges = 0
  let faults = 0
  const tell = (finding: Finding): void => {
    if (finding.severity === 'error') faults++
    console.error(`${finding.severity}: ${printable(told(finding).message)}`)
  }
  for await (const event of read(input.open(), { tree: all ? 'all' : true, ...(await chosenGuides(guide)) })) {
    switch (event.type) {
      case 'interchange':
        interchanges++
        break
      case 'set': {
        if (event.result.outcome === 'R') faults++
        const line = lineOf(event)
        await writeJson({ ...line, findings: line.findings.map(told) })
        break
      }
      case 'group-end':
      case 'interchange-end':
        for (const finding of event.result.findings) tell(finding)
        break
      case 'junk':
        tell(event.finding)
        break
      case 'group':
      case 'ta1':
        break
      default:
        event satisfies never
    }
  }
  if (interchanges === 0) throw holdsNothing(name)
  process.exitCode = faults > 0 ? 1 : 0
}
