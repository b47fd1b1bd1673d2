import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | null
  }
  /** Asked every few seconds by machines: logged at debug. */
  interface FastifyContextConfig {
    quiet?: boolean
  }
}

/**
 * One span and one log line per request: method, route, status, time, organisation. Never the query, the body or a header,
 * which may hold what is nobody else's business.
 */
export const registerObservation = (app: FastifyInstance, traced: boolean): void => {
  app.decorateRequest('span', null)
  if (traced)
    app.addHook('onRequest', (request, _reply, done) => {
      const parent = propagation.extract(ROOT_CONTEXT, request.headers)
      const span = trace
        .getTracer('accord-hub')
        .startSpan(`${request.method} ${request.routeOptions.url ?? 'unknown'}`, { kind: SpanKind.SERVER }, parent)
      request.span = span
      context.with(trace.setSpan(parent, span), done)
    })
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode, elapsedTime } = reply
    const route = request.routeOptions.url ?? 'unknown'
    request.log[request.routeOptions.config.quiet ? 'debug' : 'info'](
      {
        method: request.method,
        route,
        status: statusCode,
        milliseconds: Math.round(elapsedTime * 10) / 10,
        ...(request.identified && { organisation: request.identified.actor.organisationId }),
      },
      'request',
    )
    if (request.span) {
      request.span.setAttributes({
        'http.request.method': request.method,
        'http.route': route,
        'http.response.status_code': statusCode,
      })
      if (statusCode >= 500) request.span.setStatus({ code: SpanStatusCode.ERROR })
      request.span.end()
    }
    done()
  })
}
