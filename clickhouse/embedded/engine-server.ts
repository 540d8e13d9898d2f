import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import type { EnginePools } from './engine.ts'
import { type RowBinaryStructure, rowBinaryStructure } from './row-binary-structure.ts'
import { letGo, PoolFullError, type PooledSession, type SessionPool } from './session-pool.ts'
import { type Statement, statement, StatementError } from './statement.ts'

/** Largest statement, in bytes: `max_query_size` of the sessions. */
const statementBytesMax = 16 * 1024 * 1024
/** Largest body of one insert after decompression, in bytes: what a sealed spool segment can hold, many times over. */
const insertBytesMax = 1024 * 1024 * 1024
/** Parameters travel in the URL; ClickHouse's own bound is 1 MiB (`http_max_uri_size`). */
const headerBytesMax = 1024 * 1024
/** Time a query has to notice that its client went away, in milliseconds. */
const killAfterMs = 100
/** A killed query ends at its next block; one that the engine had not registered yet is told again. In milliseconds. */
const killAgainMs = 250

/** Parameters of the HTTP interface that are no settings. https://clickhouse.com/docs/interfaces/http */
const reserved = new Set([
  'query', 'query_id', 'database', 'default_format', 'user', 'password', 'session_id', 'session_timeout', 'session_check',
  'role', 'quota_key', 'wait_end_of_query', 'buffer_size', 'compress', 'decompress', 'enable_http_compression',
  'http_zlib_compression_level', 'send_progress_in_http_headers', 'http_headers_progress_interval_ms', 'log_comment',
  'stacktrace', 'client_protocol_version', 'cancel_http_readonly_queries_on_client_close',
])

export interface EngineServerOptions {
  readonly pools: EnginePools
  readonly user: string
  readonly password: string
  /** Bodies of inserts wait here for the engine to read them. */
  readonly insertDir: string
}

export function engineServer(options: EngineServerOptions): Server {
  const structure = rowBinaryStructure()
  return createServer({ maxHeaderSize: headerBytesMax, keepAliveTimeout: 30_000, requestTimeout: 0 }, (request, response) => {
    answer(options, structure, request, response).catch((error: unknown) => fail(response, error))
  })
}

async function answer(options: EngineServerOptions, structure: RowBinaryStructure, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  authenticate(options, request, url)
  // The body of an insert may come while the answer is not yet begun: only a response that closes early means nobody waits.
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client went away'))
  })
  const query = await readQuery(request, url, response)
  const planned = statement(query)
  response.setHeader('X-ClickHouse-Query-Id', query.queryId)
  switch (planned.kind) {
    case 'rows': return rows(options.pools, poolOf(options.pools, request), query, planned.sql, response, gone.signal)
    case 'insert': return insert(options, structure, query, planned, response, gone.signal)
    case 'command': {
      // What is selected may take long to find: other inserts do not wait for it.
      const pool = planned.inserts === 'values' ? options.pools.write : options.pools.command
      try {
        return await pool.run(async (session) => finish(response, await buffered(session, query, planned.sql)), gone.signal)
      } finally {
        if (planned.inserts === 'nothing') structure.forget()
      }
    }
  }
}

/** Callers choose by a header, which a real server ignores: there, users and workload settings do this. */
const poolOf = (pools: EnginePools, request: IncomingMessage): SessionPool =>
  request.headers['x-spanledger-pool'] === 'bi' ? pools.bi : pools.read

function authenticate(options: EngineServerOptions, request: IncomingMessage, url: URL): void {
  const [user, password] = credentials(request, url)
  const given = Buffer.from(`${user}:${password}`)
  const expected = Buffer.from(`${options.user}:${options.password}`)
  if (given.length === expected.length && timingSafeEqual(given, expected)) return
  throw new StatementError(516, 'AUTHENTICATION_FAILED', `${user}: Authentication failed: password is incorrect, or there is no user with such name`)
}

function credentials(request: IncomingMessage, url: URL): readonly [string, string] {
  const { authorization, 'x-clickhouse-user': user, 'x-clickhouse-key': key } = request.headers
  if (authorization?.startsWith('Basic ')) {
    const [name = '', ...rest] = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8').split(':')
    return [name, rest.join(':')]
  }
  if (typeof user === 'string') return [user, typeof key === 'string' ? key : '']
  return [url.searchParams.get('user') ?? 'default', url.searchParams.get('password') ?? '']
}

interface Query {
  readonly sql: string
  readonly queryId: string
  /** Unique to this request. */
  readonly mark: string
  readonly database: string
  readonly defaultFormat: string
  /** Answer only when all is known: errors then come with their status instead of after the first rows. */
  readonly waitEnd: boolean
  readonly params: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  /** What follows the statement: the data of an insert. */
  readonly body: Readable | undefined
}

async function readQuery(request: IncomingMessage, url: URL, response: ServerResponse): Promise<Query> {
  const params = new Map<string, string>()
  // chDB takes no query id: the log comment is how a running query is found again.
  const mark: string = randomUUID()
  const settings = new Map<string, string>([['log_comment', mark]])
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value)
    else if (!reserved.has(name)) settings.set(name, value)
  }
  if (/^multipart\//i.test(request.headers['content-type'] ?? '')) {
    throw new StatementError(48, 'NOT_IMPLEMENTED', 'Multipart bodies are not supported: send parameters in the URL')
  }
  const inUrl = url.searchParams.get('query')
  const body = request.method === 'POST' ? decoded(request) : undefined
  const queryId = url.searchParams.get('query_id') ?? randomUUID()
  // Answers are not compressed: loopback is faster than any codec. Clients see that from the missing Content-Encoding.
  response.setHeader('Content-Type', 'application/octet-stream')
  return {
    sql: inUrl ?? (body === undefined ? '' : (await readAll(body)).toString('utf8')),
    queryId,
    database: url.searchParams.get('database') ?? 'default',
    defaultFormat: url.searchParams.get('default_format') ?? 'TabSeparated',
    waitEnd: url.searchParams.get('wait_end_of_query') === '1',
    mark, params, settings,
    body: inUrl === null ? undefined : body,
  }
}

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return request
  if (encoding !== 'gzip') throw new StatementError(48, 'NOT_IMPLEMENTED', `Content-Encoding ${encoding} is not supported, gzip is`)
  // pipeline rather than pipe: an error of either side reaches whoever reads.
  const gunzip = createGunzip()
  void pipeline(request, gunzip).catch(() => gunzip.destroy())
  return gunzip
}

async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > statementBytesMax) throw new StatementError(62, 'SYNTAX_ERROR', `Max query size exceeded: ${statementBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Names without a database mean the request's database. The session keeps it, so every request says its own. */
async function useDatabase(session: PooledSession, database: string): Promise<void> {
  if (session.database === database) return
  await session.session.queryAsync(`USE \`${database.replace(/[`\\]/g, '\\$&')}\``)
  session.database = database
}

async function buffered(session: PooledSession, query: Query, sql: string): Promise<Uint8Array> {
  await useDatabase(session, query.database)
  return (await session.session.queryAsync(sql, { format: query.defaultFormat })).bytes()
}

/** `X-ClickHouse-Summary` is sent with what chDB tells, which is nothing about scanned rows. */
function finish(response: ServerResponse, body: Uint8Array): void {
  response.setHeader('X-ClickHouse-Summary', '{}')
  response.end(body)
}

async function rows(pools: EnginePools, pool: SessionPool, query: Query, sql: string, response: ServerResponse, gone: AbortSignal): Promise<void> {
  await pool.run(async (session) => {
    const running = query.waitEnd || !canStream(sql)
      ? buffered(session, query, sql).then((body) => finish(response, body))
      : streamed(session, query, sql, response, gone)
    // The session goes back when the engine is done with it, not when the client is.
    await killWhenGone(pools.control, query.mark, running, gone)
    await running
  }, gone)
}

const canStream = (sql: string): boolean => /^\s*\(*\s*(SELECT|WITH)\b/i.test(sql)

async function killWhenGone(control: SessionPool, mark: string, running: Promise<void>, gone: AbortSignal): Promise<void> {
  const ended = new AbortController()
  const settled = running.then(() => ended.abort(), () => ended.abort())
  // Rejects where the query ends first, which `settled` has said already.
  const aborted = gone.aborted ? Promise.resolve() : once(gone, 'abort', { signal: ended.signal }).catch(() => settled)
  await Promise.race([settled, aborted])
  if (!gone.aborted) return
  // A stream ends by itself between two of its blocks; only what computes for longer has to be killed. One that is killed while it
  // is being planned runs on (chDB 3.4), until its `max_execution_time`.
  await Promise.race([settled, sleep(killAfterMs)])
  while (!ended.signal.aborted) {
    try {
      await control.run(({ session }) => session.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = '${mark}' ASYNC`), ended.signal)
    } catch (error) {
      // It ended while the order to kill it was waiting; anything else is worth a line, and the next attempt.
      if (!ended.signal.aborted) console.error('cannot kill a query whose client went away:', errorText(error))
    }
    await Promise.race([settled, sleep(killAgainMs)])
  }
}

async function streamed(session: PooledSession, query: Query, sql: string, response: ServerResponse, gone: AbortSignal): Promise<void> {
  await useDatabase(session, query.database)
  const tag = randomBytes(8).toString('hex')
  const stream = session.session.queryStream(sql, { format: query.defaultFormat })
  let failed = false
  try {
    for await (const chunk of stream) {
      if (gone.aborted) break
      if (!response.headersSent) {
        response.setHeader('X-ClickHouse-Summary', '{}')
        response.setHeader('X-ClickHouse-Exception-Tag', tag)
      }
      if (!response.write(chunk.raw())) await once(response, 'drain', { signal: gone })
    }
    if (!gone.aborted) response.end()
  } catch (error) {
    // The status can still say it, and the pool cleans the session.
    if (!gone.aborted && !response.headersSent) throw error
    failed = true
    if (!gone.aborted) response.end(errorFrame(tag, error))
  } finally {
    stream.cancel()
  }
  if (failed) await letGo(session)
}

/** ClickHouse's own frame (since 25.11) for an error behind rows that were already sent. */
function errorFrame(tag: string, error: unknown): string {
  const message = `${errorText(error)}\n`
  return `\r\n__exception__\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n__exception__\r\n`
}

async function insert(
  options: EngineServerOptions, structure: RowBinaryStructure, query: Query, planned: Extract<Statement, { kind: 'insert' }>, response: ServerResponse, gone: AbortSignal,
): Promise<void> {
  const file = join(options.insertDir, randomUUID())
  try {
    await pipeline(bodyOf(planned.inline, query.body), limited(insertBytesMax), createWriteStream(file, { mode: 0o600 }))
    await options.pools.write.run(async (session) => {
      await useDatabase(session, query.database)
      const columns = planned.format === 'RowBinary' && planned.columns !== undefined
        ? await structure.of(session.session, query.database, planned.table, planned.columns) : ''
      finish(response, await buffered(session, query, planned.sql(file, columns)))
    }, gone)
  } finally {
    await rm(file, { force: true })
  }
}

async function* bodyOf(inline: string, body: Readable | undefined): AsyncIterable<Buffer> {
  if (inline !== '') yield Buffer.from(inline)
  if (body !== undefined) yield* body as AsyncIterable<Buffer>
}

function limited(bytesMax: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > bytesMax) done(new StatementError(307, 'TOO_MANY_BYTES', `The body of an insert is limited to ${bytesMax} bytes`))
      else done(null, chunk)
    },
  })
}

const errorText = (error: unknown): string => {
  if (error instanceof PoolFullError) return `Code: 202. DB::Exception: Too many simultaneous queries: ${error.message}. (TOO_MANY_SIMULTANEOUS_QUERIES)`
  const message = error instanceof Error ? error.message : String(error)
  return /^Code: \d+/.test(message) ? message : `Code: 1002. DB::Exception: ${message}. (UNKNOWN_EXCEPTION)`
}

/** The statuses ClickHouse's HTTP handler gives; 500 for every other code. */
const statuses: Readonly<Record<string, number>> = { 62: 400, 60: 404, 81: 404, 202: 503, 307: 413, 456: 400, 516: 403, 48: 501 }

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy()
  const text = errorText(error)
  const code = /^Code: (\d+)/.exec(text)?.[1] ?? '1002'
  response.statusCode = statuses[code] ?? 500
  response.setHeader('X-ClickHouse-Exception-Code', code)
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  // What is left of the request's body will not be read.
  if (!response.req.complete) response.setHeader('Connection', 'close')
  response.end(`${text}\n`)
}
