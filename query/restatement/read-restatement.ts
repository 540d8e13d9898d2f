import { storableTime } from '#clickhouse/table.ts'
import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import type { LedgerKind, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { quoted, userError } from '../errors.ts'
import { textOf } from '../reader.ts'
import { allOf, when, type Where, within } from '../where.ts'
import { accounted, accountedMonth, closes } from './closed-months.ts'
import type { Restatement, RestatementChange, RestatementReason } from './restatement.ts'

/** Reasons times kinds times price books of a month: a book a day would be some hundred. */
const changesMax = 5_000

const unpriced = (posted: string): string =>
  `greatest(0, toInt64(countIf(amount IS NULL AND kind != 'REVERSAL' AND ${posted})) - toInt64(countIf(amount IS NULL AND kind = 'REVERSAL' AND ${posted})))`
const then = 'posted_at <= fromUnixTimestamp64Nano({as_of:Int64})'

interface StoredSums {
  readonly cost_then: string | null
  readonly cost_now: string | null
  readonly unpriced_then: string
  readonly unpriced_now: string
}

interface StoredChange {
  readonly reason: string
  readonly kind_name: LedgerKind
  readonly price_book_version: string
  readonly accounted_in: string
  readonly entries: string
  readonly unknown: string
  readonly cost: string | null
  readonly quantity_sum: string
}

/** What was posted until `asOf` for usage of a month, what stands now, and what was posted between. */
export async function restatement({ reader }: Pick<QueryContext, 'reader'>, { month, asOf }: { readonly month: string; readonly asOf: UnixNano }): Promise<Restatement> {
  const ofMonth = within('month', 'occurred_at', monthRange(month))
  const asked: Where = when('1', { as_of: String(storableTime(asOf)) })
  const known = await closes(reader)
  const [[sums], changes] = await Promise.all([
    reader.rows<StoredSums>({
      columns: [textOf(`sumIf(amount, ${then})`, 'cost_then'), textOf('sum(amount)', 'cost_now'), `${unpriced(then)} AS unpriced_then`, `${unpriced('1')} AS unpriced_now`].join(', '),
      from: 'ledgerEntries', where: allOf(ofMonth, asked), tail: '',
    }),
    reader.rows<StoredChange>({
      columns: ['reason', 'toString(kind) AS kind_name', 'price_book_version', `${accountedMonth} AS accounted_in`, 'count() AS entries', 'countIf(amount IS NULL) AS unknown', textOf('sum(amount)', 'cost'),
        textOf(`sumIf(quantity, ${countsTokens})`, 'quantity_sum')].join(', '),
      from: 'ledgerEntries', where: allOf(ofMonth, asked, accounted(known), when(`NOT (${then})`)),
      tail: `GROUP BY reason, kind_name, price_book_version, accounted_in ORDER BY abs(sum(amount)) DESC NULLS LAST, reason, kind_name, price_book_version LIMIT ${changesMax}`,
    }),
  ])
  const found = changes.map((row): RestatementChange => ({
    reason: row.reason, kind: row.kind_name, priceBookVersion: row.price_book_version, accountedIn: row.accounted_in, entries: Number(row.entries), unpricedEntries: Number(row.unknown),
    cost: storedDecimal(row.cost ?? '0'), quantity: storedDecimal(row.quantity_sum),
  }))
  const [costThen, costNow] = [storedDecimal(sums?.cost_then ?? '0'), storedDecimal(sums?.cost_now ?? '0')]
  return {
    month, asOf, closedAt: known.find((close) => close.month === month)?.closedAt ?? null,
    costThen, costNow, costSince: costNow - costThen, unpricedThen: Number(sums?.unpriced_then ?? 0), unpricedNow: Number(sums?.unpriced_now ?? 0),
    changes: found, reasons: byReason(found),
  }
}

/** A reversal and what was posted in its place have one reason: together they are the correction. */
function byReason(changes: readonly RestatementChange[]): readonly RestatementReason[] {
  const size = ({ cost }: RestatementReason): bigint => (cost < 0n ? -cost : cost)
  return [...Map.groupBy(changes, ({ reason, accountedIn }) => `${accountedIn} ${reason}`).values()].flatMap((all) => all[0] === undefined ? [] : [{
    reason: all[0].reason, accountedIn: all[0].accountedIn, changes: all.toSorted((a, b) => Number(b.kind === 'REVERSAL') - Number(a.kind === 'REVERSAL')),
    entries: all.reduce((sum, { entries }) => sum + entries, 0), cost: all.reduce((sum, { cost }) => sum + cost, 0n), quantity: all.reduce((sum, { quantity }) => sum + quantity, 0n),
  }]).sort((a, b) => (size(a) === size(b) ? 0 : size(a) > size(b) ? -1 : 1))
}

function monthRange(month: string): { readonly from: UnixNano; readonly to: UnixNano } {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? []
  if (year === undefined || number === undefined) throw userError('BAD_INPUT', `month ${quoted(month)} is no month, write one such as "2026-10"`)
  const start = (months: number): UnixNano => BigInt(Date.UTC(Number(year), months, 1)) * 1_000_000n
  return { from: start(Number(number) - 1), to: start(Number(number)) }
}
