import { conditionOf, noticeNumbers, type Condition, type ReceivedLine } from '../documents/receipt861.ts'
import type { ReceivingAdviceDocument } from '../documents/canonical.ts'
import { itemNumbers, type ItemNumbers } from '../items/rules.ts'
import { isPackUnit } from '../items/units.ts'
import { lineFinder } from '../orders/book.ts'
import type { HeldLine, HeldOrder } from '../orders/queries.ts'
import { problem, type Problem } from '../orders/rules.ts'
import { decimal, decimalText, sum } from '../shared/decimal.ts'

/** Where each line of a receipt belongs: pure, so that it comes out the same whichever document came first. */

/** A shipment as far as a receipt has to know it. */
export type ShipmentContents = {
  readonly id: string
  readonly partnershipId: string
  readonly number: string
  readonly version: number
  readonly packages: readonly { readonly package: string; readonly parent: string | null; readonly sscc: string | null }[]
  readonly lines: readonly {
    readonly orderId: string | null
    readonly orderLinePosition: number | null
    readonly orderNumber: string
    readonly lineNumber: string | null
    readonly package: string | null
    readonly gtin: string | null
    readonly buyerItem: string | null
    readonly sellerItem: string | null
    readonly quantity: string
    readonly unit: string
  }[]
}
type Content = ShipmentContents['lines'][number]

/** What there is of one partnership. */
export type Surroundings = {
  /** Those that the receipt may mean, oldest first. */
  readonly shipments: readonly ShipmentContents[]
  readonly orderByNumber: (number: string, release: string | undefined) => HeldOrder | undefined
  readonly orderById: (id: string) => HeldOrder | undefined
}

export type PlacedLine = {
  /** Ordinal of the line in the document, from 1. */
  readonly documentLine: number
  readonly orderId: string | null
  readonly orderLinePosition: number | null
  readonly orderNumber: string | null
  readonly lineNumber: string | null
  readonly shipmentId: string | null
  readonly shipmentVersion: number | null
  readonly package: string | null
  readonly sscc: string | null
  readonly gtin: string | null
  readonly buyerItem: string | null
  readonly sellerItem: string | null
  readonly quantity: string
  readonly quantityDamaged: string
  readonly quantityQuality: string
  readonly quantityWrong: string
  readonly quantityShort: string
  readonly unit: string
  readonly sourcePosition: number | null
}

export type Placed = {
  readonly lines: readonly PlacedLine[]
  /** Nothing is waited for: orders and ship notices that the receipt speaks of are here. */
  readonly linked: boolean
  readonly problems: Problem[]
}

/** Units of measure of a whole package, beside those of a case: pallet, package, piece of luggage, unit load. */
const packageUnits: ReadonlySet<string> = new Set(['PL', 'PF', 'PK', 'PC', 'UN', 'UL', 'BX', 'SW'])

/** A line that names packages and no item is about them whole. */
export const isWholePackage = (line: ReceivedLine): boolean =>
  (line.ssccs?.length ?? 0) > 0
  && line.products.length === 0
  && line.orderLineNumber === undefined
  && (line.unit === undefined || isPackUnit(line.unit) || packageUnits.has(line.unit) || line.quantity === '1')

/** Finds the place of each line of a receipt. What it does not find is kept without one, and told as a problem. */
export const placeReceipt = (document: ReceivingAdviceDocument, around: Surroundings): Placed => {
  const placing = new Placing(document, around)
  for (const [index, line] of document.lines.entries()) placing.take(line, index + 1)
  return { lines: placing.lines, linked: !placing.waits, problems: placing.problems }
}

/** Where a line was found: of the order, and of the shipment. */
type Spot = {
  readonly shipment?: ShipmentContents | undefined
  readonly package?: string | null | undefined
  readonly sscc?: string | undefined
  readonly order?: HeldOrder | undefined
  readonly ordered?: HeldLine | undefined
}

class Placing {
  readonly lines: PlacedLine[] = []
  readonly problems: Problem[] = []
  waits = false
  private readonly document: ReceivingAdviceDocument
  private readonly around: Surroundings
  private readonly named: ShipmentContents | undefined
  private readonly told = new Set<string>()
  private readonly finders = new Map<HeldOrder, ReturnType<typeof lineFinder>>()

  constructor(document: ReceivingAdviceDocument, around: Surroundings) {
    this.document = document
    this.around = around
    this.named = this.byNumber([
      ...(document.shipmentNumber === undefined ? [] : [document.shipmentNumber]),
      ...noticeNumbers(document.references),
    ])
    if (document.shipmentNumber !== undefined && !this.named) this.awaitNotice(document.shipmentNumber, document.at)
  }

  take(line: ReceivedLine, documentLine: number): void {
    const condition = conditionOf(this.document, line)
    const ownNumbers = noticeNumbers(line.references)
    const own = this.byNumber(ownNumbers)
    if (ownNumbers.length > 0 && !own) this.awaitNotice(ownNumbers[0]!, line.at)
    const notice = own ?? this.named
    if (isWholePackage(line)) {
      for (const sscc of line.ssccs ?? []) this.takePackage(line, documentLine, condition, this.carton(sscc, notice), sscc)
      return
    }
    const cartons = (line.ssccs ?? []).map(sscc => ({ sscc, ...this.carton(sscc, notice) }))
    const { order, ordered } = this.orderLine(line, cartons[0]?.shipment ?? notice, cartons.flatMap(each => each.contents))
    const shares = cartons.length > 1 ? shareOut(cartons, ordered, condition) : undefined
    if (shares) {
      for (const { quantity, ...carton } of shares) {
        this.add(line, documentLine, { ...condition, received: decimal(quantity) }, { ...carton, order, ordered })
      }
      return
    }
    const [carton] = cartons.length === 1 ? cartons : []
    this.add(line, documentLine, condition, {
      shipment: carton?.shipment ?? cartons[0]?.shipment ?? notice, package: carton?.package, sscc: carton?.sscc, order, ordered,
    })
  }

  /** The package with this SSCC: in the shipment that is named, or else in the latest that has it. */
  private carton(sscc: string, notice: ShipmentContents | undefined) {
    const holds = (shipment: ShipmentContents) => shipment.packages.some(each => each.sscc === sscc)
    const shipment = notice && holds(notice) ? notice : this.around.shipments.findLast(holds)
    const name = shipment?.packages.find(each => each.sscc === sscc)?.package
    const contents = shipment && name !== undefined ? contentsOf(shipment, name) : []
    if (!shipment && !notice) this.awaitNotice(undefined, undefined)
    return { shipment: shipment ?? notice, package: name ?? null, contents }
  }

  /** All that the ship notice says is in the package has arrived with it, damaged or missed with it. */
  private takePackage(
    line: ReceivedLine, documentLine: number, condition: Condition,
    carton: { shipment: ShipmentContents | undefined; package: string | null; contents: readonly Content[] }, sscc: string,
  ): void {
    if (carton.contents.length === 0) {
      this.add(line, documentLine, condition, { ...carton, sscc })
      return
    }
    for (const content of carton.contents) {
      const all = decimal(content.quantity)
      const none = decimal(0)
      const arrived = condition.received.gt(0)
      this.add({ ...line, unit: content.unit }, documentLine, {
        received: arrived ? all : none,
        damaged: condition.damaged.gt(0) ? all : none,
        quality: condition.quality.gt(0) ? all : none,
        wrong: !arrived && condition.wrong.gt(0) ? all : none,
        short: !arrived && condition.wrong.isZero() ? all : none,
        over: none,
      }, { ...carton, sscc, ...this.orderedBy(content) }, content)
    }
  }

  /** The order line that something in a shipment is of. */
  private orderedBy(content: Content): { order: HeldOrder | undefined; ordered: HeldLine | undefined } {
    const order = content.orderId === null
      ? this.around.orderByNumber(content.orderNumber, undefined)
      : this.around.orderById(content.orderId)
    const position = content.orderLinePosition
      ?? (order && this.finderOf(order)({ lineNumber: content.lineNumber ?? undefined, numbers: numbersOf(content) }))
    return { order, ordered: order?.lines.find(each => each.position === position) }
  }

  /** The order line that a line of the receipt is about: of the order it names, or of those in the shipment. */
  private orderLine(
    line: ReceivedLine, shipment: ShipmentContents | undefined, inCartons: readonly Content[],
  ): { order: HeldOrder | undefined; ordered: HeldLine | undefined } {
    const heading = this.document.orders
    const named = line.orderNumber !== undefined
      ? [{ number: line.orderNumber, release: line.release }]
      : heading.map(({ number, release }) => ({ number, release }))
    const contents = inCartons.length > 0 ? inCartons : (shipment?.lines ?? [])
    const orders = named.length > 0
      ? named.map(({ number, release }) => this.around.orderByNumber(number, release)).filter(order => order !== undefined)
      : [...new Set(contents.map(content => this.orderedBy(content).order).filter(order => order !== undefined))]
    for (const order of orders) {
      const ordered = this.findLine(order, line)
      if (ordered) return { order, ordered }
    }
    const says = line.products.length > 0 || line.orderLineNumber !== undefined
    const lines = [...new Set(contents.map(content => this.orderedBy(content).ordered).filter(ordered => ordered !== undefined))]
    if (!says && line.lineNumber === undefined && lines.length === 1) {
      const [content] = contents.filter(each => this.orderedBy(each).ordered === lines[0])
      if (content) return this.orderedBy(content)
    }
    const missing = named.find(({ number, release }) => !this.around.orderByNumber(number, release))
    if (missing) this.awaitOrder(missing.number, line.at)
    if (orders.length === 0 && named.length === 0) this.awaitOrder(undefined, line.at)
    const [order] = orders.length === 1 ? orders : []
    if (orders.length > 0 && !missing) {
      const where = order ? `Order ${order.number}` : 'None of the orders'
      const name = line.orderLineNumber ?? line.lineNumber
      const which = line.products.length === 0 && name !== undefined ? name : 'with this item'
      this.problems.push(problem('receipts/unknown-line', `${where} has${order ? ' no' : ' a'} line ${which}.`, line.at))
    }
    return { order, ordered: undefined }
  }

  /**
   * By the order's line number where that is named and the item does not contradict; else by the item; else by the receipt's own
   * line number, which some senders take from the order and others count up.
   */
  private findLine(order: HeldOrder, line: ReceivedLine): HeldLine | undefined {
    const find = this.finderOf(order)
    const numbers = itemNumbers(line.products)
    const at = (position: number | undefined) => order.lines.find(each => each.position === position)
    const numbered = (lineNumber: string | undefined): HeldLine | undefined => {
      const found = lineNumber === undefined ? undefined : at(find({ lineNumber, numbers: nothing }))
      return found && !contradicts(found, numbers) ? found : undefined
    }
    return numbered(line.orderLineNumber) ?? at(find({ numbers })) ?? numbered(line.lineNumber)
  }

  private add(line: ReceivedLine, documentLine: number, condition: Condition, spot: Spot, content?: Content): void {
    const { order, ordered, shipment } = spot
    const numbers = itemNumbers(line.products)
    const unit = line.unit ?? line.conditions[0]?.unit ?? ordered?.unit ?? 'EA'
    const names = line.orderNumber ?? content?.orderNumber ?? (this.document.orders.length === 1 ? this.document.orders[0]?.number : undefined)
    if (ordered && ordered.unit !== unit && condition.received.gt(0)) {
      this.problems.push(problem(
        'receipts/unit-differs',
        `Line ${ordered.lineNumber} of order ${order?.number} was ordered in ${ordered.unit} and is received in ${unit}.`, line.at,
      ))
    }
    if (content && !order) this.awaitOrder(content.orderNumber, line.at)
    this.lines.push({
      documentLine,
      orderId: order?.id ?? null,
      orderLinePosition: ordered?.position ?? null,
      orderNumber: order?.number ?? names ?? null,
      lineNumber: ordered?.lineNumber ?? line.orderLineNumber ?? line.lineNumber ?? content?.lineNumber ?? null,
      shipmentId: shipment?.id ?? null,
      shipmentVersion: shipment?.version ?? null,
      package: spot.package ?? null,
      sscc: spot.sscc ?? null,
      gtin: numbers.gtin ?? ordered?.gtin ?? content?.gtin ?? null,
      buyerItem: numbers.buyerItem ?? ordered?.buyerItem ?? content?.buyerItem ?? null,
      sellerItem: numbers.sellerItem ?? ordered?.sellerItem ?? content?.sellerItem ?? null,
      quantity: decimalText(condition.received),
      quantityDamaged: decimalText(condition.damaged),
      quantityQuality: decimalText(condition.quality),
      quantityWrong: decimalText(condition.wrong),
      quantityShort: decimalText(condition.short),
      unit,
      sourcePosition: line.at ?? null,
    })
  }

  private byNumber(numbers: readonly string[]): ShipmentContents | undefined {
    for (const number of numbers) {
      const found = this.around.shipments.find(shipment => shipment.number === number)
      if (found) return found
    }
    return undefined
  }

  private awaitNotice(number: string | undefined, at: number | undefined): void {
    this.waits = true
    if (number === undefined || this.told.has(`notice ${number}`)) return
    this.told.add(`notice ${number}`)
    this.problems.push(problem('receipts/unknown-shipment', `Ship notice ${number} is not here (yet).`, at))
  }

  private awaitOrder(number: string | undefined, at: number | undefined): void {
    this.waits = true
    if (number === undefined || this.told.has(`order ${number}`)) return
    this.told.add(`order ${number}`)
    this.problems.push(problem('receipts/unknown-order', `Order ${number} is not here (yet).`, at))
  }

  private finderOf(order: HeldOrder): ReturnType<typeof lineFinder> {
    const finder = this.finders.get(order) ?? lineFinder(order.lines)
    this.finders.set(order, finder)
    return finder
  }
}

const nothing: ItemNumbers = { gtin: undefined, buyerItem: undefined, sellerItem: undefined }
const numbersOf = (of: { gtin: string | null; buyerItem: string | null; sellerItem: string | null }): ItemNumbers => ({
  gtin: of.gtin ?? undefined, buyerItem: of.buyerItem ?? undefined, sellerItem: of.sellerItem ?? undefined,
})

/** Whether the numbers are those of another item: some can be compared, and none is the same. */
const contradicts = (line: HeldLine, numbers: ItemNumbers): boolean => {
  const pairs = [[line.gtin, numbers.gtin], [line.buyerItem, numbers.buyerItem], [line.sellerItem, numbers.sellerItem]]
    .filter(([a, b]) => a !== null && a !== undefined && b !== undefined)
  return pairs.length > 0 && pairs.every(([a, b]) => a !== b)
}

/** What is in a package and in those that stand on it. */
const contentsOf = (shipment: ShipmentContents, name: string): Content[] => {
  const inside = new Set([name])
  for (let grown = true; grown;) {
    grown = false
    for (const each of shipment.packages)
      if (each.parent !== null && inside.has(each.parent) && !inside.has(each.package)) {
        inside.add(each.package)
        grown = true
      }
  }
  return shipment.lines.filter(line => line.package !== null && inside.has(line.package))
}

/** A line over several cartons, carton by carton: only when they hold just what arrived of it, and all of that is good. */
const shareOut = (
  cartons: readonly { sscc: string; shipment: ShipmentContents | undefined; package: string | null; contents: readonly Content[] }[],
  ordered: HeldLine | undefined, condition: Condition,
) => {
  if (!ordered || condition.damaged.gt(0) || condition.quality.gt(0) || condition.wrong.gt(0) || condition.short.gt(0)) return undefined
  const shares = cartons.map(({ contents, ...carton }) => ({
    ...carton,
    quantity: decimalText(sum(contents.filter(each => each.orderLinePosition === ordered.position).map(each => each.quantity))),
  }))
  return sum(shares.map(share => share.quantity)).eq(condition.received) ? shares : undefined
}
