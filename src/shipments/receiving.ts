import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { ShipNoticeDocument } from '../documents/canonical.ts'
import { itemNumbers } from '../items/service.ts'
import { holdOrdersByNumber, lineFinder, putLine, saveOrders, type Book } from '../orders/book.ts'
import type { HeldOrder } from '../orders/queries.ts'
import { moveQuantity, problem, saysTheSame, type Problem } from '../orders/rules.ts'
import {
  StoredMeanwhile,
  deliverWork,
  orderKey,
  reconcileWork,
  sourceOf,
  tradeOf,
  type Applied,
  type Received,
} from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { newId } from '../shared/ids.ts'
import {
  clearShipment,
  insertPackages,
  insertShipmentLines,
  insertShipments,
  lockShipments,
  selectShippedQuantities,
  selectUsedSsccs,
  updateShipment,
  type KnownShipment,
  type NewShipment,
} from './queries.ts'

type ReceivedNotice = Received<ShipNoticeDocument>

/**
 * Writes shipments with their packages and lines: three statements for any number. Gives the ids of those whose number was free.
 */
export const storeShipments = async (tx: Tx, shipments: readonly NewShipment[], now: Date): Promise<Set<string>> => {
  const stored = new Set((await insertShipments(tx.sql, shipments, now)).map(row => row.id))
  await storeContents(
    tx,
    shipments.filter(shipment => stored.has(shipment.id)),
  )
  return stored
}

const storeContents = async (tx: Tx, shipments: readonly NewShipment[]): Promise<void> => {
  const sidesOf = ({ id, partnershipId, buyerId, sellerId }: NewShipment) => ({
    shipmentId: id,
    partnershipId,
    buyerId,
    sellerId,
  })
  const packages = shipments.flatMap(shipment => shipment.packages.map(one => ({ ...one, ...sidesOf(shipment) })))
  const lines = shipments.flatMap(shipment =>
    shipment.lines.map((line, index) => ({ ...line, ...sidesOf(shipment), position: index + 1 })),
  )
  if (packages.length > 0) await insertPackages(tx.sql, packages)
  if (lines.length > 0) await insertShipmentLines(tx.sql, lines)
}

/** The event of a shipment: the buyer is told under the first order's key, and each order is reconciled under its own. */
export const shipmentEvent = (
  type: 'shipment.sent' | 'shipment.changed',
  partnership: Partnership,
  shipment: { id: string; number: string },
  orderIds: readonly string[],
  revision?: number,
): DomainEvent => ({
  type,
  ...tradeOf(partnership),
  subjectId: shipment.id,
  data: { number: shipment.number, orderIds },
  work: [
    ...deliverWork(
      partnership,
      partnership.sellerId,
      '856',
      shipment.id,
      orderKey(partnership.id, orderIds[0] ?? shipment.id),
      revision,
    ),
    ...orderIds.map(orderId => reconcileWork(partnership.id, orderId)),
  ],
})

/**
 * Records ship notices as they arrived, in their order, and moves what they ship from open to shipped.
 * - lines of an order that is not here are kept without one (`shipments/unknown-order`); other lines that do not fit are problems
 *   too
 * - the same notice again: `duplicate`; the same number with another content: `conflict` (`shipments/duplicate-differs`)
 * - BSN01 01 takes a shipment back and 05 replaces it; taking back one that is not here is `parked`
 */
export const receiveShipments = (ctx: Context, documents: readonly ReceivedNotice[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const book = await holdOrdersByNumber(
      tx,
      documents.flatMap(({ partnership, document }) =>
        [...new Set(document.lines.map(line => line.orderNumber))].map(number => ({ partnershipId: partnership.id, number })),
      ),
    )
    const known = await lockShipments(
      tx.sql,
      documents.map(d => d.partnership.id),
      documents.map(d => d.document.number),
    )
    const receiving = new Receiving(tx, book, known, await reusedSsccs(tx, documents, known, ctx.now()), ctx.now())
    const applied: Applied[] = []
    for (const received of documents) applied.push(await receiving.take(received))
    await receiving.flush()
    await saveOrders(tx, [...receiving.touched], ctx.now())
    await emit(tx, receiving.events)
    return applied
  })

/**
 * SSCCs of the documents that were on another shipment in the last twelve months, with the numbers of those shipments by partnership:
 * the seller's shipments to other buyers count, but their numbers are none of this buyer's business.
 */
const reusedSsccs = async (
  tx: Tx,
  documents: readonly ReceivedNotice[],
  known: readonly KnownShipment[],
  now: Date,
): Promise<ReusedSsccs> => {
  const ssccs = documents.flatMap(({ document }) => document.packages.flatMap(one => one.sscc ?? []))
  if (ssccs.length === 0) return new Map()
  const year = new Date(now)
  year.setUTCFullYear(year.getUTCFullYear() - 1)
  const own = new Set(known.map(one => `${one.partnershipId} ${one.number}`))
  const used = await selectUsedSsccs(tx.sql, ssccs, year)
  const reused = new Map<string, Map<string, string>>()
  for (const { sscc, partnershipId, number } of used)
    if (!own.has(`${partnershipId} ${number}`))
      reused.set(sscc, (reused.get(sscc) ?? new Map<string, string>()).set(partnershipId, number))
  return reused
}

type ReusedSsccs = ReadonlyMap<string, ReadonlyMap<string, string>>

/** The notices of one batch. New ones are gathered and written together; one that changes an earlier one writes those first. */
class Receiving {
  readonly touched = new Set<HeldOrder>()
  readonly events: DomainEvent[] = []
  private readonly pending: NewShipment[] = []
  private readonly known: Map<string, Pick<KnownShipment, 'id' | 'state' | 'version' | 'document'>>
  private readonly finders = new Map<HeldOrder, ReturnType<typeof lineFinder>>()
  private readonly tx: Tx
  private readonly book: Book
  private readonly reused: ReusedSsccs
  private readonly now: Date

  constructor(tx: Tx, book: Book, known: readonly KnownShipment[], reused: ReusedSsccs, now: Date) {
    this.tx = tx
    this.book = book
    this.known = new Map(known.map(one => [`${one.partnershipId} ${one.number}`, one]))
    this.reused = reused
    this.now = now
  }

  async take(received: ReceivedNotice): Promise<Applied> {
    const { document, partnership } = received
    const key = `${partnership.id} ${document.number}`
    const known = this.known.get(key)
    if (document.purpose === '01') return this.takeBack(received, known)
    if (!known) {
      const { shipment, orderIds, problems } = this.place(received, newId('shp'))
      this.pending.push(shipment)
      this.known.set(key, { id: shipment.id, state: 'shipped', version: 1, document })
      this.events.push(shipmentEvent('shipment.sent', partnership, shipment, orderIds))
      return { outcome: 'applied', documentKind: 'shipment', documentId: shipment.id, problems }
    }
    const answer = (outcome: Applied['outcome'], problems: Problem[] = []): Applied => ({
      outcome,
      documentKind: 'shipment',
      documentId: known.id,
      problems,
    })
    if (saysTheSame(known.document, document)) return answer('duplicate')
    if (document.purpose !== '05' || known.state === 'cancelled')
      return answer('conflict', [
        problem(
          'shipments/duplicate-differs',
          `Ship notice ${document.number} is here already with another content; it was left as it is.`,
          document.at,
        ),
      ])
    await this.flush()
    await this.reverse(known.id)
    await Promise.all(clearShipment(this.tx.sql, known.id))
    const { shipment, orderIds, problems } = this.place(received, known.id)
    await storeContents(this.tx, [shipment])
    await this.update(key, known, received, 'shipped', orderIds)
    return answer('applied', problems)
  }

  async flush(): Promise<void> {
    const shipments = this.pending.splice(0)
    if (shipments.length === 0) return
    const stored = await storeShipments(this.tx, shipments, this.now)
    // Another transaction has just stored the same number; tried again, this batch will see it.
    if (stored.size < shipments.length) throw new StoredMeanwhile('ship notice')
  }

  /** Rows of a notice; moves the lines of the orders that it is of. */
  private place(received: ReceivedNotice, id: string): { shipment: NewShipment; orderIds: string[]; problems: Problem[] } {
    const { document, partnership } = received
    const problems = this.packageProblems(received)
    const unknown = new Set<string>()
    const orderIds = new Set<string>()
    const lines = document.lines.map(line => {
      const numbers = itemNumbers(line.products)
      const order = this.book.find(partnership.id, line.orderNumber, line.release)
      const position = order && this.finderOf(order)({ lineNumber: line.lineNumber, numbers })
      const ordered = position === undefined ? undefined : order?.lines[position - 1]
      if (order) orderIds.add(order.id)
      if (!order && !unknown.has(line.orderNumber)) {
        unknown.add(line.orderNumber)
        problems.push(problem('shipments/unknown-order', `Order ${line.orderNumber} is not here.`, line.at))
      }
      if (order && !ordered)
        problems.push(
          problem(
            'shipments/unknown-line',
            `Order ${line.orderNumber} has no line ${line.lineNumber ?? 'with this item'}.`,
            line.at,
          ),
        )
      if (order && ordered && ordered.unit !== line.unit)
        problems.push(
          problem(
            'shipments/unit-differs',
            `Line ${ordered.lineNumber} of order ${order.number} was ordered in ${ordered.unit} and is shipped in ${line.unit}.`,
            line.at,
          ),
        )
      if (order && ordered && ordered.unit === line.unit) {
        putLine(order, { ...ordered, ...moveQuantity(ordered, 'shipped', line.quantity) })
        this.touched.add(order)
      }
      return {
        orderId: order?.id ?? null,
        orderLinePosition: position ?? null,
        orderNumber: line.orderNumber,
        lineNumber: line.lineNumber ?? ordered?.lineNumber ?? null,
        package: line.package ?? null,
        gtin: ordered?.gtin ?? numbers.gtin ?? null,
        buyerItem: numbers.buyerItem ?? ordered?.buyerItem ?? null,
        sellerItem: numbers.sellerItem ?? ordered?.sellerItem ?? null,
        quantity: line.quantity,
        unit: line.unit,
        sourcePosition: line.at ?? null,
      }
    })
    return {
      shipment: {
        id,
        partnershipId: partnership.id,
        buyerId: partnership.buyerId,
        sellerId: partnership.sellerId,
        number: document.number,
        ...shipmentDates(document),
        document: JSON.stringify(document),
        channel: received.channel,
        ...sourceOf(received),
        lines,
        packages: document.packages.map(one => ({
          package: one.id,
          parent: one.parent ?? null,
          type: one.type,
          sscc: one.sscc ?? null,
          sourcePosition: one.at ?? null,
        })),
      },
      orderIds: [...orderIds],
      problems,
    }
  }

  private packageProblems({ document, partnership }: ReceivedNotice): Problem[] {
    return document.packages.flatMap(({ sscc, at }) => {
      const earlier = sscc === undefined ? undefined : this.reused.get(sscc)
      if (!earlier) return []
      const number = earlier.get(partnership.id)
      const where = number === undefined ? 'another ship notice' : `ship notice ${number}`
      return [problem('shipments/sscc-reused', `SSCC ${sscc} was on ${where} within twelve months.`, at)]
    })
  }

  private async takeBack(
    received: ReceivedNotice,
    known: Pick<KnownShipment, 'id' | 'state' | 'version' | 'document'> | undefined,
  ): Promise<Applied> {
    const { document, partnership } = received
    if (!known)
      return {
        outcome: 'parked',
        documentKind: 'shipment',
        problems: [
          problem(
            'shipments/unknown-shipment',
            `Ship notice ${document.number}, which is to be taken back, is not here.`,
            document.at,
          ),
        ],
      }
    if (known.state === 'cancelled') return { outcome: 'duplicate', documentKind: 'shipment', documentId: known.id, problems: [] }
    await this.flush()
    const orderIds = await this.reverse(known.id)
    // A cancelling notice may carry no lines; what it takes back stays readable.
    await this.update(
      `${partnership.id} ${document.number}`,
      known,
      { ...received, document: { ...known.document, purpose: '01' } },
      'cancelled',
      orderIds,
    )
    return { outcome: 'applied', documentKind: 'shipment', documentId: known.id, problems: [] }
  }

  /** Takes what a shipment has shipped off its orders again. */
  private async reverse(shipmentId: string): Promise<string[]> {
    const shipped = await selectShippedQuantities(this.tx.sql, shipmentId)
    const missing = [...new Set(shipped.map(row => row.orderId))].filter(id => !this.book.orders.some(order => order.id === id))
    await this.book.add(missing)
    for (const { orderId, position, quantity } of shipped) {
      const order = this.book.orders.find(one => one.id === orderId)
      const line = order?.lines[position - 1]
      if (!order || !line) continue
      putLine(order, { ...line, ...moveQuantity(line, 'shipped', `-${quantity}`) })
      this.touched.add(order)
    }
    return [...new Set(shipped.map(row => row.orderId))]
  }

  private async update(
    key: string,
    known: Pick<KnownShipment, 'id' | 'version'>,
    { document, partnership }: ReceivedNotice,
    state: 'shipped' | 'cancelled',
    orderIds: readonly string[],
  ): Promise<void> {
    const version = known.version + 1
    await updateShipment(this.tx.sql, known.id, {
      state,
      version,
      document: JSON.stringify(document),
      ...shipmentDates(document),
    })
    this.known.set(key, { id: known.id, state, version, document })
    this.events.push(shipmentEvent('shipment.changed', partnership, { id: known.id, number: document.number }, orderIds, version))
  }

  private finderOf(order: HeldOrder): ReturnType<typeof lineFinder> {
    const finder = this.finders.get(order) ?? lineFinder(order.lines)
    this.finders.set(order, finder)
    return finder
  }
}

/** DTM 011 shipped; 017 estimated delivery, or else 067 or 002. */
export const shipmentDates = (document: ShipNoticeDocument): { shipDate: string | null; estimatedDelivery: string | null } => {
  const of = (...qualifiers: string[]): string | null => {
    for (const qualifier of qualifiers) {
      const found = document.dates.find(event => event.qualifier === qualifier)
      if (found) return found.date
    }
    return null
  }
  return { shipDate: of('011'), estimatedDelivery: of('017', '067', '002') }
}
