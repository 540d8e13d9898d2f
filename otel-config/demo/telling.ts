import { ROOT_CONTEXT, type Context, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api'
import type { PlannedSpan } from './plan.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { storyteller } from './story.ts'

const kinds = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const

const begin = (tracer: Tracer, plan: PlannedSpan, parent: Context): Span =>
  tracer.startSpan(plan.name, { kind: kinds[plan.kind], startTime: plan.start, attributes: plan.attributes }, parent)

function finish(span: Span, plan: PlannedSpan): void {
  for (const event of plan.events) span.addEvent(event.name, event.attributes, event.at)
  if (plan.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: plan.error })
  span.end(plan.end)
}

/** Tells a whole run at once, with the times it was planned with. Returns its number of spans. */
export function tellPast(tracer: Tracer, plan: PlannedSpan, parent: Context = ROOT_CONTEXT): number {
  const span = begin(tracer, plan, parent)
  const inside = trace.setSpan(parent, span)
  const below = plan.children.reduce((sum, child) => sum + tellPast(tracer, child, inside), 0)
  finish(span, plan)
  return below + 1
}

/**
 * Acts a run out in real time: each span begins and ends when its time has come, and `ended` hears of each. Stopped, it
 * leaves its open spans unended, as an agent does that is killed.
 */
export async function tellLive(tracer: Tracer, plan: PlannedSpan, stopped: AbortSignal, ended: () => void, parent: Context = ROOT_CONTEXT): Promise<void> {
  await until(plan.start, stopped)
  if (stopped.aborted) return
  const span = begin(tracer, plan, parent)
  const inside = trace.setSpan(parent, span)
  await Promise.all(plan.children.map((child) => tellLive(tracer, child, stopped, ended, inside)))
  await until(plan.end, stopped)
  if (stopped.aborted) return
  finish(span, plan)
  ended()
}

/** Resolves at the time, or at once when stopped. */
export function until(timeMs: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, timeMs - Date.now()))
    stopped.addEventListener('abort', done)
  })
}

export interface PastRun {
  readonly scenario: Scenario
  readonly root: PlannedSpan
}

/** Runs of the hours before `nowMs`, by start; all are over by then. More of them by day than by night. */
export function* pastRuns(random: Random, nowMs: number, hours: number, count: number): Generator<PastRun> {
  const tell = storyteller(random)
  const starts = Array.from({ length: count }, () => startTime(random, nowMs - hours * 3_600_000, nowMs)).sort((a, b) => a - b)
  for (const start of starts) {
    const { scenario, begin } = tell()
    const root = begin(start)
    yield { scenario, root: root.end <= nowMs ? root : begin(start - (root.end - nowMs)) }
  }
}

function startTime(random: Random, from: number, to: number): number {
  const at = from + random.next() * (to - from)
  const busy = 0.5 - 0.5 * Math.cos(((new Date(at).getUTCHours() - 2) / 24) * 2 * Math.PI)
  return random.next() < 0.25 + 0.75 * busy ? at : startTime(random, from, to)
}
