/** Mutations of OTLP/JSON, of its text and of its values, and what protobufjs makes of it. */
import { type Converted, logsJsonToProtobuf, parseJson, tracesJsonToProtobuf } from './json.ts'
import { pick, type Random } from './fuzz-mutations.ts'
import { metricsJsonToProtobuf } from './metrics-json.ts'
import { decodeMetricsRequest, encodeMetrics } from './metrics-oracle.ts'
import { decodeLogsRequest, decodeRequest, encodeLogs, encodeRequest } from './oracle.ts'

export interface JsonTarget {
  readonly signal: 'traces' | 'logs' | 'metrics'
  readonly convert: (body: Buffer) => Converted
  /** The same by protobufjs, which knows neither OTLP's hex ids nor integers beyond 2^53 as they stand. */
  readonly oracle: (body: Buffer) => Buffer
  /** A captured payload as OTLP/JSON. */
  readonly asJson: (body: Buffer) => Buffer
}

const asJson = (decoded: unknown): Buffer => Buffer.from(JSON.stringify(decoded, (key, value: unknown) => (key === 'bytesValue' ? Buffer.from(String(value), 'hex').toString('base64') : value)))

export const jsonTargets: Readonly<Record<JsonTarget['signal'], JsonTarget>> = {
  traces: { signal: 'traces', convert: tracesJsonToProtobuf, oracle: (body) => encodeRequest(prepared(body)), asJson: (body) => asJson(decodeRequest(body)) },
  logs: { signal: 'logs', convert: logsJsonToProtobuf, oracle: (body) => encodeLogs(prepared(body)), asJson: (body) => asJson(decodeLogsRequest(body)) },
  metrics: { signal: 'metrics', convert: metricsJsonToProtobuf, oracle: (body) => encodeMetrics(prepared(body)), asJson: (body) => asJson(decodeMetricsRequest(body)) },
}

const idNames: readonly string[] = ['traceId', 'spanId', 'parentSpanId']

const prepared = (body: Buffer): object => prepare('', parseJson(body.toString('utf8'))) as object

/** Numbers of 32 bits, of which a larger one is folded as protobuf does it on the wire; protobufjs saturates or drops it. */
const foldedName = /^(dropped\w*Count|flags)$/
const enumName = /^(kind|code|severityNumber|aggregationTemporality)$/
const isInteger = (value: unknown): value is bigint | number | string => typeof value === 'bigint' || Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value))

/** Ids and bytes as buffers, large integers as text, words for doubles as numbers, and `null` as absent. */
function prepare(name: string, value: unknown): unknown {
  if (idNames.includes(name) && typeof value === 'string') return Buffer.from(value, 'hex')
  if (name === 'bytesValue' && typeof value === 'string') return Buffer.from(value, 'base64')
  if (foldedName.test(name) && isInteger(value)) return Number(BigInt.asUintN(32, BigInt(value)))
  if (enumName.test(name) && isInteger(value)) return Number(BigInt.asIntN(32, BigInt(value)))
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map((item) => prepare('', item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null).map(([key, inner]) => [key, prepare(key, inner)]))
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Every object and array of a value, itself included. */
function holdersOf(value: Json): (Json[] | { [key: string]: Json })[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(holdersOf)]
}

const deep = (levels: number): Json => {
  let value: Json = { stringValue: 'deep' }
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { arrayValue: { values: [value] } } : { kvlistValue: { values: [{ key: 'k', value }] } }
  return value
}

const oddValues: readonly Json[] = [
  null, true, 0, -1, 1.5, 1e300, '', '0', '-1', '18446744073709551615', '9223372036854775808', '12345678901234567890123', 'NaN', 'Infinity', '\ud800', '\u0000', 'zz', [], {}, [[]], [null],
  { stringValue: 'x' }, { intValue: '7' }, { intValue: 7 }, { doubleValue: 'Infinity' }, { doubleValue: '1.5' }, { bytesValue: 'AAE=' }, { boolValue: 'true' }, { unknown: 1 }, { stringValue: null },
]

/** What goes into the text after it was written, because JavaScript's numbers cannot hold it. */
const placeholder = '"@number@"'
const numbers: readonly string[] = ['9007199254740993', '-9007199254740993', '18446744073709551615', '1e999', '-0', '1E2', '123456789012345678901234567890', '0.1e1']

/** Mutations of the value. They change `holder` in place; `all` are those of the whole. */
const ofValue: readonly ((holder: Json[] | { [key: string]: Json }, random: Random, all: readonly (Json[] | { [key: string]: Json })[]) => void)[] = [
  (holder, random) => set(holder, random, pick(oddValues, random)),
  (holder, random) => set(holder, random, '@number@'),
  (holder, random, all) => set(holder, random, structuredClone(pick(all, random))),
  (holder, random) => set(holder, random, deep(random(90))),
  (holder, random) => {
    const key = pick(Object.keys(holder), random)
    if (Array.isArray(holder)) holder.splice(random(holder.length + 1), random(2))
    else delete holder[key]
  },
  (holder, random) => {
    if (Array.isArray(holder)) for (let n = random(200); n > 0 && holder.length > 0; n--) holder.push(structuredClone(pick(holder, random)))
    else holder[pick(['unknown', '__proto__', 'constructor', 'traceid', 'trace_id', 'toString', ''], random)] = pick(oddValues, random)
  },
]

function set(holder: Json[] | { [key: string]: Json }, random: Random, value: Json): void {
  const keys = Object.keys(holder)
  const key = keys.length === 0 ? '0' : pick(keys, random)
  if (Array.isArray(holder)) holder[Number(key)] = value
  else holder[key] = value
}

/** Mutations of the text: what a broken sender or line does. */
const ofText: readonly ((text: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer)[] = [
  (text, random) => text.subarray(0, random(text.length + 1)),
  (text, random) => {
    const copy = Buffer.from(text)
    if (copy.length > 0) copy[random(copy.length)] = pick([...Buffer.from('{}[]",:\\u0019.eE-tfn'), 0, 0xff, 0xc3], random)
    return copy
  },
  (text, random, corpus) => {
    const other = pick(corpus, random)
    return Buffer.concat([text.subarray(0, random(text.length + 1)), other.subarray(random(other.length + 1))])
  },
  (text, random) => Buffer.concat([Buffer.from('['.repeat(random(400))), text]),
  // A name told twice: the last one counts.
  (text) => Buffer.from(text.toString('utf8').replace(/"(\w+)":/, '"$1":0,"$1":')),
  (text) => Buffer.concat([Buffer.from('\ufeff'), text]),
]

/** A payload of the corpus with one to three mutations; one in four of them of its text. */
export function mutatedJson(corpus: readonly Buffer[], random: Random): Buffer {
  let body = pick(corpus, random)
  for (let n = random(3); n >= 0; n--) {
    const value = random(4) === 0 ? undefined : parsedJson(body)
    const all = value === undefined ? [] : holdersOf(value).filter((holder) => Object.keys(holder).length > 0)
    if (value === undefined || all.length === 0) body = pick(ofText, random)(body, random, corpus)
    else {
      pick(ofValue, random)(pick(all, random), random, all)
      body = Buffer.from(JSON.stringify(value).replaceAll(placeholder, () => pick(numbers, random)))
    }
  }
  return body
}

function parsedJson(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch {
    // Mutated before, and no JSON any more.
    return undefined
  }
}
