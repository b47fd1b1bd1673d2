/** The X12 engine: bytes in, values out, and back. */
export * from './types.ts'
export { createReader, read, readAll, type Reader, type ReadOptions, type SetIdentity } from './read.ts'
export { readTransaction, validateTransaction, type TransactionInfo } from './transaction.ts'
export {
  defaultDelimiters, writeInterchange, WriteError, type GroupToWrite, type InterchangeToWrite, type NewGroupHeader, type NewInterchangeHeader,
  type TransactionToWrite,
} from './write.ts'
export { standardGuide, standardVersions } from './standard.ts'
export type { Guide } from './compile.ts'
export { GuideError, lint } from './guide.ts'
export { allSegments, component, first, isSegment, loop, loops, repeats, segment, segments, text } from './tree.ts'
