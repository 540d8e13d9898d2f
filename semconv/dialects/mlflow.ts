import { answerId } from '../answer-id.ts'
import type { Dialect } from '../dialect.ts'
import { readRunMetadata } from '../run-metadata.ts'
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
  counting: [{ source: 'mlflow/mlflow claude_code.py@07ab5f97 (adds the cache itself)', input: 'inclusive' }],
  counts(counts, reading) {
    const usage = parsedObject(reading.value('usageDetails'))
    counts.input ??= tokenCount(member(usage, 'input_tokens'))
    counts.output ??= tokenCount(member(usage, 'output_tokens'))
    counts.total ??= tokenCount(member(usage, 'total_tokens'))
    counts.cacheRead ??= tokenCount(member(usage, 'cache_read_input_tokens'))
    counts.cacheWrite ??= tokenCount(member(usage, 'cache_creation_input_tokens'))
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

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text
  const json = parsed(text)
  return typeof json === 'string' ? json : text
}
