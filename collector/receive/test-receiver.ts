import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { IngestAccount } from '../account/account.ts'
import { KnownRecords } from '../account/known-records.ts'
import { Conformance } from '../conformance/conformance.ts'
import type { Log } from '../log.ts'
import { Metrics } from '../metrics.ts'
import { shippedBook } from '../price/book.ts'
import { Refused } from '../refused.ts'
import { LiveTraces } from '../settle/live-traces.ts'
import { spooledTables } from '../spool/frame.ts'
import { parseSegment } from '../spool/segment.ts'
import { Spool } from '../spool/spool.ts'
import { Admission } from './admission.ts'
import type { Controls } from './control.ts'
import { grpcReceiver, listenGrpc } from './grpc.ts'
import { httpReceiver } from './http.ts'
import type { IngestOptions, Signal } from './ingest.ts'
import { Turns } from './turns.ts'

/** What an agent talks to, for tests: both listeners, the decoder and a journal on disk. Nothing is loaded into ClickHouse. */
export interface TestReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:…` */
  readonly http: string
  /** `127.0.0.1:…` */
  readonly grpc: string
  readonly admission: Admission
  /** What the spool and the event loop are made to say. */
  readonly pressure: { spoolFull: boolean; diskFull: boolean; loopLate: boolean }
  readonly turns: Turns
  readonly spool: Spool
  readonly metrics: Metrics
  /** Requests that arrived at the HTTP port. */
  readonly posts: () => number
  /** What was logged as an error: nothing, in a test that goes well. */
  readonly errors: readonly string[]
  /** So many of the next requests are answered as if the journal could not take them. */
  refuse(requests: number): void
  /** Rows of `spans` in the journal: what was acknowledged is there. */
  spanRows(): Promise<number>
}

const spansTable = spooledTables.findIndex((table) => table.name === 'spans')

export async function startTestReceiver(controls: Controls = new Map()): Promise<TestReceiver> {
  const dir = await mkdtemp(join(tmpdir(), 'receiver-'))
  const spool = await Spool.open({ dir, segmentBytesMax: 1e9, segmentAgeMsMax: 600_000, quotaBytes: 2e9, sync: (file) => file.datasync(), now: Date.now })
  const [turns, metrics, errors] = [new Turns(() => performance.now()), new Metrics(), [] as string[]]
  const log: Log = { info: () => undefined, warn: () => undefined, error: (message, fields) => errors.push(`${message} ${String(fields['error'])}`) }
  let refusals = 0
  const append = spool.append.bind(spool)
  spool.append = (frame) => (refusals-- > 0 ? Promise.reject(new Refused('overloaded', 'the journal is full, send again later')) : append(frame))
  const start = BigInt(Date.now()) * 1_000_000n
  let nano = start
  const ingest: IngestOptions = {
    tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()), spool, metrics, log, turns,
    account: new IngestAccount({ tenant: 't', project: 'p' }), known: new KnownRecords(),
    conformance: new Conformance({ tenant: 't', project: 'p' }),
    live: new LiveTraces({ spansMax: 400_000, settledSpansMax: 0, processStartedAt: start }), nowNano: () => (nano += 1_000_000n), nowMs: () => performance.now(),
  }
  const pressure = { spoolFull: false, diskFull: false, loopLate: false }
  const admission = new Admission({ spoolFull: () => pressure.spoolFull, diskFull: () => pressure.diskFull, loopLate: () => pressure.loopLate })
  const http = httpReceiver({ host: '127.0.0.1', admission, ingest, controls })
  let posts = 0
  http.server.on('request', () => posts++)
  http.server.listen(0, '127.0.0.1')
  await once(http.server, 'listening')
  const grpc = grpcReceiver({ admission, ingest })
  const grpcPort = await listenGrpc(grpc.server, '127.0.0.1', 0)
  return {
    http: `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`, grpc: `127.0.0.1:${grpcPort}`,
    admission, pressure, turns, spool, metrics, errors, posts: () => posts,
    refuse: (requests) => {
      refusals = requests
    },
    spanRows: () => rowsOf(dir, spansTable),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([http.close(1_000), grpc.close(1_000)])
      await spool.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function rowsOf(dir: string, table: number): Promise<number> {
  let rows = 0
  for (const name of await readdir(dir)) {
    const segment = name.endsWith('.segment') ? parseSegment(await readFile(join(dir, name))) : undefined
    for (const section of segment?.frames.flat() ?? []) if (section.table === table) rows += section.rows
  }
  return rows
}

export interface Posted {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** One OTLP/HTTP export of protobuf, unless `headers` say otherwise. */
export async function post(receiver: Pick<TestReceiver, 'http'>, body: Buffer | string, headers: Readonly<Record<string, string>> = {}, signal: Signal = 'traces'): Promise<Posted> {
  const response = await fetch(`${receiver.http}/v1/${signal}`, {
    method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers: { 'content-type': 'application/x-protobuf', ...headers },
  })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

const bytes = (value: Buffer): Buffer => value
const services: Readonly<Record<Signal, string>> = { traces: 'trace.v1.TraceService', logs: 'logs.v1.LogsService', metrics: 'metrics.v1.MetricsService' }

export interface GrpcSender extends Disposable {
  /** The answer's bytes, or why there is none. */
  send(body: Buffer, options?: { readonly signal?: Signal; readonly deadlineMs?: number }): Promise<Buffer | ServiceError>
}

/** OTLP/gRPC on one connection. `options` are grpc-js' channel options. */
export function grpcSender(receiver: Pick<TestReceiver, 'grpc'>, options: Readonly<Record<string, number | string>> = {}): GrpcSender {
  const client = new Client(receiver.grpc, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_send_message_length': -1, ...options })
  return {
    send: (body, { signal = 'traces', deadlineMs = 60_000 } = {}) =>
      new Promise((resolve) => {
        client.makeUnaryRequest(`/opentelemetry.proto.collector.${services[signal]}/Export`, bytes, bytes, body, { deadline: Date.now() + deadlineMs },
          (error: ServiceError | null, answer?: Buffer) => resolve(error ?? answer ?? Buffer.alloc(0)))
      }),
    [Symbol.dispose]: () => client.close(),
  }
}
