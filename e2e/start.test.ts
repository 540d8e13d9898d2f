/** A start that cannot be, or is called off, ends: with one line, nothing left running, and the data folder free. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProgram } from './program.ts'
import { until } from './until.ts'

/** A start takes under 3 s on an idle machine, what is called off ends within 10 s. */
const endMsMax = 30_000
const stopMsMax = 10_000

interface Started {
  readonly exited: Promise<number | null>
  output(): string
  log(): string
  signal(): void
}

/** The program, not waited for; killed at the end of the test where it did not end. */
function start(t: TestContext, dataDir: string, env: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), 'start'], {
    env: {
      ...process.env, SPANLEDGER_PORT: '0', SPANLEDGER_OTLP_GRPC_PORT: '0', SPANLEDGER_OTLP_HTTP_PORT: '0', SPANLEDGER_DATA_DIR: dataDir, ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let [output, log] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { exited, output: () => output, log: () => log, signal: () => child.kill('SIGTERM') }
}

const within = <T>(promise: Promise<T>, ms: number): Promise<T | 'still running'> =>
  Promise.race([promise, sleep(ms, 'still running' as const, { ref: false })])

async function dataFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-start-'))
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
  return dir
}

/** Something that listens and never answers. */
async function listener(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

for (const setting of ['SPANLEDGER_PORT', 'SPANLEDGER_OTLP_GRPC_PORT', 'SPANLEDGER_OTLP_HTTP_PORT']) {
  test(`${setting} is taken: exit 1 with one line, and the data folder can be used at once`, async (t) => {
    const dataDir = await dataFolder(t)
    const port = await listener(t)
    const program = start(t, dataDir, { [setting]: String(port) })
    assert.equal(await within(program.exited, endMsMax), 1)
    assert.equal(program.log(), `spanledger: 127.0.0.1:${port} is in use by another program: stop it, or choose another port (SPANLEDGER_PORT, SPANLEDGER_OTLP_GRPC_PORT, SPANLEDGER_OTLP_HTTP_PORT)\n`)
    assert.equal(program.output(), '')
    await using next = await startProgram({ dataDir })
    assert.equal((await fetch(`${next.console}/readyz`)).status, 200)
  })
}

test('SIGTERM before the program is ready ends it within 10 s, and the data folder can be used at once', async (t) => {
  const dataDir = await dataFolder(t)
  const program = start(t, dataDir, {})
  // Long enough for the signal to be heard, too short for a first start.
  await sleep(700)
  assert.doesNotMatch(program.output(), /^ready$/m)
  program.signal()
  assert.equal(await within(program.exited, stopMsMax), 0)
  assert.equal(program.log(), '')
  await using next = await startProgram({ dataDir })
  assert.equal((await fetch(`${next.console}/readyz`)).status, 200)
})

test('SIGTERM while a start waits for a ClickHouse that never answers ends it at once', async (t) => {
  const program = start(t, await dataFolder(t), { CLICKHOUSE_URL: `http://127.0.0.1:${await listener(t)}` })
  await sleep(1_500)
  program.signal()
  assert.equal(await within(program.exited, stopMsMax), 0)
  assert.equal(program.log(), '')
})

test('SIGTERM while a ClickHouse has stopped to answer: what waits for it is left after 9 s', async (t) => {
  let asked = 0
  const server = createHttpServer((_, response) => void (asked++ === 0 && response.end('1\n'))).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const program = start(t, await dataFolder(t), { CLICKHOUSE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  await until('the start waits for an answer', endMsMax, () => asked > 1)
  program.signal()
  assert.equal(await within(program.exited, endMsMax), 1)
})
