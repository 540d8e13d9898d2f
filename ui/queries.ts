// Written by ui/generate.ts from queries.graphql and the server's schema: change those.
/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What kind of receiver. */
export type AlertDestinationKind =
  /** Prometheus Alertmanager, API v2. */
  | 'ALERTMANAGER'
  /** A mail server. */
  | 'EMAIL'
  /** PagerDuty, Events API v2. */
  | 'PAGERDUTY'
  /** An incoming webhook of Slack. */
  | 'SLACK'
  /** Any receiver of signed webhooks (Standard Webhooks). */
  | 'WEBHOOK';

/** What happened. */
export type AlertEventKind =
  /** A destination took it. */
  | 'DELIVERED'
  /** A destination did not. */
  | 'FAILED'
  /** It fired. */
  | 'FIRING'
  /** It fired while its rule was muted. */
  | 'MUTED'
  /** It was over. */
  | 'RESOLVED';

/** Who may change a rule. */
export type AlertRuleOrigin =
  /** Whoever may call this API. */
  | 'API'
  /** The operator, in the alerts file. */
  | 'FILE';

/** How bad it is. */
export type AlertSeverity =
  /** A limit is used up, or burns within hours. */
  | 'CRITICAL'
  /** For information. */
  | 'INFO'
  /** Somebody should look. */
  | 'WARNING';

/** An attribute that a span carries. Text is found through an index, whole and in the same case; numbers and truth values by reading the range. */
export type AttributeFilter = {
  /** Its key, such as `gen_ai.tool.call.id`. */
  key: string;
  /** Its value; of a number as decimal digits, of a truth value `true` or `false`. */
  value: string;
};

/** What happens at the limit. */
export type BudgetAction =
  /** An alert. */
  | 'ALERT'
  /** The decide endpoint refuses the call. */
  | 'DENY'
  /** The decide endpoint refuses the call and all others of its run. */
  | 'KILL'
  /** Nothing. */
  | 'OBSERVE'
  /** The decide endpoint asks for a person. */
  | 'REQUIRE_APPROVAL';

/** What a budget can be about, and divided by: what a ledger line names. */
export type BudgetDimension =
  /** Agent. */
  | 'AGENT'
  /** Deployment environment. */
  | 'ENVIRONMENT'
  /** Model that was priced. */
  | 'MODEL'
  /** Project the telemetry was sent to. */
  | 'PROJECT'
  /** Who serves the model. */
  | 'PROVIDER'
  /** One run. */
  | 'RUN'
  /** Service that sent the span. */
  | 'SERVICE'
  /** Conversation. */
  | 'SESSION'
  /** Tag; a call with several counts for each. */
  | 'TAG'
  /** User. */
  | 'USER'
  /** Workflow. */
  | 'WORKFLOW';

/** What is counted. */
export type BudgetMeasure =
  /** Spans that are charged. */
  | 'CALLS'
  /** Tokens of every meter. */
  | 'TOKENS'
  /** US dollars. */
  | 'USD';

/** Who may change a budget. */
export type BudgetOrigin =
  /** Whoever may call this API. */
  | 'API'
  /** The operator, in the budgets file. */
  | 'FILE';

/** Over which time usage is summed. */
export type BudgetPeriod =
  /** Calendar day of the time zone. */
  | 'DAY'
  /** All time. */
  | 'LIFETIME'
  /** Calendar month. */
  | 'MONTH'
  /** Calendar quarter. */
  | 'QUARTER'
  /** The last `rollingHours`. */
  | 'ROLLING'
  /** Each run has the whole limit. */
  | 'RUN'
  /** Calendar week from Monday. */
  | 'WEEK'
  /** Calendar year. */
  | 'YEAR';

/** What reached it. */
export type BudgetThresholdOn =
  /** What was used. */
  | 'ACTUAL'
  /** What is expected at the end of the period. */
  | 'FORECAST';

/** How soon somebody should look. */
export type BurnSeverity =
  /** Once in three days and in six hours. */
  | 'NOTICE'
  /** 14.4 times in an hour and in five minutes. */
  | 'PAGE'
  /** 3 times in a day and in two hours. */
  | 'TICKET'
  /** 6 times in six hours and in thirty minutes. */
  | 'URGENT';

/** What an amount rests on. */
export type CostBasis =
  /** Usage times a price of the price book. */
  | 'PRICED'
  /** What the instrumentation claimed, because no price is known. */
  | 'REPORTED'
  /** No price is known and nothing was claimed: there is no amount. */
  | 'UNPRICED';

/** What costs can be split by. */
export type CostDimension =
  /** Agent the cost belongs to. */
  | 'AGENT'
  /** What the amount rests on. */
  | 'BASIS'
  /** Deployment environment. */
  | 'ENVIRONMENT'
  /** Class of usage. */
  | 'METER'
  /** Model that was priced. */
  | 'MODEL'
  /** Project the telemetry was sent to. */
  | 'PROJECT'
  /** Who serves the model. */
  | 'PROVIDER'
  /** One run. */
  | 'RUN'
  /** Service that sent the span. */
  | 'SERVICE'
  /** Conversation the cost belongs to. */
  | 'SESSION'
  /** One tag. A line with several stands in the row of each: rows overlap, and can add up to more than the total. */
  | 'TAG'
  /** User the cost belongs to. */
  | 'USER'
  /** Workflow the cost belongs to. */
  | 'WORKFLOW';

/** Which ledger lines are summed. All conditions hold together. A condition that is left out, null or an empty list restricts nothing. */
export type CostFilter = {
  /** Any of these agents; "" finds lines that name none. */
  agent?: Array<string> | null | undefined;
  /** Any of these bases. */
  basis?: Array<CostBasis> | null | undefined;
  /** True: lines of calls that their sender says cost another amount than ours. */
  claimDiffers?: boolean | null | undefined;
  /** True: lines of calls of which their sender says what they cost; their claims are the sum in `CostRow.reportedCost`. */
  claimed?: boolean | null | undefined;
  /** Lines of runs of any of these coding agents: `claude_code`, `codex`, `gemini_cli`, `qwen_code`, `copilot`. */
  codingAgent?: Array<string> | null | undefined;
  /** Any of these environments; "" finds lines that name none. */
  environment?: Array<string> | null | undefined;
  /** Any of these kinds. */
  kind?: Array<LedgerKind> | null | undefined;
  /** Any of these meters, such as `output.text`. */
  meter?: Array<string> | null | undefined;
  /** Any of these models; "" finds lines that name none. */
  model?: Array<string> | null | undefined;
  /** When they were posted. */
  posted?: PostedRange | null | undefined;
  /** Priced with any of these price books; "" finds lines that name none. */
  priceBookVersion?: Array<string> | null | undefined;
  /** Any of these projects. */
  project?: Array<string> | null | undefined;
  /** Any of these providers; "" finds lines that name none. */
  provider?: Array<string> | null | undefined;
  /** Any of these reasons, such as `metered`. */
  reason?: Array<string> | null | undefined;
  /** Lines of coding agents at work in any of these repositories; "" finds those that name none. */
  repository?: Array<string> | null | undefined;
  /** Lines of any of these runs. */
  runId?: Array<string | number> | null | undefined;
  /** Any of these services. */
  service?: Array<string> | null | undefined;
  /** Any of these sessions; "" finds lines that name none. */
  session?: Array<string> | null | undefined;
  /** Lines of any of these spans. */
  spanId?: Array<string | number> | null | undefined;
  /** Lines with any of these tags; "" finds lines that have none. */
  tag?: Array<string> | null | undefined;
  /** Any of these users; "" finds lines that name none. */
  user?: Array<string> | null | undefined;
  /** Any of these workflows; "" finds lines that name none. */
  workflow?: Array<string> | null | undefined;
};

/** Which policy decisions. All conditions hold together; one that is left out, null or an empty list restricts nothing. */
export type DecisionFilter = {
  /** About any of these agents; "" finds decisions that name none. */
  agent?: Array<string> | null | undefined;
  /** In any of these modes. */
  mode?: Array<PolicyMode> | null | undefined;
  /** Any of these outcomes. */
  outcome?: Array<DecisionOutcome> | null | undefined;
  /** Taken at any of these places. */
  place?: Array<DecisionPlace> | null | undefined;
  /** By any of these policies. */
  policyId?: Array<string | number> | null | undefined;
  /** When it was decided. */
  range?: TimeRange | null | undefined;
  /** About any of these runs. */
  runId?: Array<string | number> | null | undefined;
  /** About any of these spans. */
  spanId?: Array<string | number> | null | undefined;
};

/** What was decided. */
export type DecisionOutcome =
  /** Let through. */
  | 'ALLOW'
  /** Blocked. */
  | 'DENY'
  /** Let through with content removed. */
  | 'REDACT'
  /** Held until a person agrees. */
  | 'REQUIRE_APPROVAL'
  /** Let through with a warning. */
  | 'WARN';

/** Where a decision was taken. */
export type DecisionPlace =
  /** In the agent, before the action. */
  | 'AGENT'
  /** In hindsight, from telemetry: a finding, never an intervention. */
  | 'COLLECTOR'
  /** At the decide endpoint, before the action. */
  | 'ENDPOINT';

/** What explains the difference between a bill and the ledger. */
export type DifferenceCause =
  /** They agree up to a thousandth. */
  | 'MATCHED'
  /** More was billed than recorded: somebody calls without telemetry. */
  | 'NOT_IN_LEDGER'
  /** More was recorded than billed: something was recorded twice, or is not billed yet. */
  | 'NOT_ON_BILL'
  /** The same usage at another price: a tier, a discount, or no price card. */
  | 'PRICE'
  /** What is missing on one day is too much on the day beside it. */
  | 'TIMING';

/** What exactly was found. */
export type FindingCode =
  /** The sender's SDK dropped attributes before sending: tokens, models or sessions may be among them. */
  | 'ATTRIBUTES_DROPPED'
  /** Sound and cached tokens are reported, and nothing says how much of the sound was cached: only what must have been is priced so. Cached sound costs less. */
  | 'CACHED_SOUND_UNKNOWN'
  /** Cached tokens are reported, and nothing says whether the input contains them. It is read as the conventions say, inside; if it is not, the cost is too low. */
  | 'CACHE_COUNTING_UNKNOWN'
  /** This instrumentation is known to leave out parts of the usage, such as cached tokens, thoughts or sub-agents: tokens and cost are too low where those are charged beside the rest, and the cost is too high where they are the cheaper part of it. */
  | 'CACHE_COUNTS_DROPPED'
  /** Tokens were written to the cache and nothing says for how long: they are priced as 5 minutes. An hour costs more. */
  | 'CACHE_LIFETIME_UNKNOWN'
  /** Tokens written to the cache are somewhere in the input and not told apart: they are priced as plain input, which is cheaper. */
  | 'CACHE_WRITES_HIDDEN'
  /** Messages end in the midst of their JSON: a limit on attribute values cut them, and they are shown as text. */
  | 'CONTENT_CUT'
  /** The span ends before it starts, or never says when: its duration is shown as 0. */
  | 'END_BEFORE_START'
  /** The sender's SDK dropped span events before sending: messages or exceptions may be among them. */
  | 'EVENTS_DROPPED'
  /** The sender's SDK dropped links before sending. */
  | 'LINKS_DROPPED'
  /** A model call names neither the model that was asked nor the one that answered: its tokens cannot be priced. */
  | 'MODEL_MISSING'
  /** The attribute has a newer name. It is read all the same; what the newer versions added beside it may be missing. */
  | 'NAME_OUTDATED'
  /** The span carries tokens or the model that answered and does not say what it did: it is shown as plumbing, and not as a model call. */
  | 'OPERATION_MISSING'
  /** The operation is none that is known, so the step is shown as plumbing: its tokens are not charged as a call. */
  | 'OPERATION_UNKNOWN'
  /** The call names no provider, or a framework in its place: the price is found by the model's name alone. */
  | 'PROVIDER_MISSING'
  /** The provider is none that the conventions or our table of aliases name. A price is found by the model's name alone; without one the call is unpriced. */
  | 'PROVIDER_UNKNOWN'
  /** Only the model that was asked is known. Where that is an alias or a router, another model may have answered, at another price. */
  | 'RESPONSE_MODEL_MISSING'
  /** The tracer has no name, so nobody can say which instrumentation wrote the span, nor how it counts. */
  | 'SCOPE_NAME_MISSING'
  /** The telemetry does not say which service it is from: runs and costs cannot be told apart by service. */
  | 'SERVICE_NAME_MISSING'
  /** A tool call without the tool's name: policies about tools cannot match it, and loops cannot be told. */
  | 'TOOL_NAME_MISSING'
  /** An attribute has another type than the convention gives it. It is read all the same; other backends may drop it. */
  | 'TYPE_WRONG'
  /** A part (cached, reasoning, audio) is larger than the whole it belongs to, under every reading. The part was cut to its whole. */
  | 'USAGE_CONTRADICTORY'
  /** A token count is negative, a fraction or no number at all, and was ignored: tokens and cost may be too low. */
  | 'USAGE_INVALID'
  /** A model call succeeded and says nothing of its tokens: they are not counted and nothing is charged. */
  | 'USAGE_MISSING'
  /** The counts contradict how this instrumentation is known to count; what arithmetic allows was taken. */
  | 'USAGE_REPAIRED'
  /** Only a total of tokens is reported. It is counted, and cannot be priced, because input and output cost differently. */
  | 'USAGE_UNSPLIT';

/** What is wrong, roughly. */
export type FindingKind =
  /** It can be read in more than one way, and one was chosen. */
  | 'AMBIGUOUS'
  /** It was there, and was lost before it came here. */
  | 'DROPPED'
  /** It has the wrong type or an impossible value. */
  | 'MALFORMED'
  /** Something that is needed is not there. */
  | 'MISSING'
  /** It has a name of an earlier version of the conventions. */
  | 'OUTDATED'
  /** It is a word that nobody has defined. */
  | 'UNRECOGNISED';

/** Width of a bucket of time. */
export type Interval =
  /** One calendar day of the time zone asked for. */
  | 'DAY'
  /** One hour. */
  | 'HOUR'
  /** One minute. */
  | 'MINUTE'
  /** One calendar month. */
  | 'MONTH'
  /** One week from Monday. */
  | 'WEEK';

/** Which ledger lines. All conditions hold together. A condition that is left out, null or an empty list restricts nothing. */
export type LedgerFilter = {
  /** Any of these agents; "" finds lines that name none. */
  agent?: Array<string> | null | undefined;
  /** Any of these bases. */
  basis?: Array<CostBasis> | null | undefined;
  /** True: lines of calls that their sender says cost another amount than ours. */
  claimDiffers?: boolean | null | undefined;
  /** True: lines of calls of which their sender says what they cost; their claims are the sum in `CostRow.reportedCost`. */
  claimed?: boolean | null | undefined;
  /** Lines of runs of any of these coding agents: `claude_code`, `codex`, `gemini_cli`, `qwen_code`, `copilot`. */
  codingAgent?: Array<string> | null | undefined;
  /** Any of these environments; "" finds lines that name none. */
  environment?: Array<string> | null | undefined;
  /** Any of these kinds. */
  kind?: Array<LedgerKind> | null | undefined;
  /** Any of these meters, such as `output.text`. */
  meter?: Array<string> | null | undefined;
  /** Any of these models; "" finds lines that name none. */
  model?: Array<string> | null | undefined;
  /** When they were posted. */
  posted?: PostedRange | null | undefined;
  /** Priced with any of these price books; "" finds lines that name none. */
  priceBookVersion?: Array<string> | null | undefined;
  /** Any of these projects. */
  project?: Array<string> | null | undefined;
  /** Any of these providers; "" finds lines that name none. */
  provider?: Array<string> | null | undefined;
  /** When the usage happened. */
  range?: TimeRange | null | undefined;
  /** Any of these reasons, such as `metered`. */
  reason?: Array<string> | null | undefined;
  /** Lines of coding agents at work in any of these repositories; "" finds those that name none. */
  repository?: Array<string> | null | undefined;
  /** Lines of any of these runs. */
  runId?: Array<string | number> | null | undefined;
  /** Any of these services. */
  service?: Array<string> | null | undefined;
  /** Any of these sessions; "" finds lines that name none. */
  session?: Array<string> | null | undefined;
  /** Lines of any of these spans. */
  spanId?: Array<string | number> | null | undefined;
  /** Lines with any of these tags; "" finds lines that have none. */
  tag?: Array<string> | null | undefined;
  /** Any of these users; "" finds lines that name none. */
  user?: Array<string> | null | undefined;
  /** Any of these workflows; "" finds lines that name none. */
  workflow?: Array<string> | null | undefined;
};

/** What an entry does to the sum. */
export type LedgerKind =
  /** Corrects a charge whose span was derived differently later. */
  | 'ADJUSTMENT'
  /** Adds the cost of usage. */
  | 'CHARGE'
  /** Takes back a charge that must not stand. */
  | 'REVERSAL';

/** What one value of a chart says of the points in its bucket of time. */
export type MetricAggregation =
  /** Gauges: mean of the points. Histograms and summaries: mean of the measurements. */
  | 'AVG'
  /** Histograms and summaries: how many measurements. */
  | 'COUNT'
  /** Gauges: mean of the streams' last points. Cumulative up-down counters: sum of the streams' last points. */
  | 'LAST'
  /** Gauges: the highest point. */
  | 'MAX'
  /** Gauges: the lowest point. */
  | 'MIN'
  /** Histograms: the median, estimated from buckets. */
  | 'P50'
  /** Histograms: the 90th percentile, estimated from buckets. */
  | 'P90'
  /** Histograms: the 95th percentile, estimated from buckets. */
  | 'P95'
  /** Histograms: the 99th percentile, estimated from buckets. */
  | 'P99'
  /** What was added (counters), or how many measurements there were, a second. */
  | 'RATE'
  /** Counters and up-down counters: what was added. Histograms and summaries: sum of the measurements. */
  | 'SUM';

/** Points whose attribute has one of these values. */
export type MetricAttributeFilter = {
  /** The attribute, such as `gen_ai.operation.name`. */
  key: string;
  /** Values as text; "" finds points without it. */
  values: Array<string>;
};

/** Which points. All conditions hold together; one that is left out, null or an empty list restricts nothing. */
export type MetricFilter = {
  /** Any of these agents; "" finds points that name none. */
  agent?: Array<string> | null | undefined;
  /** At most 10 attributes. */
  attributes?: Array<MetricAttributeFilter> | null | undefined;
  /** Any of these environments; "" finds points that name none. */
  environment?: Array<string> | null | undefined;
  /** Any of these models; "" finds points that name none. */
  model?: Array<string> | null | undefined;
  /** Any of these providers; "" finds points that name none. */
  provider?: Array<string> | null | undefined;
  /** Any of these services. */
  service?: Array<string> | null | undefined;
  /** Any of these sessions; "" finds points that name none. */
  session?: Array<string> | null | undefined;
  /** Any of these classes of tokens; "" finds points that name none. */
  tokenType?: Array<string> | null | undefined;
};

/** What a metric measures. */
export type MetricKind =
  /** A sum that only rises. */
  | 'COUNTER'
  /** Measurements counted in buckets whose bounds grow by a factor. */
  | 'EXPONENTIAL_HISTOGRAM'
  /** A level: each point is the value of its moment. */
  | 'GAUGE'
  /** Measurements counted in buckets with explicit bounds. */
  | 'HISTOGRAM'
  /** Measurements whose quantiles the sender worked out; those cannot be combined. */
  | 'SUMMARY'
  /** A sum that may fall. */
  | 'UP_DOWN_COUNTER';

/** What points are labelled with, whatever the instrumentation calls it. */
export type MetricLabel =
  /** Agent. */
  | 'AGENT'
  /** Deployment environment. */
  | 'ENVIRONMENT'
  /** Model. */
  | 'MODEL'
  /** Who serves the model. */
  | 'PROVIDER'
  /** Service that sent the point. */
  | 'SERVICE'
  /** Conversation. */
  | 'SESSION'
  /** Class of tokens, such as input or output. */
  | 'TOKEN_TYPE';

/** Which calls. All conditions hold together. A condition that is left out, null or an empty list restricts nothing. */
export type ModelFilter = {
  /** Any of these agents; "" finds calls that name none. */
  agent?: Array<string> | null | undefined;
  /** Any of these environments; "" finds calls that name none. */
  environment?: Array<string> | null | undefined;
  /** Any of these models. */
  model?: Array<string> | null | undefined;
  /** Any of these providers; "" finds calls that name none. */
  provider?: Array<string> | null | undefined;
  /** Any of these services. */
  service?: Array<string> | null | undefined;
};

/** Prices in US dollars. A class that is left out costs what the class around it costs: cached input is input, reasoning is output. */
export type ModelPrices = {
  /** audio hour, for an hour of audio. */
  audioHour?: string | null | undefined;
  /** cache audio read, for a million tokens. */
  cacheAudioRead?: string | null | undefined;
  /** cache read, for a million tokens. */
  cacheRead?: string | null | undefined;
  /** cache write, for a million tokens. */
  cacheWrite?: string | null | undefined;
  /** cache write 1h, for a million tokens. */
  cacheWrite1h?: string | null | undefined;
  /** code execution, for a thousand. */
  codeExecution?: string | null | undefined;
  /** file search, for a thousand. */
  fileSearch?: string | null | undefined;
  /** input, for a million tokens. */
  input?: string | null | undefined;
  /** input audio, for a million tokens. */
  inputAudio?: string | null | undefined;
  /** input image, for a million tokens. */
  inputImage?: string | null | undefined;
  /** output, for a million tokens. */
  output?: string | null | undefined;
  /** output audio, for a million tokens. */
  outputAudio?: string | null | undefined;
  /** output image, for a million tokens. */
  outputImage?: string | null | undefined;
  /** output reasoning, for a million tokens. */
  outputReasoning?: string | null | undefined;
  /** request, for a thousand. */
  request?: string | null | undefined;
  /** web search, for a thousand. */
  webSearch?: string | null | undefined;
};

/** Whether a policy acts. */
export type PolicyMode =
  /** It acts; at the COLLECTOR it raises an alert. */
  | 'ENFORCE'
  /** It only notes what it would do. */
  | 'SHADOW';

/** After (exclusive) until (inclusive), as a report counts what was posted. A side that is left out is open. */
export type PostedRange = {
  /** Last moment that is too early. */
  after?: string | null | undefined;
  /** Last moment inside. */
  until?: string | null | undefined;
};

/** Which runs. All conditions hold together; one that is left out, null or an empty list restricts nothing. */
export type RunFilter = {
  /** At least one of these agents took part; "" finds runs that name none. */
  agent?: Array<string> | null | undefined;
  /** Each of these, at most 8, stands on one of its spans; content is not looked into. */
  attributes?: Array<AttributeFilter> | null | undefined;
  /** Any of these environments; "" finds runs that name none. */
  environment?: Array<string> | null | undefined;
  /** Whether any span failed. */
  hasErrors?: boolean | null | undefined;
  /** Whether any policy decided something. */
  hasPolicyDecisions?: boolean | null | undefined;
  /** Whether a model call has no known price. */
  hasUnpriced?: boolean | null | undefined;
  /** Any of these trace ids. */
  ids?: Array<string | number> | null | undefined;
  /** US dollars, inclusive. */
  maxCost?: string | null | undefined;
  /** Milliseconds, inclusive; running runs have no duration and do not match. */
  maxDurationMs?: number | null | undefined;
  /** US dollars, inclusive. */
  minCost?: string | null | undefined;
  /** Milliseconds, inclusive; running runs have no duration and do not match. */
  minDurationMs?: number | null | undefined;
  /** At least one of these models; "" finds runs that name none. */
  model?: Array<string> | null | undefined;
  /** Any of these projects. */
  project?: Array<string> | null | undefined;
  /** At least one of these providers; "" finds runs that name none. */
  provider?: Array<string> | null | undefined;
  /** When the run started. */
  range?: TimeRange | null | undefined;
  /** Any of these services. */
  service?: Array<string> | null | undefined;
  /** At least one of these sessions; "" finds runs that name none. */
  session?: Array<string> | null | undefined;
  /** Whether the figures are exact by now. */
  settled?: boolean | null | undefined;
  /** Any of these. */
  status?: Array<RunStatus> | null | undefined;
  /** Occurs, in any case, in the name, an agent, user, session, service, workflow or model, or is the start of the id. */
  text?: string | null | undefined;
  /** At least one of these users; "" finds runs that name none. */
  user?: Array<string> | null | undefined;
  /** Any of these workflows; "" finds runs that name none. */
  workflow?: Array<string> | null | undefined;
};

/** How runs are sorted; equal ones by id. */
export type RunOrder =
  /** Dearest first. */
  | 'COST_DESC'
  /** Longest first; running ones last. */
  | 'DURATION_DESC'
  /** Earliest start first. */
  | 'STARTED_AT_ASC'
  /** Latest start first. */
  | 'STARTED_AT_DESC'
  /** Most tokens first. */
  | 'TOKENS_DESC';

/** How a run stands. */
export type RunStatus =
  /** A root has ended and the topmost span did not fail. */
  | 'COMPLETED'
  /** The topmost span has status ERROR; a failed child alone does not make it so. */
  | 'FAILED'
  /** No root ended and nothing arrived for ten minutes (a setting). */
  | 'INCOMPLETE'
  /** No root has ended yet. */
  | 'RUNNING';

/** What a step is. */
export type StepKind =
  /** An agent or sub-agent at work. */
  | 'AGENT'
  /** A call of an embedding model; counted as a model call. */
  | 'EMBEDDING'
  /** A score of somebody's output. */
  | 'EVALUATION'
  /** A check of input, output or a tool call. */
  | 'GUARDRAIL'
  /** One agent passes the work to another. */
  | 'HANDOFF'
  /** A read or write of an agent's memory. */
  | 'MEMORY'
  /** One call of a language model; a retried attempt is a call of its own. */
  | 'MODEL_CALL'
  /** Any other span: HTTP, database, plumbing. */
  | 'OTHER'
  /** A search in documents or a vector store. */
  | 'RETRIEVAL'
  /** A unit of work inside a workflow, with no GenAI meaning of its own. */
  | 'TASK'
  /** One call of a tool. */
  | 'TOOL_CALL'
  /** A workflow, chain or turn that holds other steps. */
  | 'WORKFLOW';

/** The OpenTelemetry status of the span. */
export type StepStatus =
  /** Failed. */
  | 'ERROR'
  /** Marked as successful. */
  | 'OK'
  /** The instrumentation set none: the usual value of success. */
  | 'UNSET';

/** From (inclusive) to (exclusive). A side that is left out is open. */
export type TimeRange = {
  /** First moment inside. */
  from?: string | null | undefined;
  /** First moment outside. */
  to?: string | null | undefined;
};

export type RunFieldsFragment = { id: string, name: string, status: RunStatus, isRun: boolean, settled: boolean, startedAt: string, endedAt: string | null, durationMs: number | null, service: string, environment: string | null, workflow: string | null, agents: Array<string>, users: Array<string>, sessions: Array<string>, models: Array<string>, modelCalls: number, failedModelCalls: number, unmeteredModelCalls: number, unpricedModelCalls: number, toolCalls: number, failedToolCalls: number, spanCount: number, errorCount: number, cost: string, reportedCost: string | null, policyDecisionCount: number, tokens: { input: number, cachedInput: number, output: number, total: number } };

export type RunsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: RunFilter | null | undefined;
  orderBy: RunOrder;
}>;


export type RunsQuery = { runs: { nodes: Array<{ id: string, name: string, status: RunStatus, isRun: boolean, settled: boolean, startedAt: string, endedAt: string | null, durationMs: number | null, service: string, environment: string | null, workflow: string | null, agents: Array<string>, users: Array<string>, sessions: Array<string>, models: Array<string>, modelCalls: number, failedModelCalls: number, unmeteredModelCalls: number, unpricedModelCalls: number, toolCalls: number, failedToolCalls: number, spanCount: number, errorCount: number, cost: string, reportedCost: string | null, policyDecisionCount: number, tokens: { input: number, cachedInput: number, output: number, total: number } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type RunFacetsQueryVariables = Exact<{
  filter?: RunFilter | null | undefined;
}>;


export type RunFacetsQuery = { status: Array<{ value: string, runs: number }>, agent: Array<{ value: string, runs: number }>, model: Array<{ value: string, runs: number }>, provider: Array<{ value: string, runs: number }>, user: Array<{ value: string, runs: number }>, service: Array<{ value: string, runs: number }>, environment: Array<{ value: string, runs: number }> };

export type IngestQueryVariables = Exact<{ [key: string]: never; }>;


export type IngestQuery = { ingest: { grpcEndpoint: string, httpEndpoint: string, lastReceivedAt: string | null, spanCount: number, runCount: number } };

export type RunQueryVariables = Exact<{
  id: string | number;
}>;


export type RunQuery = { trace: { id: string, name: string, status: RunStatus, isRun: boolean, settled: boolean, startedAt: string, endedAt: string | null, durationMs: number | null, service: string, environment: string | null, workflow: string | null, agents: Array<string>, users: Array<string>, sessions: Array<string>, models: Array<string>, modelCalls: number, failedModelCalls: number, unmeteredModelCalls: number, unpricedModelCalls: number, toolCalls: number, failedToolCalls: number, spanCount: number, errorCount: number, cost: string, reportedCost: string | null, policyDecisionCount: number, tokens: { input: number, cachedInput: number, output: number, total: number } } | null };

export type RunDecisionsQueryVariables = Exact<{
  id: string | number;
}>;


export type RunDecisionsQuery = { policyDecisions: { nodes: Array<{ id: string, policyId: string, policyVersion: number, outcome: DecisionOutcome, mode: PolicyMode, place: DecisionPlace, reason: string, decidedAt: string, runId: string | null, spanId: string | null, agent: string | null, actor: string | null, evidence: unknown }>, pageInfo: { hasNextPage: boolean } } };

export type StepFailureQueryVariables = Exact<{
  run: string | number;
  span: string | number;
}>;


export type StepFailureQuery = { trace: { id: string, step: { id: string, errorType: string | null, errorMessage: string | null } | null } | null };

export type MatchingStepsQueryVariables = Exact<{
  id: string | number;
  text: string;
}>;


export type MatchingStepsQuery = { trace: { id: string, matchingSteps: Array<string> } | null };

export type StepQueryVariables = Exact<{
  run: string | number;
  span: string | number;
}>;


export type StepQuery = { trace: { id: string, step: { id: string, parentId: string | null, kind: StepKind, name: string, status: StepStatus, startedAt: string, endedAt: string, durationMs: number, service: string, agent: string | null, workflow: string | null, session: string | null, user: string | null, provider: string | null, requestModel: string | null, responseModel: string | null, tool: string | null, toolCallId: string | null, usage: unknown, cost: string | null, reportedCost: string | null, counted: boolean, countReason: string | null, executed: boolean, flags: Array<string>, dialect: string, scope: string, timeToFirstTokenMs: number | null, finishReasons: Array<string>, errorType: string | null, errorMessage: string | null, input: unknown, output: unknown, attributes: unknown, resource: unknown, links: unknown, droppedAttributes: number, tokens: { input: number, cachedInput: number, cacheWrite: number, output: number, reasoning: number, total: number } | null, logs: Array<{ id: string, time: string, eventName: string | null, severity: string | null, body: unknown, attributes: unknown }>, events: Array<{ name: string, time: string, attributes: unknown }> } | null } | null, ledgerEntries: { nodes: Array<{ id: string, kind: LedgerKind, reason: string, amount: string | null, occurredAt: string, postedAt: string, runId: string, spanId: string, provider: string | null, model: string | null, meter: string, quantity: string, usageFlags: Array<string>, unitPrice: string | null, basis: CostBasis, priceBookVersion: string | null, priceCard: string | null, reverses: string | null, agent: string | null, user: string | null, session: string | null, service: string, environment: string | null, tags: Array<string> }>, pageInfo: { hasNextPage: boolean } }, policyDecisions: { nodes: Array<{ id: string, policyId: string, policyVersion: number, outcome: DecisionOutcome, mode: PolicyMode, place: DecisionPlace, reason: string, decidedAt: string, runId: string | null, spanId: string | null, agent: string | null, actor: string | null, evidence: unknown }>, pageInfo: { hasNextPage: boolean } } };

export type LedgerTotalsQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
}>;


export type LedgerTotalsQuery = { total: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string }> };

export type CostTotalsQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
}>;


export type CostTotalsQuery = { unmeteredModelCalls: number, cacheSavings: string | null, costs: Array<{ start: string | null }>, total: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string }> };

export type CostCountsQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
}>;


export type CostCountsQuery = { total: Array<{ runs: number, reportedCost: string | null, costVariance: string | null }> };

export type CostsOverTimeQueryVariables = Exact<{
  range: TimeRange;
  groupBy: Array<CostDimension> | CostDimension;
  interval: Interval;
  filter?: CostFilter | null | undefined;
  timeZone: string;
}>;


export type CostsOverTimeQuery = { costs: Array<{ start: string | null, agent: string | null, model: string | null, provider: string | null, meter: string | null, user: string | null, service: string | null, tag: string | null, cost: string, unpricedEntries: number, env: string | null }> };

export type CostMapQueryVariables = Exact<{
  range: TimeRange;
  by: Array<CostDimension> | CostDimension;
  parts: Array<CostDimension> | CostDimension;
  filter?: CostFilter | null | undefined;
}>;


export type CostMapQuery = { groups: Array<{ agent: string | null, model: string | null, provider: string | null, meter: string | null, user: string | null, service: string | null, tag: string | null, cost: string, unpricedEntries: number, env: string | null }>, parts: Array<{ agent: string | null, model: string | null, provider: string | null, meter: string | null, user: string | null, service: string | null, tag: string | null, cost: string, unpricedEntries: number, env: string | null }> };

export type CostTablesQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
}>;


export type CostTablesQuery = { agent: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, model: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, provider: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, meter: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, user: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, service: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, env: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }>, tag: Array<{ cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string, value: string | null }> };

export type CostRunsQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
  claims: boolean;
}>;


export type CostRunsQuery = { agent: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, model: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, provider: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, meter: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, user: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, service: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, env: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }>, tag: Array<{ runs: number, value: string | null } & { reportedCost?: string | null, costVariance?: string | null }> };

export type CostChangeQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
}>;


export type CostChangeQuery = { costChange: { from: string, middle: string, to: string, before: string, now: string, volume: string, models: string, inputOutput: string, cache: string, prices: string, other: string } };

export type CostClaimsFragment = { reportedCost: string | null, costVariance: string | null };

export type CostMapFieldsFragment = { agent: string | null, model: string | null, provider: string | null, meter: string | null, user: string | null, service: string | null, tag: string | null, cost: string, unpricedEntries: number, env: string | null };

export type CostFieldsFragment = { cost: string, reported: string, entries: number, unpricedEntries: number, inputTokens: string, outputTokens: string };

export type LedgerEntriesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: LedgerFilter | null | undefined;
}>;


export type LedgerEntriesQuery = { ledgerEntries: { nodes: Array<{ id: string, kind: LedgerKind, reason: string, amount: string | null, occurredAt: string, postedAt: string, runId: string, spanId: string, provider: string | null, model: string | null, meter: string, quantity: string, usageFlags: Array<string>, unitPrice: string | null, basis: CostBasis, priceBookVersion: string | null, priceCard: string | null, reverses: string | null, agent: string | null, user: string | null, session: string | null, service: string, environment: string | null, tags: Array<string> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type LedgerFieldsFragment = { id: string, kind: LedgerKind, reason: string, amount: string | null, occurredAt: string, postedAt: string, runId: string, spanId: string, provider: string | null, model: string | null, meter: string, quantity: string, usageFlags: Array<string>, unitPrice: string | null, basis: CostBasis, priceBookVersion: string | null, priceCard: string | null, reverses: string | null, agent: string | null, user: string | null, session: string | null, service: string, environment: string | null, tags: Array<string> };

export type PolicyDecisionsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: DecisionFilter | null | undefined;
}>;


export type PolicyDecisionsQuery = { policyDecisions: { nodes: Array<{ id: string, policyId: string, policyVersion: number, outcome: DecisionOutcome, mode: PolicyMode, place: DecisionPlace, reason: string, decidedAt: string, runId: string | null, spanId: string | null, agent: string | null, actor: string | null, evidence: unknown }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type DecisionCountsQueryVariables = Exact<{
  deny?: DecisionFilter | null | undefined;
  requireApproval?: DecisionFilter | null | undefined;
  redact?: DecisionFilter | null | undefined;
  warn?: DecisionFilter | null | undefined;
  allow?: DecisionFilter | null | undefined;
  hindsight?: DecisionFilter | null | undefined;
}>;


export type DecisionCountsQuery = { deny: { totalCount: number }, requireApproval: { totalCount: number }, redact: { totalCount: number }, warn: { totalCount: number }, allow: { totalCount: number }, hindsight: { totalCount: number } };

export type DecisionFieldsFragment = { id: string, policyId: string, policyVersion: number, outcome: DecisionOutcome, mode: PolicyMode, place: DecisionPlace, reason: string, decidedAt: string, runId: string | null, spanId: string | null, agent: string | null, actor: string | null, evidence: unknown };

export type MetricsQueryVariables = Exact<{
  range?: TimeRange | null | undefined;
}>;


export type MetricsQuery = { metrics: Array<{ name: string, unit: string, kind: MetricKind, aggregations: Array<MetricAggregation>, description: string, services: Array<string>, attributes: Array<string>, series: number, points: number, lastAt: string }>, ingest: { httpEndpoint: string } };

export type MetricChartQueryVariables = Exact<{
  name: string;
  unit?: string | null | undefined;
  kind?: MetricKind | null | undefined;
  range: TimeRange;
  aggregation?: MetricAggregation | null | undefined;
  groupBy?: MetricLabel | null | undefined;
  groupByAttribute?: string | null | undefined;
  filter?: MetricFilter | null | undefined;
}>;


export type MetricChartQuery = { metricChart: { unit: string, kind: MetricKind, aggregation: MetricAggregation, from: string, to: string, intervalSeconds: number, series: Array<{ group: string, points: Array<{ start: string, value: number }> }>, exemplars: Array<{ time: string, value: number, runId: string, spanId: string, group: string }> } | null };

export type IngestPageQueryVariables = Exact<{
  range: TimeRange;
}>;


export type IngestPageQuery = { ingest: { grpcEndpoint: string, httpEndpoint: string, lastReceivedAt: string | null, backlog: { bytes: number, segments: number, oldestReceivedAt: string | null, diskFreeBytes: number | null } | null }, total: Array<{ requests: number, received: number, stored: number, deduplicated: number, rejected: number, setAside: number }>, account: Array<{ signal: string | null, client: string | null, reason: string | null, requests: number, received: number, stored: number, deduplicated: number, rejected: number, setAside: number }>, conformance: Array<{ service: string, scopeName: string, scopeVersion: string, dialects: Array<string>, steps: number, understood: number, modelCalls: number, toolCalls: number, missing: number, unrecognised: number, dropped: number, malformed: number, ambiguous: number, outdated: number, findings: Array<{ code: FindingCode, kind: FindingKind, stepKinds: Array<StepKind>, attribute: string, expected: string, found: string, convention: string, steps: number, ofSteps: number, firstSeenAt: string, lastSeenAt: string, exampleRunId: string, exampleSpanId: string, meaning: string, advice: string }> }> };

export type UnpricedModelsQueryVariables = Exact<{
  range: TimeRange;
}>;


export type UnpricedModelsQuery = { unmeteredModelCalls: number, unpricedModels: Array<{ provider: string, model: string, calls: number, tokens: string, meters: Array<string>, firstSeen: string, lastSeen: string, exampleRunId: string }> };

export type PriceModelMutationVariables = Exact<{
  provider: string;
  model: string;
  sameAs?: string | null | undefined;
  prices?: ModelPrices | null | undefined;
}>;


export type PriceModelMutation = { priceModel: { version: string } };

export type PriceBooksQueryVariables = Exact<{ [key: string]: never; }>;


export type PriceBooksQuery = { priceBooks: Array<{ version: string, source: string, knownSince: string | null, activatedAt: Array<string>, active: boolean }> };

export type PriceBookQueryVariables = Exact<{
  version: string | number;
}>;


export type PriceBookQuery = { priceBookEffect: Array<{ provider: string, model: string, calls: number, posted: string, repriced: string, unpricedNow: number, unpricedThen: number }> };

export type ActivatePriceBookMutationVariables = Exact<{
  version: string | number;
}>;


export type ActivatePriceBookMutation = { activatePriceBook: { version: string } };

export type CodingAgentsQueryVariables = Exact<{
  range: TimeRange;
}>;


export type CodingAgentsQuery = { total: Array<{ cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string }>, coding: Array<{ cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string, value: string | null }>, user: Array<{ cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string, value: string | null }>, repo: Array<{ cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string, value: string | null }>, model: Array<{ cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string, value: string | null }> };

export type CodingFieldsFragment = { cost: string, entries: number, unpricedEntries: number, sessions: number, runs: number, developers: number, inputTokens: string, cachedInputTokens: string, outputTokens: string };

export type ModelsQueryVariables = Exact<{
  range: TimeRange;
  filter?: ModelFilter | null | undefined;
}>;


export type ModelsQuery = { models: { total: { names: Array<string>, providers: Array<string>, calls: number, failedCalls: number, truncatedCalls: number, toolCallingCalls: number, runs: number, outputTokensPerSecond: number | null, cost: string, entries: number, unpricedEntries: number, costPerThousandCalls: string | null, costPerThousandRuns: string | null, inputTokens: string, cachedInputTokens: string, outputTokens: string, durationMs: { p50: number, p95: number } | null, timeToFirstTokenMs: { p50: number, p95: number } | null } | null, rows: Array<{ names: Array<string>, providers: Array<string>, calls: number, failedCalls: number, truncatedCalls: number, toolCallingCalls: number, runs: number, outputTokensPerSecond: number | null, cost: string, entries: number, unpricedEntries: number, costPerThousandCalls: string | null, costPerThousandRuns: string | null, inputTokens: string, cachedInputTokens: string, outputTokens: string, value: string | null, durationMs: { p50: number, p95: number } | null, timeToFirstTokenMs: { p50: number, p95: number } | null }> } };

export type ModelChoicesQueryVariables = Exact<{
  range: TimeRange;
}>;


export type ModelChoicesQuery = { model: Array<{ value: string | null }>, agent: Array<{ value: string | null }>, provider: Array<{ value: string | null }> };

export type ModelLatenciesQueryVariables = Exact<{
  range: TimeRange;
  filter?: ModelFilter | null | undefined;
}>;


export type ModelLatenciesQuery = { modelLatency: { intervalSeconds: number, cells: Array<{ start: string, fromMs: number, toMs: number, calls: number, failedCalls: number }> } | null };

export type ModelsOfAgentsQueryVariables = Exact<{
  range: TimeRange;
  filter?: ModelFilter | null | undefined;
}>;


export type ModelsOfAgentsQuery = { models: { rows: Array<{ agent: string | null, model: string | null, names: Array<string>, providers: Array<string>, calls: number, failedCalls: number, truncatedCalls: number, toolCallingCalls: number, runs: number, outputTokensPerSecond: number | null, cost: string, entries: number, unpricedEntries: number, costPerThousandCalls: string | null, costPerThousandRuns: string | null, inputTokens: string, cachedInputTokens: string, outputTokens: string, durationMs: { p50: number, p95: number } | null, timeToFirstTokenMs: { p50: number, p95: number } | null }> } };

export type ModelFieldsFragment = { names: Array<string>, providers: Array<string>, calls: number, failedCalls: number, truncatedCalls: number, toolCallingCalls: number, runs: number, outputTokensPerSecond: number | null, cost: string, entries: number, unpricedEntries: number, costPerThousandCalls: string | null, costPerThousandRuns: string | null, inputTokens: string, cachedInputTokens: string, outputTokens: string, durationMs: { p50: number, p95: number } | null, timeToFirstTokenMs: { p50: number, p95: number } | null };

export type ReconciliationQueryVariables = Exact<{
  range: TimeRange;
}>;


export type ReconciliationQuery = { reconciliation: { itemCount: number, matchedItems: number, billed: string, metered: string, difference: string, periods: Array<{ provider: string, from: string, to: string, billed: string, metered: string, difference: string, ledgerProviders: Array<string> }>, items: Array<{ id: string, day: string, provider: string, model: string, meter: string, meteredQuantity: string, meteredAmount: string, unpricedEntries: number, billedQuantity: string | null, billedAmount: string | null, amountDifference: string | null, quantityDifference: string | null, quantityEffect: string | null, cause: DifferenceCause, ledgerProviders: Array<string>, ledgerModels: Array<string>, ledgerMeters: Array<string>, importIds: Array<string> }> }, billImports: Array<{ id: string, source: string, name: string, actor: string, importedAt: string, lines: number }>, billApprovals: Array<{ entryId: string, item: string, actor: string, why: string, approvedAt: string }> };

export type ImportBillMutationVariables = Exact<{
  name: string;
  content: string;
  by: string;
}>;


export type ImportBillMutation = { importBill: { id: string, source: string, lines: number } };

export type ApproveDifferencesMutationVariables = Exact<{
  items: Array<string | number> | string | number;
  by: string;
  why: string;
}>;


export type ApproveDifferencesMutation = { approveDifferences: Array<{ entryId: string, item: string }> };

export type BudgetGroupFieldsFragment = { periodStart: string | null, periodEnd: string | null, actual: string, calls: number, unpricedCalls: number, held: string, holds: number, approved: string, remaining: string, overshootBound: string, group: Array<{ dimension: BudgetDimension, values: Array<string> }>, forecast: { value: string, low: string, high: string, exhaustedAt: string | null } | null, burn: Array<{ severity: BurnSeverity, long: number, short: number, fires: boolean }>, crossed: Array<{ percent: number, on: BudgetThresholdOn }>, history: Array<{ start: string, end: string, actual: string }> };

export type BudgetFieldsFragment = { id: string, version: number, title: string, owner: string | null, origin: BudgetOrigin, definedAt: string, document: string, groupBy: Array<BudgetDimension>, period: BudgetPeriod, rollingHours: number | null, timeZone: string | null, measure: BudgetMeasure, limit: string, thresholds: Array<number>, action: BudgetAction, scope: Array<{ dimension: BudgetDimension, values: Array<string> }>, approvals: Array<{ id: string, group: Array<string>, amount: string, until: string, by: string, why: string, at: string, withdrawnAt: string | null, withdrawnBy: string | null }>, groups: { total: number, nodes: Array<{ periodStart: string | null, periodEnd: string | null, actual: string, calls: number, unpricedCalls: number, held: string, holds: number, approved: string, remaining: string, overshootBound: string, group: Array<{ dimension: BudgetDimension, values: Array<string> }>, forecast: { value: string, low: string, high: string, exhaustedAt: string | null } | null, burn: Array<{ severity: BurnSeverity, long: number, short: number, fires: boolean }>, crossed: Array<{ percent: number, on: BudgetThresholdOn }>, history: Array<{ start: string, end: string, actual: string }> }> } };

export type BudgetBurnQueryVariables = Exact<{
  range: TimeRange;
  filter?: CostFilter | null | undefined;
  interval: Interval;
  timeZone: string;
}>;


export type BudgetBurnQuery = { costs: Array<{ start: string | null, cost: string, quantity: string }> };

export type BudgetsQueryVariables = Exact<{ [key: string]: never; }>;


export type BudgetsQuery = { budgets: Array<{ id: string, version: number, title: string, owner: string | null, origin: BudgetOrigin, definedAt: string, document: string, groupBy: Array<BudgetDimension>, period: BudgetPeriod, rollingHours: number | null, timeZone: string | null, measure: BudgetMeasure, limit: string, thresholds: Array<number>, action: BudgetAction, scope: Array<{ dimension: BudgetDimension, values: Array<string> }>, approvals: Array<{ id: string, group: Array<string>, amount: string, until: string, by: string, why: string, at: string, withdrawnAt: string | null, withdrawnBy: string | null }>, groups: { total: number, nodes: Array<{ periodStart: string | null, periodEnd: string | null, actual: string, calls: number, unpricedCalls: number, held: string, holds: number, approved: string, remaining: string, overshootBound: string, group: Array<{ dimension: BudgetDimension, values: Array<string> }>, forecast: { value: string, low: string, high: string, exhaustedAt: string | null } | null, burn: Array<{ severity: BurnSeverity, long: number, short: number, fires: boolean }>, crossed: Array<{ percent: number, on: BudgetThresholdOn }>, history: Array<{ start: string, end: string, actual: string }> }> } }> };

export type DefineBudgetMutationVariables = Exact<{
  document: string;
}>;


export type DefineBudgetMutation = { defineBudget: { id: string, version: number } };

export type RetireBudgetMutationVariables = Exact<{
  id: string | number;
}>;


export type RetireBudgetMutation = { retireBudget: { id: string } };

export type AlertsQueryVariables = Exact<{ [key: string]: never; }>;


export type AlertsQuery = { alerts: Array<{ key: string, rule: string, severity: AlertSeverity, title: string, summary: string, on: string | null, budget: string | null, groupBy: string | null, group: string, from: string | null, firing: boolean, firedAt: string, resolvedAt: string | null, waiting: Array<string> }>, alertRules: Array<{ id: string, on: string, above: number | null, unit: string | null, windowMs: number | null, forMs: number | null, groupBy: string | null, noData: string | null, budgets: Array<string>, notify: Array<string>, unknown: Array<string>, origin: AlertRuleOrigin, version: number | null, definedAt: string | null, mutedUntil: string | null }>, alertSignals: Array<{ id: string, unit: string, groupBy: Array<string> }>, alertDestinations: Array<{ id: string, kind: AlertDestinationKind, failures: number, gone: boolean }>, alertEvents: Array<{ at: string, kind: AlertEventKind, rule: string, key: string, title: string, destination: string | null, detail: string | null }> };

export type AlertRuleFieldsFragment = { id: string, on: string, above: number | null, unit: string | null, windowMs: number | null, forMs: number | null, groupBy: string | null, noData: string | null, budgets: Array<string>, notify: Array<string>, unknown: Array<string>, origin: AlertRuleOrigin, version: number | null, definedAt: string | null, mutedUntil: string | null };

export type AlertPreviewQueryVariables = Exact<{
  rule?: string | number | null | undefined;
  document?: string | null | undefined;
}>;


export type AlertPreviewQuery = { alertPreview: { from: string, to: string, total: number, alerts: Array<{ group: string, since: string, firedAt: string, resolvedAt: string | null, highest: number | null }>, readings: Array<{ start: string, end: string, value: number | null }> } };

export type DefineAlertRuleMutationVariables = Exact<{
  document: string;
}>;


export type DefineAlertRuleMutation = { defineAlertRule: { id: string, version: number | null } };

export type RetireAlertRuleMutationVariables = Exact<{
  id: string | number;
}>;


export type RetireAlertRuleMutation = { retireAlertRule: { id: string } };

export type MuteAlertRuleMutationVariables = Exact<{
  rule: string | number;
  until?: string | null | undefined;
}>;


export type MuteAlertRuleMutation = { muteAlertRule: { id: string, mutedUntil: string | null } };

export type TestAlertDestinationMutationVariables = Exact<{
  id: string | number;
}>;


export type TestAlertDestinationMutation = { testAlertDestination: { ok: boolean, detail: string } };

export type RestatementMonthsQueryVariables = Exact<{ [key: string]: never; }>;


export type RestatementMonthsQuery = { costs: Array<{ start: string | null }>, closedMonths: Array<{ month: string, closedAt: string, actor: string, corrections: Array<{ accountedIn: string, entries: number, cost: string }> }> };

export type RestatementQueryVariables = Exact<{
  month: string;
  asOf: string;
}>;


export type RestatementQuery = { restatement: { month: string, asOf: string, closedAt: string | null, costThen: string, costNow: string, costSince: string, unpricedThen: number, unpricedNow: number, reasons: Array<{ reason: string, accountedIn: string, entries: number, cost: string, changes: Array<{ kind: LedgerKind, priceBookVersion: string, entries: number, unpricedEntries: number, cost: string }> }> } };

export type ApproveBudgetMutationVariables = Exact<{
  id: string | number;
  group: Array<string> | string;
  amount: string;
  until: string;
  by: string;
  why: string;
}>;


export type ApproveBudgetMutation = { approveBudget: { id: string } };

export type WithdrawBudgetApprovalMutationVariables = Exact<{
  id: string | number;
  by: string;
  why: string;
}>;


export type WithdrawBudgetApprovalMutation = { withdrawBudgetApproval: { id: string } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const RunFieldsFragmentDoc = new TypedDocumentString(`
    fragment RunFields on Run {
  id
  name
  status
  isRun
  settled
  startedAt
  endedAt
  durationMs
  service
  environment
  workflow
  agents
  users
  sessions
  models
  modelCalls
  failedModelCalls
  unmeteredModelCalls
  unpricedModelCalls
  toolCalls
  failedToolCalls
  spanCount
  errorCount
  tokens {
    input
    cachedInput
    output
    total
  }
  cost
  reportedCost
  policyDecisionCount
}
    `, {"fragmentName":"RunFields"}) as unknown as TypedDocumentString<RunFieldsFragment, unknown>;
export const CostClaimsFragmentDoc = new TypedDocumentString(`
    fragment CostClaims on CostRow {
  reportedCost
  costVariance
}
    `, {"fragmentName":"CostClaims"}) as unknown as TypedDocumentString<CostClaimsFragment, unknown>;
export const CostMapFieldsFragmentDoc = new TypedDocumentString(`
    fragment CostMapFields on CostRow {
  agent
  model
  provider
  meter
  user
  service
  env: environment
  tag
  cost
  unpricedEntries
}
    `, {"fragmentName":"CostMapFields"}) as unknown as TypedDocumentString<CostMapFieldsFragment, unknown>;
export const CostFieldsFragmentDoc = new TypedDocumentString(`
    fragment CostFields on CostRow {
  cost
  reported
  entries
  unpricedEntries
  inputTokens
  outputTokens
}
    `, {"fragmentName":"CostFields"}) as unknown as TypedDocumentString<CostFieldsFragment, unknown>;
export const LedgerFieldsFragmentDoc = new TypedDocumentString(`
    fragment LedgerFields on LedgerEntry {
  id
  kind
  reason
  amount
  occurredAt
  postedAt
  runId
  spanId
  provider
  model
  meter
  quantity
  usageFlags
  unitPrice
  basis
  priceBookVersion
  priceCard
  reverses
  agent
  user
  session
  service
  environment
  tags
}
    `, {"fragmentName":"LedgerFields"}) as unknown as TypedDocumentString<LedgerFieldsFragment, unknown>;
export const DecisionFieldsFragmentDoc = new TypedDocumentString(`
    fragment DecisionFields on PolicyDecision {
  id
  policyId
  policyVersion
  outcome
  mode
  place
  reason
  decidedAt
  runId
  spanId
  agent
  actor
  evidence
}
    `, {"fragmentName":"DecisionFields"}) as unknown as TypedDocumentString<DecisionFieldsFragment, unknown>;
export const CodingFieldsFragmentDoc = new TypedDocumentString(`
    fragment CodingFields on CodingAgentRow {
  cost
  entries
  unpricedEntries
  sessions
  runs
  developers
  inputTokens
  cachedInputTokens
  outputTokens
}
    `, {"fragmentName":"CodingFields"}) as unknown as TypedDocumentString<CodingFieldsFragment, unknown>;
export const ModelFieldsFragmentDoc = new TypedDocumentString(`
    fragment ModelFields on ModelRow {
  names
  providers
  calls
  failedCalls
  truncatedCalls
  toolCallingCalls
  runs
  durationMs {
    p50
    p95
  }
  timeToFirstTokenMs {
    p50
    p95
  }
  outputTokensPerSecond
  cost
  entries
  unpricedEntries
  costPerThousandCalls
  costPerThousandRuns
  inputTokens
  cachedInputTokens
  outputTokens
}
    `, {"fragmentName":"ModelFields"}) as unknown as TypedDocumentString<ModelFieldsFragment, unknown>;
export const BudgetGroupFieldsFragmentDoc = new TypedDocumentString(`
    fragment BudgetGroupFields on BudgetGroup {
  group {
    dimension
    values
  }
  periodStart
  periodEnd
  actual
  calls
  unpricedCalls
  held
  holds
  approved
  remaining
  overshootBound
  forecast {
    value
    low
    high
    exhaustedAt
  }
  burn {
    severity
    long
    short
    fires
  }
  crossed {
    percent
    on
  }
  history {
    start
    end
    actual
  }
}
    `, {"fragmentName":"BudgetGroupFields"}) as unknown as TypedDocumentString<BudgetGroupFieldsFragment, unknown>;
export const BudgetFieldsFragmentDoc = new TypedDocumentString(`
    fragment BudgetFields on Budget {
  id
  version
  title
  owner
  origin
  definedAt
  document
  scope {
    dimension
    values
  }
  groupBy
  period
  rollingHours
  timeZone
  measure
  limit
  thresholds
  action
  approvals {
    id
    group
    amount
    until
    by
    why
    at
    withdrawnAt
    withdrawnBy
  }
  groups(first: 10) {
    total
    nodes {
      ...BudgetGroupFields
    }
  }
}
    fragment BudgetGroupFields on BudgetGroup {
  group {
    dimension
    values
  }
  periodStart
  periodEnd
  actual
  calls
  unpricedCalls
  held
  holds
  approved
  remaining
  overshootBound
  forecast {
    value
    low
    high
    exhaustedAt
  }
  burn {
    severity
    long
    short
    fires
  }
  crossed {
    percent
    on
  }
  history {
    start
    end
    actual
  }
}`, {"fragmentName":"BudgetFields"}) as unknown as TypedDocumentString<BudgetFieldsFragment, unknown>;
export const AlertRuleFieldsFragmentDoc = new TypedDocumentString(`
    fragment AlertRuleFields on AlertRule {
  id
  on
  above
  unit
  windowMs
  forMs
  groupBy
  noData
  budgets
  notify
  unknown
  origin
  version
  definedAt
  mutedUntil
}
    `, {"fragmentName":"AlertRuleFields"}) as unknown as TypedDocumentString<AlertRuleFieldsFragment, unknown>;
export const RunsDocument = new TypedDocumentString(`
    query Runs($first: Int!, $after: String, $filter: RunFilter, $orderBy: RunOrder!) {
  runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes {
      ...RunFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment RunFields on Run {
  id
  name
  status
  isRun
  settled
  startedAt
  endedAt
  durationMs
  service
  environment
  workflow
  agents
  users
  sessions
  models
  modelCalls
  failedModelCalls
  unmeteredModelCalls
  unpricedModelCalls
  toolCalls
  failedToolCalls
  spanCount
  errorCount
  tokens {
    input
    cachedInput
    output
    total
  }
  cost
  reportedCost
  policyDecisionCount
}`) as unknown as TypedDocumentString<RunsQuery, RunsQueryVariables>;
export const RunFacetsDocument = new TypedDocumentString(`
    query RunFacets($filter: RunFilter) {
  status: facets(field: STATUS, filter: $filter) {
    value
    runs
  }
  agent: facets(field: AGENT, filter: $filter) {
    value
    runs
  }
  model: facets(field: MODEL, filter: $filter) {
    value
    runs
  }
  provider: facets(field: PROVIDER, filter: $filter) {
    value
    runs
  }
  user: facets(field: USER, filter: $filter) {
    value
    runs
  }
  service: facets(field: SERVICE, filter: $filter) {
    value
    runs
  }
  environment: facets(field: ENVIRONMENT, filter: $filter) {
    value
    runs
  }
}
    `) as unknown as TypedDocumentString<RunFacetsQuery, RunFacetsQueryVariables>;
export const IngestDocument = new TypedDocumentString(`
    query Ingest {
  ingest {
    grpcEndpoint
    httpEndpoint
    lastReceivedAt
    spanCount
    runCount
  }
}
    `) as unknown as TypedDocumentString<IngestQuery, IngestQueryVariables>;
export const RunDocument = new TypedDocumentString(`
    query Run($id: ID!) {
  trace(id: $id) {
    ...RunFields
  }
}
    fragment RunFields on Run {
  id
  name
  status
  isRun
  settled
  startedAt
  endedAt
  durationMs
  service
  environment
  workflow
  agents
  users
  sessions
  models
  modelCalls
  failedModelCalls
  unmeteredModelCalls
  unpricedModelCalls
  toolCalls
  failedToolCalls
  spanCount
  errorCount
  tokens {
    input
    cachedInput
    output
    total
  }
  cost
  reportedCost
  policyDecisionCount
}`) as unknown as TypedDocumentString<RunQuery, RunQueryVariables>;
export const RunDecisionsDocument = new TypedDocumentString(`
    query RunDecisions($id: ID!) {
  policyDecisions(first: 100, filter: { runId: [$id] }) {
    nodes {
      ...DecisionFields
    }
    pageInfo {
      hasNextPage
    }
  }
}
    fragment DecisionFields on PolicyDecision {
  id
  policyId
  policyVersion
  outcome
  mode
  place
  reason
  decidedAt
  runId
  spanId
  agent
  actor
  evidence
}`) as unknown as TypedDocumentString<RunDecisionsQuery, RunDecisionsQueryVariables>;
export const StepFailureDocument = new TypedDocumentString(`
    query StepFailure($run: ID!, $span: ID!) {
  trace(id: $run) {
    id
    step(id: $span) {
      id
      errorType
      errorMessage
    }
  }
}
    `) as unknown as TypedDocumentString<StepFailureQuery, StepFailureQueryVariables>;
export const MatchingStepsDocument = new TypedDocumentString(`
    query MatchingSteps($id: ID!, $text: String!) {
  trace(id: $id) {
    id
    matchingSteps(text: $text)
  }
}
    `) as unknown as TypedDocumentString<MatchingStepsQuery, MatchingStepsQueryVariables>;
export const StepDocument = new TypedDocumentString(`
    query Step($run: ID!, $span: ID!) {
  trace(id: $run) {
    id
    step(id: $span) {
      id
      parentId
      kind
      name
      status
      startedAt
      endedAt
      durationMs
      service
      agent
      workflow
      session
      user
      provider
      requestModel
      responseModel
      tool
      toolCallId
      tokens {
        input
        cachedInput
        cacheWrite
        output
        reasoning
        total
      }
      usage
      cost
      reportedCost
      counted
      countReason
      executed
      flags
      dialect
      scope
      timeToFirstTokenMs
      finishReasons
      errorType
      errorMessage
      input
      output
      attributes
      resource
      links
      logs {
        id
        time
        eventName
        severity
        body
        attributes
      }
      droppedAttributes
      events {
        name
        time
        attributes
      }
    }
  }
  ledgerEntries(first: 100, filter: { runId: [$run], spanId: [$span] }) {
    nodes {
      ...LedgerFields
    }
    pageInfo {
      hasNextPage
    }
  }
  policyDecisions(first: 100, filter: { runId: [$run], spanId: [$span] }) {
    nodes {
      ...DecisionFields
    }
    pageInfo {
      hasNextPage
    }
  }
}
    fragment LedgerFields on LedgerEntry {
  id
  kind
  reason
  amount
  occurredAt
  postedAt
  runId
  spanId
  provider
  model
  meter
  quantity
  usageFlags
  unitPrice
  basis
  priceBookVersion
  priceCard
  reverses
  agent
  user
  session
  service
  environment
  tags
}
fragment DecisionFields on PolicyDecision {
  id
  policyId
  policyVersion
  outcome
  mode
  place
  reason
  decidedAt
  runId
  spanId
  agent
  actor
  evidence
}`) as unknown as TypedDocumentString<StepQuery, StepQueryVariables>;
export const LedgerTotalsDocument = new TypedDocumentString(`
    query LedgerTotals($range: TimeRange!, $filter: CostFilter) {
  total: costs(range: $range, filter: $filter) {
    cost
    reported
    entries
    unpricedEntries
    inputTokens
    outputTokens
  }
}
    `) as unknown as TypedDocumentString<LedgerTotalsQuery, LedgerTotalsQueryVariables>;
export const CostTotalsDocument = new TypedDocumentString(`
    query CostTotals($range: TimeRange!, $filter: CostFilter) {
  costs(range: $range, filter: $filter, interval: DAY) {
    start
  }
  total: costs(range: $range, filter: $filter) {
    cost
    reported
    entries
    unpricedEntries
    inputTokens
    outputTokens
  }
  unmeteredModelCalls(range: $range)
  cacheSavings(range: $range, filter: $filter)
}
    `) as unknown as TypedDocumentString<CostTotalsQuery, CostTotalsQueryVariables>;
export const CostCountsDocument = new TypedDocumentString(`
    query CostCounts($range: TimeRange!, $filter: CostFilter) {
  total: costs(range: $range, filter: $filter) {
    runs
    ...CostClaims
  }
}
    fragment CostClaims on CostRow {
  reportedCost
  costVariance
}`) as unknown as TypedDocumentString<CostCountsQuery, CostCountsQueryVariables>;
export const CostsOverTimeDocument = new TypedDocumentString(`
    query CostsOverTime($range: TimeRange!, $groupBy: [CostDimension!]!, $interval: Interval!, $filter: CostFilter, $timeZone: String!) {
  costs(
    range: $range
    groupBy: $groupBy
    interval: $interval
    filter: $filter
    timeZone: $timeZone
  ) {
    start
    agent
    model
    provider
    meter
    user
    service
    env: environment
    tag
    cost
    unpricedEntries
  }
}
    `) as unknown as TypedDocumentString<CostsOverTimeQuery, CostsOverTimeQueryVariables>;
export const CostMapDocument = new TypedDocumentString(`
    query CostMap($range: TimeRange!, $by: [CostDimension!]!, $parts: [CostDimension!]!, $filter: CostFilter) {
  groups: costs(range: $range, groupBy: $by, filter: $filter) {
    ...CostMapFields
  }
  parts: costs(range: $range, groupBy: $parts, filter: $filter) {
    ...CostMapFields
  }
}
    fragment CostMapFields on CostRow {
  agent
  model
  provider
  meter
  user
  service
  env: environment
  tag
  cost
  unpricedEntries
}`) as unknown as TypedDocumentString<CostMapQuery, CostMapQueryVariables>;
export const CostTablesDocument = new TypedDocumentString(`
    query CostTables($range: TimeRange!, $filter: CostFilter) {
  agent: costs(range: $range, groupBy: [AGENT], filter: $filter) {
    value: agent
    ...CostFields
  }
  model: costs(range: $range, groupBy: [MODEL], filter: $filter) {
    value: model
    ...CostFields
  }
  provider: costs(range: $range, groupBy: [PROVIDER], filter: $filter) {
    value: provider
    ...CostFields
  }
  meter: costs(range: $range, groupBy: [METER], filter: $filter) {
    value: meter
    ...CostFields
  }
  user: costs(range: $range, groupBy: [USER], filter: $filter) {
    value: user
    ...CostFields
  }
  service: costs(range: $range, groupBy: [SERVICE], filter: $filter) {
    value: service
    ...CostFields
  }
  env: costs(range: $range, groupBy: [ENVIRONMENT], filter: $filter) {
    value: environment
    ...CostFields
  }
  tag: costs(range: $range, groupBy: [TAG], filter: $filter) {
    value: tag
    ...CostFields
  }
}
    fragment CostFields on CostRow {
  cost
  reported
  entries
  unpricedEntries
  inputTokens
  outputTokens
}`) as unknown as TypedDocumentString<CostTablesQuery, CostTablesQueryVariables>;
export const CostRunsDocument = new TypedDocumentString(`
    query CostRuns($range: TimeRange!, $filter: CostFilter, $claims: Boolean!) {
  agent: costs(range: $range, groupBy: [AGENT], filter: $filter) {
    value: agent
    runs
    ...CostClaims @include(if: $claims)
  }
  model: costs(range: $range, groupBy: [MODEL], filter: $filter) {
    value: model
    runs
    ...CostClaims @include(if: $claims)
  }
  provider: costs(range: $range, groupBy: [PROVIDER], filter: $filter) {
    value: provider
    runs
    ...CostClaims @include(if: $claims)
  }
  meter: costs(range: $range, groupBy: [METER], filter: $filter) {
    value: meter
    runs
    ...CostClaims @include(if: $claims)
  }
  user: costs(range: $range, groupBy: [USER], filter: $filter) {
    value: user
    runs
    ...CostClaims @include(if: $claims)
  }
  service: costs(range: $range, groupBy: [SERVICE], filter: $filter) {
    value: service
    runs
    ...CostClaims @include(if: $claims)
  }
  env: costs(range: $range, groupBy: [ENVIRONMENT], filter: $filter) {
    value: environment
    runs
    ...CostClaims @include(if: $claims)
  }
  tag: costs(range: $range, groupBy: [TAG], filter: $filter) {
    value: tag
    runs
    ...CostClaims @include(if: $claims)
  }
}
    fragment CostClaims on CostRow {
  reportedCost
  costVariance
}`) as unknown as TypedDocumentString<CostRunsQuery, CostRunsQueryVariables>;
export const CostChangeDocument = new TypedDocumentString(`
    query CostChange($range: TimeRange!, $filter: CostFilter) {
  costChange(range: $range, filter: $filter) {
    from
    middle
    to
    before
    now
    volume
    models
    inputOutput
    cache
    prices
    other
  }
}
    `) as unknown as TypedDocumentString<CostChangeQuery, CostChangeQueryVariables>;
export const LedgerEntriesDocument = new TypedDocumentString(`
    query LedgerEntries($first: Int!, $after: String, $filter: LedgerFilter) {
  ledgerEntries(first: $first, after: $after, filter: $filter) {
    nodes {
      ...LedgerFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment LedgerFields on LedgerEntry {
  id
  kind
  reason
  amount
  occurredAt
  postedAt
  runId
  spanId
  provider
  model
  meter
  quantity
  usageFlags
  unitPrice
  basis
  priceBookVersion
  priceCard
  reverses
  agent
  user
  session
  service
  environment
  tags
}`) as unknown as TypedDocumentString<LedgerEntriesQuery, LedgerEntriesQueryVariables>;
export const PolicyDecisionsDocument = new TypedDocumentString(`
    query PolicyDecisions($first: Int!, $after: String, $filter: DecisionFilter) {
  policyDecisions(first: $first, after: $after, filter: $filter) {
    nodes {
      ...DecisionFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment DecisionFields on PolicyDecision {
  id
  policyId
  policyVersion
  outcome
  mode
  place
  reason
  decidedAt
  runId
  spanId
  agent
  actor
  evidence
}`) as unknown as TypedDocumentString<PolicyDecisionsQuery, PolicyDecisionsQueryVariables>;
export const DecisionCountsDocument = new TypedDocumentString(`
    query DecisionCounts($deny: DecisionFilter, $requireApproval: DecisionFilter, $redact: DecisionFilter, $warn: DecisionFilter, $allow: DecisionFilter, $hindsight: DecisionFilter) {
  deny: policyDecisions(first: 1, filter: $deny) {
    totalCount
  }
  requireApproval: policyDecisions(first: 1, filter: $requireApproval) {
    totalCount
  }
  redact: policyDecisions(first: 1, filter: $redact) {
    totalCount
  }
  warn: policyDecisions(first: 1, filter: $warn) {
    totalCount
  }
  allow: policyDecisions(first: 1, filter: $allow) {
    totalCount
  }
  hindsight: policyDecisions(first: 1, filter: $hindsight) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<DecisionCountsQuery, DecisionCountsQueryVariables>;
export const MetricsDocument = new TypedDocumentString(`
    query Metrics($range: TimeRange) {
  metrics(range: $range, first: 500) {
    name
    unit
    kind
    aggregations
    description
    services
    attributes
    series
    points
    lastAt
  }
  ingest {
    httpEndpoint
  }
}
    `) as unknown as TypedDocumentString<MetricsQuery, MetricsQueryVariables>;
export const MetricChartDocument = new TypedDocumentString(`
    query MetricChart($name: String!, $unit: String, $kind: MetricKind, $range: TimeRange!, $aggregation: MetricAggregation, $groupBy: MetricLabel, $groupByAttribute: String, $filter: MetricFilter) {
  metricChart(
    name: $name
    unit: $unit
    kind: $kind
    range: $range
    aggregation: $aggregation
    groupBy: $groupBy
    groupByAttribute: $groupByAttribute
    filter: $filter
  ) {
    unit
    kind
    aggregation
    from
    to
    intervalSeconds
    series {
      group
      points {
        start
        value
      }
    }
    exemplars(first: 100) {
      time
      value
      runId
      spanId
      group
    }
  }
}
    `) as unknown as TypedDocumentString<MetricChartQuery, MetricChartQueryVariables>;
export const IngestPageDocument = new TypedDocumentString(`
    query IngestPage($range: TimeRange!) {
  ingest {
    grpcEndpoint
    httpEndpoint
    lastReceivedAt
    backlog {
      bytes
      segments
      oldestReceivedAt
      diskFreeBytes
    }
  }
  total: ingestAccount(range: $range) {
    requests
    received
    stored
    deduplicated
    rejected
    setAside
  }
  account: ingestAccount(range: $range, groupBy: [SIGNAL, CLIENT, REASON]) {
    signal
    client
    reason
    requests
    received
    stored
    deduplicated
    rejected
    setAside
  }
  conformance(range: $range) {
    service
    scopeName
    scopeVersion
    dialects
    steps
    understood
    modelCalls
    toolCalls
    missing
    unrecognised
    dropped
    malformed
    ambiguous
    outdated
    findings {
      code
      kind
      stepKinds
      attribute
      expected
      found
      convention
      steps
      ofSteps
      firstSeenAt
      lastSeenAt
      exampleRunId
      exampleSpanId
      meaning
      advice
    }
  }
}
    `) as unknown as TypedDocumentString<IngestPageQuery, IngestPageQueryVariables>;
export const UnpricedModelsDocument = new TypedDocumentString(`
    query UnpricedModels($range: TimeRange!) {
  unpricedModels(range: $range, first: 500) {
    provider
    model
    calls
    tokens
    meters
    firstSeen
    lastSeen
    exampleRunId
  }
  unmeteredModelCalls(range: $range)
}
    `) as unknown as TypedDocumentString<UnpricedModelsQuery, UnpricedModelsQueryVariables>;
export const PriceModelDocument = new TypedDocumentString(`
    mutation PriceModel($provider: String!, $model: String!, $sameAs: String, $prices: ModelPrices) {
  priceModel(provider: $provider, model: $model, sameAs: $sameAs, prices: $prices) {
    version
  }
}
    `) as unknown as TypedDocumentString<PriceModelMutation, PriceModelMutationVariables>;
export const PriceBooksDocument = new TypedDocumentString(`
    query PriceBooks {
  priceBooks {
    version
    source
    knownSince
    activatedAt
    active
  }
}
    `) as unknown as TypedDocumentString<PriceBooksQuery, PriceBooksQueryVariables>;
export const PriceBookDocument = new TypedDocumentString(`
    query PriceBook($version: ID!) {
  priceBookEffect(version: $version) {
    provider
    model
    calls
    posted
    repriced
    unpricedNow
    unpricedThen
  }
}
    `) as unknown as TypedDocumentString<PriceBookQuery, PriceBookQueryVariables>;
export const ActivatePriceBookDocument = new TypedDocumentString(`
    mutation ActivatePriceBook($version: ID!) {
  activatePriceBook(version: $version) {
    version
  }
}
    `) as unknown as TypedDocumentString<ActivatePriceBookMutation, ActivatePriceBookMutationVariables>;
export const CodingAgentsDocument = new TypedDocumentString(`
    query CodingAgents($range: TimeRange!) {
  total: codingAgents(range: $range) {
    ...CodingFields
  }
  coding: codingAgents(range: $range, groupBy: [AGENT]) {
    value: agent
    ...CodingFields
  }
  user: codingAgents(range: $range, groupBy: [DEVELOPER]) {
    value: developer
    ...CodingFields
  }
  repo: codingAgents(range: $range, groupBy: [REPOSITORY]) {
    value: repository
    ...CodingFields
  }
  model: codingAgents(range: $range, groupBy: [MODEL]) {
    value: model
    ...CodingFields
  }
}
    fragment CodingFields on CodingAgentRow {
  cost
  entries
  unpricedEntries
  sessions
  runs
  developers
  inputTokens
  cachedInputTokens
  outputTokens
}`) as unknown as TypedDocumentString<CodingAgentsQuery, CodingAgentsQueryVariables>;
export const ModelsDocument = new TypedDocumentString(`
    query Models($range: TimeRange!, $filter: ModelFilter) {
  models(range: $range, filter: $filter) {
    total {
      ...ModelFields
    }
    rows {
      value: model
      ...ModelFields
    }
  }
}
    fragment ModelFields on ModelRow {
  names
  providers
  calls
  failedCalls
  truncatedCalls
  toolCallingCalls
  runs
  durationMs {
    p50
    p95
  }
  timeToFirstTokenMs {
    p50
    p95
  }
  outputTokensPerSecond
  cost
  entries
  unpricedEntries
  costPerThousandCalls
  costPerThousandRuns
  inputTokens
  cachedInputTokens
  outputTokens
}`) as unknown as TypedDocumentString<ModelsQuery, ModelsQueryVariables>;
export const ModelChoicesDocument = new TypedDocumentString(`
    query ModelChoices($range: TimeRange!) {
  model: costs(range: $range, groupBy: [MODEL]) {
    value: model
  }
  agent: costs(range: $range, groupBy: [AGENT]) {
    value: agent
  }
  provider: costs(range: $range, groupBy: [PROVIDER]) {
    value: provider
  }
}
    `) as unknown as TypedDocumentString<ModelChoicesQuery, ModelChoicesQueryVariables>;
export const ModelLatenciesDocument = new TypedDocumentString(`
    query ModelLatencies($range: TimeRange!, $filter: ModelFilter) {
  modelLatency(range: $range, filter: $filter) {
    intervalSeconds
    cells {
      start
      fromMs
      toMs
      calls
      failedCalls
    }
  }
}
    `) as unknown as TypedDocumentString<ModelLatenciesQuery, ModelLatenciesQueryVariables>;
export const ModelsOfAgentsDocument = new TypedDocumentString(`
    query ModelsOfAgents($range: TimeRange!, $filter: ModelFilter) {
  models(range: $range, groupBy: [AGENT, MODEL], filter: $filter) {
    rows {
      agent
      model
      ...ModelFields
    }
  }
}
    fragment ModelFields on ModelRow {
  names
  providers
  calls
  failedCalls
  truncatedCalls
  toolCallingCalls
  runs
  durationMs {
    p50
    p95
  }
  timeToFirstTokenMs {
    p50
    p95
  }
  outputTokensPerSecond
  cost
  entries
  unpricedEntries
  costPerThousandCalls
  costPerThousandRuns
  inputTokens
  cachedInputTokens
  outputTokens
}`) as unknown as TypedDocumentString<ModelsOfAgentsQuery, ModelsOfAgentsQueryVariables>;
export const ReconciliationDocument = new TypedDocumentString(`
    query Reconciliation($range: TimeRange!) {
  reconciliation(range: $range) {
    itemCount
    matchedItems
    billed
    metered
    difference
    periods {
      provider
      from
      to
      billed
      metered
      difference
      ledgerProviders
    }
    items {
      id
      day
      provider
      model
      meter
      meteredQuantity
      meteredAmount
      unpricedEntries
      billedQuantity
      billedAmount
      amountDifference
      quantityDifference
      quantityEffect
      cause
      ledgerProviders
      ledgerModels
      ledgerMeters
      importIds
    }
  }
  billImports {
    id
    source
    name
    actor
    importedAt
    lines
  }
  billApprovals {
    entryId
    item
    actor
    why
    approvedAt
  }
}
    `) as unknown as TypedDocumentString<ReconciliationQuery, ReconciliationQueryVariables>;
export const ImportBillDocument = new TypedDocumentString(`
    mutation ImportBill($name: String!, $content: String!, $by: String!) {
  importBill(name: $name, content: $content, by: $by) {
    id
    source
    lines
  }
}
    `) as unknown as TypedDocumentString<ImportBillMutation, ImportBillMutationVariables>;
export const ApproveDifferencesDocument = new TypedDocumentString(`
    mutation ApproveDifferences($items: [ID!]!, $by: String!, $why: String!) {
  approveDifferences(items: $items, by: $by, why: $why) {
    entryId
    item
  }
}
    `) as unknown as TypedDocumentString<ApproveDifferencesMutation, ApproveDifferencesMutationVariables>;
export const BudgetBurnDocument = new TypedDocumentString(`
    query BudgetBurn($range: TimeRange!, $filter: CostFilter, $interval: Interval!, $timeZone: String!) {
  costs(range: $range, filter: $filter, interval: $interval, timeZone: $timeZone) {
    start
    cost
    quantity
  }
}
    `) as unknown as TypedDocumentString<BudgetBurnQuery, BudgetBurnQueryVariables>;
export const BudgetsDocument = new TypedDocumentString(`
    query Budgets {
  budgets(first: 100) {
    ...BudgetFields
  }
}
    fragment BudgetGroupFields on BudgetGroup {
  group {
    dimension
    values
  }
  periodStart
  periodEnd
  actual
  calls
  unpricedCalls
  held
  holds
  approved
  remaining
  overshootBound
  forecast {
    value
    low
    high
    exhaustedAt
  }
  burn {
    severity
    long
    short
    fires
  }
  crossed {
    percent
    on
  }
  history {
    start
    end
    actual
  }
}
fragment BudgetFields on Budget {
  id
  version
  title
  owner
  origin
  definedAt
  document
  scope {
    dimension
    values
  }
  groupBy
  period
  rollingHours
  timeZone
  measure
  limit
  thresholds
  action
  approvals {
    id
    group
    amount
    until
    by
    why
    at
    withdrawnAt
    withdrawnBy
  }
  groups(first: 10) {
    total
    nodes {
      ...BudgetGroupFields
    }
  }
}`) as unknown as TypedDocumentString<BudgetsQuery, BudgetsQueryVariables>;
export const DefineBudgetDocument = new TypedDocumentString(`
    mutation DefineBudget($document: String!) {
  defineBudget(document: $document) {
    id
    version
  }
}
    `) as unknown as TypedDocumentString<DefineBudgetMutation, DefineBudgetMutationVariables>;
export const RetireBudgetDocument = new TypedDocumentString(`
    mutation RetireBudget($id: ID!) {
  retireBudget(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<RetireBudgetMutation, RetireBudgetMutationVariables>;
export const AlertsDocument = new TypedDocumentString(`
    query Alerts {
  alerts(first: 100) {
    key
    rule
    severity
    title
    summary
    on
    budget
    groupBy
    group
    from
    firing
    firedAt
    resolvedAt
    waiting
  }
  alertRules {
    ...AlertRuleFields
  }
  alertSignals {
    id
    unit
    groupBy
  }
  alertDestinations {
    id
    kind
    failures
    gone
  }
  alertEvents(first: 50) {
    at
    kind
    rule
    key
    title
    destination
    detail
  }
}
    fragment AlertRuleFields on AlertRule {
  id
  on
  above
  unit
  windowMs
  forMs
  groupBy
  noData
  budgets
  notify
  unknown
  origin
  version
  definedAt
  mutedUntil
}`) as unknown as TypedDocumentString<AlertsQuery, AlertsQueryVariables>;
export const AlertPreviewDocument = new TypedDocumentString(`
    query AlertPreview($rule: ID, $document: String) {
  alertPreview(rule: $rule, document: $document, range: {  }) {
    from
    to
    total
    alerts {
      group
      since
      firedAt
      resolvedAt
      highest
    }
    readings {
      start
      end
      value
    }
  }
}
    `) as unknown as TypedDocumentString<AlertPreviewQuery, AlertPreviewQueryVariables>;
export const DefineAlertRuleDocument = new TypedDocumentString(`
    mutation DefineAlertRule($document: String!) {
  defineAlertRule(document: $document) {
    id
    version
  }
}
    `) as unknown as TypedDocumentString<DefineAlertRuleMutation, DefineAlertRuleMutationVariables>;
export const RetireAlertRuleDocument = new TypedDocumentString(`
    mutation RetireAlertRule($id: ID!) {
  retireAlertRule(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<RetireAlertRuleMutation, RetireAlertRuleMutationVariables>;
export const MuteAlertRuleDocument = new TypedDocumentString(`
    mutation MuteAlertRule($rule: ID!, $until: DateTime) {
  muteAlertRule(rule: $rule, until: $until) {
    id
    mutedUntil
  }
}
    `) as unknown as TypedDocumentString<MuteAlertRuleMutation, MuteAlertRuleMutationVariables>;
export const TestAlertDestinationDocument = new TypedDocumentString(`
    mutation TestAlertDestination($id: ID!) {
  testAlertDestination(id: $id) {
    ok
    detail
  }
}
    `) as unknown as TypedDocumentString<TestAlertDestinationMutation, TestAlertDestinationMutationVariables>;
export const RestatementMonthsDocument = new TypedDocumentString(`
    query RestatementMonths {
  costs(range: {  }, interval: MONTH) {
    start
  }
  closedMonths {
    month
    closedAt
    actor
    corrections {
      accountedIn
      entries
      cost
    }
  }
}
    `) as unknown as TypedDocumentString<RestatementMonthsQuery, RestatementMonthsQueryVariables>;
export const RestatementDocument = new TypedDocumentString(`
    query Restatement($month: String!, $asOf: DateTime!) {
  restatement(month: $month, asOf: $asOf) {
    month
    asOf
    closedAt
    costThen
    costNow
    costSince
    unpricedThen
    unpricedNow
    reasons {
      reason
      accountedIn
      entries
      cost
      changes {
        kind
        priceBookVersion
        entries
        unpricedEntries
        cost
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RestatementQuery, RestatementQueryVariables>;
export const ApproveBudgetDocument = new TypedDocumentString(`
    mutation ApproveBudget($id: ID!, $group: [String!]!, $amount: Decimal!, $until: DateTime!, $by: String!, $why: String!) {
  approveBudget(
    id: $id
    group: $group
    amount: $amount
    until: $until
    by: $by
    why: $why
  ) {
    id
  }
}
    `) as unknown as TypedDocumentString<ApproveBudgetMutation, ApproveBudgetMutationVariables>;
export const WithdrawBudgetApprovalDocument = new TypedDocumentString(`
    mutation WithdrawBudgetApproval($id: ID!, $by: String!, $why: String!) {
  withdrawBudgetApproval(id: $id, by: $by, why: $why) {
    id
  }
}
    `) as unknown as TypedDocumentString<WithdrawBudgetApprovalMutation, WithdrawBudgetApprovalMutationVariables>;