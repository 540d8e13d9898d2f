import { tokenMeters, type StepKind } from '#semconv/facts.ts'
import { usageColumn } from '#clickhouse/tables/usage-column.ts'
import type { QueryContext } from '../context.ts'
import { decisionsOfRun } from '../policy-decisions/read-decisions.ts'
import { allOf, when } from '../where.ts'
import { traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { encodeSkeleton, flagBits, kindIndex, type SkeletonSpans } from './encode.ts'
import { type IdIndex, idIndex, idWords } from './id-index.ts'
import { type NativeColumn, nativeBlocks, readLength } from './native.ts'
import { type WordTable, wordTable } from './word-table.ts'

/** Runs up to this size show the verdicts of settlement, as their steps do; a larger one the kinds and charges as stored. */
const verdictSpansMax = 5_000

const metersOf = (prefix: 'input.' | 'output.'): string => tokenMeters.filter((meter) => meter.startsWith(prefix)).map(usageColumn).join(' + ')

/** The columns that `decode` expects, in this order. Binds `base`. */
const columns = [
  'span_id', 'parent_span_id', 'toUnixTimestamp64Nano(received_at)',
  'toFloat64(toUnixTimestamp64Nano(started_at) - {base:Int64})', 'toFloat64(toUnixTimestamp64Nano(ended_at) - {base:Int64})',
  'toUInt8(toInt8(step_kind) - 1)',
  `toUInt8((status_code = 2) * ${flagBits.failed} + (usage_input_cache_read + usage_input_audio_cache_read > 0) * ${flagBits.cached})`,
  'toUInt8(usage_reported)',
  `toFloat64(${metersOf('input.')})`, `toFloat64(${metersOf('output.')})`,
  // As words: a block says each once, and few bytes a row.
  ...['name', 'agent', `if(response_model = '', request_model, response_model)`, 'service'].map((sql) => `toLowCardinality(${sql})`),
].map((sql, index) => `${sql} AS c${index}`).join(', ')

/** What the ledger says of each span, in the order that `applyLedger` expects. Pico-dollars: a decimal times 10^12. */
const ledgerColumns = ['span_id', 'toInt64(ifNull(sum(amount), 0) * 1000000000000)', 'toUInt8(sum(quantity) != 0 OR ifNull(sum(amount), 0) != 0)', 'toUInt8(sumIf(quantity, amount IS NULL) != 0)']
  .map((sql, index) => `${sql} AS c${index}`).join(', ')

/** The skeleton of a trace, uncompressed. */
export async function readSkeleton(context: QueryContext, run: Run): Promise<Buffer> {
  const [rows, ledger, decisions, verdicts] = await Promise.all([
    // Every version: picking the latest of each span here takes 5 ms, sorting all of them in the engine 200.
    context.reader.binary({
      columns, from: 'spans', where: allOf(traceWhere(run, 'started_at'), when('1', { base: run.startedAt.toString() })), tail: '', allVersions: true,
    }),
    context.reader.binary({ columns: ledgerColumns, from: 'ledgerEntries', where: traceWhere(run, 'occurred_at'), tail: 'GROUP BY span_id' }),
    decisionsOfRun(context, run),
    run.spanCount <= verdictSpansMax ? context.verdicts.get(context, run) : undefined,
  ])
  const spans = decode(rows, run.startedAt, ledger)
  if (verdicts !== undefined) applyVerdicts(spans, verdicts.of)
  for (const { spanId, outcome, place } of decisions) {
    const row = spanId === null ? -1 : spans.rowOf(spanId)
    if (row === -1) continue
    // What the collector finds in hindsight blocked nothing.
    spans.flags[row] = (spans.flags[row] ?? 0) | flagBits.decided | (outcome === 'DENY' && place !== 'COLLECTOR' ? flagBits.blocked : 0)
  }
  return encodeSkeleton({ traceId: run.id, settled: run.settled, status: run.status }, spans)
}

interface DecodedSpans extends SkeletonSpans {
  /** -1 where the trace has no such span. */
  readonly rowOf: (spanId: string) => number
  readonly usageReported: Uint8Array
}

/** `Native` blocks of `columns` and of `ledgerColumns`. */
function decode(bytes: Buffer, base: bigint, ledger: Buffer): DecodedSpans {
  const { received, ...read } = latest(readRows(bytes))
  for (let row = 0; row < read.usageReported.length; row++) {
    if (read.usageReported[row] === 1) read.flags[row] = (read.flags[row] ?? 0) | flagBits.uncounted
  }
  const spans = { base, ...read, cost: new BigInt64Array(received.length) }
  applyLedger(spans, ledger)
  const rowOf = (id: string): number => {
    const [first = 0, second = 0] = idWords(Buffer.from(id, 'hex'))
    return read.index.find(first, second)
  }
  return { ...spans, rowOf }
}

/** Every version of every span. */
function readRows(bytes: Buffer) {
  const blocks = nativeBlocks(bytes)
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
  const words = (...given: readonly string[]) => ({ ...wordTable(given), numbers: new Uint32Array(rows) })
  const read = {
    spanId: new Uint8Array(rows * 8), parentId: new Uint8Array(rows * 8), received: new BigInt64Array(rows), start: new Float64Array(rows), end: new Float64Array(rows),
    kind: new Uint8Array(rows), flags: new Uint8Array(rows), usageReported: new Uint8Array(rows), tokensIn: new Float64Array(rows), tokensOut: new Float64Array(rows),
    name: words(), agent: words(''), model: words(''), service: words(),
  }
  const { name, agent, model, service, ...fixed } = read
  const listed = [...Object.values(fixed), name, agent, model, service]
  let from = 0
  for (const block of blocks) {
    block.columns.forEach((column, index) => {
      const into = listed[index]
      if (into === undefined) throw new Error(`the spans were asked for ${listed.length} columns`)
      if ('numbers' in into) readWords(bytes, column, into, into.numbers.subarray(from, from + block.rows))
      else copy(bytes, column.at, into, from, block.rows, rows)
    })
    from += block.rows
  }
  return read
}

type Rows = ReturnType<typeof readRows>

/** A block's words have numbers of their own. */
function readWords(bytes: Buffer, { at, words }: NativeColumn, table: WordTable, into: Uint32Array): void {
  if (words === undefined) return
  const numbers = new Uint32Array(words.count)
  const cursor = { at: words.at }
  for (let word = 0; word < words.count; word++) {
    const length = readLength(bytes, cursor)
    cursor.at += length
    numbers[word] = table.number(bytes, cursor.at - length, cursor.at)
  }
  for (let row = 0; row < into.length; row++) into[row] = numbers[bytes.readUIntLE(at + row * words.width, Math.min(words.width, 6))] ?? 0
}

/** Of a span that is stored more than once, what was received last: what `FINAL` and `latestOfSpan` say elsewhere. */
function latest(all: Rows): Rows & { readonly index: IdIndex } {
  const ids = idWords(all.spanId)
  const index = idIndex(ids)
  const { received } = all
  if (index.size === received.length) return { ...all, index }
  /** By the row that the index finds. */
  const newest = Int32Array.from(received, (_, row) => row)
  const found = (row: number): number => index.find(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0)
  for (let row = 0; row < received.length; row++) {
    const place = found(row)
    if ((received[row] ?? 0n) > (received[newest[place] ?? 0] ?? 0n)) newest[place] = row
  }
  const kept = newest.filter((_, row) => found(row) === row)
  const of = <Column extends Values>(column: Column): Column => picked(column, kept, received.length)
  const words = (column: Rows['name']): Rows['name'] => ({ ...column, numbers: of(column.numbers) })
  const spanId = of(all.spanId)
  return {
    spanId, index: idIndex(idWords(spanId)), parentId: of(all.parentId), received: of(received), start: of(all.start), end: of(all.end), kind: of(all.kind), flags: of(all.flags),
    usageReported: of(all.usageReported), tokensIn: of(all.tokensIn), tokensOut: of(all.tokensOut),
    name: words(all.name), agent: words(all.agent), model: words(all.model), service: words(all.service),
  }
}

type Values = Uint8Array | Uint32Array | Float64Array | BigInt64Array

/** These rows of a column, which has the same number of values for each of `rows`. */
function picked<Column extends Values>(column: Column, kept: Int32Array, rows: number): Column {
  const values = column.length / rows
  const out = column.slice(0, kept.length * values) as Column
  kept.forEach((row, place) => out.set(column.subarray(row * values, (row + 1) * values) as never, place * values))
  return out
}

/** `Native` blocks of `ledgerColumns`: what a span costs, that its usage is counted, and that something of it has no known price. */
function applyLedger(spans: Pick<SkeletonSpans, 'cost' | 'flags' | 'index'>, bytes: Buffer): void {
  const costs = new Uint32Array(spans.cost.buffer)
  for (const { rows, columns: [id, cost, stands, unpriced] } of nativeBlocks(bytes)) {
    if (id === undefined || cost === undefined || stands === undefined || unpriced === undefined) throw new Error('the ledger was asked for four columns')
    const ids = idWords(bytes.subarray(id.at, id.at + rows * 8))
    // As halves: a bigint for each of 100,000 lines takes 20 ms.
    const halves = idWords(bytes.subarray(cost.at, cost.at + rows * 8))
    for (let line = 0; line < rows; line++) {
      const row = spans.index.find(ids[line * 2] ?? 0, ids[line * 2 + 1] ?? 0)
      if (row === -1) continue
      costs[row * 2] = halves[line * 2] ?? 0
      costs[row * 2 + 1] = halves[line * 2 + 1] ?? 0
      if (bytes[stands.at + line] === 1) spans.flags[row] = (spans.flags[row] ?? 0) & ~flagBits.uncounted
      if (bytes[unpriced.at + line] === 1) spans.flags[row] = (spans.flags[row] ?? 0) | flagBits.unpriced
    }
  }
}

/** Copies a block's values of one column behind those of the blocks before it. */
function copy(bytes: Buffer, at: number, column: Values, from: number, count: number, rows: number): void {
  const width = rows === 0 ? 0 : column.byteLength / rows
  new Uint8Array(column.buffer).set(bytes.subarray(at, at + count * width), from * width)
}

function applyVerdicts(spans: DecodedSpans, verdicts: ReadonlyMap<string, { readonly counted: boolean; readonly kind: StepKind }>): void {
  for (const [id, verdict] of verdicts) {
    const row = spans.rowOf(id)
    if (row === -1) continue
    spans.kind[row] = kindIndex(verdict.kind)
    const uncounted = spans.usageReported[row] === 1 && !verdict.counted
    spans.flags[row] = ((spans.flags[row] ?? 0) & ~flagBits.uncounted) | (uncounted ? flagBits.uncounted : 0)
  }
}
