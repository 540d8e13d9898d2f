import { hash } from 'node:crypto'
import { metricPoints } from '#clickhouse/tables/metric-points.ts'
import type { Attributes, AttributeValue } from '#semconv/attributes.ts'
import { metricLabels } from '#semconv/metric-labels.ts'
import type { Metric, MetricPoint } from '#semconv/metric.ts'
import type { FrameWriter } from '../spool/frame.ts'
import { type DeriveOptions, environmentOf, listText, listTextMax, textOf } from './derive.ts'
import { anyValue, attributesJson } from './otlp-json.ts'

/** One data point as a row of `frame`; returns its stream. It is charted and never priced: the ledger rests on spans. */
export function deriveMetric(point: MetricPoint, options: DeriveOptions, receivedAt: bigint, frame: FrameWriter): string {
  const { metric, attributes } = point
  const { resource, scope } = metric
  const series = seriesId(point)
  frame.add(metricPoints, {
    tenant: options.tenant, project: options.project, series, point, receivedAt,
    service: textOf(resource.attributes.get('service.name')), environment: environmentOf({ attributes, resource }),
    schemaUrl: scope.schemaUrl === '' ? resource.schemaUrl : scope.schemaUrl,
    labels: metricLabels(metric.name, attributes, resource.attributes),
    attributes: { keys: [...attributes.keys()], values: [...attributes.values()].map(wordOf) }, attributesJson: attributesJson(attributes, listTextMax),
    resourceAttributes: listText(resource), scopeAttributes: listText(scope),
    exemplarAttributes: point.exemplars.map((exemplar) => attributesJson(exemplar.filteredAttributes, listTextMax)),
  })
  return series
}

/** A value as people would write it; what is no scalar as OTLP/JSON. */
const wordOf = (value: AttributeValue): string => (typeof value === 'object' ? JSON.stringify(anyValue(value)) : String(value))

/** What all points of a metric share, as text. Made once a metric: it holds the resource. */
const metricTexts = new WeakMap<Metric, string>()
function metricText(metric: Metric): string {
  const known = metricTexts.get(metric)
  if (known !== undefined) return known
  const { name, unit, kind, temporality, resource, scope } = metric
  const text = JSON.stringify([sorted(resource.attributes), scope.name, scope.version, sorted(scope.attributes), name, unit, kind, temporality])
  metricTexts.set(metric, text)
  return text
}

/**
 * Which stream a point belongs to: 32 hex digits. A stream's points differ in their times alone, so a request that is sent
 * again writes the rows that are there. https://opentelemetry.io/docs/specs/otel/metrics/data-model/#timeseries-model
 */
const seriesId = ({ metric, attributes }: MetricPoint): string => hash('sha256', `${metricText(metric)}${JSON.stringify(sorted(attributes))}`, 'hex').slice(0, 32)

/** In one order, whatever the sender's. */
const sorted = (attributes: Attributes): readonly unknown[] =>
  [...attributes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, anyValue(value)])
