import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allDaySums, refreshCostDays } from '#clickhouse/cost-days.ts'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import type { FrameWriter } from '#collector/spool/frame.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { graphql, type Program, startProgram } from '../e2e/program.ts'
import { spansPerAgentRun } from './agent-runs.ts'
import { takenOn } from './machine.ts'
import { median, quantile } from './quantile.ts'
import { atRest, fillWithRuns, insertFrame, runsPerInsert, spansPerInsert } from './storage.ts'

/** A question that a page asks, and how long its answer takes by GraphQL. */
export interface Read {
  readonly name: string
  /** Runs, steps or rows in the answer. */
  readonly rows: number
  /** Right after the program started, with the caches of the engine empty. */
  readonly firstMs: number
  readonly ms: readonly number[]
}

export interface ReadsResult {
  readonly spans: number
  readonly bytes: number
  readonly reads: readonly Read[]
}

/** What is stored lies in so many days, as that of a team does. */
const daysStored = 30n
const dayNanos = 86_400_000_000_000n
const maxSeconds = 300

/** A run of the middle of the time, and what it can be found by. */
export interface Known {
  readonly id: string
  readonly startedAt: bigint
  readonly service: string
  readonly attribute: (key: string) => string
}

function knownOf(records: readonly SpanRecord[]): Known {
  const root = records.at(-1)
  if (root === undefined) throw new Error('a run without spans')
  return {
    id: root.traceId, startedAt: root.startTimeUnixNano, service: String(root.resource.attributes.get('service.name')),
    attribute: (key) => String(records.map(({ attributes }) => attributes.get(key)).find((value) => value !== undefined)),
  }
}

/** Stores runs over the last 30 days as the program does; the run in their middle. */
async function fill(dataDir: string, runs: number, tell: (spans: number) => void): Promise<{ readonly known: Known; readonly bytes: number }> {
  await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 4 * 1024 ** 3 })
  await migrate(store)
  const known = await fillDays(store, runs, tell)
  for (const sums of allDaySums) await refreshCostDays(store, sums)
  await atRest(store)
  const [size] = await store.read<{ readonly n: string }>(`SELECT toString(sum(bytes_on_disk)) AS n FROM system.parts WHERE active AND database = currentDatabase()`, {}, { maxSeconds })
  return { known, bytes: Number(size?.n) }
}

/** The same into a store that is open. */
export async function fillDays(store: Store, runs: number, tell: (spans: number) => void): Promise<Known> {
  let known: Known | undefined
  let inserting: Promise<void> = Promise.resolve()
  let stored = 0
  const insert = async (frame: FrameWriter, told: readonly (readonly SpanRecord[])[]): Promise<void> => {
    stored += told.length
    if (stored > runs / 2) known ??= knownOf(told[0] ?? [])
    // The engine takes one while the next is made.
    await inserting
    inserting = insertFrame(store, frame, `reads-${stored}`)
    tell(stored * spansPerAgentRun)
  }
  const nanos = (daysStored * dayNanos) / BigInt(Math.ceil(runs / runsPerInsert))
  await fillWithRuns(runs, 1, insert, { from: BigInt(Date.now()) * 1_000_000n - daysStored * dayNanos, nanos })
  await inserting
  if (known === undefined) throw new Error('no run is known')
  return known
}

const runFields = 'id name status startedAt durationMs agents users sessions models modelCalls spanCount errorCount tokens { total } cost'

interface Question {
  readonly name: string
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  /** Rows of the answer; throws where it is not the right one. */
  readonly rowsOf: (data: never) => number
}

function questions({ id, startedAt, attribute }: Known): readonly Question[] {
  const runsQuery = `query ($filter: RunFilter, $orderBy: RunOrder!) { runs(first: 50, filter: $filter, orderBy: $orderBy) { nodes { ${runFields} } } }`
  interface Runs { readonly runs: { readonly nodes: readonly { readonly id: string }[] } }
  const asRuns = (name: string, filter: object, check: (ids: readonly string[]) => boolean, orderBy = 'STARTED_AT_DESC'): Question => ({
    name, query: runsQuery, variables: { filter, orderBy },
    rowsOf: ({ runs: { nodes } }: Runs) => {
      if (!check(nodes.map((node) => node.id))) throw new Error(`${name}: not the runs that were asked for`)
      return nodes.length
    },
  })
  const iso = (nano: bigint): string => new Date(Number(nano / 1_000_000n)).toISOString()
  const around = { range: { from: iso(startedAt - 3_600_000_000_000n), to: iso(startedAt + 3_600_000_000_000n) } }
  const hasIt = (ids: readonly string[]): boolean => ids.includes(id)
  const onlyIt = (ids: readonly string[]): boolean => ids.length === 1 && hasIt(ids)
  const some = (ids: readonly string[]): boolean => ids.length > 0
  const asModels = (when: string, range: object): Question => ({
    name: `models, what they did and cost, ${when}`, query: 'query ($range: TimeRange!) { models(range: $range) { total { calls } rows { model calls failedCalls durationMs { p50 p95 } cost costPerThousandRuns } } }', variables: { range },
    rowsOf: ({ models: { total, rows } }: { readonly models: { readonly total: { readonly calls: number }; readonly rows: readonly { readonly calls: number }[] } }) => {
      if (total.calls === 0 || total.calls !== rows.reduce((sum, { calls }) => sum + calls, 0)) throw new Error('models whose calls do not add up')
      return rows.length
    },
  })
  return [
    asRuns('the newest 50 runs', {}, some),
    asRuns('the dearest 50 runs', {}, some, 'COST_DESC'),
    asRuns('runs of one user', { user: [attribute('user.id')], ...around }, hasIt),
    asRuns('runs of one session, all time', { session: [attribute('gen_ai.conversation.id')] }, hasIt),
    asRuns('the run with this `gen_ai.tool.call.id`, all time', { attributes: [{ key: 'gen_ai.tool.call.id', value: attribute('gen_ai.tool.call.id') }] }, onlyIt),
    asRuns('runs with a common attribute, newest 50', { attributes: [{ key: 'app.tier', value: 'free' }] }, some),
    asRuns('runs with a common attribute, two hours', { attributes: [{ key: 'app.tier', value: 'free' }], ...around }, some),
    {
      name: 'a run by its id', query: `query ($id: ID!) { trace(id: $id) { ${runFields} } }`, variables: { id },
      rowsOf: ({ trace }: { readonly trace: { readonly spanCount: number } | null }) => {
        if (trace?.spanCount !== spansPerAgentRun) throw new Error('not the run that was asked for')
        return 1
      },
    },
    {
      name: 'its ledger lines', query: 'query ($id: ID!) { ledgerEntries(first: 100, filter: { runId: [$id] }) { nodes { id amount } } }', variables: { id },
      rowsOf: ({ ledgerEntries: { nodes } }: { readonly ledgerEntries: { readonly nodes: readonly unknown[] } }) => {
        if (nodes.length === 0) throw new Error('a run without ledger lines')
        return nodes.length
      },
    },
    asModels('all time', {}), asModels('a day', { from: iso(startedAt - dayNanos / 2n), to: iso(startedAt + dayNanos / 2n) }), asModels('two hours', around.range),
    {
      name: 'how long calls took over time, all time', query: '{ modelLatency(range: {}) { cells { start fromMs calls } } }', variables: {},
      rowsOf: ({ modelLatency }: { readonly modelLatency: { readonly cells: readonly unknown[] } | null }) => {
        if (modelLatency === null) throw new Error('no call took any time')
        return modelLatency.cells.length
      },
    },
  ]
}

async function ask(program: Program, { query, variables, rowsOf }: Question): Promise<{ readonly ms: number; readonly rows: number }> {
  const began = performance.now()
  const data = await graphql(program, query, variables)
  return { ms: performance.now() - began, rows: rowsOf(data as never) }
}

/** Stores `spans` spans, starts the program over them, and asks each question `times` times; throws where an answer is not right. */
export async function runReads(spans: number, times: number, tell: (spans: number) => void = () => undefined): Promise<ReadsResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-reads-'))
  try {
    const runs = Math.max(2, Math.ceil(spans / spansPerAgentRun))
    const { known, bytes } = await fill(dataDir, runs, tell)
    await using program = await startProgram({ dataDir })
    const reads: Read[] = []
    for (const question of questions(known)) {
      const first = await ask(program, question)
      const ms: number[] = []
      for (let time = 0; time < times; time++) ms.push((await ask(program, question)).ms)
      reads.push({ name: question.name, rows: first.rows, firstMs: first.ms, ms })
    }
    return { spans: runs * spansPerAgentRun, bytes, reads }
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  }
}

export function describeReads({ spans, bytes, reads }: ReadsResult): string {
  const rows = reads.map(({ name, rows: found, firstMs, ms }) => `| ${name} | ${found} | ${firstMs.toFixed(0)} | ${median(ms).toFixed(0)} | ${quantile(ms, 0.99).toFixed(0)} |`)
  return [`${spans} spans, ${(bytes / spans).toFixed(1)} bytes a span over all tables:`, '', '| question by GraphQL | rows | first, ms | median, ms | p99, ms |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n')
}

if (import.meta.main) {
  const taken = takenOn()
  const tell = (spans: number): void => {
    if (spans % 1_000_000 < spansPerInsert) process.stderr.write(`${spans} spans\n`)
  }
  process.stdout.write(`${taken}\n\n${describeReads(await runReads(Number(process.env['SPANS'] ?? 1_000_000), Number(process.env['TIMES'] ?? 20), tell))}`)
}
