import type { ReadOptions, Store } from './store.ts'

/**
 * The ledger summed by day (UTC). A part of a MergeTree table is named by the blocks it holds, and a block's number is given when
 * its rows become visible, one after the other. So "all parts up to block N are summed up" can be said of a partition, and whether
 * something came since can be seen from the names of its parts, whatever merges, kills and repetitions did to them.
 *
 * Replicated tables number a block before it is visible: there nothing is summed up, and readers take the ledger itself.
 */

/** What a sum is kept for. Users, sessions and runs are too many: sums by them are made from the ledger. */
export const costDayKeys = ['project', 'environment', 'service', 'agent', 'workflow', 'provider', 'model', 'meter', 'basis', 'kind', 'reason'] as const

/** Days outside of these lie in one partition with all times nobody meant (see `month` in migrate.ts), and are not summed up. */
export const costDaysFrom = '2020-01-01'
export const costDaysTo = '2040-01-01'
const strayPartition = '0'

/** Days summed by one statement: their groups are in memory together. */
const daysPerStatement = 8
/** Asking for parts and days is quick; comparing reads the whole ledger. */
const askSeconds = 30
const compareSeconds = 600

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

async function coveredBlocks(store: Store, options: ReadOptions): Promise<ReadonlyMap<string, bigint>> {
  const rows = await store.read<{ readonly partition_id: string; readonly covered: string }>(
    'SELECT partition_id, toString(max(covered)) AS covered FROM cost_days_covered GROUP BY partition_id', {}, options)
  return new Map(rows.map(({ partition_id, covered }) => [partition_id, BigInt(covered)]))
}

const isCovered = ({ partition, last }: Part, covered: ReadonlyMap<string, bigint>): boolean => last <= (covered.get(partition) ?? -1n)

/**
 * Which days cannot be taken from `cost_days`: those with rows in a part that is not wholly summed up. `undefined` where nothing
 * can be: the table is replicated. Parts that merge meanwhile have new names and count as not summed up.
 */
export async function changedDays(store: Store, tenant: string, options: ReadOptions): Promise<readonly string[] | undefined> {
  // Coverage first: what it says then is true of every later list of parts.
  const covered = await coveredBlocks(store, options)
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
export async function refreshCostDays(store: Store): Promise<number> {
  const options: ReadOptions = { maxSeconds: askSeconds, pool: 'bi' }
  const covered = await coveredBlocks(store, options)
  const changed = Map.groupBy(await ledgerParts(store, options), ({ partition }) => partition)
  let count = 0
  for (const [partition, parts] of changed) {
    if (parts.every((part) => isCovered(part, covered))) continue
    const last = parts.reduce((most, part) => (part.last > most ? part.last : most), 0n)
    const days = await daysToSum(store, partition, parts.filter((part) => isCovered(part, covered)), options)
    for (let at = 0; at < days.length; at += daysPerStatement) await sumUp(store, partition, days.slice(at, at + daysPerStatement), last)
    // Last of all, because from here on the sums are believed.
    await store.command(`INSERT INTO cost_days_covered (partition_id, covered) VALUES ('${partition}', ${last})`)
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

const keys = costDayKeys.join(', ')
const keysAsText = costDayKeys.map((key) => `toString(${key}) AS ${key}`).join(', ')
const sums = `ifNull(sum(amount), 0) AS known_amount, sum(quantity) AS all_quantity, count() AS lines, countIf(amount IS NULL) AS unknown`
const ledgerSums = (where: string): string =>
  `SELECT tenant, toDate(occurred_at) AS day, ${keysAsText}, ${sums} FROM ledger_entries FINAL WHERE ${where} GROUP BY tenant, day, ${keys}`

/** Groups that were there and are no more come again as zeros: under their key the row that knows most of the ledger counts. */
async function sumUp(store: Store, partition: string, days: readonly string[], covered: bigint): Promise<void> {
  const list = days.map((day) => `'${day}'`).join(', ')
  await store.command(`INSERT INTO cost_days (tenant, day, ${keys}, amount, quantity, entries, unpriced, covered)
SELECT tenant, day, ${keys}, sum(known_amount), sum(all_quantity), sum(lines), sum(unknown), ${covered} FROM (
  ${ledgerSums(`_partition_id = '${partition}' AND toDate(occurred_at) IN (${list})`)}
  UNION ALL
  SELECT tenant, day, ${keysAsText}, toDecimal128(0, 12), toDecimal128(0, 12), 0, 0 FROM cost_days FINAL WHERE day IN (${list}) AND entries > 0
) GROUP BY tenant, day, ${keys}`)
}

export interface CostDayDifference {
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
  const changed = await changedDays(store, tenant, { maxSeconds: askSeconds, pool: 'bi' })
  if (changed === undefined) return []
  const range = `tenant = {tenant:String} AND %s >= {from:String} AND %s < {to:String}`
  const within = (column: string): string => range.replaceAll('%s', column)
  return store.read<CostDayDifference>(`SELECT toString(day) AS day, toString(sum(ledger_amount)) AS ledger, toString(sum(summed_amount)) AS summed FROM (
  SELECT tenant, day, ${keys}, sum(if(side = 1, known_amount, 0)) AS ledger_amount, sum(if(side = 2, known_amount, 0)) AS summed_amount,
    sum(if(side = 1, all_quantity, -all_quantity)) AS quantity_off, sum(if(side = 1, 1, -1) * toInt64(lines)) AS lines_off, sum(if(side = 1, 1, -1) * toInt64(unknown)) AS unknown_off
  FROM (
    SELECT *, 1 AS side FROM (${ledgerSums(`${within('occurred_at')} AND toDate(occurred_at) NOT IN {changed:Array(Date)}`)})
    UNION ALL
    SELECT tenant, day, ${keysAsText}, amount, quantity, entries, unpriced, 2 AS side FROM cost_days FINAL
    WHERE ${within('day')} AND day NOT IN {changed:Array(Date)}
  ) GROUP BY tenant, day, ${keys}
) WHERE ledger_amount != summed_amount OR quantity_off != 0 OR lines_off != 0 OR unknown_off != 0 GROUP BY day ORDER BY day`,
  { tenant, changed, from: costDaysFrom, to: costDaysTo }, { maxSeconds: compareSeconds, pool: 'bi' })
}
