import type { Dialect } from '../dialect.ts'
import { word } from '../value.ts'

const source = 'io.agentscope:agentscope 1.0.9, captured; its ChatUsage has two counts'
const java = (scope: string) => scope === 'agentscope-java'

/**
 * AgentScope: the conventions without `gen_ai.provider.name` on most spans, and what a function was called with and gave back under
 * keys of its own, the model's options among them.
 */
export const agentscope: Dialect = {
  name: 'agentscope',
  keys: {},
  counting: [
    { source, scope: java, providers: ['anthropic'], input: 'exclusive', lossy: true },
    { source, scope: java, input: 'inclusive', output: 'inclusive', lossy: true },
  ],
  counts(counts) {
    // A call without an answer is told with zeros.
    if (counts.input === 0 && counts.output === 0) counts.input = counts.output = undefined
  },
  refine(draft, reading, span) {
    // What failed has its exception and no status.
    const exception = span.events.findLast((event) => event.name === 'exception')
    if (exception === undefined) return
    draft.errorType ||= word(exception.attributes.get('exception.type')) ?? '_OTHER'
    // The id is its own then.
    if (draft.role === 'model_call' && reading.count('output') === 0) draft.responseId = ''
  },
}
