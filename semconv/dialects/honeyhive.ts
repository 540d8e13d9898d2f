import type { SpanRecord } from '../attributes.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { word } from '../value.ts'

/**
 * HoneyHive's decorators (honeyhive 1.7.0 for python, captured). Spans of other instrumentations have its keys, too, and how they count
 * is theirs. `model` marks whatever function asks one; the call itself is below, unless its tokens are given by hand.
 */
export const honeyhive: Dialect = {
  name: 'honeyhive',
  keys: {
    kind: ['honeyhive_event_type'],
    provider: ['honeyhive_config.provider'],
    requestModel: ['honeyhive_config.model'],
    session: ['honeyhive.session_id'],
    user: ['honeyhive_user_properties.user_id', 'honeyhive_user_id'],
    errorType: ['honeyhive_error_type'],
    errorMessage: ['honeyhive_error'],
    input: ['honeyhive_metadata.prompt_tokens'],
    output: ['honeyhive_metadata.completion_tokens'],
    total: ['honeyhive_metadata.total_tokens'],
  },
  refine(draft, reading, span) {
    const tokens = reading.count('input') ?? reading.count('output') ?? reading.count('total')
    if (draft.role === 'model_call' && tokens === undefined) draft.role = 'step'
    // An error is told once more by a span of its own, of the kind that is a decorator's default.
    if (span.name.endsWith('_error') && span.attributes.has('honeyhive_error_type')) draft.role = 'span'
    nameFromFunction(draft, span)
  },
}

/** `__main__.lookup`: a function with its module, unless it was given a name. */
function nameFromFunction(draft: Draft, span: SpanRecord): void {
  const name = word(span.name.replace(/^.*\./s, '')) ?? ''
  if (draft.role === 'tool') draft.tool ||= name
  if (draft.role === 'workflow') draft.workflow ||= name
}
