import { meaningOf } from '../../documents/acknowledgement855.ts'
import type { Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { cancelsOrder, sequenceNumber } from '../../orders/change-rules.ts'
import { answeredLine, changeRejections } from '../../orders/fold.ts'
import { extendedAmount } from '../../orders/rules.ts'
import { decimal, decimalText, sum } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { ChangeFacts, OrderFacts, OrderLineFacts } from '../facts.ts'
import type { Held, PolicyBook } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'
import { orderFinding } from './order-findings.ts'

/**
 * R5: the buyer's changes in their order, against what has shipped and what the seller said of them; and of R3 the answer (865) that
 * is missing. The net position is the order's: what is compared here is only what a change asked for.
 */
export const changesOfOrder = (facts: OrderFacts, policies: PolicyBook): Finding[] =>
  facts.changes.flatMap(change => {
    switch (change.state) {
      case 'held':
        return [gap(facts, change)]
      case 'refused':
        return correctedBy(facts, change) ? [] : [refused(facts, change)]
      case 'replaced':
      case 'superseded':
        return []
      case 'pending':
      case 'accepted':
      case 'countered':
      case 'rejected':
        return [...unanswered(facts, change, policies), ...disagreements(facts, change, policies)]
      default:
        return change.state satisfies never
    }
  })

const nameOf = (facts: OrderFacts, change: ChangeFacts): string =>
  `Order ${facts.number}, change${change.sequence === null ? '' : ` ${change.sequence}`}`

const said = (
  change: ChangeFacts,
  segment: 'BCH' | 'POC',
  element: number,
  at: number | null | undefined,
  field: string,
  value: string | null,
): Evidence =>
  evidenceOf({ side: 'buyer', documentKind: 'order_change', documentId: change.id, source: change.source, segment, element, at, field }, value)

const gap = (facts: OrderFacts, change: ChangeFacts): Finding =>
  orderFinding(facts, 'R5', {
    code: 'R5_GAP',
    about: ['change', change.id],
    severity: 'warning',
    summary: `${nameOf(facts, change)} has come before those that precede it, and waits for them.`,
    compared: { expected: null, actual: change.sequence, difference: null, tolerance: {} },
    evidence: [said(change, 'BCH', 5, change.document.at, 'sequence', change.sequence)],
  })

/** A refused change is settled when the buyer has made another since. */
const correctedBy = (facts: OrderFacts, change: ChangeFacts): boolean =>
  facts.changes.some(other => other.ordinal !== null && other.state !== 'replaced' && follows(other, change))

/** Whether one change comes after another: by their numbers, or else as they came. */
const follows = (later: ChangeFacts, earlier: ChangeFacts): boolean => {
  const [a, b] = [sequenceNumber(earlier.sequence), sequenceNumber(later.sequence)]
  return a !== null && b !== null ? b > a : later.id > earlier.id
}

const refused = (facts: OrderFacts, change: ChangeFacts): Finding => {
  const below = change.problems.find(problem => problem.code === 'orders/below-shipped')
  const problem = below ?? change.problems[0]
  const index = change.document.lines.findIndex(line => line.at !== undefined && line.at === problem?.at)
  const line = change.document.lines[index]
  return orderFinding(facts, 'R5', {
    code: below ? 'R5_AFTER_SHIPMENT' : 'R5_REFUSED',
    about: ['change', change.id],
    severity: 'error',
    summary: `${nameOf(facts, change)} was not made: ${problem?.detail ?? 'it cannot be.'}`,
    compared: { expected: line?.quantity ?? null, actual: null, difference: null, ...(line?.unit && { unit: line.unit }), tolerance: {} },
    evidence: [
      line
        ? said(change, 'POC', 3, line.at, `lines[${index}].quantity`, line.quantity ?? null)
        : said(change, 'BCH', 1, change.document.at, 'purpose', change.document.purpose),
    ],
  })
}

const hour = 3_600_000

const unanswered = (facts: OrderFacts, change: ChangeFacts, policies: PolicyBook): Finding[] => {
  if (change.state !== 'pending') return []
  const { changeAnswerHours, policy } = policies.settingsFor('R3', { partnershipId: facts.partnershipId, date: facts.today })
  const due = new Date(Date.parse(change.decidedAt) + changeAnswerHours * hour)
  if (Date.parse(facts.now) < due.getTime()) return []
  return [
    orderFinding(facts, 'R3', {
      code: 'R3_CHANGE_UNANSWERED',
      about: ['change', change.id],
      severity: 'error',
      summary: `${nameOf(facts, change)} has not been answered; an 865 was due within ${changeAnswerHours} hours.`,
      // The hours that have passed stay out of the values, or every run would be a new version of the same finding.
      compared: { expected: due.toISOString(), actual: null, difference: null, unit: 'hours', tolerance: { changeAnswerHours, policy } },
      evidence: [said(change, 'BCH', 5, change.document.at, 'sequence', change.sequence)],
    }),
  ]
}

/** What the seller refused or countered, as long as no later change speaks of the line. */
const disagreements = (facts: OrderFacts, change: ChangeFacts, policies: PolicyBook): Finding[] => {
  const rejections = changeRejections({ document: change.document, answers: change.answers.map(answer => answer.document) })
  if (cancelsOrder(change.document) || change.document.lines.length === 0)
    return rejections.all && !correctedBy(facts, change) ? [rejectedWhole(facts, change)] : []
  return change.document.lines.flatMap((asked, index) => {
    const position = change.positions[index] ?? null
    const line = facts.lines.find(each => each.position === position)
    if (!line) return []
    const policy = policies.settingsFor('R5', {
      partnershipId: facts.partnershipId,
      partnershipItemId: line.item?.id ?? null,
      date: facts.orderDate,
    })
    if (rejections.all || rejections.lines.has(index))
      return laterChange(facts, change, line) ? [] : [rejectedLine(facts, change, line, asked, index)]
    return line.change?.id === change.id ? countered(facts, change, line, index, policy) : []
  })
}

const laterChange = (facts: OrderFacts, change: ChangeFacts, line: OrderLineFacts): boolean =>
  facts.changes.some(
    other =>
      other.ordinal !== null && other.state !== 'replaced' && other.ordinal > (change.ordinal ?? 0)
      && (cancelsOrder(other.document) || other.positions.includes(line.position)),
  )

const rejectedWhole = (facts: OrderFacts, change: ChangeFacts): Finding =>
  orderFinding(facts, 'R5', {
    code: 'R5_REJECTED',
    about: ['change', change.id],
    severity: 'error',
    summary: `${nameOf(facts, change)}: the seller rejects ${cancelsOrder(change.document) ? 'the cancellation of the order' : 'it'}.`,
    compared: { expected: change.document.purpose, actual: null, difference: null, tolerance: {} },
    evidence: [said(change, 'BCH', 1, change.document.at, 'purpose', change.document.purpose), ...headerAnswer(change)],
  })

const headerAnswer = (change: ChangeFacts): Evidence[] => {
  const answer = change.answers.at(-1)
  return answer
    ? [
        evidenceOf(
          { side: 'seller', documentKind: 'order_change_answer', documentId: answer.id, source: answer.source, segment: 'BCA', element: 2, at: answer.document.at, field: 'type' },
          answer.document.type,
        ),
      ]
    : []
}

/** The latest answer's ACK for a line of the change. */
const lineAnswer = (change: ChangeFacts, index: number, element: number, value: (ack: { quantity?: string; code: string; price?: string }) => string | undefined): Evidence[] => {
  for (const answer of change.answers.toReversed())
    for (const [n, line] of answer.document.lines.entries()) {
      if (answeredLine(change.document, line) !== index) continue
      const ack = line.acknowledgements.find(each => meaningOf(each.code) !== 'accepted') ?? line.acknowledgements[0]
      if (!ack) continue
      return [
        evidenceOf(
          { side: 'seller', documentKind: 'order_change_answer', documentId: answer.id, source: answer.source, segment: 'ACK', element, at: ack.at, field: `lines[${n}].acknowledgements` },
          value(ack),
        ),
      ]
    }
  return headerAnswer(change)
}

const rejectedLine = (
  facts: OrderFacts,
  change: ChangeFacts,
  line: OrderLineFacts,
  asked: ChangeFacts['document']['lines'][number],
  index: number,
): Finding => {
  const wanted = asked.code === 'DI' ? '0' : asked.code === 'AI' ? (asked.quantity ?? null) : (asked.quantity ?? asked.price ?? null)
  const stands = asked.quantity === undefined && asked.price !== undefined ? line.price : line.quantityOrdered
  const money =
    asked.code === 'AI' && asked.quantity !== undefined && line.price !== null
      ? extendedAmount(asked.quantity, line.price, line.priceBasis)
      : undefined
  return orderFinding(facts, 'R5', {
    code: 'R5_REJECTED',
    about: ['change', change.id, line.position],
    severity: 'error',
    summary: `${nameOf(facts, change)} line ${line.lineNumber}: the seller rejects it (${asked.code}); the line stays at ${line.quantityOrdered} ${line.unit}${line.price === null ? '' : ` at ${line.price}`}.`,
    compared: { expected: wanted, actual: asked.code === 'AI' ? '0' : stands, difference: null, unit: line.unit, tolerance: {} },
    evidence: [
      said(change, 'POC', 2, asked.at, `lines[${index}].code`, asked.code),
      ...lineAnswer(change, index, 1, ack => ack.code),
    ],
    money,
  })
}

const countered = (facts: OrderFacts, change: ChangeFacts, line: OrderLineFacts, index: number, policy: Held<'R5'>): Finding[] => {
  if (!['changed', 'backordered', 'rejected'].includes(line.response)) return []
  const asked = change.document.lines[index]!
  const found: Finding[] = []
  const quantity = difference(line.quantityOrdered, line.quantityConfirmed)
  if (exceeds(quantity, policy.quantity))
    found.push(
      orderFinding(facts, 'R5', {
        code: 'R5_QUANTITY',
        about: ['change', line.position],
        severity: line.response === 'backordered' ? 'warning' : 'error',
        summary: `${nameOf(facts, change)} line ${line.lineNumber}: ${line.quantityOrdered} ${line.unit} asked for, ${line.quantityConfirmed} ${line.response === 'backordered' ? 'now, the rest later' : 'agreed to'}.`,
        compared: {
          expected: line.quantityOrdered,
          actual: line.quantityConfirmed,
          difference: decimalText(quantity.value),
          ...(quantity.percent && { percent: percentText(quantity.percent) }),
          unit: line.unit,
          tolerance: { ...policy.quantity, policy: policy.policy },
        },
        evidence: [
          said(change, 'POC', 3, asked.at, `lines[${index}].quantity`, asked.quantity ?? null),
          ...lineAnswer(change, index, 2, ack => ack.quantity),
        ],
        ...(line.price !== null && { money: extendedAmount(quantity.value, line.price, line.priceBasis) }),
      }),
    )
  if (line.price !== null && line.priceConfirmed !== null) {
    const price = difference(line.price, line.priceConfirmed)
    if (exceeds(price, policy.price))
      found.push(
        orderFinding(facts, 'R5', {
          code: 'R5_PRICE',
          about: ['change', line.position],
          severity: 'error',
          summary: `${nameOf(facts, change)} line ${line.lineNumber}: ${line.price} asked for, ${line.priceConfirmed} agreed to.`,
          compared: {
            expected: line.price,
            actual: line.priceConfirmed,
            difference: decimalText(price.value),
            ...(price.percent && { percent: percentText(price.percent) }),
            unit: facts.currency,
            tolerance: { ...policy.price, policy: policy.policy },
          },
          evidence: [
            said(change, 'POC', 6, asked.at, `lines[${index}].price`, asked.price ?? null),
            ...lineAnswer(change, index, 1, ack => ack.price ?? ack.code),
          ],
          money: extendedAmount(decimal(line.quantityConfirmed), sum([line.priceConfirmed, decimal(line.price).negated()]), line.priceBasis),
        }),
      )
  }
  return found
}
