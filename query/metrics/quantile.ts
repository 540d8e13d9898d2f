/** Measurements between two values, thought of as spread evenly; `from` and `to` are the same where only one value is known. */
export interface Bucket {
  readonly from: number
  readonly to: number
  readonly count: number
}

/**
 * Buckets of an explicit histogram. What lies below the first bound lies above 0 where the bound does, and what lies above
 * the last is as large as the last: the sender says no more. https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 * A bound that is infinite bounds nothing.
 */
export function explicitBuckets(bounds: readonly number[], counts: readonly number[]): Bucket[] {
  const first = bounds.find(Number.isFinite) ?? 0
  const last = bounds.findLast(Number.isFinite) ?? 0
  return counts.map((count, i) => {
    const lower = bounds[i - 1] ?? -Infinity
    const to = Math.min(Math.max(bounds[i] ?? Infinity, first), last)
    return { from: lower === -Infinity ? Math.min(0, to) : Math.min(lower, to), to, count }
  })
}

/** One side of an exponential histogram: counts by bucket index at a scale. */
export type ExponentialSide = ReadonlyMap<number, number>

/** Values beyond a double's are as large as it gets. */
const finite = (value: number): number => Math.min(value, Number.MAX_VALUE)

/** `base^index` with `base = 2^(2^-scale)`, which is 1 where the index is 0, however large the base. */
const edgeOf = (index: number, scale: number): number => (index === 0 ? 1 : finite(2 ** (index * 2 ** -scale)))

/** Bucket `i` is `(base^i, base^(i+1)]`; `sign` −1 mirrors it. */
export const exponentialBuckets = (scale: number, side: ExponentialSide, sign: 1 | -1): Bucket[] => [...side].map(([index, count]) => {
  const edges = [edgeOf(index, scale) * sign, edgeOf(index + 1, scale) * sign] as const
  return { from: Math.min(...edges), to: Math.max(...edges), count }
})

/** After so many steps an index of 32 bits is 0 or −1 and stays it; senders may put scales further apart. */
const stepsMax = 32

/** The same measurements at a smaller scale: two buckets become one with every step. */
export function downscaled(side: ExponentialSide, steps: number): ExponentialSide {
  const coarse = new Map<number, number>()
  for (const [index, count] of side) {
    const at = Math.floor(index / 2 ** Math.min(steps, stepsMax))
    coarse.set(at, (coarse.get(at) ?? 0) + count)
  }
  return coarse
}

/**
 * The value below which the part `q` of all measurements lies, `undefined` where there are none. Buckets may overlap, as those
 * of senders with different bounds do: a sweep over their edges adds what each has on either side.
 */
export function quantile(buckets: readonly Bucket[], q: number): number | undefined {
  const filled = buckets.filter(({ count }) => count > 0)
  const wanted = filled.reduce((sum, { count }) => sum + count, 0) * q
  const edges = new Map<number, { jump: number; slope: number }>()
  const at = (value: number): { jump: number; slope: number } => {
    const known = edges.get(value) ?? { jump: 0, slope: 0 }
    edges.set(value, known)
    return known
  }
  for (const { from, to, count } of filled) {
    if (from === to) at(from).jump += count
    else {
      at(from).slope += count / (to - from)
      at(to).slope -= count / (to - from)
    }
  }
  let below = 0
  let slope = 0
  let last: number | undefined
  for (const [value, edge] of [...edges].sort(([a], [b]) => a - b)) {
    if (last !== undefined && slope > 0) {
      const more = slope * (value - last)
      if (below + more >= wanted) return last + Math.max(0, wanted - below) / slope
      below += more
    }
    below += edge.jump
    if (edge.jump > 0 && below >= wanted) return value
    slope = Math.max(0, slope + edge.slope)
    last = value
  }
  return last
}
