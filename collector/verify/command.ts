import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Store } from '#clickhouse/store.ts'
import { StoreError } from '#clickhouse/store-error.ts'
import { bookFor, type PriceBook } from '../price/book.ts'
import { activeBook } from '../price/book-store.ts'
import { type Difference, differenceText } from './difference.ts'
import { selfTest } from './self-test.ts'
import { checkSums } from './sums.ts'
import { verify, type Verified } from './verify.ts'

export const verifyHelp = `spanledger verify

Works out the whole ledger again and compares: every stored span is derived anew, every trace accounted as a whole, every
ledger entry priced with the book it names, every run summed up. Prints each difference and, as the last line,
"N entries, M differences". Exit code 0 where there is none, 1 where there is.

It works beside a running server, and without one. Traces that are not settled yet are counted and not compared.

  --sums        asks the engine alone what must hold of any ledger: price times quantity, nothing left behind a reversal, tokens
                of spans, costs of runs, sums of days. Many times faster, and no proof that spans were understood rightly
  --wait N      waits up to N seconds, 1 to 3600, for traces that are not settled yet
  --self-test   plants four faults in a store of its own (a changed amount, a missing charge, a doubled charge, a wrong token
                count) and exits with 0 only where it reports exactly these

Example: npm run spanledger -- verify
`

export interface VerifyCommandOptions {
  readonly tenant: string
  /** The book that prices where nobody activated another. */
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
  const wanted = parse(args)
  if (typeof wanted === 'string') {
    print(`${wanted}\n\n${verifyHelp}`)
    return 2
  }
  if (wanted.selfTest) return await selfTest(options) ? 0 : 1
  await using store = await options.openStore()
  try {
    return wanted.sums ? await verifySums(store, options) : await verifyStore(store, wanted.waitMs, options)
  } catch (error) {
    if (!(error instanceof StoreError) || !ofOlderVersion.has(error.code)) throw error
    print('this data lacks tables or columns of this version: start the server over it once, then verify')
    return 1
  }
}

/** `UNKNOWN_TABLE`, `UNKNOWN_IDENTIFIER`. Verify reads and never migrates: what an older program acknowledged is loaded before its tables change. */
const ofOlderVersion: ReadonlySet<string> = new Set(['60', '47'])

async function verifyStore(store: Store, waitMs: number, options: VerifyCommandOptions): Promise<0 | 1> {
  const { print, nowMs } = options
  const prices = bookFor(await activeBook(store, options.tenant, options.prices), options.tenant)
  const until = nowMs() + waitMs
  for (;;) {
    const found: string[] = []
    let spans = 0
    const report = (difference: Difference): void => {
      if (difference.of === 'span') spans++
      if (found.length < printedMax) found.push(differenceText(difference))
    }
    const verified = await verify({ ...options, store, prices, report })
    if (verified.unsettled > 0 && nowMs() < until) {
      await sleep(waitTurnMs)
      continue
    }
    for (const line of found) print(line)
    if (verified.differences > found.length) print(`and ${verified.differences - found.length} more`)
    if (spans > 0) print(`${spans} spans say something else than what was stored of them. Where an older version stored them, 'rederive --dry-run' shows what follows, and 'rederive' stores and posts it`)
    for (const line of verifiedText(verified)) print(line)
    return verified.differences === 0 ? 0 : 1
  }
}

async function verifySums(store: Store, { tenant, print, nowMs }: VerifyCommandOptions): Promise<0 | 1> {
  let printed = 0
  const { entries, differences, tookMs } = await checkSums({ store, tenant, nowMs, report: (difference) => { if (printed++ < printedMax) print(differenceText(difference)) } })
  if (printed > printedMax) print(`and ${printed - printedMax} more`)
  print(`sums of ${entries} entries checked in ${(tookMs / 1_000).toFixed(1)} s (${rateOf(entries, tookMs)} entries/s); spans were not derived again`)
  print(`${entries} entries, ${differences} differences`)
  return differences === 0 ? 0 : 1
}

const rateOf = (entries: number, tookMs: number): number => Math.round(entries / (Math.max(1, tookMs) / 1_000))

/** Milliseconds between two looks: a trace settles a second or two after its last span. */
const waitTurnMs = 1_000
const waitSecondsMax = 3_600

/** What is wanted, or what is wrong with it. */
function parse(args: readonly string[]): { readonly selfTest: boolean; readonly sums: boolean; readonly waitMs: number } | string {
  let values
  try {
    ({ values } = parseArgs({ args: [...args], options: { 'self-test': { type: 'boolean', default: false }, sums: { type: 'boolean', default: false }, wait: { type: 'string' } } }))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { wait } = values
  if (wait !== undefined && (!/^\d{1,4}$/.test(wait) || Number(wait) < 1 || Number(wait) > waitSecondsMax)) {
    return `--wait is '${wait}', an integer from 1 to ${waitSecondsMax} is needed.`
  }
  return { selfTest: values['self-test'], sums: values.sums, waitMs: Number(wait ?? 0) * 1_000 }
}

/** What was done, and as the last line what came out. */
export function verifiedText({ entries, differences, traces, spans, priceBooks, unsettled, tookMs }: Verified): readonly string[] {
  return [
    `${traces} traces with ${spans} spans derived and accounted again in ${(tookMs / 1_000).toFixed(1)} s (${rateOf(entries, tookMs)} entries/s), ${priceBooks} price ${priceBooks === 1 ? 'book' : 'books'}`,
    ...(unsettled === 0 ? [] : [`${unsettled} ${unsettled === 1 ? 'trace is' : 'traces are'} not settled yet and not compared`]),
    `${entries} entries, ${differences} differences`,
  ]
}
