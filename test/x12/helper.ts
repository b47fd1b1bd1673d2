import { existsSync, readFileSync } from 'node:fs'
import { createReader, readAll, type Finding, type ReadEvent, type ReadOptions, type SetResult } from '../../src/x12/index.ts'

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export const isaLine = 'ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *240613*1015*U*00401*000000001*0*P*>~'

/** A purchase order's segments between ST and SE that the standard accepts. */
export const goodOrder = ['BEG*00*SA*4711**20240613', 'PO1*1*10*EA*4.5**UP*047559001009', 'CTT*1']

/** An interchange of one group of sets. Each set is its segments between ST and SE; SE is counted. */
export function interchange(sets: readonly (readonly string[])[], changes: {
  isa?: string; gs?: string; ge?: string; iea?: string; st?: string; se?: (count: number) => string; id?: string; newline?: string
} = {}): string {
  const lines = [changes.isa ?? isaLine.slice(0, -1), changes.gs ?? 'GS*PO*BUYER*SELLER*20240613*1015*1*X*004010']
  for (const [i, set] of sets.entries()) {
    const number = String(i + 1).padStart(4, '0')
    lines.push(changes.st ?? `ST*${changes.id ?? '850'}*${number}`, ...set, changes.se ? changes.se(set.length + 2) : `SE*${set.length + 2}*${number}`)
  }
  lines.push(changes.ge ?? `GE*${sets.length}*1`, changes.iea ?? 'IEA*1*000000001')
  return lines.filter(line => line !== '').map(line => `${line}~${changes.newline ?? ''}`).join('')
}

export const readText = (text: string, options: ReadOptions = {}): ReadEvent[] => readAll(bytesOf(text), options)

export const setsOf = (events: readonly ReadEvent[]): SetResult[] => events.flatMap(event => event.type === 'set' ? [event.result] : [])

export const findingsOf = (events: readonly ReadEvent[]): Finding[] => events.flatMap(event => {
  switch (event.type) {
    case 'set': case 'group-end': case 'interchange-end': return event.result.findings
    case 'junk': return [event.finding]
    default: return []
  }
})

/** The findings of the first set, as `kind segment position element`. */
export const faultsOf = (text: string, options: ReadOptions = {}): string[] =>
  (setsOf(readText(text, options))[0]?.findings ?? []).map(f => `${f.kind} ${f.segmentId}${f.element ? String(f.element).padStart(2, '0') : ''}${f.component ? `-${f.component}` : ''} @${f.segmentPosition}`)

/** Read in the chunks that these cuts make. */
export function readInPieces(bytes: Uint8Array, cuts: readonly number[], options: ReadOptions = {}): ReadEvent[] {
  const reader = createReader(options)
  const events: ReadEvent[] = []
  let at = 0
  for (const cut of [...cuts, bytes.byteLength]) {
    // A copy that is overwritten afterwards: the reader may not hold on to what it was given.
    const chunk = Uint8Array.from(bytes.subarray(at, cut))
    events.push(...reader.push(chunk))
    chunk.fill(0x3f)
    at = cut
  }
  return [...events, ...reader.end()]
}

const corpusFolder = new URL('../../../shared/corpus/', import.meta.url)

/** Where the samples of others are, or undefined when they are not on this machine. */
export const corpus = existsSync(corpusFolder) ? corpusFolder : undefined
export const skipWithoutCorpus = corpus === undefined ? 'the corpus is not at ../shared/corpus' : false

export interface CorpusFile {
  readonly file: string
  readonly tier: string
  readonly sets: string
  readonly version: string
  readonly notes: string
  readonly bytes: Uint8Array
}

export function corpusFiles(): CorpusFile[] {
  if (corpus === undefined) return []
  return readFileSync(new URL('manifest.tsv', corpus), 'utf8').split('\n').slice(1).filter(line => line !== '').map(line => {
    const [file = '', tier = '', sets = '', version = '', , , , , , notes = ''] = line.split('\t')
    return { file, tier: tier.slice(0, 1), sets, version, notes, bytes: readFileSync(new URL(file, corpus)) }
  })
}
