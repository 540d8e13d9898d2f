import { setTimeout as sleep } from 'node:timers/promises'
import { graphql, type Program } from './program.ts'

/** A trace as the GraphQL contract shows it: what the tests compare. */
export interface TraceFigures {
  readonly id: string
  readonly isRun: boolean
  readonly settled: boolean
  readonly status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'INCOMPLETE'
  readonly name: string
  readonly lastReceivedAt: string
  readonly workflow: string | null
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly providers: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly unpricedModelCalls: number
  readonly toolCalls: number
  readonly spanCount: number
  readonly tokens: { readonly input: number; readonly cachedInput: number; readonly cacheWrite: number; readonly output: number; readonly reasoning: number }
  readonly cost: string
  readonly reportedCost: string | null
}

export interface LedgerLine {
  readonly id: string
  readonly kind: 'CHARGE' | 'ADJUSTMENT' | 'REVERSAL'
  readonly reason: string
  readonly amount: string | null
  readonly quantity: string
  readonly meter: string
  readonly spanId: string
  readonly reverses: string | null
  readonly agent: string | null
}

const figures = `id isRun settled status name lastReceivedAt workflow agents users sessions providers models modelCalls failedModelCalls
  unmeteredModelCalls unpricedModelCalls toolCalls spanCount cost reportedCost tokens { input cachedInput cacheWrite output reasoning }`

/** One page, and below the query layer's bound on aliases. */
const tracesPerRequest = 40

/** Absent: a trace that has no summary yet. One read for the runs among them, then one each for what is no run. */
export async function readTraces(program: Pick<Program, 'console'>, ids: readonly string[]): Promise<Map<string, TraceFigures>> {
  const found = new Map<string, TraceFigures>()
  for (let at = 0; at < ids.length; at += tracesPerRequest) {
    const chunk = ids.slice(at, at + tracesPerRequest)
    const { runs } = await graphql<{ runs: { nodes: readonly TraceFigures[] } }>(
      program, `query ($ids: [ID!]) { runs(first: ${tracesPerRequest}, filter: { ids: $ids }) { nodes { ${figures} } } }`, { ids: chunk })
    for (const run of runs.nodes) found.set(run.id, run)
    const others = chunk.filter((id) => !found.has(id))
    if (others.length === 0) continue
    const fields = others.map((id, n) => `t${n}: trace(id: "${id}") { ${figures} }`)
    for (const trace of Object.values(await graphql<Record<string, TraceFigures | null>>(program, `{ ${fields.join('\n')} }`))) {
      if (trace !== null) found.set(trace.id, trace)
    }
  }
  return found
}

export async function readTrace(program: Pick<Program, 'console'>, id: string): Promise<TraceFigures | undefined> {
  return (await readTraces(program, [id])).get(id)
}

export const readLedger = async (program: Pick<Program, 'console'>, id: string): Promise<readonly LedgerLine[]> =>
  (await graphql<{ trace: { ledger: readonly LedgerLine[] } | null }>(
    program, `query ($id: ID!) { trace(id: $id) { ledger { id kind reason amount quantity meter spanId reverses agent } } }`, { id })).trace?.ledger ?? []

/** Far above what a loaded machine needs; a trace that never settles fails the test instead of hanging it. In milliseconds. */
const settleMsMax = 45_000
const pollMs = 500

/**
 * Waits until every trace is settled with all that was sent: `spans` says how many distinct ones it must hold, `before`
 * is an earlier look, after which something more arrived.
 */
export async function settledTraces(
  program: Pick<Program, 'console'>, spans: ReadonlyMap<string, number>, before: ReadonlyMap<string, TraceFigures> = new Map(),
): Promise<Map<string, TraceFigures>> {
  const end = Date.now() + settleMsMax
  for (;;) {
    await sleep(pollMs)
    const traces = await readTraces(program, [...spans.keys()])
    const open = [...spans].filter(([id, count]) => {
      const trace = traces.get(id)
      return trace === undefined || !trace.settled || trace.spanCount < count || trace.lastReceivedAt === before.get(id)?.lastReceivedAt
    })
    if (open.length === 0) return traces
    if (Date.now() > end) {
      const seen = open.map(([id, count]) => `${id}: ${traces.get(id)?.spanCount ?? 'none'} of ${count} spans, settled ${traces.get(id)?.settled}`)
      throw new Error(`not settled after ${settleMsMax} ms:\n${seen.join('\n')}`)
    }
  }
}

/** The one trace, settled with at least so many spans. */
export async function settledTrace(program: Pick<Program, 'console'>, id: string, spans: number, before?: TraceFigures): Promise<TraceFigures> {
  const traces = await settledTraces(program, new Map([[id, spans]]), before === undefined ? new Map() : new Map([[id, before]]))
  const trace = traces.get(id)
  if (trace === undefined) throw new Error(`no trace ${id}`)
  return trace
}

/** `Decimal` to 10^-12 dollars (or units), exactly. */
export function pico(decimal: string): bigint {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(decimal) ?? []
  if (whole === '') throw new Error(`${decimal} is no decimal`)
  const value = BigInt(whole + fraction.padEnd(12, '0'))
  return sign === '-' ? -value : value
}

/** Sum of the known amounts. */
export const ledgerSum = (lines: readonly Pick<LedgerLine, 'amount'>[]): bigint =>
  lines.reduce((sum, line) => sum + (line.amount === null ? 0n : pico(line.amount)), 0n)
