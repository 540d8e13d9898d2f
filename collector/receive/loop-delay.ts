/** How often the event loop is looked at, in milliseconds. */
const everyMs = 250
/** A request takes about five turns of the loop and SDKs give up after 10 s: beyond this, most answers would come too late. In milliseconds. */
export const lateMs = 1_000
/** Good again only well below, so that load at the edge does not make it change its mind with every request. In milliseconds. */
export const recoveredMs = 250
/** Turns this late in a row before anybody is refused: one may be a single large request, or the machine waking up. */
export const lateInRow = 3

/** Whether the event loop is late for good, with hysteresis. */
export class Lateness {
  late = false
  #inRow = 0

  /** One look: the loop came this much later than asked. */
  observe(delayMs: number): void {
    this.#inRow = delayMs > lateMs ? this.#inRow + 1 : 0
    if (this.#inRow >= lateInRow) this.late = true
    else if (delayMs < recoveredMs) this.late = false
  }
}

export interface LoopDelay extends Disposable {
  readonly late: () => boolean
}

/** Watches this process' event loop until it is disposed of. `nowMs` is monotonic. */
export function watchLoopDelay(nowMs: () => number): LoopDelay {
  const lateness = new Lateness()
  let due = nowMs() + everyMs
  const timer = setInterval(() => {
    const now = nowMs()
    lateness.observe(now - due)
    due = now + everyMs
  }, everyMs).unref()
  return { late: () => lateness.late, [Symbol.dispose]: () => clearInterval(timer) }
}
