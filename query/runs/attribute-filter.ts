import { GraphQLInputObjectType, GraphQLString } from 'graphql'
import { storableTime } from '#clickhouse/table.ts'
import { timeBound } from '#clickhouse/time-bound.ts'
import { quoted, userError } from '../errors.ts'
import { input, required } from '../shape.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, checkedText, type Where, when } from '../where.ts'

export interface AttributeFilter {
  readonly key: string
  readonly value: string
}

export const AttributeFilterInput = new GraphQLInputObjectType({
  name: 'AttributeFilter',
  description: 'An attribute that a span carries. Text is found through an index, whole and in the same case; numbers and truth values by reading the range.',
  fields: {
    key: input(required(GraphQLString), 'Its key, such as `gen_ai.tool.call.id`.'),
    value: input(required(GraphQLString), 'Its value; of a number as decimal digits, of a truth value `true` or `false`.'),
  },
})

/** Attributes of one filter: each reads the spans of its range. */
const attributesMax = 8

const integer = /^-?\d{1,19}$/
const decimal = /^-?\d{1,20}(?:\.\d{1,20})?(?:e-?\d{1,3})?$/i

/**
 * Traces with a span that carries this attribute as text. `attribute_values` is asked first, because the index `by_value` of
 * `clickhouse/migrations/0007` answers that; the map says whether it is the value of this very key.
 */
export const hasText = (n: number): string => `has(attribute_values, {value_${n}:String}) AND mapContains(attributes_string, {key_${n}:String}) AND attributes_string[{key_${n}:String}] = {value_${n}:String}`

const carries = (map: string, n: number, value: string): string => `mapContains(${map}, {key_${n}:String}) AND ${map}[{key_${n}:String}] = ${value}`

/** All that the value may be, each asked by itself: together in one condition none would use an index. */
function readings({ value }: AttributeFilter, n: number): readonly string[] {
  return [
    hasText(n),
    ...(integer.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value) ? [carries('attributes_int', n, `toInt64({value_${n}:String})`)] : []),
    ...(decimal.test(value) ? [carries('attributes_double', n, `toFloat64({value_${n}:String})`)] : []),
    ...(value === 'true' || value === 'false' ? [carries('attributes_bool', n, value)] : []),
  ]
}

/** A run has the attribute where one of its spans has. Spans start when their run does, or later. */
export function hasAttributes(filters: readonly AttributeFilter[] | null | undefined, range: TimeRange | null | undefined): Where | undefined {
  if (filters == null || filters.length === 0) return undefined
  if (filters.length > attributesMax) throw userError('BAD_INPUT', `filter attributes has ${filters.length} attributes, at most ${attributesMax} are allowed`)
  const since = range?.from == null ? '' : ` AND ${timeBound('started_at', '>=', 'attributes_from')}`
  const bound = range?.from == null ? {} : { attributes_from: storableTime(range.from).toString() }
  return allOf(when('1', bound), ...filters.map((filter, n) => {
    if (filter.key === '') throw userError('BAD_INPUT', `filter attributes has the value ${quoted(filter.value)} and no key: name the attribute`)
    const traces = readings(filter, n).map((condition) => `trace_id IN (SELECT trace_id FROM spans WHERE tenant = {tenant:String}${since} AND ${condition})`)
    return when(traces.join(' OR '), { [`key_${n}`]: checkedText('an attribute\'s key', filter.key), [`value_${n}`]: checkedText('an attribute\'s value', filter.value) })
  }))
}
