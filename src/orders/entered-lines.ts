import type { OrderLineDocument, ProductId } from '../documents/canonical.ts'
import { DomainError } from '../shared/errors.ts'
import type { OrderLineInput } from './schema.ts'

/**
 * The canonical line of one that was entered; its number is its ordinal unless told.
 * @throws DomainError request/invalid without any number of an item
 */
export const enteredLine = (line: OrderLineInput, index: number): OrderLineDocument => ({
  lineNumber: line.lineNumber ?? String(index + 1),
  quantity: line.quantity,
  unit: line.unit ?? 'EA',
  products: productsOf(line, index),
  ...(line.price !== undefined && { price: line.price }),
  ...(line.priceBasis !== undefined && { priceBasis: line.priceBasis }),
  ...(line.description !== undefined && { description: line.description }),
})

const productsOf = (line: OrderLineInput, index: number): ProductId[] => {
  const products = [
    ...(line.gtin === undefined ? [] : [{ qualifier: gtinQualifiers[line.gtin.length] ?? 'UK', value: line.gtin }]),
    ...(line.buyerItem === undefined ? [] : [{ qualifier: 'IN', value: line.buyerItem }]),
    ...(line.sellerItem === undefined ? [] : [{ qualifier: 'VN', value: line.sellerItem }]),
  ]
  if (products.length === 0)
    throw new DomainError('request/invalid', {
      detail: `Line ${line.lineNumber ?? index + 1} needs a GTIN, or the buyer's or seller's item number.`,
      line: line.lineNumber ?? String(index + 1),
    })
  return products
}
/** Qualifier of a product by the length of its GTIN: GTIN-8 and GTIN-13 EN, UPC-12 UP, GTIN-14 UK. */
const gtinQualifiers: Readonly<Record<number, string>> = { 8: 'EN', 12: 'UP', 13: 'EN', 14: 'UK' }
