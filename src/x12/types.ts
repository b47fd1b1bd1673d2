/**
 * What the engine hands out. Everything here is plain data: no class, no I/O, nothing of the hub.
 * Segment and element positions follow X12: segment 1 of a set is its ST, element 1 is the one after the segment id.
 */

/** Delimiters of one interchange, as byte values. `repetition` is null before ISA12 00402 or when ISA11 is alphanumeric. */
export interface Delimiters {
  element: number
  component: number
  segment: number
  repetition: number | null
}

/** An element's value as read: text, the components of a composite, or the repetitions of either. */
export type ElementValue = string | readonly string[] | { readonly repeats: readonly (string | readonly string[])[] }

export interface Segment {
  readonly id: string
  /** Ordinal inside the transaction set; ST is 1. */
  readonly position: number
  /** Byte offset of the segment's first byte in the input. */
  readonly offset: number
  /** elements[0] is element 01. Absent trailing elements are not stored. */
  readonly elements: readonly ElementValue[]
}

/** A loop of a transaction set, named by its guide (usually after its first segment), children in document order. */
export interface Loop {
  readonly id: string
  readonly children: readonly (Segment | Loop)[]
}

/** One transaction set, ST to SE, as a tree. Its root loop's id is the set id ("850"). */
export interface Transaction {
  readonly set: string
  readonly controlNumber: string
  /** GS08 of the group it travels in. */
  readonly version: string
  /** ST03, when sent. */
  readonly implementation?: string
  /** Everything between ST and SE. */
  readonly root: Loop
}

export type Severity = 'error' | 'warning'

/** One thing wrong, with where it is and the code each acknowledgement gives it. */
export interface Finding {
  /** Stable name of the kind of fault, e.g. `element-missing`, `code-unknown`, `segment-unexpected`, `set-count-wrong`. */
  readonly kind: string
  readonly severity: Severity
  /** Byte offset in the input. */
  readonly offset: number
  /** Ordinal of the segment in its set (ST = 1); 0 for envelope findings. */
  readonly segmentPosition: number
  readonly segmentId: string
  /** Loop ids from the set's root down, e.g. ["PO1", "PID"]. */
  readonly loopPath: readonly string[]
  /** 1-based; 0 when the finding is about the whole segment. */
  readonly element: number
  readonly component: number
  readonly repetition: number
  /** X12 data element number (AK402 / IK402), when known. */
  readonly elementReference?: string
  /** Value as found, at most 99 characters. */
  readonly value?: string
  /** Segment syntax error code: AK304 / IK304. */
  readonly segmentCode?: string
  /** Element syntax error code: AK403 / IK403. */
  readonly elementCode?: string
  /** Set error code: AK502… / IK502…. */
  readonly setCode?: string
  /** Group error code: AK905…. */
  readonly groupCode?: string
  /** Interchange note code: TA105. */
  readonly interchangeCode?: string
  /** One sentence that a clerk understands: what, where, what to do. */
  readonly message: string
  /** What the sentence was built from, beside the fields above (`name`, `minimum`, `expected`…); for other languages. */
  readonly params?: Readonly<Record<string, string | number>>
}

export interface InterchangeHeader {
  readonly offset: number
  readonly delimiters: Delimiters
  readonly senderQualifier: string // ISA05
  readonly senderId: string // ISA06, trailing blanks removed
  readonly receiverQualifier: string // ISA07
  readonly receiverId: string // ISA08, trailing blanks removed
  readonly date: string // ISA09
  readonly time: string // ISA10
  readonly version: string // ISA12
  readonly controlNumber: string // ISA13
  readonly acknowledgementRequested: boolean // ISA14 = 1
  readonly usage: string // ISA15: P, T or I
  /** All sixteen elements as found (unpadded is a finding, not a failure). */
  readonly elements: readonly string[]
}

export interface GroupHeader {
  readonly offset: number
  readonly functionalId: string // GS01
  readonly senderCode: string // GS02
  readonly receiverCode: string // GS03
  readonly date: string // GS04
  readonly time: string // GS05
  readonly controlNumber: string // GS06
  readonly agency: string // GS07
  readonly version: string // GS08
}

/** A (accepted), E (accepted, errors noted) or R (rejected): AK501. */
export type SetOutcome = 'A' | 'E' | 'R'
/** AK901. */
export type GroupOutcome = 'A' | 'E' | 'P' | 'R'

export interface SetResult {
  /** 0-based over the whole input. */
  readonly ordinal: number
  readonly set: string // ST01
  readonly controlNumber: string // ST02
  readonly implementation?: string // ST03
  /** First byte of ST. */
  readonly start: number
  /** One past the segment terminator of SE (or where recovery began). */
  readonly end: number
  readonly segmentCount: number
  readonly outcome: SetOutcome
  readonly findings: readonly Finding[]
  /** Present when a tree was asked for and the set was not rejected (`tree: 'all'`: always). */
  readonly transaction?: Transaction
}

export interface GroupResult {
  readonly header: GroupHeader
  /** One past GE's terminator. */
  readonly end: number
  readonly outcome: GroupOutcome
  /** GE01 as sent (NaN when unreadable), sets seen, sets accepted (A or E). */
  readonly included: number
  readonly received: number
  readonly accepted: number
  readonly findings: readonly Finding[]
}

export interface InterchangeResult {
  readonly header: InterchangeHeader
  readonly end: number
  /** TA104: A accepted, E accepted with errors, R rejected. */
  readonly outcome: 'A' | 'E' | 'R'
  /** TA105, "000" when nothing is wrong. */
  readonly noteCode: string
  readonly groupCount: number
  /** TA1 segments in it. */
  readonly acknowledgementCount: number
  readonly findings: readonly Finding[]
}

/** An interchange acknowledgement found in the input: which of our interchanges it is about, and what became of it. */
export interface InterchangeAcknowledgement {
  readonly offset: number
  readonly controlNumber: string // TA101
  readonly date: string // TA102
  readonly time: string // TA103
  readonly outcome: string // TA104: A, E or R as sent
  readonly noteCode: string // TA105
}

/**
 * What reading yields, in document order. The findings of an `interchange` and a `group` are those about their headers; they come again with all others at
 * their ends. `junk` is input outside any interchange (not X12 at all, or text between interchanges).
 */
export type ReadEvent =
  | { readonly type: 'interchange'; readonly header: InterchangeHeader; readonly findings: readonly Finding[] }
  | { readonly type: 'group'; readonly header: GroupHeader; readonly interchange: InterchangeHeader; readonly findings: readonly Finding[] }
  | { readonly type: 'set'; readonly result: SetResult; readonly group: GroupHeader; readonly interchange: InterchangeHeader }
  | { readonly type: 'group-end'; readonly result: GroupResult; readonly interchange: InterchangeHeader }
  | { readonly type: 'interchange-end'; readonly result: InterchangeResult }
  | { readonly type: 'ta1'; readonly acknowledgement: InterchangeAcknowledgement; readonly interchange: InterchangeHeader }
  | { readonly type: 'junk'; readonly finding: Finding }
