/**
 * HL segments of one set: every id is new, every parent came before, the levels follow the structure that BSN05 announced, and HL04 tells the truth.
 *
 * A large ship notice is mostly HL segments, so what is remembered of each are a few numbers in tables that are kept from set to set; strings
 * are made only of ids that are no plain numbers, and of what is reported.
 */
import type { ElementText } from './build.ts'
import type { FaultKind } from './finding.ts'
import type { HierarchyFile } from './guide.ts'
import { digit, keyOf, type SegmentLexer } from './lex.ts'

/** Levels that no structure code names, and where they stand: a tare holds packs, subpacks and kits are packs, a component is part of an item. */
const unnamed: Readonly<Record<string, { readonly beside: string; readonly step: number }>> = {
  T: { beside: 'P', step: -1 }, Q: { beside: 'P', step: 0 }, K: { beside: 'P', step: 0 }, F: { beside: 'I', step: 1 },
}

/** A fault of element `element` of the HL at a place. */
export type ReportHierarchy = (kind: FaultKind, at: HierarchyPlace, element: number, value: string, params: Readonly<Record<string, string | number>>) => void

/** Where an HL segment stands. */
export interface HierarchyPlace {
  readonly position: number
  readonly offset: number
}

/** Ids from 1 to below this are looked up in a table, others by name. */
const plainIds = 1 << 17
/** Tables of more levels than this are not kept for the next set. */
const keptLevels = 1 << 14
const noLevel = -1
const saysNone = 1
const saysSome = 2

export class Hierarchy {
  private readonly lexer: SegmentLexer
  private readonly text: ElementText
  private order = ''
  /** Place in the order of each code of one letter, −1 when it has none. */
  private readonly places = new Int8Array(256)
  private placesOf = ''
  private count = 0
  private positions = new Int32Array(256)
  private offsets = new Float64Array(256)
  /** The id when it is a plain number, else 0. */
  private numbers = new Int32Array(256)
  private codes = new Int32Array(256)
  private children = new Int32Array(256)
  /** What HL04 says. */
  private said = new Uint8Array(256)
  /** For each plain id, its level + 1. */
  private byNumber = new Int32Array(1024)
  private readonly byName = new Map<string, number>()

  constructor(lexer: SegmentLexer, text: ElementText) {
    this.lexer = lexer
    this.text = text
  }

  begin(): void {
    this.order = ''
    if (this.byName.size > 0) this.byName.clear()
    for (let level = 0; level < this.count; level++) this.byNumber[this.numbers[level] as number] = 0
    this.count = 0
    if (this.positions.length > keptLevels) this.resize(256)
  }

  /** The structure code of the set (BSN05); unknown codes announce no order. */
  announce(rules: HierarchyFile, structure: string): void {
    this.order = rules.orders?.[structure] ?? ''
    if (this.order === this.placesOf) return
    this.placesOf = this.order
    this.places.fill(-1)
    for (let c = 0x20; c < 0x7f; c++) {
      const code = String.fromCharCode(c)
      const { beside, step } = unnamed[code] ?? { beside: code, step: 0 }
      const place = this.order.indexOf(beside)
      this.places[c] = place < 0 ? -1 : 1 + place * 2 + step
    }
  }

  /** The lexer's current segment, an HL at a position in the set. */
  add(rules: HierarchyFile, position: number, report: ReportHierarchy): void {
    const { lexer } = this
    const number = this.plainNumber(rules.id)
    const id = number > 0 ? '' : this.value(rules.id)
    const code = this.packed(rules.level)
    const known = this.find(number, id)
    const here = (): HierarchyPlace => ({ position, offset: lexer.base + lexer.start })
    if (known !== noLevel && (number > 0 || id !== '')) report('hl-id-duplicate', here(), rules.id, this.value(rules.id), {})
    const parentNumber = this.plainNumber(rules.parent)
    const parent = parentNumber > 0 ? '' : this.value(rules.parent)
    // Only what stands highest hangs below nothing; without an announced order that is the kind of the first HL.
    const top = this.order !== '' ? this.order.charCodeAt(0) : this.count > 0 ? this.codes[0] as number : code
    // Many senders write 0 there, which no HL is numbered: the standard leaves the numbers to them.
    const above0 = parent === '0' && code === top && this.find(0, '0') === noLevel
    if (parentNumber === 0 && (parent === '' || above0)) {
      if (code !== top) report('hl-parent-missing', here(), rules.parent, '', { level: this.value(rules.level) })
    } else {
      const above = this.find(parentNumber, parent)
      if (above === noLevel) {
        report('hl-parent-unknown', here(), rules.parent, this.value(rules.parent), {})
      } else {
        this.children[above] = (this.children[above] as number) + 1
        if (this.order !== '') {
          const [higher, lower] = [this.place(this.codes[above] as number), this.place(code)]
          if (higher >= 0 && lower >= 0 && lower < higher) {
            const parentCode = String.fromCharCode(this.codes[above] as number)
            report('hl-level-order', here(), rules.level, this.value(rules.level), { parent: parentCode, expected: this.order })
          }
        }
      }
    }
    const level = known === noLevel ? this.count++ : known
    if (level === this.positions.length) this.resize(level * 2)
    this.positions[level] = position
    this.offsets[level] = lexer.base + lexer.start
    this.numbers[level] = number
    this.codes[level] = code
    this.children[level] = 0
    const child = rules.child === undefined ? 0 : this.packed(rules.child)
    this.said[level] = child === 0x30 ? saysNone : child === 0x31 ? saysSome : 0
    if (known === noLevel) this.remember(level, number, id)
  }

  /** After the last HL: does each say rightly whether others hang below it? */
  end(rules: HierarchyFile, report: ReportHierarchy): void {
    const { child } = rules
    if (child === undefined) return
    for (let level = 0; level < this.count; level++) {
      const said = this.said[level]
      const found = this.children[level] as number
      if ((said === saysNone && found > 0) || (said === saysSome && found === 0)) {
        const place = { position: this.positions[level] as number, offset: this.offsets[level] as number }
        report('hl-child-wrong', place, child, said === saysNone ? '0' : '1', { number: this.idOf(level), found })
      }
    }
  }

  private place(code: number): number {
    return code > 0 && code < 256 ? this.places[code] as number : -1
  }

  private find(number: number, name: string): number {
    if (number > 0) return number < this.byNumber.length ? (this.byNumber[number] as number) - 1 : noLevel
    return this.byName.size === 0 ? noLevel : this.byName.get(name) ?? noLevel
  }

  private remember(level: number, number: number, name: string): void {
    if (number === 0) {
      this.byName.set(name, level)
      return
    }
    if (number >= this.byNumber.length) {
      const larger = new Int32Array(Math.min(plainIds, number * 2))
      larger.set(this.byNumber)
      this.byNumber = larger
    }
    this.byNumber[number] = level + 1
  }

  private idOf(level: number): string {
    const number = this.numbers[level] as number
    if (number > 0) return String(number)
    return [...this.byName].find(([, other]) => other === level)?.[0] ?? ''
  }

  /** Element `e` when it is a number without leading zeros that the table has room for, else 0. */
  private plainNumber(e: number): number {
    const { lexer } = this
    if (e >= lexer.count || lexer.masks[e] !== digit) return 0
    const { buffer } = lexer
    const end = lexer.ends[e] as number
    let i = lexer.elementStart(e)
    if (end - i > 6 || buffer[i] === 0x30) return 0
    let number = 0
    for (; i < end; i++) number = number * 10 + (buffer[i] as number) - 0x30
    return number < plainIds ? number : 0
  }

  /** Element `e` packed as the lexer does it; 0 when it is empty or longer than that allows. */
  private packed(e: number): number {
    const { lexer } = this
    if (e >= lexer.count) return 0
    const length = (lexer.ends[e] as number) - lexer.elementStart(e)
    if (length === 1) return lexer.keys[e] as number
    const value = this.value(e)
    return value.length > 4 ? 0 : keyOf(value)
  }

  private value(e: number): string {
    return e < this.lexer.count ? this.text.raw(e).trim() : ''
  }

  private resize(length: number): void {
    const copied = <T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T => {
      to.set(from.subarray(0, Math.min(from.length, to.length)))
      return to
    }
    this.positions = copied(this.positions, new Int32Array(length))
    this.offsets = copied(this.offsets, new Float64Array(length))
    this.numbers = copied(this.numbers, new Int32Array(length))
    this.codes = copied(this.codes, new Int32Array(length))
    this.children = copied(this.children, new Int32Array(length))
    this.said = copied(this.said, new Uint8Array(length))
  }
}
