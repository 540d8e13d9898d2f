/**
 * Attribute values with their OTLP type kept: an int is a `bigint`, a double a `number`, so that what is stored is what
 * was sent. `null` is a value that is present and empty (allowed since OTLP 1.9).
 */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | KeyValueList

/** An OTLP kvlist. Not a plain object: keys come from outside, `__proto__` among them. */
export class KeyValueList {
  readonly entries: ReadonlyMap<string, AttributeValue>
  constructor(entries: ReadonlyMap<string, AttributeValue>) {
    this.entries = entries
  }
}

/** Last one wins where a sender repeats a key; insertion order is arrival order. */
export type Attributes = ReadonlyMap<string, AttributeValue>

export interface SpanEvent {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
}

export interface SpanLink {
  /** Hex. */
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly flags: number
}

/** Who sent the span: decoded once per resource and scope, shared by reference between the spans under them. */
export interface Resource {
  readonly attributes: Attributes
  readonly schemaUrl: string
}
export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: Attributes
  readonly schemaUrl: string
}

/**
 * What dialects read. Two things implement it: the decoded wire, and the stored row; so derivation can run again over
 * history and must say the same.
 */
export interface SpanRecord {
  /** Hex, 32 digits. */
  readonly traceId: string
  /** Hex, 16 digits. */
  readonly spanId: string
  /** Hex, 16 digits, '' for a root. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly statusCode: number
  readonly statusMessage: string
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly events: readonly SpanEvent[]
  readonly droppedEventsCount: number
  readonly links: readonly SpanLink[]
  readonly droppedLinksCount: number
  readonly resource: Resource
  readonly scope: Scope
}

/** A log record as decoded. Events are log records that have a name. */
export interface LogRecord {
  /** When it happened; 0 where the sender says only when it was seen. */
  readonly timeUnixNano: bigint
  /** When the sender's SDK saw it. */
  readonly observedTimeUnixNano: bigint
  /** OTLP `SeverityNumber`: 1 to 24, 0 unspecified. */
  readonly severityNumber: number
  readonly severityText: string
  /** Any value: text, or a structure in older GenAI events. */
  readonly body: AttributeValue
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly flags: number
  /** Hex, 32 digits, '' where it belongs to no trace. */
  readonly traceId: string
  /** Hex, 16 digits, '' where it belongs to no span. */
  readonly spanId: string
  /** The field of this name, as sent; what the event is called, `eventNameOf` (log-events.ts) says. */
  readonly eventName: string
  readonly resource: Resource
  readonly scope: Scope
}
