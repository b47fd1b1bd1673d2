/** One transaction set on its own: read again from its stored bytes, or judged before it is written. */
import type { Guide } from './compile.ts'
import { sameNumber } from './envelope.ts'
import { finding } from './finding.ts'
import { keyOf } from './lex.ts'
import { judgeRules } from './rules.ts'
import { returnTools, takeTools } from './tools.ts'
import type { Delimiters, Finding, SetResult, Transaction } from './types.ts'
import type { CheckLevel } from './validate.ts'
import { encodeTransaction } from './write.ts'

export interface TransactionInfo {
  /** ST01 and ST02; by default as found. */
  readonly set?: string
  readonly controlNumber?: string
  /** GS08 of its group. */
  readonly version: string
  readonly encoding?: 'latin1' | 'utf8'
  /** Offset of its first byte in the stored file. Default 0. */
  readonly offset?: number
  readonly ordinal?: number
  /** `envelope` (default) only places the segments in the tree, for sets that were judged when they arrived. */
  readonly level?: 'envelope' | 'syntax' | 'full' | 'partner'
}

const seKey = keyOf('SE')

/**
 * Read the bytes of exactly one set, from the S of ST to the terminator of SE. The result has a transaction unless an error was found.
 * Nothing is thrown on content.
 */
export function readTransaction(bytes: Uint8Array, delimiters: Delimiters, guide: Guide, info: TransactionInfo): SetResult {
  const tools = takeTools(info.encoding ?? 'latin1')
  const { lexer, text, builder, validator } = tools
  const level: CheckLevel = info.level === undefined || info.level === 'envelope' ? 'structure' : info.level
  const base = info.offset ?? 0
  lexer.use(delimiters)
  const terminated = withTerminator(bytes, delimiters)
  lexer.buffer = terminated
  lexer.base = base
  text.forget()
  const last = terminated.lastIndexOf(delimiters.segment)
  const { findings } = validator
  findings.clear()
  const element = (n: number): string => n < lexer.count ? text.raw(n).trim() : ''
  let at = 0
  let position = 0
  let set = info.set ?? guide.set
  let controlNumber = info.controlNumber ?? ''
  let implementation = ''
  let ended = false
  builder.begin(set, guide)
  validator.begin(guide, level, builder)
  while (at <= last && !ended) {
    const b = terminated[at] as number
    if (b === delimiters.segment || (b <= 0x20 && b !== delimiters.element)) {
      at++
      continue
    }
    at = lexer.scan(at, terminated.byteLength, true)
    position++
    if (position === 1) {
      set = info.set ?? element(1)
      controlNumber = info.controlNumber ?? element(2)
      implementation = element(3)
    } else if (lexer.keys[0] === seKey) {
      ended = true
      validator.end(position, base + lexer.start)
      const place = { offset: base + lexer.start, segmentPosition: position, segmentId: 'SE' }
      if (element(2) !== controlNumber) {
        findings.add(finding('set-control-mismatch', { ...place, element: 2, value: element(2) }, { expected: controlNumber }))
      }
      if (!sameNumber(element(1), String(position))) {
        findings.add(finding('set-count-wrong', { ...place, element: 1, value: element(1) }, { expected: position }))
      }
    } else if (!validator.segment(position)) {
      validator.unknownSegment(position)
    }
  }
  if (!ended) {
    validator.end(position + 1, base + at)
    findings.add(finding('set-trailer-missing', { offset: base + at, segmentPosition: position + 1, segmentId: 'SE' }))
  }
  const rejected = findings.errors > 0
  const root = builder.finish()
  if (!rejected && level === 'partner') for (const found of judgeRules(root, guide.model.rules)) findings.add(found)
  const transaction: Transaction = {
    set, controlNumber, version: info.version, root, ...(implementation === '' ? {} : { implementation }),
  }
  const list = findings.take(base)
  returnTools(tools)
  return {
    ordinal: info.ordinal ?? 0, set, controlNumber, ...(implementation === '' ? {} : { implementation }),
    start: base, end: base + Math.min(at, bytes.byteLength), segmentCount: position, outcome: rejected ? 'R' : 'A', findings: list,
    ...(rejected ? {} : { transaction }),
  }
}

/** The bytes as a plain view; of a file that was cut off right after the SE, with the terminator that the reader too supposes there. */
function withTerminator(bytes: Uint8Array, { segment, element }: Delimiters): Uint8Array {
  let end = bytes.byteLength
  while (end > 0 && (bytes[end - 1] as number) <= 0x20 && bytes[end - 1] !== segment && bytes[end - 1] !== element) end--
  if (end === 0 || bytes[end - 1] === segment) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const terminated = new Uint8Array(end + 1)
  terminated.set(bytes.subarray(0, end))
  terminated[end] = segment
  return terminated
}

// Separators that no data can hold legitimately: the tree is judged as it stands, whatever delimiters it will travel with.
const neutral: Delimiters = { element: 0x1d, component: 0x1f, segment: 0x1c, repetition: 0x1e }

/** Judge a tree as if it had arrived. Offsets in the findings mean nothing; positions count from ST = 1. */
export function validateTransaction(transaction: Transaction, guide: Guide): Finding[] {
  const result = readTransaction(encodeTransaction(transaction, neutral), neutral, guide, {
    version: transaction.version, encoding: 'utf8', level: 'full', set: transaction.set, controlNumber: transaction.controlNumber,
  })
  return [...result.findings]
}
