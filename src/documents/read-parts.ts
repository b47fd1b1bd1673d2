import { first, isSegment, type Loop, type Segment, segments } from '../x12/index.ts'
import type {
  AllowanceCharge, Amount, Carrier, Characteristic, Contact, DatedEvent, FreightLocation, LocationSplit, Party, ProductId,
  Reference,
  ScheduledQuantity, Tax,
} from './canonical.ts'
import {
  compact, date, dateOf, headOf, impliedCents, integer, number, optional, requiredNumber, some, value,
} from './elements.ts'
import { type DocumentProblem, report } from './problem.ts'

/** Segments that mean the same in every set, read from one level (the heading, or one line's loop) in one pass. */

export interface Parts {
  references: Reference[]
  parties: Party[]
  dates: DatedEvent[]
  notes: string[]
  contacts: Contact[]
  allowancesCharges: AllowanceCharge[]
  taxes: Tax[]
  amounts: Amount[]
  terms: Record<string, string>[]
  characteristics: Characteristic[]
  splits: LocationSplit[]
  schedule: ScheduledQuantity[]
  description?: string
  currency?: string
  freightTerms?: string
  freightLocation?: FreightLocation
  salesRequirement?: string
  packSize?: string
  innerPacks?: string
  retailPrice?: string
  /** CTP unit cost, net or contract price, for lines whose PO1 has none. */
  costPrice?: string
  carrier?: Carrier
  /** The CTT segment, for its counts. */
  totals?: Segment
  /** The SDQ segments, for the checks that need their units. */
  splitSegments: Segment[]
}

/** Pairs of qualifier and identifier from element `from` to `to` (PO106 to 25, LIN02 to 31 …); half pairs are passed over. */
export const readProducts = (segment: Segment, from: number, to: number): ProductId[] => {
  const products: ProductId[] = []
  const last = Math.min(to, segment.elements.length)
  for (let n = from; n < last; n += 2) {
    const qualifier = value(segment, n)
    const id = value(segment, n + 1)
    if (qualifier !== '' && id !== '') products.push({ qualifier, value: id })
  }
  return products
}

/** REF, and N9 where it stands for one: qualifier, value, description. */
export const readReference = (segment: Segment): Reference =>
  compact<Reference>({
    qualifier: value(segment, 1), value: value(segment, 2), description: optional(segment, 3), at: segment.position,
  })

const readContact = (segment: Segment): Contact => {
  const numbers = readProducts(segment, 3, 8)
  return compact<Contact>({ function: value(segment, 1), name: optional(segment, 2), numbers, at: segment.position })
}

/** DTM: a date, or one given as a period (D8, or RD8 from–to). Null, reported, when it names no date. */
export const readDate = (problems: DocumentProblem[], segment: Segment): DatedEvent | null => {
  const period = value(segment, 6)
  const from = value(segment, 2) || period.slice(0, 8)
  const day = dateOf(from)
  if (day === null) {
    report(problems, 'date-unreadable', segment, 2, from === '' ? 'The date is missing.' : `"${from}" is not a date.`)
    return null
  }
  const until = value(segment, 5) === 'RD8' ? (dateOf(period.slice(9)) ?? undefined) : undefined
  return compact<DatedEvent>({
    qualifier: value(segment, 1), date: day, time: optional(segment, 3), timeZone: optional(segment, 4), until,
    at: segment.position,
  })
}

const bothOf = (segment: Segment): string[] => [value(segment, 1), value(segment, 2)].filter(Boolean)

/** An N1 loop: who, with address, references and contacts. */
export const readParty = (loop: Loop): Party => {
  const n1 = first(loop, 'N1')
  const n4 = first(loop, 'N4')
  return compact<Party>({
    role: n1 === undefined ? '' : value(n1, 1),
    name: n1 && optional(n1, 2),
    idQualifier: n1 && optional(n1, 3),
    id: n1 && optional(n1, 4),
    additionalNames: some(segments(loop, 'N2').flatMap(bothOf)),
    address: some(segments(loop, 'N3').flatMap(bothOf)),
    city: n4 && optional(n4, 1),
    region: n4 && optional(n4, 2),
    postalCode: n4 && optional(n4, 3),
    country: n4 && optional(n4, 4),
    references: some(segments(loop, 'REF').map(readReference)),
    contacts: some(segments(loop, 'PER').map(readContact)),
    at: n1?.position,
  })
}

const readAllowanceCharge = (problems: DocumentProblem[], segment: Segment): AllowanceCharge => {
  const sent = value(segment, 1)
  const indicator = sent === 'A' || sent === 'C' || sent === 'N' ? sent : 'N'
  if (indicator !== sent) {
    report(problems, 'allowance-indicator-unknown', segment, 1,
      `"${sent}" is neither allowance nor charge; it does not count in totals.`)
  }
  const agency = optional(segment, 3)
  return compact<AllowanceCharge>({
    indicator,
    code: agency === undefined ? optional(segment, 2) : optional(segment, 4),
    amount: impliedCents(problems, segment, 5, 'The amount'),
    percent: number(problems, segment, 7, 'The percentage'),
    percentQualifier: optional(segment, 6),
    method: optional(segment, 12),
    description: optional(segment, 15),
    agency,
    rate: number(problems, segment, 8, 'The rate'),
    unit: optional(segment, 9),
    quantity: number(problems, segment, 10, 'The quantity'),
    reference: optional(segment, 13),
    option: optional(segment, 14),
    at: segment.position,
  })
}

const readTax = (problems: DocumentProblem[], segment: Segment): Tax =>
  compact<Tax>({
    type: value(segment, 1),
    amount: number(problems, segment, 2, 'The tax amount') ?? '0',
    percent: number(problems, segment, 3, 'The tax percentage'),
    jurisdictionQualifier: optional(segment, 4),
    jurisdiction: optional(segment, 5),
    exemption: optional(segment, 6),
    taxId: optional(segment, 9),
    at: segment.position,
  })

/** SDQ: from element 3 on, up to ten pairs of location and quantity. */
export const readSplits = (problems: DocumentProblem[], segment: Segment): LocationSplit[] => {
  const splits: LocationSplit[] = []
  const locationQualifier = optional(segment, 2)
  const last = Math.min(22, segment.elements.length)
  for (let n = 3; n <= last; n += 2) {
    const location = value(segment, n)
    if (location === '') continue
    const quantity = requiredNumber(problems, segment, n + 1, `The quantity for location ${location}`)
    splits.push(compact<LocationSplit>({ locationQualifier, location, quantity, at: segment.position }))
  }
  return splits
}

const readSchedule = (problems: DocumentProblem[], segment: Segment): ScheduledQuantity =>
  compact<ScheduledQuantity>({
    quantity: requiredNumber(problems, segment, 1, 'The scheduled quantity'),
    unit: optional(segment, 2),
    dateQualifier: optional(segment, 5),
    date: date(problems, segment, 6, 'The scheduled date'),
    at: segment.position,
  })

const readTerms = (segment: Segment): Record<string, string> => {
  const terms: Record<string, string> = {}
  for (let n = 1; n <= segment.elements.length; n++) {
    const element = value(segment, n)
    if (element !== '') terms[String(n).padStart(2, '0')] = element
  }
  return terms
}

/** TD5 (who and how) into the carrier; the first one holds, since later legs are the carrier's affair. */
const readRouting = (carrier: Carrier, segment: Segment): void => {
  const qualifier = optional(segment, 2)
  const id = optional(segment, 3)
  Object.assign(carrier, compact<Carrier>({
    scac: qualifier === '2' ? id : undefined,
    idQualifier: qualifier === '2' ? undefined : qualifier,
    id: qualifier === '2' ? undefined : id,
    mode: optional(segment, 4),
    name: optional(segment, 5),
    at: segment.position,
  }))
}

/** TD3 (in what) into the carrier. */
const readEquipment = (carrier: Carrier, segment: Segment): void => {
  const equipment = value(segment, 2) + value(segment, 3)
  Object.assign(carrier, compact<Carrier>({
    equipmentType: optional(segment, 1), equipment: equipment === '' ? undefined : equipment, seal: optional(segment, 9),
    at: carrier.at ?? segment.position,
  }))
}

/** The texts of a note: MSG, or from 004030 on MTX. */
export const messagesOf = (loop: Loop): string[] =>
  [...segments(loop, 'MSG').map(each => value(each, 1)), ...segments(loop, 'MTX').map(each => value(each, 2))].filter(Boolean)

/**
 * An N9 loop: with messages it is notes, under its title when it has one ("Requester: A. Smith"; L1 means no more than "letters
 * or notes"); an identifier in it is a reference.
 */
const readN9 = (parts: Parts, loop: Loop): void => {
  const n9 = headOf(loop)
  if (n9?.id !== 'N9') return
  const messages = messagesOf(loop)
  if (messages.length === 0 || (value(n9, 2) !== '' && value(n9, 1) !== 'L1')) parts.references.push(readReference(n9))
  const title = value(n9, 1) === 'L1' ? '' : value(n9, 3)
  for (const message of messages) {
    const titled = `${title}: ${message}`
    parts.notes.push(title === '' || titled.length > 264 ? message : titled)
  }
}

const costPrices = new Set(['UCP', 'NET', 'CON'])

const readHead = (parts: Parts, problems: DocumentProblem[], segment: Segment): void => {
  switch (segment.id) {
    case 'REF': parts.references.push(readReference(segment)); break
    case 'PER': parts.contacts.push(readContact(segment)); break
    case 'DTM': {
      const read = readDate(problems, segment)
      if (read !== null) parts.dates.push(read)
      break
    }
    case 'SAC': parts.allowancesCharges.push(readAllowanceCharge(problems, segment)); break
    case 'TXI': parts.taxes.push(readTax(problems, segment)); break
    case 'AMT': {
      const amount = number(problems, segment, 2, 'The amount')
      if (amount !== undefined) parts.amounts.push({ qualifier: value(segment, 1), amount, at: segment.position })
      break
    }
    case 'ITD': parts.terms.push(readTerms(segment)); break
    case 'MSG': case 'NTE': {
      const note = value(segment, segment.id === 'MSG' ? 1 : 2)
      if (note !== '') parts.notes.push(note)
      break
    }
    case 'PID': {
      const text = value(segment, 5)
      const code = value(segment, 2)
      if (text === '') break
      // 08 is "product"; a PID without a characteristic is the same plain description.
      if (parts.description === undefined && (code === '' || code === '08')) parts.description = text
      else parts.characteristics.push(compact<Characteristic>({ code: optional(segment, 2), text }))
      break
    }
    case 'SDQ': parts.splits.push(...readSplits(problems, segment)); parts.splitSegments.push(segment); break
    case 'SCH': parts.schedule.push(readSchedule(problems, segment)); break
    case 'CUR': parts.currency ??= value(segment, 2); break
    case 'CSH': parts.salesRequirement ??= value(segment, 1); break
    case 'FOB':
      if (parts.freightTerms !== undefined) break
      parts.freightTerms = value(segment, 1)
      if (value(segment, 2) !== '') {
        parts.freightLocation = compact<FreightLocation>({ qualifier: value(segment, 2), description: optional(segment, 3) })
      }
      break
    case 'PO4': {
      const packSize = number(problems, segment, 1, 'The pack size')
      const innerPacks = number(problems, segment, 14, 'The number of inner packs')
      if (packSize !== undefined) parts.packSize ??= packSize
      if (innerPacks !== undefined) parts.innerPacks ??= innerPacks
      break
    }
    case 'CTP': {
      const kind = value(segment, 2)
      const price = kind === 'RES' || costPrices.has(kind) ? number(problems, segment, 3, 'The price') : undefined
      if (price === undefined) break
      if (kind === 'RES') parts.retailPrice ??= price
      else parts.costPrice ??= price
      break
    }
    case 'TD5': if (parts.carrier === undefined) readRouting((parts.carrier = {}), segment); break
    case 'TD3': if (parts.carrier?.equipment === undefined) readEquipment((parts.carrier ??= {}), segment); break
    case 'CTT': parts.totals = segment; break
  }
}

/** Everything common that stands at one level: directly in `loop`, or at the head of its loops. */
export const readParts = (loop: Loop, problems: DocumentProblem[]): Parts => {
  const parts: Parts = {
    references: [], parties: [], dates: [], notes: [], contacts: [], allowancesCharges: [], taxes: [], amounts: [], terms: [],
    characteristics: [], splits: [], schedule: [], splitSegments: [],
  }
  for (const child of loop.children) {
    if (isSegment(child)) readHead(parts, problems, child)
    else if (child.id === 'N1') parts.parties.push(readParty(child))
    else if (child.id === 'N9') readN9(parts, child)
    else {
      const segment = headOf(child)
      if (segment === undefined) continue
      readHead(parts, problems, segment)
      // Taxes on a charge and amounts after CTT stand inside those loops.
      if (child.id === 'SAC' || child.id === 'CTT') {
        for (const inner of child.children.slice(1)) if (isSegment(inner) && inner.id !== 'CUR') readHead(parts, problems, inner)
      }
    }
  }
  return parts
}

/** What an ordered line and a changed one say of their item alike. */
export const lineDetails = (parts: Parts) => ({
  description: parts.description,
  characteristics: some(parts.characteristics),
  packSize: parts.packSize,
  innerPacks: parts.innerPacks,
  retailPrice: parts.retailPrice,
  references: some(parts.references),
  dates: some(parts.dates),
  allowancesCharges: some(parts.allowancesCharges),
  splits: some(parts.splits),
  schedule: some(parts.schedule),
  parties: some(parts.parties),
  taxes: some(parts.taxes),
  notes: some(parts.notes),
})

/** CTT01 and CTT02, and whether CTT01 is the number of `what` in the set. */
export const readTotals = (problems: DocumentProblem[], totals: Segment | undefined, counted: number, what: string) => {
  if (totals === undefined) return {}
  const lineCount = integer(problems, totals, 1, 'The count')
  const hashTotal = number(problems, totals, 2, 'The hash total')
  if (lineCount !== undefined && lineCount !== counted) {
    report(problems, 'count-differs', totals, 1, `CTT01 says ${lineCount}, but the set has ${counted} ${what}.`)
  }
  return { ...(lineCount === undefined ? {} : { lineCount }), ...(hashTotal === undefined ? {} : { hashTotal }) }
}
