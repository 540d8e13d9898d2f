/** A statement that failed, and whether sending it again could help. The message is for operators: it can quote SQL. */
export class StoreError extends Error {
  readonly retry: boolean
  /** ClickHouse's exception code as text (`'60'`), or `UNREACHABLE`, `ABORTED`, `TOO_LARGE`. */
  readonly code: string
  constructor(message: string, { retry, code, cause }: { retry: boolean; code: string; cause?: unknown }) {
    super(message, { cause })
    this.name = 'StoreError'
    this.retry = retry
    this.code = code
  }
}

/**
 * ClickHouse codes that describe the moment, not the statement.
 * https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const passing: ReadonlySet<string> = new Set([
  '159', // TIMEOUT_EXCEEDED
  '198', // DNS_ERROR
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '225', // NO_ZOOKEEPER
  '236', // ABORTED
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '319', // UNKNOWN_STATUS_OF_INSERT
  '373', // SESSION_IS_LOCKED
  '394', // QUERY_WAS_CANCELLED
  '425', // SYSTEM_ERROR
  '439', // CANNOT_SCHEDULE_TASK
  '999', // KEEPER_EXCEPTION
])

/** Code 252 also means one insert with too many partitions, which never gets better. */
const isPassing = (code: string, message: string): boolean =>
  passing.has(code) && !(code === '252' && /partitions for single INSERT block/i.test(message))

const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE'])

/** Whatever the driver threw, with its verdict. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const clickhouse = /^\d+$/.test(code) ? code : /^Code: (\d+)/.exec(message)?.[1]
  if (clickhouse !== undefined) return new StoreError(message, { retry: isPassing(clickhouse, message), code: clickhouse, cause: error })
  if (code === 'ABORT_ERR' || /aborted a request/.test(message)) return new StoreError('the request was aborted', { retry: false, code: 'ABORTED', cause: error })
  if (unreachable.has(code) || /socket hang up|Timeout error|aborted/i.test(message)) {
    return new StoreError(`ClickHouse did not answer: ${message}`, { retry: true, code: 'UNREACHABLE', cause: error })
  }
  return new StoreError(message, { retry: false, code: code === '' ? 'UNKNOWN' : code, cause: error })
}
