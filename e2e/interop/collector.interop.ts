/** The OpenTelemetry Collector in front of the program: as a sender of its own kind, and as the shipped gateway. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { status as grpcStatus } from '@grpc/grpc-js'
import { callCost, exportRequest, modelCall, newTraceId, plainSpan } from '../made-span.ts'
import { type Program, startProgram } from '../program.ts'
import { post } from '../sending.ts'
import { pico, settledTrace } from '../traces.ts'
import { type Command, run } from './client.ts'
import { type Fault, startFaultProxy } from './fault-proxy.ts'
import { buildGo } from './go-build.ts'
import { type OtelCollector, freePort, startOtelCollector } from './otel-collector.ts'

type Transport = 'grpc' | 'http'
/** Name of the exporter in the Collector's configuration, and its encoding. */
interface Exporter {
  readonly name: string
  readonly transport: Transport
  readonly encoding?: 'proto' | 'json'
}
const exporters: readonly Exporter[] = [
  { name: 'otlp_grpc', transport: 'grpc' }, { name: 'otlp_http', transport: 'http', encoding: 'proto' }, { name: 'otlp_http', transport: 'http', encoding: 'json' },
]
const titleOf = ({ name, encoding }: Exporter): string => (encoding === undefined ? name : `${name}, ${encoding}`)
/** What the Collector's operator reads. Of a refusal in JSON it shows the status alone: it reads `google.rpc.Status` as protobuf only. */
function refusedCoding({ transport, encoding }: Exporter, coding: string): RegExp {
  if (transport === 'grpc') return new RegExp(`Unimplemented.*unsupported encoding.*${coding}`)
  return encoding === 'json' ? /HTTP Status Code 400/ : new RegExp(`Content-Encoding '${coding}' is not supported, use .*gzip`)
}
const success: Readonly<Record<Transport, number>> = { grpc: grpcStatus.OK, http: 200 }

const tokens = { input: 1_000, output: 100 }
const gatewayFile = join(import.meta.dirname, '../../otel-config/gateway/collector.yaml')
/** The command only reads the file. In milliseconds. */
const validateMsMax = 30_000

const otelcol = await buildGo('otelcol')

describe('OpenTelemetry Collector', { skip: otelcol.missing ?? false }, () => {
  let program: Program
  let dir: string
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'spanledger-otelcol-'))
    program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  })
  after(async () => {
    await program?.[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true })
  })

  /** A Collector that passes everything on at once, and repeats quickly, so that a longer wait was the receiver's wish. */
  const startForwarding = async ({ name, transport, encoding }: Exporter, to: Pick<Program, 'grpc' | 'http'>, compression: string): Promise<OtelCollector> => {
    const port = await freePort()
    const pipeline = { receivers: ['otlp'], exporters: [name] }
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: {
        [name]: {
          endpoint: transport === 'grpc' ? new URL(to.grpc).host : to.http, compression, tls: { insecure: true },
          ...(encoding === undefined ? {} : { encoding }),
          retry_on_failure: { enabled: true, initial_interval: '10ms', max_interval: '100ms', max_elapsed_time: '30s' },
          sending_queue: { enabled: true, queue_size: 100 },
        },
      },
      service: { pipelines: { traces: pipeline, logs: pipeline, metrics: pipeline }, telemetry: { metrics: { level: 'none' } } },
    }
    return startOtelCollector([otelcol.path, '--config', `yaml:${JSON.stringify(config)}`], port)
  }

  const sendCall = async (collector: OtelCollector, brokenSpans = 0): Promise<string> => {
    const traceId = newTraceId()
    // The Collector passes an id of zeros on as an empty one.
    const broken = Array.from({ length: brokenSpans }, () => plainSpan({ traceId, spanId: '0'.repeat(16) }))
    const sent = await post(collector, exportRequest([modelCall({ traceId }, tokens), ...broken]))
    assert.equal(sent.status, 200, sent.body.toString())
    return traceId
  }

  const assertStoredOnce = async (traceId: string): Promise<void> => {
    const trace = await settledTrace(program, traceId, 1)
    assert.deepEqual([trace.spanCount, trace.modelCalls, pico(trace.cost)], [1, 1, callCost(tokens)])
  }

  for (const exporter of exporters) {
    const { transport } = exporter
    describe(titleOf(exporter), () => {
      for (const compression of ['none', 'gzip']) {
        test(`compression ${compression}: all three signals are taken (H1, H2)`, async () => {
          await using collector = await startForwarding(exporter, program, compression)
          const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: `${Date.now()}000000`, body: { stringValue: 'the clerk is done' } }] }] }] }
          const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano: `${Date.now()}000000`, asInt: '1' }] }
          const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'interop.runs', sum }] }] }] }
          for (const [signal, body] of [['logs', logs], ['metrics', metrics]] as const) {
            assert.equal((await post(collector, Buffer.from(JSON.stringify(body)), { signal, contentType: 'application/json' })).status, 200)
          }
          await assertStoredOnce(await sendCall(collector))
          await collector.stop()
          assert.doesNotMatch(collector.log(), /Exporting failed|Dropping data/)
        })
      }

      for (const compression of ['zstd', 'snappy']) {
        test(`compression ${compression}: taken, or refused at once, saying why (H2)`, async () => {
          await using proxy = await startFaultProxy(program)
          await using collector = await startForwarding(exporter, proxy, compression)
          const traceId = await sendCall(collector)
          await proxy.seen(1)
          const [first] = proxy.posts
          if (first?.code === success[transport]) return assertStoredOnce(traceId)
          assert.match(await collector.logged(/Exporting failed.*/), refusedCoding(exporter, compression))
          assert.deepEqual(proxy.posts.map(({ code }) => code), [transport === 'grpc' ? grpcStatus.UNIMPLEMENTED : 400])
        })
      }

      test('a partial success is logged with its reason, and not sent again (H5, H8)', async () => {
        await using proxy = await startFaultProxy(program)
        await using collector = await startForwarding(exporter, proxy, 'gzip')
        const traceId = await sendCall(collector, 3)
        assert.match(await collector.logged(/Partial success response.*/), /span_id is .*"dropped_spans": 3/)
        assert.deepEqual(proxy.posts.map(({ code }) => code), [success[transport]])
        await assertStoredOnce(traceId)
      })

      test('asked to wait, it waits, and then is stored once (H11, H13, G1)', async () => {
        await using proxy = await startFaultProxy(program, [{ kind: 'refuse', http: 503, grpc: grpcStatus.UNAVAILABLE, waitSeconds: 1 }])
        await using collector = await startForwarding(exporter, proxy, 'gzip')
        const traceId = await sendCall(collector)
        await proxy.seen(2)
        const [first, second] = proxy.posts
        assert.ok((second?.arrivedAt ?? 0) - (first?.answeredAt ?? 0) >= 1_000)
        assert.equal(second?.code, success[transport])
        await assertStoredOnce(traceId)
      })

      test('a lost answer: sent again, stored once (P4)', async () => {
        const faults: readonly Fault[] = [{ kind: 'lose answer' }, { kind: 'lose answer' }]
        await using proxy = await startFaultProxy(program, faults)
        await using collector = await startForwarding(exporter, proxy, 'gzip')
        const traceId = await sendCall(collector)
        await proxy.seen(3)
        assert.deepEqual(proxy.posts.map(({ code }) => code), [undefined, undefined, success[transport]])
        await assertStoredOnce(traceId)
      })

      test('bad data is given up at once (H11, H12, G1)', async () => {
        await using proxy = await startFaultProxy(program, [{ kind: 'refuse', http: 400, grpc: grpcStatus.INVALID_ARGUMENT }])
        await using collector = await startForwarding(exporter, proxy, 'gzip')
        await sendCall(collector)
        assert.match(await collector.logged(/Exporting failed.*/), /Dropping data/)
        assert.equal(proxy.posts.length, 1)
      })
    })
  }

  describe('otel-config/gateway/collector.yaml', () => {
    /** The shipped file, with free ports and a folder of the test's in place of what it says. */
    const gateway = (port: number, health: number): Command => [otelcol.path, '--config', gatewayFile,
      '--config', `yaml:receivers::otlp::protocols::http::endpoint: 127.0.0.1:${port}`,
      '--config', 'yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:0',
      '--config', `yaml:extensions::health_check::endpoint: 127.0.0.1:${health}`,
      '--config', 'yaml:service::telemetry::metrics::level: none',
    ]
    const environment = (to: Pick<Program, 'grpc'>) => ({ GATEWAY_STORAGE: join(dir, 'queue'), GATEWAY_EXPORT_TO: new URL(to.grpc).host })

    test('is valid', async () => {
      await run([otelcol.path, 'validate', '--config', gatewayFile], { ...process.env, ...environment(program) }, validateMsMax)
    })

    test('passes a run on, compressed', async () => {
      const [port, health] = [await freePort(), await freePort()]
      await using proxy = await startFaultProxy(program)
      await using collector = await startOtelCollector(gateway(port, health), port, environment(proxy))
      await assertStoredOnce(await sendCall(collector))
      assert.deepEqual(proxy.posts.map(({ code, compression }) => [code, compression]), [[grpcStatus.OK, 'gzip']])
      assert.doesNotMatch(collector.log(), /deprecated/)
      assert.equal((await fetch(`http://127.0.0.1:${health}`)).status, 200)
    })

    test('what it accepted survives its own kill while Spanledger is away', async () => {
      const away = { grpc: `http://127.0.0.1:${await freePort()}` }
      const port = await freePort()
      let traceId: string
      {
        await using collector = await startOtelCollector(gateway(port, await freePort()), port, environment(away))
        traceId = await sendCall(collector)
        await collector.kill()
      }
      await using _collector = await startOtelCollector(gateway(port, await freePort()), port, environment(program))
      await assertStoredOnce(traceId)
    })
  })
})
