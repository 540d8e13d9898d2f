import { tagList } from '#clickhouse/tables/ledger-entries.ts'
import type { CostBasis, LedgerKind } from '#semconv/facts.ts'
import { toldBy } from '../coding-agents/told-by.ts'
import { claims } from '../costs/claims.ts'
import type { Connection, PageArguments } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { storedDecimal } from '../decimal.ts'
import { userError } from '../errors.ts'
import { type Keyed, type Order, page } from '../page.ts'
import { hexOf, nanosOf, textOf } from '../reader.ts'
import { orNull, traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import type { TimeRange } from '../time-range.ts'
import { afterUntil, allOf, among, anyAmong, idAmong, type Where, within } from '../where.ts'
import type { LedgerEntry } from './ledger-entry.ts'
import type { LedgerFilter } from './ledger-filter.ts'

/** Lines of one run in one answer: 50,000 are about 25 MB of JSON. */
const ledgerOfRunMax = 50_000

const columns = [
  hexOf('id', 'id_hex'), 'toString(kind) AS kind_name', 'reason', textOf('amount', 'amount_text'), nanosOf('occurred_at', 'occurred'),
  nanosOf('posted_at', 'posted'), hexOf('trace_id', 'trace'), hexOf('span_id', 'span'), 'provider', 'model', 'meter',
  textOf('quantity', 'quantity_text'), 'usage_flags', textOf('unit_price', 'unit_price_text'), 'toString(basis) AS basis_name', 'price_book_version',
  'price_card', hexOf('reverses', 'reverses_hex'), 'agent', 'user', 'session', 'workflow', 'service', 'environment', 'project', `arrayFilter(tag -> tag != '', ${tagList}) AS tag_list`,
].join(', ')

interface StoredEntry {
  readonly id_hex: string
  readonly kind_name: LedgerKind
  readonly reason: string
  readonly amount_text: string | null
  readonly occurred: string
  readonly posted: string
  readonly trace: string
  readonly span: string
  readonly provider: string
  readonly model: string
  readonly meter: string
  readonly quantity_text: string
  readonly usage_flags: readonly string[]
  readonly unit_price_text: string | null
  readonly basis_name: CostBasis
  readonly price_book_version: string
  readonly price_card: string
  readonly reverses_hex: string
  readonly agent: string
  readonly user: string
  readonly session: string
  readonly workflow: string
  readonly service: string
  readonly environment: string
  readonly project: string
  readonly tag_list: readonly string[]
}

const entry = (row: StoredEntry): LedgerEntry => ({
  id: row.id_hex,
  kind: row.kind_name,
  reason: row.reason,
  amount: row.amount_text === null ? null : storedDecimal(row.amount_text),
  currency: 'USD',
  occurredAt: BigInt(row.occurred),
  postedAt: BigInt(row.posted),
  runId: row.trace,
  spanId: row.span,
  provider: orNull(row.provider),
  model: orNull(row.model),
  meter: row.meter,
  quantity: storedDecimal(row.quantity_text),
  usageFlags: row.usage_flags,
  unitPrice: row.unit_price_text === null ? null : storedDecimal(row.unit_price_text),
  basis: row.basis_name,
  priceBookVersion: orNull(row.price_book_version),
  priceCard: orNull(row.price_card),
  reverses: orNull(row.reverses_hex),
  agent: orNull(row.agent),
  user: orNull(row.user),
  session: orNull(row.session),
  workflow: orNull(row.workflow),
  service: row.service,
  environment: orNull(row.environment),
  project: row.project,
  tags: row.tag_list,
})

/** The condition of a `LedgerFilter`, without its time range, which bounds what else is read. */
export const ledgerWhere = (filter: LedgerFilter, range: TimeRange): Where =>
  allOf(
    among('agent', 'agent', filter.agent),
    among('model', 'model', filter.model),
    among('provider', 'provider', filter.provider),
    among('user', 'user', filter.user),
    among('session', 'session', filter.session),
    among('service', 'service', filter.service),
    among('environment', 'environment', filter.environment),
    among('workflow', 'workflow', filter.workflow),
    anyAmong('tag', tagList, filter.tag),
    among('project', 'project', filter.project),
    among('meter', 'meter', filter.meter),
    among('reason', 'reason', filter.reason),
    among('kind', 'toString(kind)', filter.kind),
    among('basis', 'toString(basis)', filter.basis),
    afterUntil('posted', 'posted_at', filter.posted?.after, filter.posted?.until),
    among('price_book', 'price_book_version', filter.priceBookVersion),
    idAmong('run_id', 'trace_id', 16, filter.runId),
    idAmong('span_id', 'span_id', 8, filter.spanId),
    claims(filter, range),
    toldBy(filter.codingAgent, filter.repository, range),
  )

const order: Order = {
  name: 'ledger', key: 'toUnixTimestamp64Nano(occurred_at)', keyType: 'Int64', id: 'id', idBytes: 32, direction: 'DESC',
}

export function ledgerEntries(
  context: QueryContext,
  args: PageArguments & { readonly filter?: LedgerFilter | null },
): Promise<Connection<LedgerEntry>> {
  const filter = args.filter ?? {}
  return page<Keyed & { readonly entry: LedgerEntry }, LedgerEntry>(args, 100, order, allOf(within('range', 'occurred_at', filter.range), ledgerWhere(filter, filter.range ?? {})), {
    read: async (where, tail) => {
      const rows = await context.reader.rows<StoredEntry>({ columns, from: 'ledgerEntries', where, tail })
      return rows.map((row) => ({ id: row.id_hex, cursorKey: row.occurred, entry: entry(row) }))
    },
    count: async (where) => {
      const [row] = await context.reader.rows<{ readonly n: string }>({ columns: 'count() AS n', from: 'ledgerEntries', where, tail: '' })
      return Number(row?.n ?? 0)
    },
    node: (row) => row.entry,
  })
}

export async function ledgerOfRun(context: QueryContext, run: Run): Promise<LedgerEntry[]> {
  const rows = await context.reader.rows<StoredEntry>({
    columns,
    from: 'ledgerEntries',
    where: traceWhere(run, 'occurred_at'),
    tail: `ORDER BY occurred_at, id LIMIT ${ledgerOfRunMax + 1}`,
  })
  if (rows.length > ledgerOfRunMax) {
    throw userError('TOO_WIDE', `run ${run.id} has more than ${ledgerOfRunMax} ledger lines: page through ledgerEntries with filter runId`)
  }
  return rows.map(entry)
}
