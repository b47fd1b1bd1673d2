import { readFile, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Command } from 'commander'
import { formatGuide, GuideLearner, narrowedGuide, type LearnedGuide } from '../../x12/index.ts'
import { usageError, type ExitCode } from '../failure.ts'
import { manyInputs, x12Extensions } from '../input.ts'
import { count, printable, write } from '../output.ts'
import { guideHelp, loadGuide } from './guide.ts'

type Options = { base: string; out?: string }

const help = `
Reads every file in the folder (${x12Extensions.join(', ')}) and proposes a guide: segments and elements that are always or never
there, codes, kinds such as REF*DP or N1*ST, each with what shows it. Beside that, how the files are made: identifiers,
delimiters, versions, control numbers. Files that the base rejects are named and left out; all others are accepted under it.
It never limits how many lines there are. Look through it before you use it: samples do not show all that a partner may send.
${guideHelp}

Exit codes:
  0  proposed
  1  nothing in the folder was accepted, so there is nothing to learn from
  2  wrong usage, or a file cannot be read

Examples:
  $ accord-hub x12 learn samples/ --base 004010/850 --out northwind-850.json
  $ accord-hub x12 diff 004010/850 northwind-850.json
  $ accord-hub x12 learn samples/ --base vics/856 | jq .profile.senders`

export const registerLearn = (parent: Command): void => {
  parent
    .command('learn')
    .description('propose a guide from a folder of sample files')
    .argument('<folder>', 'a folder of X12 files, or one file')
    .requiredOption('--base <guide>', 'what they are samples of, for example 004010/850')
    .option('--out <file>', 'write the guide there instead of to standard output')
    .option('--json', 'as it does anyway')
    .addHelpText('after', help)
    .action(async (folder: string, options: Options) => {
      process.exitCode = await learn(folder, options)
    })
}

const learn = async (folder: string, { base: reference, out }: Options): Promise<ExitCode> => {
  if (/\.json$/i.test(reference)) throw usageError('--base is the standard or a guide that is shipped, such as 004010/850 or vics/850.')
  const base = await loadGuide(reference)
  const learner = new GuideLearner(base, reference)
  if (folder === '-') throw usageError('Samples are read from a folder.')
  for (const input of await manyInputs([folder])) learner.add(relative(folder, input.name) || input.name, await readFile(input.name))
  const guide = learner.finish()
  report(guide)
  if (guide.profile.files === 0) return 1
  // What is proposed must be a guide.
  narrowedGuide(base.version, base.set, guide)
  if (out === undefined) await write(formatGuide(guide))
  else await writeFile(out, formatGuide(guide))
  return 0
}

/** For the person, beside the guide itself. */
const report = ({ profile, narrow, rules, extends: base }: LearnedGuide): void => {
  for (const { file, why } of profile.leftOut) console.error(`left out  ${printable(file)}: ${printable(why)}`)
  if (profile.files === 0) {
    console.error(`No file holds a set of ${base} that is accepted.`)
    return
  }
  const having = (test: (narrowing: LearnedGuide['narrow'][number]) => boolean) => narrow.filter(test).length
  console.error(
    `Learned from ${count(profile.sets, 'set')} in ${count(profile.files, 'file')}: ${having(n => n.req === 'X')} places not used, ` +
      `${having(n => n.req === 'M')} always there, ${count(having(n => n.codes !== undefined), 'code list')}, ` +
      `${count(having(n => n.at.includes('[')), 'line')} about kinds, ${count(rules.length, 'total')}.`,
  )
  if (profile.sets < 5) console.error('That is few. With more samples it can tell what is always there from what just happened to be.')
}
