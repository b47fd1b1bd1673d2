/**
 * A guide proposed from samples: what a partner's files use of the standard, as an overlay for a person to edit. Every sample that the
 * standard accepts is accepted under it. It says why beside each line, and narrows only what samples can show: that something is
 * always or never there, a short list of codes, kinds of segments that come once. It never limits how many lines, units or parties there are.
 */
import type { Guide } from './compile.ts'
import type { BodyNode, ElementUse, LoopNode, SegmentUse, SumRule } from './guide.ts'
import { SampleProfile, type GuideProfile } from './profile.ts'
import type { Narrowing, Overlay } from './overlay.ts'
import { createReader } from './read.ts'
import { judgeRules } from './rules.ts'
import { isSegment, repeats } from './tree.ts'
import type { Loop, ReadEvent, Segment, Transaction } from './types.ts'

/** An overlay with what it was learned from. */
export interface LearnedGuide extends Overlay {
  readonly about: string
  readonly profile: GuideProfile
  readonly narrow: readonly Narrowing[]
  readonly rules: readonly SumRule[]
}

/** "Always" and "never" are believed from so many sets on; of fewer samples, from all of them. */
const enoughSets = 3
/** An estimate of how likely the next code is a new one (the share of codes seen once) may be at most this. */
const mostNewCodes = 0.2
const fewestSetsWithCodes = 5
const longestCodeList = 20
/** A length is believed when so many different values in so many sets have it. */
const valuesOfOneLength = 5
const mostValuesKept = 500

/** Elements of type ID that name things of the world, not choices of the partner: country, state, postcode, carrier, bank. */
const identifyingElements = new Set(['26', '156', '116', '140', '206', '309', '310', '507'])
/** Qualifiers that make kinds of a segment, mostly its first element: reference, party, date, contact, amount, mark, quantity. */
const kindElements = new Set(['128', '98', '374', '366', '522', '88', '673'])
/** Loops of the detail, of which one more is no surprise. */
const lineLoops = ['PO1', 'IT1', 'LIN', 'HL', 'POC', 'BAK', 'G17', 'W01', 'LX']

/** Collects samples, file by file, and proposes a guide. Keeps counts and codes, no documents. */
export class GuideLearner {
  private readonly base: Guide
  private readonly reference: string
  private readonly root: Place
  private readonly profile: SampleProfile
  private readonly sums: { readonly rule: SumRule; stated: number; broken: boolean }[]
  private set = 0

  /** `reference` names the base for the proposal to extend. */
  constructor(base: Guide, reference = `${base.version}/${base.set}`) {
    this.base = base
    this.reference = reference
    this.root = new Place('', [base.model.root])
    this.profile = new SampleProfile()
    this.sums = sumsToTry(base.model.root).map(rule => ({ rule, stated: 0, broken: false }))
  }

  /** Take one file in. One that the standard rejects, or that has no such set in it, is left out, and the profile says why. */
  add(file: string, bytes: Uint8Array): void {
    const { base } = this
    const belongs = (set: string, version: string) => set === base.set && version.startsWith(base.version)
    const reader = createReader({ tree: true, guideFor: identity => (belongs(identity.set, identity.version) ? base : undefined) })
    const events: ReadEvent[] = [...reader.push(bytes), ...reader.end()]
    const transactions: Transaction[] = []
    const others = new Set<string>()
    for (const event of events) {
      if (event.type === 'set') {
        const { result, group } = event
        if (!belongs(result.set, group.version)) {
          others.add(`${result.set || 'a set without ST01'} of ${group.version || 'no version'}`)
          continue
        }
        const fault = result.findings.find(({ severity }) => severity === 'error')
        if (fault) return this.profile.leaveOut(file, `set ${result.controlNumber}: ${fault.message}`)
        if (result.transaction) transactions.push(result.transaction)
      } else if (event.type === 'interchange-end' || event.type === 'group-end') {
        const fault = event.result.findings.find(({ severity, kind }) => severity === 'error' && kind !== 'version-unsupported')
        if (fault) return this.profile.leaveOut(file, fault.message)
      }
    }
    if (transactions.length === 0) {
      const found = others.size > 0 ? `it holds ${[...others].join(', ')}` : 'it holds no transaction set'
      return this.profile.leaveOut(file, `no ${base.set} of ${base.version}: ${found}`)
    }
    this.profile.add(file, bytes, events, belongs)
    for (const { root } of transactions) {
      this.set += 1
      this.root.takeLoops([root], { set: this.set, file })
      for (const sum of this.sums) {
        if (judgeRules(root, [sum.rule]).length > 0) sum.broken = true
        else if (judgeRules(root, [neverTrue(sum.rule)]).length > 0) sum.stated += 1
      }
    }
  }

  /** The proposal. Without any sample it narrows nothing. */
  finish(): LearnedGuide {
    const { base } = this
    const profile = this.profile.finish(this.set)
    const proposal = new Proposal(this.set)
    if (this.set > 0) proposal.body(this.root, '')
    return {
      extends: this.reference,
      name: `Learned ${this.reference}`,
      about: `Proposed from ${this.set} ${base.set} sets in ${profile.files} files. Look through it: what samples do not show may still be allowed.`,
      profile,
      narrow: proposal.narrow,
      rules: this.sums.filter(({ stated, broken }) => !broken && stated > 0 && stated >= Math.min(enoughSets, this.set)).map(({ rule }) => rule),
    }
  }
}

/** A guide learned from samples at once. */
export function learnGuide(base: Guide, samples: Iterable<{ readonly file: string; readonly bytes: Uint8Array }>): LearnedGuide {
  const learner = new GuideLearner(base)
  for (const { file, bytes } of samples) learner.add(file, bytes)
  return learner.finish()
}

/** A guide as a file: a line for each narrowing, so that people can read, strike out and compare. */
export function formatGuide(guide: Overlay & { readonly profile?: unknown }): string {
  const { narrow = [], rules = [], ...rest } = guide
  const lines = (items: readonly unknown[]) => items.length === 0 ? '[]' : `[\n${items.map(item => `    ${spaced(JSON.stringify(item))}`).join(',\n')}\n  ]`
  const fields = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`)
  return `{\n${[...fields, `  "narrow": ${lines(narrow)}`, `  "rules": ${lines(rules)}`].join(',\n')}\n}\n`
}

/** A space after each colon and comma between fields, which JSON.stringify leaves out. Strings are left alone. */
function spaced(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[:,]/g, part => part === ':' || part === ',' ? `${part} ` : part)
}

// ---- What was seen -----------------------------------------------------------------------------------------------

interface Source {
  readonly set: number
  readonly file: string
}

/** How often something was seen, in how many sets, and where first. */
class Tally {
  count = 0
  sets = 0
  file = ''
  private last = 0

  take(source: Source): void {
    this.count += 1
    if (this.file === '') this.file = source.file
    if (this.last !== source.set) {
      this.last = source.set
      this.sets += 1
    }
  }
}

class ElementSeen {
  readonly present = new Tally()
  readonly values = new Map<string, Tally>()
  shortest = Infinity
  longest = 0

  take(raw: string, source: Source): void {
    this.present.take(source)
    const value = raw.trim()
    if (value === '') return
    this.shortest = Math.min(this.shortest, value.length)
    this.longest = Math.max(this.longest, value.length)
    let tally = this.values.get(value)
    if (!tally && this.values.size < mostValuesKept) this.values.set(value, tally = new Tally())
    tally?.take(source)
  }
}

/** Loops and segments at one path, in all samples. Those that share an id at one level share a path, and so a Place. */
class Place {
  readonly id: string
  readonly nodes: readonly BodyNode[]
  readonly seen = new Tally()
  /** Occurrences of what it stands in that have it, and the most in one of them. */
  within = 0
  most = 0
  readonly elements: ElementSeen[] = []
  readonly children: readonly Place[]
  readonly kinds = new Map<string, Place>()
  readonly use: SegmentUse | undefined
  /** The element that tells kinds apart; 0 when there are none. */
  readonly kindElement: number

  constructor(id: string, nodes: readonly BodyNode[], withoutKinds = false) {
    this.id = id
    this.nodes = nodes
    const loops = nodes.filter((node): node is LoopNode => node.kind === 'loop')
    const byId = new Map<string, BodyNode[]>()
    for (const child of loops.flatMap(loop => loop.body)) {
      const key = child.kind === 'loop' ? child.id : child.use.id
      byId.set(key, [...byId.get(key) ?? [], child])
    }
    // What opens a loop has the kinds of the loop, not kinds of its own.
    this.children = [...byId].map(([key, same], index) => new Place(key, same, index === 0))
    const [only] = nodes
    const first = only?.kind === 'loop' ? only.body[0] : only
    this.use = first?.kind === 'segment' ? first.use : undefined
    this.kindElement = withoutKinds || !this.single || !this.use ? 0 : kindElementOf(this.use)
  }

  /** The path leads to one node alone. */
  get single(): boolean {
    return this.nodes.length === 1
  }

  get isLoop(): boolean {
    return this.nodes.some(({ kind }) => kind === 'loop')
  }

  takeLoops(loops: readonly Loop[], source: Source): void {
    for (const loop of loops) {
      this.seen.take(source)
      for (const child of this.children) child.takeFrom(loop, source)
    }
  }

  /** What of one loop belongs here. */
  private takeFrom(parent: Loop, source: Source): void {
    const found = parent.children.filter(({ id }) => id === this.id)
    if (found.length === 0) return
    this.within += 1
    this.most = Math.max(this.most, found.length)
    this.takeLoops(found.filter((child): child is Loop => !isSegment(child)), source)
    for (const segment of found) if (isSegment(segment)) this.takeSegment(segment, source)
    if (this.kindElement > 0) this.takeKinds(found, source)
  }

  private takeSegment(segment: Segment, source: Source): void {
    this.seen.take(source)
    for (const [i, value] of segment.elements.entries()) {
      for (const one of repeats(value)) {
        const raw = typeof one === 'string' ? one : one.join(':')
        if (raw !== '') (this.elements[i] ??= new ElementSeen()).take(raw, source)
      }
    }
  }

  private takeKinds(found: readonly (Segment | Loop)[], source: Source): void {
    const byCode = new Map<string, (Segment | Loop)[]>()
    for (const child of found) {
      const head = isSegment(child) ? child : child.children.find(isSegment)
      const value = head?.elements[this.kindElement - 1]
      const code = typeof value === 'string' ? value.trim() : ''
      if (/^[A-Z0-9]{1,3}$/.test(code)) byCode.set(code, [...byCode.get(code) ?? [], child])
    }
    for (const [code, children] of byCode) {
      let kind = this.kinds.get(code)
      if (!kind) this.kinds.set(code, kind = new Place(this.id, this.nodes, true))
      kind.within += 1
      kind.most = Math.max(kind.most, children.length)
      kind.takeLoops(children.filter((child): child is Loop => !isSegment(child)), source)
      for (const segment of children) if (isSegment(segment)) kind.takeSegment(segment, source)
    }
  }
}

function kindElementOf(use: SegmentUse): number {
  if (use.id === 'HL') return 3
  return kindElements.has(use.elements[0]?.reference ?? '') ? 1 : 0
}

// ---- What follows ------------------------------------------------------------------------------------------------

class Proposal {
  readonly narrow: Narrowing[] = []
  private readonly enough: number

  constructor(sets: number) {
    this.enough = Math.min(enoughSets, sets)
  }

  /** Everything inside a loop that was seen. `path` ends in a slash, but for the root. */
  body(parent: Place, path: string): void {
    for (const child of parent.children) {
      if (child.seen.count === 0) this.unused(parent, child, path)
      else this.used(parent, child, path)
    }
  }

  private believed(tally: Tally): boolean {
    return tally.sets >= this.enough
  }

  private unused(parent: Place, child: Place, path: string): void {
    if (!this.believed(parent.seen) || child.nodes.some(({ requirement }) => requirement === 'M')) return
    this.narrow.push({ at: path + child.id, req: 'X', note: `in none of ${times(parent.seen)}` })
  }

  private used(parent: Place, child: Place, path: string): void {
    const always = child.within === parent.seen.count && this.believed(parent.seen) && child.single
    if (always && child.nodes[0]?.requirement === 'O') {
      this.narrow.push({ at: path + child.id, req: 'M', note: `in all ${times(parent.seen)}; at most ${child.most} at once` })
    }
    if (child.isLoop) this.body(child, `${path}${child.id}/`)
    else if (child.use) this.elements(child.use, child, path, null)
    for (const [code, kind] of child.kinds) this.kind(parent, child, kind, `${path}${child.id}[0${child.kindElement}=${code}]`)
  }

  /** A kind of segment or loop: whether it must come and may come once, and what it has that the others do not. */
  private kind(parent: Place, all: Place, kind: Place, at: string): void {
    if (!this.believed(kind.seen) || kind.seen.sets < 2) return
    const always = kind.within === parent.seen.count && this.believed(parent.seen)
    // Another line, shipment or carton is no surprise; a second ship-to or purchase order date would be.
    const once = kind.most === 1 && all.use?.id !== 'HL' && (all.nodes[0]?.max ?? 1) > 1
    if (always || once) {
      const note = `in ${always ? 'all' : kind.within} ${always ? times(parent.seen) : `of ${parent.seen.count}`}${once ? ', never twice' : ''}, first in ${kind.seen.file}`
      this.narrow.push({ at, ...(always ? { req: 'M' as const } : {}), ...(once ? { max: 1 } : {}), note })
    }
    if (!kind.isLoop) {
      if (kind.use) this.elements(kind.use, kind, `${at}/`, all)
      return
    }
    for (const [index, child] of kind.children.entries()) {
      const general = all.children[index]
      if (!general || !child.single) continue
      if (child.seen.count === 0 && general.seen.count > 0 && all.use?.id === 'HL') this.unused(kind, child, `${at}/`)
      if (child.within === kind.seen.count && general.within < all.seen.count && child.nodes[0]?.requirement === 'O') {
        this.narrow.push({ at: `${at}/${child.id}`, req: 'M', note: `in all ${times(kind.seen)}` })
      }
      for (const [code, inner] of child.kinds) {
        const everywhere = general.kinds.get(code)?.within === all.seen.count
        if (inner.within !== kind.seen.count || everywhere) continue
        this.narrow.push({ at: `${at}/${child.id}[0${child.kindElement}=${code}]`, req: 'M', note: `in all ${times(kind.seen)}` })
      }
      if (!child.isLoop && child.use && index === 0) this.elements(child.use, child, `${at}/`, general)
    }
  }

  /** Elements of a segment; of a kind, only what does not hold of all its kinds (`general`). */
  private elements(use: SegmentUse, place: Place, path: string, general: Place | null): void {
    if (!this.believed(place.seen)) return
    for (const [i, element] of use.elements.entries()) {
      if (i >= 31) break
      const seen = place.elements[i]
      const at = `${path}${use.id}${String(i + 1).padStart(2, '0')}`
      const change = this.element(element, seen, place, general?.elements[i], general, place.kindElement > 0)
      if (change) this.narrow.push({ at, ...change })
    }
  }

  private element(
    element: ElementUse, seen: ElementSeen | undefined, place: Place, ofAll: ElementSeen | undefined, general: Place | null, hasKinds: boolean,
  ): Omit<Narrowing, 'at'> | undefined {
    if (!seen) {
      return general || element.requirement !== 'O' ? undefined : { req: 'X', note: `in none of ${times(place.seen)}` }
    }
    const always = seen.present.count >= place.seen.count && element.repeat === 1
    const alwaysAnyway = general !== null && ofAll !== undefined && ofAll.present.count >= general.seen.count
    const required = always && !alwaysAnyway && element.requirement === 'O'
    const codes = general === null ? codesOf(element, seen) : undefined
    const length = hasKinds ? undefined : lengthOf(element, seen)
    if (!required && !codes && length === undefined) return undefined
    const notes = [
      required ? `in all ${times(place.seen)}` : `in ${seen.present.count} of ${place.seen.count}`,
      ...(codes ? [`seen: ${codes.map(code => `${code} ×${seen.values.get(code)?.count ?? 0}`).join(', ')}`] : []),
      ...(length === undefined ? [] : [`${seen.values.size} values, all of ${length} characters`]),
    ]
    return {
      ...(required ? { req: 'M' as const } : {}),
      ...(codes ? { codes } : {}),
      ...(length === undefined ? {} : { min: length, max: length }),
      note: notes.join('; '),
    }
  }
}

const times = ({ count, sets }: Tally): string => (count === sets ? `${count} sets` : `${count}, in ${sets} sets`)

/** The codes of an element that has codes, when so many were seen that another one would be unlikely. */
function codesOf(element: ElementUse, seen: ElementSeen): string[] | undefined {
  if (element.type !== 'ID' || !element.codes || identifyingElements.has(element.reference)) return undefined
  const { values, present } = seen
  if (present.sets < fewestSetsWithCodes || values.size > longestCodeList) return undefined
  // Many lines of one set are one witness.
  const witnesses = [...values.values()].map(({ sets }) => sets)
  const once = witnesses.filter(sets => sets === 1).length
  if (once / witnesses.reduce((total, sets) => total + sets, 0) > mostNewCodes) return undefined
  if ([...values.keys()].some(code => code.length < element.min || code.length > element.max)) return undefined
  if (!element.partial && values.size === element.codes.size) return undefined
  return [...values.keys()].sort()
}

/** The one length that all values of a text have: a number of the partner's own making. */
function lengthOf(element: ElementUse, seen: ElementSeen): number | undefined {
  const { shortest, longest, values, present } = seen
  if (element.type !== 'AN' || shortest !== longest || values.size < valuesOfOneLength || present.sets < valuesOfOneLength) return undefined
  if ([...values.keys()].some(value => !/^[A-Z0-9]+$/i.test(value) || !/\d/.test(value))) return undefined
  return longest >= element.min && longest <= element.max && element.min !== element.max ? longest : undefined
}

// ---- Totals ------------------------------------------------------------------------------------------------------

/** Totals that a set may state of itself: lines counted and quantities summed in its CTT. */
function sumsToTry(root: LoopNode): SumRule[] {
  const lines = root.body.find((node): node is LoopNode => node.kind === 'loop' && lineLoops.includes(node.id))
  const totals = root.body.find(node => (node.kind === 'loop' ? node.id : node.use.id) === 'CTT')
  if (!lines || !totals) return []
  const path = totals.kind === 'loop' ? 'CTT/CTT' : 'CTT'
  const quantity = lines.id === 'PO1' || lines.id === 'IT1'
  return [{ count: lines.id, equals: `${path}01` }, ...(quantity ? [{ sum: `${lines.id}/${lines.id}02`, equals: `${path}02` }] : [])]
}

/** The same place with a total that nothing has, to learn whether the place is filled at all. */
function neverTrue(rule: SumRule): SumRule {
  return { count: 'ZZZ/ZZZ', equals: rule.equals }
}
