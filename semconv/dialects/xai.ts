import { picoUsdOfTicks } from '../cost.ts'
import type { Dialect } from '../dialect.ts'

const source = 'captured from xai-sdk 1.21.0 for python'

/** xAI's own SDK (scopes `xai_sdk.sync.chat`, `xai_sdk.aio.chat` …): the conventions, and xAI's counts under their own names. */
export const xai: Dialect = {
  name: 'xai',
  keys: {
    user: ['user_id'],
    cacheRead: ['gen_ai.usage.cached_prompt_text_tokens'],
    reasoning: ['gen_ai.usage.reasoning_tokens'],
    imageInput: ['gen_ai.usage.prompt_image_tokens'],
    firstChunkAt: ['gen_ai.completion.start_time'],
  },
  counting: [{ source, input: 'inclusive', output: 'exclusive' }],
  refine(draft, _reading, span) {
    if (span.name.startsWith('chat.stream')) draft.streaming = true
    draft.reportedCost ??= picoUsdOfTicks(span.attributes.get('gen_ai.usage.cost_in_usd_ticks'))
  },
}
