import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeyValueList } from '#semconv/attributes.ts'
import { tracesJsonToProtobuf } from './json.ts'
import { decodeRequest, encodeRequest, type OracleValue } from './oracle.ts'
import { attributes, normal, ours, same, value } from './oracle-view.ts'
import { decodeTraces, fieldsPerSpanMax, messageBytesMax, nameBytesMax, spansPerRequestMax, tooDeep, TracesReader, valueBytesMax, valueDepthMax } from './traces.ts'
import { fieldsPerRequestMax, Malformed, TooManyFields } from './wire.ts'

const corpus = globSync('../corpus/*/*.traces.pb', { cwd: import.meta.dirname }).map((file) => `${import.meta.dirname}/${file}`).sort()
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const span = (fields: object): object => ({ traceId: Buffer.from(traceId, 'hex'), spanId: Buffer.from(spanId, 'hex'), name: 'chat', ...fields })
const request = (...spans: object[]): Buffer => encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] })

test('real payloads decode to what protobufjs says', () => {
  assert.ok(corpus.length >= 5)
  for (const file of corpus) {
    const bytes = readFileSync(file)
    const decoded = decodeTraces(bytes)
    const oracle = (decodeRequest(bytes).resourceSpans ?? []).flatMap((rs) => (rs.scopeSpans ?? []).flatMap((ss) => (ss.spans ?? []).map((s) => ({
      span: same(s), scope: ss.scope?.name ?? '', resource: normal(rs.resource?.attributes) }))))
    assert.deepEqual(decoded.rejections, [], file)
    assert.deepEqual(decoded.spans.map((s) => ({ span: ours(s), scope: s.scope.name, resource: normal(attributes(s.resource.attributes)) })), oracle, file)
  }
})

test('a resource and a scope that stand in many requests are one object in each', () => {
  const sent = (service: string): Buffer => encodeRequest({
    resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeSpans: [{ scope: { name: 'agent', version: '1' }, spans: [span({})] }] }],
  })
  const [first, again, other] = [sent('till'), sent('till'), sent('shop')].map((bytes) => decodeTraces(bytes).spans[0])
  assert.equal(again?.resource, first?.resource)
  assert.equal(again?.scope, first?.scope)
  assert.notEqual(other?.resource, first?.resource)
  assert.deepEqual([first, other].map((one) => one?.resource.attributes.get('service.name')), ['till', 'shop'])
})

test('every prefix of a real payload is refused as malformed or read as far as it is whole', () => {
  const bytes = readFileSync(corpus[0] as string)
  const whole = decodeTraces(bytes).spans.length
  let read = 0
  for (let length = 0; length < bytes.length; length += length < 2000 ? 1 : 37) {
    try {
      read = Math.max(read, decodeTraces(Buffer.from(bytes.subarray(0, length))).spans.length)
    } catch (error) {
      assert.ok(error instanceof Malformed, String(error))
    }
  }
  assert.ok(read <= whole)
})

test('flipped, cut and spliced bytes never do anything but be refused or read', () => {
  const payloads = corpus.slice(0, 6).map((file) => readFileSync(file))
  fc.assert(fc.property(
    fc.nat(payloads.length - 1), fc.nat(payloads.length - 1), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(), fc.nat(),
    (a, b, flips, from, to) => {
      const left = payloads[a] as Buffer
      const right = payloads[b] as Buffer
      const bytes = Buffer.concat([left.subarray(0, from % left.length), right.subarray(to % right.length)])
      for (const [at, byte] of flips) if (bytes.length > 0) bytes[at % bytes.length] = byte
      try {
        decodeTraces(bytes)
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error))
      }
    }), { numRuns: 400 })
})

test('a broken span inside intact framing is rejected alone', () => {
  const good = request(span({}))
  // Resource 1, scope 2, span 2: a span of three bytes whose only field claims forty.
  const broken = Buffer.from([0x0a, 0x07, 0x12, 0x05, 0x12, 0x03, 0x0a, 0x28, 0x01])
  const decoded = decodeTraces(Buffer.concat([good, broken, good]))
  assert.equal(decoded.spans.length, 2)
  assert.deepEqual(decoded.rejections, [{ reason: 'the span is not valid protobuf', count: 1 }])
})

test('broken framing of a resource or scope refuses the request', () => {
  assert.throws(() => decodeTraces(Buffer.from([0x0a, 0x05, 0x12, 0x09, 0x00])), Malformed)
  assert.throws(() => decodeTraces(Buffer.from([0x0b])), Malformed, 'a group')
  assert.throws(() => decodeTraces(Buffer.from([0x02, 0x00])), Malformed, 'field 0')
})

const idCases: readonly (readonly [string, object, string])[] = [
  ['no trace id', { traceId: Buffer.alloc(0) }, 'trace_id is not 16 bytes'],
  ['a short trace id', { traceId: Buffer.alloc(8, 1) }, 'trace_id is not 16 bytes'],
  ['a long trace id', { traceId: Buffer.alloc(17, 1) }, 'trace_id is not 16 bytes'],
  ['a zero trace id', { traceId: Buffer.alloc(16) }, 'trace_id is all zeros'],
  ['a short span id', { spanId: Buffer.alloc(4, 1) }, 'span_id is not 8 bytes'],
  ['a zero span id', { spanId: Buffer.alloc(8) }, 'span_id is all zeros'],
  ['a short parent', { parentSpanId: Buffer.alloc(4, 1) }, 'parent_span_id is not 8 bytes'],
]
for (const [what, fields, reason] of idCases) {
  test(`${what} rejects that span and no other`, () => {
    const decoded = decodeTraces(request(span({}), span(fields), span({})))
    assert.equal(decoded.spans.length, 2)
    assert.deepEqual(decoded.rejections, [{ reason, count: 1 }])
  })
}

test('an absent or zero parent is a root', () => {
  const decoded = decodeTraces(request(span({}), span({ parentSpanId: Buffer.alloc(8) })))
  assert.deepEqual(decoded.spans.map((s) => s.parentSpanId), ['', ''])
})

const deep = (levels: number): object => (levels === 0 ? { stringValue: 'end' } : { arrayValue: { values: [deep(levels - 1)] } })

test('values nested too deep are cut, their neighbours kept', () => {
  const decoded = decodeTraces(request(span({ attributes: [{ key: 'deep', value: deep(40) }, { key: 'flat', value: { intValue: 7 } }] })))
  let value = decoded.spans[0]?.attributes.get('deep')
  for (let i = 1; i < valueDepthMax; i++) {
    assert.ok(Array.isArray(value))
    value = value[0]
  }
  assert.equal(value, tooDeep)
  assert.equal(decoded.spans[0]?.attributes.get('flat'), 7n)
  assert.equal(decoded.warnings.length, 1)
})

test('a value over the bound keeps its beginning, its length and its hash, and no half character', () => {
  const long = '€'.repeat(valueBytesMax / 3 + 10)
  const decoded = decodeTraces(request(span({ attributes: [{ key: 'long', value: { stringValue: long } }] })))
  const stored = decoded.spans[0]?.attributes.get('long')
  assert.ok(typeof stored === 'string')
  assert.match(stored, /^€+\[spanledger: cut, \d+ bytes, sha256 [0-9a-f]{64}\]$/)
  assert.ok(Buffer.byteLength(stored) < valueBytesMax + 200)
})

test('bytes that are no UTF-8 become U+FFFD and are told', () => {
  const bytes = request(span({ attributes: [{ key: 'k', value: { stringValue: 'aXb' } }] }))
  bytes[bytes.lastIndexOf('X')] = 0xff
  const decoded = decodeTraces(bytes)
  assert.equal(decoded.spans[0]?.attributes.get('k'), 'a\ufffdb')
  assert.equal(decoded.warnings.length, 1)
})

test('a replacement character that was sent as such is no repair', () => {
  assert.deepEqual(decodeTraces(request(span({ attributes: [{ key: 'k', value: { stringValue: 'a\ufffdb' } }] }))).warnings, [])
})

test('more spans than a request may carry are counted, not decoded', () => {
  const empty = Buffer.alloc(2 * (spansPerRequestMax + 5))
  for (let i = 0; i < empty.length; i += 2) empty[i] = 0x12
  const scope = Buffer.concat([Buffer.from([0x12]), varint(empty.length), empty])
  const decoded = decodeTraces(Buffer.concat([Buffer.from([0x0a]), varint(scope.length), scope]))
  assert.equal(decoded.spans.length, 0)
  assert.deepEqual(decoded.rejections.map((r) => r.count), [5, spansPerRequestMax])
})
const varint = (n: number): Buffer => (n < 0x80 ? Buffer.from([n]) : Buffer.concat([Buffer.from([(n & 0x7f) | 0x80]), varint(n >>> 7)]))

test('64-bit integers survive, from both encodings and both JSON spellings', () => {
  const big = '9007199254740993'
  const json = (intValue: string): Buffer => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${traceId.toUpperCase()}","spanId":"${spanId}",
    "startTimeUnixNano":"1763683200123456789","attributes":[{"key":"n","value":{"intValue":${intValue}}}]}]}]}]}`)
  for (const body of [json(`"${big}"`), json(big)]) {
    const [decoded] = decodeTraces(tracesJsonToProtobuf(body).bytes).spans
    assert.equal(decoded?.attributes.get('n'), 9007199254740993n)
    assert.equal(decoded?.startTimeUnixNano, 1763683200123456789n)
    assert.equal(decoded?.traceId, traceId)
  }
  for (const n of [-1n, -(1n << 63n), (1n << 63n) - 1n, 0n, 1n << 49n]) {
    const decoded = decodeTraces(request(span({ attributes: [{ key: 'n', value: { intValue: String(n) } }] })))
    assert.equal(decoded.spans[0]?.attributes.get('n'), n)
  }
})

const jsonValue = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 },
    fc.string({ unit: 'binary' }).map((stringValue) => ({ stringValue: stringValue.toWellFormed() })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map((n) => ({ intValue: String(n) })),
    fc.double({ noNaN: true }).map((n) => ({ doubleValue: Number.isFinite(n) ? n : String(n) })),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((values) => ({ kvlistValue: { values: values.map(([key, v]) => ({ key, value: v })) } }))),
})).value

test('JSON and protobuf of the same attributes decode alike', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.string(), jsonValue), { maxLength: 5 }), (list) => {
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, spanId, attributes: list.map(([key, v]) => ({ key, value: v })) }] }] }] }
    const fromJson = decodeTraces(tracesJsonToProtobuf(Buffer.from(JSON.stringify(body))).bytes)
    const oracle = decodeRequest(tracesJsonToProtobuf(Buffer.from(JSON.stringify(body))).bytes)
    const expected = new Map((oracle.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.attributes ?? []).map((kv) => [kv.key ?? '', kv.value]))
    assert.deepEqual([...(fromJson.spans[0]?.attributes.keys() ?? [])].sort(), [...expected.keys()].sort())
    for (const [key, v] of fromJson.spans[0]?.attributes ?? []) assert.deepEqual(uniqueKeys(value(v)), uniqueKeys(expected.get(key) ?? {}))
  }), { numRuns: 200 })
})
/** A repeated key in a list: last one wins with us, protobufjs keeps both. */
const uniqueKeys = (v: OracleValue): OracleValue => {
  if (v.arrayValue !== undefined) return { arrayValue: { values: (v.arrayValue.values ?? []).map(uniqueKeys) } }
  if (v.kvlistValue === undefined) return v
  const entries = new Map((v.kvlistValue.values ?? []).map((kv) => [kv.key ?? '', uniqueKeys(kv.value ?? {})]))
  return { kvlistValue: { values: [...entries].map(([key, inner]) => ({ key, value: inner })) } }
}

const badJson: readonly (readonly [string, string])[] = [
  ['not JSON', '{'], ['an array', '[]'], ['resourceSpans no array', '{"resourceSpans":{}}'], ['a scope that is a string', '{"resourceSpans":[{"scopeSpans":["x"]}]}'],
  ['brackets without end', '['.repeat(100_000)],
]
for (const [what, body] of badJson) test(`JSON: ${what} refuses the request`, () => assert.throws(() => tracesJsonToProtobuf(Buffer.from(body)), Malformed))

const badSpans: readonly (readonly [string, string, string])[] = [
  ['an odd id', '"traceId":"abc"', 'traceId is not hex'], ['an enum by name', '"kind":"SPAN_KIND_SERVER"', 'kind must be an integer, not a name'],
  ['attributes no array', '"attributes":5', 'attributes is not an array'], ['a boolean as text', '"attributes":[{"key":"a","value":{"boolValue":"x"}}]', 'boolValue is not a boolean'],
]
for (const [what, field, reason] of badSpans) {
  test(`JSON: ${what} rejects that span alone`, () => {
    const good = `{"traceId":"${traceId}","spanId":"${spanId}"}`
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${good},{${field},"spanId":"${spanId}"},${good}]}]}]}`
    const converted = tracesJsonToProtobuf(Buffer.from(body))
    assert.deepEqual(converted.rejections, [{ reason, count: 1 }])
    assert.equal(decodeTraces(converted.bytes).spans.length, 2)
  })
}

test('an empty request is fine in both encodings', () => {
  assert.deepEqual(decodeTraces(Buffer.alloc(0)).spans, [])
  assert.deepEqual(decodeTraces(tracesJsonToProtobuf(Buffer.from('{}')).bytes).spans, [])
  assert.deepEqual(decodeTraces(tracesJsonToProtobuf(Buffer.from('{"resourceSpans":[{}],"unknown":1}')).bytes).spans, [])
})

/** A length-delimited field of `field`, and one with nothing in it `count` times. */
const field = (number: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body])
}
const empties = (number: number, count: number): Buffer => {
  const bytes = Buffer.alloc(count * 2)
  for (let i = 0; i < bytes.length; i += 2) bytes[i] = (number << 3) | 2
  return bytes
}
const spanBytes = (...parts: Buffer[]): Buffer => field(2, field(1, Buffer.from(traceId, 'hex')), field(2, Buffer.from(spanId, 'hex')), ...parts)
const requestBytes = (...spans: Buffer[]): Buffer => field(1, field(2, ...spans))
const attribute = (...anyValue: Buffer[]): Buffer => field(9, field(1, Buffer.from('k')), field(2, ...anyValue))
const tooManyOfSpan = `a span has at most ${fieldsPerSpanMax} fields and values, those of its events and nested values included`

const floods: readonly (readonly [string, Buffer])[] = [
  ['values of an array', attribute(field(5, empties(1, fieldsPerSpanMax)))], ['attributes', empties(9, fieldsPerSpanMax)], ['events', empties(11, fieldsPerSpanMax)],
  ['attributes of an event', field(11, empties(3, fieldsPerSpanMax))], ['attributes of a link', field(13, empties(4, fieldsPerSpanMax))],
  ['fields nobody knows', empties(14, fieldsPerSpanMax)], ['values behind each other', attribute(empties(5, fieldsPerSpanMax))],
]
for (const [what, flood] of floods) {
  test(`a span with too many ${what} is rejected alone`, () => {
    const decoded = decodeTraces(requestBytes(spanBytes(), spanBytes(flood), spanBytes()))
    assert.equal(decoded.spans.length, 2)
    assert.deepEqual(decoded.rejections, [{ reason: tooManyOfSpan, count: 1 }])
  })
}

test('a request with too many fields in its spans keeps its beginning, one with too many around them is refused', () => {
  const large = spanBytes(attribute(field(5, empties(1, fieldsPerSpanMax - 10))))
  const count = fieldsPerRequestMax / fieldsPerSpanMax + 5
  const decoded = decodeTraces(requestBytes(...Array.from({ length: count }, () => large), spanBytes()))
  assert.equal(decoded.spans.length, count - 5)
  assert.deepEqual(decoded.rejections, [{ reason: new TooManyFields().message, count: 6 }])
  for (const body of [empties(1, fieldsPerRequestMax + 1), field(1, empties(1, fieldsPerRequestMax + 1)), field(1, field(1, empties(1, fieldsPerRequestMax + 1)))]) {
    assert.throws(() => decodeTraces(body), TooManyFields)
  }
})

test('JSON: what is nested beyond any value that is kept is cut, as in protobuf, and costs nobody else', () => {
  const good = `{"traceId":"${traceId}","spanId":"${spanId}","attributes":[{"key":"a","value":{"stringValue":"]}"}}]}`
  const deepValue = `${'{"arrayValue":{"values":['.repeat(5_000)}{"stringValue":"[\\"{"}${']}}'.repeat(5_000)}`
  const deepList = `${'{"kvlistValue":{"values":[{"key":"k","value":'.repeat(500)}{"intValue":9007199254740993}${'}]}}'.repeat(500)}`
  for (const value of [deepValue, deepList]) {
    const bad = `{"traceId":"${traceId}","spanId":"${spanId}","attributes":[{"key":"deep","value":${value}},{"key":"b","value":{"intValue":"7"}}],"unknown":${'['.repeat(300)}${']'.repeat(300)}}`
    const converted = tracesJsonToProtobuf(Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${good},${bad},${good}]}]}]}`))
    const { spans, rejections, warnings } = decodeTraces(converted.bytes)
    assert.deepEqual([converted.rejections, rejections, spans.length, spans[1]?.attributes.get('b')], [[], [], 3, 7n])
    assert.deepEqual(warnings, [`1 attribute values were nested deeper than ${valueDepthMax} levels and were cut`])
  }
})

test('JSON: an integer that no message can hold rejects its span, and null is no value', () => {
  const withValue = (value: string): Buffer => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${traceId}","spanId":"${spanId}","attributes":[{"key":"a","value":${value}}]}]}]}]}`)
  for (const wrong of ['1e300', '123456789012345678901', '"99999999999999999999"', '-9223372036854775809']) {
    assert.deepEqual(tracesJsonToProtobuf(withValue(`{"intValue":${wrong}}`)).rejections, [{ reason: 'intValue is no 64-bit integer', count: 1 }])
  }
  for (const nothing of ['{"stringValue":null}', '{"boolValue":null}', '{"arrayValue":null}', 'null', '{}']) {
    assert.equal(decodeTraces(tracesJsonToProtobuf(withValue(nothing)).bytes).spans[0]?.attributes.get('a'), null)
  }
})

test('JSON with more values than a request may have fields is refused before it is parsed', () => {
  const values = `[${'0,'.repeat(fieldsPerRequestMax)}0]`
  for (const text of [values, `{"resourceSpans":${values}}`]) assert.throws(() => tracesJsonToProtobuf(Buffer.from(text)), TooManyFields)
})

test('spans are decoded when they are asked for', () => {
  const reader = new TracesReader(request(span({}), span({ traceId: Buffer.alloc(3) }), span({})))
  const spans = reader.spans()
  assert.equal(spans.next().value?.spanId, spanId)
  assert.deepEqual(reader.rejections(), [])
  assert.equal(spans.next().value?.spanId, spanId)
  assert.equal(reader.rejections().length, 1)
  assert.equal(spans.next().done, true)
})

test('an array or a list over the bound keeps its beginning and says so, its neighbours are kept', () => {
  const text = { stringValue: 'x'.repeat(valueBytesMax / 4) }
  const decoded = decodeTraces(request(span({ attributes: [
    { key: 'array', value: { arrayValue: { values: Array.from({ length: 9 }, () => text) } } },
    { key: 'list', value: { kvlistValue: { values: Array.from({ length: 9 }, (_, n) => ({ key: `k${n}`, value: text })) } } },
    { key: 'flat', value: { intValue: 7 } },
  ] })))
  const attributes = decoded.spans[0]?.attributes
  const array = attributes?.get('array')
  const list = attributes?.get('list')
  assert.ok(Array.isArray(array) && list instanceof KeyValueList)
  assert.deepEqual([array.length, list.entries.size, attributes?.get('flat')], [5, 5, 7n])
  assert.match(String(array.at(-1)), /^\[spanledger: cut, \d+ bytes\]$/)
  assert.match(String(list.entries.get('spanledger.cut')), /^\[spanledger: cut, \d+ bytes\]$/)
  assert.equal(decoded.warnings.length, 1)
})

test('names, keys and messages over their bound are cut like values, and told', () => {
  const long = 'é'.repeat(messageBytesMax)
  const decoded = decodeTraces(encodeRequest({ resourceSpans: [{ schemaUrl: long, scopeSpans: [{ scope: { name: long, version: long }, schemaUrl: long, spans: [span({
    name: long, traceState: long, status: { message: long }, attributes: [{ key: long, value: { intValue: 1 } }], events: [{ name: long }], links: [{ traceState: long, traceId: Buffer.alloc(500, 1) }],
  })] }] }] }))
  const [stored] = decoded.spans
  assert.ok(stored !== undefined)
  const names = [stored.name, stored.traceState, stored.scope.name, stored.scope.version, stored.scope.schemaUrl, stored.resource.schemaUrl, ...stored.attributes.keys(),
    stored.events[0]?.name ?? '', stored.links[0]?.traceState ?? '']
  for (const [text, bytesMax] of [...names.map((name) => [name, nameBytesMax] as const), [stored.statusMessage, messageBytesMax] as const]) {
    assert.match(text, /^é+\[spanledger: cut, 131072 bytes, sha256 [0-9a-f]{64}\]$/)
    assert.ok(Buffer.byteLength(text) <= bytesMax + 150, `${Buffer.byteLength(text)} bytes`)
  }
  assert.ok((stored.links[0]?.traceId.length ?? 0) <= 64)
  assert.deepEqual(decoded.warnings, ['10 names, keys or messages were longer than 4096 bytes (messages 65536) and were cut'])
})
