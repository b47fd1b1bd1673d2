import { DomainError } from '../shared/errors.ts'
import { findingKey, type Finding } from './finding.ts'
import type { Evidence, ExceptionState, Severity } from './schema.ts'

/** The states in which nobody has to do anything any more. */
export const closedStates = ['resolved', 'auto_resolved', 'expired'] as const satisfies readonly ExceptionState[]

const ends = ['resolved', 'auto_resolved', 'escalated', 'expired'] as const

/** From each state, where an exception may go. What is closed can only be opened again. */
export const transitions: Readonly<Record<ExceptionState, readonly ExceptionState[]>> = {
  open: ['assigned', 'collaborating', 'proposed', ...ends],
  assigned: ['assigned', 'open', 'collaborating', 'proposed', ...ends],
  collaborating: ['assigned', 'collaborating', 'proposed', ...ends],
  proposed: ['assigned', 'collaborating', ...ends],
  escalated: ['assigned', 'collaborating', 'proposed', 'resolved', 'auto_resolved', 'expired'],
  resolved: ['open'],
  auto_resolved: ['open'],
  expired: ['open'],
}

/**
 * Refuses a step that the table does not have.
 * @throws DomainError exceptions/invalid-transition
 */
export const checkTransition = (id: string, from: ExceptionState, to: ExceptionState): void => {
  if (!transitions[from].includes(to)) throw new DomainError('exceptions/invalid-transition', { id, from, to })
}

/** The rule under which the oddities of one received document are kept: they need no second document to be seen. */
export const documentRule = 'DOCUMENT'

/** One document that was received, and what is odd about it. No problems: those of an earlier run are over. */
export type DocumentProblems = {
  readonly organisationId: string
  readonly counterpartId?: string
  readonly partnershipId?: string
  readonly side: 'buyer' | 'seller'
  readonly documentKind: 'order' | 'order_response' | 'order_change' | 'order_change_answer' | 'shipment' | 'receipt' | 'invoice' | 'forecast' | 'delivery' | 'set'
  /** The record it became; absent while it is parked, quarantined or nobody's. */
  readonly documentId?: string
  readonly source?: { readonly messageId: string; readonly ordinal: number }
  readonly problems: readonly {
    readonly code: string
    readonly detail: string
    readonly at?: number
    readonly segment?: string
    readonly element?: number
    readonly value?: string
    readonly severity?: Severity
  }[]
}

/** What a document's exceptions hang on: its record, or else the set it came in. */
export const subjectOf = (document: Pick<DocumentProblems, 'documentId' | 'source'>): string | undefined =>
  document.documentId ?? setSubject(document)
export const setSubject = ({ source }: Pick<DocumentProblems, 'source'>): string | undefined =>
  source && `${source.messageId}/${source.ordinal}`

/** So many problems of one kind in one document are told one by one; more are one exception that counts them. */
const toldSingly = 10

type Problem = DocumentProblems['problems'][number]

/** Problems of documents as findings. Documents without a subject have none. */
export const problemFindings = (documents: readonly DocumentProblems[]): Finding[] =>
  documents.flatMap(document => {
    const subjectId = subjectOf(document)
    if (subjectId === undefined) return []
    const byCode = new Map<string, Problem[]>()
    for (const problem of document.problems) {
      const list = byCode.get(problem.code)
      if (list) list.push(problem)
      else byCode.set(problem.code, [problem])
    }
    return [...byCode.values()].flatMap(list =>
      list.length > toldSingly
        ? [problemFinding(document, subjectId, list[0]!, list.slice(0, toldSingly), list.length)]
        : list.map(problem => problemFinding(document, subjectId, problem, [problem], 1)),
    )
  })

/** 'items/unknown-item' is the exception ITEMS_UNKNOWN_ITEM. */
export const codeOf = (problem: string): string => problem.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()

const problemFinding = (
  document: DocumentProblems,
  subjectId: string,
  first: Problem,
  shown: readonly Problem[],
  count: number,
): Finding => ({
  rule: documentRule,
  code: codeOf(first.code),
  key: findingKey(
    documentRule,
    first.code,
    document.partnershipId ?? document.organisationId,
    subjectId,
    setSubject(document) ?? '',
    ...(count > 1 ? ['all'] : [first.at ?? '', first.element ?? '', first.detail]),
  ),
  severity: first.severity ?? 'warning',
  organisationId: document.organisationId,
  ...(document.counterpartId !== undefined && { counterpartId: document.counterpartId }),
  ...(document.partnershipId !== undefined && { partnershipId: document.partnershipId }),
  subjectKind: document.documentId === undefined ? 'set' : document.documentKind,
  subjectId,
  summary: count > 1 ? `${first.detail} This and the like occurs ${count} times in the document.` : first.detail,
  compared: { expected: null, actual: count > 1 ? String(count) : (first.value ?? null), difference: null, tolerance: {} },
  evidence: shown.map(problem => problemEvidence(document, problem)),
})

const problemEvidence = ({ side, documentKind, documentId, source }: DocumentProblems, problem: Problem): Evidence => ({
  side,
  documentKind,
  ...(documentId !== undefined && { documentId }),
  ...(source && { messageId: source.messageId, set: source.ordinal }),
  ...(problem.segment !== undefined && { segment: problem.segment }),
  ...(problem.at !== undefined && { position: problem.at }),
  ...(problem.element ? { element: problem.element } : {}),
  value: problem.value ?? null,
})
