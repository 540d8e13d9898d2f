export type TimeOperator = '>' | '>=' | '<' | '<='

/** A moment bound as nanoseconds since 1970; a `storableTime` (`table.ts`). */
export const momentOf = (param: string): string => `fromUnixTimestamp64Nano({${param}:Int64}, 'UTC')`

/**
 * That a time lies on this side of the moment bound by `param`. `spans` has the minute of a start in front of its sorting key and the
 * start itself behind the trace. ClickHouse holds a condition on the start against the latter alone, so that an hour of a month was
 * every granule of it; the minute is asked for too.
 */
export function timeBound(column: string, operator: TimeOperator, param: string): string {
  const exact = `${column} ${operator} ${momentOf(param)}`
  if (column !== 'started_at') return exact
  return `${exact} AND toStartOfMinute(started_at) ${operator.startsWith('>') ? '>=' : '<='} toStartOfMinute(${momentOf(param)})`
}
