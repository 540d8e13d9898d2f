import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { closedMonths } from '#clickhouse/tables/closed-months.ts'
import type { UnixNano } from '#semconv/facts.ts'

/** Seconds to read which months are closed: twelve a year. */
const readSecondsMax = 10

export interface CloseOptions {
  readonly store: Store
  readonly tenant: string
  readonly actor: string
  readonly now: UnixNano
}

export interface Closed {
  /** What to print, without a final line break. */
  readonly text: string
  /** 0 closed, 1 was closed before or is not over, 2 no month. */
  readonly exitCode: 0 | 1 | 2
}

/**
 * Closes a month of the ledger for good: what is posted for its usage from now on is accounted in the month that is open. The
 * figures of the month itself still show it, and `restatement` says what changed since.
 */
export async function closeMonth(month: string, { store, tenant, actor, now }: CloseOptions): Promise<Closed> {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return { text: `'${month}' is no month, write one such as 2026-10.`, exitCode: 2 }
  if (month >= monthOf(now)) return { text: `${month} is not over: a month is closed when its last day (UTC) has passed.`, exitCode: 1 }
  const [known] = await store.read<{ closed: string }>(
    'SELECT toString(toUnixTimestamp64Nano(closed_at)) AS closed FROM closed_months FINAL WHERE tenant = {tenant:String} AND month = {month:String} ORDER BY closed_at LIMIT 1',
    { tenant, month }, { maxSeconds: readSecondsMax })
  if (known !== undefined) return { text: `${month} was closed at ${instant(BigInt(known.closed))} and stays closed.`, exitCode: 1 }
  const writer = new RowBinaryWriter()
  writeRow(closedMonths, writer, { tenant, month, closedAt: now, actor })
  await store.insert(closedMonths, writer.take(), `close ${tenant} ${month} ${now}`)
  return { text: `${month} is closed: corrections of it are accounted in the month in which they are posted.`, exitCode: 0 }
}

const instant = (nanos: UnixNano): string => new Date(Number(nanos / 1_000_000n)).toISOString()
const monthOf = (nanos: UnixNano): string => instant(nanos).slice(0, 7)
