/**
 * Judges the segments of one transaction set, one after the other, against a guide: is it expected here, how often, and are
 * its elements right. Fast on what is right (integers from the lexer against compiled tables), exact on what is not.
 */
import {
  hasEarlierPlace, loopBegins, loopPath, loopRepeats, missingBetween, noteConditional, noteExclusive, noteList, notePaired, noteRequired, notUsed,
  sameSegment, slotCodeMask, slotCodes, slotMin, slotReject, slotSize, slotSpan, slotType, someMissing, transition, transitionBeyond,
  transitionShift, typeDate, typeDecimal, typeInteger, typeText, typeTime, type Guide,
} from './compile.ts'
import type { ElementText, TreeBuilder } from './build.ts'
import { ElementJudge } from './judge.ts'
import { countDigits, hasCode, isDate, isTime } from './element.ts'
import { FindingList, type FaultKind, type Place } from './finding.ts'
import type { ElementUse, SegmentUse } from './guide.ts'
import { Hierarchy, type ReportHierarchy } from './hierarchy.ts'
import { blank, elementLimit, high, keyOf, point, segmentLimit, sign, type SegmentLexer } from './lex.ts'

/** How much is checked. `structure` only places segments (for sets judged before); each further level checks what the one before does, and more. */
export type CheckLevel = 'structure' | 'syntax' | 'full' | 'partner'

export const findingsPerSet = 1000
const hlKey = keyOf('HL')
const bsnKey = keyOf('BSN')
const hierarchyPath = ['HL']
const nowhere: Place = { offset: 0 }

export class SetValidator {
  readonly findings = new FindingList(findingsPerSet)
  private readonly lexer: SegmentLexer
  private readonly text: ElementText
  private readonly judge: ElementJudge
  private readonly hierarchy: Hierarchy
  private guide!: Guide
  private builder: TreeBuilder | null = null
  private keepsTree = false
  private elements = true
  private codes = true
  private extraReject = 0
  private node = 0
  private repeat = 0
  private counts = new Int32Array(512)

  constructor(lexer: SegmentLexer, text: ElementText, encoding: 'latin1' | 'utf8') {
    this.lexer = lexer
    this.text = text
    this.hierarchy = new Hierarchy(lexer, text)
    this.extraReject = encoding === 'utf8' ? high : 0
    this.judge = new ElementJudge(lexer, text, encoding, (kind, place, params) => this.report(kind, place, params))
  }

  /**
   * Start a set, just after its ST; `findings` go on as they are. With a builder, segments that fit are added to its tree until there is an
   * error; with `keepsTree` all segments are, those that have no place where they were found.
   */
  begin(guide: Guide, level: CheckLevel, builder: TreeBuilder | null, keepsTree = false): void {
    this.guide = guide
    this.builder = builder
    this.keepsTree = keepsTree
    this.elements = level !== 'structure'
    this.codes = level !== 'syntax'
    this.judge.codes = this.codes
    this.node = 0
    this.repeat = 0
    if (guide.variants !== null) this.resetVariants(0)
    if (this.counts.length < guide.nodeCount) this.counts = new Int32Array(guide.nodeCount * 2)
    if (guide.hierarchySymbol >= 0) this.hierarchy.begin()
  }

  /** Judge the lexer's current segment. Returns false, having done nothing, when its id is not in the set at all: it may be an envelope segment. */
  segment(position: number): boolean {
    const { guide, node } = this
    const key = this.lexer.keys[0] as number
    const symbol = guide.symbols.find(key)
    if (symbol < 0) return false
    const row = guide.rows[node] as Int32Array | null
    let step = row === null ? 0 : row[symbol] as number
    if (step === 0) step = transition(guide, node, symbol)
    if (step < 0) {
      const kind = hasEarlierPlace(guide, node, symbol) ? 'segment-out-of-order' : 'segment-unexpected'
      this.report(kind, this.place(position, node))
      this.builder?.addStray(position)
      return true
    }
    let target = step >> transitionShift
    if ((step & sameSegment) !== 0) {
      if (++this.repeat > (guide.maxima[target] as number)) {
        step = this.overSegment(position, symbol, step)
        target = step >> transitionShift
      }
    } else {
      this.repeat = 1
      if ((step & (loopBegins | loopRepeats | someMissing | notUsed)) !== 0) {
        step = this.enter(position, symbol, step)
        target = step >> transitionShift
      }
    }
    if (guide.variants !== null) {
      target = this.variantOf(target, position)
      if ((step & (loopBegins | loopRepeats)) !== 0) this.resetVariants(guide.parents[target] as number)
    }
    this.node = target
    if (this.elements) {
      const definition = guide.definitions[target] as number
      const before = this.findings.size
      this.checkElements(definition, position)
      if (guide.hierarchySymbol >= 0 && (key === hlKey || key === bsnKey)) this.checkHierarchy(key, position)
      if (this.findings.size > before + 1) this.findings.orderByElement(before)
    }
    if (this.builder !== null) this.builder.add(position, target, (step & (loopBegins | loopRepeats)) !== 0)
    return true
  }

  /** A segment whose id the guide does not have. */
  unknownSegment(position: number): void {
    const id = this.text.raw(0)
    const known = this.guide.model.dictionary.has(id)
    this.report(known ? 'segment-not-in-set' : 'segment-unknown', this.place(position, this.node), { set: this.guide.set })
    this.builder?.addStray(position)
  }

  /** A segment that outgrew the limit and was skipped. */
  oversizedSegment(position: number, offset: number, id: string): void {
    this.report('segment-too-long', { offset, segmentPosition: position, segmentId: id }, { maximum: segmentLimit })
  }

  /** The set ends before segment `position`: whatever mandatory is still to come is missing. */
  end(position: number, offset: number): void {
    this.reportMissing(missingBetween(this.guide, this.node, -1), position, offset)
    const { hierarchy } = this.guide.model
    if (hierarchy && this.elements) this.hierarchy.end(hierarchy, this.reportHierarchy)
  }

  report(kind: FaultKind, place: Place, params?: Readonly<Record<string, string | number>>): void {
    this.findings.report(kind, place, params)
    if (this.findings.errors > 0 && !this.keepsTree) this.builder = null
  }

  // ---- Place in the set ----------------------------------------------------------------------------------------

  /** A loop begins or repeats, or something mandatory was passed over. Returns the transition to take. */
  private enter(position: number, symbol: number, step: number): number {
    const { guide, counts } = this
    const loop = guide.parents[step >> transitionShift] as number
    let full = -1
    if ((step & loopBegins) !== 0) {
      counts[loop] = 1
    } else if ((step & loopRepeats) !== 0) {
      counts[loop] = (counts[loop] as number) + 1
      if ((counts[loop] as number) > (guide.maxima[loop] as number)) {
        const beyond = transitionBeyond(guide, this.node, symbol, loop)
        if (beyond >= 0) {
          full = loop
          step = beyond
          const next = guide.parents[step >> transitionShift] as number
          if ((step & loopBegins) !== 0) counts[next] = 1
          else if ((step & loopRepeats) !== 0) counts[next] = (counts[next] as number) + 1
        } else {
          this.report('loop-over-max', this.place(position, loop), { name: guide.names[loop] as string, maximum: guide.maxima[loop] as number })
        }
      }
    }
    if ((step & notUsed) !== 0) this.report('segment-not-used', this.place(position, step >> transitionShift))
    if ((step & someMissing) !== 0) {
      this.reportMissing(missingBetween(guide, this.node, symbol, full), position, this.lexer.base + this.lexer.start)
    }
    return step
  }

  /** A new occurrence of a loop: none of its kinds of segments and loops has come yet. */
  private resetVariants(loop: number): void {
    const { guide, counts } = this
    for (const child of guide.children[loop] as readonly number[]) {
      for (const variant of guide.variants?.get(child) ?? []) counts[variant.node] = 0
    }
  }

  /** The node to take instead of `target` when the segment is one of the kinds that the guide treats apart. */
  private variantOf(target: number, position: number): number {
    const { guide, lexer, counts } = this
    const loop = guide.parents[target] as number
    const opensLoop = target === loop + 1 && loop > 0
    const place = opensLoop ? loop : target
    for (const variant of guide.variants?.get(place) ?? []) {
      if (variant.element >= lexer.count || !variant.codes.has(this.text.raw(variant.element).trim())) continue
      counts[variant.node] = (counts[variant.node] as number) + 1
      const maximum = guide.maxima[variant.node] as number
      if ((counts[variant.node] as number) > maximum) {
        const name = `${guide.names[variant.node] as string} ${[...variant.codes].join('/')}`
        this.report(maximum === 0 ? 'segment-not-used' : opensLoop ? 'loop-over-max' : 'segment-over-max', this.place(position, place), { name, maximum })
      }
      return opensLoop ? variant.node + 1 : variant.node
    }
    return target
  }

  private overSegment(position: number, symbol: number, step: number): number {
    const { guide } = this
    const beyond = transitionBeyond(guide, this.node, symbol, -1)
    if (beyond >= 0) {
      this.repeat = 1
      return this.enter(position, symbol, beyond)
    }
    const maximum = guide.maxima[step >> transitionShift] as number
    this.report('segment-over-max', this.place(position, this.node), { maximum })
    return step
  }

  private reportMissing(nodes: readonly number[], position: number, offset: number): void {
    const { guide } = this
    for (const node of nodes) {
      if (guide.places[node] !== node && (this.counts[node] as number) > 0) continue
      const use = guide.uses[guide.definitions[node] as number] as SegmentUse
      const kind = guide.variants?.get(guide.places[node] as number)?.find(variant => variant.node === node)
      this.report('segment-missing', {
        offset, segmentPosition: position, segmentId: use.id, loopPath: loopPath(guide, node),
      }, { segmentName: use.name, ...(kind === undefined ? {} : { codes: [...kind.codes].join('/') }) })
    }
  }

  private place(position: number, node: number): Place {
    const { lexer } = this
    // Of the faults that are only counted nobody asks where they are.
    if (this.findings.full) return nowhere
    return { offset: lexer.base + lexer.start, segmentPosition: position, segmentId: this.text.raw(0), loopPath: loopPath(this.guide, node) }
  }

  // ---- Elements ------------------------------------------------------------------------------------------------

  /**
   * The elements of the current segment against its definition. The loop calls nothing and reports nothing: what it cannot pass at a glance it
   * leaves to be judged exactly afterwards.
   */
  private checkElements(definition: number, position: number): void {
    const { guide, lexer, codes: checkCodes, extraReject } = this
    const { slots, codes } = guide
    const { buffer, ends, masks, keys } = lexer
    const defined = guide.elementCount[definition] as number
    const sent = lexer.count - 1
    const last = sent < defined ? sent : defined
    let slot = guide.slotStart[definition] as number
    let start = (ends[0] as number) + 1
    let present = 0
    let doubtful = 0
    let beyond = 0
    for (let e = 1; e <= last; e++) {
      const end = ends[e] as number
      const length = end - start
      if (length > 0) {
        const bit = e < 32 ? 1 << (e - 1) : 0
        present |= bit
        const mask = masks[e] as number
        let fine = (length - (slots[slot + slotMin] as number)) >>> 0 <= (slots[slot + slotSpan] as number)
          && (mask & ((slots[slot + slotReject] as number) | extraReject)) === 0
          && ((mask & blank) === 0 || (buffer[start] !== 0x20 && buffer[end - 1] !== 0x20))
        const type = slots[slot + slotType] as number
        if (type === typeText) {
          const table = slots[slot + slotCodes] as number
          if (fine && table >= 0 && checkCodes) fine = length <= 4 && hasCode(codes, table, slots[slot + slotCodeMask] as number, keys[e] as number)
        } else if (type === typeDate) {
          fine = fine && isDate(buffer, start, end)
        } else if (type === typeTime) {
          fine = fine && isTime(buffer, start, end)
        } else if ((mask & (point | sign)) !== 0 && (type === typeInteger || type === typeDecimal)) {
          const digits = countDigits(buffer, start, end, type === typeDecimal)
          fine = (digits - (slots[slot + slotMin] as number)) >>> 0 <= (slots[slot + slotSpan] as number)
        }
        if (!fine) {
          doubtful |= bit
          if (bit === 0) beyond = 1
        }
      }
      start = end + 1
      slot += slotSize
    }
    if ((doubtful | beyond) !== 0) this.judgeElements(definition, doubtful, last, position)
    if (present !== guide.fits[definition]) this.checkUsage(definition, present, position)
    if (sent > defined) this.excessElements(definition, position)
  }

  /** The exact judgement of the elements in doubt: those of the bits, and all that the bits have no room for. */
  private judgeElements(definition: number, doubtful: number, last: number, position: number): void {
    const { elements } = this.guide.uses[definition] as SegmentUse
    for (let e = 1; e <= last; e++) {
      const doubted = e < 32 ? (doubtful & (1 << (e - 1))) !== 0 : (this.lexer.ends[e] as number) > this.lexer.elementStart(e)
      if (doubted) this.judge.element(elements[e - 1] as ElementUse, e, this.place(position, this.node))
    }
  }

  /** Which elements are there: the mandatory ones, none that must not, and the syntax notes. A pattern that is right is remembered, the next segment mostly has it too. */
  private checkUsage(definition: number, present: number, position: number): void {
    const { guide } = this
    const { notes } = guide
    const mandatory = guide.mandatory[definition] as number
    let right = true
    if ((present & mandatory) !== mandatory || (present & (guide.forbidden[definition] as number)) !== 0) {
      this.requirementFaults(definition, present, position)
      right = false
    }
    for (let n = guide.noteStart[definition] as number, end = guide.noteStart[definition + 1] as number; n < end; n += 3) {
      const group = notes[n + 1] as number
      const found = present & group
      let kept = true
      switch (notes[n] as number) {
        case notePaired: kept = found === 0 || found === group; break
        case noteRequired: kept = found !== 0; break
        case noteExclusive: kept = (found & (found - 1)) === 0; break
        case noteConditional: kept = (found & (notes[n + 2] as number)) === 0 || found === group; break
        case noteList: kept = (found & (notes[n + 2] as number)) === 0 || found !== (notes[n + 2] as number); break
      }
      if (kept) continue
      this.noteFault(definition, (n - (guide.noteStart[definition] as number)) / 3, present, position)
      right = false
    }
    if (right) guide.fits[definition] = present
  }

  private requirementFaults(definition: number, present: number, position: number): void {
    const { guide } = this
    const use = guide.uses[definition] as SegmentUse
    for (const [i, element] of use.elements.entries()) {
      const sent = i < 31 && (present & (1 << i)) !== 0
      if (element.requirement === 'M' && !sent && i < 31) this.report('element-missing', this.elementPlace(position, i + 1, element), { name: element.name })
      if (element.requirement === 'X' && sent) {
        this.report('element-not-used', { ...this.elementPlace(position, i + 1, element), value: this.text.raw(i + 1) }, { name: element.name })
      }
    }
  }

  private noteFault(definition: number, index: number, present: number, position: number): void {
    const use = this.guide.uses[definition] as SegmentUse
    const note = use.syntax[index]
    if (!note) return
    const sent = (e: number) => (present & (1 << (e - 1))) !== 0
    const [first, ...rest] = note.elements as [number, ...number[]]
    const faulty = note.kind === 'P' ? note.elements.filter(e => !sent(e))
      : note.kind === 'R' ? [first]
        : note.kind === 'E' ? note.elements.filter(sent).slice(1)
          : note.kind === 'C' ? rest.filter(e => !sent(e))
            : rest.slice(0, 1)
    for (const e of faulty) {
      const element = use.elements[e - 1] as ElementUse
      this.report(note.kind === 'E' ? 'element-exclusion' : 'element-condition-missing', this.elementPlace(position, e, element), {
        name: element.name, rule: note.text,
      })
    }
  }

  private excessElements(definition: number, position: number): void {
    const { lexer } = this
    const maximum = this.guide.elementCount[definition] as number
    for (let e = maximum + 1; e < Math.min(lexer.count, elementLimit); e++) {
      if ((lexer.ends[e] as number) > lexer.elementStart(e)) {
        this.report('element-too-many', { ...this.place(position, this.node), element: e, value: this.text.raw(e) }, { found: lexer.count - 1, maximum })
        return
      }
    }
  }

  private elementPlace(position: number, e: number, element: ElementUse): Place {
    const { offset, segmentId = '', loopPath = [] } = this.place(position, this.node)
    return { offset, segmentPosition: position, segmentId, loopPath, element: e, elementReference: element.reference }
  }

  private checkHierarchy(key: number, position: number): void {
    const rules = this.guide.model.hierarchy
    if (!rules) return
    if (key === bsnKey) this.hierarchy.announce(rules, this.lexer.count > 5 ? this.text.raw(5).trim() : '')
    else this.hierarchy.add(rules, position, this.reportHierarchy)
  }

  private readonly reportHierarchy: ReportHierarchy = (kind, { position, offset }, e, value, params) => {
    const element = this.guide.uses.find(use => use.id === 'HL')?.elements[e - 1]
    this.report(kind, {
      offset, segmentPosition: position, segmentId: 'HL', loopPath: hierarchyPath, element: e, value, ...(element ? { elementReference: element.reference } : {}),
    }, { ...params, name: element?.name ?? '' })
  }
}
