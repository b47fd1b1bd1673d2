import { createInterface } from 'node:readline'
import { Option, type Command } from 'commander'
import { LineError, parseLine, RejectedSetError, write, WriteError, type TransactionToLine } from '../../x12/index.ts'
import { CliError } from '../failure.ts'
import { oneInput, type Input } from '../input.ts'
import { write as print } from '../output.ts'
import { chosenGuides, controlNumber, guideOption, guidesHelp } from './options.ts'

type Options = { control?: number; newline: 'none' | 'lf' | 'crlf'; check: boolean; guide: string[]; encoding: 'latin1' | 'utf8' }

const help = `
Takes lines of JSON as x12 json prints them, one transaction set per line: "set", "root" (loops and segments), "interchange"
and "group" (the envelope). Lines with the same envelope share it; a line without one goes into that of the line before.
ISA is padded, and SE01, GE01 and IEA01 are counted.

Control numbers are those of the lines: interchange.controlNumber (ISA13), group.controlNumber (GS06), controlNumber (ST02).
With --control the first interchange and the first group get that number, and each further one the next. A set without a
control number is numbered in its group, from 0001 on.

Each set is judged by its guide before it is written; one that has errors stops the writing.
${guidesHelp}

Exit codes:
  0  written
  1  a line cannot be written; what was complete before it has been
  2  the file cannot be read, or wrong usage

Examples:
  $ accord-hub x12 json order.edi > order.ndjson
  $ accord-hub x12 write order.ndjson --control 43 > order-again.edi
  $ accord-hub x12 json order.edi | accord-hub x12 write - --newline lf`

const newlines = { none: '', lf: '\n', crlf: '\r\n' } as const

export const registerWrite = (parent: Command): void => {
  parent
    .command('write')
    .description('write X12 from JSON, one transaction set per line')
    .argument('<file>', 'the lines; - is standard input')
    .option('--control <number>', 'ISA13 and GS06 of the first interchange written; they count up', controlNumber)
    .addOption(new Option('--newline <newline>', 'after each segment').choices(Object.keys(newlines)).default('none'))
    .addOption(new Option('--encoding <encoding>', 'of the characters').choices(['latin1', 'utf8']).default('latin1'))
    .option('--no-check', 'write sets without judging them')
    .addOption(guideOption())
    .option('--json', 'tell failures as JSON')
    .addHelpText('after', help)
    .action(writeFile)
}

const writeFile = async (name: string, { control, newline, check, guide, encoding }: Options): Promise<void> => {
  const input = await oneInput(name)
  const options = {
    check,
    encoding,
    newline: newlines[newline],
    ...(control !== undefined && { controlNumber: control }),
    ...(await chosenGuides(guide)),
  }
  const at = { line: 0 }
  try {
    for await (const bytes of write(lines(input, at), options)) await print(bytes)
  } catch (error) {
    if (!(error instanceof LineError || error instanceof RejectedSetError || error instanceof WriteError)) throw error
    throw new CliError(`Line ${at.line}: ${error.message}${error.message.endsWith('.') ? '' : '.'}`)
  }
  if (at.line === 0) throw new CliError(`${name === '-' ? 'Standard input' : name} holds no lines.`, { exitCode: 2 })
}

async function* lines(input: Input, at: { line: number }): AsyncGenerator<TransactionToLine> {
  let number = 0
  for await (const text of createInterface({ input: input.open(), crlfDelay: Infinity })) {
    number++
    if (text.trim() === '') continue
    at.line = number
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new LineError('it is no JSON')
    }
    yield parseLine(value)
  }
}
