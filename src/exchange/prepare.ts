import { withOrganisation, type Database } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { readDocument, type MappedSet } from '../documents/index.ts'
import type { Partnership } from '../partners/schema.ts'
import { isAcknowledgement, readTransaction, standardGuide, type Transaction } from '../x12/index.ts'
import { mostSetBytes } from './agreed.ts'
import { openArchive } from './archive.ts'
import { partnershipFor, type SenderProfile } from './parties.ts'
import type { InterchangeSummary } from './schema.ts'

/** A batch is one transaction: at most so many sets or about so many bytes. */
const batchSets = 100
const batchBytes = 256 * 1024

/** An accepted set of a message, and how it came. */
export type SetRow = {
  readonly ordinal: number
  readonly set: string
  readonly start: number
  readonly end: number
  readonly version: string
  readonly groupReceiver: string
  readonly groupSender: string
  readonly interchange: InterchangeSummary
}

/** A set read again, ready to be applied: a document of a partnership, an acknowledgement, or the reason why it is neither. */
export type Prepared = { readonly row: SetRow } & (
  | { readonly kind: 'document'; readonly mapped: MappedSet; readonly partnership: Partnership }
  | { readonly kind: 'acknowledgement'; readonly transaction: Transaction }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
)

/** Reads the accepted sets of a message again, a batch at a time, in order. */
export async function* readBatches(
  ctx: Context & { readonly db: Database },
  sender: SenderProfile,
  messageId: string,
  interchanges: readonly InterchangeSummary[],
): AsyncGenerator<Prepared[]> {
  const archive = openArchive(ctx.db, sender.organisationId, messageId)
  for (let after: number | undefined = -1; after !== undefined;) {
    const { rows, more }: { rows: SetRow[]; more: boolean } = await acceptedSets(ctx.db, sender.organisationId, messageId, interchanges, after)
    const prepared: Prepared[] = []
    // In order: neighbours share a piece of the archive.
    for (const row of rows)
      prepared.push(
        row.end - row.start > mostSetBytes
          ? tooLarge(row)
          : prepareSafely(ctx.log, sender, row, await archive.slice(row.start, row.end)),
      )
    if (prepared.length > 0) yield prepared
    after = more ? rows.at(-1)?.ordinal : undefined
  }
}

const acceptedSets = (
  db: Database,
  organisationId: string,
  messageId: string,
  interchanges: readonly InterchangeSummary[],
  after: number,
): Promise<{ rows: SetRow[]; more: boolean }> =>
  withOrganisation(db, organisationId, async tx => {
    const rows = await tx.sql<(Omit<SetRow, 'interchange'> & { interchangeOrdinal: number })[]>`
      select s.ordinal, s.set_id as set, s.start_offset::float8 as start, s.end_offset::float8 as end,
        g.version, g.receiver_code as "groupReceiver", g.sender_code as "groupSender", g.interchange as "interchangeOrdinal"
      from message_set s join functional_group g on g.message_id = s.message_id and g.ordinal = s.group_ordinal
      where s.message_id = ${messageId} and s.ordinal > ${after} and s.state = 'accepted' order by s.ordinal limit ${batchSets}`
    let bytes = 0
    const taken = rows.filter(row => (bytes += row.end - row.start) <= batchBytes || row === rows[0])
    const complete = taken.map(row => {
      const interchange = interchanges[row.interchangeOrdinal]
      if (!interchange) throw new Error(`message ${messageId} has no interchange ${row.interchangeOrdinal}`)
      return { ...row, interchange }
    })
    return { rows: complete, more: taken.length < rows.length || rows.length === batchSets }
  })

const tooLarge = (row: SetRow): Prepared => ({
  row,
  kind: 'refused',
  code: 'exchange/set-too-large',
  detail: `The set has ${row.end - row.start} bytes; at most ${mostSetBytes} are processed. Send the document in several.`,
})

/** A set that a fault of ours cannot get past is quarantined alone, and does not hold up the others. */
const prepareSafely = (log: Context['log'], sender: SenderProfile, row: SetRow, bytes: Uint8Array): Prepared => {
  try {
    return prepare(sender, row, bytes)
  } catch (error) {
    log.error({ err: error, set: row.ordinal }, 'a set could not be read again')
    return {
      row,
      kind: 'refused',
      code: 'hub/unexpected',
      detail: error instanceof Error ? error.message.slice(0, 1000) : String(error),
    }
  }
}

const prepare = (sender: SenderProfile, row: SetRow, bytes: Uint8Array): Prepared => {
  const guide = standardGuide(row.version, row.set)
  if (!guide)
    return {
      row,
      kind: 'refused',
      code: 'exchange/set-unsupported',
      detail: `Set ${row.set} is not handled in version ${row.version}.`,
    }
  const { transaction } = readTransaction(bytes, row.interchange.delimiters, guide, { version: row.version })
  if (!transaction)
    return {
      row,
      kind: 'refused',
      code: 'exchange/set-unreadable',
      detail: `Set ${row.set} was let through as its partnership wants it checked, but segments are missing or misplaced: it cannot be read.`,
    }
  if (isAcknowledgement(row.set)) return { row, kind: 'acknowledgement', transaction }
  const mapped = readDocument(transaction)
  if (!mapped)
    return {
      row,
      kind: 'refused',
      code: 'exchange/set-unsupported',
      detail: `Set ${row.set} was checked and acknowledged; the hub does not act on it.`,
    }
  const partnership = partnershipFor(sender, {
    set: row.set,
    groupReceiver: row.groupReceiver,
    interchangeReceiver: row.interchange.receiver,
    parties: mapped.document.parties,
    references: mapped.document.references,
  })
  if (!partnership)
    return {
      row,
      kind: 'refused',
      code: 'partners/not-a-partner',
      detail: "Nothing in the set names an active partnership: check GS03, N1*VN or REF*IA against the partnership's settings.",
    }
  return { row, kind: 'document', mapped, partnership }
}
