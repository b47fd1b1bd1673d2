/** A process that tries every `step`-th input of a run. It says how far it is before each batch, so that an input which never ends is found. */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { tryInput } from './input.ts'

export type Report = { readonly at: number } | { readonly failed: number; readonly fault: string; readonly kind: string; /** In base64. */ readonly bytes: string }

const batch = 50
const [seed, first, step, inputs] = process.argv.slice(2).map(Number) as [number, number, number, number]
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const report = (message: Report): void => { process.send?.(message) }

for (let index = first, n = 0; index < inputs; index += step, n++) {
  if (n % batch === 0) {
    report({ at: index })
    // Lets the reports out.
    await setImmediate()
  }
  const failure = tryInput(seed, index, collect)
  if (failure) report({ failed: index, fault: failure.fault, kind: failure.kind, bytes: Buffer.from(failure.bytes).toString('base64') })
}
