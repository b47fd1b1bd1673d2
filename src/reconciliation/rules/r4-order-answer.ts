import { answeredQuantities, meaningOf, type AcknowledgementLine } from '../../documents/acknowledgement855.ts'
import type { LineAcknowledgement, ProductId } from '../../documents/canonical.ts'
import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { itemNumbers } from '../../items/rules.ts'
import { unitFactor } from '../../items/units.ts'
import { extendedAmount, meaningOfType, priceBasisDivisor } from '../../orders/rules.ts'
import { decimal, decimalText, moneyText, sum, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ResponseFacts } from '../facts.ts'
import type { Held, PolicyBook } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { daysOutside, windowFor, type Window } from '../windows.ts'

/** R4: what was ordered against what the seller answered, line by line; the latest answer to a line is the one that holds. */

type DocumentLine = OrderFacts['document']['lines'][number]
type Answer = { readonly response: ResponseFacts; readonly line: AcknowledgementLine; readonly index: number }
/** What is known of one line: an answer of its own, or what the header of an 855 says of all. */
type LineStanding = Answer | 'accepted' | 'rejected'

/**
 * The findings of one order, none while it is unanswered (that is a missing document, not a disagreement).
 * Pure: facts and policies in, findings out; the order of responses in `facts` does not matter, their sequence does.
 */
export const orderAgainstAnswer = (facts: OrderFacts, policies: PolicyBook): Finding[] => {
  if (facts.responses.length === 0 || facts.state === 'cancelled') return []
  const responses = facts.responses.toSorted((a, b) => a.sequence - b.sequence)
  const { standings, extras, wholly } = readAnswers(facts, responses)
  const findings = wholly ? [rejectedWholly(facts, wholly)] : facts.lines.flatMap(line => {
    const document = facts.document.lines[line.position - 1]
    if (!document || line.response === 'cancelled') return []
    const policy = policies.settingsFor('R4', { partnershipId: facts.partnershipId, partnershipItemId: line.item?.id ?? null, date: facts.orderDate })
    const standing = standings.get(line.position)
    if (standing === undefined) return [missing(facts, line, responses.at(-1)!)]
    return typeof standing === 'string' ? [] : compareLine({ facts, line, document, answer: standing, policy })
  })
  return [...findings, ...[...extras.values()].map(extra => extraLine(facts, extra))]
}

const readAnswers = (facts: OrderFacts, responses: readonly ResponseFacts[]) => {
  const standings = new Map<number, LineStanding>()
  const extras = new Map<string, Answer>()
  let wholly: ResponseFacts | undefined
  for (const response of responses) {
    const { document } = response
    const general = meaningOfType(document.type, document.lines.length)
    wholly = general === 'reject' ? response : document.lines.length > 0 || general === 'accept' ? undefined : wholly
    for (const line of facts.lines) {
      // "Accepted with the exceptions named" speaks of the lines that nobody has spoken of yet.
      if (general === 'accept' && (document.lines.length === 0 || !standings.has(line.position))) standings.set(line.position, 'accepted')
      if (general === 'reject') standings.set(line.position, 'rejected')
    }
    document.lines.forEach((line, index) => {
      const position = response.positions[index] ?? null
      if (position !== null) standings.set(position, { response, line, index })
      else extras.set(line.lineNumber, { response, line, index })
    })
  }
  return { standings, extras, wholly }
}

type Comparison = { facts: OrderFacts; line: OrderLineFacts; document: DocumentLine; answer: Answer; policy: Held<'R4'> }

const compareLine = (comparison: Comparison): Finding[] => [
  ...compareQuantity(comparison), ...comparePrice(comparison), ...compareDate(comparison), ...compareItem(comparison),
]

const lineFinding = (
  { facts, line }: Pick<Comparison, 'facts' | 'line'>, code: string,
  rest: Pick<Finding, 'severity' | 'summary' | 'compared' | 'evidence'> & { money?: Decimal },
): Finding => {
  const { money, ...shown } = rest
  return {
    rule: 'R4', code, key: findingKey('R4', code, facts.partnershipId, facts.orderId, line.position),
    organisationId: facts.buyerId, counterpartId: facts.sellerId, partnershipId: facts.partnershipId,
    subjectKind: 'order', subjectId: facts.orderId, ...shown,
    ...(money && { moneyAtRisk: moneyText(money.abs()), currency: facts.currency }),
  }
}

const compareQuantity = (comparison: Comparison): Finding[] => {
  const { facts, line, document, answer: { line: said }, policy } = comparison
  const factor = said.unit === undefined ? decimal(1) : unitFactor(said.unit, line.unit, line.item ?? undefined)
  const name = `Order ${facts.number} line ${line.lineNumber}`
  if (!factor) return [lineFinding(comparison, 'R4_UNIT', {
    severity: 'warning',
    summary: `${name}: ordered in ${line.unit}, answered in ${said.unit}; how many one is of the other is not known.`,
    compared: { expected: line.unit, actual: said.unit ?? null, difference: null, tolerance: { policy: policy.policy } },
    evidence: [ordered(comparison, 3, 'unit', line.unit), answered(comparison, 'PO1', 3, said.at, 'unit', said.unit)],
  })]
  const inOrderUnits = said.acknowledgements.map(ack => (ack.quantity === undefined ? ack : { ...ack, quantity: decimalText(decimal(ack.quantity).times(factor)) }))
  const ack = answeredQuantities(document.quantity, inOrderUnits)
  const coming = ack.confirmed.plus(ack.pending)
  const gap = difference(line.quantityOrdered, coming)
  if (!exceeds(gap, policy.quantity)) return []
  const codes = said.acknowledgements.map(each => each.code)
  const money = line.price === null ? undefined : extendedAmount(gap.value, line.price, line.priceBasis)
  const finding = (code: string, severity: Finding['severity'], sentence: string): Finding[] => [lineFinding(comparison, code, {
    severity,
    summary: `${name}: ordered ${line.quantityOrdered} ${line.unit}, ${sentence}`,
    compared: {
      expected: line.quantityOrdered, actual: decimalText(coming), difference: decimalText(gap.value),
      ...(gap.percent && { percent: percentText(gap.percent) }), unit: line.unit, tolerance: { ...policy.quantity, policy: policy.policy },
    },
    evidence: [ordered(comparison, 2, 'quantity', document.quantity), ...said.acknowledgements.map((each, i) => ackEvidence(comparison, each, i, 2, 'quantity', each.quantity))],
    ...(money && { money }),
  })]
  const amount = (quantity: Decimal) => `${decimalText(quantity)} ${line.unit}`
  if (gap.value.isPositive()) return finding('R4_QUANTITY', 'error', `but ${amount(coming)} confirmed (${codes.join(', ')}).`)
  if (ack.rejected.gt(0) || (coming.isZero() && ack.backordered.isZero() && codes.every(code => meaningOf(code) === 'rejected')))
    return finding('R4_REJECTED', 'error', `${amount(ack.rejected.isZero() ? gap.value.abs() : ack.rejected)} rejected (${codes.join(', ')}), ${amount(coming)} confirmed.`)
  if (ack.backordered.gt(0)) return finding('R4_BACKORDERED', 'warning', `${amount(ack.backordered)} backordered, ${amount(coming)} confirmed.`)
  return codes.some(code => ['changed', 'substituted'].includes(meaningOf(code)))
    ? finding('R4_QUANTITY', 'error', `only ${amount(coming)} confirmed (${codes.join(', ')}), ${amount(gap.value.abs())} short.`)
    : finding('R4_UNANSWERED', 'warning', `${amount(coming)} answered (${codes.join(', ') || 'no ACK'}), nothing said of the other ${amount(gap.value.abs())}.`)
}

const comparePrice = (comparison: Comparison): Finding[] => {
  const { facts, line, answer: { line: said }, policy } = comparison
  const offered = said.acknowledgements.findLast(ack => ack.price !== undefined && meaningOf(ack.code) !== 'rejected')?.price ?? said.price
  if (offered === undefined || line.price === null || said.acknowledgements.every(ack => meaningOf(ack.code) === 'rejected')) return []
  const basis = said.priceBasis ?? line.priceBasis
  const perUnit = said.unit === undefined ? decimal(1) : unitFactor(said.unit, line.unit, line.item ?? undefined)
  if (!perUnit) return []
  const expected = decimal(line.price).dividedBy(priceBasisDivisor(line.priceBasis))
  const actual = decimal(offered).dividedBy(priceBasisDivisor(basis)).dividedBy(perUnit)
  const gap = difference(expected, actual)
  if (!exceeds(gap, policy.price)) return []
  return [lineFinding(comparison, 'R4_PRICE', {
    severity: 'error',
    summary: `Order ${facts.number} line ${line.lineNumber}: ordered at ${decimalText(expected)} ${facts.currency} per ${line.unit}, answered at ${decimalText(actual)}`
      + `${gap.percent ? ` (${gap.value.isPositive() ? '+' : '-'}${percentText(gap.percent)} %)` : ''}.`,
    compared: {
      expected: decimalText(expected), actual: decimalText(actual), difference: decimalText(gap.value),
      ...(gap.percent && { percent: percentText(gap.percent) }), unit: facts.currency, tolerance: { ...policy.price, policy: policy.policy },
    },
    evidence: [ordered(comparison, 4, 'price', line.price), answered(comparison, 'PO1', 4, said.at, 'price', offered)],
    money: gap.value.times(decimal(line.quantityOrdered)),
  })]
}

const compareDate = (comparison: Comparison): Finding[] => {
  const { facts, line, document, policy } = comparison
  const late = { early: policy.earlyDays, late: policy.lateDays }
  const outside = comparison.answer.line.acknowledgements.flatMap((ack, index) => {
    if (ack.date === undefined || meaningOf(ack.code) === 'rejected') return []
    const window = windowFor(ack.dateQualifier, document.dates, facts.document.dates)
    const days = window ? daysOutside(ack.date, window, late) : 0
    return window && days !== 0 ? [{ ack, index, window, days, date: ack.date }] : []
  }).toSorted((a, b) => Math.abs(b.days) - Math.abs(a.days))
  const [worst] = outside
  if (!worst) return []
  const { window, days, date, ack, index } = worst
  const bound = days > 0 ? window.latest! : window.earliest!
  return [lineFinding(comparison, 'R4_DATE', {
    severity: days > 0 ? 'error' : 'warning',
    summary: `Order ${facts.number} line ${line.lineNumber}: ${window.kind} asked ${describe(window)}, promised for ${date}, ${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'} too ${days > 0 ? 'late' : 'early'}.`,
    compared: { expected: bound.date, actual: date, difference: String(days), unit: 'days', tolerance: { earlyDays: policy.earlyDays, lateDays: policy.lateDays, policy: policy.policy } },
    evidence: [
      evidenceOf({ side: 'buyer', documentKind: 'order', documentId: facts.orderId, source: facts.source, segment: 'DTM', element: 2, at: bound.at, field: `dates.${bound.qualifier}` }, bound.date),
      ackEvidence(comparison, ack, index, 5, 'date', date),
    ],
    ...(days > 0 && line.price !== null && { money: extendedAmount(line.quantityOrdered, line.price, line.priceBasis) }),
  })]
}

const describe = ({ earliest, latest }: Window): string =>
  earliest && latest ? (earliest.date === latest.date ? `for ${latest.date}` : `between ${earliest.date} and ${latest.date}`)
    : latest ? `by ${latest.date}` : `from ${earliest?.date}`

const compareItem = (comparison: Comparison): Finding[] => {
  const { facts, line, document, answer: { line: said } } = comparison
  const substitute = said.acknowledgements.find(ack => ack.code === 'IS' || (ack.products && conflicts(document.products, ack.products)))
  const other = substitute ? substitute.products ?? said.products : conflicts(document.products, said.products) ? said.products : undefined
  if (!other) return []
  const wanted = nameOf(document.products)
  const given = nameOf(other)
  return [lineFinding(comparison, 'R4_ITEM', {
    severity: 'error',
    summary: `Order ${facts.number} line ${line.lineNumber}: ordered ${wanted ?? 'an item'}, answered with ${given ?? 'another'}${substitute ? ' as a substitute' : ''}.`,
    compared: { expected: wanted, actual: given, difference: null, tolerance: {} },
    evidence: [
      ordered(comparison, 7, 'products[0].value', document.products[0]?.value),
      substitute?.products ? ackEvidence(comparison, substitute, said.acknowledgements.indexOf(substitute), 8, 'products[0].value', substitute.products[0]?.value)
        : answered(comparison, 'PO1', 7, said.at, 'products[0].value', said.products[0]?.value),
    ],
    ...(line.price !== null && { money: extendedAmount(line.quantityOrdered, line.price, line.priceBasis) }),
  })]
}

/** Whether two lists of product numbers mean different items: the first kind of number that both have decides. */
const conflicts = (one: readonly ProductId[], other: readonly ProductId[]): boolean => {
  const [a, b] = [itemNumbers(one), itemNumbers(other)]
  for (const kind of ['gtin', 'buyerItem', 'sellerItem'] as const) if (a[kind] !== undefined && b[kind] !== undefined) return a[kind] !== b[kind]
  return false
}

const nameOf = (products: readonly ProductId[]): string | null => {
  const numbers = itemNumbers(products)
  return numbers.gtin ?? numbers.buyerItem ?? numbers.sellerItem ?? products[0]?.value ?? null
}

const missing = (facts: OrderFacts, line: OrderLineFacts, response: ResponseFacts): Finding => lineFinding({ facts, line }, 'R4_MISSING_LINE', {
  // The rest may still come: an answer by portal often takes the lines one after the other.
  severity: 'warning',
  summary: `Order ${facts.number} line ${line.lineNumber}: ${line.quantityOrdered} ${line.unit} ordered, and no answer names the line.`,
  compared: { expected: line.quantityOrdered, actual: null, difference: null, unit: line.unit, tolerance: {} },
  evidence: [ordered({ facts, line }, 2, 'quantity', line.quantityOrdered), headerEvidence(facts, response, 2, 'type', response.document.type)],
  ...(line.price !== null && { money: extendedAmount(line.quantityOrdered, line.price, line.priceBasis) }),
})

const extraLine = (facts: OrderFacts, { response, line, index }: Answer): Finding => {
  const quantity = line.quantity ?? decimalText(sum(line.acknowledgements.map(ack => ack.quantity ?? '0')))
  return {
    rule: 'R4', code: 'R4_EXTRA_LINE', key: findingKey('R4', 'R4_EXTRA_LINE', facts.partnershipId, facts.orderId, 'line', line.lineNumber),
    severity: 'error', organisationId: facts.buyerId, counterpartId: facts.sellerId, partnershipId: facts.partnershipId,
    subjectKind: 'order', subjectId: facts.orderId,
    summary: `Order ${facts.number}: the answer has a line ${line.lineNumber} (${nameOf(line.products) ?? 'no item'}, ${quantity} ${line.unit ?? ''}) that the order does not have.`.replace(' )', ')'),
    compared: { expected: null, actual: quantity, difference: null, ...(line.unit && { unit: line.unit }), tolerance: {} },
    evidence: [evidenceOf({
      side: 'seller', documentKind: 'order_response', documentId: response.id, source: response.source, segment: 'PO1', element: 1, at: line.at, field: `lines[${index}].lineNumber`,
    }, line.lineNumber)],
    ...(line.price !== undefined && { moneyAtRisk: moneyText(extendedAmount(quantity, line.price, line.priceBasis)), currency: facts.currency }),
  }
}

const rejectedWholly = (facts: OrderFacts, response: ResponseFacts): Finding => {
  const total = sum(facts.lines.map(line => (line.price === null ? '0' : extendedAmount(line.quantityOrdered, line.price, line.priceBasis))))
  return {
    rule: 'R4', code: 'R4_REJECTED', key: findingKey('R4', 'R4_REJECTED', facts.partnershipId, facts.orderId, 'order'),
    severity: 'error', organisationId: facts.buyerId, counterpartId: facts.sellerId, partnershipId: facts.partnershipId,
    subjectKind: 'order', subjectId: facts.orderId,
    summary: `Order ${facts.number}: the seller rejects the whole order, ${facts.lines.length} line${facts.lines.length === 1 ? '' : 's'} for ${moneyText(total)} ${facts.currency}.`,
    compared: { expected: String(facts.lines.length), actual: '0', difference: String(-facts.lines.length), unit: 'lines', tolerance: {} },
    evidence: [headerEvidence(facts, response, 2, 'type', response.document.type)],
    moneyAtRisk: moneyText(total), currency: facts.currency,
  }
}

const ordered = ({ facts, line }: Pick<Comparison, 'facts' | 'line'>, element: number, field: string, value: string | null | undefined): Evidence =>
  evidenceOf({
    side: 'buyer', documentKind: 'order', documentId: facts.orderId, source: facts.source, segment: 'PO1', element, at: line.at, field: `lines[${line.position - 1}].${field}`,
  }, value)

const answered = (
  { answer: { response, index } }: Comparison, segment: string, element: number, at: number | undefined, field: string, value: string | null | undefined,
): Evidence => evidenceOf({
  side: 'seller', documentKind: 'order_response', documentId: response.id, source: response.source, segment, element, at, field: `lines[${index}].${field}`,
}, value)

const ackEvidence = (
  comparison: Comparison, ack: LineAcknowledgement, index: number, element: number, field: string, value: string | null | undefined,
): Evidence => answered(comparison, 'ACK', element, ack.at, `acknowledgements[${index}].${field}`, value)

const headerEvidence = (facts: OrderFacts, response: ResponseFacts, element: number, field: string, value: string): Evidence => evidenceOf({
  side: 'seller', documentKind: 'order_response', documentId: response.id, source: response.source, segment: 'BAK', element, at: response.document.at, field,
}, value)
