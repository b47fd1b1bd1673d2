import type { Party, ShipNoticeDocument } from '../../documents/canonical.ts'
import { isGtin, isSscc } from '../../documents/gs1.ts'
import type { Pack } from '../../items/schema.ts'
import { isPackUnit, unitFactor } from '../../items/units.ts'
import { type Decimal, decimal, decimalText, sum } from '../../shared/decimal.ts'
import type { ElementString } from './gs1-128.ts'

/**
 * What a GS1 logistic label says of a package (GS1 Logistic Label Guideline): free text on top, the data with its titles in the
 * middle, and below the symbols, of which the SSCC is the last. Pure.
 */
export type LogisticLabel = {
  readonly package: string
  readonly type: 'pallet' | 'carton'
  /** "3 of 12" of its type. */
  readonly ordinal: number
  readonly of: number
  readonly from: PrintedAddress
  readonly to: PrintedAddress
  /** Free text with its titles: carrier, tracking number, bill of lading, shipment, orders. */
  readonly facts: readonly { readonly title: string; readonly value: string }[]
  /** What is in it, for people. */
  readonly contents: string
  readonly sscc: ElementString
  /** The elements beside the SSCC; empty when what is in the package is mixed or has no GTIN. */
  readonly elements: readonly ElementString[]
}
export type PrintedAddress = { readonly name: string; readonly lines: readonly string[] }

/** An item as the label needs it: what GTIN each pack has. */
export type LabelItem = {
  readonly gtin: string
  readonly unit: string
  readonly packQuantity: string
  readonly name: string
  readonly packs: readonly Pack[]
}
/** What a line of the shipment puts into a package. */
export type LabelLine = {
  readonly package: string | null
  readonly gtin: string | null
  readonly quantity: string
  readonly unit: string
  readonly description: string
  readonly lotNumber: string | undefined
  readonly expiryDate: string | undefined
  readonly item: LabelItem | undefined
}
type LabelPackage = ShipNoticeDocument['packages'][number]

export type LabelledShipment = {
  readonly document: ShipNoticeDocument
  readonly lines: readonly LabelLine[]
  readonly from: PrintedAddress
  readonly toOf: (orderNumber: string | undefined) => PrintedAddress
}

/** A label for each package that has an SSCC, pallets with their cartons after them; or for those that are named. */
export function* logisticLabels(shipment: LabelledShipment, only?: ReadonlySet<string>): Generator<LogisticLabel> {
  const { document } = shipment
  const byParent = groups(document.packages, each => each.parent)
  const linesIn = groups(shipment.lines, line => line.package ?? undefined)
  const count = { pallet: 0, carton: 0 }
  for (const each of document.packages) count[each.type] += 1
  const seen = { pallet: 0, carton: 0 }
  for (const each of inStackOrder(document.packages, byParent)) {
    const ordinal = ++seen[each.type]
    if (each.sscc === undefined || !isSscc(each.sscc) || (only && !only.has(each.id))) continue
    const inside = [each, ...(byParent.get(each.id) ?? [])]
    const orders = ordersOf(document, inside)
    const lines = inside.flatMap(one => linesIn.get(one.id) ?? [])
    const cartons = inside.slice(1)
    yield {
      package: each.id,
      type: each.type,
      ordinal,
      of: count[each.type],
      from: shipment.from,
      to: shipment.toOf(orders[0]),
      facts: factsOf(document, each, orders),
      contents: contentsText(lines, cartons.length),
      sscc: { ai: '00', title: 'SSCC', value: each.sscc },
      elements: elementsOf(lines, cartons.map(carton => linesIn.get(carton.id) ?? [])),
    }
  }
}

const groups = <T>(list: readonly T[], keyOf: (each: T) => string | undefined): Map<string | undefined, T[]> => {
  const found = new Map<string | undefined, T[]>()
  for (const each of list) {
    const group = found.get(keyOf(each))
    if (group) group.push(each)
    else found.set(keyOf(each), [each])
  }
  return found
}

/** Each package before those that stand on it. */
export const inStackOrder = (
  packages: readonly LabelPackage[],
  byParent = groups(packages, each => each.parent),
): LabelPackage[] => {
  const ordered: LabelPackage[] = []
  const put = (each: LabelPackage): void => {
    ordered.push(each)
    for (const child of byParent.get(each.id) ?? []) put(child)
  }
  const names = new Set(packages.map(each => each.id))
  for (const each of packages) if (each.parent === undefined || !names.has(each.parent)) put(each)
  return ordered
}

const ordersOf = (document: ShipNoticeDocument, inside: readonly LabelPackage[]): string[] => {
  const names = new Set(inside.map(each => each.id))
  return [...new Set(document.lines.filter(line => names.has(line.package ?? '')).map(line => line.orderNumber))]
}

const factsOf = (document: ShipNoticeDocument, each: LabelPackage, orders: readonly string[]): LogisticLabel['facts'] => {
  const { carrier } = document
  const reference = (qualifier: string) => document.references.find(one => one.qualifier === qualifier)?.value
  const all: [string, string | undefined][] = [
    ['CARRIER', [carrier?.scac, carrier?.name].filter(Boolean).join(' ') || undefined],
    ['TRACKING', each.trackingNumber ?? reference('CN')],
    ['B/L', reference('BM')],
    ['ORDER', orders.length > 1 ? `${orders[0]} +${orders.length - 1}` : orders[0]],
    ['DEPT', document.orders.find(order => order.number === orders[0])?.references.find(one => one.qualifier === 'DP')?.value],
    ['SHIPMENT', document.number || undefined],
    ['WEIGHT', each.weight && `${each.weight.value} ${each.weight.unit}`],
  ]
  return all.flatMap(([title, value]) => (value === undefined ? [] : [{ title, value }]))
}

const contentsText = (lines: readonly LabelLine[], cartons: number): string => {
  const inCartons = cartons === 0 ? '' : ` in ${cartons} carton${cartons === 1 ? '' : 's'}`
  const kinds = new Set(lines.map(line => line.gtin ?? line.description))
  const [first] = lines
  if (!first) return 'Empty'
  if (kinds.size > 1) return `Mixed: ${kinds.size} items${inCartons}`
  const units = new Set(lines.map(line => line.unit))
  const quantity = units.size === 1 ? `${decimalText(sum(lines.map(line => line.quantity)))} ${first.unit} ` : ''
  return `${quantity}${first.description}${inCartons}`
}

/**
 * The elements that the contents give: (01) where the package is itself a trade item (one case, or a standard pallet, with a GTIN
 * of its own), otherwise (02) and (37) for what it holds; (10) and (17) where all of it is of one batch. Nothing for what is mixed.
 */
const elementsOf = (lines: readonly LabelLine[], cartons: readonly (readonly LabelLine[])[]): ElementString[] => {
  const content = contentOf(lines)
  if (!content) return []
  const { gtin, units, item } = content
  const gtinOf = (level: Pack['level']) => item?.packs.find(pack => pack.level === level)?.gtin
  const caseGtin = gtinOf('case')
  const isCase = (quantity: Decimal | undefined) => item !== undefined && decimal(item.packQuantity).gt(1) && quantity?.eq(item.packQuantity)
  const pallet = item?.packs.find(pack => pack.level === 'pallet')
  const trade = (value: string): ElementString => ({ ai: '01', title: 'GTIN', value })
  const held = (value: string, count: string): ElementString[] => [
    { ai: '02', title: 'CONTENT', value },
    { ai: '37', title: 'COUNT', value: count },
  ]
  const goods =
    cartons.length === 0 && caseGtin !== undefined && isCase(units)
      ? [trade(caseGtin)]
      : cartons.length > 0 && pallet?.gtin !== undefined && units.eq(pallet.quantity)
        ? [trade(pallet.gtin)]
        : caseGtin !== undefined && cartons.length > 0 && cartons.every(each => isCase(contentOf(each)?.units))
          ? held(caseGtin, String(cartons.length))
          : held(gtin, decimalText(units))
  const lots = new Set(lines.map(line => line.lotNumber))
  const expiries = new Set(lines.map(line => line.expiryDate))
  const [lot] = lots
  const [expiry] = expiries
  return [
    ...goods,
    ...(expiries.size === 1 && expiry !== undefined
      ? [{ ai: '17', title: 'EXPIRY', value: expiry.slice(2).replaceAll('-', '') }]
      : []),
    ...(lots.size === 1 && lot !== undefined && batch.test(lot) ? [{ ai: '10', title: 'BATCH/LOT', value: lot }] : []),
  ]
}
/** What AI (10) may hold: up to 20 characters of set 82. */
const batch = /^[!"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}$/

/** The one trade item of the lines and how many base units of it; undefined when they are mixed or cannot be counted. */
const contentOf = (lines: readonly LabelLine[]): { gtin: string; units: Decimal; item: LabelItem | undefined } | undefined => {
  const [first] = lines
  if (!first || first.gtin === null || !isGtin(first.gtin) || lines.some(line => line.gtin !== first.gtin)) return undefined
  const factors = lines.map(({ unit, item }) => (item ? unitFactor(unit, item.unit, item) : isPackUnit(unit) ? null : decimal(1)))
  const units = sum(lines.map((line, index) => decimal(line.quantity).times(factors[index] ?? 0)))
  if (factors.includes(null) || !units.isInteger() || units.lt(1) || units.gt(99_999_999)) return undefined
  return { gtin: first.gtin, units, item: first.item }
}

/** The address of a party as it is printed: name, street, city with region and postal code, country. */
export const printedAddress = (party: Partial<Party> | undefined, fallback: string): PrintedAddress => {
  const place = [party?.city, [party?.region, party?.postalCode].filter(Boolean).join(' ')].filter(Boolean).join(', ')
  return {
    name: party?.name ?? fallback,
    lines: [...(party?.additionalNames ?? []), ...(party?.address ?? []), place, party?.country ?? ''].filter(line => line !== ''),
  }
}
