import { addAbortSignal, Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { type EngineOptions, EngineStartingError, openEngine } from './embedded/engine-process.ts'
import { StoreError, storeError } from './store-error.ts'
import { columnNames, type InsertTarget } from './table.ts'

/** Longest text or binary answer of `read` and `readBinary`, in bytes. Larger questions belong to `readBatches`. */
const answerBytesMax = 256 * 1024 * 1024
/** Parameters travel in the URL, which ClickHouse bounds to 1 MiB (`http_max_uri_size`); in characters after escaping. */
export const paramsCharsMax = 768 * 1024
/** Bound of an insert or a DDL statement, in seconds. */
const writeSecondsMax = 300
/** Requests in flight to one server. The engine lines up what exceeds its sessions. */
const connectionsMax = 64

export type StoreOptions =
  | ({ readonly kind: 'embedded' } & EngineOptions)
  | {
      readonly kind: 'server'
      /** `https://host:8443` */
      readonly url: string
      readonly user: string
      readonly password: string
      readonly database: string
      /** Name in `system.clusters`; tables are created on it, replicated. '' for a single server. */
      readonly cluster: string
    }

export interface ReadOptions {
  readonly signal?: AbortSignal
  /** `max_execution_time`; above it the engine ends the query (`StoreError` 159). */
  readonly maxSeconds: number
  /** `bi`: sessions of their own for BI tools and users' SQL, so that the console never waits for them. Default `console`. */
  readonly pool?: 'console' | 'bi'
}

export type Params = Readonly<Record<string, unknown>>

/** Every method rejects with `StoreError`. */
export interface Store extends AsyncDisposable {
  /** Database of all our tables. Names without a database mean it. */
  readonly database: string
  /** '' on one server or the embedded engine. */
  readonly cluster: string
  /** Rows of a SELECT; 64-bit integers and decimals arrive as strings. `params` are `{name:Type}` placeholders. */
  read<Row>(sql: string, params: Params, options: ReadOptions): Promise<Row[]>
  /** The same for large answers: rows as arrays in column order, in batches as they arrive, at the reader's pace. */
  readBatches<Row extends readonly unknown[]>(sql: string, params: Params, options: ReadOptions): AsyncIterable<Row[]>
  /** The answer's bytes in a format of ClickHouse's, `Native` and `RowBinary` included. */
  readBinary(sql: string, params: Params, options: ReadOptions & { readonly format: 'RowBinary' | 'Native' | 'Parquet' | 'ArrowStream' }): Promise<Buffer>
  /**
   * One durable insert of rows, `RowBinary` where nothing else is said; a repeated token changes nothing, whatever the format.
   * The token must contain a hash of the rows: the same token over other rows drops them silently.
   */
  insert(table: InsertTarget, body: AsyncIterable<Buffer> | Buffer, token: string, format?: 'RowBinary' | 'Native'): Promise<void>
  /** DDL, mutations, `INSERT … VALUES` and `INSERT … SELECT`. */
  command(sql: string): Promise<void>
  /** Where the statements go now: the embedded engine may be at another address after it was started again. */
  address(): Promise<Address>
  /** Nobody answers at this address any more. */
  lost(address: Address): void
}

/** Opens the engine or reaches the server, and makes sure that the database exists. `stop`: a server that does not answer is waited for no longer. */
export async function openStore(options: StoreOptions, stop?: AbortSignal): Promise<Store> {
  const database = options.kind === 'embedded' ? 'spanledger' : options.database
  const cluster = options.kind === 'embedded' ? '' : options.cluster
  for (const name of cluster === '' ? [database] : [database, cluster]) {
    if (!/^\w+$/.test(name)) throw new StoreError(`'${name}' is no name: letters, digits and _ only`, { retry: false, code: 'BAD_OPTIONS' })
  }
  const endpoint = options.kind === 'embedded' ? await embeddedEndpoint(options) : serverEndpoint(options)
  const request = requester(endpoint, database)
  try {
    await ensureDatabase(request, endpoint, database, cluster, stop)
  } catch (error) {
    await endpoint[Symbol.asyncDispose]()
    throw error
  }
  return {
    database, cluster,
    read: async <Row>(sql: string, params: Params, options: ReadOptions) =>
      parseLines<Row>(await collect(await request(readRequest(sql, 'JSONEachRow', params, options, wholeAnswer)), options.signal)),
    readBatches: (sql, params, options) => batches(() => request(readRequest(sql, 'JSONCompactEachRow', params, options, {})), options.signal),
    readBinary: async (sql, params, options) =>
      collect(await request(readRequest(sql, options.format, params, options, wholeAnswer)), options.signal),
    insert: async (table, body, token, format = 'RowBinary') => {
      const values = Buffer.isBuffer(body) ? Readable.from([body]) : Readable.from(body)
      await collect(await request({
        query: `INSERT INTO ${table.name} (${columnNames(table)}) FORMAT ${format}`, values,
        clickhouse_settings: { ...insertSettings, insert_deduplication_token: token },
      }), undefined)
    },
    command: async (sql) => {
      await collect(await request({ query: sql, clickhouse_settings: { ...insertSettings, wait_end_of_query: 1 } }), undefined)
    },
    address: async () => {
      try {
        return await endpoint.address()
      } catch (error) {
        throw startingError(error)
      }
    },
    lost: (address) => endpoint.lost(address),
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  }
}

const startingError = (error: unknown): StoreError =>
  error instanceof EngineStartingError ? new StoreError(error.message, { retry: true, code: 'UNREACHABLE', cause: error }) : storeError(error)

const answerSettings = { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 } as const
/** An answer that is collected can wait for its end: an error then comes instead of rows, not behind them. */
const wholeAnswer = { wait_end_of_query: 1, max_result_bytes: String(answerBytesMax), result_overflow_mode: 'throw' } as const
/** Said explicitly, because ClickHouse 26 changed both defaults. */
const insertSettings = {
  async_insert: 0, insert_deduplicate: 1, deduplicate_blocks_in_dependent_materialized_views: 1,
  // A batch of old spans may span more than a hundred months; refusing it would block the spool for ever.
  throw_on_max_partitions_per_insert_block: 0,
  // Merging rows of equal keys on insert costs more than the insert (14 of 20 µs a span); reads and merges do it anyway.
  optimize_on_insert: 0,
  max_execution_time: writeSecondsMax,
} as const

interface StoreRequest {
  readonly query: string
  readonly query_params?: Record<string, unknown>
  readonly clickhouse_settings: ClickHouseSettings
  readonly values?: Readable
  readonly abort_signal?: AbortSignal
  readonly http_headers?: Record<string, string>
}

interface Answer {
  readonly stream: Readable
  /** Marks the frame of an error behind the first rows. */
  readonly exceptionTag: string | undefined
}

type Requester = (request: StoreRequest) => Promise<Answer>

function readRequest(sql: string, format: string, params: Params, options: ReadOptions, settings: ClickHouseSettings): StoreRequest {
  return {
    query: `${sql}\nFORMAT ${format}`,
    query_params: params,
    clickhouse_settings: { ...answerSettings, ...settings, max_execution_time: options.maxSeconds },
    ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
    http_headers: { 'X-Spanledger-Pool': options.pool ?? 'console' },
  }
}

function requester(endpoint: Endpoint, database: string): Requester {
  return async (request) => {
    assertParamsFit(request.query_params)
    // The client listens for an abort and does not look at one that happened before.
    if (request.abort_signal?.aborted === true) throw new StoreError('the request was aborted', { retry: false, code: 'ABORTED' })
    let address: Address | undefined
    try {
      address = await endpoint.address()
      const { stream, response_headers } = await clientOf(endpoint, address, database).exec(request)
      const tag = response_headers['x-clickhouse-exception-tag']
      return { stream, exceptionTag: typeof tag === 'string' ? tag : undefined }
    } catch (error) {
      request.values?.destroy()
      const known = startingError(error)
      if (known.code === 'UNREACHABLE' && address !== undefined) endpoint.lost(address)
      throw known
    }
  }
}

function assertParamsFit(params: Params | undefined): void {
  if (params === undefined) return
  const text = JSON.stringify(params, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value)
  // Escaping makes at most nine characters of one: only what may be too long is escaped to see.
  if (text.length * 9 <= paramsCharsMax) return
  const chars = encodeURIComponent(text).length
  if (chars > paramsCharsMax) throw new StoreError(`the parameters take ${chars} characters, the limit is ${paramsCharsMax}: ask in parts`, { retry: false, code: 'TOO_LARGE' })
}

async function collect({ stream }: Answer, signal: AbortSignal | undefined): Promise<Buffer> {
  if (signal !== undefined) addAbortSignal(signal, stream)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    throw storeError(error)
  }
  return Buffer.concat(chunks)
}

/** Rows stand one a line, and JSON escapes the newlines inside. */
const parseLines = <Row>(lines: Buffer): Row[] =>
  JSON.parse(`[${lines.toString('utf8').trimEnd().replaceAll('\n', ',')}]`) as Row[]

async function* batches<Row>(ask: () => Promise<Answer>, signal: AbortSignal | undefined): AsyncIterable<Row[]> {
  const { stream, exceptionTag } = await ask()
  if (signal !== undefined) addAbortSignal(signal, stream)
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = exceptionTag !== undefined && bytes.includes(carriageReturn) ? -1 : bytes.lastIndexOf(newline)
      if (end !== -1) yield parseLines<Row>(bytes.subarray(0, end))
      rest = bytes.subarray(end + 1)
    }
  } catch (error) {
    throw storeError(error)
  }
  // JSON escapes carriage returns, so a raw one opens the frame of an error.
  const frame = rest.indexOf(carriageReturn)
  if (frame !== -1) throw storeError(new Error(rest.subarray(frame).toString('utf8').split(/\r?\n/).slice(3, -3).join('\n')))
}
const newline = 0x0a
const carriageReturn = 0x0d

/** Where requests go, and as whom. */
export interface Address {
  readonly url: string
  readonly user: string
  readonly password: string
}

interface Endpoint extends AsyncDisposable {
  /** The embedded engine may be at another one after it was started again. */
  address(): Promise<Address>
  /** This one could not be reached. */
  lost(address: Address): void
  readonly clients: Map<string, ClickHouseClient>
}

function clientOf({ clients }: Endpoint, { url, user, password }: Address, database: string): ClickHouseClient {
  const key = `${url} ${password} ${database}`
  const existing = clients.get(key)
  if (existing !== undefined) return existing
  const client = createClient({
    url, username: user, password, database,
    application: 'spanledger',
    max_open_connections: connectionsMax,
    // The server ends a statement by max_execution_time, with a reason; this is for one that does not answer at all.
    request_timeout: (writeSecondsMax + 10) * 1000,
    log: { level: ClickHouseLogLevel.OFF },
  })
  clients.set(key, client)
  return client
}

async function closeClients({ clients }: Pick<Endpoint, 'clients'>): Promise<void> {
  for (const client of clients.values()) await client.close()
  clients.clear()
}

async function embeddedEndpoint(options: EngineOptions): Promise<Endpoint> {
  const engine = await openEngine(options)
  const clients = new Map<string, ClickHouseClient>()
  return {
    clients,
    address: () => engine.address(),
    lost: (address) => engine.lost(address.url),
    async [Symbol.asyncDispose]() {
      await closeClients({ clients })
      await engine[Symbol.asyncDispose]()
    },
  }
}

function serverEndpoint(address: Address): Endpoint {
  const clients = new Map<string, ClickHouseClient>()
  return { clients, address: () => Promise.resolve(address), lost: () => undefined, [Symbol.asyncDispose]: () => closeClients({ clients }) }
}

const unknownDatabase = '81'

/** Created only where it is missing: a user of a server may have rights inside a database and none to make one. */
async function ensureDatabase(request: Requester, endpoint: Endpoint, database: string, cluster: string, stop: AbortSignal | undefined): Promise<void> {
  const ask = (to: Requester, query: string): Promise<Buffer> =>
    to({ query, clickhouse_settings: { wait_end_of_query: 1 }, ...(stop === undefined ? {} : { abort_signal: stop }) }).then((answer) => collect(answer, stop))
  try {
    await ask(request, 'SELECT 1')
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== unknownDatabase) throw error
    await ask(requester(endpoint, 'default'), `CREATE DATABASE IF NOT EXISTS ${database}${cluster === '' ? '' : ` ON CLUSTER ${cluster}`}`)
  }
}
