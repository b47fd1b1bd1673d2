import { InvalidArgumentError, Option, type Command } from 'commander'
import { Acknowledger, read, type AcknowledgementOptions } from '../../x12/index.ts'
import { oneInput } from '../input.ts'
import { write, writeJson } from '../output.ts'
import { chosenGuides, controlNumber, guideOption, guidesHelp, holdsNothing, levelOption, levelsHelp, type Level } from './options.ts'

type Options = Pick<Required<AcknowledgementOptions>, 'as' | 'detail'> & {
  control: number
  time?: Date
  level: Level
  guide: string[]
  json?: boolean
}

const help = `
Writes X12 to standard output: for each interchange a TA1, if its sender asks for one or its envelope is at fault,
and a 997 or 999 for each functional group, unless the interchange is rejected whole. Acknowledgements are not acknowledged.
With --as auto a 999 answers what follows an implementation guide of 005010 (GS08 005010X…), and a 997 all else.
${levelsHelp}
${guidesHelp}

Exit codes:
  0  answered, whatever the answer is
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 ack order.edi
  $ accord-hub x12 ack order.edi --control 42 --time 2026-03-02T09:30:00Z > order.997.edi
  $ accord-hub x12 ack order.edi --as 999 --guide our-850.json
  $ accord-hub x12 ack order.edi | accord-hub x12 json -`

const instant = (text: string): Date => {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('It must be an ISO 8601 time, like 2026-03-02T09:30:00Z.')
  return new Date(text)
}

export const registerAck = (parent: Command): void => {
  parent
    .command('ack')
    .description('write the acknowledgement (997 or 999, TA1) of an X12 file')
    .argument('<file>', 'the file; - is standard input')
    .addOption(new Option('--as <kind>', 'which acknowledgement is written').choices(['auto', '997', '999']).default('auto'))
    .option('--control <number>', 'ISA13 and GS06 of the first interchange written; they count up', controlNumber, 1)
    .option('--time <iso>', 'its date and time; now unless given', instant)
    .addOption(
      new Option('--detail <detail>', 'answer set by set, only sets with errors, or each group as a whole')
        .choices(['set', 'errors', 'group'])
        .default('set'),
    )
    .addOption(levelOption())
    .addOption(guideOption())
    .option('--json', 'print one JSON object per interchange written, the X12 in it')
    .addHelpText('after', help)
    .action(printAnswers)
}

const printAnswers = async (name: string, options: Options): Promise<void> => {
  const { control, time: at = new Date(), as, detail, level, json } = options
  const reading = { level, ...(await chosenGuides(options.guide)) }
  const acknowledger = new Acknowledger({ controlNumber: control, at, as, detail })
  const input = await oneInput(name)
  let interchanges = 0
  let answers = 0
  for await (const event of read(input.open(), reading)) {
    if (event.type === 'interchange') interchanges++
    for (const { kind, interchange, controlNumber, bytes } of acknowledger.take(event)) {
      answers++
      await (json
        ? writeJson({ kind, interchangeControlNumber: interchange.controlNumber, controlNumber, x12: Buffer.from(bytes).toString('latin1') })
        : write(bytes))
    }
  }
  if (interchanges === 0) throw holdsNothing(name)
  if (answers === 0) console.error('Nothing in it calls for an acknowledgement.')
  else if (process.stdout.isTTY && !json) await write('\n')
}
