import { costDaysFrom, costDaysTo } from '#clickhouse/cost-days.ts'
import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import { usageColumn } from '#clickhouse/tables/usage-column.ts'
import { tokenMeters } from '#semconv/facts.ts'
import { toolReasons, truncatedReasons } from '#semconv/finish-reasons.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { userError } from '../errors.ts'
import { currentSpansOf, hexOf, runsOf, spansOf, textOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, among, when, type Where, within } from '../where.ts'
import type { LatencyCell, ModelDimension, ModelFilter, ModelLatency, ModelRow, ModelTable, Quantiles } from './model.ts'

/** Rows of one answer: far more than there are models, and agents of one model. */
const rowsMax = 10_000
/** Buckets of time in one picture of latencies: as many as can be told apart. */
const bucketsMax = 60
/** Widths that people think in, each a multiple of the one before; the last ones are weeks. Seconds. */
const widths = [1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200, 31_449_600] as const

export interface ModelArguments {
  readonly range: TimeRange
  readonly filter?: ModelFilter | null
}

/** Roles whose spans are calls of a model. */
const isCall = `role IN ('model_call', 'embedding')`
/** Roles of spans that may stand between a call and what wraps it, and say nothing of either. */
const isPlain = `role IN ('span', 'io', 'step')`
/** Says what was used or what it cost, so that the ledger knows it, as a line of its own or of another span. Zeros are charged nowhere, and neither is a part. */
const isTold = `(reported_cost IS NOT NULL OR (usage_reported AND NOT usage_partial AND NOT (${[...tokenMeters.map((meter) => `${usageColumn(meter)} = 0`), 'empty(usage_pieces)'].join(' AND ')})))`
const saysAny = (reasons: readonly string[]): string => `hasAny(arrayMap(reason -> lower(reason), finish_reasons), [${reasons.map((reason) => `'${reason}'`).join(', ')}])`

/** A call as eight bytes: a join by them takes half of one by the ids. Two of a million calls share them once in 37 million answers, and then one takes the other's duration. */
const callKey = 'cityHash64(trace_id, span_id)'

const callColumns = [
  `${callKey} AS call`, `toString(if(response_model = '', request_model, response_model)) AS said`, 'toString(request_model) AS wanted', 'started_at AS began', '(toUnixTimestamp64Nano(ended_at) - toUnixTimestamp64Nano(started_at)) / 1e6 AS ms',
  'time_to_first_token_ms AS first_ms', 'streaming AS streamed', 'status_code = 2 AS failed', `${saysAny(truncatedReasons)} AS truncated`, `${saysAny(toolReasons)} AS tools`,
].join(', ')
const callNames = 'said, wanted, began, ms, first_ms, streamed, failed, truncated, tools'

/** What a line says, of a call that has none: all of `lineNames` but who pays. */
const noLines = `'' AS priced, toString(provider) AS seller, 0 AS trace, toDecimal128(0, 12) AS known, 0 AS lines, 0 AS unknown, toDecimal128(0, 12) AS input, toDecimal128(0, 12) AS cached, toDecimal128(0, 12) AS output`
const lineNames = 'priced, seller, payer, trace, known, lines, unknown, input, cached, output'

/** Steps above a call in which its agent is looked for: far deeper than agents nest, and an end for spans that go round in a circle. */
const stepsAbove = 32
/** Of larger traces only what names an agent is looked through: the way up is searched for each step of it. */
const climbedSpansMax = 1_000

/** With who pays: the agent that a call names, or that the nearest step above it names. A row of `calls` says its trace, its parent and its own agent. */
const withPayer = (calls: string, traces: string): string => `(
  SELECT *, arrayFold((at, step) -> if(at.1 != '' OR empty(at.2), at, (agents[at.2], parents[at.2])), range(${stepsAbove}), (CAST(agent, 'String'), parent_span_id)).1 AS payer
  FROM ${calls} AS s ANY LEFT JOIN (
    ${spansOf(`trace_id, CAST((groupArray(span_id), groupArray(parent_span_id)), 'Map(FixedString(8), FixedString(8))') AS parents, CAST((groupArray(span_id), groupArray(CAST(agent, 'String'))), 'Map(FixedString(8), String)') AS agents`,
      `trace_id IN (${traces}) AND (agent != '' OR trace_id NOT IN (${runsOf('trace_id', `span_count > ${climbedSpansMax} AND trace_id IN (${traces})`)}))`)} GROUP BY trace_id
  ) AS above USING (trace_id))`

/**
 * A table of calls: what the ledger says of a span and a model, with what the span says of the call; and those of `silentCalls`.
 * Lines that belong to no call (what an agent claims as a whole, what a bill has more) have `is_call` 0.
 * Who pays for what was not charged is worked out where agents are asked for: `byAgent`.
 */
function callsOf(args: ModelArguments, byAgent: boolean, silentTraces: SilentTraces): { readonly lines: { readonly columns: string; readonly where: Where; readonly tail: string }; readonly around: (rows: string) => string } {
  const { range, filter } = args
  const { model, agent, provider, service, environment } = filter ?? {}
  const lines = allOf(within('range', 'occurred_at', range), among('agent', 'agent', agent), among('provider', 'provider', provider), among('service', 'service', service), among('environment', 'environment', environment))
  const calls = callsWhere(range)
  // Whose lines say which model a name is charged as: those of all models, whichever are asked for.
  const ofModel = among('model', 'model', model)
  const silent = silentTraces.length === 0 ? undefined : silentCalls(args, byAgent, silentTraces)
  return {
    lines: {
      columns: [
        `${callKey} AS call`, 'any(cityHash64(trace_id)) AS trace', 'toString(any(model)) AS priced', 'toString(any(provider)) AS seller', 'toString(any(agent)) AS payer', 'ifNull(sum(amount), toDecimal128(0, 12)) AS known',
        'count() AS lines', `${unpricedLines} AS unknown`, `sumIf(quantity, startsWith(meter, 'input.')) AS input`, `sumIf(quantity, endsWith(meter, 'cache_read')) AS cached`,
        `sumIf(quantity, startsWith(meter, 'output.')) AS output`, 'sum(quantity) AS net', 'empty(any(trace_id)) AS traceless',
      ].join(', '),
      where: { sql: lines.sql, params: { ...lines.params, ...calls.params, ...ofModel?.params, ...silent?.params } },
      tail: `GROUP BY call, cityHash64(model, provider, agent)`,
    },
    around: (rows) => `(
      SELECT ${callNames}, ${lineNames}, found AND net != 0 AS is_call, 1 AS charged, NOT traceless AS of_run
      FROM ${rows} AS l ANY LEFT JOIN (${currentSpansOf(`${callColumns}, 1 AS found`, calls.sql)}) AS c USING (call)
      ${silent === undefined ? '' : `UNION ALL ${silent.sql}`}
    )`,
  }
}

/** Their ids; of more than can be named one by one, the engine is asked wherever it needs them. */
type SilentTraces = readonly string[] | 'many'

/**
 * Traces that are named, wherever they are needed: of 2,500 that took as long as asking for them there (600,000 calls), of 5,000
 * twice as long. Their ids are parameters, 41 characters each when escaped, beside those of the filter (`paramsCharsMax`).
 */
const silentTracesMax = 1_000

/** Traces with calls that the ledger knows nothing of. Most have none, and without any the question takes a third of the time. */
async function silentTracesOf({ reader }: QueryContext, { range, filter }: ModelArguments): Promise<SilentTraces> {
  const rows = await reader.rows<{ readonly trace: string }>({
    columns: `DISTINCT ${hexOf('trace_id', 'trace')}`, from: 'spans', where: allOf(callsWhere(range), silentWhere(filter)), tail: `LIMIT ${silentTracesMax + 1}`, allVersions: true,
  })
  return rows.length > silentTracesMax ? 'many' : rows.map(({ trace }) => trace)
}

/**
 * Rows of calls that nothing was charged for, unless settlement found that another trace tells all calls of theirs (a coding agent's
 * spans beside its logs).
 */
function silentCalls({ range, filter }: ModelArguments, byAgent: boolean, silentTraces: SilentTraces): Where {
  const calls = callsWhere(range)
  const silent = silentWhere(filter)
  const ofAgent = among('call_agent', 'payer', filter?.agent)
  /** Of traces that are named, all: they are few. */
  const tracesWith = (condition: string): string =>
    silentTraces === 'many' ? spansOf('trace_id', `${calls.sql} AND ${silent.sql} AND ${condition}`) : 'SELECT toFixedString(unhex(arrayJoin({silent_traces:Array(String)})), 16)'
  const ofSilent = `trace_id IN (${tracesWith('1')})`
  // One that came since they were named: what its spans are part of is not looked for.
  const onlyNamed = silentTraces === 'many' ? '' : ` AND ${ofSilent}`
  const itself = `(${currentSpansOf(`${callColumns}, ${noLines}, agent, trace_id, span_id, parent_span_id, response_id`, `${calls.sql} AND ${silent.sql}${onlyNamed}`)} LIMIT 1 BY trace_id, span_id)`
  const aboveCalls = spansOf('trace_id, parent_span_id', `${calls.sql} AND NOT empty(parent_span_id) AND ${ofSilent}`)
  // Answers without usage are few: of calls that failed this would be looked for in every trace that has one, for a fifth of the time.
  const abovePlain = spansOf('trace_id, parent_span_id', `${isPlain} AND trace_id IN (${tracesWith('status_code != 2')}) AND (trace_id, span_id) IN (${aboveCalls})`)
  // What a silent span may be part of: a call above it (one that failed, for a try that failed) or beside it, by the id of its answer.
  const parts = `arrayJoin(arrayConcat([concat('0', span_id)], if(status_code = 2, [concat('1', span_id)], []), if(response_id = '', [], [concat('=', response_id)])))`
  const told = spansOf(`trace_id, ${parts}`, `${calls.sql} AND ${isTold} AND ${ofSilent}`)
  return when(`SELECT ${callNames}, ${lineNames}, 1 AS is_call, 0 AS charged, 0 AS of_run
    FROM ${byAgent || ofAgent !== undefined ? withPayer(itself, tracesWith(`agent = ''`)) : `(SELECT *, toString(agent) AS payer FROM ${itself})`}
    WHERE ${ofAgent?.sql ?? '1'} AND (trace_id, span_id) NOT IN (${aboveCalls}) AND (failed OR (trace_id, span_id) NOT IN (${abovePlain}))
      AND (trace_id, concat(toString(failed), parent_span_id)) NOT IN (${told}) AND (failed OR response_id = '' OR (trace_id, concat('=', response_id)) NOT IN (${told}))
      AND trace_id NOT IN (${runsOf('trace_id', `model_calls = 0 AND ${ofSilent}`)})
    LIMIT 1 BY trace_id, if(failed OR response_id = '', toString(span_id), response_id)`,
  { ...silent.params, ...ofAgent?.params, ...(silentTraces === 'many' ? {} : { silent_traces: silentTraces }) })
}

const silentWhere = (filter: ModelFilter | null | undefined): Where => {
  const { provider, service, environment } = filter ?? {}
  return allOf(when(`NOT ${isTold}`), among('call_provider', 'provider', provider), among('call_service', 'service', service), among('call_environment', 'environment', environment))
}

const callsWhere = (range: TimeRange): Where => allOf(when(isCall), within('call', 'started_at', range))

/**
 * Of a group of calls with one name and one model or none on their lines: what calls of a name were charged as mostly, those are that
 * were not. A call that failed says only what was asked for, which may be a deployment's name: then what calls that asked for it were.
 */
const mostly = (name: string): string => `nullIf(argMaxIf(priced, (calls, priced), charged AND ${name} != '') OVER (PARTITION BY ${name}), '')`
const modelOf = `if(charged, priced, coalesce(${mostly('said')}, ${mostly('wanted')}, said))`

const states = [
  'countIf(is_call) AS calls', 'countIf(is_call AND failed) AS failures', 'countIf(is_call AND truncated) AS cut', 'countIf(is_call AND tools) AS asked', 'countIf(is_call AND streamed) AS streams',
  'uniqExactStateIf(trace, of_run) AS traces', 'groupUniqArrayState(100)(seller) AS sellers', 'groupUniqArrayStateIf(100)(said, is_call) AS called',
  'countIf(is_call AND NOT failed) AS answered', 'quantilesTDigestStateIf(0.5, 0.95)(ms, is_call AND NOT failed) AS took',
  'countIf(is_call AND NOT failed AND first_ms IS NOT NULL) AS firsts', 'quantilesTDigestStateIf(0.5, 0.95)(ifNull(first_ms, 0), is_call AND NOT failed AND first_ms IS NOT NULL) AS waited',
  'sumIf(toFloat64(output), is_call AND NOT failed AND ms > 0 AND output > 0) AS written', 'sumIf(ms, is_call AND NOT failed AND ms > 0 AND output > 0) AS writing',
  'sum(known) AS amount', 'sum(lines) AS entries', 'sum(unknown) AS unpriced', 'sum(input) AS inputs', 'sum(cached) AS caches', 'sum(output) AS outputs',
].join(', ')
const merged = [
  'toString(sum(calls)) AS call_count', 'toString(sum(failures)) AS failed_count', 'toString(sum(cut)) AS truncated_count', 'toString(sum(asked)) AS tool_count', 'toString(sum(streams)) AS streamed_count',
  'toString(uniqExactMerge(traces)) AS run_count', `arraySort(arrayFilter(one -> one != '', groupUniqArrayMerge(100)(sellers))) AS providers`, `arraySort(arrayFilter(one -> one != '', groupUniqArrayMerge(100)(called))) AS names`,
  'if(sum(answered) = 0, [], quantilesTDigestMerge(0.5, 0.95)(took)) AS durations', 'if(sum(firsts) = 0, [], quantilesTDigestMerge(0.5, 0.95)(waited)) AS first_tokens',
  'if(sum(writing) = 0, NULL, 1000 * sum(written) / sum(writing)) AS speed', textOf('sum(amount)', 'cost'), 'toString(sum(entries)) AS line_count', 'toString(sum(unpriced)) AS unpriced_count',
  textOf('sum(inputs)', 'input_sum'), textOf('sum(caches)', 'cached_sum'), textOf('sum(outputs)', 'output_sum'),
].join(', ')

interface StoredModel extends Readonly<Record<'call_count' | 'failed_count' | 'truncated_count' | 'tool_count' | 'streamed_count' | 'run_count' | 'cost' | 'line_count' | 'unpriced_count' | 'input_sum' | 'cached_sum' | 'output_sum', string>> {
  readonly by_model?: string
  readonly by_agent?: string
  readonly providers: readonly string[]
  readonly names: readonly string[]
  readonly durations: readonly number[]
  readonly first_tokens: readonly number[]
  readonly speed: number | null
}

const groups: Readonly<Record<ModelDimension, { readonly as: string; readonly select: string }>> = { MODEL: { as: 'by_model', select: 'model AS by_model' }, AGENT: { as: 'by_agent', select: 'payer AS by_agent' } }

export async function models(context: QueryContext, args: ModelArguments & { readonly groupBy: readonly ModelDimension[] }): Promise<ModelTable> {
  const by = [...new Set(args.groupBy)].map((dimension) => groups[dimension])
  const { lines, around } = callsOf(args, args.groupBy.includes('AGENT'), await silentTracesOf(context, args))
  const wanted = args.filter?.model ?? []
  const names = by.map(({ as }) => as).join(', ')
  const rows = await context.reader.rows<StoredModel>({
    ...lines, from: 'ledgerEntries',
    around: (calls) => `SELECT ${[...by.map(({ select }) => select), by.length === 0 ? '1 AS whole' : `grouping(${by[0]?.as}) AS whole`, merged].join(', ')} FROM (
        SELECT *, ${modelOf} AS model FROM (SELECT said, wanted, priced, charged, payer, ${states} FROM ${around(calls)} GROUP BY said, wanted, priced, charged, payer)
      ) ${wanted.length === 0 ? '' : 'WHERE model IN {model:Array(String)}'}
      ${by.length === 0 ? 'HAVING count() > 0' : `GROUP BY GROUPING SETS ((${names}), ()) HAVING count() > 0 ORDER BY whole DESC, sum(amount) DESC, sum(calls) DESC, ${names} LIMIT ${rowsMax + 2}`}`,
  })
  const [total, ...grouped] = rows
  if (grouped.length > rowsMax) throw userError('TOO_WIDE', `models would be more than ${rowsMax} rows: narrow the range or drop a dimension`)
  return { total: total === undefined ? null : { ...modelRow(total), model: null, agent: null }, rows: grouped.map(modelRow) }
}

const quantiles = ([p50, p95]: readonly number[]): Quantiles | null => (p50 === undefined || p95 === undefined ? null : { p50, p95 })
const perThousand = (cost: bigint, count: number): bigint | null => (count === 0 ? null : (cost * 1_000n) / BigInt(count))

function modelRow(row: StoredModel): ModelRow {
  const [cost, calls, runs] = [storedDecimal(row.cost), Number(row.call_count), Number(row.run_count)]
  return {
    model: row.by_model ?? null, agent: row.by_agent ?? null, names: row.names, providers: row.providers, calls, failedCalls: Number(row.failed_count), truncatedCalls: Number(row.truncated_count),
    toolCallingCalls: Number(row.tool_count), streamedCalls: Number(row.streamed_count), runs, durationMs: quantiles(row.durations), timeToFirstTokenMs: quantiles(row.first_tokens),
    outputTokensPerSecond: row.speed, cost, entries: Number(row.line_count), unpricedEntries: Number(row.unpriced_count), costPerThousandCalls: perThousand(cost, calls),
    costPerThousandRuns: perThousand(cost, runs), inputTokens: storedDecimal(row.input_sum), cachedInputTokens: storedDecimal(row.cached_sum), outputTokens: storedDecimal(row.output_sum),
  }
}

interface StoredCell {
  readonly from_second: string
  readonly half_octave: string
  readonly call_count: string
  readonly failed_count: string
}

/** Durations double in two steps, beginning below a millisecond; the last holds everything above nine hours. */
const stepsMax = 50
const lowerMs = (step: number): number => (step === 0 ? 0 : 2 ** ((step - 1) / 2))
/** Cells are read this much finer than a picture of all calls would need, so that those of a model that came late still fill one. */
const finer = 16

/** A clock that was never set says 1970: a picture from then until now has one column with a call in it. Nobody's agents called models before 2020, nor after 2039. */
const pictured = ({ from, to }: TimeRange): TimeRange => ({ from: from == null || from < pictureFrom ? pictureFrom : from, to: to == null || to > pictureTo ? pictureTo : to })
const pictureFrom = BigInt(Date.parse(costDaysFrom)) * 1_000_000n
const pictureTo = BigInt(Date.parse(costDaysTo)) * 1_000_000n

/** Null where there is no call. */
export async function modelLatency(context: QueryContext, args: ModelArguments): Promise<ModelLatency | null> {
  const range = pictured(args.range)
  const [span] = await context.reader.rows<{ readonly first: string; readonly last: string }>({
    columns: 'toString(toUnixTimestamp(min(started_at))) AS first, toString(toUnixTimestamp(max(started_at))) AS last', from: 'spans', where: callsWhere(range), tail: 'HAVING count() > 0', allVersions: true,
  })
  if (span === undefined) return null
  const width = widthFor(Number(span.first), Number(span.last), bucketsMax * finer)
  const wanted = args.filter?.model ?? []
  const { lines, around } = callsOf({ ...args, range }, false, await silentTracesOf(context, { ...args, range }))
  const cells = await context.reader.rows<StoredCell>({
    ...lines, where: { sql: lines.where.sql, params: { ...lines.where.params, width } }, from: 'ledgerEntries',
    around: (calls) => `SELECT toString(second) AS from_second, toString(step) AS half_octave, toString(sum(calls)) AS call_count, toString(sum(failures)) AS failed_count FROM (
        SELECT *, ${modelOf} AS model FROM (
          SELECT said, wanted, priced, charged, intDiv(toUnixTimestamp(began), {width:UInt32}) * {width:UInt32} AS second, least(${stepsMax}, if(ms < 1, 0, 1 + toUInt32(floor(2 * log2(ms))))) AS step, count() AS calls, countIf(failed) AS failures
          FROM ${around(calls)} WHERE is_call GROUP BY said, wanted, priced, charged, second, step)
      ) ${wanted.length === 0 ? '' : 'WHERE model IN {model:Array(String)}'} GROUP BY second, step LIMIT ${(bucketsMax * finer + 1) * (stepsMax + 1)}`,
  })
  return cells.length === 0 ? null : coarser(cells)
}

const widthFor = (first: number, last: number, buckets: number): number =>
  widths.find((seconds) => Math.floor(last / seconds) - Math.floor(first / seconds) < buckets) ?? (widths[widths.length - 1] as number)

/** The same calls in as few buckets of time as can be told apart. */
function coarser(stored: readonly StoredCell[]): ModelLatency {
  const seconds = stored.map((cell) => Number(cell.from_second))
  const width = widthFor(Math.min(...seconds), Math.max(...seconds), bucketsMax)
  const cells = new Map<string, LatencyCell>()
  for (const cell of stored) {
    const [second, step] = [Math.floor(Number(cell.from_second) / width) * width, Number(cell.half_octave)]
    const key = `${String(second).padStart(12, '0')} ${String(step).padStart(2, '0')}`
    const { calls, failedCalls } = cells.get(key) ?? { calls: 0, failedCalls: 0 }
    cells.set(key, { start: BigInt(second) * 1_000_000_000n, fromMs: lowerMs(step), toMs: lowerMs(step + 1), calls: calls + Number(cell.call_count), failedCalls: failedCalls + Number(cell.failed_count) })
  }
  return { intervalSeconds: width, cells: [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell) }
}
