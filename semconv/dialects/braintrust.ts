import { answerId } from '../answer-id.ts'
import type { Attributes } from '../attributes.ts'
import { picoUsd } from '../cost.ts'
import type { Dialect, Draft } from '../dialect.ts'
import type { Role } from '../facts.ts'
import { asWord, readRunMetadata } from '../run-metadata.ts'
import { finite, member, parsedObject, tokenCount, word } from '../value.ts'

/** The types of braintrustdata/braintrust-spec@14e2da7 that say what a span does; `task` and `function` are whatever the application calls so. */
const roles: Readonly<Record<string, Role>> = { llm: 'model_call', tool: 'tool', score: 'evaluation', classifier: 'evaluation', eval: 'workflow' }

/**
 * Braintrust's SDKs for Java, Go, .NET and Ruby, which are OpenTelemetry's: captured from braintrust-sdk-java 0.3.6. All they say is JSON.
 */
export const braintrust: Dialect = {
  name: 'braintrust',
  keys: {
    usageDetails: ['braintrust.metrics'],
    metadata: ['braintrust.metadata'],
    toolArguments: ['braintrust.input_json'],
  },
  counting: [
    // Against the specification, which counts the cache in.
    { source: 'captured from braintrust-sdk-java 0.3.6', scope: (scope) => scope === 'braintrust-java', providers: ['anthropic', 'aws.bedrock'], input: 'exclusive', output: 'inclusive' },
    { source: 'captured from braintrust-sdk-java 0.3.6', scope: (scope) => scope === 'braintrust-java', when: dropsCache, input: 'inclusive', output: 'inclusive', lossy: true },
    { source: 'braintrustdata/braintrust-spec@14e2da7 (token-and-cost-metrics.md)', input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading) {
    const metrics = parsedObject(reading.value('usageDetails'))
    const count = (name: string) => tokenCount(member(metrics, name))
    counts.input ??= count('prompt_tokens')
    counts.output ??= count('completion_tokens')
    counts.total ??= count('tokens')
    counts.cacheRead ??= count('prompt_cached_tokens')
    counts.cacheWrite ??= count('prompt_cache_creation_tokens')
    counts.cacheWrite5m ??= count('prompt_cache_creation_5m_tokens')
    counts.cacheWrite1h ??= count('prompt_cache_creation_1h_tokens')
    counts.reasoning ??= count('completion_reasoning_tokens')
  },
  refine(draft, reading, { attributes, name, parentSpanId }) {
    const type = asWord(member(parsedObject(attributes.get('braintrust.span_attributes')), 'type')) ?? ''
    draft.role = Object.hasOwn(roles, type) ? roles[type] as Role : draft.role
    if (draft.role === 'span' && parentSpanId === '') draft.role = 'workflow'
    if (draft.role === 'workflow') draft.workflow ||= word(name) ?? ''
    if (draft.role === 'tool') draft.tool ||= word(name) ?? ''
    const metadata = readRunMetadata(draft, reading.value('metadata'))
    if (draft.role === 'model_call') {
      draft.provider ||= asWord(member(metadata, 'provider')) ?? ''
      draft.requestModel ||= asWord(member(metadata, 'model')) ?? ''
      draft.responseId ||= answerId(attributes.get('braintrust.output_json'))
      if (/\bembeddings$/.test(asWord(member(metadata, 'request_path')) ?? '')) draft.role = 'embedding'
    }
    const metrics = parsedObject(reading.value('usageDetails'))
    draft.reportedCost ??= picoUsd(member(metrics, 'estimated_cost')) || undefined
    firstToken(draft, finite(member(metrics, 'time_to_first_token')))
  },
}

function firstToken(draft: Draft, seconds: number | undefined): void {
  if (seconds === undefined || seconds < 0 || draft.timeToFirstTokenMs !== undefined) return
  draft.timeToFirstTokenMs = seconds * 1000
  draft.streaming = true
}

/** Of OpenAI's parts it tells the Responses API's thoughts alone. An embedding has none. */
function dropsCache(attributes: Attributes): boolean {
  const metrics = parsedObject(attributes.get('braintrust.metrics'))
  return member(metrics, 'completion_tokens') !== undefined && member(metrics, 'prompt_cached_tokens') === undefined
}
