import { Readable } from 'node:stream'
import { judgeMessage } from '../../src/exchange/judge.ts'
import { loadSender } from '../../src/exchange/parties.ts'
import { receive } from '../../src/exchange/receive.ts'
import type { Cluster } from './cluster.ts'
import { orderFile, ordersIn } from './orders.ts'
import type { Row } from './report.ts'

/**
 * How long other work has to wait at the most while the hub judges a message in the same process: a good file, and files that are nothing
 * but faults of one kind, which cost the most for each byte.
 */
export const latency = async (cluster: Cluster, { megabytes }: { megabytes: number }): Promise<Row[]> => {
  const clone = await cluster.clone()
  const context = { ...cluster.world.ctxOf('retailer'), db: clone.db }
  const rows: Row[] = []
  const judge = async (what: string, pieces: Iterable<Buffer>): Promise<void> => {
    const { messageId } = await receive(context, Readable.from(pieces), { transport: 'http', contentType: 'application/edi-x12' })
    const sender = await loadSender(clone.db, context.actor.organisationId)
    const longestWait = watchTurns()
    const begin = performance.now()
    await judgeMessage(context, sender, messageId, [])
    const spent = (performance.now() - begin) / 1000
    rows.push({ what: `latency: longest wait of others while ${what} are judged in ${spent.toFixed(1)} s`, candidate: `${longestWait().toFixed(0)} ms` })
  }
  let control = 0
  const envelope = (content: readonly Buffer[]): Buffer[] => {
    const [header, ...rest] = [...orderFile(cluster.world, { orders: 0, lines: 0, seller: 'manufacturer', control: ++control })]
    return [header!, ...content, ...rest]
  }
  const repeated = (text: string, size: number): Buffer => Buffer.from(text.repeat(Math.ceil(size * 1e6 / text.length)))
  try {
    const orders = ordersIn(cluster.world, megabytes, 10, 'manufacturer')
    await judge(`${megabytes} MB of good orders`, orderFile(cluster.world, { orders, lines: 10, seller: 'manufacturer', control: ++control }))
    await judge('2 MB of empty sets', envelope([repeated('ST*850*0001~SE*2*0001~', 2)]))
    await judge('10 MB of faults in one set', envelope([Buffer.from('ST*850*0001~'), repeated('PO1***ZZ*x**QQ~', 10)]))
    await judge('10 MB of empty groups', envelope([repeated('GE*0*1~GS*PO*A*B*20240101*1000*1*X*004010~', 10)]))
    return rows
  } finally {
    await clone.drop()
  }
}

/** Watches the turns of the event loop until the function that it returns is called, which says how long the longest took, in milliseconds. */
const watchTurns = (): (() => number) => {
  let longest = 0
  let last = performance.now()
  let stopped = false
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!stopped) setImmediate(turn)
  }
  setImmediate(turn)
  return () => {
    stopped = true
    return longest
  }
}
