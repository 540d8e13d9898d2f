import { type Attribution, completed } from './attribution.ts'
import { type Call, type Calls, collapseCalls, enclosing, type Enclosing, isMetered, sameUsage } from './collapse.ts'
import {
  kindOfRole, type Meter, meters, type PicoUsd, type Role, type Step, type StepKind, stepKinds, type UnixNano, type Usage,
} from './facts.ts'
import { adopt } from './missing-spans.ts'
import { modelFamily } from './model-name.ts'
import { runningTotals } from './running-totals.ts'
import { errored } from './tool-calls.ts'
import { commonAncestor, type CommonAncestor, type Tree } from './tree.ts'
import { inputTokens, outputTokens, totalTokens } from './usage-sums.ts'

/** What became of one span's usage. */
export interface SpanVerdict {
  /** Its usage stands in the run's totals. */
  readonly counted: boolean
  readonly reason: string
  /** As shown: a model call span that only sums up calls below it is a TASK. */
  readonly kind: StepKind
}

/** Usage that must stand in the ledger once this trace is settled. */
export interface Billable {
  readonly spanId: string
  /** `{}` where only a cost was reported. */
  readonly usage: Usage
  /** `metered` exactly where `chargedOnArrival` of the span; the others are held back until the trace is settled. */
  readonly reason: 'metered' | 'promoted' | 'unattributed'
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly serviceTier: string
  /** Start of the span: a price holds for the moment of the request. */
  readonly at: UnixNano
  readonly reportedCost: PicoUsd | undefined
  readonly attribution: Attribution
}

export type Uncounted = 'mirrored' | 'rolled_up' | 'replayed'

/**
 * Call keys that other traces charged: `replayed` where their call and ours do not overlap in time, `mirrored` where they
 * do, so that it is the same call told in two traces.
 */
export interface Elsewhere {
  readonly replayed: ReadonlySet<string>
  readonly mirrored: ReadonlySet<string>
  /** Ids of a coding agent's spans whose work another trace tells better, from logs or from spans. */
  readonly toldBetter?: ReadonlySet<string>
}

/** What is charged at once: a model call or embedding with usage of its own that is neither partial nor cumulative. */
export function chargedOnArrival(step: Step): boolean {
  return (step.role === 'model_call' || step.role === 'embedding') && step.usage !== undefined
    && !step.usagePartial && !step.usageCumulative
}


export interface UsageBook {
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly providers: ReadonlySet<string>
  readonly models: ReadonlySet<string>
  /** By index of the tree. */
  readonly verdicts: readonly SpanVerdict[]
  readonly billables: readonly Billable[]
  readonly uncounted: ReadonlyMap<string, Uncounted>
  readonly total: Usage
  readonly reportedCost: PicoUsd | undefined
}

/** What is sold: enough to find the price. */
interface Product {
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly serviceTier: string
}

/** The book while it is written. Lists and sums are by index of the tree. */
interface Draft {
  /** With loose parts adopted. */
  readonly tree: Tree
  readonly adopter: Int32Array
  readonly attribution: readonly Attribution[]
  readonly calls: Calls
  readonly around: Enclosing
  readonly verdicts: SpanVerdict[]
  readonly billables: (Billable | undefined)[]
  readonly uncounted: Map<string, Uncounted>
  readonly providers: Set<string>
  readonly models: Set<string>
  /** By call. */
  readonly products: readonly Product[]
  /** Usage that stands at or below a span: `meters.length` numbers each. Empty where no span could be the sum of others: nobody asks then. */
  readonly standing: Float64Array
  /** How many rows make up `standing`. */
  readonly rows: Int32Array
  /** The call whose product all calls at or below a span share; see `noCall` and `manyProducts`. */
  readonly product: Int32Array
  /** What was used for an answer that a call of this trace got, by the provider's id. Empty where no span could repeat one. */
  readonly answers: ReadonlyMap<string, Usage | undefined>
  /** What is claimed at or below a span. */
  readonly claimed: (PicoUsd | undefined)[]
}

const noCall = -1
const manyProducts = -2

/** Decides for every span whether its usage stands, and lists what must be in the ledger. Linear in the spans up to sorting. */
export function settleUsage(told: Tree, attribution: readonly Attribution[], elsewhere: Elsewhere): UsageBook {
  const around = enclosing(told)
  const calls = collapseCalls(told, around)
  const { tree, adopter } = adopt(told, (node) => calls.callOf[node]! < 0 && sumsUp(told.spans[node]!.step))
  const count = tree.spans.length
  const hasSums = tree.spans.some(({ step }, node) => calls.callOf[node]! < 0 && step.usage !== undefined)
  const draft: Draft = {
    tree, adopter, attribution, calls, around,
    verdicts: tree.spans.map((span, node) => noUsage[calls.sums[node] === 1 ? 'TASK' : kindOfRole[span.step.role]]),
    billables: tree.spans.map(() => undefined),
    uncounted: new Map(), providers: new Set(), models: new Set(),
    products: productsOf(tree, calls),
    standing: new Float64Array(hasSums ? count * meters.length : 0), rows: new Int32Array(count),
    answers: hasSums ? answersOf(tree, calls) : new Map(), product: new Int32Array(count).fill(noCall), claimed: tree.spans.map(() => undefined),
  }
  const authority = authorities(tree)
  const tally = { modelCalls: 0, failedModelCalls: 0, unmeteredModelCalls: 0 }
  const total = new Float64Array(meters.length)
  settleCalls(draft, authority, elsewhere, tally, total)
  const reportedCost = settleAggregates(draft, authority)
  const billables = draft.billables.filter((billable) => billable !== undefined)
  for (const billable of billables) add(total, 0, billable.usage, 1)
  return {
    ...tally, total: usageAt(total, 0), reportedCost, billables,
    verdicts: draft.verdicts, uncounted: draft.uncounted, providers: draft.providers, models: draft.models,
  }
}

function answersOf({ spans }: Tree, { calls }: Calls): Map<string, Usage | undefined> {
  const answers = new Map<string, Usage | undefined>()
  for (const { members, teller } of calls) for (const node of members) answers.set(spans[node]!.step.responseId, spans[teller]!.step.usage)
  return answers
}

/** By span: the topmost span above it whose own figures are the authority for all below, −1 if none. */
function authorities({ spans, parent, order }: Tree): Int32Array {
  const authority = new Int32Array(spans.length)
  for (const node of order) {
    const up = parent[node]!
    authority[node] = up < 0 ? -1 : authority[up]! >= 0 ? authority[up]! : isAuthority(spans[up]!.step) ? up : -1
  }
  return authority
}

const isAuthority = (step: Step): boolean => step.usageAuthoritative && isMetered(step)

interface Tally {
  modelCalls: number
  failedModelCalls: number
  unmeteredModelCalls: number
}

function settleCalls(draft: Draft, authority: Int32Array, elsewhere: Elsewhere, tally: Tally, total: Float64Array): void {
  const { tree, calls, products } = draft
  const ancestor = calls.calls.some((call) => call.members.length > 1) ? commonAncestor(tree) : () => -1
  const running = runningTotals(tree, calls)
  for (let index = 0; index < calls.calls.length; index++) {
    const call = calls.calls[index]!
    const { members, teller } = call
    const { step } = tree.spans[teller]!
    const product = products[index]!
    name(draft, product)
    for (const node of members) {
      if (tree.spans[node]!.step.provider !== '') draft.providers.add(tree.spans[node]!.step.provider)
      draft.product[node] = index
      if (node !== teller) mirror(draft, node, tree.spans[teller]!.spanId)
    }
    const fate = fateOf(draft, call, authority, elsewhere)
    if (fate !== 'elsewhere') count(draft, call, tally)
    if (!call.metered) {
      if (step.usage !== undefined) draft.verdicts[teller] = verdict(draft, teller, false, partReason(step))
      continue
    }
    if (fate === 'told') {
      overrule(draft, teller, tree.spans[authority[members.find((node) => authority[node]! >= 0)!]!]!.spanId)
      continue
    }
    const holder = running.get(teller)
    if (holder !== undefined && fate === 'billed') {
      draft.verdicts[teller] = verdict(draft, teller, false, `span ${tree.spans[holder]!.spanId} after it counts on and holds it`)
      if (chargedOnArrival(step)) draft.uncounted.set(tree.spans[teller]!.spanId, 'rolled_up')
      continue
    }
    place(draft, members, step.usage ?? {}, ancestor)
    if (fate === 'elsewhere') {
      draft.verdicts[teller] = verdict(draft, teller, false, 'the same call is told in another trace')
      if (chargedOnArrival(step)) draft.uncounted.set(tree.spans[teller]!.spanId, 'mirrored')
      continue
    }
    const reported = reportedCostOf(tree, call)
    draft.claimed[teller] = reported
    if (fate === 'replayed') {
      add(total, 0, step.usage ?? {}, 1)
      draft.verdicts[teller] = verdict(draft, teller, true, 'replayed answer, costs nothing')
      if (chargedOnArrival(step)) draft.uncounted.set(tree.spans[teller]!.spanId, 'replayed')
    } else {
      const reason = chargedOnArrival(step) ? 'metered' : 'promoted'
      bill(draft, teller, outermost(tree, members, ancestor), reason, step.usage ?? {}, product, reported, 'own usage')
    }
  }
}

type Fate = 'told' | 'elsewhere' | 'replayed' | 'billed'

/** `told`: an authority above speaks for the call; `elsewhere`: another trace tells it and was charged. */
function fateOf({ tree }: Draft, call: Call, authority: Int32Array, elsewhere: Elsewhere): Fate {
  const known = (keys: ReadonlySet<string>) =>
    keys.size > 0 && call.members.some((node) => tree.spans[node]!.step.callKeys.some((key) => keys.has(key)))
  if (call.members.some((node) => authority[node]! >= 0)) return 'told'
  if (known(elsewhere.mirrored)) return 'elsewhere'
  return call.replayed || known(elsewhere.replayed) ? 'replayed' : 'billed'
}

function count(draft: Draft, call: Call, tally: Tally): void {
  const { tree } = draft
  const failed = errored(tree.spans[call.teller]!)
  tally.modelCalls++
  if (failed) tally.failedModelCalls++
  // Mastra under Arize's exporter: a generation has the usage of all its inferences, which have none.
  else if (!isPart(draft, call.teller) && call.members.every((node) => tree.spans[node]!.step.usage === undefined)) tally.unmeteredModelCalls++
}

/** Children before parents: an aggregate is judged when everything below it stands. Returns what is claimed in all. */
function settleAggregates(draft: Draft, authority: Int32Array): PicoUsd | undefined {
  const { tree, calls, standing, rows, product, claimed } = draft
  let reported: PicoUsd | undefined
  for (let at = tree.order.length - 1; at >= 0; at--) {
    const node = tree.order[at]!
    const { step } = tree.spans[node]!
    const reports = step.usage !== undefined || step.reportedCost !== undefined
    if (calls.callOf[node]! < 0 && reports) judge(draft, node, authority[node]!)
    const up = tree.parent[node]!
    if (up < 0) reported = sumOf(reported, claimed[node])
    else {
      claimed[up] = sumOf(claimed[up], claimed[node])
      product[up] = sameProduct(draft, product[up]!, product[node]!)
      rows[up] = rows[up]! + rows[node]!
      if (rows[node] !== 0 && standing.length > 0) for (let meter = 0; meter < meters.length; meter++) {
        standing[up * meters.length + meter]! += standing[node * meters.length + meter]!
      }
    }
  }
  return reported
}

/** Whether usage on a span that is no model call can mean calls. A poll or a handoff repeats what a call told. */
const canSum: Readonly<Record<Role, boolean>> = {
  turn: true, workflow: true, agent: true, step: true, plan: true, model_call: true, embedding: true, tool: true, retrieval: true,
  memory: true, guardrail: true, evaluation: true, handoff: false, control: false, mcp_control: false, io: false, span: true,
}

const sumsUp = (step: Step): boolean => step.usage !== undefined && isMetered(step) && canSum[step.role]

function judge(draft: Draft, node: number, authority: number): void {
  const { tree, rows, claimed } = draft
  const { step, spanId } = tree.spans[node]!
  const usage = step.usage ?? {}
  const charged = chargedOnArrival(step)
  if (authority >= 0) return overrule(draft, node, tree.spans[authority]!.spanId)
  if (!isMetered(step) || !canSum[step.role] || (isPart(draft, node) && !isAuthority(step))) {
    if (charged) draft.uncounted.set(spanId, 'mirrored')
    draft.verdicts[node] = verdict(draft, node, false, canSum[step.role] ? partReason(step) : 'repeats what a call told')
    return
  }
  const adopter = draft.adopter[node]!
  if (adopter >= 0 && !isAuthority(step)) {
    if (charged) draft.uncounted.set(spanId, 'rolled_up')
    const reason = `span ${tree.spans[adopter]!.spanId} sums it up, and spans below that one are missing`
    draft.verdicts[node] = verdict(draft, node, false, reason)
    return
  }
  // A span beside the call, because the call's own ancestors are another instrumentation's.
  if (rows[node] === 0 && repeatsAnswer(draft, step)) {
    if (charged) draft.uncounted.set(spanId, 'mirrored')
    draft.verdicts[node] = verdict(draft, node, false, 'repeats what a call told')
    return
  }
  const below = claimed[node]
  if (isAuthority(step) || rows[node] === 0) {
    claimed[node] = step.reportedCost ?? below
    const reason = isAuthority(step) ? 'total of the run by its own account' : 'nothing below reports usage'
    stand(draft, node, usage)
    bill(draft, node, node, charged ? 'metered' : 'promoted', usage, ownProduct(draft, node), step.reportedCost, reason)
    return
  }
  const above = (step.reportedCost ?? 0n) - (below ?? 0n)
  const unexplained = above > 0n ? above : undefined
  if (unexplained !== undefined) claimed[node] = step.reportedCost
  if (charged) draft.uncounted.set(spanId, 'rolled_up')
  const rest = remainder(usage, usageAt(draft.standing, node * meters.length))
  if (rest !== undefined) {
    stand(draft, node, rest)
    bill(draft, node, node, 'unattributed', rest, productBelow(draft, node), unexplained, '')
  }
  const posted = rest === undefined ? '' : `, ${totalTokens(rest)} tokens above it are posted as unattributed`
  draft.verdicts[node] = verdict(draft, node, false, `sum of the calls below it${posted}`)
}

const repeatsAnswer = ({ answers }: Draft, { responseId, usage }: Step): boolean =>
  responseId !== '' && answers.has(responseId) && sameUsage(usage, answers.get(responseId))

/** A step or chunk inside a metered call, without a tool or an agent between: the call's usage holds it. */
function isPart({ calls, around }: Draft, node: number): boolean {
  const outer = around.call[node]!
  const call = outer < 0 ? undefined : calls.calls[calls.callOf[outer]!]
  return call !== undefined && call.metered && around.works[outer] === around.works[node]
}

const partReason = (step: Step): string =>
  step.usageCumulative ? "grows over the agent object's life, not a sum of this run" : 'part of a call'

/**
 * What an aggregate reports above the calls below it, never negative. Meter by meter where it splits its usage and no
 * meter falls short; else only all input and all output are compared, because agents often report nothing finer.
 */
function remainder(usage: Usage, below: Usage): Usage | undefined {
  const finer = Object.keys(usage).some((meter) => !coarse.has(meter))
  if (finer && meters.every((meter) => (usage[meter] ?? 0) >= (below[meter] ?? 0))) {
    return positive(meters.map((meter) => [meter, (usage[meter] ?? 0) - (below[meter] ?? 0)]))
  }
  if (usage.unsplit !== undefined || below.unsplit !== undefined) {
    return positive([['unsplit', totalTokens(usage) - totalTokens(below)]])
  }
  return positive([
    ['input.uncached', inputTokens(usage) - inputTokens(below)],
    ['output.text', outputTokens(usage) - outputTokens(below)],
  ])
}

const coarse: ReadonlySet<string> = new Set<Meter>(['input.uncached', 'output.text', 'unsplit'])

function positive(tokens: readonly (readonly [Meter, number])[]): Usage | undefined {
  const some = tokens.filter(([, count]) => count > 0)
  return some.length === 0 ? undefined : Object.fromEntries(some)
}

function bill(
  draft: Draft, node: number, attributedTo: number, reason: Billable['reason'], usage: Usage, product: Product,
  reportedCost: PicoUsd | undefined, why: string,
): void {
  const { tree, attribution } = draft
  const { spanId, startedAt: at } = tree.spans[node]!
  const { provider, requestModel, responseModel, serviceTier } = product
  name(draft, product)
  if (product.provider !== '') draft.providers.add(product.provider)
  draft.billables[node] = {
    spanId, usage, reason, provider, requestModel, responseModel, serviceTier, at, reportedCost,
    attribution: completed(attribution[attributedTo]!, attribution[node]!),
  }
  draft.verdicts[node] = verdict(draft, node, true, why)
}

function name({ models }: Draft, product: Product): void {
  const model = product.responseModel || product.requestModel
  if (model !== '') models.add(model)
}

/** Another span tells this one's call. */
function mirror(draft: Draft, node: number, teller: string): void {
  const { step, spanId } = draft.tree.spans[node]!
  const reason = step.usagePartial ? partReason(step) : `the same call is told by span ${teller}`
  draft.verdicts[node] = verdict(draft, node, false, reason)
  if (chargedOnArrival(step)) draft.uncounted.set(spanId, 'mirrored')
}

function overrule(draft: Draft, node: number, authority: string): void {
  draft.verdicts[node] = verdict(draft, node, false, `the total that span ${authority} reports holds it`)
  if (chargedOnArrival(draft.tree.spans[node]!.step)) draft.uncounted.set(draft.tree.spans[node]!.spanId, 'mirrored')
}

const verdict = (draft: Draft, node: number, counted: boolean, reason: string): SpanVerdict =>
  ({ counted, reason, kind: draft.verdicts[node]!.kind })

const noUsage = Object.fromEntries(
  stepKinds.map((kind) => [kind, { counted: false, reason: 'no usage', kind }]),
) as Readonly<Record<StepKind, SpanVerdict>>

/** A call stands below an aggregate once, however many of its spans do: what spans share is taken back where their ways meet. */
function place(draft: Draft, members: readonly number[], usage: Usage, ancestor: CommonAncestor): void {
  const { tree, standing, rows } = draft
  const put = (node: number, times: 1 | -1) => {
    rows[node] = rows[node]! + times
    if (standing.length > 0) add(standing, node * meters.length, usage, times)
  }
  const byRank = members.length < 3 ? members : members.toSorted((a, b) => tree.rank[a]! - tree.rank[b]!)
  for (let index = 0; index < byRank.length; index++) {
    put(byRank[index]!, 1)
    const meeting = index === 0 ? -1 : ancestor(byRank[index - 1]!, byRank[index]!)
    if (meeting >= 0) put(meeting, -1)
  }
}

function stand({ standing, rows }: Draft, node: number, usage: Usage): void {
  rows[node] = rows[node]! + 1
  if (standing.length > 0) add(standing, node * meters.length, usage, 1)
}

function add(sums: Float64Array, offset: number, usage: Usage, times: 1 | -1): void {
  for (let meter = 0; meter < meters.length; meter++) {
    const tokens = usage[meters[meter]!]
    if (tokens !== undefined) sums[offset + meter]! += times * tokens
  }
}

function usageAt(sums: Float64Array, offset: number): Usage {
  const usage: Partial<Record<Meter, number>> = {}
  for (let meter = 0; meter < meters.length; meter++) {
    const tokens = sums[offset + meter]!
    if (tokens > 0) usage[meters[meter]!] = tokens
  }
  return usage
}

const sumOf = (a: PicoUsd | undefined, b: PicoUsd | undefined): PicoUsd | undefined =>
  a === undefined ? b : b === undefined ? a : a + b

/**
 * The span that sees the call from furthest outside: its ancestors know whom the call was for. One below the span that
 * stands for the trace goes before a gateway's span whose own ancestors did not arrive.
 */
function outermost(tree: Tree, members: readonly number[], ancestor: CommonAncestor): number {
  if (members.length === 1) return members[0]!
  const connected = members.filter((node) => ancestor(node, tree.top) >= 0)
  const among = connected.length > 0 ? connected : members
  return among.reduce((found, node) => (tree.depth[node]! < tree.depth[found]! ? node : found))
}

/** The teller's claim, else one of another member, closest to the provider first. */
function reportedCostOf(tree: Tree, { members, teller }: Call): PicoUsd | undefined {
  const own = tree.spans[teller]!.step.reportedCost
  if (own !== undefined || members.length === 1) return own
  const claiming = members.filter((node) => tree.spans[node]!.step.reportedCost !== undefined)
  const closest = claiming.toSorted((a, b) => tree.depth[b]! - tree.depth[a]! || a - b)[0]
  return closest === undefined ? undefined : tree.spans[closest]!.step.reportedCost
}

/** By call. Codex tells the usage of a call on a span inside the one that names the model. */
function productsOf(tree: Tree, { calls }: Calls): readonly Product[] {
  const told = calls.map((call) => toldProduct(tree, call))
  if (told.every(namesModel)) return told
  const naming = nearestNaming(tree)
  return told.map((product, index) => {
    const node = namesModel(product) ? -1 : naming[calls[index]!.teller]!
    if (node < 0) return product
    const { step } = tree.spans[node]!
    return { ...modelsOf(step), provider: product.provider || step.provider, serviceTier: product.serviceTier }
  })
}

/** By span: the nearest span at or above it that names a model, −1 if none does. */
function nearestNaming({ spans, parent, order }: Tree): Int32Array {
  const naming = new Int32Array(spans.length)
  for (const node of order) naming[node] = namesModel(spans[node]!.step) ? node : parent[node]! < 0 ? -1 : naming[parent[node]!]!
  return naming
}

/** The teller's words; where it names no model or no provider, those of another member. */
function toldProduct(tree: Tree, { members, teller }: Call): Product {
  const own = tree.spans[teller]!.step
  if (members.length === 1 || (namesModel(own) && own.provider !== '')) return own
  const steps = members.map((node) => tree.spans[node]!.step)
  return {
    ...modelsOf(namesModel(own) ? own : steps.find(namesModel) ?? own),
    provider: own.provider || (steps.find((step) => step.provider !== '')?.provider ?? ''),
    serviceTier: own.serviceTier || (steps.find((step) => step.serviceTier !== '')?.serviceTier ?? ''),
  }
}

const namesModel = (product: Product): boolean => product.requestModel !== '' || product.responseModel !== ''
const modelsOf = ({ requestModel, responseModel }: Product) => ({ requestModel, responseModel })

/** An aggregate's own model, else the only one of the calls below it, else that of the call it is a part of. */
function ownProduct(draft: Draft, node: number): Product {
  const { step } = draft.tree.spans[node]!
  const shared = draft.product[node]!
  const outer = draft.around.call[node]!
  const other = draft.products[shared !== noCall ? shared : outer < 0 ? noCall : draft.calls.callOf[outer]!]
  if (namesModel(step) || other === undefined) return step
  return { ...modelsOf(other), provider: step.provider || other.provider, serviceTier: step.serviceTier || other.serviceTier }
}

/** Of a call that nobody told: most likely what its siblings used. */
function productBelow(draft: Draft, node: number): Product {
  const shared = draft.products[draft.product[node]!]
  return shared !== undefined && namesModel(shared) ? shared : ownProduct(draft, node)
}

function sameProduct({ products }: Draft, a: number, b: number): number {
  if (a === b || b === noCall) return a
  if (a === noCall) return b
  if (a === manyProducts || b === manyProducts) return manyProducts
  const [one, other] = [products[a]!, products[b]!]
  const [modelA, modelB] = [one.responseModel || one.requestModel, other.responseModel || other.requestModel]
  const same = one.provider === other.provider && (modelA === modelB || modelFamily(modelA) === modelFamily(modelB))
  if (!same) return manyProducts
  // The one that names the response's model knows the price better; else any, as long as it is always the same one.
  if ((one.responseModel === '') !== (other.responseModel === '')) return one.responseModel === '' ? b : a
  return Math.min(a, b)
}
