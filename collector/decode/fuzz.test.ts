import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from './fuzz.ts'

/** Enough for every mutation to meet every message; longer runs are for `SECONDS=… node collector/decode/fuzz.ts`. */
const cases = 800

test('mutated payloads are decoded as protobufjs decodes them, or refused', () => {
  const { accepted } = fuzz(1, (done) => done >= cases)
  assert.ok(accepted > cases / 4, `only ${accepted} of ${cases} cases were accepted: the mutations break everything`)
})
