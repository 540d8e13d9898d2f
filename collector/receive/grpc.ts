import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import {
  logVerbosity, Metadata, Server, ServerCredentials, ServerInterceptingCall, type ServerInterceptor, setLogVerbosity, type sendUnaryData, type ServerUnaryCall,
  type ServiceDefinition, status, type StatusObject,
} from '@grpc/grpc-js'
import { selfHeader, withLoopGuard } from '#otel-config/loop-guard.ts'
import { clientOf } from '../account/names.ts'
import { Refused } from '../refused.ts'
import type { Admission } from './admission.ts'
import { addHealth, healthPath } from './health.ts'
import { ingest, type IngestOptions, type Signal } from './ingest.ts'
import { bodyBytesMax, receiveMsMax } from './limits.ts'
import { exportResponse, grpcCode, type GrpcCode, retryInfo, rpcStatus } from './otlp-answer.ts'
import { exportFault, refusalOf } from './refusal.ts'

export interface GrpcReceiverOptions {
  readonly ingest: IngestOptions
  readonly admission: Admission
}

export interface GrpcReceiver {
  readonly server: Server
  /** Lets exports in flight finish; a client that keeps its stream open is cut off after `graceMs`. */
  close(graceMs: number): Promise<void>
}

const services: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
}

const bytes = (value: Buffer): Buffer => value

/** Bytes pass as they are: a decoding error must become INVALID_ARGUMENT, and grpc-js makes INTERNAL of a throwing deserializer. */
const definition = (service: string): ServiceDefinition => ({
  Export: {
    path: `/${service}/Export`, requestStream: false, responseStream: false,
    requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes,
  },
})

// What grpc-js would print, an address in use or a client that speaks no HTTP/2, its callers are told as errors.
setLogVerbosity(logVerbosity.NONE)

/** OTLP/gRPC. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc */
export function grpcReceiver(options: GrpcReceiverOptions): GrpcReceiver {
  const server = new Server({
    interceptors: [admit(options)],
    'grpc.max_receive_message_length': bodyBytesMax,
    // Node's default of 10 MB a session kills connections that carry several large exports at once. In MB.
    'grpc-node.max_session_memory': 256,
    'grpc.max_concurrent_streams': 256,
    // A peer that is gone without a word is noticed by a ping it does not answer. In milliseconds.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    // Exporters send every few seconds, of metrics every minute; the Go client's own default is 30 minutes. In milliseconds.
    'grpc.max_connection_idle_ms': 30 * 60_000,
  })
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    server.addService(definition(services[signal]), {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void answer(signal, call, callback, options),
    })
  }
  const health = addHealth(server, Object.values(services))
  return {
    server,
    close: (graceMs) => {
      health.stopping()
      return drained(server, graceMs)
    },
  }
}

const drained = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })

/** Lets a call in, or ends it, as soon as its headers are here: its message is not read before. The health service answers under any load. */
const admit = (options: GrpcReceiverOptions): ServerInterceptor => (method, call) => {
  if (method.path.startsWith(healthPath)) return new ServerInterceptingCall(call)
  let entered = false
  let arrival: NodeJS.Timeout | undefined
  let endings: Disposable | undefined
  let arriving: Arriving | undefined
  return new ServerInterceptingCall(call, {
    start: (next) => next({
      onReceiveMetadata: (metadata, proceed) => {
        endings = sayInOurWords(call, metadata, options)
        try {
          options.admission.enter()
          entered = true
          arriving = countArriving(call, options.admission, (error) => call.sendStatus(refusal(error, metadata, options)))
          arrival = setTimeout(() => call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: `the request did not arrive within ${receiveMsMax} ms` }), receiveMsMax)
        } catch (error) {
          return call.sendStatus(refusal(error, metadata, options))
        }
        proceed(metadata)
      },
      onReceiveMessage: (message, proceed) => {
        endings?.[Symbol.dispose]()
        arriving?.whole()
        proceed(message)
      },
      onReceiveHalfClose: (proceed) => {
        clearTimeout(arrival)
        proceed()
      },
      // Comes once, however the call ends.
      onCancel: () => {
        clearTimeout(arrival)
        arriving?.ended()
        if (entered) options.admission.leave()
        entered = false
      },
    }),
  })
}

interface Arriving {
  /** The message is here, and `answer` holds it from now on. */
  whole(): void
  ended(): void
}

/**
 * Holds what has come of a message: grpc-js keeps it until it is whole and shows it to nobody before, so that messages which are
 * never finished would fill the memory. Calls `refuse`, once, where there is no room for more.
 */
function countArriving(call: Parameters<ServerInterceptor>[1], admission: Admission, refuse: (error: unknown) => void): Arriving {
  const connection = call.getPeer()
  // A field of its own of grpc-js; a test notices where that changes.
  const found: unknown = Reflect.get(call, 'stream')
  const stream = found instanceof Duplex ? found as ServerHttp2Stream : undefined
  let held = 0
  const count = (chunk: Buffer): void => {
    try {
      admission.hold(connection, chunk.length)
      held += chunk.length
    } catch (error) {
      stream?.off('data', count)
      refuse(error)
    }
  }
  const release = (): void => {
    stream?.off('data', count)
    admission.release(connection, held)
    held = 0
  }
  stream?.on('data', count)
  let isWhole = false
  return {
    whole: () => {
      isWhole = true
      release()
    },
    ended: () => {
      if (isWhole) return
      release()
      // What grpc-js has of the message it keeps as long as the stream: a sender that goes on sending would keep it for ever.
      stream?.close(constants.NGHTTP2_NO_ERROR)
    },
  }
}

/**
 * What grpc-js finds wrong with a message, by the status that it ends the call with. An encoding that it does not know stays
 * UNIMPLEMENTED: https://github.com/grpc/grpc/blob/v1.74.0/doc/compression.md
 */
const foundByGrpc: Readonly<Partial<Record<status, Refused['verdict']>>> = { [status.INTERNAL]: 'malformed', [status.RESOURCE_EXHAUSTED]: 'too_large' }

/**
 * grpc-js reads a message before any interceptor is shown it, and ends the call itself where it cannot: INTERNAL for what is no
 * gzip. To a sender that is our fault, so it is said, and counted, as of any other request that is malformed or too large.
 * Disposed of once the message is read.
 */
function sayInOurWords(call: Parameters<ServerInterceptor>[1], sent: Metadata, options: GrpcReceiverOptions): Disposable {
  const sendStatus = call.sendStatus.bind(call)
  call.sendStatus = (ending) => {
    const verdict = ending.metadata instanceof Metadata ? undefined : foundByGrpc[ending.code as status]
    sendStatus(verdict === undefined ? ending : refusal(new Refused(verdict, `the request was not read: ${ending.details}`), sent, options))
  }
  return { [Symbol.dispose]: () => void (call.sendStatus = sendStatus) }
}

async function answer(signal: Signal, call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>, options: GrpcReceiverOptions): Promise<void> {
  const { admission } = options
  const connection = call.getPeer()
  let held = 0
  try {
    admission.hold(connection, call.request.length)
    held = call.request.length
    const marker = call.metadata.get(selfHeader)[0]?.toString()
    const client = clientOf(call.metadata.get('user-agent')[0]?.toString())
    callback(null, exportResponse(signal, await withLoopGuard(marker, () => ingest(signal, call.request, 'protobuf', options.ingest, client)), 'protobuf'))
  } catch (error) {
    callback(refusal(error, call.metadata, options))
  } finally {
    admission.release(connection, held)
  }
}

const verdictCode: Readonly<Record<Refused['verdict'], GrpcCode>> = {
  malformed: grpcCode.invalidArgument, too_large: grpcCode.resourceExhausted, overloaded: grpcCode.unavailable,
}

/** The status that ends a call which is not taken; it is counted, and logged where the fault is ours. `sent` is the call's metadata. */
function refusal(error: unknown, sent: Metadata, options: GrpcReceiverOptions): StatusObject {
  const { refused, wait } = refusalOf(error, exportFault, sent.get('user-agent')[0]?.toString(), options.ingest)
  const code = verdictCode[refused.verdict]
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', rpcStatus(code, refused.message, 'protobuf', wait))
  // Go reads RetryInfo from the details, Python from a trailer of its own.
  if (wait !== undefined) metadata.set('google.rpc.retryinfo-bin', retryInfo(wait))
  return { code, details: refused.message, metadata }
}

/** Listens; resolves with the port. */
export const listenGrpc = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })

/** What hands connections that came in elsewhere to the server. */
export function grpcConnections(server: Server): (socket: Socket) => void {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  return (socket) => injector.injectConnection(socket)
}
