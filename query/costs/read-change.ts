import { GraphQLObjectType } from 'graphql'
import type { CostBasis, PicoUsd, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import { DateTime, Decimal } from '../scalars.ts'
import { plain, required } from '../shape.ts'
import type { TimeRange } from '../time-range.ts'
import { cacheSavings, type Effects, effects, type MeterSum } from './change.ts'
import { costs } from './read-costs.ts'

export interface ChangeArguments {
  readonly range: TimeRange
  readonly filter?: LedgerFilter | null
}

export interface CostChange extends Effects {
  readonly from: UnixNano
  readonly middle: UnixNano
  readonly to: UnixNano
  readonly before: PicoUsd
  readonly now: PicoUsd
}

export const CostChangeType = new GraphQLObjectType<CostChange, QueryContext>({
  name: 'CostChange',
  description: 'Why a period cost more or less than the one before, which is as long. `now` less `before` is the sum of the effects, exactly. Lines without a price are in none of it.',
  fields: {
    from: plain(required(DateTime), 'Start of the period before.'),
    middle: plain(required(DateTime), 'Its end, and the start of the period asked for.'),
    to: plain(required(DateTime), 'End of the period asked for.'),
    before: plain(required(Decimal), 'What the period before cost.'),
    now: plain(required(Decimal), 'What the period asked for cost.'),
    volume: plain(required(Decimal), 'More or fewer tokens, at what a token cost on average before.'),
    models: plain(required(Decimal), 'Other models, at what a token of each cost before; one that is new keeps its own price.'),
    inputOutput: plain(required(Decimal), 'More or less output by input within models, at what either cost before.'),
    cache: plain(required(Decimal), 'More or less of the input from caches, more or fewer thoughts among the output: meters within input and output, at what each cost before.'),
    prices: plain(required(Decimal), 'The same tokens of the same meters at other prices.'),
    other: plain(required(Decimal), 'What is not charged by the token: searches, images, what senders claim as a whole.'),
  },
})

const known: readonly CostBasis[] = ['PRICED', 'REPORTED']

/** By model and meter: from the sums by day where they have it. */
async function meterSums(context: QueryContext, range: TimeRange, filter: LedgerFilter | null | undefined): Promise<readonly MeterSum[]> {
  const wanted = filter?.basis ?? []
  const basis = wanted.length === 0 ? known : known.filter((one) => wanted.includes(one))
  if (basis.length === 0) return []
  const rows = await costs(context, { range, groupBy: ['MODEL', 'METER'], filter: { ...filter, basis } })
  return rows.map((row) => ({ model: row.model ?? '', meter: row.meter ?? '', cost: row.cost, tokens: row.quantity }))
}

export async function costChange(context: QueryContext, { range, filter }: ChangeArguments): Promise<CostChange> {
  const to = range.to ?? BigInt(context.now()) * 1_000_000n
  const middle = range.from
  if (middle == null) throw userError('BAD_INPUT', 'costChange compares with the time before: the range needs a `from`')
  if (to <= middle) throw userError('BAD_INPUT', 'the range ends before it starts')
  const from = middle - (to - middle)
  // OTLP counts from 1970; and years before the first have no place in RFC 3339.
  if (from < 0n) throw userError('BAD_INPUT', 'costChange compares with the time before, which would begin before 1970: narrow the range')
  const [before, now] = await Promise.all([meterSums(context, { from, to: middle }, filter), meterSums(context, { from: middle, to }, filter)])
  const cost = (rows: readonly MeterSum[]): PicoUsd => rows.reduce((sum, row) => sum + row.cost, 0n)
  return { from, middle, to, before: cost(before), now: cost(now), ...effects(before, now) }
}

export const readCacheSavings = async (context: QueryContext, { range, filter }: ChangeArguments): Promise<PicoUsd | null> => cacheSavings(await meterSums(context, range, filter)) ?? null
