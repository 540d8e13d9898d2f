import type { Store } from '#clickhouse/store.ts'
import type { AlertGroup, AlertRule, AlertSignal, signalGroups } from '#otel-config/alerts/alert.ts'

export type SignalRule = Extract<AlertRule, { readonly on: AlertSignal }>

/** What a rule reads in one window of one group. */
export interface Reading {
  /** Start of the window, milliseconds since the epoch. */
  readonly start: number
  readonly group: string
  readonly value: number
}

/** A rule looks at a window or, in a preview, at a month of them. */
const readSecondsMax = 20
/** Windows times groups that are looked at. */
export const readingsMax = 20_000
const dayMs = 86_400_000
/** What a jump is measured against, in milliseconds. */
const usualMs = 7 * dayMs

interface Source<Signal extends AlertSignal> {
  readonly from: string
  /** A `DateTime64`. */
  readonly time: string
  readonly where: string
  readonly value: string
  /** Expressions for what rules on this signal can be divided by. */
  readonly groups: Readonly<Record<(typeof signalGroups)[Signal][number], string>>
}

/** When a run is known to have failed or how long it took: by its start, one that takes longer than a window is never in it. */
const runEnd = 'assumeNotNull(ended_at)'
const runGroups = { service: 'service', environment: 'environment', agent: `arrayJoin(if(empty(agents), [''], agents))` }
const ledgerGroups = { service: 'service', environment: 'environment', agent: 'agent' }
const spend: Source<'spend' | 'spend_jump'> = { from: 'ledger_entries', time: 'occurred_at', where: '1', value: 'toFloat64(sum(coalesce(amount, 0)))', groups: ledgerGroups }

const sources: { readonly [Signal in Exclude<AlertSignal, 'silence'>]: Source<Signal> } = {
  error_rate: { from: 'runs', time: runEnd, where: `is_run AND ended_at IS NOT NULL AND status IN ('FAILED', 'COMPLETED')`, value: `100 * countIf(status = 'FAILED') / count()`, groups: runGroups },
  latency_p95: {
    from: 'runs', time: runEnd, where: 'is_run AND ended_at IS NOT NULL',
    value: `quantile(0.95)(toUnixTimestamp64Milli(${runEnd}) - toUnixTimestamp64Milli(started_at))`, groups: runGroups,
  },
  spend, spend_jump: spend,
  denials: { from: 'policy_decisions', time: 'decided_at', where: `outcome = 'DENY' AND place != 'COLLECTOR'`, value: 'toFloat64(count())', groups: { agent: 'agent' } },
  loops: { from: 'policy_decisions', time: 'decided_at', where: `policy_id = 'repeated-tool-call'`, value: 'toFloat64(uniqExact(trace_id))', groups: { agent: 'agent' } },
  rejected: { from: 'ingest_account', time: 'at', where: '1', value: 'toFloat64(sum(rejected + set_aside))', groups: {} },
}

/**
 * What a rule reads in windows of its width between two moments, the last of them ending at `to`. A window that holds nothing says
 * nothing; of more than `readingsMax` the highest are answered.
 */
export async function readings(store: Store, tenant: string, rule: SignalRule, from: number, to: number): Promise<Reading[]> {
  if (rule.on === 'silence') return [{ start: to, group: '', value: (to - await readLastReceived(store, tenant, to)) / 60_000 }]
  const { from: table, time, where, value, groups } = sources[rule.on]
  const expressions: Readonly<Partial<Record<AlertGroup, string>>> = groups
  const group = (rule.groupBy === undefined ? undefined : expressions[rule.groupBy]) ?? `''`
  const usualWindows = rule.on === 'spend_jump' ? Math.max(1, Math.floor(usualMs / rule.windowMs)) : 0
  const first = to - (windowsBetween(rule, from, to) + usualWindows) * rule.windowMs
  const windows = `
    SELECT intDiv(toUnixTimestamp64Milli(${time}) - {first:Int64}, {window:Int64}) AS slot, ${group} AS label, ${value} AS read
    FROM ${table} FINAL
    WHERE tenant = {tenant:String} AND ${time} >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND ${time} < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND ${where}
    GROUP BY slot, label`
  const rows = await store.read<{ slot: string; label: string; number: number }>(`
    ${usualWindows === 0 ? `SELECT slot, label, read AS number FROM (${windows})` : `SELECT slot, label, read * ${usualWindows} / usual AS number FROM (${besideUsual(windows, usualWindows)}) WHERE slot >= ${usualWindows} AND usual > 0`}
    ORDER BY number DESC LIMIT ${readingsMax}`, { tenant, first, to, window: rule.windowMs }, { maxSeconds: readSecondsMax })
  return rows.map(({ slot, label, number }) => ({ start: first + Number(slot) * rule.windowMs, group: label, value: Number(number) }))
}

/**
 * What a window is taken for, by group; `undefined` where it changes nothing. One that holds nothing is what the rule says of that.
 */
export function taken({ noData }: SignalRule, values: ReadonlyMap<string, number>): ReadonlyMap<string, number> | undefined {
  if (values.size > 0) return values
  switch (noData) {
    case 'resolve': return values
    case 'fire': return new Map([['', Number.POSITIVE_INFINITY]])
    case 'keep': return undefined
  }
}

export const isAbove = ({ above }: SignalRule, values: ReadonlyMap<string, number>, group: string): boolean => (values.get(group) ?? -1) > above

/** Whether a group that was above is not any more. */
export const isOver = (rule: SignalRule, values: ReadonlyMap<string, number>, group: string): boolean =>
  !isAbove(rule, values, group) && (values.has(group) || rule.noData !== 'keep')

/** How many windows a rule looks at between two moments. */
export const windowsBetween = ({ windowMs }: SignalRule, from: number, to: number): number => Math.ceil((to - from) / windowMs)

/** Each window with what so many before it come to. */
const besideUsual = (windows: string, count: number): string =>
  `SELECT slot, label, read, sum(read) OVER (PARTITION BY label ORDER BY slot RANGE BETWEEN ${count} PRECEDING AND 1 PRECEDING) AS usual FROM (${windows})`

/** What a rule would have read between two moments, window after window. */
export const pastReadings = (store: Store, tenant: string, rule: SignalRule, from: number, to: number): Promise<Reading[]> =>
  rule.on === 'silence' ? readGaps(store, tenant, rule, from, to) : readings(store, tenant, rule, from, to)

/** Of each window the longest time, in minutes, that nothing had been received for: until something came in it, or until its end. Before anything came there is none. */
async function readGaps(store: Store, tenant: string, rule: SignalRule, from: number, to: number): Promise<Reading[]> {
  const count = windowsBetween(rule, from, to)
  const first = to - count * rule.windowMs
  const [earlier, rows] = await Promise.all([
    readLastReceived(store, tenant, first),
    store.read<{ slot: string; begun: string; last: string; gap: string }>(`
      SELECT slot, min(ms) AS begun, max(ms) AS last, max(ms - before) AS gap
      FROM (SELECT slot, ms, lagInFrame(ms, 1, ms) OVER (PARTITION BY slot ORDER BY ms) AS before FROM (
        SELECT DISTINCT toUnixTimestamp64Milli(at) AS ms, intDiv(ms - {first:Int64}, {window:Int64}) AS slot FROM ingest_account
        WHERE tenant = {tenant:String} AND at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')))
      GROUP BY slot`, { tenant, first, to, window: rule.windowMs }, { maxSeconds: readSecondsMax }),
  ])
  const bySlot = new Map(rows.map((row) => [Number(row.slot), row]))
  let last = earlier
  return Array.from({ length: count }, (_, slot) => first + slot * rule.windowMs).flatMap((start, slot): Reading[] => {
    const seen = bySlot.get(slot)
    const gap = seen === undefined ? 0 : Math.max(Number(seen.gap), last === 0 ? 0 : Number(seen.begun) - last)
    if (seen !== undefined) last = Number(seen.last)
    return last === 0 ? [] : [{ start, group: '', value: Math.max(gap, start + rule.windowMs - last) / 60_000 }]
  })
}

/** Milliseconds since the epoch, 0 where nothing was received before. */
async function readLastReceived(store: Store, tenant: string, before: number): Promise<number> {
  const [row] = await store.read<{ last: string }>(
    `SELECT toString(toUnixTimestamp64Milli(max(at))) AS last FROM ingest_account WHERE tenant = {tenant:String} AND at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')`, { tenant, before }, { maxSeconds: readSecondsMax })
  return Number(row?.last ?? 0)
}
