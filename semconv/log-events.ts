import { type Attributes, type AttributeValue, KeyValueList, type LogRecord, type SpanEvent } from './attributes.ts'
import { word } from './value.ts'

/**
 * What an event is called. Its own field has the last word only where the attribute is silent: Rust's `tracing` fills the
 * field with a place in the source (`event otel/src/tool_result.rs:54`) and says the name in `event.name`, as every SDK did before
 * OTLP 1.5. Claude Code writes the bare name there and the full one as the body.
 */
export function eventNameOf(record: LogRecord): string {
  const named = word(record.attributes.get('event.name')) ?? word(record.eventName) ?? ''
  if (typeof record.body === 'string' && named !== '' && record.body.endsWith(`.${named}`) && record.body.length <= named.length + vendorLength) return record.body
  return named
}

/** Characters that stand before a bare event name: `claude_code.`. */
const vendorLength = 32

/** When it happened, or else was seen. */
export const timeOf = (record: LogRecord): bigint => (record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano)

/**
 * GenAI events that belong to a span: the conventions' content and evaluation events and those of 1.28 to
 * 1.36. Their span shows them, whichever of the two comes first.
 */
export const isSpanEvent = (eventName: string): boolean => eventName.startsWith('gen_ai.')

/** A GenAI log event as the span event it would have been. Older events carry their payload as the body. */
export function spanEventOf(record: Pick<LogRecord, 'attributes' | 'body'>, name: string, timeUnixNano: bigint): SpanEvent {
  return { timeUnixNano, name, attributes: withBody(record.attributes, record.body), droppedAttributesCount: 0 }
}

function withBody(attributes: Attributes, body: AttributeValue): Attributes {
  if (body === null || body === '') return attributes
  if (!(body instanceof KeyValueList)) return attributes.has('content') ? attributes : new Map([...attributes, ['content', body]])
  const merged = new Map([...attributes, ...body.entries])
  // A message that asks for tools, or answers one, is more than its content.
  if (body.entries.has('role') || body.entries.has('tool_calls') || body.entries.has('id')) merged.set('content', body)
  return merged
}
