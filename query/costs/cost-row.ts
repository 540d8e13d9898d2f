import { GraphQLEnumType, GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { CostBasisEnum } from '../enums.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { asked, enumOf, plain, required } from '../shape.ts'

export const costDimensions = [
  'AGENT', 'MODEL', 'PROVIDER', 'USER', 'SESSION', 'SERVICE', 'ENVIRONMENT', 'WORKFLOW', 'METER', 'PROJECT', 'RUN', 'BASIS', 'TAG',
] as const
export type CostDimension = (typeof costDimensions)[number]

export const CostDimensionEnum: GraphQLEnumType = enumOf('CostDimension', 'What costs can be split by.', costDimensions, {
  AGENT: 'Agent the cost belongs to.',
  MODEL: 'Model that was priced.',
  PROVIDER: 'Who serves the model.',
  USER: 'User the cost belongs to.',
  SESSION: 'Conversation the cost belongs to.',
  SERVICE: 'Service that sent the span.',
  ENVIRONMENT: 'Deployment environment.',
  WORKFLOW: 'Workflow the cost belongs to.',
  METER: 'Class of usage.',
  PROJECT: 'Project the telemetry was sent to.',
  RUN: 'One run.',
  BASIS: 'What the amount rests on.',
  TAG: 'One tag. A line with several stands in the row of each: rows overlap, and can add up to more than the total.',
})

export const intervals = ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'] as const
export type Interval = (typeof intervals)[number]
export const IntervalEnum = enumOf('Interval', 'Width of a bucket of time.', intervals, {
  MINUTE: 'One minute.',
  HOUR: 'One hour.',
  DAY: 'One calendar day of the time zone asked for.',
  WEEK: 'One week from Monday.',
  MONTH: 'One calendar month.',
})

/** Rows of one answer. More than a chart or a table can show; narrow the range or drop a dimension. */
export const costRowsMax = 10_000

export interface CostRow {
  readonly start: UnixNano | null
  readonly agent: string | null
  readonly model: string | null
  readonly provider: string | null
  readonly user: string | null
  readonly session: string | null
  readonly service: string | null
  readonly environment: string | null
  readonly workflow: string | null
  readonly meter: string | null
  readonly project: string | null
  readonly runId: string | null
  readonly basis: string | null
  readonly tag: string | null
  readonly cost: PicoUsd
  readonly reported: PicoUsd
  readonly entries: number
  readonly unpricedEntries: number
  /** What cannot be added up from sums: read from the ledger when it is asked for. */
  readonly runs: () => Promise<number>
  readonly chargedSpans: () => Promise<number>
  /** `undefined` where nothing was claimed. */
  readonly claimed: () => Promise<Claimed | undefined>
  readonly quantity: bigint
  readonly inputTokens: bigint
  readonly outputTokens: bigint
}

/** Of the calls of a row that have both. */
export interface Claimed {
  readonly claim: PicoUsd
  readonly ours: PicoUsd
}

const grouped = (what: string): string => `${what}: null unless grouped by it, "" where the line names none.`

export const CostRowType = new GraphQLObjectType<CostRow, QueryContext>({
  name: 'CostRow',
  description: 'The sum of the ledger lines of one group and one bucket of time.',
  fields: {
    start: plain(DateTime, 'Start of the bucket; null where no interval was asked for.'),
    agent: plain(GraphQLString, grouped('Agent')),
    model: plain(GraphQLString, grouped('Model')),
    provider: plain(GraphQLString, grouped('Provider')),
    user: plain(GraphQLString, grouped('User')),
    session: plain(GraphQLString, grouped('Session')),
    service: plain(GraphQLString, grouped('Service')),
    environment: plain(GraphQLString, grouped('Environment')),
    workflow: plain(GraphQLString, grouped('Workflow')),
    meter: plain(GraphQLString, grouped('Meter')),
    project: plain(GraphQLString, grouped('Project')),
    runId: plain(GraphQLID, 'Trace id of the run: null unless grouped by RUN.'),
    basis: plain(CostBasisEnum, 'Basis: null unless grouped by it.'),
    tag: plain(GraphQLString, 'Tag: null unless grouped by it, "" where the line has none. Rows of tags overlap.'),
    cost: plain(required(Decimal), 'Sum of the known amounts, reversals taken off. Read it together with `unpricedEntries`.'),
    reported: plain(required(Decimal), 'The part of `cost` that rests on amounts the instrumentation claimed (basis REPORTED).'),
    reportedCost: asked(Decimal, 'What the instrumentation claimed for the calls that have a line in this row and a whole amount of ours; null where it claimed nothing. Read from the spans when it is asked for.', {},
      async (row) => (await row.claimed())?.claim ?? null),
    costVariance: asked(Decimal, 'Our amount of the same calls less what was claimed for them; null where nothing was claimed.', {}, async (row) => {
      const claimed = await row.claimed()
      return claimed === undefined ? null : claimed.ours - claimed.claim
    }),
    entries: plain(required(Count), 'Ledger lines in this row.'),
    unpricedEntries: plain(required(Count), 'Lines whose amount is unknown and so not in `cost`.'),
    runs: asked(required(Count), 'Runs that have a line in this row. Counted in the ledger itself, which takes longer than the sums.', {}, (row) => row.runs()),
    chargedSpans: asked(required(Count), 'Spans that have a charge in this row, reversed ones included. Counted in the ledger itself.', {}, (row) => row.chargedSpans()),
    quantity: plain(required(Decimal), 'Tokens of every meter together, reversals taken off.'),
    inputTokens: plain(required(Decimal), 'Tokens of the `input.*` meters, reversals taken off.'),
    outputTokens: plain(required(Decimal), 'Tokens of the `output.*` meters, reversals taken off.'),
  },
})
