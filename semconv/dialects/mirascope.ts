import { picoUsd } from '../cost.ts'
import type { Dialect } from '../dialect.ts'
import { member, parsedObject, tokenCount, word } from '../value.ts'

const source = 'mirascope 2.8.2 on PyPI (llm/providers/*/_utils/decode.py, ops/_internal/instrumentation/llm/serialize.py), captured'

/** Its unit of money is a hundredth of a cent (`serialize_mirascope_cost`). */
const perDollar = 10_000n

/** Mirascope 2: the conventions' two sums for a call, and its parts in JSON of its own. */
export const mirascope: Dialect = {
  name: 'mirascope',
  keys: {
    session: ['mirascope.ops.session.id'],
    tags: ['mirascope.trace.tags'],
    usageDetails: ['mirascope.response.usage'],
  },
  // Adds the cache and the thoughts up, whichever provider's.
  counting: [
    { source, when: (attributes) => !attributes.has('mirascope.response.usage'), input: 'inclusive', output: 'inclusive', lossy: true },
    { source, input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading) {
    // What a function or a resumed answer repeats is its call's.
    if (counts.input === undefined) return
    const usage = parsedObject(reading.value('usageDetails'))
    counts.cacheRead ??= tokenCount(member(usage, 'cache_read_tokens'))
    counts.cacheWrite ??= tokenCount(member(usage, 'cache_write_tokens'))
    counts.reasoning ??= tokenCount(member(usage, 'reasoning_tokens'))
  },
  refine(draft, _, span) {
    if (span.attributes.has('mirascope.type')) draft.role = span.parentSpanId === '' ? 'workflow' : 'step'
    if (draft.role === 'workflow') draft.workflow ||= word(span.name) ?? ''
    if (draft.role !== 'model_call') return
    const cost = picoUsd(member(parsedObject(span.attributes.get('mirascope.response.cost')), 'total_cost'))
    if (cost) draft.reportedCost ??= cost / perDollar
  },
}
