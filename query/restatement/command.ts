import type { Store } from '#clickhouse/store.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { decimalString } from '../decimal.ts'
import { dateTimeString, parseDateTime } from '../instant.ts'
import { readerOf } from '../reader.ts'
import { restatement } from './read-restatement.ts'
import type { Restatement } from './restatement.ts'

export interface RestatementCommandOptions {
  readonly tenant: string
  readonly openStore: () => Promise<Store>
  readonly now: UnixNano
}

/** `ledger restatement MONTH [--as-of TIME]`. Without a time, as of the end of the month. */
export async function restatementCommand(args: readonly string[], { tenant, openStore, now }: RestatementCommandOptions): Promise<{ readonly text: string; readonly exitCode: 0 | 2 }> {
  const [month = '', flag, time = '', extra] = args
  const wrong = (text: string) => ({ text: `${text}: ledger restatement 2026-10 --as-of 2026-11-05`, exitCode: 2 as const })
  if (month === '' || extra !== undefined || (flag !== undefined && flag !== '--as-of')) return wrong('a month is needed, and perhaps a time')
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return wrong(`'${month}' is no month`)
  const asOf = flag === undefined ? endOf(month) : parseDateTime(/^\d{4}-\d\d-\d\d$/.test(time) ? `${time}T00:00:00Z` : time)
  if (asOf === undefined) return wrong(`'${time}' is no time`)
  await using store = await openStore()
  return { text: restatementText(await restatement({ reader: readerOf(store, tenant, new AbortController().signal) }, { month, asOf }), now), exitCode: 0 }
}

function endOf(month: string): UnixNano | undefined {
  const [year, number] = month.split('-').map(Number)
  return year === undefined || number === undefined || Number.isNaN(year + number) ? undefined : BigInt(Date.UTC(year, number, 1)) * 1_000_000n
}

function restatementText({ month, asOf, closedAt, costThen, costNow, unpricedThen, unpricedNow, changes }: Restatement, now: UnixNano): string {
  const counted = (count: number): string => `${count} ${count === 1 ? 'line' : 'lines'}`
  const unpriced = (count: number): string => (count === 0 ? '' : `, ${counted(count)} unpriced`)
  const lines = changes.map((change) =>
    `  ${change.kind} ${change.reason}, ${counted(change.entries)}, ${signed(change.cost)}, book ${change.priceBookVersion === '' ? 'none' : change.priceBookVersion.slice(0, 12)}, accounted in ${change.accountedIn}`)
  return [
    `${month}, ${closedAt === null ? 'open' : `closed at ${dateTimeString(closedAt)}`}`,
    `as of ${dateTimeString(asOf)}${asOf > now ? ', which is still to come' : ''}: $${decimalString(costThen)}${unpriced(unpricedThen)}`,
    ...(lines.length === 0 ? asOf > now ? [] : ['nothing was posted for it since'] : ['posted since:', ...lines]),
    `now: $${decimalString(costNow)}${unpriced(unpricedNow)}`,
  ].join('\n')
}

const signed = (pico: bigint): string => `${pico < 0n ? '-' : '+'}$${decimalString(pico < 0n ? -pico : pico)}`
