import { type Meter, meters, type TokenUsage, type Usage } from './facts.ts'

const inputMeters = meters.filter((meter) => meter.startsWith('input.'))
const outputMeters = meters.filter((meter) => meter.startsWith('output.'))

/** All input tokens, cached and cache-written ones included: the meters are disjoint, so it is a plain sum. */
export const inputTokens = (usage: Usage): number => sum(usage, inputMeters)
/** All output tokens, reasoning included. */
export const outputTokens = (usage: Usage): number => sum(usage, outputMeters)
export const totalTokens = (usage: Usage): number => sum(usage, meters)

/** What people call the parts of a usage vector. `unsplit` tokens stand in `total` only: nobody said which side they are on. */
export function tokenUsage(usage: Usage): TokenUsage {
  return {
    input: inputTokens(usage),
    cachedInput: sum(usage, ['input.cache_read', 'input.audio.cache_read']),
    cacheWrite: sum(usage, ['input.cache_write.5m', 'input.cache_write.1h']),
    output: outputTokens(usage),
    reasoning: usage['output.reasoning'] ?? 0,
    total: totalTokens(usage),
  }
}

/** Meter by meter. */
export function addUsage(a: Usage, b: Usage): Usage {
  const total: Partial<Record<Meter, number>> = { ...a }
  for (const meter of meters) {
    const tokens = b[meter]
    if (tokens !== undefined) total[meter] = (total[meter] ?? 0) + tokens
  }
  return total
}

function sum(usage: Usage, over: readonly Meter[]): number {
  let tokens = 0
  for (const meter of over) tokens += usage[meter] ?? 0
  return tokens
}
