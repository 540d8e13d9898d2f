import type { LogRecord, SpanRecord } from '#semconv/attributes.ts'
import { logsJsonToProtobuf, tracesJsonToProtobuf } from '../decode/json.ts'
import { decodeLogs } from '../decode/logs.ts'
import { decodeTraces } from '../decode/traces.ts'
import type { Arriving } from '../verify/small-collector.ts'
import type { Payload } from './captures.ts'

/** Spans of a captured request, of which none is rejected. */
export const spansOf = ({ signal, encoding, body }: Payload): readonly SpanRecord[] => {
  if (signal !== 'traces') return []
  const { spans, rejections } = decodeTraces(encoding === 'json' ? tracesJsonToProtobuf(body).bytes : body)
  return noneRejected(spans, rejections)
}

const logsOf = ({ signal, encoding, body }: Payload): readonly LogRecord[] => {
  if (signal !== 'logs') return []
  const { records, rejections } = decodeLogs(encoding === 'json' ? logsJsonToProtobuf(body).bytes : body)
  return noneRejected(records, rejections)
}

/** What a captured request brings: spans, or log records. Metrics are none of a run. */
export const recordsOf = (payload: Payload): readonly Arriving[] => [...spansOf(payload), ...logsOf(payload)]

function noneRejected<Taken>(taken: readonly Taken[], rejections: readonly unknown[]): readonly Taken[] {
  if (rejections.length > 0) throw new Error(`a capture has ${rejections.length} records that are rejected`)
  return taken
}
