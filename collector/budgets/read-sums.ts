import type { Params, Store } from '#clickhouse/store.ts'
import { countsTokens, postedAtOfRevisionSql, tagList } from '#clickhouse/tables/ledger-entries.ts'
import { type Budget, type BudgetDimension } from '#otel-config/budgets/budget.ts'
import { addTo, groupDimensions, type Groups, isByRun, keptPeriods, oneCall, runKeptMs, stepMs, stepsAheadMs, stepsKeptMs, type Sum } from './tally.ts'

/** A start waits for this, and a budget over all time reads all of the ledger. In seconds. */
const readSecondsMax = 120

const columns: Readonly<Record<BudgetDimension, string>> = {
  project: 'project', environment: 'environment', service: 'service', agent: 'agent', workflow: 'workflow', model: 'model', provider: 'provider',
  user: 'user', session: 'session', run: 'lower(hex(trace_id))', tag: tagList,
}

/** By `groupsOf`: a line counts in the group of each of its tags that is in scope. Binds what `linesOf` binds. */
const groupSql = ({ scope }: Budget, dimension: BudgetDimension): string =>
  dimension === 'tag' ? `arrayJoin(${scope.tag === undefined ? tagList : `arrayIntersect(${tagList}, {tag:Array(String)})`})` : columns[dimension]

/**
 * Ledger lines, each once: as they are, or as they were at `cut`. A row that is superseded later hides the one before it from
 * `FINAL`, so the past is put together by hand; where ClickHouse has merged the two already, the line is `renamed`: only the row
 * is there that says whose it became later.
 */
const linesSql = (where: string, cut: bigint | undefined): string => cut === undefined
  ? `(SELECT *, false AS renamed FROM ledger_entries FINAL WHERE ${where})`
  : `(SELECT *, ${postedAtOfRevisionSql} >= ${cut} AS renamed FROM ledger_entries WHERE ${where} AND toUnixTimestamp64Nano(posted_at) < ${cut}
      ORDER BY renamed, revision DESC LIMIT 1 BY toDate(occurred_at), trace_id, span_id, id)`

/** In this order, behind the dimensions. */
type Figures = readonly [span: string, step: string, period: string, at: string, amount: string, tokens: string, calls: string, unpriced: string]

const atMs = 'toUnixTimestamp64Milli(occurred_at)'
const picoText = (expression: string): string => `toString(reinterpret(${expression}, 'Int128'))`

/** What one group used at one time: what `addTo` takes. */
type Used = readonly [values: readonly string[], step: number | undefined, period: number | undefined, at: number, sum: Sum]

export interface ReadSums {
  readonly groups: Groups
  /** By trace and span id: spans whose lines are `renamed`, in the names they have now. They are not in the groups. */
  readonly renamed: ReadonlyMap<string, readonly Used[]>
}

/**
 * A budget's sums out of the ledger, by the rules of `contributions`: a call stands while any of its meters does (`sumMap` drops
 * what sums to zero), and is unpriced while none of its lines has an amount.
 */
export async function readSums(store: Store, tenant: string, budget: Budget, now: number, cut: bigint | undefined): Promise<ReadSums> {
  const by = groupDimensions(budget)
  const dims = by.map((dimension) => `by_${dimension}`)
  const periods = keptPeriods(budget, now)
  const { where, params } = linesOf(budget, tenant, now, periods)
  const starts = periods.map(({ start }) => start).sort((a, b) => a - b)
  const end = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, ...periods.map((period) => period.end)))
  const answer = store.readBatches<readonly string[]>(`
    SELECT ${[...dims, 'of_span', 'toString(step)', 'toString(period)'].join(', ')}, toString(max(moment)) AS at, ${picoText('sum(amounts)')} AS amount, ${picoText('sum(quantities)')} AS tokens,
      toString(countIf(notEmpty(meters))) AS calls, toString(countIf(notEmpty(meters) AND priced = 0)) AS unpriced
    FROM (
      SELECT ${[...by.map((dimension) => `${groupSql(budget, dimension)} AS by_${dimension}`), ''].join(', ')}
        ${atMs} AS moment, if(max(renamed), lower(concat(hex(trace_id), hex(span_id))), '') AS of_span,
        if(moment > {kept:Int64} AND moment <= {ahead:Int64}, moment - moment % ${stepMs}, -1) AS step,
        ${starts.length === 0 ? '-1' : 'if(moment >= {first:Int64} AND moment < {end:Int64}, roundDown(moment, {starts:Array(Int64)}), -1)'} AS period,
        sum(coalesce(amount, 0)) AS amounts, sumIf(quantity, ${countsTokens}) AS quantities,
        countIf(amount IS NOT NULL) AS priced, sumMapIf([toString(meter)], [quantity], reason != 'reconciled').1 AS meters
      FROM ${linesSql(where, cut)}
      GROUP BY ${[...dims, 'trace_id', 'span_id', 'occurred_at'].join(', ')}
    )
    GROUP BY ${[...dims, 'of_span', 'step', 'period'].join(', ')}`,
  { ...params, kept: now - stepsKeptMs, ahead: now + stepsAheadMs, first: starts[0] ?? 0, end, starts }, { maxSeconds: readSecondsMax })
  const groups: Groups = new Map()
  const renamed = new Map<string, Used[]>()
  // As they arrive: rows of a hundred thousand groups at once would hold up every agent that asks.
  for await (const rows of answer) for (const row of rows) {
    const [span, step, period, at, amount, tokens, calls, unpriced] = row.slice(by.length) as unknown as Figures
    const sum = { value: valueOf(budget, { amount, tokens, calls }), calls: Number(calls), unpriced: Number(unpriced) }
    const used: Used = [row.slice(0, by.length), kept(step), kept(period), Number(at), sum]
    if (span === '') addTo(groups, ...used)
    else renamed.set(span, [...renamed.get(span) ?? [], used])
  }
  return { groups, renamed }
}

const kept = (start: string): number | undefined => (start === '-1' ? undefined : Number(start))

function valueOf({ measure }: Budget, row: Readonly<Record<'amount' | 'tokens' | 'calls', string>>): bigint {
  switch (measure) {
    case 'usd': return BigInt(row.amount)
    case 'tokens': return BigInt(row.tokens)
    case 'calls': return BigInt(row.calls) * oneCall
  }
}

/** Which lines a budget is about, as far back as it looks. */
function linesOf(budget: Budget, tenant: string, now: number, periods: readonly { readonly start: number }[]): { readonly where: string; readonly params: Params } {
  const { scope, period } = budget
  const conditions = ['tenant = {tenant:String}', ...(isByRun(budget) ? [`reason != 'reconciled'`] : [])]
  const params: Record<string, unknown> = { tenant }
  for (const [dimension, values] of Object.entries(scope) as [BudgetDimension, readonly string[]][]) {
    conditions.push(dimension === 'tag' ? `hasAny(${tagList}, {tag:Array(String)})` : `${columns[dimension]} IN {${dimension}:Array(String)}`)
    params[dimension] = values
  }
  if (period.kind === 'run') {
    conditions.push(`trace_id IN (SELECT trace_id FROM ledger_entries WHERE tenant = {tenant:String} AND occurred_at > fromUnixTimestamp64Milli({since:Int64}, 'UTC'))`)
    params['since'] = now - runKeptMs
  } else if (period.kind !== 'lifetime') {
    conditions.push(`occurred_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')`)
    params['since'] = Math.max(0, Math.min(now - stepsKeptMs, ...periods.map(({ start }) => start)))
  }
  return { where: conditions.join(' AND '), params }
}
