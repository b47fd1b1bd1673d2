import { readAs, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ProductId } from '../documents/canonical.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import type { Page, PageRequest } from '../partners/schema.ts'
import { selectItems, selectItemsByNumbers, selectPartnershipItems, selectPricePage, selectPrices } from './queries.ts'
import { findItem, indexItems, itemNumbers } from './rules.ts'
import type { Item, PartnershipItem, Price } from './schema.ts'

export { itemNumbers } from './rules.ts'

/**
 * The item of each line, in the order of the lines, undefined where it is not known in this partnership. One query for any
 * number of lines. GTIN first (UP, UK, EN …), then the buyer's number (IN, BP, SK …), then the seller's (VN, VP, VA …).
 */
export const resolveItems = async (
  tx: Tx, partnershipId: string, lines: readonly { readonly products: readonly ProductId[] }[],
): Promise<(PartnershipItem | undefined)[]> => {
  const wanted = lines.map(line => itemNumbers(line.products))
  const all = (side: 'gtin' | 'buyerItem' | 'sellerItem') => [...new Set(wanted.flatMap(numbers => numbers[side] ?? []))]
  const [gtins, buyerItems, sellerItems] = [all('gtin'), all('buyerItem'), all('sellerItem')]
  if (gtins.length + buyerItems.length + sellerItems.length === 0) return lines.map(() => undefined)
  const index = indexItems(await selectItemsByNumbers(tx.sql, partnershipId, gtins, buyerItems, sellerItems))
  return wanted.map(numbers => findItem(index, numbers))
}

/** The price in force on `date` ('YYYY-MM-DD') by partnership item; those without one are absent. One query. */
export const pricesFor = async (tx: Tx, partnershipItemIds: readonly string[], date: string): Promise<Map<string, Price>> => {
  if (partnershipItemIds.length === 0) return new Map()
  const prices = await selectPrices(tx.sql, [...new Set(partnershipItemIds)], date)
  return new Map(prices.map(price => [price.partnershipItemId, price]))
}

/** The item master of the actor's organisation, oldest first. */
export const listItems = async (ctx: Context, page: PageRequest = {}): Promise<Page<Item>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectItems(sql, { ...(page.cursor !== undefined && { after: page.cursor }), limit: size + 1 }))
  return pageOf(rows, size)
}

/** The items that the actor's organisation trades, in all partnerships or in one. */
export const listPartnershipItems = async (
  ctx: Context,
  page: PageRequest & { partnershipId?: string } = {},
): Promise<Page<PartnershipItem>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectPartnershipItems(sql, {
      ...(page.partnershipId !== undefined && { partnershipId: page.partnershipId }),
      ...(page.cursor !== undefined && { after: page.cursor }),
      limit: size + 1,
    }))
  return pageOf(rows, size)
}

/** What the actor's organisation pays and is paid, in all partnerships or in one, in force or not. */
export const listPrices = async (
  ctx: Context,
  page: PageRequest & { partnershipId?: string } = {},
): Promise<Page<Price>> => {
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectPricePage(sql, {
      ...(page.partnershipId !== undefined && { partnershipId: page.partnershipId }),
      ...(page.cursor !== undefined && { after: page.cursor }),
      limit: size + 1,
    }))
  return pageOf(rows, size)
}
