import { codingAgentDialects } from '#semconv/agent-logs.ts'
import { spansOf } from '../reader.ts'
import { among, when, type Where } from '../where.ts'

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

/** A row for each trace: `told_trace`, `tool`, `repository`. */
export const codingTraces = (where: Where): Where =>
  when(`SELECT trace_id AS told_trace, any(toString(dialect)) AS tool, max(${repository}) AS repository FROM ${spansOf(`${ofCodingAgent.sql} AND (${where.sql})`)} GROUP BY trace_id`, { ...ofCodingAgent.params, ...where.params })

type Values = readonly string[] | null | undefined

/** Lines of the ledger that belong to these agents and repositories; '' finds agents that name no repository. */
export function toldBy(agents: Values, repositories: Values): Where | undefined {
  const [tool, from] = [among('coding_agent', 'tool', agents), among('repository', 'repository', repositories)]
  if (tool === undefined && from === undefined) return undefined
  const traces = codingTraces(when('1'))
  const conditions = [tool, from].filter((one) => one !== undefined)
  return when(`trace_id IN (SELECT told_trace FROM (${traces.sql}) WHERE ${conditions.map(({ sql }) => sql).join(' AND ')})`, Object.assign({}, traces.params, ...conditions.map(({ params }) => params)))
}
