import { id, type Pairs, stringMap, type Table, text, time, word } from '../table.ts'

/** The large text of a span, one row per span that has any: prompts, answers, tool arguments and results, events, links. */
export interface SpanContentRow {
  readonly tenant: string
  readonly traceId: string
  readonly spanId: string
  readonly startedAt: bigint
  readonly receivedAt: bigint
  /** Content attributes that are strings, by key. */
  readonly attributesString: Pairs<string>
  /** Content attributes of any other type, as OTLP/JSON `AnyValue`. */
  readonly attributesJson: Pairs<string>
  /** OTLP/JSON `Event[]`, '' if none. */
  readonly events: string
  /** OTLP/JSON `Link[]`, '' if none. */
  readonly links: string
}

/**
 * Every call of an agent tells the whole conversation again. A window of 2^24 bytes, as large as a block of these columns
 * (migration 0007), finds it there: what was said before costs a reference. See docs/decisions/012-table-design.md.
 */
const history = 'CODEC(ZSTD(3, 24))'

export const spanContent: Table<SpanContentRow> = {
  name: 'span_content',
  columns: [
    word('tenant', (r) => r.tenant),
    id('trace_id', 16, (r) => r.traceId),
    id('span_id', 8, (r) => r.spanId),
    time('started_at', (r) => r.startedAt),
    time('received_at', (r) => r.receivedAt),
    stringMap('attributes_string', (r) => r.attributesString, history),
    stringMap('attributes_json', (r) => r.attributesJson, 'CODEC(ZSTD(3))'),
    text('events', (r) => r.events, history),
    text('links', (r) => r.links, 'CODEC(ZSTD(3))'),
  ],
}
