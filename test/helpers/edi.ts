import { Readable } from 'node:stream'
import { receive, type Receipt } from '../../src/exchange/receive.ts'
import { asSystem, type Database } from '../../src/db/client.ts'
import type { Context } from '../../src/db/context.ts'
import { handlersFor } from '../../src/jobs/handlers.ts'
import { drain } from '../../src/jobs/work.ts'

export type Identity = { readonly qualifier: string; readonly id: string; readonly group: string }
export type Envelope = {
  readonly from: Identity
  readonly to: Identity
  readonly control: number
  readonly usage?: 'P' | 'T'
  readonly groupReceiver?: string
  readonly version?: string
}

const pad = (text: string, width: number): string => text.padEnd(width).slice(0, width)

/** One interchange with one group. Each set is its segments without ST and SE. Segments end in a line feed as well, for people. */
export const interchange = (
  { from, to, control, usage = 'P', groupReceiver, version = '004010' }: Envelope,
  functionalId: string,
  sets: readonly (readonly [set: string, ...segments: string[]])[],
): string => {
  const number = String(control).padStart(9, '0')
  return [
    `ISA*00*          *00*          *${from.qualifier}*${pad(from.id, 15)}*${to.qualifier}*${pad(to.id, 15)}*261121*0900*U*00401*${number}*0*${usage}*>`,
    `GS*${functionalId}*${from.group}*${groupReceiver ?? to.group}*20261121*0900*${control}*X*${version}`,
    ...sets.flatMap(([set, ...segments], index) => {
      const st = String(index + 1).padStart(4, '0')
      return [`ST*${set}*${st}`, ...segments, `SE*${segments.length + 2}*${st}`]
    }),
    `GE*${sets.length}*${control}`,
    `IEA*1*${number}`,
  ]
    .map(segment => `${segment}~\n`)
    .join('')
}

export const send = (ctx: Context, text: string | Uint8Array): Promise<Receipt> =>
  receive(ctx, Readable.from([Buffer.from(text as string, 'latin1')]), { transport: 'http', contentType: 'application/edi-x12' })

/** Does all work that is due, as the workers would, until none is left; fails when work fails. */
export const workOff = async (db: Database, now: () => Date = () => new Date()): Promise<void> => {
  const failures: unknown[] = []
  const nothing = (): void => {}
  const log = {
    fatal: nothing,
    error: (entry: unknown) => failures.push(entry),
    warn: nothing,
    info: nothing,
    debug: nothing,
    trace: nothing,
  } as unknown as Context['log']
  for (;;) {
    const keys = await asSystem(
      db,
      tx => tx.sql<{ key: string }[]>`select distinct key from outbox where state = 'pending' and available_at <= now()`,
    )
    if (keys.length === 0) break
    for (const { key } of keys) await drain({ db, log, now, handlers: handlersFor({}) }, key)
    if (failures.length > 0) throw (failures[0] as { err?: Error }).err ?? new Error(String(failures[0]))
  }
}
