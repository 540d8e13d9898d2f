import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { selfHeader, withLoopGuard } from '#otel-config/loop-guard.ts'
import { hostAllowed, isLoopback } from '#otel-config/loopback-host.ts'
import { clientOf } from '../account/names.ts'
import { BufferPool } from '../buffer-pool.ts'
import type { Refused } from '../refused.ts'
import type { Admission } from './admission.ts'
import { answerControl, type Controls } from './control.ts'
import { contentCoding, decompress, type Hold, tooLarge } from './decompress.ts'
import { askForBody, closeWithoutBody } from './expect-continue.ts'
import { type Answer, type Encoding, ingest, type IngestOptions, type Signal } from './ingest.ts'
import { bodyBytesMax, receiveMsMax } from './limits.ts'
import { exportResponse, grpcCode, type GrpcCode, rpcStatus } from './otlp-answer.ts'
import { exportFault, refusalOf } from './refusal.ts'

/**
 * Who sends a byte now and then holds a socket for this long at most. Idle connections outlive the exporters' usual interval of
 * a minute. In milliseconds.
 */
const timeouts = { headersTimeout: 15_000, requestTimeout: receiveMsMax, keepAliveTimeout: 65_000, connectionsCheckingInterval: 5_000 }
/** Open connections, of agents that export and of those that only connect; each is a descriptor, of which a process often has 10,240. */
const connectionsMax = 8_192

const signals: Readonly<Record<string, Signal>> = { '/v1/traces': 'traces', '/v1/logs': 'logs', '/v1/metrics': 'metrics' }
/** Exactly these: the Go exporter compares the answer's type with `==` and ignores partial success otherwise. */
const contentType: Readonly<Record<Encoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

const httpStatus: Readonly<Record<Refused['verdict'], { readonly status: number; readonly code: GrpcCode }>> = {
  malformed: { status: 400, code: grpcCode.invalidArgument },
  too_large: { status: 413, code: grpcCode.resourceExhausted },
  overloaded: { status: 503, code: grpcCode.unavailable },
}

export interface HttpReceiverOptions {
  /** What it listens on. On loopback it is for this machine only: a web page that points its name here writes nothing. */
  readonly host: string
  readonly ingest: IngestOptions
  readonly admission: Admission
  /** What agents may ask beside what they export; nothing where absent. */
  readonly controls?: Controls
}

export interface HttpReceiver {
  readonly server: Server
  /** Takes no new connection, answers the requests in hand for at most `graceMs`, then ends every connection. */
  close(graceMs: number): Promise<void>
}

/** OTLP/HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export function httpReceiver(options: HttpReceiverOptions): HttpReceiver {
  const inHand = new Set<Promise<void>>()
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const handled = handle(request, response, options).finally(() => inHand.delete(handled))
    inHand.add(handled)
  }
  const server = createServer(timeouts, take)
  server.maxConnections = connectionsMax
  // Without a listener Node would ask for every body.
  server.on('checkContinue', take)
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
  const path = (request.url ?? '').split('?')[0] ?? ''
  const control = options.controls?.get(path)
  if (control !== undefined) return answerControl(request, response, control, options.ingest)
  const signal = signals[path]
  if (signal === undefined) return plain(request, response, 404, 'no such path: OTLP/HTTP is at /v1/traces, /v1/logs and /v1/metrics')
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return plain(request, response, 405, 'use POST')
  }
  const encoding = encodingOf(request)
  if (encoding === undefined) return plain(request, response, 415, 'Content-Type must be application/x-protobuf or application/json')
  try {
    send(response, 200, encoding, exportResponse(signal, await receive(request, response, signal, encoding, options), encoding))
  } catch (error) {
    refuse(request, response, encoding, error, options)
  }
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === contentType.protobuf) return 'protobuf'
  return mediaType === contentType.json ? 'json' : undefined
}

async function receive(request: IncomingMessage, response: ServerResponse, signal: Signal, encoding: Encoding, options: HttpReceiverOptions): Promise<Answer> {
  const { admission } = options
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bodyBytesMax) throw tooLarge()
  const coding = contentCoding(request.headers['content-encoding'])
  const connection = `${request.socket.remoteAddress}:${request.socket.remotePort}`
  let held = 0
  const hold: Hold = (bytes) => {
    admission.hold(connection, bytes)
    held += bytes
  }
  admission.enter()
  try {
    admission.expect(connection, announced)
    askForBody(request, response)
    const body = await readBody(request, hold)
    const payload = await decompress(body, coding, hold)
    const answer = await withLoopGuard(request.headers[selfHeader]?.toString(), () =>
      ingest(signal, payload, encoding, options.ingest, clientOf(request.headers['user-agent'])))
    bodies.give(body)
    return answer
  } finally {
    admission.release(connection, held)
    admission.leave()
  }
}

/** Nothing that is derived points into a body: it is used again as soon as it is answered. */
const bodies = new BufferPool(32)

/**
 * By events, because an async iterator costs a request of one span an eighth of its garbage. What follows a body that is refused
 * stays unread: who refuses decides how it ends.
 */
function readBody(request: IncomingMessage, hold: Hold): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      try {
        length += chunk.length
        if (length > bodyBytesMax) throw tooLarge()
        hold(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        request.off('data', take).pause()
        reject(error as Error)
      }
    }
    request.on('data', take)
    request.once('end', () => resolve(joined(chunks, length)))
    request.once('error', reject)
    request.once('close', () => {
      if (!request.complete) reject(new Error('the connection ended before the body did'))
    })
  })
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  if (chunks.length === 1) return chunks[0] as Buffer
  const body = bodies.take(length)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(body, at)
  return body
}

function refuse(request: IncomingMessage, response: ServerResponse, encoding: Encoding, error: unknown, options: HttpReceiverOptions): void {
  if (request.errored !== null || request.destroyed && !request.complete) return void response.destroy()
  const { refused, wait } = refusalOf(error, exportFault, request.headers['user-agent'], options.ingest)
  const { status, code } = httpStatus[refused.verdict]
  if (wait !== undefined) response.setHeader('Retry-After', String(wait))
  closeWithoutBody(request, response)
  send(response, status, encoding, rpcStatus(code, refused.message, encoding, wait))
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
  // Without a part of no bytes behind it the head is one write.
  if (body.length === 0) response.end()
  else response.end(body)
}

function plain(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  request.resume()
  closeWithoutBody(request, response)
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
