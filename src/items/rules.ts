import type { ProductId } from '../documents/canonical.ts'
import { gtin14 } from '../documents/gs1.ts'
import type { PartnershipItem } from './schema.ts'

/** X12 product qualifiers (LIN02, PO106 …) by whose number follows, the more telling first. */
const gtinQualifiers = ['UK', 'UP', 'EN', 'UA', 'UI', 'UN', 'EO']
const buyerQualifiers = ['IN', 'BP', 'SK', 'PI', 'CB']
const sellerQualifiers = ['VN', 'VP', 'VA', 'VC']

/** The numbers by which the products of a line may be known, each undefined when there is none. */
export type ItemNumbers = {
  readonly gtin: string | undefined
  readonly buyerItem: string | undefined
  readonly sellerItem: string | undefined
}

const firstOf = (products: readonly ProductId[], qualifiers: readonly string[]): string | undefined => {
  for (const qualifier of qualifiers) {
    const found = products.find(product => product.qualifier === qualifier)
    if (found) return found.value.trim()
  }
  return undefined
}

export const itemNumbers = (products: readonly ProductId[]): ItemNumbers => {
  const gtin = firstOf(products, gtinQualifiers)
  return {
    gtin: gtin === undefined ? undefined : gtin14(gtin) ?? undefined,
    buyerItem: firstOf(products, buyerQualifiers),
    sellerItem: firstOf(products, sellerQualifiers),
  }
}

/** Items by each of their three numbers. */
export type ItemIndex = Readonly<Record<keyof ItemNumbers, ReadonlyMap<string, PartnershipItem>>>

export const indexItems = (items: readonly PartnershipItem[]): ItemIndex => {
  const gtin = new Map<string, PartnershipItem>(),
    buyerItem = new Map<string, PartnershipItem>(),
    sellerItem = new Map<string, PartnershipItem>()
  for (const item of items) {
    gtin.set(item.gtin, item)
    if (item.buyerItem !== null) buyerItem.set(item.buyerItem, item)
    if (item.sellerItem !== null) sellerItem.set(item.sellerItem, item)
  }
  return { gtin, buyerItem, sellerItem }
}

/**
 * The item that the numbers mean. The GTIN goes first; some partners omit it or send that of a pack, and then the buyer's
 * number, or else the seller's, identifies the item.
 */
export const findItem = (index: ItemIndex, numbers: ItemNumbers): PartnershipItem | undefined =>
  (numbers.gtin !== undefined ? index.gtin.get(numbers.gtin) : undefined)
  ?? (numbers.buyerItem !== undefined ? index.buyerItem.get(numbers.buyerItem) : undefined)
  ?? (numbers.sellerItem !== undefined ? index.sellerItem.get(numbers.sellerItem) : undefined)
