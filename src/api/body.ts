import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib'
import { pipeline, Transform, type Readable } from 'node:stream'
import { DomainError } from '../shared/errors.ts'

/** A compressed body may grow by so much; X12 that repeats itself compresses about thirty times. */
const mostRatio = 200
/** Below so many bytes the ratio is not looked at: a small file of blanks is no attack. */
const ratioFreeBytes = 4 * 1024 * 1024

/** Passes bytes on up to a limit, then fails with request/too-large. */
const limited = (limitBytes: number, check?: (total: number) => void): Transform => {
  let total = 0
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      total += piece.length
      try {
        check?.(total)
        if (total > limitBytes) throw new DomainError('request/too-large', { limitBytes })
        done(null, piece)
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

/**
 * A body as it is to be stored: unpacked when `content-encoding` is gzip or deflate, and cut off with request/too-large when
 * it is over the limit or grows as no document does (a zip bomb). Nothing of it is kept in memory.
 * @throws DomainError request/unsupported-media-type for another encoding; in the stream request/too-large,
 *   exchange/bad-compression, exchange/truncated
 */
export const bodyOf = (
  source: Readable,
  { encoding, limitBytes, contentLength }: { encoding?: string; limitBytes: number; contentLength?: string },
): AsyncIterable<Uint8Array> => {
  if (contentLength !== undefined && Number(contentLength) > limitBytes)
    throw new DomainError('request/too-large', { limitBytes })
  const coding = encoding?.trim().toLowerCase()
  if (coding === undefined || coding === '' || coding === 'identity')
    return contentLength === undefined ? chained(source, limited(limitBytes)) : counted(source)
  const unpack = unpackers[coding]?.()
  if (!unpack)
    throw new DomainError('request/unsupported-media-type', {
      detail: `Content-Encoding ${coding} is not accepted; send gzip, deflate or none.`,
    })
  let packed = 0
  const packedBytes = limited(limitBytes, total => {
    packed = total
  })
  const guarded = limited(limitBytes, total => {
    if (total > ratioFreeBytes && total > packed * mostRatio)
      throw new DomainError('request/too-large', { detail: 'The compressed body grows like a bomb.', limitBytes })
  })
  return chained(source, packedBytes, unpack, guarded)
}

const unpackers: Readonly<Record<string, () => Gunzip | Inflate>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
}

/** A body whose length was said and looked at before: HTTP delivers no more than that. The source is not destroyed here either. */
async function* counted(source: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of source.iterator({ destroyOnReturn: false })) yield piece as Uint8Array
  } finally {
    source.resume()
  }
}

/**
 * The end of the chain; whatever fails on the way fails there. The source itself is never destroyed: over HTTP it is the
 * connection that the refusal has to travel back on, so what is left of it is read and thrown away.
 */
const chained = (source: Readable, first: Transform, ...rest: Transform[]): Readable => {
  const last = rest.at(-1) ?? first
  if (rest.length > 0) pipeline([first, ...rest], () => {})
  source.on('error', error => {
    first.destroy(error)
  })
  source.on('close', () => {
    if (!source.readableEnded) first.destroy(Object.assign(new Error('the body ended early'), { code: 'ECONNRESET' }))
  })
  first.on('close', () => {
    source.unpipe(first)
    source.resume()
  })
  source.pipe(first)
  return last
}

/** What a failure while reading a body says to the sender. */
export const bodyError = (error: unknown): unknown => {
  const { code } = error as { code?: string }
  if (code?.startsWith('Z_')) return new DomainError(code === 'Z_BUF_ERROR' ? 'exchange/truncated' : 'exchange/bad-compression')
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return new DomainError('exchange/truncated')
  return error
}
