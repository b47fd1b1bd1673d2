/**
 * The benchmarks: `npm run bench -- [--quick] [--only bulk,latency,memory,small,order]`. Every candidate is measured beside its floor in the same
 * run, rounds in turn, medians; the ratios count, not the times. Nothing fails for being slow.
 */
import { parseArgs } from 'node:util'
import { bulk } from './bulk.ts'
import { startCluster, type Cluster } from './cluster.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { order } from './order.ts'
import { table, type Row } from './report.ts'
import { small } from './small.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })
const quick = values.quick === true

const parts: Record<string, (cluster: Cluster) => Promise<Row[]>> = {
  bulk: cluster => bulk(cluster, { megabytes: quick ? 2 : 10, rounds: quick ? 3 : 5 }),
  latency: cluster => latency(cluster, { megabytes: quick ? 10 : 100 }),
  memory: cluster => memory(cluster, quick ? [40] : [10, 105, 200]),
  small: cluster => small(cluster, { seconds: quick ? 1.5 : 4, rounds: quick ? 3 : 5 }),
  order: cluster => order(cluster, { seconds: quick ? 1.5 : 4, rounds: quick ? 3 : 5 }),
}

const wanted = values.only?.split(',') ?? Object.keys(parts)
const cluster = await startCluster(10)
process.once('SIGINT', () => { void cluster.stop().then(() => process.exit(130)) })
try {
  const rows: Row[] = []
  for (const name of wanted) {
    const part = parts[name]
    if (!part) throw new Error(`there is no benchmark ${name}; there are ${Object.keys(parts).join(', ')}`)
    console.error(`… ${name}`)
    rows.push(...await part(cluster))
  }
  console.log(table(rows))
} finally {
  await cluster.stop()
}
