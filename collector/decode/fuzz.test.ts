import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz, targetNames } from './fuzz.ts'

/** Enough for every mutation to meet every message; longer runs are for `SECONDS=… node collector/decode/fuzz.ts`. */
const cases = 800

for (const name of targetNames) {
  test(`mutated payloads of ${name} are decoded as protobufjs decodes them, or refused`, () => {
    const { accepted } = fuzz(name, 1, (done) => done >= cases)
    assert.ok(accepted > cases / 4, `only ${accepted} of ${cases} cases were accepted: the mutations break everything`)
  })
}
