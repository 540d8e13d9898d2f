import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often it is looked, and how many looks that find nothing new are rest: a minute in which nothing was stored. In milliseconds. */
const lookMs = 15_000
const looksOfRest = 4

export interface RestOptions {
  /** Another number whenever something was stored. */
  readonly stored: () => number
  /** Called once in every rest that follows on something stored. */
  readonly atRest: () => void
}

/** Watches for rest until it is disposed of. */
export function watchRest({ stored, atRest }: RestOptions): Disposable {
  let [last, quietLooks, rested] = [stored(), 0, false]
  const timer = setInterval(() => {
    const now = stored()
    if (now !== last) [last, quietLooks, rested] = [now, 0, false]
    else if (!rested && ++quietLooks >= looksOfRest) {
      rested = true
      atRest()
    }
  }, lookMs).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void
let collect: Collect | undefined

/**
 * Collects all garbage of this thread's heap now, in one pause of some 100 ms where little is held, as at rest, and gives the room of young objects back to the system,
 * which a load makes 134 MB of. V8 does so while memory is asked for: a program that rests asks for little, and holds for minutes
 * what the last load left.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  // Any other leaves the room of young objects as large as it was.
  collect({ type: 'major', flavor: 'last-resort' })
}
