import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { DocumentError } from '../../src/documents/index.ts'
import {
  isSegment, type Loop, readAll, type Segment, type SetResult, type Transaction, writeInterchange,
} from '../../src/x12/index.ts'

/** Bringing trees and bytes together for the tests of the mappings. */

/** An interchange around one set, from the text of its segments ('*' and '~'; line breaks do not count). */
export const interchange = (body: string, set: string, functionalId = 'PO'): Uint8Array => {
  const segments = body.split('~').map(each => each.trim()).filter(each => each !== '')
  return Buffer.from([
    'ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240229*1200*U*00401*000000001*0*P*>',
    `GS*${functionalId}*SENDER*RECEIVER*20240229*1200*1*X*004010`,
    `ST*${set}*0001`, ...segments, `SE*${segments.length + 2}*0001`, 'GE*1*1', 'IEA*1*000000001',
  ].join('~') + '~', 'latin1')
}

const functionalIds: Record<string, string> = { 810: 'IN', 830: 'PS', 850: 'PO', 855: 'PR', 856: 'SH', 860: 'PC', 865: 'CA', 861: 'RC' }

/** The sets of an input, in order. */
export const setsOf = (bytes: Uint8Array): SetResult[] =>
  readAll(bytes, { tree: true }).flatMap(event => (event.type === 'set' ? [event.result] : []))

/** The tree of one set given as text; throws, naming the findings, when the engine rejects it. */
export const transactionOf = (set: string, body: string): Transaction => {
  const [result] = setsOf(interchange(body, set, functionalIds[set]))
  if (result?.transaction === undefined) {
    throw new Error(`rejected: ${result?.findings.map(finding => finding.message).join(' ')}`)
  }
  return result.transaction
}

const flat = (loop: Loop): Segment[] => loop.children.flatMap(child => (isSegment(child) ? [child] : flat(child)))

const textOf = (segment: Segment): string =>
  [segment.id, ...segment.elements.map(element => {
    if (typeof element !== 'string') throw new Error('the mappings write plain elements only')
    return element
  })].join('*')

/** The segments of a tree as text, one each. */
export const segmentTexts = (loop: Loop): string[] => flat(loop).map(textOf)

/** A tree written by the engine as an interchange, and read back by it with what it found. */
export const readBack = (set: string, root: Loop, version = '004010'): SetResult => {
  const at = new Date('2024-02-29T12:00:00Z')
  const party = (id: string) => ({ qualifier: 'ZZ', id })
  const group = {
    functionalId: functionalIds[set] ?? '', senderCode: 'SENDER', receiverCode: 'RECEIVER', at, controlNumber: 1, version,
  }
  const [result] = setsOf(writeInterchange({
    header: { sender: party('SENDER'), receiver: party('RECEIVER'), at, controlNumber: 1, usage: 'T' },
    groups: [{ header: group, transactions: [{ set, controlNumber: '0001', root }] }],
  }))
  if (result === undefined) throw new Error('nothing was read back')
  return result
}

const corpus = '../shared/corpus'
export const corpusMissing = existsSync(`${corpus}/manifest.tsv`) ? false : 'no corpus at ../shared/corpus'

/** Every set of these kinds in the corpus' 004010 files, as the engine read it. */
export const corpusSets = (wanted: readonly string[]): { file: string; result: SetResult }[] => wanted.flatMap(folder =>
  readdirSync(`${corpus}/${folder}`).sort().flatMap(name => {
    const file = `${folder}/${name}`
    const results = setsOf(readFileSync(`${corpus}/${file}`)).filter(result => wanted.includes(result.set))
    return results.map(result => ({ file, result }))
  }))

export const corpusFile = (file: string): SetResult[] => setsOf(readFileSync(`${corpus}/${file}`))

/** A document without the ordinals of the segments it came from, which change with every writing. */
export const withoutPositions = <T>(document: T): T =>
  JSON.parse(JSON.stringify(document, (key, value: unknown) =>
    (['at', 'itemAt', 'packageAt', 'totalAt'].includes(key) ? undefined : value))) as T

/** Which field a write refuses, and why: ['lines[0].package', 'missing']; null when it writes. Any other error goes on. */
export const refusal = (write: () => unknown): [path: string, fault: string] | null => {
  try {
    write()
    return null
  } catch (error) {
    if (error instanceof DocumentError) return [error.path, error.fault]
    throw error
  }
}
