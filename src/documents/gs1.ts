/**
 * GS1 keys: GTIN-8/12/13/14, GLN (13) and SSCC (18 digits) all end in the same modulo-10 check digit, and an SSCC is made of
 * an extension digit, the company prefix and a serial number (GS1 General Specifications, sections 1.4, 2.2 and 7.9).
 */

const digitsOnly = /^\d+$/
const zero = 48

/**
 * The check digit of a key given without it: weights 3, 1, 3 … from the right.
 * `digits` is 1 to 17 digits; throws RangeError on anything else.
 */
export const checkDigit = (digits: string): number => {
  if (digits.length > 17 || !digitsOnly.test(digits)) throw new RangeError(`1 to 17 digits expected, not "${digits}"`)
  let sum = 0
  for (let i = digits.length - 1, weight = 3; i >= 0; i--, weight = 4 - weight) sum += (digits.charCodeAt(i) - zero) * weight
  return (10 - (sum % 10)) % 10
}

/** Whether the last digit is the right check digit. Never throws: no digits, other characters or one digit alone are false. */
export const hasValidCheckDigit = (key: string): boolean =>
  key.length >= 2 && key.length <= 18 && digitsOnly.test(key)
    && checkDigit(key.slice(0, -1)) === key.charCodeAt(key.length - 1) - zero

/** Whether `key` is a GTIN of 8, 12, 13 or 14 digits with the right check digit. */
export const isGtin = (key: string): boolean => [8, 12, 13, 14].includes(key.length) && hasValidCheckDigit(key)

/** Whether `key` is a GLN: 13 digits with the right check digit. */
export const isGln = (key: string): boolean => key.length === 13 && hasValidCheckDigit(key)

/** Whether `key` is an SSCC: 18 digits, without the application identifier 00, with the right check digit. */
export const isSscc = (key: string): boolean => key.length === 18 && hasValidCheckDigit(key)

/** A GTIN in its 14-digit form, the one to compare by: '036000291452' is '00036000291452'. Null when it is no GTIN. */
export const gtin14 = (key: string): string | null => (isGtin(key) ? key.padStart(14, '0') : null)

/**
 * A serial shipping container code, 18 digits.
 * `companyPrefix` is the seller's own (4 to 12 digits), `extensionDigit` 0 to 9 is free for whoever builds it, `serial` counts
 * from 0 and must fit in the digits left (16 − prefix length). Throws RangeError when one does not fit.
 */
export const makeSscc = (companyPrefix: string, extensionDigit: number, serial: number | bigint): string => {
  if (!/^\d{4,12}$/.test(companyPrefix)) throw new RangeError(`a GS1 company prefix has 4 to 12 digits, not "${companyPrefix}"`)
  if (!Number.isInteger(extensionDigit) || extensionDigit < 0 || extensionDigit > 9) {
    throw new RangeError(`an extension digit is 0 to 9, not ${extensionDigit}`)
  }
  const room = 16 - companyPrefix.length
  const digits = serial.toString()
  if (!digitsOnly.test(digits) || digits.length > room) {
    throw new RangeError(`serial ${digits} does not fit in the ${room} digits that prefix ${companyPrefix} leaves`)
  }
  const body = `${extensionDigit}${companyPrefix}${digits.padStart(room, '0')}`
  return `${body}${checkDigit(body)}`
}
