import { picoUsd } from '../cost.ts'
import type { Dialect } from '../dialect.ts'
import { word } from '../value.ts'

/**
 * Quarkus' extension for LangChain4j, quarkus-langchain4j-core 1.10.0 (SpanChatModelListener, ToolSpanWrapper), whose scope is that of
 * all of Quarkus: a call says its model and its counts, no operation and no provider, and what failed has its exception alone.
 */
export const quarkus: Dialect = {
  name: 'quarkus',
  keys: {},
  // LangChain4j's parts of the usage are not passed on.
  counting: [{ source: 'io.quarkiverse.langchain4j:quarkus-langchain4j-core 1.10.0', lossy: true }],
  refine(draft, reading, span) {
    if (draft.role === 'span' && span.name.startsWith('completion ') && draft.requestModel !== '') draft.role = 'model_call'
    if (draft.role !== 'model_call' && draft.role !== 'tool' && !span.name.startsWith('langchain4j.')) return
    const exception = span.events.findLast((event) => event.name === 'exception')
    if (exception !== undefined && reading.count('output') === undefined) draft.errorType ||= word(exception.attributes.get('exception.type')) ?? '_OTHER'
    // `0.0012USD`; other currencies are no dollars.
    const cost = span.attributes.get('gen_ai.client.estimated_cost')
    if (draft.role === 'model_call' && typeof cost === 'string' && cost.endsWith('USD')) draft.reportedCost ??= picoUsd(cost.slice(0, -'USD'.length)) || undefined
  },
}
