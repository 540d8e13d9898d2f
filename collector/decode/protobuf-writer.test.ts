import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRequest, encodeRequest } from './oracle.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** A request whose scope has a name of `length` bytes, four messages deep. */
const ours = (before: number, length: number): Buffer => {
  const writer = new ProtobufWriter()
  writer.message(1, (resourceSpans) => {
    resourceSpans.string(3, 'b'.repeat(before))
    resourceSpans.message(2, (scopeSpans) => {
      scopeSpans.message(1, (scope) => scope.string(1, 's'.repeat(length)))
      scopeSpans.message(2, () => undefined)
    })
  })
  return writer.finish()
}

test('messages of every length, wherever the buffer ends, are what protobufjs reads', () => {
  const lengths = [0, 1, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16_380, 16_384, 2_097_152]
  // The first buffer has 4096 bytes: every place around its end.
  for (const before of [0, ...Array.from({ length: 24 }, (_, n) => 4_075 + n)]) {
    for (const length of before === 0 ? lengths : [0, 1, 3, 130]) {
      const read = decodeRequest(ours(before, length)).resourceSpans?.[0]
      assert.deepEqual([read?.schemaUrl?.length ?? 0, read?.scopeSpans?.[0]?.scope?.name ?? '', read?.scopeSpans?.[0]?.spans?.length], [before, 's'.repeat(length), 1], `${before}, ${length}`)
    }
  }
})

test('a million small messages take memory for their bytes, not for a buffer each', () => {
  const writer = new ProtobufWriter()
  for (let i = 0; i < 1_000_000; i++) writer.message(1, () => undefined)
  assert.equal(writer.finish().length, 2_000_000)
  assert.deepEqual(encodeRequest({ resourceSpans: [{}, {}] }), Buffer.from(writer.finish().subarray(0, 4)))
})
