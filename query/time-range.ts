import { GraphQLInputObjectType } from 'graphql'
import type { UnixNano } from '#semconv/facts.ts'
import { DateTime } from './scalars.ts'
import { input } from './shape.ts'

export interface TimeRange {
  readonly from?: UnixNano | null
  readonly to?: UnixNano | null
}

export const TimeRangeInput = new GraphQLInputObjectType({
  name: 'TimeRange',
  description: 'From (inclusive) to (exclusive). A side that is left out is open.',
  fields: { from: input(DateTime, 'First moment inside.'), to: input(DateTime, 'First moment outside.') },
})
