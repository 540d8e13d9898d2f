import type { FindingCode } from '#semconv/conformance.ts'

export interface Advice {
  /** What people see go wrong by it. */
  readonly meaning: string
  /** What whoever runs the agent does about it. */
  readonly advice: string
}

/** In whole sentences, for who reads a finding for the first time. */
export const adviceOf: Readonly<Record<FindingCode, Advice>> = {
  USAGE_MISSING: {
    meaning: 'A model call succeeded and says nothing of its tokens: they are not counted and nothing is charged.',
    advice: 'On streams, ask the provider for usage (OpenAI: stream_options.include_usage) and upgrade the instrumentation. If another instrumentation tells the same call with tokens, nothing is lost.',
  },
  MODEL_MISSING: {
    meaning: 'A model call names neither the model that was asked nor the one that answered: its tokens cannot be priced.',
    advice: 'Set gen_ai.request.model and gen_ai.response.model on the call, or upgrade the instrumentation.',
  },
  RESPONSE_MODEL_MISSING: {
    meaning: 'Only the model that was asked is known. Where that is an alias or a router, another model may have answered, at another price.',
    advice: 'Set gen_ai.response.model from the provider\'s answer. Nothing to do where you always ask for a dated model.',
  },
  PROVIDER_MISSING: {
    meaning: 'The call names no provider, or a framework in its place: the price is found by the model\'s name alone.',
    advice: 'Set gen_ai.provider.name (openai, anthropic, aws.bedrock, gcp.gemini …) or server.address on the call.',
  },
  TOOL_NAME_MISSING: {
    meaning: 'A tool call without the tool\'s name: policies about tools cannot match it, and loops cannot be told.',
    advice: 'Set gen_ai.tool.name, or name the span "execute_tool <name>".',
  },
  SERVICE_NAME_MISSING: {
    meaning: 'The telemetry does not say which service it is from: runs and costs cannot be told apart by service.',
    advice: 'Set OTEL_SERVICE_NAME in the agent\'s environment.',
  },
  SCOPE_NAME_MISSING: {
    meaning: 'The tracer has no name, so nobody can say which instrumentation wrote the span, nor how it counts.',
    advice: 'Pass a name and a version where the tracer is made: getTracer("my-agent", "1.0.0").',
  },
  USAGE_UNSPLIT: {
    meaning: 'Only a total of tokens is reported. It is counted, and cannot be priced, because input and output cost differently.',
    advice: 'Set gen_ai.usage.input_tokens and gen_ai.usage.output_tokens, or instrument the model client itself.',
  },
  CACHE_COUNTING_UNKNOWN: {
    meaning: 'Cached tokens are reported, and nothing says whether the input contains them. It is read as the conventions say, inside; if it is not, the cost is too low.',
    advice: 'Report gen_ai.usage.input_tokens with the cached ones inside. Tell us the instrumentation, so that its counting is read from its source.',
  },
  USAGE_REPAIRED: {
    meaning: 'The counts contradict how this instrumentation is known to count; what arithmetic allows was taken.',
    advice: 'Open the example and compare its counts with the provider\'s answer. A newer version may count otherwise: tell us its name.',
  },
  USAGE_CONTRADICTORY: {
    meaning: 'A part (cached, reasoning, audio) is larger than the whole it belongs to, under every reading. The part was cut to its whole.',
    advice: 'Open the example: one of the counts is wrong where it is written.',
  },
  CACHE_LIFETIME_UNKNOWN: {
    meaning: 'Tokens were written to the cache and nothing says for how long: they are priced as 5 minutes. An hour costs more.',
    advice: 'Nothing to do if you do not use one-hour caching. Otherwise report the two lifetimes apart (gen_ai.usage.cache_creation.input_tokens.ephemeral_1h).',
  },
  CACHED_SOUND_UNKNOWN: {
    meaning: 'Sound and cached tokens are reported, and nothing says how much of the sound was cached: only what must have been is priced so. Cached sound costs less.',
    advice: 'Report gen_ai.usage.audio.cache_read.input_tokens, where the provider tells it.',
  },
  CACHE_COUNTS_DROPPED: {
    meaning: 'This instrumentation is known to leave out parts of the usage, such as cached tokens, thoughts or sub-agents: tokens and cost are too low where those are charged beside the rest, and the cost is too high where they are the cheaper part of it.',
    advice: 'Upgrade it, or instrument the model client beside it.',
  },
  CACHE_WRITES_HIDDEN: {
    meaning: 'Tokens written to the cache are somewhere in the input and not told apart: they are priced as plain input, which is cheaper.',
    advice: 'Upgrade the instrumentation, or instrument the model client beside it.',
  },
  ATTRIBUTES_DROPPED: {
    meaning: 'The sender\'s SDK dropped attributes before sending: tokens, models or sessions may be among them.',
    advice: 'Raise OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT in the agent (default 128).',
  },
  EVENTS_DROPPED: {
    meaning: 'The sender\'s SDK dropped span events before sending: messages or exceptions may be among them.',
    advice: 'Raise OTEL_SPAN_EVENT_COUNT_LIMIT in the agent (default 128).',
  },
  LINKS_DROPPED: {
    meaning: 'The sender\'s SDK dropped links before sending.',
    advice: 'Raise OTEL_SPAN_LINK_COUNT_LIMIT in the agent (default 128).',
  },
  CONTENT_CUT: {
    meaning: 'Messages end in the midst of their JSON: a limit on attribute values cut them, and they are shown as text.',
    advice: 'Raise or unset OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT in the agent. One value takes up to 1 MiB here.',
  },
  USAGE_INVALID: {
    meaning: 'A token count is negative, a fraction or no number at all, and was ignored: tokens and cost may be too low.',
    advice: 'Open the example and send the count as an integer.',
  },
  TYPE_WRONG: {
    meaning: 'An attribute has another type than the convention gives it. It is read all the same; other backends may drop it.',
    advice: 'Send it with the expected type, or upgrade the instrumentation.',
  },
  END_BEFORE_START: {
    meaning: 'The span ends before it starts, or never says when: its duration is shown as 0.',
    advice: 'Check the clock of the machine, and that every span is ended.',
  },
  NAME_OUTDATED: {
    meaning: 'The attribute has a newer name. It is read all the same; what the newer versions added beside it may be missing.',
    advice: 'Upgrade the instrumentation; many write the new names once OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental is set.',
  },
  PROVIDER_UNKNOWN: {
    meaning: 'The provider is none that the conventions or our table of aliases name. A price is found by the model\'s name alone; without one the call is unpriced.',
    advice: 'Use the convention\'s name where there is one. A provider of your own is fine, and its calls are unpriced.',
  },
  OPERATION_UNKNOWN: {
    meaning: 'The operation is none that is known, so the step is shown as plumbing: its tokens are not charged as a call.',
    advice: 'Use an operation of the conventions: chat, embeddings, execute_tool, invoke_agent …',
  },
  OPERATION_MISSING: {
    meaning: 'The span carries tokens or the model that answered and does not say what it did: it is shown as plumbing, and not as a model call.',
    advice: 'Set gen_ai.operation.name to chat (or embeddings) on spans that call a model.',
  },
}
