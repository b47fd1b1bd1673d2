import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  BackupError,
  copyLine,
  endOfRows,
  newHash,
  parseHeader,
  parseTrailer,
  partitionLines,
  sequenceLines,
  type BackupHeader,
  type BackupTrailer,
  type TableHeader,
} from './format.ts'

/** What reading a backup tells, in order. Rows are whole lines of COPY's text format. */
export type BackupPart =
  | { readonly type: 'header'; readonly header: BackupHeader }
  | { readonly type: 'rows'; readonly table: TableHeader; readonly bytes: Buffer; readonly count: number }
  | { readonly type: 'trailer'; readonly trailer: BackupTrailer }

const newline = 10
const longestHeader = 1 << 24
const damaged = (what: string): BackupError => new BackupError(`The backup is damaged: ${what}.`)
const truncated = (): BackupError => new BackupError('The backup is incomplete: it ends too early.')

/**
 * Reads a backup and checks it as it goes: its structure, the number of rows of every table, and at the end the hash. What is
 * told before the trailer is therefore not proven yet. Bounded memory.
 * @throws BackupError
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart> {
  const hash = newHash()
  const lines = new Lines(bytesOf(file), bytes => hash.update(bytes))
  const expect = async (text: string): Promise<void> => {
    if ((await lines.next()) !== text) throw damaged(`it does not say "${text.slice(0, 60)}" where it should`)
  }
  const first = await lines.next()
  const header = parseHeader(first)
  yield { type: 'header', header }
  for (const line of partitionLines(header)) await expect(line)
  let rows = 0
  for (const table of header.tables) {
    await expect(copyLine(table))
    let found = 0
    for await (const bytes of lines.until(endOfRows)) {
      const count = countLines(bytes)
      found += count
      yield { type: 'rows', table, bytes, count }
    }
    if (found !== table.rows) throw damaged(`${table.name} should have ${table.rows} rows and has ${found}`)
    rows += found
  }
  for (const line of sequenceLines(header)) await expect(line)
  const sha256 = hash.digest('hex')
  const trailer = parseTrailer(await lines.last())
  if (!trailer) throw damaged('it has no trailer')
  if (trailer.sha256 !== sha256 || trailer.rows !== rows) throw damaged('its content is not what was written (SHA-256)')
  yield { type: 'trailer', trailer }
}

/** Reads all of it once, to know that it is whole and right. @throws BackupError */
export const verifyBackup = async (
  file: string,
): Promise<{ header: BackupHeader; trailer: BackupTrailer; sizeBytes: number }> => {
  let header: BackupHeader | undefined
  let trailer: BackupTrailer | undefined
  for await (const part of readBackup(file)) {
    if (part.type === 'header') header = part.header
    else if (part.type === 'trailer') trailer = part.trailer
  }
  if (!header || !trailer) throw truncated()
  return { header, trailer, sizeBytes: (await stat(file)).size }
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const unzipped: Readable = pipeline(createReadStream(file), createGunzip({ chunkSize: 1 << 18 }), () => {})
  try {
    for await (const piece of unzipped) yield piece as Buffer
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw truncated()
    if (code.startsWith('Z_'))
      throw /header/.test(message)
        ? new BackupError('The file is not a backup of this program.')
        : damaged('it cannot be decompressed')
    if (code === 'ENOENT') throw new BackupError(`${file} does not exist.`)
    throw new BackupError(`${file} cannot be read (${code || message}).`, { cause: error })
  }
}

const countLines = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++
  return count
}

/** Lines of a stream of bytes. `taken` is told every byte that was handed out. */
class Lines {
  private readonly source: AsyncIterator<Buffer>
  private readonly taken: (bytes: Buffer) => void
  private rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>, taken: (bytes: Buffer) => void) {
    this.source = source[Symbol.asyncIterator]()
    this.taken = taken
  }

  /** The next line, without its end. */
  async next(): Promise<string> {
    const line = await this.whole()
    this.taken(line)
    return line.subarray(0, -1).toString('utf8')
  }

  /** The last line, which nothing may follow; it is not told. */
  async last(): Promise<string> {
    const line = await this.whole()
    if (this.rest.length > 0 || !(await this.source.next()).done) throw damaged('something follows its trailer')
    return line.subarray(0, -1).toString('utf8')
  }

  /** All lines before the one that is `end`, in pieces of whole lines. */
  async *until(end: string): AsyncGenerator<Buffer> {
    const mark = Buffer.from(`${end}\n`)
    const inner = Buffer.from(`\n${end}\n`)
    for (;;) {
      const at = this.rest.subarray(0, mark.length).equals(mark) ? 0 : this.rest.indexOf(inner) + 1
      if (at > 0) yield this.take(at)
      if (this.rest.subarray(0, mark.length).equals(mark)) {
        this.take(mark.length)
        return
      }
      // The line after the last line end may turn out to be the mark.
      const whole = this.rest.lastIndexOf(newline) + 1
      if (whole > 0) yield this.take(whole)
      await this.more()
    }
  }

  private async whole(): Promise<Buffer> {
    for (;;) {
      const end = this.rest.indexOf(newline)
      if (end >= 0) {
        const line = this.rest.subarray(0, end + 1)
        this.rest = this.rest.subarray(end + 1)
        return line
      }
      if (this.rest.length > longestHeader) throw new BackupError('The file is not a backup of this program.')
      await this.more()
    }
  }

  private take(length: number): Buffer {
    const bytes = this.rest.subarray(0, length)
    this.rest = this.rest.subarray(length)
    this.taken(bytes)
    return bytes
  }

  private async more(): Promise<void> {
    const { done, value } = await this.source.next()
    if (done) throw truncated()
    this.rest = this.rest.length === 0 ? value : Buffer.concat([this.rest, value])
  }
}
