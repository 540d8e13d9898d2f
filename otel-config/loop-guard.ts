import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'

/** Carried by every export of a Spanledger's own telemetry; see `self-telemetry.ts` for the circle it breaks. */
export const selfHeader = 'x-spanledger-self'

/** Runs `handle` for a request; spans begun in it are suppressed where the request carries a Spanledger's own telemetry (`marker` is its header's value). */
export const withLoopGuard = <T>(marker: string | undefined, handle: () => T): T =>
  marker === undefined ? handle() : context.with(suppressTracing(context.active()), handle)
