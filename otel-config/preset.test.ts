import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startFakeReceiver } from './fake-receiver.ts'

const preset = new URL('preset.ts', import.meta.url).href
const modules = fileURLToPath(new URL('../node_modules', import.meta.url))

/** A span on start, and then whatever `rest` does. */
const app = (rest: string): string => `
import { trace } from '@opentelemetry/api'
trace.getTracer('app').startActiveSpan('work', (span) => span.end())
${rest}`

const fakeInstrumentation = `
export class FakeInstrumentation {
  instrumentationName = 'fake'
  instrumentationVersion = '1'
  enable() {}
  disable() {}
  setMeterProvider() {}
  setTracerProvider(provider) { setImmediate(() => provider.getTracer('fake').startSpan('patched').end()) }
  setConfig() {}
  getConfig() { return {} }
}
export class NotOne {}
`

interface Ended { readonly code: number | null; readonly signal: string | null; readonly stderr: string }

/** Runs an application of its own, with its own packages, under the preset. */
async function run(source: string, env: Readonly<Record<string, string>>, options: { readonly stop?: NodeJS.Signals; readonly packages?: readonly string[] } = {}): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'preset-'))
  try {
    const packages = options.packages ?? []
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'my-agent', type: 'module', dependencies: Object.fromEntries(packages.map((name) => [name, '1'])) }))
    await writeFile(join(folder, 'app.js'), source)
    await mkdir(join(folder, 'node_modules'))
    await symlink(join(modules, '@opentelemetry'), join(folder, 'node_modules/@opentelemetry'))
    await mkdir(join(folder, 'node_modules/@traceloop/instrumentation-fake'), { recursive: true })
    await writeFile(join(folder, 'node_modules/@traceloop/instrumentation-fake/package.json'), '{"name":"@traceloop/instrumentation-fake","type":"module","main":"index.js"}')
    await writeFile(join(folder, 'node_modules/@traceloop/instrumentation-fake/index.js'), fakeInstrumentation)
    const clean = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('OTEL_') && !key.startsWith('NODE_')))
    const child = spawn(process.execPath, ['--import', preset, 'app.js'], { cwd: folder, env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    const { stop } = options
    if (stop !== undefined) child.stdout.once('data', () => child.kill(stop))
    else child.stdout.resume()
    return await new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stderr })))
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('an application is traced under the name of its package, and its last spans are sent when it ends', async () => {
  await using receiver = await startFakeReceiver()
  assert.deepEqual(await run(app(''), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http }), { code: 0, signal: null, stderr: '' })
  assert.deepEqual(receiver.spans().map(({ name, resource }) => [name, resource['service.name']]), [['work', 'my-agent']])
})

test('a signal flushes, and then ends the application as it would have without us', async () => {
  await using receiver = await startFakeReceiver()
  const ended = await run(app(`setInterval(() => {}, 1000); console.log('up')`), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http }, { stop: 'SIGTERM' })
  assert.deepEqual([ended.code, ended.signal], [null, 'SIGTERM'])
  assert.deepEqual(receiver.spans().map(({ name }) => name), ['work'])
})

test('an application that handles the signal decides itself how it ends', async () => {
  await using receiver = await startFakeReceiver()
  const ended = await run(app(`const t = setInterval(() => {}, 1000); process.on('SIGTERM', () => { clearInterval(t); process.exitCode = 7 }); console.log('up')`),
    { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http }, { stop: 'SIGTERM' })
  assert.deepEqual([ended.code, ended.signal], [7, null])
  assert.deepEqual(receiver.spans().map(({ name }) => name), ['work'])
})

test('what was refused for a moment is sent again; over gRPC the exporter would have dropped it', async () => {
  for (const [protocol, arrived] of [['', 2], ['grpc', 1]] as const) {
    let asked = 0
    await using receiver = await startFakeReceiver(() => (asked++ === 0 ? { unavailable: 'the spool is full' } : { rejected: 0 }))
    const env = protocol === '' ? { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http } : { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }
    assert.equal((await run(app(''), env)).code, 0)
    assert.deepEqual(receiver.spans().map(({ name }) => name), Array.from({ length: arrived }, () => 'work'))
  }
})

test('the environment wins, and instrumentations that are installed are on', async () => {
  await using receiver = await startFakeReceiver()
  const packages = ['@traceloop/instrumentation-fake', '@opentelemetry/instrumentation-missing']
  const ended = await run(app(''), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http, OTEL_SERVICE_NAME: 'named' }, { packages })
  assert.equal(ended.code, 0)
  assert.match(ended.stderr, /^spanledger: @opentelemetry\/instrumentation-missing could not be loaded: .+\n$/)
  assert.deepEqual(receiver.spans().map(({ name, resource }) => `${name} of ${resource['service.name']}`).sort(), ['patched of named', 'work of named'])
  await run(app(''), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fake,missing' }, { packages })
  assert.deepEqual(receiver.spans().slice(2).map(({ name }) => name), ['work'])
})

test('switched off, or with nobody listening, the application runs all the same', async () => {
  await using receiver = await startFakeReceiver()
  assert.equal((await run(app(''), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.http, OTEL_SDK_DISABLED: 'true' })).code, 0)
  assert.equal(receiver.requests.length, 0)
  assert.equal((await run(app(''), { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).code, 0)
})
