import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import x12, { type X12Interchange } from 'node-x12'
import { createReader, readAll, type ReadOptions } from '../../../src/x12/index.ts'
import { median, perSecond, type Row } from '../report.ts'
import type { GeneratedFile } from './files.ts'

const chunkSize = 65536
const warmups = 2

/**
 * The floor, and what of it each level of reading reaches on one file. The file is in memory and comes in chunks of 64 KB; every candidate has
 * been warmed, rounds are interleaved, and medians count.
 */
export const speed = (file: GeneratedFile, rounds: number): Row[] => {
  const megabytes = file.bytes.byteLength / 1e6
  const size = `${megabytes.toFixed(0)} MB`
  const seconds = measure(rounds, {
    loop: () => expect('segments found by the loop', loop(file.bytes), file.segments + envelopeSegments(file)),
    envelope: () => readInChunks(file, { level: 'envelope' }),
    validate: () => readInChunks(file, {}),
    tree: () => readInChunks(file, { tree: true }),
  })
  const rate = (name: keyof typeof seconds): number => megabytes / median(seconds[name])
  const row = (what: string, name: keyof typeof seconds, least: number): Row => {
    // Of the runs side by side in each round, so that what slows down both does not count.
    const ratio = median(seconds[name].map((taken, round) => seconds.loop[round]! / taken))
    return { what, candidate: megabytesPerSecond(rate(name)), floor: megabytesPerSecond(rate('loop')), ratio, wanted: `≥ ${least}`, met: ratio >= least }
  }
  return [
    row(`lex + envelope, ${size}`, 'envelope', 0.5),
    row(`full validation, no tree, ${size}`, 'validate', 0.2),
    row(`validation + tree per transaction, ${size}`, 'tree', 0.13),
  ]
}

/** Beside node-x12: its parse of the whole text, which checks no schema, and its stream. */
export const peers = async (file: GeneratedFile, rounds: number): Promise<Row[]> => {
  const megabytes = file.bytes.byteLength / 1e6
  const text = file.bytes.toString('latin1')
  const seconds = { validate: [] as number[], parse: [] as number[], stream: [] as number[] }
  let streamed = 0
  for (let round = 0; round < warmups; round++) readInChunks(file, {})
  for (let round = 0; round < rounds; round++) {
    seconds.validate.push(timed(() => readInChunks(file, {})))
    seconds.parse.push(timed(() => {
      const interchange = new x12.X12Parser().parse(text) as X12Interchange
      expect('sets parsed by node-x12', interchange.functionalGroups.reduce((sets, group) => sets + group.transactions.length, 0), file.sets)
    }))
    const begin = performance.now()
    streamed = await streamWithNodeX12(file.bytes)
    seconds.stream.push((performance.now() - begin) / 1000)
  }
  const size = `${megabytes.toFixed(0)} MB`
  const rate = (name: keyof typeof seconds): string => megabytesPerSecond(megabytes / median(seconds[name]))
  const ratio = (name: keyof typeof seconds): number => median(seconds[name]) / median(seconds.validate)
  const whole = file.segments + envelopeSegments(file)
  return [
    {
      what: `full validation, ${size}, beside node-x12's parse`, candidate: rate('validate'), floor: rate('parse'), ratio: ratio('parse'), wanted: '≥ 40', met: ratio('parse') >= 40,
    },
    {
      what: `full validation, ${size}, beside node-x12's stream (${streamed === whole ? 'all' : `${streamed} for ${whole}`} segments)`,
      candidate: rate('validate'), floor: rate('stream'), ratio: ratio('stream'),
    },
  ]
}

/** Small interchanges one after the other through the public API, each read anew. */
export const small = (files: readonly Uint8Array[], rounds: number): Row[] => {
  const times = 20_000
  const run = (options: ReadOptions) => (): void => {
    for (let i = 0; i < times; i++) {
      const events = readAll(files[i % files.length]!, options)
      if (!events.some(event => event.type === 'set' && event.result.outcome === 'A' && event.result.findings.length === 0)) throw new Error('a small order was not accepted')
    }
  }
  const seconds = measure(rounds, { validate: run({}), tree: run({ tree: true }) })
  const rate = times / median(seconds.validate)
  const length = Math.round(files.reduce((sum, file) => sum + file.byteLength, 0) / files.length)
  return [
    { what: `850s of ${length} bytes, validated through readAll`, candidate: perSecond(rate), wanted: '≥ 60000/s', met: rate >= 60_000 },
    { what: 'the same with a tree', candidate: perSecond(times / median(seconds.tree)) },
  ]
}

const ends = new Int32Array(chunkSize)
const starts = new Int32Array(chunkSize)

/** What no reader in JavaScript can beat: it walks over the bytes and records where elements end and where segments start. */
const loop = (bytes: Buffer): number => {
  let segments = 0
  for (let at = 0; at < bytes.byteLength; at += chunkSize) {
    segments += loopChunk(new Uint8Array(bytes.buffer, bytes.byteOffset + at, Math.min(chunkSize, bytes.byteLength - at)), ends, starts)
  }
  return segments
}

// The tables as arguments: of several ways to write it, the fastest.
const loopChunk = (chunk: Uint8Array, ends: Int32Array, starts: Int32Array): number => {
  let e = 0
  let s = 0
  for (let i = 0, length = chunk.length; i < length; i++) {
    const b = chunk[i]
    if (b === 0x2a) {
      ends[e++] = i
    } else if (b === 0x7e) {
      ends[e++] = i
      starts[s++] = i + 1
    }
  }
  return s
}

const readInChunks = ({ bytes, sets }: GeneratedFile, options: ReadOptions): void => {
  const reader = createReader(options)
  let accepted = 0
  const take = (events: ReturnType<typeof reader.push>): void => {
    for (const event of events) {
      if (event.type === 'set' && event.result.outcome === 'A' && event.result.findings.length === 0 && (event.result.transaction !== undefined) === (options.tree === true)) accepted += 1
    }
  }
  for (let at = 0; at < bytes.byteLength; at += chunkSize) take(reader.push(bytes.subarray(at, at + chunkSize)))
  take(reader.end())
  expect('sets accepted', accepted, sets)
}

/** Resolves with the number of segments that came out of it. */
const streamWithNodeX12 = async (bytes: Buffer): Promise<number> => {
  const parser = new x12.X12Parser()
  let segments = 0
  parser.on('data', () => { segments += 1 })
  Readable.from((function* () {
    for (let at = 0; at < bytes.byteLength; at += chunkSize) yield bytes.subarray(at, at + chunkSize)
  })()).pipe(parser)
  await finished(parser)
  return segments
}

/** ISA, IEA, and GS and GE of each group. */
const envelopeSegments = ({ groups }: GeneratedFile): number => 2 + 2 * groups

const timed = (run: () => void): number => {
  const begin = performance.now()
  run()
  return (performance.now() - begin) / 1000
}

/**
 * Processor seconds of each candidate in each round, after rounds that do not count. On a machine that does other things too the clock says
 * little; what the garbage collector does in threads of its own is counted as well.
 */
const measure = <Name extends string>(rounds: number, candidates: Readonly<Record<Name, () => void>>): Record<Name, number[]> => {
  const names = Object.keys(candidates) as Name[]
  const seconds = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -warmups; round < rounds; round++) {
    for (const name of names) {
      const begin = process.cpuUsage()
      candidates[name]()
      const { user, system } = process.cpuUsage(begin)
      if (round >= 0) seconds[name].push((user + system) / 1e6)
    }
  }
  return seconds
}

const expect = (what: string, found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`)
}

const megabytesPerSecond = (value: number): string => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} MB/s`
