import { first, type Loop, loops, type Segment } from '../x12/index.ts'
import { head, value } from './elements.ts'
import { type DocumentProblem, report } from './problem.ts'

/** The HL loops of an 856, which stand side by side in the set, as the tree that HL02 makes of them. */

export interface HlNode {
  readonly loop: Loop
  readonly hl: Segment
  readonly id: string // HL01
  readonly level: string // HL03: S shipment, O order, T pallet, P carton, I item …
  readonly parent: HlNode | undefined
  readonly children: HlNode[]
}

const rank: Readonly<Record<string, number>> = { S: 0, O: 1, T: 2, P: 3, I: 4 }

/**
 * The nodes in document order. A parent that is not an earlier HL is reported, and the node hangs below the nearest earlier
 * node of a higher level instead.
 */
export const hlNodes = (root: Loop, problems: DocumentProblem[]): HlNode[] => {
  const nodes: HlNode[] = []
  const byId = new Map<string, HlNode>()
  for (const loop of loops(root, 'HL')) {
    const hl = first(loop, 'HL')
    if (hl === undefined) continue
    const level = value(hl, 3)
    const parentId = value(hl, 2)
    let parent = byId.get(parentId)
    if (parent === undefined && level !== 'S') {
      const what = parentId === '' ? `${level} level ${value(hl, 1)} has no parent.` : `There is no earlier HL ${parentId}.`
      report(problems, 'hl-parent-unknown', hl, 2, what)
      parent = nodes.findLast(node => (rank[node.level] ?? 9) < (rank[level] ?? 9))
    }
    const node: HlNode = { loop, hl, id: value(hl, 1), level, parent, children: [] }
    parent?.children.push(node)
    nodes.push(node)
    byId.set(node.id, node)
  }
  return nodes
}

/** The node and all above it, from the node up. */
export function* upwards(node: HlNode | undefined): Generator<HlNode> {
  for (let at = node; at !== undefined; at = at.parent) yield at
}

/** All nodes below, in document order. */
export function* below(node: HlNode): Generator<HlNode> {
  for (const child of node.children) {
    yield child
    yield* below(child)
  }
}

const notContent = new Set(['S', 'O', 'T', 'P', 'F'])

/** Whether it is a package: a pallet (T), a carton (P), or a level of another name that bears a mark. */
export const isPackage = (node: HlNode): boolean =>
  node.level === 'T' || node.level === 'P'
  || (!notContent.has(node.level) && node.level !== 'I' && first(node.loop, 'MAN') !== undefined)

/** Whether it is an item: level I, or a level of another name with LIN or SN1 (components, F, are part of their item). */
export const isItem = (node: HlNode): boolean =>
  node.level === 'I'
  || (!notContent.has(node.level) && !isPackage(node) && (head(node.loop, 'SN1') ?? head(node.loop, 'LIN')) !== undefined)

// A standard pack on pallets is S-O-T-I-P: the pallet is above the item, its cartons below.
const structures: Readonly<Record<string, string>> = { SOPI: '0001', SOIP: '0002', SOPIP: '0002', SPOI: '0003', SOI: '0004' }

/** BSN05 as the levels around one item say: 0001 S-O-P-I, 0002 S-O-I-P, 0003 S-P-O-I, 0004 S-O-I; ZZZZ for any other order. */
export const structureAround = (item: HlNode): string => {
  const above = [...upwards(item.parent)].reverse().map(node => (isPackage(node) ? 'P' : node.level)).join('')
  const shape = `${above}I${[...below(item)].some(isPackage) ? 'P' : ''}`
  // A pallet above cartons is one package level here.
  return structures[shape.replace(/P+/g, 'P')] ?? 'ZZZZ'
}
