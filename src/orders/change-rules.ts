import type {
  ChangeLineDocument,
  DatedEvent,
  OrderChangeDocument,
  OrderLineDocument,
  PurchaseOrderDocument,
} from '../documents/canonical.ts'
import { compact } from '../documents/elements.ts'
import { itemNumbers } from '../items/rules.ts'
import { decimal, decimalText, type Decimal } from '../shared/decimal.ts'
import { lineFinder, type NamedLine } from './book.ts'
import { problem, type LineState, type Problem } from './rules.ts'

/** Whether a quantity in a change (POC03) is the new one or the difference to the old one; a setting of the partnership. */
export type ChangeQuantity = 'absolute' | 'delta'

/**
 * POC02 (X12 element 670), by what it does. `quantity` and `price`: whether the change has to say one. A `signed` difference may
 * be negative; `up` and `down` say which way the quantity goes. `whole` states all values of the line anew.
 */
type ChangeKind = {
  readonly does: 'add' | 'cancel' | 'change' | 'nothing'
  readonly quantity?: 'up' | 'down' | 'signed' | 'optional' | 'told'
  readonly price?: 'needed'
  readonly products?: 'replaced'
  readonly dates?: 'replaced'
  readonly whole?: true
}
const changeKinds: Readonly<Record<string, ChangeKind>> = {
  AI: { does: 'add', quantity: 'told' },
  DI: { does: 'cancel' },
  QI: { does: 'change', quantity: 'up' },
  QD: { does: 'change', quantity: 'down' },
  PC: { does: 'change', price: 'needed' },
  PQ: { does: 'change', price: 'needed', quantity: 'signed' },
  RS: { does: 'change' },
  RQ: { does: 'change', quantity: 'signed' },
  CA: { does: 'change', quantity: 'optional' },
  CB: { does: 'change' },
  CE: { does: 'change' },
  CT: { does: 'change' },
  RB: { does: 'change', dates: 'replaced' },
  RE: { does: 'change', quantity: 'told', products: 'replaced' },
  RZ: { does: 'change', quantity: 'told', products: 'replaced', dates: 'replaced', whole: true },
  MU: { does: 'change', quantity: 'optional' },
  NC: { does: 'nothing' },
}

/** What a POC02 does to a line; undefined for a code that the hub does not act on. */
export const changeKind = (code: string): ChangeKind | undefined => changeKinds[code]

/**
 * The quantity of a line after a change; undefined when the change says none. Where quantities are differences, those of QI and QD
 * go their way whatever their sign, and those of AI, RE and RZ are still whole.
 */
export const changedQuantity = (
  line: Pick<LineState, 'ledger'>,
  said: Pick<ChangeLineDocument, 'code' | 'quantity'>,
  terms: ChangeQuantity,
): Decimal | undefined => {
  const how = changeKind(said.code)?.quantity
  if (how === undefined || said.quantity === undefined) return undefined
  const quantity = decimal(said.quantity)
  if (terms === 'absolute' || how === 'told') return quantity
  const { ordered } = line.ledger
  return how === 'up' ? ordered.plus(quantity.abs()) : how === 'down' ? ordered.minus(quantity.abs()) : ordered.plus(quantity)
}

/** Dates by qualifier: those of the change take the place of the same in the order. */
export const mergeDates = (before: readonly DatedEvent[], after: readonly DatedEvent[]): DatedEvent[] => {
  const named = new Set(after.map(event => event.qualifier))
  return [...before.filter(event => !named.has(event.qualifier)), ...after]
}

/** What a change makes of a line of the order: what it does not say stays. */
export const changedLine = (
  before: OrderLineDocument,
  said: ChangeLineDocument,
  quantity: Decimal | undefined,
): OrderLineDocument => {
  const kind = changeKind(said.code)
  const { code: _code, quantityLeft: _left, lineNumber: _number, products, dates, quantity: _quantity, ...rest } = said
  const moved = quantity !== undefined && !quantity.eq(before.quantity)
  const { splits, schedule, ...kept } = before
  return compact<OrderLineDocument>({
    ...(kind?.whole ? { lineNumber: before.lineNumber, unit: before.unit, products: before.products } : kept),
    // Store splits and schedules of another quantity would no longer add up.
    ...(moved || kind?.whole ? {} : { splits, schedule }),
    ...rest,
    quantity: quantity === undefined ? before.quantity : decimalText(quantity),
    products: kind?.products === 'replaced' && products.length > 0 ? products : before.products,
    ...(dates === undefined && kind?.dates !== 'replaced'
      ? {}
      : { dates: kind?.dates === 'replaced' ? dates : mergeDates(before.dates ?? [], dates ?? []) }),
  })
}

/** A line that a change adds (AI). */
export const addedLine = (said: ChangeLineDocument, lineNumber: string): OrderLineDocument => {
  const { code: _code, quantityLeft: _left, lineNumber: _number, ...rest } = said
  return compact<OrderLineDocument>({ ...rest, lineNumber, quantity: said.quantity ?? '0', unit: said.unit ?? 'EA' })
}

/** The heading of an order after a change: dates by qualifier, parties by role, references by qualifier; the rest where said. */
export const changedHeading = (before: PurchaseOrderDocument, change: OrderChangeDocument): PurchaseOrderDocument => {
  const roles = new Set(change.parties.map(party => party.role))
  const qualifiers = new Set(change.references.map(reference => reference.qualifier))
  return compact<PurchaseOrderDocument>({
    ...before,
    contract: change.contract ?? before.contract,
    currency: change.currency ?? before.currency,
    freightTerms: change.freightTerms ?? before.freightTerms,
    freightLocation: change.freightLocation ?? before.freightLocation,
    terms: change.terms ?? before.terms,
    salesRequirement: change.salesRequirement ?? before.salesRequirement,
    carrier: change.carrier ?? before.carrier,
    dates: mergeDates(before.dates, change.dates),
    parties: [...before.parties.filter(party => !roles.has(party.role)), ...change.parties],
    references: [...before.references.filter(reference => !qualifiers.has(reference.qualifier)), ...change.references],
    notes: change.notes ?? before.notes,
    contacts: change.contacts ?? before.contacts,
    allowancesCharges: change.allowancesCharges ?? before.allowancesCharges,
    taxes: change.taxes ?? before.taxes,
  })
}

/** The number that a partner counts its changes with; null when it does not count them, or not in numbers. */
export const sequenceNumber = (sequence: string | null | undefined): number | null =>
  sequence !== null && sequence !== undefined && /^\d{1,8}$/.test(sequence) ? Number(sequence) : null

/** A change to an order as a whole: BCH01 01 cancels it, anything else changes it. */
export const cancelsOrder = (change: Pick<OrderChangeDocument, 'purpose'>): boolean => change.purpose === '01'

/** How a change names its line. */
export const namedBy = (said: Pick<ChangeLineDocument, 'lineNumber' | 'products' | 'code'>): NamedLine => ({
  lineNumber: said.lineNumber,
  // The products of a replacement are not those of the line.
  numbers: changeKind(said.code)?.products === 'replaced' ? itemNumbers([]) : itemNumbers(said.products),
})

type Findable = LineState & Parameters<typeof lineFinder>[0][number]
/** Why a change cannot be made, or what of it is odd, and which of its lines (from 0) it is about; null for all of it. */
export type ChangeFault = Problem & { readonly index: number | null }

/**
 * Why a change cannot be made to an order as it stands: every line that it names has to be there and alive, and none may go below
 * what has shipped. A change is made whole or not at all, so one fault refuses it.
 */
export const changeFaults = (
  order: { readonly number: string; readonly state: string; readonly lines: readonly Findable[] },
  change: OrderChangeDocument,
  terms: ChangeQuantity,
): ChangeFault[] => {
  const fault = (code: string, detail: string, index: number | null = null, at = change.at): ChangeFault => ({
    ...problem(code, detail, at),
    index,
  })
  if (order.state === 'cancelled') return [fault('orders/already-cancelled', `Order ${order.number} has been cancelled.`)]
  if (cancelsOrder(change)) {
    const shipped = order.lines.filter(line => line.ledger.shipped.gt(0))
    return shipped.map(line =>
      fault(
        'orders/below-shipped',
        `Line ${line.lineNumber}: ${decimalText(line.ledger.shipped)} ${line.unit} have shipped, so the order cannot be cancelled.`,
      ),
    )
  }
  const find = lineFinder(order.lines)
  const live = new Set(order.lines.filter(line => line.response !== 'cancelled').map(line => withoutZeros(line.lineNumber)))
  const touched = new Set<number>()
  return change.lines.flatMap((said, index): ChangeFault[] => {
    const kind = changeKind(said.code)
    const name = said.lineNumber ?? said.products[0]?.value ?? String(index + 1)
    const refuse = (code: string, detail: string) => [fault(code, detail, index, said.at ?? change.at)]
    if (!kind) return refuse('orders/unknown-change', `Line ${name}: the change ${said.code} (POC02) is not one the hub makes.`)
    if (kind.does === 'nothing') return []
    if (kind.does === 'add') {
      if (said.lineNumber !== undefined && live.has(withoutZeros(said.lineNumber)))
        return refuse('orders/line-number-taken', `Line ${name}: the order has a line of this number already.`)
      if (said.lineNumber !== undefined) live.add(withoutZeros(said.lineNumber))
      if (said.quantity === undefined || decimal(said.quantity).lte(0) || said.unit === undefined)
        return refuse('orders/change-incomplete', `Line ${name}: a line that is added needs a quantity above zero and its unit.`)
      return said.products.length === 0
        ? refuse('orders/change-incomplete', `Line ${name}: a line that is added needs an item.`)
        : []
    }
    const position = find(namedBy(said))
    const line = position === undefined ? undefined : order.lines[position - 1]
    if (!line) return refuse('orders/unknown-line', `Order ${order.number} has no line ${name}.`)
    if (touched.has(line.position)) return refuse('orders/change-repeated', `Line ${name} is changed twice.`)
    touched.add(line.position)
    if (line.response === 'cancelled' || line.response === 'rejected')
      return refuse('orders/line-closed', `Line ${line.lineNumber} is ${line.response}; it takes no change.`)
    const shipped = line.ledger.shipped
    if (kind.does === 'cancel')
      return shipped.gt(0)
        ? refuse(
            'orders/below-shipped',
            `Line ${line.lineNumber} cannot be deleted: ${decimalText(shipped)} ${line.unit} have shipped.`,
          )
        : []
    if (said.unit !== undefined && said.unit !== line.unit && said.quantity !== undefined && !kind.whole)
      return refuse(
        'orders/unit-differs',
        `Line ${line.lineNumber} was ordered in ${line.unit} and is changed in ${said.unit}.`,
      )
    const needsQuantity = kind.quantity === 'up' || kind.quantity === 'down' || kind.quantity === 'signed' || kind.whole
    if (needsQuantity && said.quantity === undefined)
      return refuse('orders/change-incomplete', `Line ${line.lineNumber}: the change ${said.code} needs a quantity.`)
    if (kind.price === 'needed' && said.price === undefined)
      return refuse('orders/change-incomplete', `Line ${line.lineNumber}: the change ${said.code} needs a price.`)
    const quantity = changedQuantity(line, said, terms)
    if (quantity === undefined) return []
    const now = decimalText(line.ledger.ordered)
    if (quantity.isNegative())
      return refuse(
        'orders/change-contradicts',
        `Line ${line.lineNumber}: ${now} ordered, and the change would leave ${decimalText(quantity)}.`,
      )
    if ((kind.quantity === 'up' && quantity.lt(line.ledger.ordered)) || (kind.quantity === 'down' && quantity.gt(line.ledger.ordered)))
      return refuse(
        'orders/change-contradicts',
        `Line ${line.lineNumber}: ${said.code} says ${kind.quantity}, but ${decimalText(quantity)} is ${kind.quantity === 'up' ? 'less' : 'more'} than the ${now} ordered.`,
      )
    return quantity.lt(shipped)
      ? refuse(
          'orders/below-shipped',
          `Line ${line.lineNumber} cannot be reduced to ${decimalText(quantity)}: ${decimalText(shipped)} ${line.unit} have shipped.`,
        )
      : []
  })
}

const withoutZeros = (number: string): string => number.replace(/^0+(?=.)/, '')

/** What is odd about a change that is made all the same. */
export const changeProblems = (
  order: { readonly document: PurchaseOrderDocument; readonly lines: readonly Findable[] },
  change: OrderChangeDocument,
  terms: ChangeQuantity,
): Problem[] => {
  const find = lineFinder(order.lines)
  return change.lines.flatMap(said => {
    const position = changeKind(said.code)?.does === 'change' ? find(namedBy(said)) : undefined
    const line = position === undefined ? undefined : order.lines[position - 1]
    const document = position === undefined ? undefined : order.document.lines[position - 1]
    if (!line || !document) return []
    const quantity = changedQuantity(line, said, terms)
    const found: Problem[] = []
    if (quantity === undefined && said.quantity !== undefined && !line.ledger.ordered.eq(said.quantity) && terms === 'absolute')
      found.push(
        problem(
          'orders/change-quantity-ignored',
          `Line ${line.lineNumber}: ${said.code} changes no quantity, so ${decimalText(line.ledger.ordered)} stay ordered, not ${said.quantity}.`,
          said.at,
        ),
      )
    if (quantity !== undefined && !quantity.eq(line.ledger.ordered) && document.splits && said.splits === undefined)
      found.push(
        problem(
          'orders/splits-missing',
          `Line ${line.lineNumber}: the quantity changes, but not how it divides over the stores; the old split was dropped.`,
          said.at,
        ),
      )
    return found
  })
}
