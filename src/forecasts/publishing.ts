import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { ForecastDocument, ProductId } from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import type { PartnershipItem } from '../items/schema.ts'
import { resolveItems } from '../items/service.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { Problem } from '../orders/rules.ts'
import { enteredBy, sourceOf, tradeOf, type Applied, type Received } from '../orders/work.ts'
import { channelOf, counterpartOf, getPartnership } from '../partners/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { businessDate } from '../shared/clock.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import {
  insertForecasts, insertPoints, lockVersions, selectForecastsById, selectLatestVersions, selectLocationCodes, selectSame, type NewForecast, type PointRow, type SeriesRow,
} from './queries.ts'
import {
  asSent, bucketsOf, digestOf, horizonOf, overlaps, takenPurposes, timingOf, type BucketProblem, type PlacedBucket,
} from './rules.ts'
import type { Forecast, ForecastCalendar, ForecastInput, ForecastPurpose, ForecastSource, ForecastType } from './schema.ts'

type Source = { readonly messageId: string; readonly ordinal: number }
/** One publication on its way in, from whichever channel. */
type Publication = {
  readonly partnership: Partnership
  readonly document: ForecastDocument
  readonly source: ForecastSource
  readonly purpose: ForecastPurpose
  readonly type: ForecastType
  readonly channel: DocumentChannel
  readonly from: Source | undefined
  /** Of an entry; what is received has the ends that it was sent with. */
  readonly calendar?: ForecastCalendar
  /** The publisher gave no number; it is made from the version. */
  readonly unnumbered?: boolean
}
/** A publication with its cells and buckets, and what is wrong with it. */
type Prepared = Publication & {
  readonly digest: Buffer
  readonly series: readonly SeriesRow[]
  /** Where each series is for; undefined for all locations, or for one that is not known. */
  readonly places: readonly (Place | undefined)[]
  readonly points: readonly PointRow[]
  readonly unknownItems: readonly number[]
  readonly unknownLocations: readonly number[]
  readonly faults: readonly BucketProblem[]
}

const pointsPerStatement = 20_000
const errorsReported = 1000

/**
 * Publishes a forecast of the actor's side: the next version of its source, purpose and type, all of it or nothing. The same
 * publication again (same number and content) is the version that is there.
 * @throws DomainError record/not-found (partnership), items/unknown-item, partners/unknown-location, forecasts/invalid-buckets
 *   (with `errors`: series, point, code and detail of the first 1,000, and `count` of all)
 */
export const publishForecast = async (ctx: Context, input: ForecastInput): Promise<Forecast> => {
  authorise(ctx.actor, 'forecasts.publish')
  return withOrganisation(ctx, async tx => {
    const partnership = await getPartnership({ ...ctx, db: tx }, input.partnershipId)
    const calendar = input.calendar ?? 'ISO_WEEK'
    const document = documentFrom(input, calendar, businessDate(ctx.now()))
    const publication: Publication = {
      partnership, document, calendar, source: sideOf(partnership, ctx.actor.organisationId), purpose: input.purpose ?? partnership.forecastPurpose,
      type: input.type ?? 'TOTAL', channel: enteredBy(ctx.actor), from: undefined, unnumbered: input.number === undefined,
    }
    const [prepared] = await prepare(tx, [publication])
    if (!prepared) throw new Error('a publication got lost')
    refuseFaults(prepared)
    const [applied] = await keep(ctx, tx, [prepared])
    const [forecast] = await selectForecastsById(tx.sql, [applied!.documentId!])
    if (!forecast) throw new Error(`forecast ${applied?.documentId} was written and is not there`)
    return forecast
  })
}

/**
 * Records 830s as they arrived, each as the next version of the sender's side. Items and locations that are not known are kept
 * as sent; those and odd buckets are in `problems`. The same publication again is a `duplicate`; cancellations and
 * cumulative quantities (BFR05 C), which cannot be compared with any forecast, are a `conflict` and change nothing.
 */
export const receiveForecasts = (ctx: Context, documents: readonly Received<ForecastDocument>[]): Promise<Applied[]> =>
  withOrganisation(ctx, async tx => {
    const refused = documents.map(received => refusal(received.document))
    const taken = documents.filter((_, i) => refused[i] === undefined)
    const applied = await keep(ctx, tx, await prepare(tx, taken.map((received): Publication => ({
      partnership: received.partnership, document: received.document, source: sideOf(received.partnership, ctx.actor.organisationId),
      purpose: received.partnership.forecastPurpose, type: 'TOTAL', channel: received.channel, from: received.source,
    }))))
    let next = 0
    return refused.map(refusedAs => refusedAs ?? applied[next++]!)
  })

const refusal = (document: ForecastDocument): Applied | undefined => {
  const conflict = (code: string, detail: string): Applied =>
    ({ outcome: 'conflict', documentKind: 'forecast', problems: [{ code, detail, ...(document.at !== undefined && { at: document.at }) }] })
  if (!takenPurposes.has(document.purpose))
    return conflict('forecasts/unknown-purpose', `The purpose ${document.purpose} (BFR01) is not one that a forecast is taken for: 00, 04, 05, 06 or 07.`)
  return document.quantityQualifier === 'C'
    ? conflict('forecasts/cumulative-quantities', 'The quantities are cumulative (BFR05 C); send those of each bucket (A).') : undefined
}

const sideOf = (partnership: Partnership, organisationId: string): ForecastSource => {
  counterpartOf(partnership, organisationId)
  return organisationId === partnership.buyerId ? 'BUYER' : 'SELLER'
}

const documentFrom = (input: ForecastInput, calendar: ForecastCalendar, today: string): ForecastDocument => {
  const starts = input.series.flatMap(series => series.points.map(point => point.start)).sort()
  return {
    number: input.number ?? '', purpose: '00', issuedOn: input.issuedOn ?? today, horizonStart: starts[0] ?? today,
    references: [], parties: [], dates: [],
    series: input.series.map(({ gtin, buyerItem, sellerItem, location, unit, points }) => ({
      products: [
        ...(gtin === undefined ? [] : [{ qualifier: 'UK', value: gtin.padStart(14, '0') }]),
        ...(buyerItem === undefined ? [] : [{ qualifier: 'IN', value: buyerItem }]),
        ...(sellerItem === undefined ? [] : [{ qualifier: 'VN', value: sellerItem }]),
      ],
      ...(location !== undefined && { location: { id: location } }),
      unit: unit ?? '',
      points: points.map(point => ({ ...point, timing: timingOf[calendar], qualifier: point.qualifier ?? 'D' })),
    })),
  }
}

/** Finds items and locations, one query each per partnership, and lays out the buckets. */
const prepare = async (tx: Tx, publications: readonly Publication[]): Promise<Prepared[]> => {
  const prepared = new Map<Publication, Prepared>()
  for (const partnership of new Set(publications.map(each => each.partnership))) {
    const its = publications.filter(each => each.partnership === partnership)
    const allSeries = its.flatMap(each => each.document.series)
    const items = await resolveItems(tx, partnership.id, allSeries)
    const locations = await findLocations(tx, partnership, allSeries.flatMap(series => series.location?.id ?? []))
    let first = 0
    for (const publication of its) {
      const { length } = publication.document.series
      prepared.set(publication, layOut(publication, items.slice(first, first + length), locations))
      first += length
    }
  }
  return publications.map(each => prepared.get(each)!)
}

const layOut = (publication: Publication, items: readonly (PartnershipItem | undefined)[], locations: LocationIndex): Prepared => {
  const series: SeriesRow[] = []
  const places: (Place | undefined)[] = []
  const points: PointRow[] = []
  const placed: PlacedBucket[] = []
  const faults: BucketProblem[] = []
  const unknownItems: number[] = []
  const unknownLocations: number[] = []
  publication.document.series.forEach((sent, index) => {
    const item = items[index]
    const place = sent.location && locations(sent.location)
    places.push(place)
    if (!item) unknownItems.push(index)
    if (sent.location && !place) unknownLocations.push(index)
    const row = { series: index, product: item?.gtin ?? asSent(sent.products), location: place?.id ?? sent.location?.id ?? '', unit: sent.unit || (item?.unit ?? 'EA') }
    series.push(row)
    const { buckets, problems } = bucketsOf(sent.points, index, publication.calendar)
    faults.push(...problems)
    const cell = `${row.product}\n${row.location}`
    buckets.forEach((bucket, point) => {
      placed.push({ cell, series: index, point, bucket })
      points.push({ ...bucket, position: points.length + 1, series: index, at: bucket.at })
    })
  })
  faults.push(...overlaps(placed))
  return { ...publication, digest: digestOf(publication.document), series, places, points, unknownItems, unknownLocations, faults }
}

/** A location as N103 and N104 name it: UL with a GLN, 92 with the buyer's code, 91 with the seller's. */
type Place = { readonly qualifier: string; readonly id: string }
type LocationIndex = (location: { qualifier?: string | undefined; id: string }) => Place | undefined

/** What N103/N104 or an entry names, by GLN where the location has one. */
const findLocations = async (tx: Tx, partnership: Partnership, ids: readonly string[]): Promise<LocationIndex> => {
  const wanted = [...new Set(ids)]
  const rows = wanted.length === 0 ? [] : await selectLocationCodes(tx.sql, [partnership.buyerId, partnership.sellerId], wanted)
  const known = new Map<string, Place>()
  for (const { organisationId, code, gln } of rows) {
    const place = gln === null ? { qualifier: organisationId === partnership.buyerId ? '92' : '91', id: code } : { qualifier: 'UL', id: gln }
    known.set(`${organisationId} ${code}`, place)
    if (gln !== null) known.set(`gln ${gln}`, place)
  }
  const buyers = (id: string) => known.get(`${partnership.buyerId} ${id}`)
  const sellers = (id: string) => known.get(`${partnership.sellerId} ${id}`)
  const gln = (id: string) => known.get(`gln ${id}`)
  return ({ qualifier, id }) => {
    switch (qualifier) {
      case 'UL': return gln(id)
      case '92': return buyers(id)
      case '91': return sellers(id)
      default: return gln(id) ?? buyers(id) ?? sellers(id)
    }
  }
}

const refuseFaults = ({ document, unknownItems, unknownLocations, faults, points }: Prepared): void => {
  const listed = (indexes: readonly number[]) => ({ count: indexes.length, series: indexes.slice(0, errorsReported) })
  const [item] = unknownItems
  if (item !== undefined) throw new DomainError('items/unknown-item', {
    detail: `Series ${item}: ${asSent(document.series[item]!.products)} is not an item of this partnership.`, ...listed(unknownItems),
  })
  const [location] = unknownLocations
  if (location !== undefined) throw new DomainError('partners/unknown-location', {
    detail: `Series ${location}: ${document.series[location]!.location?.id} is not a location of either partner.`, ...listed(unknownLocations),
  })
  const [fault] = faults
  if (fault) throw new DomainError('forecasts/invalid-buckets', {
    detail: `Series ${fault.series}, point ${fault.point}: ${fault.detail}`, count: faults.length, errors: faults.slice(0, errorsReported),
  })
  if (points.length === 0) throw new DomainError('forecasts/invalid-buckets', { detail: 'There is nothing in the forecast.', count: 0, errors: [] })
}

/** Writes what is new: headers in one statement, points in as many as they need, events and work in two. */
const keep = async (ctx: Context, tx: Tx, prepared: readonly Prepared[]): Promise<Applied[]> => {
  if (prepared.length === 0) return []
  const partnershipIds = [...new Set(prepared.map(each => each.partnership.id))].sort()
  for (const id of partnershipIds) await lockVersions(tx.sql, id)
  const keys = prepared.map(each => ({ partnershipId: each.partnership.id, number: each.document.number, source: each.source }))
  const same = new Map((await selectSame(tx.sql, keys)).map(row => [`${row.partnershipId} ${row.source} ${row.number} ${row.digest}`, row.id]))
  const versions = new Map((await selectLatestVersions(tx.sql, partnershipIds)).map(row => [versionKey(row.partnershipId, row), row.version]))
  const kept: { forecast: NewForecast; publication: Prepared }[] = []
  const applied = prepared.map((each): Applied => {
    const key = `${each.partnership.id} ${each.source} ${each.document.number} ${each.digest.toString('hex')}`
    const known = each.unnumbered ? undefined : same.get(key)
    if (known !== undefined) return { outcome: 'duplicate', documentKind: 'forecast', documentId: known, problems: [] }
    const version = (versions.get(versionKey(each.partnership.id, each)) ?? 0) + 1
    versions.set(versionKey(each.partnership.id, each), version)
    const forecast = forecastOf(each, version, ctx.actor.name)
    same.set(key, forecast.id)
    kept.push({ forecast, publication: each })
    return { outcome: 'applied', documentKind: 'forecast', documentId: forecast.id, problems: problemsOf(each) }
  })
  if (kept.length === 0) return applied
  await insertForecasts(tx.sql, kept.map(each => each.forecast), ctx.now())
  for (const { forecast, publication } of kept) {
    for (let from = 0; from < publication.points.length; from += pointsPerStatement)
      await insertPoints(tx.sql, forecast, publication.series, publication.points.slice(from, from + pointsPerStatement))
  }
  await emit(tx, kept.map(({ forecast, publication }) => published(forecast, publication.partnership, ctx.actor.organisationId)))
  return applied
}

const versionKey = (partnershipId: string, { source, purpose, type }: Pick<Publication, 'source' | 'purpose' | 'type'>): string =>
  `${partnershipId} ${source} ${purpose} ${type}`

const forecastOf = (publication: Prepared, version: number, actor: string): NewForecast => {
  const { partnership, document, source, purpose, type, channel, from, digest, places, points } = publication
  const horizon = horizonOf(points) ?? { start: document.horizonStart, end: document.horizonEnd ?? document.horizonStart }
  const number = publication.unnumbered ? `${purpose === 'SALES_FORECAST' ? 'SF' : 'OF'}-${source}-${type}-${version}` : document.number
  return {
    id: newId('fct'), partnershipId: partnership.id, buyerId: partnership.buyerId, sellerId: partnership.sellerId,
    source, purpose, type, version, number, issuedOn: document.issuedOn || horizon.start, horizonStart: horizon.start, horizonEnd: horizon.end,
    pointCount: points.length, channel, actor, digest,
    ...sourceOf(from ? { source: from } : {}),
    document: { ...document, number, horizonEnd: document.horizonEnd ?? horizon.end, series: document.series.map((series, i) => keptSeries(series, places[i])) },
  }
}

/** A series without its points. An entry names a place by its id alone; an 830 made of it must say whose id that is. */
const keptSeries = (series: ForecastDocument['series'][number], place: Place | undefined): ForecastDocument['series'][number] => ({
  ...series, ...(series.location && series.location.qualifier === undefined && place && { location: { ...place } }), points: [],
})

/** What is odd about a forecast that was recorded all the same. */
const problemsOf = ({ document, unknownItems, unknownLocations, faults }: Prepared): Problem[] => {
  const about = (index: number) => document.series[index]!
  const once = <T>(indexes: readonly number[], of: (index: number) => string, make: (index: number) => T): T[] =>
    indexes.filter((index, i) => indexes.findIndex(other => of(other) === of(index)) === i).map(make)
  const at = (index: number) => { const position = about(index).at; return position === undefined ? {} : { at: position } }
  const product = (index: number) => nameOf(about(index).products)
  return [
    ...once(unknownItems, product, index => ({ code: 'items/unknown-item', detail: `${product(index)} is not an item of this partnership; its numbers are kept as sent.`, ...at(index) })),
    ...once(unknownLocations, index => about(index).location?.id ?? '', index => ({
      code: 'partners/unknown-location', detail: `${about(index).location?.id} is not a location of either partner; it is kept as sent.`, ...at(index),
    })),
    ...faults.map(({ code, detail, at: position }) => ({ code, detail, ...(position !== undefined && { at: position }) })),
  ]
}
const nameOf = (products: readonly ProductId[]): string => products.map(({ qualifier, value }) => `${qualifier} ${value}`).join(', ') || 'An item without numbers'

/** Forecasts of a partnership are told and compared one after the other. */
const forecastKey = (partnershipId: string): string => `${partnershipId} forecast`

const published = (forecast: NewForecast, partnership: Partnership, from: string): DomainEvent => {
  const recipientId = counterpartOf(partnership, from)
  const key = forecastKey(partnership.id)
  return {
    type: 'forecast.published', ...tradeOf(partnership), subjectId: forecast.id,
    data: { source: forecast.source, purpose: forecast.purpose, type: forecast.type, version: forecast.version, number: forecast.number, points: forecast.pointCount },
    work: [
      { queue: 'documents', kind: 'reconcile-forecast', key, payload: { partnershipId: partnership.id, forecastId: forecast.id } },
      ...(channelOf(partnership, recipientId, '830').channel === 'x12'
        ? [{ queue: 'documents', kind: 'deliver', key, payload: { document: '830', documentId: forecast.id, recipientId } } as const] : []),
    ],
  }
}
