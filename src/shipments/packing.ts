import { type Decimal, decimal, decimalText } from '../shared/decimal.ts'
import { maxPackages } from './rules.ts'
import type { PackageInput, PackageType, PackingProposal, PalletUse } from './schema.ts'

/** How lines go into cartons and cartons onto pallets: proposed, and checked when given. Pure. */

/** So much of a line, wherever it is packed. */
export type Quantity = { readonly orderId: string; readonly lineNumber: string; readonly quantity: string }
/** A line to pack, with how many of its units a carton and a pallet hold; null when nobody knows. */
export type LineToPack = Quantity & { readonly perCarton: string | null; readonly perPallet: string | null }

type Proposed = PackingProposal['packages'][number]
type Carton = {
  readonly contents: Quantity[]
  /** How full it is, 1 for a whole case; null where the case is not known. */
  full: Decimal | null
  /** The part of a pallet that it takes; null where that is not known. */
  readonly share: Decimal | null
}

/**
 * A packing proposal: full cartons of one item and one more for what is left. With `mixed`, what is left of several lines goes
 * into one carton as long as the parts of their cases add up to no more than a whole. A line without a known case is one carton.
 * Pallets: `none`; `full` (where a pallet quantity is known and one is full; then the rest goes on pallets too); `all`.
 * Undefined when it would take more packages than `maxPackages`.
 */
export const proposePackages = (
  lines: readonly LineToPack[],
  { pallets = 'full', mixed = false }: { pallets?: PalletUse; mixed?: boolean } = {},
): Proposed[] | undefined => {
  if (lines.some(line => cartonsOf(line).gt(maxPackages))) return undefined
  const stacks: Carton[][] = []
  const rest: Carton[] = []
  for (const line of lines) {
    const { whole, left } = cartonsFor(line)
    const perStack = cartonsPerPallet(line)
    let at = 0
    if (pallets !== 'none' && perStack !== undefined)
      for (; at + perStack <= whole.length; at += perStack) stacks.push(whole.slice(at, at + perStack))
    rest.push(...whole.slice(at))
    if (left) addLeft(rest, left, mixed)
  }
  const loose = pallets === 'all' || stacks.length > 0 ? [] : rest
  if (loose.length === 0) stacks.push(...stack(rest))
  const proposed = named(stacks, loose)
  return proposed.length > maxPackages ? undefined : proposed
}

const cartonsOf = (line: LineToPack): Decimal => decimal(line.quantity).dividedBy(line.perCarton ?? line.quantity).ceil()

const cartonsPerPallet = ({ perCarton, perPallet }: LineToPack): number | undefined => {
  if (perCarton === null || perPallet === null) return undefined
  const count = decimal(perPallet).dividedBy(perCarton).floor().toNumber()
  return count >= 1 ? count : undefined
}

const cartonsFor = (line: LineToPack): { whole: Carton[]; left: Carton | undefined } => {
  const { orderId, lineNumber, perCarton } = line
  const onPallet = cartonsPerPallet(line)
  const share = onPallet === undefined ? null : decimal(1).dividedBy(onPallet)
  const carton = (quantity: Decimal, full: Decimal | null): Carton => ({
    contents: [{ orderId, lineNumber, quantity: decimalText(quantity) }],
    full,
    share,
  })
  if (perCarton === null) return { whole: [], left: carton(decimal(line.quantity), null) }
  const count = decimal(line.quantity).dividedBy(perCarton).floor().toNumber()
  const left = decimal(line.quantity).minus(decimal(perCarton).times(count))
  return {
    whole: Array.from({ length: count }, () => carton(decimal(perCarton), decimal(1))),
    left: left.isZero() ? undefined : carton(left, left.dividedBy(perCarton)),
  }
}

/** Adds what is left of a line: into a carton that has room for it, or as a carton of its own. */
const addLeft = (cartons: Carton[], left: Carton, mixed: boolean): void => {
  const { full } = left
  const host = mixed && full !== null ? cartons.find(each => each.full?.plus(full).lte(1)) : undefined
  if (!host || full === null || host.full === null) {
    cartons.push(left)
    return
  }
  host.full = host.full.plus(full)
  host.contents.push(...left.contents)
}

/** Stacks cartons on as few pallets as their shares allow; those whose share is unknown go on the last one. */
const stack = (cartons: readonly Carton[]): Carton[][] => {
  const stacks: { cartons: Carton[]; taken: Decimal }[] = []
  for (const carton of cartons) {
    const share = carton.share ?? decimal(0)
    // Three thirds of a pallet are a pallet, whatever the last digit says.
    const found = stacks.find(each => each.taken.plus(share).lte('1.000000001')) ?? { cartons: [], taken: decimal(0) }
    if (!stacks.includes(found)) stacks.push(found)
    found.cartons.push(carton)
    found.taken = found.taken.plus(share)
  }
  return stacks.map(each => each.cartons)
}

const named = (stacks: readonly (readonly Carton[])[], loose: readonly Carton[]): Proposed[] => {
  const count = { pallet: 0, carton: 0 }
  const make = (type: PackageType, contents: Quantity[], parent?: Proposed): Proposed => ({
    package: `${type === 'pallet' ? 'P' : 'C'}${++count[type]}`,
    type,
    contents,
    ...(parent && { parent: parent.package }),
  })
  return [
    ...stacks.flatMap(cartons => {
      const pallet = make('pallet', [])
      return [pallet, ...cartons.map(({ contents }) => make('carton', contents, pallet))]
    }),
    ...loose.map(({ contents }) => make('carton', contents)),
  ]
}

type Level = PackingProposal['lines'][number]['picks'][number]
/**
 * How a quantity of base units is picked from the largest packs down: 30 with cases of 12 and inners of 4 are 2 cases, 1 inner
 * and 2 each.
 */
export const picksOf = (baseUnits: Decimal, packs: readonly { level: Exclude<Level['level'], 'each'>; quantity: string }[]): Level[] => {
  let left = baseUnits
  const picks: Level[] = []
  const take = (level: Level['level'], count: Decimal, size: Decimal) => {
    if (count.isZero()) return
    picks.push({ level, count: decimalText(count) })
    left = left.minus(count.times(size))
  }
  const sizes = packs.map(({ level, quantity }) => ({ level, size: decimal(quantity) })).filter(({ size }) => size.gt(1))
  for (const { level, size } of sizes.sort((a, b) => b.size.comparedTo(a.size))) take(level, left.dividedBy(size).floor(), size)
  take('each', left, decimal(1))
  return picks
}

/** A quantity of a line in a package; null when it travels unpacked. */
export type Packed<L> = {
  readonly of: L
  readonly quantity: string
  readonly package: string | null
  readonly lotNumber?: string
  readonly expiryDate?: string
}

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
    for (const { orderId = onlyOrder, lineNumber, quantity, lotNumber, expiryDate } of contents) {
      if (orderId === undefined) return { wrong: `Package ${name}: say which order line ${lineNumber} is of.` }
      const line = left.get(nameOf(orderId, lineNumber))
      if (!line) return { wrong: `Package ${name} holds line ${lineNumber}, which is not shipped.` }
      line.quantity = line.quantity.minus(quantity)
      packed.push({
        of: line.of,
        quantity,
        package: name,
        ...(lotNumber !== undefined && { lotNumber }),
        ...(expiryDate !== undefined && { expiryDate }),
      })
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

/**
 * What keeps packed lines from being a standard pack (BSN05 0002), where an item stands above its cartons: everything is in
 * cartons, and each holds one line.
 */
export const notStandardPack = (packed: readonly Packed<Quantity>[]): string | undefined => {
  const lineOf = new Map<string, string>()
  for (const { of, package: name } of packed) {
    if (name === null) return `A standard pack is in cartons; line ${of.lineNumber} is not.`
    const line = nameOf(of.orderId, of.lineNumber)
    if ((lineOf.get(name) ?? line) !== line) return `A carton of a standard pack holds one line; ${name} holds several.`
    lineOf.set(name, line)
  }
  return undefined
}
