/** Every reason to refuse because of pressure, as the sender reads it. All of them pass. */
const pressures = {
  bytes_in_flight: 'too many bytes are being received',
  bytes_of_connection: 'too many bytes are being received on this connection',
  requests_in_flight: 'too many requests are being received',
  spool_full: 'the spool is full: ClickHouse does not keep up or is away',
  disk_full: 'the disk is nearly full: make room on it',
  event_loop_late: 'the collector is short of processor time',
} as const
export type Pressure = keyof typeof pressures

/** Why a whole request is not taken, as it is counted. The verdicts are their own reason; what is behind `overloaded` may say more. */
export type RefusalReason = Refused['verdict'] | Pressure | 'failed'

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

export const pressed = (pressure: Pressure): Refused => new Refused('overloaded', `${pressures[pressure]}, send again later`, pressure)
