import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type {
  OrderAcknowledgementDocument,
  OrderLineDocument,
  Party,
  PurchaseOrderDocument,
} from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import { resolveItems } from '../items/service.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { findPartnership } from '../partners/service.ts'
import { decimal, decimalText, sum } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import {
  selectLines,
  selectOrder,
  selectOrderPage,
  selectResponses,
  selectSummaries,
  selectTimeline,
  type LineRow,
} from './read-queries.ts'
import { enteredLine } from './entered-lines.ts'
import { receiveOrders } from './receiving.ts'
import { lineStatus, type Ledger } from './rules.ts'
import type {
  Order,
  OrderFilter,
  OrderInput,
  OrderLine,
  OrderPage,
  OrderResponse,
  OrderSummary,
  TimelineEntry,
} from './schema.ts'
import { enteredBy } from './work.ts'

export { answerOrder, receiveAcknowledgements } from './answering.ts'
export { receiveChangeAnswers, answerChange } from './change-answering.ts'
export { changeOrder, releaseChange } from './change-entering.ts'
export { changesByOrderIds, listOrderChanges } from './change-reading.ts'
export { receiveChanges } from './changing.ts'
export { compareVersions, orderAsOf, orderVersions } from './history.ts'
export { placedOrder, receiveOrders } from './receiving.ts'
export type { Applied, Received } from './work.ts'

/**
 * The buyer places an order by portal or API. The seller is told in its channel.
 * @throws DomainError identity/forbidden, partners/not-a-partner, items/unknown-item (names the line), request/invalid,
 *   record/conflict (the number is taken)
 */
export const createOrder = async (ctx: Context, input: OrderInput): Promise<OrderSummary> => {
  authorise(ctx.actor, 'orders.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    const partnership = await findPartnership(inner, { buyerId: ctx.actor.organisationId, sellerId: input.sellerId })
    if (!partnership || partnership.status !== 'active')
      throw new DomainError('partners/not-a-partner', { sellerId: input.sellerId })
    const document = documentOf(input, ctx.now())
    const items = await resolveItems(tx, partnership.id, document.lines)
    document.lines.forEach((line, index) => {
      const item = items[index]
      if (!item)
        throw new DomainError('items/unknown-item', {
          detail: `Line ${line.lineNumber}: the item is not known in this partnership.`,
          line: line.lineNumber,
        })
      line.description ??= item.name.slice(0, 80)
      if (input.lines[index]?.unit === undefined) line.unit = item.unit
    })
    const [applied] = await receiveOrders(inner, [{ document, partnership, channel: enteredBy(ctx.actor) }])
    const id = applied?.documentId
    if (!applied || id === undefined) throw new Error('an order that was placed has no id')
    if (applied.outcome !== 'applied')
      throw new DomainError('record/conflict', {
        detail: `Order ${input.number} is here already.`,
        number: input.number,
        orderId: id,
      })
    const [order] = await ordersByIds(inner, [id])
    if (!order) throw new Error(`order ${id} cannot be read back`)
    return order
  })
}

/** The canonical order of what was entered. */
const documentOf = (input: OrderInput, now: Date): PurchaseOrderDocument => {
  const lines = input.lines.map(enteredLine)
  const repeated = lines.find((line, index) => lines.findIndex(other => other.lineNumber === line.lineNumber) !== index)
  if (repeated)
    throw new DomainError('request/invalid', {
      detail: `Line number ${repeated.lineNumber} occurs twice.`,
      line: repeated.lineNumber,
    })
  if (input.shipNotBefore !== undefined && input.shipNoLater !== undefined && input.shipNotBefore > input.shipNoLater)
    throw new DomainError('request/invalid', { detail: 'Ship not before is after ship no later than.' })
  const date = (qualifier: string, day: string | undefined) => (day === undefined ? [] : [{ qualifier, date: day }])
  return {
    number: input.number,
    purpose: '00',
    type: input.type ?? 'SA',
    orderDate: input.orderDate ?? now.toISOString().slice(0, 10),
    ...(input.release !== undefined && { release: input.release }),
    currency: input.currency ?? 'USD',
    ...(input.freightTerms !== undefined && { freightTerms: input.freightTerms }),
    references: [],
    parties: input.shipTo === undefined ? [] : [shipToParty(input.shipTo)],
    dates: [
      ...date('037', input.shipNotBefore),
      ...date('038', input.shipNoLater),
      ...date('002', input.deliveryRequested),
      ...date('001', input.cancelAfter),
    ],
    ...(input.notes !== undefined && { notes: input.notes }),
    lines,
    lineCount: lines.length,
    hashTotal: decimalText(sum(lines.map(line => line.quantity))),
  }
}

const shipToParty = ({ gln, code, ...rest }: NonNullable<OrderInput['shipTo']>): Party => ({
  role: 'ST',
  ...rest,
  ...(gln !== undefined ? { idQualifier: 'UL', id: gln } : code !== undefined ? { idQualifier: '92', id: code } : {}),
})

/**
 * An order with its lines, answers, shipments, receipts, invoices, deliveries and open exceptions: one statement, one round trip.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getOrder = async (ctx: Context, id: string): Promise<Order> => {
  const [row] = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectOrder(sql, id))) as unknown as OrderRow[]
  if (!row) throw new DomainError('record/not-found', { kind: 'order', id })
  const { document, lines, responses, ...rest } = row
  return {
    ...rest,
    ...(document.contract !== undefined && { contract: document.contract }),
    ...(document.freightTerms !== undefined && { freightTerms: document.freightTerms }),
    references: document.references,
    parties: document.parties,
    dates: document.dates,
    notes: document.notes ?? [],
    allowancesCharges: document.allowancesCharges ?? [],
    lines: lines.map(line => toLine(line, document.lines[line.position - 1])),
    responses: responses.map(toResponse),
  }
}
type ResponseRow = Omit<OrderResponse, 'acknowledgementNumber' | 'lines' | 'notes'> & { document: OrderAcknowledgementDocument }
type OrderRow = OrderSummary
  & Pick<Order, 'shipments' | 'receipts' | 'invoices' | 'deliveries' | 'exceptions'> & {
    document: PurchaseOrderDocument
    lines: LineRow[]
    responses: ResponseRow[]
  }

const ledgerOf = (row: LineRow): Ledger => ({
  ordered: decimal(row.quantityOrdered),
  confirmed: decimal(row.quantityConfirmed),
  shipped: decimal(row.quantityShipped),
  received: decimal(row.quantityReceived),
  invoiced: decimal(row.quantityInvoiced),
  paid: decimal(row.quantityPaid),
  cancelled: decimal(row.quantityCancelled),
})

const toLine = (row: LineRow, said: OrderLineDocument | undefined): OrderLine => ({
  ...row,
  // Reading orders is frequent, and of a line that has not moved nothing needs to be worked out.
  status: row.quantityShipped === '0' ? row.response : lineStatus({ ...row, ledger: ledgerOf(row) }),
  ...(said?.packSize !== undefined && { packSize: said.packSize }),
  ...(said?.splits !== undefined && { splits: said.splits }),
  ...(said?.dates !== undefined && { dates: said.dates }),
  ...(said?.references !== undefined && { references: said.references }),
  ...(said?.allowancesCharges !== undefined && { allowancesCharges: said.allowancesCharges }),
})

const toResponse = ({ document, ...row }: ResponseRow): OrderResponse => ({
  ...row,
  acknowledgementNumber: document.acknowledgementNumber ?? null,
  lines: document.lines.map(({ lineNumber, acknowledgements }) => ({ lineNumber, acknowledgements })),
  notes: document.notes ?? [],
})

/** The orders of the actor's organisation, newest first. */
export const listOrders = async (ctx: Context, filter: OrderFilter = {}): Promise<OrderPage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectOrderPage(sql, ctx.actor.organisationId, filter, size + 1),
  )
  return pageOf(rows as unknown as OrderSummary[], size)
}

/**
 * What happened to an order and its documents, oldest first, at most 500 entries.
 * @throws DomainError record/not-found
 */
export const orderTimeline = async (ctx: Context, id: string): Promise<TimelineEntry[]> => {
  const [known, rows] = await readAs(ctx.db, ctx.actor.organisationId, sql => [
    sql`select 1 from purchase_order where id = ${id}`,
    selectTimeline(sql, id, 500),
  ])
  if (known.length === 0) throw new DomainError('record/not-found', { kind: 'order', id })
  return [...rows] as unknown as TimelineEntry[]
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const ordersByIds = async (ctx: Context, ids: readonly string[]): Promise<(OrderSummary | undefined)[]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectSummaries(sql, ids))) as unknown as OrderSummary[]
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => byId.get(id))
}

export const linesByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<OrderLine[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectLines(sql, ids))) as unknown as (LineRow & {
    orderId: string
    said: OrderLineDocument
  })[]
  return grouped(ids, rows, row => row.orderId).map(group =>
    group.map(({ orderId: _order, said, ...line }) => toLine(line, said)),
  )
}

export const responsesByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<OrderResponse[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectResponses(sql, ids))) as unknown as ResponseRow[]
  return grouped(ids, rows, row => row.orderId).map(group => group.map(toResponse))
}

/** The rows of each id, in the order of the ids. */
export const grouped = <T>(ids: readonly string[], rows: readonly T[], idOf: (row: T) => string): T[][] => {
  const groups = new Map<string, T[]>(ids.map(id => [id, []]))
  for (const row of rows) groups.get(idOf(row))?.push(row)
  return ids.map(id => groups.get(id) ?? [])
}
