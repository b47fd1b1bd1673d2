import type {
  ChangeLineDocument,
  LineAcknowledgement,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  OrderLineDocument,
  PurchaseOrderDocument,
} from './canonical.ts'
import type { ChangeAnswerLine } from './change860.ts'
import { compact, some } from './elements.ts'
import { echoedParties, echoedReferences, fresh, usualEcho } from './turnaround.ts'

/** What a change of an order and its answer say again of the order. Pure, like the other turnaround documents. */

const heading = (order: PurchaseOrderDocument, echo = usualEcho) => ({
  orderNumber: order.number,
  release: order.release,
  orderDate: order.orderDate,
  contract: order.contract,
  currency: order.currency,
  freightTerms: order.freightTerms,
  freightLocation: order.freightLocation,
  references: echoedReferences(order.references, echo),
  parties: echoedParties(order.parties, echo),
})

/** What a line of a change repeats of the order's, so that the partner finds it by number or item. */
export const lineToChange = (line: OrderLineDocument): Pick<ChangeLineDocument, 'lineNumber' | 'products' | 'unit'> => ({
  lineNumber: line.lineNumber,
  unit: line.unit,
  products: fresh(line.products),
})

export interface Change {
  /** BCH01: 04 change, 01 cancel. */
  readonly purpose: string
  readonly sequence: string
  /** The day of the change, YYYY-MM-DD. */
  readonly on: string
  readonly lines: readonly ChangeLineDocument[]
  readonly dates?: OrderChangeDocument['dates']
  readonly freightTerms?: string
  readonly notes?: readonly string[]
}

/** A change of an order: each line as `lines` says it, under the order's own heading. */
export const changeFor = (order: PurchaseOrderDocument, given: Change, echo = usualEcho): OrderChangeDocument =>
  compact<OrderChangeDocument>({
    ...heading(order, echo),
    ...(given.freightTerms !== undefined && { freightTerms: given.freightTerms }),
    purpose: given.purpose,
    type: order.type,
    sequence: given.sequence,
    changedOn: given.on,
    dates: [...(given.dates ?? [])],
    notes: given.notes && some([...given.notes]),
    lines: given.lines.map(fresh),
  })

export interface ChangeAnswers {
  /** Which lines of the change are answered, from 0, and how. */
  readonly answers: readonly { readonly index: number; readonly acknowledgements: readonly LineAcknowledgement[] }[]
  /** BCA02. */
  readonly type: string
  readonly on: string
  readonly notes?: readonly string[]
}

/**
 * The answer to a change: its sequence and dates, and each line as the change had it, with its answers. `lines` gives the order's
 * line that each line of the change means, where there is one.
 */
export const changeAnswerFor = (
  order: PurchaseOrderDocument,
  change: OrderChangeDocument,
  given: ChangeAnswers,
  lines: readonly (OrderLineDocument | undefined)[],
  echo = usualEcho,
): OrderChangeAnswerDocument =>
  compact<OrderChangeAnswerDocument>({
    ...heading(order, echo),
    purpose: '00',
    type: given.type,
    sequence: change.sequence,
    requestReference: change.requestReference,
    reference: change.reference,
    changedOn: change.changedOn,
    answeredOn: given.on,
    dates: [],
    notes: given.notes && some([...given.notes]),
    lines: given.answers.map(({ index, acknowledgements }): ChangeAnswerLine => {
      const said = change.lines[index]
      if (!said) throw new RangeError(`the change has no line ${index}`)
      const ordered = lines[index]
      return compact<ChangeAnswerLine>({
        lineNumber: said.lineNumber ?? ordered?.lineNumber,
        code: said.code,
        quantity: said.quantity,
        unit: said.unit ?? ordered?.unit,
        price: acknowledgements.find(ack => ack.price !== undefined)?.price ?? said.price ?? ordered?.price,
        priceBasis: said.priceBasis ?? ordered?.priceBasis,
        products: fresh(said.products.length > 0 ? said.products : (ordered?.products ?? [])),
        acknowledgements: acknowledgements.map(fresh),
      })
    }),
  })
