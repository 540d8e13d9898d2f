import { timeMax } from '#clickhouse/table.ts'
import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import type { LedgerKind, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { quoted, userError } from '../errors.ts'
import { nanosOf, textOf } from '../reader.ts'
import { allOf, when, type Where, within } from '../where.ts'
import type { Restatement } from './restatement.ts'

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
  readonly cost: string | null
  readonly quantity_sum: string
}

/** What was posted until `asOf` for usage of a month, what stands now, and what was posted between. */
export async function restatement({ reader }: Pick<QueryContext, 'reader'>, { month, asOf }: { readonly month: string; readonly asOf: UnixNano }): Promise<Restatement> {
  const ofMonth = within('month', 'occurred_at', monthRange(month))
  const asked: Where = when('1', { as_of: String(asOf > timeMax ? timeMax : asOf) })
  const [closed] = await reader.rows<{ readonly closed: string }>({
    columns: nanosOf('closed_at', 'closed'), from: 'closedMonths', where: when('month = {closed_month:String}', { closed_month: month }), tail: 'ORDER BY closed_at LIMIT 1',
  })
  // What a close came before is accounted where it was posted; both moments stay as they are.
  const accounted = closed === undefined ? '{of_month:String}' : `if(posted_at > fromUnixTimestamp64Nano({closed_at:Int64}), formatDateTime(posted_at, '%Y-%m', 'UTC'), {of_month:String})`
  const [[sums], changes] = await Promise.all([
    reader.rows<StoredSums>({
      columns: [textOf(`sumIf(amount, ${then})`, 'cost_then'), textOf('sum(amount)', 'cost_now'), `${unpriced(then)} AS unpriced_then`, `${unpriced('1')} AS unpriced_now`].join(', '),
      from: 'ledgerEntries', where: allOf(ofMonth, asked), tail: '',
    }),
    reader.rows<StoredChange>({
      columns: ['reason', 'toString(kind) AS kind_name', 'price_book_version', `${accounted} AS accounted_in`, 'count() AS entries', textOf('sum(amount)', 'cost'),
        textOf(`sumIf(quantity, ${countsTokens})`, 'quantity_sum')].join(', '),
      from: 'ledgerEntries', where: allOf(ofMonth, asked, when(`NOT (${then})`, { of_month: month, ...(closed === undefined ? {} : { closed_at: closed.closed }) })),
      tail: `GROUP BY reason, kind_name, price_book_version, accounted_in ORDER BY abs(sum(amount)) DESC NULLS LAST, reason, kind_name, price_book_version LIMIT ${changesMax}`,
    }),
  ])
  return {
    month, asOf, closedAt: closed === undefined ? null : BigInt(closed.closed),
    costThen: storedDecimal(sums?.cost_then ?? '0'), costNow: storedDecimal(sums?.cost_now ?? '0'), unpricedThen: Number(sums?.unpriced_then ?? 0), unpricedNow: Number(sums?.unpriced_now ?? 0),
    changes: changes.map((row) => ({
      reason: row.reason, kind: row.kind_name, priceBookVersion: row.price_book_version, accountedIn: row.accounted_in, entries: Number(row.entries),
      cost: storedDecimal(row.cost ?? '0'), quantity: storedDecimal(row.quantity_sum),
    })),
  }
}

function monthRange(month: string): { readonly from: UnixNano; readonly to: UnixNano } {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? []
  if (year === undefined || number === undefined) throw userError('BAD_INPUT', `month ${quoted(month)} is no month, write one such as "2026-10"`)
  const start = (months: number): UnixNano => BigInt(Date.UTC(Number(year), months, 1)) * 1_000_000n
  return { from: start(Number(number) - 1), to: start(Number(number)) }
}
