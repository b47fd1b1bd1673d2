import { type Loop, loop, type Segment, segment } from '../x12/index.ts'
import type {
  AllowanceCharge, Amount, Carrier, Characteristic, Contact, DatedEvent, FreightLocation, LocationSplit, Party, ProductId,
  Reference,
  ScheduledQuantity, Tax, Terms,
} from './canonical.ts'
import { type Fields, filled } from './fields.ts'

/**
 * Segments that mean the same in every set, written from canonical parts. The lengths are those of 004010; a value that does not
 * fit throws DocumentError. Pairs that X12 wants together (an identifier and its qualifier) are asked for together.
 */

type Node = Segment | Loop

/** Pairs of qualifier and identifier for PO1, IT1, LIN and ACK, flat, from the element they begin at. */
export const writeProducts = (fields: Fields, products: readonly ProductId[] | undefined, most = 10): string[] => {
  if ((products?.length ?? 0) > most) fields.fail('products', 'too-many', `has ${products?.length} entries; ${most} fit`)
  return (products ?? []).flatMap((product, i) => {
    const of = fields.of('products', i)
    return [of.need('qualifier', product.qualifier, 2, 2), of.need('value', product.value, 48)]
  })
}

export const writeReference = (of: Fields, reference: Reference): Segment =>
  segment(
    'REF',
    of.need('qualifier', reference.qualifier, 3, 2),
    reference.description === undefined ? of.need('value', reference.value, 30) : of.text('value', reference.value, 30),
    of.text('description', reference.description, 80),
  )

export const writeReferences = (fields: Fields, references: readonly Reference[] | undefined): Segment[] =>
  (references ?? []).map((reference, i) => writeReference(fields.of('references', i), reference))

export const writeContacts = (fields: Fields, contacts: readonly Contact[] | undefined): Segment[] =>
  (contacts ?? []).map((contact, i) => {
    const of = fields.of('contacts', i)
    if (contact.numbers.length > 3) of.fail('numbers', 'too-many', `has ${contact.numbers.length} entries; 3 fit`)
    const numbers = contact.numbers.flatMap((number, k) => {
      const each = of.of('numbers', k)
      return [each.need('qualifier', number.qualifier, 2, 2), each.need('value', number.value, 80)]
    })
    return segment('PER', of.need('function', contact.function, 2, 2), of.text('name', contact.name, 60), ...numbers)
  })

export const writeDates = (fields: Fields, dates: readonly DatedEvent[] | undefined): Segment[] =>
  (dates ?? []).map((event, i) => {
    const of = fields.of('dates', i)
    const day = of.needDate('date', event.date)
    const until = of.date('until', event.until)
    const time = event.timeZone === undefined ? of.text('time', event.time, 8, 4) : of.need('time', event.time, 8, 4)
    return segment(
      'DTM', of.need('qualifier', event.qualifier, 3, 3), day, time, of.text('timeZone', event.timeZone, 2, 2),
      ...(until === '' ? [] : ['RD8', `${day}-${until}`]),
    )
  })

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))

const writeParty = (of: Fields, party: Party): Loop => {
  const identified = party.id !== undefined || party.idQualifier !== undefined
  const name = identified ? of.text('name', party.name, 60) : of.need('name', party.name, 60)
  const pairs = (member: string, list: readonly string[] | undefined, max: number): string[][] =>
    chunks((list ?? []).map((entry, i) => of.need(`${member}[${i}]`, entry, max)), 2)
  const city = of.text('city', party.city, 30, 2)
  return loop(
    'N1',
    segment(
      'N1', of.need('role', party.role, 3, 2), name,
      identified ? of.need('idQualifier', party.idQualifier, 2) : '', identified ? of.need('id', party.id, 80, 2) : '',
    ),
    ...pairs('additionalNames', party.additionalNames, 60).map(pair => segment('N2', ...pair)),
    ...pairs('address', party.address, 55).map(pair => segment('N3', ...pair)),
    filled(
      'N4', city, of.text('region', party.region, 2, 2), of.text('postalCode', party.postalCode, 15, 3),
      of.text('country', party.country, 3, 2),
    ),
    ...writeReferences(of, party.references),
    ...writeContacts(of, party.contacts),
  )
}

export const writeParties = (fields: Fields, parties: readonly Party[] | undefined): Loop[] =>
  (parties ?? []).map((party, i) => writeParty(fields.of('parties', i), party))

/** SAC, in a loop of its own. Without a code it is ZZZZ, "mutually defined", since X12 wants one. */
export const writeAllowancesCharges = (fields: Fields, list: readonly AllowanceCharge[] | undefined): Loop[] =>
  (list ?? []).map((each, i) => {
    const of = fields.of('allowancesCharges', i)
    const byAgency = each.agency !== undefined
    const percent = of.number('percent', each.percent, 6)
    const quantity = of.number('quantity', each.quantity, 15)
    return loop('SAC', segment(
      'SAC', each.indicator,
      byAgency ? '' : of.text('code', each.code ?? 'ZZZZ', 4, 4),
      of.text('agency', each.agency, 2, 2), byAgency ? of.need('code', each.code, 10) : '',
      of.cents('amount', each.amount, 15),
      percent === '' ? '' : of.text('percentQualifier', each.percentQualifier ?? 'Z', 1), percent,
      of.number('rate', each.rate, 9),
      quantity === '' ? of.text('unit', each.unit, 2, 2) : of.need('unit', each.unit, 2, 2), quantity, '',
      of.text('method', each.method, 2, 2), of.text('reference', each.reference, 30), of.text('option', each.option, 20),
      of.text('description', each.description, 80),
    ))
  })

export const writeTaxes = (fields: Fields, taxes: readonly Tax[] | undefined): Segment[] =>
  (taxes ?? []).map((tax, i) => {
    const of = fields.of('taxes', i)
    return segment(
      'TXI', of.need('type', tax.type, 2, 2), of.needNumber('amount', tax.amount, 18), of.number('percent', tax.percent, 10),
      of.text('jurisdictionQualifier', tax.jurisdictionQualifier, 2, 2), of.text('jurisdiction', tax.jurisdiction, 10),
      of.text('exemption', tax.exemption, 1), '', '', of.text('taxId', tax.taxId, 20),
    )
  })

export const writeAmounts = (fields: Fields, amounts: readonly Amount[] | undefined, most = Infinity): Segment[] => {
  if ((amounts?.length ?? 0) > most) fields.fail('amounts', 'too-many', `has ${amounts?.length} entries; ${most} fit`)
  return (amounts ?? []).map((each, i) => {
    const of = fields.of('amounts', i)
    return segment('AMT', of.need('qualifier', each.qualifier, 3), of.needNumber('amount', each.amount, 18))
  })
}

/** ITD, its elements as they were sent. */
export const writeTerms = (fields: Fields, terms: Terms | undefined): Segment[] =>
  (terms ?? []).map((each, i) => {
    const of = fields.of('terms', i)
    const elements = Array.from({ length: 15 }, (_, n) => String(n + 1).padStart(2, '0')).map(key => of.text(key, each[key], 80))
    return segment('ITD', ...elements)
  })

export const writeCurrency = (fields: Fields, entity: string, currency: string | undefined): Segment | undefined =>
  currency === undefined ? undefined : segment('CUR', entity, fields.need('currency', currency, 3, 3))

export const writeFreight = (
  fields: Fields, terms: string | undefined, location: FreightLocation | undefined,
): Segment | undefined => {
  if (terms === undefined && location === undefined) return undefined
  const of = fields.of('freightLocation')
  return segment(
    'FOB', fields.need('freightTerms', terms, 2, 2),
    location === undefined ? '' : of.need('qualifier', location.qualifier, 2), of.text('description', location?.description, 80),
  )
}

/**
 * Notes as N9 loops (L1, letters or notes) of at most ten messages, which every set with N9 takes. `most` is how many the set
 * takes in all.
 */
export const writeNotes = (fields: Fields, notes: readonly string[] | undefined, most = Infinity): Loop[] => {
  if ((notes?.length ?? 0) > most) fields.fail('notes', 'too-many', `has ${notes?.length} entries; ${most} fit`)
  return chunks((notes ?? []).map((note, i) => segment('MSG', fields.need(`notes[${i}]`, note, 264))), 10)
    .map(messages => loop('N9', segment('N9', 'L1', '', 'NOTES'), ...messages))
}

const writePid = (code: string, text: string): Loop => loop('PID', segment('PID', 'F', code, '', '', text))

export const writeDescriptions = (
  fields: Fields, description: string | undefined, characteristics: readonly Characteristic[] | undefined,
): Loop[] => [
  ...(description === undefined ? [] : [writePid('', fields.need('description', description, 80))]),
  ...(characteristics ?? []).map((each, i) => {
    const of = fields.of('characteristics', i)
    return writePid(of.text('code', each.code, 3, 2), of.need('text', each.text, 80))
  }),
]

/** SDQ: ten locations to a segment, a new one whenever the kind of location changes. */
export const writeSplits = (fields: Fields, unit: string, splits: readonly LocationSplit[] | undefined): Segment[] => {
  const made: Segment[] = []
  let elements: string[] = []
  let qualifier: string | undefined
  const flush = (): void => {
    if (elements.length > 0) made.push(segment('SDQ', unit, qualifier ?? '', ...elements))
    elements = []
  }
  for (const [i, split] of (splits ?? []).entries()) {
    const of = fields.of('splits', i)
    if (elements.length === 20 || split.locationQualifier !== qualifier) flush()
    qualifier = split.locationQualifier
    of.text('locationQualifier', qualifier, 2)
    elements.push(of.need('location', split.location, 80, 2), of.needNumber('quantity', split.quantity, 15))
  }
  flush()
  return made
}

/** SCH, in a loop of its own. The date comes with its qualifier (002, delivery requested, unless told). */
export const writeSchedule = (fields: Fields, unit: string, schedule: readonly ScheduledQuantity[] | undefined): Loop[] =>
  (schedule ?? []).map((each, i) => {
    const of = fields.of('schedule', i)
    return loop('SCH', segment(
      'SCH', of.needNumber('quantity', each.quantity, 15), of.need('unit', each.unit ?? unit, 2, 2), '', '',
      of.need('dateQualifier', each.dateQualifier ?? '002', 3, 3), of.needDate('date', each.date),
    ))
  })

/** TD5: who carries it. Undefined when the carrier says nothing that TD5 takes. */
export const writeRouting = (fields: Fields, carrier: Carrier | undefined): Segment | undefined => {
  const of = fields.of('carrier')
  const scac = of.text('scac', carrier?.scac, 80, 2)
  const id = scac === '' ? of.text('id', carrier?.id, 80, 2) : scac
  const qualifier = scac !== '' ? '2' : id === '' ? '' : of.need('idQualifier', carrier?.idQualifier, 2)
  const mode = of.text('mode', carrier?.mode, 2)
  const name = of.text('name', carrier?.name, 35)
  return id + mode + name === '' ? undefined : segment('TD5', '', qualifier, id, mode, name)
}

const equipmentParts = (of: Fields, equipment: string | undefined): [initial: string, number: string] => {
  const written = of.text('equipment', equipment, 14)
  const [, initial = '', number = written] = /^([A-Za-z]{1,4})(\w{1,10})$/.exec(written) ?? []
  return [initial, of.text('equipment', number, 10)]
}

/** TD3: in what. */
export const writeEquipment = (fields: Fields, carrier: Carrier | undefined): Segment | undefined => {
  const of = fields.of('carrier')
  const [initial, number] = equipmentParts(of, carrier?.equipment)
  const type = of.text('equipmentType', carrier?.equipmentType, 2, 2)
  return filled('TD3', type, initial, number, '', '', '', '', '', of.text('seal', carrier?.seal, 15, 2))
}

/** CAD: the carrier of an invoice. It wants the SCAC (2 to 4 letters) or the name. */
export const writeCarrierDetail = (
  fields: Fields, carrier: Carrier | undefined, reference: Reference | undefined,
): Segment | undefined => {
  if (carrier === undefined && reference === undefined) return undefined
  const of = fields.of('carrier')
  const scac = of.text('scac', carrier?.scac, 4, 2)
  const [initial, number] = equipmentParts(of, carrier?.equipment)
  const name = scac === '' ? of.need('name', carrier?.name, 35) : of.text('name', carrier?.name, 35)
  const about = fields.of('carrierReference')
  return segment(
    'CAD', of.text('mode', carrier?.mode, 2), initial, number, scac, name, '',
    about.text('qualifier', reference?.qualifier, 3, 2), reference === undefined ? '' : about.need('value', reference.value, 30),
  )
}

/** CTT in its loop, with the AMTs after it; the number of lines is counted, whatever the document says. */
export const writeTotals = (fields: Fields, counted: number, hashTotal: string | undefined, after: readonly Node[] = []): Loop =>
  loop('CTT', segment('CTT', fields.integer('lineCount', counted, 6), fields.number('hashTotal', hashTotal, 10)), ...after)
