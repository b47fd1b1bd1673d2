import { isConnectionLoss } from '../db/pool.ts'
import type { Database } from '../db/client.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { bytesAsText } from './archive.ts'

/** A transmission that fits in one piece, as it is to be kept. */
export type SmallArrival = {
  readonly transport: string
  readonly contentType: string
  /** Who sent it, by name. */
  readonly actor: string
  readonly sha256: Buffer
  readonly bytes: Buffer
  /** ISA05/06, ISA07/08 and ISA13 of its first interchange; null when it has none. */
  readonly sender: string | null
  readonly receiver: string | null
  readonly controlNumber: string | null
  readonly test: boolean
}

/** Where a transmission is kept; `duplicate` when it was there before. */
export type Stored = { readonly messageId: string; readonly duplicate: boolean }

type Waiting = {
  readonly arrival: SmallArrival
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: unknown) => void
}

/** So many transmissions, or about so many bytes of them, are committed together at most. */
const mostTogether = 100
const mostBytesTogether = 4 * 1024 * 1024

/** What of each organisation waits for the commit that is under way. */
const lines = new WeakMap<Database, Map<string, Waiting[]>>()

/**
 * Keeps a small transmission with the work that follows from it: one statement, a transaction of its own. It is committed when this
 * resolves. What arrives from the same organisation meanwhile waits and is committed together, so that a busy sender costs one
 * commit for many; a quiet one never waits.
 */
export const storeArrival = (db: Database, organisationId: string, arrival: SmallArrival): Promise<Stored> =>
  new Promise((resolve, reject) => {
    const perOrganisation = lines.get(db) ?? new Map<string, Waiting[]>()
    lines.set(db, perOrganisation)
    const line = perOrganisation.get(organisationId)
    if (line) {
      line.push({ arrival, resolve, reject })
      return
    }
    const started = [{ arrival, resolve, reject }]
    perOrganisation.set(organisationId, started)
    // What has come in the same instant goes along.
    setImmediate(() => {
      void storeAll(db, organisationId, started, () => perOrganisation.delete(organisationId))
    })
  })

const storeAll = async (db: Database, organisationId: string, line: Waiting[], close: () => void): Promise<void> => {
  while (line.length > 0) await storeTogether(db, organisationId, line.splice(0, fitting(line)))
  close() // in the same step in which the line was seen to be empty: nobody can join a line that is left
}

const fitting = (line: readonly Waiting[]): number => {
  let bytes = 0
  const over = line.findIndex(
    ({ arrival }, index) => index === mostTogether || (bytes += arrival.bytes.length) > mostBytesTogether,
  )
  return over < 0 ? line.length : Math.max(1, over)
}

const storeTogether = async (db: Database, organisationId: string, together: readonly Waiting[]): Promise<void> => {
  try {
    const stored = await insert(
      db,
      organisationId,
      together.map(({ arrival }) => arrival),
    )
    for (const [index, { resolve }] of together.entries()) resolve(stored[index]!)
  } catch (error) {
    // One that the database cannot take must not be the others' fault. After a lost connection nobody knows, and without one there is no
    // sense in waiting for each, so their senders ask again.
    if (together.length > 1 && !isConnectionLoss(error) && !(error instanceof DomainError))
      for (const one of together) await storeTogether(db, organisationId, [one])
    else for (const { reject } of together) reject(error)
  }
}

/** The database function says itself for whom it runs, so that there is no transaction to open and close around it. */
const insert = async (db: Database, organisationId: string, arrivals: readonly SmallArrival[]): Promise<Stored[]> => {
  const ids = arrivals.map(() => newId('msg'))
  const of = <K extends keyof SmallArrival>(field: K): SmallArrival[K][] => arrivals.map(arrival => arrival[field])
  const lease = await db.app.lease()
  const rows = await lease.sql<{ messageId: string }[]>`
    select message_id as "messageId" from receive_messages(${organisationId}, ${ids}::text[], ${of('transport')}::text[], ${of('contentType')}::text[],
      ${of('actor')}::text[], ${of('sha256').map(bytesAsText)}::text[]::bytea[], ${of('bytes').map(bytesAsText)}::text[]::bytea[], ${of('sender')}::text[], ${of('receiver')}::text[],
      ${of('controlNumber')}::text[], ${of('test').map(String)}::text[]::boolean[])`.finally(() => lease.release())
  return ids.map((id, index) => {
    const messageId = rows[index]?.messageId
    if (messageId === undefined) throw new Error('receive_messages did not answer for every message')
    return { messageId, duplicate: messageId !== id }
  })
}
