import {
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, getNamedType, type GraphQLError, type GraphQLField, isIntrospectionType, isListType, isNonNullType,
  isObjectType, Kind, type OperationDefinitionNode, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema, SchemaMetaFieldDef,
  type SelectionSetNode, TypeMetaFieldDef,
} from 'graphql'
import { userError } from './errors.ts'

/** Characters of a query's text: the console's longest is a tenth of it. */
export const queryTextMax = 50_000
/** Levels of fields: run, steps, events, attributes and a few connections around them. */
export const depthMax = 12
/** The introspection query of the tools unwraps ten levels of types. */
const introspectionDepthMax = 18
/** Aliases, the way to ask the same expensive field many times. */
export const aliasesMax = 60
/** Values an answer may hold by its page sizes: 50 runs with all their steps, lines and decisions fit. */
export const costMax = 1_000_000
/** Items assumed in a list without a page size, such as the steps of a run. */
const listItems = 200
/** A field of a run that is a read of its own, in values: so that a page of runs cannot start hundreds of reads. */
const readCost = 1_000
/** Fields looked at before a query is called too large: fragments in fragments grow without end. */
const fieldsMax = 20_000

interface Walk {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: ReadonlyMap<string, unknown>
  fields: number
  aliases: number
}

/** Why a valid query is too expensive to run, or `undefined`. Looks at the query alone, before anything is read. */
export function beyondLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): GraphQLError | undefined {
  const root = operation.operation === 'mutation' ? schema.getMutationType() : schema.getQueryType()
  if (root == null) throw new Error(`the schema has no ${operation.operation}`)
  const fragments = new Map(document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]))
  const walk: Walk = { fragments, variables: new Map([...defaultNumbers(operation), ...Object.entries(variables)]), fields: 0, aliases: 0 }
  try {
    const cost = selectionCost(walk, operation.selectionSet, root, 1)
    if (walk.aliases > aliasesMax) return userError('BAD_INPUT', `the query has ${walk.aliases} aliases, at most ${aliasesMax} are allowed: send several queries`)
    if (cost > costMax) {
      return userError('TOO_WIDE', `the query could return ${Math.round(cost)} values, at most ${costMax} are allowed: ask for fewer fields or smaller pages`)
    }
    return undefined
  } catch (error) {
    if (error instanceof TooDeep) return userError('BAD_INPUT', error.message)
    throw error
  }
}

/** What variables are where the request says nothing. */
const defaultNumbers = ({ variableDefinitions = [] }: OperationDefinitionNode): [string, unknown][] =>
  variableDefinitions.flatMap(({ variable, defaultValue }) => (defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : []))

class TooDeep extends Error {}

function selectionCost(walk: Walk, selections: SelectionSetNode, type: GraphQLObjectType, depth: number): number {
  const levels = isIntrospectionType(type) ? introspectionDepthMax : depthMax
  if (depth > levels) throw new TooDeep(`the query is more than ${levels} levels deep: ask for less at once`)
  let cost = 0
  for (const selection of selections.selections) {
    switch (selection.kind) {
      case Kind.FIELD:
        cost += fieldCost(walk, selection, type, depth)
        break
      case Kind.INLINE_FRAGMENT:
        cost += selectionCost(walk, selection.selectionSet, type, depth)
        break
      case Kind.FRAGMENT_SPREAD: {
        const fragment = walk.fragments.get(selection.name.value)
        if (fragment !== undefined) cost += selectionCost(walk, fragment.selectionSet, type, depth)
        break
      }
    }
  }
  return cost
}

function fieldCost(walk: Walk, node: FieldNode, type: GraphQLObjectType, depth: number): number {
  walk.fields++
  if (walk.fields > fieldsMax) throw new TooDeep(`the query names more than ${fieldsMax} fields: ask for less at once`)
  if (node.alias !== undefined) walk.aliases++
  const field = metaFields.get(node.name.value) ?? type.getFields()[node.name.value]
  if (field === undefined || node.selectionSet === undefined) return own(field, type)
  const child = getNamedType(field.type)
  if (!isObjectType(child)) return own(field, type)
  return own(field, type) + items(walk, node, field) * selectionCost(walk, node.selectionSet, child, depth + 1)
}

const metaFields: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map([SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]))

const own = (field: GraphQLField<unknown, unknown> | undefined, type: GraphQLObjectType): number =>
  field?.resolve !== undefined && type.name === 'Run' ? readCost : 1

/** How many objects a field returns at most, by its `first`; the items of a connection are counted at the connection. */
function items(walk: Walk, node: FieldNode, field: GraphQLField<unknown, unknown>): number {
  const first = field.args.find((arg) => arg.name === 'first')
  if (first !== undefined) {
    const given = node.arguments?.find((argument) => argument.name.value === 'first')?.value
    const value = given?.kind === Kind.VARIABLE ? walk.variables.get(given.name.value) : given?.kind === Kind.INT ? Number(given.value) : undefined
    const count = value ?? first.defaultValue
    return typeof count === 'number' && count > 0 ? count : 1
  }
  const known = field.extensions['items']
  if (typeof known === 'number') return known
  if (field.name === 'nodes' || field.name === 'edges' || isIntrospectionType(getNamedType(field.type))) return 1
  return isList(field.type) ? listItems : 1
}

const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type)
