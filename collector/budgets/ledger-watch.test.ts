import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { type Posting, tellingWatch } from './ledger-watch.ts'

const line = (spanId: string): LedgerEntryRow => ({ traceId: 't', spanId }) as LedgerEntryRow

test('a trace of which nothing is stored is told as recalled for those spans that wait to be, once', () => {
  const told: Posting[] = []
  const watch = tellingWatch(() => true, (posting) => void told.push(posting))
  watch.cameAgain([line('a')])
  watch.recalled([line('a'), line('b')], [])
  watch.recalled([line('a'), line('b')], [])
  assert.deepEqual(told, [{ kind: 'came_again', lines: [line('a')] }, { kind: 'recalled', own: [line('a')], stored: [] }])
})

test('of a trace that is stored all is told, because another process may have got what is stored', () => {
  const told: Posting[] = []
  tellingWatch(() => true, (posting) => void told.push(posting)).recalled([line('a')], [line('b')])
  assert.deepEqual(told, [{ kind: 'recalled', own: [line('a')], stored: [line('b')] }])
})
