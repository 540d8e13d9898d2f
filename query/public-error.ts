import { GraphQLError } from 'graphql'
import { StoreError } from '#clickhouse/store-error.ts'
import { isContractCode, userError } from './errors.ts'
import type { Logger } from './logger.ts'

/** ClickHouse's TIMEOUT_EXCEEDED and MEMORY_LIMIT_EXCEEDED: the question was too large, not the moment bad. */
const tooMuch: ReadonlySet<string> = new Set(['159', '241'])

/**
 * What may be said of an error. Text written for people passes; anything else is logged with its cause and answered as
 * INTERNAL, so that no SQL, path or stack leaves the process.
 */
export function publicError(error: unknown, logger: Logger): GraphQLError {
  const cause = rootCause(error)
  const at = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {}
  const shown = (message: string, code: unknown) => new GraphQLError(message, { ...at, extensions: { code } })
  if (cause instanceof GraphQLError) {
    // Syntax and validation errors carry no code: they are about the question.
    return shown(cause.message, isContractCode(cause.extensions['code']) ? cause.extensions['code'] : 'BAD_INPUT')
  }
  const known = cause instanceof StoreError ? storeVerdict(cause) : undefined
  if (known !== 'gone') logger.error('a question failed', { error: cause })
  if (known === undefined || known === 'gone') return shown('something went wrong here; it is in the log', 'INTERNAL')
  return shown(known.message, known.extensions['code'])
}

function storeVerdict(error: StoreError): GraphQLError | 'gone' | undefined {
  if (error.code === 'ABORTED') return 'gone'
  if (tooMuch.has(error.code)) return userError('TOO_WIDE', 'the question takes too long: narrow the time range or the filter')
  return error.retry ? userError('UNAVAILABLE', 'the store does not answer right now: try again in a few seconds') : undefined
}

/** GraphQL wraps what a resolver throws, sometimes twice. */
function rootCause(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError != null) cause = cause.originalError
  return cause
}
