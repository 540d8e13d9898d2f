import { logVerbosity, Metadata, Server, ServerCredentials, setLogVerbosity, type sendUnaryData, type ServerUnaryCall, type ServiceDefinition } from '@grpc/grpc-js'
import { selfHeader, withLoopGuard } from '#otel-config/loop-guard.ts'
import { clientOf } from '../account/names.ts'
import { Refused } from '../refused.ts'
import { ingest, type IngestOptions, type Signal } from './ingest.ts'
import { bodyBytesMax, type InFlight, retrySeconds } from './limits.ts'
import { exportResponse, grpcCode, type GrpcCode, retryInfo, rpcStatus } from './otlp-answer.ts'

export interface GrpcReceiverOptions {
  readonly ingest: IngestOptions
  readonly inFlight: InFlight
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
export function grpcReceiver(options: GrpcReceiverOptions): Server {
  const server = new Server({
    'grpc.max_receive_message_length': bodyBytesMax,
    // Node's default of 10 MB a session kills connections that carry several large exports at once. In MB.
    'grpc-node.max_session_memory': 256,
    'grpc.max_concurrent_streams': 256,
  })
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    server.addService(definition(services[signal]), {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void answer(signal, call, callback, options),
    })
  }
  return server
}

async function answer(signal: Signal, call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>, options: GrpcReceiverOptions): Promise<void> {
  const size = call.request.length
  if (!options.inFlight.reserve(size)) return refuse(new Refused('overloaded', 'too many requests are being received, send again later'), callback, options)
  try {
    const marker = call.metadata.get(selfHeader)[0]?.toString()
    const client = clientOf(call.metadata.get('user-agent')[0]?.toString())
    callback(null, exportResponse(signal, await withLoopGuard(marker, () => ingest(signal, call.request, 'protobuf', options.ingest, client)), 'protobuf'))
  } catch (error) {
    refuse(error, callback, options)
  } finally {
    options.inFlight.release(size)
  }
}

const verdictCode: Readonly<Record<Refused['verdict'], GrpcCode>> = {
  malformed: grpcCode.invalidArgument, too_large: grpcCode.resourceExhausted, overloaded: grpcCode.unavailable,
}

function refuse(error: unknown, callback: sendUnaryData<Buffer>, options: GrpcReceiverOptions): void {
  const { metrics, log } = options.ingest
  if (!(error instanceof Refused)) log.error('an export request failed', { error })
  const refused = error instanceof Refused ? error : new Refused('overloaded', 'the request could not be stored, send again')
  metrics.refused(error instanceof Refused ? error.verdict : 'failed')
  const code = verdictCode[refused.verdict]
  const retry = refused.verdict === 'overloaded' ? retrySeconds : undefined
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', rpcStatus(code, refused.message, 'protobuf', retry))
  // Go reads RetryInfo from the details, Python from a trailer of its own.
  if (retry !== undefined) metadata.set('google.rpc.retryinfo-bin', retryInfo(retry))
  callback({ code, details: refused.message, metadata })
}

/** Listens; resolves with the port. */
export const listenGrpc = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
