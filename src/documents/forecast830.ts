import { sum } from '../shared/decimal.ts'
import { first, isSegment, type Loop, loop, loops, type Segment, segment, segments, type Transaction } from '../x12/index.ts'
import { bucketEnd, weekday } from './buckets.ts'
import type { ForecastDocument, LocationSplit, Party } from './canonical.ts'
import { compact, date, headOf, number, optional, requiredDate, requiredNumber, some, value } from './elements.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { type DocumentProblem, type Mapped, report } from './problem.ts'
import { readParts, readProducts, readReference, readSplits, readTotals } from './read-parts.ts'
import { writeContacts, writeDates, writeParties, writeProducts, writeReferences } from './write-parts.ts'

/** 830 planning schedule, both ways. */

export type ForecastSeries = ForecastDocument['series'][number]
export type ForecastPoint = ForecastSeries['points'][number]
type Location = NonNullable<ForecastSeries['location']>

const locationOf = (party: Party): Location | undefined =>
  party.id === undefined ? undefined : compact<Location>({ qualifier: party.idQualifier, id: party.id })

/** An FST with the SDQs that share it out among locations. */
interface Bucket { readonly fst: Segment; readonly splits: LocationSplit[] }

/** The FSTs of a line, whether they stand alone, with their SDQs, or under a delivery pattern (SDP). */
const readBuckets = (problems: DocumentProblem[], line: Loop): Bucket[] => {
  const buckets: Bucket[] = []
  for (const child of line.children) {
    if (isSegment(child)) continue
    if (child.id === 'FST') {
      const fst = headOf(child)
      if (fst !== undefined) buckets.push({ fst, splits: segments(child, 'SDQ').flatMap(sdq => readSplits(problems, sdq)) })
    } else if (child.id === 'SDP') {
      for (const fst of segments(child, 'FST')) buckets.push({ fst, splits: [] })
    }
  }
  return buckets
}

const readPoint = (problems: DocumentProblem[], { fst }: Bucket): ForecastPoint => {
  const start = requiredDate(problems, fst, 4, 'The first day of the bucket')
  const timing = value(fst, 3)
  if (timing === 'W' && start !== '' && weekday(start) !== 1) {
    report(problems, 'week-not-monday', fst, 4, `The week of ${start} does not begin on a Monday; it is kept as it was sent.`)
  }
  const qualifier = value(fst, 8)
  return compact<ForecastPoint>({
    start,
    end: date(problems, fst, 5, 'The last day of the bucket'),
    quantity: requiredNumber(problems, fst, 1, 'The quantity'),
    qualifier: value(fst, 2),
    timing,
    reference: qualifier === '' ? undefined : { qualifier, value: value(fst, 9) },
    at: fst.position,
  })
}

/** Gives the points without an end the one that their timing implies. */
const closeBuckets = (points: ForecastPoint[]): void => {
  const weeks = [...new Set(points.filter(point => point.timing === 'W').map(point => point.start))].sort()
  const nextOf = new Map(weeks.map((start, i) => [start, weeks[i + 1]]))
  for (const point of points) {
    if (point.end !== undefined || point.start === '') continue
    const end = bucketEnd(point.timing, point.start, nextOf.get(point.start))
    if (end !== undefined) point.end = end
  }
}

/**
 * Figures for one bucket must not be added up: another firmness (FST02) is another view of it, the same one twice is a
 * repetition.
 */
const checkBuckets = (problems: DocumentProblem[], buckets: readonly Bucket[], points: readonly ForecastPoint[]): void => {
  const seen = new Map<string, ForecastPoint[]>()
  for (const [i, point] of points.entries()) {
    const key = `${point.start} ${point.end ?? ''} ${point.reference?.value ?? ''}`
    const before = seen.get(key) ?? []
    const { fst } = buckets[i]!
    if (before.some(other => other.qualifier === point.qualifier)) {
      report(problems, 'forecast-bucket-repeated', fst, 4,
        `The bucket from ${point.start} comes more than once with qualifier ${point.qualifier}.`)
    } else if (before.length > 0) {
      const both = `${before[0]!.qualifier} and ${point.qualifier}`
      report(problems, 'forecast-qualifiers-mixed', fst, 2, `The bucket from ${point.start} comes as ${both}, never added up.`)
    }
    seen.set(key, [...before, point])
  }
}

/** The points of each location of the SDQs, and those that have no SDQ; one list when there are no SDQs at all. */
const byLocation = (
  problems: DocumentProblem[], buckets: readonly Bucket[], points: readonly ForecastPoint[],
): [Location | undefined, ForecastPoint[]][] => {
  const found = new Map<string, [Location | undefined, ForecastPoint[]]>()
  const put = (location: Location | undefined, point: ForecastPoint): void => {
    const key = location === undefined ? '' : `${location.qualifier ?? ''}:${location.id}`
    const entry = found.get(key) ?? [location, []]
    entry[1].push(point)
    found.set(key, entry)
  }
  for (const [i, point] of points.entries()) {
    const { fst, splits } = buckets[i]!
    if (splits.length === 0) {
      put(undefined, point)
      continue
    }
    const total = sum(splits.map(split => split.quantity))
    if (!total.eq(point.quantity)) {
      report(problems, 'split-sum-differs', fst, 1,
        `The locations' quantities add up to ${total.toFixed()}, the bucket says ${point.quantity}.`)
    }
    for (const split of splits) {
      const location = compact<Location>({ qualifier: split.locationQualifier, id: split.location })
      put(location, { ...point, quantity: split.quantity, ...(split.at === undefined ? {} : { at: split.at }) })
    }
  }
  return found.size === 0 ? [[undefined, []]] : [...found.values()]
}

const readShipped = (problems: DocumentProblem[], shp: Loop): NonNullable<ForecastSeries['shipped']>[number] | null => {
  const head = headOf(shp)
  if (head?.id !== 'SHP') return null
  return compact<NonNullable<ForecastSeries['shipped']>[number]>({
    qualifier: value(head, 1),
    quantity: number(problems, head, 2, 'The quantity') ?? '0',
    dateQualifier: optional(head, 3),
    date: date(problems, head, 4, 'The date'),
    until: date(problems, head, 6, 'The last day'),
    references: some(segments(shp, 'REF').map(readReference)),
    at: head.position,
  })
}

const readAuthorization = (problems: DocumentProblem[], ath: Segment): NonNullable<ForecastSeries['authorizations']>[number] =>
  compact<NonNullable<ForecastSeries['authorizations']>[number]>({
    code: value(ath, 1),
    until: date(problems, ath, 2, 'The date'),
    quantity: number(problems, ath, 3, 'The cumulative quantity'),
    maximum: number(problems, ath, 4, 'The maximum'),
    since: date(problems, ath, 5, 'The first day'),
    at: ath.position,
  })

/** Which of a line's parties says where the goods are wanted: the ship-to, else the store or buying party that the line names. */
const locationRoles = ['ST', 'SN', 'BY']

const readSeries = (problems: DocumentProblem[], line: Loop, heading: Location | undefined): ForecastSeries[] => {
  const lin = headOf(line)
  if (lin?.id !== 'LIN') return []
  const about: Loop = { id: 'LIN', children: line.children.filter(child => child.id !== 'FST' && child.id !== 'SDP') }
  const parts = readParts(about, problems)
  const places = parts.parties.filter(party => party.id !== undefined)
  const place = locationRoles.map(role => places.find(party => party.role === role)).find(Boolean)
  const uit = first(line, 'UIT')
  const buckets = readBuckets(problems, line)
  const points = buckets.map(bucket => readPoint(problems, bucket))
  closeBuckets(points)
  checkBuckets(problems, buckets, points)
  const sdqs = line.children.flatMap(child => (isSegment(child) ? [] : segments(child, 'SDQ')))
  const splitUnit = sdqs.map(sdq => value(sdq, 1)).find(Boolean)
  const unit = uit === undefined ? splitUnit ?? '' : value(uit, 1)
  if (unit === '') {
    report(problems, 'unit-missing', uit ?? lin, uit === undefined ? 0 : 1, 'The unit of measure (UIT) is missing.')
  }
  return byLocation(problems, buckets, points).map(([split, itsPoints], i) => compact<ForecastSeries>({
    lineNumber: optional(lin, 1),
    products: readProducts(lin, 2, 31),
    description: parts.description,
    references: some(parts.references),
    parties: some(parts.parties.filter(party => party !== place)),
    location: split ?? (place && locationOf(place)) ?? heading,
    unit,
    points: itsPoints,
    // What was shipped and authorised is the line's, and must not be counted once per location.
    shipped: i > 0 ? undefined : some(loops(line, 'SHP').map(each => readShipped(problems, each)).filter(each => each !== null)),
    authorizations: i > 0 ? undefined : some(segments(line, 'ATH').map(each => readAuthorization(problems, each))),
    at: lin.position,
  }))
}

/**
 * An 830 as a forecast: one series per LIN and location (the line's N1*ST, else the heading's; SDQs under an FST make one series
 * per location). Ends of buckets that are not sent follow from FST03. FST02 stays with each point, and nothing is added up.
 */
export const readForecast = (transaction: Transaction): Mapped<ForecastDocument> => {
  const problems: DocumentProblem[] = []
  const { root } = transaction
  const bfr = first(root, 'BFR') ?? segment('BFR')
  const parts = readParts(root, problems)
  const shipTo = parts.parties.find(party => party.role === 'ST' && party.id !== undefined)
  const lines = loops(root, 'LIN')
  const series = lines.flatMap(line => readSeries(problems, line, shipTo && locationOf(shipTo)))
  readTotals(problems, parts.totals, lines.length, 'items (LIN)')
  const reference = value(bfr, 2)
  if (reference + value(bfr, 3) === '') report(problems, 'value-missing', bfr, 2, 'The forecast number is missing.')
  const document = compact<ForecastDocument>({
    number: reference || value(bfr, 3),
    release: reference === '' ? undefined : optional(bfr, 3),
    purpose: value(bfr, 1),
    basis: optional(bfr, 4),
    horizonStart: requiredDate(problems, bfr, 6, 'The first day of the horizon'),
    horizonEnd: date(problems, bfr, 7, 'The last day of the horizon'),
    issuedOn: requiredDate(problems, bfr, 8, 'The date of issue'),
    quantityQualifier: optional(bfr, 5),
    updatedOn: date(problems, bfr, 9, 'The date of the update'),
    contract: optional(bfr, 10),
    orderNumber: optional(bfr, 11),
    scheduleType: optional(bfr, 12),
    references: parts.references,
    parties: parts.parties,
    dates: parts.dates,
    notes: some(parts.notes),
    contacts: some(parts.contacts),
    series,
    at: bfr.position,
  })
  return { document, problems }
}

const writePoint = (of: Fields, point: ForecastPoint, implied: string | undefined): Loop => loop('FST', segment(
  'FST', of.needNumber('quantity', point.quantity, 15), of.need('qualifier', point.qualifier, 1),
  of.need('timing', point.timing, 1),
  of.needDate('start', point.start), point.end === implied ? '' : of.date('end', point.end), '', '',
  ...(point.reference === undefined ? [] : [
    of.need('reference.qualifier', point.reference.qualifier, 3, 2), of.need('reference.value', point.reference.value, 30),
  ]),
))

const writeSeries = (of: Fields, series: ForecastSeries, heading: Location | undefined): Loop => {
  const { location } = series
  const same = location?.id === heading?.id && location?.qualifier === heading?.qualifier
  const place: Party | undefined = location === undefined || same
    ? undefined
    : compact<Party>({ role: 'ST', idQualifier: location.qualifier, id: location.id })
  const implied = series.points.map(({ start, timing }): ForecastPoint => ({ start, timing, quantity: '0', qualifier: '' }))
  closeBuckets(implied)
  const products = writeProducts(of, series.products, 15)
  if (products.length === 0) of.fail('products', 'missing', 'has no identifier; a line of an 830 needs one')
  return loop(
    'LIN',
    segment('LIN', of.text('lineNumber', series.lineNumber, 20), ...products),
    segment('UIT', of.need('unit', series.unit, 2, 2)),
    series.description === undefined
      ? undefined
      : segment('PID', 'F', '', '', '', of.need('description', series.description, 80)),
    ...writeReferences(of, series.references),
    ...(series.authorizations ?? []).map((each, i) => {
      const field = of.of('authorizations', i)
      return segment(
        'ATH', field.need('code', each.code, 2, 2), field.date('until', each.until), field.number('quantity', each.quantity, 15),
        field.number('maximum', each.maximum, 15), field.date('since', each.since),
      )
    }),
    ...(place === undefined ? [] : writeParties(of, [place])),
    ...writeParties(of, series.parties),
    ...series.points.map((point, i) => writePoint(of.of('points', i), point, implied[i]!.end)),
    ...(series.shipped ?? []).map((each, i) => {
      const field = of.of('shipped', i)
      const day = field.date('date', each.date)
      return loop(
        'SHP',
        segment(
          'SHP', field.need('qualifier', each.qualifier, 2, 2), field.needNumber('quantity', each.quantity, 15),
          day === '' ? '' : field.need('dateQualifier', each.dateQualifier ?? '011', 3, 3), day, '',
          field.date('until', each.until),
        ),
        ...writeReferences(field, each.references),
      )
    }),
  )
}

/**
 * A forecast as the tree of an 830: one LIN per series, with N1*ST where it is for. An end that follows from the timing is not
 * sent (FST05). The schedule is delivery based (DL) with each bucket's own quantities (A) unless the document says otherwise. An
 * 830 has no place for free text, so `notes` are not written. Throws DocumentError for what does not fit.
 */
export const writeForecast = (document: ForecastDocument): Loop => {
  const of = fieldsOf()
  const shipTo = document.parties.find(party => party.role === 'ST' && party.id !== undefined)
  return loop(
    '830',
    segment(
      'BFR', of.need('purpose', document.purpose, 2, 2), of.need('number', document.number, 30),
      of.text('release', document.release, 30),
      of.need('basis', document.basis ?? 'DL', 2, 2), of.need('quantityQualifier', document.quantityQualifier ?? 'A', 1),
      of.needDate('horizonStart', document.horizonStart), of.date('horizonEnd', document.horizonEnd),
      of.needDate('issuedOn', document.issuedOn),
      of.date('updatedOn', document.updatedOn), of.text('contract', document.contract, 30),
      of.text('orderNumber', document.orderNumber, 22),
      of.text('scheduleType', document.scheduleType, 2, 2),
    ),
    ...writeReferences(of, document.references),
    ...writeContacts(of, document.contacts),
    ...writeDates(of, document.dates),
    ...writeParties(of, document.parties),
    ...document.series.map((series, i) => writeSeries(of.of('series', i), series, shipTo && locationOf(shipTo))),
    segment('CTT', of.integer('lineCount', document.series.length, 6)),
  )
}
