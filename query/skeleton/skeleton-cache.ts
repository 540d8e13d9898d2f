import type { Encoded } from '../http/answer.ts'
import type { Run } from '../runs/run.ts'

/** Bytes of answers kept: about ten traces of 100,000 spans, compressed. */
const keptBytesMax = 16 * 1024 * 1024

/** The answers given last for settled traces. A settlement that says more has another version, so nothing here goes stale. */
export interface SkeletonCache {
  get(run: Run, encoding: string, make: () => Promise<Encoded>): Promise<Encoded>
}

export function skeletonCache(): SkeletonCache {
  /** Oldest first. */
  const kept = new Map<string, Encoded>()
  let bytes = 0
  const drop = (key: string, answer: Encoded): void => {
    kept.delete(key)
    bytes -= answer.body.length
  }
  return {
    get: async (run, encoding, make) => {
      if (!run.settled) return make()
      const key = `${run.id} ${run.version} ${encoding}`
      const known = kept.get(key)
      if (known !== undefined) drop(key, known)
      const answer = known ?? (await make())
      if (kept.has(key) || answer.body.length > keptBytesMax) return answer
      kept.set(key, answer)
      bytes += answer.body.length
      for (const [oldest, old] of kept) if (bytes > keptBytesMax) drop(oldest, old)
      return answer
    },
  }
}
