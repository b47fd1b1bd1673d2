import { createHash } from 'node:crypto'
import { bucketEnd, weekday } from '../documents/buckets.ts'
import type { ForecastDocument, ProductId } from '../documents/canonical.ts'
import { addDays, isBusinessDate } from '../shared/clock.ts'
import { decimal, decimalText } from '../shared/decimal.ts'
import type { ForecastCalendar } from './schema.ts'

export type ForecastSeries = ForecastDocument['series'][number]
export type SentPoint = ForecastSeries['points'][number]

/** A point with both ends of its bucket, ready to be kept. */
export type Bucket = {
  readonly start: string
  readonly end: string
  readonly timing: string
  readonly qualifier: string
  readonly quantity: string
  readonly at?: number
}

/** What is wrong with a point, by its place in the publication. */
export type BucketProblem = {
  readonly series: number
  readonly point: number
  readonly code: BucketFault
  readonly detail: string
  readonly at?: number
}
export type BucketFault =
  | 'forecasts/date-unreadable'
  | 'forecasts/bucket-end-missing'
  | 'forecasts/bucket-reversed'
  | 'forecasts/off-calendar'
  | 'forecasts/negative-quantity'
  | 'forecasts/buckets-overlap'

/** FST03 of a bucket in each calendar; days are C (daily), free ones F (flexible). */
export const timingOf: Readonly<Record<ForecastCalendar, string>> = {
  ISO_WEEK: 'W',
  SUNDAY_WEEK: 'W',
  MONTH: 'M',
  DAY: 'C',
  FREE: 'F',
}

/** The last day of a bucket that begins on `start`; undefined when the calendar does not say (FREE). */
export const calendarEnd = (calendar: ForecastCalendar, start: string): string | undefined => bucketEnd(timingOf[calendar], start)

/** Whether a bucket may begin on this day. */
const begins: Readonly<Record<ForecastCalendar, (start: string) => boolean>> = {
  ISO_WEEK: start => weekday(start) === 1,
  SUNDAY_WEEK: start => weekday(start) === 7,
  MONTH: start => start.endsWith('-01'),
  DAY: () => true,
  FREE: () => true,
}
const wanted: Readonly<Record<ForecastCalendar, string>> = {
  ISO_WEEK: 'a Monday',
  SUNDAY_WEEK: 'a Sunday',
  MONTH: 'the first of a month',
  DAY: 'any day',
  FREE: 'any day',
}

/**
 * Makes buckets of the points of one series and says what is wrong with them. With a calendar (an entry) each must fit it;
 * without (an 830) each has the end that it was sent with or that its timing implies. A bucket whose days cannot be told is
 * left out, every other one is kept.
 */
export const bucketsOf = (
  points: readonly SentPoint[],
  series: number,
  calendar?: ForecastCalendar,
): { buckets: Bucket[]; problems: BucketProblem[] } => {
  const buckets: Bucket[] = []
  const problems: BucketProblem[] = []
  points.forEach((point, index) => {
    const fault = (code: BucketFault, detail: string): void => {
      problems.push({ series, point: index, code, detail, ...(point.at !== undefined && { at: point.at }) })
    }
    if (!isBusinessDate(point.start)) return fault('forecasts/date-unreadable', `"${point.start}" is not a day of the calendar.`)
    const implied = calendar ? calendarEnd(calendar, point.start) : bucketEnd(point.timing, point.start)
    const end = point.end ?? implied
    if (end === undefined) return fault('forecasts/bucket-end-missing', `The bucket from ${point.start} has no last day.`)
    if (!isBusinessDate(end)) return fault('forecasts/date-unreadable', `"${end}" is not a day of the calendar.`)
    if (end < point.start)
      return fault('forecasts/bucket-reversed', `The bucket from ${point.start} ends before it begins, on ${end}.`)
    if (calendar && !begins[calendar](point.start)) fault('forecasts/off-calendar', `${point.start} is not ${wanted[calendar]}.`)
    else if (calendar && implied !== undefined && end !== implied)
      fault('forecasts/off-calendar', `The bucket from ${point.start} ends on ${implied} in this calendar, not on ${end}.`)
    if (decimal(point.quantity).isNegative())
      fault(
        'forecasts/negative-quantity',
        `The quantity from ${point.start} is ${point.quantity}; a forecast is never below zero.`,
      )
    buckets.push({
      start: point.start,
      end,
      timing: point.timing,
      qualifier: point.qualifier,
      quantity: decimalText(point.quantity),
      ...(point.at !== undefined && { at: point.at }),
    })
  })
  return { buckets, problems }
}

/** A bucket and where it stands: its series, and the cell (item × location) that it is kept under. */
export type PlacedBucket = { readonly cell: string; readonly series: number; readonly point: number; readonly bucket: Bucket }

const daysOf = ({ bucket }: PlacedBucket): string => `${bucket.start} to ${bucket.end}`

/** Buckets of one cell and qualifier that share a day; also when the cell was given as two series. */
export const overlaps = (placed: readonly PlacedBucket[]): BucketProblem[] => {
  const byCell = new Map<string, PlacedBucket[]>()
  for (const each of placed) {
    const key = `${each.cell}\n${each.bucket.qualifier}`
    const list = byCell.get(key)
    if (list) list.push(each)
    else byCell.set(key, [each])
  }
  const problems: BucketProblem[] = []
  for (const list of byCell.values()) {
    list.sort((a, b) => (a.bucket.start < b.bucket.start ? -1 : a.bucket.start > b.bucket.start ? 1 : 0))
    let last: PlacedBucket | undefined
    for (const each of list) {
      if (last && each.bucket.start <= last.bucket.end)
        problems.push({
          series: each.series,
          point: each.point,
          code: 'forecasts/buckets-overlap',
          detail: `The bucket ${daysOf(each)} overlaps ${daysOf(last)} of the same item and location.`,
          ...(each.bucket.at !== undefined && { at: each.bucket.at }),
        })
      if (!last || each.bucket.end > last.bucket.end) last = each
    }
  }
  return problems
}

/** The first and last day of all buckets; undefined when there are none. */
export const horizonOf = (buckets: readonly Pick<Bucket, 'start' | 'end'>[]): { start: string; end: string } | undefined => {
  let horizon: { start: string; end: string } | undefined
  for (const { start, end } of buckets)
    horizon = {
      start: horizon && horizon.start < start ? horizon.start : start,
      end: horizon && horizon.end > end ? horizon.end : end,
    }
  return horizon
}

/** How a product is kept when the item is not known: by its first number, as sent. */
export const asSent = (products: readonly ProductId[]): string => {
  const [first] = products
  return first ? `${first.qualifier}:${first.value}` : 'unknown'
}

/** SHA-256 over what a publication says, whatever segment each part stood in: the same feed twice is one version. */
export const digestOf = (document: ForecastDocument): Buffer => {
  const { number, release, issuedOn, horizonStart, horizonEnd } = document
  const hash = createHash('sha256').update(JSON.stringify([number, release, issuedOn, horizonStart, horizonEnd]))
  for (const { products, location, unit, points } of document.series) {
    hash.update(JSON.stringify([products.map(p => [p.qualifier, p.value]), location?.qualifier, location?.id, unit]))
    for (const p of points) hash.update(`${p.start} ${p.end ?? ''} ${p.timing} ${p.qualifier} ${p.quantity}\n`)
  }
  return hash.digest()
}

/** BFR01 of what is taken as a publication: original, change, replacement, confirmation, duplicate. */
export const takenPurposes: ReadonlySet<string> = new Set(['00', '04', '05', '06', '07'])

/** The day from which comparisons run when nobody says: the Monday of this week. */
export const thisWeek = (today: string): string => addDays(today, 1 - weekday(today))
