import { decimal, decimalText } from '../shared/decimal.ts'
import { type Loop, loop, type Segment, segment } from '../x12/index.ts'
import type { Measure, ShipNoticeDocument } from './canonical.ts'
import { type Fields, fieldsOf, filled } from './fields.ts'
import type { ShipNoticeLine, ShipNoticeOrder, ShipNoticePackage } from './shipment856.ts'
import {
  writeContacts, writeDates, writeEquipment, writeFreight, writeParties, writeProducts, writeReferences, writeRouting,
} from './write-parts.ts'

/** 856 ship notice, written: a flat ship notice becomes S-O-T-P-I (0001), S-O-T-I-P (0002), or S-O-I (0004) without packages. */

type Numbered<T> = T & { readonly index: number }

/** What goes under one order level. */
interface OrderContent {
  readonly order: Numbered<ShipNoticeOrder>
  /** The packages that hold something of this order, and those around them. */
  readonly packages: Set<string>
  readonly lines: Numbered<ShipNoticeLine>[]
}

const levelOf = (each: ShipNoticePackage): 'T' | 'P' => (each.type === 'pallet' ? 'T' : 'P')

const keyOf = (number: string, release: string | undefined): string => `${number}\n${release ?? ''}`

/** The package and those around it, from the inside out. Throws DocumentError when one is not there or lies inside itself. */
const around = (of: Fields, byId: ReadonlyMap<string, Numbered<ShipNoticePackage>>, id: string, from: string): string[] => {
  const path: string[] = []
  for (let at: string | undefined = id; at !== undefined; at = byId.get(at)!.parent) {
    if (!byId.has(at)) of.fail(from, 'missing', `names package "${at}", which is not in the document`)
    if (path.includes(at)) of.fail(from, 'inconsistent', `leads to package "${at}", which lies inside itself`)
    path.push(at)
  }
  return path
}

/**
 * Which packages and lines go under which order. Orders that only lines name are added; an empty package goes to its own, or the
 * first.
 */
const contents = (
  of: Fields, document: ShipNoticeDocument, byId: ReadonlyMap<string, Numbered<ShipNoticePackage>>,
): OrderContent[] => {
  const found: OrderContent[] = []
  const byKey = new Map<string, OrderContent>()
  const byNumber = new Map<string, OrderContent>()
  const placed = new Set<string>()
  const add = (order: ShipNoticeOrder): OrderContent => {
    const content: OrderContent = { order: { ...order, index: found.length }, packages: new Set(), lines: [] }
    found.push(content)
    byKey.set(keyOf(order.number, order.release), content)
    if (!byNumber.has(order.number)) byNumber.set(order.number, content)
    return content
  }
  const put = (content: OrderContent | undefined, path: readonly string[]): void => {
    for (const id of path) {
      placed.add(id)
      content?.packages.add(id)
    }
  }
  for (const order of document.orders) add(order)
  for (const [index, line] of document.lines.entries()) {
    const known = byKey.get(keyOf(line.orderNumber, line.release))
      ?? (line.release === undefined ? byNumber.get(line.orderNumber) : undefined)
    const content = known ?? add({
      number: line.orderNumber, references: [], parties: [],
      ...(line.release === undefined ? {} : { release: line.release }),
      ...(line.orderDate === undefined ? {} : { date: line.orderDate }),
    })
    content.lines.push({ ...line, index })
    if (line.package !== undefined) put(content, around(of, byId, line.package, `lines[${index}].package`))
  }
  for (const each of byId.values()) {
    if (placed.has(each.id)) continue
    put(byNumber.get(each.orderNumber ?? '') ?? found[0], around(of, byId, each.id, `packages[${each.index}].parent`))
  }
  return found
}

const grouped = <T>(list: readonly T[], keyOfEach: (each: T) => string | undefined): Map<string | undefined, T[]> => {
  const groups = new Map<string | undefined, T[]>()
  for (const each of list) {
    const key = keyOfEach(each)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [each])
    else group.push(each)
  }
  return groups
}

const writeMarks = (of: Fields, each: ShipNoticePackage): Segment[] => {
  const sscc = of.text('sscc', each.sscc, 18, 18)
  return [
    ...(sscc === '' ? [] : [segment('MAN', 'GM', `00${sscc}`)]),
    ...(each.trackingNumber === undefined ? [] : [segment('MAN', 'CP', of.need('trackingNumber', each.trackingNumber, 48))]),
    ...(each.marks ?? []).map((mark, i) => {
      const fields = of.of('marks', i)
      return segment('MAN', fields.need('qualifier', mark.qualifier, 2), fields.need('value', mark.value, 48))
    }),
  ]
}

const pair = (of: Fields, name: string, measure: Measure | undefined, digits: number): [string, string] =>
  measure === undefined
    ? ['', '']
    : [of.needNumber(`${name}.value`, measure.value, digits), of.need(`${name}.unit`, measure.unit, 2, 2)]

const writeLading = (
  of: Fields, packaging: string | undefined, quantity: number | undefined, weight?: Measure, name = 'weight', volume?: Measure,
): Segment | undefined => {
  const count = of.integer('ladingQuantity', quantity, 7)
  const heavy = pair(of, name, weight, 10)
  return filled(
    'TD1', packaging === undefined ? '' : of.text('packaging', packaging, 5, 3), count, '', '', '', heavy[0] === '' ? '' : 'G',
    ...heavy, ...pair(of, 'volume', volume, 8),
  )
}

const writePackage = (of: Fields, each: ShipNoticePackage): (Segment | Loop | undefined)[] => [
  filled('PO4', '', '', '', '', '', ...pair(of, 'weight', each.weight, 9)),
  // TD101 wants the count with it: one of this package.
  each.packaging === undefined ? undefined : segment('TD1', of.need('packaging', each.packaging, 5, 3), '1'),
  ...writeReferences(of, each.references),
  ...writeMarks(of, each),
  ...writeParties(of, each.parties),
]

const writeItem = (of: Fields, line: ShipNoticeLine): (Segment | Loop | undefined)[] => {
  const ordered = of.number('quantityOrdered', line.quantityOrdered, 15)
  const products = writeProducts(of, line.products, 15)
  if (products.length === 0) of.fail('products', 'missing', 'has no identifier; a line of a ship notice needs one')
  return [
    segment('LIN', of.text('lineNumber', line.lineNumber, 20), ...products),
    segment(
      'SN1', '', of.needNumber('quantity', line.quantity, 10), of.need('unit', line.unit, 2, 2),
      of.number('quantityToDate', line.quantityToDate, 15),
      ordered, ordered === '' ? '' : of.need('unitOrdered', line.unitOrdered ?? line.unit, 2, 2), '',
      of.text('status', line.status, 2, 2),
    ),
    line.description === undefined ? undefined : segment('PID', 'F', '', '', '', of.need('description', line.description, 80)),
    ...writeReferences(of, line.references),
    ...writeDates(of, line.dates),
  ]
}

const writeOrderLevel = (of: Fields, order: ShipNoticeOrder): (Segment | Loop | undefined)[] => [
  segment('PRF', of.need('number', order.number, 22), of.text('release', order.release, 30), '', of.date('date', order.date)),
  writeLading(of, order.packaging, order.ladingQuantity, order.weight),
  ...writeReferences(of, order.references),
  ...writeDates(of, order.dates),
  ...writeParties(of, order.parties),
]

/**
 * Whether it can be written as a standard pack, with each item above its cartons: everything is packed, and nothing that holds
 * a line holds another line or package.
 */
const isStandardPack = ({ structure, lines, packages }: ShipNoticeDocument): boolean => {
  if (structure !== '0002' || packages.length === 0) return false
  const holders = new Set(lines.map(line => line.package))
  return !holders.has(undefined) && holders.size === lines.length && !packages.some(each => holders.has(each.parent))
}

/** What cartons of a standard pack must have in common to stand under one item: the line, its batch, and how much is in each. */
const itemKey = ({ lineNumber, products, quantity, unit, references, dates, package: _ }: ShipNoticeLine): string =>
  JSON.stringify([lineNumber, products, quantity, unit, references, dates])

/**
 * A ship notice as the tree of an 856: BSN05 is 0001 (shipment, order, pallet, carton, item), 0002 (shipment, order, pallet, item,
 * carton) where the document says so and each carton holds one line, or 0004 (no packages). A package that holds several orders
 * is repeated under each. HLs are numbered from 1 and counted in CTT01. MAN*GM is "00" and the SSCC. An 856 has no place for free text, so `notes` are not written.
 * Throws DocumentError for what does not fit, and for lines whose package is not there.
 */
export const writeShipNotice = (document: ShipNoticeDocument): Loop => {
  const of = fieldsOf()
  const byId = new Map(document.packages.map((each, index) => [each.id, { ...each, index }]))
  const levels: Loop[] = []
  const add = (parent: string, level: string, parts: readonly (Segment | Loop | undefined)[]): string => {
    const id = String(levels.length + 1)
    levels.push(loop('HL', segment('HL', id, parent, level), ...parts))
    return id
  }
  const shipment = add('', 'S', [
    writeLading(of, document.packaging, document.ladingQuantity, document.grossWeight, 'grossWeight', document.volume),
    writeRouting(of, document.carrier),
    writeEquipment(of, document.carrier),
    ...writeReferences(of, document.references),
    ...writeContacts(of, document.contacts),
    ...writeDates(of, document.dates),
    writeFreight(of, document.freightTerms, document.freightLocation),
    ...writeParties(of, document.parties),
  ])
  const standardPack = isStandardPack(document)
  for (const { order, packages, lines } of contents(of, document, byId)) {
    const orderLevel = add(shipment, 'O', writeOrderLevel(of.of('orders', order.index), order))
    const linesIn = grouped(lines, line => line.package)
    const packagesIn = grouped([...packages].map(id => byId.get(id)!).sort((a, b) => a.index - b.index), each => each.parent)
    const addInside = (parent: string, inside: string | undefined): void => {
      for (const line of linesIn.get(inside) ?? []) add(parent, 'I', writeItem(of.of('lines', line.index), line))
      for (const each of packagesIn.get(inside) ?? []) {
        addInside(add(parent, levelOf(each), writePackage(of.of('packages', each.index), each)), each.id)
      }
    }
    const addStandard = (parent: string, inside: string | undefined): void => {
      const within = packagesIn.get(inside) ?? []
      const holding = within.flatMap(each => (linesIn.get(each.id) ?? []).map(line => ({ each, line })))
      for (const alike of grouped(holding, ({ line }) => itemKey(line)).values()) {
        const { line } = alike[0]!
        const quantity = decimalText(decimal(line.quantity).times(alike.length))
        const item = add(parent, 'I', writeItem(of.of('lines', line.index), { ...line, quantity }))
        for (const { each } of alike) add(item, levelOf(each), writePackage(of.of('packages', each.index), each))
      }
      for (const each of within.filter(other => !linesIn.has(other.id)))
        addStandard(add(parent, levelOf(each), writePackage(of.of('packages', each.index), each)), each.id)
    }
    if (standardPack) addStandard(orderLevel, undefined)
    else addInside(orderLevel, undefined)
  }
  return loop(
    '856',
    segment(
      'BSN', of.need('purpose', document.purpose, 2, 2), of.need('number', document.number, 30, 2),
      of.needDate('date', document.date),
      of.need('time', document.time, 8, 4), document.packages.length === 0 ? '0004' : standardPack ? '0002' : '0001',
    ),
    ...levels,
    segment('CTT', of.integer('hlCount', levels.length, 6), of.number('hashTotal', document.hashTotal, 10)),
  )
}
