/**
 * Speed of the engine on a generated file of purchase orders: `npx tsx test/bench/x12.ts [megabytes] [rounds]`.
 * The loop is what no reader can beat: it walks over the bytes in JavaScript and records where elements end and segments start.
 * Rounds are interleaved and medians are printed, as MB/s and as a part of the loop.
 */
import { createReader, readAll, type ReadOptions } from '../../src/x12/index.ts'
import { purchaseOrders } from '../x12/samples.ts'

const megabytes = Number(process.argv[2] ?? 10)
const rounds = Number(process.argv[3] ?? 7)
const chunkSize = 65536

const order = purchaseOrders(1, 10).byteLength
const file = purchaseOrders(Math.ceil(megabytes * 1e6 / order), 10)
const small = purchaseOrders(1, 10)

const ends = new Int32Array(1 << 20)
const starts = new Int32Array(1 << 18)

function loop(bytes: Uint8Array): number {
  let total = 0
  for (let at = 0; at < bytes.byteLength; at += chunkSize) {
    const chunk = bytes.subarray(at, at + chunkSize)
    let e = 0
    let s = 0
    for (let i = 0; i < chunk.length; i++) {
      const b = chunk[i]
      if (b === 0x2a) {
        ends[e++] = i
      } else if (b === 0x7e) {
        ends[e++] = i
        starts[s++] = i + 1
      }
    }
    total += s
  }
  return total
}

function readFile(options: ReadOptions): (bytes: Uint8Array) => number {
  return bytes => {
    const reader = createReader(options)
    let sets = 0
    for (let at = 0; at < bytes.byteLength; at += chunkSize) {
      for (const event of reader.push(bytes.subarray(at, at + chunkSize))) {
        if (event.type === 'set') {
          sets++
          if (event.result.outcome === 'R') throw new Error(event.result.findings[0]?.message)
        }
      }
    }
    reader.end()
    return sets
  }
}

const candidates: Record<string, (bytes: Uint8Array) => number> = {
  loop,
  'lex + envelope': readFile({ level: 'envelope' }),
  validate: readFile({}),
  'validate + tree': readFile({ tree: true }),
}

const seconds: Record<string, number[]> = {}
for (let round = -2; round < rounds; round++) {
  for (const [name, run] of Object.entries(candidates)) {
    const begin = performance.now()
    run(file)
    if (round >= 0) (seconds[name] ??= []).push((performance.now() - begin) / 1000)
  }
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number
const rate = (name: string): number => file.byteLength / 1e6 / median(seconds[name] as number[])
console.log(`${(file.byteLength / 1e6).toFixed(1)} MB of 850s, ${rounds} rounds, median`)
for (const name of Object.keys(candidates)) {
  console.log(`${name.padEnd(18)}${rate(name).toFixed(0).padStart(6)} MB/s  ${(rate(name) / rate('loop')).toFixed(3)}`)
}

const begin = performance.now()
const times = 20000
for (let i = 0; i < times; i++) readAll(small)
console.log(`${small.byteLength} byte files      ${(times / (performance.now() - begin) * 1000).toFixed(0)} a second, validated`)
