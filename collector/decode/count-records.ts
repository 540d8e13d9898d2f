import { parseJson } from './json.ts'
import { wire, WireReader } from './wire.ts'

/**
 * How many data points a metrics request carries, without decoding them: what is refused must be counted exactly.
 * Paths are protobuf field numbers, the same in both encodings' messages.
 */
const metricPath = [1, 2, 2] as const
/** gauge, sum, histogram, exponential histogram, summary; their data points are field 1. */
const metricDataFields = [5, 7, 9, 10, 11] as const

export const countDataPoints = (body: Buffer): number =>
  countAt(new WireReader(body, 0, body.length), metricPath, (metric) => {
    let points = 0
    while (!metric.done) {
      const tag = metric.tag()
      const isData = metricDataFields.some((field) => tag === ((field << 3) | wire.bytes))
      if (isData) points += metric.nested((data) => countAt(data, [1], () => 1))
      else metric.skip(tag)
    }
    return points
  })

function countAt(reader: WireReader, path: readonly number[], leaf: (reader: WireReader) => number): number {
  const [field, ...rest] = path
  if (field === undefined) return leaf(reader)
  let count = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === ((field << 3) | wire.bytes)) count += reader.nested((inner) => countAt(inner, rest, leaf))
    else reader.skip(tag)
  }
  return count
}

/** The same over OTLP/JSON. Throws as `parseJson`. */
export function countJsonDataPoints(body: Buffer): number {
  const request = parseJson(body.toString('utf8'))
  const found = lists(request, 'resourceMetrics').flatMap((r) => lists(r, 'scopeMetrics')).flatMap((s) => lists(s, 'metrics'))
  return found.reduce((sum, metric) => sum + Object.values(metric).reduce((points: number, data) => points + lists(data, 'dataPoints').length, 0), 0)
}

type JsonObject = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function lists(value: unknown, key: string): readonly JsonObject[] {
  const list = isObject(value) ? value[key] : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}
