/** Words numbered by first appearance, read from bytes: a text that was seen before is never decoded again. */
export interface WordTable {
  readonly words: string[]
  /** The number of the UTF-8 text from `start` to `end`. */
  number(bytes: Buffer, start: number, end: number): number
}

const none: readonly number[] = []

/** `given` get the first numbers. */
export function wordTable(given: readonly string[]): WordTable {
  const words: string[] = []
  /** Numbers of the words that share a hash; nearly always one. */
  const byHash = new Map<number, readonly number[]>()
  const encodings: Buffer[] = []
  const number = (bytes: Buffer, start: number, end: number): number => {
    const key = hash(bytes, start, end)
    const same = byHash.get(key) ?? none
    for (const known of same) if (equals(encodings[known], bytes, start, end)) return known
    const fresh = words.push(bytes.toString('utf8', start, end)) - 1
    // A copy: the slice would keep the whole answer alive.
    encodings.push(Buffer.from(bytes.subarray(start, end)))
    byHash.set(key, [...same, fresh])
    return fresh
  }
  for (const word of given) {
    const bytes = Buffer.from(word)
    number(bytes, 0, bytes.length)
  }
  return { words, number }
}

function equals(known: Buffer | undefined, bytes: Buffer, start: number, end: number): boolean {
  if (known === undefined || known.length !== end - start) return false
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false
  return true
}

/** FNV-1a. */
function hash(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5
  for (let index = start; index < end; index++) value = Math.imul(value ^ (bytes[index] ?? 0), 0x01000193)
  return value
}
