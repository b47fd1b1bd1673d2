/** Input number `index` of a run, and what is checked of it: all of it follows from the seed. */
import fc from 'fast-check'
import { anyOptions, faultOf, tooMuchMemory } from './check.ts'
import { minimised } from './minimise.ts'
import { mutated, originals } from './mutate.ts'
import { Random } from './random.ts'
import { structure } from './structures.ts'

const files = originals()
/** One input in so many is measured for memory, one in so many is made from nothing, one in so many is a long file. */
const measured = 2000
const structured = 20
const long = 5000

export interface Failure {
  readonly index: number
  readonly fault: string
  /** What it has in common with others of the same cause. */
  readonly kind: string
  /** The smallest input found that has the same kind of fault. */
  readonly bytes: Uint8Array
}

function inputOf(seed: number, index: number): Buffer {
  const random = new Random(seed, index)
  if (index % structured === 1) return fc.sample(structure, { seed: random.next() | 0, numRuns: 1 })[0] as Buffer
  const bytes = mutated(files, random)
  if (index % long !== 2 || bytes.length === 0) return bytes
  return Buffer.concat(Array.from({ length: Math.ceil((100_000 + random.below(400_000)) / bytes.length) }, () => bytes))
}

/** Check one input. `collect` collects garbage, when the process may. */
export function tryInput(seed: number, index: number, collect?: () => void): Failure | undefined {
  const bytes = inputOf(seed, index)
  const check = (input: Uint8Array): string | undefined => {
    const random = new Random(seed, index + 0x40000000)
    try {
      const fault = faultOf(input, random)
      if (fault !== undefined || collect === undefined || (index % measured !== 0 && index % long !== 2)) return fault
      return tooMuchMemory(input, anyOptions(random), collect)
    } catch (error) {
      return `thrown: ${error instanceof Error ? error.stack ?? error.message : String(error)}`
    }
  }
  const fault = check(bytes)
  if (fault === undefined) return undefined
  const kind = kindOf(fault)
  const smallest = minimised(bytes, input => {
    const found = check(input)
    return found !== undefined && kindOf(found) === kind
  })
  return { index, kind, fault, bytes: smallest }
}

/** What two faults have in common that are the same: the first words, without what differs from case to case. */
const kindOf = (fault: string): string => fault.replace(/^\{.*?\}: /, '').replace(/[\d"[{(].*/s, '').slice(0, 60)
