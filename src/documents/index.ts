import { isSegment, type Loop, segment, text, type Transaction } from '../x12/index.ts'
import { readAcknowledgement, writeAcknowledgement } from './acknowledgement855.ts'
import type {
  ForecastDocument, InvoiceDocument, OrderAcknowledgementDocument, OrderChangeAnswerDocument, OrderChangeDocument,
  PurchaseOrderDocument, ReceivingAdviceDocument, ShipNoticeDocument,
} from './canonical.ts'
import { readChange, readChangeAnswer, writeChange, writeChangeAnswer } from './change860.ts'
import { readForecast, writeForecast } from './forecast830.ts'
import { readInvoice, writeInvoice } from './invoice810.ts'
import { readOrder, writeOrder } from './order850.ts'
import type { Mapped } from './problem.ts'
import { readReceipt, writeReceipt } from './receipt861.ts'
import { writeShipNotice } from './ship-notice-tree.ts'
import { readShipNotice } from './shipment856.ts'

/** The canonical document of each set that the hub maps. */
export interface DocumentOf {
  '810': InvoiceDocument
  '830': ForecastDocument
  '850': PurchaseOrderDocument
  '855': OrderAcknowledgementDocument
  '856': ShipNoticeDocument
  '860': OrderChangeDocument
  '861': ReceivingAdviceDocument
  '865': OrderChangeAnswerDocument
}

/** A set that the hub reads, and writes for a partner. */
export type DocumentSet = keyof DocumentOf
export type OutboundDocument = DocumentSet
export type CanonicalDocument = DocumentOf[DocumentSet]
/** A set as a document, with what is odd about it. */
export type MappedSet = { readonly [S in DocumentSet]: Mapped<DocumentOf[S]> }[DocumentSet]

/** How one set becomes a document (never throws on content) and back (throws DocumentError for what does not fit). */
export interface DocumentMapping<D> {
  readonly read: (transaction: Transaction) => Mapped<D>
  readonly write: (document: D) => Loop
}

export const documentMappings: { readonly [S in DocumentSet]: DocumentMapping<DocumentOf[S]> } = {
  '810': { read: readInvoice, write: writeInvoice },
  '830': { read: readForecast, write: writeForecast },
  '850': { read: readOrder, write: writeOrder },
  '855': { read: readAcknowledgement, write: writeAcknowledgement },
  '856': { read: readShipNotice, write: writeShipNotice },
  '860': { read: readChange, write: writeChange },
  '861': { read: readReceipt, write: writeReceipt },
  '865': { read: readChangeAnswer, write: writeChangeAnswer },
}

/** Sets whose notes (N9) have their text in MTX from 004030 on, and in MSG before. */
const textSets: ReadonlySet<DocumentSet> = new Set(['850', '855', '860', '865'])

/** A document as the tree of its set in a version. Throws DocumentError for what does not fit. */
export const writeInVersion = <S extends DocumentSet>(set: S, document: DocumentOf[S], version: string): Loop => {
  const root = documentMappings[set].write(document)
  return textSets.has(set) && version >= '004030' ? withTexts(root) : root
}

const withTexts = (loop: Loop): Loop => ({
  ...loop,
  children: loop.children.map(child => {
    if (!isSegment(child)) return withTexts(child)
    return loop.id === 'N9' && child.id === 'MSG' ? segment('MTX', '', text(child, 1)) : child
  }),
})

/** Whether the hub maps this set. */
export const isMappedSet = (set: string): set is DocumentSet => Object.hasOwn(documentMappings, set)

/** Any transaction as its document; undefined for a set that has no mapping. */
export const readDocument = (transaction: Transaction): MappedSet | undefined =>
  isMappedSet(transaction.set) ? documentMappings[transaction.set].read(transaction) : undefined

export { DocumentError } from './fields.ts'
export type { DocumentProblem, Mapped, ProblemCode } from './problem.ts'
