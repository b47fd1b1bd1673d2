/**
 * A file as a person wants to see it: every segment and element with its name, codes with their meanings, loops as a tree, and each finding
 * beside what it is about. Plain data, for a terminal as for the portal; one transaction set at a time, whatever the size of the file.
 */
import type { Guide } from './compile.ts'
import { explain, languages, type MessageLanguage } from './explain.ts'
import { localName, type LocalNames } from './messages/language.ts'
import { Names, type DescribedElement, type DescribedSegment } from './names.ts'
import { chunksOf, createReader, type ByteSource, type Reader } from './read.ts'
import type { ReadOptions, SetIdentity } from './session.ts'
import { standardGuide } from './standard.ts'
import { isSegment, repeats } from './tree.ts'
import type {
  Delimiters, ElementValue, Finding, GroupHeader, GroupOutcome, InterchangeHeader, InterchangeResult, Loop, ReadEvent, Segment, SetOutcome, SetResult,
} from './types.ts'

export interface InspectOptions extends Omit<ReadOptions, 'tree'> {
  /** Of the findings' sentences, and of names as far as they are translated. Meanings are those of the schema, in English. Default en. */
  readonly language?: MessageLanguage
}

/** An element, one of its repetitions, or a component. Empty elements are left out, unless there is a finding about one. */
export interface InspectedElement {
  /** "PO103"; of a component "PO103-2". */
  readonly id: string
  /** '' when the segment has no such element. */
  readonly name: string
  /** X12 data element number; '' when not known. */
  readonly reference: string
  /** As sent, separators inside included. */
  readonly value: string
  /** Of a code its meaning; a date or time as people write it; a number with its implied decimals. */
  readonly meaning?: string
  /** Of a composite: those that were sent. */
  readonly components?: readonly InspectedElement[]
  /** Of an element that is repeated: each time. */
  readonly repetitions?: readonly InspectedElement[]
  readonly findings?: readonly Finding[]
}

export interface InspectedSegment {
  readonly segment: string
  /** '' when nobody knows the segment. */
  readonly name: string
  /** Ordinal in its set, ST = 1; 0 in the envelopes. */
  readonly position: number
  /** Byte offset in the input. */
  readonly offset: number
  readonly elements: readonly InspectedElement[]
  /** About what is missing before it. */
  readonly before?: readonly Finding[]
  /** About the segment as a whole. */
  readonly findings?: readonly Finding[]
}

export interface InspectedLoop {
  readonly loop: string
  readonly children: readonly (InspectedSegment | InspectedLoop)[]
}

export interface InspectedSet {
  readonly type: 'set'
  /** ST01, and what it is called; '' when there is no guide for it. */
  readonly set: string
  readonly name: string
  /** GS08. */
  readonly version: string
  readonly controlNumber: string
  readonly outcome: SetOutcome
  readonly errors: number
  readonly warnings: number
  /** ST first, SE last when it came. */
  readonly children: readonly (InspectedSegment | InspectedLoop)[]
  /** About the set as a whole, or what is missing at its end. */
  readonly findings: readonly Finding[]
}

/** What inspection yields, in document order. The findings about a header are in its segment; those at an end are all others of that envelope. */
export type Inspected =
  | { readonly type: 'interchange'; readonly header: InterchangeHeader; readonly segment: InspectedSegment }
  | { readonly type: 'group'; readonly header: GroupHeader; readonly segment: InspectedSegment }
  | InspectedSet
  | { readonly type: 'group-end'; readonly outcome: GroupOutcome; readonly segment?: InspectedSegment; readonly findings: readonly Finding[] }
  | { readonly type: 'interchange-end'; readonly outcome: InterchangeResult['outcome']; readonly segment?: InspectedSegment; readonly findings: readonly Finding[] }
  | { readonly type: 'ta1'; readonly segment: InspectedSegment }
  | { readonly type: 'junk'; readonly finding: Finding }

/** Read and describe. Findings are explained in `language`. Memory stays bounded by one transaction set and one chunk; nothing is thrown on content. */
export async function* inspect(source: ByteSource, options: InspectOptions = {}): AsyncGenerator<Inspected> {
  const inspector = new Inspector(options)
  for await (const chunk of chunksOf(source)) yield* inspector.push(chunk)
  yield* inspector.end()
}

/** So much of what has been read is kept, for an envelope segment that began in an earlier chunk. */
const keptBytes = 1 << 16

export class Inspector {
  private readonly reader: Reader
  private readonly language: MessageLanguage
  private readonly local: LocalNames | undefined
  private readonly utf8: boolean
  private readonly names = new Map<string, Names>()
  private recent: Buffer = Buffer.alloc(0)
  private recentAt: number
  private readonly guides = new Map<string, Guide | undefined>()
  private readonly guideFor: (set: SetIdentity) => Guide | undefined
  /** Findings about headers, which were told with them. */
  private told = new Set<string>()

  constructor({ language = 'en', ...options }: InspectOptions = {}) {
    this.language = language
    this.local = languages[language].names
    this.utf8 = options.encoding === 'utf8'
    this.recentAt = options.offset ?? 0
    const { guideFor = ({ version, set }: SetIdentity) => standardGuide(version, set) } = options
    this.guideFor = guideFor
    this.reader = createReader({
      ...options, tree: 'all',
      guideFor: identity => {
        const guide = guideFor(identity)
        this.guides.set(guideKey(identity), guide)
        return guide
      },
    })
  }

  push(chunk: Uint8Array): Inspected[] {
    this.recent = Buffer.concat([this.recent, chunk])
    const items = this.reader.push(chunk).map(event => this.item(event))
    const excess = this.recent.length - keptBytes
    if (excess > 0) {
      this.recent = this.recent.subarray(excess)
      this.recentAt += excess
    }
    return items
  }

  end(): Inspected[] {
    return this.reader.end().map(event => this.item(event))
  }

  private item(event: ReadEvent): Inspected {
    switch (event.type) {
      case 'interchange': {
        const { header } = event
        this.told = new Set(event.findings.map(keyOf))
        const segment = this.envelope({ id: 'ISA', position: 0, offset: header.offset, elements: header.elements }, event.findings)
        return { type: 'interchange', header, segment }
      }
      case 'group': {
        const { header } = event
        for (const found of event.findings) this.told.add(keyOf(found))
        const segment = this.rawSegment(header.offset, event.interchange.delimiters) ?? { id: 'GS', position: 0, offset: header.offset, elements: [] }
        return { type: 'group', header, segment: this.envelope(segment, event.findings) }
      }
      case 'set':
        return this.set(event.result, event.group, event.interchange)
      case 'group-end':
        return { type: 'group-end', outcome: event.result.outcome, ...this.trailer('GE', event.result, event.interchange.delimiters) }
      case 'interchange-end':
        return { type: 'interchange-end', outcome: event.result.outcome, ...this.trailer('IEA', event.result, event.result.header.delimiters) }
      case 'ta1': {
        const { offset } = event.acknowledgement
        const segment = this.rawSegment(offset, event.interchange.delimiters) ?? { id: 'TA1', position: 0, offset, elements: [] }
        return { type: 'ta1', segment: this.envelope(segment, []) }
      }
      case 'junk':
        return { type: 'junk', finding: this.explained(event.finding) }
      default:
        return event satisfies never
    }
  }

  // ---- Envelopes -----------------------------------------------------------------------------------------------

  private envelope(segment: Segment, findings: readonly Finding[]): InspectedSegment {
    return this.describe(segment, this.namesOf('', '', undefined), findings, [])
  }

  /** The trailer that ends at `end`, unless it did not come, and the findings that were not told with the header. */
  private trailer(id: string, { end, findings }: { readonly end: number; readonly findings: readonly Finding[] }, delimiters: Delimiters) {
    const rest = findings.filter(found => !this.told.has(keyOf(found)))
    const raw = this.lastSegment(end, delimiters)
    if (raw?.id !== id) return { findings: rest.map(found => this.explained(found)) }
    const own = rest.filter(found => found.segmentId === id)
    return {
      segment: this.envelope(raw, own),
      findings: rest.filter(found => !own.includes(found)).map(found => this.explained(found)),
    }
  }

  /** The segment at an offset, if it is still at hand. */
  private rawSegment(offset: number, delimiters: Delimiters): Segment | undefined {
    const from = offset - this.recentAt
    if (from < 0) return undefined
    const terminator = this.recent.indexOf(delimiters.segment, from)
    return this.split(from, terminator < 0 ? this.recent.length : terminator, delimiters)
  }

  /** The segment that ends before an offset. */
  private lastSegment(end: number, delimiters: Delimiters): Segment | undefined {
    let to = end - this.recentAt
    if (to <= 0 || to > this.recent.length) return undefined
    if (this.recent[to - 1] === delimiters.segment) to--
    let from = this.recent.subarray(0, to).lastIndexOf(delimiters.segment) + 1
    while (from < to && (this.recent[from] as number) <= 0x20) from++
    return this.split(from, to, delimiters)
  }

  private split(from: number, to: number, { element }: Delimiters): Segment {
    const text = this.recent.toString(this.utf8 ? 'utf8' : 'latin1', from, to)
    const [id = '', ...elements] = text.split(String.fromCharCode(element))
    return { id, position: 0, offset: this.recentAt + from, elements }
  }

  // ---- Sets ----------------------------------------------------------------------------------------------------

  private set(result: SetResult, group: GroupHeader, interchange: InterchangeHeader): InspectedSet {
    const { set, controlNumber, implementation, outcome, transaction, start, end, segmentCount } = result
    const identity = { set, version: group.version, ...(implementation === undefined ? {} : { implementation }), group, interchange }
    const guide = this.guideOf(identity)
    const names = this.namesOf(group.version, set, guide)
    const findings = new PlacedFindings(result.findings)
    const { delimiters } = interchange
    const node = (child: Segment | Loop): InspectedSegment | InspectedLoop => isSegment(child)
      ? this.describe(child, names, findings.at(child.position), findings.before(child.position), delimiters)
      : { loop: child.id, children: child.children.map(node) }
    const name = guide === undefined ? '' : this.local?.sets[set] ?? guide.model.name
    const header: Segment = { id: 'ST', position: 1, offset: start, elements: [set, controlNumber, implementation ?? ''] }
    const trailer = this.lastSegment(end, delimiters)
    const children = [
      this.describe(header, names, findings.at(1), [], delimiters, name || undefined),
      ...(transaction?.root.children ?? []).map(node),
      ...(trailer?.id === 'SE' ? [this.describe({ ...trailer, position: segmentCount }, names, findings.at(segmentCount), findings.before(segmentCount), delimiters)] : []),
    ]
    const errors = result.findings.filter(found => found.severity === 'error').length
    return {
      type: 'set', set, name, version: group.version, controlNumber, outcome, errors, warnings: result.findings.length - errors,
      children, findings: findings.rest().map(found => this.explained(found)),
    }
  }

  private guideOf(identity: SetIdentity): Guide | undefined {
    const key = guideKey(identity)
    if (!this.guides.has(key)) this.guides.set(key, this.guideFor(identity))
    return this.guides.get(key)
  }

  private namesOf(version: string, set: string, guide: Guide | undefined): Names {
    const key = `${version}/${set}`
    let names = this.names.get(key)
    if (!names) this.names.set(key, names = new Names(version, guide))
    return names
  }

  // ---- Segments and elements -----------------------------------------------------------------------------------

  private describe(
    segment: Segment, names: Names, findings: readonly Finding[], before: readonly Finding[], delimiters?: Delimiters, meaningOfFirst?: string,
  ): InspectedSegment {
    const described = names.segment(segment.id)
    const name = described === undefined ? '' : this.local?.segments[segment.id] ?? described.name
    const whole = findings.filter(found => found.element === 0)
    const last = findings.reduce((most, found) => Math.max(most, found.element), segment.elements.length)
    const elements: InspectedElement[] = []
    for (let e = 1; e <= last; e++) {
      const about = findings.filter(found => found.element === e)
      const value = segment.elements[e - 1] ?? ''
      if (value === '' && about.length === 0) continue
      const element = this.element(`${segment.id}${String(e).padStart(2, '0')}`, value, elementOf(described, e), names, delimiters)
      elements.push({
        ...element,
        ...(e === 1 && meaningOfFirst !== undefined ? { meaning: meaningOfFirst } : {}),
        ...(about.length === 0 ? {} : { findings: about.map(found => this.explained(found)) }),
      })
    }
    return {
      segment: segment.id, name, position: segment.position, offset: segment.offset, elements,
      ...(before.length === 0 ? {} : { before: before.map(found => this.explained(found)) }),
      ...(whole.length === 0 ? {} : { findings: whole.map(found => this.explained(found)) }),
    }
  }

  private element(id: string, value: ElementValue, described: DescribedElement, names: Names, delimiters?: Delimiters): InspectedElement {
    const separator = (mark: number | null | undefined) => mark === null || mark === undefined ? '' : String.fromCharCode(mark)
    const parts = repeats(value)
    const { reference } = described
    const name = localName(this.local, id, reference) ?? described.name
    const one = (part: string | readonly string[]): InspectedElement => {
      if (typeof part === 'string' && described.type !== 'composite') {
        const meaning = names.meaning(described, part)
        return { id, name, reference, value: part, ...(meaning === undefined ? {} : { meaning }) }
      }
      const values = typeof part === 'string' ? [part] : part
      const components = values.flatMap((text, i) => text === '' ? [] : [
        this.element(`${id}-${i + 1}`, text, described.components[i] ?? unnamed, names),
      ])
      return { id, name, reference, value: values.join(separator(delimiters?.component)), components }
    }
    if (parts.length === 1) return one(parts[0] as string | readonly string[])
    const repetitions = parts.map(one)
    return {
      id, name, reference, value: repetitions.map(part => part.value).join(separator(delimiters?.repetition)), repetitions,
    }
  }

  private explained(found: Finding): Finding {
    return this.language === 'en' ? found : { ...found, message: explain(found, this.language) }
  }
}

const unnamed: DescribedElement = { reference: '', name: '', type: 'AN', components: [] }

function elementOf(segment: DescribedSegment | undefined, number: number): DescribedElement {
  return segment?.elements[number - 1] ?? unnamed
}

function guideKey({ version, set, implementation = '' }: SetIdentity): string {
  return `${version}/${set}/${implementation}`
}

function keyOf({ kind, offset, element, value = '' }: Finding): string {
  return `${kind} ${offset} ${element} ${value}`
}

/** The findings of a set by the segment they are about. */
class PlacedFindings {
  private readonly byPosition = new Map<number, Finding[]>()
  private readonly taken = new Set<Finding>()
  private readonly all: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    this.all = findings
    for (const found of findings) {
      const list = this.byPosition.get(found.segmentPosition)
      if (list) list.push(found)
      else this.byPosition.set(found.segmentPosition, [found])
    }
  }

  /** About the segment at a position. */
  at(position: number): Finding[] {
    return this.take(position, false)
  }

  /** About what is missing before it. */
  before(position: number): Finding[] {
    return this.take(position, true)
  }

  /** Those about no segment that is there. */
  rest(): Finding[] {
    return this.all.filter(found => !this.taken.has(found))
  }

  private take(position: number, missing: boolean): Finding[] {
    const found = (this.byPosition.get(position) ?? []).filter(({ kind }) => (kind === 'segment-missing') === missing)
    for (const one of found) this.taken.add(one)
    return found
  }
}
