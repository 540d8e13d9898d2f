import type { Dialect } from '../dialect.ts'
import { member, parsedObject, tokenCount } from '../value.ts'

const source = 'ai.koog:agents-features-opentelemetry 1.1.1, captured, and the sources of its clients'

/**
 * JetBrains' Koog: the conventions under a scope that is the service's name, and spans of its graph's nodes. The cache stands in
 * `gen_ai.response.metadata`, JSON in the words of the client for that provider.
 */
export const koog: Dialect = {
  name: 'koog',
  keys: {
    entity: ['koog.node.id', 'koog.subgraph.id'],
    usageDetails: ['gen_ai.response.metadata'],
  },
  counting: [
    // Anthropic's and Bedrock's counts are passed on.
    { source, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    // Neither what was cached nor what was thought.
    { source, providers: ['openai', 'azure.ai.openai'], input: 'inclusive', output: 'inclusive', lossy: true },
  ],
  counts(counts, reading) {
    const details = parsedObject(reading.value('usageDetails'))
    counts.cacheRead ??= tokenCount(member(details, 'cacheReadInputTokens') ?? member(details, 'cacheReadInputTokenCount'))
    counts.cacheWrite ??= tokenCount(member(details, 'cacheCreationInputTokens') ?? member(details, 'cacheWriteInputTokens') ??
      member(details, 'cacheWriteInputTokenCount'))
  },
  refine(draft, reading, span) {
    if (draft.role === 'span' && (reading.word('entity') !== '' || span.attributes.has('koog.strategy.name'))) draft.role = 'step'
    // The answers of the whole history, earlier runs' too.
    if (draft.role === 'agent') draft.usageCumulative = true
    // A list as Kotlin prints it: `[tool_calls]`.
    draft.finishReasons = draft.finishReasons.flatMap((reason) => /^\[(.*)\]$/.exec(reason)?.[1]?.split(', ') ?? [reason])
  },
}
