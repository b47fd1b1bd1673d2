import { Option, type Command } from 'commander'
import {
  inspect,
  type Finding,
  type Inspected,
  type InspectedElement,
  type InspectedLoop,
  type InspectedSegment,
  type InspectedSet,
  type MessageLanguage,
} from '../../x12/index.ts'
import { oneInput } from '../input.ts'
import { count, paint, printable, say, writeJson } from '../output.ts'
import { chosenGuides, guideOption, guidesHelp, holdsNothing, languageOption, levelOption, levelsHelp, type Level } from './options.ts'

type Options = { level: Level; guide: string[]; language: MessageLanguage; format: 'text' | 'json'; json?: true }

const help = `
Every segment and element with its name, codes with their meanings, loops indented (the levels of a ship notice by who hangs
on whom), and each finding below what it is about. Coloured at a terminal.
With --format json there is one object per line: {"type": "interchange" | "group" | "set" | "group-end" | "interchange-end" |
"ta1" | "junk", …}; docs/x12.md tells what is in them.
${levelsHelp}
${guidesHelp}

Exit codes:
  0  everything in it is accepted (there may be warnings)
  1  something has errors
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 inspect order.edi
  $ accord-hub x12 inspect order.edi --language zh | less
  $ accord-hub x12 inspect - --format json < order.edi | jq 'select(.type == "set")'`

export const registerInspect = (parent: Command): void => {
  parent
    .command('inspect')
    .description('print an X12 file with everything in it named, findings in place')
    .argument('<file>', 'the file; - is standard input')
    .addOption(levelOption())
    .addOption(guideOption())
    .addOption(languageOption())
    .addOption(new Option('--format <format>', 'for people or for programs').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .addHelpText('after', help)
    .action(printInspected)
}

const printInspected = async (name: string, { level, guide, language, format, json }: Options): Promise<void> => {
  const input = await oneInput(name)
  const options = { level, language, ...(await chosenGuides(guide)) }
  let interchanges = 0
  let faults = 0
  for await (const item of inspect(input.open(), options)) {
    if (item.type === 'interchange') interchanges++
    faults += errorsIn(item)
    if (json || format === 'json') await writeJson(item)
    else await say(...textOf(item))
  }
  if (interchanges === 0) throw holdsNothing(name)
  process.exitCode = faults > 0 ? 1 : 0
}

/** Errors of a set, and of envelopes at their ends: those about headers make their outcome R. */
const errorsIn = (item: Inspected): number => {
  switch (item.type) {
    case 'set':
      return item.errors
    case 'group-end':
    case 'interchange-end':
      return item.outcome === 'R' ? 1 : 0
    case 'junk':
      return 1
    default:
      return 0
  }
}

// ---- As text -----------------------------------------------------------------------------------------------------

const outcomes = { A: 'accepted', E: 'accepted, with errors noted', P: 'partly accepted', R: 'rejected' } as const
const step = '  '
/** Of what stands in a set and in no loop of it. */
const setDepth = 2

const textOf = (item: Inspected): string[] => {
  switch (item.type) {
    case 'interchange':
      return segmentLines(item.segment, 0)
    case 'ta1':
      return segmentLines(item.segment, 1)
    case 'group':
      return segmentLines(item.segment, 1)
    case 'set':
      return setLines(item)
    case 'group-end':
      return [...item.findings.map(found => findingLine(found, 1)), ...trailerLines(item.segment, 'group', item.outcome, 1)]
    case 'interchange-end':
      return [...item.findings.map(found => findingLine(found, 0)), ...trailerLines(item.segment, 'interchange', item.outcome, 0), '']
    case 'junk':
      return [findingLine(item.finding, 0)]
    default:
      return item satisfies never
  }
}

const trailerLines = (segment: InspectedSegment | undefined, what: string, outcome: keyof typeof outcomes, depth: number): string[] => [
  ...(segment ? segmentLines(segment, depth) : []),
  step.repeat(depth) + verdict(`${what} ${outcomes[outcome]}`, outcome),
]

const verdict = (text: string, outcome: keyof typeof outcomes): string =>
  paint(outcome === 'R' ? 'red' : outcome === 'A' ? 'green' : 'yellow', text)

const setLines = ({ set, name, controlNumber, outcome, errors, warnings, children, findings }: InspectedSet): string[] => {
  const faults = [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])]
  const title = printable([set, name, controlNumber].filter(part => part !== '').join(' '))
  return [
    `${step.repeat(setDepth)}${paint('bold', title)}  ${verdict([outcomes[outcome], ...faults].join(', '), outcome)}`,
    ...childLines(children, setDepth),
    ...findings.map(found => findingLine(found, setDepth)),
  ]
}

/** Loops are indented under the segment that opens them, HL loops under their parents. */
const childLines = (children: readonly (InspectedSegment | InspectedLoop)[], depth: number): string[] => {
  const levels = new Map<string, number>()
  return children.flatMap((child, index) => {
    if ('loop' in child) return childLines(child.children, child.loop === 'HL' ? levelOf(child, levels, depth) : depth + 1)
    return segmentLines(child, index === 0 || depth === setDepth ? depth : depth + 1)
  })
}

const levelOf = ({ children: [first] }: InspectedLoop, levels: Map<string, number>, depth: number): number => {
  const value = (number: string) =>
    first !== undefined && 'elements' in first ? (first.elements.find(({ id }) => id === `HL${number}`)?.value ?? '') : ''
  const level = (levels.get(value('02')) ?? depth) + 1
  levels.set(value('01'), level)
  return level
}

const segmentLines = ({ segment, name, position, elements, before = [], findings = [] }: InspectedSegment, depth: number): string[] => [
  ...before.map(found => findingLine(found, depth)),
  step.repeat(depth) +
    paint('bold', printable(segment).padEnd(3)) +
    `  ${name === '' ? paint('dim', 'unknown segment') : name}${position > 0 ? paint('dim', `  (segment ${position})`) : ''}`,
  ...findings.map(found => findingLine(found, depth + 1)),
  ...elements.flatMap(element => elementLines(element, depth + 1)),
]

const idWidth = 9
const nameWidth = 40

const elementLines = (element: InspectedElement, depth: number): string[] => {
  const { id, name, value, meaning, components = [], repetitions = [], findings = [] } = element
  const parts = [
    step.repeat(depth) + paint('dim', id.padEnd(idWidth)) + padded(name, nameWidth),
    printable(value) || paint('dim', '(empty)'),
    ...(meaning === undefined ? [] : [paint('dim', `= ${meaning}`)]),
  ]
  return [
    parts.join(' ').trimEnd(),
    ...components.flatMap(part => elementLines(part, depth + 1)),
    ...repetitions.flatMap(part => elementLines(part, depth + 1)),
    ...findings.map(found => findingLine(found, depth)),
  ]
}

const findingLine = ({ severity, message }: Finding, depth: number): string =>
  step.repeat(depth) +
  (severity === 'error' ? paint('red', `✗ ${printable(message)}`) : paint('yellow', `! ${printable(message)}`))

/** Padded to a width on the screen, where Chinese characters take two places and Thai vowels above and below none. */
const padded = (text: string, width: number): string => {
  let taken = 0
  for (const character of text) taken += /\p{M}/u.test(character) ? 0 : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1
  return text + ' '.repeat(Math.max(0, width - taken))
}
