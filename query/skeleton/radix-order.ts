/**
 * The rows by ascending key, rows with equal keys as they stand. A key is `width` digits of 16 bits, the most significant
 * first. Sorted by the least significant digit, then by the next: nothing is compared, so 100,000 rows take a few
 * milliseconds where a comparing function takes a hundred.
 */
export function radixOrder(keys: Uint16Array, width: number): Int32Array {
  const rows = keys.length / width
  let order = new Int32Array(rows)
  for (let row = 0; row < rows; row++) order[row] = row
  let next = new Int32Array(rows)
  /** Where the next row with a digit goes; one longer than there are digits, for the sums. */
  const places = new Uint32Array(0x1_0001)
  for (let digit = width - 1; digit >= 0; digit--) {
    places.fill(0)
    for (let at = digit; at < keys.length; at += width) places[keys[at]! + 1]!++
    if (places[keys[digit]! + 1] === rows) continue
    for (let value = 0; value < 0x1_0000; value++) places[value + 1]! += places[value]!
    for (let place = 0; place < rows; place++) {
      const row = order[place]!
      const key = keys[row * width + digit]!
      const at = places[key]!
      places[key] = at + 1
      next[at] = row
    }
    ;[order, next] = [next, order]
  }
  return order
}
