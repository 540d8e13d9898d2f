import { isToldByLog } from './agent-logs.ts'
import type { AttributeValue, SpanRecord } from './attributes.ts'
import { reportedCost } from './cost.ts'
import { agentDecision } from './decision.ts'
import { detect, detection } from './detect.ts'
import type { CountingRule, Dialect, Draft } from './dialect.ts'
import type { Role, Step, Usage, UsageFlag } from './facts.ts'
import { argumentsHash } from './hash.ts'
import { billingProvider, foldProvider, providerFamily } from './provider.ts'
import { priceTerms } from './price-terms.ts'
import { keyTable, read, type Reading } from './reading.ts'
import { callName, roleOf } from './role.ts'
import { normaliseUsage, type UsageCounts } from './usage.ts'
import { tagText } from './tags.ts'
import { cut, finite, member, parsed, parsedObject, truth, word } from './value.ts'

/** Reasons an answer may give for ending, one per choice, and the length of one. */
const finishReasonsLimit = 16
const finishReasonLength = 64
/** Characters of an error's message. */
const messageLimit = 4096
/** A year: what waits longer for its first chunk is a broken clock. */
const firstChunkLimitMillis = 365 * 24 * 3600 * 1000

/** One for all steps: they live until their trace is settled, and every collection of garbage walks them. */
const none: readonly never[] = []

const dialects: readonly Dialect[] = [...new Set(detection.map(([dialect]) => dialect))]
const tables = new Map(dialects.map((dialect) => {
  const others = dialects.filter((other) => other !== dialect)
  return [dialect, keyTable(dialect.keys, others.map((other) => other.keys))]
}))

/**
 * One span, understood: its dialect, its role and every canonical field. Pure, indifferent to the order of attributes,
 * and total: what has the wrong type or size is ignored, never thrown at the caller.
 */
export function interpret(span: SpanRecord): Step {
  const dialect = detect(span)
  const reading = read(tables.get(dialect) as NonNullable<ReturnType<typeof tables.get>>, span.attributes, span.resource)
  const draft = commonStep(dialect, reading, span)
  dialect.refine?.(draft, reading, span)
  // The conventions' reason for an end that was none. Of a stream that broke off there may be no other word (captured from ai 6.0.326 on npm).
  if (draft.finishReasons.includes('error')) draft.errorType ||= 'error'
  nameFromSpan(draft, span)
  const client = foldProvider(draft.provider)
  draft.provider = billingProvider(client, reading.word('serverAddress'))
  // Anthropic's API counts the same whoever sells it.
  meter(draft, client === 'anthropic' ? client : draft.provider, dialect, reading, span)
  draft.serviceTier = priceTerms(draft.serviceTier, reading)
  decide(draft, reading, span)
  // A call that a log event tells is found by its session alone: by its keys, each of the two sources would yield to the other.
  draft.callKeys = isToldByLog(span.name) ? none : callKeys(dialect, draft, client, reading)
  if (draft.role === 'tool' || draft.role === 'handoff') draft.toolArgumentsHash = argumentsHash(reading.value('toolArguments'))
  return draft
}

/** `str()` of a class and of an enum's member, as Semantic Kernel sends them. */
const pythonClass = /^<class '(.{1,256})'>$/
const pythonEnum = /^FinishReason\./
/** Micrometer, and so Spring AI, has a word for what is not there; OpenLLMetry's Vertex 0.40.14 has another. */
const modelWord = (name: string): string => (name === 'none' || name === 'unknown' ? '' : name)
/** Semantic Kernel for .NET has one, too (ModelDiagnostics.cs@037139f and @15d1751). */
const notThere = 'N/A'

/** What every dialect says the same way. */
function commonStep(dialect: Dialect, reading: Reading, span: SpanRecord): Draft {
  const streaming = truth(reading.value('streaming'))
  // OpenLIT gives every call one, streamed or not.
  const timeToFirstTokenMs = streaming === false ? undefined : firstTokenMillis(reading, span)
  const draft: Draft = {
    dialect: dialect.name,
    role: roleOf(reading, span),
    operation: reading.word('operation'),
    agent: reading.word('agent'),
    agentId: reading.word('agentId'),
    workflow: reading.word('workflow'),
    session: reading.word('session'),
    user: reading.word('user'),
    tags: tagText(reading.value('tags')),
    provider: reading.word('provider'),
    requestModel: modelWord(reading.word('requestModel')),
    responseModel: modelWord(reading.word('responseModel')),
    responseId: reading.word('responseId') === notThere ? '' : reading.word('responseId'),
    tool: reading.word('tool'),
    toolCallId: reading.word('toolCallId'),
    toolArgumentsHash: '',
    finishReasons: finishReasons(reading.value('finishReasons') ?? choiceReason(span)),
    errorType: reading.word('errorType').replace(pythonClass, '$1'),
    errorMessage: '',
    timeToFirstTokenMs,
    streaming: streaming === true || timeToFirstTokenMs !== undefined,
    usage: undefined,
    usageFlags: none,
    usagePartial: false,
    usageCumulative: false,
    usageAuthoritative: false,
    reportedCost: reportedCost(reading),
    callKeys: none,
    decision: undefined,
    executed: true,
    serviceTier: reading.word('servedTier') || reading.word('requestedTier'),
  }
  describeError(draft, reading, span)
  return draft
}

function describeError(draft: Draft, reading: Reading, span: SpanRecord): void {
  const failed = span.statusCode === 2 || draft.errorType !== ''
  const message = reading.word('errorMessage')
  if (!failed && message === '') return
  const exception = failed ? span.events.findLast((event) => event.name === 'exception') : undefined
  if (failed) draft.errorType ||= word(exception?.attributes.get('exception.type')) ?? ''
  const said = exception?.attributes.get('exception.message')
  draft.errorMessage = cut(span.statusMessage || message || (typeof said === 'string' ? said : ''), messageLimit)
}

/** `invoke_agent Planner`: the name after the operation; an agent with an id and no name is known by its id. */
function nameFromSpan(draft: Draft, span: SpanRecord): void {
  if (draft.role === 'agent' && draft.agent === '') {
    const name = nameAfter(span.name, 'invoke_agent ')
    // Vercel 7 puts the model there when the agent has no name.
    if (name !== draft.requestModel) draft.agent = name
  }
  if (draft.role === 'tool' && draft.tool === '') draft.tool = nameAfter(span.name, 'execute_tool ')
  // Laminar names a tool by its span alone.
  if (draft.role === 'tool' && draft.tool === '' && span.attributes.has('lmnr.span.type')) draft.tool = word(span.name) ?? ''
  // OpenHands names its own span around a call `llm.` and the model, and has it nowhere else.
  const laminarModel = draft.role === 'model_call' && span.attributes.has('lmnr.span.type') ? nameAfter(span.name, 'llm.') : ''
  if (draft.requestModel === '' && draft.responseModel === '') draft.requestModel = callName(span)?.model ?? laminarModel
  if (draft.role === 'workflow' && draft.workflow === '') draft.workflow = nameAfter(span.name, 'invoke_workflow ')
  // Traceloop's decorator of an agent writes the agent's name over the workflow's, for its whole subtree, whoever makes the spans there.
  if (draft.workflow !== '' && draft.workflow === draft.agent && span.attributes.has('traceloop.workflow.name')) draft.workflow = ''
  draft.agent ||= draft.agentId
}

function nameAfter(text: string, operation: string): string {
  return text.startsWith(operation) ? (word(text.slice(operation.length).trim()) ?? '') : ''
}

function firstTokenMillis(reading: Reading, span: SpanRecord): number | undefined {
  const seconds = finite(reading.value('firstChunkSeconds'))
  const millis = seconds === undefined ? finite(reading.value('firstChunkMillis')) : seconds * 1000
  if (millis !== undefined) return millis >= 0 && millis <= firstChunkLimitMillis ? millis : undefined
  const at = reading.value('firstChunkAt')
  if (typeof at !== 'string' || at.length > 64) return undefined
  const text = at.startsWith('"') ? parsed(at) : at
  const wait = typeof text === 'string' ? Date.parse(text) - Number(span.startTimeUnixNano / 1_000_000n) : Number.NaN
  return wait >= 0 && wait <= firstChunkLimitMillis ? wait : undefined
}

/** An array, JSON text of one (Mastra), or one word. Kept as sent: `end_turn` stays `end_turn`. */
export function finishReasons(value: AttributeValue | undefined): readonly string[] {
  if (value === undefined) return none
  const json = typeof value === 'string' && !/^\s*["[]/.test(value) ? value : parsed(value)
  const list = Array.isArray(json) ? json : [json ?? value]
  const reasons: string[] = []
  for (const reason of list) {
    if (typeof reason === 'string' && reason !== '' && reason !== notThere) reasons.push(cut(reason.replace(pythonEnum, ''), finishReasonLength))
    if (reasons.length === finishReasonsLimit) break
  }
  return reasons
}

/** Conventions of 1.28 to 1.36, Strands among those who still follow: the reason is in the `gen_ai.choice` event. Azure's SDKs put JSON of it there. */
function choiceReason(span: SpanRecord): AttributeValue | undefined {
  const choice = span.events.findLast((event) => event.name === 'gen_ai.choice')?.attributes
  const said = choice?.get('finish_reason')
  if (said !== undefined) return said
  const reason = member(parsedObject(choice?.get('gen_ai.event.content')), 'finish_reason')
  return typeof reason === 'string' ? reason : undefined
}

/** Roles that a usage vector says nothing about: a poll repeats a call, a transport span belongs to one. */
const unmetered: ReadonlySet<Role> = new Set<Role>(['control', 'mcp_control', 'io'])

function meter(draft: Draft, countedBy: string, dialect: Dialect, reading: Reading, span: SpanRecord): void {
  if (unmetered.has(draft.role)) return
  const counts = countsOf(reading)
  dialect.counts?.(counts, reading, span)
  // An embedding puts nothing out: a total alone is its input (@langfuse/tracing 5.11.1 tells no more in its example of one).
  if (draft.role === 'embedding' && (counts.output ?? 0) === 0 && counts.total !== undefined) counts.input ||= counts.total
  if (isAroundCall(counts, span)) return
  addCompactions(counts, reading)
  if (counts.input === undefined && counts.output === undefined && addPartial(counts, reading)) draft.usagePartial = true
  const rule = countingRule(dialect, countedBy, span)
  // Also where it answers as OpenAI, whose client names no provider of its own or OpenAI.
  if (providerFamily(countedBy) === 'google' || /gemini/i.test(draft.responseModel || draft.requestModel)) addThoughts(counts, rule)
  const { usage, flags } = normaliseUsage(counts, rule)
  draft.usage = usage
  draft.usageFlags = reading.invalidCounts ? [...flags, 'usage_invalid'] : flags
  if (counts.input === 0 && usage !== undefined && (draft.role === 'model_call' || draft.role === 'embedding')) doubtZero(draft, usage)
}

/**
 * No call takes nothing. Whoever says that one took and gave nothing does not know (OpenLLMetry 0.30.1 with Anthropic's SDK of later years,
 * captured): it is unmetered and not free. An output alone is a lower bound (its LangChain, of a stream whose first chunk it missed).
 */
function doubtZero(draft: Draft, usage: Usage): void {
  const told = Object.keys(usage)
  if (told.length === 0) {
    draft.usage = undefined
    draft.usageFlags = none
  } else if (told.every((meter) => meter.startsWith('output.'))) draft.usageFlags = [...new Set<UsageFlag>([...draft.usageFlags, 'usage_lossy'])]
}

/**
 * OpenHands' own span around a call (openhands-sdk 1.58.2, captured) has what a cache gave and the cost, and neither input nor
 * output: they are the call's below it, where LiteLLM's callback told that one. By itself it meters nothing.
 */
function isAroundCall(counts: UsageCounts, span: SpanRecord): boolean {
  return counts.input === undefined && counts.output === undefined && counts.total === undefined && span.attributes.has('lmnr.span.type')
}

function countsOf(reading: Reading): UsageCounts {
  return {
    input: reading.count('input'), output: reading.count('output'), total: reading.count('total'),
    cacheRead: reading.count('cacheRead'), cacheWrite: reading.count('cacheWrite'),
    cacheWrite5m: reading.count('cacheWrite5m'), cacheWrite1h: reading.count('cacheWrite1h'),
    reasoning: reading.count('reasoning'), toolUseInput: reading.count('toolUseInput'),
    audioInput: reading.count('audioInput'), audioOutput: reading.count('audioOutput'), audioCacheRead: reading.count('audioCacheRead'),
    imageInput: reading.count('imageInput'), imageOutput: reading.count('imageOutput'),
    webSearches: reading.count('webSearches'), fileSearches: reading.count('fileSearches'), codeExecutions: reading.count('codeExecutions'),
    audioSeconds: reading.count('audioSeconds'),
  }
}

/**
 * Gemini's total holds the thoughts, its output does not: OpenLLMetry and LangChain's JavaScript pass both on and leave the
 * thoughts themselves out. They are what the total has more, unless that is something else that was reported.
 */
function addThoughts(counts: UsageCounts, rule: Partial<CountingRule>): void {
  const { input, output, total } = counts
  if (counts.reasoning !== undefined || input === undefined || output === undefined || total === undefined) return
  const cached = (counts.cacheRead ?? 0) + (counts.cacheWrite ?? 0)
  const rest = total - input - output - (rule.input === 'exclusive' ? cached : 0)
  if (rest > 0 && rest !== cached && rest !== counts.toolUseInput) counts.reasoning = rest
}

/** A history that was summed up on the way is charged beside the answer. What of it came from a cache is not told: it counts as fresh. */
function addCompactions(counts: UsageCounts, reading: Reading): void {
  const [input, output] = [reading.count('compactionInput'), reading.count('compactionOutput')]
  if (input !== undefined && counts.input !== undefined) counts.input += input
  if (output !== undefined && counts.output !== undefined) counts.output += output
}

/** Logfire's `gen_ai.usage.partial.*`: shown, never counted. False where there is none. */
function addPartial(counts: UsageCounts, reading: Reading): boolean {
  const input = reading.count('partialInput')
  const output = reading.count('partialOutput')
  if (input === undefined && output === undefined) return false
  counts.input = input
  counts.output = output
  counts.cacheRead ??= reading.count('partialCacheRead')
  counts.cacheWrite ??= reading.count('partialCacheWrite')
  return true
}

function countingRule(dialect: Dialect, provider: string, span: SpanRecord): Partial<CountingRule> {
  const { attributes, scope } = span
  return dialect.counting?.find((rule) =>
    (rule.scope?.(scope.name) ?? true) && (rule.below === undefined || isBelow(scope.version, rule.below)) &&
    (rule.from === undefined || (/\d/.test(scope.version) && !isBelow(scope.version, rule.from))) &&
    (rule.providers?.includes(provider) ?? true) && (rule.when?.(attributes, span.name) ?? true)) ?? {}
}

/** Dotted numbers; a version that is not known is not below anything. */
export function isBelow(version: string, bound: string): boolean {
  const mine = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(version)
  if (mine === null) return false
  const theirs = bound.split('.')
  for (let part = 0; part < 3; part++) {
    const difference = Number(mine[part + 1] ?? 0) - Number(theirs[part] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function decide(draft: Draft, reading: Reading, span: SpanRecord): void {
  draft.decision ??= agentDecision(draft, reading, span.name, truth(span.attributes.get('gen_ai.guardrail.triggered')))
  if (draft.role !== 'tool') return
  if (draft.decision?.outcome === 'DENY' || draft.decision?.outcome === 'REQUIRE_APPROVAL') draft.executed = false
}

/**
 * Ollama numbers its answers `chatcmpl-` and a random number below 1000 (ollama/ollama openai compatibility layer): not
 * an identity.
 */
const notUnique = /^chatcmpl-\d{1,3}$/

/** What proves that two spans tell the same call. */
function callKeys(dialect: Dialect, draft: Draft, client: string, reading: Reading): readonly string[] {
  if (draft.role !== 'model_call' && draft.role !== 'embedding') return none
  const keys: string[] = []
  if (draft.responseId !== '' && !notUnique.test(draft.responseId)) {
    // Copilot in VS Code writes its own request id where the provider's answer id belongs: strong among its own spans only.
    // Copilot CLI (captured from 1.0.102) has the provider's, which a gateway's span has too.
    const vendor = vendorOfId(draft.responseId)
    const family = vendor ?? (dialect.name === 'copilot' ? 'copilot' : providerFamily(draft.provider))
    keys.push(`response:${family}:${draft.responseId}`)
    // Whoever tells the same call without the host knows only the client.
    const byClient = vendor === undefined && client !== '' && dialect.name !== 'copilot' ? providerFamily(client) : family
    if (byClient !== family) keys.push(`response:${byClient}:${draft.responseId}`)
  }
  const request = reading.word('requestId')
  if (request !== '') keys.push(`request:${request}`)
  return keys
}

/** The id's own prefix where it tells the vendor, so that a span without provider and one behind a gateway still meet. */
function vendorOfId(id: string): string | undefined {
  if (id.startsWith('chatcmpl-') || id.startsWith('resp_')) return 'openai'
  return id.startsWith('msg_') ? 'anthropic' : undefined
}
