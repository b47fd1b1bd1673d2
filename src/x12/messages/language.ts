/**
 * How a finding becomes a sentence. A language is data: one template for each kind of fault, and the few phrases that templates share.
 *
 * Placeholders of a template:
 *   {where}     the element: `PO103 Unit of measure (segment 12)`
 *   {segment}   the segment: `PO1 Order line (segment 12)`; {label} is the same without its place, {position} its place alone
 *   {inLoop}    ` in loop N1`, or nothing
 *   {form}      what a value should have been (`ValueForm`)
 *   {rule}      a syntax note in words; {total} a sum or count of a guide
 *   {allowed}   a sentence of its own: the codes allowed, or where to look them up when they are many
 *   {value} {element} {expected} {maximum} …   the finding's own fields and params
 *   {maximum|time|times}   a number with the noun that agrees with it, in the order one, few, many of the language
 */
import type { FaultKind } from '../finding.ts'

/** What values may look like, named so that each language can say it. */
export type ValueForm =
  | 'printable' | 'integer' | 'decimal' | 'date-6' | 'date-8' | 'time' | 'qualifier' | 'identifier' | 'functional-id' | 'application-code'
  | 'interchange-version' | '00-08' | '00-01' | '0-1' | 'usage' | 'agency'

/** What sets, segments and elements are called in a language, by ST01, segment id, and place (`ISA05`) or X12 data element number. */
export interface LocalNames {
  readonly sets: Readonly<Record<string, string>>
  readonly segments: Readonly<Record<string, string>>
  readonly elements: Readonly<Record<string, string>>
}

export interface Language {
  /** BCP 47, for plurals. */
  readonly locale: string
  /** Names, where the schema's own English ones do not serve. */
  readonly names?: LocalNames
  readonly sentences: Readonly<Record<FaultKind, string>>
  readonly forms: Readonly<Record<ValueForm, string>>
  /** Syntax notes; {first} is its first element, {rest} the others, {all} all of them. */
  readonly rules: Readonly<Record<'P' | 'R' | 'E' | 'C' | 'L', string>>
  readonly phrases: {
    /** A segment without a name that can be read. */
    readonly someSegment: string
    /** Between the members of a list; before the last of all, or of alternatives. */
    readonly comma: string
    readonly and: string
    readonly or: string
    readonly atSegment: string
    readonly atRepetition: string
    readonly inLoop: string
    readonly allowed: string
    readonly lookUp: string
    readonly sum: string
    readonly count: string
  }
}

type Params = Readonly<Record<string, string | number>>

/** The fields of a finding that a sentence is made from. */
export interface Facts {
  readonly kind: string
  readonly segmentPosition?: number
  readonly segmentId?: string
  readonly loopPath?: readonly string[]
  readonly element?: number
  readonly component?: number
  readonly repetition?: number
  readonly elementReference?: string
  readonly value?: string
  readonly params?: Params
}

type Part = string | { readonly name: string; readonly nouns: readonly string[] }

const parsed = new Map<string, readonly Part[]>()

/** A template taken apart once: text and placeholders in turn. */
function partsOf(template: string): readonly Part[] {
  let parts = parsed.get(template)
  if (!parts) {
    parts = template.split(/\{([^{}]+)\}/).map((text, i) => {
      if (i % 2 === 0) return text
      const [name = '', ...nouns] = text.split('|')
      return { name, nouns }
    })
    parsed.set(template, parts)
  }
  return parts
}

/** The sentence of a finding in a language; undefined when the language does not know its kind. */
export function sentence(language: Language, facts: Facts): string | undefined {
  const template = (language.sentences as Readonly<Record<string, string>>)[facts.kind]
  return template === undefined ? undefined : fill(language, template, name => fact(language, facts, name))
}

function fill(language: Language, template: string, valueOf: (name: string) => string): string {
  let text = ''
  for (const part of partsOf(template)) {
    if (typeof part === 'string') text += part
    else text += part.nouns.length === 0 ? valueOf(part.name) : counted(language, valueOf(part.name), part.nouns)
  }
  return text
}

function fact(language: Language, facts: Facts, name: string): string {
  const { phrases } = language
  const { params = {} } = facts
  switch (name) {
    case 'where': return where(language, facts)
    case 'label': return label(language, facts)
    case 'segment': return label(language, facts) + place(language, facts)
    case 'position': return String(facts.segmentPosition ?? 0)
    case 'element': return twoDigits(facts.element ?? 0)
    case 'value': return facts.value ?? ''
    case 'inLoop': return facts.loopPath?.length ? fill(language, phrases.inLoop, () => facts.loopPath?.join('/') ?? '') : ''
    case 'allowed': return params['allowed'] === undefined ? phrases.lookUp : fill(language, phrases.allowed, () => String(params['allowed']))
    case 'form': return (language.forms as Readonly<Record<string, string>>)[String(params['form'])] ?? ''
    case 'rule': return rule(language, facts)
    case 'total': return params['sum'] === undefined
      ? fill(language, phrases.count, () => String(params['count'] ?? ''))
      : fill(language, phrases.sum, () => String(params['sum']))
    default: return String(params[name] ?? '')
  }
}

/** "PO1 Order line"; a kind of segment that a guide treats apart is named with its code, "REF Reference DP". */
function label(language: Language, { segmentId, element, params = {} }: Facts): string {
  if (element === 0 && params['name'] !== undefined) return String(params['name'])
  const { names, phrases } = language
  const id = segmentId || phrases.someSegment
  const codes = params['codes'] === undefined ? '' : ` ${params['codes']}`
  return params['segmentName'] === undefined ? id : `${id} ${names?.segments[id] ?? params['segmentName']}${codes}`
}

/** " (segment 12, repetition 2)", or nothing in an envelope. */
function place(language: Language, { segmentPosition, repetition = 0 }: Facts): string {
  if (!segmentPosition) return ''
  const { atSegment, atRepetition } = language.phrases
  const again = repetition > 1 ? fill(language, atRepetition, () => String(repetition)) : ''
  return fill(language, atSegment, name => name === 'repetition' ? again : String(segmentPosition))
}

/** "PO103 Unit of measure (segment 12)". */
function where(language: Language, facts: Facts): string {
  const { segmentId = '', element = 0, component = 0, elementReference = '', params = {} } = facts
  const id = `${segmentId}${twoDigits(element)}${component > 0 ? `-${component}` : ''}`
  const name = params['name'] === undefined || params['name'] === '' ? '' : ` ${localName(language.names, id, elementReference) ?? params['name']}`
  return `${id}${name}${place(language, facts)}`
}

/** What the element at a place is called in a language; undefined when it keeps the schema's name. */
export function localName(names: LocalNames | undefined, id: string, reference: string): string | undefined {
  return names?.elements[id] ?? names?.elements[reference]
}

/** A syntax note such as P0304 in words, with the elements by their names in this segment. */
function rule(language: Language, { segmentId = '', element = 0, component = 0, params = {} }: Facts): string {
  const note = String(params['rule'] ?? '')
  const template = (language.rules as Readonly<Record<string, string>>)[note.slice(0, 1)]
  const numbers = note.slice(1).match(/\d\d/g) ?? []
  if (template === undefined || numbers.length === 0) return note
  const names = numbers.map(number => component > 0 ? `${segmentId}${twoDigits(element)}-${Number(number)}` : `${segmentId}${number}`)
  const { comma, and, or } = language.phrases
  const last = note.startsWith('P') || note.startsWith('C') ? and : or
  const list = (which: readonly string[]) => which.slice(0, -1).join(comma) + (which.length > 1 ? last : '') + (which.at(-1) ?? '')
  return fill(language, template, name => name === 'first' ? names[0] as string : list(name === 'rest' ? names.slice(1) : names))
}

const plurals = new Map<string, { readonly rules: Intl.PluralRules; readonly order: readonly string[] }>()

/** "1 time", "3 times"; in Russian "1 раз", "3 раза", "5 раз". */
function counted({ locale }: Language, number: string, nouns: readonly string[]): string {
  let plural = plurals.get(locale)
  if (!plural) {
    const rules = new Intl.PluralRules(locale)
    const { pluralCategories } = rules.resolvedOptions()
    plurals.set(locale, plural = { rules, order: ['one', 'few', 'many', 'other'].filter(category => (pluralCategories as string[]).includes(category)) })
  }
  const form = plural.order.indexOf(plural.rules.select(Number(number)))
  return `${number} ${nouns[Math.max(0, Math.min(form, nouns.length - 1))]}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
