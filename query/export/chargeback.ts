import type { ServerResponse } from 'node:http'
import { countsTokens, unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { QueryContext } from '../context.ts'
import { decimalString, storedDecimal } from '../decimal.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { textOf } from '../reader.ts'
import { accountedWithin } from '../restatement/closed-months.ts'
import { allOf } from '../where.ts'
import { type Allocation, allocate, type AllocationKey, allocationKeys, type Portion, type TeamShare } from './allocation.ts'
import { type CsvLine, guarded, sendCsv } from './csv.ts'
import { ledgerFilter } from './parameters.ts'

const headings: CsvLine = ['team', 'charge', 'amount', 'currency', 'tokens', 'unpriced_lines']

/** What each team pays: a line for its own costs, one for its part of each shared cost, one for both. The totals add up to the ledger's sum. */
export const writeChargebackCsv = (allocation: Allocation) => async ({ reader }: Pick<QueryContext, 'reader'>, response: ServerResponse, parameters: URLSearchParams): Promise<void> => {
  const filter = ledgerFilter(parameters)
  const used = usedKeys(allocation)
  const batches = reader.batches<readonly string[]>({
    columns: [
      ...used.map((key) => `toString(${key}) AS by_${key}`), textOf('ifNull(sum(amount), toDecimal128(0, 12))', 'total'),
      textOf(`sumIf(quantity, ${countsTokens})`, 'tokens'), `toString(${unpricedLines}) AS unpriced`,
    ].join(', '),
    from: 'ledgerEntries',
    where: allOf(await accountedWithin(reader, filter.range), ledgerWhere(filter, { ...filter.range, from: null })),
    tail: `GROUP BY ${used.map((key) => `by_${key}`).join(', ')}`,
  })
  return sendCsv(response, 'chargeback.csv', headings, lines(await allocate(allocation, portions(batches, used))))
}

/** Lines that no rule tells apart are summed by the engine. */
const usedKeys = ({ rules }: Allocation): AllocationKey[] =>
  allocationKeys.filter((key) => key === 'project' || rules.some(({ when }) => when.some(([one]) => one === key)))

async function* portions(batches: AsyncIterable<(readonly string[])[]>, used: readonly AllocationKey[]): AsyncIterable<Portion[]> {
  const none = Object.fromEntries(allocationKeys.map((key) => [key, ''])) as Record<AllocationKey, string>
  for await (const rows of batches) {
    yield rows.map((row) => ({
      values: { ...none, ...Object.fromEntries(used.map((key, at) => [key, row[at] ?? ''])) },
      amount: storedDecimal(row[used.length] ?? '0'), tokens: storedDecimal(row[used.length + 1] ?? '0'), unpricedLines: Number(row[used.length + 2] ?? 0),
    }))
  }
}

async function* lines(shares: readonly TeamShare[]): AsyncIterable<CsvLine[]> {
  yield shares.flatMap(({ team, direct, shared, total, tokens, unpricedLines }) => {
    const line = (charge: string, amount: bigint, more: readonly string[] = ['', '']): CsvLine => [guarded(team), guarded(charge), decimalString(amount), 'USD', ...more]
    return [line('direct', direct), ...[...shared].map(([name, part]) => line(`shared:${name}`, part)), line('total', total, [decimalString(tokens), String(Math.max(0, unpricedLines))])]
  })
}
