import { ProtobufWriter } from './protobuf-writer.ts'
import type { Rejection } from './traces.ts'
import { fieldsPerRequestMax, Malformed, TooManyFields } from './wire.ts'

/** What a request of JSON became: protobuf bytes, and the records that were left out. */
export interface Converted {
  readonly bytes: Buffer
  readonly rejections: readonly Rejection[]
}

/** A conversion that pauses after every record, so that who runs it can let others have their turn. */
export type Conversion = Generator<undefined, Converted>

/** All of it at once. */
export function whole(conversion: Conversion): Converted {
  for (;;) {
    const step = conversion.next()
    if (step.done === true) return step.value
  }
}

/** What the signals' envelopes call their parts, and how one record is written. */
export interface SignalNames {
  readonly resources: string
  readonly scopes: string
  readonly records: string
  readonly record: string
  /** `reject` counts what of it is left out, where the rest is written. */
  readonly write: (writer: ProtobufWriter, record: JsonObject, reject: (reason: string, count: number) => void) => void
  /** For how many a record counts that is left out; one where this is absent. */
  readonly weight?: (record: unknown) => number
}

const traces: SignalNames = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans', record: 'a span', write: writeSpan }
const logs: SignalNames = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords', record: 'a log record', write: writeLogRecord }

/**
 * OTLP/JSON to protobuf bytes, so that one decoder serves both encodings. The mapping is proto3 JSON with OTLP's
 * exceptions: hex ids, integer enums, lowerCamelCase names only, unknown names ignored.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/docs/specification.md#json-protobuf-encoding
 *
 * Throws as `parseJson`, and `Malformed` where the request, a resource or a scope is not what it should be; a span that is not is left out
 * and counted.
 */
export const tracesJsonToProtobuf = (body: Buffer): Converted => whole(convertTraces(body))

/** The same for logs. */
export const logsJsonToProtobuf = (body: Buffer): Converted => whole(convertLogs(body))

/** The same by turns. */
export const convertTraces = (body: Buffer): Conversion => jsonToProtobuf(body, traces)
export const convertLogs = (body: Buffer): Conversion => jsonToProtobuf(body, logs)

export function* jsonToProtobuf(body: Buffer, names: SignalNames): Conversion {
  const rejected = new Map<string, number>()
  const request = object(parseJson(body.toString('utf8')), 'the request')
  const writer = new ProtobufWriter()
  for (const resource of array(request[names.resources], names.resources)) {
    writer.bytes(1, yield* resourceBytes(object(resource, `${names.resources}[]`), names, rejected))
  }
  return { bytes: writer.finish(), rejections: [...rejected].map(([reason, count]) => ({ reason, count })) }
}

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Deepest nesting of the JSON text. A value of 32 levels, the most that is kept of one, takes 128 levels of JSON in a list and
 * a dozen around it: what lies deeper would not be stored in any case.
 */
const jsonDepthMax = 200

/** Throws `Malformed`, and `TooManyFields` where the text holds more values than a request may have fields. What is nested beyond any value that is kept is empty. */
export function parseJson(text: string): unknown {
  const bounded = boundedJson(text)
  try {
    // 64-bit integers should be strings; some senders write bare numbers, which JSON.parse would round past 2^53.
    return /[:[,\s]-?\d{16}/.test(bounded) ? JSON.parse(bounded, exactIntegers as (key: string, value: unknown) => unknown) : JSON.parse(bounded)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Malformed('the body is not JSON')
    throw error
  }
}

/** The third argument is ECMAScript's `JSON.parse` source text access, which the type library does not know yet. */
function exactIntegers(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && context.source !== undefined && /^-?\d+$/.test(context.source)
    ? BigInt(context.source)
    : value
}

/** JSON.parse and everything after it recurse; a text of brackets must exhaust neither the stack nor, as objects, the memory. */
function boundedJson(text: string): string {
  let depth = 0
  let values = 0
  let inString = false
  let cutAt = 0
  let kept = ''
  let keptTo = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 0x5c) i++
      else if (c === 0x22) inString = false
    } else if (c === 0x22) inString = true
    else if (c === 0x2c) values++
    else if (c === 0x5b || c === 0x7b) {
      values++
      if (++depth === jsonDepthMax + 1) cutAt = i
    } else if ((c === 0x5d || c === 0x7d) && depth-- === jsonDepthMax + 1) {
      kept += text.slice(keptTo, cutAt) + (text.charCodeAt(cutAt) === 0x5b ? '[]' : '{}')
      keptTo = i + 1
    }
    if (values > fieldsPerRequestMax) throw new TooManyFields()
  }
  if (depth > jsonDepthMax) throw new Malformed('the body is not JSON')
  return keptTo === 0 ? text : kept + text.slice(keptTo)
}

export function object(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new Malformed(`${what} is not an object`)
}

export function array(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw new Malformed(`${what} is not an array`)
}

export function text(value: unknown, what: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new Malformed(`${what} is not a string`)
}

/** Of every integer type of OTLP's messages: the smallest `int64` and the largest `uint64`. */
const integerMin = -(2n ** 63n)
const integerMax = 2n ** 64n - 1n

export function integer(value: unknown, what: string): bigint {
  if (value === undefined || value === null) return 0n
  const found = integerOf(value)
  if (found === undefined) throw new Malformed(`${what} is not an integer`)
  if (found < integerMin || found > integerMax) throw new Malformed(`${what} is no 64-bit integer`)
  return found
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

export function boolean(value: unknown, what: string): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw new Malformed(`${what} is not a boolean`)
}

/** Enums travel as integers only; a name is refused, as the specification asks. */
export function enumeration(value: unknown, what: string): bigint {
  if (typeof value === 'string') throw new Malformed(`${what} must be an integer, not a name`)
  return integer(value, what)
}

function* resourceBytes(holder: JsonObject, names: SignalNames, rejected: Map<string, number>): Generator<undefined, Buffer> {
  const writer = new ProtobufWriter()
  if (holder['resource'] !== undefined && holder['resource'] !== null) {
    const resource = object(holder['resource'], 'resource')
    writer.message(1, (w) => writeAttributes(w, 1, resource['attributes'], 'resource.attributes'))
  }
  for (const scope of array(holder[names.scopes], names.scopes)) {
    writer.bytes(2, yield* scopeBytes(object(scope, `${names.scopes}[]`), names, rejected))
  }
  writer.string(3, text(holder['schemaUrl'], 'schemaUrl'))
  return writer.finish()
}

function* scopeBytes(holder: JsonObject, names: SignalNames, rejected: Map<string, number>): Generator<undefined, Buffer> {
  const writer = new ProtobufWriter()
  if (holder['scope'] !== undefined && holder['scope'] !== null) {
    const scope = object(holder['scope'], 'scope')
    writer.message(1, (w) => {
      w.string(1, text(scope['name'], 'scope.name'))
      w.string(2, text(scope['version'], 'scope.version'))
      writeAttributes(w, 3, scope['attributes'], 'scope.attributes')
    })
  }
  const reject = (reason: string, count: number): void => void rejected.set(reason, (rejected.get(reason) ?? 0) + count)
  for (const record of array(holder[names.records], names.records)) {
    const inner = new ProtobufWriter()
    try {
      names.write(inner, object(record, names.record), reject)
      writer.bytes(2, inner.finish())
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      reject(error.message, names.weight?.(record) ?? 1)
    }
    yield
  }
  writer.string(3, text(holder['schemaUrl'], 'schemaUrl'))
  return writer.finish()
}

export function hex(value: unknown, what: string): Buffer {
  const id = text(value, what)
  if (!/^(?:[0-9a-f]{2})*$/i.test(id)) throw new Malformed(`${what} is not hex`)
  return Buffer.from(id, 'hex')
}

function writeSpan(writer: ProtobufWriter, span: JsonObject): void {
  writer.bytes(1, hex(span['traceId'], 'traceId'))
  writer.bytes(2, hex(span['spanId'], 'spanId'))
  writer.string(3, text(span['traceState'], 'traceState'))
  writer.bytes(4, hex(span['parentSpanId'], 'parentSpanId'))
  writer.string(5, text(span['name'], 'name'))
  writer.varint(6, enumeration(span['kind'], 'kind'))
  writer.fixed64(7, integer(span['startTimeUnixNano'], 'startTimeUnixNano'))
  writer.fixed64(8, integer(span['endTimeUnixNano'], 'endTimeUnixNano'))
  writeAttributes(writer, 9, span['attributes'], 'attributes')
  writer.varint(10, integer(span['droppedAttributesCount'], 'droppedAttributesCount'))
  for (const item of array(span['events'], 'events')) {
    const event = object(item, 'an event')
    writer.message(11, (w) => {
      w.fixed64(1, integer(event['timeUnixNano'], 'timeUnixNano'))
      w.string(2, text(event['name'], 'event name'))
      writeAttributes(w, 3, event['attributes'], 'event attributes')
      w.varint(4, integer(event['droppedAttributesCount'], 'droppedAttributesCount'))
    })
  }
  writer.varint(12, integer(span['droppedEventsCount'], 'droppedEventsCount'))
  for (const item of array(span['links'], 'links')) {
    const link = object(item, 'a link')
    writer.message(13, (w) => {
      w.bytes(1, hex(link['traceId'], 'link traceId'))
      w.bytes(2, hex(link['spanId'], 'link spanId'))
      w.string(3, text(link['traceState'], 'link traceState'))
      writeAttributes(w, 4, link['attributes'], 'link attributes')
      w.varint(5, integer(link['droppedAttributesCount'], 'droppedAttributesCount'))
      w.fixed32(6, Number(integer(link['flags'], 'link flags') & 0xffff_ffffn))
    })
  }
  writer.varint(14, integer(span['droppedLinksCount'], 'droppedLinksCount'))
  if (span['status'] !== undefined && span['status'] !== null) {
    const status = object(span['status'], 'status')
    writer.message(15, (w) => {
      w.string(2, text(status['message'], 'status message'))
      w.varint(3, enumeration(status['code'], 'status code'))
    })
  }
  writer.fixed32(16, Number(integer(span['flags'], 'flags') & 0xffff_ffffn))
}

function writeLogRecord(writer: ProtobufWriter, record: JsonObject): void {
  writer.fixed64(1, integer(record['timeUnixNano'], 'timeUnixNano'))
  writer.varint(2, enumeration(record['severityNumber'], 'severityNumber'))
  writer.string(3, text(record['severityText'], 'severityText'))
  const body = record['body']
  if (body !== undefined && body !== null) writer.message(5, (w) => writeValue(w, object(body, 'body')))
  writeAttributes(writer, 6, record['attributes'], 'attributes')
  writer.varint(7, integer(record['droppedAttributesCount'], 'droppedAttributesCount'))
  writer.fixed32(8, Number(integer(record['flags'], 'flags') & 0xffff_ffffn))
  writer.bytes(9, hex(record['traceId'], 'traceId'))
  writer.bytes(10, hex(record['spanId'], 'spanId'))
  writer.fixed64(11, integer(record['observedTimeUnixNano'], 'observedTimeUnixNano'))
  writer.string(12, text(record['eventName'], 'eventName'))
}

export function writeAttributes(writer: ProtobufWriter, field: number, attributes: unknown, what: string): void {
  for (const item of array(attributes, what)) {
    const attribute = object(item, `${what}[]`)
    writer.message(field, (w) => writeKeyValue(w, attribute))
  }
}

function writeKeyValue(writer: ProtobufWriter, keyValue: JsonObject): void {
  writer.string(1, text(keyValue['key'], 'an attribute key'))
  const value = keyValue['value']
  if (value !== undefined && value !== null) writer.message(2, (w) => writeValue(w, object(value, 'an attribute value')))
}

function writeValue(writer: ProtobufWriter, value: JsonObject): void {
  for (const [arm, content] of Object.entries(value)) {
    // `null` is a field that is not there (proto3 JSON): no arm of the `oneof`, and no empty text.
    if (content === null) continue
    switch (arm) {
      case 'stringValue':
        writer.string(1, text(content, arm))
        break
      case 'boolValue':
        writer.varint(2, boolean(content, arm) ? 1n : 0n)
        break
      case 'intValue':
        writer.varint(3, integer(content, arm))
        break
      case 'doubleValue':
        writer.double(4, double(content))
        break
      case 'arrayValue': {
        const values = array(object(content, arm)['values'], arm)
        writer.message(5, (w) => {
          for (const item of values) w.message(1, (inner) => writeValue(inner, object(item, 'an array value')))
        })
        break
      }
      case 'kvlistValue': {
        const values = array(object(content, arm)['values'], arm)
        writer.message(6, (w) => {
          for (const item of values) w.message(1, (inner) => writeKeyValue(inner, object(item, 'a kvlist value')))
        })
        break
      }
      case 'bytesValue':
        writer.bytes(7, Buffer.from(text(content, arm), 'base64'))
        break
      // Unknown names must be ignored (specification), so this switch has a default.
      default:
    }
  }
}

/** Proto3 JSON writes the values JSON has no number for as words. */
export function double(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value === 'NaN') return NaN
  if (value === 'Infinity') return Infinity
  if (value === '-Infinity') return -Infinity
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  throw new Malformed('doubleValue is not a number')
}
