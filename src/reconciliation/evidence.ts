import type { Evidence } from '../exceptions/schema.ts'
import type { Source } from './facts.ts'

/** A value's place: in X12 the segment and element, otherwise the field of the document. */
export type Place = {
  readonly side: Evidence['side']
  readonly documentKind: string
  readonly documentId: string
  readonly source: Source | null
  readonly segment: string
  readonly element: number
  /** Ordinal of the segment in its set. */
  readonly at: number | null | undefined
  /** Where it is in the document as entered, for example lines[0].quantity. */
  readonly field: string
}

/** Where a value came from. A document that came as X12, but not this part of it, is named by its set and field. */
export const evidenceOf = (place: Place, value: string | null | undefined): Evidence => ({
  side: place.side,
  documentKind: place.documentKind,
  documentId: place.documentId,
  ...(place.source && { messageId: place.source.messageId, set: place.source.ordinal }),
  ...(place.source && place.at ? { segment: place.segment, position: place.at, element: place.element } : { field: place.field }),
  value: value ?? null,
})
