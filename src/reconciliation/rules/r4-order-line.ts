import { answeredQuantities, meaningOf, type AcknowledgementLine } from '../../documents/acknowledgement855.ts'
import type { LineAcknowledgement, ProductId } from '../../documents/canonical.ts'
import type { Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { itemNumbers } from '../../items/rules.ts'
import { unitFactor } from '../../items/units.ts'
import { extendedAmount, priceBasisDivisor } from '../../orders/rules.ts'
import { decimal, decimalText, type Decimal } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ResponseFacts } from '../facts.ts'
import type { Held } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { daysOutside, describeWindow, windowFor } from '../windows.ts'
import { datedEvidence, daysText, orderFinding, orderedEvidence } from './order-findings.ts'

/** R4 for one line: quantity, price, date and item of the order against the line's latest answer. */

type DocumentLine = OrderFacts['document']['lines'][number]
/** A line of an 855 (the index-th), and the answer it stands in. */
export type Answer = { readonly response: ResponseFacts; readonly line: AcknowledgementLine; readonly index: number }

type Comparison = { facts: OrderFacts; line: OrderLineFacts; document: DocumentLine; answer: Answer; policy: Held<'R4'> }

export const compareLine = (comparison: Comparison): Finding[] => [
  ...compareQuantity(comparison),
  ...comparePrice(comparison),
  ...compareDate(comparison),
  ...compareItem(comparison),
]

export const lineFinding = (
  { facts, line }: Pick<Comparison, 'facts' | 'line'>,
  code: string,
  shown: Omit<Parameters<typeof orderFinding>[2], 'about' | 'code'>,
): Finding => orderFinding(facts, 'R4', { code, about: [line.position], ...shown })

const compareQuantity = (comparison: Comparison): Finding[] => {
  const {
    facts,
    line,
    document,
    answer: { line: said },
    policy,
  } = comparison
  const factor = said.unit === undefined ? decimal(1) : unitFactor(said.unit, line.unit, line.item ?? undefined)
  const name = `Order ${facts.number} line ${line.lineNumber}`
  if (!factor)
    return [
      lineFinding(comparison, 'R4_UNIT', {
        severity: 'warning',
        summary: `${name}: ordered in ${line.unit}, answered in ${said.unit}; how many one is of the other is not known.`,
        compared: { expected: line.unit, actual: said.unit ?? null, difference: null, tolerance: { policy: policy.policy } },
        evidence: [ordered(comparison, 3, 'unit', line.unit), answered(comparison, 'PO1', 3, said.at, 'unit', said.unit)],
      }),
    ]
  const inOrderUnits = said.acknowledgements.map(ack =>
    ack.quantity === undefined ? ack : { ...ack, quantity: decimalText(decimal(ack.quantity).times(factor)) },
  )
  const ack = answeredQuantities(document.quantity, inOrderUnits)
  const coming = ack.confirmed.plus(ack.pending)
  const gap = difference(line.quantityOrdered, coming)
  if (!exceeds(gap, policy.quantity)) return []
  const codes = said.acknowledgements.map(each => each.code)
  const money = line.price === null ? undefined : extendedAmount(gap.value, line.price, line.priceBasis)
  const finding = (code: string, severity: Finding['severity'], sentence: string): Finding[] => [
    lineFinding(comparison, code, {
      severity,
      summary: `${name}: ordered ${line.quantityOrdered} ${line.unit}, ${sentence}`,
      compared: {
        expected: line.quantityOrdered,
        actual: decimalText(coming),
        difference: decimalText(gap.value),
        ...(gap.percent && { percent: percentText(gap.percent) }),
        unit: line.unit,
        tolerance: { ...policy.quantity, policy: policy.policy },
      },
      evidence: [
        ordered(comparison, 2, 'quantity', document.quantity),
        ...said.acknowledgements.map((each, i) => ackEvidence(comparison, each, i, 2, 'quantity', each.quantity)),
      ],
      money,
    }),
  ]
  const amount = (quantity: Decimal) => `${decimalText(quantity)} ${line.unit}`
  if (gap.value.isPositive()) return finding('R4_QUANTITY', 'error', `but ${amount(coming)} confirmed (${codes.join(', ')}).`)
  if (ack.rejected.gt(0) || (coming.isZero() && ack.backordered.isZero() && codes.every(code => meaningOf(code) === 'rejected')))
    return finding(
      'R4_REJECTED',
      'error',
      `${amount(ack.rejected.isZero() ? gap.value.abs() : ack.rejected)} rejected (${codes.join(', ')}), ${amount(coming)} confirmed.`,
    )
  if (ack.backordered.gt(0))
    return finding('R4_BACKORDERED', 'warning', `${amount(ack.backordered)} backordered, ${amount(coming)} confirmed.`)
  return codes.some(code => ['changed', 'substituted'].includes(meaningOf(code)))
    ? finding('R4_QUANTITY', 'error', `only ${amount(coming)} confirmed (${codes.join(', ')}), ${amount(gap.value.abs())} short.`)
    : finding(
        'R4_UNANSWERED',
        'warning',
        `${amount(coming)} answered (${codes.join(', ') || 'no ACK'}), nothing said of the other ${amount(gap.value.abs())}.`,
      )
}

const comparePrice = (comparison: Comparison): Finding[] => {
  const {
    facts,
    line,
    answer: { line: said },
    policy,
  } = comparison
  const offered =
    said.acknowledgements.findLast(ack => ack.price !== undefined && meaningOf(ack.code) !== 'rejected')?.price ?? said.price
  if (offered === undefined || line.price === null || said.acknowledgements.every(ack => meaningOf(ack.code) === 'rejected'))
    return []
  const basis = said.priceBasis ?? line.priceBasis
  const perUnit = said.unit === undefined ? decimal(1) : unitFactor(said.unit, line.unit, line.item ?? undefined)
  if (!perUnit) return []
  const expected = decimal(line.price).dividedBy(priceBasisDivisor(line.priceBasis))
  const actual = decimal(offered).dividedBy(priceBasisDivisor(basis)).dividedBy(perUnit)
  const gap = difference(expected, actual)
  if (!exceeds(gap, policy.price)) return []
  return [
    lineFinding(comparison, 'R4_PRICE', {
      severity: 'error',
      summary:
        `Order ${facts.number} line ${line.lineNumber}: ordered at ${decimalText(expected)} ${facts.currency} per ${line.unit}, answered at ${decimalText(actual)}` +
        `${gap.percent ? ` (${gap.value.isPositive() ? '+' : '-'}${percentText(gap.percent)} %)` : ''}.`,
      compared: {
        expected: decimalText(expected),
        actual: decimalText(actual),
        difference: decimalText(gap.value),
        ...(gap.percent && { percent: percentText(gap.percent) }),
        unit: facts.currency,
        tolerance: { ...policy.price, policy: policy.policy },
      },
      evidence: [ordered(comparison, 4, 'price', line.price), answered(comparison, 'PO1', 4, said.at, 'price', offered)],
      money: gap.value.times(decimal(line.quantityOrdered)),
    }),
  ]
}

const compareDate = (comparison: Comparison): Finding[] => {
  const { facts, line, document, policy } = comparison
  const late = { early: policy.earlyDays, late: policy.lateDays }
  const outside = comparison.answer.line.acknowledgements
    .flatMap((ack, index) => {
      if (ack.date === undefined || meaningOf(ack.code) === 'rejected') return []
      const window = windowFor(ack.dateQualifier, document.dates, facts.document.dates)
      const days = window ? daysOutside(ack.date, window, late) : 0
      return window && days !== 0 ? [{ ack, index, window, days, date: ack.date }] : []
    })
    .toSorted((a, b) => Math.abs(b.days) - Math.abs(a.days))
  const [worst] = outside
  if (!worst) return []
  const { window, days, date, ack, index } = worst
  const bound = days > 0 ? window.latest! : window.earliest!
  return [
    lineFinding(comparison, 'R4_DATE', {
      severity: days > 0 ? 'error' : 'warning',
      summary: `Order ${facts.number} line ${line.lineNumber}: ${window.kind} asked ${describeWindow(window)}, promised for ${date}, ${daysText(days)} too ${days > 0 ? 'late' : 'early'}.`,
      compared: {
        expected: bound.date,
        actual: date,
        difference: String(days),
        unit: 'days',
        tolerance: { earlyDays: policy.earlyDays, lateDays: policy.lateDays, policy: policy.policy },
      },
      evidence: [datedEvidence(facts, bound), ackEvidence(comparison, ack, index, 5, 'date', date)],
      money: days > 0 ? valueOf(line) : undefined,
    }),
  ]
}

const compareItem = (comparison: Comparison): Finding[] => {
  const {
    facts,
    line,
    document,
    answer: { line: said },
  } = comparison
  const substitute = said.acknowledgements.find(
    ack => ack.code === 'IS' || (ack.products && conflicts(document.products, ack.products)),
  )
  const other = substitute
    ? (substitute.products ?? said.products)
    : conflicts(document.products, said.products)
      ? said.products
      : undefined
  if (!other) return []
  const wanted = nameOf(document.products)
  const given = nameOf(other)
  return [
    lineFinding(comparison, 'R4_ITEM', {
      severity: 'error',
      summary: `Order ${facts.number} line ${line.lineNumber}: ordered ${wanted ?? 'an item'}, answered with ${given ?? 'another'}${substitute ? ' as a substitute' : ''}.`,
      compared: { expected: wanted, actual: given, difference: null, tolerance: {} },
      evidence: [
        ordered(comparison, 7, 'products[0].value', document.products[0]?.value),
        substitute?.products
          ? ackEvidence(
              comparison,
              substitute,
              said.acknowledgements.indexOf(substitute),
              8,
              'products[0].value',
              substitute.products[0]?.value,
            )
          : answered(comparison, 'PO1', 7, said.at, 'products[0].value', said.products[0]?.value),
      ],
      money: valueOf(line),
    }),
  ]
}

/** Whether two lists of product numbers mean different items: the first kind of number that both have decides. */
const conflicts = (one: readonly ProductId[], other: readonly ProductId[]): boolean => {
  const [a, b] = [itemNumbers(one), itemNumbers(other)]
  for (const kind of ['gtin', 'buyerItem', 'sellerItem'] as const)
    if (a[kind] !== undefined && b[kind] !== undefined) return a[kind] !== b[kind]
  return false
}

export const nameOf = (products: readonly ProductId[]): string | null => {
  const numbers = itemNumbers(products)
  return numbers.gtin ?? numbers.buyerItem ?? numbers.sellerItem ?? products[0]?.value ?? null
}

/** What the whole line is worth; undefined without a price. */
export const valueOf = (line: OrderLineFacts): Decimal | undefined =>
  line.price === null ? undefined : extendedAmount(line.quantityOrdered, line.price, line.priceBasis)

const ordered = ({ facts, line }: Comparison, element: number, field: string, value: string | null | undefined): Evidence =>
  orderedEvidence(facts, line, element, field, value)

export const ofAnswer = (response: ResponseFacts) =>
  ({ side: 'seller', documentKind: 'order_response', documentId: response.id, source: response.source }) as const

const answered = (
  { answer: { response, index } }: Comparison,
  segment: string,
  element: number,
  at: number | undefined,
  field: string,
  value: string | null | undefined,
): Evidence => evidenceOf({ ...ofAnswer(response), segment, element, at, field: `lines[${index}].${field}` }, value)

const ackEvidence = (
  comparison: Comparison,
  ack: LineAcknowledgement,
  index: number,
  element: number,
  field: string,
  value: string | null | undefined,
): Evidence => answered(comparison, 'ACK', element, ack.at, `acknowledgements[${index}].${field}`, value)
