import type { Tx } from '../db/client.ts'
import type { ItemNumbers } from '../items/rules.ts'
import {
  countResponses, heldLine, lockOrders, lockOrdersByNumber, selectHeldLines, updateLines, updateOrders, type HeldLine, type HeldOrder,
} from './queries.ts'
import { orderState } from './rules.ts'

/**
 * Orders held for change: their rows are locked, the rules work on them in memory, and what changed is written at the end
 * in two statements, however many documents moved them.
 */

const hold = async (tx: Tx, rows: Omit<HeldOrder, 'lines' | 'responseCount'>[]): Promise<HeldOrder[]> => {
  if (rows.length === 0) return []
  const ids = rows.map(row => row.id)
  const [lines, counts] = await Promise.all([selectHeldLines(tx.sql, ids), countResponses(tx.sql, ids)])
  const orders = new Map(rows.map(row => [row.id, { ...row, lines: [] as HeldLine[], responseCount: 0 }]))
  for (const row of lines) orders.get(row.orderId)?.lines.push(heldLine(row))
  for (const { orderId, count } of counts) {
    const order = orders.get(orderId)
    if (order) order.responseCount = count
  }
  return [...orders.values()]
}

export const holdOrders = async (tx: Tx, ids: readonly string[]): Promise<HeldOrder[]> => hold(tx, [...await lockOrders(tx.sql, ids)])

/** Orders by their business keys; `find` gives the one that a document means, any release when it names none and there is but one. */
export const holdOrdersByNumber = async (tx: Tx, keys: readonly { partnershipId: string; number: string }[]) => {
  const distinct = [...new Map(keys.map(key => [`${key.partnershipId} ${key.number}`, key])).values()]
  const rows = distinct.length === 0 ? [] : await lockOrdersByNumber(tx.sql, distinct.map(k => k.partnershipId), distinct.map(k => k.number))
  const orders = await hold(tx, [...rows])
  const find = (partnershipId: string, number: string | undefined, release: string | undefined): HeldOrder | undefined => {
    const same = orders.filter(order => order.partnershipId === partnershipId && order.number === number)
    return same.find(order => order.release === (release ?? '')) ?? (release === undefined && same.length === 1 ? same[0] : undefined)
  }
  return { orders, find }
}

/** Puts a line back after a rule has moved it. Positions are the ordinals of the lines. */
export const putLine = (order: HeldOrder, line: HeldLine): void => {
  order.lines[line.position - 1] = line
}

/** Derives the header, counts the version up and writes the orders with those of their lines that differ from `before`. */
export const saveOrders = async (tx: Tx, orders: readonly HeldOrder[], before: ReadonlyMap<string, readonly HeldLine[]>, now: Date): Promise<void> => {
  if (orders.length === 0) return
  for (const order of orders) {
    order.state = orderState(order.lines)
    order.version += 1
  }
  const lines = orders.flatMap(order => {
    const old = new Set(before.get(order.id))
    return order.lines.filter(line => !old.has(line)).map(line => ({ ...line, orderId: order.id }))
  })
  await Promise.all([...(lines.length > 0 ? [updateLines(tx.sql, lines)] : []), updateOrders(tx.sql, orders, now)])
}

/** The lines as they are now, to tell `saveOrders` what has moved since. */
export const linesBefore = (orders: readonly HeldOrder[]): Map<string, readonly HeldLine[]> => new Map(orders.map(order => [order.id, [...order.lines]]))

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
    ?? byItem.get(`gtin ${numbers.gtin}`) ?? byItem.get(`buyer ${numbers.buyerItem}`) ?? byItem.get(`seller ${numbers.sellerItem}`)
}
const withoutZeros = (number: string): string => number.replace(/^0+(?=.)/, '')
