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

/** 32 hex digits for one of `Step.callKeys`: keys of any length take 16 bytes, and a lookup reads little. */
export const callKeyId = (callKey: string): string => hash('sha256', callKey, 'hex').slice(0, 32)

export const callKeys: Table<CallKeyRow> = {
  name: 'call_keys',
  columns: [
    word('tenant', (r) => r.tenant),
    id('key', 16, (r) => r.key),
    id('trace_id', 16, (r) => r.traceId),
    id('span_id', 8, (r) => r.spanId),
    time('started_at', (r) => r.startedAt),
    time('ended_at', (r) => r.endedAt),
    word('service', (r) => r.service),
    word('scope_name', (r) => r.scopeName),
    word('model', (r) => r.model),
    count('input_tokens', (r) => r.inputTokens),
    count('output_tokens', (r) => r.outputTokens),
  ],
}
