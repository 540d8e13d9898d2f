import type { MetricKind, Temporality } from '#semconv/metric.ts'
import type { QueryContext } from '../context.ts'
import { checkedFirst } from '../page.ts'
import { nanosOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, checkedText, contains, when } from '../where.ts'
import type { Metric } from './metric.ts'
import { during } from './metric-where.ts'

/** Services and attribute keys named of one metric: more than a list can show. */
const namesMax = 50

interface StoredMetric {
  readonly metric: string
  readonly metric_unit: string
  readonly metric_kind: MetricKind
  readonly told: readonly Temporality[]
  readonly said: string
  readonly services: readonly string[]
  readonly keys: readonly string[]
  readonly streams: string
  readonly points: string
  readonly first_at: string
  readonly last_at: string
}

const columns = [
  'name AS metric', 'unit AS metric_unit', 'toString(kind) AS metric_kind', 'arraySort(groupUniqArray(toString(temporality))) AS told',
  'argMax(description, at) AS said', `arraySort(groupUniqArray(${namesMax})(service)) AS services`,
  `arraySort(groupUniqArrayArray(${namesMax})(mapKeys(attributes))) AS keys`, 'uniqExact(series) AS streams', 'count() AS points',
  nanosOf('min(at)', 'first_at'), nanosOf('max(at)', 'last_at'),
].join(', ')

const metricOf = (stored: StoredMetric): Metric => ({
  name: stored.metric, unit: stored.metric_unit, kind: stored.metric_kind, temporalities: stored.told, description: stored.said,
  services: stored.services, attributes: stored.keys, series: Number(stored.streams), points: Number(stored.points),
  firstAt: BigInt(stored.first_at), lastAt: BigInt(stored.last_at),
})

export async function metrics(
  context: QueryContext,
  args: { readonly range?: TimeRange | null; readonly search?: string | null; readonly first: number },
): Promise<Metric[]> {
  const first = checkedFirst(args.first, 100)
  const search = checkedText('search', args.search?.trim() ?? '')
  const rows = await context.reader.rows<StoredMetric>({
    columns, from: 'metricPoints',
    where: allOf(during(args.range), search === '' ? undefined : when(contains('name', 'search'), { search })),
    tail: `GROUP BY name, unit, kind ORDER BY name, unit, kind LIMIT ${first}`,
  })
  return rows.map(metricOf)
}

/** The metrics of one name in a range. */
export async function metricsNamed(context: QueryContext, name: string, range: TimeRange): Promise<Metric[]> {
  const rows = await context.reader.rows<StoredMetric>({
    columns, from: 'metricPoints', where: allOf(when('name = {name:String}', { name }), during(range)), tail: 'GROUP BY name, unit, kind ORDER BY unit, kind',
  })
  return rows.map(metricOf)
}
