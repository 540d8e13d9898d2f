import { clientOf } from '../account/names.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { Refused } from '../refused.ts'
import type { Spool } from '../spool/spool.ts'
import { retrySeconds } from './limits.ts'

/** What is said of a fault that is ours: in the log, and to who sent the request. */
export interface Fault {
  readonly logged: string
  readonly told: string
}
export const exportFault: Fault = { logged: 'an export request failed', told: 'the request could not be stored, send again' }
export const questionFault: Fault = { logged: 'a question of an agent failed', told: 'the question could not be answered, ask again' }

export interface RefusalOptions {
  readonly log: Log
  readonly metrics: Metrics
  readonly spool: Pick<Spool, 'fill'>
}

/**
 * What a request that is not taken is answered, and after how many seconds it may come again; `undefined` where that does not help.
 * It is counted, and logged where the fault is ours: transient by assumption, because a client drops what is answered 500 and keeps
 * what is answered 503.
 */
export function refusalOf(
  error: unknown, fault: Fault, userAgent: string | undefined, { metrics, log, spool }: RefusalOptions,
): { readonly refused: Refused; readonly wait: number | undefined } {
  if (!(error instanceof Refused)) log.error(fault.logged, { error })
  const refused = error instanceof Refused ? error : new Refused('overloaded', fault.told, 'failed')
  metrics.refused(refused.reason, clientOf(userAgent))
  return { refused, wait: refused.verdict === 'overloaded' ? retrySeconds(spool.fill) : undefined }
}
