import type { DatedEvent } from '../documents/canonical.ts'
import { daysBetween } from '../shared/clock.ts'

/** The days between which something is to be shipped or delivered, with the DTM that says so; a missing bound is open. */
export type Window = { readonly kind: 'shipment' | 'delivery'; readonly earliest?: DatedEvent; readonly latest?: DatedEvent }

/** Qualifiers (X12 element 374) of dates that speak of delivery; a promise with any other is one of shipment. */
const deliveryQualifiers = new Set(['002', '017', '063', '064', '067', '069', '074'])

const found = (dates: readonly DatedEvent[] | undefined, qualifiers: readonly string[]): DatedEvent | undefined => {
  for (const qualifier of qualifiers) {
    const event = dates?.find(each => each.qualifier === qualifier)
    if (event) return event
  }
  return undefined
}

/** Ship window: 037 to 038; a single requested ship date (010) is a window of one day, 001 (cancel after) the last resort. */
export const shipWindow = (dates: readonly DatedEvent[] | undefined): Window =>
  make('shipment', found(dates, ['037', '010']), found(dates, ['038', '010', '001']))
/** Delivery window: 064 to 063; a single requested delivery date (002) is a window of one day. */
export const deliveryWindow = (dates: readonly DatedEvent[] | undefined): Window =>
  make('delivery', found(dates, ['064', '002']), found(dates, ['063', '002']))

const make = (kind: Window['kind'], earliest: DatedEvent | undefined, latest: DatedEvent | undefined): Window => ({
  kind,
  ...(earliest && { earliest }),
  ...(latest && { latest }),
})

const isOpen = (window: Window): boolean => window.earliest === undefined && window.latest === undefined

/**
 * The window that a promised date (ACK04 qualifier) is to be held against: the line's own dates before the order's, delivery
 * for a delivery date, otherwise shipment, and the other of the two when that one was not asked for. Undefined without any.
 */
export const windowFor = (
  qualifier: string | undefined,
  lineDates: readonly DatedEvent[] | undefined,
  orderDates: readonly DatedEvent[],
): Window | undefined => {
  const delivery = [deliveryWindow(lineDates), deliveryWindow(orderDates)]
  const shipment = [shipWindow(lineDates), shipWindow(orderDates)]
  // An answer without a qualifier may mean either; one that names its kind is never held against the other.
  const candidates =
    qualifier === undefined ? [...shipment, ...delivery] : deliveryQualifiers.has(qualifier) ? delivery : shipment
  return candidates.find(window => !isOpen(window))
}

/** How many days a date is after the window (positive) or before it (negative); 0 inside, or within the tolerance in days. */
export const daysOutside = (date: string, { earliest, latest }: Window, tolerance: { early: number; late: number }): number => {
  if (latest) {
    const late = daysBetween(latest.date, date)
    if (late > tolerance.late) return late
  }
  if (earliest) {
    const early = daysBetween(earliest.date, date)
    if (-early > tolerance.early) return early
  }
  return 0
}

/** The window in words: 'for 2026-03-09', 'between 2026-03-09 and 2026-03-12', 'by …', 'from …'. */
export const describeWindow = ({ earliest, latest }: Window): string => {
  if (earliest && latest)
    return earliest.date === latest.date ? `for ${latest.date}` : `between ${earliest.date} and ${latest.date}`
  return latest ? `by ${latest.date}` : `from ${earliest?.date ?? 'any day'}`
}
