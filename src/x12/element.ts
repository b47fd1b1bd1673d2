/**
 * The value of one simple element judged on its bytes: dates that exist, times, numbers, codes. No strings are made
 * unless something is wrong.
 */
import { slotOf } from './compile.ts'

const zero = 0x30
const minus = 0x2d
const dot = 0x2e
const exponentMark = 0x45

function twoDigits(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) - zero) * 10 + (bytes[at + 1] as number) - zero
}

const daysInMonth = Uint8Array.of(0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

/** YYMMDD or CCYYMMDD, all digits (the caller has made sure): does the day exist? */
export function isDate(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length !== 8 && length !== 6) return false
  const month = twoDigits(bytes, end - 4)
  const day = twoDigits(bytes, end - 2)
  if (month < 1 || month > 12 || day < 1 || day > (daysInMonth[month] as number)) return false
  if (month !== 2 || day !== 29) return true
  // A two-digit year leaves the century open; 00 was a leap year in 2000.
  const year = length === 6 ? 2000 + twoDigits(bytes, start) : twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2)
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** HHMM, HHMMSS, HHMMSSD or HHMMSSDD, all digits. */
export function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length < 4 || length > 8 || length === 5) return false
  return twoDigits(bytes, start) < 24 && twoDigits(bytes, start + 2) < 60 && (length === 4 || twoDigits(bytes, start + 4) < 60)
}

/**
 * How many digits a number has, or −1 when it is none: an optional minus, digits, and for R a decimal point among or beside them and an
 * exponent (12E-3). The minus, the point and the E do not count towards the length of the element (X12.6, 3.5.1).
 */
export function countDigits(bytes: Uint8Array, start: number, end: number, decimal: boolean): number {
  let i = start
  if (bytes[i] === minus) i++
  let digits = 0
  let points = 0
  for (; i < end; i++) {
    const b = bytes[i] as number
    if (b === dot) {
      points++
    } else if (b >= zero && b <= zero + 9) {
      digits++
    } else {
      const exponent = decimal && b === exponentMark && digits > 0 && points <= 1 ? countDigits(bytes, i + 1, end, false) : -1
      return exponent < 0 ? -1 : digits + exponent
    }
  }
  return digits === 0 || points > (decimal ? 1 : 0) ? -1 : digits
}

/** Is this packed code of up to four characters in the table? */
export function hasCode(codes: Int32Array, offset: number, mask: number, key: number): boolean {
  let at = slotOf(key, mask)
  for (;;) {
    const found = codes[offset + at]
    if (found === key) return true
    if (found === 0) return false
    at = (at + 1) & mask
  }
}

/** Characters of a UTF-8 element: its bytes without the continuation bytes. */
export function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) count++
  return count
}
