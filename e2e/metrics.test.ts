/** Metrics of real SDKs and of captured agents: stored once, charted exactly, and no business of the ledger. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { captures } from '#collector/corpus/captures.ts'
import { decodeMetrics } from '#collector/decode/metrics.ts'
import { metricsJsonToProtobuf } from '#collector/decode/metrics-json.ts'
import { encodeMetrics } from '#collector/decode/metrics-oracle.ts'
import { engineOf } from './engine.ts'
import { exportRequest, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { type GrpcExporter, grpcExporter, post } from './sending.ts'
import { settledTrace } from './traces.ts'

let program: Program
let grpc: GrpcExporter
before(async () => {
  program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  grpc = grpcExporter(program)
})
after(async () => {
  grpc[Symbol.dispose]()
  await program[Symbol.asyncDispose]()
})

interface Listed {
  readonly name: string
  readonly unit: string
  readonly kind: string
  readonly temporalities: readonly string[]
  readonly services: readonly string[]
  readonly series: number
  readonly points: number
}

const listed = async (search = ''): Promise<readonly Listed[]> =>
  (await graphql<{ metrics: readonly Listed[] }>(program, 'query ($search: String) { metrics(search: $search, first: 500) { name unit kind temporalities services series points } }', { search })).metrics

/** Waiting for what was acknowledged to be loaded, on a machine with other work. In milliseconds. */
const loadedMsMax = 30_000

async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + loadedMsMax; ; await sleep(200)) {
    const value = await ask()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(value)} after ${loadedMsMax} ms`)
  }
}

interface Chart {
  readonly series: readonly { readonly group: string; readonly points: readonly { readonly value: number }[] }[]
  readonly exemplars: readonly { readonly runId: string; readonly spanId: string; readonly value: number }[]
}

const chart = async (name: string, service: string, more: string): Promise<Chart> => {
  const { metricChart } = await graphql<{ metricChart: Chart | null }>(program,
    `query ($name: String!, $service: String!) { metricChart(name: $name, range: {}, filter: { service: [$service] } ${more}) { series { group points { value } } exemplars { runId spanId value } } }`, { name, service })
  return metricChart ?? { series: [], exemplars: [] }
}
/** Values over the whole range, by group. */
const totals = ({ series }: Chart): Record<string, number> => Object.fromEntries(series.map(({ group, points }) => [group, points.reduce((sum, { value }) => sum + value, 0)]))

describe('OpenTelemetry\'s own SDK', () => {
  for (const protocol of ['grpc', 'http/protobuf', 'http/json']) {
    for (const temporality of ['cumulative', 'delta']) {
      test(`${protocol}, ${temporality}: what was measured is what is charted`, { timeout: 60_000 }, async () => {
        const service = `${protocol} ${temporality}`
        await promisify(execFile)(process.execPath, [fileURLToPath(new URL('metering-agent.ts', import.meta.url))], {
          env: {
            ...process.env, OTEL_SERVICE_NAME: service, OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
            OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? program.grpc : program.http, OTEL_METRIC_EXPORT_INTERVAL: '300', OTEL_METRIC_EXPORT_TIMEOUT: '300',
            OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
          },
        })
        // It exports several times: the last export may be loaded later than those before.
        const turns = await until(async () => totals(await chart('agent.turns', service, 'groupBy: MODEL')), (found) => found['gpt-5-mini'] === 1 && found['gpt-5'] === 7)
        assert.deepEqual(turns, { 'gpt-5': 7, 'gpt-5-mini': 1 })
        assert.deepEqual(totals(await chart('agent.open_tools', service, 'aggregation: SUM')), { '': 2 })
        assert.deepEqual(totals(await chart('gen_ai.client.operation.duration', service, 'aggregation: COUNT')), { '': 4 })
        assert.deepEqual(totals(await chart('gen_ai.client.operation.duration', service, 'aggregation: SUM')), { '': 5.25 })
        assert.deepEqual(totals(await chart('agent.load', service, 'aggregation: MAX')), { '': 0.75 })
      })
    }
  }
})

describe('captured metrics', () => {
  const payloads = captures().flatMap(({ payloads: all }) => all).filter(({ signal }) => signal === 'metrics')
    .map(({ encoding, body }) => (encoding === 'json' ? metricsJsonToProtobuf(body).bytes : body))
  const points = payloads.flatMap((body) => decodeMetrics(body).points)
  const services = [...new Set(points.map(({ metric }) => String(metric.resource.attributes.get('service.name'))))]

  test('are all stored, and sent again change nothing', async () => {
    assert.ok(payloads.length >= 2)
    for (const body of [...payloads, ...payloads]) {
      assert.deepEqual([(await post(program, body, { signal: 'metrics' })).body.length, (await grpc.send(body, 'metrics')).length], [0, 0])
    }
    // The journal is loaded in order: what was sent before this is there when this is.
    await post(program, encodeMetrics({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'sent.last', gauge: { dataPoints: [{ timeUnixNano: '1795176000000000000', asInt: '1' }] } }] }] }] }), { signal: 'metrics' })
    await until(() => listed('sent.last'), (found) => found.length === 1)
    await using store = await engineOf(program)
    const [row] = await store.read<{ n: string }>('SELECT count() AS n FROM metric_points FINAL WHERE service IN {services:Array(String)}', { services }, { maxSeconds: 20 })
    assert.equal(Number(row?.n), points.length)
  })

  test('their exemplars lead to the spans that were captured beside them', async () => {
    const exemplar = points.flatMap((point) => point.exemplars.map((one) => ({ ...one, point }))).find(({ traceId }) => traceId !== '')
    assert.ok(exemplar !== undefined)
    const { exemplars } = await chart(exemplar.point.metric.name, String(exemplar.point.metric.resource.attributes.get('service.name')), '')
    assert.ok(exemplars.length > 0)
    const spans = captures().flatMap(({ payloads: all }) => all).filter(({ signal }) => signal === 'traces').map(({ body }) => body.toString('hex'))
    for (const { runId, spanId } of exemplars) assert.ok(spans.some((hex) => hex.includes(runId) && hex.includes(spanId)), `${runId} ${spanId}`)
  })
})

test('tokens that metrics tell do not change costs', async () => {
  const traceId = newTraceId()
  await post(program, exportRequest([modelCall({ traceId }, { input: 1_000, output: 100 })], 'priced'))
  await settledTrace(program, traceId, 1)
  const money = () => graphql(program, '{ costs(range: {}) { cost entries unpricedEntries runs inputTokens } ledgerEntries(first: 1) { totalCount } runs(first: 1) { totalCount } }')
  const before = await money()
  const now = String(BigInt(Date.now()) * 1_000_000n)
  const usage = (type: string, sum: number): object => ({
    startTimeUnixNano: now, timeUnixNano: String(BigInt(now) + 1n), count: '1', sum, bucketCounts: ['1'], attributes: [
      { key: 'gen_ai.token.type', value: { stringValue: type } }, { key: 'gen_ai.request.model', value: { stringValue: 'gpt-5' } }, { key: 'gen_ai.provider.name', value: { stringValue: 'openai' } },
    ],
    exemplars: [{ timeUnixNano: now, asDouble: sum, traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.alloc(8, 1) }],
  })
  const body = encodeMetrics({ resourceMetrics: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'priced' } }] }, scopeMetrics: [{
    metrics: [{ name: 'gen_ai.client.token.usage', unit: '{token}', histogram: { aggregationTemporality: 1, dataPoints: [usage('input', 1e9), usage('output', 1e9)] } }] }] }] })
  assert.equal((await post(program, body, { signal: 'metrics' })).body.length, 0)
  const charted = await until(() => chart('gen_ai.client.token.usage', 'priced', 'groupBy: TOKEN_TYPE, unit: "{token}"'), ({ series }) => series.length === 2)
  assert.deepEqual(totals(charted), { input: 1e9, output: 1e9 })
  assert.deepEqual(charted.exemplars.map(({ runId }) => runId), [traceId, traceId])
  // A settlement's delay passes with another trace, which changes the sums by what it costs: both are asked for once it is settled.
  const other = newTraceId()
  await post(program, exportRequest([modelCall({ traceId: other }, { input: 0, output: 0 })], 'priced'))
  await settledTrace(program, other, 1)
  const later = await money() as { costs: readonly { cost: string; inputTokens: string }[] }
  assert.deepEqual(later.costs.map(({ cost, inputTokens }) => [cost, inputTokens]), (before as typeof later).costs.map(({ cost, inputTokens }) => [cost, inputTokens]))
})
