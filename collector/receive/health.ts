import { type handleServerStreamingCall, type handleUnaryCall, type Server, type ServerWritableStream, type ServiceDefinition, status } from '@grpc/grpc-js'
import { ProtobufWriter } from '../decode/protobuf-writer.ts'
import { Malformed, wire, WireReader } from '../decode/wire.ts'

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const serving = { serving: 1, notServing: 2, serviceUnknown: 3 } as const
type ServingStatus = (typeof serving)[keyof typeof serving]

/** Streams of `Watch` open at once over all connections: a probe and a few load balancers, each holding a stream for good. */
const watchersMax = 100

export const healthPath = '/grpc.health.v1.Health'
const bytes = (value: Buffer): Buffer => value
const codecs = { requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes, requestStream: false }
const definition = {
  Check: { path: `${healthPath}/Check`, responseStream: false, ...codecs },
  Watch: { path: `${healthPath}/Watch`, responseStream: true, ...codecs },
} satisfies ServiceDefinition

export interface Health {
  /** Tells everybody who watches, and ends their streams: they would keep a draining server open. */
  stopping(): void
}

/**
 * The health service that probes of Kubernetes and load balancers ask. It serves as long as it accepts; pressure is no
 * illness: a probe that restarts a collector under load makes the load worse.
 * https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto
 */
export function addHealth(server: Server, services: readonly string[]): Health {
  const watchers = new Map<ServerWritableStream<Buffer, Buffer>, string>()
  const known = new Set(['', ...services])
  let current: ServingStatus = serving.serving
  const check: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const service = serviceOf(call.request)
    if (service === undefined) callback({ code: status.INVALID_ARGUMENT, details: 'the request is not a HealthCheckRequest' })
    else if (known.has(service)) callback(null, answer(current))
    else callback({ code: status.NOT_FOUND, details: 'no such service' })
  }
  const watch: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    const service = serviceOf(call.request)
    if (service === undefined) return void call.emit('error', { code: status.INVALID_ARGUMENT, details: 'the request is not a HealthCheckRequest' })
    if (watchers.size >= watchersMax) return void call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `at most ${watchersMax} watch at once` })
    watchers.set(call, service)
    call.on('cancelled', () => watchers.delete(call))
    call.write(answer(known.has(service) ? current : serving.serviceUnknown))
    if (current === serving.notServing) end(call)
  }
  const end = (call: ServerWritableStream<Buffer, Buffer>): void => {
    watchers.delete(call)
    call.end()
  }
  server.addService(definition, { Check: check, Watch: watch })
  return {
    stopping: () => {
      current = serving.notServing
      for (const [call, service] of watchers) {
        if (known.has(service)) call.write(answer(current))
        end(call)
      }
    },
  }
}

function answer(of: ServingStatus): Buffer {
  const writer = new ProtobufWriter()
  writer.varint(1, BigInt(of))
  return writer.finish()
}

/** The service asked about, '' for the server as a whole; `undefined` where the bytes are no `HealthCheckRequest`. */
function serviceOf(request: Buffer): string | undefined {
  const reader = new WireReader(request, 0, request.length)
  let service = ''
  try {
    while (!reader.done) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | wire.bytes)) service = reader.string()
      else reader.skip(tag)
    }
    return service
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
