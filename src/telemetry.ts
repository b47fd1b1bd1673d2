import { isSpanContextValid, trace } from '@opentelemetry/api'
import type { Config } from './config.ts'

/**
 * Starts sending traces when OTEL_EXPORTER_OTLP_ENDPOINT is set; otherwise nothing is loaded and every span is a no-op.
 * Returns what sends the last spans at the end.
 */
export const startTelemetry = async (config: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT'>): Promise<() => Promise<void>> => {
  if (!config.OTEL_EXPORTER_OTLP_ENDPOINT) return async () => {}
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const url = `${config.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '')}/v1/traces`
  const sdk = new NodeSDK({ serviceName: 'accord-hub', traceExporter: new OTLPTraceExporter({ url }), instrumentations: [] })
  sdk.start()
  return () => sdk.shutdown()
}

/** The ids of the trace that is being worked on, for log lines; empty when there is none. */
export const traceIds = (): { traceId?: string; spanId?: string } => {
  const span = trace.getActiveSpan()?.spanContext()
  return span && isSpanContextValid(span) ? { traceId: span.traceId, spanId: span.spanId } : {}
}
