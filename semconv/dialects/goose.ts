import type { Attributes } from '../attributes.ts'
import type { Dialect } from '../dialect.ts'

/** Its state machine's calls have no key for what was cached (state_machine/inference.rs `chat_span`); its older loop's have both (reply_parts.rs). */
const tellsNoCache = (attributes: Attributes): boolean => attributes.get('gen_ai.operation.name') === 'chat' &&
  !attributes.has('gen_ai.usage.cache_read.input_tokens') && !attributes.has('gen_ai.usage.cache_creation.input_tokens')

/** Block's Goose: the conventions, and whose session it is on the spans around its turns, by login (crates/goose/src/agents, agent.rs and state_machine). */
export const goose: Dialect = {
  name: 'goose',
  keys: {
    session: ['session.id'],
    user: ['session.user'],
  },
  counting: [
    { source: 'block/goose@5a291ae crates/goose/src/agents/gen_ai_telemetry.rs, state_machine', when: tellsNoCache, input: 'inclusive', lossy: true },
    // Adds what was cached to Anthropic's and Bedrock's input itself.
    { source: 'block/goose@00f8525 crates/goose/src/providers/formats/anthropic.rs (from_cache_exclusive_input)', input: 'inclusive', output: 'inclusive' },
  ],
}
