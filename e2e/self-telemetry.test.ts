/** The program watched by OpenTelemetry like any other: by somebody else, and by itself. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { startFakeReceiver } from '#otel-config/fake-receiver.ts'
import { exportRequest, newTraceId, plainSpan } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { post } from './sending.ts'
import { until } from './until.ts'

/** How long the SDK gathers spans, in milliseconds. */
const quick = { OTEL_BSP_SCHEDULE_DELAY: '100' }
const patienceMs = 30_000

const send = async (program: Program): Promise<void> =>
  assert.equal((await post(program, exportRequest([plainSpan({ traceId: newTraceId() })]))).status, 200)

/** For a program that must know its own address before it starts. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('off unless asked for; asked for, every request is a span of the service spanledger', async () => {
  await using watcher = await startFakeReceiver()
  {
    await using silent = await startProgram({ env: quick })
    await send(silent)
  }
  await using program = await startProgram({ env: { ...quick, SPANLEDGER_SELF_TELEMETRY: watcher.endpoint } })
  await send(program)
  await until('the span of the request arrives', patienceMs, () => watcher.spans().length > 0)
  assert.deepEqual(watcher.spans().map(({ name, resource, statusCode }) => [name, resource['service.name'], statusCode]), [['export traces', 'spanledger', 0]])
  assert.equal((await post(program, Buffer.from('no protobuf'))).status, 400)
  await until('the span of the refused one arrives', patienceMs, () => watcher.spans().length > 1)
  assert.equal(watcher.spans()[1]?.statusCode, 2, 'refused is an error')
})

test('a program that watches itself sees what was sent to it, and not its own exports', async () => {
  const port = await freePort()
  await using program = await startProgram({ env: { ...quick, SPANLEDGER_OTLP_GRPC_PORT: String(port), SPANLEDGER_SELF_TELEMETRY: `http://localhost:${port}` } })
  const received = async (): Promise<number> => {
    const { ingestAccount } = await graphql<{ ingestAccount: readonly { received: number }[] }>(program, '{ ingestAccount(range: {}, groupBy: [SIGNAL]) { received } }')
    return ingestAccount[0]?.received ?? 0
  }
  // A circle would have added spans of its own to the second count, and the third.
  for (const rounds of [1, 2, 3]) {
    await send(program)
    await until(`${rounds} requests and their spans`, patienceMs, async () => (await received()) >= rounds * 2)
    assert.equal(await received(), rounds * 2)
  }
  assert.match(program.log(), /self-telemetry goes into this very process/)
})
