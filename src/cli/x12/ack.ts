import { InvalidArgumentError, Option, type Command } from 'commander'
import { AcknowledgementBuilder, buildTa1, read, wantsTa1, type InterchangeResult } from '../../x12/index.ts'
import { CliError } from '../failure.ts'
import { oneInput } from '../input.ts'
import { write, writeJson } from '../output.ts'

type Options = { control: number; time?: Date; detail: 'set' | 'group'; json?: boolean }

const help = `
Writes X12 to standard output: for each interchange a TA1, if its sender asks for one or its envelope is at fault,
and a 997 for each functional group, unless the interchange is rejected whole. Acknowledgements are not acknowledged.

Exit codes:
  0  answered, whatever the answer is
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 ack order.edi
  $ accord-hub x12 ack order.edi --control 42 --time 2026-03-02T09:30:00Z > order.997.edi
  $ accord-hub x12 ack order.edi | accord-hub x12 json -`

const controlNumber = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999999.')
  return Number(text)
}
const instant = (text: string): Date => {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('It must be an ISO 8601 time, like 2026-03-02T09:30:00Z.')
  return new Date(text)
}

export const registerAck = (parent: Command): void => {
  parent
    .command('ack')
    .description('write the acknowledgement (997, TA1) of an X12 file')
    .argument('<file>', 'the file; - is standard input')
    .option('--control <number>', 'ISA13 and GS06 of the first interchange written; they count up', controlNumber, 1)
    .option('--time <iso>', 'its date and time; now unless given', instant)
    .addOption(
      new Option('--detail <detail>', 'answer set by set, or for each group as a whole').choices(['set', 'group']).default('set'),
    )
    .option('--json', 'print one JSON object per interchange written, the X12 in it')
    .addHelpText('after', help)
    .action(acknowledge)
}

const acknowledge = async (name: string, { control, time: at = new Date(), detail, json }: Options): Promise<void> => {
  const input = await oneInput(name)
  let next = control
  let interchanges = 0
  let builder: AcknowledgementBuilder | undefined
  const put = async (kind: 'TA1' | '997', { header }: InterchangeResult, x12: Uint8Array): Promise<void> => {
    const text = Buffer.from(x12).toString('latin1')
    await (json
      ? writeJson({ kind, interchangeControlNumber: header.controlNumber, controlNumber: next, x12: text })
      : write(x12))
    next++
  }
  const answer = async (result: InterchangeResult): Promise<void> => {
    if (wantsTa1(result)) await put('TA1', result, buildTa1(result, { interchangeControlNumber: next, at }))
    if (result.outcome === 'R' || !builder || builder.count === 0) return
    await put('997', result, builder.finish({ interchangeControlNumber: next, groupControlNumber: next, at }))
  }
  for await (const event of read(input.open())) {
    switch (event.type) {
      case 'interchange':
        interchanges++
        builder = new AcknowledgementBuilder(event.header, { detail })
        break
      case 'group':
        builder?.beginGroup(event.header)
        break
      case 'set':
        builder?.addSet(event.result)
        break
      case 'group-end':
        builder?.endGroup(event.result)
        break
      case 'interchange-end':
        await answer(event.result)
        break
      case 'ta1':
      case 'junk':
        break
      default:
        event satisfies never
    }
  }
  if (interchanges === 0)
    throw new CliError(`${name === '-' ? 'Standard input' : name} holds no X12 interchange.`, { exitCode: 2 })
  if (next === control) console.error('Nothing in it calls for an acknowledgement.')
  else if (process.stdout.isTTY && !json) await write('\n')
}
