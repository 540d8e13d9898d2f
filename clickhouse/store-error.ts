/** A statement that failed, and whether sending it again could help. The message is for operators: it can quote SQL. */
export class StoreError extends Error {
  /** Asking again in a moment could help, with nothing changed. */
  readonly retry: boolean
  /** ClickHouse's exception code as text (`'60'`), or a word of ours or of Node's: `UNREACHABLE`, `ABORTED`, `TOO_LARGE`, `UNKNOWN` … */
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
const isPassing = (code: string, message: string): boolean => passing.has(code) && !tooManyPartitions(code, message)
const tooManyPartitions = (code: string, message: string): boolean => code === '252' && /partitions for single INSERT block/i.test(message)

/**
 * ClickHouse codes that an insert can only get for what its rows hold: they cannot be read, do not fit their type or break a
 * constraint. A closed list. Whatever else ClickHouse says (a changed password, a missing database, no rights, no space) holds
 * for all rows alike and ends when a person has put it right: rows wait for that, however long it takes.
 */
const ofRows: ReadonlySet<string> = new Set([
  '6', // CANNOT_PARSE_TEXT
  '25', // CANNOT_PARSE_ESCAPE_SEQUENCE
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '32', // ATTEMPT_TO_READ_AFTER_EOF
  '33', // CANNOT_READ_ALL_DATA
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '128', // TOO_LARGE_ARRAY_SIZE
  '131', // TOO_LARGE_STRING_SIZE
  '190', // SIZES_OF_ARRAYS_DONT_MATCH
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '407', // DECIMAL_OVERFLOW
  '467', // CANNOT_PARSE_BOOL
  '469', // VIOLATED_CONSTRAINT
  '691', // UNKNOWN_ELEMENT_OF_ENUM
])

/** Whether an insert failed for what its rows hold, so that other rows would be taken. */
export const rowsAreAtFault = ({ code, message }: StoreError): boolean => ofRows.has(code) || tooManyPartitions(code, message)

const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE'])

/** Whatever the driver threw, with its verdict. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  // Where a name has several addresses, Node.js says nothing but the code.
  const message = (error instanceof Error ? error.message : String(error)) || code
  const clickhouse = /^\d+$/.test(code) ? code : /^Code: (\d+)/.exec(message)?.[1]
  if (clickhouse !== undefined) return new StoreError(message, { retry: isPassing(clickhouse, message), code: clickhouse, cause: error })
  if (code === 'ABORT_ERR' || /aborted a request/.test(message)) return new StoreError('the request was aborted', { retry: false, code: 'ABORTED', cause: error })
  if (unreachable.has(code) || /socket hang up|Timeout error|aborted/i.test(message)) {
    return new StoreError(`ClickHouse did not answer: ${message}`, { retry: true, code: 'UNREACHABLE', cause: error })
  }
  return new StoreError(message, { retry: false, code: code === '' ? 'UNKNOWN' : code, cause: error })
}
