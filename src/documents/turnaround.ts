import { deriveAcknowledgementType } from './acknowledgement855.ts'
import type {
  AllowanceCharge, Carrier, DatedEvent, InvoiceDocument, LineAcknowledgement, Measure, OrderAcknowledgementDocument,
  OrderLineDocument, Party,
  PurchaseOrderDocument, Reference, ShipNoticeDocument, Tax,
} from './canonical.ts'
import { compact, some } from './elements.ts'
import type { AcknowledgementLine } from './acknowledgement855.ts'
import type { InvoiceLine } from './invoice810.ts'
import type { ShipNoticeLine, ShipNoticeOrder, ShipNoticePackage } from './shipment856.ts'

/**
 * Turnaround: what an order said and its answer, ship notice and invoice have to say again. Retailers reject documents without
 * it. Pure: an order and what is new in, a document out, ready for any channel.
 */

/** Which references (REF01) and parties (N101) of the order are echoed; a partner's guide may ask for others. */
export interface Echo {
  readonly references: readonly string[]
  readonly parties: readonly string[]
}

/**
 * DP department, IA vendor number, MR merchandise type, PD promotion, VR vendor id, CT contract, PS priority; who buys, sells,
 * pays and gets it.
 */
export const usualEcho: Echo = {
  references: ['DP', 'IA', 'MR', 'PD', 'VR', 'CT', 'PS', 'CO'],
  parties: ['ST', 'BT', 'BY', 'SE', 'VN', 'BS', 'SN', 'MA', 'Z7'],
}

/** A copy without the ordinals of the order's segments: in the new document they would point nowhere. */
export const fresh = <T>(part: T): T => {
  if (Array.isArray(part)) return part.map(fresh) as T
  if (part === null || typeof part !== 'object') return part
  const members = Object.entries(part).filter(([key]) => key !== 'at')
  return Object.fromEntries(members.map(([key, member]) => [key, fresh(member)])) as T
}

export const echoedReferences = (references: readonly Reference[] | undefined, echo: Echo): Reference[] =>
  (references ?? []).filter(reference => echo.references.includes(reference.qualifier)).map(fresh)

export const echoedParties = (parties: readonly Party[], echo: Echo): Party[] =>
  parties
    .filter(party => echo.parties.includes(party.role))
    .map(party => fresh(compact<Party>({ ...party, contacts: undefined })))

const lineAt = (order: PurchaseOrderDocument, position: number): OrderLineDocument => {
  const line = order.lines[position - 1]
  if (line === undefined) throw new RangeError(`order ${order.number} has no line at position ${position}`)
  return line
}

/** What every document about an order line repeats of it. */
const echoedLine = (line: OrderLineDocument, echo: Echo) => ({
  lineNumber: line.lineNumber,
  unit: line.unit,
  priceBasis: line.priceBasis,
  products: fresh(line.products),
  description: line.description,
  references: some(echoedReferences(line.references, echo)),
})

export interface OrderAnswers {
  /** What is said of each line that is answered; `position` is the line's ordinal in the order, from 1. */
  readonly answers: readonly { readonly position: number; readonly acknowledgements: readonly LineAcknowledgement[] }[]
  /** Date of the answer, YYYY-MM-DD. */
  readonly on: string
  /** The seller's own order number. */
  readonly acknowledgementNumber?: string
  readonly notes?: readonly string[]
  /** BAK01; 00 original unless told. */
  readonly purpose?: string
  /** BAK02; derived from the answers unless told. */
  readonly type?: string
}

/** The acknowledgement of an order: each answered line as ordered, with its answers, at the price now offered. */
export const acknowledgementFor = (
  order: PurchaseOrderDocument, given: OrderAnswers, echo = usualEcho,
): OrderAcknowledgementDocument => {
  const lines = given.answers.map(({ position, acknowledgements }): AcknowledgementLine => {
    const line = lineAt(order, position)
    return compact<AcknowledgementLine>({
      ...echoedLine(line, echo),
      quantity: line.quantity,
      price: acknowledgements.find(ack => ack.price !== undefined)?.price ?? line.price,
      packSize: line.packSize,
      splits: line.splits && fresh(line.splits),
      acknowledgements: acknowledgements.map(fresh),
    })
  })
  return compact<OrderAcknowledgementDocument>({
    purpose: given.purpose ?? '00',
    type: given.type ?? deriveAcknowledgementType(lines),
    orderNumber: order.number,
    orderDate: order.orderDate,
    release: order.release,
    acknowledgementNumber: given.acknowledgementNumber,
    acknowledgedOn: given.on,
    contract: order.contract,
    currency: order.currency,
    freightTerms: order.freightTerms,
    freightLocation: order.freightLocation,
    references: echoedReferences(order.references, echo),
    parties: echoedParties(order.parties, echo),
    dates: [],
    notes: given.notes && some([...given.notes]),
    lines,
  })
}

export interface Shipped {
  readonly number: string
  /** When the notice is made: date YYYY-MM-DD and time HHMM or HHMMSS, as BSN03 and BSN04 want them. */
  readonly date: string
  readonly time: string
  /** BSN01; 00 original unless told. */
  readonly purpose?: string
  /** The orders that something is shipped of. */
  readonly orders: readonly PurchaseOrderDocument[]
  readonly lines: readonly {
    /** Which of `orders`, from 0. */
    readonly order: number
    /** The line's ordinal in that order, from 1. */
    readonly position: number
    readonly quantity: string
    /** Id of the package it lies in. */
    readonly package?: string
    readonly references?: readonly Reference[]
    readonly dates?: readonly DatedEvent[]
  }[]
  readonly packages: readonly ShipNoticePackage[]
  /** BSN05; 0001 with packages and 0004 without unless told. */
  readonly structure?: string
  /** Dates of the shipment: 011 shipped, 017 estimated delivery. */
  readonly dates: readonly DatedEvent[]
  /** BM bill of lading, CN carrier's number … */
  readonly references?: readonly Reference[]
  /** The ship-from (SF) and others that the orders do not know; a role given here is not echoed from the orders. */
  readonly parties?: readonly Party[]
  readonly carrier?: Carrier
  readonly grossWeight?: Measure
  readonly packaging?: string
  readonly ladingQuantity?: number
}

const sameParty = (a: Party, b: Party): boolean =>
  a.role === b.role && a.idQualifier === b.idQualifier && a.id === b.id && a.name === b.name

/**
 * The notice of a shipment for one or several orders. Where all of them go to one place it is named once, for the shipment;
 * other parties and the references of each order stay with the order.
 */
export const shipNoticeFor = (given: Shipped, echo = usualEcho): ShipNoticeDocument => {
  const parties = given.orders.map(order => echoedParties(order.parties, echo))
  const shipTos = parties.map(list => list.find(party => party.role === 'ST'))
  const [shipTo] = shipTos
  const common = shipTo !== undefined && shipTos.every(other => other !== undefined && sameParty(other, shipTo)) ? [shipTo] : []
  const own = given.parties ?? []
  const named = new Set(own.map(party => party.role))
  const lines = given.lines.map((each): ShipNoticeLine => {
    const order = given.orders[each.order]
    if (order === undefined) throw new RangeError(`there is no order ${each.order} in this shipment`)
    const line = lineAt(order, each.position)
    const { priceBasis: _, references, ...echoed } = echoedLine(line, echo)
    return compact<ShipNoticeLine>({
      orderNumber: order.number,
      release: order.release,
      orderDate: order.orderDate,
      ...echoed,
      package: each.package,
      quantity: each.quantity,
      quantityOrdered: line.quantity,
      unitOrdered: line.unit,
      references: some([...(references ?? []), ...(each.references ?? [])]),
      dates: each.dates && some([...each.dates]),
    })
  })
  const [first] = given.orders
  return compact<ShipNoticeDocument>({
    number: given.number,
    purpose: given.purpose ?? '00',
    date: given.date,
    time: given.time,
    structure: given.structure ?? (given.packages.length === 0 ? '0004' : '0001'),
    carrier: given.carrier,
    grossWeight: given.grossWeight,
    packaging: given.packaging,
    ladingQuantity: given.ladingQuantity,
    freightTerms: first?.freightTerms,
    freightLocation: first?.freightLocation,
    references: [...(given.references ?? [])],
    parties: [...common.filter(party => !named.has(party.role)), ...own],
    dates: [...given.dates],
    packages: given.packages.map(fresh),
    lines,
    orders: given.orders.map((order, i) => compact<ShipNoticeOrder>({
      number: order.number,
      release: order.release,
      date: order.orderDate,
      references: echoedReferences(order.references, echo),
      parties: parties[i]!.filter(party => !common.some(once => sameParty(once, party)) && !named.has(party.role)),
    })),
  })
}

export interface Invoiced {
  readonly number: string
  readonly date: string
  /** The total with charges, allowances and taxes; working it out is the invoices domain's affair. */
  readonly total: string
  readonly lines: readonly {
    /** The line's ordinal in the order, from 1. */
    readonly position: number
    readonly quantity: string
    /** What was agreed; the order's price unless told. */
    readonly price?: string
    readonly allowancesCharges?: readonly AllowanceCharge[]
    readonly taxes?: readonly Tax[]
  }[]
  /** BIG07: DI invoice unless told, CR credit memo. */
  readonly type?: string
  readonly purpose?: string
  readonly currency?: string
  readonly shipment?: {
    readonly number: string
    readonly shippedOn?: string
    readonly carrier?: Carrier
    readonly references?: readonly Reference[]
  }
  readonly parties?: readonly Party[]
  readonly allowancesCharges?: readonly AllowanceCharge[]
  readonly taxes?: readonly Tax[]
  readonly notes?: readonly string[]
}

/**
 * The invoice of (part of) an order, for the shipment it was made from when there is one: its number, bill of lading, date and
 * carrier go along.
 */
export const invoiceFor = (order: PurchaseOrderDocument, given: Invoiced, echo = usualEcho): InvoiceDocument => {
  const { shipment } = given
  const named = new Set((given.parties ?? []).map(party => party.role))
  const lines = given.lines.map((each): InvoiceLine => {
    const line = lineAt(order, each.position)
    const price = each.price ?? line.price
    if (price === undefined) throw new RangeError(`line ${line.lineNumber} of order ${order.number} has no price to invoice`)
    return compact<InvoiceLine>({
      ...echoedLine(line, echo),
      quantity: each.quantity,
      price,
      taxes: each.taxes && some([...each.taxes]),
      allowancesCharges: each.allowancesCharges && some([...each.allowancesCharges]),
    })
  })
  const carrier = shipment?.carrier
  const written = carrier?.scac === undefined && carrier?.name === undefined
    ? undefined
    : compact<Carrier>({ scac: carrier.scac, mode: carrier.mode, name: carrier.name, equipment: carrier.equipment })
  return compact<InvoiceDocument>({
    number: given.number,
    date: given.date,
    orderNumber: order.number,
    orderDate: order.orderDate,
    release: order.release,
    type: given.type ?? 'DI',
    purpose: given.purpose,
    shipmentNumber: shipment?.number,
    currency: given.currency ?? order.currency,
    freightTerms: order.freightTerms,
    freightLocation: order.freightLocation,
    terms: order.terms,
    carrier: written,
    references: [
      ...echoedReferences(order.references, echo),
      ...(shipment === undefined ? [] : [{ qualifier: 'SI', value: shipment.number }]),
      ...(shipment?.references ?? []).filter(({ qualifier }) => qualifier === 'BM' || qualifier === 'CN').map(fresh),
    ],
    parties: [...echoedParties(order.parties, echo).filter(party => !named.has(party.role)), ...(given.parties ?? [])],
    dates: shipment?.shippedOn === undefined ? [] : [{ qualifier: '011', date: shipment.shippedOn }],
    notes: given.notes && some([...given.notes]),
    lines,
    allowancesCharges: given.allowancesCharges && some([...given.allowancesCharges]),
    taxes: given.taxes && some([...given.taxes]),
    total: given.total,
  })
}
