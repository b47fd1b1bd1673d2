import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import {
  guideOf,
  messageLanguages,
  parseOverlay,
  shippedGuide,
  shippedGuides,
  standardGuide,
  type Guide,
} from '../../x12/index.ts'
import { CliError, unreadable, usageError } from '../failure.ts'
import { loadGuide } from './guide.ts'

export const languageOption = (): Option =>
  new Option('--language <language>', 'of findings and names: English, Thai, Chinese, Russian').choices(messageLanguages).default('en')

export const guideOption = (): Option =>
  new Option('--guide <guide>', 'judge by this guide where it fits, else by the standard; may be given several times')
    .argParser((name: string, before: string[] | undefined) => [...(before ?? []), name])
    .default([], 'the standard')

export const guidesHelp = `
A guide is a file such as x12 learn writes, or the name of one that is shipped: ${shippedGuides.join(', ')} for all its sets,
${shippedGuides[0]}/850 for one. The first that fits a set's kind and version judges it; what fits none is judged by the standard.`

export const levels = ['envelope', 'syntax', 'full', 'partner'] as const
export type Level = (typeof levels)[number]

export const levelsHelp = `
Levels, each with those before it:
  envelope  ISA, GS, ST and their trailers: control numbers and counts
  syntax    places, usage, types, lengths, syntax notes
  full      codes and hierarchies
  partner   business sums (CTT, TDS …) of the guide, as warnings`

export const levelOption = (): Option => new Option('--level <level>', 'how much is checked').choices(levels).default('full')

export const controlNumber = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999999.')
  return Number(text)
}

/** A guide is chosen by set and version (GS08) alone. */
export type ChosenGuides = { readonly guideFor?: (set: { readonly set: string; readonly version: string }) => Guide | undefined }

type Choice = (set: string, version: string) => Guide | undefined

/** The guides that --guide names, as reading wants them; nothing when none is named. @throws CliError or GuideError when one cannot be had */
export const chosenGuides = async (names: readonly string[]): Promise<ChosenGuides> => {
  if (names.length === 0) return {}
  const choices = await Promise.all(names.map(choice))
  return {
    guideFor: ({ set, version }) => {
      for (const choose of choices) {
        const guide = choose(set, version.slice(0, 6))
        if (guide) return guide
      }
      return standardGuide(version, set)
    },
  }
}

const choice = async (name: string): Promise<Choice> => {
  const [shipped = '', ofSet] = name.split('/')
  if ((shippedGuides as readonly string[]).includes(shipped) && name.split('/').length < 3) {
    if (ofSet !== undefined) await loadGuide(name)
    return (set, version) => (ofSet === undefined || ofSet === set ? shippedGuide(shipped, set, version) : undefined)
  }
  if (/\.json$/i.test(name)) {
    const overlay = parseOverlay(await json(name))
    const guide = guideOf(overlay)
    const versions = overlay.versions ?? [guide.version]
    const byVersion = new Map<string, Guide>([[guide.version, guide]])
    return (set, version) => {
      if (set !== guide.set || !versions.includes(version)) return undefined
      let found = byVersion.get(version)
      if (!found) byVersion.set(version, (found = guideOf(overlay, version)))
      return found
    }
  }
  const guide = await loadGuide(name)
  return (set, version) => (set === guide.set && version === guide.version ? guide : undefined)
}

const json = async (name: string): Promise<unknown> => {
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    throw unreadable(name, error)
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usageError(`${name} is no JSON: ${(error as Error).message}.`)
  }
}

/** There is no X12 in the input at all. */
export const holdsNothing = (name: string): CliError =>
  new CliError(`${name === '-' ? 'Standard input' : name} holds no X12 interchange.`, { exitCode: 2 })
