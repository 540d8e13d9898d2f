/** Sets of the numbers 0 … count−1, at first each alone. A set is named by its lowest number, so merging order leaves no trace. */
export interface DisjointSets {
  find(item: number): number
  merge(a: number, b: number): void
}

export function disjointSets(count: number): DisjointSets {
  const up = new Int32Array(count)
  for (let item = 0; item < count; item++) up[item] = item
  const find = (item: number): number => {
    // Path halving: keeps later walks short without a second pass.
    while (up[item] !== item) {
      up[item] = up[up[item]!]!
      item = up[item]!
    }
    return item
  }
  const merge = (a: number, b: number): void => {
    const [low, high] = find(a) < find(b) ? [find(a), find(b)] : [find(b), find(a)]
    up[high] = low
  }
  return { find, merge }
}
