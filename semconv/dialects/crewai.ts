import type { Dialect } from '../dialect.ts'
import { word } from '../value.ts'

/**
 * CrewAI's own tracing (crewai/telemetry/tracing), captured from crewai 1.15.30: the conventions, with a hash of the agent's definition
 * for its name.
 */
export const crewai: Dialect = {
  name: 'crewai',
  keys: {},
  counting: [{ source: 'captured from crewai 1.15.30', input: 'inclusive', output: 'inclusive' }],
  refine(draft, _reading, { attributes }) {
    draft.agent = word(attributes.get('crewai.agent.role')) ?? draft.agent
    // A note beside the call of the tool, whose own span failed.
    if (attributes.get('crewai.event_name') === 'tool_failure_detected') draft.role = 'step'
  },
}
