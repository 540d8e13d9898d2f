import { createHash } from 'node:crypto'
import { type Attributes, type AttributeValue, KeyValueList, type Resource, type Scope, type SpanEvent, type SpanLink, type SpanRecord } from '#semconv/attributes.ts'
import { SaidBefore } from './said-before.ts'
import { type LastId, Malformed, noId, TooManyFields, wire, WireReader } from './wire.ts'

/** Most spans, or log records, one request may carry. An empty one is two bytes, so bytes alone bound nothing; SDKs send 512. */
export const spansPerRequestMax = 100_000
/** Most attributes, events or links read of one span or log record; the rest is counted as dropped. The SDKs' own default is 128. */
export const itemsPerSpanMax = 10_000
/** Most fields of one span or log record, those of its attributes, events, links and of nested values included: about 125,000 attributes. */
export const fieldsPerSpanMax = 500_000
/** Longest attribute value in bytes on the wire, an array or a list as a whole too; a longer one keeps its beginning and says what is missing. */
export const valueBytesMax = 1024 * 1024
/** Longest name, key, scope, schema URL or trace state in bytes. Each is stored with every span; real ones take tens. */
export const nameBytesMax = 4 * 1024
/** Longest status message in bytes: a stack trace with room to spare. */
export const messageBytesMax = 64 * 1024
/** Deepest nesting of an attribute value. Senders nest messages 5 to 8 deep; each level costs a stack frame here. */
export const valueDepthMax = 32
/** Stands in place of what lies deeper. */
export const tooDeep = '[spanledger: nested deeper than 32 levels]'

/** Reason of a span that is broken inside intact framing. */
export const notProtobuf = 'the span is not valid protobuf'

const tooManyFieldsOfSpan = `a span has at most ${fieldsPerSpanMax} fields and values, those of its events and nested values included`

/** Why one span was not taken. The text goes to the sender, so it holds no payload. */
export interface Rejection {
  readonly reason: string
  readonly count: number
}

export interface DecodedTraces {
  readonly spans: readonly SpanRecord[]
  /** Spans refused, by reason. */
  readonly rejections: readonly Rejection[]
  /** What was stored differently from what was sent, as sentences for the sender. */
  readonly warnings: readonly string[]
}

const noAttributes: Attributes = new Map()
const emptyResource: Resource = { attributes: noAttributes, schemaUrl: '' }
const none: readonly never[] = []
const unset = { code: 0, message: '' }
export const tagOf = (field: number, type: number): number => (field << 3) | type

/** What is counted while one request is read. */
export class Tally {
  readonly #rejected = new Map<string, number>()
  /** Why a record beyond the most of a request is not taken. Made once: there may be millions. */
  readonly tooMany: string
  /** The ids read last: most records follow one of their trace, and have its parent. */
  readonly traceId: LastId = noId(16)
  readonly parentSpanId: LastId = noId(8)
  readonly spanId: LastId = noId(8)
  records = 0
  truncatedValues = 0
  truncatedNames = 0
  tooDeepValues = 0

  constructor(noun: 'spans' | 'log records' | 'metrics') {
    this.tooMany = `a request carries at most ${spansPerRequestMax} ${noun}, send smaller batches`
  }

  reject(reason: string, count: number): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count)
  }

  rejections(): Rejection[] {
    return [...this.#rejected].map(([reason, count]) => ({ reason, count }))
  }

  /** How many values are not what was sent. */
  changes(reader: WireReader): number {
    return reader.repairedStrings + this.truncatedValues + this.truncatedNames + this.tooDeepValues
  }

  warnings(reader: WireReader): string[] {
    const warnings: string[] = []
    if (reader.repairedStrings > 0) warnings.push(`${reader.repairedStrings} strings were not UTF-8, their bad bytes became U+FFFD`)
    if (this.truncatedValues > 0) warnings.push(`${this.truncatedValues} attribute values were longer than ${valueBytesMax} bytes and were cut`)
    if (this.truncatedNames > 0) warnings.push(`${this.truncatedNames} names, keys or messages were longer than ${nameBytesMax} bytes (messages ${messageBytesMax}) and were cut`)
    if (this.tooDeepValues > 0) warnings.push(`${this.tooDeepValues} attribute values were nested deeper than ${valueDepthMax} levels and were cut`)
    return warnings
  }
}

/** The spans or log records of one scope: where each stands in the body. */
export interface ScopeRecords {
  readonly resource: Resource
  readonly scope: Scope
  readonly starts: readonly number[]
}

/**
 * An `ExportTraceServiceRequest`, its spans decoded one by one as they are asked for, so that a large request leaves others
 * their turn and is never in memory as a whole. Broken framing of the request, a resource or a scope throws `Malformed` at
 * once (the sender gets 400); a span that is broken inside intact framing is rejected alone.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/trace/v1/trace.proto
 */
export class TracesReader {
  readonly #reader: WireReader
  readonly #tally = new Tally('spans')
  readonly #scopes: ScopeRecords[] = []

  constructor(body: Buffer) {
    const reader = new WireReader(body, 0, body.length)
    while (!reader.done) {
      const tag = reader.tag()
      if (tag === tagOf(1, wire.bytes)) reader.nested((r) => findRecords(r, this.#scopes, this.#tally))
      else reader.skip(tag)
    }
    this.#reader = reader
  }

  /** Every span that is taken. To be run through once. */
  *spans(): Generator<SpanRecord> {
    const reader = this.#reader
    let left = reader.fieldsLeft
    for (const { resource, scope, starts } of this.#scopes) {
      for (const at of starts) {
        const granted = Math.min(left, fieldsPerSpanMax)
        reader.at = at
        reader.fieldsLeft = granted
        const span = this.#span(resource, scope, left <= fieldsPerSpanMax)
        left -= granted - Math.max(reader.fieldsLeft, 0)
        if (span !== undefined) yield span
      }
    }
  }

  /** The span at the reader's place; `undefined` where it is rejected. `last` says that the request's budget is the tighter one. */
  #span(resource: Resource, scope: Scope, last: boolean): SpanRecord | undefined {
    const reader = this.#reader
    const outerEnd = reader.end
    try {
      reader.enter()
      const span = readSpan(reader, resource, scope, this.#tally)
      const wrong = wrongIds(span)
      if (wrong === '') return span
      this.#tally.reject(wrong, 1)
    } catch (error) {
      if (error instanceof TooManyFields) this.#tally.reject(last ? error.message : tooManyFieldsOfSpan, 1)
      else if (error instanceof Malformed) this.#tally.reject(notProtobuf, 1)
      else throw error
    } finally {
      reader.end = outerEnd
    }
    return undefined
  }

  /** Spans refused so far, by reason. */
  rejections(): Rejection[] {
    return this.#tally.rejections()
  }

  /** What was stored differently from what was sent so far, as sentences for the sender. */
  warnings(): string[] {
    return this.#tally.warnings(this.#reader)
  }
}

/** All of a request at once. Throws as `TracesReader`. */
export function decodeTraces(body: Buffer): DecodedTraces {
  const reader = new TracesReader(body)
  return { spans: [...reader.spans()], rejections: reader.rejections(), warnings: reader.warnings() }
}

const resources = new SaidBefore<Resource>()
const scopes = new SaidBefore<Scope>()

/** The envelope of all signals alike. A resource's fields may come in any order, so its scopes are read after the whole message was walked once. */
export function findRecords(reader: WireReader, found: ScopeRecords[], tally: Tally): void {
  let resource = emptyResource
  let schemaUrl = ''
  const scopes: number[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) resource = resources.read(reader, tally, readResource)
    else if (tag === tagOf(2, wire.bytes)) {
      scopes.push(reader.at)
      reader.skip(tag)
    } else if (tag === tagOf(3, wire.bytes)) schemaUrl = word(reader, tally)
    else reader.skip(tag)
  }
  if (schemaUrl !== '') resource = { ...resource, schemaUrl }
  const end = reader.at
  for (const at of scopes) {
    reader.at = at
    found.push(reader.nested((r) => readScopeRecords(r, resource, tally)))
  }
  reader.at = end
}

function readScopeRecords(reader: WireReader, resource: Resource, tally: Tally): ScopeRecords {
  let scope: Scope = { name: '', version: '', attributes: noAttributes, schemaUrl: '' }
  let schemaUrl = ''
  const starts: number[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) scope = scopes.read(reader, tally, readScope)
    else if (tag === tagOf(2, wire.bytes)) {
      if (tally.records++ < spansPerRequestMax) starts.push(reader.at)
      else tally.reject(tally.tooMany, 1)
      reader.skip(tag)
    } else if (tag === tagOf(3, wire.bytes)) schemaUrl = word(reader, tally)
    else reader.skip(tag)
  }
  return { resource, scope: schemaUrl === '' ? scope : { ...scope, schemaUrl }, starts }
}

const readResource = (reader: WireReader, tally: Tally): Resource => ({ attributes: readAttributesOf(reader, 1, tally), schemaUrl: '' })

function readScope(reader: WireReader, tally: Tally): Scope {
  let name = ''
  let version = ''
  const attributes = new Map<string, AttributeValue>()
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) name = word(reader, tally)
    else if (tag === tagOf(2, wire.bytes)) version = word(reader, tally)
    else if (tag === tagOf(3, wire.bytes)) readKeyValue(reader, attributes, 0, tally)
    else reader.skip(tag)
  }
  return { name, version, attributes, schemaUrl: '' }
}

/** Ids must be 16 and 8 bytes and not all zero; a parent may be absent. W3C Trace Context, 3.2.2. */
function wrongIds(span: SpanRecord): string {
  if (span.traceId.length !== 32) return 'trace_id is not 16 bytes'
  if (/^0+$/.test(span.traceId)) return 'trace_id is all zeros'
  if (span.spanId.length !== 16) return 'span_id is not 8 bytes'
  if (/^0+$/.test(span.spanId)) return 'span_id is all zeros'
  if (span.parentSpanId !== '' && span.parentSpanId.length !== 16) return 'parent_span_id is not 8 bytes'
  return ''
}

function readSpan(reader: WireReader, resource: Resource, scope: Scope, tally: Tally): SpanRecord {
  let traceId = ''
  let spanId = ''
  let traceState = ''
  let parentSpanId = ''
  let name = ''
  let kind = 0
  let startTimeUnixNano = 0n
  let endTimeUnixNano = 0n
  const attributes = new Map<string, AttributeValue>()
  let droppedAttributesCount = 0
  let events: SpanEvent[] | undefined
  let droppedEventsCount = 0
  let links: SpanLink[] | undefined
  let droppedLinksCount = 0
  let status = unset
  let flags = 0
  let items = 0
  while (!reader.done) {
    const tag = reader.tag()
    switch (tag) {
      case tagOf(1, wire.bytes):
        traceId = reader.hex(tally.traceId)
        break
      case tagOf(2, wire.bytes):
        spanId = reader.hex(tally.spanId)
        break
      case tagOf(3, wire.bytes):
        traceState = word(reader, tally)
        break
      case tagOf(4, wire.bytes):
        parentSpanId = reader.hex(tally.parentSpanId)
        break
      case tagOf(5, wire.bytes):
        name = word(reader, tally)
        break
      case tagOf(6, wire.varint):
        kind = reader.uint32()
        break
      case tagOf(7, wire.fixed64):
        startTimeUnixNano = reader.fixed64()
        break
      case tagOf(8, wire.fixed64):
        endTimeUnixNano = reader.fixed64()
        break
      case tagOf(9, wire.bytes):
        if (++items <= itemsPerSpanMax) readKeyValue(reader, attributes, 0, tally)
        else droppedAttributesCount += skipped(reader, tag)
        break
      case tagOf(10, wire.varint):
        droppedAttributesCount += reader.uint32()
        break
      case tagOf(11, wire.bytes):
        if ((events ??= []).length < itemsPerSpanMax) events.push(readEvent(reader, tally))
        else droppedEventsCount += skipped(reader, tag)
        break
      case tagOf(12, wire.varint):
        droppedEventsCount += reader.uint32()
        break
      case tagOf(13, wire.bytes):
        if ((links ??= []).length < itemsPerSpanMax) links.push(readLink(reader, tally))
        else droppedLinksCount += skipped(reader, tag)
        break
      case tagOf(14, wire.varint):
        droppedLinksCount += reader.uint32()
        break
      case tagOf(15, wire.bytes):
        status = readStatus(reader, tally)
        break
      case tagOf(16, wire.fixed32):
        flags = reader.fixed32()
        break
      default:
        reader.skip(tag)
    }
  }
  if (parentSpanId === '0000000000000000') parentSpanId = ''
  return {
    traceId, spanId, parentSpanId, traceState, flags, name, kind, startTimeUnixNano, endTimeUnixNano,
    statusCode: status.code, statusMessage: status.message, attributes,
    droppedAttributesCount: Math.min(droppedAttributesCount, 0xffff_ffff), events: events ?? none,
    droppedEventsCount: Math.min(droppedEventsCount, 0xffff_ffff), links: links ?? none,
    droppedLinksCount: Math.min(droppedLinksCount, 0xffff_ffff), resource, scope,
  }
}

export function skipped(reader: WireReader, tag: number): 1 {
  reader.skip(tag)
  return 1
}

function readStatus(reader: WireReader, tally: Tally): { code: number; message: string } {
  const outerEnd = reader.enter()
  let code = 0
  let message = ''
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(2, wire.bytes)) message = statusMessage(reader, tally)
    else if (tag === tagOf(3, wire.varint)) code = reader.uint32()
    else reader.skip(tag)
  }
  reader.leave(outerEnd)
  return { code, message }
}

function readEvent(reader: WireReader, tally: Tally): SpanEvent {
  const outerEnd = reader.enter()
  let timeUnixNano = 0n
  let name = ''
  const attributes = new Map<string, AttributeValue>()
  let droppedAttributesCount = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.fixed64)) timeUnixNano = reader.fixed64()
    else if (tag === tagOf(2, wire.bytes)) name = word(reader, tally)
    else if (tag === tagOf(3, wire.bytes)) readKeyValue(reader, attributes, 0, tally)
    else if (tag === tagOf(4, wire.varint)) droppedAttributesCount = reader.uint32()
    else reader.skip(tag)
  }
  reader.leave(outerEnd)
  return { timeUnixNano, name, attributes, droppedAttributesCount }
}

function readLink(reader: WireReader, tally: Tally): SpanLink {
  const outerEnd = reader.enter()
  let traceId = ''
  let spanId = ''
  let traceState = ''
  const attributes = new Map<string, AttributeValue>()
  let droppedAttributesCount = 0
  let flags = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) traceId = reader.hex(tally.traceId)
    else if (tag === tagOf(2, wire.bytes)) spanId = reader.hex(tally.spanId)
    else if (tag === tagOf(3, wire.bytes)) traceState = word(reader, tally)
    else if (tag === tagOf(4, wire.bytes)) readKeyValue(reader, attributes, 0, tally)
    else if (tag === tagOf(5, wire.varint)) droppedAttributesCount = reader.uint32()
    else if (tag === tagOf(6, wire.fixed32)) flags = reader.fixed32()
    else reader.skip(tag)
  }
  reader.leave(outerEnd)
  return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags }
}

function readAttributesOf(reader: WireReader, field: number, tally: Tally): Attributes {
  const attributes = new Map<string, AttributeValue>()
  let items = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(field, wire.bytes) && ++items <= itemsPerSpanMax) readKeyValue(reader, attributes, 0, tally)
    else reader.skip(tag)
  }
  return attributes
}

export function readKeyValue(reader: WireReader, into: Map<string, AttributeValue>, depth: number, tally: Tally): void {
  const outerEnd = reader.enter()
  let key = ''
  let value: AttributeValue = null
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) key = word(reader, tally)
    else if (tag === tagOf(2, wire.bytes)) value = readValue(reader, depth, tally)
    else reader.skip(tag)
  }
  reader.leave(outerEnd)
  into.set(key, value)
}

export function readValue(reader: WireReader, depth: number, tally: Tally): AttributeValue {
  const outerEnd = reader.enter()
  let value: AttributeValue = null
  while (!reader.done) {
    const tag = reader.tag()
    switch (tag) {
      case tagOf(1, wire.bytes):
        value = cut(reader, tally)
        break
      case tagOf(2, wire.varint):
        value = reader.int64() !== 0n
        break
      case tagOf(3, wire.varint):
        value = reader.int64()
        break
      case tagOf(4, wire.fixed64):
        value = reader.double()
        break
      case tagOf(5, wire.bytes):
        value = nestedValue(reader, tag, depth, tally, readArray)
        break
      case tagOf(6, wire.bytes):
        value = nestedValue(reader, tag, depth, tally, readKeyValueList)
        break
      case tagOf(7, wire.bytes):
        value = cutBytes(reader, tally)
        break
      default:
        reader.skip(tag)
    }
  }
  reader.leave(outerEnd)
  return value
}

function nestedValue(
  reader: WireReader, tag: number, depth: number, tally: Tally,
  read: (reader: WireReader, depth: number, tally: Tally) => AttributeValue,
): AttributeValue {
  if (depth + 1 < valueDepthMax) return reader.nested((r) => read(r, depth + 1, tally))
  reader.skip(tag)
  tally.tooDeepValues++
  return tooDeep
}

function readArray(reader: WireReader, depth: number, tally: Tally): AttributeValue {
  const values: AttributeValue[] = []
  const start = reader.at
  while (!reader.done) {
    if (reader.at - start >= valueBytesMax) {
      values.push(cutList(reader, start, tally))
      break
    }
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) values.push(readValue(reader, depth, tally))
    else reader.skip(tag)
  }
  return values
}

function readKeyValueList(reader: WireReader, depth: number, tally: Tally): AttributeValue {
  const entries = new Map<string, AttributeValue>()
  const start = reader.at
  while (!reader.done) {
    if (reader.at - start >= valueBytesMax) {
      entries.set(cutListKey, cutList(reader, start, tally))
      break
    }
    const tag = reader.tag()
    if (tag === tagOf(1, wire.bytes)) readKeyValue(reader, entries, depth, tally)
    else reader.skip(tag)
  }
  return new KeyValueList(entries)
}

/** Key of the entry that says what a cut list lacks. */
const cutListKey = 'spanledger.cut'

/** The last item of an array or list that is too long. The rest is left unread: `nested` steps over it. */
function cutList(reader: WireReader, start: number, tally: Tally): string {
  tally.truncatedValues++
  return `[spanledger: cut, ${reader.end - start} bytes]`
}

/** A string value; too long a one keeps its beginning and says what is missing, so that nothing looks whole that is not. */
function cut(reader: WireReader, tally: Tally): string {
  const length = reader.length()
  if (length <= valueBytesMax) return reader.word(length)
  tally.truncatedValues++
  return cutText(reader, length, valueBytesMax)
}

export function word(reader: WireReader, tally: Tally): string {
  const length = reader.length()
  if (length <= nameBytesMax) return reader.word(length)
  tally.truncatedNames++
  return cutText(reader, length, nameBytesMax)
}

function statusMessage(reader: WireReader, tally: Tally): string {
  const length = reader.length()
  if (length <= messageBytesMax) return reader.text(length)
  tally.truncatedNames++
  return cutText(reader, length, messageBytesMax)
}

/** The first `bytesMax` of `length` bytes, and what they are the beginning of. */
function cutText(reader: WireReader, length: number, bytesMax: number): string {
  const start = reader.at
  const end = start + length
  const hash = createHash('sha256').update(reader.bytes.subarray(start, end)).digest('hex')
  const kept = reader.text(cutPoint(reader.bytes, start, start + bytesMax) - start)
  reader.at = end
  return `${kept}[spanledger: cut, ${length} bytes, sha256 ${hash}]`
}

/** The last place at or before `at` that does not split a UTF-8 character. */
function cutPoint(bytes: Buffer, start: number, at: number): number {
  let point = at
  while (point > start && ((bytes[point] as number) & 0xc0) === 0x80) point--
  return point
}

function cutBytes(reader: WireReader, tally: Tally): AttributeValue {
  const at = reader.at
  if (reader.length() <= valueBytesMax) {
    reader.at = at
    return reader.copy()
  }
  reader.at = at
  return cut(reader, tally)
}
