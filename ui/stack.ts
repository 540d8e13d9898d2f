/**
 * Bars that stand on each other, as heights from zero: each series holds its own value and those of the series after it, so
 * the first is drawn first and tallest and the last lies at the bottom. Where nothing is, there is no bar (`null`).
 */
export const stacked = (series: readonly (readonly number[])[]): (number | null)[][] => {
  const heights: (number | null)[][] = []
  let below: readonly number[] = []
  for (let index = series.length - 1; index >= 0; index--) {
    const values = series[index] ?? []
    const sums = values.map((value, bucket) => Math.max(value, 0) + (below[bucket] ?? 0))
    heights.unshift(sums.map((sum) => (sum === 0 ? null : sum)))
    below = sums
  }
  return heights
}
