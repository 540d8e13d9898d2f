import { hash } from 'node:crypto'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import type { DecisionPlace, LedgerKind, LedgerMeter } from '#semconv/facts.ts'

/** Between the parts of an id: cannot occur in ids, meters or kinds, so no two lists of parts read alike. */
const separator = '\u0000'

const sha256 = (text: string): string => hash('sha256', text, 'hex')

/**
 * Id of a ledger line. Neither price nor usage enters it: the same span charged twice is one line, and what a later look
 * says differently must be a line of its own. `ordinal` counts the lines of one kind for a span and meter, from 0.
 */
export const ledgerEntryId = (tenant: string, traceId: string, spanId: string, meter: LedgerMeter, kind: LedgerKind, ordinal: number): string =>
  sha256(`ledger${separator}${tenant}${separator}${traceId}${separator}${spanId}${separator}${meter}${separator}${kind}${separator}${ordinal}`)

/** The id of a line that `ordinal` others of its kind came before: '' where it need not be told, see `LedgerEntryRow`. */
export const ownLedgerEntryId = (tenant: string, traceId: string, spanId: string, meter: LedgerMeter, kind: LedgerKind, ordinal: number): string =>
  ordinal === 0 ? '' : ledgerEntryId(tenant, traceId, spanId, meter, kind, ordinal)

export const idOf = ({ ownId, tenant, traceId, spanId, meter, kind }: Pick<LedgerEntryRow, 'ownId' | 'tenant' | 'traceId' | 'spanId' | 'meter' | 'kind'>): string =>
  ownId === '' ? ledgerEntryId(tenant, traceId, spanId, meter, kind, 0) : ownId

const dayNanos = 86_400_000_000_000n

/**
 * One row of the ledger, of which the highest revision counts: as good as id and day, and made without hashing. A span that came again
 * with another start is charged twice, where its trace was forgotten meanwhile: on one day that is one row; on two, both stand until
 * settlement takes one back.
 */
export const entryKey = ({ ownId, traceId, spanId, meter, kind, occurredAt }: LedgerEntryRow): string =>
  `${traceId} ${spanId} ${meter} ${kind} ${ownId} ${occurredAt / dayNanos}`

export const decisionId = (tenant: string, policyId: string, policyVersion: number, place: DecisionPlace, traceId: string, spanId: string): string =>
  sha256(['decision', tenant, policyId, String(policyVersion), place, traceId, spanId].join(separator))
