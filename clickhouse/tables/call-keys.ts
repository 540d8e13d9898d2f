import { hash } from 'node:crypto'
import type { UnixNano } from '#semconv/facts.ts'
import { count, id, type Table, time, word } from '../table.ts'

/** A provider's answer and a span that tells it: finds the same call in another trace. One row per call key of a span. */
export interface CallKeyRow {
  readonly tenant: string
  /** See `callKeyId`. */
  readonly key: string
  readonly traceId: string
  readonly spanId: string
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano
  /** Who tells it and what: an id alone can repeat (servers that count from 1), the same answer agrees in these too. */
  readonly service: string
  readonly scopeName: string
  readonly model: string
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * 16 hex digits for one of `Step.callKeys`: keys of any length take 8 bytes, which nothing compresses. Among a milliard of keys a
 * look-up meets a stranger once in 18 milliards, and answers must agree in model and tokens too (`toldElsewhere`).
 */
export const callKeyId = (callKey: string): string => hash('sha256', callKey, 'hex').slice(0, 16)

/** Sorted by keys, which are random. */
const unsorted = 'CODEC(T64, ZSTD(1))'

export const callKeys: Table<CallKeyRow> = {
  name: 'call_keys',
  columns: [
    word('tenant', (r) => r.tenant),
    id('key', 8, (r) => r.key),
    id('trace_id', 16, (r) => r.traceId),
    id('span_id', 8, (r) => r.spanId),
    time('started_at', (r) => r.startedAt, unsorted),
    time('ended_at', (r) => r.endedAt, unsorted),
    word('service', (r) => r.service),
    word('scope_name', (r) => r.scopeName),
    word('model', (r) => r.model),
    count('input_tokens', (r) => r.inputTokens),
    count('output_tokens', (r) => r.outputTokens),
  ],
}
