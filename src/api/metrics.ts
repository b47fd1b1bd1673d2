import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '../db/client.ts'
import { exchangeFigures } from '../exchange/service.ts'
import type { Queues } from '../jobs/queues.ts'
import { DomainError } from '../shared/errors.ts'

/**
 * `/metrics` for Prometheus: times of requests by route, work waiting and dead, how late the oldest of it is, and the
 * documents of the last day by type and outcome. For the machine itself, or with METRICS_TOKEN as a bearer token.
 */
export const registerMetrics = (app: FastifyInstance, queues: Pick<Queues, 'depths'> | undefined): void => {
  const { config, db } = app.accord
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const durations = new Histogram({
    name: 'accord_http_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    durations.observe(
      { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode },
      reply.elapsedTime / 1000,
    )
    done()
  })
  registerHubMetrics(registry, db, queues)
  app.get('/metrics', { schema: { hide: true }, config: { rateLimit: false, quiet: true } }, async (request, reply) => {
    if (!mayScrape(request, config.METRICS_TOKEN))
      throw new DomainError('identity/forbidden', { detail: 'Metrics are for this machine, or for METRICS_TOKEN.' })
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

const mayScrape = (request: FastifyRequest, token: string | undefined): boolean => {
  const given = request.headers.authorization
  if (token !== undefined && given !== undefined) {
    const [a, b] = [Buffer.from(given), Buffer.from(`Bearer ${token}`)]
    return a.length === b.length && timingSafeEqual(a, b)
  }
  // Behind a proxy on the same machine everybody comes from here.
  const forwarded = request.headers['x-forwarded-for'] ?? request.headers.forwarded
  return forwarded === undefined && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '')
}

type Figures = Awaited<ReturnType<typeof exchangeFigures>>
type Rows = readonly (readonly [labels: Record<string, string>, value: number])[]

/** What stands in the database is counted when it is asked for, at most every ten seconds: any process can answer for the hub. */
const registerHubMetrics = (registry: Registry, db: Database, queues: Pick<Queues, 'depths'> | undefined): void => {
  let counted: { at: number; figures: Promise<Figures> } | undefined
  const figures = (): Promise<Figures> => {
    if (!counted || counted.at < Date.now() - 10_000) counted = { at: Date.now(), figures: exchangeFigures(db) }
    return counted.figures
  }
  const gauge = (name: string, help: string, labelNames: string[], rows: () => Promise<Rows>) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        this.reset()
        for (const [labels, value] of await rows()) this.set(labels, value)
      },
    })
  gauge('accord_outbox_rows', 'Work in the outbox: pending, or dead and waiting for a person.', ['state'], async () => {
    const {
      backlog: { pending, dead },
    } = await figures()
    return [
      [{ state: 'pending' }, pending],
      [{ state: 'dead' }, dead],
    ]
  })
  gauge('accord_outbox_lag_seconds', 'How long the oldest pending row has waited.', [], async () => [
    [{}, (await figures()).backlog.oldestSeconds],
  ])
  gauge(
    'accord_documents_last_day',
    'Transaction sets of the last 24 hours by type and what became of them.',
    ['set', 'direction', 'state'],
    async () => (await figures()).documents.map(({ count, ...labels }) => [labels, count]),
  )
  gauge('accord_queue_depth', 'Jobs in the queues.', ['queue', 'state'], async () =>
    Object.entries((await queues?.depths()) ?? {}).flatMap(([queue, depth]) =>
      Object.entries(depth).map(([state, value]) => [{ queue, state }, value] as const),
    ),
  )
}
