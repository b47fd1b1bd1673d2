import type { Context } from '../db/context.ts'
import { withOrganisation, type Database, type Tx } from '../db/client.ts'
import { isConnectionLoss } from '../db/pool.ts'
import type { PurchaseOrderDocument } from '../documents/canonical.ts'
import { recordProblems, type DocumentProblems } from '../exceptions/service.ts'
import { receiveForecasts } from '../forecasts/service.ts'
import { receiveInvoices } from '../invoices/service.ts'
import {
  placedOrder,
  receiveAcknowledgements,
  receiveChangeAnswers,
  receiveChanges,
  receiveOrders,
  type Applied,
  type Received,
} from '../orders/service.ts'
import { StoredMeanwhile } from '../orders/work.ts'
import type { Partnership } from '../partners/schema.ts'
import { counterpartOf } from '../partners/service.ts'
import { receiveReceipts } from '../receipts/service.ts'
import { receiveShipments } from '../shipments/service.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { DomainError } from '../shared/errors.ts'
import { parseAcknowledgement } from '../x12/index.ts'
import { matchAcknowledgement } from './matching.ts'
import { park, type Parked } from './parking.ts'
import type { SenderProfile } from './parties.ts'
import { readBatches, type Prepared, type SetRow } from './prepare.ts'
import type { InterchangeSummary } from './schema.ts'

/** So many batches of one message are written at the same time, where that makes no difference. */
const batchesAtOnce = 2

/**
 * Applies the accepted sets of a judged message, in order, in batches of one transaction each: documents, domain changes, events
 * and the sets' states commit together, so an interrupted run goes on where it stopped. Batches of new orders, which have nothing to
 * do with each other, are written side by side. A batch that fails is halved until the set at fault stands alone; that one is
 * quarantined with its reason, the others go on.
 */
export const applyMessage = async (
  ctx: Context & { readonly db: Database },
  sender: SenderProfile,
  messageId: string,
  interchanges: readonly InterchangeSummary[],
  again: boolean,
): Promise<void> => {
  const running: { readonly keys: Keys; readonly done: Promise<void> }[] = []
  try {
    for await (const batch of readBatches(ctx, sender, messageId, interchanges)) {
      const keys = keysOf(batch)
      while (running.length >= batchesAtOnce || running.some(earlier => mustWait(keys, earlier.keys))) await running.shift()?.done
      const done = applyBatch(ctx, sender, messageId, batch, again)
      done.catch(() => {}) // heard when its turn comes
      running.push({ keys, done })
    }
    for (const { done } of running) await done
  } finally {
    // Nothing of this message may still be written when its key is let go.
    await Promise.allSettled(running.map(({ done }) => done))
  }
}

type Keys = ReadonlySet<string> | undefined
const mustWait = (later: Keys, earlier: Keys): boolean => {
  if (!later || !earlier) return true
  for (const key of later) if (earlier.has(key)) return true
  return false
}

/** What the documents of a batch are about, when each is about itself alone; undefined when their order matters to others. */
const keysOf = (batch: readonly Prepared[]): Keys => {
  const keys = new Set<string>()
  for (const prepared of batch) {
    if (prepared.kind === 'refused') continue
    const key =
      prepared.kind === 'document' && prepared.row.set === '850'
        ? placedOrder({ document: prepared.mapped.document as PurchaseOrderDocument, partnership: prepared.partnership })
        : undefined
    if (key === undefined) return undefined
    keys.add(key)
  }
  return keys
}

/** Applies a batch; on failure its halves. */
const applyBatch = async (
  ctx: Context & { readonly db: Database },
  sender: SenderProfile,
  messageId: string,
  batch: readonly Prepared[],
  again: boolean,
): Promise<void> => {
  try {
    await withOrganisation(ctx, async tx => {
      await applyInOrder({ ...ctx, db: tx }, tx, sender, messageId, batch, again)
      crashPoint('apply.before-commit')
    })
    crashPoint('apply.committed')
  } catch (error) {
    if (isTransient(error)) throw error
    if (batch.length > 1) {
      const half = batch.length >> 1
      await applyBatch(ctx, sender, messageId, batch.slice(0, half), again)
      await applyBatch(ctx, sender, messageId, batch.slice(half), again)
      return
    }
    const [alone] = batch
    ctx.log.error({ err: error, messageId, set: alone!.row.ordinal }, 'a set could not be applied')
    const code = error instanceof DomainError ? error.code : 'hub/unexpected'
    await withOrganisation(ctx, tx =>
      applyInOrder(
        { ...ctx, db: tx },
        tx,
        sender,
        messageId,
        [
          {
            row: alone!.row,
            kind: 'refused',
            code,
            detail: error instanceof Error ? error.message.slice(0, 1000) : String(error),
          },
        ],
        again,
      ),
    )
  }
}

/** A database that is away, overtaxed, shutting down or asks to try again: tried again as a whole, it is no set's fault. */
const isTransient = (error: unknown): boolean => {
  const cause = (error as { cause?: unknown }).cause
  if (isConnectionLoss(error) || (cause instanceof Error && isTransient(cause))) return true
  const code = String((error as { code?: unknown }).code ?? '')
  return (
    code === 'hub/unavailable'
    || ['ECONN', 'EPIPE', '40001', '40P01', '55P03', '25P03', '08', '53', '57', '58'].some(prefix => code.startsWith(prefix))
  )
}

type Outcome = {
  readonly row: SetRow
  readonly state: 'applied' | 'duplicate' | 'quarantined'
  readonly partnership?: Partnership
  readonly documentKind?: string
  readonly documentId?: string
  readonly errorCode?: string
  readonly errorDetail?: string
  readonly problems: DocumentProblems['problems']
}

const services = {
  '850': receiveOrders,
  '855': receiveAcknowledgements,
  '860': receiveChanges,
  '865': receiveChangeAnswers,
  '856': receiveShipments,
  '861': receiveReceipts,
  '810': receiveInvoices,
  '830': receiveForecasts,
} as const

const applyInOrder = async (
  ctx: Context,
  tx: Tx,
  sender: SenderProfile,
  messageId: string,
  batch: readonly Prepared[],
  again: boolean,
): Promise<void> => {
  const outcomes: Outcome[] = []
  const parked: Parked[] = []
  const unplaced: Parked[] = []
  for (const run of runs(batch)) {
    const [first] = run
    if (first?.kind === 'document') {
      const service = services[first.row.set as keyof typeof services] as (
        ctx: Context,
        documents: Received<never>[],
      ) => Promise<Applied[]>
      const documents = run.filter(prepared => prepared.kind === 'document')
      const applied = await service(
        ctx,
        documents.map(({ mapped, partnership, row }) => ({
          document: mapped.document as never,
          partnership,
          channel: 'x12',
          source: { messageId, ordinal: row.ordinal },
        })),
      )
      for (const [index, prepared] of documents.entries()) {
        const result = applied[index]!
        outcomes.push(outcomeOf(prepared, result))
        const { row, partnership, mapped } = prepared
        const waiting = { messageId, ordinal: row.ordinal, set: row.set, partnership, document: mapped.document, actor: ctx.actor.name }
        if (result.outcome === 'parked') parked.push(waiting)
        else if (result.problems.some(({ code }) => unplacedCodes.has(code))) unplaced.push(waiting)
      }
    } else
      for (const prepared of run)
        if (prepared.kind === 'acknowledgement') outcomes.push(await acknowledged(ctx, tx, sender, messageId, prepared))
        else if (prepared.kind === 'refused')
          outcomes.push({
            row: prepared.row,
            state: 'quarantined',
            errorCode: prepared.code,
            errorDetail: prepared.detail,
            problems: [{ code: prepared.code, detail: prepared.detail }],
          })
  }
  await updateSets(tx, messageId, sender.organisationId, outcomes)
  await park(tx, ctx.now(), sender.organisationId, parked, unplaced)
  await recordProblems(
    tx,
    ctx.now(),
    outcomes
      .filter(outcome => again || outcome.problems.length > 0)
      .map(outcome => problemsOf(outcome, messageId, sender.organisationId)),
  )
}

/** What is said of a ship notice or invoice whose lines wait for their order. */
const unplacedCodes = new Set(['shipments/unknown-order', 'invoices/unknown-order'])

/** Neighbours of one set id go to their service together; the order of the file is kept. */
const runs = (batch: readonly Prepared[]): Prepared[][] => {
  const grouped: Prepared[][] = []
  for (const prepared of batch) {
    const last = grouped.at(-1)
    if (last && last[0]!.kind === prepared.kind && last[0]!.row.set === prepared.row.set) last.push(prepared)
    else grouped.push([prepared])
  }
  return grouped
}

const outcomeOf = (prepared: Prepared & { kind: 'document' }, applied: Applied): Outcome => {
  const mapping = prepared.mapped.problems.map(({ code, message, at, segmentId, element }) => ({
    code,
    detail: message,
    at,
    segment: segmentId,
    element,
  }))
  const problems = [...applied.problems, ...mapping]
  const reason = applied.problems[0]
  return {
    row: prepared.row,
    partnership: prepared.partnership,
    problems,
    documentKind: applied.documentKind,
    ...(applied.documentId === undefined ? {} : { documentId: applied.documentId }),
    ...(applied.outcome === 'applied'
      ? { state: 'applied' as const }
      : applied.outcome === 'duplicate'
        ? { state: 'duplicate' as const }
        : {
            state: 'quarantined' as const,
            errorCode: reason?.code ?? `exchange/${applied.outcome}`,
            errorDetail: reason?.detail ?? '',
          }),
  }
}

const acknowledged = async (
  ctx: Context,
  tx: Tx,
  sender: SenderProfile,
  messageId: string,
  prepared: Prepared & { kind: 'acknowledgement' },
): Promise<Outcome> => {
  const matched = await matchAcknowledgement(
    ctx,
    tx,
    sender.organisationId,
    messageId,
    parseAcknowledgement(prepared.transaction),
    { ...prepared.row.interchange, groupReceiver: prepared.row.groupReceiver },
  )
  if (matched) return { row: prepared.row, state: 'applied', documentKind: 'acknowledgement', documentId: matched, problems: [] }
  const detail = 'Nothing that its receiver sent has the group control number that this 997 answers.'
  return {
    row: prepared.row,
    state: 'quarantined',
    errorCode: 'exchange/unmatched-acknowledgement',
    errorDetail: detail,
    problems: [{ code: 'exchange/unmatched-acknowledgement', detail }],
  }
}

const updateSets = async (tx: Tx, messageId: string, organisationId: string, outcomes: readonly Outcome[]): Promise<void> => {
  const ordinals = outcomes.map(o => o.row.ordinal)
  // The bounds keep the planner from comparing every set of a large message with every outcome.
  const { count } = await tx.sql`
    update message_set s set state = o.state, partnership_id = o.partnership, counterpart_id = o.counterpart, document_kind = o.kind, document_id = o.document,
      error_code = o.code, error_detail = o.detail
    from unnest(${ordinals}::int[], ${outcomes.map(o => o.state)}::text[], ${outcomes.map(o => o.partnership?.id ?? null)}::text[],
      ${outcomes.map(o => (o.partnership ? counterpartOf(o.partnership, organisationId) : null))}::text[], ${outcomes.map(o => o.documentKind ?? null)}::text[],
      ${outcomes.map(o => o.documentId ?? null)}::text[], ${outcomes.map(o => o.errorCode ?? null)}::text[], ${outcomes.map(o => o.errorDetail ?? null)}::text[])
      as o(ordinal, state, partnership, counterpart, kind, document, code, detail)
    where s.message_id = ${messageId} and s.ordinal between ${Math.min(...ordinals)} and ${Math.max(...ordinals)} and s.ordinal = o.ordinal
      and s.state = 'accepted'`
  // Who lost its lock with its connection may still be at work beside its successor; one of the two must not count.
  if (count !== outcomes.length) throw new StoredMeanwhile('outcome of a set')
}

const problemsOf = (
  { row, partnership, documentKind, documentId, problems }: Outcome,
  messageId: string,
  organisationId: string,
): DocumentProblems => ({
  organisationId: partnership?.buyerId ?? organisationId,
  ...(partnership && { counterpartId: partnership.sellerId, partnershipId: partnership.id }),
  side: partnership?.sellerId === organisationId ? 'seller' : 'buyer',
  documentKind: isDocumentKind(documentKind) ? documentKind : 'set',
  ...(documentId !== undefined && { documentId }),
  source: { messageId, ordinal: row.ordinal },
  problems,
})

const documentKinds = ['order', 'order_response', 'order_change', 'order_change_answer', 'shipment', 'receipt', 'invoice', 'forecast'] as const
const isDocumentKind = (kind: string | undefined): kind is (typeof documentKinds)[number] =>
  documentKinds.some(known => known === kind)
