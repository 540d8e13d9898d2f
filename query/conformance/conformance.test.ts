import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { conformance, type ConformanceRow } from '#clickhouse/tables/conformance.ts'
import { findingCodes } from '#semconv/conformance.ts'
import { noon, spanId, tenant, testQuery, type TestQuery, traceId } from '../test-store.ts'
import { adviceOf } from './advice.ts'

let query: TestQuery
before(async () => {
  query = await testQuery()
})
after(() => query[Symbol.asyncDispose]())

const minute = 60_000_000_000n
const row = (minutes: number, said: Partial<ConformanceRow>): ConformanceRow => ({
  tenant, project: 'default', at: noon + BigInt(minutes) * minute, instance: 'one', service: 'shop', scopeName: 'sdk', scopeVersion: '1.0', dialect: 'semconv', kind: 'MODEL_CALL',
  finding: '', attribute: '', expected: '', found: '', convention: '', steps: 1, traceId: traceId(1), spanId: spanId(1), ...said,
})
const outdated = { finding: 'NAME_OUTDATED', attribute: 'gen_ai.system', expected: 'gen_ai.provider.name', found: 'gen_ai.system', convention: 'semantic-conventions 1.37' }
const ask = async (fields: string, range: object = {}): Promise<readonly unknown[]> =>
  (await query.ask<{ conformance: readonly unknown[] }>(`query ($range: TimeRange!) { conformance(range: $range) { ${fields} } }`, { range })).conformance

test('each sender says what its steps were understood as and what they show, over any range, of one tenant, each row once', async () => {
  const rows = [
    row(0, { steps: 10 }), row(0, { kind: 'AGENT', steps: 2 }), row(0, { kind: 'OTHER', dialect: 'generic', steps: 3 }),
    row(0, { ...outdated, steps: 10 }), row(0, { ...outdated, kind: 'AGENT', steps: 2 }),
    row(0, { finding: 'USAGE_MISSING', attribute: 'gen_ai.usage.input_tokens', expected: 'token counts', found: 'nothing', convention: 'genai', steps: 4 }),
    row(5, { kind: 'TOOL_CALL', steps: 1 }), row(5, { steps: 6, traceId: traceId(7), spanId: spanId(7) }), row(5, { ...outdated, steps: 5, traceId: traceId(7), spanId: spanId(7) }),
    row(0, { scopeName: '', service: 'gateway', scopeVersion: '', kind: 'OTHER', dialect: 'generic', steps: 1_000 }),
    row(0, { tenant: 'another', steps: 100 }), row(1, { finding: 'FROM_A_LATER_VERSION', steps: 1 }),
  ]
  await query.insert(conformance, rows)
  await query.insert(conformance, rows.slice(0, 4))
  const finding = 'code kind stepKinds attribute expected found convention steps ofSteps firstSeenAt lastSeenAt exampleRunId exampleSpanId'
  const fields = `service scopeName scopeVersion dialects steps kinds { kind steps } understood modelCalls toolCalls missing outdated ambiguous dropped malformed unrecognised findings { ${finding} } firstSeenAt lastSeenAt`
  const none = { ambiguous: 0, dropped: 0, malformed: 0, unrecognised: 0 }
  const [first, last] = ['2026-11-20T12:00:00Z', '2026-11-20T12:05:00Z']
  assert.deepEqual(await ask(fields), [{
    service: 'shop', scopeName: 'sdk', scopeVersion: '1.0', dialects: ['semconv', 'generic'], steps: 22,
    kinds: [{ kind: 'MODEL_CALL', steps: 16 }, { kind: 'OTHER', steps: 3 }, { kind: 'AGENT', steps: 2 }, { kind: 'TOOL_CALL', steps: 1 }],
    understood: 19, modelCalls: 16, toolCalls: 1, ...none, missing: 4, outdated: 17,
    findings: [
      { code: 'NAME_OUTDATED', kind: 'OUTDATED', stepKinds: ['MODEL_CALL', 'AGENT'], attribute: 'gen_ai.system', expected: 'gen_ai.provider.name', found: 'gen_ai.system', convention: 'semantic-conventions 1.37',
        steps: 17, ofSteps: 18, firstSeenAt: first, lastSeenAt: last, exampleRunId: traceId(7), exampleSpanId: spanId(7) },
      { code: 'USAGE_MISSING', kind: 'MISSING', stepKinds: ['MODEL_CALL'], attribute: 'gen_ai.usage.input_tokens', expected: 'token counts', found: 'nothing', convention: 'genai',
        steps: 4, ofSteps: 16, firstSeenAt: first, lastSeenAt: first, exampleRunId: traceId(1), exampleSpanId: spanId(1) },
    ],
    firstSeenAt: first, lastSeenAt: last,
  }, {
    service: 'gateway', scopeName: '', scopeVersion: '', dialects: ['generic'], steps: 1_000, kinds: [{ kind: 'OTHER', steps: 1_000 }], understood: 0, modelCalls: 0, toolCalls: 0,
    ...none, missing: 0, outdated: 0, findings: [], firstSeenAt: first, lastSeenAt: first,
  }])
  assert.deepEqual(await ask('steps modelCalls missing findings { code steps ofSteps }', { from: '2026-11-20T12:03:00Z' }), [{ steps: 7, modelCalls: 6, missing: 0, findings: [{ code: 'NAME_OUTDATED', steps: 5, ofSteps: 6 }] }])
  assert.deepEqual(await ask('steps', { to: '2000-01-01T00:00:00Z' }), [])
})

test('every finding says what goes wrong by it and what to do, in whole sentences', async () => {
  for (const code of findingCodes) for (const text of Object.values(adviceOf[code])) assert.match(text, /^[A-Z].{20,}[.…]$/, code)
  const [shop] = await ask('findings { meaning advice }') as readonly { readonly findings: readonly unknown[] }[]
  assert.deepEqual(shop?.findings[1], adviceOf.USAGE_MISSING)
})

test('a range of too many sums is refused, with what to do', async () => {
  await query.insert(conformance, Array.from({ length: 10_001 }, (_, n) => row(60_000, { scopeVersion: String(n) })))
  assert.deepEqual(await query.refusal('{ conformance(range: {}) { steps } }'), [{ message: 'conformance would be more than 10000 rows: narrow the range', code: 'TOO_WIDE' }])
})

test('what waits for ClickHouse is what the collector says', async () => {
  const { ingest } = await query.ask<{ ingest: unknown }>('{ ingest { backlog { bytes segments oldestReceivedAt diskFreeBytes } } }')
  assert.deepEqual(ingest, { backlog: { bytes: 4_096, segments: 1, oldestReceivedAt: '2026-11-20T12:00:59Z', diskFreeBytes: 1_000_000 } })
})
