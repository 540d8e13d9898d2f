import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { literalAttributes, literalSpan } from '#semconv/literal-span.ts'
import { startSettling } from '../collector.ts'
import { openSpool } from '../spool/folders.ts'
import { parseBook, type PriceBook, shippedBook } from '../price/book.ts'
import { storedBooks } from '../stored-books.ts'
import { differenceText } from '../verify/difference.ts'
import { smallCollector } from '../verify/small-collector.ts'
import { verify } from '../verify/verify.ts'
import { repriceCommand } from './command.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprice-'))
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024 })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

/** A book that knows one model less and sells another one dearer. */
function olderBook(): PriceBook {
  const { data } = shippedBook()
  const providers = data.providers.map((provider) => (provider.id !== 'openai' ? provider : {
    ...provider,
    cards: provider.cards.filter((card) => card.id !== 'gpt-5-mini').map((card) => (card.id !== 'gpt-4o' ? card : {
      ...card, periods: card.periods.map((period) => ({ ...period, rates: period.rates.map((rate) => ({ ...rate, prices: { ...rate.prices, input: 9_000_000 } })) })),
    })),
  }))
  return parseBook(JSON.stringify({ ...data, providers }))
}

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const policies = parsePolicies('policies: []')
const record = (span: number, model: string, output = 20): SpanRecord => ({
  ...literalSpan({ name: `chat ${model}`, kind: 3, resource: { 'service.name': 'shop' } }), spanId: span.toString(16).padStart(16, '0'),
  attributes: literalAttributes({
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': output,
  }),
})
/** 2025-11-21, when `literalSpan` happens. */
const range = ['--from', '2025-11-01', '--to', '2025-12-01']

interface Line {
  readonly kind: string
  readonly reason: string
  readonly model: string
  readonly meter: string
  readonly quantity: string
  readonly amount: string | null
  readonly book: string
}
const ledger = (tenant: string): Promise<Line[]> => store.read<Line>(
  `SELECT kind, reason, model, meter, toString(quantity) AS quantity, toString(amount) AS amount, price_book_version AS book
   FROM ledger_entries FINAL WHERE tenant = {tenant:String} ORDER BY span_id, meter, posted_at, kind DESC`, { tenant }, { maxSeconds: 30 })

async function differences(tenant: string, prices: PriceBook): Promise<readonly string[]> {
  const found: string[] = []
  const { unsettled } = await verify({ store, tenant, prices, report: (difference) => found.push(differenceText(difference)), nowMs: () => performance.now() })
  assert.equal(unsettled, 0)
  return found
}

/** The command beside a collector that runs with `running`. Returns what it said. */
async function reprice(tenant: string, running: PriceBook, ...args: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = []
  const code = await repriceCommand(args, {
    tenant, project: 'p', prices: shippedBook(), actor: 'ada', print: (line) => lines.push(line), nowMs: () => performance.now(), nowNano: () => BigInt(Date.now()) * 1_000_000n,
    openStore: () => Promise.resolve({ ...store, [Symbol.asyncDispose]: async () => undefined }),
    settleHere: async () => {
      const dir = await mkdtemp(join(dataDir, 'spool-'))
      return startSettling({ store, spool: (await openSpool(dir, 0, 1)).spool, tenant, project: 'p', prices: running, policies, settlementDelayMs: 100, log })
    },
  })
  assert.equal(code, 0, lines.join('\n'))
  return lines
}

test('what stands is reversed and posted again under both books\' names, once; what had no price has one', async () => {
  const older = olderBook()
  const collector = await smallCollector(store, { tenant: 'once', project: 'p', prices: older, policies })
  await collector.arrive([record(1, 'gpt-4o'), record(2, 'gpt-5-mini'), record(3, 'gpt-4o-mini')])
  await collector.settle()
  const before = await ledger('once')
  assert.deepEqual(before.map(({ kind, meter, amount }) => [kind, meter, amount]), [
    ['CHARGE', 'input.uncached', '0.0009'], ['CHARGE', 'output.text', '0.0002'], ['CHARGE', 'input.uncached', null], ['CHARGE', 'output.text', null],
    ['CHARGE', 'input.uncached', '0.000015'], ['CHARGE', 'output.text', '0.000012'],
  ])
  assert.deepEqual(await reprice('once', older, '--dry-run', ...range), [
    '2025-11-21  gpt-4o: 1 calls, reversed $0.0009, posted $0.00025',
    '2025-11-21  gpt-5-mini: 1 calls, reversed $0, posted $0.000065, 2 unpriced lines before, 0 after',
    '6 entries would be posted, the ledger would change by $-0.000585',
  ])
  assert.deepEqual(await ledger('once'), before, 'a dry run posts nothing')

  assert.deepEqual(await reprice('once', older, ...range), [`6 entries posted with price book ${shippedBook().version}`])
  const lines = await ledger('once')
  assert.deepEqual(lines.filter(({ reason }) => reason === 'repriced').map(({ kind, model, meter, quantity, amount, book }) => [kind, model, meter, quantity, amount, book === older.version ? 'older' : 'newer']), [
    ['REVERSAL', 'gpt-4o', 'input.uncached', '-100', '-0.0009', 'older'], ['ADJUSTMENT', 'gpt-4o', 'input.uncached', '100', '0.00025', 'newer'],
    ['REVERSAL', 'gpt-5-mini', 'input.uncached', '-100', null, 'older'], ['ADJUSTMENT', 'gpt-5-mini', 'input.uncached', '100', '0.000025', 'newer'],
    ['REVERSAL', 'gpt-5-mini', 'output.text', '-20', null, 'older'], ['ADJUSTMENT', 'gpt-5-mini', 'output.text', '20', '0.00004', 'newer'],
  ])
  assert.equal(lines.length, 12)
  assert.deepEqual(await differences('once', older), [])

  assert.deepEqual(await reprice('once', older, ...range), [`0 entries posted with price book ${shippedBook().version}`])
  assert.deepEqual(await ledger('once'), lines, 'nothing the second time')
})

test('an order that goes on beyond what is stored takes up what a broken clock stamped, and a dry run says the same', async () => {
  const older = olderBook()
  const collector = await smallCollector(store, { tenant: 'ahead', project: 'p', prices: older, policies })
  await collector.arrive([{ ...record(1, 'gpt-4o'), startTimeUnixNano: 7_300_000_000_000_000_000n, endTimeUnixNano: 7_300_000_000_000_000_001n }])
  await collector.settle()
  const beyond = ['--from', '2150-01-01', '--to', '2260-01-01']
  assert.deepEqual(await reprice('ahead', older, '--dry-run', ...range), ['nothing would be posted'])
  assert.deepEqual(await reprice('ahead', older, ...range), [`0 entries posted with price book ${shippedBook().version}`])
  assert.deepEqual((await reprice('ahead', older, '--dry-run', ...beyond)).at(-1), '2 entries would be posted, the ledger would change by $-0.00065')
  assert.deepEqual(await reprice('ahead', older, ...beyond), [`2 entries posted with price book ${shippedBook().version}`])
  assert.deepEqual(await differences('ahead', older), [])
})

test('a late span settles the trace again with the older book in use, and what was repriced stays', async () => {
  const older = olderBook()
  const collector = await smallCollector(store, { tenant: 'late', project: 'p', prices: older, policies })
  await collector.arrive([record(1, 'gpt-4o'), record(2, 'gpt-5-mini')])
  await collector.settle()
  await reprice('late', older, ...range, '--model', 'gpt-4o')
  const repriced = await ledger('late')
  assert.deepEqual([...new Set(repriced.filter(({ reason }) => reason === 'repriced').map(({ model }) => model))], ['gpt-4o'], 'only the model asked for')
  // A process of its own, with nothing in memory, as after a restart.
  await collector.arrive([record(4, 'gpt-4o-mini', 21)])
  await reprice('late', older, ...range, '--model', 'no-such-model')
  for (let waited = 0; (await differencesOrOpen('late', older)) > 0 && waited < 100; waited++) await sleep(100)
  const lines = await ledger('late')
  assert.deepEqual(lines.filter(({ model }) => model !== 'gpt-4o-mini'), repriced)
  assert.deepEqual(await differences('late', older), [])
})

async function differencesOrOpen(tenant: string, prices: PriceBook): Promise<number> {
  const { differences, unsettled } = await verify({ store, tenant, prices, report: () => undefined, nowMs: () => performance.now() })
  return differences + unsettled
}

test('wrong words change nothing', async () => {
  const said: string[] = []
  const never = () => Promise.reject(new Error('opened'))
  for (const args of [[], ['--from', '2025-11-01'], ['--from', '2025-12-01', '--to', '2025-11-01'], ['--from', 'yesterday', '--to', 'today'], ['--oops'], [...range, '--wait', '0']]) {
    assert.equal(await repriceCommand(args, {
      tenant: 't', project: 'p', prices: shippedBook(), actor: 'ada', print: (line) => said.push(line), nowMs: () => 0, nowNano: () => 0n, openStore: never, settleHere: never,
    }), 2, args.join(' '))
  }
  assert.ok(said.some((text) => text.startsWith('--from is \'yesterday\', a day such as')))
  assert.match(said.at(-1) ?? '', /^--wait is '0', an integer from 1 to 86400 is needed\./)
})

test('books are read by the version that entries name', async () => {
  const older = olderBook()
  const books = storedBooks(store, () => shippedBook())
  await books.load([older.version, 'ab'.repeat(32)])
  assert.deepEqual(books.named(older.version)?.data, older.data)
  assert.equal(books.named('ab'.repeat(32)), undefined)
})

test('a book that was in use stays known when another takes its place: calls in memory were charged with it', () => {
  const older = olderBook()
  let inUse = older
  const books = storedBooks(store, () => inUse)
  books.follow()
  inUse = shippedBook()
  books.follow()
  assert.equal(books.named(older.version), older)
  assert.equal(books.named(''), inUse)
})
