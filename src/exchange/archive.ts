import { isAscii } from 'node:buffer'
import { createHash } from 'node:crypto'
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAs, withOrganisation, type Database, type Tx } from '../db/client.ts'

/** Bytes of one archived piece. Small enough to stream, large enough that 200 MB are 200 rows. */
export const chunkBytes = 1024 * 1024

/** What has arrived: all of it when it fits in one piece, otherwise a file that holds it until it is archived. */
export type Arrival = {
  readonly sha256: Buffer
  readonly sizeBytes: number
  readonly head: Uint8Array
  readonly rest: SpooledFile | undefined
}
type SpooledFile = { chunks(): AsyncGenerator<Buffer>; discard(): Promise<void> }

/**
 * Takes a body in. Up to one piece stays in memory; a larger one is spooled to a temporary file first, so that a slow
 * sender holds no database connection.
 */
export const takeIn = async (source: AsyncIterable<Uint8Array>): Promise<Arrival> => {
  const hash = createHash('sha256')
  const pieces: Uint8Array[] = []
  let size = 0
  let file: { handle: FileHandle; folder: string } | undefined
  try {
    for await (const piece of source) {
      hash.update(piece)
      size += piece.length
      if (file) {
        await file.handle.write(piece)
        continue
      }
      pieces.push(piece)
      if (size <= chunkBytes) continue
      const folder = await mkdtemp(join(tmpdir(), 'accord-'))
      file = { folder, handle: await open(join(folder, 'body'), 'wx+', 0o600) }
      for (const kept of pieces) await file.handle.write(kept)
    }
  } catch (error) {
    if (file) await discard(file)
    throw error
  }
  const head = Buffer.concat(pieces)
  const spooled = file
  return {
    sha256: hash.digest(),
    sizeBytes: size,
    head,
    rest: spooled && { chunks: () => chunksOf(spooled.handle, size), discard: () => discard(spooled) },
  }
}

const discard = async (file: { handle: FileHandle; folder: string }): Promise<void> => {
  await file.handle.close()
  await rm(file.folder, { recursive: true, force: true })
}

async function* chunksOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - at))
    for (let filled = 0; filled < buffer.length;) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, at + filled)
      if (bytesRead === 0) throw new Error('the spooled body is shorter than what was written to it')
      filled += bytesRead
    }
    yield buffer
    at += buffer.length
  }
}

/** Stores the pieces of a message with the caller's transaction: each of `chunkBytes`, the last one what is left. */
export const archive = async (
  tx: Tx,
  message: { readonly id: string; readonly organisationId: string; readonly counterpartId?: string | null },
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> => {
  let sequence = 0
  let offset = 0
  for await (const bytes of chunks) {
    if (offset !== sequence * chunkBytes)
      throw new Error(`piece ${sequence} of ${message.id} does not begin at ${sequence} × ${chunkBytes}`)
    await tx.sql`
      insert into message_chunk (message_id, sequence, organisation_id, counterpart_id, start_offset, bytes)
      values (${message.id}, ${sequence}, ${message.organisationId}, ${message.counterpartId ?? null}, ${offset}, ${bytesAsText(bytes)}::text::bytea)`
    sequence += 1
    offset += bytes.length
  }
}

/** The archived pieces of a message in order, one at a time. The caller sees only what its organisation may. */
export async function* archivedChunks(
  db: Database | Tx,
  organisationId: string,
  messageId: string,
  from = 0,
): AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  for (let offset = from; ;) {
    const chunk = await chunkAt(db, organisationId, messageId, offset)
    if (!chunk) return
    yield chunk
    offset = chunk.offset + chunk.bytes.length
  }
}

const chunkAt = async (db: Database | Tx, organisationId: string, messageId: string, offset: number) => {
  const rows = await readAs(
    db,
    organisationId,
    sql => sql<{ offset: string; text: string }[]>`
    select start_offset as offset, encode(bytes, 'escape') as text from message_chunk
    where message_id = ${messageId} and sequence = ${Math.floor(offset / chunkBytes)}`,
  )
  const row = rows[0]
  if (!row) return undefined
  const start = Number(row.offset)
  const bytes = bytesOfText(row.text)
  return start + bytes.length > offset ? { offset: start, bytes } : undefined
}

const backslash = 0x5c

/**
 * Bytes as PostgreSQL reads a bytea. X12 is mostly ASCII, which may stand as it is; the hexadecimal form, which anything else needs,
 * is twice as long and took a good part of the time and the memory of a large message.
 */
export const bytesAsText = (bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isAscii(buffer) && !buffer.includes(backslash) && !buffer.includes(0)
    ? buffer.toString('latin1')
    : `\\x${buffer.toString('hex')}`
}

/** The bytes of PostgreSQL's `escape` form: ASCII as it is, other bytes as \nnn in octal, a backslash doubled. */
const bytesOfText = (text: string): Buffer =>
  Buffer.from(
    text.includes('\\')
      ? text.replace(/\\(?:\\|([0-7]{3}))/g, (_, octal?: string) => (octal ? String.fromCharCode(parseInt(octal, 8)) : '\\'))
      : text,
    'latin1',
  )

/**
 * Random access to an archived message for reading forward: keeps the piece last used, so that sets in document order
 * cost one query a piece.
 */
export const openArchive = (db: Database | Tx, organisationId: string, messageId: string) => {
  let held: { readonly offset: number; readonly bytes: Uint8Array } | undefined
  const piece = async (offset: number) => {
    if (held && offset >= held.offset && offset < held.offset + held.bytes.length) return held
    held = await chunkAt(db, organisationId, messageId, offset)
    return held
  }
  /** The pieces of the bytes from start (included) to end (excluded). Fewer when the message ends before. */
  async function* parts(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end;) {
      const chunk = await piece(at)
      if (!chunk) return
      const part = chunk.bytes.subarray(at - chunk.offset, Math.min(end - chunk.offset, chunk.bytes.length))
      yield part
      at += part.length
    }
  }
  return {
    /** Bytes start (included) to end (excluded). Fewer when the message ends before. */
    slice: async (start: number, end: number): Promise<Uint8Array> => {
      const taken: Uint8Array[] = []
      for await (const part of parts(start, end)) taken.push(part)
      return taken.length === 1 ? taken[0]! : Buffer.concat(taken)
    },
    /** SHA-256 of the same. */
    hash: async (start: number, end: number): Promise<Buffer> => {
      const hash = createHash('sha256')
      for await (const part of parts(start, end)) hash.update(part)
      return hash.digest()
    },
  }
}

/** For callers that hold no transaction: archives a spooled body in one of its own, together with what `also` writes. */
export const archiveSpooled = (
  db: Database,
  organisationId: string,
  messageId: string,
  file: SpooledFile,
  also: (tx: Tx) => Promise<void>,
): Promise<void> =>
  withOrganisation(db, organisationId, async tx => {
    await archive(tx, { id: messageId, organisationId }, file.chunks())
    await also(tx)
  })

/** Cuts bytes into pieces for `archive`. */
export function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
