import type { Dialect } from '../dialect.ts'

/** Galileo's own spans (galileo 2.7.0 on PyPI, otel.py, captured). Only its tools say what they are; calls are others' spans. */
export const galileo: Dialect = {
  name: 'galileo',
  keys: {},
  refine(draft, _reading, span) {
    if (draft.role !== 'span') return
    if (span.attributes.get('db.operation') === 'search') draft.role = 'retrieval'
    else if (span.parentSpanId === '' && span.attributes.has('gen_ai.input.messages')) {
      draft.role = 'workflow'
      draft.workflow ||= span.name
    }
  },
}
