/**
 * The long run: `npm run fuzz -- [--inputs N] [--seed N] [--workers N]`. Inputs that fail are made as small as they can be and kept in
 * `test/x12/failed`, where the tests try them again.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Report } from './worker.ts'

const { values } = parseArgs({ options: { inputs: { type: 'string' }, seed: { type: 'string' }, workers: { type: 'string' } } })
const inputs = Number(values.inputs ?? 1_000_000)
const seed = Number(values.seed ?? Date.now() % 1e9)
const workers = Number(values.workers ?? availableParallelism())
const longestSilence = 60_000

const folder = new URL('../failed/', import.meta.url)
/** Inputs kept of each kind of fault: more of the same cause teach nothing. */
const keptOfAKind = 3
const kept = new Map<string, number>()
let failures = 0
const keep = (index: number, kind: string, fault: string, bytes: Buffer): void => {
  failures += 1
  const known = kept.get(kind) ?? 0
  kept.set(kind, known + 1)
  if (known >= keptOfAKind) return
  const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.edi`
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(name, folder), bytes)
  console.log(`input ${index}: ${fault}\n  kept as failed/${name} (${bytes.byteLength} bytes)`)
}

console.log(`${inputs} inputs, seed ${seed}, ${workers} at a time`)
const begin = performance.now()
const seconds = (): string => ((performance.now() - begin) / 1000).toFixed(0)
const progress = Array.from({ length: workers }, (_, first) => ({ at: first, since: begin, ended: false }))
const runs = progress.map((own, first) => new Promise<void>((resolve, reject) => {
  const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [seed, first, workers, inputs].map(String))
  child.on('message', (report: Report) => {
    if ('failed' in report) keep(report.failed, report.kind, report.fault, Buffer.from(report.bytes, 'base64'))
    else Object.assign(own, { at: report.at, since: performance.now() })
  })
  child.once('error', reject).once('exit', code => {
    own.ended = true
    if (code === 0) resolve()
    else reject(new Error(`a process ended with ${code} at or after input ${own.at}, seed ${seed}`))
  })
}))
const watch = setInterval(() => {
  const running = progress.filter(({ ended }) => !ended)
  const stuck = running.find(({ since }) => performance.now() - since > longestSilence)
  if (stuck) {
    console.log(`an input from ${stuck.at} on never ends, seed ${seed}`)
    process.exit(1)
  }
  if (running.length > 0) console.error(`… ${Math.min(...running.map(({ at }) => at))} in ${seconds()} s, ${failures} failed`)
}, 15_000)
await Promise.all(runs)
clearInterval(watch)
console.log(`${inputs} inputs in ${seconds()} s, seed ${seed}: ${failures === 0 ? 'no failure' : `${failures} failed, of ${kept.size} kinds`}`)
process.exitCode = failures === 0 ? 0 : 1
