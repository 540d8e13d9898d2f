import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Metadata, Server, ServerCredentials, type ServiceDefinition, status, type UntypedHandleCall } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

/** A receiver for tests: takes what any OTLP exporter sends, as protobuf, keeps it, and answers what the test wants. */
export interface FakeReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, of gRPC. */
  readonly endpoint: string
  /** The same of HTTP. */
  readonly http: string
  readonly requests: readonly ReceivedRequest[]
  readonly spans: () => readonly ReceivedSpan[]
}

export interface ReceivedRequest {
  readonly bytes: number
  /** None over HTTP. */
  readonly metadata: Metadata
  readonly spans: readonly ReceivedSpan[]
}

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly start: bigint
  readonly end: bigint
  readonly statusCode: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
  readonly scope: string
  readonly events: readonly string[]
}

/** What to answer to a request; `rejected` spans make a partial success. */
export type Answer = { readonly rejected: number } | { readonly unavailable: string }

/** Only what the tests read; the decoder skips the rest. */
const proto = `
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15;
}
message Event { string name = 2; }
message Status { int32 code = 3; }
message KeyValue { string key = 1; Value value = 2; }
message Value { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; Values array_value = 5; } }
message Values { repeated Value values = 1; }
message Response { Partial partial_success = 1; }
message Partial { int64 rejected_spans = 1; string error_message = 2; }
`

interface RawValue { readonly stringValue?: string; readonly boolValue?: boolean; readonly intValue?: string; readonly doubleValue?: number; readonly arrayValue?: { readonly values?: readonly RawValue[] } }
interface RawAttribute { readonly key: string; readonly value: RawValue }
interface RawSpan {
  readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly kind?: number
  readonly startTimeUnixNano: string; readonly endTimeUnixNano: string; readonly attributes?: readonly RawAttribute[]
  readonly events?: readonly { readonly name: string }[]; readonly status?: { readonly code?: number }
}
interface RawRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly RawAttribute[] }
    readonly scopeSpans?: readonly { readonly scope?: { readonly name?: string }; readonly spans?: readonly RawSpan[] }[]
  }[]
}

const types = protobuf.parse(proto, { keepCase: false }).root

export async function startFakeReceiver(answer: (request: ReceivedRequest) => Answer | Promise<Answer> = () => ({ rejected: 0 })): Promise<FakeReceiver> {
  const requests: ReceivedRequest[] = []
  const raw = { requestSerialize: (b: Buffer) => b, requestDeserialize: (b: Buffer) => b, responseSerialize: (b: Buffer) => b, responseDeserialize: (b: Buffer) => b }
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const service: ServiceDefinition = { export: { path, requestStream: false, responseStream: false, ...raw } }
  const answered = (body: Buffer, metadata: Metadata): Answer | Promise<Answer> => {
    const request = { bytes: body.length, metadata, spans: decode(body) }
    requests.push(request)
    return answer(request)
  }
  const handle: UntypedHandleCall = async (call: { request: Buffer; metadata: Metadata }, done: (error: object | null, response?: Uint8Array) => void) => {
    const said = await answered(call.request, call.metadata)
    if ('unavailable' in said) return done({ code: status.UNAVAILABLE, details: said.unavailable })
    done(null, responseOf(said.rejected))
  }
  const http = createServer((request, response) => void buffer(request).then(async (body) => {
    const said = await answered(body, new Metadata())
    if ('unavailable' in said) return response.writeHead(503).end()
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(responseOf(said.rejected))
  }))
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const server = new Server()
  server.addService(service, { export: handle })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))))
  return {
    endpoint: `http://127.0.0.1:${port}`,
    http: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    spans: () => requests.flatMap(({ spans }) => spans),
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown()
      http.closeAllConnections()
      http.close()
    },
  }
}

function responseOf(rejected: number): Buffer {
  const response = types.lookupType('Response')
  return Buffer.from(response.encode(response.fromObject(rejected === 0 ? {} : { partialSuccess: { rejectedSpans: rejected, errorMessage: 'not today' } })).finish())
}

function decode(bytes: Buffer): ReceivedSpan[] {
  const type = types.lookupType('Request')
  const request: RawRequest = type.toObject(type.decode(bytes), { longs: String, bytes: String })
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) =>
    (scopeSpans ?? []).flatMap(({ scope, spans }) => (spans ?? []).map((span) => ({
      traceId: hex(span.traceId), spanId: hex(span.spanId), parentSpanId: hex(span.parentSpanId ?? ''), name: span.name, kind: span.kind ?? 0,
      start: BigInt(span.startTimeUnixNano), end: BigInt(span.endTimeUnixNano), statusCode: span.status?.code ?? 0,
      attributes: record(span.attributes), resource: record(resource?.attributes), scope: scope?.name ?? '', events: (span.events ?? []).map(({ name }) => name),
    }))))
}

const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')

const record = (attributes: readonly RawAttribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))

function plain(value: RawValue): unknown {
  if (value.intValue !== undefined) return BigInt(value.intValue)
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}
