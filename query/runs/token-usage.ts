import { GraphQLObjectType } from 'graphql'
import type { TokenUsage } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count } from '../scalars.ts'
import { plain, required } from '../shape.ts'

export const TokenUsageType = new GraphQLObjectType<TokenUsage, QueryContext>({
  name: 'TokenUsage',
  description: 'Tokens as vendors speak of them; the usage vector behind it is disjoint.',
  fields: {
    input: plain(required(Count), 'All input tokens, cached and cache-written ones included.'),
    cachedInput: plain(required(Count), 'Part of `input` that was read from the cache.'),
    cacheWrite: plain(required(Count), 'Part of `input` that was written to the cache.'),
    output: plain(required(Count), 'All output tokens, reasoning included.'),
    reasoning: plain(required(Count), 'Part of `output` spent on reasoning.'),
    total: plain(required(Count), 'Input and output, and totals that came without a split.'),
  },
})
