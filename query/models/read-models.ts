import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import { toolReasons, truncatedReasons } from '#semconv/finish-reasons.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { userError } from '../errors.ts'
import { currentSpansOf, spansOf, textOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { allOf, among, when, type Where, within } from '../where.ts'
import type { LatencyCell, ModelDimension, ModelFilter, ModelLatency, ModelRow, Quantiles } from './model.ts'

/** Rows of one answer: far more than there are models, and agents of one model. */
const rowsMax = 10_000
/** Buckets of time in one picture of latencies: as many as can be told apart. */
const bucketsMax = 60
/** Widths that people think in. Seconds. */
const widths = [1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000] as const

export interface ModelArguments {
  readonly range: TimeRange
  readonly filter?: ModelFilter | null
}

/** Roles whose spans are calls of a model. */
const isCall = `role IN ('model_call', 'embedding')`
const saysAny = (reasons: readonly string[]): string => `hasAny(arrayMap(reason -> lower(reason), finish_reasons), [${reasons.map((reason) => `'${reason}'`).join(', ')}])`

const callColumns = [
  'trace_id AS call_trace', 'span_id AS call_span', 'toString(if(response_model = \'\', request_model, response_model)) AS said', 'toString(provider) AS said_seller', 'toString(agent) AS said_payer',
  'started_at AS began', '(toUnixTimestamp64Nano(ended_at) - toUnixTimestamp64Nano(started_at)) / 1e6 AS ms', 'time_to_first_token_ms AS first_ms', 'streaming AS streamed',
  'status_code = 2 AS failed', `${saysAny(truncatedReasons)} AS truncated`, `${saysAny(toolReasons)} AS tools`, '1 AS found',
].join(', ')

/** Columns of a row of `callsOf` beside those of `callColumns` but `found`. */
const nothingCharged = `'' AS priced, said_seller AS seller, said_payer AS payer, toDecimal128(0, 12) AS known, 0 AS lines, 0 AS unknown, toDecimal128(0, 12) AS input, toDecimal128(0, 12) AS cached, toDecimal128(0, 12) AS output, 1 AS is_call, 0 AS charged`

/**
 * A table of calls: what the ledger says of a span and a model, with what the span says of the call; and calls that nothing
 * was charged for. Lines that belong to no call (what an agent claims as a whole, what a bill has more) have `is_call` 0.
 */
function callsOf({ range, filter }: ModelArguments): { readonly lines: { readonly columns: string; readonly where: Where; readonly tail: string }; readonly around: (rows: string) => string } {
  const { model, agent, provider, service, environment } = filter ?? {}
  const lines = allOf(within('range', 'occurred_at', range), among('model', 'model', model), among('agent', 'agent', agent), among('provider', 'provider', provider), among('service', 'service', service), among('environment', 'environment', environment))
  const calls = allOf(when(isCall), within('call', 'started_at', range))
  const silent = allOf(when('NOT usage_reported'), among('call_agent', 'agent', agent), among('call_provider', 'provider', provider), among('call_service', 'service', service), among('call_environment', 'environment', environment))
  return {
    lines: {
      columns: [
        'trace_id AS call_trace', 'span_id AS call_span', 'toString(model) AS priced', 'toString(provider) AS seller', 'toString(agent) AS payer', 'ifNull(sum(amount), toDecimal128(0, 12)) AS known',
        'count() AS lines', `${unpricedLines} AS unknown`, `sumIf(quantity, startsWith(meter, 'input.')) AS input`, `sumIf(quantity, endsWith(meter, 'cache_read')) AS cached`,
        `sumIf(quantity, startsWith(meter, 'output.')) AS output`, 'sum(quantity) AS net',
      ].join(', '),
      where: { sql: lines.sql, params: { ...lines.params, ...calls.params, ...silent.params } },
      tail: 'GROUP BY call_trace, call_span, priced, seller, payer',
    },
    around: (rows) => `(
      SELECT l.call_trace AS call_trace, said, began, ms, first_ms, streamed, failed, truncated, tools, priced, seller, payer, known, lines, unknown, input, cached, output, found AND net != 0 AS is_call, 1 AS charged
      FROM ${rows} AS l ANY LEFT JOIN (SELECT ${callColumns} FROM ${currentSpansOf(calls.sql)}) AS c ON l.call_trace = c.call_trace AND l.call_span = c.call_span
      UNION ALL
      SELECT call_trace, said, began, ms, first_ms, streamed, failed, truncated, tools, ${nothingCharged}
      FROM (SELECT ${callColumns} FROM ${currentSpansOf(`${calls.sql} AND ${silent.sql}`)} LIMIT 1 BY call_trace, call_span)
      WHERE (call_trace, call_span) NOT IN (SELECT trace_id, parent_span_id FROM ${spansOf(`${calls.sql} AND NOT empty(parent_span_id) AND trace_id IN (SELECT trace_id FROM ${spansOf(`${calls.sql} AND ${silent.sql}`)})`)})
    )`,
  }
}

/** Of a group of calls with one name and one model or none on their lines: what calls of a name were charged as mostly, those are that were not. */
const modelOf = `if(charged, priced, if(said = '', '', ifNull(nullIf(argMaxIf(priced, calls, charged) OVER (PARTITION BY said), ''), said)))`

const states = [
  'countIf(is_call) AS calls', 'countIf(is_call AND failed) AS failures', 'countIf(is_call AND truncated) AS cut', 'countIf(is_call AND tools) AS asked', 'countIf(is_call AND streamed) AS streams',
  'uniqExactStateIf(call_trace, charged AND NOT empty(call_trace)) AS traces', 'groupUniqArrayState(100)(seller) AS sellers', 'groupUniqArrayStateIf(100)(said, is_call) AS called',
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

/** Dearest first. */
export async function models(context: QueryContext, args: ModelArguments & { readonly groupBy: readonly ModelDimension[] }): Promise<ModelRow[]> {
  const by = [...new Set(args.groupBy)].map((dimension) => groups[dimension])
  const { lines, around } = callsOf(args)
  const wanted = args.filter?.model ?? []
  const rows = await context.reader.rows<StoredModel>({
    ...lines, from: 'ledgerEntries',
    around: (calls) => `SELECT ${[...by.map(({ select }) => select), merged].join(', ')} FROM (
        SELECT *, ${modelOf} AS model FROM (SELECT said, priced, charged, payer, ${states} FROM ${around(calls)} GROUP BY said, priced, charged, payer)
      ) ${wanted.length === 0 ? '' : 'WHERE model IN {model:Array(String)}'}
      ${by.length === 0 ? 'HAVING count() > 0' : `GROUP BY ${by.map(({ as }) => as).join(', ')} ORDER BY sum(amount) DESC, sum(calls) DESC, ${by.map(({ as }) => as).join(', ')} LIMIT ${rowsMax + 1}`}`,
  })
  if (rows.length > rowsMax) throw userError('TOO_WIDE', `models would be more than ${rowsMax} rows: narrow the range or drop a dimension`)
  return rows.map(modelRow)
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
  readonly first_second: string
  readonly last_second: string
}

/** Durations double in two steps, beginning below a millisecond; the last holds everything above nine hours. */
const stepsMax = 50
const lowerMs = (step: number): number => (step === 0 ? 0 : 2 ** ((step - 1) / 2))

/** Null where there is no call. */
export async function modelLatency(context: QueryContext, args: ModelArguments): Promise<ModelLatency | null> {
  const wanted = args.filter?.model ?? []
  const cells = async (width: number): Promise<StoredCell[]> => {
    const { lines, around } = callsOf(args)
    return context.reader.rows<StoredCell>({
      ...lines, where: { sql: lines.where.sql, params: { ...lines.where.params, width } }, from: 'ledgerEntries',
      around: (calls) => `SELECT toString(second) AS from_second, toString(step) AS half_octave, toString(sum(calls)) AS call_count, toString(sum(failures)) AS failed_count, toString(min(least_second)) AS first_second, toString(max(most_second)) AS last_second FROM (
          SELECT *, ${modelOf} AS model FROM (
            SELECT said, priced, charged, intDiv(toUnixTimestamp(began), {width:UInt32}) * {width:UInt32} AS second, least(${stepsMax}, if(ms < 1, 0, 1 + intDiv(toUInt32(floor(2000 * log2(ms))), 1000))) AS step, count() AS calls, countIf(failed) AS failures,
              min(toUnixTimestamp(began)) AS least_second, max(toUnixTimestamp(began)) AS most_second
            FROM ${around(calls)} WHERE is_call GROUP BY said, priced, charged, second, step)
        ) ${wanted.length === 0 ? '' : 'WHERE model IN {model:Array(String)}'} GROUP BY second, step ORDER BY second, step LIMIT ${bucketsMax * (stepsMax + 1)}`,
    })
  }
  // One bucket first: it says how long the time is that has calls.
  const whole = await cells(widths[widths.length - 1] as number)
  if (whole.length === 0) return null
  const [first, last] = [Math.min(...whole.map((cell) => Number(cell.first_second))), Math.max(...whole.map((cell) => Number(cell.last_second)))]
  const width = widths.find((seconds) => Math.floor(last / seconds) - Math.floor(first / seconds) < bucketsMax) ?? (widths[widths.length - 1] as number)
  return { intervalSeconds: width, cells: (await cells(width)).map(latencyCell) }
}

const latencyCell = (cell: StoredCell): LatencyCell => {
  const step = Number(cell.half_octave)
  return { start: BigInt(cell.from_second) * 1_000_000_000n, fromMs: lowerMs(step), toMs: lowerMs(step + 1), calls: Number(cell.call_count), failedCalls: Number(cell.failed_count) }
}
