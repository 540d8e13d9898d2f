import type { Attributes, Scope, SpanRecord } from './attributes.ts'
import type { Step } from './facts.ts'
import type { Keys } from './keys.ts'
import type { Reading } from './reading.ts'
import type { UsageCounts } from './usage.ts'

/** The step while it is put together; `interpret` hands it out as read-only. */
export type Draft = { -readonly [F in keyof Step]: Step[F] }

/** How an emitter counts, where somebody read it in its source. */
export interface CountingRule {
  /** Why we believe it: repository@commit, or the section that says so. */
  readonly source: string
  /** Scope names the rule is for; absent = every scope of the dialect. */
  readonly scope?: (name: string) => boolean
  /** Scope versions below this one, as dotted numbers; a scope without version never matches. */
  readonly below?: string
  /** Scope versions from this one on. */
  readonly from?: string
  /** Versions that leave no trace in the scope show it in their attributes, or in the span's name. */
  readonly when?: (attributes: Attributes, spanName: string) => boolean
  /** Canonical providers the rule is for; absent = every provider. */
  readonly providers?: readonly string[]
  /** Does the input count contain cached and cache-written tokens? `twice`: they were added to a count that had them. */
  readonly input?: 'inclusive' | 'exclusive' | 'twice'
  /** Does the output count contain reasoning tokens? */
  readonly output?: 'inclusive' | 'exclusive'
  /** The emitter drops cache counts although the provider charges for them. */
  readonly lossy?: boolean
  /** Cache writes happen and are not told apart. */
  readonly hidesCacheWrites?: boolean
}

/** How one instrumentation says what the conventions say otherwise. */
export interface Dialect {
  readonly name: string
  readonly keys: Keys
  /** First match decides; none = nothing is known. */
  readonly counting?: readonly CountingRule[]
  /** Counts that sit inside JSON or elsewhere off the key lists. Fills gaps, never adds to what is there. */
  readonly counts?: (counts: UsageCounts, reading: Reading, span: SpanRecord) => void
  /** Specialities, after the common rules have filled the draft and before usage is read. */
  readonly refine?: (draft: Draft, reading: Reading, span: SpanRecord) => void
}

/** What tells a dialect. All parts are alternatives. */
export interface Signs {
  readonly scope?: (scope: Scope['name']) => boolean
  readonly key?: (key: string) => boolean
  readonly spanName?: (name: string) => boolean
  readonly service?: (name: string) => boolean
  /** `gen_ai.provider.name` or `gen_ai.system`. */
  readonly system?: string
}
