import type { Context } from '../db/context.ts'
import { withOrganisation, type Database, type Tx } from '../db/client.ts'
import { emit, type Work } from '../db/outbox.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { takeTurns } from '../shared/turns.ts'
import { createReader, type ReadEvent } from '../x12/index.ts'
import { sendAcknowledgements, type InterchangeVerdict } from './acknowledge.ts'
import { agreedJudge } from './agreed.ts'
import { archivedChunks, openArchive } from './archive.ts'
import { Judgement, type JudgedGroup, type JudgedSet } from './judgement.ts'
import type { SenderProfile } from './parties.ts'
import type { InterchangeState, InterchangeSummary } from './schema.ts'
import { storable, storableJson } from './text.ts'

/** Sets written per statement; a message of more is written in several transactions, and anew when interrupted. */
const setsPerWrite = 1000
/** Findings kept of one set, and listed in its 997. */
const findingsKept = 100
/** Bytes judged at a time: a fraction of a millisecond of a good file, some ten of one that is nothing but faults. */
const judgedAtOnce = 16 * 1024
/** A control number seen longer ago than this may come again: counters start over. */
const controlNumberDays = 365

/**
 * Reads a message once, from its archive: what each set, group and interchange is worth, and whether it may be here at all. The
 * verdicts and the acknowledgements that follow from them are committed together; until then nothing of it counts, and an
 * interrupted judgement begins again. Interchanges judged for good before (`settled`) are left as they are. A message of more parts
 * than one may have is not judged but quarantined whole; so is one that was `refused` when it came.
 */
export const judgeMessage = async (
  ctx: Context & { readonly db: Database },
  sender: SenderProfile,
  messageId: string,
  settled: readonly InterchangeSummary[],
  refused = false,
): Promise<InterchangeSummary[]> => {
  const { organisationId } = sender
  const keep = new Map(
    settled.filter(({ state }) => state !== 'quarantined' && state !== 'conflict').map(summary => [summary.ordinal, summary]),
  )
  // What an interrupted judgement left goes together with what is written first.
  let forgotten = false
  const write = (run: (tx: Tx) => Promise<void>): Promise<void> =>
    withOrganisation(ctx, async tx => {
      if (!forgotten) await forgetUnsettled(tx, messageId, [...keep.values()])
      await run(tx)
    }).then(() => {
      forgotten = true
    })
  const judgement = new Judgement(sender, keep)
  const writeSets = (sets: readonly JudgedSet[]) => write(tx => insertSets(tx, messageId, organisationId, sets))
  const excess = refused ? undefined : await readAll(ctx, messageId, judgement, writeSets)
  if (refused || excess) {
    await withOrganisation(ctx, async tx => {
      await forgetUnsettled(tx, messageId, [])
      const fault = excess === undefined ? undefined : { code: 'exchange/too-many-parts', detail: excess }
      await storeVerdict(tx, messageId, [], '', fault)
    })
    return []
  }
  const archive = openArchive(ctx.db, organisationId, messageId)
  const hashes = new Map<number, Buffer>()
  for (const { summary } of judgement.interchanges) hashes.set(summary.ordinal, await archive.hash(summary.start, summary.end))
  const rejecting = new Set(judgement.groups.filter(({ result }) => result.outcome === 'R').map(({ interchange }) => interchange))
  await write(async tx => {
    for (let at = 0; at < judgement.sets.length; at += setsPerWrite)
      await insertSets(tx, messageId, organisationId, judgement.sets.slice(at, at + setsPerWrite))
    await insertGroups(tx, messageId, organisationId, judgement.groups)
    for (const judged of judgement.interchanges)
      await conclude(ctx, tx, sender, messageId, judged, hashes.get(judged.summary.ordinal)!, rejecting.has(judged.summary.ordinal))
    await storeVerdict(tx, messageId, judgement.summaries(), judgement.junk)
    crashPoint('judge.before-commit')
  })
  crashPoint('judge.committed')
  return judgement.summaries()
}

/** Reads the message to its end, writing sets as they add up; to less than its end when it has too many parts, and says so. */
const readAll = async (
  ctx: Context & { readonly db: Database },
  messageId: string,
  judgement: Judgement,
  write: (sets: readonly JudgedSet[]) => Promise<void>,
): Promise<string | undefined> => {
  const { organisationId } = ctx.actor
  const reader = createReader({ level: 'full', uniqueInterchanges: false })
  const agreed = agreedJudge(ctx, judgement.sender, messageId)
  const takeAll = async (events: readonly ReadEvent[]): Promise<void> => {
    for (const event of events) {
      const again = event.type === 'set' ? agreed(event) : undefined
      judgement.take(event, again && (await again))
    }
  }
  const othersTurn = takeTurns()
  for await (const { bytes } of archivedChunks(ctx.db, organisationId, messageId)) {
    for (let at = 0; at < bytes.length; at += judgedAtOnce) {
      await takeAll(reader.push(bytes.subarray(at, at + judgedAtOnce)))
      if (judgement.excess) return judgement.excess
      await othersTurn()
      while (judgement.sets.length >= setsPerWrite) await write(judgement.sets.splice(0, setsPerWrite))
    }
  }
  await takeAll(reader.end())
  return judgement.excess
}

const forgetUnsettled = async (tx: Tx, messageId: string, settled: readonly InterchangeSummary[]): Promise<void> => {
  const sets = settled.flatMap(({ firstSet, setCount }) => Array.from({ length: setCount }, (_, index) => firstSet + index))
  const groups = settled.flatMap(({ firstGroup, groupCount }) =>
    Array.from({ length: groupCount }, (_, index) => firstGroup + index),
  )
  await tx.sql`delete from message_set where message_id = ${messageId} and not ordinal = any(${sets}::int[])`
  await tx.sql`delete from functional_group where message_id = ${messageId} and not ordinal = any(${groups}::int[])`
}

const insertSets = async (tx: Tx, messageId: string, organisationId: string, sets: readonly JudgedSet[]): Promise<void> => {
  await tx.sql`
    insert into message_set (message_id, ordinal, group_ordinal, organisation_id, counterpart_id, partnership_id, set_id, control_number, start_offset, end_offset, segment_count, outcome, state, findings)
    select ${messageId}, o, g, ${organisationId}, q, p, s, c, b, e, n, r, t, f from unnest(
      ${sets.map(s => s.result.ordinal)}::int[], ${sets.map(s => s.group)}::int[], ${sets.map(s => storable(s.result.set))}::text[],
      ${sets.map(s => storable(s.result.controlNumber))}::text[], ${sets.map(s => s.result.start)}::bigint[], ${sets.map(s => s.result.end)}::bigint[],
      ${sets.map(s => s.partnership?.counterpartId ?? null)}::text[], ${sets.map(s => s.partnership?.id ?? null)}::text[], ${sets.map(s => s.result.segmentCount)}::int[], ${sets.map(s => s.result.outcome)}::text[], ${sets.map(s => s.state)}::text[],
      ${sets.map(s => (s.result.findings.length === 0 ? '[]' : storableJson(s.result.findings.slice(0, findingsKept))))}::text[]::jsonb[]) as t(o, g, s, c, b, e, q, p, n, r, t, f)`
}

const insertGroups = async (tx: Tx, messageId: string, organisationId: string, groups: readonly JudgedGroup[]): Promise<void> => {
  const of = <T>(pick: (group: JudgedGroup) => T): T[] => groups.map(pick)
  await tx.sql`
    insert into functional_group (message_id, ordinal, interchange, organisation_id, direction, functional_id, sender_code, receiver_code, control_number, version,
      start_offset, end_offset, outcome, sets_included, sets_received, sets_accepted, findings)
    select ${messageId}, o, i, ${organisationId}, 'in', f, s, r, c, v, b, e, a, n1, n2, n3, j from unnest(
      ${of(g => g.ordinal)}::int[], ${of(g => g.interchange)}::int[], ${of(g => storable(g.result.header.functionalId))}::text[], ${of(g => storable(g.result.header.senderCode))}::text[],
      ${of(g => storable(g.result.header.receiverCode))}::text[], ${of(g => storable(plainNumber(g.result.header.controlNumber)))}::text[], ${of(g => storable(g.result.header.version))}::text[],
      ${of(g => g.result.header.offset)}::bigint[], ${of(g => g.result.end)}::bigint[], ${of(g => g.result.outcome)}::text[],
      ${of(g => (Number.isSafeInteger(g.result.included) ? Math.min(g.result.included, 2_000_000_000) : null))}::int[], ${of(g => g.result.received)}::int[],
      ${of(g => g.result.accepted)}::int[], ${of(g => storableJson(g.result.findings.slice(0, findingsKept)))}::text[]::jsonb[]) as t(o, i, f, s, r, c, v, b, e, a, n1, n2, n3, j)`
}

/** Control numbers are compared without their leading zeros. */
const plainNumber = (text: string): string => text.replace(/^0+(?=\d)/, '')

/** What follows from the verdict on one interchange: its control number is taken, its sets are let through or held, its sender is answered. */
const conclude = async (
  ctx: Context,
  tx: Tx,
  sender: SenderProfile,
  messageId: string,
  judged: InterchangeVerdict,
  sha256: Buffer,
  rejectsGroups: boolean,
): Promise<void> => {
  const { summary } = judged
  if (summary.state === 'accepted' || summary.state === 'rejected') {
    const claim = await claimControlNumber(tx, ctx.now(), sender.organisationId, messageId, summary, sha256)
    if (claim === 'duplicate')
      Object.assign(summary, {
        state: 'duplicate',
        errorCode: 'exchange/duplicate-interchange',
        errorDetail: 'The same interchange was received before; nothing is done twice.',
      })
    if (claim === 'conflict')
      Object.assign(summary, {
        state: 'conflict',
        errorCode: 'exchange/control-number-conflict',
        errorDetail: `Control number ${summary.controlNumber} was used before with other content. Send it with a new number, or let an operator release it.`,
      })
  }
  if (summary.state !== 'accepted') await holdSets(tx, messageId, summary)
  else if (rejectsGroups) await rejectGroups(tx, messageId, summary)
  if (summary.state === 'accepted' || summary.state === 'rejected') await sendAcknowledgements(ctx, tx, sender, messageId, judged)
  if (summary.state === 'quarantined' || summary.state === 'conflict')
    await emit(tx, [
      {
        type: 'message.quarantined',
        organisationId: sender.organisationId,
        subjectId: messageId,
        data: { code: summary.errorCode, detail: summary.errorDetail, controlNumber: summary.controlNumber },
        work: [reconcileControlNumbersWork(sender.organisationId)],
      },
    ])
}

export const reconcileControlNumbersWork = (organisationId: string): Work => ({
  queue: 'documents',
  kind: 'reconcile-control-numbers',
  key: `control-numbers ${organisationId}`,
})

const claimControlNumber = async (
  tx: Tx,
  now: Date,
  organisationId: string,
  messageId: string,
  summary: InterchangeSummary,
  sha256: Buffer,
): Promise<'new' | 'duplicate' | 'conflict'> => {
  const expired = new Date(now.getTime() - controlNumberDays * 86_400_000)
  const claimed = await tx.sql`
    insert into interchange_key as k (organisation_id, sender, receiver, control_number, test, sha256, message_id, interchange, seen_at)
    values (${organisationId}, ${summary.sender}, ${summary.receiver}, ${summary.controlNumber}, ${summary.test}, ${sha256}, ${messageId}, ${summary.ordinal}, ${now})
    on conflict (organisation_id, sender, receiver, control_number, test) do update
      set sha256 = excluded.sha256, message_id = excluded.message_id, interchange = excluded.interchange, seen_at = excluded.seen_at, released_at = null
      where k.seen_at < ${expired} or (k.released_at is not null and k.sha256 <> excluded.sha256)
        or (k.message_id = excluded.message_id and k.interchange = excluded.interchange)
    returning 1`
  if (claimed.length > 0) return 'new'
  const [same] = await tx.sql<{ same: boolean }[]>`
    select sha256 = ${sha256} as same from interchange_key where organisation_id = ${organisationId} and sender = ${summary.sender}
      and receiver = ${summary.receiver} and control_number = ${summary.controlNumber} and test = ${summary.test}`
  return same?.same ? 'duplicate' : 'conflict'
}

const heldAs: Partial<Record<InterchangeState, string>> = {
  rejected: 'rejected',
  duplicate: 'duplicate',
  conflict: 'quarantined',
  quarantined: 'quarantined',
}

const holdSets = async (tx: Tx, messageId: string, summary: InterchangeSummary): Promise<void> => {
  await tx.sql`
    update message_set set state = ${heldAs[summary.state] ?? 'quarantined'}, error_code = ${summary.errorCode ?? null}, error_detail = ${summary.errorDetail ?? null}
    where message_id = ${messageId} and ordinal >= ${summary.firstSet} and ordinal < ${summary.firstSet + summary.setCount}`
}

/** A group rejected as a whole takes its sets with it. */
const rejectGroups = async (tx: Tx, messageId: string, summary: InterchangeSummary): Promise<void> => {
  await tx.sql`
    update message_set s set state = 'rejected', error_code = 'exchange/group-rejected', error_detail = 'The functional group was rejected as a whole.'
    from functional_group g where g.message_id = ${messageId} and g.interchange = ${summary.ordinal} and g.outcome = 'R'
      and s.message_id = g.message_id and s.group_ordinal = g.ordinal and s.state <> 'rejected'`
}

const storeVerdict = async (
  tx: Tx,
  messageId: string,
  interchanges: readonly InterchangeSummary[],
  junk: string,
  fault?: { readonly code: string; readonly detail: string },
): Promise<void> => {
  const trouble = interchanges.find(({ state }) => state === 'quarantined' || state === 'conflict')
  const code = fault?.code ?? trouble?.errorCode ?? (interchanges.length === 0 ? 'exchange/not-x12' : null)
  const detail =
    fault?.detail ?? trouble?.errorDetail ?? (interchanges.length === 0 ? junk || 'The body holds no X12 interchange.' : null)
  await tx.sql`
    update message set processing_state = 'processing', error_code = ${code}, error_detail = ${detail}, test = ${interchanges.length > 0 && interchanges.every(({ test }) => test)},
      summary = ${storableJson({ interchanges, ...(junk ? { junk } : {}) })}::text::jsonb
    where id = ${messageId}`
}
