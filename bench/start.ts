import { setTimeout as sleep } from 'node:timers/promises'
import { graphql, type Program, startProgram } from '../e2e/program.ts'
import { post } from '../e2e/sending.ts'
import { takenOn } from './machine.ts'
import { payloads, spansPerRun } from './payloads.ts'
import { median, quantile } from './quantile.ts'

export interface StartResult {
  /** Milliseconds from spawning the program to its line `ready`: on an empty data folder, and on one with runs in it. */
  readonly firstReadyMs: readonly number[]
  readonly readyMs: readonly number[]
  /** Milliseconds from sending an export until GraphQL shows its run with every span. */
  readonly visibleMs: readonly number[]
}

/** Time between two looks; the result is late by half of it on average. */
const pollMs = 20
/** Exports are apart by more than this and by no round number, so that they meet every phase of the collector's timers. */
const pauseMs = 137
const visibleMsMax = 60_000

export async function runStart(starts: number, exports: number): Promise<StartResult> {
  const firstReadyMs: number[] = []
  const readyMs: number[] = []
  const visibleMs: number[] = []
  for (let start = 0; start < starts; start++) {
    let began = performance.now()
    await using program = await startProgram()
    firstReadyMs.push(performance.now() - began)
    await exportAndSee(program, payloads({ batch: spansPerRun, seed: 1_000 + start }))
    program.signal('SIGTERM')
    await program.exited
    began = performance.now()
    await using again = await startProgram({ dataDir: program.dataDir })
    readyMs.push(performance.now() - began)
    if (start > 0) continue
    const next = payloads({ batch: spansPerRun, seed: 2_000 })
    for (let sent = 0; sent < exports; sent++) {
      visibleMs.push(await exportAndSee(again, next))
      await sleep(pauseMs)
    }
  }
  return { firstReadyMs, readyMs, visibleMs }
}

async function exportAndSee(program: Program, next: ReturnType<typeof payloads>): Promise<number> {
  const { body } = next(BigInt(Date.now()) * 1_000_000n)
  const began = performance.now()
  const { status } = await post(program, body)
  if (status !== 200) throw new Error(`the export was answered ${status}`)
  const ms = await untilSeen(program, body, began, pollMs)
  if (ms === Number.POSITIVE_INFINITY) throw new Error(`run ${traceIdOf(body)} was not visible after ${visibleMsMax} ms`)
  return ms
}

/** Milliseconds from `began` until GraphQL shows all of the run that `body` holds, looked for every so many; infinite after a minute. */
export async function untilSeen(program: Program, body: Buffer, began: number, pollEveryMs: number): Promise<number> {
  const id = traceIdOf(body)
  while (performance.now() - began < visibleMsMax) {
    const { trace } = await graphql<{ trace: { spanCount: number } | null }>(program, 'query ($id: ID!) { trace(id: $id) { spanCount } }', { id })
    if (trace?.spanCount === spansPerRun) return performance.now() - began
    await sleep(pollEveryMs)
  }
  return Number.POSITIVE_INFINITY
}

/** The first span begins with its trace id: tag 0x0a, length 16, then the id, under the tag of a span. */
function traceIdOf(body: Buffer): string {
  for (let at = body.indexOf('0a10', 'hex'); at >= 0; at = body.indexOf('0a10', at + 1, 'hex')) {
    if (body[at + 18] === 0x12 && body[at + 19] === 8) return body.toString('hex', at + 2, at + 18)
  }
  throw new Error('the request holds no span')
}

export function describeStart({ firstReadyMs, readyMs, visibleMs }: StartResult): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  return `| figure | value |
| --- | --- |
| to \`ready\`, empty data folder | median ${ms(median(firstReadyMs))} of ${firstReadyMs.length}, slowest ${ms(quantile(firstReadyMs, 1))} |
| to \`ready\`, data from before | median ${ms(median(readyMs))} of ${readyMs.length}, slowest ${ms(quantile(readyMs, 1))} |
| export to visible in GraphQL | p50 ${ms(quantile(visibleMs, 0.5))}, p99 ${ms(quantile(visibleMs, 0.99))}, max ${ms(quantile(visibleMs, 1))} of ${visibleMs.length} |
`
}

if (import.meta.main) {
  const taken = takenOn()
  const { STARTS = '5', EXPORTS = '40' } = process.env
  process.stdout.write(`${taken}\n\n${describeStart(await runStart(Number(STARTS), Number(EXPORTS)))}`)
}
