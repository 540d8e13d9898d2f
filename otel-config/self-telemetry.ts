import { Metadata } from '@grpc/grpc-js'
import { context, trace, type Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { selfHeader } from './loop-guard.ts'

const timeoutMs = 10_000

export interface SelfTelemetryOptions {
  /** OTLP/gRPC, such as `http://otel.example:4317`. */
  readonly endpoint: string
  /** Addresses of this process's own receivers, such as `http://127.0.0.1:4317`. */
  readonly ownEndpoints: readonly string[]
  readonly serviceName: string
}

export interface SelfTelemetry {
  readonly tracer: Tracer
  /** The endpoint is one of our own receivers: worth a line in the log. */
  readonly intoItself: boolean
  /** Sends what is left. Resolves also where that failed: telemetry is no reason to stop badly. */
  readonly shutdown: () => Promise<void>
}

/**
 * The server's telemetry about itself. Off unless an endpoint is set: without `startSelfTelemetry` the API's tracers do
 * nothing, so the code that is traced need not know.
 *
 * The danger is a circle: handling an export makes a span, the span is exported, handling that export makes a span. So
 * every export of ours carries a header, and whoever handles a request that has it traces nothing, whether the request
 * comes from this very process or from another Spanledger that watches this one. A gateway between them drops the header;
 * then each batch makes one span more, which stays one batch for every export delay (5 s) and never grows.
 */
export function startSelfTelemetry({ endpoint, ownEndpoints, serviceName }: SelfTelemetryOptions): SelfTelemetry {
  const metadata = new Metadata()
  metadata.set(selfHeader, '1')
  const sdk = new NodeSDK({
    serviceName, autoDetectResources: false, metricReaders: [], logRecordProcessors: [], instrumentations: [],
    traceExporter: new OTLPTraceExporter({ url: endpoint, metadata, timeoutMillis: timeoutMs }),
  })
  sdk.start()
  const own = new Set(ownEndpoints.map(address))
  return {
    tracer: trace.getTracer('spanledger'),
    intoItself: own.has(address(endpoint)),
    shutdown: async () => {
      await sdk.shutdown().catch(() => undefined)
      trace.disable()
      context.disable()
    },
  }
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]'])

/** Host and port, with all names of this machine's loopback as one. */
function address(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (url === null) return endpoint
  return `${loopback.has(url.hostname) ? 'localhost' : url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}
