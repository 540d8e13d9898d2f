import { changedDays, type DaySums } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import { alertEvents } from '#clickhouse/tables/alert-events.ts'
import { closedMonths } from '#clickhouse/tables/closed-months.ts'
import { conformance } from '#clickhouse/tables/conformance.ts'
import { ingestAccount } from '#clickhouse/tables/ingest-account.ts'
import { ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { logRecords } from '#clickhouse/tables/log-records.ts'
import { metricPoints } from '#clickhouse/tables/metric-points.ts'
import { policyDecisions } from '#clickhouse/tables/policy-decisions.ts'
import { runs } from '#clickhouse/tables/runs.ts'
import { spanContent } from '#clickhouse/tables/span-content.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import type { Where } from './where.ts'

/** Made by the engine itself, so it has no rows of ours. */
const costDays = { name: 'cost_days' }
const costUserDays = { name: 'cost_user_days' }
const costSessionDays = { name: 'cost_session_days' }
const costHours = { name: 'cost_hours' }
const tables = { closedMonths, runs, spans, spanContent, ledgerEntries, costDays, costUserDays, costSessionDays, costHours, policyDecisions, logRecords, metricPoints, ingestAccount, conformance, alertEvents }
export type TableKey = keyof typeof tables

export interface Select {
  /** The select list. Ids through `hexOf`, times through `nanosOf`, decimals through `textOf`. */
  readonly columns: string
  readonly from: TableKey
  readonly where: Where
  /** Everything after `WHERE`: GROUP BY, HAVING, ORDER BY, LIMIT. */
  readonly tail: string
  /** For who picks the latest version of a row itself: `FINAL` of 100,000 spans takes as long as reading them. */
  readonly allVersions?: true
  /** What is asked of these rows as a table of its own, such as sums over what a window made of them. */
  readonly around?: (rows: string) => string
}

/** The only way this folder reads telemetry: one tenant's rows, each row once unless all its versions are wanted. */
export interface Reader {
  rows<Row>(select: Select): Promise<Row[]>
  /** The same in `Native`, for answers too large to be parsed as text. */
  binary(select: Select): Promise<Buffer>
  /** The same as a Parquet file, written by the engine: for exports. */
  parquet(select: Select): Promise<Buffer>
  /** Days (UTC) that cannot be taken from these sums, because the ledger knows more of them; `undefined` where none can. */
  changedDays(sums: DaySums): Promise<readonly string[] | undefined>
  /** Rows as they arrive, at the reader's pace: for exports, which may take ten minutes. Rows are arrays in column order. */
  batches<Row extends readonly unknown[]>(select: Select): AsyncIterable<Row[]>
}

/** Longest read of one question. A person has given up by then, and the engine has other readers. */
const readSecondsMax = 30
const exportSecondsMax = 600

/**
 * With `FINAL`, ClickHouse looks at conditions only after it has merged whole rows. Those over the sorting key (a trace
 * id) hold for all versions of a row alike: looked at first, a page of runs reads a third (100,000 runs: 130 ms to 40).
 */
const settings = 'SETTINGS optimize_move_to_prewhere_if_final = 1'

/** The one place where the tenant predicate is written. */
function selectFrom(table: string): (columns: string, condition: string) => string {
  return (columns, condition) => `SELECT ${columns} FROM ${table} WHERE tenant = {tenant:String} AND (${condition})`
}

/**
 * Reads with the deduplication of rows (`FINAL`), unless all versions are wanted.
 * `signal` ends a read in the engine when its asker has gone.
 */
export function readerOf(store: Store, tenant: string, signal: AbortSignal): Reader {
  const rowsOf = ({ columns, from, where, tail, allVersions }: Select): string =>
    `${selectFrom(`${tables[from].name}${allVersions === true ? '' : ' FINAL'}`)(columns, where.sql)} ${tail}`
  const sql = (select: Select): string => `${select.around === undefined ? rowsOf(select) : select.around(`(${rowsOf(select)})`)} ${settings}`
  const params = ({ where }: Select) => ({ ...where.params, tenant })
  const limits = { signal, maxSeconds: readSecondsMax }
  // The tables of one question ask at the same moment, three reads each: they share the answer.
  const asked = new Map<DaySums, Promise<readonly string[] | undefined>>()
  const changed = (sums: DaySums): Promise<readonly string[] | undefined> => {
    const known = asked.get(sums) ?? changedDays(store, sums, tenant, limits).finally(() => asked.delete(sums))
    asked.set(sums, known)
    return known
  }
  return {
    rows: (select) => store.read(sql(select), params(select), limits),
    binary: (select) => store.readBinary(sql(select), params(select), { ...limits, format: 'Native' }),
    changedDays: changed,
    parquet: (select) => store.readBinary(sql(select), params(select), { signal, maxSeconds: exportSecondsMax, pool: 'bi', format: 'Parquet' }),
    batches: (select) => store.readBatches(sql(select), params(select), { signal, maxSeconds: exportSecondsMax, pool: 'bi' }),
  }
}

/**
 * Tail for the spans of one trace: a span that came again with another start or service is another row to `FINAL`, and the
 * one accepted last is what it says.
 */
export const latestOfSpan = 'ORDER BY received_at DESC LIMIT 1 BY span_id'

/**
 * These columns of the tenant's spans, for a condition or a join; all versions of each, for what they agree in. Never `*`: a question
 * that nests ten of these took the engine a quarter of a second to take apart, before it read anything.
 */
export const spansOf = selectFrom('spans')

/** The same, the latest version of each, for what they differ in; one that came again with another start is there twice. */
export const currentSpansOf = selectFrom('spans FINAL')

/** The same of the tenant's runs, each once. */
export const runsOf = selectFrom('runs FINAL')

/** The same of the tenant's ledger, each line once. */
export const ledgerOf = selectFrom('ledger_entries FINAL')

/** The same with every version of a line: for which ids there are. */
export const ledgerVersionsOf = selectFrom('ledger_entries')

/** A `FixedString` as lower-case hex; zeros, which stand for "none", as ''. */
export const hexOf = (column: string, as: string): string => `if(empty(${column}), '', lower(hex(${column}))) AS ${as}`
/** A `DateTime64(9)` as a string of nanoseconds. */
export const nanosOf = (column: string, as: string): string => `toString(toUnixTimestamp64Nano(${column})) AS ${as}`
/** A number wider than a double as text. */
export const textOf = (expression: string, as: string): string => `toString(${expression}) AS ${as}`
