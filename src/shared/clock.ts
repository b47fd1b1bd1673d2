/** Where the time comes from: `systemClock` in the hub, a fixed one where a rule is tried on a given day. */
export type Clock = () => Date

export const systemClock: Clock = () => new Date()

const dayMilliseconds = 86_400_000

/** The business date, 'YYYY-MM-DD', of an instant in a time zone (an IANA name, UTC unless told). */
export const businessDate = (instant: Date, timeZone = 'UTC'): string =>
  timeZone === 'UTC'
    ? instant.toISOString().slice(0, 10)
    : new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(instant)

/** Whether the text is a day of the calendar in the form 'YYYY-MM-DD'. */
export const isBusinessDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().slice(0, 10) === text

/** The business date so many days later (earlier when negative). Throws RangeError on what is no date. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * dayMilliseconds).toISOString().slice(0, 10)

/** Whole days from one business date to another; negative when `to` is the earlier. */
export const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / dayMilliseconds)

/** The instant so many hours later. */
export const addHours = (instant: Date, hours: number): Date => new Date(instant.getTime() + hours * 3_600_000)
