/** Entries of one memo. Emitters use a few hundred names; whoever sends random ones pays for each, and memory stays flat. */
const memoLimit = 4096
/** Characters of an input worth keeping. */
const memoInputLimit = 256

/** A pure function of a string, with its answers kept. Full means full: no eviction, so a flood cannot push out what is hot. */
export function remembered<T>(answer: (input: string) => T): (input: string) => T {
  const known = new Map<string, T>()
  return (input) => {
    const hit = known.get(input)
    if (hit !== undefined) return hit
    const fresh = answer(input)
    if (known.size < memoLimit && input.length <= memoInputLimit) known.set(input, fresh)
    return fresh
  }
}
