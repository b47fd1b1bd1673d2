import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { openQuantity, standingQuantity } from '../orders/rules.ts'
import { Decimal, decimal, decimalText, sum } from '../shared/decimal.ts'
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
export type Packed = Quantity & { readonly package: string | null }

const nameOf = ({ orderId, lineNumber }: Quantity): string => `${orderId} ${lineNumber}`

/**
 * Puts the lines into the packages, or says why they do not go in: every package once, pallets below nothing and cartons on
 * pallets, and the contents of a line add up to its quantity. A package that is the only one and names no contents holds all.
 */
export const packLines = (
  lines: readonly Quantity[],
  packages: readonly PackageInput[],
  onlyOrder: string | undefined,
): Packed[] | { wrong: string } => {
  if (packages.length === 0) return lines.map(line => ({ ...line, package: null }))
  const byName = new Map(packages.map(one => [one.package, one]))
  if (byName.size < packages.length) return { wrong: 'Two packages have the same name.' }
  for (const { package: name, parent } of packages) {
    if (parent === undefined) continue
    const pallet = byName.get(parent)
    if (!pallet) return { wrong: `Package ${name} stands on ${parent}, which is not in the shipment.` }
    if (pallet.type !== 'pallet' || byName.get(name)?.type !== 'carton')
      return { wrong: `Package ${name}: only a carton stands on another package, and that is a pallet.` }
  }
  const [only] = packages
  if (packages.length === 1 && only && only.contents === undefined) return lines.map(line => ({ ...line, package: only.package }))
  const packed: Packed[] = []
  for (const { package: name, contents = [] } of packages)
    for (const part of contents) {
      const orderId = part.orderId ?? onlyOrder
      if (orderId === undefined) return { wrong: `Package ${name}: say which order line ${part.lineNumber} is of.` }
      packed.push({ ...part, orderId, package: name })
    }
  const parents = new Set(packages.map(one => one.parent))
  const empty = packages.find(one => (one.contents ?? []).length === 0 && !parents.has(one.package))
  if (empty) return { wrong: `Package ${empty.package} is empty.` }
  const inPackages = new Map<string, Packed[]>()
  for (const part of packed) inPackages.set(nameOf(part), [...(inPackages.get(nameOf(part)) ?? []), part])
  for (const line of lines) {
    const total = sum((inPackages.get(nameOf(line)) ?? []).map(part => part.quantity))
    if (!total.eq(line.quantity))
      return { wrong: `Line ${line.lineNumber}: ${line.quantity} are shipped, ${decimalText(total)} are in packages.` }
    inPackages.delete(nameOf(line))
  }
  const [stray] = inPackages.values()
  return stray?.[0] ? { wrong: `Package ${stray[0].package} holds line ${stray[0].lineNumber}, which is not shipped.` } : packed
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
