import { withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { ForecastDocument } from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import { enteredBy, type Applied, type Received } from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { counterpartOf, getPartnership } from '../partners/service.ts'
import { businessDate } from '../shared/clock.ts'
import { DomainError } from '../shared/errors.ts'
import { keep } from './keeping.ts'
import { prepare, type Prepared, type Publication } from './preparing.ts'
import { selectForecastsById } from './queries.ts'
import { asSent, takenPurposes, timingOf } from './rules.ts'
import type { Forecast, ForecastCalendar, ForecastInput, ForecastSource } from './schema.ts'

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
      partnership,
      document,
      calendar,
      source: sideOf(partnership, ctx.actor.organisationId),
      purpose: input.purpose ?? partnership.forecastPurpose,
      type: input.type ?? 'TOTAL',
      channel: enteredBy(ctx.actor),
      from: undefined,
      unnumbered: input.number === undefined,
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
    const applied = await keep(
      ctx,
      tx,
      await prepare(
        tx,
        taken.map((received): Publication => ({
          partnership: received.partnership,
          document: received.document,
          source: sideOf(received.partnership, ctx.actor.organisationId),
          purpose: received.partnership.forecastPurpose,
          type: 'TOTAL',
          channel: received.channel,
          from: received.source,
        })),
      ),
    )
    let next = 0
    return refused.map(refusedAs => refusedAs ?? applied[next++]!)
  })

const refusal = (document: ForecastDocument): Applied | undefined => {
  const conflict = (code: string, detail: string): Applied => ({
    outcome: 'conflict',
    documentKind: 'forecast',
    problems: [{ code, detail, ...(document.at !== undefined && { at: document.at }) }],
  })
  if (!takenPurposes.has(document.purpose))
    return conflict(
      'forecasts/unknown-purpose',
      `The purpose ${document.purpose} (BFR01) is not one that a forecast is taken for: 00, 04, 05, 06 or 07.`,
    )
  return document.quantityQualifier === 'C'
    ? conflict('forecasts/cumulative-quantities', 'The quantities are cumulative (BFR05 C); send those of each bucket (A).')
    : undefined
}

const sideOf = (partnership: Partnership, organisationId: string): ForecastSource => {
  counterpartOf(partnership, organisationId)
  return organisationId === partnership.buyerId ? 'BUYER' : 'SELLER'
}

const documentFrom = (input: ForecastInput, calendar: ForecastCalendar, today: string): ForecastDocument => {
  const starts = input.series.flatMap(series => series.points.map(point => point.start)).sort()
  return {
    number: input.number ?? '',
    purpose: '00',
    issuedOn: input.issuedOn ?? today,
    horizonStart: starts[0] ?? today,
    references: [],
    parties: [],
    dates: [],
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

const refuseFaults = ({ document, unknownItems, unknownLocations, faults, points }: Prepared): void => {
  const listed = (indexes: readonly number[]) => ({ count: indexes.length, series: indexes.slice(0, errorsReported) })
  const [item] = unknownItems
  if (item !== undefined)
    throw new DomainError('items/unknown-item', {
      detail: `Series ${item}: ${asSent(document.series[item]!.products)} is not an item of this partnership.`,
      ...listed(unknownItems),
    })
  const [location] = unknownLocations
  if (location !== undefined)
    throw new DomainError('partners/unknown-location', {
      detail: `Series ${location}: ${document.series[location]!.location?.id} is not a location of either partner.`,
      ...listed(unknownLocations),
    })
  const [fault] = faults
  if (fault)
    throw new DomainError('forecasts/invalid-buckets', {
      detail: `Series ${fault.series}, point ${fault.point}: ${fault.detail}`,
      count: faults.length,
      errors: faults.slice(0, errorsReported),
    })
  if (points.length === 0)
    throw new DomainError('forecasts/invalid-buckets', { detail: 'There is nothing in the forecast.', count: 0, errors: [] })
}
