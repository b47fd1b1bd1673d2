import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, type Row } from '../report.ts'
import type { GeneratedFile } from './files.ts'

type Answer = { readonly peak: number; readonly accepted?: number; readonly sets?: readonly { readonly name: string; readonly milliseconds: number }[] }

const engine = new URL('../../../dist/x12/index.js', import.meta.url).href
const repetitions = 3

/** The most memory that reading the file as a stream takes, over a Node process that does nothing. Each in a process of its own. */
export const memory = (file: GeneratedFile): Row[] => {
  const folder = mkdtempSync(join(tmpdir(), 'accord-x12-'))
  try {
    const path = join(folder, 'file.edi')
    writeFileSync(path, file.bytes)
    const bare = peakOf(['bare'])
    const size = `${(file.bytes.byteLength / 1e6).toFixed(0)} MB`
    return (['plain', 'tree'] as const).map(tree => {
      const over = peakOf(['stream', engine, path, tree], file.sets) - bare
      return {
        what: `peak memory, ${size} streamed, ${tree === 'tree' ? 'with trees' : 'validated'}`, candidate: `${over.toFixed(0)} MB over`, floor: `${bare.toFixed(0)} MB bare`,
        wanted: '≤ 60 MB', met: over <= 60,
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Time to compile each set that is shipped, the slowest told; and what the tables of a version cost that are read with its first set. */
export const schemas = (): Row[] => {
  const runs = Array.from({ length: repetitions }, () => child(['schemas', engine]).sets ?? [])
  const sets = runs[0]!.map(({ name }, index) => ({ name, milliseconds: median(runs.map(run => run[index]!.milliseconds)), version: name.split('/')[0]! }))
  const begins = (index: number): boolean => sets[index - 1]?.version !== sets[index]!.version
  const slowest = (of: typeof sets) => of.toSorted((a, b) => b.milliseconds - a.milliseconds)[0]!
  const [first, later] = [slowest(sets.filter((_, index) => begins(index))), slowest(sets.filter((_, index) => !begins(index)))]
  const versions = new Set(sets.map(({ version }) => version)).size
  return [
    {
      what: `schemas: the slowest of ${sets.length} sets in ${versions} versions to load and compile (${later.name})`, candidate: milliseconds(later.milliseconds),
      wanted: '≤ 10 ms', met: later.milliseconds <= 10,
    },
    { what: `schemas: the first set of a version, with the tables of the version (${first.name})`, candidate: milliseconds(first.milliseconds) },
  ]
}

const peakOf = (args: readonly string[], accepted?: number): number =>
  median(Array.from({ length: repetitions }, () => {
    const answer = child(args)
    if (answer.accepted !== accepted) throw new Error(`${answer.accepted} sets were accepted of ${accepted}`)
    return answer.peak
  }))

const child = (args: readonly string[]): Answer => {
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('child.js', import.meta.url)), ...args], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Answer
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`
