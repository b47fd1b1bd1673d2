import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { OrderLineDocument, PurchaseOrderDocument } from '../documents/canonical.ts'
import { getPartnership } from '../partners/service.ts'
import { decimal, decimalText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import { selectMoved, selectVersions, type VersionRow } from './change-queries.ts'
import type { OrderAsOf, OrderVersion, VersionComparison, VersionDifference } from './change-schema.ts'
import { foldedOrder } from './refolding.ts'
import { openQuantity, orderState, saysTheSame, type LineState } from './rules.ts'

/** What an order was: its versions, what differs between any two, and all of it as it was known at an instant. */

/**
 * The documents that an order has had, oldest first; the last one is in force.
 * @throws DomainError record/not-found
 */
export const orderVersions = async (ctx: Context, id: string): Promise<OrderVersion[]> =>
  (await versionRows(ctx, id)).map(({ document, ...version }) => ({ ...version, document: { ...document } }))

const versionRows = async (ctx: Context, id: string): Promise<VersionRow[]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectVersions(sql, id))
  if (rows.length === 0) throw new DomainError('record/not-found', { kind: 'order', id })
  return [...rows]
}

/**
 * What differs between two versions of an order, heading first, then line by line. `to` is the one in force unless told.
 * @throws DomainError record/not-found, also for a version that the order has not had
 */
export const compareVersions = async (ctx: Context, id: string, from: number, to?: number): Promise<VersionComparison> => {
  const rows = await versionRows(ctx, id)
  const find = (version: number): VersionRow => {
    // A version that only moved lines has the document of the one before it.
    const found = rows.find(row => row.version >= version)
    if (!found || version < 1) throw new DomainError('record/not-found', { kind: 'order version', id: `${id} ${version}` })
    return found
  }
  const last = rows.at(-1)!
  const [before, after] = [find(from), to === undefined ? last : find(to)]
  return { orderId: id, from, to: to ?? last.version, differences: versionDifferences(before.document, after.document) }
}

/** Fields of an order that have a list of parts, and what names a part. */
const headingFields = ['type', 'orderDate', 'contract', 'currency', 'freightTerms', 'freightLocation', 'salesRequirement', 'carrier', 'terms', 'notes', 'allowancesCharges', 'taxes'] as const
const lineFields = ['quantity', 'unit', 'price', 'priceBasis', 'description', 'packSize', 'innerPacks', 'retailPrice', 'schedule', 'splits', 'allowancesCharges', 'taxes', 'notes', 'characteristics'] as const

/** Pure: what differs between two documents of one order. Lines are told apart by their place, which never changes. */
export const versionDifferences = (before: PurchaseOrderDocument, after: PurchaseOrderDocument): VersionDifference[] => {
  const found: VersionDifference[] = []
  const compare = (lineNumber: string | null, field: string, a: unknown, b: unknown) => {
    if (!saysTheSame(a, b, field)) found.push({ lineNumber, field, before: textOf(a), after: textOf(b) })
  }
  if ((before.purpose === '01') !== (after.purpose === '01')) compare(null, 'cancelled', String(before.purpose === '01'), String(after.purpose === '01'))
  for (const field of headingFields) compare(null, field, before[field], after[field])
  for (const [name, a, b] of [
    ...pairs(before.dates, after.dates, date => `dates.${date.qualifier}`),
    ...pairs(before.parties, after.parties, party => `parties.${party.role}`),
    ...pairs(before.references, after.references, reference => `references.${reference.qualifier}`),
  ])
    compare(null, name, a, b)
  for (let index = 0; index < Math.max(before.lines.length, after.lines.length); index += 1) {
    const [a, b] = [before.lines[index], after.lines[index]]
    const number = (a ?? b)!.lineNumber
    if (!a || !b) {
      found.push({ lineNumber: number, field: 'line', before: a ? lineText(a) : null, after: b ? lineText(b) : null })
      continue
    }
    for (const field of lineFields) compare(number, field, a[field], b[field])
    compare(number, 'products', a.products, b.products)
    for (const [name, one, other] of [
      ...pairs(a.dates ?? [], b.dates ?? [], date => `dates.${date.qualifier}`),
      ...pairs(a.references ?? [], b.references ?? [], reference => `references.${reference.qualifier}`),
    ])
      compare(number, name, one, other)
  }
  return found
}

/** The parts of two lists by their name, each beside the other's. */
const pairs = <T>(before: readonly T[], after: readonly T[], nameOf: (part: T) => string): [string, T | undefined, T | undefined][] => {
  const names = new Set([...before, ...after].map(nameOf))
  return [...names].map(name => [name, before.find(part => nameOf(part) === name), after.find(part => nameOf(part) === name)])
}

const lineText = (line: OrderLineDocument): string =>
  [
    `${line.quantity} ${line.unit}`,
    line.products.map(product => `${product.qualifier} ${product.value}`).join(', '),
    ...(line.price === undefined ? [] : [`at ${line.price}`]),
  ].join(' ')

const textOf = (value: unknown): string | null =>
  value === undefined || value === null
    ? null
    : typeof value === 'string'
      ? value
      : typeof value === 'object' && 'date' in value && typeof value.date === 'string'
        ? value.date
        : JSON.stringify(value, (key, part: unknown) => (key === 'at' ? undefined : part))

/**
 * An order as it was known at an instant: with the changes, answers, shipments and invoices that the hub had by then.
 * @throws DomainError record/not-found, also when the order was not here yet
 */
export const orderAsOf = (ctx: Context, id: string, at: Date): Promise<OrderAsOf> =>
  withOrganisation(ctx, async tx => {
    const [order] = await tx.sql<{ partnershipId: string; createdAt: Date }[]>`
      select partnership_id as "partnershipId", created_at as "createdAt" from purchase_order where id = ${id}`
    if (!order || order.createdAt > at) throw new DomainError('record/not-found', { kind: 'order', id })
    const partnership = await getPartnership({ ...ctx, db: tx }, order.partnershipId)
    const [folded, moved] = await Promise.all([foldedOrder(tx, id, partnership, at), selectMoved(tx.sql, id, at)])
    const lines = folded.lines.map(({ state }): LineState => {
      const of = moved.find(row => row.position === state.position)
      return {
        ...state,
        ledger: { ...state.ledger, shipped: decimal(of?.shipped ?? '0'), invoiced: decimal(of?.invoiced ?? '0') },
      }
    })
    return {
      orderId: id,
      at: at.toISOString(),
      state: orderState(lines),
      document: { ...folded.document },
      changes: folded.changes,
      answers: folded.answers,
      lines: lines.map((line, index) => ({
        position: line.position,
        lineNumber: line.lineNumber,
        unit: line.unit,
        price: line.price,
        response: line.response,
        priceConfirmed: line.priceConfirmed,
        promisedDate: line.promisedDate,
        quantityOrdered: decimalText(line.ledger.ordered),
        quantityConfirmed: decimalText(line.ledger.confirmed),
        quantityOpen: decimalText(openQuantity(line.ledger)),
        quantityShipped: decimalText(line.ledger.shipped),
        quantityInvoiced: decimalText(line.ledger.invoiced),
        quantityCancelled: decimalText(line.ledger.cancelled),
        changeId: folded.lines[index]?.changeId ?? null,
      })),
    }
  })
