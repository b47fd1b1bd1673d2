import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import { registerAuthentication } from './api/authentication.ts'
import type { EventSource } from './db/events.ts'
import { registerGraphql } from './api/graphql/server.ts'
import { registerHealth } from './api/health.ts'
import { registerMetrics } from './api/metrics.ts'
import { registerObservation } from './api/observe.ts'
import { registerOpenApi } from './api/openapi.ts'
import { registerExplorer, registerPages } from './api/pages.ts'
import { registerEdi, registerOutbox } from './api/rest/edi.ts'
import { registerExceptions } from './api/rest/exceptions.ts'
import { handleError } from './api/problem.ts'
import { registerForecasts } from './api/rest/forecasts.ts'
import { registerGuides } from './api/rest/guides.ts'
import { registerIdentity } from './api/rest/identity.ts'
import { registerImports } from './api/rest/imports.ts'
import { registerInvoices } from './api/rest/invoices.ts'
import { registerItems } from './api/rest/items.ts'
import { registerMessages } from './api/rest/messages.ts'
import { registerOrders } from './api/rest/orders.ts'
import { registerPartners } from './api/rest/partners.ts'
import { registerReceipts } from './api/rest/receipts.ts'
import { registerShipments } from './api/rest/shipments.ts'
import { registerFallbacks } from './api/routing.ts'
import { registerSecurity } from './api/security.ts'
import type { Queues } from './jobs/queues.ts'
import { systemClock, type Clock } from './shared/clock.ts'

export type AppOptions = {
  readonly config: Config
  readonly db: Database
  readonly log: FastifyBaseLogger
  /** Where subscriptions hear of what happens. */
  readonly events: EventSource
  /** Asked whether they answer, for /readyz. */
  readonly queues?: Pick<Queues, 'depths'>
  readonly now?: Clock
}

/** Bodies that are taken into memory: JSON. What is streamed has its own, larger limit. */
const jsonLimitBytes = 16 * 1024 * 1024
/** A connection on which nothing moves for so long in the middle of a request is closed: its sender has stalled or gone. */
const silenceMilliseconds = 120_000

/**
 * The web server of the hub, all of it, ready to listen. Everything is registered here by name and in this order: who asks and
 * what is observed first, then documentation, which sees every route after it, then the routes.
 */
export const buildApp = async ({ config, db, log, events, queues, now = systemClock }: AppOptions): Promise<FastifyInstance> => {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.TRUST_PROXY,
    bodyLimit: Math.min(config.MAX_BODY_BYTES, jsonLimitBytes),
    connectionTimeout: silenceMilliseconds,
    requestIdHeader: false,
    genReqId: () => crypto.randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    // What fails before a route is found, such as an address that is not one.
    frameworkErrors: (error, request, reply) => handleError(error, request as FastifyRequest, reply as FastifyReply),
    ajv: { customOptions: { allErrors: true, removeAdditional: false, coerceTypes: true } },
  })
  // What a form on somebody else's page can send is not taken.
  app.removeContentTypeParser('text/plain')
  await registerAuthentication(app, { config, db, now })
  registerObservation(app, config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined)
  registerFallbacks(app)
  await registerSecurity(app, config)
  registerMetrics(app, queues)
  registerHealth(app, async () => queues?.depths())
  await registerOpenApi(app)
  registerIdentity(app)
  registerPartners(app)
  registerGuides(app)
  registerItems(app)
  registerOrders(app)
  registerShipments(app)
  registerReceipts(app)
  registerInvoices(app)
  registerForecasts(app)
  registerExceptions(app)
  registerMessages(app)
  registerOutbox(app)
  await app.register(async scope => registerEdi(scope))
  await app.register(async scope => registerImports(scope))
  await app.register(async scope => registerGraphql(scope, events))
  await app.register(async scope => registerExplorer(scope))
  await registerPages(app)
  return app
}
