export type TimeOperator = '>' | '>=' | '<' | '<='

/** A moment bound as nanoseconds since 1970; a `storableTime` (`table.ts`). */
const momentOf = (param: string): string => `fromUnixTimestamp64Nano({${param}:Int64}, 'UTC')`

/**
 * Times that a sorting key has twice: rounded in front, and whole behind the trace (`spans`) or the series (`metric_points`). ClickHouse
 * holds a condition on the time against the latter alone, so that an hour of a month was every granule of it; the rounded time is asked
 * for too. In other tables that have a time of this name it costs next to nothing.
 */
const roundedInKey: Readonly<Record<string, string>> = { started_at: 'toStartOfMinute', at: 'toStartOfHour' }

/** That a time lies on this side of the moment bound by `param`. */
export function timeBound(column: string, operator: TimeOperator, param: string): string {
  const exact = `${column} ${operator} ${momentOf(param)}`
  const rounded = roundedInKey[column]
  return rounded === undefined ? exact : `${exact} AND ${rounded}(${column}) ${operator.startsWith('>') ? '>=' : '<='} ${rounded}(${momentOf(param)})`
}
