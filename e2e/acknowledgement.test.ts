/** An acknowledgement means disk: with the real program, and a disk that is held up or fails. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ServiceError, status as grpcStatus } from '@grpc/grpc-js'
import { decodeStatus } from '#collector/decode/oracle.ts'
import { engineOf, storedSpans } from './engine.ts'
import { exportRequest, modelCall, newTraceId } from './made-span.ts'
import { type Program, startProgram } from './program.ts'
import { type GrpcExporter, grpcExporter, post } from './sending.ts'
import { settledTrace } from './traces.ts'
import { until } from './until.ts'

/** It is tried every second whether the journal can be written again. */
const readyMsMax = 30_000

const dir = mkdtempSync(join(tmpdir(), 'spanledger-sync-'))
const control = join(dir, 'control')
const disk = (word: 'hold' | 'fail' | ''): void => writeFileSync(control, word)

let program: Program
let grpc: GrpcExporter
before(async () => {
  disk('')
  program = await startProgram({
    env: {
      SPANLEDGER_SETTLEMENT_DELAY_MS: '300', E2E_FAULTY_SYNC: control,
      NODE_OPTIONS: `--import ${new URL('./faulty-sync.ts', import.meta.url).href}`,
    },
  })
  grpc = grpcExporter(program)
})
after(async () => {
  disk('')
  grpc[Symbol.dispose]()
  await program[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

const call = () => modelCall({ traceId: newTraceId() }, { input: 1, output: 1 })

test('with the journal\'s fdatasync held up, no acknowledgement arrives; when it returns, all do', async () => {
  const spans = [call(), call(), call()] as const
  disk('hold')
  let answered = 0
  const answers = [post(program, exportRequest([spans[0]])), grpc.send(exportRequest([spans[1]])), post(program, exportRequest([spans[2]]), { gzip: true })]
    .map((answer) => answer.then((answer) => (answered++, answer)))
  await sleep(1_500)
  assert.equal(answered, 0)
  assert.equal((await fetch(`${program.console}/healthz`)).status, 200, 'the rest of the program goes on')
  disk('')
  for (const answer of await Promise.all(answers)) assert.ok(Buffer.isBuffer(answer) || answer.status === 200)
  for (const { traceId } of spans) await settledTrace(program, traceId, 1)
})

test('with fdatasync failing, senders are asked to come back, what was refused is not stored, and the next is', async () => {
  const refused = [call(), call(), call()] as const
  disk('fail')
  for (const contentType of ['application/x-protobuf', 'application/json'] as const) {
    const body = contentType === 'application/json'
      ? Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: refused[0].traceId, spanId: refused[0].spanId, name: 'x' }] }] }] }))
      : exportRequest([refused[1]])
    const posted = await post(program, body, { contentType })
    assert.deepEqual([posted.status, posted.contentType, posted.headers.get('retry-after')], [503, contentType, '1'])
    const status = contentType === 'application/json' ? (JSON.parse(posted.body.toString()) as { code: number }) : decodeStatus(posted.body)
    assert.equal(status.code, grpcStatus.UNAVAILABLE)
  }
  const error = await grpc.send(exportRequest([refused[2]])).then(() => assert.fail('acknowledged'), (reason: unknown) => reason as ServiceError)
  assert.equal(error.code, grpcStatus.UNAVAILABLE)
  // Go reads the wait from the status details, Python from a trailer of its own.
  const [details] = error.metadata.get('grpc-status-details-bin')
  assert.ok(Buffer.isBuffer(details))
  assert.deepEqual(decodeStatus(details).details?.map((detail) => detail.typeUrl), ['type.googleapis.com/google.rpc.RetryInfo'])
  assert.equal(error.metadata.get('google.rpc.retryinfo-bin').length, 1)
  disk('')
  const next = call()
  assert.equal((await post(program, exportRequest([next]))).status, 200)
  await settledTrace(program, next.traceId, 1)
  await using store = await engineOf(program)
  const { ids } = await storedSpans(store)
  assert.ok(ids.has(next.spanId))
  for (const { spanId } of refused) assert.ok(!ids.has(spanId))
})

test('while fdatasync fails the program is not ready and says why, and is ready again without anybody sending', async () => {
  const readiness = async (): Promise<readonly [number, string]> => {
    const response = await fetch(`${program.console}/readyz`)
    return [response.status, await response.text()]
  }
  assert.deepEqual(await readiness(), [200, 'ready\n'])
  disk('fail')
  assert.equal((await post(program, exportRequest([call()]))).status, 503)
  assert.deepEqual(await readiness(), [503, 'the spool cannot be written (EIO), nothing is taken\n'])
  assert.equal((await fetch(`${program.console}/healthz`)).status, 200, 'a restart would not help the disk')
  disk('')
  await until('it is ready', readyMsMax, async () => (await readiness())[0] === 200)
})
