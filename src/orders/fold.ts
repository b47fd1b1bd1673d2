import type {
  OrderAcknowledgementDocument,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  OrderLineDocument,
  PurchaseOrderDocument,
} from '../documents/canonical.ts'
import { itemNumbers } from '../items/rules.ts'
import { Decimal, decimal, sum } from '../shared/decimal.ts'
import { lineFinder } from './book.ts'
import {
  addedLine,
  cancelsOrder,
  changedHeading,
  changedLine,
  changedQuantity,
  changeKind,
  namedBy,
  type ChangeQuantity,
} from './change-rules.ts'
import {
  acknowledged,
  answerLine,
  meaningOfType,
  nextResponses,
  waits,
  wholeLine,
  type AnswerEffect,
  type Ledger,
  type LineState,
} from './rules.ts'

/**
 * An order as it follows from everything that was said of it: the order, its changes in their sequence, and the answers to both.
 * The same documents give the same order, in whatever order they arrived.
 */

export type ChangeFact = {
  readonly id: string
  readonly document: OrderChangeDocument
  /** What the seller said of it, in order. */
  readonly answers: readonly OrderChangeAnswerDocument[]
}

export type Facts = {
  readonly document: PurchaseOrderDocument
  readonly terms: ChangeQuantity
  /** The 855s, in order. */
  readonly answers: readonly OrderAcknowledgementDocument[]
  /** In the order in which they are made. */
  readonly changes: readonly ChangeFact[]
}

/** What became of one line of a change. `superseded`: a later change speaks of the same line. */
export type ChangeLineResult = 'pending' | 'accepted' | 'countered' | 'rejected' | 'superseded' | 'none'

export type FoldedLine = {
  readonly document: OrderLineDocument
  /** Shipped, received, invoiced and paid are nothing: they are counted apart. */
  readonly state: LineState
  /** The change that made the line what it is, and its segment; null when that is the order. */
  readonly changeId: string | null
  readonly changeAt: number | null
}

export type Folded = {
  readonly document: PurchaseOrderDocument
  readonly lines: readonly FoldedLine[]
  /** By change, what became of each of its lines; of one that cancels the order, one result. */
  readonly results: ReadonlyMap<string, readonly ChangeLineResult[]>
}

const zero = new Decimal(0)
const emptyLedger = (ordered: string): Ledger => ({
  ordered: decimal(ordered),
  confirmed: zero,
  shipped: zero,
  received: zero,
  invoiced: zero,
  paid: zero,
  cancelled: zero,
})

type Working = {
  document: OrderLineDocument
  state: LineState
  changeId: string | null
  changeAt: number | null
  /** What the line was after each change that touched it; stage 0 is the order. */
  readonly versions: { readonly stage: number; readonly quantity: string; readonly price: string | undefined }[]
}

const lineOf = (document: OrderLineDocument, position: number, stage: number): Working => ({
  document,
  state: {
    position,
    lineNumber: document.lineNumber,
    unit: document.unit,
    price: document.price ?? null,
    priceBasis: document.priceBasis ?? null,
    response: 'open',
    priceConfirmed: null,
    promisedDate: null,
    ledger: emptyLedger(document.quantity),
  },
  changeId: null,
  changeAt: null,
  versions: [{ stage, quantity: document.quantity, price: document.price }],
})

/** The numbers by which other documents may name the lines. */
const findableLines = (lines: readonly Working[]) =>
  lines.map(({ document, state }) => {
    const numbers = itemNumbers(document.products)
    return {
      position: state.position,
      lineNumber: state.lineNumber,
      gtin: numbers.gtin ?? null,
      buyerItem: numbers.buyerItem ?? null,
      sellerItem: numbers.sellerItem ?? null,
    }
  })

/** The line of the order (its ordinal) that each line of a change means; null for none. */
type Aimed = readonly (number | null)[]

export const foldOrder = (facts: Facts): Folded => {
  const rejections = facts.changes.map(changeRejections)
  // Once without answers, to see which version of a line each 855 can speak of; then with them.
  const plain = run(facts, rejections, () => [])
  const spoken = spokenOf(facts, plain.lines)
  return run(facts, rejections, stage => spoken.get(stage) ?? [])
}

type Spoken = { readonly position: number; readonly effect: (line: LineState) => AnswerEffect | undefined }

const run = (
  facts: Facts,
  rejections: readonly Rejections[],
  spoken: (stage: number) => readonly Spoken[],
): Folded & { lines: readonly Working[] } => {
  const lines = facts.document.lines.map((line, index) => lineOf(line, index + 1, 0))
  let document = facts.document
  const hear = (stage: number) => {
    for (const { position, effect } of spoken(stage)) {
      const line = lines[position - 1]
      if (!line) continue
      const said = effect(line.state)
      if (said) take(line, said)
    }
  }
  const aims: Aimed[] = []
  hear(0)
  facts.changes.forEach((change, index) => {
    const rejected = rejections[index] ?? { all: false, lines: new Set<number>() }
    const aimed = aim(lines, change.document)
    aims.push(aimed)
    if (cancelsOrder(change.document)) {
      if (!rejected.all) {
        document = { ...document, purpose: '01' }
        for (const line of lines) cancel(line, change.id, change.document.at)
      }
      return
    }
    // A heading is changed unless the seller has refused all.
    if (!rejected.all) document = changedHeading(document, change.document)
    change.document.lines.forEach((said, k) => {
      const refused = rejected.all || rejected.lines.has(k)
      const position = aimed[k]
      const target = position === null || position === undefined ? undefined : lines[position - 1]
      if (changeKind(said.code)?.does === 'add') {
        const added = lineOf(addedLine(said, said.lineNumber ?? String(lines.length + 1)), lines.length + 1, index + 1)
        added.changeId = change.id
        added.changeAt = said.at ?? null
        if (refused) take(added, wholeLine(added.state, 'reject'))
        lines.push(added)
      } else if (target && !refused) makeChange(target, said, facts.terms, index + 1, change.id)
    })
    hear(index + 1)
    for (const answer of change.answers) hearAnswer(lines, change, aimed, answer, rejected)
  })
  return {
    document: { ...document, lines: lines.map(line => line.document), lineCount: lines.length },
    lines,
    results: resultsOf(facts, lines, aims, rejections),
  }
}

const take = (line: Working, effect: AnswerEffect): void => {
  if (line.state.response !== effect.response && !nextResponses[line.state.response].includes(effect.response)) return
  if (line.state.response === 'cancelled') return
  line.state = answerLine(line.state, effect)
}

const cancel = (line: Working, changeId: string, at: number | undefined): void => {
  if (line.state.response === 'cancelled') return
  line.state = { ...line.state, response: 'cancelled', ledger: { ...line.state.ledger, cancelled: line.state.ledger.ordered } }
  line.changeId = changeId
  line.changeAt = at ?? null
}

/** Which line each line of the change means. One that it adds has none yet. */
const aim = (lines: readonly Working[], change: OrderChangeDocument): Aimed => {
  const find = lineFinder(findableLines(lines))
  let next = lines.length
  return change.lines.map(said => {
    if (changeKind(said.code)?.does === 'add') return (next += 1)
    return find(namedBy(said)) ?? null
  })
}

const makeChange = (
  line: Working,
  said: OrderChangeDocument['lines'][number],
  terms: ChangeQuantity,
  stage: number,
  changeId: string,
): void => {
  const kind = changeKind(said.code)
  if (!kind || kind.does === 'nothing' || line.state.response === 'cancelled' || line.state.response === 'rejected') return
  const quantity = changedQuantity(line.state, said, terms)
  if (kind.does === 'cancel' || quantity?.isZero()) {
    cancel(line, changeId, said.at)
    return
  }
  const document = changedLine(line.document, said, quantity)
  const { ledger, response } = line.state
  const moved = quantity !== undefined && !quantity.eq(ledger.ordered)
  line.document = document
  line.state = {
    ...line.state,
    unit: document.unit,
    price: document.price ?? null,
    priceBasis: document.priceBasis ?? null,
    response: response === 'open' ? 'open' : 'change_pending',
    // What was rejected of another quantity is asked for anew, or no longer.
    ledger: moved
      ? { ...ledger, ordered: quantity, cancelled: zero, confirmed: Decimal.min(ledger.confirmed, quantity) }
      : ledger,
  }
  line.changeId = changeId
  line.changeAt = said.at ?? null
  line.versions.push({ stage, quantity: document.quantity, price: document.price })
}

/** Of a change: whether the seller refuses all of it, and which of its lines (from 0). A later answer takes the place of an earlier. */
type Rejections = { readonly all: boolean; readonly lines: ReadonlySet<number> }

/** Which line of a change (from 0) a line of its answer means. */
export const answeredLine = (change: OrderChangeDocument, said: OrderChangeAnswerDocument['lines'][number]): number | undefined => {
  const find = lineFinder(
    change.lines.map((line, index) => {
      const numbers = itemNumbers(line.products)
      return {
        position: index + 1,
        lineNumber: line.lineNumber ?? `# ${index + 1}`,
        gtin: numbers.gtin ?? null,
        buyerItem: numbers.buyerItem ?? null,
        sellerItem: numbers.sellerItem ?? null,
      }
    }),
  )
  const position = find({ lineNumber: said.lineNumber, numbers: itemNumbers(said.products) })
  return position === undefined ? undefined : position - 1
}

/** What BCA02 says of the lines that an 865 does not name. */
export const meaningOfAnswer = (type: string | undefined, named: number): 'accept' | 'reject' | undefined =>
  type === 'RF' ? 'reject' : meaningOfType(type ?? '', named)

/** Codes that refuse a change. ID says that an item was deleted, which is what a DI asked for. */
const refuses = (change: OrderChangeDocument['lines'][number], answer: OrderChangeAnswerDocument['lines'][number]): boolean =>
  answer.code === 'RC'
  || (answer.acknowledgements.length > 0
    && answer.acknowledgements.every(
      ack => (ack.code.startsWith('R') && ack.code !== 'RQ') || ack.code === 'IR' || (ack.code === 'ID' && change.code !== 'DI'),
    ))

export const changeRejections = ({ document, answers }: Omit<ChangeFact, 'id'>): Rejections => {
  const lines = new Set<number>()
  let all = false
  for (const answer of answers) {
    const rest = meaningOfAnswer(answer.type, answer.lines.length)
    const named = new Map<number, boolean>()
    for (const said of answer.lines) {
      const index = answeredLine(document, said)
      if (index !== undefined) named.set(index, refuses(document.lines[index]!, said))
    }
    if (cancelsOrder(document) || document.lines.length === 0) all = rest === 'reject' || (rest === undefined && ['RD', 'RO'].includes(answer.type ?? ''))
    document.lines.forEach((_, index) => {
      const refused = named.get(index) ?? (rest === undefined ? undefined : rest === 'reject')
      if (refused === true) lines.add(index)
      if (refused === false) lines.delete(index)
    })
  }
  return { all: all || (document.lines.length > 0 && lines.size === document.lines.length), lines }
}

/** Moves the lines of the order by what an 865 says of a change; what it refuses has not been made. */
const hearAnswer = (
  lines: readonly Working[],
  { document }: ChangeFact,
  aimed: Aimed,
  answer: OrderChangeAnswerDocument,
  rejected: Rejections,
): void => {
  const rest = meaningOfAnswer(answer.type, answer.lines.length)
  const named = new Map(answer.lines.map(said => [answeredLine(document, said), said]))
  document.lines.forEach((change, index) => {
    const line = lines[(aimed[index] ?? 0) - 1]
    if (!line || rejected.all || rejected.lines.has(index)) return
    const said = named.get(index)
    // Quantities in another unit cannot be told apart from wrong ones, so they move nothing.
    if (said?.acknowledgements.some(ack => ack.unit !== undefined && ack.unit !== line.state.unit)) return
    const effect = said
      ? said.acknowledgements.length > 0
        ? acknowledged(line.state, said)
        : wholeLine(line.state, 'accept')
      : rest === 'accept' && waits(line.state)
        ? wholeLine(line.state, 'accept')
        : undefined
    if (effect && change.code !== 'DI') take(line, effect)
  })
}

/**
 * What the 855s say, by the stage of the order that they speak of: the newest that fits what they repeat of the line (PO102 and
 * PO104), none later than the day they were made; when nothing fits, the order as it was first.
 */
const spokenOf = ({ document, changes, answers }: Facts, lines: readonly Working[]): Map<number, Spoken[]> => {
  const stages = new Map<number, Spoken[]>()
  const add = (stage: number, spoken: Spoken) => stages.set(stage, [...(stages.get(stage) ?? []), spoken])
  const find = lineFinder(findableLines(lines))
  for (const answer of answers) {
    const candidates = (line: Working) =>
      line.versions.filter(({ stage }) => {
        const changedOn = stage === 0 ? document.orderDate : changes[stage - 1]?.document.changedOn
        return answer.acknowledgedOn === undefined || changedOn === undefined || stage === 0 || changedOn <= answer.acknowledgedOn
      })
    const named = new Set<number>()
    for (const said of answer.lines) {
      const position = find({ lineNumber: said.lineNumber, numbers: itemNumbers(said.products) })
      const line = position === undefined ? undefined : lines[position - 1]
      if (!line || position === undefined) continue
      named.add(position)
      if (said.acknowledgements.some(ack => ack.unit !== undefined && ack.unit !== line.state.unit)) continue
      const quantities = said.acknowledgements.flatMap(ack => ack.quantity ?? [])
      const quantity = said.quantity ?? (quantities.length > 0 ? sum(quantities).toFixed() : undefined)
      const fits = candidates(line).findLast(
        version =>
          (quantity === undefined || decimal(quantity).eq(version.quantity))
          && (said.price === undefined
            || version.price === undefined
            || said.acknowledgements.some(ack => ack.price !== undefined)
            || decimal(said.price).eq(version.price)),
      )
      add(fits?.stage ?? line.versions[0]?.stage ?? 0, { position, effect: state => acknowledged(state, said) })
    }
    const rest = meaningOfType(answer.type, answer.lines.length)
    if (rest)
      for (const line of lines)
        // Of lines that were added later it cannot have spoken without naming them.
        if (!named.has(line.state.position) && line.versions[0]?.stage === 0)
          add(0, {
            position: line.state.position,
            effect: state => (waits(state) ? wholeLine(state, rest) : undefined),
          })
  }
  return stages
}

const resultsOf = (
  facts: Facts,
  lines: readonly Working[],
  aims: readonly Aimed[],
  rejections: readonly Rejections[],
): Map<string, readonly ChangeLineResult[]> =>
  new Map(
    facts.changes.map((change, index): [string, readonly ChangeLineResult[]] => {
      const rejected = rejections[index]
      const answered = change.answers.length > 0
      if (cancelsOrder(change.document) || change.document.lines.length === 0)
        return [change.id, [rejected?.all ? 'rejected' : answered ? 'accepted' : 'pending']]
      return [
        change.id,
        change.document.lines.map((said, k): ChangeLineResult => {
          if (rejected?.all || rejected?.lines.has(k)) return 'rejected'
          const line = lines[(aims[index]?.[k] ?? 0) - 1]
          if (!line || changeKind(said.code)?.does === 'nothing') return 'none'
          if (line.changeId !== change.id) return 'superseded'
          switch (line.state.response) {
            case 'open':
            case 'change_pending':
              return 'pending'
            case 'accepted':
              return 'accepted'
            case 'changed':
            case 'backordered':
              return 'countered'
            case 'rejected':
              return 'rejected'
            case 'cancelled':
              return answered ? 'accepted' : 'pending'
            default:
              return line.state.response satisfies never
          }
        }),
      ]
    }),
  )
