import type { Tx } from '../db/client.ts'
import { itemNumbers, resolveItems } from '../items/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { Decimal } from '../shared/decimal.ts'
import { selectFacts, setChangeStates, keepChangedVersion, updateDocument, updateTerms } from './change-queries.ts'
import type { ChangeState } from './change-schema.ts'
import { foldOrder, type ChangeLineResult, type Folded, type FoldedLine } from './fold.ts'
import { insertOrderLines, type HeldLine, type HeldOrder } from './queries.ts'
import { saysTheSame } from './rules.ts'

/** What became of a change as a whole. */
export const stateOfChange = (results: readonly ChangeLineResult[]): ChangeState => {
  const told = results.filter(result => result !== 'none' && result !== 'superseded')
  if (told.includes('pending')) return 'pending'
  if (told.length === 0) return results.includes('superseded') ? 'superseded' : 'accepted'
  if (told.every(result => result === 'accepted')) return 'accepted'
  return told.every(result => result === 'rejected') ? 'rejected' : 'countered'
}

/** The order as all that was said of it makes it, as far as it is known. */
export const foldedOrder = async (
  tx: Pick<Tx, 'sql'>,
  orderId: string,
  partnership: Pick<Partnership, 'changeQuantity'>,
  at: Date | 'infinity' = 'infinity',
): Promise<Folded & { answers: number; changes: number }> => {
  const [facts] = await selectFacts(tx.sql, orderId, at)
  if (!facts) throw new Error(`order ${orderId} is not here`)
  const folded = foldOrder({ ...facts, terms: partnership.changeQuantity })
  const counts = { answers: facts.answers.length, changes: facts.changes.length }
  if (!facts.cancelled) return { ...folded, ...counts }
  return {
    ...folded,
    ...counts,
    document: { ...folded.document, purpose: '01' },
    lines: folded.lines.map(line => ({
      ...line,
      state: { ...line.state, response: 'cancelled', ledger: { ...line.state.ledger, cancelled: line.state.ledger.ordered } },
    })),
  }
}

/**
 * Makes an order and its lines what its documents say together. What has shipped, was received and invoiced stays; lines that
 * changes add are new rows. The document before is kept as a version when it is another. The caller saves the order.
 */
export const refold = async (
  tx: Tx,
  order: HeldOrder,
  partnership: Partnership,
  cause: { readonly replacedBy: 'change' | 'answer'; readonly changeId: string } | undefined,
  now: Date,
): Promise<void> => {
  const folded = await foldedOrder(tx, order.id, partnership)
  const lines = await heldLines(tx, order, folded.lines)
  const added = lines.slice(order.stored.length)
  if (added.length > 0)
    await insertOrderLines(
      tx.sql,
      added.map(line => ({
        order,
        position: line.position,
        lineNumber: line.lineNumber,
        partnershipItemId: line.partnershipItemId ?? undefined,
        gtin: line.gtin ?? undefined,
        buyerItem: line.buyerItem ?? undefined,
        sellerItem: line.sellerItem ?? undefined,
        description: line.description ?? undefined,
        unit: line.unit,
        price: line.price ?? undefined,
        priceBasis: line.priceBasis ?? undefined,
        quantity: line.ledger.ordered.toFixed(),
        sourcePosition: undefined,
      })),
    )
  await updateTerms(
    tx.sql,
    lines.map((line, index) => ({ ...line, orderId: order.id, ...pick(folded.lines[index]) })),
  )
  if (!saysTheSame(order.document, folded.document) || order.document.purpose !== folded.document.purpose) {
    if (cause) await keepChangedVersion(tx.sql, order, cause.replacedBy, cause.changeId, now)
    const standing = lines.flatMap(line => (line.response === 'cancelled' ? [] : (folded.document.lines[line.position - 1] ?? [])))
    await updateDocument(tx.sql, order.id, folded.document, standing)
    order.document = folded.document
  }
  await setChangeStates(
    tx.sql,
    [...folded.results].map(([id, results]) => ({ id, state: stateOfChange(results) })),
  )
  order.lines = lines
  // Their rows are there now; what they have become is written with the others.
  order.stored = [...order.stored, ...added.map(line => ({ ...line }))]
}

const pick = (line: FoldedLine | undefined) => ({ changeId: line?.changeId ?? null, changeAt: line?.changeAt ?? null })

const zero = new Decimal(0)

/** The rows of the lines: items are looked up for what is new or has another product. */
const heldLines = async (tx: Tx, order: HeldOrder, folded: readonly FoldedLine[]): Promise<HeldLine[]> => {
  const asked = folded.flatMap(({ document, state }, index) => {
    const before = order.document.lines[index]
    return order.lines[index] && before && saysTheSame(before.products, document.products) ? [] : [{ document, position: state.position }]
  })
  const items = asked.length === 0 ? [] : await resolveItems(tx, order.partnershipId, asked.map(each => each.document))
  const itemAt = new Map(asked.map(({ position }, index) => [position, items[index]]))
  return folded.map(({ document, state }): HeldLine => {
    const held = order.lines[state.position - 1]
    const moved = held?.ledger
    const ledger = {
      ...state.ledger,
      shipped: moved?.shipped ?? zero,
      received: moved?.received ?? zero,
      invoiced: moved?.invoiced ?? zero,
      paid: moved?.paid ?? zero,
    }
    if (held && !itemAt.has(state.position)) return { ...held, ...state, ledger }
    const item = itemAt.get(state.position)
    const named = itemNumbers(document.products)
    return {
      ...state,
      ledger,
      partnershipItemId: item?.id ?? null,
      gtin: item?.gtin ?? named.gtin ?? null,
      buyerItem: named.buyerItem ?? item?.buyerItem ?? null,
      sellerItem: named.sellerItem ?? item?.sellerItem ?? null,
      description: document.description ?? item?.name ?? null,
    }
  })
}
