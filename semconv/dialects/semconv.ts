import type { Attributes, SpanRecord } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Reading } from '../reading.ts'
import { finite, word } from '../value.ts'

/** Of OpenTelemetry's own, botocore's, Bedrock's and the older ones for google-genai leave the conventions' counting. */
const botocore = (scope: string) => scope === 'opentelemetry.instrumentation.botocore.bedrock-runtime' ||
  scope === '@opentelemetry/instrumentation-aws-sdk'

/** Spring AI calls it by the singular. */
const isNoEmbedding = (attributes: Attributes) => !/^embeddings?$/.test(String(attributes.get('gen_ai.operation.name') ?? ''))

const langtrace = (scope: string) => scope.startsWith('langtrace_python_sdk.')
/** Both write neither what was cached nor what was thought: captured from @elastic 0.5.1 and @opentelemetry 0.22.0. */
const openaiJs = (scope: string) => scope === '@elastic/opentelemetry-instrumentation-openai' || scope === '@opentelemetry/instrumentation-openai'
const lossyOpenai = {
  source: 'captured', scope: openaiJs, input: 'inclusive', output: 'inclusive', lossy: true,
  // An embedding has neither.
  when: isNoEmbedding,
} as const

/** Has no key for what was cached or thought. */
const lossyOpenaiV2 = {
  source: 'opentelemetry-instrumentation-openai-v2 2.0b0 on PyPI, captured',
  scope: (scope: string) => scope === 'opentelemetry.instrumentation.openai_v2', input: 'inclusive', output: 'inclusive', lossy: true,
  when: (attributes: Attributes) => isNoEmbedding(attributes) && !attributes.has('gen_ai.usage.cache_read.input_tokens'),
} as const

const google = ['gcp.gemini', 'gcp.vertex_ai', 'gcp.gen_ai'] as const

/** Has no key for what was cached or thought, and leaves the thoughts out of its output. */
const lossyGenai = {
  source: 'opentelemetry-instrumentation-google-genai 0.2b0 to 0.7b0 on PyPI (generate_content.py)',
  scope: (scope: string) => scope === 'opentelemetry.instrumentation.google_genai', below: '1.0', input: 'inclusive', output: 'exclusive', lossy: true,
} as const

/** Tells the thoughts beside its output, which has them since 1.1b0; before 1.2b0 its scope is that of its library, which was 0.4b0 then. */
const genai10 = {
  source: 'opentelemetry-instrumentation-google-genai 1.0b0 to 1.2b0 on PyPI (generate_content.py, instrumentor.py)',
  scope: (scope: string) => scope === 'opentelemetry.util.genai.handler', below: '1.0', providers: google, input: 'inclusive', output: 'exclusive',
} as const

/** Its LangChain instrumentation has no key for what was cached or thought; every span says whether it was drawn for an evaluation. */
const lossySplunk = {
  source: 'splunk-otel-util-genai 0.1.15 and splunk-otel-instrumentation-langchain 0.1.16 on PyPI, captured',
  scope: (scope: string) => scope === 'opentelemetry.util.genai.handler', input: 'inclusive', output: 'inclusive', lossy: true,
  when: (attributes: Attributes) => attributes.has('gen_ai.evaluation.sampled') && isNoEmbedding(attributes) &&
    !attributes.has('gen_ai.usage.cache_read.input_tokens'),
} as const

/** Python's, which tells two sums of what a call used. */
const semanticKernel = {
  source: 'captured from semantic-kernel 1.45.0 on PyPI',
  scope: (scope: string) => scope.startsWith('semantic_kernel.utils.telemetry.model_diagnostics'), lossy: true,
  when: (attributes: Attributes) => isNoEmbedding(attributes) && !attributes.has('gen_ai.usage.cache_read.input_tokens'),
} as const

/** Azure's SDKs for inference, projects and agents trace by one scope, and tell two sums of what a call used. */
const azureSdk = {
  source: 'azure-ai-inference 1.0.0b9 and azure-ai-projects 2.10.0 on PyPI, captured',
  scope: (scope: string) => scope === 'azure.core.tracing.ext.opentelemetry_span', input: 'inclusive', lossy: true,
} as const

/** Version 1 traces by itself wherever a provider is registered, in words of OpenTelemetry. */
const mistralSdk = {
  source: 'mistralai 1.12.4 on PyPI, captured', scope: (scope: string) => scope === 'mistralai_sdk_tracer', input: 'inclusive', output: 'inclusive', lossy: true,
  when: (_: Attributes, name: string) => !name.startsWith('embeddings_'),
} as const

/**
 * Passes the details of OpenAI's client on. At xAI the thoughts of chat completions stand beside the output; there is no total that
 * would show it. Only the Responses API, where they are inside, is named.
 */
const openaiClientAtXai = {
  source: 'opentelemetry-instrumentation-genai-openai 1.3b0 on PyPI (utils.py set_chat_usage); docs.x.ai, Chat completions',
  scope: (scope: string) => scope === 'opentelemetry.instrumentation.genai.openai', providers: ['x_ai'], input: 'inclusive', output: 'exclusive',
  when: (attributes: Attributes) => attributes.get('openai.api.type') !== 'responses',
} as const

const openlit = (scope: string) => scope.startsWith('openlit.')
const oldOpenlit = 'openlit 1.33.0, 1.36.8 and 1.37.0 on PyPI (instrumentation/*/utils.py)'
const openlitJs = (...names: readonly string[]) => (scope: string) => names.some((name) => scope === `@openlit/instrumentation-${name}`)
/** It passes the providers' counts on. */
const openlitJsSource = 'openlit 1.15.0 on npm, captured'

const laminar = (scope: string) => scope === 'lmnr.tracer'
/**
 * Passes Bedrock's counts on, which leave the cache out, although the conventions count it in. Any of its spans: without a
 * write it looks older than with one.
 */
const genaiBedrock = {
  source: 'opentelemetry-instrumentation-genai-bedrock 1.3b0 on PyPI (extractors.py, stream.py), captured',
  scope: (scope: string) => scope === 'opentelemetry.instrumentation.genai.bedrock', input: 'exclusive', output: 'inclusive',
} as const

/** LiteLLM adds what was written to its input; there is a key for what was read alone. */
const genaiDspy = {
  source: 'opentelemetry-instrumentation-genai-dspy 1.3b0 on PyPI, captured', scope: (scope: string) => scope === 'opentelemetry.instrumentation.genai.dspy',
  providers: ['anthropic', 'aws.bedrock'], input: 'inclusive', output: 'inclusive', hidesCacheWrites: true,
} as const

/** Spring AI has no scope of its own: Micrometer's spans all have Spring Boot's. Its calls without tools have no key of their own either. */
const springBoot = (scope: string) => scope === 'org.springframework.boot'
/** Version 1, which runs on Spring Boot 3 alone, has no key for what was cached. */
const springAi1 = 'org.springframework.ai:spring-ai-model 1.0.3, 1.1.0 and 2.0.1 (DefaultChatModelObservationConvention)'

/** Microsoft.Extensions.AI and its Agent Framework for .NET, by the names their sources have unless the application gives them another. */
const extensionsAi = (scope: string) => /^(?:Experimental\.)?Microsoft\.(?:Extensions|Agents)\.AI\b/.test(scope)
const extensionsAiSource = 'dotnet/extensions OpenTelemetryChatClient.cs@0120286, UsageDetails.cs (cached is part of input, reasoning of output)'

/** semantic-conventions-genai after 1.41 (`cache_write`), commits in `keys.ts`. */
export const semconvGenai: Dialect = {
  name: 'semconv_genai',
  keys: {},
  counting: [
    genaiBedrock, openaiClientAtXai,
    { source: 'semantic-conventions-genai token-metrics.yaml@066d4a7f', input: 'inclusive', output: 'inclusive' },
  ],
}

/** semantic-conventions 1.37 to 1.41: `gen_ai.provider.name`. Input contains the cache since 1.40; who wrote before did not say. */
export const semconv137: Dialect = {
  name: 'semconv',
  keys: {},
  counting: [
    genaiBedrock, openaiClientAtXai, lossyOpenaiV2, lossySplunk, genaiDspy, lossyGenai, genai10,
    { source: 'opentelemetry-python-contrib@466ae4c', scope: (scope) => scope.startsWith('opentelemetry.'),
      input: 'inclusive', output: 'inclusive' },
    { source: 'captured from opentelemetry-javaagent 2.33', scope: (scope) => scope.startsWith('io.opentelemetry.aws-sdk-'),
      input: 'exclusive', lossy: true },
    { source: 'captured from opentelemetry-javaagent 2.33', scope: (scope) => scope.startsWith('io.opentelemetry.openai-java-'),
      input: 'inclusive', output: 'inclusive' },
    // Passes the provider's counts on (prompt_tokens_include_cache in instrumentation/*/utils.py); captured from 1.45.0.
    { source: 'openlit 1.45.0 on PyPI', scope: openlit, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    { source: 'captured from openlit 1.45.0', scope: (scope) => scope === 'openlit.instrumentation.google_ai_studio', input: 'inclusive', output: 'exclusive' },
    { source: 'openlit 1.45.0 on PyPI', scope: openlit, input: 'inclusive', output: 'inclusive' },
    { source: openlitJsSource, scope: openlitJs('anthropic', 'bedrock'), input: 'exclusive' },
    { source: openlitJsSource, scope: openlitJs('google-ai', 'vertexai'), input: 'inclusive', output: 'exclusive' },
    { source: openlitJsSource, scope: openlitJs('openai', 'groq'), input: 'inclusive', output: 'inclusive' },
    // What a client for Claude puts into the input is up to that client; writes have no key.
    { source: extensionsAiSource, scope: extensionsAi, providers: ['anthropic', 'aws.bedrock'], hidesCacheWrites: true },
    { source: extensionsAiSource, scope: extensionsAi, input: 'inclusive', output: 'inclusive' },
    // Adds the cache itself, whichever provider's.
    { source: 'crmne/ruby_llm lib/ruby_llm/opentelemetry (2.0)', scope: (scope) => scope === 'ruby_llm', input: 'inclusive' },
    lossyOpenai,
    azureSdk,
    mistralSdk,
  ],
  refine(draft, _reading, span) {
    if (!openlit(span.scope.name)) return
    // CrewAI's own sum grows over the life of its models, and counted each call twice when captured (crewai 1.15.30).
    if (span.scope.name === 'openlit.instrumentation.crewai') draft.usageCumulative = draft.role !== 'model_call'
    // A handoff has the name of its target; what has no name is a turn of OpenAI's agents or a method of CrewAI's flow.
    if (draft.role === 'agent' && span.attributes.has('gen_ai.agent.source')) draft.role = 'handoff'
    if (draft.role === 'agent' && draft.agent === '') draft.role = 'step'
    // Under a key that Strands fills with milliseconds.
    const seconds = finite(span.attributes.get('gen_ai.server.time_to_first_token'))
    if (draft.streaming && seconds !== undefined) draft.timeToFirstTokenMs = seconds * 1000
  },
}

/** semantic-conventions 1.26 to 1.36: `gen_ai.system`. */
export const semconvOld: Dialect = {
  name: 'semconv_old',
  keys: {},
  refine: azureRun,
  counting: [
    // Tells Converse's cache counts since some version between the commit below and this one.
    { source: 'opentelemetry-instrumentation-botocore 0.66b2 on PyPI, captured', scope: botocore, from: '0.66',
      when: (attributes) => attributes.has('gen_ai.usage.cache_read.input_tokens'), input: 'exclusive' },
    { source: 'opentelemetry-python-contrib@466ae4c', scope: botocore, input: 'exclusive', lossy: true },
    { source: 'langtrace-python-sdk 3.8.21 on PyPI, captured', scope: langtrace, providers: ['anthropic'], input: 'exclusive',
      lossy: true },
    { source: 'langtrace-python-sdk 3.8.21 on PyPI, captured', scope: langtrace, input: 'inclusive', output: 'inclusive' },
    semanticKernel,
    lossyOpenai, lossyOpenaiV2, lossyGenai,
    azureSdk,
    // Adds the cache to Anthropic's input and the thoughts to Gemini's output.
    { source: 'lmnr 0.8.2 on PyPI, captured', scope: laminar, input: 'inclusive', output: 'inclusive' },
    // It has had keys for the cache since it says `gen_ai.provider.name`.
    { source: oldOpenlit, scope: openlit, when: isNoEmbedding, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', lossy: true },
    { source: oldOpenlit, scope: openlit, when: isNoEmbedding, providers: google, input: 'inclusive', output: 'exclusive', lossy: true },
    { source: oldOpenlit, scope: openlit, when: isNoEmbedding, input: 'inclusive', output: 'inclusive', lossy: true },
    { source: springAi1, scope: springBoot, below: '4.0', when: isNoEmbedding, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', lossy: true },
    { source: springAi1, scope: springBoot, below: '4.0', when: isNoEmbedding, input: 'inclusive', output: 'inclusive', lossy: true },
    // Passes the provider's counts on; its total leaves the cache out too.
    { source: 'captured from Spring AI 2.0.1', scope: springBoot, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    { source: 'captured from Spring AI 2.0.1', scope: springBoot, input: 'inclusive', output: 'inclusive' },
  ],
}

/**
 * Azure AI Agents run on Azure's side. Whoever starts a run or looks at it tells what it used so far, so that a run's id is
 * what an answer's id is elsewhere: captured from azure-ai-agents 1.1.0, whose list of steps has thread and run the other way round.
 */
function azureRun(draft: Draft, _reading: Reading, span: SpanRecord): void {
  const thread = span.attributes.get('gen_ai.thread.id')
  if (thread === undefined || draft.operation === 'list_run_steps') return
  draft.session ||= word(thread) ?? ''
  if (draft.role === 'model_call') draft.responseId ||= word(span.attributes.get('gen_ai.thread.run.id')) ?? ''
}

/** Nothing known about the emitter. */
export const generic: Dialect = { name: 'generic', keys: {} }
