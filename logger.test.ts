import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeError } from '#clickhouse/store-error.ts'
import { consoleLog } from './logger.ts'

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8123'), { code: 'ECONNREFUSED' })

for (const [what, error, said] of [
  ['a ClickHouse that cannot be reached says why once', storeError(refused), 'ClickHouse did not answer: connect ECONNREFUSED 127.0.0.1:8123 (UNREACHABLE)'],
  ['also where it has several addresses', storeError(Object.assign(new AggregateError([refused, refused]), { code: 'ECONNREFUSED' })), 'ClickHouse did not answer: ECONNREFUSED (UNREACHABLE)'],
  ['what ClickHouse refuses is quoted once', storeError(new Error('Code: 60. DB::Exception: Unknown table')), 'Code: 60. DB::Exception: Unknown table (60)'],
  ['a reason that the error does not name follows it', new Error('the segment was not loaded', { cause: storeError(refused) }), 'the segment was not loaded: ClickHouse did not answer: connect ECONNREFUSED 127.0.0.1:8123 (UNREACHABLE)'],
] as const) {
  test(what, (t) => {
    const write = t.mock.method(process.stderr, 'write', () => true)
    consoleLog.warn('not loaded', { error })
    const line = String(write.mock.calls[0]?.arguments[0])
    write.mock.restore()
    assert.equal(line.slice(line.indexOf('error=')), `error=${JSON.stringify(said)}\n`)
  })
}
