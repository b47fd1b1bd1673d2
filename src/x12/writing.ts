/** Writing, checked: nothing leaves that the guide would not let in. */
import type { Guide } from './compile.ts'
import type { WriteOptions } from './encode.ts'
import { groupOfLine, interchangeOfLine, LineError, loopOfLine, type GroupLine, type InterchangeLine, type TransactionToLine } from './line.ts'
import type { SetIdentity } from './session.ts'
import { standardGuide } from './standard.ts'
import { validateTransaction } from './transaction.ts'
import type { Finding, GroupHeader, InterchangeHeader, Loop, Transaction } from './types.ts'
import { InterchangeWriter, writeInterchange, type InterchangeToWrite, type TransactionToWrite } from './write.ts'

export interface CheckedWriteOptions {
  /** Whether each set is judged before it is written. Default true. */
  readonly check?: boolean
  /** The guide for a set; one for which there is none is written as it is. Default: the standard that is shipped. */
  readonly guideFor?: (set: Pick<SetIdentity, 'set' | 'version' | 'implementation'>) => Guide | undefined
}

export interface LineWriteOptions extends CheckedWriteOptions, Omit<WriteOptions, 'delimiters'> {
  /** ISA13 and GS06 of the first interchange, instead of those of the lines; each further interchange and group counts up. */
  readonly controlNumber?: number
}

/** A set that the guide rejects, and why. */
export class RejectedSetError extends Error {
  readonly set: string
  readonly controlNumber: string
  readonly findings: readonly Finding[]

  constructor(set: string, controlNumber: string, findings: readonly Finding[]) {
    const errors = findings.filter(found => found.severity === 'error')
    super(`${set} ${controlNumber} is not written: ${errors[0]?.message ?? ''}${errors.length > 1 ? ` (${errors.length - 1} more)` : ''}`)
    this.name = 'RejectedSetError'
    this.set = set
    this.controlNumber = controlNumber
    this.findings = findings
  }
}

/**
 * Write. A whole interchange is written at once; lines, such as reading gives (`lineOf`), are written as they come, an interchange and a group for each
 * run of lines that have the same. ISA is padded and SE01, GE01 and IEA01 are counted.
 *
 * Throws RejectedSetError when the guide rejects a set, WriteError when data cannot be written (it holds a delimiter, or does not fit), LineError
 * when there is no envelope to write into.
 */
export function write(interchange: InterchangeToWrite, options?: CheckedWriteOptions): Uint8Array
export function write(lines: Iterable<TransactionToLine> | AsyncIterable<TransactionToLine>, options?: LineWriteOptions): AsyncGenerator<Uint8Array>
export function write(
  source: InterchangeToWrite | Iterable<TransactionToLine> | AsyncIterable<TransactionToLine>, options: LineWriteOptions = {},
): Uint8Array | AsyncGenerator<Uint8Array> {
  return 'header' in source ? writeWhole(source, options) : writeLines(source, options)
}

function writeWhole(interchange: InterchangeToWrite, options: CheckedWriteOptions): Uint8Array {
  const groups = [...interchange.groups ?? []].map(group => {
    const transactions = [...group.transactions].map(transaction => ({ ...transaction, ...segmentsOnce(transaction) }))
    for (const transaction of transactions) check(transaction, group.header.version, options)
    return { ...group, transactions }
  })
  return writeInterchange({ ...interchange, groups })
}

/** Segments that can be gone through twice. */
function segmentsOnce({ segments }: TransactionToWrite): Pick<TransactionToWrite, 'segments'> {
  return segments === undefined ? {} : { segments: [...segments] }
}

function check(transaction: TransactionToWrite, version: string, { check: checked = true, guideFor }: CheckedWriteOptions): void {
  if (!checked) return
  const { set, controlNumber, implementation } = transaction
  const identity = { set, version, ...(implementation === undefined ? {} : { implementation }) }
  const guide = guideFor === undefined ? standardGuide(version, set) : guideFor(identity)
  if (guide === undefined) return
  const root: Loop = transaction.root ?? { id: set, children: [...transaction.segments ?? []] }
  const findings = validateTransaction({ ...identity, controlNumber, root } satisfies Transaction, guide)
  if (findings.some(found => found.severity === 'error')) throw new RejectedSetError(set, controlNumber, findings)
}

async function* writeLines(lines: Iterable<TransactionToLine> | AsyncIterable<TransactionToLine>, options: LineWriteOptions): AsyncGenerator<Uint8Array> {
  const writer = new LineWriter(options)
  for await (const line of lines) yield* writer.add(line)
  yield* writer.end()
}

/** Writes lines one after the other; `write` is built on it. */
export class LineWriter {
  private readonly options: LineWriteOptions
  private writer: InterchangeWriter | undefined
  private interchange: InterchangeLine | undefined
  private group: GroupLine | undefined
  private version = ''
  private sets = 0
  private interchanges = 0
  private groups = 0

  constructor(options: LineWriteOptions = {}) {
    this.options = options
  }

  /** Write a line. Returns the bytes that are complete. */
  add(line: TransactionToLine): Uint8Array[] {
    const interchange = line.interchange ?? this.interchange
    const group = line.group ?? this.group
    if (interchange === undefined || group === undefined) throw new LineError(`"${interchange ? 'group' : 'interchange'}" is missing, and no line before has it`)
    const done: Uint8Array[] = []
    if (!same(interchange, this.interchange)) {
      done.push(...this.end())
      this.begin(interchange)
    }
    const writer = this.writer as InterchangeWriter
    if (!same(group, this.group)) this.beginGroup(group)
    const { set, implementation } = line
    const controlNumber = line.controlNumber ?? String(this.sets + 1).padStart(4, '0')
    this.sets++
    const transaction = { set, controlNumber, ...(implementation === undefined ? {} : { implementation }), root: loopOfLine(line.root) }
    check(transaction, this.version, this.options)
    writer.addSet(transaction)
    return [...done, ...writer.encoder.take()]
  }

  /** Close what is open. */
  end(): Uint8Array[] {
    const { writer } = this
    if (!writer) return []
    if (this.group) writer.endGroup()
    this.writer = this.interchange = this.group = undefined
    return [writer.endInterchange()]
  }

  private begin(line: InterchangeLine): void {
    const header: InterchangeHeader = interchangeOfLine(line, this.number(line.controlNumber, this.interchanges++))
    this.interchange = line
    this.writer = new InterchangeWriter({ ...this.options, delimiters: header.delimiters })
    this.writer.beginInterchange(header)
  }

  private beginGroup(line: GroupLine): void {
    const writer = this.writer as InterchangeWriter
    if (this.group) writer.endGroup()
    const header: GroupHeader = groupOfLine(line, this.number(line.controlNumber, this.groups++))
    this.group = line
    this.version = header.version
    this.sets = 0
    writer.beginGroup(header)
  }

  /** Interchanges and groups count apart, each from the same number on. */
  private number(own: string, before: number): string {
    const { controlNumber } = this.options
    return controlNumber === undefined ? own : String(controlNumber + before)
  }
}

function same(a: object, b: object | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b)
}
