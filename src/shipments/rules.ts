import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { openQuantity, standingQuantity } from '../orders/rules.ts'
import { Decimal, decimal, decimalText } from '../shared/decimal.ts'
import type { PackageInput, PackageType, PackingProposal } from './schema.ts'

/** How much more than what is open may be shipped, as a share of what stands of the line. */
export const overShipmentTolerance = '0.02'

/** The most packages of one shipment that is entered. */
export const maxPackages = 10_000

/** What may still be shipped on a line: what is open, and the tolerance. */
export const mostToShip = ({ ledger }: Pick<HeldLine, 'ledger'>): Decimal => {
  const most = standingQuantity(ledger).times(decimal(1).plus(overShipmentTolerance)).minus(ledger.shipped)
  return most.isNegative() ? decimal(0) : most
}

/** What is shipped when nobody says: what is open, or promised where the seller promised less. */
export const quantityToShip = ({ response, ledger }: Pick<HeldLine, 'response' | 'ledger'>): Decimal => {
  if (response === 'rejected' || response === 'cancelled') return decimal(0)
  const open = openQuantity(ledger)
  const promised = ledger.confirmed.minus(ledger.shipped)
  const quantity = response === 'changed' || response === 'backordered' ? Decimal.min(open, promised) : open
  return quantity.isNegative() ? decimal(0) : quantity
}

/** So much of a line, wherever it is packed. */
export type Quantity = { readonly orderId: string; readonly lineNumber: string; readonly quantity: string }
/** A line to pack, with how many units a case and a pallet of its item hold. */
export type LineToPack = Quantity & { readonly casePack: string; readonly palletPack: string | null }

type Proposed = PackingProposal['packages'][number]

/**
 * A packing proposal: full cartons of one item and one more for what is left, on full pallets where a pallet quantity is known
 * and
 * a last pallet for the rest. A case of one unit says nothing about packing; the line then goes into one carton.
 * Undefined when it would take more packages than `maxPackages`.
 */
export const proposePackages = (lines: readonly LineToPack[]): Proposed[] | undefined => {
  const packages: Proposed[] = []
  const loose: Proposed[] = []
  const count = { pallet: 0, carton: 0 }
  const make = (type: PackageType, parent?: Proposed): Proposed => {
    count[type] += 1
    return {
      package: `${type === 'pallet' ? 'P' : 'C'}${count[type]}`,
      type,
      contents: [],
      ...(parent && { parent: parent.package }),
    }
  }
  for (const line of lines) {
    const perCarton = decimal(line.casePack).gt(1) ? decimal(line.casePack) : decimal(line.quantity)
    const perPallet = line.palletPack !== null && decimal(line.palletPack).gte(perCarton) ? decimal(line.palletPack) : undefined
    if (
      decimal(line.quantity)
        .dividedBy(perCarton)
        .plus(packages.length + loose.length)
        .gt(maxPackages)
    )
      return undefined
    let left = decimal(line.quantity)
    let pallet: Proposed | undefined
    let onPallet = decimal(0)
    while (left.gt(0)) {
      if (perPallet && left.gte(perPallet) && (!pallet || onPallet.plus(perCarton).gt(perPallet))) {
        pallet = make('pallet')
        packages.push(pallet)
        onPallet = decimal(0)
      }
      if (pallet && perPallet && onPallet.plus(perCarton).gt(perPallet)) pallet = undefined
      const quantity = Decimal.min(left, perCarton)
      const carton = make('carton', pallet)
      carton.contents.push({ orderId: line.orderId, lineNumber: line.lineNumber, quantity: decimalText(quantity) })
      ;(pallet ? packages : loose).push(carton)
      onPallet = onPallet.plus(quantity)
      left = left.minus(quantity)
    }
  }
  if (count.pallet === 0) return loose
  const rest = loose.length > 0 ? make('pallet') : undefined
  return [...packages, ...(rest ? [rest, ...loose.map(carton => ({ ...carton, parent: rest.package }))] : [])]
}

/** A quantity of a line in a package; null when it travels unpacked. */
export type Packed<L> = { readonly of: L; readonly quantity: string; readonly package: string | null }

const nameOf = (orderId: string, lineNumber: string): string => `${orderId} ${lineNumber}`

/**
 * Puts the lines into the packages, or says why they do not go in: every package once, pallets below nothing and cartons on
 * pallets, and the contents of a line add up to its quantity. A package that is the only one and names no contents holds all.
 */
export const packLines = <L extends Quantity>(
  lines: readonly L[],
  packages: readonly PackageInput[],
  onlyOrder: string | undefined,
): Packed<L>[] | { wrong: string } => {
  const [only] = packages
  if (!only) return lines.map(of => ({ of, quantity: of.quantity, package: null }))
  const wrong = wrongStack(packages)
  if (wrong !== undefined) return { wrong }
  if (packages.length === 1 && only.contents === undefined)
    return lines.map(of => ({ of, quantity: of.quantity, package: only.package }))
  const left = new Map(lines.map(of => [nameOf(of.orderId, of.lineNumber), { of, quantity: decimal(of.quantity) }]))
  const packed: Packed<L>[] = []
  for (const { package: name, contents = [] } of packages)
    for (const { orderId = onlyOrder, lineNumber, quantity } of contents) {
      if (orderId === undefined) return { wrong: `Package ${name}: say which order line ${lineNumber} is of.` }
      const line = left.get(nameOf(orderId, lineNumber))
      if (!line) return { wrong: `Package ${name} holds line ${lineNumber}, which is not shipped.` }
      line.quantity = line.quantity.minus(quantity)
      packed.push({ of: line.of, quantity, package: name })
    }
  for (const { of, quantity } of left.values())
    if (!quantity.isZero()) {
      const inPackages = decimalText(decimal(of.quantity).minus(quantity))
      return { wrong: `Line ${of.lineNumber}: ${of.quantity} are shipped, ${inPackages} are in packages.` }
    }
  return packed
}

/** What is wrong with how packages stand on each other, if anything. */
const wrongStack = (packages: readonly PackageInput[]): string | undefined => {
  const byName = new Map(packages.map(one => [one.package, one]))
  if (byName.size < packages.length) return 'Two packages have the same name.'
  const parents = new Set(packages.map(one => one.parent))
  for (const { package: name, type, parent, contents = [] } of packages) {
    const pallet = parent === undefined ? undefined : byName.get(parent)
    if (parent !== undefined && !pallet) return `Package ${name} stands on ${parent}, which is not in the shipment.`
    if (pallet && (pallet.type !== 'pallet' || type !== 'carton'))
      return `Package ${name}: only a carton stands on another package, and that is a pallet.`
    if (contents.length === 0 && !parents.has(name) && packages.length > 1) return `Package ${name} is empty.`
  }
  return undefined
}

/** The serial numbers that one company prefix has: the extension digit counts as the leading one. */
export const ssccCapacity = (prefix: string): bigint => 10n ** BigInt(17 - prefix.length)

/** Splits a serial into the extension digit and what follows the prefix. */
export const ssccParts = (prefix: string, serial: bigint): { extensionDigit: number; serial: bigint } => {
  const room = 10n ** BigInt(16 - prefix.length)
  return { extensionDigit: Number(serial / room), serial: serial % room }
}

/** The orders of a shipment in the order in which they were named. */
export const inOrderOf = (ids: readonly string[], orders: readonly HeldOrder[]): HeldOrder[] =>
  [...new Set(ids)].flatMap(id => orders.find(order => order.id === id) ?? [])
