import type { Segment } from '../x12/index.ts'

/**
 * What a mapping itself can see to be odd. It is never syntax (the engine judges that), and it never stops the mapping.
 * `value-missing`, `number-missing`, `number-unreadable` and `date-unreadable` say that a field holds a stand-in (empty text,
 * "0") or was left out because the set had nothing that could be typed.
 */
export type ProblemCode =
  | 'allowance-indicator-unknown'
  | 'count-differs'
  | 'date-unreadable'
  | 'forecast-bucket-repeated'
  | 'forecast-qualifiers-mixed'
  | 'hash-total-differs'
  | 'hl-parent-unknown'
  | 'line-unanswered'
  | 'number-missing'
  | 'number-rounded'
  | 'number-unreadable'
  | 'order-number-missing'
  | 'pack-quantity-assumed'
  | 'split-sum-differs'
  | 'split-unit-differs'
  | 'sscc-check-digit'
  | 'sscc-malformed'
  | 'sscc-repeated'
  | 'structure-differs'
  | 'unit-missing'
  | 'value-missing'
  | 'week-not-monday'

export interface DocumentProblem {
  readonly code: ProblemCode
  /** One sentence for people. */
  readonly message: string
  /** Ordinal of the segment in its set; ST is 1. */
  readonly at: number
  readonly segmentId: string
  /** 1-based; 0 when the problem is the whole segment. */
  readonly element: number
}

/** What `readX` gives: the document and what is odd about it. */
export interface Mapped<D> {
  document: D
  problems: DocumentProblem[]
}

/** Notes a problem of one element (0 for the whole segment). */
export const report = (
  problems: DocumentProblem[], code: ProblemCode, segment: Segment, element: number, message: string,
): void => {
  problems.push({ code, message, at: segment.position, segmentId: segment.id, element })
}
