import { InvalidArgumentError, Option, type Command } from 'commander'
import type { MessageLanguage, PlacedFinding } from '../../x12/index.ts'
import type { ExitCode } from '../failure.ts'
import { manyInputs, x12Extensions } from '../input.ts'
import { count, paint, printable, say, table, writeJson, type Column } from '../output.ts'
import { chosenGuides, guideOption, guidesHelp, languageOption, levelOption, levelsHelp, type Level } from './options.ts'
import { judgeFile, type Verdict } from './verdict.ts'

type Options = { level: Level; guide: string[]; language: MessageLanguage; format: 'text' | 'json'; json?: true; limit: number }

const help = `${levelsHelp}
${guidesHelp}

A folder is searched for files that end in ${x12Extensions.join(', ')}.
With --format json there is one object per line: {"type": "finding", …} for each finding, and {"type": "summary", …} last.

Exit codes:
  0  everything is accepted (there may be warnings)
  1  something has errors
  2  something cannot be read as X12 at all, or wrong usage

Examples:
  $ accord-hub x12 validate order.edi
  $ accord-hub x12 validate inbox/ --level syntax
  $ accord-hub x12 validate order.edi --guide vics --language th
  $ accord-hub x12 validate - --format json < order.edi`

const positive = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

export const registerValidate = (parent: Command): void => {
  parent
    .command('validate')
    .description('check X12 files: which are accepted, which are not, and why')
    .argument('<file...>', 'files or folders; - is standard input')
    .addOption(levelOption())
    .addOption(guideOption())
    .addOption(languageOption())
    .addOption(new Option('--format <format>', 'for people or for programs').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .option('--limit <count>', 'findings shown of a single file, as text', positive, 100)
    .addHelpText('after', help)
    .action(async (names: string[], options: Options) => {
      process.exitCode = await validate(names, options)
    })
}

const validate = async (names: readonly string[], options: Options): Promise<ExitCode> => {
  const inputs = await manyInputs(names)
  const { level, language } = options
  const reading = { level, language, ...(await chosenGuides(options.guide)) }
  const json = options.json === true || options.format === 'json'
  const verdicts: Seen[] = []
  for (const input of inputs) {
    const kept: PlacedFinding[] = []
    const verdict = await judgeFile(input, reading, async finding => {
      if (json) await writeJson({ type: 'finding', file: input.name, ...finding })
      else if (kept.length < (inputs.length === 1 ? options.limit : mostReasons * 10)) kept.push(finding)
    })
    verdicts.push({ ...verdict, kept })
  }
  const summary = summarise(verdicts)
  if (json)
    await writeJson({
      type: 'summary',
      level,
      ...summary,
      files: verdicts.map(({ kept: _, ...verdict }) => verdict),
    })
  else await show(verdicts, summary)
  return summary.unreadable > 0 ? 2 : summary.rejected > 0 ? 1 : 0
}

type Seen = Verdict & { readonly kept: readonly PlacedFinding[] }
type Summary = ReturnType<typeof summarise>

const summarise = (verdicts: readonly Verdict[]) => {
  const having = (outcome: Verdict['outcome']) => verdicts.filter(verdict => verdict.outcome === outcome).length
  const sum = (name: 'setsAccepted' | 'setsRejected' | 'errors' | 'warnings') =>
    verdicts.reduce((total, verdict) => total + verdict[name], 0)
  return {
    accepted: having('accepted'),
    rejected: having('rejected'),
    unreadable: having('unreadable'),
    setsAccepted: sum('setsAccepted'),
    setsRejected: sum('setsRejected'),
    errors: sum('errors'),
    warnings: sum('warnings'),
  }
}

const mostReasons = 2
const colours = { accepted: 'green', rejected: 'red', unreadable: 'red' } as const

const columns = (single: boolean): readonly Column<Seen>[] => [
  { title: 'FILE', of: ({ file }) => (file === '-' ? 'standard input' : file) },
  {
    title: 'SETS',
    of: ({ sets }) =>
      Object.entries(sets)
        .map(([set, number]) => (number === 1 ? set : `${set} ×${number}`))
        .join(', ') || '-',
  },
  { title: 'VERSION', of: ({ versions }) => versions.join(', ') || '-' },
  { title: 'OUTCOME', of: ({ outcome }) => outcome, colour: ({ outcome }) => colours[outcome] },
  { title: single ? 'FINDINGS' : 'REASONS', of: verdict => reasons(verdict, single) },
]

/** Of several files the first reasons, each kind of fault once; of a single one how many, as they are all told below. */
const reasons = ({ kept, errors, warnings, problem }: Seen, all: boolean): string => {
  if (problem !== undefined) return problem
  const faults = kept.filter(finding => finding.severity === 'error')
  const shown = all
    ? []
    : faults.filter((finding, index) => faults.findIndex(other => other.kind === finding.kind) === index).slice(0, mostReasons)
  if (shown.length === 0)
    return [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(', ')
  return shown.map(({ message }) => message).join(' ') + (errors > shown.length ? ` (${errors - shown.length} more)` : '')
}

const show = async (verdicts: readonly Seen[], summary: Summary): Promise<void> => {
  await say(table(columns(verdicts.length === 1), verdicts), '')
  const [only] = verdicts
  if (verdicts.length === 1 && only) await details(only)
  const { accepted, rejected, unreadable, setsAccepted, setsRejected } = summary
  await say(
    `${count(verdicts.length, 'file')}: ${accepted} accepted, ${rejected} rejected, ${unreadable} unreadable. ` +
      `${count(setsAccepted + setsRejected, 'set')}: ${setsAccepted} accepted, ${setsRejected} rejected.`,
  )
}

/** Every finding of one file, by set. */
const details = async ({ kept, errors, warnings }: Seen): Promise<void> => {
  let heading = ''
  for (const finding of kept) {
    const place = placeOf(finding)
    if (place !== heading) await say(paint('bold', place))
    heading = place
    const severity = finding.severity === 'error' ? paint('red', 'error  ') : paint('yellow', 'warning')
    await say(`  ${severity}  ${printable(finding.message)}  ${paint('dim', `(byte ${finding.offset})`)}`)
  }
  if (errors + warnings > kept.length) await say(`  … ${errors + warnings - kept.length} more; --limit shows more of them.`)
  if (kept.length > 0) await say('')
}

const placeOf = ({ interchangeControlNumber, groupControlNumber, set, setControlNumber }: PlacedFinding): string =>
  printable(
    set !== undefined
      ? `${set || 'Set'} ${setControlNumber} in group ${groupControlNumber}`
      : groupControlNumber !== undefined
        ? `Group ${groupControlNumber}`
        : interchangeControlNumber !== undefined
          ? `Interchange ${interchangeControlNumber}`
          : 'Outside any interchange',
  )
