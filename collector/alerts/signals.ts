import type { Store } from '#clickhouse/store.ts'
import { AlertError, type AlertGroup, type AlertRule, type AlertSignal } from '#otel-config/alerts/alert.ts'

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
/** Groups that a rule can tell apart; those with the highest values. */
const rowsMax = 20_000
const dayMs = 86_400_000
/** What a jump is measured against, in milliseconds. */
const usualMs = 7 * dayMs

interface Source {
  readonly from: string
  /** A `DateTime64` column. */
  readonly time: string
  readonly where: string
  readonly value: string
  readonly groups: Readonly<Partial<Record<AlertGroup, string>>>
}

const runGroups = { service: 'service', environment: 'environment', agent: `arrayJoin(if(empty(agents), [''], agents))` }
const ledgerGroups = { service: 'service', environment: 'environment', agent: 'agent' }
const spend: Source = { from: 'ledger_entries', time: 'occurred_at', where: '1', value: 'toFloat64(sum(coalesce(amount, 0)))', groups: ledgerGroups }

const sources: Readonly<Record<Exclude<AlertSignal, 'silence'>, Source>> = {
  error_rate: { from: 'runs', time: 'started_at', where: `is_run AND status IN ('FAILED', 'COMPLETED')`, value: `100 * countIf(status = 'FAILED') / count()`, groups: runGroups },
  latency_p95: {
    from: 'runs', time: 'started_at', where: 'is_run AND ended_at IS NOT NULL',
    value: 'quantile(0.95)(toUnixTimestamp64Milli(assumeNotNull(ended_at)) - toUnixTimestamp64Milli(started_at))', groups: runGroups,
  },
  spend, spend_jump: spend,
  denials: { from: 'policy_decisions', time: 'decided_at', where: `outcome = 'DENY' AND place != 'COLLECTOR'`, value: 'toFloat64(count())', groups: { agent: 'agent' } },
  loops: { from: 'policy_decisions', time: 'decided_at', where: `policy_id = 'repeated-tool-call'`, value: 'toFloat64(uniqExact(trace_id))', groups: { agent: 'agent' } },
  rejected: { from: 'ingest_account', time: 'at', where: '1', value: 'toFloat64(sum(rejected + set_aside))', groups: {} },
}

/** What a rule reads in windows of its width that end at `to`, the last one beginning at `to - window`. A window that holds nothing says nothing. */
export async function readSignal(store: Store, tenant: string, rule: SignalRule, from: number, to: number): Promise<Reading[]> {
  if (rule.on === 'silence') return [await readSilence(store, tenant, to)]
  const { from: table, time, where, value, groups } = sources[rule.on]
  const group = rule.groupBy === undefined ? `''` : groups[rule.groupBy]
  if (group === undefined) throw new AlertError(`rule '${rule.id}': ${rule.on} cannot be grouped by ${rule.groupBy}, only by ${Object.keys(groups).join(', ')}`)
  const windows = Math.ceil((to - from) / rule.windowMs)
  const first = to - windows * rule.windowMs
  const rows = await store.read<{ slot: string; label: string; number: number }>(`
    SELECT toString(intDiv(toUnixTimestamp64Milli(${time}) - {first:Int64}, {window:Int64})) AS slot, ${group} AS label, ${value} AS number
    FROM ${table} FINAL
    WHERE tenant = {tenant:String} AND ${time} >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND ${time} < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND ${where}
    GROUP BY slot, label ORDER BY number DESC LIMIT ${rowsMax}`,
  { tenant, first, to, window: rule.windowMs }, { maxSeconds: readSecondsMax })
  return rows.map(({ slot, label, number }) => ({ start: first + Number(slot) * rule.windowMs, group: label, value: Number(number) }))
}

async function readSilence(store: Store, tenant: string, now: number): Promise<Reading> {
  const [row] = await store.read<{ last: string }>('SELECT toString(toUnixTimestamp64Milli(max(at))) AS last FROM ingest_account WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSecondsMax })
  return { start: now, group: '', value: (now - Number(row?.last ?? 0)) / 60_000 }
}

/** What a rule says at each end of a window between `from` and `to`. */
export async function readings(store: Store, tenant: string, rule: SignalRule, from: number, to: number): Promise<Reading[]> {
  if (rule.on !== 'spend_jump') return readSignal(store, tenant, rule, from, to)
  const spent = await readSignal(store, tenant, rule, from - usualMs, to)
  const byGroup = Map.groupBy(spent, ({ group }) => group)
  return spent.filter(({ start }) => start >= from - rule.windowMs / 2).flatMap((one) => {
    const before = (byGroup.get(one.group) ?? []).filter(({ start }) => start < one.start && start >= one.start - usualMs)
    const usual = before.reduce((sum, { value }) => sum + value, 0) / (usualMs / rule.windowMs)
    return usual > 0 ? [{ ...one, value: one.value / usual }] : []
  })
}
