import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pairs } from '#clickhouse/test-pairs.ts'
import { metricPoints, type MetricPointRow } from '#clickhouse/tables/metric-points.ts'
import type { Exemplar, MetricKind, PointValue, Temporality } from '#semconv/metric.ts'
import { noon, spanId, tenant, testQuery, type TestQuery, traceId } from '../test-store.ts'

let query: TestQuery
before(async () => {
  query = await testQuery()
})
after(() => query[Symbol.asyncDispose]())

const second = 1_000_000_000n

interface SaidPoint {
  readonly name: string
  readonly unit?: string
  readonly kind: MetricKind
  readonly temporality?: Temporality
  /** Seconds after noon. */
  readonly at: number
  /** Seconds after noon; absent where it is unknown. */
  readonly start?: number
  readonly value: PointValue | number | bigint
  /** Stream: points of one name with the same number are one. */
  readonly series?: number
  readonly service?: string
  readonly labels?: Partial<MetricPointRow['labels']>
  readonly attributes?: Readonly<Record<string, string>>
  readonly exemplars?: readonly Exemplar[]
  readonly flags?: number
  readonly tenant?: string
}

const moment = (seconds: number): bigint => noon + BigInt(Math.round(seconds * 1000)) * 1_000_000n

const row = (said: SaidPoint): MetricPointRow => ({
  tenant: said.tenant ?? tenant, project: 'default', series: (said.series ?? 1).toString(16).padStart(32, '0'), receivedAt: noon, service: said.service ?? 'shop', environment: '', schemaUrl: '',
  labels: { model: '', provider: '', tokenType: '', agent: '', session: '', ...said.labels }, attributes: pairs(Object.entries(said.attributes ?? {})),
  attributesJson: '', resourceAttributes: '', scopeAttributes: '', exemplarAttributes: (said.exemplars ?? []).map(() => ''),
  point: {
    metric: {
      name: said.name, description: 'what it is', unit: said.unit ?? '1', kind: said.kind, temporality: said.temporality ?? 'NONE',
      resource: { attributes: new Map(), schemaUrl: '' }, scope: { name: 'sdk', version: '', attributes: new Map(), schemaUrl: '' },
    },
    attributes: new Map(), startTimeUnixNano: said.start === undefined ? 0n : moment(said.start), timeUnixNano: moment(said.at), flags: said.flags ?? 0,
    value: typeof said.value === 'object' ? said.value : { type: 'number', value: said.value }, exemplars: said.exemplars ?? [],
  },
})

interface Chart {
  readonly kind: string
  readonly unit: string
  readonly aggregation: string
  readonly intervalSeconds: number
  readonly series: readonly { readonly group: string; readonly points: readonly { readonly start: string; readonly value: number }[] }[]
  readonly exemplars: readonly { readonly time: string; readonly value: number; readonly runId: string; readonly spanId: string; readonly group: string }[]
}

const chartFields = 'kind unit aggregation intervalSeconds series { group points { start value } } exemplars { time value runId spanId group }'
const iso = (seconds: number): string => new Date(Number(moment(seconds) / 1_000_000n)).toISOString()

/** A chart of a quarter of an hour from noon in minutes, other arguments as GraphQL. */
const askChart = async (name: string, more = '', range = `{ from: "${iso(0)}", to: "${iso(900)}" }`): Promise<Chart | null> =>
  (await query.ask<{ metricChart: Chart | null }>(`{ metricChart(name: "${name}", range: ${range}, intervalSeconds: 60 ${more}) { ${chartFields} } }`)).metricChart

/** Values by minute after noon, of each group. */
const table = (chart: Chart | null): Record<string, Record<number, number>> => {
  assert.ok(chart !== null)
  return Object.fromEntries(chart.series.map(({ group, points }) =>
    [group, Object.fromEntries(points.map(({ start, value }) => [Number((BigInt(Date.parse(start)) * 1_000_000n - noon) / second) / 60, value]))]))
}

const counter = { kind: 'COUNTER', temporality: 'CUMULATIVE' } as const

/** Each: what is told, points as [seconds after noon, start or undefined, value], and what was added minute by minute. */
const sums: readonly (readonly [string, Pick<SaidPoint, 'kind' | 'temporality'>, readonly (readonly [number, number | undefined, number | bigint])[], Record<number, number>])[] = [
  ['deltas are added up', { kind: 'COUNTER', temporality: 'DELTA' }, [[10, 0, 5n], [50, 10, 3n], [70, 50, 4n]], { 0: 8, 1: 4 }],
  ['the first delta of a stream counts whole', { kind: 'COUNTER', temporality: 'DELTA' }, [[10, -86_400, 5n]], { 0: 5 }],
  ['cumulative points count by their differences', counter, [[10, 0, 5n], [70, 0, 9n], [130, 0, 9n], [190, 0, 20n]], { 0: 5, 1: 4, 2: 0, 3: 11 }],
  ['a stream that started before the range counts from its last point before', counter, [[-30, -9_000, 100n], [10, -9_000, 103n]], { 0: 3 }],
  ['a stream that started long ago and is first seen now adds nothing known', counter, [[10, -9_000, 100n], [70, -9_000, 101n]], { 1: 1 }],
  ['a stream of unknown start counts from its second point', counter, [[10, undefined, 100n], [70, undefined, 107n]], { 1: 7 }],
  ['a start that is the point\'s own time is unknown', counter, [[10, 10, 100n], [70, 10, 107n]], { 1: 7 }],
  ['a new start is a reset: the new value counts whole', counter, [[10, 0, 50n], [70, 60, 4n], [130, 60, 6n]], { 0: 50, 1: 4, 2: 2 }],
  ['a reset counts whole even where the new value is larger', counter, [[10, 0, 5n], [70, 60, 8n]], { 0: 5, 1: 8 }],
  ['a count that falls without a new start was reset', counter, [[10, undefined, 50n], [70, undefined, 4n], [130, undefined, 5n]], { 1: 4, 2: 1 }],
  ['a reset to an unknown start adds nothing known', counter, [[10, 0, 50n], [70, 70, 40n], [130, 70, 42n]], { 0: 50, 2: 2 }],
  ['an up-down counter may fall', { kind: 'UP_DOWN_COUNTER', temporality: 'CUMULATIVE' }, [[10, 0, 5n], [70, 0, 2n], [130, 0, 3n]], { 0: 5, 1: -3, 2: 1 }],
  ['an up-down counter of deltas adds them up', { kind: 'UP_DOWN_COUNTER', temporality: 'DELTA' }, [[10, 0, -5n], [50, 10, 3n]], { 0: -2 }],
  ['ints beyond 2^53 differ exactly', counter, [[-10, -60, 2n ** 62n], [10, -60, 2n ** 62n + 1n], [70, -60, 2n ** 62n + 4n]], { 0: 1, 1: 3 }],
  ['doubles', counter, [[10, 0, 0.5], [70, 0, 2]], { 0: 0.5, 1: 1.5 }],
  ['a stream that changes from ints to doubles', counter, [[10, 0, 1n], [70, 0, 2.5]], { 0: 1, 1: 1.5 }],
  ['what is no number is left out', counter, [[10, 0, 1n], [70, 0, NaN], [130, 0, 3n]], { 0: 1, 2: 2 }],
]
for (const [n, [what, kind, points, expected]] of sums.entries()) {
  test(`SUM: ${what}`, async () => {
    // In any order of arrival, and some twice.
    const rows = points.map(([at, start, value]) => row({ name: `sum.${n}`, ...kind, at, ...(start === undefined ? {} : { start }), value }))
    await query.insert(metricPoints, rows.toReversed())
    await query.insert(metricPoints, rows.slice(0, 2))
    assert.deepEqual(table(await askChart(`sum.${n}`, 'aggregation: SUM')), { '': expected })
  })
}

test('streams are told apart, then added up; RATE is a second\'s share', async () => {
  const said = { name: 'two', ...counter }
  await query.insert(metricPoints, [[1, 10, 6n], [2, 10, 60n], [1, 70, 12n], [2, 70, 180n]].map(([series, at, value]) => row({ ...said, series: Number(series), start: 0, at: Number(at), value: value as bigint })))
  assert.deepEqual(table(await askChart('two')), { '': { 0: 66, 1: 126 } })
  assert.deepEqual(table(await askChart('two', 'aggregation: RATE')), { '': { 0: 1.1, 1: 2.1 } })
})

test('a gauge by its mean, lowest, highest and last', async () => {
  const gauge = (series: number, at: number, value: number): MetricPointRow => row({ name: 'gauge', kind: 'GAUGE', series, at, value })
  await query.insert(metricPoints, [gauge(1, 5, 1), gauge(1, 30, 5), gauge(2, 20, 12), gauge(1, 65, 7)])
  for (const [aggregation, expected] of [['AVG', 6], ['MIN', 1], ['MAX', 12], ['LAST', 8.5]] as const) {
    assert.deepEqual(table(await askChart('gauge', `aggregation: ${aggregation}`)), { '': { 0: expected, 1: 7 } }, aggregation)
  }
  assert.equal((await askChart('gauge'))?.aggregation, 'AVG')
})

test('a cumulative up-down counter stands at the sum of its streams', async () => {
  await query.insert(metricPoints, [[1, 5, 3], [1, 50, 4], [2, 20, 10]].map(([series, at, value]) => row({ name: 'level', kind: 'UP_DOWN_COUNTER', temporality: 'CUMULATIVE', series: series as number, start: 0, at: at as number, value: value as number })))
  const chart = await askChart('level')
  assert.deepEqual([chart?.aggregation, table(chart)], ['LAST', { '': { 0: 14 } }])
})

const histogram = (count: bigint, sum: number, bucketCounts: readonly bigint[], explicitBounds: readonly number[]): PointValue => ({ type: 'histogram', count, sum, min: undefined, max: undefined, bucketCounts, explicitBounds })

test('histograms: counts, sums, means and quantiles of what each minute added', async () => {
  const said = { name: 'h', kind: 'HISTOGRAM', unit: 's', temporality: 'CUMULATIVE', start: 0 } as const
  await query.insert(metricPoints, [
    row({ ...said, at: 10, value: histogram(10n, 15, [0n, 10n, 0n], [1, 2]) }),
    // Ten more, all in the first bucket.
    row({ ...said, at: 70, value: histogram(20n, 20, [10n, 10n, 0n], [1, 2]) }),
    // A new start: four in the last bucket.
    row({ ...said, start: 120, at: 130, value: histogram(4n, 40, [0n, 0n, 4n], [1, 2]) }),
  ])
  for (const [aggregation, expected] of [
    ['COUNT', { 0: 10, 1: 10, 2: 4 }], ['SUM', { 0: 15, 1: 5, 2: 40 }], ['AVG', { 0: 1.5, 1: 0.5, 2: 10 }], ['P50', { 0: 1.5, 1: 0.5, 2: 2 }], ['P90', { 0: 1.9, 1: 0.9, 2: 2 }],
  ] as const) assert.deepEqual(table(await askChart('h', `aggregation: ${aggregation}`)), { '': expected }, aggregation)
  assert.equal((await askChart('h'))?.aggregation, 'P95')
})

test('histograms of deltas with different bounds are one set of measurements', async () => {
  const said = { name: 'mixed', kind: 'HISTOGRAM', unit: '{token}', temporality: 'DELTA', start: 0, at: 10 } as const
  await query.insert(metricPoints, [row({ ...said, series: 1, value: histogram(10n, 50, [10n, 0n], [10]) }), row({ ...said, series: 2, value: histogram(10n, 150, [0n, 10n, 0n], [10, 20]) })])
  assert.deepEqual(table(await askChart('mixed', 'aggregation: P50')), { '': { 0: 10 } })
  assert.equal((await askChart('mixed'))?.aggregation, 'SUM')
})

test('histograms whose outer bounds are infinite: what lies beyond the last finite bound is that bound', async () => {
  const said = { name: 'infinite', kind: 'HISTOGRAM', temporality: 'DELTA', start: 0 } as const
  const value = histogram(10n, 150, [0n, 0n, 0n, 0n, 10n], [-Infinity, 1, 2, Infinity])
  await query.insert(metricPoints, [row({ ...said, at: 10, value }), row({ ...said, at: 70, value: histogram(4n, -2, [0n, 4n, 0n, 0n, 0n], [-Infinity, -1, 2, Infinity]) })])
  assert.deepEqual(table(await askChart('infinite', 'aggregation: P50')), { '': { 0: 2, 1: -1 } })
})

test('exponential histograms: a difference across a change of scale', async () => {
  const exponential = (scale: number, offset: number, counts: readonly bigint[], zeroCount = 0n): PointValue => ({
    type: 'exponential', count: counts.reduce((sum, n) => sum + n, zeroCount), sum: 0, min: undefined, max: undefined, scale, zeroCount, zeroThreshold: 0,
    positive: { offset, counts }, negative: { offset: 0, counts: [] },
  })
  const said = { name: 'e', kind: 'EXPONENTIAL_HISTOGRAM', temporality: 'CUMULATIVE', start: 0 } as const
  await query.insert(metricPoints, [
    // Scale 1: buckets (1, 1.41] and (1.41, 2]; then scale 0, the same as one bucket (1, 2], and eight more in (2, 4].
    row({ ...said, at: 10, value: exponential(1, 0, [2n, 2n]) }), row({ ...said, at: 70, value: exponential(0, 0, [4n, 8n]) }),
    row({ ...said, at: 130, value: exponential(0, 0, [4n, 8n], 5n) }),
  ])
  assert.deepEqual(table(await askChart('e', 'aggregation: P50')), { '': { 0: 2 ** 0.5, 1: 3, 2: 0 } })
  assert.deepEqual(table(await askChart('e', 'aggregation: COUNT')), { '': { 0: 4, 1: 8, 2: 5 } })
})

test('a summary counts and adds up, and has no quantiles to combine', async () => {
  const summary = (count: bigint, sum: number): PointValue => ({ type: 'summary', count, sum, quantiles: [{ quantile: 0.5, value: 1 }] })
  await query.insert(metricPoints, [row({ name: 's', kind: 'SUMMARY', start: 0, at: 10, value: summary(2n, 4) }), row({ name: 's', kind: 'SUMMARY', start: 0, at: 70, value: summary(5n, 13) })])
  assert.deepEqual(table(await askChart('s')), { '': { 0: 2, 1: 3 } })
  assert.deepEqual(table(await askChart('s', 'aggregation: COUNT')), { '': { 0: 2, 1: 3 } })
  assert.deepEqual(await query.refusal(`{ metricChart(name: "s", range: {}, aggregation: P50) { name } }`), [{ message: `P50 says nothing of 's', ask for AVG, SUM, COUNT, RATE`, code: 'BAD_INPUT' }])
})

test('split by a label or an attribute, and filtered', async () => {
  const said = { name: 'tokens', kind: 'COUNTER', temporality: 'DELTA', unit: '{token}', start: 0, at: 10 } as const
  await query.insert(metricPoints, [
    row({ ...said, series: 1, value: 100n, labels: { model: 'm1', tokenType: 'input' }, attributes: { op: 'chat' } }),
    row({ ...said, series: 2, value: 20n, labels: { model: 'm1', tokenType: 'output' }, attributes: { op: 'chat' } }),
    row({ ...said, series: 3, value: 5n, labels: { model: 'm2' }, service: 'bank' }),
  ])
  assert.deepEqual(table(await askChart('tokens', 'groupBy: MODEL')), { m1: { 0: 120 }, m2: { 0: 5 } })
  assert.deepEqual((await askChart('tokens', 'groupBy: TOKEN_TYPE'))?.series.map(({ group }) => group), ['input', 'output', ''])
  assert.deepEqual(table(await askChart('tokens', 'groupByAttribute: "op"')), { chat: { 0: 120 }, '': { 0: 5 } })
  assert.deepEqual(table(await askChart('tokens', 'filter: { model: ["m1"], tokenType: ["output"] }')), { '': { 0: 20 } })
  assert.deepEqual(table(await askChart('tokens', 'filter: { attributes: [{ key: "op", values: [""] }] }')), { '': { 0: 5 } })
  assert.deepEqual(table(await askChart('tokens', 'filter: { service: ["shop"], attributes: [{ key: "op", values: ["chat", "x"] }] }')), { '': { 0: 120 } })
})

test('exemplars lead to the spans they were measured in, the largest of each bucket', async () => {
  const exemplar = (n: number, at: number, value: number | bigint): Exemplar => ({ timeUnixNano: moment(at), value, traceId: n === 0 ? '' : traceId(n), spanId: n === 0 ? '' : spanId(n), filteredAttributes: new Map() })
  const said = { name: 'x', kind: 'HISTOGRAM', temporality: 'CUMULATIVE', start: 0, labels: { model: 'm' } } as const
  const kept = [exemplar(1, 3, 1), exemplar(2, 4, 9n), exemplar(3, 5, 2), exemplar(4, 6, 3), exemplar(0, 7, 99)]
  // A reservoir is told again with every export.
  await query.insert(metricPoints, [row({ ...said, at: 10, value: histogram(5n, 1, [5n], []), exemplars: kept }), row({ ...said, at: 70, value: histogram(6n, 1, [6n], []), exemplars: [...kept, exemplar(5, 65, 0.5)] })])
  const chart = await askChart('x', 'groupBy: MODEL')
  assert.deepEqual(chart?.exemplars.map(({ runId, spanId: span, value, group }) => [runId, span, value, group]),
    [[traceId(2), spanId(2), 9, 'm'], [traceId(3), spanId(3), 2, 'm'], [traceId(4), spanId(4), 3, 'm'], [traceId(5), spanId(5), 0.5, 'm']])
  assert.equal(chart?.exemplars[0]?.time, new Date(Number(moment(4) / 1_000_000n)).toISOString().replace('.000', ''))
})

test('buckets of time are as wide as the points are apart, where nobody says otherwise', async () => {
  // Two streams, each once a minute or a little later, over a quarter of an hour: a hundredth of it would be ten seconds.
  await query.insert(metricPoints, [1, 2].flatMap((series) => Array.from({ length: 15 }, (_, n) => row({ name: 'minutely', kind: 'GAUGE', series, at: series * 20 + n * 60.01, value: n }))))
  const { metricChart } = await query.ask<{ metricChart: Chart }>(`{ metricChart(name: "minutely", range: {}) { ${chartFields} } }`)
  assert.equal(metricChart.intervalSeconds, 60)
  const wide = await query.ask<{ metricChart: Chart }>(`{ metricChart(name: "minutely", range: { from: "2026-11-13T12:00:00Z" }) { ${chartFields} } }`)
  assert.equal(wide.metricChart.intervalSeconds, 10_800)
})

test('points that say that nothing was measured are no measurements', async () => {
  await query.insert(metricPoints, [row({ name: 'gap', ...counter, start: 0, at: 10, value: 5n }), row({ name: 'gap', ...counter, start: 0, at: 70, flags: 1, value: { type: 'none' } }), row({ name: 'gap', ...counter, start: 0, at: 130, value: 7n })])
  assert.deepEqual(table(await askChart('gap')), { '': { 0: 5, 2: 2 } })
})

test('the list says what there is, and another tenant\'s metrics are not there', async () => {
  await query.insert(metricPoints, [
    row({ name: 'listed.a', unit: 's', kind: 'GAUGE', at: 1, value: 1, service: 'b', attributes: { k: 'v' } }), row({ name: 'listed.a', unit: 's', kind: 'GAUGE', at: 5, value: 1, series: 2, service: 'a', attributes: { j: 'v' } }),
    row({ name: 'listed.a', unit: 'ms', kind: 'GAUGE', at: 1, value: 1, series: 3 }), row({ name: 'listed.a', kind: 'GAUGE', at: 1, value: 1, tenant: 'other' }),
  ])
  const { metrics } = await query.ask<{ metrics: readonly object[] }>('{ metrics(search: "LISTED") { name unit kind temporalities description services attributes series points firstAt lastAt } }')
  assert.deepEqual(metrics, [
    { name: 'listed.a', unit: 'ms', kind: 'GAUGE', temporalities: ['NONE'], description: 'what it is', services: ['shop'], attributes: [], series: 1, points: 1, firstAt: '2026-11-20T12:00:01Z', lastAt: '2026-11-20T12:00:01Z' },
    { name: 'listed.a', unit: 's', kind: 'GAUGE', temporalities: ['NONE'], description: 'what it is', services: ['a', 'b'], attributes: ['j', 'k'], series: 2, points: 2, firstAt: '2026-11-20T12:00:01Z', lastAt: '2026-11-20T12:00:05Z' },
  ])
  assert.deepEqual((await query.ask<{ metrics: readonly object[] }>('{ metrics(search: "listed", range: { from: "2026-11-20T12:00:03Z" }) { name unit } }')).metrics, [{ name: 'listed.a', unit: 's' }])
  const [refused] = await query.refusal('{ metricChart(name: "listed.a", range: {}) { name } }')
  assert.deepEqual(refused, { message: `'listed.a' is 2 metrics: GAUGE in 'ms', GAUGE in 's'; name one by kind and unit`, code: 'BAD_INPUT' })
  const { metricChart } = await query.ask<{ metricChart: Chart }>(`{ metricChart(name: "listed.a", unit: "s", range: {}) { ${chartFields} } }`)
  assert.deepEqual([metricChart.unit, metricChart.intervalSeconds, metricChart.series[0]?.points.length], ['s', 1, 2])
  assert.equal(await askChart('nothing of this name'), null)
})

const refusals: readonly (readonly [string, string, string, RegExp])[] = [
  ['too many buckets of time', 'range: { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }, intervalSeconds: 60', 'TOO_WIDE', /would have \d+ buckets of time, at most 2000 are drawn/],
  ['a range that ends before it starts', `range: { from: "${iso(800)}", to: "${iso(0)}" }`, 'BAD_INPUT', /the range ends before it starts/],
  ['two splits', 'range: {}, groupBy: MODEL, groupByAttribute: "op"', 'BAD_INPUT', /not by both/],
  ['an interval of nothing', 'range: {}, intervalSeconds: 0', 'BAD_INPUT', /must be 1 or more/],
  ['too many attributes', `range: {}, filter: { attributes: [${'{ key: "k", values: ["v"] },'.repeat(11)}] }`, 'BAD_INPUT', /names 11 attributes, at most 10/],
  ['too many lines', 'range: {}, groupByAttribute: "k"', 'TOO_WIDE', /would have 101 lines, at most 100 are drawn/],
]
test('what would be too much is refused with what to do', async () => {
  await query.insert(metricPoints, Array.from({ length: 101 }, (_, n) => row({ name: 'wide', kind: 'GAUGE', at: 1, value: 1, series: n, attributes: { k: String(n) } })))
  for (const [what, args, code, message] of refusals) {
    const refused = await query.refusal(`{ metricChart(name: "wide", ${args}) { series { group } } }`)
    assert.deepEqual(refused.map((one) => one.code), [code], what)
    assert.match(refused[0]?.message ?? '', message)
  }
  assert.deepEqual(query.errors, [])
})
