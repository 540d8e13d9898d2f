import { encodeMetrics } from '#collector/decode/metrics-oracle.ts'

const nanos = (ms: number): string => String(BigInt(Math.round(ms)) * 1_000_000n)
const text = (key: string, value: string): object => ({ key, value: { stringValue: value } })

/** Where an exemplar leads. */
export interface MeasuredSpan {
  readonly traceId: string
  readonly spanId: string
}

/**
 * Half an hour of an agent's metrics as an SDK exports them once a minute, up to `end` (milliseconds): durations as a cumulative
 * histogram with an exemplar, tokens as a counter of two models, a gauge that falls silent for a while.
 */
export function agentMetrics(end: number, measured: MeasuredSpan): Buffer {
  const start = end - minutes * 60_000
  const every = Array.from({ length: minutes }, (_, n) => ({ n, at: start + (n + 1) * 60_000 }))
  const stream = (model: string): object[] => [text('gen_ai.request.model', model), text('gen_ai.provider.name', 'openai'), text('gen_ai.operation.name', 'chat')]
  const exemplar = (at: number): object => ({ timeUnixNano: nanos(at - 20_000), asDouble: 3.4, traceId: Buffer.from(measured.traceId, 'hex'), spanId: Buffer.from(measured.spanId, 'hex') })
  return encodeMetrics({ resourceMetrics: [{
    resource: { attributes: [text('service.name', 'metered-agent')] },
    scopeMetrics: [{ scope: { name: 'made', version: '1' }, metrics: [
      { name: 'gen_ai.client.operation.duration', description: 'Duration of GenAI client operation', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: every.map(({ n, at }) => ({
        startTimeUnixNano: nanos(start), timeUnixNano: nanos(at), count: String((n + 1) * 10), sum: (n + 1) * 9, attributes: stream('gpt-5'),
        bucketCounts: [(n + 1) * 4, (n + 1) * 3 + Math.round(2 * Math.sin(n / 3)), (n + 1) * 2, n + 1 - Math.round(2 * Math.sin(n / 3))].map((count) => String(Math.max(0, count))), explicitBounds: [0.5, 1, 2],
        exemplars: n === 12 ? [exemplar(at)] : [],
      })) } },
      { name: 'gen_ai.client.token.usage', description: 'Tokens used', unit: '{token}', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: ['gpt-5', 'gpt-5-mini'].flatMap((model, m) => every.map(({ n, at }) => ({
        startTimeUnixNano: nanos(at - 60_000), timeUnixNano: nanos(at), asInt: String(1_000 + 400 * m + Math.round(300 * Math.cos(n / 4 + m))), attributes: [...stream(model), text('gen_ai.token.type', 'input')],
      }))) } },
      { name: 'agent.queue.depth', unit: '{task}', gauge: { dataPoints: every.filter(({ n }) => n < 10 || n > 18).map(({ n, at }) => ({ timeUnixNano: nanos(at), asDouble: 5 + (n % 4) })) } },
    ] }],
  }] })
}

const minutes = 30
