import type { Attributes } from './attributes.ts'
import { word } from './value.ts'

/**
 * Which attributes of a data point hold what GenAI metrics are grouped by, the preferred key first. Current and older names
 * of the conventions (as `keys.ts`), then coding agents': Claude Code and Gemini CLI say `model`, `type` and `session.id`.
 */
const labelKeys = {
  model: ['gen_ai.response.model', 'gen_ai.request.model', 'model'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'provider'],
  tokenType: ['gen_ai.token.type'],
  agent: ['gen_ai.agent.name', 'agent.name'],
  session: ['gen_ai.conversation.id', 'session.id', 'conversation.id'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type MetricLabel = keyof typeof labelKeys

/** A metric whose name ends so counts tokens; its attribute `type` then says which. */
const tokenMetric = /\btoken[._](?:usage|count)$|\.token\.usage$/

export const metricLabels = (name: string, attributes: Attributes, resource: Attributes): Readonly<Record<MetricLabel, string>> => ({
  model: labelOf('model', attributes),
  provider: labelOf('provider', attributes),
  tokenType: labelOf('tokenType', attributes) || (tokenMetric.test(name) ? (word(attributes.get('type')) ?? '') : ''),
  agent: labelOf('agent', attributes),
  session: labelOf('session', attributes) || labelOf('session', resource),
})

function labelOf(label: MetricLabel, attributes: Attributes): string {
  for (const key of labelKeys[label]) {
    const found = word(attributes.get(key))
    if (found !== undefined) return found
  }
  return ''
}
