import { meters, type StepKind } from '#semconv/facts.ts'
import { usageColumn } from '#clickhouse/tables/spans.ts'
import type { QueryContext } from '../context.ts'
import { decisionsOfRun } from '../policy-decisions/read-decisions.ts'
import { allOf, when } from '../where.ts'
import { traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { encodeSkeleton, flagBits, kindIndex, type SkeletonSpans } from './encode.ts'
import { type IdIndex, idIndex } from './id-index.ts'
import { nativeBlocks, readLength } from './native.ts'
import { wordTable } from './word-table.ts'
import { latestOfSpan } from '../reader.ts'

/** Runs up to this size show the verdicts of settlement, as their steps do; a larger one the kinds and charges as stored. */
const verdictSpansMax = 5_000

const metersOf = (prefix: 'input.' | 'output.'): string => meters.filter((meter) => meter.startsWith(prefix)).map(usageColumn).join(' + ')

/** The columns that `decode` expects, in this order. Binds `base`. */
const columns = [
  'span_id', 'parent_span_id',
  'toFloat64(toUnixTimestamp64Nano(started_at) - {base:Int64})', 'toFloat64(toUnixTimestamp64Nano(ended_at) - {base:Int64})',
  'toUInt8(toInt8(step_kind) - 1)',
  `toUInt8((status_code = 2) * ${flagBits.failed} + (usage_input_cache_read + usage_input_audio_cache_read > 0) * ${flagBits.cached})`,
  'toUInt8(usage_reported)',
  `toFloat64(${metersOf('input.')})`, `toFloat64(${metersOf('output.')})`,
  // Not toString, which keeps LowCardinality.
  ...['name', 'agent', `if(response_model = '', request_model, response_model)`, 'service'].map((sql) => `CAST(${sql} AS String)`),
].map((sql, index) => `${sql} AS c${index}`).join(', ')

/** What the ledger says of each span, in the order that `applyLedger` expects. Pico-dollars: a decimal times 10^12. */
const ledgerColumns = ['span_id', 'toInt64(ifNull(sum(amount), 0) * 1000000000000)', 'toUInt8(sum(quantity) != 0 OR ifNull(sum(amount), 0) != 0)']
  .map((sql, index) => `${sql} AS c${index}`).join(', ')

/** The skeleton of a trace, uncompressed. */
export async function readSkeleton(context: QueryContext, run: Run): Promise<Buffer> {
  const [rows, ledger, decisions, verdicts] = await Promise.all([
    context.reader.binary({ columns, from: 'spans', where: allOf(traceWhere(run, 'started_at'), when('1', { base: run.startedAt.toString() })), tail: latestOfSpan }),
    context.reader.binary({ columns: ledgerColumns, from: 'ledgerEntries', where: traceWhere(run, 'occurred_at'), tail: 'GROUP BY span_id' }),
    run.policyDecisionCount > 0 ? decisionsOfRun(context, run) : [],
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
  const blocks = nativeBlocks(bytes)
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
  const words = (...given: readonly string[]) => ({ ...wordTable(given), numbers: new Uint32Array(rows) })
  const spans = {
    base, spanId: new Uint8Array(rows * 8), parentId: new Uint8Array(rows * 8), start: new Float64Array(rows), end: new Float64Array(rows),
    kind: new Uint8Array(rows), flags: new Uint8Array(rows), usageReported: new Uint8Array(rows), tokensIn: new Float64Array(rows),
    tokensOut: new Float64Array(rows), cost: new BigInt64Array(rows), name: words(), agent: words(''), model: words(''), service: words(),
  }
  const fixed = [spans.spanId, spans.parentId, spans.start, spans.end, spans.kind, spans.flags, spans.usageReported, spans.tokensIn, spans.tokensOut]
  const texts = [spans.name, spans.agent, spans.model, spans.service]
  let from = 0
  for (const block of blocks) {
    fixed.forEach((column, index) => copy(bytes, block.columns[index]?.at ?? 0, column, from, block.rows, rows))
    texts.forEach((column, index) => {
      const cursor = { at: block.columns[fixed.length + index]?.at ?? 0 }
      for (let row = from; row < from + block.rows; row++) {
        const length = readLength(bytes, cursor)
        cursor.at += length
        column.numbers[row] = column.number(bytes, cursor.at - length, cursor.at)
      }
    })
    from += block.rows
  }
  for (let row = 0; row < rows; row++) {
    if (spans.usageReported[row] === 1) spans.flags[row] = (spans.flags[row] ?? 0) | flagBits.uncounted
  }
  const index = idIndex(spans.spanId)
  applyLedger(spans, index, ledger)
  const rowOf = (id: string): number => index.find(Buffer.from(id, 'hex'), 0)
  return { ...spans, rowOf }
}

/** `Native` blocks of `ledgerColumns`: what a span costs, and that its usage is counted. */
function applyLedger(spans: Pick<SkeletonSpans, 'cost' | 'flags'>, index: IdIndex, bytes: Buffer): void {
  for (const { rows, columns: [id, cost, stands] } of nativeBlocks(bytes)) {
    if (id === undefined || cost === undefined || stands === undefined) throw new Error('the ledger was asked for three columns')
    for (let line = 0; line < rows; line++) {
      const row = index.find(bytes, id.at + line * 8)
      if (row === -1) continue
      spans.cost[row] = bytes.readBigInt64LE(cost.at + line * 8)
      if (bytes[stands.at + line] === 1) spans.flags[row] = (spans.flags[row] ?? 0) & ~flagBits.uncounted
    }
  }
}

/** Copies a block's values of one column behind those of the blocks before it. */
function copy(bytes: Buffer, at: number, column: Uint8Array | Float64Array, from: number, count: number, rows: number): void {
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
