import { type Meter, meters, tokenMeters, type Usage } from './facts.ts'

const inputMeters = meters.filter((meter) => meter.startsWith('input.'))
const outputMeters = meters.filter((meter) => meter.startsWith('output.'))

/** All input tokens, cached and cache-written ones included: the meters are disjoint, so it is a plain sum. */
export const inputTokens = (usage: Usage): number => sum(usage, inputMeters)
/** All output tokens, reasoning included. */
export const outputTokens = (usage: Usage): number => sum(usage, outputMeters)
export const totalTokens = (usage: Usage): number => sum(usage, tokenMeters)

/** Of several, meter by meter. */
export function sumOfUsages(usages: Iterable<Usage>): Usage {
  const sums: Partial<Record<Meter, number>> = {}
  for (const usage of usages) for (const meter of meters) {
    const count = usage[meter]
    if (count !== undefined) sums[meter] = (sums[meter] ?? 0) + count
  }
  return sums
}

function sum(usage: Usage, over: readonly Meter[]): number {
  let tokens = 0
  for (const meter of over) tokens += usage[meter] ?? 0
  return tokens
}
