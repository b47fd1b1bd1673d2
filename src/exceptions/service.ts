import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { emit, type DomainEvent } from '../db/outbox.ts'
import { authorise } from '../identity/rules.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import type { Page, PageRequest } from '../partners/schema.ts'
import { DomainError } from '../shared/errors.ts'
import type { Finding, Scope } from './finding.ts'
import {
  closeUnseen,
  lockException,
  selectColleague,
  selectException,
  selectExceptions,
  selectExceptionsBySubject,
  updateException,
  writeFindings,
  type Change,
} from './queries.ts'
import { checkTransition, codeOf, documentRule, problemFindings, setSubject, type DocumentProblems } from './rules.ts'
import type { Exception, ExceptionFilter, ExceptionState, Resolution } from './schema.ts'

export type { DocumentProblems } from './rules.ts'

/** What a run changed. */
export type Recorded = { found: number; opened: number; closed: number }

const findingsPerStatement = 1000

/**
 * Makes the exceptions of a scope what a run has found: new findings open exceptions, those that still hold are brought up to
 * date (their version rises only when something changed), those of the scope that were not found again close by themselves,
 * and those that come back open again. One statement for up to 1,000 findings, plus the events of what opened and closed.
 * Findings may come in batches; all of them must lie within the scope.
 */
export const recordFindings = async (
  tx: Tx,
  scope: Scope,
  findings: readonly Finding[] | AsyncIterable<readonly Finding[]>,
): Promise<Recorded> => {
  const recorded: Recorded = { found: 0, opened: 0, closed: 0 }
  const note = async (changes: readonly Change[]): Promise<void> => {
    for (const { change } of changes) recorded[change] += 1
    await emit(tx, changes.map(exceptionEvent))
  }
  const keys = new Set<string>()
  let waiting: Finding[] = []
  for await (const batch of inBatches(findings)) {
    for (const finding of batch) {
      if (keys.has(finding.key)) continue
      if (waiting.length === findingsPerStatement) {
        await note(await writeFindings(tx.sql, scope, waiting, false))
        waiting = []
      }
      keys.add(finding.key)
      waiting.push(finding)
    }
  }
  const all = keys.size === waiting.length
  await note(await writeFindings(tx.sql, scope, waiting, all))
  if (!all) await note(await closeUnseen(tx.sql, scope))
  recorded.found = keys.size
  return recorded
}

async function* inBatches(findings: readonly Finding[] | AsyncIterable<readonly Finding[]>): AsyncGenerator<readonly Finding[]> {
  if (Symbol.asyncIterator in findings) yield* findings
  else yield findings
}

const exceptionEvent = (change: Omit<Change, 'change'> & { change: Change['change'] | 'changed' }): DomainEvent => ({
  type: `exception.${change.change}`,
  organisationId: change.organisationId,
  ...(change.counterpartId !== null && { counterpartId: change.counterpartId }),
  ...(change.partnershipId !== null && { partnershipId: change.partnershipId }),
  subjectId: change.id,
  data: { rule: change.rule, code: change.code, severity: change.severity, subjectId: change.subjectId, summary: change.summary },
})

/**
 * Raises what is odd about received documents (unknown item, a duplicate that differs, not a partner, parked …), and closes
 * what is no longer so: call it for each document each time it is processed, also with no problems. An exception raised while
 * the document was still a set (parked, quarantined) closes when the document has become a record. One statement for all.
 * With `codes`, only problems of these codes were looked for, and others stay as they are.
 */
export const recordProblems = async (
  tx: Tx,
  at: Date,
  documents: readonly DocumentProblems[],
  codes?: readonly string[],
): Promise<Recorded> => {
  const subjectIds = documents.flatMap(document => [document.documentId, setSubject(document)].filter(id => id !== undefined))
  if (subjectIds.length === 0) return { found: 0, opened: 0, closed: 0 }
  // A second set about the same record (a duplicate that differs) says nothing of what the first one raised.
  const sets = documents.map(document => setSubject(document) ?? '')
  return recordFindings(
    tx,
    { rules: [documentRule], subjectIds, sets, at, ...(codes && { codes: codes.map(codeOf) }) },
    problemFindings(documents),
  )
}

/** The exceptions of the actor's organisation and of its partnerships, newest first. */
export const listExceptions = async (ctx: Context, filter: ExceptionFilter & PageRequest = {}): Promise<Page<Exception>> => {
  const { limit, cursor, ...wanted } = filter
  const size = pageSize(limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectExceptions(sql, { ...wanted, ...(cursor !== undefined && { before: cursor }), limit: size + 1 }),
  )
  return pageOf(rows, size)
}

/**
 * One exception with its evidence.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getException = async (ctx: Context, id: string): Promise<Exception> => {
  const [exception] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectException(sql, id))
  if (!exception) throw new DomainError('record/not-found', { kind: 'exception', id })
  return exception
}

/** The exceptions of each subject, in the order of the ids; empty where there are none. One query. */
export const exceptionsBySubjectIds = async (ctx: Context, subjectIds: readonly string[]): Promise<Exception[][]> => {
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql => selectExceptionsBySubject(sql, subjectIds))
  const bySubject = new Map<string, Exception[]>(subjectIds.map(id => [id, []]))
  for (const row of rows) bySubject.get(row.subjectId)?.push(row)
  return subjectIds.map(id => bySubject.get(id) ?? [])
}

/**
 * Gives an exception to a user of the actor's own organisation.
 * @throws DomainError record/not-found, exceptions/invalid-transition, request/precondition-failed
 */
export const assignException = (ctx: Context, id: string, userId: string, ifVersion?: number): Promise<Exception> =>
  change(ctx, id, 'assigned', ifVersion, async tx => {
    const [colleague] = await selectColleague(tx.sql, userId)
    if (!colleague) throw new DomainError('record/not-found', { kind: 'user', id: userId })
    return { assignedTo: userId }
  })

/**
 * Closes an exception, saying whose value holds. It opens again only when its values change or it comes back.
 * @throws DomainError record/not-found, exceptions/invalid-transition, request/precondition-failed
 */
export const resolveException = (ctx: Context, id: string, resolution: Resolution, ifVersion?: number): Promise<Exception> =>
  change(ctx, id, 'resolved', ifVersion, async () => ({ resolution }))

/**
 * The two sides talk about it: nothing is decided.
 * @throws DomainError record/not-found, exceptions/invalid-transition
 */
export const discussException = (ctx: Context, id: string): Promise<Exception> => change(ctx, id, 'collaborating', undefined)

/**
 * Opens a closed exception again.
 * @throws DomainError record/not-found, exceptions/invalid-transition, request/precondition-failed
 */
export const reopenException = (ctx: Context, id: string, ifVersion?: number): Promise<Exception> =>
  change(ctx, id, 'open', ifVersion)

const change = async (
  ctx: Context,
  id: string,
  to: ExceptionState,
  ifVersion: number | undefined,
  details: (tx: Tx) => Promise<{ assignedTo?: string; resolution?: Resolution }> = async () => ({}),
): Promise<Exception> => {
  authorise(ctx.actor, 'exceptions.resolve')
  return withOrganisation(ctx, async tx => {
    const [present] = await lockException(tx.sql, id)
    if (!present) throw new DomainError('record/not-found', { kind: 'exception', id })
    if (ifVersion !== undefined && ifVersion !== present.version)
      throw new DomainError('request/precondition-failed', { id, version: present.version, ifVersion })
    checkTransition(id, present.state, to)
    const { assignedTo, resolution } = await details(tx)
    const [exception] = await updateException(tx.sql, id, {
      state: to,
      ...(assignedTo !== undefined && { assignedTo }),
      resolution: resolution ?? null,
      resolvedBy: resolution ? (ctx.actor.userId ?? ctx.actor.name) : null,
      closedAt: resolution ? ctx.now() : null,
    })
    if (!exception) throw new Error(`${id} went while it was locked`)
    await emit(tx, [exceptionEvent({ ...exception, change: eventOf[to] ?? 'changed' })])
    return exception
  })
}

/** What the event of a person's step is called; every other step is a change. */
const eventOf: Partial<Record<ExceptionState, 'opened' | 'closed'>> = { resolved: 'closed', open: 'opened' }
