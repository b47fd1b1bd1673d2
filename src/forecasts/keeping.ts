import type { Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import type { ForecastDocument, ProductId } from '../documents/canonical.ts'
import type { Problem } from '../orders/rules.ts'
import { sourceOf, tradeOf, type Applied } from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { channelOf, counterpartOf } from '../partners/service.ts'
import { newId } from '../shared/ids.ts'
import type { Place, Prepared, Publication } from './preparing.ts'
import { insertForecasts, insertPoints, lockVersions, selectLatestVersions, selectSame, type NewForecast } from './queries.ts'
import { horizonOf } from './rules.ts'

const pointsPerStatement = 20_000

/** Writes what is new: headers in one statement, points in as many as they need, events and work in two. */
export const keep = async (ctx: Context, tx: Tx, prepared: readonly Prepared[]): Promise<Applied[]> => {
  if (prepared.length === 0) return []
  const partnershipIds = [...new Set(prepared.map(each => each.partnership.id))].sort()
  for (const id of partnershipIds) await lockVersions(tx.sql, id)
  const keys = prepared.map(each => ({ partnershipId: each.partnership.id, number: each.document.number, source: each.source }))
  const same = new Map(
    (await selectSame(tx.sql, keys)).map(row => [`${row.partnershipId} ${row.source} ${row.number} ${row.digest}`, row.id]),
  )
  const versions = new Map(
    (await selectLatestVersions(tx.sql, partnershipIds)).map(row => [versionKey(row.partnershipId, row), row.version]),
  )
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
  await insertForecasts(
    tx.sql,
    kept.map(each => each.forecast),
    ctx.now(),
  )
  for (const { forecast, publication } of kept) {
    for (let from = 0; from < publication.points.length; from += pointsPerStatement)
      await insertPoints(tx.sql, forecast, publication.series, publication.points.slice(from, from + pointsPerStatement))
  }
  await emit(
    tx,
    kept.map(({ forecast, publication }) => published(forecast, publication.partnership, ctx.actor.organisationId)),
  )
  return applied
}

const versionKey = (partnershipId: string, { source, purpose, type }: Pick<Publication, 'source' | 'purpose' | 'type'>): string =>
  `${partnershipId} ${source} ${purpose} ${type}`

const forecastOf = (publication: Prepared, version: number, actor: string): NewForecast => {
  const { partnership, document, source, purpose, type, channel, from, digest, places, points } = publication
  const horizon = horizonOf(points) ?? { start: document.horizonStart, end: document.horizonEnd ?? document.horizonStart }
  const number = publication.unnumbered
    ? `${purpose === 'SALES_FORECAST' ? 'SF' : 'OF'}-${source}-${type}-${version}`
    : document.number
  return {
    id: newId('fct'),
    partnershipId: partnership.id,
    buyerId: partnership.buyerId,
    sellerId: partnership.sellerId,
    source,
    purpose,
    type,
    version,
    number,
    issuedOn: document.issuedOn || horizon.start,
    horizonStart: horizon.start,
    horizonEnd: horizon.end,
    pointCount: points.length,
    channel,
    actor,
    digest,
    ...sourceOf(from ? { source: from } : {}),
    document: {
      ...document,
      number,
      horizonEnd: document.horizonEnd ?? horizon.end,
      series: document.series.map((series, i) => keptSeries(series, places[i])),
    },
  }
}

/** A series without its points. An entry names a place by its id alone; an 830 made of it must say whose id that is. */
const keptSeries = (
  series: ForecastDocument['series'][number],
  place: Place | undefined,
): ForecastDocument['series'][number] => ({
  ...series,
  ...(series.location && series.location.qualifier === undefined && place && { location: { ...place } }),
  points: [],
})

/** What is odd about a forecast that was recorded all the same. */
const problemsOf = ({ document, unknownItems, unknownLocations, faults }: Prepared): Problem[] => {
  const about = (index: number) => document.series[index]!
  const once = <T>(indexes: readonly number[], of: (index: number) => string, make: (index: number) => T): T[] =>
    indexes.filter((index, i) => indexes.findIndex(other => of(other) === of(index)) === i).map(make)
  const at = (index: number) => {
    const position = about(index).at
    return position === undefined ? {} : { at: position }
  }
  const product = (index: number) => nameOf(about(index).products)
  return [
    ...once(unknownItems, product, index => ({
      code: 'items/unknown-item',
      detail: `${product(index)} is not an item of this partnership; its numbers are kept as sent.`,
      ...at(index),
    })),
    ...once(
      unknownLocations,
      index => about(index).location?.id ?? '',
      index => ({
        code: 'partners/unknown-location',
        detail: `${about(index).location?.id} is not a location of either partner; it is kept as sent.`,
        ...at(index),
      }),
    ),
    ...faults.map(({ code, detail, at: position }) => ({ code, detail, ...(position !== undefined && { at: position }) })),
  ]
}
const nameOf = (products: readonly ProductId[]): string =>
  products.map(({ qualifier, value }) => `${qualifier} ${value}`).join(', ') || 'An item without numbers'

/** Forecasts of a partnership are told and compared one after the other. */
const forecastKey = (partnershipId: string): string => `${partnershipId} forecast`

const published = (forecast: NewForecast, partnership: Partnership, from: string): DomainEvent => {
  const recipientId = counterpartOf(partnership, from)
  const key = forecastKey(partnership.id)
  return {
    type: 'forecast.published',
    ...tradeOf(partnership),
    subjectId: forecast.id,
    data: {
      source: forecast.source,
      purpose: forecast.purpose,
      type: forecast.type,
      version: forecast.version,
      number: forecast.number,
      points: forecast.pointCount,
    },
    work: [
      {
        queue: 'documents',
        kind: 'reconcile-forecast',
        key,
        payload: { partnershipId: partnership.id, forecastId: forecast.id },
      },
      ...(channelOf(partnership, recipientId, '830').channel === 'x12'
        ? [
            {
              queue: 'documents',
              kind: 'deliver',
              key,
              payload: { document: '830', documentId: forecast.id, recipientId },
            } as const,
          ]
        : []),
    ],
  }
}
