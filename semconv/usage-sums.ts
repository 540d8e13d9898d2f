import { type Meter, meters, tokenMeters, type Usage } from './facts.ts'

const inputMeters = meters.filter((meter) => meter.startsWith('input.'))
const outputMeters = meters.filter((meter) => meter.startsWith('output.'))

/** All input tokens, cached and cache-written ones included: the meters are disjoint, so it is a plain sum. */
export const inputTokens = (usage: Usage): number => sum(usage, inputMeters)
/** All output tokens, reasoning included. */
export const outputTokens = (usage: Usage): number => sum(usage, outputMeters)
export const totalTokens = (usage: Usage): number => sum(usage, tokenMeters)

function sum(usage: Usage, over: readonly Meter[]): number {
  let tokens = 0
  for (const meter of over) tokens += usage[meter] ?? 0
  return tokens
}
