/**
 * The facts every layer shares: what one span says once its dialect is understood. Plain data, no behaviour.
 * Closed sets are written as `as const` lists, because the same list also makes the ClickHouse `Enum8` and the
 * GraphQL enum: a value is added here or nowhere.
 */

/** What a step is. The order is the storage value (`Enum8` from 1): append, never reorder. */
export const stepKinds = [
  'AGENT', 'WORKFLOW', 'TASK', 'MODEL_CALL', 'TOOL_CALL', 'RETRIEVAL', 'EMBEDDING', 'MEMORY', 'GUARDRAIL', 'HANDOFF',
  'EVALUATION', 'OTHER',
] as const
export type StepKind = (typeof stepKinds)[number]

/** Finer than the kind: what settlement needs to decide whether a span's usage counts. */
export const roles = [
  'turn', 'workflow', 'agent', 'step', 'plan', 'model_call', 'embedding', 'tool', 'retrieval', 'memory', 'guardrail',
  'evaluation', 'handoff', 'control', 'mcp_control', 'io', 'span',
] as const
export type Role = (typeof roles)[number]

/** The kind a role is shown as. Total: a new role does not compile until it says what people see. */
export const kindOfRole: Readonly<Record<Role, StepKind>> = {
  turn: 'WORKFLOW', workflow: 'WORKFLOW', agent: 'AGENT', step: 'TASK', plan: 'TASK', model_call: 'MODEL_CALL',
  embedding: 'EMBEDDING', tool: 'TOOL_CALL', retrieval: 'RETRIEVAL', memory: 'MEMORY', guardrail: 'GUARDRAIL',
  evaluation: 'EVALUATION', handoff: 'HANDOFF', control: 'OTHER', mcp_control: 'OTHER', io: 'OTHER', span: 'OTHER',
}

/**
 * Disjoint classes of usage: no token is in two of them, so any sum over them is exact. What a vendor calls "input" is
 * the sum over `input.*`, "output" the sum over `output.*`. `unsplit` holds a total that came without a split
 * (a crew span that says only "500 tokens"): it can be counted, not priced.
 */
export const tokenMeters = [
  'input.uncached', 'input.cache_read', 'input.cache_write.5m', 'input.cache_write.1h', 'input.audio',
  'input.audio.cache_read', 'input.image', 'output.text', 'output.reasoning', 'output.audio', 'output.image', 'unsplit',
] as const

/** What is charged by the piece beside tokens. Few calls have any, so they are stored together in one map. */
export const pieceMeters = ['tool.web_search', 'tool.file_search', 'tool.code_execution', 'request', 'audio.seconds'] as const
export type PieceMeter = (typeof pieceMeters)[number]

export const meters = [...tokenMeters, ...pieceMeters] as const
export type Meter = (typeof meters)[number]

/** What a ledger entry can be about: a class of usage, or an amount somebody claimed where no price is known. */
export const ledgerMeters = [...meters, 'reported_cost'] as const
export type LedgerMeter = (typeof ledgerMeters)[number]

/** Tokens or pieces per meter, integers > 0 up to 2^53; a meter that is absent is zero. Nothing reported at all is no vector (`undefined`), never zeros. */
export type Usage = Readonly<Partial<Record<Meter, number>>>

/** Why a usage vector deserves a second look. Shown on the step, never repaired in silence. */
export const usageFlags = [
  /** Cache counts are there and nothing says whether input includes them: read as included, the convention's default. */
  'assumed_inclusive',
  /** The numbers contradicted the table of emitters; arithmetic won. */
  'repaired',
  /** The emitter leaves out parts of the usage: too low where they are charged beside the rest, too high where they are cheaper parts of it. */
  'usage_lossy',
  /** Cache writes are inside input and their count is not reported. */
  'cache_write_hidden',
  /** Cache writes came without a lifetime and are priced as 5 minutes. */
  'cache_ttl_unknown',
  /** A part is larger than its whole under every reading. */
  'usage_inconsistent',
  /** Only a total was reported. */
  'unsplit_total',
  /** A reported total agrees with no reading of the parts: the parts were taken as they are. */
  'total_disagrees',
  /** A usage key held something that is no count (negative, not finite, not a number) and was ignored. */
  'usage_invalid',
  /** Sound and cached tokens are there and nothing says how much of the one is the other: only what must be was taken as cached sound. */
  'cached_audio_unknown',
] as const
export type UsageFlag = (typeof usageFlags)[number]

export interface TokenUsage {
  /** All input tokens, cached and cache-written ones included. */
  readonly input: number
  /** Part of `input` that was read from the cache. */
  readonly cachedInput: number
  /** Part of `input` that was written to the cache. */
  readonly cacheWrite: number
  /** All output tokens, reasoning included. */
  readonly output: number
  /** Part of `output` spent on reasoning. */
  readonly reasoning: number
  readonly total: number
}

export const ledgerKinds = ['CHARGE', 'ADJUSTMENT', 'REVERSAL'] as const
export type LedgerKind = (typeof ledgerKinds)[number]
export const costBases = ['PRICED', 'REPORTED', 'UNPRICED'] as const
export type CostBasis = (typeof costBases)[number]
/** Why an entry was posted. */
export const ledgerReasons = [
  /** A model call's own usage, charged when it arrived. */
  'metered',
  /** An aggregate's usage, charged because nothing below it reports any. */
  'promoted',
  /** What an aggregate reports above the sum of its descendants. */
  'unattributed',
  /** Reverses the charge of a call that another span tells more closely. */
  'mirrored',
  /** Reverses the charge of a span that turned out to be the sum of calls below it. */
  'rolled_up',
  /** Reverses the charge of an answer that was replayed from a client-side cache. */
  'replayed',
  /** The same span came again and says something else. */
  'restated',
  /** Somebody ordered the usage to be priced anew. */
  'repriced',
  /** A provider's bill says otherwise, and a person agreed. */
  'reconciled',
] as const
export type LedgerReason = (typeof ledgerReasons)[number]

export const outcomes = ['ALLOW', 'WARN', 'DENY', 'REQUIRE_APPROVAL', 'REDACT'] as const
export type Outcome = (typeof outcomes)[number]
export const policyModes = ['SHADOW', 'ENFORCE'] as const
export type PolicyMode = (typeof policyModes)[number]
export const decisionPlaces = ['AGENT', 'ENDPOINT', 'COLLECTOR'] as const
export type DecisionPlace = (typeof decisionPlaces)[number]

export const runStatuses = ['RUNNING', 'COMPLETED', 'FAILED', 'INCOMPLETE'] as const
export type RunStatus = (typeof runStatuses)[number]

/** 10^-12 US dollar. A price of $0.0375 per million tokens is 37_500n per token, exactly. */
export type PicoUsd = bigint
/** Nanoseconds since the Unix epoch, the `fixed64` that OTLP carries. Never a JS number: 2^53 ns ended in 1970. */
export type UnixNano = bigint

/** What a guardrail span of the agent itself says was decided. */
export interface AgentDecision {
  readonly policyId: string
  /** 0 where the telemetry names none. */
  readonly policyVersion: number
  readonly outcome: Outcome
  readonly reason: string
  /** The tool, input or output that was judged, '' where unknown. */
  readonly target: string
}

/** One span, understood: every field that we store. '' means the telemetry does not say. */
export interface Step {
  readonly dialect: string
  readonly role: Role
  /** `gen_ai.operation.name` as sent, folded by the table of 2.1; '' if none. */
  readonly operation: string
  readonly agent: string
  readonly agentId: string
  readonly workflow: string
  /** Conversation: runs that share it are one session. */
  readonly session: string
  readonly user: string
  /** Sorted, each once, one a line: see `tags.ts`. */
  readonly tags: string
  /** Folded by the alias table (`openai.chat` is `openai`); '' where unknown or only a framework is named. */
  readonly provider: string
  readonly requestModel: string
  readonly responseModel: string
  readonly responseId: string
  readonly tool: string
  readonly toolCallId: string
  /** 16 hex digits over the tool's canonical arguments, '' where not captured: equal calls have equal hashes. */
  readonly toolArgumentsHash: string
  readonly finishReasons: readonly string[]
  readonly errorType: string
  readonly errorMessage: string
  /** Milliseconds from the request to the first chunk. */
  readonly timeToFirstTokenMs: number | undefined
  readonly streaming: boolean
  /** Usage this span reports, whatever its role; `undefined` where it reports none. */
  readonly usage: Usage | undefined
  readonly usageFlags: readonly UsageFlag[]
  /** True where the usage is a part of a call another span tells whole (`gen_ai.usage.partial.*`, chunks): never counted. */
  readonly usagePartial: boolean
  /** True where the usage grows over the life of an object and is no sum of this run (Strands agents): never counted. */
  readonly usageCumulative: boolean
  /** True where this span's usage is the authority whatever its descendants say (Logfire's Claude SDK root). */
  readonly usageAuthoritative: boolean
  /** What the instrumentation says the call cost. */
  readonly reportedCost: PicoUsd | undefined
  /** Identity of the provider's answer, for finding the same call told twice: `response:<provider family>:<id>`, `request:<id>`. */
  readonly callKeys: readonly string[]
  /** The agent's own verdict, on guardrail spans and on tool calls that were blocked. */
  readonly decision: AgentDecision | undefined
  /** False for a tool span that says it was not executed (blocked, denied, merged bookkeeping span). */
  readonly executed: boolean
  /**
   * What decides the price beside model, time and prompt, as words: the tier that served the call (else the one asked for) and
   * what else was said, `batch`, `speed:fast`, `region:us-east-1`. One field, because almost every call has none.
   */
  readonly serviceTier: string
}

/** A span as settlement and queries need it: identity, time, place in the tree, and its step. */
export interface SpanFacts {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** 16 hex digits, '' for a root. */
  readonly parentSpanId: string
  readonly startedAt: UnixNano
  /** Never before `startedAt`. */
  readonly endedAt: UnixNano
  readonly name: string
  /** OTLP `SpanKind`: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly spanKind: number
  /** OTLP status code is ERROR. */
  readonly failed: boolean
  readonly service: string
  readonly environment: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly step: Step
}
