/**
 * node-x12's query language over our own segments, for routing rules and ad-hoc extraction: `PO1:PO102`, `FOREACH(PO1)=>PO102`,
 * `REF02:REF01["DP"]`, `HL+S+O+I-LIN03`. This is the one place where node-x12 is used; it parses nothing.
 */
import x12, { type X12Interchange, type X12Segment } from 'node-x12'
import { allSegments, repeats } from './tree.ts'
import type { ElementValue, GroupHeader, InterchangeHeader, Transaction } from './types.ts'

/** An expression that cannot be understood. */
export class QueryError extends Error {
  constructor(expression: string, reason: string) {
    super(`"${expression}" cannot be asked: ${reason}`)
    this.name = 'QueryError'
  }
}

/** What surrounds a transaction, so that elements of ISA and GS can be asked for too. */
export interface QueryEnvelope {
  readonly group?: GroupHeader
  readonly interchange?: InterchangeHeader
}

/** All values that the expression finds in a transaction, in document order. Composites come joined by `:`. Throws QueryError. */
export function query(transaction: Transaction, expression: string, envelope: QueryEnvelope = {}): string[] {
  try {
    const found = new x12.X12QueryEngine(false).query(interchangeOf(transaction, envelope), expression)
    return found.flatMap(result => result.value === null || result.value.trim() === '' ? [] : [result.value.trim()])
  } catch (error) {
    throw new QueryError(expression, (error as Error).message)
  }
}

/** Its objects, filled by hand: its own adders keep count of trailers that are not there. */
function interchangeOf(transaction: Transaction, { group, interchange }: QueryEnvelope): X12Interchange {
  const built = new x12.X12Interchange()
  const builtGroup = new x12.X12FunctionalGroup()
  const builtSet = new x12.X12Transaction()
  built.functionalGroups.push(builtGroup)
  builtGroup.transactions.push(builtSet)
  if (interchange) built.header = segmentOf('ISA', interchange.elements.map(element => element.trim()))
  if (group) {
    const { functionalId, senderCode, receiverCode, date, time, controlNumber, agency, version } = group
    builtGroup.header = segmentOf('GS', [functionalId, senderCode, receiverCode, date, time, controlNumber, agency, version])
  }
  builtSet.header = segmentOf('ST', [transaction.set, transaction.controlNumber])
  for (const segment of allSegments(transaction.root)) builtSet.segments.push(segmentOf(segment.id, segment.elements.map(plain)))
  return built
}

function segmentOf(id: string, elements: string[]): X12Segment {
  return new x12.X12Segment(id).setElements(elements)
}

function plain(value: ElementValue): string {
  return repeats(value).map(part => typeof part === 'string' ? part : part.join(':')).join('^')
}
