import { logsJsonToProtobuf, tracesJsonToProtobuf } from '../decode/json.ts'
import { decodeLogs } from '../decode/logs.ts'
import { decodeTraces } from '../decode/traces.ts'
import type { Arriving } from '../verify/small-collector.ts'
import type { Payload } from './captures.ts'

/** What a captured request brings: spans, or log records. Metrics are none of a run. */
export const recordsOf = ({ signal, encoding, body }: Payload): readonly Arriving[] => {
  switch (signal) {
    case 'traces': return decodeTraces(encoding === 'json' ? tracesJsonToProtobuf(body).bytes : body).spans
    case 'logs': return decodeLogs(encoding === 'json' ? logsJsonToProtobuf(body).bytes : body).records
    case 'metrics': return []
  }
}
