import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { read, type Delimiters, type GroupHeader, type InterchangeHeader } from '../../x12/index.ts'
import { CliError, usageError } from '../failure.ts'
import { oneInput } from '../input.ts'
import { count, say, writeJson } from '../output.ts'
import { holdsNothing } from './options.ts'

type By = 'interchange' | 'group' | 'set'
type Options = { by: By; into: string; json?: true }

const help = `
Each file holds one interchange, one group or one set, byte for byte as it came, in an envelope of its own that is complete:
ISA, GS, GE01 = 1, IEA01 = 1, with the control numbers that it came with. Nothing is judged; what is wrong stays wrong.
Files are named by their control numbers: 000000001.edi, 000000001-7.edi, 000000001-7-0001.edi; a name that is taken twice
gets a number, and a file that is already there stops the splitting. TA1 segments stay with their interchange only.

Exit codes:
  0  split
  1  a file is already there
  2  the file cannot be read as X12, or wrong usage

Examples:
  $ accord-hub x12 split batch.edi --by set --into orders/
  $ accord-hub x12 split batch.edi --by interchange --into . --json`

export const registerSplit = (parent: Command): void => {
  parent
    .command('split')
    .description('split an X12 file: one file for each interchange, group or set')
    .argument('<file>', 'the file')
    .addOption(new Option('--by <part>', 'what each file holds').choices(['interchange', 'group', 'set']).default('set'))
    .requiredOption('--into <folder>', 'where the files go; made if it is not there')
    .option('--json', 'print one JSON object per file written')
    .addHelpText('after', help)
    .action(split)
}

const split = async (name: string, { by, into, json }: Options): Promise<void> => {
  if (name === '-') throw usageError('Only a file can be split, not standard input.')
  const input = await oneInput(name)
  const file = await open(name)
  try {
    await mkdir(into, { recursive: true })
    const splitter = new Splitter(file, into)
    let interchanges = 0
    for await (const event of read(input.open(), { level: 'envelope' })) {
      let written: string | undefined
      if (event.type === 'interchange') {
        interchanges++
        await splitter.beginInterchange(event.header)
      } else if (event.type === 'group') {
        await splitter.beginGroup(event.header)
      } else if (event.type === 'set' && by === 'set') {
        written = await splitter.set(event.result.start, event.result.end, event.result.controlNumber)
      } else if (event.type === 'group-end' && by === 'group') {
        written = await splitter.group(event.result.end)
      } else if (event.type === 'interchange-end' && by === 'interchange') {
        written = await splitter.interchange(event.result.end)
      }
      if (written !== undefined) await (json ? writeJson({ file: written }) : say(written))
    }
    if (interchanges === 0) throw holdsNothing(name)
    if (!json) console.error(`${count(splitter.files, 'file')} written.`)
  } finally {
    await file.close()
  }
}

/** Copies parts of a file by their offsets. What is kept of an envelope are the bytes of its header. */
class Splitter {
  files = 0
  private readonly source: FileHandle
  private readonly folder: string
  private readonly names = new Map<string, number>()
  private isa: Buffer = Buffer.alloc(0)
  private gs: Buffer = Buffer.alloc(0)
  private newline = ''
  private delimiters!: Delimiters
  private interchangeAt = 0
  private interchangeNumber = ''
  private groupAt = 0
  private groupNumber = ''

  constructor(source: FileHandle, folder: string) {
    this.source = source
    this.folder = folder
  }

  async beginInterchange({ offset, delimiters, controlNumber }: InterchangeHeader): Promise<void> {
    this.delimiters = delimiters
    this.interchangeAt = offset
    this.interchangeNumber = controlNumber.trim()
    const start = await this.bytes(offset, offset + longestHeader)
    // The terminator of ISA is the first after its sixteen elements, which no data can hold.
    let separators = 0
    let end = 0
    while (separators < 16 && end < start.length) if (start[end++] === delimiters.element) separators++
    end = start.indexOf(delimiters.segment, end) + 1
    this.isa = start.subarray(0, end)
    this.newline = /^[\r\n]*/.exec(start.toString('latin1', end))?.[0] ?? ''
  }

  async beginGroup({ offset, controlNumber }: GroupHeader): Promise<void> {
    this.groupAt = offset
    this.groupNumber = controlNumber
    const start = await this.bytes(offset, offset + longestHeader)
    this.gs = start.subarray(0, start.indexOf(this.delimiters.segment) + 1)
  }

  set(start: number, end: number, controlNumber: string): Promise<string> {
    const { element } = this.delimiters
    const mark = String.fromCharCode(element)
    return this.write(`${this.interchangeNumber}-${this.groupNumber}-${controlNumber}`, [this.isa, this.gs], start, end, [
      `GE${mark}1${mark}${this.groupNumber}`,
      this.trailer(),
    ])
  }

  group(end: number): Promise<string> {
    return this.write(`${this.interchangeNumber}-${this.groupNumber}`, [this.isa], this.groupAt, end, [this.trailer()])
  }

  interchange(end: number): Promise<string> {
    return this.write(this.interchangeNumber, [], this.interchangeAt, end, [])
  }

  private trailer(): string {
    const mark = String.fromCharCode(this.delimiters.element)
    return `IEA${mark}1${mark}${this.interchangeNumber}`
  }

  private async write(name: string, headers: readonly Buffer[], start: number, end: number, trailers: readonly string[]): Promise<string> {
    const path = join(this.folder, this.fileName(name))
    const terminator = String.fromCharCode(this.delimiters.segment)
    const target = await open(path, 'wx').catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new CliError(`${path} is already there.`) : error
    })
    try {
      for (const header of headers) await target.write(Buffer.concat([header, Buffer.from(this.newline)]))
      let last = 0
      for (let at = start; at < end; at += pieceLength) {
        const piece = await this.bytes(at, Math.min(end, at + pieceLength))
        last = piece.at(-1) ?? 0
        await target.write(piece)
      }
      // The last segment of a file may lack its terminator.
      if (trailers.length > 0 && last !== this.delimiters.segment) await target.write(Buffer.from(terminator, 'latin1'))
      await target.write(Buffer.from(this.newline + trailers.map(trailer => trailer + terminator + this.newline).join(''), 'latin1'))
    } finally {
      await target.close()
    }
    this.files++
    return path
  }

  /** Control numbers as they came may hold anything, and may come twice. */
  private fileName(name: string): string {
    const safe = name.replace(/[^A-Za-z0-9-]/g, '_')
    const times = (this.names.get(safe) ?? 0) + 1
    this.names.set(safe, times)
    return `${safe}${times > 1 ? `-again-${times}` : ''}.edi`
  }

  private async bytes(start: number, end: number): Promise<Buffer> {
    const buffer = Buffer.alloc(end - start)
    const { bytesRead } = await this.source.read(buffer, 0, buffer.length, start)
    return buffer.subarray(0, bytesRead)
  }
}

const longestHeader = 2048
const pieceLength = 1 << 20
