import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { compareGuides, judgedDifferently, type Guide, type GuideDifference, type JudgedSet } from '../../x12/index.ts'
import { usageError, type ExitCode } from '../failure.ts'
import { manyInputs } from '../input.ts'
import { count, paint, printable, say, writeJson } from '../output.ts'
import { guideHelp, loadGuide } from './guide.ts'

type Options = { files?: string; format: 'text' | 'json'; json?: true }

const help = `
Says place by place what GUIDE_B forbids or allows that GUIDE_A does not: - is stricter, + is looser, ~ is neither.
With --files it also says which sets of these files would be judged otherwise.
${guideHelp}

With --format json there is one object per line: {"type": "difference", …}, {"type": "set", …} for each set that would be
judged otherwise, and {"type": "summary", …} last.

Exit codes:
  0  no differences
  1  there are differences
  2  no such guide, or wrong usage

Examples:
  $ accord-hub x12 diff 004010/850 vics/850
  $ accord-hub x12 diff 004010/850 005010/850 --format json
  $ accord-hub x12 diff vics/850 draft.json --files inbox/`

export const registerDiff = (parent: Command): void => {
  parent
    .command('diff')
    .description('say what one guide allows or forbids that another does not')
    .argument('<guide_a>', 'what there is')
    .argument('<guide_b>', 'what it is compared with')
    .option('--files <folder>', 'a folder of X12 files, or one file, to judge by both')
    .addOption(new Option('--format <format>', 'for people or for programs').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .addHelpText('after', help)
    .action(async (a: string, b: string, options: Options) => {
      process.exitCode = await diff(a, b, options)
    })
}

const diff = async (nameA: string, nameB: string, options: Options): Promise<ExitCode> => {
  const [a, b] = [await loadGuide(nameA), await loadGuide(nameB)]
  if (a.set !== b.set) throw usageError(`${nameA} is of ${a.set} and ${nameB} of ${b.set}: they have nothing to compare.`)
  const json = options.json === true || options.format === 'json'
  const differences = compareGuides(a.model, b.model)
  if (json) for (const difference of differences) await writeJson({ type: 'difference', ...difference })
  else await show(differences)
  const judged = options.files === undefined ? undefined : await judgeFiles(a, b, options.files, json)
  const effects = {
    stricter: differences.filter(({ effect }) => effect === 'stricter').length,
    looser: differences.filter(({ effect }) => effect === 'looser').length,
    other: differences.filter(({ effect }) => effect === 'other').length,
  }
  if (json) await writeJson({ type: 'summary', a: nameA, b: nameB, set: a.set, differences: differences.length, ...effects, ...judged })
  else {
    await say(`${count(differences.length, 'difference')}: ${effects.stricter} stricter, ${effects.looser} looser, ${effects.other} neither.`)
    if (judged) {
      const { files, sets, different, newlyRejected, newlyAccepted } = judged
      await say(`${count(sets, 'set')} in ${count(files, 'file')}: ${different} judged otherwise, ${newlyRejected} newly rejected, ${newlyAccepted} newly accepted.`)
    }
  }
  return differences.length > 0 || (judged?.different ?? 0) > 0 ? 1 : 0
}

const signs = { stricter: '-', looser: '+', other: '~' } as const
const colours = { stricter: 'red', looser: 'green', other: 'dim' } as const

const show = async (differences: readonly GuideDifference[]): Promise<void> => {
  for (const { effect, sentence } of differences) await say(`${paint(colours[effect], signs[effect])} ${printable(sentence)}`)
  if (differences.length > 0) await say('')
}

/** Which sets of the files are judged otherwise, said as they are found. */
const judgeFiles = async (a: Guide, b: Guide, folder: string, json: boolean) => {
  const total = { files: 0, sets: 0, different: 0, newlyRejected: 0, newlyAccepted: 0 }
  for (const input of await manyInputs([folder])) {
    const { sets, different } = judgedDifferently(a, b, await readFile(input.name))
    total.files += 1
    total.sets += sets
    for (const set of different) {
      total.different += 1
      if (set.a !== 'R' && set.b === 'R') total.newlyRejected += 1
      if (set.a === 'R' && set.b !== 'R') total.newlyAccepted += 1
      if (json) await writeJson({ type: 'set', file: input.name, ...set })
      else await showSet(input.name, set)
    }
  }
  if (!json && total.different > 0) await say('')
  return total
}

const showSet = async (file: string, { set, controlNumber, a, b, onlyA, onlyB }: JudgedSet): Promise<void> => {
  const words = { A: 'accepted', E: 'accepted with errors', R: 'rejected' } as const
  const change = a === b ? `${words[a]} by both` : `${words[a]}, then ${words[b]}`
  await say(`${paint('bold', printable(`${file}: ${set} ${controlNumber}`))}: ${paint(b === 'R' && a !== 'R' ? 'red' : a === 'R' && b !== 'R' ? 'green' : 'dim', change)}`)
  for (const { message } of onlyB.slice(0, 5)) await say(`  ${paint('red', '-')} ${printable(message)}`)
  for (const { message } of onlyA.slice(0, 5)) await say(`  ${paint('green', '+')} no longer said: ${printable(message)}`)
  const more = Math.max(0, onlyB.length - 5) + Math.max(0, onlyA.length - 5)
  if (more > 0) await say(`  … ${more} more`)
}
