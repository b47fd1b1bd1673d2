/** The exact judgement of one element that the fast check did not pass: repetitions, components, blanks, lengths in characters, codes of any length. */
import type { ElementText } from './build.ts'
import { countCharacters, countDigits, isDate, isTime } from './element.ts'
import type { FaultKind, Place } from './finding.ts'
import type { ElementUse } from './guide.ts'
import { componentMark, repetitionMark, type SegmentLexer } from './lex.ts'

type Params = Readonly<Record<string, string | number>>
type Fault = readonly [kind: FaultKind, params: Params]

/** Repetitions of one element that are judged: more than any element may have, and few enough for one that is nothing but separators. */
const mostRepetitions = 10_000

export class ElementJudge {
  /** Whether codes are checked. */
  codes = true
  private readonly lexer: SegmentLexer
  private readonly text: ElementText
  private readonly utf8: boolean
  private readonly report: (kind: FaultKind, place: Place, params: Params) => void

  constructor(
    lexer: SegmentLexer, text: ElementText, encoding: 'latin1' | 'utf8', report: (kind: FaultKind, place: Place, params: Params) => void,
  ) {
    this.lexer = lexer
    this.text = text
    this.utf8 = encoding === 'utf8'
    this.report = report
  }

  /** Judge element `index` of the current segment. `place` is that of its segment. */
  element(use: ElementUse, index: number, place: Place): void {
    const { lexer } = this
    const start = lexer.elementStart(index)
    const end = lexer.ends[index] as number
    const marks = lexer.masks[index] as number
    const at: Place = { ...place, element: index, elementReference: use.reference }
    const { repetition } = lexer.delimiters
    if (repetition === null || (marks & repetitionMark) === 0 || use.type === 'B') {
      this.one(use, start, end, marks, at)
      return
    }
    const found = this.count(start, end, repetition)
    if (found > use.repeat) this.report('repetition-too-many', at, { name: use.name, found, maximum: use.repeat })
    for (const [i, [from, to]] of this.split(start, end, repetition, Math.min(found, mostRepetitions)).entries()) {
      if (to > from) this.one(use, from, to, marks, { ...at, repetition: i + 1 })
    }
  }

  private one(use: ElementUse, start: number, end: number, marks: number, place: Place): void {
    if (use.type === 'composite') {
      this.composite(use, start, end, place)
    } else if ((marks & componentMark) !== 0 && use.type !== 'B') {
      const found = this.count(start, end, this.lexer.delimiters.component)
      if (found > 1) this.report('component-too-many', { ...place, component: 2, value: this.text.slice(start, end) }, { name: use.name, found, maximum: 1 })
      else this.simple(use, start, end, place)
    } else {
      this.simple(use, start, end, place)
    }
  }

  private composite(use: ElementUse, start: number, end: number, place: Place): void {
    const { component: separator } = this.lexer.delimiters
    const found = this.count(start, end, separator)
    const parts = this.split(start, end, separator, use.components.length)
    if (found > use.components.length) {
      this.report('component-too-many', { ...place, component: use.components.length + 1 }, { name: use.name, found, maximum: use.components.length })
    }
    const sent = (c: number): boolean => {
      const part = parts[c - 1]
      return part !== undefined && part[1] > part[0]
    }
    for (const [i, component] of use.components.entries()) {
      const part = parts[i]
      const at: Place = { ...place, component: i + 1, elementReference: component.reference }
      if (part && sent(i + 1)) this.simple(component, part[0], part[1], at)
      else if (component.requirement === 'M') this.report('element-missing', at, { name: component.name })
    }
    for (const note of use.syntax) {
      const present = note.elements.filter(sent)
      const first = sent(note.elements[0] as number)
      const kept = note.kind === 'P' ? present.length === 0 || present.length === note.elements.length
        : note.kind === 'R' ? present.length > 0
          : note.kind === 'E' ? present.length <= 1
            : note.kind === 'C' ? !first || present.length === note.elements.length
              : !first || present.length > 1
      if (kept) continue
      const faulty = (note.kind === 'E' ? present[1] : note.elements.find(c => !sent(c))) ?? 1
      const component = use.components[faulty - 1]
      this.report(note.kind === 'E' ? 'element-exclusion' : 'element-condition-missing', {
        ...place, component: faulty, ...(component ? { elementReference: component.reference } : {}),
      }, { name: component?.name ?? use.name, rule: note.text })
    }
  }

  private simple(use: ElementUse, start: number, end: number, place: Place): void {
    const { buffer } = this.lexer
    let from = start
    let to = end
    while (from < to && buffer[from] === 0x20) from++
    while (to > from && buffer[to - 1] === 0x20) to--
    const blanks = from > start || to < end
    const asSent = this.fault(use, start, end)
    // Blanks around a value, or nothing but blanks, never reject it.
    const fault = asSent && blanks ? (to > from ? this.fault(use, from, to) : null) : asSent
    const at: Place = { ...place, value: this.text.slice(start, end) }
    const fillsUp = from === start && end - start === use.min
    if (fault) this.report(fault[0], at, fault[1])
    else if (blanks && !fillsUp) this.report('element-blank', at, { name: use.name })
  }

  private fault(use: ElementUse, start: number, end: number): Fault | null {
    const { buffer } = this.lexer
    const { name } = use
    let length = this.utf8 ? countCharacters(buffer, start, end) : end - start
    let broken: Fault | null = null
    switch (use.type) {
      case 'B':
        break
      case 'ID': case 'AN':
        if (hasControl(buffer, start, end)) broken = ['element-invalid-character', { name, form: 'printable' }]
        break
      case 'DT':
        if (!onlyDigits(buffer, start, end) || !isDate(buffer, start, end)) broken = ['date-invalid', { name }]
        break
      case 'TM':
        if (!onlyDigits(buffer, start, end) || !isTime(buffer, start, end)) broken = ['time-invalid', { name }]
        break
      default: {
        const decimal = use.type === 'R'
        const digits = countDigits(buffer, start, end, decimal)
        if (digits < 0) broken = ['element-invalid-character', { name, form: decimal ? 'decimal' : 'integer' }]
        else length = digits
      }
    }
    // A date or number of the wrong length is told so first: it explains why it is not a date.
    if (length < use.min) return ['element-too-short', { name, minimum: use.min }]
    if (length > use.max) return ['element-too-long', { name, maximum: use.max }]
    if (broken) return broken
    return this.codes && use.codes && !use.codes.has(this.text.slice(start, end)) ? [codeFault(use, this.text.slice(start, end)), { name, ...allowed(use) }] : null
  }

  /** Parts that a separator makes. */
  private count(start: number, end: number, separator: number): number {
    const { buffer } = this.lexer
    let count = 1
    for (let i = start; i < end; i++) if (buffer[i] === separator) count++
    return count
  }

  /** The first parts, as many as `limit`. */
  private split(start: number, end: number, separator: number, limit: number): [start: number, end: number][] {
    const { buffer } = this.lexer
    const parts: [number, number][] = []
    let from = start
    for (let i = start; i <= end && parts.length < limit; i++) {
      if (i === end || buffer[i] === separator) {
        parts.push([from, i])
        from = i + 1
      }
    }
    return parts
  }
}

/** The codes that would be right, if they are few enough to be told in a sentence. */
function allowed({ codes, partial }: ElementUse): { allowed?: string } {
  return partial || !codes || codes.size > 12 ? {} : { allowed: [...codes].join(', ') }
}

/** A code outside the list: unknown to the standard, or one that the guide in force leaves out. */
function codeFault({ partial, standard }: ElementUse, value: string): FaultKind {
  if (partial) return 'code-unlisted'
  return standard && (standard.partial || !standard.codes || standard.codes.has(value)) ? 'code-not-used' : 'code-unknown'
}

function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const b = bytes[i] as number
    if (b < 0x20 || b === 0x7f) return true
  }
  return false
}

function onlyDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const d = (bytes[i] as number) - 0x30
    if (d < 0 || d > 9) return false
  }
  return true
}
