import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Requests that are begun and not done. As objects a request takes ten times its bytes; a few, so that a small request gets past
 * a huge one.
 */
export const derivingMax = 4

/**
 * How long records are decoded and derived, or traces accounted, before other work of the process gets its turn, in milliseconds.
 * Longer, and an insert of 16 MiB, written turn by turn, starves, and so does an agent that asks for a reservation.
 */
export const turnMs = 2

/**
 * How long a request goes on before another that waits does, in milliseconds. Most, 512 spans, are done by then: side by side each
 * would take as long as all of them, and live as objects as long. Those that are not let others pass.
 */
export const quantumMs = 50

/** The leave of one request to be decoded and derived. */
export interface Turn {
  /** Other work waits: call `next`. */
  due(): boolean
  /** Lets other work have its turn; resolves when this request may go on. */
  next(): Promise<void>
  /** It is done, or failed. */
  give(): void
}

/** Who may decode and derive now: one at a time. The others wait as the bytes they came as, in order of arrival. */
export class Turns {
  readonly #nowMs: () => number
  readonly #waiting: (() => void)[] = []
  /** Begun, and passed by others. */
  readonly #passed: (() => void)[] = []
  #begun = 0
  #taken = false
  /** Whether the last to go on was one that had been passed: they alternate, so that neither kind starves. */
  #wasPassed = false

  /** `nowMs` is monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  async take(): Promise<Turn> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else {
      this.#taken = true
      this.#begun++
    }
    return this.#turn()
  }

  #turn(): Turn {
    const now = this.#nowMs
    let [turnEnds, quantumEnds] = [now() + turnMs, now() + quantumMs]
    return {
      due: () => now() >= turnEnds,
      next: async () => {
        await nextTurn()
        if (now() >= quantumEnds) {
          const on = new Promise<void>((resolve) => this.#passed.push(resolve))
          this.#goOn()
          await on
          quantumEnds = now() + quantumMs
        }
        turnEnds = now() + turnMs
      },
      give: () => {
        this.#begun--
        this.#goOn()
      },
    }
  }

  /** The next one. */
  #goOn(): void {
    const mayBegin = this.#waiting.length > 0 && this.#begun < derivingMax
    this.#wasPassed = this.#passed.length > 0 && !(mayBegin && this.#wasPassed)
    if (this.#wasPassed) return this.#passed.shift()?.()
    const next = mayBegin ? this.#waiting.shift() : undefined
    if (next !== undefined) this.#begun++
    this.#taken = next !== undefined
    next?.()
  }
}

/** Runs the steps by turns. */
export async function inTurns<T>(steps: Iterator<undefined, T>, turn: Turn): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (turn.due()) await turn.next()
  }
}
