import { GraphQLBoolean, GraphQLInt, GraphQLObjectType, GraphQLString, type GraphQLArgumentConfig } from 'graphql'
import type { QueryContext } from './context.ts'
import { argument, asked, listOf, plain, required } from './shape.ts'
import { Count } from './scalars.ts'

/** One page of a list, with what is needed to ask for the next. */
export interface Connection<Node> {
  readonly nodes: readonly Node[]
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly startCursor: string | null; readonly endCursor: string | null }
  readonly countAll: () => Promise<number>
}

const PageInfo = new GraphQLObjectType<Connection<unknown>['pageInfo'], QueryContext>({
  name: 'PageInfo',
  description: 'Where a page lies in its list.',
  fields: {
    hasNextPage: plain(required(GraphQLBoolean), 'Whether more follow.'),
    hasPreviousPage: plain(required(GraphQLBoolean), 'Whether this page was reached with a cursor.'),
    startCursor: plain(GraphQLString, 'Cursor of the first of this page.'),
    endCursor: plain(GraphQLString, 'Cursor of the last of this page: pass it as `after` to get the next.'),
  },
})

export function connectionType(node: GraphQLObjectType, of: string): GraphQLObjectType {
  const edge = new GraphQLObjectType({
    name: `${node.name}Edge`,
    description: `One of ${of} with its cursor.`,
    fields: { cursor: plain(required(GraphQLString), 'Opaque position in this order and filter.'), node: plain(required(node), 'The thing itself.') },
  })
  return new GraphQLObjectType<Connection<unknown>, QueryContext>({
    name: `${node.name}Connection`,
    description: `A page of ${of}.`,
    fields: {
      nodes: plain(listOf(node), 'The page.'),
      edges: plain(listOf(edge), 'The page, each with its cursor.'),
      pageInfo: plain(required(PageInfo), 'Where this page lies.'),
      totalCount: asked(required(Count), 'How many match in all. Counted only where asked for.', {}, (page) => page.countAll()),
    },
  })
}

export interface PageArguments {
  readonly first: number
  readonly after?: string | null
}

export const pageArguments = (first: number): Record<string, GraphQLArgumentConfig> => ({
  first: argument(GraphQLInt, 'How many, 1 to 500.', first),
  after: argument(GraphQLString, 'The `endCursor` of the page before; same order and filter.'),
})
