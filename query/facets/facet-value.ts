import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { QueryContext } from '../context.ts'
import { Count } from '../scalars.ts'
import { enumOf, plain, required } from '../shape.ts'

export const runFacets = ['NAME', 'STATUS', 'SERVICE', 'ENVIRONMENT', 'AGENT', 'USER', 'SESSION', 'PROVIDER', 'MODEL', 'WORKFLOW', 'PROJECT'] as const
export type RunFacet = (typeof runFacets)[number]

export const RunFacetEnum = enumOf('RunFacet', 'What runs can be filtered by, with a list of values.', runFacets, {
  NAME: 'Name of the run.',
  STATUS: 'Status of the run.',
  SERVICE: 'Service of the topmost span.',
  ENVIRONMENT: 'Deployment environment.',
  AGENT: 'Agents that took part.',
  USER: 'Users.',
  SESSION: 'Sessions.',
  PROVIDER: 'Providers.',
  MODEL: 'Models.',
  WORKFLOW: 'Workflow.',
  PROJECT: 'Project.',
})

export interface FacetValue {
  readonly value: string
  readonly runs: number
}

export const FacetValueType = new GraphQLObjectType<FacetValue, QueryContext>({
  name: 'FacetValue',
  description: 'A value that runs have, and how many have it.',
  fields: {
    value: plain(required(GraphQLString), 'The value, as the filter takes it.'),
    runs: plain(required(Count), 'Matching runs that have it.'),
  },
})
