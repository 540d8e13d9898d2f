import type { RunStatus } from '#semconv/facts.ts'
import type { Connection, PageArguments } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { after, type Keyed, type Order, page, type PageBounds } from '../page.ts'
import { nanosOf, textOf } from '../reader.ts'
import { allOf, betweenNanos, hexId, idAmong, idIs, type Where } from '../where.ts'
import type { Run } from './run.ts'
import type { RunFilter, RunOrder } from './run-filter.ts'
import { durationSql, runWhere, silentSince, statusSql } from './run-where.ts'

/** Zeros too are an id here: a row that is there must be found. */
const idSql = 'lower(hex(trace_id)) AS id'

/** Names that a `WHERE` uses are not given to other expressions: ClickHouse would put the expression there. */
const columns = [
  idSql, 'is_run', 'project', textOf('version', 'version_text'), 'name', `${statusSql} AS status_now`,
  nanosOf('started_at', 'started'), 'toString(toUnixTimestamp64Nano(ended_at)) AS ended', nanosOf('last_received_at', 'last_received'),
  'service', 'environment', 'workflow', 'agents', 'users', 'sessions', 'providers', 'models',
  'model_calls', 'failed_model_calls', 'unmetered_model_calls', 'unpriced_model_calls', 'tool_calls', 'failed_tool_calls',
  'span_count', 'error_count', 'tokens_input', 'tokens_cached_input', 'tokens_cache_write', 'tokens_output', 'tokens_reasoning',
  'tokens_total', textOf('cost', 'cost_text'), textOf('reported_cost', 'reported_text'), 'settled',
].join(', ')

interface StoredRun {
  readonly id: string
  readonly is_run: boolean
  readonly project: string
  readonly version_text: string
  readonly name: string
  readonly status_now: RunStatus
  readonly started: string
  readonly ended: string | null
  readonly last_received: string
  readonly service: string
  readonly environment: string
  readonly workflow: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly providers: readonly string[]
  readonly models: readonly string[]
  readonly model_calls: string
  readonly failed_model_calls: string
  readonly unmetered_model_calls: string
  readonly unpriced_model_calls: string
  readonly tool_calls: string
  readonly failed_tool_calls: string
  readonly span_count: string
  readonly error_count: string
  readonly tokens_input: string
  readonly tokens_cached_input: string
  readonly tokens_cache_write: string
  readonly tokens_output: string
  readonly tokens_reasoning: string
  readonly tokens_total: string
  readonly cost_text: string
  readonly reported_text: string | null
  readonly settled: boolean
}

export const orNull = (text: string): string | null => (text === '' ? null : text)

function run(row: StoredRun): Run {
  const startedAt = BigInt(row.started)
  const endedAt = row.ended === null ? null : BigInt(row.ended)
  return {
    id: row.id,
    isRun: row.is_run,
    project: row.project,
    version: BigInt(row.version_text),
    name: row.name,
    status: row.status_now,
    startedAt,
    endedAt,
    lastReceivedAt: BigInt(row.last_received),
    durationMs: endedAt === null ? null : Number(endedAt - startedAt) / 1e6,
    service: row.service,
    environment: orNull(row.environment),
    workflow: orNull(row.workflow),
    agents: row.agents,
    users: row.users,
    sessions: row.sessions,
    providers: row.providers,
    models: row.models,
    modelCalls: Number(row.model_calls),
    failedModelCalls: Number(row.failed_model_calls),
    unmeteredModelCalls: Number(row.unmetered_model_calls),
    unpricedModelCalls: Number(row.unpriced_model_calls),
    toolCalls: Number(row.tool_calls),
    failedToolCalls: Number(row.failed_tool_calls),
    spanCount: Number(row.span_count),
    errorCount: Number(row.error_count),
    tokens: {
      input: Number(row.tokens_input),
      cachedInput: Number(row.tokens_cached_input),
      cacheWrite: Number(row.tokens_cache_write),
      output: Number(row.tokens_output),
      reasoning: Number(row.tokens_reasoning),
      total: Number(row.tokens_total),
    },
    cost: storedDecimal(row.cost_text),
    reportedCost: row.reported_text === null ? null : storedDecimal(row.reported_text),
    settled: row.settled,
  }
}

const byTime = { key: 'toUnixTimestamp64Nano(started_at)', keyType: 'Int64', id: 'trace_id', idBytes: 16 } as const
const orders: Readonly<Record<RunOrder, Order>> = {
  STARTED_AT_DESC: { ...byTime, name: 'runs STARTED_AT_DESC', direction: 'DESC' },
  STARTED_AT_ASC: { ...byTime, name: 'runs STARTED_AT_ASC', direction: 'ASC' },
  COST_DESC: { ...byTime, name: 'runs COST_DESC', key: 'cost', keyType: 'Decimal(38, 12)', direction: 'DESC' },
  DURATION_DESC: { ...byTime, name: 'runs DURATION_DESC', key: durationSql, direction: 'DESC' },
  TOKENS_DESC: { ...byTime, name: 'runs TOKENS_DESC', key: 'tokens_total', keyType: 'UInt64', direction: 'DESC' },
}

export function runs(
  context: QueryContext,
  args: PageArguments & { readonly filter?: RunFilter | null; readonly orderBy?: RunOrder | null },
): Promise<Connection<Run>> {
  const orderBy = args.orderBy ?? 'STARTED_AT_DESC'
  const order = orders[orderBy]
  const filter = args.filter ?? {}
  const looksBack = orderBy === 'STARTED_AT_DESC' && (filter.attributes ?? []).length > 0
  return page<FoundRun, Run>(args, 50, order, runWhere(context, filter), {
    read: async (where, tail, bounds) =>
      (looksBack ? await newestRuns(context, order, filter, tail, bounds) : undefined) ?? pageOfRuns(context, order, where, tail),
    count: (where) => countRuns(context, where),
    node: (row) => row.run,
  })
}

type FoundRun = Keyed & { readonly run: Run }

const hourNanos = 3_600_000_000_000n
/** Six hours and five days, in nanoseconds. More steps would make a rare attribute, which is found by its index, wait for each. */
const stepsBack = [6n * hourNanos, 120n * hourNanos]

/**
 * A full page of the newest runs with attributes, `undefined` where it is not full: then all of the range is to be read. An attribute
 * that many spans carry has no use for an index, and a page of 50 would read it of all time: ten seconds with 10 million spans.
 */
async function newestRuns(context: QueryContext, order: Order, filter: RunFilter, tail: string, { position, rowsMax }: PageBounds): Promise<FoundRun[] | undefined> {
  const ends = [BigInt(context.now()) * 1_000_000n, filter.range?.to, position === undefined ? undefined : BigInt(position.key)].filter((end) => end != null)
  const end = ends.reduce((first, one) => (one < first ? one : first))
  for (const back of stepsBack) {
    const from = end - back
    if (from <= (filter.range?.from ?? 0n)) return undefined
    const found = await pageOfRuns(context, order, allOf(runWhere(context, { ...filter, range: { ...filter.range, from } }), after(order, position)), tail)
    if (found.length === rowsMax) return found
  }
  return undefined
}

/** Two reads: first the order over narrow columns of all runs, then the wide columns of one page by id. */
async function pageOfRuns(context: QueryContext, order: Order, where: Where, tail: string): Promise<FoundRun[]> {
  const keys = await context.reader.rows<{ readonly id: string; readonly cursor_key: string }>({
    columns: `${idSql}, ${textOf(order.key, 'cursor_key')}`,
    from: 'runs',
    where,
    tail,
  })
  if (keys.length === 0) return []
  const found = await context.reader.rows<StoredRun>({
    columns,
    from: 'runs',
    where: allOf(silentSince(context), idAmong('page_ids', 'trace_id', 16, keys.map((key) => key.id))),
    tail: '',
  })
  const byId = new Map(found.map((row) => [row.id, run(row)]))
  return keys.flatMap(({ id, cursor_key }) => {
    const one = byId.get(id)
    return one === undefined ? [] : [{ id, cursorKey: cursor_key, run: one }]
  })
}

async function countRuns(context: QueryContext, where: Where): Promise<number> {
  const [row] = await context.reader.rows<{ readonly n: string }>({ columns: 'count() AS n', from: 'runs', where, tail: '' })
  return Number(row?.n ?? 0)
}

/** Null where there is no such trace, or the text is no trace id. */
export async function traceById(context: QueryContext, text: string): Promise<Run | null> {
  const id = hexId(text, 16)
  if (id === undefined) return null
  const [row] = await context.reader.rows<StoredRun>({
    columns,
    from: 'runs',
    where: allOf(silentSince(context), idIs('id', 'trace_id', 16, id)),
    tail: 'LIMIT 1',
  })
  return row === undefined ? null : run(row)
}

export async function runById(context: QueryContext, id: string): Promise<Run | null> {
  const trace = await traceById(context, id)
  return trace?.isRun === true ? trace : null
}

export type TraceBounds = Pick<Run, 'id' | 'startedAt' | 'endedAt' | 'settled'>

/** An hour, in nanoseconds. */
const slack = 3_600_000_000_000n

/**
 * The part of time in which a trace's spans start, so that only that part of the tables is read. Exact once the trace is
 * settled; before, an hour wider, because the summary may be a few seconds older than the spans.
 */
export function traceWhere(trace: TraceBounds, timeColumn: string): Where {
  const more = trace.settled ? 0n : slack
  return allOf(
    idIs('trace', 'trace_id', 16, trace.id),
    betweenNanos('trace', timeColumn, trace.startedAt - more, trace.endedAt === null ? undefined : trace.endedAt + more),
  )
}
