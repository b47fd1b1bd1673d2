/** HL segments of one set: every id is new, every parent came before, and the levels follow the structure that BSN05 announced. */
import type { FaultKind } from './finding.ts'
import type { HierarchyFile } from './guide.ts'

/** Levels that stand in the same place of a structure code's order: tares and packs are both packaging. */
const sameLevel: Readonly<Record<string, string>> = { T: 'P', K: 'P' }

export type ReportHierarchy = (kind: FaultKind, element: number, value: string, params: Readonly<Record<string, string>>) => void

export class Hierarchy {
  private readonly levels = new Map<string, string>()
  private order = ''

  begin(): void {
    this.levels.clear()
    this.order = ''
  }

  /** The structure code of the set (BSN05); unknown codes announce no order. */
  announce(rules: HierarchyFile, structure: string): void {
    this.order = rules.orders?.[structure] ?? ''
  }

  add(rules: HierarchyFile, id: string, parent: string, level: string, report: ReportHierarchy): void {
    if (id !== '' && this.levels.has(id)) report('hl-id-duplicate', rules.id, id, {})
    const parentLevel = this.levels.get(parent)
    if (parent !== '' && parentLevel === undefined) report('hl-parent-unknown', rules.parent, parent, {})
    if (parentLevel !== undefined && this.order !== '') {
      const above = this.order.indexOf(sameLevel[parentLevel] ?? parentLevel)
      const here = this.order.indexOf(sameLevel[level] ?? level)
      if (above >= 0 && here >= 0 && here < above) report('hl-level-order', rules.level, level, { parent: parentLevel, expected: this.order })
    }
    this.levels.set(id, level)
  }
}
