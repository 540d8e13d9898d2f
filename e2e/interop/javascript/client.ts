/**
 * One agent run, exported by OpenTelemetry's JavaScript SDK. Prints one JSON line: whether the exporter reported success, and
 * what it told the SDK's diagnostics.
 *
 *     client.ts TRACE_ID MODEL_CALLS BROKEN_SPANS
 *
 * BROKEN_SPANS have a span id of zeros, which a receiver rejects. Everything else is said by the usual OTEL_EXPORTER_OTLP_* variables.
 */
import { randomBytes } from 'node:crypto'
import { diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Outcome, Protocol } from '../client.ts'

const exporters: Readonly<Record<Protocol, () => SpanExporter>> = {
  grpc: () => new GrpcExporter(), 'http/protobuf': () => new ProtoExporter(), 'http/json': () => new JsonExporter(),
}

const [traceId = '', calls, broken] = process.argv.slice(2)
const said: string[] = []
const say = (message: string, ...more: unknown[]): void => void said.push([message, ...more].map(String).join(' '))
const ignore = (): void => undefined
diag.setLogger({ error: say, warn: say, info: ignore, debug: ignore, verbose: ignore }, { logLevel: DiagLogLevel.WARN })

const exporter = exporters[process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] as Protocol]()
const spans = recordRun(Number(calls), Number(broken))
const result = await new Promise<ExportResult>((resolve) => exporter.export(spans, resolve))
await exporter.shutdown()
if (result.error !== undefined) say(result.error.message)
const outcome: Outcome = { signal: 'traces', ok: result.code === ExportResultCode.SUCCESS, said }
process.stdout.write(`${JSON.stringify(outcome)}\n`)

function recordRun(calls: number, broken: number) {
  const memory = new InMemorySpanExporter()
  let good = calls + 1
  /** The trace id the test chose; after the good spans, span ids of zeros. */
  const idGenerator = { generateTraceId: () => traceId, generateSpanId: () => (good-- > 0 ? randomBytes(8).toString('hex') : '0'.repeat(16)) }
  const tracer = new TracerProvider({ idGenerator, spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer('interop')
  const run = tracer.startSpan('invoke_agent clerk', { attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'clerk' } }, ROOT_CONTEXT)
  for (let n = 0; n < calls + broken; n++) {
    tracer.startSpan('chat gpt-5-mini', {
      kind: SpanKind.CLIENT,
      attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.response.id': `${traceId}-${n}`,
        'gen_ai.usage.input_tokens': 1_000, 'gen_ai.usage.output_tokens': 100,
      },
    }, trace.setSpan(ROOT_CONTEXT, run)).end()
  }
  run.end()
  return memory.getFinishedSpans()
}
