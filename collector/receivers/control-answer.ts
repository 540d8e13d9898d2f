import type { Log } from '../log.ts'
import type { Controls } from '../receive/control.ts'
import { Refused } from '../refused.ts'

/** What an agent's question is answered with, as one process says it to another. */
export type ControlAnswer =
  | { readonly ok: true; readonly body: object }
  | { readonly ok: false; readonly verdict: Refused['verdict']; readonly message: string; readonly reason: Refused['reason'] }

type Ask = (body: Buffer) => Promise<object>

/** In the process that decides. Never rejects. */
export async function answerTo(ask: Ask | undefined, body: Uint8Array, log: Log): Promise<ControlAnswer> {
  try {
    if (ask === undefined) throw new Refused('overloaded', 'nobody decides yet, ask again')
    return { ok: true, body: await ask(Buffer.from(body)) }
  } catch (error) {
    if (!(error instanceof Refused)) log.error('a question of an agent failed', { error })
    const { verdict, message, reason } = error instanceof Refused ? error : new Refused('overloaded', 'the question could not be answered, ask again', 'failed')
    return { ok: false, verdict, message, reason }
  }
}

/** In the process that was asked. `send` tells the one that decides; what it answers comes back by `answered`. */
export class Questions {
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>()
  readonly #send: (ask: number, path: string, body: Buffer) => void
  #asked = 0

  constructor(send: (ask: number, path: string, body: Buffer) => void) {
    this.#send = send
  }

  controls(paths: readonly string[]): Controls {
    return new Map(paths.map((path) => [path, (body: Buffer) => this.#ask(path, body)]))
  }

  async #ask(path: string, body: Buffer): Promise<object> {
    const ask = this.#asked++
    const answer = await new Promise<ControlAnswer>((resolve) => {
      this.#waiting.set(ask, resolve)
      this.#send(ask, path, body)
    })
    if (answer.ok) return answer.body
    throw new Refused(answer.verdict, answer.message, answer.reason)
  }

  answered(ask: number, answer: ControlAnswer): void {
    this.#waiting.get(ask)?.(answer)
    this.#waiting.delete(ask)
  }
}
