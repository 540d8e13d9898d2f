import type { UnixNano } from '#semconv/facts.ts'
import { flag, type Table, text, time, uint32, word } from '../table.ts'

/** One version of a rule that was defined by the API. The highest is in force, unless it is retired; rules of the operator's file are in the file. */
export interface AlertRuleVersionRow {
  readonly tenant: string
  readonly ruleId: string
  /** From 1, without gaps per rule. */
  readonly version: number
  readonly postedAt: UnixNano
  /** From here on the rule is no more; a later version brings it back. */
  readonly retired: boolean
  /** The rule as YAML. */
  readonly document: string
}

export const alertRuleVersions: Table<AlertRuleVersionRow> = {
  name: 'alert_rule_versions',
  columns: [
    word('tenant', (r) => r.tenant),
    word('rule_id', (r) => r.ruleId),
    uint32('version', (r) => r.version),
    time('posted_at', (r) => r.postedAt),
    flag('retired', (r) => r.retired),
    text('document', (r) => r.document, 'CODEC(ZSTD(3))'),
  ],
}
