import { allDaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import type { Store } from '#clickhouse/store.ts'
import { tenant, type TestQuery, testQuery } from '#query/test-store.ts'
import { takenOn } from './machine.ts'
import { descendantsOf, processUsage } from './process-usage.ts'
import { median, quantile } from './quantile.ts'

/** A question to `costs`, and the same of the ledger itself. */
interface Question {
  readonly name: string
  readonly args: string
  /** Columns that the ledger is grouped by, as fields of `CostRow`. */
  readonly by: readonly string[]
  readonly where: string
}

export interface LedgerAnswer {
  readonly name: string
  readonly rows: number
  /** Empty where it was not answered within the 30 seconds that a question may take. */
  readonly ms: readonly number[]
  /** Processor milliseconds of one question, server and engine; 0 where the system does not say. Other work on the machine disturbs it least. */
  readonly cpuMs: number
}

export interface LedgerResult {
  readonly entries: number
  readonly sums: number
  readonly summedUpMs: number
  readonly answers: readonly LedgerAnswer[]
}

/** The last of three months. */
const month = '2026-11'
const monthRange = `range: {from: "${month}-01T00:00:00Z", to: "2026-12-01T00:00:00Z"}`
const inMonth = `occurred_at >= '${month}-01 00:00:00' AND occurred_at < '2026-12-01 00:00:00'`
const firstDay = '2026-09-02'
const days = 90

const questions: readonly Question[] = [
  { name: 'a month by model and service', args: `${monthRange}, groupBy: [MODEL, SERVICE]`, by: ['model', 'service'], where: inMonth },
  { name: 'a month by model and agent', args: `${monthRange}, groupBy: [MODEL, AGENT]`, by: ['model', 'agent'], where: inMonth },
  { name: 'a month by model and project', args: `${monthRange}, groupBy: [MODEL, PROJECT]`, by: ['model', 'project'], where: inMonth },
  { name: 'a month by day and model', args: `${monthRange}, interval: DAY, groupBy: [MODEL]`, by: ['toDate(occurred_at)', 'model'], where: inMonth },
  { name: 'all months by model and agent', args: 'range: {}, interval: MONTH, groupBy: [MODEL, AGENT]', by: ['toStartOfMonth(occurred_at)', 'model', 'agent'], where: '1' },
  { name: 'a month by model and tag (its team)', args: `${monthRange}, groupBy: [MODEL, TAG]`, by: ['model', 'tags'], where: inMonth },
  { name: 'a month by user', args: `${monthRange}, groupBy: [USER]`, by: ['user'], where: inMonth },
  { name: 'all months by user', args: 'range: {}, groupBy: [USER]', by: ['user'], where: '1' },
  { name: 'a month by tag', args: `${monthRange}, groupBy: [TAG]`, by: ['tags'], where: inMonth },
  { name: 'a month by user and model', args: `${monthRange}, groupBy: [USER, MODEL]`, by: ['user', 'model'], where: inMonth },
  { name: 'a month by session of an agent', args: `${monthRange}, groupBy: [SESSION], filter: {agent: "agent-1"}`, by: ['session'], where: `${inMonth} AND agent = 'agent-1'` },
  { name: 'a month by hour and model', args: `${monthRange}, interval: HOUR, groupBy: [MODEL]`, by: ['toStartOfHour(occurred_at)', 'model'], where: inMonth },
  { name: 'a month by day in Berlin and model', args: `${monthRange}, interval: DAY, timeZone: "Europe/Berlin", groupBy: [MODEL]`, by: [`toDate(occurred_at, 'Europe/Berlin')`, 'model'], where: inMonth },
  { name: 'a month by day in Kolkata', args: `${monthRange}, interval: DAY, timeZone: "Asia/Kolkata"`, by: [`toDate(occurred_at, 'Asia/Kolkata')`], where: inMonth },
]

/** Lines of one insert, and of one trace: five calls of three meters, but for one. */
const entriesPerInsert = 500_000
const entriesPerTrace = 14

/** `entries` lines over 90 days of 20 agents, each in one of 8 services and 5 projects, with 12 models, 400 users, tagged as those of 12 teams, and sessions of ten traces. */
async function fill(store: Store, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += entriesPerInsert) {
    await store.command(`INSERT INTO ledger_entries (tenant, project, own_id, kind, reason, occurred_at, posted_at, trace_id, span_id, provider, model, meter, quantity,
  unit_price, amount, basis, price_book_version, price_card, agent, user, session, workflow, service, environment, tags, revision)
WITH intDiv(number, ${entriesPerTrace}) AS trace, number % ${entriesPerTrace} AS line, intDiv(line, 3) AS call, cityHash64(trace) AS random,
  toDateTime64('${firstDay} 00:00:00', 9, 'UTC') + toIntervalMillisecond(intDiv(number * ${days * 86_400}, ${entries}) * 1000 + call * 400) AS at,
  1 + (random + number) % 4000 AS tokens, toDecimal128((1 + (random + call) % 12) * 25, 12) / 100000000 AS price
SELECT '${tenant}', concat('project-', toString(random % 20 % 5)), '', 'CHARGE', 'metered', at, at, toFixedString(unhex(concat(hex(random), hex(cityHash64(random)))), 16),
  toFixedString(unhex(hex(cityHash64(trace, call))), 8), ['openai', 'anthropic', 'google'][1 + (random + call) % 3], concat('model-', toString((random + call) % 12)),
  ['input.uncached', 'input.cache_read', 'output.text'][1 + line % 3], toDecimal128(tokens, 12), price, price * tokens, 'PRICED', '', concat('card-', toString((random + call) % 12)),
  concat('agent-', toString(random % 20)), concat('user-', toString(intDiv(random, 20) % 400)), concat('session-', toString(intDiv(trace, 10))), '', concat('service-', toString(random % 20 % 8)), 'prod', concat('team-', toString(intDiv(random, 20) % 400 % 12)), 1
FROM numbers(${from}, ${Math.min(entriesPerInsert, entries - from)})`)
  }
}

/** Fills a ledger, sums it up as the program does, asks each question `times` times, tells each answer, and throws where an answer is not the ledger's own sum. */
export async function runLedger(entries: number, times: number, tell: (answer: LedgerAnswer) => void = () => undefined): Promise<LedgerResult> {
  await using query = await testQuery()
  const { store } = query
  await fill(store, entries)
  const began = performance.now()
  for (const sums of allDaySums) await refreshCostDays(store, sums)
  const summedUpMs = performance.now() - began
  const answers: LedgerAnswer[] = []
  for (const question of questions) {
    const answer = await asked(query, question, times)
    answers.push(answer)
    tell(answer)
  }
  const [sums] = await store.read<{ readonly n: string }>('SELECT sum(n) AS n FROM (SELECT count() AS n FROM cost_days FINAL UNION ALL SELECT count() FROM cost_user_days FINAL UNION ALL SELECT count() FROM cost_session_days FINAL UNION ALL SELECT count() FROM cost_hours FINAL)', {}, { maxSeconds })
  const [stored] = await store.read<{ readonly n: string }>('SELECT count() AS n FROM ledger_entries FINAL', {}, { maxSeconds })
  return { entries: Number(stored?.n), sums: Number(sums?.n), summedUpMs, answers }
}

const maxSeconds = 300

async function asked(query: TestQuery, question: Question, times: number): Promise<LedgerAnswer> {
  const ask = () => query.ask<{ readonly costs: readonly { readonly cost: string; readonly entries: number }[] }>(`{ costs(${question.args}) { start ${fields} cost entries unpricedEntries inputTokens outputTokens } }`)
  // Once unmeasured: what is asked for is how long it takes warm.
  const costs = await ask().then((answer) => answer.costs, (error: unknown) => {
    if (!String(error).includes('the question takes too long')) throw error
  })
  if (costs === undefined) return { name: question.name, rows: 0, ms: [], cpuMs: 0 }
  const ledger = await query.store.read<{ readonly cost: string; readonly entries: string }>(
    `SELECT toString(sum(amount)) AS cost, toString(count()) AS entries FROM ledger_entries FINAL WHERE tenant = '${tenant}' AND ${question.where} GROUP BY ${question.by.join(', ')}`, {}, { maxSeconds })
  const [shown, own] = [costs.map((row) => [row.cost, Number(row.entries)]), ledger.map((row) => [row.cost, Number(row.entries)])].map((rows) => rows.map((row) => row.join(' ')).sort())
  if (JSON.stringify(shown) !== JSON.stringify(own)) throw new Error(`${question.name}: ${shown?.length} rows that are not the ledger's ${own?.length}`)
  const ms: number[] = []
  const before = cpuSeconds()
  for (let time = 0; time < times; time++) {
    const began = performance.now()
    await ask()
    ms.push(performance.now() - began)
  }
  return { name: question.name, rows: costs.length, ms, cpuMs: ((cpuSeconds() - before) * 1_000) / times }
}

/** Of this process, which serves and asks, and of its engine. */
const cpuSeconds = (): number => [process.pid, ...descendantsOf(process.pid)].reduce((sum, pid) => sum + (processUsage(pid)?.cpuSeconds ?? 0), 0)

const fields = 'model service agent project user session'

const describeAnswer = ({ name, rows, ms, cpuMs }: LedgerAnswer): string =>
  ms.length === 0 ? `| ${name} | | over 30 s | | | |` : `| ${name} | ${rows} | ${median(ms).toFixed(0)} ms | ${quantile(ms, 0.99).toFixed(0)} ms | ${Math.min(...ms).toFixed(0)} ms | ${cpuMs.toFixed(0)} ms |`

export function describeLedger({ entries, sums, summedUpMs, answers }: LedgerResult): string {
  return [
    `${entries} entries, ${sums} sums of days, made in ${(summedUpMs / 1_000).toFixed(1)} s. Every answer is the ledger's own sum, row by row.`, '',
    '| question, through GraphQL, warm | rows | median | p99 | least | processor |', '| --- | --- | --- | --- | --- | --- |', ...answers.map(describeAnswer), '',
  ].join('\n')
}

if (import.meta.main) {
  const taken = takenOn()
  // Filling takes minutes: what is known already is told on the way.
  const tell = (answer: LedgerAnswer): void => void process.stderr.write(`${describeAnswer(answer)}\n`)
  process.stdout.write(`${taken}\n\n${describeLedger(await runLedger(Number(process.env['ENTRIES'] ?? 10_000_000), Number(process.env['TIMES'] ?? 100), tell))}`)
}
