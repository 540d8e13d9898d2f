import type { Dialect } from '../dialect.ts'
import { member, objectMember, parsedObject, tokenCount } from '../value.ts'

/** google/adk-python tracing.py@0798a74. */
export const adk: Dialect = {
  name: 'adk',
  keys: {
    session: ['gcp.vertex.agent.session_id'],
    toolCallId: ['gen_ai.tool_call.id'],
    toolArguments: ['gcp.vertex.agent.tool_call_args'],
    messages: ['gcp.vertex.agent.llm_response', 'gcp.vertex.agent.llm_request'],
  },
  // Java's call_llm, the only one with an operation, adds the thoughts. Python's and JavaScript's copied candidatesTokenCount, which leaves
  // them out; generate_content, which took call_llm's place, adds them.
  counting: [
    {
      source: 'captured from google-adk 2.13.0',
        when: (attributes) => attributes.get('gen_ai.operation.name') === 'generate_content',
      input: 'inclusive', output: 'inclusive',
    },
    {
      source: 'captured from google-adk 1.8.0 for Java', when: (attributes) => attributes.get('gen_ai.operation.name') === 'call_llm',
      input: 'inclusive', output: 'inclusive',
    },
    { source: 'google/adk-python@0798a74', input: 'inclusive', output: 'exclusive' },
  ],
  // JavaScript's call_llm has the thoughts and the cached part in its answer alone.
  counts(counts, reading) {
    if (counts.input === undefined || (counts.cacheRead !== undefined && counts.reasoning !== undefined)) return
    const answer = parsedObject(reading.value('messages'))
    const usage = objectMember(answer, 'usageMetadata') ?? objectMember(answer, 'usage_metadata')
    counts.cacheRead ??= tokenCount(member(usage, 'cachedContentTokenCount') ?? member(usage, 'cached_content_token_count'))
    counts.reasoning ??= tokenCount(member(usage, 'thoughtsTokenCount') ?? member(usage, 'thoughts_token_count'))
  },
  refine(draft, _reading, span) {
    if (draft.role === 'agent') draft.agent ||= /^agent_run \[(.{1,256})\]$/.exec(span.name)?.[1] ?? ''
    // Bookkeeping over parallel calls that have spans of their own.
    if (draft.role === 'tool' && (span.name === 'execute_tool (merged)' || draft.tool === '(merged tools)')) draft.executed = false
  },
}
