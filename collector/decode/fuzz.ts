/**
 * Mutates captured payloads and holds the decoder against protobufjs. Seeded: the same seed gives the same cases.
 *
 *   SECONDS=600 node collector/decode/fuzz.ts          until then, from a seed that is printed
 *   SEED=7 CASES=1000 node collector/decode/fuzz.ts    the same cases again
 *
 * What must hold of every case: the decoder answers, or throws `Malformed` or `Refused` and nothing else. Where the bytes keep to
 * the messages' wire types and tell no singular field twice (protobufjs merges, with us the last counts), both decoders say the
 * same, but for our rules: wrong ids are rejected one by one; what is not UTF-8, too long or too deep is kept in part, with a
 * warning; a repeated key is the last one's.
 */
import { globSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Refused } from '../refused.ts'
import { decodeRequest, type OracleKeyValue, type OracleRequest, type OracleSpan, type OracleValue } from './oracle.ts'
import { ours, same } from './oracle-view.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { type DecodedTraces, decodeTraces } from './traces.ts'
import { Malformed, wire, WireReader } from './wire.ts'

/** Known fields of a message: wire type, what is nested in it, whether it may be repeated. */
interface Known {
  readonly type: number
  readonly nested?: () => Shape
  readonly repeated?: true
}
type Shape = ReadonlyMap<number, Known>
const shape = (fields: Readonly<Record<number, number | Known>>): Shape =>
  new Map(Object.entries(fields).map(([field, of]) => [Number(field), typeof of === 'number' ? { type: of } : of]))
const one = (nested: () => Shape): Known => ({ type: wire.bytes, nested })
const many = (nested: () => Shape): Known => ({ type: wire.bytes, nested, repeated: true })

const { varint, fixed64, fixed32, bytes } = wire
const anyValue: Shape = shape({ 1: bytes, 2: varint, 3: varint, 4: fixed64, 5: one(() => arrayValue), 6: one(() => keyValueList), 7: bytes })
const arrayValue = shape({ 1: many(() => anyValue) })
const keyValue = shape({ 1: bytes, 2: one(() => anyValue) })
const keyValueList = shape({ 1: many(() => keyValue) })
const event = shape({ 1: fixed64, 2: bytes, 3: many(() => keyValue), 4: varint })
const link = shape({ 1: bytes, 2: bytes, 3: bytes, 4: many(() => keyValue), 5: varint, 6: fixed32 })
const spanStatus = shape({ 2: bytes, 3: varint })
const span = shape({
  1: bytes, 2: bytes, 3: bytes, 4: bytes, 5: bytes, 6: varint, 7: fixed64, 8: fixed64, 9: many(() => keyValue), 10: varint, 11: many(() => event), 12: varint,
  13: many(() => link), 14: varint, 15: one(() => spanStatus), 16: fixed32,
})
const scope = shape({ 1: bytes, 2: bytes, 3: many(() => keyValue), 4: varint })
const scopeSpans = shape({ 1: one(() => scope), 2: many(() => span), 3: bytes })
const resource = shape({ 1: many(() => keyValue), 2: varint })
const resourceSpans = shape({ 1: one(() => resource), 2: many(() => scopeSpans), 3: bytes })
const request = shape({ 1: many(() => resourceSpans) })

/** A field: the bytes behind its tag, or the fields of the message in it. */
interface Field {
  readonly tag: number
  readonly content: Buffer | Field[]
}

/** The bytes as fields, or `undefined` where they do not keep to `of`: a wrong wire type, broken framing, a group, a field or arm told twice. */
function parse(reader: WireReader, of: Shape): Field[] | undefined {
  const fields: Field[] = []
  while (!reader.done) {
    const tag = reader.tag()
    const known = of.get(tag >>> 3)
    if (known !== undefined && known.type !== (tag & 7)) return undefined
    const before = known === undefined || known.repeated === true ? [] : fields.filter((field) => field.tag === tag || of === anyValue)
    if (before.length > 0) return undefined
    const start = reader.at
    if (known?.nested === undefined) {
      reader.skip(tag)
      fields.push({ tag, content: reader.bytes.subarray(start, reader.at) })
    } else {
      const { nested } = known
      const content = reader.nested((inner) => parse(inner, nested()))
      if (content === undefined) return undefined
      fields.push({ tag, content })
    }
  }
  return fields
}

function parsed(body: Buffer): Field[] | undefined {
  try {
    return parse(new WireReader(body, 0, body.length), request)
  } catch (error) {
    // The stack of this parser, which unlike the decoder has no bound of depth, may be what ends.
    if (error instanceof Malformed || error instanceof RangeError) return undefined
    throw error
  }
}

function lengthBefore(content: Buffer): Buffer {
  const writer = new ProtobufWriter()
  writer.bytes(0, content)
  return Buffer.from(writer.finish().subarray(1))
}
function tagBytes(tag: number): Buffer {
  const found: number[] = []
  for (let rest = tag; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...found, rest])
    found.push((rest & 0x7f) | 0x80)
  }
}
const serialized = (fields: readonly Field[]): Buffer =>
  Buffer.concat(fields.flatMap(({ tag, content }) => [tagBytes(tag), Buffer.isBuffer(content) ? content : lengthBefore(serialized(content))]))

/** Mulberry32: small, seeded, good enough to choose with. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
type Random = (below: number) => number
const pick = <T>(from: readonly T[], random: Random): T => from[random(from.length)] as T

/** Mutations of bytes: what a broken sender or line does. */
const ofBytes: readonly ((body: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer)[] = [
  (body, random) => body.subarray(0, random(body.length + 1)),
  (body, random) => {
    const copy = Buffer.from(body)
    for (let n = random(8); n >= 0 && copy.length > 0; n--) {
      const at = random(copy.length)
      copy[at] = (copy[at] as number) ^ (1 << random(8))
    }
    return copy
  },
  (body, random, corpus) => {
    const other = pick(corpus, random)
    return Buffer.concat([body.subarray(0, random(body.length + 1)), other.subarray(random(other.length + 1))])
  },
  (body, random, corpus) => Buffer.concat([body, pick(corpus, random)]),
  // A length, or whatever stands there, that lies.
  (body, random) => Buffer.concat([body.subarray(0, random(body.length)), pick([[0], [0x7f], [0xff, 0xff, 0x03], [0xff, 0xff, 0xff, 0xff, 0x0f], Array.from({ length: 11 }, () => 0xff)].map((one) => Buffer.from(one)), random), body.subarray(random(body.length))]),
]

/** Every message of the tree, the request itself included. */
const messagesOf = (fields: Field[]): Field[][] => [fields, ...fields.flatMap(({ content }) => (Buffer.isBuffer(content) ? [] : messagesOf(content)))]

/** What is put into a message may be what holds it. */
const copyOf = ({ tag, content }: Field): Field => ({ tag, content: Buffer.isBuffer(content) ? content : content.map(copyOf) })

const deep = (levels: number): Field => ({ tag: (5 << 3) | bytes, content: [{ tag: (1 << 3) | bytes, content: levels === 0 ? [] : [deep(levels - 1)] }] })

/** Mutations of the tree: its lengths stay true, so that they reach what stands deeper. They change `message` in place. */
const ofTree: readonly ((message: Field[], random: Random, all: readonly Field[][]) => void)[] = [
  (message, random) => void message.splice(random(message.length), 1),
  (message, random) => void message.splice(random(message.length + 1), 0, pick(message, random)),
  (message, random, all) => void message.splice(random(message.length + 1), 0, copyOf(pick(pick(all, random), random))),
  (message, random) => void message.reverse().splice(0, random(2)),
  (message, random) => {
    for (let n = random(300); n > 0; n--) message.push(pick(message, random))
  },
  (message, random) => void message.push({ tag: (9 << 3) | bytes, content: [{ tag: (2 << 3) | bytes, content: [deep(random(80))] }] }),
  (message, random) => void message.push({ tag: ((17 + random(2_000)) << 3) | bytes, content: lengthBefore(Buffer.alloc(random(300), random(256))) }),
  (message, random) => {
    const at = random(message.length)
    const field = message[at]
    if (field !== undefined && (field.tag & 7) === varint) message[at] = { tag: field.tag, content: pick([[0], [1], [0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0x0f], [...Array.from({ length: 9 }, () => 0xff), 1]].map((one) => Buffer.from(one)), random) }
    if (field !== undefined && (field.tag & 7) === bytes) message[at] = { tag: field.tag, content: lengthBefore(Buffer.from(Array.from({ length: random(40) }, () => random(256)))) }
  },
]

function mutated(corpus: readonly Buffer[], random: Random): Buffer {
  let body = pick(corpus, random)
  for (let n = random(3); n >= 0; n--) {
    const tree = random(3) === 0 ? undefined : parsed(body)
    const all = tree === undefined ? [] : messagesOf(tree).filter((message) => message.length > 0)
    if (tree === undefined || all.length === 0) body = pick(ofBytes, random)(body, random, corpus)
    else {
      pick(ofTree, random)(pick(all, random), random, all)
      body = serialized(tree)
    }
  }
  return body
}

const keysOnce = (list: readonly OracleKeyValue[] | undefined): OracleKeyValue[] =>
  [...new Map((list ?? []).map((kv) => [kv.key ?? '', kv.value ?? {}]))].map(([key, of]) => ({ key, value: valueOnce(of) }))
function valueOnce(of: OracleValue): OracleValue {
  if (of.arrayValue !== undefined) return { arrayValue: { values: (of.arrayValue.values ?? []).map(valueOnce) } }
  return of.kvlistValue === undefined ? of : { kvlistValue: { values: keysOnce(of.kvlistValue.values) } }
}
const isId = (id: string | undefined, characters: number): boolean => id?.length === characters && !/^0+$/.test(id)
const rightIds = (one: OracleSpan): boolean =>
  isId(one.traceId, 32) && isId(one.spanId, 16) && ((one.parentSpanId ?? '') === '' || one.parentSpanId?.length === 16)
const unsigned = (n: number | undefined): number => (n ?? 0) >>> 0

/** An oracle's span as we would have it. */
const byOurRules = (one: OracleSpan): object => same({
  ...one, kind: unsigned(one.kind), parentSpanId: /^0+$/.test(one.parentSpanId ?? '') ? '' : (one.parentSpanId ?? ''), attributes: keysOnce(one.attributes),
  status: { message: one.status?.message ?? '', code: unsigned(one.status?.code) },
  events: (one.events ?? []).map((e) => ({ ...e, attributes: keysOnce(e.attributes) })), links: (one.links ?? []).map((l) => ({ ...l, attributes: keysOnce(l.attributes) })),
})

function attempt<T>(decode: () => T): T | Error {
  try {
    return decode()
  } catch (error) {
    return error as Error
  }
}

/** What is wrong with our answer to this body; '' for nothing. */
export function finding(body: Buffer): string {
  const decoded = attempt(() => decodeTraces(body))
  if (decoded instanceof Error) return decoded instanceof Malformed || decoded instanceof Refused ? '' : `threw ${decoded.stack}`
  if (parsed(body) === undefined) return ''
  const oracle = attempt(() => decodeRequest(body))
  if (oracle instanceof Error) return decoded.rejections.length + decoded.warnings.length > 0 ? '' : `was accepted, protobufjs says ${oracle.message}`
  return decoded.warnings.length > 0 ? '' : difference(decoded, oracle)
}

function difference({ spans, rejections }: DecodedTraces, oracle: OracleRequest): string {
  const all = (oracle.resourceSpans ?? []).flatMap((rs) => (rs.scopeSpans ?? []).flatMap((ss) => ss.spans ?? []))
  const right = all.filter(rightIds)
  const rejected = rejections.reduce((sum, rejection) => sum + rejection.count, 0)
  if (spans.length !== right.length || rejected !== all.length - right.length) {
    return `${spans.length} spans and ${rejected} rejected (${rejections[0]?.reason}), protobufjs has ${right.length} and ${all.length - right.length}`
  }
  for (const [n, one] of right.entries()) {
    const record = spans[n]
    if (record === undefined) continue
    const [mine, theirs] = [ours(record), byOurRules(one)]
    if (!isDeepStrictEqual(mine, theirs)) return `span ${n} is ${JSON.stringify(mine).slice(0, 2_000)}\nprotobufjs has ${JSON.stringify(theirs).slice(0, 2_000)}`
  }
  return ''
}

/** Payloads larger than this make few cases a second and no other ones. In bytes. */
const payloadBytesMax = 32 * 1024

export interface Fuzzed {
  readonly cases: number
  /** Cases that both decoders took. */
  readonly accepted: number
}

/** Runs cases of this seed until `done` says so. Throws at the first finding, with what it takes to see it again. */
export function fuzz(seed: number, done: (cases: number) => boolean): Fuzzed {
  const files = globSync('../corpus/*/*.traces.pb', { cwd: import.meta.dirname }).sort()
  const corpus = files.map((file) => readFileSync(`${import.meta.dirname}/${file}`)).filter((body) => body.length <= payloadBytesMax)
  let cases = 0
  let accepted = 0
  for (; !done(cases); cases++) {
    const body = mutated(corpus, randomOf(seed + cases))
    const found = finding(body)
    if (found !== '') throw new Error(`SEED=${seed + cases} CASES=1, ${body.length} bytes (base64 ${body.toString('base64').slice(0, 4_000)}): ${found}`)
    if (!(attempt(() => decodeTraces(body)) instanceof Error)) accepted++
  }
  return { cases, accepted }
}

if (import.meta.main) {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  const endMs = performance.now() + Number(process.env['SECONDS'] ?? 60) * 1000
  const casesMax = Number(process.env['CASES'] ?? Infinity)
  console.log(`seed ${seed}`)
  console.log(fuzz(seed, (cases) => cases >= casesMax || performance.now() > endMs))
}
