import { GraphQLFloat, GraphQLInputObjectType, GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { anyOf, enumOf, input, listOf, plain, required } from '../shape.ts'

export const modelDimensions = ['MODEL', 'AGENT'] as const
export type ModelDimension = (typeof modelDimensions)[number]

export const ModelDimensionEnum = enumOf('ModelDimension', 'What the calls of models can be split by.', modelDimensions, {
  MODEL: 'Model that was priced; of a call that was not charged the name it said, as the charged calls of that name were priced.',
  AGENT: 'Agent that pays; of a call that was not charged the one that it or the step above it names.',
})

export interface ModelFilter {
  readonly model?: readonly string[] | null
  readonly agent?: readonly string[] | null
  readonly provider?: readonly string[] | null
  readonly service?: readonly string[] | null
  readonly environment?: readonly string[] | null
}

export const ModelFilterInput = new GraphQLInputObjectType({
  name: 'ModelFilter',
  description: 'Which calls. All conditions hold together. A condition that is left out, null or an empty list restricts nothing.',
  fields: {
    model: input(anyOf(GraphQLString), 'Any of these models.'),
    agent: input(anyOf(GraphQLString), 'Any of these agents; "" finds calls that name none.'),
    provider: input(anyOf(GraphQLString), 'Any of these providers; "" finds calls that name none.'),
    service: input(anyOf(GraphQLString), 'Any of these services.'),
    environment: input(anyOf(GraphQLString), 'Any of these environments; "" finds calls that name none.'),
  },
})

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number
  readonly p95: number
}

export interface ModelRow {
  readonly model: string | null
  readonly agent: string | null
  readonly names: readonly string[]
  readonly providers: readonly string[]
  readonly calls: number
  readonly failedCalls: number
  readonly truncatedCalls: number
  readonly toolCallingCalls: number
  readonly streamedCalls: number
  readonly runs: number
  readonly durationMs: Quantiles | null
  readonly timeToFirstTokenMs: Quantiles | null
  readonly outputTokensPerSecond: number | null
  readonly cost: PicoUsd
  readonly entries: number
  readonly unpricedEntries: number
  readonly costPerThousandCalls: PicoUsd | null
  readonly costPerThousandRuns: PicoUsd | null
  readonly inputTokens: bigint
  readonly cachedInputTokens: bigint
  readonly outputTokens: bigint
}

const QuantilesType = new GraphQLObjectType<Quantiles, QueryContext>({
  name: 'Quantiles',
  description: 'In milliseconds, estimated by t-digest.',
  fields: {
    p50: plain(required(GraphQLFloat), 'Half of the calls took no longer.'),
    p95: plain(required(GraphQLFloat), 'Nineteen of twenty took no longer.'),
  },
})

export const ModelRowType = new GraphQLObjectType<ModelRow, QueryContext>({
  name: 'ModelRow',
  description: 'What a model did and cost. A call that several spans tell is one: those are counted that the ledger charges, and those that reported no usage, failed ones among them, unless another call is below them, or around one that did not fail.',
  fields: {
    model: plain(GraphQLString, 'Model: null unless grouped by it, "" where the telemetry names none.'),
    agent: plain(GraphQLString, 'Agent: null unless grouped by it, "" where the telemetry names none.'),
    names: plain(listOf(GraphQLString), 'What the telemetry calls it, as filters of runs take it, sorted; 100 at most.'),
    providers: plain(listOf(GraphQLString), 'Who served it, sorted; 100 at most.'),
    calls: plain(required(Count), 'Calls, failed ones among them.'),
    failedCalls: plain(required(Count), 'Calls whose span ended with an error.'),
    truncatedCalls: plain(required(Count), 'Calls whose answer was cut at a limit of tokens, as their finish reason says.'),
    toolCallingCalls: plain(required(Count), 'Calls whose answer asked for tools, as their finish reason says.'),
    streamedCalls: plain(required(Count), 'Calls whose answer was streamed.'),
    runs: plain(required(Count), 'Runs that have a ledger line in this row.'),
    durationMs: plain(QuantilesType, 'How long calls took that did not fail; null where none is known.'),
    timeToFirstTokenMs: plain(QuantilesType, 'Until the first part of the answer came, of calls that tell it; null where none does.'),
    outputTokensPerSecond: plain(GraphQLFloat, 'Output tokens of all calls that did not fail, by the time they took: thoughts are written before the first token that is seen, so the wait for it counts. Null where neither is known.'),
    cost: plain(required(Decimal), 'Sum of the known amounts of the ledger lines. Read it together with `unpricedEntries`.'),
    entries: plain(required(Count), 'Ledger lines in this row.'),
    unpricedEntries: plain(required(Count), 'Lines whose amount is unknown.'),
    costPerThousandCalls: plain(Decimal, '`cost` by 1,000 calls, rounded towards zero at 10^-12 dollars; null without calls.'),
    costPerThousandRuns: plain(Decimal, '`cost` by 1,000 runs, rounded towards zero at 10^-12 dollars; null without runs.'),
    inputTokens: plain(required(Decimal), 'Input tokens, cached ones included.'),
    cachedInputTokens: plain(required(Decimal), 'Input tokens that were read from a cache.'),
    outputTokens: plain(required(Decimal), 'Output tokens.'),
  },
})

export interface ModelTable {
  readonly total: ModelRow | null
  readonly rows: readonly ModelRow[]
}

export const ModelTableType = new GraphQLObjectType<ModelTable, QueryContext>({
  name: 'ModelTable',
  description: 'Calls of models in all and by group: read once, because a percentile of everything is no sum of rows.',
  fields: {
    total: plain(ModelRowType, 'All of them; null where there is no call and no ledger line.'),
    rows: plain(listOf(ModelRowType), 'One for each group, dearest first; none where nothing is grouped by.'),
  },
})

export interface LatencyCell {
  readonly start: UnixNano
  readonly fromMs: number
  readonly toMs: number
  readonly calls: number
  readonly failedCalls: number
}

export interface ModelLatency {
  readonly intervalSeconds: number
  readonly cells: readonly LatencyCell[]
}

const LatencyCellType = new GraphQLObjectType<LatencyCell, QueryContext>({
  name: 'LatencyCell',
  description: 'Calls that began in one bucket of time and took about as long.',
  fields: {
    start: plain(required(DateTime), 'Start of the bucket of time.'),
    fromMs: plain(required(GraphQLFloat), 'Shortest duration in it, in milliseconds.'),
    toMs: plain(required(GraphQLFloat), 'First duration above it: the square root of two times `fromMs`, 1 for the lowest.'),
    calls: plain(required(Count), 'Calls in it.'),
    failedCalls: plain(required(Count), 'Those of them that failed.'),
  },
})

export const ModelLatencyType = new GraphQLObjectType<ModelLatency, QueryContext>({
  name: 'ModelLatency',
  description: 'How long calls took, over time.',
  fields: {
    intervalSeconds: plain(required(Count), 'Width of a bucket of time.'),
    cells: plain(listOf(LatencyCellType), 'Those that have calls, earliest first, shortest first.'),
  },
})
