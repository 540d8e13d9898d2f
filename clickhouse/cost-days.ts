import type { ReadOptions, Store } from './store.ts'

/**
 * The ledger summed by day (UTC). A part of a MergeTree table is named by the blocks it holds, and a block's number is given when
 * its rows become visible, one after the other. So "all parts up to block N are summed up" can be said of a partition, and whether
 * something came since can be seen from the names of its parts, whatever merges, kills and repetitions did to them.
 *
 * Replicated tables number a block before it is visible: there nothing is summed up, and readers take the ledger itself.
 */

/** One table of sums, and the table that says how far it goes: each is right or behind by itself. */
export interface DaySums {
  readonly table: 'cost_days' | 'cost_user_days' | 'cost_session_days' | 'cost_hours'
  readonly covered: 'cost_days_covered' | 'cost_user_days_covered' | 'cost_session_days_covered' | 'cost_hours_covered'
  /** What a sum is kept for, beside tenant and day. All else is summed from the ledger. */
  readonly keys: readonly string[]
  /** Days summed by one statement. */
  readonly daysPerStatement: number
}

export const costDays: DaySums = {
  table: 'cost_days', covered: 'cost_days_covered', daysPerStatement: 8,
  keys: ['project', 'environment', 'service', 'agent', 'workflow', 'provider', 'model', 'meter', 'basis', 'kind', 'reason'],
}
/** Who pays, for which models: without agent and service, of which a user has many. */
export const costUserDays: DaySums = {
  table: 'cost_user_days', covered: 'cost_user_days_covered', daysPerStatement: 1, keys: ['environment', 'user', 'tags', 'provider', 'model', 'meter', 'basis', 'kind'],
}
/** Without the model: a session has one agent and service, and with its models the sums would be almost as many as the lines. */
export const costSessionDays: DaySums = {
  table: 'cost_session_days', covered: 'cost_session_days_covered', daysPerStatement: 1,
  keys: ['project', 'environment', 'service', 'agent', 'workflow', 'user', 'session', 'tags', 'meter', 'basis', 'kind'],
}
/** The same as `costDays` of each hour, for hours and for the days of other time zones. A day is summed up as a whole here too. */
export const costHours: DaySums = { table: 'cost_hours', covered: 'cost_hours_covered', daysPerStatement: 4, keys: ['hour', ...costDays.keys] }
export const allDaySums: readonly DaySums[] = [costDays, costUserDays, costSessionDays, costHours]

/** Days outside of these lie in one partition with all times nobody meant (see `month` in migrate.ts), and are not summed up. */
export const costDaysFrom = '2020-01-01'
export const costDaysTo = '2040-01-01'
const strayPartition = '0'

/** Asking for parts and days is quick; comparing reads the whole ledger. */
const askSeconds = 30
const compareSeconds = 600
/** Groups that take more memory than this go through the disk, 256 MiB: sessions of a day may be millions. One thread, because nobody waits and others need the processors. */
const unhurried = 'SETTINGS max_bytes_before_external_group_by = 268435456, max_threads = 1'

interface Part {
  readonly name: string
  readonly partition: string
  /** The last block, or mutation, that is in it. */
  readonly last: bigint
}

async function ledgerParts(store: Store, options: ReadOptions): Promise<readonly Part[]> {
  const rows = await store.read<{ readonly name: string; readonly partition_id: string; readonly last: string }>(
    `SELECT name, partition_id, toString(greatest(toUInt64(max_block_number), toUInt64(data_version))) AS last FROM system.parts
WHERE active AND database = {database:String} AND table = 'ledger_entries' AND partition_id != {stray:String}
  AND engine = 'ReplacingMergeTree'`, { database: store.database, stray: strayPartition }, options)
  return rows.map(({ name, partition_id, last }) => ({ name, partition: partition_id, last: BigInt(last) }))
}

async function coveredBlocks(store: Store, { covered }: DaySums, options: ReadOptions): Promise<ReadonlyMap<string, bigint>> {
  const rows = await store.read<{ readonly partition_id: string; readonly covered: string }>(
    `SELECT partition_id, toString(max(covered)) AS covered FROM ${covered} GROUP BY partition_id`, {}, options)
  return new Map(rows.map(({ partition_id, covered }) => [partition_id, BigInt(covered)]))
}

const isCovered = ({ partition, last }: Part, covered: ReadonlyMap<string, bigint>): boolean => last <= (covered.get(partition) ?? -1n)

/**
 * Which days cannot be taken from these sums: those with rows in a part that is not wholly summed up. `undefined` where nothing
 * can be: the table is replicated. Parts that merge meanwhile have new names and count as not summed up.
 */
export async function changedDays(store: Store, sums: DaySums, tenant: string, options: ReadOptions): Promise<readonly string[] | undefined> {
  // Coverage first: what it says then is true of every later list of parts.
  const covered = await coveredBlocks(store, sums, options)
  const parts = await ledgerParts(store, options)
  if (covered.size === 0 || parts.length === 0) return undefined
  if (parts.every((part) => isCovered(part, covered))) return []
  const clean = parts.filter((part) => isCovered(part, covered)).map(({ name }) => name)
  const rows = await store.read<{ readonly day: string }>(
    `SELECT DISTINCT toString(toDate(occurred_at)) AS day FROM ledger_entries
WHERE tenant = {tenant:String} AND _partition_id != {stray:String} AND _part NOT IN {clean:Array(String)}`, { tenant, stray: strayPartition, clean }, options)
  return rows.map(({ day }) => day)
}

/** Sums up what changed since the last time, for all tenants, and says how many days that were. May be ended and repeated at any point. */
export async function refreshCostDays(store: Store, sums: DaySums): Promise<number> {
  const options: ReadOptions = { maxSeconds: askSeconds, pool: 'bi' }
  const covered = await coveredBlocks(store, sums, options)
  const changed = Map.groupBy(await ledgerParts(store, options), ({ partition }) => partition)
  let count = 0
  for (const [partition, parts] of changed) {
    if (parts.every((part) => isCovered(part, covered))) continue
    const last = parts.reduce((most, part) => (part.last > most ? part.last : most), 0n)
    const days = await daysToSum(store, partition, parts.filter((part) => isCovered(part, covered)), options)
    for (let at = 0; at < days.length; at += sums.daysPerStatement) await sumUp(store, sums, partition, days.slice(at, at + sums.daysPerStatement), last)
    // Last of all, because from here on the sums are believed.
    await store.command(`INSERT INTO ${sums.covered} (partition_id, covered) VALUES ('${partition}', ${last})`)
    count += days.length
  }
  return count
}

/** Days with rows anywhere but in these parts: what merges meanwhile is looked through as a whole. */
async function daysToSum(store: Store, partition: string, clean: readonly Part[], options: ReadOptions): Promise<readonly string[]> {
  const rows = await store.read<{ readonly day: string }>(
    `SELECT DISTINCT toString(toDate(occurred_at)) AS day FROM ledger_entries
WHERE _partition_id = {partition:String} AND _part NOT IN {clean:Array(String)} ORDER BY day`, { partition, clean: clean.map(({ name }) => name) }, options)
  return rows.map(({ day }) => day)
}

const asText = (keys: readonly string[]): string => keys.map((key) => `toString(${key}) AS ${key}`).join(', ')
/** What a key is in a line of the ledger. */
const ofLine = (key: string): string => (key === 'hour' ? `toDateTime(toStartOfHour(occurred_at), 'UTC')` : key)
const asTextOfLine = (keys: readonly string[]): string => keys.map((key) => `toString(${ofLine(key)}) AS ${key}`).join(', ')
const summed = `ifNull(sum(amount), 0) AS known_amount, sum(quantity) AS all_quantity, count() AS lines, countIf(amount IS NULL) AS unknown`
const ledgerSums = ({ keys }: DaySums, where: string): string =>
  `SELECT tenant, toDate(occurred_at) AS day, ${asTextOfLine(keys)}, ${summed} FROM ledger_entries FINAL WHERE ${where} GROUP BY tenant, day, ${keys.join(', ')}`

/** Groups that were there and are no more come again as zeros: under their key the row that knows most of the ledger counts. */
async function sumUp(store: Store, sums: DaySums, partition: string, days: readonly string[], covered: bigint): Promise<void> {
  const list = days.map((day) => `'${day}'`).join(', ')
  const keys = sums.keys.join(', ')
  await store.command(`INSERT INTO ${sums.table} (tenant, day, ${keys}, amount, quantity, entries, unpriced, covered) ${unhurried}
SELECT tenant, day, ${keys}, sum(known_amount), sum(all_quantity), sum(lines), sum(unknown), ${covered} FROM (
  ${ledgerSums(sums, `_partition_id = '${partition}' AND toDate(occurred_at) IN (${list})`)}
  UNION ALL
  SELECT tenant, day, ${asText(sums.keys)}, toDecimal128(0, 12), toDecimal128(0, 12), 0, 0 FROM ${sums.table} FINAL WHERE day IN (${list}) AND entries > 0
) GROUP BY tenant, day, ${keys}`)
}

export interface CostDayDifference {
  readonly table: DaySums['table']
  readonly day: string
  /** Decimal text, of the ledger and of its sums. */
  readonly ledger: string
  readonly summed: string
}

/**
 * Days whose sums are not the ledger's, group by group, in amount, quantity or number of lines. Days that changed since they were
 * summed up are left out, as readers leave them out. For `verify`: none is the only good answer.
 */
export async function costDayDifferences(store: Store, tenant: string): Promise<readonly CostDayDifference[]> {
  const found: CostDayDifference[] = []
  for (const sums of allDaySums) found.push(...(await differencesOf(store, sums, tenant)))
  return found
}

async function differencesOf(store: Store, sums: DaySums, tenant: string): Promise<readonly CostDayDifference[]> {
  const days = await differentDays(store, sums, tenant)
  if (days.length === 0) return []
  const keys = sums.keys.join(', ')
  const rows = await store.read<Omit<CostDayDifference, 'table'>>(`SELECT toString(day) AS day, toString(sum(ledger_amount)) AS ledger, toString(sum(summed_amount)) AS summed FROM (
  SELECT tenant, day, ${keys}, sum(if(side = 1, known_amount, 0)) AS ledger_amount, sum(if(side = 2, known_amount, 0)) AS summed_amount,
    sum(if(side = 1, all_quantity, -all_quantity)) AS quantity_off, sum(if(side = 1, 1, -1) * toInt64(lines)) AS lines_off, sum(if(side = 1, 1, -1) * toInt64(unknown)) AS unknown_off
  FROM (
    SELECT *, 1 AS side FROM (${ledgerSums(sums, `tenant = {tenant:String} AND toDate(occurred_at) IN {days:Array(Date)}`)})
    UNION ALL
    SELECT tenant, day, ${asText(sums.keys)}, amount, quantity, entries, unpriced, 2 AS side FROM ${sums.table} FINAL
    WHERE tenant = {tenant:String} AND day IN {days:Array(Date)}
  ) GROUP BY tenant, day, ${keys}
) WHERE ledger_amount != summed_amount OR quantity_off != 0 OR lines_off != 0 OR unknown_off != 0 GROUP BY day ORDER BY day ${unhurried}`,
  { tenant, days }, { maxSeconds: compareSeconds, pool: 'bi' })
  return rows.map((row) => ({ table: sums.table, ...row }))
}

/**
 * Days of which some group differs, without making the groups: each value times a number made of its keys, added up, is the same of
 * lines and of their sums. Where one group is off by an amount, so is the day, by that times its number.
 */
async function differentDays(store: Store, sums: DaySums, tenant: string): Promise<readonly string[]> {
  const changed = await changedDays(store, sums, tenant, { maxSeconds: askSeconds, pool: 'bi' })
  if (changed === undefined) return []
  const hashOf = (keys: readonly string[]): string => `toInt128(cityHash64(${keys.map((key) => `toString(${key})`).join(', ')}))`
  // Whole numbers of 10^-12; sums of `Int128` wrap around, on both sides alike.
  const whole = (decimal: string): string => `reinterpret(${decimal}, 'Int128')`
  const rows = await store.read<{ readonly day: string }>(`SELECT toString(of_day) AS day FROM (
  WITH ${hashOf(sums.keys.map(ofLine))} AS of_keys SELECT toDate(occurred_at) AS of_day, sum(of_keys * ${whole('ifNull(amount, toDecimal128(0, 12))')}) AS a, sum(of_keys * ${whole('quantity')}) AS q,
    sum(of_keys) AS n, sumIf(of_keys, amount IS NULL) AS u
  FROM ledger_entries FINAL WHERE ${within('occurred_at')} AND toDate(occurred_at) NOT IN {changed:Array(Date)} GROUP BY of_day
  UNION ALL
  WITH ${hashOf(sums.keys)} AS of_keys SELECT day AS of_day, -sum(of_keys * ${whole('amount')}) AS a, -sum(of_keys * ${whole('quantity')}) AS q, -sum(of_keys * entries) AS n, -sum(of_keys * unpriced) AS u
  FROM ${sums.table} FINAL WHERE ${within('day')} AND day NOT IN {changed:Array(Date)} GROUP BY of_day
) GROUP BY of_day HAVING sum(a) != 0 OR sum(q) != 0 OR sum(n) != 0 OR sum(u) != 0 ORDER BY of_day`,
  { tenant, changed, from: costDaysFrom, to: costDaysTo }, { maxSeconds: compareSeconds, pool: 'bi' })
  return rows.map(({ day }) => day)
}
const within = (column: string): string => `tenant = {tenant:String} AND ${column} >= {from:String} AND ${column} < {to:String}`
