import type { Block, Column } from '#clickhouse/native-columns.ts'
import { migratedAt } from '#clickhouse/migrate.ts'
import type { Store } from '#clickhouse/store.ts'
import { type StoredContentRow, storedContentColumns, storedSpans, type StoredSpans, storedSpanTypes } from '#clickhouse/stored-record.ts'
import { type LedgerEntryRow, postedAtOfRevision } from '#clickhouse/tables/ledger-entries.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import type { LedgerMeter, LedgerReason, PicoUsd, RunStatus, SpanFacts, TokenUsage, UnixNano, UsageFlag } from '#semconv/facts.ts'
import { spanFacts } from '../derive/derive.ts'
import { entryKey } from '../derive/identity.ts'
import type { Checker } from './check-page.ts'
import { blocksOf, type Condition, entryTypes, type Page, readOptions, runTypes } from './pages.ts'

/** A run as it is stored: what settlement says of it, in the words of `runs`. */
export interface StoredRun {
  readonly traceId: string
  readonly version: bigint
  readonly settled: boolean
  readonly lastReceivedAt: UnixNano
  readonly figures: RunFigures
}

/** What can be worked out again from spans and ledger. */
export interface RunFigures extends TokenUsage {
  readonly isRun: boolean
  readonly status: RunStatus
  readonly name: string
  readonly service: string
  readonly workflow: string
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly models: readonly string[]
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  readonly unpricedModelCalls: number
  readonly toolCalls: number
  readonly failedToolCalls: number
  readonly spanCount: number
  readonly errorCount: number
  readonly cost: PicoUsd
  readonly reportedCost: PicoUsd | undefined
}

/** What a span's record says when it is derived again, and when that version of it was accepted. */
export type DerivedSpan = SpanFacts & { readonly receivedAt: UnixNano }

/** One trace as the store has it. */
export interface StoredTrace {
  readonly traceId: string
  /** `undefined` where nobody summed it up yet. */
  readonly run: StoredRun | undefined
  /** By span id, the latest version of each. */
  readonly derived: ReadonlyMap<string, DerivedSpan>
  /** What was stored when it arrived, by span id. */
  readonly stored: ReadonlyMap<string, Place>
  /** Whose span it is, '' where it is not there. */
  projectOf(spanId: string): string
  /** By span id: when its versions began, where they did not begin at one time. */
  readonly starts: ReadonlyMap<string, ReadonlySet<UnixNano>>
  /** By span id; all versions of a row. */
  readonly entries: ReadonlyMap<string, readonly EntryRow[]>
  /** When its latest span was accepted and its latest line posted, or told whose it is, 0 for none. */
  readonly receivedAt: UnixNano
  readonly postedAt: UnixNano
}

/** A row of a block of spans. */
export interface Place {
  readonly spans: StoredSpans
  readonly row: number
}

type EntryColumns = Block<typeof entryTypes>['columns']

/** A row of a block of the ledger: its columns are read when they are asked for. */
export interface EntryRow {
  readonly columns: EntryColumns
  readonly row: number
}

/** One of `of` threads takes every `of`-th trace. */
export interface Share {
  readonly number: number
  readonly of: number
}

export const wholePage: Share = { number: 0, of: 1 }

const isOfShare = (traceId: string, { number, of }: Share): boolean => of === 1 || Number.parseInt(traceId.slice(-2), 16) % of === number

/** Where the rows of one trace are: block by block, so that each is two numbers. */
class Rows {
  readonly blocks: number[] = []
  readonly rows: number[] = []

  add(block: number, row: number): void {
    this.blocks.push(block)
    this.rows.push(row)
  }
}

interface Draft {
  run: StoredRun | undefined
  readonly spans: Rows
  readonly entries: Rows
}

export interface StoredTraces {
  /** One after the other, each derived when it is asked for and made again when it is asked for again: most are let go at once. */
  readonly traces: Iterable<StoredTrace>
  /** Versions that their entries name. */
  readonly priceBooks: ReadonlySet<string>
}

/** The traces of a page that are this share's. */
export async function storedTraces(page: Page, share: Share, { store, tagsSince }: Pick<Checker, 'store' | 'tagsSince'>): Promise<StoredTraces> {
  const drafts = new Map(page.traceIds.filter((traceId) => isOfShare(traceId, share)).map((traceId): [string, Draft] =>
    [traceId, { run: undefined, spans: new Rows(), entries: new Rows() }]))
  for (const { rows, columns } of blocksOf(page.runs, runTypes)) {
    for (let row = 0; row < rows; row++) {
      const draft = drafts.get(columns.trace_id(row))
      if (draft !== undefined) draft.run = storedRun(columns, row)
    }
  }
  const spans = page.spans.flatMap((bytes) => blocksOf(bytes, storedSpanTypes).map(storedSpans))
  spans.forEach((block, number) => ofTraces(block.rows, block.traceId, drafts, (draft, row) => draft.spans.add(number, row)))
  const entries = page.entries.flatMap((bytes) => blocksOf(bytes, entryTypes))
  const priceBooks = new Set<string>()
  entries.forEach(({ rows, columns }, number) => ofTraces(rows, columns.trace_id, drafts, (draft, row) => {
    draft.entries.add(number, row)
    priceBooks.add(columns.price_book_version(row))
  }))
  const told = page.content === undefined ? undefined : await withContent(store, page.content, share, placesOf(spans, drafts), tagsSince)
  const trace = ([traceId, draft]: readonly [string, Draft]): StoredTrace => ({
    traceId, run: draft.run, ...derivedSpans(traceId, draft.spans, spans, told, tagsSince), ...ledgerOf(draft.entries, entries.map(({ columns }) => columns)),
  })
  return { traces: { [Symbol.iterator]: () => Iterator.from(drafts).map(trace) }, priceBooks }
}

/** Calls `each` with the rows that belong to one of the traces. */
function ofTraces(rows: number, traceId: Column<string>, drafts: ReadonlyMap<string, Draft>, each: (draft: Draft, row: number) => void): void {
  let last: string | undefined
  let draft: Draft | undefined
  for (let row = 0; row < rows; row++) {
    const id = traceId(row)
    if (id !== last) {
      last = id
      draft = drafts.get(id)
    }
    if (draft !== undefined) each(draft, row)
  }
}

/** Brought the column. */
const tagsMigration = 18
/** When this store learned to keep tags. */
export const storedWithTagsSince = (store: Store): Promise<UnixNano> => migratedAt(store, tagsMigration)

/** What was stored before there were tags has none, in the ledger neither. */
function derivedAgain(record: SpanRecord, receivedAt: UnixNano, tagsSince: UnixNano): DerivedSpan {
  const facts = spanFacts(record, receivedAt)
  return receivedAt >= tagsSince || facts.step.tags === '' ? facts : { ...facts, step: { ...facts.step, tags: '' } }
}

function derivedSpans(
  traceId: string, at: Rows, blocks: readonly StoredSpans[], told: ReadonlyMap<string, DerivedSpan> | undefined, tagsSince: UnixNano,
): Pick<StoredTrace, 'derived' | 'stored' | 'projectOf' | 'starts' | 'receivedAt'> {
  const derived = new Map<string, DerivedSpan>()
  const stored = new Map<string, Place>()
  const starts = new Map<string, Set<UnixNano>>()
  let latest = 0n
  for (let index = 0; index < at.rows.length; index++) {
    const spans = blocks[at.blocks[index] as number] as StoredSpans
    const row = at.rows[index] as number
    const spanId = spans.spanId(row)
    const receivedAt = spans.receivedAt(row)
    const known = derived.get(spanId)
    if (known !== undefined) {
      const begun = starts.get(spanId) ?? new Set([known.startedAt])
      starts.set(spanId, begun.add(spans.startedAt(row)))
      if (known.receivedAt >= receivedAt) continue
    }
    derived.set(spanId, told?.get(versionKey(traceId, spanId, receivedAt)) ?? derivedAgain(spans.record(row, undefined), receivedAt, tagsSince))
    stored.set(spanId, { spans, row })
    if (receivedAt > latest) latest = receivedAt
  }
  const projectOf = (spanId: string): string => {
    const place = stored.get(spanId)
    return place === undefined ? '' : place.spans.project(place.row)
  }
  return { derived, stored, projectOf, starts, receivedAt: latest }
}

function ledgerOf(at: Rows, blocks: readonly EntryColumns[]): Pick<StoredTrace, 'entries' | 'postedAt'> {
  const entries = new Map<string, EntryRow[]>()
  let latest = 0n
  for (let index = 0; index < at.rows.length; index++) {
    const columns = blocks[at.blocks[index] as number] as EntryColumns
    const row = at.rows[index] as number
    const spanId = columns.span_id(row)
    const own = entries.get(spanId)
    if (own === undefined) entries.set(spanId, [{ columns, row }])
    else own.push({ columns, row })
    // By the revision, which decides what stands: a line that only says that it was posted later keeps no trace from being compared.
    const postedAt = postedAtOfRevision(columns.revision(row))
    if (postedAt > latest) latest = postedAt
  }
  return { entries, postedAt: latest }
}

const versionKey = (traceId: string, spanId: string, receivedAt: UnixNano | string): string => `${traceId}${spanId}${receivedAt}`

function placesOf(blocks: readonly StoredSpans[], drafts: ReadonlyMap<string, Draft>): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>()
  for (const spans of blocks) {
    ofTraces(spans.rows, spans.traceId, drafts, (_, row) => void found.set(versionKey(spans.traceId(row), spans.spanId(row), spans.receivedAt(row)), { spans, row }))
  }
  return found
}

/** Spans that have content, derived as it arrives: prompts are let go as soon as they were read. */
async function withContent(store: Store, { sql, params }: Condition, share: Share, places: ReadonlyMap<string, Place>, tagsSince: UnixNano): Promise<ReadonlyMap<string, DerivedSpan>> {
  const derived = new Map<string, DerivedSpan>()
  const ofShare = share.of === 1 ? '' : ` AND reinterpretAsUInt8(substring(trace_id, 16, 1)) % ${share.of} = ${share.number}`
  for await (const contents of store.readBatches<StoredContentRow>(`SELECT ${storedContentColumns} FROM span_content WHERE ${sql}${ofShare}`, params, readOptions)) {
    for (const content of contents) {
      const key = versionKey(content[0], content[1], content[2])
      const place = places.get(key)
      if (place !== undefined) derived.set(key, derivedAgain(place.spans.record(place.row, content), place.spans.receivedAt(place.row), tagsSince))
    }
  }
  return derived
}

/** The current rows among versions of them, as `FINAL` says. */
export function currentEntries(rows: readonly EntryRow[], tenant: string): readonly LedgerEntryRow[] {
  const current = new Map<string, LedgerEntryRow>()
  for (const row of rows) {
    const entry = ledgerEntry(row, tenant)
    const key = entryKey(entry)
    const known = current.get(key)
    if (known === undefined || known.revision < entry.revision) current.set(key, entry)
  }
  return [...current.values()]
}

const ledgerEntry = ({ columns, row }: EntryRow, tenant: string): LedgerEntryRow => ({
  tenant, project: columns.project(row), ownId: columns.own_id(row), kind: columns.kind(row), reason: columns.reason(row) as LedgerReason,
  occurredAt: columns.occurred_at(row), postedAt: columns.posted_at(row), traceId: columns.trace_id(row), spanId: columns.span_id(row),
  provider: columns.provider(row), model: columns.model(row), meter: columns.meter(row) as LedgerMeter, quantity: columns.quantity(row),
  usageFlags: columns.usage_flags(row) as readonly UsageFlag[], unitPrice: columns.unit_price(row), amount: columns.amount(row), basis: columns.basis(row),
  priceBookVersion: columns.price_book_version(row), priceCard: columns.price_card(row), reverses: columns.reverses(row), agent: columns.agent(row),
  user: columns.user(row), session: columns.session(row), workflow: columns.workflow(row), service: columns.service(row), environment: columns.environment(row), tags: columns.tags(row),
  revision: columns.revision(row),
})

const storedRun = (columns: Block<typeof runTypes>['columns'], row: number): StoredRun => ({
  traceId: columns.trace_id(row), version: columns.version(row), settled: columns.settled(row), lastReceivedAt: columns.last_received_at(row),
  figures: {
    isRun: columns.is_run(row), status: columns.status(row), name: columns.name(row), service: columns.service(row), workflow: columns.workflow(row),
    agents: columns.agents(row), users: columns.users(row), sessions: columns.sessions(row), models: columns.models(row),
    modelCalls: columns.model_calls(row), failedModelCalls: columns.failed_model_calls(row), unmeteredModelCalls: columns.unmetered_model_calls(row),
    unpricedModelCalls: columns.unpriced_model_calls(row), toolCalls: columns.tool_calls(row), failedToolCalls: columns.failed_tool_calls(row),
    spanCount: columns.span_count(row), errorCount: columns.error_count(row), input: columns.tokens_input(row), cachedInput: columns.tokens_cached_input(row),
    cacheWrite: columns.tokens_cache_write(row), output: columns.tokens_output(row), reasoning: columns.tokens_reasoning(row), total: columns.tokens_total(row),
    cost: columns.cost(row), reportedCost: columns.reported_cost(row),
  },
})
