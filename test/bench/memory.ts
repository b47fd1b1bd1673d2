import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Cluster } from './cluster.ts'
import { orderFile, ordersIn } from './orders.ts'
import type { Row } from './report.ts'

const linesPerOrder = 10
const mostMegabytes = 300

/**
 * The hub as it is started for real, API and workers in one process: how much memory it takes at most while a file of orders is sent to
 * it and worked off.
 */
export const memory = async (cluster: Cluster, sizes: readonly number[]): Promise<Row[]> => {
  const rows: Row[] = []
  for (const megabytes of sizes) {
    const clone = await cluster.clone()
    const { host, port, database, user } = clone.access.address
    const hub = await startHub({
      DATABASE_URL: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`, ACCORD_SECRET: clone.access.secret,
      PORT: '0', LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '1000000',
    })
    const sampled = sampleMemory(hub.pid)
    try {
      const idle = sampled()
      const orders = ordersIn(cluster.world, megabytes, linesPerOrder, 'farm')
      const begin = performance.now()
      const { messageId } = await upload(hub.url, cluster.world.keyOf('retailer'), orderFile(cluster.world, { orders, lines: linesPerOrder, seller: 'farm', control: 1 }))
      let state = ''
      while (state !== 'processed') {
        await new Promise(resolve => { setTimeout(resolve, 200) })
        sampled()
        state = (await clone.owner<{ state: string }[]>`select processing_state as state from message where id = ${messageId}`)[0]?.state ?? ''
        if (!['received', 'processing', 'processed'].includes(state)) throw new Error(`the file of ${megabytes} MB is ${state}`)
      }
      const spent = (performance.now() - begin) / 1000
      const [made] = await clone.owner<{ orders: number }[]>`select count(*)::int as orders from purchase_order`
      if (made?.orders !== orders) throw new Error(`${made?.orders} orders were made of ${orders}`)
      const most = sampled()
      rows.push({
        what: `memory: peak of the hub for a file of ${megabytes} MB (${orders} orders, ${spent.toFixed(0)} s; ${idle.toFixed(0)} MB when idle)`, candidate: `${most.toFixed(0)} MB`,
        wanted: `≤ ${mostMegabytes} MB`, met: most <= mostMegabytes,
      })
    } finally {
      await hub.stop()
      await clone.drop()
    }
  }
  return rows
}

const startHub = async (env: Record<string, string>): Promise<{ pid: number; url: string; stop: () => Promise<void> }> => {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(new URL('../../dist/main.js', import.meta.url))], {
    env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => { child.once('exit', () => resolve()) })
  let url: string | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    url = /serving at (\S+)/.exec(line)?.[1]
    if (url) break
  }
  child.stdout.resume()
  if (!url || child.pid === undefined) throw new Error('the hub did not start')
  return { pid: child.pid, url, stop: async () => { child.kill('SIGTERM'); await ended } }
}

const upload = async (url: string, key: string, pieces: Iterable<Buffer>): Promise<{ messageId: string }> => {
  const sending = request(`${url}/api/edi`, { method: 'POST', headers: { 'content-type': 'application/edi-x12', authorization: `Bearer ${key}` } })
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    sending.once('error', reject).once('response', response => {
      response.setEncoding('utf8').toArray().then(parts => resolve({ status: response.statusCode ?? 0, text: parts.join('') }), reject)
    })
  })
  await Promise.all([pipeline(Readable.from(pieces), sending), answered])
  const { status, text } = await answered
  if (status !== 202) throw new Error(`the file was answered with ${status}: ${text}`)
  return JSON.parse(text) as { messageId: string }
}

/** The most memory that a process has had so far, in megabytes: what Linux remembers of it, elsewhere the largest that was seen. */
const sampleMemory = (pid: number): () => number => {
  let most = 0
  return () => {
    const kilobytes = process.platform === 'linux'
      ? Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      : Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout)
    most = Math.max(most, kilobytes / 1024)
    return most
  }
}
