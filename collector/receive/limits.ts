import { setImmediate as nextTurn } from 'node:timers/promises'

/** The specification's recommended bound of a request, before and after decompression (OTLP 1.11). In bytes. */
export const bodyBytesMax = 64 * 1024 * 1024
/** How long a request may take to arrive, in milliseconds: 64 MiB at 9 Mbit/s. SDKs give up after 10 s, the Collector after 5 or 30. */
export const receiveMsMax = 60_000
/**
 * Seconds a refused sender is asked to wait, the longer the fuller the spool is (a share of its quota): what fills it takes
 * longest to pass. At most 3, because JavaScript's exporter gives up after 10 s in total.
 */
export const retrySeconds = (spoolFill: number): number => (spoolFill < 0.5 ? 1 : spoolFill < 0.9 ? 2 : 3)

/**
 * Requests that are decoded and derived side by side. As objects a request takes ten times its bytes, and on one thread
 * more of them at once are not faster; a few, so that a small request gets past a huge one.
 */
export const derivingMax = 4

/** How long records are decoded and derived before other work gets its turn, in milliseconds. Longer, and an insert of 16 MiB, written turn by turn, starves. */
export const turnMs = 2

/** Runs the steps, and lets other work have its turn between them. `nowMs` is monotonic. */
export async function inTurns<T>(steps: Iterator<undefined, T>, nowMs: () => number): Promise<T> {
  let turnEnds = nowMs() + turnMs
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (nowMs() < turnEnds) continue
    await nextTurn()
    turnEnds = nowMs() + turnMs
  }
}

/** Who may decode and derive now; the others wait as the bytes they came as, in order of arrival. */
export class Turns {
  #free = derivingMax
  readonly #waiting: (() => void)[] = []

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#free--
    return Promise.resolve()
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
