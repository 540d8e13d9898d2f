import { setTimeout as sleep } from 'node:timers/promises'
import { diag, DiagLogLevel, type Tracer } from '@opentelemetry/api'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type IdGenerator, type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Random } from './random.ts'
import type { Scenario } from './scenarios/scenario.ts'

/**
 * Spans per request. The demo's largest span has about 12 kB of messages, so a request stays well under the 4 MiB that
 * gRPC servers accept by default.
 */
const batchSpansMax = 100
/** The SDK drops what it cannot queue; `flush` is called before that many spans are waiting. */
export const queuedSpansMax = 2_048
/** How soon a span is sent after it ended. */
const delayMs = 500
const timeoutMs = 10_000
/** Waits before a request is sent again that the receiver was too busy for, in milliseconds: the exporter for gRPC never repeats one. */
const againMs = [250, 500, 1_000]
/** gRPC's DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and UNAVAILABLE: OTLP/gRPC, "Failures". */
const passing: ReadonlySet<unknown> = new Set([4, 8, 14])

/** What became of the spans: every one that was ended is in exactly one of these once `close` has resolved. */
export interface Sent {
  /** Acknowledged by the receiver and not rejected. */
  acknowledged: number
  /** Rejected by a partial success. */
  rejected: number
  /** In requests that failed. */
  failed: number
  /** Of the last failed request or partial success, '' if there was none. */
  problem: string
}

export interface Sender {
  readonly sent: Readonly<Sent>
  readonly tracer: (scenario: Scenario) => Tracer
  /** Resolves when everything ended so far has been answered. Never rejects: what went wrong is in `sent`. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Real SDK, real exporter. Headers such as an API key come from `OTEL_EXPORTER_OTLP_HEADERS`, as in any application. */
export function openSender(endpoint: string, random: Random): Sender {
  const sent: Sent = { acknowledged: 0, rejected: 0, failed: 0, problem: '' }
  countPartialSuccess(sent)
  const underWay = new Set<Promise<void>>()
  const processor = new BatchSpanProcessor({
    exporter: counting(new OTLPTraceExporter({ url: endpoint, timeoutMillis: timeoutMs }), sent, underWay),
    maxExportBatchSize: batchSpansMax, maxQueueSize: queuedSpansMax, scheduledDelayMillis: delayMs, exportTimeoutMillis: timeoutMs,
  })
  const ids: IdGenerator = { generateTraceId: () => random.hex(32), generateSpanId: () => random.hex(16) }
  const tracers = new Map<string, Tracer>()
  const create = ({ service, version, scope, environment }: Scenario): Tracer => new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({
      'service.name': service, 'service.version': version, 'service.namespace': 'demo', 'deployment.environment.name': environment,
    })),
    spanProcessors: [processor], idGenerator: ids,
  }).getTracer(scope, version)
  // The processor rejects where an export failed; the exporter has counted it already.
  const settled = (): undefined => undefined
  /** The processor waits for what it sends now, not for a full batch that it sent before. */
  const flush = async (): Promise<void> => {
    await processor.forceFlush().catch(settled)
    await Promise.all(underWay)
  }
  return {
    sent,
    tracer: (scenario) => {
      const tracer = tracers.get(scenario.service) ?? create(scenario)
      tracers.set(scenario.service, tracer)
      return tracer
    },
    flush,
    close: async () => {
      await flush()
      await processor.shutdown().catch(settled)
      diag.disable()
    },
  }
}

function counting(exporter: SpanExporter, sent: Sent, underWay: Set<Promise<void>>): SpanExporter {
  const once = (spans: ReadableSpan[]): Promise<ExportResult> => new Promise((resolve) => exporter.export(spans, resolve))
  const send = async (spans: ReadableSpan[], done: (result: ExportResult) => void): Promise<void> => {
    let result = await once(spans)
    for (const wait of againMs) {
      if (result.error === undefined || !('code' in result.error) || !passing.has(result.error.code)) break
      await sleep(wait)
      result = await once(spans)
    }
    if (result.code === ExportResultCode.SUCCESS) {
      sent.acknowledged += spans.length
    } else {
      sent.failed += spans.length
      sent.problem = result.error?.message ?? 'export failed'
    }
    done(result)
  }
  return {
    export: (spans, done) => {
      const answered = send(spans, done).finally(() => underWay.delete(answered))
      underWay.add(answered)
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  }
}

/**
 * A partial success counts as a success to the SDK, which only logs it, before it reports the result: so the log is where
 * the rejected spans are learnt.
 */
function countPartialSuccess(sent: Sent): void {
  const quiet = (): void => undefined
  const warn = (...words: unknown[]): void => {
    const [json] = words.filter((word) => typeof word === 'string' && word.startsWith('{') && word.includes('rejectedSpans'))
    if (typeof json !== 'string') return
    const partial: unknown = JSON.parse(json)
    if (typeof partial !== 'object' || partial === null || !('rejectedSpans' in partial)) return
    const rejected = Number(partial.rejectedSpans)
    sent.rejected += rejected
    sent.acknowledged -= rejected
    if ('errorMessage' in partial) sent.problem = String(partial.errorMessage)
  }
  diag.setLogger({ error: quiet, warn, info: quiet, debug: quiet, verbose: quiet }, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
}
