/** Inputs from good files: bytes, elements and segments changed, lost, doubled, exchanged; delimiters, lengths and envelopes broken. */
import { readdirSync, readFileSync } from 'node:fs'
import { corpusFiles } from '../helper.ts'
import type { Random } from './random.ts'

/** The files that inputs are made from: the corpus when it is there, and our own samples. */
export function originals(): Buffer[] {
  return [...corpusFiles().map(({ bytes }) => Buffer.from(bytes)), ...samplesIn('../sets/'), ...samplesIn('../../../edi-samples/')].filter(bytes => bytes.byteLength < 30_000)
}

function samplesIn(folder: string): Buffer[] {
  const url = new URL(folder, import.meta.url)
  return readdirSync(url, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.edi')).sort().map(name => readFileSync(new URL(name, url)))
}

/** A file with one to eight changes. */
export function mutated(files: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(files))
  for (let changes = 1 + random.below(8); changes > 0; changes--) bytes = random.pick(mutations)(bytes, random, files)
  return bytes
}

type Mutation = (bytes: Buffer, random: Random, files: readonly Buffer[]) => Buffer

const longest = 60_000
const pieces = [
  '~', '*', '>', ':', '\n', '\r\n', 'ISA*', 'GS*', 'ST*850*', 'SE*', 'GE*', 'IEA*', 'ST*850*0001~', 'ST*999*0001~', 'SE*1*0001~', 'GE*1*1~', 'IEA*1*000000001~', 'BIN*9*', 'BDS*ASC*4*',
  'HL*1**S~', 'HL*2*1*O*1~', 'TA1*000000001*240613*1015*A*000~', '\0', '\x1a', '\u00ef\u00bb\u00bf', '\u00ff', ' ', '~~', '^', '-', '.', '999999999999', '20240230', '0', '\u00c3\u00a9',
].map(text => Buffer.from(text, 'latin1'))

/** A place in the bytes. */
const at = (bytes: Buffer, random: Random): number => random.below(bytes.length + 1)
const splice = (bytes: Buffer, from: number, to: number, between: Uint8Array = Buffer.alloc(0)): Buffer =>
  bytes.length > longest ? bytes : Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)])

/** Take apart at a delimiter of the first header, change the list, put together again. */
const inParts = (which: 'segment' | 'element', change: (parts: Buffer[], random: Random) => void): Mutation => (bytes, random) => {
  const delimiter = which === 'element' ? bytes[3] : bytes[105]
  if (delimiter === undefined) return bytes
  const parts: Buffer[] = []
  let from = 0
  for (let i = bytes.indexOf(delimiter); i >= 0; i = bytes.indexOf(delimiter, from)) {
    parts.push(bytes.subarray(from, i))
    from = i + 1
  }
  parts.push(bytes.subarray(from))
  change(parts, random)
  return Buffer.concat(parts.flatMap((part, i) => i === 0 ? [part] : [Buffer.of(delimiter), part])).subarray(0, longest)
}
const drop = (parts: Buffer[], random: Random): void => { parts.splice(random.below(parts.length), 1 + random.below(2)) }
const double = (parts: Buffer[], random: Random): void => {
  const i = random.below(parts.length)
  parts.splice(i, 0, ...Array.from({ length: 1 + (random.once(8) ? random.below(300) : random.below(3)) }, () => parts[i]!))
}
const exchange = (parts: Buffer[], random: Random): void => {
  const [i, j] = [random.below(parts.length), random.below(parts.length)];
  [parts[i], parts[j]] = [parts[j]!, parts[i]!]
}
const move = (parts: Buffer[], random: Random): void => {
  const [part] = parts.splice(random.below(parts.length), 1)
  if (part) parts.splice(random.below(parts.length + 1), 0, part)
}
const lengthen = (parts: Buffer[], random: Random): void => {
  const i = random.below(parts.length)
  const part = parts[i]!
  parts[i] = random.once(2) ? part.subarray(0, random.below(part.length + 1)) : Buffer.concat([part, Buffer.alloc(random.once(20) ? random.below(5000) : random.below(40), random.pick([...'A0 .-\u00e9']), 'latin1')])
}
const fill = (parts: Buffer[], random: Random): void => { parts[random.below(parts.length)] = random.pick(pieces) }

const mutations: readonly Mutation[] = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
    return bytes
  },
  (bytes, random) => {
    for (let n = random.below(30); n > 0 && bytes.length > 0; n--) bytes[random.below(bytes.length)] = random.once(2) ? random.below(256) : 0x20 + random.below(96)
    return bytes
  },
  (bytes, random) => {
    const from = at(bytes, random)
    return splice(bytes, from, from + random.below(60))
  },
  (bytes, random) => {
    const from = at(bytes, random)
    return splice(bytes, from, from, random.pick(pieces))
  },
  (bytes, random) => random.once(3) ? bytes.subarray(0, at(bytes, random)) : bytes,
  (bytes, random) => random.once(3) ? bytes.subarray(at(bytes, random)) : bytes,
  // A stretch of another file.
  (bytes, random, files) => {
    const other = random.pick(files)
    const from = at(other, random)
    const place = at(bytes, random)
    return splice(bytes, place, place, other.subarray(from, from + random.below(400)))
  },
  (bytes, random) => {
    const from = at(bytes, random)
    return splice(bytes, from, from, bytes.subarray(from, from + random.below(500)))
  },
  // Other delimiters from some place on, or one character for another everywhere.
  (bytes, random) => {
    const [from, to] = [random.pick([bytes[3] ?? 0x2a, bytes[104] ?? 0x3e, bytes[105] ?? 0x7e, random.below(256)]), random.pick([0x2a, 0x7e, 0x3e, 0x0a, 0x1c, 0x7c, 0x41, 0x20, random.below(256)])]
    for (let i = bytes.indexOf(from, random.once(2) ? 0 : at(bytes, random)); i >= 0; i = bytes.indexOf(from, i + 1)) bytes[i] = to
    return bytes
  },
  // Delimiters of the header itself.
  (bytes, random) => {
    const i = random.pick([3, 82, 84, 88, 104, 105])
    if (i < bytes.length) bytes[i] = random.pick([0x2a, 0x7e, 0x3e, 0x5e, 0x55, 0x0a, 0x20, 0x31, random.below(256)])
    return bytes
  },
  (bytes, random) => {
    for (let n = 1 + random.below(4), i = bytes.indexOf('00401'); i >= 0 && n > 0; n--, i = bytes.indexOf('00401', i + 1)) bytes.write(random.pick(['00403', '00501', '00200', 'ABCDE']), i)
    for (let i = bytes.indexOf('004010'); i >= 0; i = bytes.indexOf('004010', i + 1)) bytes.write(random.pick(['004030', '005010', '003040', '004010']), i)
    return bytes
  },
  inParts('segment', drop), inParts('segment', double), inParts('segment', exchange), inParts('segment', move), inParts('segment', fill),
  inParts('element', drop), inParts('element', double), inParts('element', exchange), inParts('element', lengthen), inParts('element', fill),
]
