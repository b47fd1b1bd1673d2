/** What must hold of every input, whatever it is. */
import {
  AcknowledgementBuilder, buildTa1, createReader, narrowedGuide, readAll, readTransaction, standardGuide, type AcknowledgementOptions, type Finding, type Guide, type ReadEvent, type ReadOptions,
} from '../../../src/x12/index.ts'
import { readInPieces } from '../helper.ts'
import type { Random } from './random.ts'

/** No input may take longer. */
export const longestMilliseconds = 1000
const at = new Date('2024-06-14T08:09:10Z')

/** A partner's guide that narrows and sums, so that this is tried too. */
const partnerGuide = narrowedGuide('004010', '850', {
  extends: '004010/850',
  narrow: [{ at: 'BEG/BEG02', codes: ['SA', 'NE'] }, { at: 'N1', max: 5 }],
  rules: [{ count: 'PO1', equals: 'CTT/CTT01' }, { sum: 'PO1/PO102', equals: 'CTT/CTT02' }],
})

export function anyOptions(random: Random): ReadOptions {
  const guided = random.once(4)
  return {
    level: random.pick(['envelope', 'syntax', 'full', 'full', 'partner']), tree: random.pick([false, true, true, 'all']), encoding: random.once(3) ? 'utf8' : 'latin1',
    ...(guided ? { guideFor: ({ version, set }): Guide | undefined => set === '850' && version.startsWith('004010') ? partnerGuide : standardGuide(version, set) } : {}),
    ...(random.once(8) ? { uniqueInterchanges: false, offset: random.below(1000) } : {}),
  }
}

/** What is wrong with how the input was read, undefined when nothing is. May throw: that is wrong too. */
export function faultOf(bytes: Uint8Array, random: Random): string | undefined {
  const options = anyOptions(random)
  const begin = performance.now()
  const events = readAll(bytes, options)
  if (performance.now() - begin > longestMilliseconds && fastest(bytes, options) > longestMilliseconds) return `slow: ${JSON.stringify(options)}`
  return outOfOrder(events, options, bytes.byteLength)
    ?? unsoundAnswer(events, random)
    ?? (random.once(4) ? dependsOnChunks(bytes, events, options, random) : undefined)
    ?? (random.once(4) ? readsDifferently(bytes, events, options) : undefined)
}

/** Processor time of the same input: the clock also runs while others have the processor. */
function fastest(bytes: Uint8Array, options: ReadOptions): number {
  return Math.min(...[1, 2, 3].map(() => {
    const begin = process.cpuUsage()
    readAll(bytes, options)
    const { user, system } = process.cpuUsage(begin)
    return (user + system) / 1000
  }))
}

/** Interchanges hold groups hold sets, each is closed, and places lie within the input. */
function outOfOrder(events: readonly ReadEvent[], { offset = 0, tree = false }: ReadOptions, length: number): string | undefined {
  const open: string[] = []
  let last = offset
  const within = (place: number): boolean => place >= offset && place <= offset + length
  const misplaced = (findings: readonly Finding[]): Finding | undefined =>
    findings.find(({ offset, message, value, segmentId, params }) => !within(offset) || (value?.length ?? 0) > 99
      // A placeholder left in the sentence; one of the sender's own making does not count.
      || (/\{\w|undefined/.test(message) && !/\{|undefined/.test(JSON.stringify([value, segmentId, Object.values(params ?? {})]))))
  for (const event of events) {
    const inside = open[open.length - 1]
    switch (event.type) {
      case 'interchange': if (inside !== undefined) return 'an interchange inside another'; open.push('interchange'); break
      case 'group': if (inside !== 'interchange') return 'a group outside an interchange'; open.push('group'); break
      case 'ta1': if (inside === undefined) return 'a TA1 outside an interchange'; break
      case 'set': {
        const { start, end, outcome, findings, transaction } = event.result
        if (inside !== 'group') return 'a set outside a group'
        if (start < last || end < start || !within(end)) return `a set from ${start} to ${end}`
        if ((outcome === 'R') !== findings.some(finding => finding.severity === 'error') && findings.length < 1000) return `outcome ${outcome} with findings that say otherwise`
        if ((transaction !== undefined) !== (tree === 'all' || (tree && outcome !== 'R'))) return `${transaction === undefined ? 'no' : 'a'} tree of a set that is ${outcome}`
        last = end
        break
      }
      case 'group-end': if (open.pop() !== 'group') return 'the end of no group'; break
      case 'interchange-end': if (open.pop() !== 'interchange') return 'the end of no interchange'; break
      default: if (inside !== undefined && event.finding.kind === 'not-x12') return 'junk inside an interchange'
    }
    const wrong = misplaced('result' in event ? event.result.findings : event.type === 'junk' ? [event.finding] : [])
    if (wrong) return `a finding out of place: ${JSON.stringify(wrong)}`
  }
  return open.length > 0 ? `${open.join(', ')} left open` : undefined
}

/** Every interchange can be answered, and the engine itself accepts the answer. */
function unsoundAnswer(events: readonly ReadEvent[], random: Random): string | undefined {
  const options: AcknowledgementOptions = { as: random.pick(['auto', 'auto', '997', '999']), detail: random.pick(['set', 'set', 'errors', 'group']) }
  let builder: AcknowledgementBuilder | undefined
  let groups = 0
  for (const event of events) {
    switch (event.type) {
      case 'interchange': builder = new AcknowledgementBuilder(event.header, options); groups = 0; break
      case 'group': builder?.beginGroup(event.header); if (event.header.functionalId !== 'FA') groups++; break
      case 'set': builder?.addSet(event.result); break
      case 'group-end': builder?.endGroup(event.result); break
      case 'interchange-end': {
        const ta1 = buildTa1(event.result, { interchangeControlNumber: 1, at })
        const wrong = unsound(ta1, 0)
        if (wrong) return `TA1: ${wrong}`
        if (builder?.count !== groups) return `${builder?.count} groups are answered of ${groups}`
        if (groups === 0) break
        const unsoundAcknowledgement = unsound(builder.finish({ interchangeControlNumber: 1, groupControlNumber: 1, at }), groups)
        if (unsoundAcknowledgement) return `${JSON.stringify(options)}: ${unsoundAcknowledgement}`
      }
    }
  }
  return undefined
}

function unsound(bytes: Uint8Array, sets: number): string | undefined {
  let [found, interchanges] = [0, 0]
  for (const event of readAll(bytes)) {
    if (event.type === 'junk') return `junk in ${Buffer.from(bytes).toString('latin1')}`
    if (event.type === 'set') found++
    if (event.type === 'interchange') interchanges++
    const wrong = 'result' in event ? event.result.findings.find(finding => finding.severity === 'error') : undefined
    if (wrong) return `${wrong.message} in ${Buffer.from(bytes).toString('latin1')}`
  }
  return found === sets && interchanges === 1 ? undefined : `${found} sets in ${interchanges} interchanges: ${Buffer.from(bytes).toString('latin1')}`
}

function dependsOnChunks(bytes: Uint8Array, events: readonly ReadEvent[], options: ReadOptions, random: Random): string | undefined {
  const cuts = Array.from({ length: random.once(4) ? Math.min(bytes.byteLength, 200) : 1 + random.below(4) }, () => random.below(bytes.byteLength + 1)).sort((a, b) => a - b)
  const inPieces = readInPieces(bytes, cuts, options)
  return JSON.stringify(inPieces) === JSON.stringify(events) ? undefined : `other events when cut at ${cuts.join(', ')}`
}

/** A good set read again from its own bytes is as good. */
function readsDifferently(bytes: Uint8Array, events: readonly ReadEvent[], options: ReadOptions): string | undefined {
  const base = options.offset ?? 0
  for (const event of events) {
    if (event.type !== 'set' || event.result.outcome !== 'A' || options.level !== 'full') continue
    const { result, group, interchange } = event
    const guide = options.guideFor ? undefined : standardGuide(group.version, result.set)
    if (!guide || guide.functionalId !== group.functionalId || result.set === '997') continue
    const again = readTransaction(bytes.subarray(result.start - base, result.end - base), interchange.delimiters, guide, {
      version: group.version, level: 'full', offset: result.start, ordinal: result.ordinal, encoding: options.encoding ?? 'latin1',
    })
    if (again.outcome !== 'A' || again.segmentCount !== result.segmentCount || again.end !== result.end) return `set ${result.ordinal} read alone: ${JSON.stringify(again.findings)}`
  }
  return undefined
}

const chunkSize = 65536
/** What the reader's tables and one chunk's results may take, whatever the input. */
const fixedMegabytes = 8

/** Bytes still held at the most while the input is streamed, checked after each chunk; undefined when that is within ten times the input. */
export function tooMuchMemory(bytes: Uint8Array, options: ReadOptions, collect: () => void): string | undefined {
  const used = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const reader = createReader(options)
  let most = 0
  let events: ReadEvent[] = []
  for (let from = 0; from < bytes.byteLength; from += chunkSize) {
    events = reader.push(bytes.subarray(from, from + chunkSize))
    most = Math.max(most, used() - before)
  }
  events = [...events, ...reader.end()]
  most = Math.max(most, used() - before)
  const allowed = 10 * bytes.byteLength + fixedMegabytes * 1e6
  return most > allowed ? `memory: ${(most / 1e6).toFixed(1)} MB for ${(bytes.byteLength / 1e6).toFixed(2)} MB and ${events.length} last events` : undefined
}
