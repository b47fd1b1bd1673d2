import type { Context } from '../db/context.ts'
import { isTx, readSystem, withOrganisation, type Database } from '../db/client.ts'
import { workChannel } from '../db/outbox.ts'
import { authorise } from '../identity/rules.ts'
import { newId } from '../shared/ids.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { DomainError } from '../shared/errors.ts'
import { createReader, peekInterchange } from '../x12/index.ts'
import type { InterchangeHeader } from '../x12/types.ts'
import { archiveSpooled, takeIn, type Arrival } from './archive.ts'
import { storeArrival, type Stored } from './arrivals.ts'
import { storable } from './text.ts'

export type Receipt = {
  readonly messageId: string
  /** These bytes were received before; the receipt is the one given then. */
  readonly duplicate: boolean
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export type ReceiveOptions = { readonly transport: 'http' | 'cli'; readonly contentType: string }

/** The key under which all that one organisation sends is processed in order. */
export const senderKey = (organisationId: string): string => `edi ${organisationId}`

/**
 * Takes in one transmission of the caller's organisation. When it returns, the exact bytes, who sent them and the work that
 * follows are committed. The same bytes again give the first receipt again. A body that is not X12 is kept too, in quarantine,
 * where the EDI operator sees it, and refused.
 * @throws DomainError exchange/empty, exchange/not-x12 (with the id it is kept under)
 */
export const receive = async (ctx: Context, source: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<Receipt> => {
  authorise(ctx.actor, 'edi.send')
  if (isTx(ctx.db)) throw new Error('receive commits by itself and cannot be part of another transaction')
  const arrival = await takeIn(source)
  try {
    if (arrival.sizeBytes === 0) throw new DomainError('exchange/empty')
    const header = firstInterchange(arrival.head)
    const stored = arrival.rest
      ? await storeSpooled(ctx, ctx.db, arrival, arrival.rest, header, options)
      : await storeSmall(ctx, ctx.db, arrival, header, options)
    if (!header)
      throw new DomainError('exchange/not-x12', {
        messageId: stored.messageId,
        beginsWith: Buffer.from(arrival.head.subarray(0, 40)).toString('latin1'),
      })
    crashPoint('receive.committed')
    return { ...stored, sizeBytes: arrival.sizeBytes, sha256: arrival.sha256.toString('hex') }
  } finally {
    await arrival.rest?.discard()
  }
}

const storeSmall = async (
  ctx: Context,
  db: Database,
  arrival: Arrival,
  header: InterchangeHeader | undefined,
  options: ReceiveOptions,
): Promise<Stored> => {
  crashPoint('receive.before-commit')
  const stored = await storeArrival(db, ctx.actor.organisationId, {
    ...options,
    actor: ctx.actor.name,
    sha256: arrival.sha256,
    bytes: Buffer.from(arrival.head.buffer, arrival.head.byteOffset, arrival.head.byteLength),
    sender: header ? sender(header) : null,
    receiver: header ? receiver(header) : null,
    controlNumber: header ? storable(header.controlNumber) : null,
    test: header !== undefined && isTest(header),
  })
  wakeRelay(db)
  return stored
}

const storeSpooled = async (
  ctx: Context,
  db: Database,
  arrival: Arrival,
  file: NonNullable<Arrival['rest']>,
  header: InterchangeHeader | undefined,
  options: ReceiveOptions,
): Promise<Stored> => {
  const { organisationId, name } = ctx.actor
  const known = await knownMessage(db, organisationId, arrival.sha256)
  if (known) return { messageId: known, duplicate: true }
  const id = newId('msg')
  try {
    await archiveSpooled(db, organisationId, id, file, async tx => {
      await tx.sql`insert into message_key (organisation_id, sha256, message_id) values (${organisationId}, ${arrival.sha256}, ${id})`
      await tx.sql`
        insert into message (id, organisation_id, direction, transport, content_type, sha256, size_bytes, test, sender, receiver, control_number, actor)
        values (${id}, ${organisationId}, 'in', ${options.transport}, ${options.contentType}, ${arrival.sha256}, ${arrival.sizeBytes},
          ${header ? isTest(header) : false}, ${header ? sender(header) : null}, ${header ? receiver(header) : null}, ${header ? storable(header.controlNumber) : null}, ${name})`
      await tx.sql`
        insert into outbox (organisation_id, queue, key, kind, payload)
        values (${organisationId}, 'exchange', ${senderKey(organisationId)}, 'process', ${JSON.stringify({ messageId: id })}::text::jsonb)`
      crashPoint('receive.before-commit')
    })
  } catch (error) {
    // Two uploads of the same bytes at once: the other one's receipt holds.
    const other =
      (error as { code?: string }).code === '23505' ? await knownMessage(db, organisationId, arrival.sha256) : undefined
    if (!other) throw error
    return { messageId: other, duplicate: true }
  }
  wakeRelay(db)
  return { messageId: id, duplicate: false }
}

const knownMessage = (db: Database, organisationId: string, sha256: Buffer): Promise<string | undefined> =>
  withOrganisation(db, organisationId, async tx => {
    const [row] = await tx.sql<{ id: string }[]>`
      select message_id as id from message_key where organisation_id = ${organisationId} and sha256 = ${sha256}`
    return row?.id
  })

/** The first ISA, without which nothing is X12; text that a mail program put before it does not hide it. */
const firstInterchange = (head: Uint8Array): InterchangeHeader | undefined => {
  const header = peekInterchange(head.subarray(0, 4096))
  if (header) return header
  for (const event of createReader({ level: 'envelope' }).push(head.subarray(0, 4096)))
    if (event.type === 'interchange') return event.header
  return undefined
}

/** Whose an interchange says it is, as it is stored and compared. */
export const sender = (header: InterchangeHeader): string => storable(`${header.senderQualifier}:${header.senderId}`)
export const receiver = (header: InterchangeHeader): string => storable(`${header.receiverQualifier}:${header.receiverId}`)
/** Anything but production is checked and acknowledged, and touches nothing. */
export const isTest = (header: InterchangeHeader): boolean => header.usage !== 'P'

/** Further arrivals within so many milliseconds wake the relay together. */
const wakeMilliseconds = 25

/**
 * Wakes the relay after the commit, at once when it was quiet before. A NOTIFY inside every receiving transaction would make their
 * commits queue for one lock.
 */
const wakeRelay = (db: Database): void => {
  if (waking.has(db)) {
    waking.set(db, true)
    return
  }
  waking.set(db, false)
  readSystem(db, sql => sql`select pg_notify(${workChannel}, '')`).catch(() => undefined) // the relay also looks by itself
  setTimeout(() => {
    const more = waking.get(db)
    waking.delete(db)
    if (more) wakeRelay(db)
  }, wakeMilliseconds).unref()
}
/** Databases whose relay was woken a moment ago, and whether more has come since. */
const waking = new WeakMap<Database, boolean>()
