import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MetricPointRow, metricPoints } from '#clickhouse/tables/metric-points.ts'
import type { Table } from '#clickhouse/table.ts'
import type { AttributeValue } from '#semconv/attributes.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { decodeMetrics } from '../decode/metrics.ts'
import { encodeMetrics } from '../decode/metrics-oracle.ts'
import { shippedBook } from '../price/book.ts'
import type { FrameWriter } from '../spool/frame.ts'
import { deriveMetric } from './derive-metric.ts'

const options = { tenant: 't', project: 'p', prices: shippedBook(), policies: parsePolicies(starterPolicies()) }

interface Said {
  readonly service?: string
  readonly scope?: string
  readonly name?: string
  readonly unit?: string
  readonly temporality?: number
  readonly attributes?: undefined | readonly (readonly [string, object])[]
  readonly start?: string
  readonly time?: string
  readonly value?: string
}

const said = (attributes: Said['attributes']): object[] => (attributes ?? []).map(([key, value]) => ({ key, value }))

/** The rows of a counter's point that says this, by table. */
function rowsOf(what: Said): { readonly table: string; readonly row: MetricPointRow }[] {
  const rows: { table: string; row: MetricPointRow }[] = []
  const frame = { add: <Row>(table: Table<Row>, row: Row) => rows.push({ table: table.name, row: row as unknown as MetricPointRow }) } as unknown as FrameWriter
  const { points } = decodeMetrics(encodeMetrics({ resourceMetrics: [{
    resource: { attributes: said([['service.name', { stringValue: what.service ?? 'shop' }], ['session.id', { stringValue: 'resource-session' }]]) },
    scopeMetrics: [{ scope: { name: what.scope ?? 'sdk' }, metrics: [{ name: what.name ?? 'gen_ai.client.token.usage', unit: what.unit ?? '{token}', sum: {
      aggregationTemporality: what.temporality ?? 1, isMonotonic: true,
      dataPoints: [{ startTimeUnixNano: what.start ?? '1', timeUnixNano: what.time ?? '2', asInt: what.value ?? '5', attributes: said(what.attributes) }],
    } }] }],
  }] }))
  for (const point of points) deriveMetric(point, options, 9n, frame)
  return rows
}
const rowOf = (what: Said): MetricPointRow => {
  const [first] = rowsOf(what)
  assert.ok(first !== undefined)
  return first.row
}

const a = ['a', { stringValue: '1' }] as const
const b = ['b', { intValue: '2' }] as const

test('a stream is known by what its points share, in any order of attributes', () => {
  const { series } = rowOf({ attributes: [a, b] })
  assert.match(series, /^[0-9a-f]{32}$/)
  for (const same of [{}, { start: '7', time: '8' }, { value: '6' }]) assert.equal(rowOf({ attributes: [b, a], ...same }).series, series)
  const others: readonly Said[] = [
    { attributes: [a] }, { attributes: [a, ['b', { stringValue: '2' }]] }, { attributes: [a, b], service: 'bank' }, { attributes: [a, b], scope: 'other' },
    { attributes: [a, b], name: 'n' }, { attributes: [a, b], unit: '1' }, { attributes: [a, b], temporality: 2 },
  ]
  assert.equal(new Set([series, ...others.map((other) => rowOf(other).series)]).size, others.length + 1)
})

test('a data point is a row of its own table and of no other: the ledger does not know it', () => {
  assert.deepEqual(rowsOf({ attributes: [['gen_ai.token.type', { stringValue: 'input' }], ['gen_ai.request.model', { stringValue: 'gpt-5' }]] }).map(({ table }) => table), [metricPoints.name])
})

const labels: readonly (readonly [string, Said['attributes'], Partial<MetricPointRow['labels']>])[] = [
  ['the current names', [['gen_ai.provider.name', { stringValue: 'openai' }], ['gen_ai.response.model', { stringValue: 'm2' }], ['gen_ai.request.model', { stringValue: 'm1' }], ['gen_ai.token.type', { stringValue: 'input' }], ['gen_ai.agent.name', { stringValue: 'planner' }], ['gen_ai.conversation.id', { stringValue: 'c' }]],
    { provider: 'openai', model: 'm2', tokenType: 'input', agent: 'planner', session: 'c' }],
  ['the older ones', [['gen_ai.system', { stringValue: 'openai' }], ['gen_ai.request.model', { stringValue: 'm1' }]], { provider: 'openai', model: 'm1', tokenType: '', session: 'resource-session' }],
  ['a coding agent\'s', [['model', { stringValue: 'claude' }], ['type', { stringValue: 'cacheRead' }], ['session.id', { stringValue: 's' }]], { model: 'claude', tokenType: 'cacheRead', session: 's' }],
]
for (const [what, attributes, expected] of labels) {
  test(`labels are found by ${what}`, () => {
    const found = rowOf({ attributes }).labels
    assert.deepEqual({ ...found, ...expected }, found)
  })
}

test('attributes are text to group by, and keep their types beside it', () => {
  const row = rowOf({ attributes: [a, b, ['t', { boolValue: true }], ['d', { doubleValue: 0.5 }], ['l', { arrayValue: { values: [{ stringValue: 'x' }] } }]] })
  assert.deepEqual(row.attributes, { keys: ['a', 'b', 't', 'd', 'l'], values: ['1', '2', 'true', '0.5', '{"arrayValue":{"values":[{"stringValue":"x"}]}}'] })
  const kept = JSON.parse(row.attributesJson) as readonly { readonly key: string; readonly value: AttributeValue }[]
  assert.deepEqual(kept[1], { key: 'b', value: { intValue: '2' } })
})
