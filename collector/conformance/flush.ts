import type { UnixNano } from '#semconv/facts.ts'
import type { Log } from '../log.ts'
import { appendOnce } from '../spool/frame.ts'
import type { Spool } from '../spool/spool.ts'
import { type Conformance, frameOf } from './conformance.ts'

export interface FlushOptions {
  readonly conformance: Conformance
  readonly spool: Pick<Spool, 'append'>
  readonly nowNano: () => UnixNano
  readonly log: Pick<Log, 'warn'>
}

/** How often what was counted is written, in milliseconds: soon enough for somebody who waits for the verdict on a first span. */
const flushEveryMs = 5_000

/** Writes what was counted every few seconds, and once more at the end, as long as it is not disposed of. */
export function flushRegularly(options: FlushOptions): AsyncDisposable {
  const timer = setInterval(() => void flush(options), flushEveryMs)
  return {
    [Symbol.asyncDispose]: () => {
      clearInterval(timer)
      return flush(options)
    },
  }
}

/** Never rejects: a spool that takes nothing takes no telemetry either, and what was counted before is worth no retry. */
export async function flush({ conformance, spool, nowNano, log }: FlushOptions): Promise<void> {
  const frame = frameOf(conformance.take(nowNano()))
  if (frame === undefined) return
  try {
    await appendOnce(spool, frame)
  } catch (error) {
    log.warn('the conformance view lacks what was counted in the last seconds', { error })
  }
}
