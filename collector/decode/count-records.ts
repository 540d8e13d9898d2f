import { parseJson } from './json.ts'
import { wire, WireReader } from './wire.ts'

/**
 * How many records a logs request carries, without decoding them: what is refused must be counted exactly. The path is
 * protobuf field numbers: resources, scopes, records.
 */
const logRecordPath = [1, 2, 2] as const

export const countLogRecords = (body: Buffer): number => countAt(new WireReader(body, 0, body.length), logRecordPath)

function countAt(reader: WireReader, path: readonly number[]): number {
  const [field, ...rest] = path
  if (field === undefined) return 1
  let count = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === ((field << 3) | wire.bytes)) count += reader.nested((inner) => countAt(inner, rest))
    else reader.skip(tag)
  }
  return count
}

/** The same over OTLP/JSON. Throws as `parseJson`. */
export const countJsonLogRecords = (body: Buffer): number =>
  lists(parseJson(body.toString('utf8')), 'resourceLogs').flatMap((r) => lists(r, 'scopeLogs')).flatMap((s) => lists(s, 'logRecords')).length

type JsonObject = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function lists(value: unknown, key: string): readonly JsonObject[] {
  const list = isObject(value) ? value[key] : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}
