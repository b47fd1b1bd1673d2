import fc from 'fast-check'
import type {
  AllowanceCharge, Amount, Carrier, Characteristic, Contact, DatedEvent, FreightLocation, LocationSplit, Measure, Party,
  ProductId, Reference,
  ScheduledQuantity, Tax, Terms,
} from '../../src/documents/canonical.ts'

/** Random parts of canonical documents that fit 004010, for the round trips. */

const characters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcxyz .,-/#&()\'+=?!"%@_']

/** Text of `min` to `max` characters with no blank at either end and no delimiter in it. */
export const text = (max: number, min = 1): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: min, maxLength: Math.min(max, 24) })
    .map(written => written.trim().padEnd(min, 'X'))

/** Text that fills the element to the last character, now and then. */
export const fullText = (max: number, min = 1): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: text(max, min) }, { weight: 1, arbitrary: fc.constant('W'.repeat(max)) })

const whole = fc.integer({ min: 0, max: 999_999 }).map(String)
const fraction = fc.tuple(fc.integer({ min: 0, max: 99_999 }),
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 4 }))
export const decimalText = fc.oneof(whole, fraction.map(([left, right]) => `${left}.${right}`))
/** An amount with its two decimals, as N2 elements come back. */
export const money = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9_999_999 })).map(([negative, cents]) => {
  const digits = String(cents).padStart(3, '0')
  return `${negative && cents > 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
})
export const date = fc.date({ min: new Date('1999-01-01'), max: new Date('2039-12-31'), noInvalidDate: true }).map(day =>
  day.toISOString().slice(0, 10))
export const time = fc.constantFrom('0000', '0930', '235959', '12300099')
export const unit = fc.constantFrom('EA', 'CA', 'DZ', 'LB', 'KG')
const list = <T>(of: fc.Arbitrary<T>, maxLength = 3): fc.Arbitrary<T[]> => fc.array(of, { minLength: 1, maxLength })
const some = <T>(of: fc.Arbitrary<T>, maxLength = 3): fc.Arbitrary<T[]> => fc.array(of, { maxLength })

/** A record of which only `needed` are always there. */
export const part = <T extends object>(fields: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  needed: (keyof T)[]): fc.Arbitrary<T> =>
  fc.record(fields as never, { requiredKeys: needed as never }) as fc.Arbitrary<T>

export const reference: fc.Arbitrary<Omit<Reference, 'at'>> = part<Omit<Reference, 'at'>>(
  { qualifier: fc.constantFrom('DP', 'IA', 'MR', 'PD', 'VN', 'ZZ', '8X', 'ACC'), value: fullText(30), description: fullText(80) },
  ['qualifier', 'value'])

export const product: fc.Arbitrary<ProductId> = fc.record({
  qualifier: fc.constantFrom('UP', 'UK', 'EN', 'IN', 'BP', 'VN', 'VP', 'CB'), value: fullText(48),
})
export const products = (max = 10): fc.Arbitrary<ProductId[]> => fc.array(product, { minLength: 1, maxLength: max })

export const contact = part<Omit<Contact, 'at'>>({
  function: fc.constantFrom('BD', 'IC', 'OC'), name: fullText(60),
  numbers: some(fc.record({ qualifier: fc.constantFrom('TE', 'FX', 'EM'), value: fullText(80) })),
}, ['function', 'numbers'])

const address = {
  additionalNames: list(fullText(60), 4), address: list(fullText(55), 4), city: fullText(30, 2),
  region: fc.constantFrom('CA', 'TX'),
  postalCode: fullText(15, 3), country: fc.constantFrom('US', 'MEX'), references: list(reference), contacts: list(contact),
}

export const party = (...roles: string[]): fc.Arbitrary<Omit<Party, 'at'>> => {
  const role = fc.constantFrom(...roles)
  const name = fullText(60)
  const known = { role, name, idQualifier: fc.constantFrom('UL', '92', '9'), id: fullText(80, 2), ...address }
  return fc.oneof(
    part<Omit<Party, 'at'>>(known, ['role', 'idQualifier', 'id']),
    part<Omit<Party, 'at' | 'id' | 'idQualifier'>>({ role, name, ...address }, ['role', 'name']),
  )
}

export const datedEvent: fc.Arbitrary<Omit<DatedEvent, 'at'>> = fc.oneof(
  part<Omit<DatedEvent, 'at' | 'timeZone'>>({ qualifier: fc.constantFrom('010', '037', '038', '002', '011', '001'), date, time,
    until: date }, ['qualifier', 'date']),
  fc.record({ qualifier: fc.constantFrom('017', '063'), date, time, timeZone: fc.constantFrom('UT', 'ET') }),
)

export const allowanceCharge: fc.Arbitrary<Omit<AllowanceCharge, 'at'>> = fc.oneof(
  part<Omit<AllowanceCharge, 'at' | 'agency' | 'percent' | 'percentQualifier' | 'quantity' | 'option' | 'unit'>>({
    indicator: fc.constantFrom('A' as const, 'C' as const, 'N' as const), code: fc.constantFrom('F800', 'D240'), amount: money,
    rate: decimalText,
    method: fc.constantFrom('02', '06'), reference: fullText(30), description: fullText(80),
  }, ['indicator', 'code']),
  fc.record({
    indicator: fc.constant('C' as const), agency: fc.constant('VI'), code: fullText(10), percent: fc.constantFrom('5', '12.5'),
    percentQualifier: fc.constantFrom('1', '6'), unit, quantity: decimalText, reference: fullText(30), option: fullText(20),
  }),
)

export const tax = part<Omit<Tax, 'at' | 'jurisdiction' | 'jurisdictionQualifier'>>(
  { type: fc.constantFrom('ST', 'VA'), amount: decimalText, percent: fc.constantFrom('8.25', '20'),
    exemption: fc.constantFrom('0', '2'), taxId: fullText(20) }, ['type', 'amount'])

export const amount: fc.Arbitrary<Omit<Amount, 'at'>> = fc.record({ qualifier: fc.constantFrom('TT', '1', 'GV'),
  amount: decimalText })
export const measure: fc.Arbitrary<Measure> = fc.record({ value: fc.constantFrom('1', '12.5', '1000'),
  unit: fc.constantFrom('LB', 'KG') })
export const characteristic: fc.Arbitrary<Characteristic> = fc.record({ code: fc.constantFrom('73', '74', 'GEN'),
  text: fullText(80) })
export const freightLocation = part<FreightLocation>({ qualifier: fc.constantFrom('OR', 'DE'), description: fullText(80) },
  ['qualifier'])
export const terms: fc.Arbitrary<Terms> = list(part<Record<string, string>>(
  { '01': fc.constantFrom('01', '05'), '02': fc.constant('3'), '03': fc.constantFrom('2', '1.5'), '05': fc.constant('10'),
    '07': fc.constant('30'), '12': fullText(80) }, ['01', '05']), 2)

export const split = part<Omit<LocationSplit, 'at'>>({ locationQualifier: fc.constantFrom('92', 'UL'), location: fullText(80, 2),
  quantity: decimalText }, ['location', 'quantity'])
export const schedule: fc.Arbitrary<Omit<ScheduledQuantity, 'at'>> =
  fc.record({ quantity: decimalText, unit, dateQualifier: fc.constantFrom('002', '010'), date })

const equipment = fc.oneof(fc.constantFrom('ABCD1234567890', '1234567890', 'TRL-12', 'AB'), text(10))
export const carrier: fc.Arbitrary<Omit<Carrier, 'at'>> = fc.oneof(
  part<Omit<Carrier, 'at' | 'id' | 'idQualifier'>>(
    { scac: text(80, 2), mode: fc.constantFrom('M', 'R'), name: fullText(35), equipment, equipmentType: fc.constant('TL'),
      seal: fullText(15, 2) }, ['scac']),
  fc.record({ idQualifier: fc.constantFrom('92', '91'), id: fullText(80, 2), mode: fc.constant('U') }),
)
export const invoiceCarrier = part<Omit<Carrier, 'at' | 'id' | 'idQualifier' | 'equipmentType' | 'seal'>>(
  { scac: text(4, 2), mode: fc.constantFrom('M', 'R'), name: fullText(35), equipment }, ['scac'])

export const notes = list(fullText(264), 13)

export const heading = (...roles: string[]) => ({
  references: some(reference, 4), parties: some(party(...roles), 4), dates: some(datedEvent, 5), notes, contacts: list(contact),
})
export const headingNeeds = ['references', 'parties', 'dates'] as const
export { list, some }
