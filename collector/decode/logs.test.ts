import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AttributeValue, KeyValueList } from '#semconv/attributes.ts'
import { logsJsonToProtobuf } from './json.ts'
import { decodeLogs, LogsReader } from './logs.ts'
import { decodeLogsRequest, encodeLogs } from './oracle.ts'
import { logRecordView, logsByOurRules } from './oracle-view.ts'
import { fieldsPerSpanMax, itemsPerSpanMax, nameBytesMax, spansPerRequestMax, tooDeep, valueBytesMax, valueDepthMax } from './traces.ts'
import { Malformed } from './wire.ts'

const filesOf = (signal: string): string[] => globSync(`../corpus/*/*.${signal}.pb`, { cwd: import.meta.dirname }).map((file) => `${import.meta.dirname}/${file}`).sort()
const traceId = '0af7651916cd43dd8448eb211c80319c'
const request = (...logRecords: object[]): Buffer => encodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })

test('real payloads decode to what protobufjs says', () => {
  const files = filesOf('logs')
  assert.ok(files.length >= 2)
  for (const file of files) {
    const bytes = readFileSync(file)
    const decoded = decodeLogs(bytes)
    const oracle = decodeLogsRequest(bytes)
    assert.deepEqual(decoded.rejections, [], file)
    assert.deepEqual({ records: decoded.records.map(logRecordView), rejected: 0 }, logsByOurRules(oracle), file)
    const scopes = (oracle.resourceLogs ?? []).flatMap((r) => (r.scopeLogs ?? []).flatMap((s) => (s.logRecords ?? []).map(() => s.scope?.name ?? '')))
    assert.deepEqual(decoded.records.map((r) => r.scope.name), scopes, file)
  }
})

test('every prefix of a real payload, and bytes flipped in it, are refused as malformed or read as far as they are whole', () => {
  for (const file of filesOf('logs')) {
    const bytes = readFileSync(file)
    const whole = decodeLogs(bytes).records.length
    const read = (cut: Buffer): number => {
      try {
        return decodeLogs(cut).records.length
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error))
        return 0
      }
    }
    for (let length = 0; length < bytes.length; length += length < 1000 ? 1 : 17) assert.ok(read(Buffer.from(bytes.subarray(0, length))) <= whole)
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (flips) => {
      const flipped = Buffer.from(bytes)
      for (const [at, byte] of flips) flipped[at] = byte
      read(flipped)
    }), { numRuns: 200 })
  }
})

test('a body may be any value', () => {
  const bodies: readonly (readonly [object, AttributeValue])[] = [
    [{ stringValue: '' }, ''], [{ intValue: '9007199254740993' }, 9_007_199_254_740_993n], [{ doubleValue: 0.1 }, 0.1], [{ boolValue: false }, false],
    [{ bytesValue: Buffer.from([0, 1]) }, Buffer.from([0, 1])], [{ arrayValue: { values: [{ stringValue: 'a' }, {}] } }, ['a', null]],
    [{ kvlistValue: { values: [{ key: '__proto__', value: { stringValue: 'x' } }] } }, new KeyValueList(new Map([['__proto__', 'x']]))],
  ]
  const { records } = decodeLogs(request(...bodies.map(([body]) => ({ body })), {}))
  assert.deepEqual(records.map((r) => r.body), [...bodies.map(([, body]) => body), null])
})

test('JSON says what protobuf says', () => {
  const json = { resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] }, scopeLogs: [{ scope: { name: 's', version: '1' }, logRecords: [{
    timeUnixNano: '1763683200000000000', observedTimeUnixNano: '1763683200000000001', severityNumber: 9, severityText: 'INFO', body: { kvlistValue: { values: [{ key: 'k', value: { intValue: '5' } }] } },
    attributes: [{ key: 'n', value: { doubleValue: 1.5 } }], droppedAttributesCount: 3, flags: 1, traceId: traceId.toUpperCase(), spanId: 'b7ad6b7169203331', eventName: 'gen_ai.choice',
    fromTheFuture: 1,
  }] }] }] }
  const converted = logsJsonToProtobuf(Buffer.from(JSON.stringify(json)))
  assert.deepEqual(converted.rejections, [])
  const [record] = decodeLogs(converted.bytes).records
  assert.ok(record)
  assert.deepEqual(logRecordView(record), {
    time: '1763683200000000000', observed: '1763683200000000001', severity: [9, 'INFO'], body: JSON.stringify({ kvlistValue: { values: [{ key: 'k', value: { intValue: '5' } }] } }),
    attributes: JSON.stringify([['n', { doubleValue: 1.5 }]]), dropped: 3, flags: 1, ids: [traceId, 'b7ad6b7169203331'], event: 'gen_ai.choice',
  })
  assert.deepEqual([record.scope.name, record.scope.version, record.resource.attributes.get('service.name')], ['s', '1', 'a'])
})

test('a broken record is rejected alone, with its reason; an id that is absent or zero is none', () => {
  const broken = Buffer.from([0x0a, 0x07, 0x12, 0x05, 0x12, 0x03, 0x32, 0x28, 0x01])
  const decoded = decodeLogs(Buffer.concat([
    request({}, { traceId: Buffer.alloc(16), spanId: Buffer.alloc(8) }, { traceId: Buffer.alloc(8, 1) }, { spanId: Buffer.alloc(4, 1) }), broken, request({}),
  ]))
  assert.deepEqual(decoded.records.map((r) => [r.traceId, r.spanId]), [['', ''], ['', ''], ['', '']])
  assert.deepEqual(decoded.rejections, [
    { reason: 'trace_id is not 16 bytes', count: 1 }, { reason: 'span_id is not 8 bytes', count: 1 }, { reason: 'the log record is not valid protobuf', count: 1 },
  ])
  assert.throws(() => decodeLogs(Buffer.from([0x0a, 0x05, 0x12, 0x09, 0x00])), Malformed)
})

test('spans and metrics are no log records', () => {
  for (const file of [...filesOf('traces'), ...filesOf('metrics')]) assert.deepEqual(decodeLogs(readFileSync(file)).records, [], file)
})

test('what is too much is cut or refused, and said', () => {
  const deep = Array.from({ length: valueDepthMax + 5 }).reduce<object>((inner) => ({ arrayValue: { values: [inner] } }), { stringValue: 'end' })
  const many = Array.from({ length: itemsPerSpanMax + 7 }, (_, index) => ({ key: String(index), value: { boolValue: true } }))
  const { records, warnings } = decodeLogs(request({ body: { stringValue: 'x'.repeat(valueBytesMax + 1) } }, { body: deep }, { attributes: many }, { severityText: 'y'.repeat(nameBytesMax + 1) }))
  assert.match(String(records[0]?.body), /\[spanledger: cut, 1048577 bytes, sha256 [0-9a-f]{64}\]$/)
  assert.ok(JSON.stringify(records[1]?.body).includes(tooDeep))
  assert.deepEqual([records[2]?.attributes.size, records[2]?.droppedAttributesCount], [itemsPerSpanMax, 7])
  assert.match(warnings.join(), /1 attribute values were longer.*1 names, keys or messages.*1 attribute values were nested/)
})

test('records and fields of a request are bounded while it is read', () => {
  const empty = Buffer.alloc(2 * (spansPerRequestMax + 5))
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x12
  const framed = (body: Buffer, tag: number): Buffer => {
    const length: number[] = []
    for (let rest = body.length; ; rest >>>= 7) {
      length.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest)
      if (rest < 0x80) break
    }
    return Buffer.concat([Buffer.from([tag, ...length]), body])
  }
  const decoded = decodeLogs(framed(framed(empty, 0x12), 0x0a))
  assert.deepEqual([decoded.records.length, decoded.rejections], [spansPerRequestMax, [{ reason: `a request carries at most ${spansPerRequestMax} log records, send smaller batches`, count: 5 }]])
  const values = Buffer.alloc(2 * (fieldsPerSpanMax + 1))
  for (let at = 0; at < values.length; at += 2) values[at] = 0x32
  const reader = new LogsReader(Buffer.concat([framed(framed(framed(values, 0x12), 0x12), 0x0a), request({})]))
  assert.equal([...reader.records()].length, 1)
  assert.deepEqual(reader.rejections(), [{ reason: `a log record has at most ${fieldsPerSpanMax} fields and values, nested values included`, count: 1 }])
})
