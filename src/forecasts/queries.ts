import type { Sql } from '../db/client.ts'
import type { ForecastDocument } from '../documents/canonical.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { Forecast, ForecastPoint, ForecastPurpose, ForecastSource, ForecastType } from './schema.ts'

/** Versions of one source, purpose and type are made one after the other; held until the transaction ends. */
export const lockVersions = (sql: Sql, partnershipId: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`forecast ${partnershipId}`}, 0))`

export const selectLatestVersions = (sql: Sql, partnershipIds: readonly string[]) =>
  sql<{ partnershipId: string; source: ForecastSource; purpose: ForecastPurpose; type: ForecastType; version: number }[]>`
    select partnership_id as "partnershipId", source, purpose, type, max(version) as version from forecast
    where partnership_id = any(${partnershipIds as string[]}::text[]) group by 1, 2, 3, 4`

/** Publications with the same number and content, by the digest. */
export const selectSame = (sql: Sql, keys: readonly { partnershipId: string; number: string; source: ForecastSource }[]) =>
  sql<{ id: string; partnershipId: string; number: string; source: ForecastSource; digest: string }[]>`
    select f.id, f.partnership_id as "partnershipId", f.number, f.source, encode(f.digest, 'hex') as digest
    from unnest(${keys.map(k => k.partnershipId)}::text[], ${keys.map(k => k.number)}::text[], ${keys.map(k => k.source)}::text[])
      as k(partnership_id, number, source)
    join forecast f on f.partnership_id = k.partnership_id and f.number = k.number and f.source = k.source`

export type NewForecast = Omit<Forecast, 'publishedAt' | 'channel'> & {
  channel: DocumentChannel
  document: ForecastDocument
  digest: Buffer
  sourceMessageId: string | undefined
  sourceOrdinal: number | undefined
}

export const insertForecasts = (sql: Sql, forecasts: readonly NewForecast[], now: Date) => sql`
  insert into forecast (id, partnership_id, buyer_id, seller_id, source, purpose, type, version, number, issued_on, horizon_start,
    horizon_end, point_count, channel, source_message_id, source_ordinal, actor, document, digest, published_at)
  select t.*, ${now}::timestamptz from unnest(
    ${forecasts.map(f => f.id)}::text[], ${forecasts.map(f => f.partnershipId)}::text[], ${forecasts.map(f => f.buyerId)}::text[],
    ${forecasts.map(f => f.sellerId)}::text[], ${forecasts.map(f => f.source)}::text[], ${forecasts.map(f => f.purpose)}::text[],
    ${forecasts.map(f => f.type)}::text[], ${forecasts.map(f => f.version)}::int[], ${forecasts.map(f => f.number)}::text[],
    ${forecasts.map(f => f.issuedOn)}::text[]::date[], ${forecasts.map(f => f.horizonStart)}::text[]::date[],
    ${forecasts.map(f => f.horizonEnd)}::text[]::date[], ${forecasts.map(f => f.pointCount)}::int[],
    ${forecasts.map(f => f.channel)}::text[],
    ${forecasts.map(f => f.sourceMessageId ?? null)}::text[], ${forecasts.map(f => f.sourceOrdinal ?? null)}::int[],
    ${forecasts.map(f => f.actor)}::text[], ${forecasts.map(f => JSON.stringify(f.document))}::text[]::jsonb[],
    ${forecasts.map(f => `\\x${f.digest.toString('hex')}`)}::text[]::bytea[]) as t`

/** The cell that a series is kept under. */
export type SeriesRow = { readonly series: number; readonly product: string; readonly location: string; readonly unit: string }
export type PointRow = {
  readonly position: number
  readonly series: number
  readonly start: string
  readonly end: string
  readonly timing: string
  readonly qualifier: string
  readonly quantity: string
  readonly at: number | undefined
}

/** The cells are sent once per series and joined there, since a point is a third of the bytes without them. */
export const insertPoints = (
  sql: Sql,
  forecast: Pick<Forecast, 'id' | 'partnershipId' | 'buyerId' | 'sellerId'>,
  series: readonly SeriesRow[],
  points: readonly PointRow[],
) => sql`
  insert into forecast_point (forecast_id, position, series, partnership_id, buyer_id, seller_id, product, location, bucket_start,
    bucket_end, timing, qualifier, quantity, unit, source_position)
  select ${forecast.id}, p.position, p.series, ${forecast.partnershipId}, ${forecast.buyerId}, ${forecast.sellerId}, s.product,
    s.location, p.bucket_start, p.bucket_end, p.timing, p.qualifier, p.quantity, s.unit, p.source_position
  from unnest(
    ${points.map(p => p.position)}::int[], ${points.map(p => p.series)}::int[], ${points.map(p => p.start)}::text[]::date[],
    ${points.map(p => p.end)}::text[]::date[], ${points.map(p => p.timing)}::text[], ${points.map(p => p.qualifier)}::text[],
    ${points.map(p => p.quantity)}::text[]::numeric[], ${points.map(p => p.at ?? null)}::int[]
  ) as p(position, series, bucket_start, bucket_end, timing, qualifier, quantity, source_position)
  join unnest(${series.map(s => s.series)}::int[], ${series.map(s => s.product)}::text[], ${series.map(s => s.location)}::text[],
    ${series.map(s => s.unit)}::text[]) as s(series, product, location, unit) on s.series = p.series`

const columns = (sql: Sql) => sql`
  id, partnership_id as "partnershipId", buyer_id as "buyerId", seller_id as "sellerId", source, purpose, type, version, number,
  issued_on as "issuedOn", horizon_start as "horizonStart", horizon_end as "horizonEnd", point_count as "pointCount", channel,
  actor,
  to_char(published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "publishedAt"`

export const selectForecasts = (
  sql: Sql,
  filter: {
    partnershipId?: string
    source?: ForecastSource
    purpose?: ForecastPurpose
    type?: ForecastType
    before?: string
    limit: number
  },
) => sql<Forecast[]>`
  select ${columns(sql)} from forecast
  where true
    ${filter.partnershipId === undefined ? sql`` : sql`and partnership_id = ${filter.partnershipId}`}
    ${filter.source === undefined ? sql`` : sql`and source = ${filter.source}`}
    ${filter.purpose === undefined ? sql`` : sql`and purpose = ${filter.purpose}`}
    ${filter.type === undefined ? sql`` : sql`and type = ${filter.type}`}
    ${filter.before === undefined ? sql`` : sql`and id < ${filter.before}`}
  order by id desc limit ${filter.limit}`

export const selectForecastsById = (sql: Sql, ids: readonly string[]) =>
  sql<Forecast[]>`select ${columns(sql)} from forecast where id = any(${ids as string[]}::text[])`

export const selectForecastDocument = (sql: Sql, id: string) =>
  sql<
    { partnershipId: string; document: ForecastDocument }[]
  >`select partnership_id as "partnershipId", document from forecast where id = ${id}`

export const selectPoints = (sql: Sql, forecastId: string, after: number, limit: number) => sql<ForecastPoint[]>`
  select position, product, location, bucket_start as "bucketStart", bucket_end as "bucketEnd", qualifier,
    trim_scale(quantity)::text as quantity, unit
  from forecast_point where forecast_id = ${forecastId} and position > ${after} order by position limit ${limit}`

/** Points as a document has them, for writing an 830. */
export const selectDocumentPoints = (sql: Sql, forecastId: string) =>
  sql<{ series: number; start: string; end: string; timing: string; qualifier: string; quantity: string; at: number | null }[]>`
    select series, bucket_start as start, bucket_end as end, timing, qualifier, trim_scale(quantity)::text as quantity,
      source_position as at
    from forecast_point where forecast_id = ${forecastId} order by position`

/** What identifies the locations of both sides. */
export const selectLocationCodes = (sql: Sql, organisationIds: readonly string[], ids: readonly string[]) =>
  sql<{ organisationId: string; code: string; gln: string | null }[]>`
    select organisation_id as "organisationId", code, gln from location
    where organisation_id = any(${organisationIds as string[]}::text[])
      and (code = any(${ids as string[]}::text[]) or gln = any(${ids as string[]}::text[]))
    order by id`

export type Cell = { product: string; location: string; bucketStart: string; bucketEnd: string }
export type CellSide = { forecastId: string; version: number; quantity: string; unit: string; qualifier: string }
export type CellFilter = {
  partnershipId: string
  purpose?: ForecastPurpose
  type?: ForecastType
  from: string
  to?: string
  product?: string
  location?: string
  after?: Cell
}

/**
 * The latest number of each source for each cell: that of the highest version that has it, and within one version the firmest
 * (FST02: C firm, then A immediate, D planning, B pilot), since numbers of different firmness are never added up.
 */
export const latestCells = (sql: Sql, filter: CellFilter) => sql`
  select distinct on (f.purpose, f.type, p.product, p.location, p.bucket_start, p.bucket_end, f.source)
    f.purpose, f.type, p.product, p.location, p.bucket_start, p.bucket_end, f.source, f.id as forecast_id, f.version,
    f.source_message_id, f.source_ordinal, p.quantity, p.unit, p.qualifier, p.source_position
  from forecast f join forecast_point p on p.forecast_id = f.id
  where f.partnership_id = ${filter.partnershipId} and p.partnership_id = ${filter.partnershipId}
    and f.horizon_end >= ${filter.from} and p.bucket_end >= ${filter.from}
    ${filter.to === undefined ? sql`` : sql`and f.horizon_start <= ${filter.to} and p.bucket_start <= ${filter.to}`}
    ${filter.purpose === undefined ? sql`` : sql`and f.purpose = ${filter.purpose}`}
    ${filter.type === undefined ? sql`` : sql`and f.type = ${filter.type}`}
    ${filter.product === undefined ? sql`` : sql`and p.product = ${filter.product}`}
    ${filter.location === undefined ? sql`` : sql`and p.location = ${filter.location}`}
    ${
      filter.after === undefined
        ? sql``
        : sql`and (p.product, p.location, p.bucket_start, p.bucket_end)
      > (${filter.after.product}, ${filter.after.location}, ${filter.after.bucketStart}::date, ${filter.after.bucketEnd}::date)`
    }
  order by f.purpose, f.type, p.product, p.location, p.bucket_start, p.bucket_end, f.source, f.version desc,
    array_position('{C,A,D,B}'::text[], p.qualifier), p.position`

export type ComparedRow = Cell & {
  name: string | null
  itemUnit: string | null
  packQuantity: string | null
  buyer: CellSide | null
  seller: CellSide | null
}

/** Both sides beside each other; the filter names one purpose and type. */
export const selectComparison = (sql: Sql, filter: CellFilter & { limit: number }) => sql<ComparedRow[]>`
  with cell as (${latestCells(sql, filter)}),
  pair as (
    select product, location, bucket_start, bucket_end,
      (jsonb_agg(${side(sql)}) filter (where source = 'BUYER'))->0 as buyer,
      (jsonb_agg(${side(sql)}) filter (where source = 'SELLER'))->0 as seller
    from cell group by product, location, bucket_start, bucket_end
    order by product, location, bucket_start, bucket_end limit ${filter.limit}
  )
  select p.product, p.location, p.bucket_start as "bucketStart", p.bucket_end as "bucketEnd", p.buyer, p.seller, i.name,
    i.unit as "itemUnit",
    trim_scale(i.pack_quantity)::text as "packQuantity"
  from pair p left join partnership_item i on i.partnership_id = ${filter.partnershipId} and i.gtin = p.product
  order by p.product, p.location, p.bucket_start, p.bucket_end`

const side = (sql: Sql) =>
  sql`jsonb_build_object('forecastId', forecast_id, 'version', version, 'quantity', trim_scale(quantity)::text, 'unit', unit,
    'qualifier', qualifier)`

export type VersionRow = Cell & { unit: string; before: string | null; after: string | null }

/** Two publications, cell by cell, each with its firmest number. */
export const selectVersionComparison = (
  sql: Sql,
  beforeId: string,
  afterId: string,
  after: Cell | undefined,
  limit: number,
) => sql<VersionRow[]>`
  with point as (
    select distinct on (product, location, bucket_start, bucket_end, forecast_id)
      product, location, bucket_start, bucket_end, forecast_id, quantity, unit
    from forecast_point where forecast_id in (${beforeId}, ${afterId})
      ${
        after === undefined
          ? sql``
          : sql`and (product, location, bucket_start, bucket_end)
        > (${after.product}, ${after.location}, ${after.bucketStart}::date, ${after.bucketEnd}::date)`
      }
    order by product, location, bucket_start, bucket_end, forecast_id, array_position('{C,A,D,B}'::text[], qualifier), position)
  select product, location, bucket_start as "bucketStart", bucket_end as "bucketEnd", min(unit) as unit,
    trim_scale(max(quantity) filter (where forecast_id = ${beforeId}))::text as before,
    trim_scale(max(quantity) filter (where forecast_id = ${afterId}))::text as after
  from point group by product, location, bucket_start, bucket_end
  order by product, location, bucket_start, bucket_end limit ${limit}`
