import { isToldByLog } from './agent-logs.ts'
import { type Attribution, attributions, parties, sorted } from './attribution.ts'
import { n8nWorkflow } from './dialects/n8n.ts'
import { kindOfRole, type PicoUsd, type Role, type SpanFacts, type TokenUsage, type UnixNano } from './facts.ts'
import { type Billable, type Elsewhere, settleUsage, type SpanVerdict, type Uncounted } from './settle-usage.ts'
import { errored, type RepeatedToolCall, toolCalls } from './tool-calls.ts'
import { type Tree, traceTree } from './tree.ts'
import { tokenUsage } from './usage.ts'

export type { Attribution } from './attribution.ts'
export { chargedOnArrival } from './settle-usage.ts'
export type { Billable, Elsewhere, SpanVerdict, Uncounted } from './settle-usage.ts'
export type { RepeatedToolCall } from './tool-calls.ts'

export interface TraceAccount {
  readonly isRun: boolean
  readonly name: string
  readonly status: 'RUNNING' | 'COMPLETED' | 'FAILED'
  readonly startedAt: UnixNano
  /** End of the last span, `undefined` until a root has ended. */
  readonly endedAt: UnixNano | undefined
  readonly service: string
  readonly environment: string
  readonly workflow: string
  /** Lists are sorted, each word once, and hold only what the telemetry says. */
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly providers: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly toolCalls: number
  readonly failedToolCalls: number
  readonly spanCount: number
  readonly errorCount: number
  /** Sum over `billables` and over replayed answers, which cost nothing. */
  readonly tokens: TokenUsage
  /** What the instrumentation claims in all, `undefined` where it claims nothing. */
  readonly reportedCost: PicoUsd | undefined
  /** By span id, every span; as `attributions` made when first asked for, because a settlement looks up few. */
  readonly verdicts: () => ReadonlyMap<string, SpanVerdict>
  readonly attributions: () => ReadonlyMap<string, Attribution>
  /** By start of the span. */
  readonly billables: readonly Billable[]
  /** Charges made on arrival that must not stand, by span id, and why. */
  readonly uncounted: ReadonlyMap<string, Uncounted>
  readonly repeatedToolCalls: readonly RepeatedToolCall[]
}

/**
 * Accounts the spans of one trace: which calls were made, what each used, what of it is to be charged. Pure; the order
 * and the repetition of spans make no difference; never throws, whatever the tree looks like.
 */
export function account(spans: readonly SpanFacts[], elsewhere: Elsewhere): TraceAccount {
  const toldBetter = elsewhere.toldBetter ?? noSpans
  const tree = traceTree(toldBetter.size === 0 ? spans : spans.map((span) => (toldBetter.has(span.spanId) ? silenced(span) : span)))
  const who = parties(tree)
  const attribution = attributions(tree, who)
  const tools = toolCalls(tree)
  const books = settleUsage(tree, attribution, elsewhere)
  const top = tree.spans[tree.top]
  return {
    isRun: tree.spans.some((span) => isGenAi[span.step.role]),
    name: top === undefined ? '' : runName(top),
    status: !tree.rooted || top === undefined ? 'RUNNING' : hasFailed(tree, top) ? 'FAILED' : 'COMPLETED',
    startedAt: tree.spans[0]?.startedAt ?? 0n,
    endedAt: tree.rooted ? tree.spans.reduce((last, span) => (span.endedAt > last ? span.endedAt : last), 0n) : undefined,
    service: top?.service ?? '',
    environment: top?.environment ?? '',
    workflow: top?.step.workflow || firstWorkflow(tree),
    ...who,
    providers: sorted(books.providers),
    models: sorted(books.models),
    modelCalls: books.modelCalls,
    failedModelCalls: books.failedModelCalls,
    unmeteredModelCalls: books.unmeteredModelCalls,
    toolCalls: tools.executed,
    failedToolCalls: tools.failed,
    spanCount: tree.spans.length,
    errorCount: tree.spans.reduce((count, span) => count + (errored(span) ? 1 : 0), 0),
    tokens: tokenUsage(books.total),
    reportedCost: books.reportedCost,
    verdicts: onceById(tree, books.verdicts),
    attributions: onceById(tree, attribution),
    billables: books.billables,
    uncounted: toldBetter.size === 0 ? books.uncounted : new Map([...books.uncounted, ...[...toldBetter].map((id) => [id, 'mirrored'] as const)]),
    repeatedToolCalls: tools.repeated,
  }
}

const noSpans: ReadonlySet<string> = new Set()

/** What a run is called, by its topmost span. */
export const runName = ({ name, step }: SpanFacts): string => (name === n8nWorkflow && step.workflow !== '' ? step.workflow : name)

/** A span that says nothing of its own: another trace tells what it does. */
const silenced = (span: SpanFacts): SpanFacts => ({
  ...span, step: { ...span.step, role: 'span', usage: undefined, reportedCost: undefined, callKeys: [], tool: '', toolCallId: '' },
})

/** A run fails with its topmost span, or with what that was the head of. Where log events tell it nothing spans the whole, and it fails with its last model call. */
function hasFailed(tree: Tree, top: SpanFacts): boolean {
  const { spans } = tree
  // Langfuse's and LangSmith's JavaScript leave a failed span's status unset, and say it in words of their own.
  if (!isToldByLog(top.name)) return errored(top) || errored(lastBelow(tree, top) ?? top)
  return spans.findLast((span) => kindOfRole[span.step.role] === 'MODEL_CALL')?.failed === true
}

/**
 * Of a head, which was over before anything directly below it began, what ended last there: Flowise ends its root at once, with
 * status OK, and the flow, its calls and its tools are its children (flowise-components 3.1.4 on npm, handler.js).
 */
function lastBelow({ spans, parent, top: head }: Tree, top: SpanFacts): SpanFacts | undefined {
  let last: SpanFacts | undefined
  for (let node = 0; node < spans.length; node++) {
    if (parent[node] !== head) continue
    const span = spans[node]!
    if (span.startedAt < top.endedAt) return undefined
    if (span.endedAt > (last ?? top).endedAt) last = span
  }
  return last
}

/** Roles of spans that make a run of their trace. */
export const isGenAi = Object.fromEntries(
  Object.entries(kindOfRole).map(([role, kind]) => [role, kind !== 'TASK' && kind !== 'OTHER']),
) as Readonly<Record<Role, boolean>>

function firstWorkflow(tree: Tree): string {
  for (const node of tree.order) if (tree.spans[node]!.step.workflow !== '') return tree.spans[node]!.step.workflow
  return ''
}

/**
 * A map of 100,000 ids costs as much as half the account. A function and no getter: the getters of an object literal stand in its
 * hidden class, which V8 never scavenges, so all they see, here a whole trace, would live until the next full collection.
 */
function onceById<Value>(tree: Tree, values: readonly Value[]): () => ReadonlyMap<string, Value> {
  let map: ReadonlyMap<string, Value> | undefined
  return () => (map ??= new Map(values.map((value, node) => [tree.spans[node]!.spanId, value])))
}
