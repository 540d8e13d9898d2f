import type { SpanRecord } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { billingProvider, foldProvider } from '../provider.ts'
import type { UsageCounts } from '../usage.ts'
import { member, parsedObject, tokenCount } from '../value.ts'

/**
 * LiveKit's agents, captured from @livekit/agents 1.9.0; livekit/agents for python has the same keys, until 2026 without `pii.` and
 * with fewer of the conventions'. `lk.llm_metrics` is the call once more, as JSON.
 */
export const livekit: Dialect = {
  name: 'livekit',
  keys: {
    agent: ['lk.agent_label', 'lk.agent_name'],
    session: ['lk.pii.room_name', 'lk.room_name'],
    user: ['lk.pii.participant_identity', 'lk.participant_identity'],
    tool: ['lk.function_tool.name'],
    toolCallId: ['lk.function_tool.id'],
    toolArguments: ['lk.pii.function_tool.arguments', 'lk.function_tool.arguments'],
    usageDetails: ['lk.llm_metrics'],
  },
  // Its plugins add Anthropic's cache to the prompt; Gemini's thoughts stand in the total alone.
  counting: [{ source: 'captured from @livekit/agents 1.9.0', input: 'inclusive', output: 'inclusive' }],
  counts(counts, reading) {
    const metrics = parsedObject(reading.value('usageDetails'))
    const count = (camel: string, snake: string) => tokenCount(member(metrics, camel) ?? member(metrics, snake))
    counts.cacheRead ??= count('promptCachedTokens', 'prompt_cached_tokens')
    counts.cacheWrite ??= count('cacheCreationTokens', 'cache_creation_tokens')
    counts.total ??= count('totalTokens', 'total_tokens')
    if (isEmpty(counts)) for (const field of Object.keys(counts) as (keyof UsageCounts)[]) counts[field] = undefined
  },
  refine(draft, reading, span) {
    const metrics = parsedObject(reading.value('usageDetails'))
    draft.role = roleOfName(draft, span)
    draft.provider = providerOf(draft.provider, member(metrics, 'label'))
    if (draft.role !== 'model_call') return
    draft.streaming = true
    const told = { input: reading.count('input'), output: reading.count('output') }
    // The error stands on the attempt below, `llm_request_run`; a call that was broken off is none.
    if (isEmpty(told) && draft.responseId === '' && metrics !== undefined && member(metrics, 'cancelled') !== true) {
      draft.errorType ||= '_OTHER'
      draft.finishReasons = []
    }
  },
}

/** A call that got no answer is told with zeros. */
const isEmpty = ({ input, output }: UsageCounts): boolean => input === 0 && output === 0

/** Versions before the conventions were taken up name their spans alone. */
function roleOfName({ role }: Draft, { name }: SpanRecord): Draft['role'] {
  if (role !== 'span') return role
  return name === 'agent_session' ? 'workflow' : name === 'agent_turn' ? 'agent' : name === 'llm_request' ? 'model_call' : role
}

/** The provider is the client's host with its port; what is no known host is the plugin's: `openai.LLM`, `livekit.plugins.openai.llm.LLM`. */
function providerOf(sent: string, label: unknown): string {
  const host = /^([\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?$/.exec(sent)?.[1]
  if (host === undefined) return sent
  const plugin = typeof label === 'string' ? /^(?:livekit\.plugins\.)?(\w{1,64})\./.exec(label)?.[1] ?? '' : ''
  return billingProvider(foldProvider(plugin), host)
}
