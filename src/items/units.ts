import { decimal, type Decimal } from '../shared/decimal.ts'

/** X12 units of measure (element 355) that are a case, carton or pack of the item. */
const packUnits: ReadonlySet<string> = new Set(['CA', 'CS', 'CT', 'PK'])

/** Whether the unit is a case (carton, pack) of the item rather than its base unit. */
export const isPackUnit = (unit: string): boolean => packUnits.has(unit)

/**
 * How many `to` are one `from`, or null when that is not known. Cases hold `packQuantity` base units; two units that are
 * the same count as one whatever they are.
 */
export const unitFactor = (from: string, to: string, item?: { readonly unit: string; readonly packQuantity: string }): Decimal | null => {
  if (from === to || (isPackUnit(from) && isPackUnit(to))) return decimal(1)
  if (!item) return null
  if (isPackUnit(from) && to === item.unit) return decimal(item.packQuantity)
  if (isPackUnit(to) && from === item.unit) return decimal(1).dividedBy(decimal(item.packQuantity))
  return null
}
