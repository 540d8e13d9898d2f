import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { status as grpcStatus } from '@grpc/grpc-js'
import { newTraceId } from '../made-span.ts'
import { type Program, startProgram } from '../program.ts'
import { settledTrace } from '../traces.ts'
import { runClient } from './client.ts'
import { describeClient } from './contract.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { buildGo } from './go-build.ts'

const client = await buildGo('client')

describeClient({
  name: 'Go',
  missing: client.missing,
  install: async () => [client.path],
  protocols: ['grpc', 'http/protobuf', 'http/json'],
  signals: ['traces', 'logs', 'metrics'],
  tellsPartialSuccess: true,
  repeats: { grpc: true, http: true },
  honoursWait: { grpc: true, http: true },
  repeatsLost: { grpc: true, http: false },
})

/** Go's exporter is the one that follows the specification's table to the letter: RESOURCE_EXHAUSTED comes back only with a hint. */
describe('Go: what is too large, and what is only too much', { skip: client.missing ?? false }, () => {
  /** The program takes 64 MiB. */
  const tooManyBytes = 65 * 1024 * 1024
  let program: Program
  before(async () => {
    program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
  })
  after(() => program[Symbol.asyncDispose]())

  for (const [protocol, code] of [['grpc', grpcStatus.RESOURCE_EXHAUSTED], ['http/protobuf', 413]] as const) {
    test(`${protocol}: the program refuses what is too large for good (H3, H11, G2)`, async () => {
      await using proxy = await startFaultProxy(program)
      const told = { traceId: newTraceId(), modelCalls: 1, nameBytes: tooManyBytes }
      const outcomes = await runClient([client.path], told, { OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? proxy.grpc : proxy.http, OTEL_EXPORTER_OTLP_PROTOCOL: protocol })
      assert.deepEqual(proxy.posts.map((post) => post.code), [code])
      assert.equal(outcomes.get('traces')?.ok, false)
    })
  }

  for (const waitSeconds of [undefined, 2]) {
    test(`grpc: RESOURCE_EXHAUSTED ${waitSeconds === undefined ? 'without RetryInfo is not sent again' : 'with RetryInfo is sent again after that wait'} (G2)`, async () => {
      await using proxy = await startFaultProxy(program, [{ kind: 'refuse', http: 429, grpc: grpcStatus.RESOURCE_EXHAUSTED, ...(waitSeconds === undefined ? {} : { waitSeconds }) }])
      const told = { traceId: newTraceId(), modelCalls: 1 }
      const outcomes = await runClient([client.path], told, { OTEL_EXPORTER_OTLP_ENDPOINT: proxy.grpc, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
      const [first, second] = proxy.posts
      assert.deepEqual([proxy.posts.length, outcomes.get('traces')?.ok], waitSeconds === undefined ? [1, false] : [2, true])
      if (waitSeconds === undefined) return
      assert.ok((second?.arrivedAt ?? 0) - (first?.answeredAt ?? 0) >= waitSeconds * 1_000)
      assert.equal((await settledTrace(program, told.traceId, 2)).spanCount, 2)
    })
  }
})
