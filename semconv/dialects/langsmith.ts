import { answerId } from '../answer-id.ts'
import type { Dialect } from '../dialect.ts'
import { langchainPart, langchainTier, roleOfLangchainAgent } from '../langchain.ts'
import { member, objectMember, parsedObject, tokenCount, word } from '../value.ts'

/**
 * langchain-ai/langsmith-sdk@bc8dd67, LangSmith's page on its OpenTelemetry mapping of 2025-08-22, and spans captured from
 * langsmith 0.14.17, which has the parts of the usage only in `usage_metadata`.
 */
export const langsmith: Dialect = {
  name: 'langsmith',
  keys: {
    kind: ['langsmith.span.kind'],
    // gen_ai.system is guessed there, `langchain` by default.
    provider: ['langsmith.metadata.ls_provider', 'gen_ai.system'],
    requestModel: ['langsmith.metadata.ls_model_name', 'gen_ai.request.model'],
    // langsmith.trace.session_id is the project.
    session: ['langsmith.metadata.thread_id', 'langsmith.metadata.session_id', 'langsmith.metadata.conversation_id'],
    user: ['langsmith.metadata.user_id'],
    agent: ['langsmith.metadata.lc_agent_name'],
    tags: ['langsmith.span.tags'],
    toolArguments: ['gen_ai.prompt'],
    streaming: ['langsmith.request.streaming', 'langsmith.metadata.stream'],
    entity: ['langsmith.metadata.langgraph_node'],
    usageDetails: ['langsmith.metadata.usage_metadata'],
    inputDetails: ['gen_ai.usage.input_token_details'],
    outputDetails: ['gen_ai.usage.output_token_details'],
    cost: ['gen_ai.usage.total_cost'],
  },
  counting: [{ source: 'langchain-ai/langsmith-sdk@bc8dd67 (LangChain usage_metadata)', input: 'inclusive', output: 'inclusive' }],
  counts(counts, reading) {
    const usage = parsedObject(reading.value('usageDetails'))
    const input = parsedObject(reading.value('inputDetails')) ?? objectMember(usage, 'input_token_details')
    const output = parsedObject(reading.value('outputDetails')) ?? objectMember(usage, 'output_token_details')
    counts.input ??= tokenCount(member(usage, 'input_tokens'))
    counts.output ??= tokenCount(member(usage, 'output_tokens'))
    counts.total ??= tokenCount(member(usage, 'total_tokens'))
    counts.cacheRead ??= langchainPart(input, 'cache_read')
    counts.cacheWrite ??= langchainPart(input, 'cache_creation')
    counts.cacheWrite5m ??= tokenCount(member(input, 'ephemeral_5m_input_tokens'))
    counts.cacheWrite1h ??= tokenCount(member(input, 'ephemeral_1h_input_tokens'))
    counts.audioInput ??= tokenCount(member(input, 'audio'))
    counts.reasoning ??= langchainPart(output, 'reasoning')
    counts.audioOutput ??= tokenCount(member(output, 'audio'))
  },
  refine(draft, reading, span) {
    if (draft.role === 'tool') draft.tool ||= span.name
    const details = parsedObject(reading.value('inputDetails')) ?? objectMember(parsedObject(reading.value('usageDetails')), 'input_token_details')
    if (draft.role === 'model_call') draft.responseId ||= answerId(span.attributes.get('gen_ai.completion'))
    if (draft.role === 'model_call') draft.serviceTier ||= langchainTier(details) ?? ''
    // JavaScript's exporter sets a failed run's status to OK; the exception is the run's error all the same.
    const exception = span.events.findLast((event) => event.name === 'exception')
    if (exception !== undefined) draft.errorType ||= word(exception.attributes.get('exception.type')) ?? 'error'
    // Every span's own name; only the root's is the trace's.
    if (span.parentSpanId === '') draft.workflow ||= word(span.attributes.get('langsmith.trace.name')) ?? ''
    if (draft.role === 'span' && reading.word('entity') !== '') draft.role = 'step'
    roleOfLangchainAgent(draft, span)
  },
}
