/** Mutations of OTLP's protobuf messages, of their bytes and of their trees. Seeded: the same seed makes the same cases. */
import { ProtobufWriter } from './protobuf-writer.ts'
import { Malformed, wire, WireReader } from './wire.ts'

/** Known fields of a message: wire type, what is nested in it, whether it may be repeated. */
export interface Known {
  readonly type: number
  readonly nested?: () => Shape
  readonly repeated?: true
}
export type Shape = ReadonlyMap<number, Known>
const shape = (fields: Readonly<Record<number, number | Known>>): Shape =>
  new Map(Object.entries(fields).map(([field, of]) => [Number(field), typeof of === 'number' ? { type: of } : of]))
const one = (nested: () => Shape): Known => ({ type: wire.bytes, nested })
const many = (nested: () => Shape): Known => ({ type: wire.bytes, nested, repeated: true })

const { varint, fixed64, fixed32, bytes } = wire
const anyValue: Shape = shape({ 1: bytes, 2: varint, 3: varint, 4: fixed64, 5: one(() => arrayValue), 6: one(() => keyValueList), 7: bytes })
const arrayValue = shape({ 1: many(() => anyValue) })
const keyValue = shape({ 1: bytes, 2: one(() => anyValue) })
const keyValueList = shape({ 1: many(() => keyValue) })
/** The envelope of a signal around its records. */
const envelope = (record: Shape): Shape => {
  const scopeRecords = shape({ 1: one(() => scope), 2: many(() => record), 3: bytes })
  const resourceRecords = shape({ 1: one(() => resource), 2: many(() => scopeRecords), 3: bytes })
  return shape({ 1: many(() => resourceRecords) })
}
const resource = shape({ 1: many(() => keyValue), 2: varint })
const scope = shape({ 1: bytes, 2: bytes, 3: many(() => keyValue), 4: varint })

const event = shape({ 1: fixed64, 2: bytes, 3: many(() => keyValue), 4: varint })
const link = shape({ 1: bytes, 2: bytes, 3: bytes, 4: many(() => keyValue), 5: varint, 6: fixed32 })
const spanStatus = shape({ 2: bytes, 3: varint })
const span = shape({
  1: bytes, 2: bytes, 3: bytes, 4: bytes, 5: bytes, 6: varint, 7: fixed64, 8: fixed64, 9: many(() => keyValue), 10: varint, 11: many(() => event), 12: varint,
  13: many(() => link), 14: varint, 15: one(() => spanStatus), 16: fixed32,
})
export const tracesRequest = envelope(span)

const logRecord = shape({
  1: fixed64, 2: varint, 3: bytes, 5: one(() => anyValue), 6: many(() => keyValue), 7: varint, 8: fixed32, 9: bytes, 10: bytes, 11: fixed64, 12: bytes,
})
export const logsRequest = envelope(logRecord)

/** A repeated number, packed: that is how every sender writes it. */
const packed: Known = { type: bytes, repeated: true }
const exemplar = shape({ 2: fixed64, 3: fixed64, 4: bytes, 5: bytes, 6: fixed64, 7: many(() => keyValue) })
const numberPoint = shape({ 2: fixed64, 3: fixed64, 4: fixed64, 5: many(() => exemplar), 6: fixed64, 7: many(() => keyValue), 8: varint })
const histogramPoint = shape({
  2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: packed, 7: packed, 8: many(() => exemplar), 9: many(() => keyValue), 10: varint, 11: fixed64, 12: fixed64,
})
const buckets = shape({ 1: varint, 2: packed })
const exponentialPoint = shape({
  1: many(() => keyValue), 2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: varint, 7: fixed64, 8: one(() => buckets), 9: one(() => buckets), 10: varint,
  11: many(() => exemplar), 12: fixed64, 13: fixed64, 14: fixed64,
})
const quantile = shape({ 1: fixed64, 2: fixed64 })
const summaryPoint = shape({ 2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: many(() => quantile), 7: many(() => keyValue), 8: varint })
const metric = shape({
  1: bytes, 2: bytes, 3: bytes, 5: one(() => shape({ 1: many(() => numberPoint) })), 7: one(() => shape({ 1: many(() => numberPoint), 2: varint, 3: varint })),
  9: one(() => shape({ 1: many(() => histogramPoint), 2: varint })), 10: one(() => shape({ 1: many(() => exponentialPoint), 2: varint })),
  11: one(() => shape({ 1: many(() => summaryPoint) })), 12: many(() => keyValue),
})
export const metricsRequest = envelope(metric)
/** Messages whose fields are arms of one `oneof`: of two, protobufjs and we keep the last, but each merges in its own way. */
const oneofs = new Map<Shape, readonly number[]>([[anyValue, [1, 2, 3, 4, 5, 6, 7]], [metric, [5, 7, 9, 10, 11]], [numberPoint, [4, 6]], [exemplar, [3, 6]]])

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
    const before = known === undefined || known.repeated === true ? [] : fields.filter((field) => field.tag === tag || sameOneof(of, field.tag >>> 3, tag >>> 3))
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

const sameOneof = (of: Shape, field: number, other: number): boolean => (oneofs.get(of) ?? []).includes(field) && (oneofs.get(of) ?? []).includes(other)

/** `undefined` where the bytes do not keep to the request's shape. */
export function parsed(body: Buffer, request: Shape): Field[] | undefined {
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
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
export type Random = (below: number) => number
export const pick = <T>(from: readonly T[], random: Random): T => from[random(from.length)] as T

/** Mutations of bytes: what a broken sender or line does. */
export const ofBytes: readonly ((body: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer)[] = [
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

/** A payload of the corpus with one to three mutations. */
export function mutated(corpus: readonly Buffer[], random: Random, request: Shape): Buffer {
  let body = pick(corpus, random)
  for (let n = random(3); n >= 0; n--) {
    const tree = random(3) === 0 ? undefined : parsed(body, request)
    const all = tree === undefined ? [] : messagesOf(tree).filter((message) => message.length > 0)
    if (tree === undefined || all.length === 0) body = pick(ofBytes, random)(body, random, corpus)
    else {
      pick(ofTree, random)(pick(all, random), random, all)
      body = serialized(tree)
    }
  }
  return body
}
