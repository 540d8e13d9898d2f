import type { Dialect } from '../dialect.ts'

/** Rig for Rust, whose scope is the application's: its calls are known by `rig.completion_parent` and `rig.provider_request_id`. */
export const rig: Dialect = {
  name: 'rig',
  keys: { requestId: ['rig.provider_request_id'], errorType: ['gen_ai.tool.error.type'] },
  counting: [
    // One meaning whatever the provider since 0.43 (#2631), which says whether a call was streamed since 0.44.
    { source: 'captured from rig-core 0.44.0', when: (attributes) => attributes.has('gen_ai.request.stream'), input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, reading) {
    // A call that failed has neither status nor exception: nothing of an answer.
    const answered = draft.responseId !== '' || draft.responseModel !== '' || reading.count('input') !== undefined || reading.count('output') !== undefined
    if (draft.role === 'model_call' && !answered) draft.errorType ||= '_OTHER'
  },
}
