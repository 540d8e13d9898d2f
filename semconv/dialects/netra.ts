import type { Dialect } from '../dialect.ts'
import { word } from '../value.ts'

/** What Netra's decorators make (netra-sdk 1.2.2 on PyPI, captured). Its calls are as OpenLLMetry's; whose run it is stands on every span. */
export const netra: Dialect = {
  name: 'netra',
  keys: { kind: ['netra.entity.type'], toolArguments: ['input'] },
  refine(draft, _, span) {
    // A task, unless it was said to be something else.
    if (span.attributes.get('netra.span.type') === 'TOOL') draft.role = 'tool'
    if (draft.role === 'tool') draft.tool ||= word(span.name) ?? ''
  },
}
