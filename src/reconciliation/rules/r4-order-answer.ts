import type { Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { extendedAmount, meaningOfType } from '../../orders/rules.ts'
import { decimalText, moneyText, sum } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { OrderFacts, OrderLineFacts, ResponseFacts } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'
import { orderFinding, orderedEvidence } from './order-findings.ts'
import { compareLine, lineFinding, nameOf, ofAnswer, valueOf, type Answer } from './r4-order-line.ts'

/** R4: what was ordered against what the seller answered, line by line; the latest answer to a line is the one that holds. */

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
  const findings = wholly
    ? [rejectedWholly(facts, wholly)]
    : facts.lines.flatMap(line => {
        const document = facts.document.lines[line.position - 1]
        // What the seller says of a line that was changed since is R5's to judge.
        if (!document || line.response === 'cancelled' || line.change) return []
        const policy = policies.settingsFor('R4', {
          partnershipId: facts.partnershipId,
          partnershipItemId: line.item?.id ?? null,
          date: facts.orderDate,
        })
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
      if (general === 'accept' && (document.lines.length === 0 || !standings.has(line.position)))
        standings.set(line.position, 'accepted')
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

const missing = (facts: OrderFacts, line: OrderLineFacts, response: ResponseFacts): Finding =>
  lineFinding({ facts, line }, 'R4_MISSING_LINE', {
    // The rest may still come: an answer by portal often takes the lines one after the other.
    severity: 'warning',
    summary: `Order ${facts.number} line ${line.lineNumber}: ${line.quantityOrdered} ${line.unit} ordered, and no answer names the line.`,
    compared: { expected: line.quantityOrdered, actual: null, difference: null, unit: line.unit, tolerance: {} },
    evidence: [orderedEvidence(facts, line, 2, 'quantity', line.quantityOrdered), headerEvidence(response)],
    money: valueOf(line),
  })

const extraLine = (facts: OrderFacts, { response, line, index }: Answer): Finding => {
  const quantity = line.quantity ?? decimalText(sum(line.acknowledgements.map(ack => ack.quantity ?? '0')))
  const what = [nameOf(line.products) ?? 'no item', `${quantity} ${line.unit ?? ''}`.trim()].join(', ')
  return orderFinding(facts, 'R4', {
    code: 'R4_EXTRA_LINE',
    about: ['line', line.lineNumber],
    severity: 'error',
    summary: `Order ${facts.number}: the answer has a line ${line.lineNumber} (${what}) that the order does not have.`,
    compared: { expected: null, actual: quantity, difference: null, ...(line.unit && { unit: line.unit }), tolerance: {} },
    evidence: [
      evidenceOf(
        { ...ofAnswer(response), segment: 'PO1', element: 1, at: line.at, field: `lines[${index}].lineNumber` },
        line.lineNumber,
      ),
    ],
    ...(line.price !== undefined && { money: extendedAmount(quantity, line.price, line.priceBasis) }),
  })
}

const rejectedWholly = (facts: OrderFacts, response: ResponseFacts): Finding => {
  const count = facts.lines.length
  const total = sum(facts.lines.map(line => valueOf(line) ?? '0'))
  return orderFinding(facts, 'R4', {
    code: 'R4_REJECTED',
    about: ['order'],
    severity: 'error',
    summary: `Order ${facts.number}: the seller rejects the whole order, ${count} line${count === 1 ? '' : 's'} for ${moneyText(total)} ${facts.currency}.`,
    compared: { expected: String(count), actual: '0', difference: String(-count), unit: 'lines', tolerance: {} },
    evidence: [headerEvidence(response)],
    money: total,
  })
}

/** BAK02, which speaks for the whole answer. */
const headerEvidence = (response: ResponseFacts): Evidence =>
  evidenceOf(
    { ...ofAnswer(response), segment: 'BAK', element: 2, at: response.document.at, field: 'type' },
    response.document.type,
  )
