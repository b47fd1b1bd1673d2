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
  const page = new Page()
  switch (item.type) {
    case 'interchange':
      page.segment(item.segment, 0)
      break
    case 'ta1':
    case 'group':
      page.segment(item.segment, 1)
      break
    case 'set':
      page.set(item)
      break
    case 'group-end':
      page.findings(item.findings, 1)
      page.trailer(item.segment, 'group', item.outcome, 1)
      break
    case 'interchange-end':
      page.findings(item.findings, 0)
      page.trailer(item.segment, 'interchange', item.outcome, 0)
      page.lines.push('')
      break
    case 'junk':
      page.findings([item.finding], 0)
      break
    default:
      item satisfies never
  }
  return page.lines
}

const verdict = (text: string, outcome: keyof typeof outcomes): string =>
  paint(outcome === 'R' ? 'red' : outcome === 'A' ? 'green' : 'yellow', text)

const idWidth = 9
const nameWidth = 40

/** Lines as they come, each indented by its depth. */
class Page {
  readonly lines: string[] = []

  segment({ segment, name, position, elements, before, findings }: InspectedSegment, depth: number): void {
    this.findings(before, depth)
    const called = name === '' ? paint('dim', 'unknown segment') : name
    this.line(depth, `${paint('bold', printable(segment).padEnd(3))}  ${called}${position > 0 ? paint('dim', `  (segment ${position})`) : ''}`)
    this.findings(findings, depth + 1)
    for (const element of elements) this.element(element, depth + 1)
  }

  set({ set, name, controlNumber, outcome, errors, warnings, children, findings }: InspectedSet): void {
    const faults = [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])]
    const title = printable([set, name, controlNumber].filter(part => part !== '').join(' '))
    this.line(setDepth, `${paint('bold', title)}  ${verdict([outcomes[outcome], ...faults].join(', '), outcome)}`)
    this.children(children, setDepth)
    this.findings(findings, setDepth)
  }

  trailer(segment: InspectedSegment | undefined, what: string, outcome: keyof typeof outcomes, depth: number): void {
    if (segment) this.segment(segment, depth)
    this.line(depth, verdict(`${what} ${outcomes[outcome]}`, outcome))
  }

  findings(findings: readonly Finding[] | undefined, depth: number): void {
    for (const { severity, message } of findings ?? [])
      this.line(depth, severity === 'error' ? paint('red', `✗ ${printable(message)}`) : paint('yellow', `! ${printable(message)}`))
  }

  /** Loops are indented under the segment that opens them, HL loops under their parents. */
  private children(children: readonly (InspectedSegment | InspectedLoop)[], depth: number): void {
    const levels = new Map<string, number>()
    for (const [index, child] of children.entries()) {
      if ('loop' in child) this.children(child.children, child.loop === 'HL' ? levelOf(child, levels, depth) : depth + 1)
      else this.segment(child, index === 0 || depth === setDepth ? depth : depth + 1)
    }
  }

  private element({ id, name, value, meaning, components, repetitions, findings }: InspectedElement, depth: number): void {
    const said = printable(value) || paint('dim', '(empty)')
    const text = `${paint('dim', id.padEnd(idWidth))}${padded(name, nameWidth)} ${said}`
    this.line(depth, meaning === undefined ? text.trimEnd() : `${text} ${paint('dim', `= ${meaning}`)}`)
    for (const part of components ?? []) this.element(part, depth + 1)
    for (const part of repetitions ?? []) this.element(part, depth + 1)
    this.findings(findings, depth)
  }

  private line(depth: number, text: string): void {
    this.lines.push(step.repeat(depth) + text)
  }
}

const levelOf = ({ children: [first] }: InspectedLoop, levels: Map<string, number>, depth: number): number => {
  const value = (number: string) =>
    first !== undefined && 'elements' in first ? (first.elements.find(({ id }) => id === `HL${number}`)?.value ?? '') : ''
  const level = (levels.get(value('02')) ?? depth) + 1
  levels.set(value('01'), level)
  return level
}

/** Padded to a width on the screen, where Chinese characters take two places and Thai vowels above and below none. */
const padded = (text: string, width: number): string => {
  if (/^[ -~]*$/.test(text)) return text.padEnd(width)
  let taken = 0
  for (const character of text) taken += /\p{M}/u.test(character) ? 0 : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1
  return text + ' '.repeat(Math.max(0, width - taken))
}
