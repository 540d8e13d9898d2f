import type { Dialect } from '../dialect.ts'
import { readRunMetadata } from '../run-metadata.ts'
import { finite, member, parsedObject, tokenCount, truth, word } from '../value.ts'

/** LangWatch's SDK for python, captured from langwatch 1.4.0. Its own attributes are JSON text; cached tokens are not told. */
export const langwatch: Dialect = {
  name: 'langwatch',
  keys: {
    kind: ['langwatch.span.type'],
    session: ['langwatch.thread.id'],
    user: ['langwatch.user.id'],
    toolArguments: ['langwatch.input'],
    messages: ['langwatch.output', 'langwatch.input'],
    parameters: ['langwatch.params'],
    metadata: ['metadata'],
    usageDetails: ['langwatch.metrics'],
  },
  counts(counts, reading) {
    counts.reasoning ??= tokenCount(member(parsedObject(reading.value('usageDetails')), 'reasoning_tokens'))
  },
  refine(draft, reading, span) {
    readRunMetadata(draft, reading.value('metadata'))
    if (draft.role === 'tool') draft.tool ||= word(span.name) ?? ''
    if (draft.role === 'agent') draft.agent ||= word(span.name) ?? ''
    if (draft.role === 'workflow') draft.workflow ||= word(span.name) ?? ''
    if (truth(member(parsedObject(reading.value('parameters')), 'stream')) === true) draft.streaming = true
    const times = parsedObject(span.attributes.get('langwatch.timestamps'))
    const [from, first] = [finite(member(times, 'started_at')), finite(member(times, 'first_token_at'))]
    if (from !== undefined && first !== undefined && first >= from) draft.timeToFirstTokenMs ??= first - from
  },
}
