import { createQueues } from '../../src/jobs/queues.ts'
import { startWorkers } from '../../src/jobs/workers.ts'
import { load, type Load, type LoadResult } from './client.ts'
import { quiet, type Cluster } from './cluster.ts'
import { orderFile } from './orders.ts'
import { median, perSecond, type Row } from './report.ts'
import { serve } from './server.ts'

const connections = 8
const placeholder = 123456789

/**
 * Interchanges of one order each over HTTP, answered when they are safely on disk, against a route of the same server that puts the same
 * bytes into a table with one statement. Beside it, how many a second go all the way when the workers run as well.
 */
export const small = async (cluster: Cluster, { seconds, rounds }: { seconds: number; rounds: number }): Promise<Row[]> => {
  const clone = await cluster.clone()
  const { db, owner } = clone
  await owner`create table bench_floor (id bigint generated always as identity primary key, bytes bytea not null)`
  await owner`grant insert on bench_floor to accord_app`
  const server = await serve(clone, app => app.register(async scope => {
    scope.addContentTypeParser('application/edi-x12', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
    scope.post('/bench/floor', async (request, reply) => {
      const lease = await db.app.lease()
      await lease.sql`insert into bench_floor (bytes) values (${request.body as Buffer})`.finally(() => lease.release())
      return reply.code(202).send({ stored: true })
    })
  }))
  try {
    const text = Buffer.concat([...orderFile(cluster.world, { orders: 1, lines: 1, seller: 'manufacturer', control: placeholder })]).toString('latin1')
    const body = text.replaceAll(String(placeholder), '{n}')
    let sent = 0
    const send = async (path: string, headers: Load['headers']): Promise<LoadResult> => {
      const result = await load({
        port: server.port, connections, seconds, method: 'POST', path, headers: { 'content-type': 'application/edi-x12', ...headers }, body, firstNumber: sent, status: 202,
      })
      sent += result.requests + connections
      return result
    }
    const accept = () => send('/api/edi', { authorization: `Bearer ${cluster.world.keyOf('retailer')}` })
    const rates = { candidate: [] as number[], floor: [] as number[] }
    const fsyncs: number[] = []
    for (let round = -1; round < rounds; round++) {
      fsyncs.push(cluster.fsyncsPerSecond())
      const [candidate, floor] = [await accept(), await send('/bench/floor', {})]
      if (round < 0) continue
      rates.candidate.push(candidate.requests / candidate.seconds)
      rates.floor.push(floor.requests / floor.seconds)
    }
    const ratio = median(rates.candidate) / median(rates.floor)
    const accepted: Row = {
      what: `small: one order per interchange, ${connections} connections, durably accepted (${body.length} bytes)`, candidate: perSecond(median(rates.candidate)),
      floor: perSecond(median(rates.floor)), ratio, wanted: '≥ 0.45', met: ratio >= 0.45, fsyncsPerSecond: median(fsyncs),
    }

    // What waits from before would be counted too.
    await owner`truncate outbox`
    const queues = await createQueues({ access: clone.access }, quiet)
    const workers = await startWorkers({ db, queues, log: quiet, now: () => new Date(), concurrency: 4, acknowledgementHours: {} })
    try {
      const begin = performance.now()
      const { requests, seconds: accepting } = await accept()
      let left = Infinity
      while (left > 0) {
        await new Promise(resolve => { setTimeout(resolve, 20) })
        left = (await owner<{ left: number }[]>`select count(*)::int as left from outbox where kind = 'process'`)[0]!.left
      }
      const rate = requests / (performance.now() - begin) * 1000
      const [answered] = await owner<{ orders: number; acknowledgements: number }[]>`
        select (select count(*) from purchase_order)::int as orders, (select count(*) from message_set where set_id = '997')::int as acknowledgements`
      if (answered?.orders !== requests || answered.acknowledgements !== requests) throw new Error(`${requests} were accepted and came to ${JSON.stringify(answered)}`)
      return [accepted, {
        what: 'small: the same with workers, accepted to order made and 997 out', candidate: perSecond(rate), floor: `accepted at ${perSecond(requests / accepting)}`,
      }]
    } finally {
      await workers.stop()
      await queues.close()
    }
  } finally {
    await server.close()
    await clone.drop()
  }
}
