import { type StepKind, stepKinds } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { decisionsOfRun } from '../policy-decisions/read-decisions.ts'
import { traceById, traceWhere } from '../runs/read-runs.ts'
import { ledgerBySpan, type SpanLedger } from '../steps/verdicts.ts'
import { encodeSkeleton, flagBits, kindIndex, type SkeletonSpans } from './encode.ts'
import { idIndex } from './id-index.ts'
import { wordTable } from './word-table.ts'

/** Runs up to this size show the verdicts of settlement, as their steps do; a larger one the kinds and charges as stored. */
const verdictSpansMax = 5_000

/** The columns that `decodeRows` expects, in this order. All of fixed width first: then only four texts are left to cut. */
const columns = [
  'span_id', 'parent_span_id', 'toUnixTimestamp64Nano(started_at)', 'toUnixTimestamp64Nano(ended_at)', 'toUInt8(toInt8(step_kind) - 1)',
  `toUInt8((status_code = 2) * ${flagBits.failed} + ` +
    `(usage_input_cache_read + usage_input_audio_cache_read > 0) * ${flagBits.cached})`,
  'usage_reported',
  'toFloat64(usage_input_uncached + usage_input_cache_read + usage_input_cache_write_5m + usage_input_cache_write_1h + usage_input_audio + usage_input_audio_cache_read + usage_input_image)',
  'toFloat64(usage_output_text + usage_output_reasoning + usage_output_audio + usage_output_image)',
  'toString(name)', 'toString(agent)', `toString(if(response_model = '', request_model, response_model))`, 'toString(service)',
].join(', ')
const fixedBytes = 8 + 8 + 8 + 8 + 1 + 1 + 1 + 8 + 8

/** The skeleton of a trace, uncompressed; `undefined` where there is no such trace. */
export async function readSkeleton(context: QueryContext, id: string): Promise<Buffer | undefined> {
  const run = await traceById(context, id)
  if (run === null) return undefined
  const [rows, ledger, decisions, verdicts] = await Promise.all([
    context.reader.binary({ columns, from: 'spans', where: traceWhere(run, 'started_at'), tail: '' }),
    ledgerBySpan(context, run),
    run.policyDecisionCount > 0 ? decisionsOfRun(context, run) : [],
    run.spanCount <= verdictSpansMax ? context.verdicts.get(context, run) : undefined,
  ])
  const spans = decodeRows(rows, ledger)
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

/** `RowBinary` rows of `columns`. https://clickhouse.com/docs/interfaces/formats/RowBinary */
function decodeRows(bytes: Buffer, ledger: ReadonlyMap<string, SpanLedger>): DecodedSpans {
  const rows = countRows(bytes)
  const words = (...given: readonly string[]) => ({ ...wordTable(given), numbers: new Uint32Array(rows) })
  const spans = {
    spanId: new Uint8Array(rows * 8), parentId: new Uint8Array(rows * 8), startedAt: new BigInt64Array(rows), endedAt: new BigInt64Array(rows),
    kind: new Uint8Array(rows), flags: new Uint8Array(rows), usageReported: new Uint8Array(rows), tokensIn: new Float64Array(rows),
    tokensOut: new Float64Array(rows), cost: new BigInt64Array(rows), name: words(), agent: words(''), model: words(''), service: words(),
  }
  const texts = [spans.name, spans.agent, spans.model, spans.service]
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (let byte = 0; byte < 8; byte++) {
      spans.spanId[row * 8 + byte] = bytes[at + byte] ?? 0
      spans.parentId[row * 8 + byte] = bytes[at + 8 + byte] ?? 0
    }
    spans.startedAt[row] = bytes.readBigInt64LE(at + 16)
    spans.endedAt[row] = bytes.readBigInt64LE(at + 24)
    spans.kind[row] = Math.min(bytes[at + 32] ?? 0, stepKinds.length - 1)
    spans.flags[row] = bytes[at + 33] ?? 0
    spans.usageReported[row] = bytes[at + 34] ?? 0
    spans.tokensIn[row] = bytes.readDoubleLE(at + 35)
    spans.tokensOut[row] = bytes.readDoubleLE(at + 43)
    if (spans.usageReported[row] === 1) spans.flags[row] = (spans.flags[row] ?? 0) | flagBits.uncounted
    at += fixedBytes
    for (const column of texts) {
      const { length, start } = lengthAt(bytes, at)
      at = start + length
      column.numbers[row] = column.number(bytes, start, at)
    }
  }
  const index = idIndex(spans.spanId)
  const rowOf = (id: string): number => index.find(Buffer.from(id, 'hex'), 0)
  for (const [id, lines] of ledger) {
    const row = rowOf(id)
    if (row === -1) continue
    spans.cost[row] = lines.cost ?? 0n
    if (lines.stands) spans.flags[row] = (spans.flags[row] ?? 0) & ~flagBits.uncounted
  }
  return { ...spans, rowOf }
}

/** A first pass over the lengths alone: the columns are then allocated once, at their size. */
function countRows(bytes: Buffer): number {
  let rows = 0
  let at = 0
  while (at < bytes.length) {
    at += fixedBytes
    for (let text = 0; text < 4; text++) {
      const { length, start } = lengthAt(bytes, at)
      at = start + length
    }
    rows++
  }
  return rows
}

/** An unsigned LEB128. */
function lengthAt(bytes: Buffer, at: number): { readonly length: number; readonly start: number } {
  let length = 0
  let scale = 1
  let start = at
  for (;;) {
    const byte = bytes[start++] ?? 0
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return { length, start }
    scale *= 0x80
  }
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
