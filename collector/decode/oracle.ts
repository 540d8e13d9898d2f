import protobuf from 'protobufjs'

/**
 * OTLP's trace and log messages for protobufjs: the tests' second opinion and their way to build payloads. Fields as in
 * opentelemetry-proto v1.11.0, trace/v1/trace.proto, logs/v1/logs.proto and common/v1/common.proto.
 */
const proto = `
syntax = "proto3";
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
}
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Status { string message = 2; int32 code = 3; }
message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord {
  fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
  uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11;
  string event_name = 12;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message Status2 { int32 code = 1; string message = 2; repeated Any details = 3; }
message Any { string type_url = 1; bytes value = 2; }
`
export const root = protobuf.parse(proto, { keepCase: false }).root
const requestType = root.lookupType('ExportTraceServiceRequest')
const logsType = root.lookupType('ExportLogsServiceRequest')
const responseType = root.lookupType('ExportTraceServiceResponse')
const statusType = root.lookupType('Status2')

export const encodeRequest = (request: object): Buffer => Buffer.from(requestType.encode(requestType.fromObject(request)).finish())
/** Plain objects: 64-bit integers as strings, bytes as hex, absent fields absent. */
export const decodeRequest = (bytes: Buffer): OracleRequest => plain(requestType.toObject(requestType.decode(bytes), { longs: String })) as OracleRequest
export const encodeLogs = (request: object): Buffer => Buffer.from(logsType.encode(logsType.fromObject(request)).finish())
/** As `decodeRequest`. */
export const decodeLogsRequest = (bytes: Buffer): OracleLogsRequest => plain(logsType.toObject(logsType.decode(bytes), { longs: String })) as OracleLogsRequest
export const decodeResponse = (bytes: Buffer): { partialSuccess?: { rejectedSpans?: string; errorMessage?: string } } =>
  responseType.toObject(responseType.decode(bytes), { longs: String })
export const decodeStatus = (bytes: Buffer): { code?: number; message?: string; details?: { typeUrl: string }[] } => statusType.toObject(statusType.decode(bytes))

export const plain = (value: unknown): unknown => {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  return value
}

export interface OracleValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: readonly OracleValue[] }
  readonly kvlistValue?: { readonly values?: readonly OracleKeyValue[] }
  readonly bytesValue?: string
}
export interface OracleKeyValue {
  readonly key?: string
  readonly value?: OracleValue
}
export interface OracleSpan {
  readonly traceId?: string
  readonly spanId?: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name?: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: readonly OracleKeyValue[]
  readonly droppedAttributesCount?: number
  readonly events?: readonly { readonly timeUnixNano?: string; readonly name?: string; readonly attributes?: readonly OracleKeyValue[] }[]
  readonly links?: readonly { readonly traceId?: string; readonly spanId?: string; readonly attributes?: readonly OracleKeyValue[] }[]
  readonly status?: { readonly code?: number; readonly message?: string }
  readonly flags?: number
}
export interface OracleRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OracleKeyValue[] }
    readonly schemaUrl?: string
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string }
      readonly spans?: readonly OracleSpan[]
    }[]
  }[]
}
export interface OracleLogRecord {
  readonly timeUnixNano?: string
  readonly observedTimeUnixNano?: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: OracleValue
  readonly attributes?: readonly OracleKeyValue[]
  readonly droppedAttributesCount?: number
  readonly flags?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly eventName?: string
}
export interface OracleLogsRequest {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly OracleKeyValue[] }
    readonly schemaUrl?: string
    readonly scopeLogs?: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string }
      readonly logRecords?: readonly OracleLogRecord[]
    }[]
  }[]
}
