import { disjointSets } from './disjoint-sets.ts'
import type { Role, SpanFacts, Step, Usage } from './facts.ts'
import { modelFamily, sameModel } from './model-name.ts'
import type { Tree } from './tree.ts'
import { inputTokens, outputTokens, totalTokens } from './usage-sums.ts'

/**
 * One model call, whoever tells it: an SDK span, the framework span around it, the gateway's span in another service.
 * Spans are indexes into the tree.
 */
export interface Call {
  /** By start time, at least one. */
  readonly members: readonly number[]
  /** The member that tells most: its usage is the call's. */
  readonly teller: number
  /** The teller reports usage or a cost, whole and of this call. */
  readonly metered: boolean
  /** An earlier call of this trace got the same answer: it came from a client-side cache or a workflow's replay. */
  readonly replayed: boolean
}

export interface Calls {
  /** By the start of the first member. */
  readonly calls: readonly Call[]
  /** By span: index into `calls`, −1 for spans that are no model call. */
  readonly callOf: Int32Array
  /** By span: 1 where a model call span turned out to be the sum of calls below it, and is none itself. */
  readonly sums: Uint8Array
}

/** Clocks of two machines may differ by this much, and some emitters stamp a span when they log it, after its end. */
const clockSlackNanos = 60_000_000_000n
/** Of two instrumentations in one process, the inner one may see the end of a call this much later. */
const siblingSlackNanos = 5_000_000n
/**
 * A wrapper does little besides its call: less than this share of its time, and the inner call is only a part of it. Asked
 * where nothing else tells: the first call of a client builds it, which takes longer than a fast answer.
 */
const wrapperShare = 0.6
/** Open siblings that one span is compared with: beyond so many equal calls at one instant, a duplicate may be missed. */
const siblingsCompared = 32
/** Identities remembered per call; real ones have one response and one or two request ids. */
const keysPerCall = 16

export function isCall(step: Step): boolean {
  return (step.role === 'model_call' || step.role === 'embedding') && !step.usageAuthoritative
}

/** Reports usage or a cost of one whole call. */
export function isMetered(step: Step): boolean {
  return (step.usage !== undefined || step.reportedCost !== undefined) && !step.usagePartial && !step.usageCumulative
}

/** Work of its own begins here: a call above it and a call below it are two, unless figures prove otherwise. */
const opensWork: Readonly<Record<Role, boolean>> = {
  turn: true, workflow: true, agent: true, step: false, plan: false, model_call: false, embedding: false, tool: true,
  retrieval: true, memory: true, guardrail: true, evaluation: true, handoff: true, control: false, mcp_control: false,
  io: false, span: false,
}

/** By span: the nearest span of a model call above it, −1 if none, and how many spans that open work stand at or above it. */
export interface Enclosing {
  readonly call: Int32Array
  readonly works: Int32Array
}

export function enclosing(tree: Tree): Enclosing {
  const call = new Int32Array(tree.spans.length)
  const works = new Int32Array(tree.spans.length)
  for (const node of tree.order) {
    const up = tree.parent[node]!
    const { step } = tree.spans[node]!
    call[node] = up < 0 ? -1 : isCall(tree.spans[up]!.step) ? up : call[up]!
    works[node] = (up < 0 ? 0 : works[up]!) + (opensWork[step.role] ? 1 : 0)
  }
  return { call, works }
}

/** Finds spans that tell one call, and spans that only sum up calls. Linear in the spans up to sorting. */
export function collapseCalls(tree: Tree, around: Enclosing): Calls {
  const { spans } = tree
  const nodes: number[] = []
  for (let node = 0; node < spans.length; node++) if (isCall(spans[node]!.step)) nodes.push(node)
  const sums = new Uint8Array(spans.length)
  const callOf = new Int32Array(spans.length).fill(-1)
  if (nodes.length === 0) return { calls: [], callOf, sums }
  const same = sameCalls(spans)
  const replayed = mergeByKey(spans, nodes, same)
  mergeSiblings(tree, nodes, same)
  mergeWrappers(tree, nodes, around, same, sums)
  return { calls: collect(tree, nodes, same, replayed, sums, callOf), callOf, sums }
}

/** Calls being merged; two that carry different identities of one kind stay apart whatever else speaks for them. */
interface SameCalls {
  find(node: number): number
  /** False where they have to stay apart. */
  merge(a: number, b: number): boolean
  metered(node: number): boolean
}

function sameCalls(spans: readonly SpanFacts[]): SameCalls {
  const sets = disjointSets(spans.length)
  const keys = new Map<number, readonly string[]>()
  const metered = new Set<number>()
  const keysOf = (set: number) => keys.get(set) ?? spans[set]!.step.callKeys
  const isMeteredSet = (set: number) => metered.has(set) || isMetered(spans[set]!.step)
  return {
    find: sets.find,
    metered: (node) => isMeteredSet(sets.find(node)),
    merge(a, b) {
      const [setA, setB] = [sets.find(a), sets.find(b)]
      if (setA === setB) return true
      const [keysA, keysB] = [keysOf(setA), keysOf(setB)]
      if (differ(keysA, keysB)) return false
      const either = isMeteredSet(setA) || isMeteredSet(setB)
      sets.merge(setA, setB)
      const set = sets.find(setA)
      keys.set(set, keysA.length === 0 ? keysB : keysB.length === 0 ? keysA : union(keysA, keysB))
      if (either) metered.add(set)
      return true
    },
  }
}

const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])].slice(0, keysPerCall)

function differ(a: readonly string[], b: readonly string[]): boolean {
  return a.some((key) => {
    const rivals = b.filter((other) => comparable(key, other))
    const shared = (mine: string) => comparable(mine, key) && rivals.some((other) => identityOf(other) === identityOf(mine))
    return rivals.length > 0 && !a.some(shared)
  })
}

/**
 * Two request ids, or two response ids of one provider's making. A gateway or Copilot gives an answer an id of its own
 * beside the provider's; a framework may not know whose answer it passes on.
 */
function comparable(a: string, b: string): boolean {
  if (!a.startsWith(response) || !b.startsWith(response)) return kindOf(a) === kindOf(b)
  const [familyA, familyB] = [familyOf(a), familyOf(b)]
  return familyA === familyB || familyA === '' || familyB === ''
}

/** Keys are `request:<id>` and `response:<provider family>:<id>`. */
const response = 'response:'
const kindOf = (key: string): string => key.slice(0, key.indexOf(':') + 1)
const familyOf = (key: string): string => key.slice(response.length, key.indexOf(':', response.length))
const identityOf = (key: string): string => key.slice(key.indexOf(':', key.startsWith(response) ? response.length : 0) + 1)

/**
 * Spans with one identity that overlap in time are one call; one that comes later got the answer again. Returns the
 * latter with the span whose answer they got.
 */
function mergeByKey(spans: readonly SpanFacts[], nodes: readonly number[], same: SameCalls): ReadonlyMap<number, number> {
  const first = new Map<string, number>()
  const shared = new Map<string, number[]>()
  for (const node of nodes) {
    for (const key of spans[node]!.step.callKeys) {
      const earlier = first.get(key)
      if (earlier === undefined) first.set(key, node)
      else if (earlier !== node) {
        const group = shared.get(key)
        if (group === undefined) shared.set(key, [earlier, node])
        else if (group.at(-1) !== node) group.push(node)
      }
    }
  }
  const replayed = new Map<number, number>()
  for (const group of shared.values()) mergeGroup(spans, group, same, replayed)
  return replayed
}

/** `group` by start time. */
function mergeGroup(spans: readonly SpanFacts[], group: readonly number[], same: SameCalls, replayed: Map<number, number>): void {
  let leader = group[0]!
  let until = spans[leader]!.endedAt
  let original = -1
  for (const node of group.slice(1)) {
    const span = spans[node]!
    if (contradicts(spans[leader]!, span)) continue
    const overlaps = span.startedAt <= until + clockSlackNanos
    if (overlaps) same.merge(leader, node)
    else {
      if (original < 0 && same.metered(leader)) original = leader
      leader = node
    }
    if (original >= 0) replayed.set(node, original)
    if (!overlaps || span.endedAt > until) until = span.endedAt
  }
}

/**
 * One instrumentation of one service tells a call once. Where it gives two spans one id and different usage, the id is no
 * identity (a stand-in server that always answers `chatcmpl-1`), and both calls were paid.
 */
function contradicts(a: SpanFacts, b: SpanFacts): boolean {
  return a.scopeName === b.scopeName && a.service === b.service && !sameUsage(a.step.usage, b.step.usage)
}

/**
 * Two instrumentations side by side, because the outer one's span is never current: one parent, different scopes, one within
 * the time of the other, equal model and usage. Each span finds the closest sibling that its own scope has not told yet, so
 * two parallel calls told twice stay two calls.
 */
function mergeSiblings({ spans, parent }: Tree, nodes: readonly number[], same: SameCalls): void {
  // Most parents see one instrumentation only, and cost no more than this look. Spans without parent are looked at together.
  const mixed = new Uint8Array(spans.length + 1)
  const first = new Int32Array(spans.length + 1).fill(-1)
  const family = (node: number) => (parent[node]! < 0 ? spans.length : parent[node]!)
  for (const node of nodes) {
    const elder = first[family(node)]!
    if (elder < 0) first[family(node)] = node
    else if (spans[elder]!.scopeName !== spans[node]!.scopeName) mixed[family(node)] = 1
  }
  const open = new Map<string, { readonly node: number; readonly scopes: Set<string> }[]>()
  for (const node of nodes) {
    if (mixed[family(node)] === 0) continue
    const { step, scopeName, parentSpanId, startedAt, endedAt } = spans[node]!
    if (step.usage === undefined || step.usagePartial) continue
    const model = modelFamily(step.responseModel || step.requestModel)
    const bucket = `${parentSpanId}\n${outputTokens(step.usage)}\n${model}`
    const siblings = open.get(bucket)
    if (siblings === undefined) {
      open.set(bucket, [{ node, scopes: new Set([scopeName]) }])
      continue
    }
    let closest: (typeof siblings)[number] | undefined
    let distance = 0n
    for (let index = siblings.length - 1; index >= Math.max(0, siblings.length - siblingsCompared); index--) {
      const candidate = siblings[index]!
      const other = spans[candidate.node]!
      const outlasts = endedAt - other.endedAt
      if (outlasts > siblingSlackNanos || candidate.scopes.has(scopeName) || !sameUsage(other.step.usage, step.usage)) continue
      const apart = startedAt - other.startedAt + magnitude(outlasts)
      if (closest !== undefined && apart >= distance) continue
      closest = candidate
      distance = apart
    }
    if (closest !== undefined && same.merge(closest.node, node)) closest.scopes.add(scopeName)
    else siblings.push({ node, scopes: new Set([scopeName]) })
  }
}

const magnitude = (nanos: bigint): bigint => (nanos < 0n ? -nanos : nanos)

/** What stands below one span of a model call, nearest first. */
interface Inner {
  /** Calls directly inside, without a tool or an agent between. */
  plain: number
  /** The one of them that ends last. */
  last: number
  from: bigint
  to: bigint
  /** A metered call below, −1 if none. */
  metered: number
  /** There are at least two different metered calls; the second flag: without a tool or an agent between. */
  several: boolean
  plainSeveral: boolean
  /** Sum over the nearest metered calls. */
  tokens: number
  /** One of them tells the answer that the outer span tells. */
  repeats: boolean
}

/** Innermost first: each call looks at the calls inside it, and is their wrapper, their sum, or a call of its own. */
function mergeWrappers(tree: Tree, nodes: readonly number[], around: Enclosing, same: SameCalls, sums: Uint8Array): void {
  if (nodes.every((node) => around.call[node]! < 0)) return
  const { spans, order } = tree
  const inside = new Map<number, Inner>()
  for (let place = order.length - 1; place >= 0; place--) {
    const node = order[place]!
    const { step } = spans[node]!
    if (!isCall(step)) continue
    const inner = inside.get(node)
    if (inner !== undefined) {
      if (isSum(step, inner)) sums[node] = 1
      else {
        // A tool's agent inside says nothing about a call that has inner calls of its own.
        const ofTool = isMetered(step) && inner.last >= 0 && inner.metered >= 0 && around.works[inner.metered] !== around.works[node]
        const partner = inner.metered >= 0 && !ofTool ? inner.metered : inner.last
        if (partner >= 0 && isWrapper(spans, around, node, partner, inner)) same.merge(node, partner)
      }
    }
    const outer = around.call[node]!
    if (outer >= 0) report(spans, around, same, inside, node, outer, sums[node] === 1)
  }
}

/**
 * Two metered calls inside make it a sum. With a tool or an agent between, the figures must agree: a real call may hold a
 * tool that runs an agent. Without usage of its own and with several attempts inside, it is only their bracket.
 */
function isSum(step: Step, inner: Inner): boolean {
  if (!isMetered(step)) return inner.plain >= 2
  if (hasAnswerOfItsOwn(step, inner)) return false
  if (inner.plainSeveral) return true
  return inner.several && step.usage !== undefined && totalTokens(step.usage) >= inner.tokens
}

/** Ids that providers make; frameworks and gateways number their sums otherwise. */
const providersId = /^(?:msg_|resp_|chatcmpl-)/

/**
 * LangSmith's wrapper for JavaScript writes a streamed call onto the span around it, beside that span's other calls: an
 * answer that none of them got, and fewer tokens than they have together, cannot be their sum.
 */
function hasAnswerOfItsOwn(step: Step, inner: Inner): boolean {
  if (step.usage === undefined || inner.repeats || !providersId.test(step.responseId)) return false
  return totalTokens(step.usage) < inner.tokens
}

function isWrapper(spans: readonly SpanFacts[], around: Enclosing, node: number, partner: number, inner: Inner): boolean {
  const [outer, nested] = [spans[node]!, spans[partner]!]
  if (inner.several || nested.startedAt > outer.endedAt + clockSlackNanos || !sameModel(outer.step, nested.step)) return false
  const apart = around.works[node] !== around.works[partner]
  const silent = outer.step.usage === undefined || nested.step.usage === undefined
  if (!apart && beginsLike(outer.step.usage, nested.step.usage)) return true
  if (silent ? apart : !sameUsage(outer.step.usage, nested.step.usage)) return false
  // One figure told twice is one call however long its wrapper took; and while a request is open its caller makes no other,
  // unless it reads a stream.
  if (!apart && !(silent && outer.step.streaming)) return true
  const covered = apart ? nested.endedAt - nested.startedAt : inner.to - inner.from
  return Number(covered) >= wrapperShare * Number(outer.endedAt - outer.startedAt)
}

function report(
  spans: readonly SpanFacts[], around: Enclosing, same: SameCalls, inside: Map<number, Inner>, node: number, outer: number,
  isSumOfCalls: boolean,
): void {
  const { startedAt, endedAt, step } = spans[node]!
  const plain = around.works[node] === around.works[outer]
  if (plain && step.usagePartial && same.merge(outer, node)) return
  const own = inside.get(node)
  let into = inside.get(outer)
  if (into === undefined) {
    into = {
      plain: 0, last: -1, from: startedAt, to: endedAt, metered: -1, several: false, plainSeveral: false, tokens: 0, repeats: false,
    }
    inside.set(outer, into)
  }
  into.repeats ||= same.find(node) === same.find(outer) || step.responseId === spans[outer]!.step.responseId
  if (plain) {
    into.plain++
    if (startedAt < into.from || into.last < 0) into.from = startedAt
    if (into.last < 0 || endedAt >= into.to) {
      into.to = endedAt
      into.last = node
    }
  }
  const metered = !isSumOfCalls && same.metered(node)
  const told = metered ? node : own?.metered ?? -1
  if (told < 0) return
  const another = into.metered >= 0 && same.find(into.metered) !== same.find(told)
  const several = another || (!metered && own?.several === true)
  into.several ||= several
  into.plainSeveral ||= several && plain && (metered || own?.plainSeveral === true)
  into.tokens += step.usage !== undefined && metered ? totalTokens(step.usage) : own?.tokens ?? 0
  into.metered = into.metered < 0 ? told : into.metered
}

/** A wrapper that saw only the beginning of a stream: the same input, and less output (AgentOps on Anthropic's: its first token). */
function beginsLike(outer: Usage | undefined, nested: Usage | undefined): boolean {
  if (outer === undefined || nested === undefined || outputTokens(outer) > outputTokens(nested)) return false
  return sameUsage({ ...outer, 'output.text': 0, 'output.reasoning': 0 }, { ...nested, 'output.text': 0, 'output.reasoning': 0 })
}

/** One side reports nothing, or both the same once known omissions are allowed for. */
export function sameUsage(a: Usage | undefined, b: Usage | undefined): boolean {
  if (a === undefined || b === undefined) return true
  const [inA, inB, outA, outB] = [inputTokens(a), inputTokens(b), outputTokens(a), outputTokens(b)]
  if (a.unsplit !== undefined || b.unsplit !== undefined) return totalTokens(a) === totalTokens(b)
  // An emitter that drops cache counts reports uncached input only; ADK's outer span leaves the thoughts out.
  // A call without any input is none: OpenLLMetry's LangChain says 0 of a stream whose first chunk it missed.
  const input = inA === inB || inA === 0 || inB === 0 || inA === b['input.uncached'] || a['input.uncached'] === inB
  const output = outA === outB || outA + (b['output.reasoning'] ?? 0) === outB || outB + (a['output.reasoning'] ?? 0) === outA
  return input && output
}

function collect(
  tree: Tree, nodes: readonly number[], same: SameCalls, replayed: ReadonlyMap<number, number>, sums: Uint8Array,
  callOf: Int32Array,
): readonly Call[] {
  const bySet = new Map<number, number>()
  const members: number[][] = []
  for (const node of nodes) {
    if (sums[node] === 1) continue
    const set = same.find(node)
    const known = bySet.get(set)
    if (known === undefined) {
      bySet.set(set, members.length)
      callOf[node] = members.length
      members.push([node])
    } else {
      callOf[node] = known
      members[known]!.push(node)
    }
  }
  // What another span proved to be the original call itself is no replay of it; and of two calls only the later one can be.
  const isReplay = (node: number) => replayed.has(node) && same.find(replayed.get(node)!) < same.find(node)
  return members.map((nodes) => {
    let teller = nodes[0]!
    for (const node of nodes) if (tellsMore(tree, node, teller)) teller = node
    const metered = isMetered(tree.spans[teller]!.step)
    return { members: nodes, teller, metered, replayed: metered && replayed.size > 0 && nodes.some(isReplay) }
  })
}

/** Most usage fields, then a response id, then closest to the provider. */
function tellsMore(tree: Tree, a: number, b: number): boolean {
  if (a === b) return false
  const [stepA, stepB] = [tree.spans[a]!.step, tree.spans[b]!.step]
  const difference = told(stepA) - told(stepB) || named(stepA) - named(stepB) || tree.depth[a]! - tree.depth[b]! ||
    vendors(tree.spans[a]!) - vendors(tree.spans[b]!)
  return difference > 0
}

/** The vendor's own SDK knows best what was used: OpenLLMetry 0.62.4 beside it adds a token to every stream. */
const vendors = ({ scopeName }: SpanFacts): number => (scopeName.startsWith('com.anthropic.') ? 1 : 0)

const told = (step: Step): number => (isMetered(step) ? 1 + Object.keys(step.usage ?? {}).length : 0)
const named = (step: Step): number => (step.responseId === '' ? 0 : 1)
