import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readAll, type ReadOptions } from '../../src/x12/index.ts'
import { faultOf } from './fuzz/check.ts'
import { tryInput } from './fuzz/input.ts'
import { Random } from './fuzz/random.ts'
import { readInPieces } from './helper.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 3000)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9)

t.test('broken files: no throw, no hang, the same events in pieces, answers that we accept ourselves', async t => {
  t.setTimeout(30_000 + runs * 4)
  for (let index = 0; index < runs; index++) {
    const failure = tryInput(seed, index)
    if (failure) t.fail(failure.fault, { index, seed, input: Buffer.from(failure.bytes).toString('latin1') })
  }
  t.pass(`${runs} inputs, seed ${seed}; the long run is npm run fuzz`)
})

const failed = new URL('failed/', import.meta.url)

t.test('what failed once', async t => {
  const names = existsSync(failed) ? readdirSync(failed).filter(name => name.endsWith('.edi')) : []
  const variants: ReadOptions[] = (['envelope', 'syntax', 'full', 'partner'] as const).flatMap(level =>
    [true, false].flatMap(tree => (['latin1', 'utf8'] as const).map(encoding => ({ level, tree, encoding }))))
  for (const name of names) {
    const bytes = readFileSync(new URL(name, failed))
    const broken: string[] = []
    for (let index = 0; index < 100; index++) {
      const fault = faultOf(bytes, new Random(1, index))
      if (fault) broken.push(fault)
    }
    for (const options of variants) {
      const whole = JSON.stringify(readAll(bytes, options))
      for (let cut = 0; cut <= bytes.length; cut += Math.ceil(bytes.length / 200)) {
        if (JSON.stringify(readInPieces(bytes, [cut], options)) !== whole) broken.push(`${JSON.stringify(options)} cut at ${cut}`)
      }
    }
    t.same(broken, [], name)
  }
  t.pass(`${names.length} inputs`)
})
