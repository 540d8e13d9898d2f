import { costBases, type CostBasis, ledgerKinds, type LedgerKind, type LedgerMeter, type LedgerReason, type PicoUsd, tokenMeters, type UnixNano, type UsageFlag } from '#semconv/facts.ts'
import { choice, type Column, decimal, id, nullableDecimal, type Table, text, time, version, word, words } from '../table.ts'

/**
 * One line of the cost ledger. Money never changes under an id; what a later row with the same id may add is only who
 * the line belongs to (agent, user, session, workflow, tags), which is known when the ancestors have arrived.
 */
export interface LedgerEntryRow {
  readonly tenant: string
  readonly project: string
  /**
   * '' for the first line of its kind for a span and meter, whose id (`ledgerEntryId`) the other fields say: almost every line.
   * Else the id, 64 hex digits.
   */
  readonly ownId: string
  readonly kind: LedgerKind
  readonly reason: LedgerReason
  readonly occurredAt: UnixNano
  readonly postedAt: UnixNano
  readonly traceId: string
  readonly spanId: string
  readonly provider: string
  readonly model: string
  readonly meter: LedgerMeter
  /** Times 10^12; negative on reversals. */
  readonly quantity: bigint
  /** What is doubtful about the usage it charges: see `usageFlags`. */
  readonly usageFlags: readonly UsageFlag[]
  /** Per unit of quantity; `undefined` where unpriced. */
  readonly unitPrice: PicoUsd | undefined
  /** `undefined` where unpriced; negative on reversals. */
  readonly amount: PicoUsd | undefined
  readonly basis: CostBasis
  readonly priceBookVersion: string
  /** The rule of the price book that was applied, '' if none. */
  readonly priceCard: string
  /** The entry this one reverses, '' if none. */
  readonly reverses: string
  readonly agent: string
  readonly user: string
  readonly session: string
  readonly workflow: string
  readonly service: string
  readonly environment: string
  /** Sorted, each once, one a line: see `tagList`. */
  readonly tags: string
  /** Which row of one id is current: see `revisionAtArrival` and `revisionAtSettlement`. */
  readonly revision: bigint
}

/** Among charges made on arrival the first posted stays: earlier is higher. */
export const revisionAtArrival = (postedAt: UnixNano): bigint => (1n << 63n) - 1n - postedAt
/** A settlement knows more than any arrival, a later settlement more than an earlier one. */
export const revisionAtSettlement = (postedAt: UnixNano): bigint => (1n << 63n) + postedAt
/** When a row was posted, as its revision says: one that only says whose the line is was posted later than the line. */
export const postedAtOfRevision = (revision: bigint): UnixNano => (revision < 1n << 63n ? (1n << 63n) - 1n - revision : revision - (1n << 63n))
/** The same in SQL. */
export const postedAtOfRevisionSql = `if(revision < ${1n << 63n}, ${(1n << 63n) - 1n} - revision, revision - ${1n << 63n})`

/** In SQL: the tags of a line as an array, of `''` alone where it has none. */
export const tagList = `splitByChar('\\n', toString(tags))`
/** In SQL: the line counts tokens, neither pieces nor dollars. */
export const countsTokens = `meter IN (${tokenMeters.map((meter) => `'${meter}'`).join(', ')})`
/** In SQL, of a sum of lines: those without a price. One that was taken back, because it has a price now or was none, is not unknown any more. */
export const unpricedLines = `toInt64(countIf(amount IS NULL AND kind != 'REVERSAL')) - toInt64(countIf(amount IS NULL AND kind = 'REVERSAL'))`

/** Numbers of tokens times 10^12, and amounts that are multiples of a price: what all of a block have in common is stored once. */
const money = 'CODEC(GCD, ZSTD(1))'

/** `ledgerEntryId` of the first line of its kind for a span and meter: computed when it is read, because 32 random bytes do not compress. */
const usualId = `SHA256(concat('ledger', char(0), tenant, char(0), lower(hex(trace_id)), char(0), lower(hex(span_id)), char(0), meter, char(0), toString(kind), char(0), '0'))`
const noId = `toFixedString('', 32)`

/** What the lines of one call have alike. */
const ofCall: readonly Column<LedgerEntryRow>[] = [
  word('tenant', (r) => r.tenant),
  word('project', (r) => r.project),
  choice('kind', ledgerKinds, (r) => r.kind),
  word('reason', (r) => r.reason),
  time('occurred_at', (r) => r.occurredAt),
  time('posted_at', (r) => r.postedAt),
  id('trace_id', 16, (r) => r.traceId),
  id('span_id', 8, (r) => r.spanId),
  word('provider', (r) => r.provider),
  word('model', (r) => r.model),
  choice('basis', costBases, (r) => r.basis),
  word('price_book_version', (r) => r.priceBookVersion),
  word('agent', (r) => r.agent),
  text('user', (r) => r.user),
  text('session', (r) => r.session),
  word('workflow', (r) => r.workflow),
  word('service', (r) => r.service),
  word('environment', (r) => r.environment),
  word('tags', (r) => r.tags),
  version('revision', (r) => r.revision),
]

export const ledgerEntries: Table<LedgerEntryRow> = {
  name: 'ledger_entries',
  alike: ofCall.length,
  columns: [
    ...ofCall,
    // Zeros where the id is the usual one. Who inserts `entry_id` instead, as programs did and segments of theirs do, leaves it to the default.
    id('own_id', 32, (r) => r.ownId, `DEFAULT if(entry_id = ${usualId}, ${noId}, entry_id)`),
    word('meter', (r) => r.meter),
    words('usage_flags', (r) => r.usageFlags),
    decimal('quantity', (r) => r.quantity, money),
    nullableDecimal('unit_price', (r) => r.unitPrice, money),
    nullableDecimal('amount', (r) => r.amount, money),
    word('price_card', (r) => r.priceCard),
    id('reverses', 32, (r) => r.reverses),
  ],
  computed: [
    'entry_id FixedString(32) EPHEMERAL',
    `id FixedString(32) ALIAS if(own_id = ${noId}, ${usualId}, own_id)`,
  ],
}
