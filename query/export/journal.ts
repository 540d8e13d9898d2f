import type { ServerResponse } from 'node:http'
import { unpricedLines } from '#clickhouse/tables/ledger-entries.ts'
import type { QueryContext } from '../context.ts'
import { decimalString, storedDecimal } from '../decimal.ts'
import { ledgerWhere } from '../ledger/read-ledger.ts'
import { textOf } from '../reader.ts'
import { accountedAt, accountedWithin, isLate } from '../restatement/closed-months.ts'
import { allOf, when } from '../where.ts'
import { type CsvLine, guarded, sendCsv } from './csv.ts'
import { choice, ledgerFilter } from './parameters.ts'
import { sellerParams, sellerSql } from './sellers.ts'

/** What a cost center is, by name of the parameter `costCenter`. */
const costCenters = ['project', 'agent', 'service', 'environment', 'workflow', 'user'] as const
type CostCenter = (typeof costCenters)[number]

const headings: CsvLine = ['date', 'entry', 'account', 'debit', 'credit', 'currency', 'cost_center', 'memo']

/**
 * The ledger as a general journal: two lines for each day, cost center and seller, an expense against what is owed. A day of a closed
 * month that is corrected is booked on the day of the correction. Debits and credits are the same to the last digit.
 */
export async function writeJournalCsv({ reader, prices }: Pick<QueryContext, 'reader' | 'prices'>, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const filter = ledgerFilter(parameters, ['costCenter'])
  const center = choice('costCenter', parameters.get('costCenter') ?? 'project', costCenters)
  const batches = reader.batches<StoredSum>({
    columns: [
      `toString(toDate(${accountedAt})) AS day`, `toString(${center}) AS center`, `${sellerSql} AS seller`, `${isLate} AS is_correction`,
      textOf('ifNull(sum(amount), toDecimal128(0, 12))', 'total'), 'toString(count()) AS lines', `toString(greatest(0, ${unpricedLines})) AS unpriced`,
    ].join(', '),
    from: 'ledgerEntries',
    where: allOf(await accountedWithin(reader, filter.range), ledgerWhere(filter, { ...filter.range, from: null }), when('1', sellerParams(await prices.active()))),
    tail: `GROUP BY day, center, seller, is_correction HAVING sum(amount) != 0 OR unpriced != '0' ORDER BY day, center, seller, is_correction`,
  })
  return sendCsv(response, 'journal.csv', headings, entries(batches, center))
}

type StoredSum = readonly [day: string, center: string, seller: string, isCorrection: boolean | number, total: string, lines: string, unpriced: string]

async function* entries(batches: AsyncIterable<StoredSum[]>, center: CostCenter): AsyncIterable<CsvLine[]> {
  for await (const sums of batches) yield sums.flatMap((sum) => linesOf(sum, center))
}

function linesOf([day, value, seller, isCorrection, total, lines, unpriced]: StoredSum, center: CostCenter): CsvLine[] {
  const amount = storedDecimal(total)
  const [more, less] = amount < 0n ? ['', decimalString(-amount)] : [decimalString(amount), '']
  const named = value === '' ? `no ${center}` : value
  const correction = Boolean(isCorrection)
  const entry = `${day}/${named}/${seller}${correction ? '/correction' : ''}`
  const memo = [
    `${correction ? 'corrections of closed months, ' : ''}${lines} ledger ${lines === '1' ? 'line' : 'lines'}`,
    ...(unpriced === '0' ? [] : [`${unpriced} of them have no known price and are not in the amount`]),
  ].join('; ')
  const line = (account: string, debit: string, credit: string): CsvLine => [day, guarded(entry), guarded(account), debit, credit, 'USD', guarded(named), memo]
  return [line(`ai-expense:${named}`, more, less), line(`payable:${seller}`, less, more)]
}
