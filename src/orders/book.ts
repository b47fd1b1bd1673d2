import type { Tx } from '../db/client.ts'
import type { ItemNumbers } from '../items/rules.ts'
import {
  countResponses,
  heldLine,
  lockOrders,
  lockOrdersByNumber,
  selectHeldLines,
  updateLines,
  updateOrders,
  type HeldLine,
  type HeldOrder,
  type HeldRow,
} from './queries.ts'
import { groupBy, orderState } from './rules.ts'

/**
 * Orders held for change: their rows are locked, the rules work on them in memory, and what changed is written at the end
 * in two statements, however many documents moved them.
 */

const hold = async (tx: Tx, rows: readonly HeldRow[]): Promise<HeldOrder[]> => {
  if (rows.length === 0) return []
  const ids = rows.map(row => row.id)
  const [lines, counts] = await Promise.all([selectHeldLines(tx.sql, ids), countResponses(tx.sql, ids)])
  const linesOf = new Map<string, HeldLine[]>(ids.map(id => [id, []]))
  for (const row of lines) linesOf.get(row.orderId)?.push(heldLine(row))
  const countOf = new Map(counts.map(count => [count.orderId, count]))
  return rows.map(row => {
    const stored = linesOf.get(row.id) ?? []
    const { count = 0, changed = false } = countOf.get(row.id) ?? {}
    return { ...row, stored, lines: [...stored], responseCount: count, changed }
  })
}

export const holdOrders = async (tx: Tx, ids: readonly string[]): Promise<HeldOrder[]> =>
  ids.length === 0 ? [] : hold(tx, await lockOrders(tx.sql, ids))

/** Orders that documents speak of by their numbers. */
export type Book = {
  readonly orders: HeldOrder[]
  /** The order that a document means: of its release, or, where it names none, the only one of that number. */
  readonly find: (partnershipId: string, number: string | undefined, release: string | undefined) => HeldOrder | undefined
  /** Holds further orders, by id; those held already stay as they are. */
  readonly add: (ids: readonly string[]) => Promise<void>
}

export const holdOrdersByNumber = async (tx: Tx, keys: readonly { partnershipId: string; number: string }[]): Promise<Book> => {
  const distinct = [...new Map(keys.map(key => [`${key.partnershipId} ${key.number}`, key])).values()]
  const orders =
    distinct.length === 0
      ? []
      : await hold(
          tx,
          await lockOrdersByNumber(
            tx.sql,
            distinct.map(k => k.partnershipId),
            distinct.map(k => k.number),
          ),
        )
  const byNumber = groupBy(orders, order => `${order.partnershipId} ${order.number}`)
  return {
    orders,
    find: (partnershipId, number, release) => {
      const same = byNumber.get(`${partnershipId} ${number}`) ?? []
      return (
        same.find(order => order.release === (release ?? ''))
        ?? (release === undefined && same.length === 1 ? same[0] : undefined)
      )
    },
    add: async ids => {
      const held = new Set(orders.map(order => order.id))
      orders.push(
        ...(await holdOrders(
          tx,
          ids.filter(id => !held.has(id)),
        )),
      )
    },
  }
}

/** Puts a line back after a rule has moved it. Positions are the ordinals of the lines. */
export const putLine = (order: HeldOrder, line: HeldLine): void => {
  order.lines[line.position - 1] = line
}

/** Derives the headers, counts the versions up and writes the orders with those of their lines that have moved. */
export const saveOrders = async (tx: Tx, orders: readonly HeldOrder[], now: Date): Promise<void> => {
  if (orders.length === 0) return
  for (const order of orders) {
    order.state = orderState(order.lines)
    order.version += 1
  }
  const moved = orders.flatMap(order => {
    const stored = new Set(order.stored)
    return order.lines.filter(line => !stored.has(line)).map(line => ({ ...line, orderId: order.id }))
  })
  await Promise.all([...(moved.length > 0 ? [updateLines(tx.sql, moved)] : []), updateOrders(tx.sql, orders, now)])
}

/** How another document names a line: by the buyer's line number, the item, or both. */
export type NamedLine = { readonly lineNumber?: string | undefined; readonly numbers: ItemNumbers }

type Findable = Pick<HeldLine, 'position' | 'lineNumber' | 'gtin' | 'buyerItem' | 'sellerItem'>
/**
 * Finds the lines of an order that another document means: by number (leading zeros aside), or else by the one line of the
 * item that it names.
 */
export const lineFinder = (lines: readonly Findable[]): ((named: NamedLine) => number | undefined) => {
  const byNumber = new Map<string, number>()
  const byItem = new Map<string, number | undefined>()
  const note = (kind: string, value: string | null, position: number) => {
    if (value !== null) byItem.set(`${kind} ${value}`, byItem.has(`${kind} ${value}`) ? undefined : position)
  }
  for (const line of lines) {
    const bare = withoutZeros(line.lineNumber)
    if (!byNumber.has(bare)) byNumber.set(bare, line.position)
    note('gtin', line.gtin, line.position)
    note('buyer', line.buyerItem, line.position)
    note('seller', line.sellerItem, line.position)
  }
  return ({ lineNumber, numbers }) =>
    (lineNumber !== undefined ? byNumber.get(withoutZeros(lineNumber)) : undefined)
    ?? byItem.get(`gtin ${numbers.gtin}`)
    ?? byItem.get(`buyer ${numbers.buyerItem}`)
    ?? byItem.get(`seller ${numbers.sellerItem}`)
}
const withoutZeros = (number: string): string => number.replace(/^0+(?=.)/, '')
