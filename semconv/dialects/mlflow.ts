import { answerId } from '../answer-id.ts'
import type { Attributes, AttributeValue } from '../attributes.ts'
import { bodyCounts, geminiParts } from '../body-counts.ts'
import type { Dialect } from '../dialect.ts'
import { readRunMetadata } from '../run-metadata.ts'
import type { UsageCounts } from '../usage.ts'
import { member, objectMember, parsed, parsedObject, tokenCount } from '../value.ts'

/**
 * mlflow/mlflow constant.py@00449464 and claude_code.py@07ab5f97, and spans captured from its OpenAI autologging. Its
 * exporter JSON-encodes every value, strings too.
 */
export const mlflow: Dialect = {
  name: 'mlflow',
  keys: {
    kind: ['mlflow.spanType'],
    provider: ['mlflow.llm.provider'],
    // What was asked for is among the parameters; `mlflow.llm.model` is the answer's once there is one.
    requestModel: ['model', 'mlflow.llm.model'],
    responseModel: ['mlflow.llm.model'],
    session: ['mlflow.trace.session'],
    user: ['mlflow.trace.user'],
    toolArguments: ['mlflow.spanInputs'],
    messages: ['mlflow.spanOutputs', 'mlflow.spanInputs'],
    usageDetails: ['mlflow.chat.tokenUsage'],
    metadata: ['metadata'],
    cost: ['mlflow.llm.cost'],
    judgement: ['mlflow.spanOutputs'],
  },
  counting: [
    { source: 'mlflow-skinny 3.9.0, 3.10.0 and 3.14.0 on PyPI (anthropic/autolog.py, bedrock/utils.py); 3.12.0 and 3.17.2 add the cache', when: repeatsProvider, input: 'exclusive' },
    { source: 'mlflow/mlflow claude_code.py@07ab5f97 (adds the cache itself)', input: 'inclusive' },
  ],
  counts(counts, reading, span) {
    const usage = parsedObject(reading.value('usageDetails'))
    counts.input ??= tokenCount(member(usage, 'input_tokens'))
    counts.output ??= tokenCount(member(usage, 'output_tokens'))
    counts.total ??= tokenCount(member(usage, 'total_tokens'))
    counts.cacheRead ??= tokenCount(member(usage, 'cache_read_input_tokens'))
    counts.cacheWrite ??= tokenCount(member(usage, 'cache_creation_input_tokens'))
    if (counts.input !== undefined) answerCounts(counts, span.attributes.get('mlflow.spanOutputs'))
    // Only calls of chat models have counts of their own.
    if (counts.input !== undefined || !reading.word('kind').includes('EMBEDDING')) return
    counts.input = tokenCount(member(objectMember(parsedObject(reading.value('messages')), 'usage'), 'prompt_tokens'))
  },
  refine(draft, reading, span) {
    const metadata = readRunMetadata(draft, reading.value('metadata'))
    if (draft.role === 'span' && member(metadata, 'langgraph_node') !== undefined) draft.role = 'step'
    if (draft.role === 'workflow') draft.workflow ||= span.name
    draft.requestModel = unquoted(draft.requestModel)
    draft.responseModel = unquoted(draft.responseModel)
    if (draft.role === 'model_call') draft.responseId ||= answerId(span.attributes.get('mlflow.spanOutputs'))
    draft.provider = unquoted(draft.provider)
    draft.session = unquoted(draft.session)
    draft.user = unquoted(draft.user)
    if (draft.role === 'agent') draft.agent ||= span.name
    if (draft.role === 'tool') draft.tool ||= span.name
  },
}

/** A provider's own answer has what there are no keys for: up to 3.9 all that was cached, what lives for an hour, Gemini's thoughts. */
function answerCounts(counts: UsageCounts, answer: AttributeValue | undefined): void {
  if (typeof answer !== 'string' || !/"usage(?:_metadata)?":/.test(answer)) return
  const body = parsedObject(answer)
  bodyCounts(counts, objectMember(body, 'usage'))
  geminiParts(counts, objectMember(body, 'usage_metadata'))
}

/** Anthropic's and Bedrock's own number leaves the cache out. */
function repeatsProvider(attributes: Attributes): boolean {
  const format = attributes.get('mlflow.message.format')
  if (format !== '"anthropic"' && format !== '"bedrock"') return false
  const input = (key: string) => /"input_?[tT]okens": ?(\d{1,15})[,}]/.exec(String(attributes.get(key) ?? ''))?.[1]
  const told = input('mlflow.chat.tokenUsage')
  return told !== undefined && told === input('mlflow.spanOutputs')
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text
  const json = parsed(text)
  return typeof json === 'string' ? json : text
}
