import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Store } from '#clickhouse/store.ts'
import { priceDesk } from '#collector/price/desk.ts'
import type { AlertKeeper } from '#otel-config/alerts/standing.ts'
import type { BudgetKeeper } from '#otel-config/budgets/standing.ts'
import { hostAllowed } from '#otel-config/loopback-host.ts'
import type { Backlog, Endpoints, QueryContext } from './context.ts'
import { runCountsOf } from './costs/run-counts.ts'
import { decisionCountsOf } from './policy-decisions/decision-counts.ts'
import type { Allocation } from './export/allocation.ts'
import { exportRoutes } from './export/routes.ts'
import { graphqlAnswer } from './graphql.ts'
import { acceptedEncoding, answer, encoded, type Encoded, type Encoding, encodingHeaders, refuse } from './http/answer.ts'
import { readBody } from './http/body.ts'
import { staticFiles } from './http/static-files.ts'
import { eventStreams } from './live/event-stream.ts'
import { runFeed } from './live/run-feed.ts'
import type { Logger } from './logger.ts'
import { publicError } from './public-error.ts'
import { type Reader, readerOf } from './reader.ts'
import type { Reconciler } from './reconciliation/reconciler.ts'
import { traceById } from './runs/read-runs.ts'
import type { Run } from './runs/run.ts'
import { preparedSpansMin, skeletonPreparation } from './skeleton/prepare.ts'
import { readSkeleton } from './skeleton/read-skeleton.ts'
import { skeletonCache } from './skeleton/skeleton-cache.ts'
import { filesBytesMax, skeletonFiles } from './skeleton/skeleton-files.ts'
import { verdictCache } from './steps/verdicts.ts'
import { hexId } from './where.ts'

export interface QueryOptions {
  readonly store: Store
  /** Address to listen on. */
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** The built console. */
  readonly uiDir: string
  /** Where answers for large traces are kept over a restart. */
  readonly skeletonsDir: string
  /** Whose telemetry is shown. */
  readonly tenant: string
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  /** What of this program does not work now although this process does, '' for nothing. */
  readonly trouble: () => string
  /** Where agents send telemetry, shown to people. */
  readonly endpoints: Endpoints
  /** What waits for ClickHouse; `undefined` where the collector is another process. */
  readonly backlog: () => Backlog | undefined
  /** `undefined` where bills are not reconciled by this process. */
  readonly reconciler: Reconciler | undefined
  /** Both are `undefined` where no collector runs in this process. */
  readonly budgets: BudgetKeeper | undefined
  readonly alerts: AlertKeeper | undefined
  /** Milliseconds without news after which a running trace counts as incomplete. */
  readonly incompleteAfterMs: number
  /** Who pays for what, for the chargeback. */
  readonly allocation: Allocation
  /** Calls back after this process has stored summaries of runs; never where another process does. */
  readonly onSummaries: (tell: () => void) => void
  readonly logger: Logger
  /** Unix time in milliseconds. */
  readonly now: () => number
}

export interface QueryServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number; readonly url: string }
  readonly port: number
  /** Ends live streams, lets answers under way finish for 5 s, then closes. */
  close(): Promise<void>
}

/** Body of a GraphQL request: a query and its variables, of which 200 span ids are the longest. */
const bodyBytesMax = 1_048_576
/** Time for a client to send its headers and its body. Slower ones would hold sockets for nothing. */
const requestTimeoutMs = 30_000
const drainMs = 5_000
/** A store that answers `SELECT 1` within this is ready. */
const readySeconds = 5

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

/** Serves GraphQL, live updates, exports and the console. Rejects where the address cannot be listened on. */
export async function startQuery(options: QueryOptions): Promise<QueryServer> {
  const { store, logger } = options
  const stopped = new AbortController()
  const feed = runFeed(readerOf(store, options.tenant, stopped.signal), options)
  const streams = eventStreams(feed)
  const answers = answersOf(options)
  const preparation = skeletonPreparation({
    readerFor: (signal) => readerOf(store, options.tenant, signal),
    prepare: async (reader, id) => {
      const context = answers.context(reader)
      const run = await traceById(context, id)
      // What browsers ask for.
      if (run?.settled === true) await answers.skeleton(context, run, 'br')
    },
    logger, now: options.now,
  })
  options.onSummaries(preparation.news)
  const route = router(options, streams, answers)
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    serve(options, route, request, response).catch((error: unknown) => fail(response, error, logger))
  })
  await listen(server, options.port, options.host)
  const { port } = server.address() as AddressInfo
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host
  const close = async (): Promise<void> => {
    streams.close()
    feed.close()
    preparation.close()
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const late = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearTimeout(late)
    stopped.abort()
  }
  return { address: { host: options.host, port, url: `http://${shown}:${port}` }, port, close, [Symbol.asyncDispose]: close }
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

async function serve(options: QueryOptions, route: (method: string, path: string) => Handler | number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!hostAllowed(request.headers.host, options.host)) {
    return refuse(response, 421, 'FORBIDDEN', `host '${(request.headers.host ?? '').slice(0, 80)}' is not served here: use localhost or ${options.host}`)
  }
  const url = URL.parse(request.url ?? '/', 'http://localhost')
  if (url === null) return refuse(response, 400, 'BAD_INPUT', 'the request has no valid path')
  const handler = route(request.method ?? '', url.pathname)
  if (typeof handler === 'number') {
    return handler === 404
      ? refuse(response, 404, 'NOT_FOUND', `there is nothing at ${url.pathname.slice(0, 80)}`)
      : refuse(response, 405, 'BAD_INPUT', `${request.method} is not allowed at ${url.pathname.slice(0, 80)}`)
  }
  await handler(request, response, url)
}

/** What outlives a request. */
interface Answers {
  context(reader: Reader): QueryContext
  skeleton(context: QueryContext, run: Run, encoding: Encoding): Promise<Encoded>
}

function answersOf({ store, tenant, endpoints, backlog, budgets, alerts, reconciler, incompleteAfterMs, now, skeletonsDir, logger }: QueryOptions): Answers {
  const prices = priceDesk({ store, tenant, now })
  const skeletons = skeletonCache()
  const files = skeletonFiles({ dir: skeletonsDir, bytesMax: filesBytesMax, logger })
  /** As browsers ask for it. A smaller trace is answered soon enough without. */
  const onDisk = (run: Run, encoding: Encoding): boolean => run.settled && run.spanCount >= preparedSpansMin && encoding === 'br'
  const made = async (context: QueryContext, run: Run, encoding: Encoding): Promise<Encoded> => {
    const key = `${tenant} ${run.id} ${run.version} ${run.status} ${encoding}`
    const kept = onDisk(run, encoding) ? await files.read(key) : undefined
    if (kept !== undefined) return { body: kept, headers: encodingHeaders(encoding) }
    const answer = await encoded(encoding, await readSkeleton(context, run))
    // Who asked does not wait for the disk. What is too short to be compressed is not kept: a file does not say how it is encoded.
    if (onDisk(run, encoding) && 'content-encoding' in answer.headers) void files.write(key, answer.body)
    return answer
  }
  const verdicts = verdictCache()
  return {
    context: (reader) => ({ reader, runCounts: runCountsOf(reader), decisionCounts: decisionCountsOf(reader), verdicts, prices, endpoints, backlog, budgets, alerts, reconciler, incompleteAfterMs, now }),
    skeleton: (context, run, encoding) => skeletons.get(run, encoding, () => made(context, run, encoding)),
  }
}

/** What is served where. Reading this function is reading the server. */
function router(options: QueryOptions, streams: ReturnType<typeof eventStreams>, answers: Answers): (method: string, path: string) => Handler | number {
  const { store, logger } = options
  const graphql = graphqlAnswer(logger)
  const files = staticFiles(options.uiDir)
  const contextFor = (response: ServerResponse): QueryContext => answers.context(readerOf(store, options.tenant, goneSignal(response)))

  const askGraphql: Handler = async (request, response) => {
    // A form of another page cannot send JSON without asking first, and nobody answers that question.
    if (!/^application\/(?:graphql\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, 'BAD_INPUT', 'send the query as application/json')
    }
    const body = await readBody(request, bodyBytesMax)
    if (body === undefined) {
      response.setHeader('connection', 'close')
      return refuse(response, 413, 'BAD_INPUT', `the request is larger than ${bodyBytesMax} bytes`)
    }
    const result = await graphql(new Uint8Array(body), request.headers.accept ?? 'application/json', contextFor(response))
    const { body: bytes, headers } = await encoded(acceptedEncoding(request), Buffer.from(await result.arrayBuffer()))
    answer(response, result.status, result.headers.get('content-type') ?? 'application/json; charset=utf-8', bytes, headers)
  }

  const skeleton = (id: string): Handler => async (request, response) => {
    const context = contextFor(response)
    const run = await traceById(context, id)
    if (run === null) return refuse(response, 404, 'NOT_FOUND', `there is no run ${id.slice(0, 80)}`)
    const { body, headers } = await answers.skeleton(context, run, acceptedEncoding(request))
    answer(response, 200, 'application/x-trace-columns', body, { ...headers, 'cache-control': 'no-cache' })
  }

  const events = (id: string): Handler => (request, response) => {
    const run = hexId(id, 16)
    if (run === undefined) return refuse(response, 404, 'NOT_FOUND', `'${id.slice(0, 80)}' is no run id: write 32 hex digits`)
    return streams.open(request, response, run)
  }

  const ready: Handler = async (_, response) => {
    try {
      await store.read('SELECT 1', {}, { maxSeconds: readySeconds, signal: goneSignal(response) })
      const trouble = options.trouble()
      if (trouble === '') answer(response, 200, 'text/plain; charset=utf-8', 'ready\n')
      else answer(response, 503, 'text/plain; charset=utf-8', `${trouble}\n`, { 'retry-after': '2' })
    } catch (error) {
      logger.error('the store is not ready', { error })
      answer(response, 503, 'text/plain; charset=utf-8', 'the store does not answer\n', { 'retry-after': '2' })
    }
  }

  const fixed: Readonly<Record<string, Readonly<Partial<Record<string, Handler>>>>> = {
    '/graphql': { POST: askGraphql },
    '/v1/runs/events': { GET: (request, response) => streams.open(request, response, undefined) },
    ...Object.fromEntries(Object.entries(exportRoutes(options.allocation)).map(([path, write]) => [path, {
      GET: (_, response, url) => write(contextFor(response), response, url.searchParams),
    } satisfies Record<string, Handler>])),
    // A part that is started again by itself is no reason to restart the whole: 200, and said.
    '/healthz': { GET: (_, response) => answer(response, 200, 'text/plain; charset=utf-8', ['alive', options.trouble()].filter((line) => line !== '').join('\n') + '\n') },
    '/readyz': { GET: ready },
    '/metrics': { GET: async (_, response) => answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await options.metrics()) },
  }

  return (method, path) => {
    const verb = method === 'HEAD' ? 'GET' : method
    const exact = Object.hasOwn(fixed, path) ? fixed[path] : undefined
    if (exact !== undefined) return exact[verb] ?? 405
    const [, id, what] = /^\/v1\/runs\/([^/]{1,100})\/(skeleton|events)$/.exec(path) ?? []
    if (id !== undefined) return verb !== 'GET' ? 405 : what === 'skeleton' ? skeleton(id) : events(id)
    if (path.startsWith('/v1/') || path.startsWith('/export/')) return 404
    return verb === 'GET' ? (request, response) => files(request, response, path) : 405
  }
}

/** Fires when the client goes away before its answer is complete: its reads are then ended in the engine. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

const statusOf: Readonly<Record<string, number>> = { BAD_INPUT: 400, NOT_FOUND: 404, TOO_WIDE: 400, RATE_LIMITED: 429, UNAVAILABLE: 503 }

/** A handler that threw: what may be said is said; an answer that has begun is cut off, so that nobody takes it for whole. */
function fail(response: ServerResponse, error: unknown, logger: Logger): void {
  const shown = publicError(error, logger)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const code = String(shown.extensions['code'])
  refuse(response, statusOf[code] ?? 500, code, shown.message)
}
