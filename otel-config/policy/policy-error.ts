/** A policy document that is not accepted. The message names the policy, the key and what is allowed, and is meant for its author. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}
