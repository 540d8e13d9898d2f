import type { UnixNano } from '#semconv/facts.ts'
import { type Table, text, time, uint32, word } from '../table.ts'

/** One version of one policy. The highest version is in force; all of them are history that decisions refer to. */
export interface PolicyVersionRow {
  readonly tenant: string
  readonly policyId: string
  /** From 1, without gaps per policy. */
  readonly version: number
  readonly postedAt: UnixNano
  /** The policy as written: YAML or JSON. */
  readonly document: string
}

export const policyVersions: Table<PolicyVersionRow> = {
  name: 'policy_versions',
  columns: [
    word('tenant', (r) => r.tenant),
    word('policy_id', (r) => r.policyId),
    uint32('version', (r) => r.version),
    time('posted_at', (r) => r.postedAt),
    text('document', (r) => r.document, 'CODEC(ZSTD(3))'),
  ],
}
