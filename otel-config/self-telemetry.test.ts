import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ReceivedRequest, startFakeReceiver } from './fake-receiver.ts'
import { selfHeader, withLoopGuard } from './loop-guard.ts'
import { type SelfTelemetry, startSelfTelemetry } from './self-telemetry.ts'

const marker = ({ metadata }: ReceivedRequest): string | undefined => metadata.get(selfHeader)[0]?.toString()

test('exports carry the marker and the service name', async () => {
  await using receiver = await startFakeReceiver()
  const telemetry = startSelfTelemetry({ endpoint: receiver.endpoint, ownEndpoints: ['http://127.0.0.1:1'], serviceName: 'spanledger' })
  assert.equal(telemetry.intoItself, false)
  telemetry.tracer.startActiveSpan('outer', (outer) => {
    telemetry.tracer.startSpan('inner').end()
    outer.end()
  })
  await telemetry.shutdown()
  assert.deepEqual(receiver.requests.map(marker), ['1'])
  const [inner, outer] = receiver.spans()
  assert.deepEqual([inner?.name, outer?.name, inner?.parentSpanId], ['inner', 'outer', outer?.spanId])
  assert.equal(outer?.resource['service.name'], 'spanledger')
})

/** Spans that arrive while a server traces its own exports into itself for so long. */
async function arriving(forMs: number, guard: typeof withLoopGuard): Promise<number> {
  const holder: { telemetry?: SelfTelemetry } = {}
  await using receiver = await startFakeReceiver((request) => {
    guard(marker(request), () => holder.telemetry?.tracer.startSpan('handle export').end())
    return { rejected: 0 }
  })
  holder.telemetry = startSelfTelemetry({ endpoint: receiver.endpoint, ownEndpoints: [receiver.endpoint.replace('127.0.0.1', 'localhost')], serviceName: 'spanledger' })
  assert.equal(holder.telemetry.intoItself, true)
  holder.telemetry.tracer.startSpan('load segment').end()
  await new Promise((resolve) => setTimeout(resolve, forMs))
  await holder.telemetry.shutdown()
  return receiver.spans().length
}

test('telemetry that goes into its own server does not go round in circles', async (t) => {
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '20'
  t.after(() => { delete process.env['OTEL_BSP_SCHEDULE_DELAY'] })
  assert.equal(await arriving(400, withLoopGuard), 1)
  const unguarded = await arriving(400, (_, handle) => handle())
  assert.ok(unguarded > 2, `without the guard ${unguarded} spans arrive: the test would notice a circle`)
})

test('the guard suppresses what follows asynchronously, and nothing else', async () => {
  await using receiver = await startFakeReceiver()
  const { tracer, shutdown } = startSelfTelemetry({ endpoint: receiver.endpoint, ownEndpoints: [], serviceName: 'spanledger' })
  const later = (name: string) => async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    tracer.startSpan(name).end()
  }
  await Promise.all([withLoopGuard('1', later('suppressed')), withLoopGuard(undefined, later('kept'))])
  await shutdown()
  assert.deepEqual(receiver.spans().map(({ name }) => name), ['kept'])
})

test('an endpoint that does not answer stops nothing', async () => {
  const { tracer, shutdown } = startSelfTelemetry({ endpoint: 'http://127.0.0.1:1', ownEndpoints: [], serviceName: 'spanledger' })
  tracer.startSpan('lost').end()
  await shutdown()
})
