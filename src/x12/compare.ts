/**
 * What one guide allows or forbids that another does not, place by place, in sentences: a partner's guide beside the standard, two
 * versions of the standard, a draft beside what is in force. And what that means for a file: which sets each of them would judge otherwise.
 */
import type { Guide } from './compile.ts'
import type { BodyNode, ElementUse, GuideModel, LoopNode, Requirement, SegmentNode, SegmentUse } from './guide.ts'
import { unlimited } from './guide.ts'
import { readAll } from './read.ts'
import type { Finding, SetOutcome, SetResult } from './types.ts'

export type DifferenceKind =
  | 'segment-only-in-a' | 'segment-only-in-b' | 'element-only-in-a' | 'element-only-in-b'
  | 'usage' | 'occurrences' | 'length' | 'type' | 'codes' | 'repetition' | 'order' | 'syntax-only-in-a' | 'syntax-only-in-b' | 'total-only-in-a' | 'total-only-in-b'

export interface GuideDifference {
  /** As overlays name places: `PO1/PID/PID05`, `REF[01=DP]`. */
  readonly at: string
  /** Further places of the same segment with the same difference. */
  readonly alsoAt: readonly string[]
  readonly kind: DifferenceKind
  /** What B is beside A: it forbids more, allows more, or both or neither. */
  readonly effect: 'stricter' | 'looser' | 'other'
  /** What was and is there: M, O or X; a number (−1: any), `1..30`, a type, codes, a syntax note. */
  readonly a: string | number | readonly string[] | null
  readonly b: string | number | readonly string[] | null
  readonly sentence: string
}

/** Every difference, in the order of the set. Guides of different sets have nothing in common but the segments that share a place. */
export function compareGuides(a: GuideModel, b: GuideModel): GuideDifference[] {
  const comparison = new Comparison()
  comparison.bodies(a.root, b.root, '')
  const said = (model: GuideModel) => new Map(model.rules.map(rule => [JSON.stringify([rule.sum ?? null, rule.count ?? null, rule.equals]), rule]))
  const [inA, inB] = [said(a), said(b)]
  for (const [key, rule] of [...inA, ...inB]) {
    if (inA.has(key) && inB.has(key)) continue
    const text = `${rule.sum === undefined ? `the number of ${rule.count}` : `the sum of ${rule.sum}`} must equal ${rule.equals}`
    const added = inB.has(key)
    comparison.add(rule.equals, {
      kind: added ? 'total-only-in-b' : 'total-only-in-a', effect: added ? 'stricter' : 'looser', a: added ? null : text, b: added ? text : null,
    }, added ? `Now ${text}, or there is a warning.` : `It is no longer checked that ${text}.`)
  }
  return comparison.finish()
}

type Change = Pick<GuideDifference, 'kind' | 'effect' | 'a' | 'b'>
interface Slot {
  readonly a?: BodyNode
  readonly b?: BodyNode
}
/** `phrase` says it of `{at}`; `segment` is set where the segment itself differs, so that all its places say the same. */
interface Found extends Change {
  readonly at: string
  readonly phrase: string
  readonly segment: string | undefined
}

class Comparison {
  private readonly found: Found[] = []

  /** What was found, that of one segment at all its places together. */
  finish(): GuideDifference[] {
    const merged = new Map<string, { first: Found; alsoAt: string[] }>()
    for (const [i, found] of this.found.entries()) {
      const key = found.segment === undefined || found.at.includes('[') ? String(i) : `${found.segment} ${found.phrase}`
      const same = merged.get(key)
      if (!same) merged.set(key, { first: found, alsoAt: [] })
      else if (same.first.at !== found.at && !same.alsoAt.includes(found.at)) same.alsoAt.push(found.at)
    }
    return [...merged.values()].map(({ first: { at, kind, effect, a, b, phrase }, alsoAt }) => {
      const more = alsoAt.length > mostPlacesShown ? ` and ${alsoAt.length - mostPlacesShown} more places` : ''
      const also = alsoAt.length === 0 ? '' : ` The same at ${alsoAt.slice(0, mostPlacesShown).join(', ')}${more}.`
      return { at, alsoAt, kind, effect, a, b, sentence: phrase.replace('{at}', at) + also }
    })
  }

  add(at: string, change: Change, phrase: string, segment?: string): void {
    this.found.push({ at, ...change, phrase, segment })
  }

  bodies(a: LoopNode, b: LoopNode, path: string): void {
    const slots = pairs(a.body, b.body)
    const after = moved(a.body, b.body, slots)
    for (const [key, slot] of slots) {
      this.slot(`${path}${key}`, slot, path)
      const neighbour = after.get(key)
      if (neighbour === undefined || !slot.b) continue
      const place = neighbour === '' ? 'first' : `after ${neighbour}`
      this.add(`${path}${key}`, { kind: 'order', effect: 'other', a: null, b: neighbour }, `{at} (${nameOf(slot.b)}) comes ${place} now.`)
    }
  }

  private slot(at: string, { a, b }: Slot, path: string): void {
    const name = `{at} (${nameOf((b ?? a) as BodyNode)})`
    if (!a || !b || a.kind !== b.kind) {
      // A place that is there and not used is no different from one that is not there.
      if (a && a.max > 0) this.add(at, { kind: 'segment-only-in-a', effect: 'stricter', a: usageOf(a), b: null }, `${name} is not in it any more.`)
      if (b && b.max > 0) {
        const effect = b.requirement === 'M' ? 'stricter' : 'looser'
        this.add(at, { kind: 'segment-only-in-b', effect, a: null, b: usageOf(b) }, `${name} is new: ${usagePhrase(b.requirement)}, ${times(b.max)}.`)
      }
      return
    }
    this.node(at, a, b)
    if (a.max > 0 && b.max > 0) {
      this.inside(at, a, b, path)
      this.variants(at, a, b)
    }
  }

  /** Usage and number of occurrences. */
  private node(at: string, a: BodyNode, b: BodyNode): void {
    const [from, to] = [usageOf(a), usageOf(b)]
    const name = `{at} (${nameOf(b)})`
    if (from !== to) this.add(at, { kind: 'usage', effect: usageEffect(from, to), a: from, b: to }, `${name} is ${usagePhrase(to)} now; it was ${usagePhrase(from)}.`)
    if (a.max !== b.max && from !== 'X' && to !== 'X') {
      this.add(at, { kind: 'occurrences', effect: b.max < a.max ? 'stricter' : 'looser', a: bounded(a.max), b: bounded(b.max) },
        `${name} may come ${times(b.max)} now; before, ${times(a.max)}.`)
    }
  }

  /** A loop's body; a segment's elements, which are named after the segment, so their path is that of the loop around it. */
  private inside(at: string, a: BodyNode, b: BodyNode, path: string): void {
    if (a.kind === 'loop' && b.kind === 'loop') this.bodies(a, b, `${at}/`)
    else if (a.kind === 'segment' && b.kind === 'segment') this.segments(path, a.use, b.use)
  }

  /** Kinds that either treats apart; where only one does, against the node itself. What holds of all kinds is not said again. */
  private variants(at: string, a: BodyNode, b: BodyNode): void {
    const kinds = (node: BodyNode) => new Map((node.variants ?? []).map(variant => [
      `[${String(variant.when.element).padStart(2, '0')}=${[...variant.when.codes].sort().join('|')}]`, variant,
    ]))
    const [inA, inB] = [kinds(a), kinds(b)]
    const ofAll = new Set(this.found.map(generalKey))
    for (const key of new Set([...inA.keys(), ...inB.keys()])) {
      const optional = (node: BodyNode): BodyNode => ({ ...node, requirement: node.max === 0 ? 'X' : 'O' })
      const [from, to] = [inA.get(key) ?? optional(a), inB.get(key) ?? optional(b)]
      const before = this.found.length
      this.node(at + key, from, to)
      if (to.max > 0 && from.max > 0) this.inside(at + key, from, to, `${at}${key}/`)
      this.found.push(...this.found.splice(before).filter(found => !ofAll.has(generalKey(found))))
    }
  }

  private segments(path: string, a: SegmentUse, b: SegmentUse): void {
    if (a === b) return
    for (let i = 0; i < Math.max(a.elements.length, b.elements.length); i++) {
      const id = b.id + String(i + 1).padStart(2, '0')
      this.element(path + id, id, a.elements[i], b.elements[i])
    }
    this.syntax(path + b.id, b.id, a, b)
  }

  private syntax(at: string, segment: string, a: SegmentUse | ElementUse, b: SegmentUse | ElementUse): void {
    const [inA, inB] = [new Set(a.syntax.map(({ text }) => text)), new Set(b.syntax.map(({ text }) => text))]
    for (const { text, kind, elements } of b.syntax) {
      if (!inA.has(text)) this.add(at, { kind: 'syntax-only-in-b', effect: 'stricter', a: null, b: text }, `In {at}, ${noteSentence(kind, elements)} now (${text}).`, segment)
    }
    for (const { text, kind, elements } of a.syntax) {
      if (inB.has(text)) continue
      this.add(at, { kind: 'syntax-only-in-a', effect: 'looser', a: text, b: null }, `In {at}, it is no longer so that ${noteSentence(kind, elements)} (${text}).`, segment)
    }
  }

  private element(at: string, segment: string, a: ElementUse | undefined, b: ElementUse | undefined): void {
    const [from, to] = [a?.requirement ?? 'X', b?.requirement ?? 'X']
    const name = `{at} (${(b ?? a)?.name})`
    const add = (kind: DifferenceKind, effect: GuideDifference['effect'], was: Change['a'], is: Change['b'], phrase: string) =>
      this.add(at, { kind, effect, a: was, b: is }, `${name} ${phrase}.`, segment)
    if (!a || !b) {
      if (b && to !== 'X') add('element-only-in-b', to === 'M' ? 'stricter' : 'looser', null, to, `is new: ${usagePhrase(to)}`)
      if (a && from !== 'X') add('element-only-in-a', 'stricter', from, null, 'is not there any more')
      return
    }
    if (from !== to) add('usage', usageEffect(from, to), from, to, `is ${usagePhrase(to)} now; it was ${usagePhrase(from)}`)
    if (to === 'X' || from === 'X') return
    if (a.type !== b.type) add('type', 'other', a.type, b.type, `is ${typeName(b)} now; it was ${typeName(a)}`)
    else if (a.type !== 'composite' && (a.min !== b.min || a.max !== b.max)) {
      const effect = b.min >= a.min && b.max <= a.max ? 'stricter' : b.min <= a.min && b.max >= a.max ? 'looser' : 'other'
      add('length', effect, `${a.min}..${a.max}`, `${b.min}..${b.max}`, `has ${characters(b)} now; before, ${characters(a)}`)
    }
    if (a.repeat !== b.repeat) {
      add('repetition', b.repeat < a.repeat ? 'stricter' : 'looser', a.repeat, b.repeat, `may hold ${b.repeat} values at once now; before, ${a.repeat}`)
    }
    const codes = codeChange(a, b)
    if (codes) add('codes', codes.effect, listOf(a), listOf(b), codes.phrase)
    if (a.type !== 'composite' || b.type !== 'composite') return
    for (let c = 0; c < Math.max(a.components.length, b.components.length); c++) {
      this.element(`${at}-${c + 1}`, `${segment}-${c + 1}`, a.components[c], b.components[c])
    }
    this.syntax(at, segment, a, b)
  }
}

const mostPlacesShown = 6

/** A place without its kinds, with what is said there: what all kinds share has the same. */
const generalKey = ({ at, phrase }: Found): string => {
  const steps = at.replace(/\[[^\]]*\]/g, '').split('/')
  const last = steps.at(-1) ?? ''
  if (/\d\d(-\d+)?$/.test(last) && steps.at(-2) === last.replace(/\d\d(-\d+)?$/, '')) steps.splice(-2, 1)
  return `${steps.join('/')} ${phrase}`
}

const isClosed = (use: ElementUse): boolean => use.codes !== null && !use.partial
const listOf = (use: ElementUse): string[] | null => use.codes === null ? null : [...use.codes].sort()

/** How the codes of an element differ. Of lists that are not complete, which never reject, what either knows more. */
function codeChange(a: ElementUse, b: ElementUse): { effect: GuideDifference['effect']; phrase: string } | undefined {
  const [from, to] = [listOf(a) ?? [], listOf(b) ?? []]
  const gone = from.filter(code => !b.codes?.has(code))
  const added = to.filter(code => !a.codes?.has(code))
  if (!isClosed(b)) {
    if (isClosed(a)) return { effect: 'looser', phrase: `may have any code now; before, only ${some(from)}` }
    if (!a.codes || !b.codes || (gone.length === 0 && added.length === 0)) return undefined
    const parts = [...(added.length > 0 ? [`knows ${some(added)} besides`] : []), ...(gone.length > 0 ? [`no longer knows ${some(gone)}`] : [])]
    return { effect: 'other', phrase: `${parts.join(' and ')}; codes that it does not know are let through with a warning` }
  }
  if (!isClosed(a)) return { effect: 'stricter', phrase: `may only be ${some(to)} now; before, other codes were let through` }
  if (gone.length === 0 && added.length === 0) return undefined
  const changes = [...(gone.length > 0 ? [`${some(gone)} no longer`] : []), ...(added.length > 0 ? [`${some(added)} besides`] : [])]
  return { effect: added.length === 0 ? 'stricter' : gone.length === 0 ? 'looser' : 'other', phrase: `may only be ${some(to)} now: ${changes.join(', ')}` }
}

/** Nodes at one level that belong together: by id, and where an id comes twice, in order. */
function pairs(a: readonly BodyNode[], b: readonly BodyNode[]): Map<string, Slot> {
  const keyed = (body: readonly BodyNode[]) => {
    const counts = new Map<string, number>()
    return body.map(node => {
      const id = node.kind === 'loop' ? node.id : node.use.id
      const nth = (counts.get(id) ?? 0) + 1
      counts.set(id, nth)
      return [nth === 1 ? id : `${id}#${nth}`, node] as const
    })
  }
  const slots = new Map<string, Slot>(keyed(a).map(([key, node]) => [key, { a: node }]))
  for (const [key, node] of keyed(b)) slots.set(key, { ...slots.get(key), b: node })
  return slots
}

/** Places that both have but in another order, each with its neighbour before it in B ('' for the first); as few as explain it. */
function moved(a: readonly BodyNode[], b: readonly BodyNode[], slots: ReadonlyMap<string, Slot>): Map<string, string> {
  const both = [...slots].filter(([, slot]) => slot.a && slot.b && slot.a.max > 0 && slot.b.max > 0)
  const order = both.map(([key, slot]) => ({ key, at: a.indexOf(slot.a as BodyNode), to: b.indexOf(slot.b as BodyNode) })).sort((x, y) => x.at - y.at)
  // The longest run that keeps its order stays; the rest has moved.
  const longest: number[] = []
  const before: number[] = []
  for (const [i, { to }] of order.entries()) {
    let best = -1
    for (let j = 0; j < i; j++) if ((order[j]?.to ?? 0) < to && (best < 0 || (longest[j] ?? 0) > (longest[best] ?? 0))) best = j
    longest.push(best < 0 ? 1 : (longest[best] ?? 0) + 1)
    before.push(best)
  }
  const stays = new Set<string>()
  for (let i = longest.indexOf(Math.max(...longest)); i >= 0; i = before[i] ?? -1) stays.add(order[i]?.key ?? '')
  const inB = [...order].sort((x, y) => x.to - y.to)
  return new Map(inB.flatMap(({ key }, i) => stays.has(key) ? [] : [[key, inB[i - 1]?.key ?? ''] as const]))
}

function nameOf(node: BodyNode): string {
  if (node.kind === 'segment') return node.use.name
  const first = node.body[0]
  return node.name !== node.id ? node.name : first ? nameOf(first) : node.id
}

const usageOf = (node: LoopNode | SegmentNode): Requirement => node.max === 0 ? 'X' : node.requirement
const bounded = (max: number): number => max === unlimited ? -1 : max
const times = (max: number): string => max === unlimited ? 'any number of times' : max === 1 ? 'once' : `up to ${max} times`
const usagePhrase = (usage: Requirement): string => ({ M: 'required', O: 'optional', X: 'not allowed' })[usage]
const strictness = { O: 0, M: 1, X: 1 } as const
const usageEffect = (from: Requirement, to: Requirement): 'stricter' | 'looser' | 'other' =>
  strictness[from] === strictness[to] ? 'other' : strictness[to] > strictness[from] ? 'stricter' : 'looser'
const characters = ({ min, max }: ElementUse): string => min === max ? `exactly ${max} characters` : `${min} to ${max} characters`

function typeName({ type }: ElementUse): string {
  switch (type) {
    case 'ID': return 'a code'
    case 'AN': return 'text'
    case 'DT': return 'a date'
    case 'TM': return 'a time'
    case 'R': return 'a decimal number'
    case 'B': return 'binary'
    case 'composite': return 'a composite'
    default: return type === 'N' || type === 'N0' ? 'a whole number' : `a number with ${type.slice(1)} implied decimals`
  }
}

const mostCodesShown = 12
const some = (codes: readonly string[]): string => {
  const shown = codes.slice(0, mostCodesShown).join(', ')
  return codes.length > mostCodesShown ? `${shown} and ${codes.length - mostCodesShown} more` : shown
}

function noteSentence(kind: string, elements: readonly number[]): string {
  const [first = '', ...rest] = elements.map(element => String(element).padStart(2, '0'))
  switch (kind) {
    case 'P': return `${[first, ...rest].join(' and ')} must come together or not at all`
    case 'R': return `one of ${[first, ...rest].join(', ')} must be there`
    case 'E': return `only one of ${[first, ...rest].join(', ')} may be there`
    case 'C': return `${first} needs ${rest.join(' and ')}`
    default: return `${first} needs one of ${rest.join(', ')}`
  }
}

// ---- What it means for documents -----------------------------------------------------------------------------------

export interface Verdicts {
  readonly a: SetOutcome
  readonly b: SetOutcome
  /** Findings that only one of them makes. */
  readonly onlyA: readonly Finding[]
  readonly onlyB: readonly Finding[]
}

/** How two judgements of the same set differ; undefined when they do not. Warnings count. */
export function compareVerdicts(a: Pick<SetResult, 'outcome' | 'findings'>, b: Pick<SetResult, 'outcome' | 'findings'>): Verdicts | undefined {
  const key = ({ severity, kind, segmentPosition, segmentId, element, component, repetition }: Finding) =>
    [severity, kind, segmentPosition, segmentId, element, component, repetition].join(' ')
  const [inA, inB] = [new Set(a.findings.map(key)), new Set(b.findings.map(key))]
  const onlyA = a.findings.filter(finding => !inB.has(key(finding)))
  const onlyB = b.findings.filter(finding => !inA.has(key(finding)))
  return a.outcome === b.outcome && onlyA.length === 0 && onlyB.length === 0 ? undefined : { a: a.outcome, b: b.outcome, onlyA, onlyB }
}

export type JudgedSet = { readonly set: string; readonly controlNumber: string; readonly ordinal: number } & Verdicts

/**
 * The sets of a file that two guides judge otherwise, and how many there were of the kind and of a version that either is for. Business totals count too.
 */
export function judgedDifferently(a: Guide, b: Guide, bytes: Uint8Array): { readonly sets: number; readonly different: readonly JudgedSet[] } {
  const under = (guide: Guide) => readAll(bytes, {
    level: 'partner',
    guideFor: ({ set, version }) => set === guide.set && (version.startsWith(a.version) || version.startsWith(b.version)) ? guide : undefined,
  }).flatMap(event => event.type === 'set' && event.result.set === guide.set && (event.group.version.startsWith(a.version) || event.group.version.startsWith(b.version)) ? [event.result] : [])
  const [underA, underB] = [under(a), under(b)]
  const different = underA.flatMap((result, i) => {
    const other = underB[i]
    const verdicts = other && compareVerdicts(result, other)
    return verdicts ? [{ set: result.set, controlNumber: result.controlNumber, ordinal: result.ordinal, ...verdicts }] : []
  })
  return { sets: underA.length, different }
}
