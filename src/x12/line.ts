/**
 * One transaction set as a line of JSON, with the envelope it came in: what `x12 json` prints and what `write` takes back. Delimiters are characters
 * here, so that people can read and write them.
 */
import { interchangeWidths } from './envelope.ts'
import type { Delimiters, ElementValue, Finding, GroupHeader, InterchangeHeader, Loop, ReadEvent, Segment, SetOutcome } from './types.ts'

export interface LineDelimiters {
  readonly element: string
  readonly component: string
  readonly segment: string
  readonly repetition: string | null
}

export interface InterchangeLine {
  /** ISA05, ISA06, ISA07, ISA08. */
  readonly senderQualifier: string
  readonly senderId: string
  readonly receiverQualifier: string
  readonly receiverId: string
  /** ISA09 and ISA10, YYMMDD and HHMM. */
  readonly date: string
  readonly time: string
  /** ISA12. */
  readonly version: string
  /** ISA13. */
  readonly controlNumber: string
  /** ISA14 is 1. */
  readonly acknowledgementRequested: boolean
  /** ISA15. */
  readonly usage: string
  /** ISA01 and ISA02, ISA03 and ISA04; left out when there is none. */
  readonly authorisation?: readonly [qualifier: string, information: string]
  readonly security?: readonly [qualifier: string, information: string]
  readonly delimiters: LineDelimiters
  /** Where it began in the file it was read from; tells apart interchanges that are otherwise alike. */
  readonly offset?: number
}

export interface GroupLine {
  /** GS01 to GS08. */
  readonly functionalId: string
  readonly senderCode: string
  readonly receiverCode: string
  readonly date: string
  readonly time: string
  readonly controlNumber: string
  readonly agency: string
  readonly version: string
  readonly offset?: number
}

/** A segment of a line; where it stood when it was read is of no account when it is written. */
export interface LineSegment {
  readonly id: string
  readonly elements: readonly ElementValue[]
  readonly position?: number
  readonly offset?: number
}

export interface LineLoop {
  readonly id: string
  readonly children: readonly (LineSegment | LineLoop)[]
}

/** What is needed to write a set. A line without an envelope goes into the one of the line before. */
export interface TransactionToLine {
  /** ST01 to ST03. */
  readonly set: string
  /** When left out, sets are numbered in their group: 0001, 0002 … */
  readonly controlNumber?: string
  readonly implementation?: string
  readonly interchange?: InterchangeLine
  readonly group?: GroupLine
  /** The set without ST and SE. */
  readonly root: LineLoop
}

/** A set as it was read. `root` is left out of one that is rejected, unless trees of all sets were asked for. */
export interface TransactionLine extends Omit<TransactionToLine, 'root'> {
  readonly controlNumber: string
  /** GS08. */
  readonly version: string
  readonly outcome: SetOutcome
  readonly findings: readonly Finding[]
  readonly interchange: InterchangeLine
  readonly group: GroupLine
  readonly root?: Loop
}

/** A line that cannot be written, with the place in it that is wrong. */
export class LineError extends Error {
  constructor(problem: string) {
    super(problem)
    this.name = 'LineError'
  }
}

/** The line of a set that was read. */
export function lineOf({ result, group, interchange }: ReadEvent & { type: 'set' }): TransactionLine {
  const { set, controlNumber, implementation, outcome, findings, transaction } = result
  return {
    set, controlNumber, ...(implementation === undefined ? {} : { implementation }), version: group.version, outcome, findings,
    interchange: interchangeLine(interchange), group: { ...group }, ...(transaction === undefined ? {} : { root: transaction.root }),
  }
}

function interchangeLine(header: InterchangeHeader): InterchangeLine {
  const { elements, delimiters: { element, component, segment, repetition }, acknowledgementRequested, offset, ...rest } = header
  const pair = (first: number): readonly [string, string] | undefined => {
    const [qualifier = '', information = ''] = [elements[first], elements[first + 1]]
    return qualifier === '00' && information.trim() === '' ? undefined : [qualifier, information.trimEnd()]
  }
  const [authorisation, security] = [pair(0), pair(2)]
  return {
    ...rest, acknowledgementRequested, ...(authorisation && { authorisation }), ...(security && { security }),
    delimiters: {
      element: String.fromCharCode(element), component: String.fromCharCode(component), segment: String.fromCharCode(segment),
      repetition: repetition === null ? null : String.fromCharCode(repetition),
    },
    offset,
  }
}

// ---- And back ----------------------------------------------------------------------------------------------------

/** The header that a line speaks of, as a reader would have found it. `controlNumber` takes the place of the line's. */
export function interchangeOfLine(line: InterchangeLine, controlNumber: string): InterchangeHeader {
  const delimiters = delimitersOfLine(line.delimiters)
  const [authorisation = ['00', ''], security = ['00', '']] = [line.authorisation, line.security]
  const { senderQualifier, senderId, receiverQualifier, receiverId, date, time, version, acknowledgementRequested, usage } = line
  const repetition = delimiters.repetition === null ? 'U' : String.fromCharCode(delimiters.repetition)
  const elements = [
    ...authorisation, ...security, senderQualifier, senderId, receiverQualifier, receiverId, date, time, repetition, version,
    controlNumber.padStart(interchangeWidths[12] as number, '0'), acknowledgementRequested ? '1' : '0', usage, String.fromCharCode(delimiters.component),
  ]
  return {
    offset: 0, delimiters, senderQualifier, senderId, receiverQualifier, receiverId, date, time, version, controlNumber, acknowledgementRequested, usage, elements,
  }
}

function delimitersOfLine({ element, component, segment, repetition }: LineDelimiters): Delimiters {
  return {
    element: element.charCodeAt(0), component: component.charCodeAt(0), segment: segment.charCodeAt(0),
    repetition: repetition === null ? null : repetition.charCodeAt(0),
  }
}

export function groupOfLine(line: GroupLine, controlNumber: string): GroupHeader {
  return { ...line, controlNumber, offset: 0 }
}

/** The loop of a line, as reading would have made it. */
export function loopOfLine({ id, children }: LineLoop): Loop {
  return { id, children: children.map(child => 'children' in child ? loopOfLine(child) : { offset: 0, position: 0, ...child } satisfies Segment) }
}

/** A value that was parsed from JSON as a line that can be written. Throws LineError naming what is missing or of the wrong kind. */
export function parseLine(value: unknown): TransactionToLine {
  if (!isRecord(value)) throw new LineError('it is no JSON object')
  const { outcome, root, interchange, group } = value
  if (root === undefined && outcome === 'R') throw new LineError('the set was rejected and has no segments to write; print it with x12 json --all')
  text(value, '', 'set', true)
  text(value, '', 'controlNumber', false)
  text(value, '', 'implementation', false)
  if (interchange !== undefined) checkInterchange(interchange)
  if (group !== undefined) {
    if (!isRecord(group)) throw new LineError('"group" is no object')
    for (const name of ['functionalId', 'senderCode', 'receiverCode', 'date', 'time', 'controlNumber', 'agency', 'version']) text(group, 'group.', name, true)
  }
  checkLoop(root, 'root')
  return value as unknown as TransactionToLine
}

function checkInterchange(value: unknown): void {
  if (!isRecord(value)) throw new LineError('"interchange" is no object')
  const texts = ['senderQualifier', 'senderId', 'receiverQualifier', 'receiverId', 'date', 'time', 'version', 'controlNumber', 'usage']
  for (const name of texts) text(value, 'interchange.', name, true)
  const { acknowledgementRequested, delimiters } = value
  if (typeof acknowledgementRequested !== 'boolean') throw new LineError('"interchange.acknowledgementRequested" must be true or false')
  for (const name of ['authorisation', 'security']) {
    const pair = value[name]
    if (pair !== undefined && !(Array.isArray(pair) && pair.length === 2 && pair.every(part => typeof part === 'string'))) {
      throw new LineError(`"interchange.${name}" must be a list of a qualifier and its information`)
    }
  }
  if (!isRecord(delimiters)) throw new LineError('"interchange.delimiters" is missing')
  const marks = ['element', 'component', 'segment', 'repetition'].map(name => {
    const mark = delimiters[name]
    const one = typeof mark === 'string' && mark.length === 1 && mark.charCodeAt(0) < 256
    if (!one && !(name === 'repetition' && mark === null)) throw new LineError(`"interchange.delimiters.${name}" must be one character`)
    return mark
  }).filter(mark => mark !== null)
  if (new Set(marks).size < marks.length) throw new LineError('"interchange.delimiters" must all be different')
}

function checkLoop(value: unknown, place: string): void {
  if (!isRecord(value) || typeof value['id'] !== 'string' || !Array.isArray(value['children'])) throw new LineError(`"${place}" must be {"id": …, "children": […]}`)
  for (const [i, child] of value['children'].entries()) {
    const at = `${place}.children[${i}]`
    if (isRecord(child) && 'children' in child) checkLoop(child, at)
    else checkSegment(child, at)
  }
}

function checkSegment(value: unknown, place: string): void {
  if (!isRecord(value) || typeof value['id'] !== 'string' || !Array.isArray(value['elements'])) throw new LineError(`"${place}" must be {"id": …, "elements": […]}`)
  if (!/^[A-Z][A-Z0-9]{1,2}$/.test(value['id'])) throw new LineError(`"${place}.id" is no name of a segment: "${value['id']}"`)
  for (const [i, element] of value['elements'].entries()) {
    if (!isElement(element)) throw new LineError(`"${place}.elements[${i}]" must be text, a list of texts, or {"repeats": […]}`)
  }
}

function isElement(value: unknown): value is ElementValue {
  const part = (one: unknown) => typeof one === 'string' || (Array.isArray(one) && one.every(component => typeof component === 'string'))
  return part(value) || (isRecord(value) && Array.isArray(value['repeats']) && value['repeats'].every(part))
}

function text(record: Readonly<Record<string, unknown>>, before: string, name: string, required: boolean): void {
  const value = record[name]
  if (typeof value !== 'string' && !(value === undefined && !required)) throw new LineError(`"${before}${name}" ${value === undefined ? 'is missing' : 'must be text'}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

