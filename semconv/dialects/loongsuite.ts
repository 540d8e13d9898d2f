import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'
import { roleOfOperation } from '../role.ts'
import { finite } from '../value.ts'

const source = 'loongsuite-util-genai 0.5.0 (types.py: "subset of input usage") and loongsuite-instrumentation-langchain 0.9.0 on PyPI, captured'

/** LangChain's calls, which have the same scope as all others, never tell what was cached. */
function tellsNoCache(attributes: Attributes): boolean {
  return attributes.get('gen_ai.span.kind') === 'LLM' && !attributes.has('gen_ai.usage.cache_read.input_tokens') &&
    !attributes.has('gen_ai.usage.cache_creation.input_tokens')
}

/** Alibaba's LoongSuite (ARMS): the conventions, and a kind of its own beside their operation (extended_semconv of loongsuite-util-genai 0.5.0). */
export const loongsuite: Dialect = {
  name: 'loongsuite',
  keys: {
    kind: ['gen_ai.span.kind'],
    session: ['gen_ai.session.id'],
    user: ['gen_ai.user.id'],
  },
  counting: [
    { source, when: tellsNoCache, input: 'inclusive', lossy: true },
    { source, input: 'inclusive' },
  ],
  refine(draft, _, span) {
    // Making an agent is of the kind of agents.
    draft.role = roleOfOperation(draft.operation) ?? draft.role
    if (draft.role === 'workflow' && span.name.startsWith('chain ')) draft.workflow ||= span.name.slice('chain '.length)
    const wait = finite(span.attributes.get('gen_ai.response.time_to_first_token'))
    if (wait === undefined || wait < 0) return
    // In nanoseconds.
    draft.timeToFirstTokenMs ??= wait / 1e6
    draft.streaming = true
  },
}
