import type { Attributes, AttributeValue, LogRecord, Resource, Scope } from '#semconv/attributes.ts'
import { readAlone, type RecordRules } from './read-alone.ts'
import {
  fieldsPerSpanMax, findRecords, itemsPerSpanMax, readKeyValue, readValue, type Rejection, type ScopeRecords, skipped, tagOf, Tally, word,
} from './traces.ts'
import { Malformed, wire, WireReader } from './wire.ts'

/** Reason of a log record that is broken inside intact framing. */
export const notLogRecord = 'the log record is not valid protobuf'

const rules: RecordRules<LogRecord> = {
  fieldsMax: fieldsPerSpanMax, tooManyFields: `a log record has at most ${fieldsPerSpanMax} fields and values, nested values included`,
  broken: () => notLogRecord, wrong: wrongIds,
}

export interface DecodedLogs {
  readonly records: readonly LogRecord[]
  /** Records refused, by reason. */
  readonly rejections: readonly Rejection[]
  /** What was stored differently from what was sent, as sentences for the sender. */
  readonly warnings: readonly string[]
}

/**
 * An `ExportLogsServiceRequest`, its records decoded one by one as they are asked for. It fails as `TracesReader` does: broken
 * framing refuses the request, a broken record inside intact framing is rejected alone.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/logs/v1/logs.proto
 */
export class LogsReader {
  readonly #reader: WireReader
  readonly #tally = new Tally('log records')
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

  /** Every record that is taken. To be run through once. */
  *records(): Generator<LogRecord> {
    for (const { resource, scope, starts } of this.#scopes) {
      for (const at of starts) {
        const record = readAlone(this.#reader, at, this.#tally, rules, (r) => readLogRecord(r, resource, scope, this.#tally))
        if (record !== undefined) yield record
      }
    }
  }

  /** Records refused so far, by reason. */
  rejections(): Rejection[] {
    return this.#tally.rejections()
  }

  /** What was stored differently from what was sent so far, as sentences for the sender. */
  warnings(): string[] {
    return this.#tally.warnings(this.#reader)
  }
}

/** All of a request at once. Throws as `LogsReader`. */
export function decodeLogs(body: Buffer): DecodedLogs {
  const reader = new LogsReader(body)
  return { records: [...reader.records()], rejections: reader.rejections(), warnings: reader.warnings() }
}

/** An id may be absent. One of a wrong length is no id: it is most likely another signal's field. */
function wrongIds(record: LogRecord): string {
  if (record.traceId !== '' && record.traceId.length !== 32) return 'trace_id is not 16 bytes'
  if (record.spanId !== '' && record.spanId.length !== 16) return 'span_id is not 8 bytes'
  return ''
}

function readLogRecord(reader: WireReader, resource: Resource, scope: Scope, tally: Tally): LogRecord {
  let timeUnixNano = 0n
  let observedTimeUnixNano = 0n
  let severityNumber = 0
  let severityText = ''
  let body: AttributeValue = null
  const attributes = new Map<string, AttributeValue>()
  let items = 0
  let droppedAttributesCount = 0
  let flags = 0
  let traceId = ''
  let spanId = ''
  let eventName = ''
  while (!reader.done) {
    const tag = reader.tag()
    switch (tag) {
      case tagOf(1, wire.fixed64):
        timeUnixNano = reader.fixed64()
        break
      case tagOf(1, wire.bytes):
        // A span's trace id and a metric's name stand here. Unknown fields are skipped, but this one tells another signal's payload.
        throw new Malformed('field 1 of a log record is a time')
      case tagOf(2, wire.varint):
        severityNumber = reader.uint32()
        break
      case tagOf(3, wire.bytes):
        severityText = word(reader, tally)
        break
      case tagOf(5, wire.bytes):
        body = readValue(reader, 0, tally)
        break
      case tagOf(6, wire.bytes):
        if (++items <= itemsPerSpanMax) readKeyValue(reader, attributes, 0, tally)
        else droppedAttributesCount += skipped(reader, tag)
        break
      case tagOf(7, wire.varint):
        droppedAttributesCount += reader.uint32()
        break
      case tagOf(8, wire.fixed32):
        flags = reader.fixed32()
        break
      case tagOf(9, wire.bytes):
        traceId = idOrNone(reader.hex(tally.traceId))
        break
      case tagOf(10, wire.bytes):
        spanId = idOrNone(reader.hex(tally.spanId))
        break
      case tagOf(11, wire.fixed64):
        observedTimeUnixNano = reader.fixed64()
        break
      case tagOf(12, wire.bytes):
        eventName = word(reader, tally)
        break
      default:
        reader.skip(tag)
    }
  }
  return {
    timeUnixNano, observedTimeUnixNano, severityNumber, severityText, body, attributes: attributes as Attributes,
    droppedAttributesCount: Math.min(droppedAttributesCount, 0xffff_ffff), flags, traceId, spanId, eventName, resource, scope,
  }
}

/** Some SDKs write zeros where there is no span. */
const idOrNone = (hex: string): string => (/^0+$/.test(hex) ? '' : hex)
