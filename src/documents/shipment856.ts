import { decimal, sum } from '../shared/decimal.ts'
import { first, type Loop, type Segment, segment, segments, type Transaction } from '../x12/index.ts'
import type { Measure, ShipNoticeDocument } from './canonical.ts'
import {
  compact, date, head, integer, number, optional, required, requiredDate, requiredNumber, some, value,
} from './elements.ts'
import { isSscc } from './gs1.ts'
import { below, type HlNode, hlNodes, isItem, isPackage, structureAround, upwards } from './hierarchy.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { readParts, readProducts, readTotals } from './read-parts.ts'

/** 856 ship notice, read: any legal order of levels becomes a flat list of packages, lines and orders. */

export type ShipNoticePackage = ShipNoticeDocument['packages'][number]
export type ShipNoticeLine = ShipNoticeDocument['lines'][number]
export type ShipNoticeOrder = ShipNoticeDocument['orders'][number]

const measure = (
  problems: DocumentProblem[], from: Segment | undefined, valueAt: number, unitAt: number, what: string,
): Measure | undefined => {
  if (from === undefined) return undefined
  const read = number(problems, from, valueAt, what)
  const unit = value(from, unitAt)
  return read === undefined || unit === '' ? undefined : { value: read, unit }
}

/** TD1 of one level: what it is packed in, how many, how heavy. A gross weight may also stand in a MEA. */
const readLading = (problems: DocumentProblem[], level: Loop) => {
  const td1 = head(level, 'TD1')
  const gross = segments(level, 'MEA').find(mea => value(mea, 2) === 'G')
  return {
    packaging: td1 && optional(td1, 1),
    ladingQuantity: td1 && integer(problems, td1, 2, 'The lading quantity'),
    weight: measure(problems, td1, 7, 8, 'The weight') ?? measure(problems, gross, 3, 4, 'The weight'),
    volume: measure(problems, td1, 9, 10, 'The volume'),
  }
}

/** MAN01 of a carrier's own number for a package. */
const tracking = new Set(['CP', '2I'])

interface Order { readonly number: string; readonly release?: string; readonly date?: string }

class Reading {
  readonly problems: DocumentProblem[] = []
  readonly packages: ShipNoticePackage[] = []
  readonly lines: ShipNoticeLine[] = []
  readonly orders: ShipNoticeOrder[] = []
  /** The package that a level became; several levels are one package when it holds several orders. */
  private readonly packageOf = new Map<HlNode, ShipNoticePackage>()
  private readonly ordersIn = new Map<ShipNoticePackage, Set<string>>()
  private readonly bySscc = new Map<string, { made: ShipNoticePackage; orders: Set<string> }>()
  private readonly orderOf = new Map<HlNode, Order | undefined>()
  private readonly withoutOrder = new Set<HlNode>()
  private readonly orderKeys = new Set<string>()

  /** PRF of the level or the nearest above it. */
  order(node: HlNode | undefined): Order | undefined {
    if (node === undefined) return undefined
    if (this.orderOf.has(node)) return this.orderOf.get(node)
    const prf = head(node.loop, 'PRF')
    const order = prf === undefined
      ? this.order(node.parent)
      : compact<Order>({ number: value(prf, 1), release: optional(prf, 2), date: date(this.problems, prf, 4, 'The order date') })
    this.orderOf.set(node, order)
    return order
  }

  addOrder(node: HlNode): void {
    const prf = head(node.loop, 'PRF')
    const order = this.order(node)
    if (prf === undefined || order === undefined) return
    const key = `${order.number}\n${order.release ?? ''}`
    if (this.orderKeys.has(key)) return
    this.orderKeys.add(key)
    // A PRF elsewhere names the order, but what else stands there is the shipment's, the carton's or the item's.
    const own: Loop = node.level === 'O' ? node.loop : { id: 'HL', children: [] }
    const parts = readParts(own, this.problems)
    const lading = readLading(this.problems, own)
    this.orders.push(compact<ShipNoticeOrder>({
      ...order,
      references: parts.references,
      parties: parts.parties,
      dates: some(parts.dates),
      packaging: lading.packaging,
      ladingQuantity: lading.ladingQuantity,
      weight: lading.weight,
      at: prf.position,
    }))
  }

  addPackage(node: HlNode): void {
    const parts = readParts(node.loop, this.problems)
    const lading = readLading(this.problems, node.loop)
    const po4 = head(node.loop, 'PO4')
    const parent = [...upwards(node.parent)].find(isPackage)
    const made = compact<ShipNoticePackage>({
      id: node.id,
      parent: parent && this.packageOf.get(parent)?.id,
      type: node.level === 'T' ? 'pallet' : 'carton',
      ...this.marks(node),
      weight: measure(this.problems, po4, 6, 7, 'The weight') ?? lading.weight,
      packaging: lading.packaging,
      references: some(parts.references),
      parties: some(parts.parties),
      at: node.hl.position,
    })
    this.packageOf.set(node, this.isKnown(node, made) ?? made)
    if (this.packageOf.get(node) === made) this.packages.push(made)
  }

  /** The package met before with this SSCC, when it goes on under another order. Twice under one order is a mistake. */
  private isKnown(node: HlNode, made: ShipNoticePackage): ShipNoticePackage | undefined {
    if (made.sscc === undefined) return undefined
    const order = this.order(node)?.number ?? ''
    const known = this.bySscc.get(made.sscc)
    if (known === undefined) {
      this.bySscc.set(made.sscc, { made, orders: new Set([order]) })
      return undefined
    }
    if (known.made.type === made.type && !known.orders.has(order)) {
      known.orders.add(order)
      return known.made
    }
    const man = first(node.loop, 'MAN') ?? node.hl
    report(this.problems, 'sscc-repeated', man, 2, `SSCC ${made.sscc} is on more than one package.`)
    return undefined
  }

  /**
   * MAN: one or two marks each. GM and AA are an SSCC, with or without its application identifier 00; CP and 2I a carrier's
   * tracking number.
   */
  private marks(node: HlNode): Pick<ShipNoticePackage, 'sscc' | 'trackingNumber' | 'marks'> {
    const found: { sscc?: string; trackingNumber?: string; marks?: { qualifier: string; value: string }[] } = {}
    for (const man of segments(node.loop, 'MAN')) {
      for (const [qualifierAt, n] of [[1, 2], [1, 3], [4, 5]] as const) {
        const qualifier = value(man, qualifierAt)
        const mark = value(man, n)
        if (mark === '') continue
        const sscc = (qualifier === 'GM' || qualifier === 'AA') && n !== 3 ? this.sscc(man, n, mark) : undefined
        if (sscc !== undefined && found.sscc === undefined) found.sscc = sscc
        else if (tracking.has(qualifier) && n !== 3 && found.trackingNumber === undefined) found.trackingNumber = mark
        else (found.marks ??= []).push({ qualifier, value: mark })
      }
    }
    return found
  }

  private sscc(man: Segment, element: number, mark: string): string | undefined {
    const sscc = /^00\d{18}$/.test(mark) ? mark.slice(2) : mark
    if (!/^\d{18}$/.test(sscc)) {
      report(this.problems, 'sscc-malformed', man, element, `"${mark}" is not an SSCC (18 digits, or 20 with 00 before them).`)
      return undefined
    }
    if (!isSscc(sscc)) report(this.problems, 'sscc-check-digit', man, element, `The check digit of SSCC ${sscc} is wrong.`)
    return sscc
  }

  addItem(node: HlNode): void {
    const { problems } = this
    const sn1 = head(node.loop, 'SN1')
    const lin = head(node.loop, 'LIN')
    const parts = readParts(node.loop, problems)
    const order = this.order(node)
    if (order === undefined || order.number === '') this.noOrder(node)
    if (sn1 === undefined) {
      report(problems, 'number-missing', lin ?? node.hl, 0, 'The quantity shipped (SN1) is missing; it counts as 0.')
    }
    const line: ShipNoticeLine = compact<ShipNoticeLine>({
      orderNumber: order?.number ?? '',
      release: order?.release,
      orderDate: order?.date,
      lineNumber: (lin && optional(lin, 1)) ?? (sn1 && optional(sn1, 1)),
      quantity: sn1 === undefined ? '0' : requiredNumber(problems, sn1, 2, 'The quantity shipped'),
      unit: sn1 === undefined ? '' : value(sn1, 3),
      quantityOrdered: sn1 && number(problems, sn1, 5, 'The quantity ordered'),
      unitOrdered: sn1 && optional(sn1, 6),
      quantityToDate: sn1 && number(problems, sn1, 4, 'The quantity shipped to date'),
      status: sn1 && optional(sn1, 8),
      products: lin === undefined ? [] : readProducts(lin, 2, 31),
      description: parts.description,
      references: some(parts.references),
      dates: some(parts.dates),
      at: (sn1 ?? lin ?? node.hl).position,
      itemAt: lin?.position,
    })
    const inside = [...below(node)].filter(isPackage).filter(each => ![...below(each)].some(isPackage))
    if (inside.length === 0) this.place(line, [...upwards(node.parent)].find(isPackage))
    else this.spread(line, sn1, inside)
  }

  /**
   * Standard pack (S-O-I-P): the item's quantity stands once, above its cartons. Each says its own share, or they are all alike.
   */
  private spread(line: ShipNoticeLine, sn1: Segment | undefined, cartons: HlNode[]): void {
    const own = cartons.map(carton => {
      const inside = head(carton.loop, 'SN1')
      return inside && number(this.problems, inside, 2, 'The quantity in the carton')
    })
    const count = cartons.length
    const each = decimal(line.quantity).div(count)
    const share = each.isInteger() ? each : each.floor()
    if (own.includes(undefined) && !each.isInteger()) {
      report(this.problems, 'pack-quantity-assumed', sn1 ?? cartons[0]!.hl, 2,
        `${line.quantity} do not divide into ${count} cartons; the last one takes the rest.`)
    }
    for (const [i, carton] of cartons.entries()) {
      const assumed = i === count - 1 ? decimal(line.quantity).minus(share.times(count - 1)) : share
      this.place({ ...line, quantity: own.includes(undefined) ? assumed.toFixed() : own[i]! }, carton)
    }
  }

  private place(line: ShipNoticeLine, node: HlNode | undefined): void {
    const holder = node && this.packageOf.get(node)
    this.lines.push(holder === undefined ? line : { ...line, package: holder.id })
    for (const each of upwards(node)) {
      const around = this.packageOf.get(each)
      if (around === undefined) continue
      const orders = this.ordersIn.get(around) ?? new Set()
      this.ordersIn.set(around, orders.add(line.orderNumber))
    }
  }

  private noOrder(node: HlNode): void {
    const level = [...upwards(node)].find(each => each.level === 'O') ?? node
    if (this.withoutOrder.has(level)) return
    this.withoutOrder.add(level)
    report(this.problems, 'order-number-missing', level.hl, 0, 'No purchase order (PRF) is named for this level.')
  }

  /** Names the order of each package that holds only one. */
  nameOrders(): void {
    const emptyOf = new Map([...this.packageOf].map(([node, made]) => [made, this.order(node)?.number]))
    for (const made of this.packages) {
      const orders = this.ordersIn.get(made)
      const only = orders === undefined ? emptyOf.get(made) : orders.size === 1 ? [...orders][0] : undefined
      if (only !== undefined && only !== '') made.orderNumber = only
    }
  }
}

const readStructure = (problems: DocumentProblem[], bsn: Segment, items: readonly HlNode[]): string => {
  const sent = value(bsn, 5)
  const found = [...new Set(items.map(structureAround))]
  if (sent === '') {
    // Loose items beside cartons still make it shipment, order, pack, item.
    return found.length === 1 ? found[0]! : found.every(each => each === '0001' || each === '0004') ? '0001' : 'ZZZZ'
  }
  const other = found.find(each => each !== sent)
  if (/^000[1-4]$/.test(sent) && other !== undefined) {
    const follows = other === 'ZZZZ' ? 'none of the standard orders' : other
    report(problems, 'structure-differs', bsn, 5, `BSN05 says ${sent}, but the levels (HL) follow ${follows}.`)
  }
  return sent
}

/**
 * An 856 as a ship notice. HLs are nested by HL02 in whatever order they come (BSN05 0001–0004, T above P). A pallet or carton
 * that is repeated under several orders becomes one package; a standard pack (0002) is spread over its cartons.
 * Reports a wrong CTT01 (number of HLs) or CTT02 (sum of SN102), wrong SSCCs, and levels that do not follow BSN05.
 */
export const readShipNotice = (transaction: Transaction): Mapped<ShipNoticeDocument> => {
  const reading = new Reading()
  const { problems } = reading
  const { root } = transaction
  const bsn = first(root, 'BSN') ?? segment('BSN')
  const nodes = hlNodes(root, problems)
  for (const node of nodes) reading.addOrder(node)
  for (const node of nodes) if (isPackage(node)) reading.addPackage(node)
  const items = nodes.filter(isItem)
  for (const node of items) reading.addItem(node)
  reading.nameOrders()

  const outside = root.children.filter(child => child.id !== 'HL')
  const shipmentLevels: Loop = {
    id: 'S', children: [...outside, ...nodes.filter(node => node.level === 'S').flatMap(node => node.loop.children)],
  }
  const parts = readParts(shipmentLevels, problems)
  const lading = readLading(problems, shipmentLevels)
  const { lineCount, hashTotal } = readTotals(problems, parts.totals, nodes.length, 'levels (HL)')
  const shipped = sum(items.map(item => head(item.loop, 'SN1')).map(sn1 => (sn1 && number([], sn1, 2, '')) ?? '0'))
  if (hashTotal !== undefined && parts.totals !== undefined && !shipped.eq(hashTotal)) {
    report(problems, 'hash-total-differs', parts.totals, 2,
      `CTT02 says ${hashTotal}, but the quantities shipped (SN102) add up to ${shipped.toFixed()}.`)
  }
  const document = compact<ShipNoticeDocument>({
    number: required(problems, bsn, 2, 'The shipment number'),
    purpose: value(bsn, 1),
    date: requiredDate(problems, bsn, 3, 'The date'),
    time: value(bsn, 4),
    structure: readStructure(problems, bsn, items),
    carrier: parts.carrier,
    grossWeight: lading.weight,
    volume: lading.volume,
    packaging: lading.packaging,
    ladingQuantity: lading.ladingQuantity,
    freightTerms: parts.freightTerms,
    freightLocation: parts.freightLocation,
    references: parts.references,
    parties: parts.parties,
    dates: parts.dates,
    notes: some(parts.notes),
    contacts: some(parts.contacts),
    packages: reading.packages,
    lines: reading.lines,
    orders: reading.orders,
    hlCount: lineCount,
    hashTotal,
    at: bsn.position,
  })
  return { document, problems }
}

/** What a ship notice sends of one order line, over all its packages. */
export interface ShippedLine {
  orderNumber: string
  release?: string
  lineNumber?: string
  products: ShipNoticeLine['products']
  unit: string
  quantity: string
  /** Ordinals of the SN1 segments that it adds up. */
  at: number[]
}

/** Adds up SN102 per order line: by its number, or by its identifiers where it has none. Different units stay apart. */
export const shippedByLine = (document: Pick<ShipNoticeDocument, 'lines'>): ShippedLine[] => {
  const found = new Map<string, ShippedLine>()
  for (const line of document.lines) {
    const which = line.lineNumber ?? line.products.map(product => `${product.qualifier} ${product.value}`).join(' ')
    const key = [line.orderNumber, line.release ?? '', which, line.unit].join('\n')
    const known = found.get(key)
    const at = line.at === undefined || known?.at.includes(line.at) ? [] : [line.at]
    if (known !== undefined) {
      known.quantity = decimal(known.quantity).plus(line.quantity).toFixed()
      known.at.push(...at)
    } else {
      found.set(key, compact<ShippedLine>({
        orderNumber: line.orderNumber, release: line.release, lineNumber: line.lineNumber, products: line.products,
        unit: line.unit, quantity: line.quantity, at,
      }))
    }
  }
  return [...found.values()]
}
