import { createHash } from 'node:crypto'
import { bucketEnd, weekday } from '../documents/buckets.ts'
import type { ForecastDocument, ProductId } from '../documents/canonical.ts'
import { addDays, isBusinessDate } from '../shared/clock.ts'
import { decimalText } from '../shared/decimal.ts'
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

/** The days of a bucket, or why they cannot be told; off the calendar they can be told all the same. */
type Days = { readonly end?: string; readonly fault?: readonly [code: BucketFault, detail: string] }

const judgeDays = ({ start, end: sent, timing }: SentPoint, calendar: ForecastCalendar | undefined): Days => {
  if (!isBusinessDate(start)) return { fault: ['forecasts/date-unreadable', `"${start}" is not a day of the calendar.`] }
  const implied = calendar ? calendarEnd(calendar, start) : bucketEnd(timing, start)
  const end = sent ?? implied
  if (end === undefined) return { fault: ['forecasts/bucket-end-missing', `The bucket from ${start} has no last day.`] }
  if (!isBusinessDate(end)) return { fault: ['forecasts/date-unreadable', `"${end}" is not a day of the calendar.`] }
  if (end < start) return { fault: ['forecasts/bucket-reversed', `The bucket from ${start} ends before it begins, on ${end}.`] }
  if (!calendar) return { end }
  if (!begins[calendar](start)) return { end, fault: ['forecasts/off-calendar', `${start} is not ${wanted[calendar]}.`] }
  return implied === undefined || implied === end
    ? { end }
    : { end, fault: ['forecasts/off-calendar', `The bucket from ${start} ends on ${implied} in this calendar, not on ${end}.`] }
}

/** Most quantities are plain whole numbers, which need no arithmetic to be read. */
const isPlain = (quantity: string): boolean => /^(0|[1-9]\d{0,14})$/.test(quantity)

/**
 * Makes buckets of the points of a publication's series and says what is wrong with them. With a calendar (an entry) each must
 * fit it; without (an 830) each has the end that it was sent with or that its timing implies. A bucket whose days cannot be
 * told is left out, every other one is kept. The days of one publication repeat from series to series and are judged once.
 */
export const bucketMaker = (calendar?: ForecastCalendar) => {
  const judged = new Map<string, Days>()
  const daysFor = (point: SentPoint): Days => {
    const key = `${point.start} ${point.end ?? ''} ${point.timing}`
    const days = judged.get(key) ?? judgeDays(point, calendar)
    judged.set(key, days)
    return days
  }
  return (points: readonly SentPoint[], series: number): { buckets: Bucket[]; problems: BucketProblem[] } => {
    const buckets: Bucket[] = []
    const problems: BucketProblem[] = []
    points.forEach((point, index) => {
      const { start, timing, qualifier } = point
      const at = point.at === undefined ? {} : { at: point.at }
      const { end, fault } = daysFor(point)
      if (fault) problems.push({ series, point: index, code: fault[0], detail: fault[1], ...at })
      if (end === undefined) return
      const quantity = isPlain(point.quantity) ? point.quantity : decimalText(point.quantity)
      if (quantity.startsWith('-')) {
        const detail = `The quantity from ${start} is ${point.quantity}; a forecast is never below zero.`
        problems.push({ series, point: index, code: 'forecasts/negative-quantity', detail, ...at })
      }
      buckets.push({ start, end, timing, qualifier, quantity, ...at })
    })
    return { buckets, problems }
  }
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
