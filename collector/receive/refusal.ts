import { clientOf } from '../account/names.ts'
import { Refused } from '../refused.ts'
import type { IngestOptions } from './ingest.ts'
import { retrySeconds } from './limits.ts'

/**
 * What an export that is not taken is answered, and after how many seconds it may come again; `undefined` where that does not help.
 * It is counted, and logged where the fault is ours: transient by assumption, because a client drops what is answered 500 and keeps
 * what is answered 503.
 */
export function refusalOf(
  error: unknown, userAgent: string | undefined, { metrics, log, spool }: Pick<IngestOptions, 'metrics' | 'log' | 'spool'>,
): { readonly refused: Refused; readonly wait: number | undefined } {
  if (!(error instanceof Refused)) log.error('an export request failed', { error })
  const refused = error instanceof Refused ? error : new Refused('overloaded', 'the request could not be stored, send again', 'failed')
  metrics.refused(refused.reason, clientOf(userAgent))
  return { refused, wait: refused.verdict === 'overloaded' ? retrySeconds(spool.fill) : undefined }
}
