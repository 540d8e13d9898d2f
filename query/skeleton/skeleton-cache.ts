import type { Encoded } from '../http/answer.ts'
import type { Run } from '../runs/run.ts'

/** Bytes of answers kept: about ten traces of 100,000 spans, compressed. */
const keptBytesMax = 16 * 1024 * 1024

/** The answers given last for settled traces. A settlement that says more has another version, so nothing here goes stale. */
export interface SkeletonCache {
  /** Who asks while the same answer is being made waits for that one. */
  get(run: Run, encoding: string, make: () => Promise<Encoded>): Promise<Encoded>
}

export function skeletonCache(): SkeletonCache {
  /** Oldest first. */
  const kept = new Map<string, Encoded>()
  const making = new Map<string, Promise<Encoded>>()
  let bytes = 0
  const drop = (key: string, answer: Encoded): void => {
    kept.delete(key)
    bytes -= answer.body.length
  }
  const keep = (key: string, answer: Encoded): void => {
    const same = kept.get(key)
    if (same !== undefined) drop(key, same)
    if (answer.body.length > keptBytesMax) return
    kept.set(key, answer)
    bytes += answer.body.length
    for (const [oldest, old] of kept) if (bytes > keptBytesMax) drop(oldest, old)
  }
  return {
    get: async (run, encoding, make) => {
      if (!run.settled) return make()
      // A run without its root becomes incomplete by mere waiting.
      const key = `${run.id} ${run.version} ${run.status} ${encoding}`
      const known = kept.get(key)
      if (known !== undefined) {
        keep(key, known)
        return known
      }
      const underWay = making.get(key)
      // The one who asked first may have gone and ended the read that others wait for.
      if (underWay !== undefined) return underWay.catch(make)
      const made = make()
      making.set(key, made)
      try {
        const answer = await made
        keep(key, answer)
        return answer
      } finally {
        making.delete(key)
      }
    },
  }
}
