/**
 * The reader: bytes in, results out as soon as each is complete. Push chunks of any size; what is kept between
 * two pushes is one unfinished segment and the results of one unfinished transaction set. It never throws on content.
 */
import { beginsInterchange, readInterchangeHeader } from './envelope.ts'
import { whiteSpace } from './feed.ts'
import { Session, type ReadOptions } from './session.ts'
import type { InterchangeHeader, ReadEvent } from './types.ts'

export interface Reader {
  /** Read a chunk. The chunk may be reused when this returns. */
  push(chunk: Uint8Array): ReadEvent[]
  /** There is no more: whatever is open is closed, with findings. */
  end(): ReadEvent[]
}

/** A reader to push chunks into. Results come back from each push, in document order, as soon as they are complete. */
export function createReader(options: ReadOptions = {}): Reader {
  const session = new Session(options)
  let ended = false
  return {
    push(chunk) {
      if (ended) throw new Error('This reader has ended. Create another one.')
      if (chunk.byteLength > 0) session.feed.push(chunk)
      return session.take()
    },
    end() {
      if (!ended) {
        ended = true
        session.feed.end()
        session.close()
      }
      return session.take()
    },
  }
}

/** The header of the interchange that the input begins with, leaving out white space before it; undefined when it begins otherwise. The first few hundred bytes are enough. */
export function peekInterchange(bytes: Uint8Array): InterchangeHeader | undefined {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (at < bytes.byteLength && whiteSpace[bytes[at] as number] === 1) at++
  if (beginsInterchange(bytes, at, bytes.byteLength) !== true) return undefined
  const reading = readInterchangeHeader(bytes, at, bytes.byteLength, true, 0)
  return reading.kind === 'header' ? reading.header : undefined
}

const chunkSize = 65536

/** Bytes, or where they come from: an array of chunks, a Node stream, a web stream, any iterable of chunks. */
export type ByteSource = Uint8Array | ByteStream

/** Chunks of any size, as they come. */
export type ByteStream = Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>

/**
 * Read from bytes or a stream of chunks: one event for each interchange, group and set, in document order. Memory stays bounded by one transaction
 * set and one chunk. Nothing is thrown on content; a failing source is.
 */
export async function* read(source: ByteSource, options: ReadOptions = {}): AsyncGenerator<ReadEvent> {
  const reader = createReader(options)
  for await (const chunk of chunksOf(source)) yield* reader.push(chunk)
  yield* reader.end()
}

/** The source in chunks of a size that stays in the processor's cache. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    for (let at = 0; at < chunk.byteLength; at += chunkSize) yield chunk.subarray(at, at + chunkSize)
  }
}

/** Read bytes that are all there, at once: nothing is awaited, and small files cost microseconds. */
export function readAll(bytes: Uint8Array, options: ReadOptions = {}): ReadEvent[] {
  const reader = createReader(options)
  return [...reader.push(bytes), ...reader.end()]
}
