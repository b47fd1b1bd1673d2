/** HL segments of one set: every id is new, every parent came before, the levels follow the structure that BSN05 announced, and HL04 tells the truth. */
import type { FaultKind } from './finding.ts'
import type { HierarchyFile } from './guide.ts'

/** Levels that stand in the same place of a structure code's order: tares and packs are both packaging. */
const sameLevel: Readonly<Record<string, string>> = { T: 'P', K: 'P' }

/** A fault of element `element` of the HL at a place. */
export type ReportHierarchy = (kind: FaultKind, at: HierarchyPlace, element: number, value: string, params: Readonly<Record<string, string | number>>) => void

/** Where an HL segment stands. */
export interface HierarchyPlace {
  readonly position: number
  readonly offset: number
}

interface Level extends HierarchyPlace {
  readonly id: string
  readonly code: string
  /** HL04 as sent. */
  readonly child: string
  children: number
}

export class Hierarchy {
  private readonly levels = new Map<string, Level>()
  private order = ''

  begin(): void {
    this.levels.clear()
    this.order = ''
  }

  /** The structure code of the set (BSN05); unknown codes announce no order. */
  announce(rules: HierarchyFile, structure: string): void {
    this.order = rules.orders?.[structure] ?? ''
  }

  add(rules: HierarchyFile, at: HierarchyPlace, element: (n: number) => string, report: ReportHierarchy): void {
    const id = element(rules.id)
    const parent = element(rules.parent)
    const code = element(rules.level)
    if (id !== '' && this.levels.has(id)) report('hl-id-duplicate', at, rules.id, id, {})
    const above = this.levels.get(parent)
    if (parent === '') {
      // Only what stands highest hangs below nothing; without an announced order that is the kind of the first HL.
      const top = this.order === '' ? this.levels.values().next().value?.code : this.order.charAt(0)
      if (top !== undefined && code !== top) report('hl-parent-missing', at, rules.parent, '', { level: code })
    } else if (above === undefined) {
      report('hl-parent-unknown', at, rules.parent, parent, {})
    } else {
      above.children++
      const [higher, here] = [this.place(above.code), this.place(code)]
      if (higher >= 0 && here >= 0 && here < higher) report('hl-level-order', at, rules.level, code, { parent: above.code, expected: this.order })
    }
    this.levels.set(id, { ...at, id, code, child: rules.child === undefined ? '' : element(rules.child), children: 0 })
  }

  /** After the last HL: does each say rightly whether others hang below it? */
  end(rules: HierarchyFile, report: ReportHierarchy): void {
    const { child } = rules
    if (child === undefined) return
    for (const level of this.levels.values()) {
      const wrong = (level.child === '0' && level.children > 0) || (level.child === '1' && level.children === 0)
      if (wrong) report('hl-child-wrong', level, child, level.child, { number: level.id, found: level.children })
    }
  }

  private place(code: string): number {
    return this.order.indexOf(sameLevel[code] ?? code)
  }
}
