import type { ServerResponse } from 'node:http'
import type { QueryContext } from '../context.ts'
import { decimalString } from '../decimal.ts'
import { userError } from '../errors.ts'
import { dateTimeString } from '../instant.ts'
import { restatement } from '../restatement/read-restatement.ts'
import type { Restatement } from '../restatement/restatement.ts'
import { type CsvLine, guarded, sendCsv } from './csv.ts'
import { onlyKnown, time } from './parameters.ts'

const headings: CsvLine = ['month', 'as_of', 'what', 'reason', 'kind', 'price_book_version', 'accounted_in', 'ledger_lines', 'amount', 'currency', 'unpriced_lines']

/** `?month=2026-10&asOf=…`: what was reported, every correction since, what stands now. The last amount is the sum of those before it. */
export async function writeRestatementCsv({ reader }: Pick<QueryContext, 'reader'>, response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  onlyKnown(parameters, ['month', 'asOf'])
  const [month, asOf] = [parameters.get('month'), time(parameters, 'asOf')]
  if (month === null || asOf === null) throw userError('BAD_INPUT', 'write a month and a moment, such as month=2026-10&asOf=2026-11-05T00:00:00Z')
  return sendCsv(response, `restatement-${month}.csv`, headings, lines(await restatement({ reader }, { month, asOf })))
}

async function* lines({ month, asOf, costThen, costNow, unpricedThen, unpricedNow, reasons }: Restatement): AsyncIterable<CsvLine[]> {
  const line = (what: string, of: readonly [string, string, string, string, string], amount: bigint, unpriced: string): CsvLine => [month, dateTimeString(asOf), what, ...of, decimalString(amount), 'USD', unpriced]
  const none = ['', '', '', '', ''] as const
  yield [
    line('reported', none, costThen, String(unpricedThen)),
    ...reasons.flatMap(({ changes }) => changes).map((change) =>
      line('posted since', [guarded(change.reason), change.kind, guarded(change.priceBookVersion), change.accountedIn, String(change.entries)], change.cost, String(change.unpricedEntries))),
    line('standing now', none, costNow, String(unpricedNow)),
  ]
}
