/**
 * Mutates captured payloads of all three signals, as protobuf and as JSON, and holds the decoders against protobufjs. Seeded:
 * the same seed gives the same cases.
 *
 *   SECONDS=600 node collector/decode/fuzz.ts                          until then, from a seed that is printed
 *   TARGET=logs SEED=7 CASES=1000 node collector/decode/fuzz.ts        the same cases again
 *
 * What must hold of every case: the decoder answers, or throws `Malformed` or `Refused` and nothing else. Where the bytes keep to
 * the messages' wire types and tell no singular field twice, both decoders say the same, but for our rules: wrong ids are
 * rejected one by one; what is not UTF-8, too long or too deep is kept in part, with a warning; a repeated key is the last one's;
 * a data point that cannot be charted is rejected. What of a JSON request is taken whole, protobufjs makes the same of.
 */
import { globSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Refused } from '../refused.ts'
import { type JsonTarget, jsonTargets, mutatedJson } from './fuzz-json.ts'
import { logsRequest, metricsRequest, mutated, parsed, type Random, randomOf, type Shape, tracesRequest } from './fuzz-mutations.ts'
import { decodeLogs } from './logs.ts'
import { decodeMetrics } from './metrics.ts'
import { decodeMetricsRequest } from './metrics-oracle.ts'
import { decodeLogsRequest, decodeRequest } from './oracle.ts'
import { logsByOurRules, logRecordView, metricsByOurRules, pointView, spansByOurRules, ours } from './oracle-view.ts'
import { decodeTraces, type Rejection } from './traces.ts'
import { Malformed } from './wire.ts'

/** What a decoder made of a body: its records as the oracle would show them. */
interface Decoded {
  readonly records: readonly object[]
  readonly rejections: readonly Rejection[]
  readonly warnings: readonly string[]
}

/** What protobufjs says of it, by our rules: the records that are taken, and how many are not. */
export interface Expected {
  readonly records: readonly object[]
  readonly rejected: number
}

interface Signal {
  readonly request: Shape
  readonly decode: (body: Buffer) => Decoded
  readonly oracle: (body: Buffer) => Expected
}

const signals: Readonly<Record<'traces' | 'logs' | 'metrics', Signal>> = {
  traces: {
    request: tracesRequest, oracle: (body) => spansByOurRules(decodeRequest(body)),
    decode: (body) => (({ spans, ...rest }) => ({ records: spans.map(ours), ...rest }))(decodeTraces(body)),
  },
  logs: {
    request: logsRequest, oracle: (body) => logsByOurRules(decodeLogsRequest(body)),
    decode: (body) => (({ records, ...rest }) => ({ records: records.map(logRecordView), ...rest }))(decodeLogs(body)),
  },
  metrics: {
    request: metricsRequest, oracle: (body) => metricsByOurRules(decodeMetricsRequest(body)),
    decode: (body) => (({ points, ...rest }) => ({ records: points.map(pointView), ...rest }))(decodeMetrics(body)),
  },
}

function attempt<T>(decode: () => T): T | Error {
  try {
    return decode()
  } catch (error) {
    return error as Error
  }
}

/** What is wrong with our answer to this body; '' for nothing. */
function finding(body: Buffer, { request, decode, oracle }: Signal): string {
  const decoded = attempt(() => decode(body))
  if (decoded instanceof Error) return decoded instanceof Malformed || decoded instanceof Refused ? '' : `threw ${decoded.stack}`
  if (parsed(body, request) === undefined) return ''
  const expected = attempt(() => oracle(body))
  if (expected instanceof Error) return decoded.rejections.length + decoded.warnings.length > 0 ? '' : `was accepted, protobufjs says ${expected.message}`
  return decoded.warnings.length > 0 ? '' : difference(decoded, expected)
}

function difference({ records, rejections }: Decoded, expected: Expected): string {
  const rejected = rejections.reduce((sum, rejection) => sum + rejection.count, 0)
  if (records.length !== expected.records.length || rejected !== expected.rejected) {
    return `${records.length} records and ${rejected} rejected (${rejections[0]?.reason}), protobufjs has ${expected.records.length} and ${expected.rejected}`
  }
  for (const [n, theirs] of expected.records.entries()) {
    const mine = records[n] ?? {}
    if (!isDeepStrictEqual(mine, theirs)) return `record ${n} has ${unlike(mine, theirs)}\nprotobufjs has ${unlike(theirs, mine)}`
  }
  return ''
}

/** The fields of one that are others in the other. */
const unlike = (one: object, other: object): string =>
  JSON.stringify(Object.entries(one).filter(([name, value]) => !isDeepStrictEqual(value, new Map(Object.entries(other)).get(name)))).slice(0, 2_000)

/** What is wrong with what we make of this JSON; '' for nothing. */
function jsonFinding(body: Buffer, { convert, oracle, signal }: JsonTarget): string {
  const converted = attempt(() => convert(body))
  if (converted instanceof Error) return converted instanceof Malformed || converted instanceof Refused ? '' : `threw ${converted.stack}`
  const bytes = finding(converted.bytes, signals[signal])
  if (bytes !== '' || converted.rejections.length > 0) return bytes
  const decoded = attempt(() => signals[signal].decode(converted.bytes))
  if (decoded instanceof Error || decoded.warnings.length > 0) return ''
  const theirs = attempt(() => oracle(body))
  if (theirs instanceof Error) return `was accepted, protobufjs says ${theirs.message}`
  const expected = attempt(() => signals[signal].oracle(theirs))
  // Half of a surrogate pair is no character: protobufjs writes what it then cannot read, we U+FFFD.
  return expected instanceof Error ? '' : difference(decoded, expected)
}

/** Payloads larger than this make few cases a second and no other ones. In bytes. */
const payloadBytesMax = 32 * 1024

interface Target {
  readonly corpus: readonly Buffer[]
  readonly mutated: (random: Random) => Buffer
  readonly finding: (body: Buffer) => string
  readonly accepts: (body: Buffer) => boolean
}

export const targetNames = ['traces', 'logs', 'metrics', 'traces json', 'logs json', 'metrics json'] as const
export type TargetName = (typeof targetNames)[number]

function targetOf(name: TargetName): Target {
  const json = name.endsWith(' json')
  const signal = name.replace(' json', '') as keyof typeof signals
  if (json) {
    const target = jsonTargets[signal]
    const corpus = [...payloadsOf(`*.${signal}.json`), ...payloadsOf(`*.${signal}.pb`).map(target.asJson)].filter((body) => body.length <= payloadBytesMax)
    return {
      corpus, mutated: (random) => mutatedJson(corpus, random), finding: (body) => jsonFinding(body, target), accepts: (body) => !(attempt(() => target.convert(body)) instanceof Error),
    }
  }
  const corpus = payloadsOf(`*.${signal}.pb`)
  const { request, decode } = signals[signal]
  return { corpus, mutated: (random) => mutated(corpus, random, request), finding: (body) => finding(body, signals[signal]), accepts: (body) => !(attempt(() => decode(body)) instanceof Error) }
}

function payloadsOf(pattern: string): Buffer[] {
  const files = globSync(`../corpus/*/${pattern}`, { cwd: import.meta.dirname }).sort()
  return files.map((file) => readFileSync(`${import.meta.dirname}/${file}`)).filter((body) => body.length <= payloadBytesMax)
}

export interface Fuzzed {
  readonly cases: number
  /** Cases that the decoder took. */
  readonly accepted: number
}

/** Runs cases of this seed until `done` says so. Throws at the first finding, with what it takes to see it again. */
export function fuzz(name: TargetName, seed: number, done: (cases: number) => boolean): Fuzzed {
  const target = targetOf(name)
  let cases = 0
  let accepted = 0
  for (; !done(cases); cases++) {
    const body = target.mutated(randomOf(seed + cases))
    const found = target.finding(body)
    if (found !== '') throw new Error(`TARGET='${name}' SEED=${seed + cases} CASES=1, ${body.length} bytes (base64 ${body.toString('base64').slice(0, 4_000)}): ${found}`)
    if (target.accepts(body)) accepted++
  }
  return { cases, accepted }
}

const isTarget = (name: string): name is TargetName => (targetNames as readonly string[]).includes(name)

if (import.meta.main) {
  const { TARGET = '', SEED = String(Date.now() % 2 ** 31), SECONDS = '60', CASES = 'Infinity' } = process.env
  const names = isTarget(TARGET) ? [TARGET] : targetNames
  const seconds = Number(SECONDS) / names.length
  for (const name of names) {
    console.log(`${name}, seed ${SEED}`)
    const endMs = performance.now() + seconds * 1000
    console.log(fuzz(name, Number(SEED), (cases) => cases >= Number(CASES) || performance.now() > endMs))
  }
}
