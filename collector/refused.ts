/** Why a whole request is not taken, as it is counted. The first three are their own reason; what is behind `overloaded` may say more. */
export type RefusalReason = Refused['verdict'] | 'bytes_in_flight' | 'bytes_of_connection' | 'requests_in_flight' | 'spool_full' | 'disk_full' | 'event_loop_late' | 'failed'

/**
 * A request we do not take, and whether sending it again could help. `receive/` turns the verdict into HTTP and gRPC; the
 * message is written for the sender and shows neither path nor stack.
 */
export class Refused extends Error {
  readonly verdict: 'malformed' | 'too_large' | 'overloaded'
  readonly reason: RefusalReason
  constructor(verdict: 'malformed' | 'too_large' | 'overloaded', message: string, reason: RefusalReason = verdict) {
    super(message)
    this.verdict = verdict
    this.reason = reason
  }
}
