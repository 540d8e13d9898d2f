import { codingAgentDialects } from '#semconv/agent-logs.ts'
import { spansOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, among, when, type Where, within } from '../where.ts'

/**
 * Which traces are a coding agent's, and of which repository. A line of the ledger says neither: the spans of its trace do, those
 * that were made of log events too.
 */

/** First that is there counts. https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/ and what people set by hand. */
const repositoryKeys = ['vcs.repository.name', 'vcs.repository.url.full', 'repository'] as const

const fromResource = (key: string): string =>
  `JSONExtractString(arrayFirst(x -> JSONExtractString(x, 'key') = '${key}', JSONExtractArrayRaw(toString(resource_attributes))), 'value', 'stringValue')`

/** Of one span, '' where it names none. */
const repository = `coalesce(${repositoryKeys.flatMap((key) => [`attributes_string['${key}']`, fromResource(key)]).map((sql) => `nullIf(${sql}, '')`).join(', ')}, '')`

const ofCodingAgent = when('dialect IN {coding_dialects:Array(String)}', { coding_dialects: codingAgentDialects })

/** How long before or after a line of the ledger a span of its trace may start that says whose it is, in nanoseconds: a session goes on past midnight, hardly past a day. */
const sessionNanos = 86_400_000_000_000n

/** A row for each trace that has lines in the range: `told_trace`, `tool`, `repository`. Binds `told_from` and `told_to`. */
export function codingTraces({ from, to }: TimeRange): Where {
  const spans = allOf(ofCodingAgent, within('told', 'started_at', { from: from == null ? null : from - sessionNanos, to: to == null ? null : to + sessionNanos }))
  return when(`${spansOf(`trace_id AS told_trace, any(toString(dialect)) AS tool, max(${repository}) AS repository`, spans.sql)} GROUP BY trace_id`, spans.params)
}

type Values = readonly string[] | null | undefined

/** Lines of the ledger within the range that belong to these agents and repositories; '' finds agents that name no repository. */
export function toldBy(agents: Values, repositories: Values, range: TimeRange): Where | undefined {
  const [tool, from] = [among('coding_agent', 'tool', agents), among('repository', 'repository', repositories)]
  if (tool === undefined && from === undefined) return undefined
  const traces = codingTraces(range)
  const conditions = [tool, from].filter((one) => one !== undefined)
  return when(`trace_id IN (SELECT told_trace FROM (${traces.sql}) WHERE ${conditions.map(({ sql }) => sql).join(' AND ')})`, Object.assign({}, traces.params, ...conditions.map(({ params }) => params)))
}
