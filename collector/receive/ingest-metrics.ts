import type { IngestAccountRow } from '#clickhouse/tables/ingest-account.ts'
import type { MetricPoint } from '#semconv/metric.ts'
import { dataPointKey } from '../account/known-records.ts'
import { MetricsReader } from '../decode/metrics.ts'
import { convertMetrics } from '../decode/metrics-json.ts'
import type { Rejection } from '../decode/traces.ts'
import { deriveMetric } from '../derive/derive-metric.ts'
import { frameBytesMax, FrameFull, FrameWriter } from '../spool/frame.ts'
import type { Encoding, IngestOptions } from './ingest.ts'
import { inTurns, type Turn } from './turns.ts'

/** A metrics request, decoded and derived: what is to be made durable. */
export interface UnderstoodMetrics {
  readonly accepted: number
  /** What the frame says of the request. */
  readonly accounted: readonly IngestAccountRow[]
  /** `undefined` where nothing is to be stored. */
  readonly frame: Buffer | undefined
  readonly rejections: readonly Rejection[]
  readonly warnings: readonly string[]
}

/**
 * Gives the turn back. Throws `Malformed` or `Refused` where the whole request is not taken. `claims` grows by the keys of points that nobody brought
 * before, also where it ends in an error.
 */
export async function understandMetrics(
  turn: Turn, body: Buffer, encoding: Encoding, options: IngestOptions, client: string, claims: number[],
): Promise<UnderstoodMetrics> {
  try {
    const converted = encoding === 'json' ? await inTurns(convertMetrics(body), turn) : { bytes: body, rejections: [] }
    const reader = new MetricsReader(converted.bytes)
    const receivedAt = options.nowNano()
    const frame = new FrameWriter()
    const rejections: Rejection[] = [...converted.rejections]
    let accepted = 0
    for (const point of reader.points()) {
      if (turn.due()) await turn.next()
      // A nanosecond apart: of the same point twice in one request the later one is the newer version.
      const one = deriveOne(point, receivedAt + BigInt(accepted), frame, options)
      if (typeof one !== 'string') {
        rejections.push(one)
        continue
      }
      accepted++
      const key = dataPointKey(one, point)
      if (options.known.dataPoints.claim(key)) claims.push(key)
    }
    rejections.push(...reader.rejections())
    const accounted = options.account.add(frame, { signal: 'metrics', client, stored: claims.length, deduplicated: accepted - claims.length, rejections, at: receivedAt })
    return { accepted, frame: frame.empty ? undefined : frame.finish(), accounted, rejections, warnings: reader.warnings() }
  } finally {
    turn.give()
  }
}

const tooManyRowBytes = `the data points of a request, each with its resource, take at most ${frameBytesMax} bytes as rows, send smaller batches`

/** The point's stream. A point that our own code stumbles over is refused alone; its neighbours are not lost with it. */
function deriveOne(point: MetricPoint, receivedAt: bigint, frame: FrameWriter, options: IngestOptions): string | Rejection {
  try {
    return frame.attempt(() => deriveMetric(point, options, receivedAt, frame))
  } catch (error) {
    if (error instanceof FrameFull) return { reason: tooManyRowBytes, count: 1 }
    options.log.error('a data point could not be understood and was rejected', { metric: point.metric.name, error })
    return { reason: 'the data point could not be understood', count: 1 }
  }
}
