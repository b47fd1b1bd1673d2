/** How a partner's files are made, beside what is in their sets: identifiers, versions, delimiters, how control numbers run. Each with how many files show it. */
import type { InterchangeHeader, ReadEvent } from './types.ts'

export interface Observed {
  readonly value: string
  /** In how many of the files, and which one first. */
  readonly files: number
  readonly first: string
}

export interface GuideProfile {
  readonly files: number
  readonly sets: number
  /** ISA05/06 and ISA07/08, as `ZZ:NORTHWIND`. */
  readonly senders: readonly Observed[]
  readonly receivers: readonly Observed[]
  /** GS02 and GS03. */
  readonly groupSenders: readonly Observed[]
  readonly groupReceivers: readonly Observed[]
  /** GS08 and ISA12. */
  readonly versions: readonly Observed[]
  readonly interchangeVersions: readonly Observed[]
  /** ISA15: P production, T test. */
  readonly usage: readonly Observed[]
  /** ISA14: 1 when a TA1 is asked for. */
  readonly acknowledgementRequested: readonly Observed[]
  /** Element, component, segment and repetition separator, and the line end after each segment, e.g. `* > ~ (none), line end CRLF`. */
  readonly delimiters: readonly Observed[]
  readonly controlNumbers: {
    readonly interchange: readonly Observed[]
    readonly group: readonly Observed[]
    readonly set: readonly Observed[]
  }
  /** Files that nothing was learned from, and why. */
  readonly leftOut: readonly { readonly file: string; readonly why: string }[]
}

const mostListed = 200
const lists = [
  'senders', 'receivers', 'groupSenders', 'groupReceivers', 'versions', 'interchangeVersions', 'usage', 'acknowledgementRequested', 'delimiters',
  'interchange', 'group', 'set',
] as const
type List = (typeof lists)[number]

export class SampleProfile {
  private files = 0
  private readonly seen = Object.fromEntries(lists.map(list => [list, new Map<string, { files: number; first: string; last: string }>()])) as Record<
    List, Map<string, { files: number; first: string; last: string }>
  >
  private readonly leftOut: { file: string; why: string }[] = []

  leaveOut(file: string, why: string): void {
    this.leftOut.push({ file, why })
  }

  /** Take in what was read of a file; only interchanges and groups in which there is a set that belongs here. */
  add(file: string, bytes: Uint8Array, events: readonly ReadEvent[], belongs: (set: string, version: string) => boolean): void {
    this.files += 1
    const note = (list: List, value: string) => {
      const known = this.seen[list].get(value)
      if (!known) {
        if (this.seen[list].size < mostListed) this.seen[list].set(value, { files: 1, first: file, last: file })
      } else if (known.last !== file) {
        known.files += 1
        known.last = file
      }
    }
    const headers = new Set<InterchangeHeader>()
    let numbers: string[] = []
    for (const event of events) {
      if (event.type === 'group') numbers = []
      else if (event.type === 'set') {
        if (belongs(event.result.set, event.group.version)) numbers.push(event.result.controlNumber)
      } else if (event.type === 'group-end' && numbers.length > 0) {
        const { header } = event.result
        const { interchange } = event
        note('groupSenders', header.senderCode)
        note('groupReceivers', header.receiverCode)
        note('versions', header.version)
        note('group', sameNumber(header.controlNumber, interchange.controlNumber) ? 'GS06 is ISA13' : 'GS06 has a counter of its own')
        note('set', setNumbers(numbers, header.controlNumber))
        if (headers.has(interchange)) continue
        headers.add(interchange)
        note('senders', `${interchange.senderQualifier}:${interchange.senderId}`)
        note('receivers', `${interchange.receiverQualifier}:${interchange.receiverId}`)
        note('interchangeVersions', interchange.version)
        note('usage', interchange.usage)
        note('acknowledgementRequested', interchange.acknowledgementRequested ? '1' : '0')
        note('delimiters', delimitersOf(interchange, bytes))
        note('interchange', interchange.controlNumber.startsWith('0') ? 'ISA13 is filled up with zeros' : `ISA13 begins with ${interchange.controlNumber.slice(0, 1)}`)
      }
    }
  }

  finish(sets: number): GuideProfile {
    const of = (list: List): Observed[] => [...this.seen[list]]
      .map(([value, { files, first }]) => ({ value, files, first }))
      .sort((a, b) => b.files - a.files || (a.value < b.value ? -1 : 1))
    return {
      files: this.files, sets,
      senders: of('senders'), receivers: of('receivers'), groupSenders: of('groupSenders'), groupReceivers: of('groupReceivers'),
      versions: of('versions'), interchangeVersions: of('interchangeVersions'), usage: of('usage'),
      acknowledgementRequested: of('acknowledgementRequested'), delimiters: of('delimiters'),
      controlNumbers: { interchange: of('interchange'), group: of('group'), set: of('set') },
      leftOut: this.leftOut,
    }
  }
}

function sameNumber(a: string, b: string): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) && Number(a) === Number(b)
}

function setNumbers(numbers: readonly string[], group: string): string {
  const [first = ''] = numbers
  const digits = first.length
  if (numbers.some(number => !/^\d+$/.test(number))) return 'ST02 is text'
  const width = numbers.every(number => number.length === digits) ? `, ${digits} digits` : ''
  if (first.startsWith(group) && digits > group.length + 1) return `ST02 begins with GS06${width}`
  return `${Number(first) === 1 ? 'ST02 begins at 1 in each group' : 'ST02 runs on from group to group'}${width}`
}

function delimitersOf({ delimiters, offset }: InterchangeHeader, bytes: Uint8Array): string {
  const shown = (code: number | null) => code === null ? '(none)' : code > 0x20 && code < 0x7f ? String.fromCharCode(code) : `0x${code.toString(16).padStart(2, '0')}`
  const end = bytes.indexOf(delimiters.segment, offset + 100)
  const after = end < 0 ? '' : Buffer.from(bytes.subarray(end + 1, end + 3)).toString('latin1')
  const lineEnd = delimiters.segment === 0x0a || delimiters.segment === 0x0d ? '' : after === '\r\n' ? ', line end CRLF' : after.startsWith('\n') ? ', line end LF' : ', no line ends'
  return `${[delimiters.element, delimiters.component, delimiters.segment, delimiters.repetition].map(shown).join(' ')}${lineEnd}`
}
