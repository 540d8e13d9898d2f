import { GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { listOf, plain, required } from '../shape.ts'

export interface UnpricedModel {
  readonly provider: string
  readonly model: string
  readonly calls: number
  /** Times 10^12. */
  readonly tokens: bigint
  readonly meters: readonly string[]
  readonly firstSeen: UnixNano
  readonly lastSeen: UnixNano
  readonly exampleRunId: string
}

export const UnpricedModelType = new GraphQLObjectType<UnpricedModel, QueryContext>({
  name: 'UnpricedModel',
  description: 'A model of which usage stands in the ledger without an amount. What was repriced since is not in it.',
  fields: {
    provider: plain(required(GraphQLString), 'Who serves it, as the telemetry says; "" where it names nobody.'),
    model: plain(required(GraphQLString), 'As the telemetry names it; "" where it names none.'),
    calls: plain(required(Count), 'Calls without a price.'),
    tokens: plain(required(Decimal), 'Their tokens.'),
    meters: plain(listOf(GraphQLString), 'Classes of usage without a price: all of a model that is unknown, or a tool that its card has no price for.'),
    firstSeen: plain(required(DateTime), 'Earliest such call in the range.'),
    lastSeen: plain(required(DateTime), 'Latest one.'),
    exampleRunId: plain(required(GraphQLID), 'A run with such a call, the latest.'),
  },
})
