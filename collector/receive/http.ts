import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, gunzipSync } from 'node:zlib'
import { selfHeader, withLoopGuard } from '#otel-config/loop-guard.ts'
import { hostAllowed, isLoopback } from '#otel-config/loopback-host.ts'
import { clientOf } from '../account/names.ts'
import { Refused } from '../refused.ts'
import { type Answer, type Encoding, ingest, type IngestOptions, type Signal } from './ingest.ts'
import { bodyBytesMax, type InFlight, retrySeconds } from './limits.ts'
import { exportResponse, grpcCode, type GrpcCode, rpcStatus } from './otlp-answer.ts'

/** Up to this, decompressing at once is cheaper than a trip to the thread pool. In bytes, before and after. */
const syncGunzipBytesMax = 64 * 1024
const syncGunzipBytesOutMax = 1024 * 1024

const signals: Readonly<Record<string, Signal>> = { '/v1/traces': 'traces', '/v1/logs': 'logs', '/v1/metrics': 'metrics' }
/** Exactly these: the Go exporter compares the answer's type with `==` and ignores partial success otherwise. */
const contentType: Readonly<Record<Encoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

const httpStatus: Readonly<Record<Refused['verdict'], { readonly status: number; readonly code: GrpcCode; readonly retry: boolean }>> = {
  malformed: { status: 400, code: grpcCode.invalidArgument, retry: false },
  too_large: { status: 413, code: grpcCode.resourceExhausted, retry: false },
  overloaded: { status: 503, code: grpcCode.unavailable, retry: true },
}

export interface HttpReceiverOptions {
  /** What it listens on. On loopback it is for this machine only: a web page that points its name here writes nothing. */
  readonly host: string
  readonly ingest: IngestOptions
  readonly inFlight: InFlight
}

export interface HttpReceiver {
  readonly server: Server
  /** Takes no new connection, answers the requests in hand for at most `graceMs`, then ends every connection. */
  close(graceMs: number): Promise<void>
}

/** OTLP/HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export function httpReceiver(options: HttpReceiverOptions): HttpReceiver {
  const inHand = new Set<Promise<void>>()
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 15_000, keepAliveTimeout: 65_000 }, (request, response) => {
    const handled = handle(request, response, options).finally(() => inHand.delete(handled))
    inHand.add(handled)
  })
  return {
    server,
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.race([Promise.all(inHand), sleep(graceMs, undefined, { ref: false })])
      server.closeAllConnections()
      await closed
    },
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, options: HttpReceiverOptions): Promise<void> {
  if (isLoopback(options.host) && !hostAllowed(request.headers.host, options.host)) {
    return plain(request, response, 421, `host '${(request.headers.host ?? '').slice(0, 80)}' is not served here: use localhost or ${options.host}`)
  }
  const signal = signals[(request.url ?? '').split('?')[0] ?? '']
  if (signal === undefined) return plain(request, response, 404, 'no such path: OTLP/HTTP is at /v1/traces, /v1/logs and /v1/metrics')
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return plain(request, response, 405, 'use POST')
  }
  const encoding = encodingOf(request)
  if (encoding === undefined) return plain(request, response, 415, 'Content-Type must be application/x-protobuf or application/json')
  try {
    send(response, 200, encoding, exportResponse(signal, await receive(request, signal, encoding, options), encoding))
  } catch (error) {
    refuse(request, response, encoding, error, options)
  }
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === contentType.protobuf) return 'protobuf'
  return mediaType === contentType.json ? 'json' : undefined
}

async function receive(request: IncomingMessage, signal: Signal, encoding: Encoding, options: HttpReceiverOptions): Promise<Answer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bodyBytesMax) throw tooLarge()
  const held = { bytes: 0 }
  const hold: Hold = (bytes) => {
    if (!options.inFlight.reserve(bytes)) throw new Refused('overloaded', 'too many requests are being received, send again later')
    held.bytes += bytes
  }
  try {
    const body = await readBody(request, announced, hold)
    const payload = await decompress(body, request.headers['content-encoding'], hold)
    return await withLoopGuard(request.headers[selfHeader]?.toString(), () =>
      ingest(signal, payload, encoding, options.ingest, clientOf(request.headers['user-agent'])))
  } finally {
    options.inFlight.release(held.bytes)
  }
}

const tooLarge = (): Refused => new Refused('too_large', `a request is at most ${bodyBytesMax} bytes, before and after decompression; send smaller batches`)

/** Counts bytes that are about to be held in memory; throws `Refused` where there are too many. */
type Hold = (bytes: number) => void

async function readBody(request: IncomingMessage, announced: number, hold: Hold): Promise<Buffer> {
  hold(announced)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) throw tooLarge()
    if (length > announced) hold(Math.min(chunk.length, length - announced))
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

async function decompress(body: Buffer, contentEncoding: string | undefined, hold: Hold): Promise<Buffer> {
  const coding = (contentEncoding ?? 'identity').trim().toLowerCase()
  if (coding === '' || coding === 'identity') return body
  if (coding !== 'gzip') throw new Refused('malformed', `Content-Encoding '${coding.slice(0, 40)}' is not supported, use gzip or identity`)
  try {
    return (body.length <= syncGunzipBytesMax ? gunzipAtOnce(body, hold) : undefined) ?? (await gunzip(body, hold))
  } catch (error) {
    throw error instanceof Refused ? error : new Refused('malformed', 'the body is not valid gzip')
  }
}

/** `undefined` where it becomes large. */
function gunzipAtOnce(body: Buffer, hold: Hold): Buffer | undefined {
  try {
    const payload = gunzipSync(body, { maxOutputLength: syncGunzipBytesOutMax })
    hold(payload.length)
    return payload
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

/** Every piece is held as it comes: a hundred small bodies may become a hundred large ones at the same time. */
async function gunzip(body: Buffer, hold: Hold): Promise<Buffer> {
  const stream = createGunzip({ chunkSize: syncGunzipBytesMax })
  stream.end(body)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) throw tooLarge()
    hold(chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuse(request: IncomingMessage, response: ServerResponse, encoding: Encoding, error: unknown, options: HttpReceiverOptions): void {
  if (request.errored !== null || request.destroyed && !request.complete) return void response.destroy()
  const { metrics, log } = options.ingest
  if (!(error instanceof Refused)) {
    // Transient by assumption: a client drops what is answered 500, and keeps what is answered 503.
    log.error('an export request failed', { error })
    metrics.refused('failed')
    response.setHeader('Retry-After', String(retrySeconds))
    return send(response, 503, encoding, rpcStatus(grpcCode.unavailable, 'the request could not be stored, send again', encoding, retrySeconds))
  }
  const { status, code, retry } = httpStatus[error.verdict]
  metrics.refused(error.verdict)
  if (retry) response.setHeader('Retry-After', String(retrySeconds))
  send(response, status, encoding, rpcStatus(code, error.message, encoding, retry ? retrySeconds : undefined))
  if (!request.complete) linger(request)
}

/** How long the rest of a refused body is read and thrown away, in milliseconds. */
const lingerMs = 5_000

/** Closing at once would reset the connection, and a sender that still writes would see a broken pipe instead of the answer. */
function linger(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), lingerMs)
  request.once('close', () => clearTimeout(timer))
  request.resume()
}

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  response.writeHead(status, { 'Content-Type': contentType[encoding], 'Content-Length': body.length })
  response.end(body)
}

function plain(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  request.resume()
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
