import type { Store } from '#clickhouse/store.ts'
import type { PriceBook } from '../price/book.ts'
import { differenceText } from './difference.ts'
import { selfTest } from './self-test.ts'
import { verify, type Verified } from './verify.ts'

export const verifyHelp = `spanledger verify

Works out the whole ledger again and compares: every stored span is derived anew, every trace accounted as a whole, every
ledger entry priced with the book it names, every run summed up. Prints each difference and, as the last line,
"N entries, M differences". Exit code 0 where there is none, 1 where there is.

It works beside a running server, and without one. Traces that are not settled yet are counted and not compared.

  --self-test   plants four faults in a store of its own (a changed amount, a missing charge, a doubled charge, a wrong
                token count) and exits with 0 only where it reports exactly these

Example: npm run spanledger -- verify
`

export interface VerifyCommandOptions {
  readonly tenant: string
  readonly prices: PriceBook
  /** Attaches to what the server uses. */
  readonly openStore: () => Promise<Store>
  readonly print: (line: string) => void
  readonly nowMs: () => number
}

/** Differences that are printed; the rest is counted. */
const printedMax = 200

/** The words after `verify`. Returns the exit code: 0 no difference, 1 some, 2 wrong usage. */
export async function verifyCommand(args: readonly string[], options: VerifyCommandOptions): Promise<0 | 1 | 2> {
  const { print } = options
  const [flag, extra] = args
  if (extra !== undefined || (flag !== undefined && flag !== '--self-test')) {
    print(`"${extra ?? flag}" is no option of verify.\n\n${verifyHelp}`)
    return 2
  }
  if (flag === '--self-test') return await selfTest(options) ? 0 : 1
  await using store = await options.openStore()
  let printed = 0
  const verified = await verify({
    ...options, store,
    report: (difference) => {
      if (printed++ < printedMax) print(differenceText(difference))
    },
  })
  if (printed > printedMax) print(`and ${printed - printedMax} more`)
  for (const line of verifiedText(verified)) print(line)
  return verified.differences === 0 ? 0 : 1
}

/** What was done, and as the last line what came out. */
export function verifiedText({ entries, differences, traces, spans, priceBooks, unsettled, tookMs }: Verified): readonly string[] {
  const rate = Math.round(entries / (Math.max(1, tookMs) / 1_000))
  return [
    `${traces} traces with ${spans} spans derived and accounted again in ${(tookMs / 1_000).toFixed(1)} s (${rate} entries/s), ${priceBooks} price ${priceBooks === 1 ? 'book' : 'books'}`,
    ...(unsettled === 0 ? [] : [`${unsettled} ${unsettled === 1 ? 'trace is' : 'traces are'} not settled yet and not compared`]),
    `${entries} entries, ${differences} differences`,
  ]
}
