import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, request as httpRequest, type Server, type ServerResponse } from 'node:http'
import {
  type ClientHttp2Session, connect, constants, createServer as createHttp2, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { retryInfo, rpcStatus, type GrpcCode } from '#collector/receive/otlp-answer.ts'
import type { Program } from '../program.ts'

/** What goes wrong with one post of traces. */
export type Fault =
  /** Refused in the program's stead, which sees nothing of it; with a wait, in `Retry-After` or `RetryInfo`, in seconds. */
  | { readonly kind: 'refuse'; readonly http: number; readonly grpc: number; readonly waitSeconds?: number }
  /** Forwarded, and stored; then the connection breaks before the sender learns of it. */
  | { readonly kind: 'lose answer' }

/** One post of traces as it came by. */
export interface Post {
  readonly userAgent: string
  readonly contentType: string
  /** `grpc-encoding` or `Content-Encoding`, `identity` for none. */
  readonly compression: string
  /** Milliseconds, monotonic. */
  readonly arrivedAt: number
  /** Just before the answer is sent. */
  readonly answeredAt: number
  /** The code the sender was answered with, of HTTP or of gRPC; `undefined` where the answer was lost. */
  readonly code: number | undefined
}

/** A pass-through in front of the program. The first posts of traces have the given faults; everything else passes byte by byte. */
export interface FaultProxy extends AsyncDisposable {
  readonly grpc: string
  readonly http: string
  /** Of traces, answered or lost, in that order. */
  readonly posts: readonly Post[]
  /** Waits for so many posts. */
  seen(count: number): Promise<void>
}

/** Far above what any client waits before it repeats. In milliseconds. */
const seenMsMax = 60_000

/** As the program's own: one post of its limit fits. In MB. */
const maxSessionMemory = 256

const tracesPaths = ['/v1/traces', '/opentelemetry.proto.collector.trace.v1.TraceService/Export']

export async function startFaultProxy(program: Pick<Program, 'grpc' | 'http'>, faults: readonly Fault[] = []): Promise<FaultProxy> {
  const posts: Post[] = []
  const open = [...faults]
  const faultOf = (path: string): Fault | undefined => (tracesPaths.includes(path) ? open.shift() : undefined)
  const note = (path: string, post: Omit<Post, 'answeredAt'>): void => {
    if (tracesPaths.includes(path)) posts.push({ ...post, answeredAt: performance.now() })
  }
  // A sender that goes away in the middle is seen by what it then says of its export.
  const http = createHttp((request, response) => void relayHttp(request, response, program.http, faultOf, note).catch(() => response.destroy()))
  const grpc = createHttp2({ maxSessionMemory })
  const sessions = new Set<ServerHttp2Session>()
  grpc.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  const upstream = connect(program.grpc, { maxSessionMemory })
  grpc.on('stream', (stream, headers) => void relayGrpc(stream, headers, upstream, faultOf, note).catch(() => stream.destroy()))
  return {
    grpc: await listen(grpc),
    http: await listen(http),
    posts,
    seen: async (count) => {
      const end = Date.now() + seenMsMax
      while (posts.length < count) {
        if (Date.now() > end) throw new Error(`${posts.length} of ${count} posts after ${seenMsMax} ms`)
        await sleep(20)
      }
    },
    [Symbol.asyncDispose]: async () => {
      upstream.destroy()
      for (const session of sessions) session.destroy()
      http.closeAllConnections()
      await Promise.all([http, grpc].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

async function listen(server: Server | Http2Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type FaultOf = (path: string) => Fault | undefined
type Note = (path: string, post: Omit<Post, 'answeredAt'>) => void

async function relayHttp(request: IncomingMessage, response: ServerResponse, upstream: string, faultOf: FaultOf, note: Note): Promise<void> {
  const path = request.url ?? ''
  const arrivedAt = performance.now()
  const body = await buffer(request)
  const fault = faultOf(path)
  const contentType = request.headers['content-type'] ?? ''
  const answered = (code: number | undefined): void => note(path, {
    userAgent: request.headers['user-agent'] ?? '', contentType, compression: request.headers['content-encoding'] ?? 'identity', arrivedAt, code,
  })
  if (fault?.kind === 'refuse') {
    answered(fault.http)
    const encoding = contentType.includes('json') ? 'json' : 'protobuf'
    response.writeHead(fault.http, { 'content-type': contentType, ...(fault.waitSeconds === undefined ? {} : { 'retry-after': String(fault.waitSeconds) }) })
    return void response.end(rpcStatus(fault.grpc as GrpcCode, 'refused by the test', encoding, fault.waitSeconds))
  }
  const forwarded = httpRequest(`${upstream}${path}`, { method: request.method ?? 'POST', headers: request.headers })
  forwarded.end(body)
  const [answer] = (await once(forwarded, 'response')) as [IncomingMessage]
  const answerBody = await buffer(answer)
  if (fault?.kind === 'lose answer') {
    answered(undefined)
    return void response.destroy()
  }
  answered(answer.statusCode)
  response.writeHead(answer.statusCode ?? 0, answer.headers)
  response.end(answerBody)
}

async function relayGrpc(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: ClientHttp2Session, faultOf: FaultOf, note: Note): Promise<void> {
  const path = headers[':path'] ?? ''
  const arrivedAt = performance.now()
  // A connection that is broken on purpose, or by the client, is no error of the test.
  stream.on('error', () => undefined)
  const body = await buffer(stream)
  const fault = faultOf(path)
  const answered = (code: number | undefined): void => note(path, {
    userAgent: headers['user-agent'] ?? '', contentType: headers['content-type'] ?? '', compression: String(headers['grpc-encoding'] ?? 'identity'), arrivedAt, code,
  })
  if (fault?.kind === 'refuse') {
    answered(fault.grpc)
    return stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...grpcRefusal(fault.grpc, fault.waitSeconds) }, { endStream: true })
  }
  const { ':authority': _, ...kept } = headers
  const forwarded = upstream.request(kept)
  let trailers: IncomingHttpHeaders = {}
  forwarded.on('trailers', (last: IncomingHttpHeaders) => (trailers = last))
  forwarded.end(body)
  const [first, flags] = (await once(forwarded, 'response')) as [IncomingHttpHeaders, number]
  const answer = await buffer(forwarded)
  if (fault?.kind === 'lose answer') {
    answered(undefined)
    return void stream.session?.destroy()
  }
  answered(Number(trailers['grpc-status'] ?? first['grpc-status']))
  if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) return stream.respond(first, { endStream: true })
  stream.respond(first, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(answer)
}

/** As the program answers it: Go reads the wait from the status details, Python from a trailer of its own. */
function grpcRefusal(code: number, waitSeconds: number | undefined): Readonly<Record<string, string>> {
  const details = rpcStatus(code as GrpcCode, 'refused by the test', 'protobuf', waitSeconds)
  return {
    'grpc-status': String(code), 'grpc-message': 'refused by the test', 'grpc-status-details-bin': details.toString('base64'),
    ...(waitSeconds === undefined ? {} : { 'google.rpc.retryinfo-bin': retryInfo(waitSeconds).toString('base64') }),
  }
}
