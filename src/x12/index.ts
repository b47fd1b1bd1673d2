/** The X12 engine: bytes in, values out, and back. */
export * from './types.ts'
export { createReader, peekInterchange, read, readAll, type ByteSource, type ByteStream, type Reader } from './read.ts'
export { explain, messageLanguages, type MessageLanguage } from './explain.ts'
export {
  inspect, Inspector, type Inspected, type InspectedElement, type InspectedLoop, type InspectedSegment, type InspectedSet, type InspectOptions,
} from './inspect.ts'
export {
  validate, type PlacedFinding, type ValidateOptions, type Validation, type ValidationEvent, type ValidationSummary,
} from './validation.ts'
export { acknowledge, Acknowledger, type AcknowledgeOptions, type Answer, type AnswerOptions } from './answer.ts'
export { LineWriter, RejectedSetError, write, type CheckedWriteOptions, type LineWriteOptions } from './writing.ts'
export {
  LineError, lineOf, parseLine, type GroupLine, type InterchangeLine, type LineDelimiters, type LineLoop, type LineSegment, type TransactionLine,
  type TransactionToLine,
} from './line.ts'
export type { ReadOptions, SetIdentity } from './session.ts'
export { readTransaction, validateTransaction, type TransactionInfo } from './transaction.ts'
export { defaultDelimiters, WriteError, type WriteOptions } from './encode.ts'
export {
  writeInterchange, type GroupToWrite, type InterchangeToWrite, type NewGroupHeader, type NewInterchangeHeader,
  type TransactionToWrite,
} from './write.ts'
export { narrowedGuide, standardGuide, standardVersions } from './standard.ts'
export type { Guide } from './compile.ts'
export { GuideError, lint, type GuideModel, type SumRule } from './guide.ts'
export { parseOverlay, type Narrowing, type Overlay } from './overlay.ts'
export { guideNamed, guideOf, shippedGuide } from './named.ts'
export { industryOverlays, shippedGuides, shippedOverlays } from './guides.ts'
export { formatGuide, GuideLearner, learnGuide, type LearnedGuide } from './learn.ts'
export { compareGuides, compareVerdicts, judgedDifferently, type DifferenceKind, type GuideDifference, type JudgedSet, type Verdicts } from './compare.ts'
export type { GuideProfile, Observed } from './profile.ts'
export { allSegments, component, first, isSegment, loop, loops, repeats, segment, segments, text } from './tree.ts'
export {
  AcknowledgementBuilder, buildTa1, isAcknowledged, wantsTa1, type AcknowledgementNumbers, type AcknowledgementOptions, type InterchangeAcknowledgementOptions,
} from './acknowledge.ts'
export { isAcknowledgement, parseAcknowledgement, type AcknowledgedElement, type AcknowledgedSegment, type AcknowledgedSet, type ParsedAcknowledgement } from './acknowledged.ts'
