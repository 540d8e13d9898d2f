/**
 * Whether `text` as a whole fits `pattern`, in which `*` stands for any characters (none included) and `?` for exactly
 * one; everything else stands for itself, case included. Characters are UTF-16 units.
 *
 * Written out instead of translated to a regular expression, because a pattern is a user's text: this takes at most
 * pattern × text steps, where a backtracking engine takes exponentially many for `a*a*a*…b`.
 */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let starText = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p
      starText = t
      p += 1
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star >= 0) {
      // Let the last star take one character more. Earlier stars need no retry: what they matched is still a prefix.
      starText += 1
      p = star + 1
      t = starText
    } else {
      return false
    }
  }
  while (p < pattern.length && pattern[p] === '*') p += 1
  return p === pattern.length
}

/** A test for a list of patterns; those without wildcards cost one lookup together, however many they are. */
export function anyGlob(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !/[*?]/.test(pattern)))
  const wild = patterns.filter((pattern) => /[*?]/.test(pattern))
  return (text) => exact.has(text) || wild.some((pattern) => globMatches(pattern, text))
}
