/**
 * Overlays: what an industry or a partner allows of the standard. An overlay may only narrow, so whatever passes it is also right by
 * the standard. It is a list of places and what is true there:
 *
 *   { "extends": "004010/850", "narrow": [
 *       { "at": "BEG/BEG02", "codes": ["SA", "NE"] },           one element
 *       { "at": "CUR", "req": "X" },                             a segment that is not used
 *       { "at": "REF[01=DP]", "req": "M", "max": 1 },            segments of one kind, told by a code in one element
 *       { "at": "N1[01=ST]/N4", "req": "M" },                    inside loops of one kind
 *       { "at": "PO1/PO1/PO107", "max": 12 } ],
 *     "rules": [ { "count": "PO1", "equals": "CTT/CTT/CTT01" } ] }
 *
 * A place is a path of loops, then perhaps a segment, then perhaps an element of it. A last step that names both a loop and a segment means the loop.
 */
import {
  GuideError, unlimited, type BodyNode, type Condition, type ElementUse, type GuideModel, type LoopNode, type Requirement,
  type SegmentUse, type SumRule,
} from './guide.ts'

export interface Narrowing {
  readonly at: string
  readonly req?: Requirement
  /** Largest number of occurrences of a segment or loop; of an element, its largest length. */
  readonly max?: number
  /** Smallest length of an element. */
  readonly min?: number
  /** The codes that are allowed; from then on the list is complete. */
  readonly codes?: readonly string[]
  /** Why, for people. */
  readonly note?: string
}

export interface Overlay {
  /** The guide it narrows: the standard (`004010/850`) or another guide (`vics/850`). */
  readonly extends: string
  readonly name?: string
  /** What it is for, for people. */
  readonly about?: string
  /** Versions of the standard that it holds for; only that of what it extends, when not said. */
  readonly versions?: readonly string[]
  readonly narrow?: readonly Narrowing[]
  readonly rules?: readonly SumRule[]
}

/** What may be said of a place, and what of it must be what. */
const narrowingFields: Readonly<Record<keyof Narrowing, (value: unknown) => boolean>> = {
  at: value => typeof value === 'string' && value.length <= 200,
  req: value => value === 'M' || value === 'O' || value === 'X',
  max: value => Number.isInteger(value) && (value as number) >= 0,
  min: value => Number.isInteger(value) && (value as number) >= 0,
  codes: value => Array.isArray(value) && value.length > 0 && value.every(code => typeof code === 'string' && code.length > 0 && code.length <= 80),
  note: value => typeof value === 'string',
}

/**
 * Read an overlay from JSON that people have edited. Whatever it has beside an overlay's own fields (a profile, say) is passed over, but a field of
 * a narrowing or rule that nobody knows is a slip that would leave something unchecked. Throws GuideError naming every fault.
 */
export function parseOverlay(value: unknown): Overlay {
  const problems: string[] = []
  const given = isRecord(value) ? value : {}
  if (typeof given['extends'] !== 'string') problems.push('"extends" must name what the guide narrows, such as "004010/850"')
  const list = (name: string): Record<string, unknown>[] => {
    const items = given[name] ?? []
    if (Array.isArray(items) && items.every(isRecord)) return items
    problems.push(`"${name}" must be a list of objects`)
    return []
  }
  const text = (name: 'name' | 'about') => {
    if (given[name] !== undefined && typeof given[name] !== 'string') problems.push(`"${name}" must be text`)
    return typeof given[name] === 'string' ? { [name]: given[name] } : {}
  }
  const versions = given['versions']
  if (versions !== undefined && !(Array.isArray(versions) && versions.every(version => /^\d{6}$/.test(String(version))))) {
    problems.push('"versions" must be a list such as ["004010"]')
  }
  const narrow = list('narrow')
  for (const [i, item] of narrow.entries()) {
    const place = typeof item['at'] === 'string' ? item['at'] : `narrow[${i}]`
    if (item['at'] === undefined) problems.push(`${place} must say at which place`)
    for (const [field, content] of Object.entries(item)) {
      const fits = Object.hasOwn(narrowingFields, field) ? narrowingFields[field as keyof Narrowing] : undefined
      if (!fits) problems.push(`${place}: "${field}" means nothing; use ${Object.keys(narrowingFields).join(', ')}`)
      else if (!fits(content)) problems.push(`${place}: "${field}" cannot be ${JSON.stringify(content)?.slice(0, 80)}`)
    }
  }
  const rules = list('rules')
  for (const [i, rule] of rules.entries()) {
    const known = Object.keys(rule).every(field => field === 'sum' || field === 'count' || field === 'equals')
    const texts = Object.values(rule).every(content => typeof content === 'string' && parsePath(content) !== undefined)
    if (!known || !texts || rule['equals'] === undefined || (rule['sum'] === undefined) === (rule['count'] === undefined)) {
      problems.push(`rules[${i}] must be {"sum" or "count": a place, "equals": a place}`)
    }
  }
  if (problems.length > 0) throw new GuideError(problems)
  return {
    extends: given['extends'] as string, ...text('name'), ...text('about'),
    ...(versions === undefined ? {} : { versions: versions as string[] }),
    narrow: narrow as unknown as Narrowing[], rules: rules as unknown as SumRule[],
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

interface Step {
  readonly id: string
  /** 1-based element; 0 for the segment or loop itself. */
  readonly element: number
  readonly when: Condition | undefined
}

interface Change {
  readonly steps: readonly Step[]
  readonly narrowing: Narrowing
  used: boolean
}

/** Each kind is a copy of what it is a kind of, and kinds may have kinds: this keeps a guide within some ten thousand places. */
const mostKinds = 300

/** Narrow a model. Throws GuideError naming every place that does not exist and every attempt to widen. */
export function narrow(model: GuideModel, overlay: Overlay): GuideModel {
  const problems: string[] = []
  const changes = (overlay.narrow ?? []).flatMap(narrowing => {
    const steps = parsePath(narrowing.at)
    if (!steps) problems.push(`"${narrowing.at}" is not a place`)
    return steps ? [{ steps, narrowing, used: false }] : []
  })
  const kinds = new Set(changes.flatMap(({ narrowing, steps }) => steps.flatMap((step, i) => step.when ? [narrowing.at.split('/').slice(0, i + 1).join('/')] : [])))
  if (kinds.size > mostKinds) throw new GuideError([`it tells ${kinds.size} kinds of segments and loops apart; at most ${mostKinds} are possible`])
  const root = narrowLoop(model.root, changes, 0, problems)
  for (const change of changes) if (!change.used) problems.push(`${change.narrowing.at} does not exist in ${model.set}`)
  if (problems.length > 0) throw new GuideError([...new Set(problems)])
  return { ...model, name: overlay.name ?? model.name, root, rules: [...model.rules, ...overlay.rules ?? []] }
}

/** `N1[01=ST|BT]/N4` as steps; undefined when it cannot be read. */
export function parsePath(path: string): Step[] | undefined {
  const steps: Step[] = []
  for (const part of path.split('/')) {
    const match = /^([A-Z][A-Z0-9]{1,2})(\d\d)?(?:\[(\d\d)=([^\]]+)\])?$/.exec(part)
    if (!match) return undefined
    const [, id = '', element, by, codes] = match
    steps.push({
      id, element: Number(element ?? 0),
      when: by === undefined || codes === undefined ? undefined : { element: Number(by), codes: new Set(codes.split('|')) },
    })
  }
  return steps
}

function narrowLoop(loop: LoopNode, changes: readonly Change[], depth: number, problems: string[]): LoopNode {
  return { ...loop, body: loop.body.map(child => narrowNode(child, changes, depth, problems)) }
}

function narrowNode(node: BodyNode, changes: readonly Change[], depth: number, problems: string[]): BodyNode {
  const id = node.kind === 'loop' ? node.id : node.use.id
  const here = changes.filter(({ steps }) => steps[depth]?.id === id && (node.kind === 'loop' ? steps[depth]?.element === 0 : steps.length - depth <= 2))
  if (here.length === 0) return node
  const ofAll = here.filter(({ steps }) => steps[depth]?.when === undefined)
  const always = narrowOne(plain(node), ofAll, depth, problems)
  const kinds = new Map<string, Change[]>()
  for (const change of here) {
    const when = change.steps[depth]?.when
    if (when) kinds.set(kindKey(when), [...kinds.get(kindKey(when)) ?? [], change])
  }
  // Kinds of the guide that is narrowed stay, and what holds of the node from now on holds of them.
  const inside = ofAll.filter(({ steps }) => steps.length > depth + 1 || (steps[depth]?.element ?? 0) > 0)
  const variants = new Map<string, Variant>()
  for (const variant of node.variants ?? []) {
    const kept = narrowOne(variant, inside, depth, problems) as Variant
    const max = Math.min(kept.max, always.max)
    if (max === 0 && kept.requirement === 'M') problems.push(`${always.kind === 'loop' ? always.id : always.use.id} cannot be left out: one of its kinds is mandatory`)
    variants.set(kindKey(variant.when), { ...kept, max })
  }
  for (const [key, kind] of kinds) {
    const when = (kind[0] as Change).steps[depth]?.when as Condition
    const overlapping = [...variants.values()].find(other => kindKey(other.when) !== key && other.when.element === when.element && sharesCode(other.when, when))
    if (overlapping) problems.push(`${(kind[0] as Change).narrowing.at}: some of its codes are a kind of their own already ([${kindKey(overlapping.when)}])`)
    // A kind is optional and as frequent as the node itself unless the overlay says otherwise.
    variants.set(key, { ...narrowOne(variants.get(key) ?? { ...always, requirement: 'O' }, kind, depth, problems), when })
  }
  return variants.size === 0 ? always : { ...always, variants: [...variants.values()] } as BodyNode
}

type Variant = BodyNode & { readonly when: Condition }

const kindKey = ({ element, codes }: Condition): string => `${String(element).padStart(2, '0')}=${[...codes].sort().join('|')}`
const sharesCode = (a: Condition, b: Condition): boolean => [...a.codes].some(code => b.codes.has(code))

/** The node without its kinds. */
function plain(node: BodyNode): BodyNode {
  const { variants: _, ...rest } = node
  return rest as BodyNode
}

/** Apply changes that all concern this very node or what is in it. */
function narrowOne(node: BodyNode, changes: readonly Change[], depth: number, problems: string[]): BodyNode {
  let result = node
  for (const change of changes) {
    const { steps, narrowing } = change
    const step = steps[depth] as Step
    if (steps.length === depth + 1 && step.element === 0) {
      change.used = true
      result = { ...result, ...limits(result, narrowing, problems) }
    } else if (result.kind === 'segment') {
      const last = steps[steps.length - 1] as Step
      if (last.id === result.use.id && last.element > 0) {
        change.used = true
        result = { ...result, use: narrowElement(result.use, last.element, narrowing, problems) }
      }
    }
  }
  return result.kind === 'loop' ? narrowLoop(result, changes.filter(({ steps }) => steps.length > depth + 1), depth + 1, problems) : result
}

function limits(node: BodyNode, narrowing: Narrowing, problems: string[]): { requirement: Requirement; max: number } {
  const requirement = narrowing.req ?? node.requirement
  const max = requirement === 'X' ? 0 : narrowing.max ?? node.max
  if (node.requirement === 'M' && requirement !== 'M') problems.push(`${narrowing.at} is mandatory and cannot become ${requirement}`)
  if (max > node.max) problems.push(`${narrowing.at} may occur ${node.max} times; ${max} would widen it`)
  if (narrowing.codes) problems.push(`${narrowing.at} is no element and has no codes`)
  return { requirement, max: Math.min(max, unlimited) }
}

function narrowElement(use: SegmentUse, number: number, narrowing: Narrowing, problems: string[]): SegmentUse {
  const element = use.elements[number - 1]
  if (!element) {
    problems.push(`${narrowing.at}: ${use.id} has ${use.elements.length} elements`)
    return use
  }
  const { at } = narrowing
  if (element.requirement === 'M' && narrowing.req !== undefined && narrowing.req !== 'M') problems.push(`${at} is mandatory and cannot become ${narrowing.req}`)
  if (narrowing.min !== undefined && narrowing.min < element.min) problems.push(`${at}: minimum ${narrowing.min} is under ${element.min}`)
  if (narrowing.max !== undefined && narrowing.max > element.max) problems.push(`${at}: maximum ${narrowing.max} is over ${element.max}`)
  if (narrowing.codes && element.codes && !element.partial) {
    for (const code of narrowing.codes) if (!element.codes.has(code)) problems.push(`${at}: code ${code} is not in the standard`)
  }
  const narrowed: ElementUse = {
    ...element,
    requirement: narrowing.req ?? element.requirement,
    min: narrowing.min ?? element.min,
    max: narrowing.max ?? element.max,
    ...(narrowing.codes ? { codes: new Set(narrowing.codes), partial: false, standard: element.standard ?? { codes: element.codes, partial: element.partial } } : {}),
  }
  return { ...use, elements: use.elements.map((old, i) => i === number - 1 ? narrowed : old) }
}

