export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How long the longest of the tiles of a row is for its width, where they share a side: 1 is a square. */
const longest = (side: number, sum: number, smallest: number, largest: number): number => Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest))

/**
 * Rectangles whose areas are to each other as the values are, that fill `into` and are as square as can be, each in the place of its value.
 * What has no value (0, less, no number) has no area. Values that fall make the best picture: the largest is where reading begins.
 * Source: Bruls, Huizing, van Wijk, "Squarified Treemaps" (2000).
 */
export const squarify = (values: readonly number[], into: Rect): Rect[] => {
  const rects: Rect[] = values.map(() => ({ x: into.x, y: into.y, width: 0, height: 0 }))
  const sized = values.flatMap((value, index) => (value > 0 && Number.isFinite(value) ? [{ value, index }] : []))
  const total = sized.reduce((sum, { value }) => sum + value, 0)
  const tiles = sized.map(({ value, index }) => ({ index, area: (value / total) * into.width * into.height }))
  let { x, y, width, height } = into
  for (let first = 0; first < tiles.length && width > 0 && height > 0;) {
    const side = Math.min(width, height)
    let sum = tiles[first]!.area
    let end = first + 1
    let [smallest, largest] = [sum, sum]
    for (; end < tiles.length; end++) {
      const { area } = tiles[end]!
      const [low, high] = [Math.min(smallest, area), Math.max(largest, area)]
      if (longest(side, sum + area, low, high) > longest(side, sum, smallest, largest)) break
      ;[sum, smallest, largest] = [sum + area, low, high]
    }
    const depth = sum / side
    let along = 0
    for (const { index, area } of tiles.slice(first, end)) {
      const length = area / depth
      rects[index] = width >= height ? { x, y: y + along, width: depth, height: length } : { x: x + along, y, width: length, height: depth }
      along += length
    }
    ;[x, y, width, height] = width >= height ? [x + depth, y, width - depth, height] : [x, y + depth, width, height - depth]
    first = end
  }
  return rects
}
