/** The last day of a forecast bucket, from its first and from how it is timed (FST03). Dates are 'YYYY-MM-DD'. */

const day = 86_400_000

const shift = (date: string, days: number): string => new Date(Date.parse(date) + days * day).toISOString().slice(0, 10)

/** 1 Monday … 7 Sunday. */
export const weekday = (date: string): number => new Date(Date.parse(date)).getUTCDay() || 7

const lastOfMonth = (date: string, monthsOn: number): string => {
  const year = Number(date.slice(0, 4))
  const month = Number(date.slice(5, 7))
  return new Date(Date.UTC(year, month - 1 + monthsOn + 1, 0)).toISOString().slice(0, 10)
}

/**
 * W: the week's last day, six days on; X12 says weeks run Monday to Sunday, but some partners' begin on another day. A part week
 * is cut short by the next bucket, so a first week from Wednesday ends on the Sunday before the next one's Monday.
 * M and Q: the end of the calendar month or quarter. C and D: the day itself. Any other timing has no end of its own: undefined.
 */
export const bucketEnd = (timing: string, start: string, nextStart?: string): string | undefined => {
  switch (timing) {
    case 'W': {
      const sixOn = shift(start, 6)
      return nextStart !== undefined && nextStart > start && nextStart <= sixOn ? shift(nextStart, -1) : sixOn
    }
    case 'M': return lastOfMonth(start, 0)
    case 'Q': return lastOfMonth(start, 2 - ((Number(start.slice(5, 7)) - 1) % 3))
    case 'C': case 'D': return start
    default: return undefined
  }
}
