import { getOperationAST, type GraphQLError, Kind } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { QueryContext } from './context.ts'
import { userError } from './errors.ts'
import { beyondLimits, queryTextMax } from './limits.ts'
import type { Logger } from './logger.ts'
import { publicError } from './public-error.ts'
import { schema } from './schema.ts'

/** Answers one GraphQL request. `body` is its JSON; what the resolvers may use comes in `context`. */
export type GraphqlAnswer = (body: Uint8Array<ArrayBuffer>, accept: string, context: QueryContext) => Promise<Response>

export function graphqlAnswer(logger: Logger): GraphqlAnswer {
  const yoga = createYoga<QueryContext>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    logging: false,
    maskedErrors: { maskError: (error) => publicError(error, logger) },
    plugins: [limited(), coded(logger)],
  })
  return async (body, accept, context) =>
    yoga.fetch('http://localhost/graphql', { method: 'POST', headers: { 'content-type': 'application/json', accept }, body }, context)
}

/** Refuses what is too large before anything is read. */
const limited = (): Plugin<QueryContext> => ({
  onParams: ({ params, setParams }) => {
    const length = params.query?.length ?? 0
    if (length > queryTextMax) throw userError('BAD_INPUT', `the query is ${length} characters long, at most ${queryTextMax} are allowed`)
    setParams(params)
  },
  onExecute: ({ args, setResultAndStopExecution }) => {
    const document = args.document
    const operation = getOperationAST(document, args.operationName)
    if (operation?.kind !== Kind.OPERATION_DEFINITION) return
    const refused = beyondLimits(schema, document, operation, (args.variableValues ?? {}) as Readonly<Record<string, unknown>>)
    if (refused !== undefined) setResultAndStopExecution({ errors: [refused] })
  },
})

/** Every error leaves with a code of the contract, whichever stage it comes from. */
const coded = (logger: Logger): Plugin<QueryContext> => ({
  onResultProcess: ({ result, setResult }) => {
    if (Array.isArray(result) || !('errors' in result) || result.errors === undefined) return
    setResult({ ...result, errors: result.errors.map((error) => withCode(error, logger)) })
  },
})
const withCode = (error: GraphQLError, logger: Logger): GraphQLError => publicError(error, logger)
