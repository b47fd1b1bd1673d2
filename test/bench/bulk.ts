import { Readable } from 'node:stream'
import { isTx, withOrganisation, type Database } from '../../src/db/client.ts'
import { receive, senderKey } from '../../src/exchange/receive.ts'
import { handlersFor } from '../../src/jobs/handlers.ts'
import { drain } from '../../src/jobs/work.ts'
import type { Clone, Cluster } from './cluster.ts'
import { orderFile, ordersIn } from './orders.ts'
import { processorTime, type ProcessorTime } from './processor.ts'
import { median, seconds, type Row } from './report.ts'
import { readRows, type TableRows } from './rows.ts'
import type { Context } from '../../src/db/context.ts'

const linesPerOrder = 10
const batchSizes = [50, 100] as const

/**
 * A file of purchase orders from its first byte until its 997 is committed and all its orders are applied, against the time in which the
 * very rows that this leaves behind can be inserted when they stand ready in arrays.
 */
export const bulk = async (cluster: Cluster, { megabytes, rounds }: { megabytes: number; rounds: number }): Promise<Row[]> => {
  const orders = ordersIn(cluster.world, megabytes, linesPerOrder, 'manufacturer')
  const times = { candidate: [] as Spent[], 50: [] as Spent[], 100: [] as Spent[] }
  const fsyncs: number[] = []
  let rows: TableRows[] | undefined
  let connections = 1
  for (let round = -1; round < rounds; round++) {
    const warm = round >= 0
    fsyncs.push(cluster.fsyncsPerSecond())
    const one = await cluster.clone()
    const taken = await takeFile(cluster, one, orders, round + 2)
    if (warm) times.candidate.push(taken)
    connections = Math.max(connections, taken.connections)
    rows ??= await readRows(one.owner)
    await one.drop()
    for (const size of batchSizes) {
      const other = await cluster.clone()
      const spent = await insertRows(cluster, other, rows, orders, size, connections)
      if (warm) times[size].push(spent)
      await other.drop()
    }
  }
  const clock = (spent: readonly Spent[]): number => median(spent.map(each => each.seconds))
  const best = batchSizes.toSorted((a, b) => clock(times[a]) - clock(times[b]))[0]!
  const [candidate, floor] = [clock(times.candidate), clock(times[best])]
  const [spent, spentByFloor] = [times.candidate, times[best]].map(each => ({ hub: median(each.map(one => one.hub)), database: median(each.map(one => one.database)) })) as [ProcessorTime, ProcessorTime]
  const count = rows!.reduce((sum, table) => sum + table.rows, 0)
  return [{
    what: `bulk: ${megabytes} MB of 850s received, acknowledged, applied (${orders} orders, ${count} rows)`,
    candidate: seconds(candidate), floor: `${seconds(floor)} (batches of ${best}, ${connections} connections)`, ratio: floor / candidate, wanted: '≥ 0.4',
    met: floor / candidate >= 0.4, fsyncsPerSecond: median(fsyncs),
  }, {
    what: 'bulk: processor time of hub + database', candidate: `${spent.hub.toFixed(2)} + ${seconds(spent.database)}`,
    floor: `${spentByFloor.hub.toFixed(2)} + ${seconds(spentByFloor.database)}`, ratio: (spentByFloor.hub + spentByFloor.database) / (spent.hub + spent.database),
  }]
}

type Spent = ProcessorTime & { readonly seconds: number }

const takeFile = async (cluster: Cluster, { db, owner }: Clone, orders: number, control: number): Promise<Spent & { connections: number }> => {
  const pieces = [...orderFile(cluster.world, { orders, lines: linesPerOrder, seller: 'manufacturer', control })]
  const counted = countLeases(db)
  const context: Context = { ...cluster.world.ctxOf('retailer'), db: counted.db }
  const failures: unknown[] = []
  const log = { ...context.log, error: (entry: unknown) => failures.push(entry) } as Context['log']
  await owner`checkpoint`
  globalThis.gc?.()
  const processor = processorTime(cluster.pid)
  const begin = performance.now()
  const { messageId } = await receive(context, Readable.from(pieces), { transport: 'http', contentType: 'application/edi-x12' })
  await drain({ db: counted.db, log, now: context.now, handlers: handlersFor({}) }, senderKey(context.actor.organisationId))
  const spent = { seconds: (performance.now() - begin) / 1000, ...processor() }
  if (failures.length > 0) throw new Error('the file was not processed', { cause: failures[0] })
  const [result] = await owner<{ orders: number; lines: number; acknowledgements: number; exceptions: number; state: string }[]>`
    select (select count(*) from purchase_order)::int as orders, (select count(*) from order_line)::int as lines, (select count(*) from exception)::int as exceptions,
      (select count(*) from message_set where set_id = '997')::int as acknowledgements, (select processing_state from message where id = ${messageId}) as state`
  if (!result || result.orders !== orders || result.lines !== orders * linesPerOrder || result.acknowledgements !== 1 || result.exceptions !== 0 || result.state !== 'processed')
    throw new Error(`the file came to ${JSON.stringify(result)}`)
  return { ...spent, connections: counted.most() }
}

/** The same database, and how many of its connections were in use at the same time at most. */
const countLeases = (db: Database): { db: Database; most: () => number } => {
  if (isTx(db)) throw new Error('a database is wanted')
  let now = 0
  let most = 0
  const counted = (pool: Database['app']): Database['app'] => ({
    ...pool,
    lease: async () => {
      const lease = await pool.lease()
      most = Math.max(most, ++now)
      let held = true
      return {
        sql: lease.sql, get lost() { return lease.lost },
        release() { if (held) now--; held = false; lease.release() },
      }
    },
  })
  return { db: { ...db, app: counted(db.app), system: counted(db.system) }, most: () => most }
}

/**
 * The floor. What belongs to an order goes in one transaction per batch of orders, the statements of which are sent without waiting for
 * each other; everything else (message, pieces, group, 997) goes first.
 */
const insertRows = async (cluster: Cluster, { db, owner }: Clone, tables: readonly TableRows[], orders: number, size: number, connections: number): Promise<Spent> => {
  const head = tables.map(table => table.slice(Math.floor(table.rows / orders) * orders, table.rows)).filter(part => part.rows > 0)
  const batches = Array.from({ length: Math.ceil(orders / size) }, (_, batch) => tables.filter(table => table.rows >= orders).map(table => {
    const perOrder = Math.floor(table.rows / orders)
    return table.slice(batch * size * perOrder, Math.min((batch + 1) * size, orders) * perOrder)
  }))
  const write = (parts: readonly ReturnType<TableRows['slice']>[]): Promise<unknown> =>
    withOrganisation(db, cluster.world.id.retailer, tx => Promise.all(parts.map(part => tx.sql.unsafe(part.statement, part.columns as never[], { prepare: true }))))
  // The connections are made before the time runs.
  await Promise.all(Array.from({ length: connections }, () => withOrganisation(db, cluster.world.id.retailer, tx => tx.sql`select pg_sleep(0.05)`)))
  await owner`checkpoint`
  globalThis.gc?.()
  const processor = processorTime(cluster.pid)
  const begin = performance.now()
  await write(head)
  const rest = batches.values()
  await Promise.all(Array.from({ length: connections }, async () => { for (const batch of rest) await write(batch) }))
  const spent = { seconds: (performance.now() - begin) / 1000, ...processor() }
  for (const table of tables) {
    const [found] = await owner.unsafe<{ count: number }[]>(`select count(*)::int as count from ${table.name}`)
    if (found?.count !== table.rows) throw new Error(`${table.name} has ${found?.count} rows instead of ${table.rows}`)
  }
  return spent
}
