import {
  type GraphQLArgumentConfig, GraphQLEnumType, type GraphQLFieldConfig, type GraphQLInputFieldConfig, GraphQLList, GraphQLNonNull,
  type GraphQLInputType, type GraphQLNullableInputType, type GraphQLNullableOutputType, type GraphQLNullableType, type GraphQLOutputType, type GraphQLResolveInfo,
} from 'graphql'
import type { QueryContext } from './context.ts'

/** A field whose value lies on its object under the field's own name. Every field says what it means: the description is not optional. */
export const plain = <Source>(type: GraphQLOutputType, description: string): GraphQLFieldConfig<Source, QueryContext> => ({ type, description })

/** A field that is worked out when it is asked for. */
export const asked = <Source, Args = Record<string, never>>(
  type: GraphQLOutputType,
  description: string,
  args: Record<string, GraphQLArgumentConfig>,
  resolve: (source: Source, args: Args, context: QueryContext, info: GraphQLResolveInfo) => unknown,
): GraphQLFieldConfig<Source, QueryContext, Args> => ({ type, description, args, resolve })

/** A list that never has more than so many items: a query's cost counts these, not what a list is assumed to hold. */
export const atMost = <Source, Args>(items: number, field: GraphQLFieldConfig<Source, QueryContext, Args>): GraphQLFieldConfig<Source, QueryContext, Args> =>
  ({ ...field, extensions: { items } })

export const input = (type: GraphQLInputType, description: string): GraphQLInputFieldConfig => ({ type, description })
/** `defaultValue`, not graphql 17's `default`: yoga's executor reads only the former for a variable that was left out. */
export const argument = (type: GraphQLInputType, description: string, defaultValue?: unknown): GraphQLArgumentConfig =>
  defaultValue === undefined ? { type, description } : { type, description, defaultValue }

export const required = <T extends GraphQLNullableType>(type: T): GraphQLNonNull<T> => new GraphQLNonNull(type)
export const listOf = <T extends GraphQLNullableOutputType>(type: T): GraphQLNonNull<GraphQLList<GraphQLNonNull<T>>> =>
  new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))
/** An optional list input: absent and empty both mean "no restriction". */
export const anyOf = <T extends GraphQLNullableInputType>(type: T): GraphQLList<GraphQLNonNull<T>> => new GraphQLList(new GraphQLNonNull(type))

/** A closed list of `semconv/facts.ts` as an enum: the names are the values. A value without a description does not compile. */
export const enumOf = <Value extends string>(
  name: string,
  description: string,
  values: readonly Value[],
  meaning: Readonly<Record<Value, string>>,
): GraphQLEnumType =>
  new GraphQLEnumType({
    name,
    description,
    values: Object.fromEntries(values.map((value) => [value, { value, description: meaning[value] }])),
  })
