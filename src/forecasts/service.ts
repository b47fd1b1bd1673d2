import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ForecastDocument, Party, ProductId } from '../documents/canonical.ts'
import { resolveItems } from '../items/service.ts'
import { unitFactor } from '../items/units.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import type { Page } from '../partners/schema.ts'
import { getOrganisation, getPartnership } from '../partners/service.ts'
import { businessDate } from '../shared/clock.ts'
import { Decimal, decimal, decimalText } from '../shared/decimal.ts'
import { DomainError } from '../shared/errors.ts'
import {
  selectComparison,
  selectDocumentPoints,
  selectForecastDocument,
  selectForecasts,
  selectForecastsById,
  selectPoints,
  selectVersionComparison,
  type Cell,
  type ComparedRow,
  type VersionRow,
} from './queries.ts'
import { thisWeek, type SentPoint } from './rules.ts'
import type {
  Forecast,
  ForecastComparison,
  ForecastComparisonFilter,
  ForecastFilter,
  ForecastPoint,
  ForecastVersionComparison,
} from './schema.ts'

export { publishForecast, receiveForecasts } from './publishing.ts'

/** The publications of the actor's partnerships, newest first. */
export const listForecasts = async (ctx: Context, filter: ForecastFilter = {}): Promise<Page<Forecast>> => {
  const { limit, cursor, ...wanted } = filter
  const size = pageSize(limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectForecasts(sql, { ...wanted, ...(cursor !== undefined && { before: cursor }), limit: size + 1 }),
  )
  return pageOf(rows, size)
}

/**
 * One publication, without its points.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getForecast = async (ctx: Context, id: string): Promise<Forecast> => {
  const [forecast] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectForecastsById(sql, [id]))
  if (!forecast) throw new DomainError('record/not-found', { kind: 'forecast', id })
  return forecast
}

/** The publications with these ids, in their order; undefined where there is none. One query. */
export const forecastsByIds = async (ctx: Context, ids: readonly string[]): Promise<(Forecast | undefined)[]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectForecastsById(sql, ids))
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.map(id => byId.get(id))
}

/** The points of a publication in their order; the cursor is the last position. None of one that is not the actor's to see. */
export const forecastPoints = async (
  ctx: Context,
  id: string,
  page: { limit?: number; cursor?: string } = {},
): Promise<Page<ForecastPoint>> => {
  const size = pageSize(page.limit)
  const after = page.cursor === undefined ? 0 : Number(page.cursor)
  if (!Number.isSafeInteger(after) || after < 0 || after > 2_147_483_647)
    throw new DomainError('request/invalid', { detail: 'The cursor is not one of this list.' })
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectPoints(sql, id, after, size + 1))
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size ? String(items.at(-1)?.position) : null }
}

/**
 * Both sides' latest numbers beside each other, item by location by bucket, from this week on unless told otherwise.
 * @throws DomainError record/not-found (partnership), request/invalid (cursor)
 */
export const compareForecasts = async (ctx: Context, filter: ForecastComparisonFilter): Promise<Page<ForecastComparison>> => {
  const { limit, cursor, purpose, type, from, ...wanted } = filter
  const partnership = await getPartnership(ctx, filter.partnershipId)
  const size = pageSize(limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectComparison(sql, {
      ...wanted,
      purpose: purpose ?? partnership.forecastPurpose,
      type: type ?? 'TOTAL',
      from: from ?? thisWeek(businessDate(ctx.now())),
      ...(cursor !== undefined && { after: readCursor(cursor) }),
      limit: size + 1,
    }),
  )
  return pageOfCells(rows, size, comparison)
}

/**
 * Two publications of the same partnership, cell by cell: what changed from one to the other.
 * @throws DomainError record/not-found, request/invalid (different partnerships, cursor)
 */
export const compareForecastVersions = async (
  ctx: Context,
  beforeId: string,
  afterId: string,
  page: { limit?: number; cursor?: string } = {},
): Promise<Page<ForecastVersionComparison>> => {
  const [before, after] = await forecastsByIds(ctx, [beforeId, afterId])
  if (!before || !after) throw new DomainError('record/not-found', { kind: 'forecast', id: before ? afterId : beforeId })
  if (before.partnershipId !== after.partnershipId)
    throw new DomainError('request/invalid', { detail: 'The two forecasts belong to different partnerships.' })
  const size = pageSize(page.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectVersionComparison(sql, beforeId, afterId, page.cursor === undefined ? undefined : readCursor(page.cursor), size + 1),
  )
  return pageOfCells(rows, size, versionComparison)
}

const comparison = ({ itemUnit, packQuantity, ...row }: ComparedRow): ForecastComparison => {
  const { buyer, seller } = row
  const item = itemUnit === null || packQuantity === null ? undefined : { unit: itemUnit, packQuantity }
  const factor = buyer && seller ? unitFactor(seller.unit, buyer.unit, item) : null
  if (!buyer || !seller || !factor) return { ...row, difference: null, percentDifference: null }
  const theirs = decimal(seller.quantity).times(factor)
  const gap = theirs.minus(decimal(buyer.quantity))
  return {
    ...row,
    difference: decimalText(gap),
    percentDifference: percentOf(gap, Decimal.max(decimal(buyer.quantity).abs(), theirs.abs())),
  }
}

const versionComparison = (row: VersionRow): ForecastVersionComparison => {
  if (row.before === null || row.after === null) return { ...row, difference: null, percentChange: null }
  const gap = decimal(row.after).minus(decimal(row.before))
  return { ...row, difference: decimalText(gap), percentChange: percentOf(gap, decimal(row.before).abs(), true) }
}

/** Of nothing there is no percentage. */
const percentOf = (gap: Decimal, whole: Decimal, signed = false): string | null =>
  whole.isZero() ? null : decimalText((signed ? gap : gap.abs()).times(100).dividedBy(whole).toDecimalPlaces(2))

const pageOfCells = <R extends Cell, T>(rows: readonly R[], size: number, make: (row: R) => T): Page<T> => {
  const shown = rows.slice(0, size)
  const last = shown.at(-1)
  return { items: shown.map(make), nextCursor: rows.length > size && last ? writeCursor(last) : null }
}

const writeCursor = ({ product, location, bucketStart, bucketEnd }: Cell): string =>
  Buffer.from(JSON.stringify([product, location, bucketStart, bucketEnd])).toString('base64url')

const readCursor = (cursor: string): Cell => {
  try {
    const [product, location, bucketStart, bucketEnd] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    if (
      [product, location].every(part => typeof part === 'string') &&
      [bucketStart, bucketEnd].every(day => typeof day === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(day))
    )
      return { product, location, bucketStart, bucketEnd } as Cell
  } catch {
    /* said below */
  }
  throw new DomainError('request/invalid', { detail: 'The cursor is not one of this list.' })
}

/**
 * The canonical document of a publication, as an 830 is written from it: as it was sent, with both sides' numbers of each
 * known item added, and with the two parties named when the publisher named none.
 * @throws DomainError record/not-found
 */
export const documentOf = async (ctx: Context, forecastId: string): Promise<ForecastDocument> => {
  const [heads, points] = await readAs(ctx.db, ctx.actor.organisationId, sql => [
    selectForecastDocument(sql, forecastId),
    selectDocumentPoints(sql, forecastId),
  ])
  const [head] = heads
  if (!head) throw new DomainError('record/not-found', { kind: 'forecast', id: forecastId })
  const { document, partnershipId } = head
  const items = await itemsOf(ctx, partnershipId, document)
  const parties = document.parties.length > 0 ? document.parties : await partiesOf(ctx, partnershipId)
  const series = document.series.map((sent, index): ForecastDocument['series'][number] => ({
    ...sent,
    unit: sent.unit || (items[index]?.unit ?? 'EA'),
    products: withNumbers(sent.products, items[index]),
    points: [],
  }))
  for (const { series: index, at, ...point } of points)
    series[index]?.points.push({ ...point, ...(at !== null && { at }) } satisfies SentPoint)
  return { ...document, parties, series }
}

type Numbers = { gtin: string; buyerItem: string | null; sellerItem: string | null; unit: string } | undefined

const itemsOf = (ctx: Context, partnershipId: string, document: ForecastDocument): Promise<Numbers[]> =>
  withOrganisation(ctx, tx => resolveItems(tx, partnershipId, document.series))

const withNumbers = (sent: readonly ProductId[], item: Numbers): ProductId[] => {
  if (!item) return [...sent]
  const known: ProductId[] = [
    { qualifier: 'UK', value: item.gtin },
    ...(item.buyerItem === null ? [] : [{ qualifier: 'IN', value: item.buyerItem }]),
    ...(item.sellerItem === null ? [] : [{ qualifier: 'VN', value: item.sellerItem }]),
  ]
  return [
    ...sent,
    ...known.filter(({ qualifier, value }) => !sent.some(each => each.qualifier === qualifier || each.value === value)),
  ].slice(0, 15)
}

const partiesOf = async (ctx: Context, partnershipId: string): Promise<Party[]> => {
  const partnership = await getPartnership(ctx, partnershipId)
  const party = async (role: string, id: string): Promise<Party> => {
    const { name, gln } = await getOrganisation(ctx, id)
    return { role, name, ...(gln !== null && { idQualifier: 'UL', id: gln }) }
  }
  return [await party('BY', partnership.buyerId), await party('SE', partnership.sellerId)]
}
