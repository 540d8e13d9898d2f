import { userError } from '../errors.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, among, checkedText, when, type Where, within } from '../where.ts'
import type { MetricFilter, MetricLabel } from './metric.ts'

/** Attributes of one filter: each is a look into the map of every row. */
const attributesMax = 10

/** The column of a label. */
export const labelColumns: Readonly<Record<MetricLabel, string>> = {
  SERVICE: 'service', ENVIRONMENT: 'environment', MODEL: 'model', PROVIDER: 'provider', TOKEN_TYPE: 'token_type', AGENT: 'agent', SESSION: 'session',
}

export function metricWhere(filter: MetricFilter): Where {
  const attributes = filter.attributes ?? []
  if (attributes.length > attributesMax) throw userError('BAD_INPUT', `filter attributes names ${attributes.length} attributes, at most ${attributesMax} are allowed`)
  return allOf(
    among('service', 'service', filter.service), among('environment', 'environment', filter.environment), among('model', 'model', filter.model),
    among('provider', 'provider', filter.provider), among('token_type', 'token_type', filter.tokenType), among('agent', 'agent', filter.agent),
    among('session', 'session', filter.session),
    // A key that a map does not have gives ''.
    ...attributes.map(({ key, values }, n) => {
      const condition = among(`attribute_${n}`, `attributes[{attribute_${n}_key:String}]`, values)
      return condition === undefined ? undefined : allOf(condition, when('1', { [`attribute_${n}_key`]: checkedText('an attribute key', key) }))
    }),
  )
}

/** Points of a range. */
export const during = (range: TimeRange | null | undefined): Where | undefined => within('range', 'at', range)
