import fc from 'fast-check'
import t from 'tap'
import { AcknowledgementBuilder, buildTa1, readAll, type ReadEvent } from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, goodOrder, interchange, readInPieces } from './helper.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 3000)
const at = new Date('2024-06-14T08:09:10Z')
const files = corpusFiles().map(file => file.bytes).filter(bytes => bytes.byteLength < 6000)
const seeds = files.length > 0 ? files : [bytesOf(interchange([goodOrder, goodOrder]))]
const pieces = ['~', '*', '>', ':', '\n', 'ISA*', 'GS*', 'ST*850*', 'SE*', 'GE*', 'IEA*', 'BIN*9*', 'HL*1**S~', '\0', '\u00ff', ' ', '~~', '^', '-', '999999999999']

const mutation = fc.record({
  file: fc.nat(seeds.length - 1),
  changes: fc.array(fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('flip', 'delete', 'insert', 'repeat', 'truncate'),
    value: fc.nat(255),
    length: fc.nat(60),
  }), { minLength: 1, maxLength: 6 }),
})

function mutate(bytes: Uint8Array, changes: readonly { at: number; kind: string; value: number; length: number }[]): Uint8Array {
  let result = Buffer.from(bytes)
  for (const change of changes) {
    const i = Math.floor(change.at * result.length)
    const [before, after] = [result.subarray(0, i), result.subarray(i)]
    switch (change.kind) {
      case 'flip': if (result.length > 0) result[Math.min(i, result.length - 1)] = change.value; break
      case 'delete': result = Buffer.concat([before, after.subarray(change.length)]); break
      case 'insert': result = Buffer.concat([before, bytesOf(pieces[change.value % pieces.length] as string), after]); break
      case 'repeat': result = Buffer.concat([before, after.subarray(0, change.length), after]); break
      default: if (change.value < 60) result = Buffer.from(before)
    }
  }
  return result
}

/** Every answer to what was read is accepted by the engine itself. */
function answersAreSound(events: readonly ReadEvent[]): boolean {
  let builder: AcknowledgementBuilder | undefined
  for (const event of events) {
    let answer: Uint8Array | undefined
    switch (event.type) {
      case 'interchange': builder = new AcknowledgementBuilder(event.header); break
      case 'group': builder?.beginGroup(event.header); break
      case 'set': builder?.addSet(event.result); break
      case 'group-end': builder?.endGroup(event.result); break
      case 'interchange-end':
        if (builder && builder.count > 0) answer = builder.finish({ interchangeControlNumber: 1, groupControlNumber: 1, at })
        if (!isSound(buildTa1(event.result, { interchangeControlNumber: 1, at }))) return false
    }
    if (answer && !isSound(answer)) return false
  }
  return true
}

function isSound(bytes: Uint8Array): boolean {
  return readAll(bytes).every(event => 'result' in event ? event.result.findings.every(f => f.severity !== 'error') : event.type !== 'junk')
}

t.test('mutated files: no throw, no hang, the same events in pieces, sound answers', async t => {
  t.setTimeout(30_000 + runs * 2)
  let slowest = 0
  fc.assert(fc.property(mutation, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }), ({ file, changes }, cuts) => {
    const bytes = mutate(seeds[file] as Uint8Array, changes)
    const begin = performance.now()
    const events = readAll(bytes, { tree: true })
    slowest = Math.max(slowest, performance.now() - begin)
    const places = cuts.map(cut => Math.floor(cut * bytes.byteLength)).sort((a, b) => a - b)
    return answersAreSound(events) && JSON.stringify(readInPieces(bytes, places, { tree: true })) === JSON.stringify(events)
  }), { numRuns: runs, ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}) })
  t.ok(slowest < 1000, `${runs} inputs, the slowest took ${slowest.toFixed(0)} ms`)
})
