/** What OTLP promises to a sender, held against a real SDK and the real program. H, G and P are rows of the receiver's checklist in README.md. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { status as grpcStatus } from '@grpc/grpc-js'
import { newTraceId } from '../made-span.ts'
import { type Program, startProgram } from '../program.ts'
import { settledTrace } from '../traces.ts'
import { type Client, type Command, type Outcome, type Protocol, runClient, type Told } from './client.ts'
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** Packages that come through a slow line, and the program's start. In milliseconds. */
const prepareMsMax = 600_000

/** What one call of `gpt-5-mini` with 1,000 tokens in and 100 out costs, in micro-dollars. */
const callMicroDollars = 450

/** Registers the tests of one client, or says why it is left out. */
export function describeClient(client: Client): void {
  if (client.missing !== undefined) return void test(client.name, { skip: client.missing }, () => undefined)
  describe(client.name, () => registerTests(client))
}

function registerTests(client: Client): void {
  const dir = mkdtempSync(join(tmpdir(), 'spanledger-interop-'))
  const control = join(dir, 'disk')
  /** The program's journal stops taking anything, until told otherwise. */
  const disk = (word: 'fail' | ''): void => writeFileSync(control, word)
  let program: Program
  let command: Command

  before(async () => {
    command = await client.install()
    disk('')
    program = await startProgram({
      env: {
        SPANLEDGER_SETTLEMENT_DELAY_MS: '300', E2E_FAULTY_SYNC: control,
        NODE_OPTIONS: `--import ${new URL('../faulty-sync.ts', import.meta.url).href}`,
      },
    })
  }, { timeout: prepareMsMax })
  after(async () => {
    await program?.[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true })
  })

  const send = async (protocol: Protocol, to: Pick<Program, 'grpc' | 'http'>, told: Told, compression: 'none' | 'gzip' = 'gzip'): Promise<Outcome> => {
    const outcomes = await runClient(command, told, {
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? to.grpc : to.http, OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      ...(compression === 'none' ? {} : { OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
    })
    for (const signal of client.signals) if (signal !== 'traces') assert.equal(outcomes.get(signal)?.ok, true, `${signal}: ${JSON.stringify(outcomes.get(signal))}`)
    const traces = outcomes.get('traces')
    assert.ok(traces, 'the client says how the export of traces ended')
    return traces
  }

  /** The run and all its model calls are there, each once, and so is their cost. */
  const assertStoredOnce = async ({ traceId, modelCalls }: Told): Promise<void> => {
    const trace = await settledTrace(program, traceId, modelCalls + 1)
    assert.deepEqual(
      [trace.spanCount, trace.modelCalls, trace.tokens.input, Math.round(Number(trace.cost) * 1_000_000)],
      [modelCalls + 1, modelCalls, modelCalls * 1_000, modelCalls * callMicroDollars])
  }

  for (const protocol of client.protocols) {
    const transport = protocol === 'grpc' ? 'grpc' : 'http'
    /** A run sent through a proxy that does this to its first posts. */
    const sendThrough = async (faults: readonly Fault[], told: Told, during: (proxy: FaultProxy) => Promise<void> = async () => undefined) => {
      await using proxy = await startFaultProxy(program, faults)
      const [outcome] = await Promise.all([send(protocol, proxy, told), during(proxy)])
      return { outcome, posts: proxy.posts }
    }

    describe(protocol, () => {
      for (const compression of ['none', 'gzip'] as const) {
        test(`compression ${compression}: every signal it sends is taken, and a run arrives as it was sent (H1, H2, H6)`, async () => {
          const told = { traceId: newTraceId(), modelCalls: 3 }
          assert.deepEqual(await send(protocol, program, told, compression), { signal: 'traces', ok: true, said: [] })
          await assertStoredOnce(told)
        })
      }

      test('a partial success is understood and not sent again, and what was good is stored (H5, H8)', async () => {
        const told = { traceId: newTraceId(), modelCalls: 6, brokenSpans: 3 }
        const { outcome, posts } = await sendThrough([], told)
        assert.deepEqual(posts.map(({ code }) => code), [transport === 'grpc' ? grpcStatus.OK : 200])
        assert.equal(posts[0]?.compression, 'gzip')
        if (client.tellsPartialSuccess) assert.match(outcome.said.join('\n'), /3 rejected: span_id is all zeros/)
        else assert.deepEqual(outcome, { signal: 'traces', ok: true, said: [] })
        await assertStoredOnce(told)
      })

      test(`the program cannot store for a moment: the client ${client.repeats[transport] ? 'comes back when it is told to' : 'gives up'} (H10, H13, G1)`, async () => {
        const told = { traceId: newTraceId(), modelCalls: 2 }
        disk('fail')
        try {
          const { outcome, posts } = await sendThrough([], told, async (proxy) => {
            await proxy.seen(1)
            disk('')
          })
          if (!client.repeats[transport]) return assertGivenUp(outcome, posts)
          assert.deepEqual(posts.map(({ code }) => code), transport === 'grpc' ? [grpcStatus.UNAVAILABLE, grpcStatus.OK] : [503, 200])
          assert.deepEqual([outcome.ok, waits(posts).every((ms) => !client.honoursWait[transport] || ms >= 1_000)], [true, true], `waited ${waits(posts)} ms`)
        } finally {
          disk('')
        }
        await assertStoredOnce(told)
      })

      for (const codes of retryable[transport]) {
        test(`${codes.map((code) => nameOf(code, transport)).join(', ')}: ${client.repeats[transport] ? 'sent again, stored once' : 'given up'} (H11, G2)`, async () => {
          const told = { traceId: newTraceId(), modelCalls: 2 }
          const { outcome, posts } = await sendThrough(codes.map((code) => ({ kind: 'refuse', http: code, grpc: code, waitSeconds: 0 })), told)
          if (!client.repeats[transport]) return assertGivenUp(outcome, posts)
          assert.deepEqual(posts.map(({ code }) => code), [...codes, transport === 'grpc' ? grpcStatus.OK : 200])
          assert.ok(outcome.ok)
          await assertStoredOnce(told)
        })
      }

      test('bad data is not sent again (H11, H12, G1)', async () => {
        const { outcome, posts } = await sendThrough([{ kind: 'refuse', http: 400, grpc: grpcStatus.INVALID_ARGUMENT }], { traceId: newTraceId(), modelCalls: 1 })
        assertGivenUp(outcome, posts)
      })

      test(`a lost answer: ${client.repeatsLost[transport] ? 'sent again, ' : ''}stored once (P4)`, async () => {
        const told = { traceId: newTraceId(), modelCalls: 2 }
        const { outcome, posts } = await sendThrough([{ kind: 'lose answer' }], told)
        assert.deepEqual([posts.length > 1, outcome.ok], [client.repeatsLost[transport], client.repeatsLost[transport]])
        await assertStoredOnce(told)
      })
    })
  }
}

const retryable: Readonly<Record<'grpc' | 'http', readonly (readonly number[])[]>> = {
  grpc: [[grpcStatus.CANCELLED, grpcStatus.DEADLINE_EXCEEDED, grpcStatus.ABORTED], [grpcStatus.OUT_OF_RANGE, grpcStatus.UNAVAILABLE, grpcStatus.DATA_LOSS]],
  http: [[429, 502, 503, 504]],
}
const nameOf = (code: number, transport: 'grpc' | 'http'): string => (transport === 'grpc' ? (grpcStatus[code] ?? String(code)) : String(code))

/** The batch is lost, and the client knows. */
const assertGivenUp = (outcome: Outcome, posts: FaultProxy['posts']): void => assert.deepEqual([posts.length, outcome.ok], [1, false])

/** Milliseconds between each answer and the next post. */
const waits = (posts: FaultProxy['posts']): readonly number[] => posts.slice(1).map(({ arrivedAt }, n) => arrivedAt - (posts[n]?.answeredAt ?? 0))
