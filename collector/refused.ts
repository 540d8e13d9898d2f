/**
 * A request we do not take, and whether sending it again could help. `receive/` turns the verdict into HTTP and gRPC; the
 * message is written for the sender and shows neither path nor stack.
 */
export class Refused extends Error {
  readonly verdict: 'malformed' | 'too_large' | 'overloaded'
  constructor(verdict: 'malformed' | 'too_large' | 'overloaded', message: string) {
    super(message)
    this.verdict = verdict
  }
}
