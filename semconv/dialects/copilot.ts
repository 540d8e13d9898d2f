import type { Dialect } from '../dialect.ts'
import { truth } from '../value.ts'

/** microsoft/vscode-copilot-chat@31acd00, and Copilot CLI captured from 1.0.102. `gen_ai.provider.name` is `github`, which answers no call itself. */
export const copilot: Dialect = {
  name: 'copilot',
  keys: {
    session: ['copilot_chat.chat_session_id'],
    requestId: ['copilot_chat.server_request_id'],
    reasoning: ['gen_ai.usage.reasoning_tokens'],
    firstChunkMillis: ['copilot_chat.time_to_first_token'],
  },
  counting: [
    // Tells what was written to a cache too, so that none told is none written.
    { source: 'captured from Copilot CLI 1.0.102', scope: (name) => name === 'github.copilot', input: 'inclusive', output: 'inclusive' },
    // For Anthropic models it sums input, creation and read (messagesApi.ts) and reports reads only.
    {
      source: 'microsoft/vscode-copilot-chat@31acd00 messagesApi.ts',
        when: (attributes) => isClaude(attributes.get('gen_ai.request.model')),
      input: 'inclusive', output: 'inclusive', hidesCacheWrites: true,
    },
    { source: 'microsoft/vscode-copilot-chat@31acd00', input: 'inclusive', output: 'inclusive' },
  ],
  refine(draft, _reading, span) {
    if (span.name === 'copilot_chat.tool.call') {
      draft.role = 'tool'
      if (truth(span.attributes.get('success')) === false) draft.errorType ||= 'tool_error'
    }
    if (truth(span.attributes.get('copilot_chat.canceled')) === true) draft.errorType ||= 'canceled'
  },
}

const isClaude = (model: unknown) => typeof model === 'string' && model.startsWith('claude')
