import type { Tx } from '../db/client.ts'
import type { ForecastDocument } from '../documents/canonical.ts'
import type { PartnershipItem } from '../items/schema.ts'
import { resolveItems } from '../items/service.ts'
import type { DocumentChannel } from '../orders/schema.ts'
import type { Partnership } from '../partners/schema.ts'
import { selectLocationCodes, type PointRow, type SeriesRow } from './queries.ts'
import { asSent, bucketMaker, digestOf, overlaps, type BucketProblem, type PlacedBucket } from './rules.ts'
import type { ForecastCalendar, ForecastPurpose, ForecastSource, ForecastType } from './schema.ts'

type Source = { readonly messageId: string; readonly ordinal: number }
/** One publication on its way in, from whichever channel. */
export type Publication = {
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
export type Prepared = Publication & {
  readonly digest: Buffer
  readonly series: readonly SeriesRow[]
  /** Where each series is for; undefined for all locations, or for one that is not known. */
  readonly places: readonly (Place | undefined)[]
  readonly points: readonly PointRow[]
  readonly unknownItems: readonly number[]
  readonly unknownLocations: readonly number[]
  readonly faults: readonly BucketProblem[]
}

/** Finds items and locations, one query each per partnership, and lays out the buckets. */
export const prepare = async (tx: Tx, publications: readonly Publication[]): Promise<Prepared[]> => {
  const prepared = new Map<Publication, Prepared>()
  for (const partnership of new Set(publications.map(each => each.partnership))) {
    const its = publications.filter(each => each.partnership === partnership)
    const allSeries = its.flatMap(each => each.document.series)
    const items = await resolveItems(tx, partnership.id, allSeries)
    const locations = await findLocations(
      tx,
      partnership,
      allSeries.flatMap(series => series.location?.id ?? []),
    )
    let first = 0
    for (const publication of its) {
      const { length } = publication.document.series
      prepared.set(publication, layOut(publication, items.slice(first, first + length), locations))
      first += length
    }
  }
  return publications.map(each => prepared.get(each)!)
}

const layOut = (
  publication: Publication,
  items: readonly (PartnershipItem | undefined)[],
  locations: LocationIndex,
): Prepared => {
  const bucketsOf = bucketMaker(publication.calendar)
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
    const row = {
      series: index,
      product: item?.gtin ?? asSent(sent.products),
      location: place?.id ?? sent.location?.id ?? '',
      unit: sent.unit || (item?.unit ?? 'EA'),
    }
    series.push(row)
    const { buckets, problems } = bucketsOf(sent.points, index)
    faults.push(...problems)
    const cell = `${row.product}\n${row.location}`
    buckets.forEach((bucket, point) => {
      placed.push({ cell, series: index, point, bucket })
      points.push({ ...bucket, position: points.length + 1, series: index, at: bucket.at })
    })
  })
  faults.push(...overlaps(placed))
  return {
    ...publication,
    digest: digestOf(publication.document),
    series,
    places,
    points,
    unknownItems,
    unknownLocations,
    faults,
  }
}

/** A location as N103 and N104 name it: UL with a GLN, 92 with the buyer's code, 91 with the seller's. */
export type Place = { readonly qualifier: string; readonly id: string }
type LocationIndex = (location: { qualifier?: string | undefined; id: string }) => Place | undefined

/** What N103/N104 or an entry names, by GLN where the location has one. */
const findLocations = async (tx: Tx, partnership: Partnership, ids: readonly string[]): Promise<LocationIndex> => {
  const wanted = [...new Set(ids)]
  const rows = wanted.length === 0 ? [] : await selectLocationCodes(tx.sql, [partnership.buyerId, partnership.sellerId], wanted)
  const known = new Map<string, Place>()
  for (const { organisationId, code, gln } of rows) {
    const place =
      gln === null ? { qualifier: organisationId === partnership.buyerId ? '92' : '91', id: code } : { qualifier: 'UL', id: gln }
    known.set(`${organisationId} ${code}`, place)
    if (gln !== null) known.set(`gln ${gln}`, place)
  }
  const buyers = (id: string) => known.get(`${partnership.buyerId} ${id}`)
  const sellers = (id: string) => known.get(`${partnership.sellerId} ${id}`)
  const gln = (id: string) => known.get(`gln ${id}`)
  return ({ qualifier, id }) => {
    switch (qualifier) {
      case 'UL':
        return gln(id)
      case '92':
        return buyers(id)
      case '91':
        return sellers(id)
      default:
        return gln(id) ?? buyers(id) ?? sellers(id)
    }
  }
}
