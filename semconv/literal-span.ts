import { type AttributeValue, type Attributes, KeyValueList, type SpanEvent, type SpanRecord } from './attributes.ts'

/** An attribute as tests write it: integers become OTLP ints, other numbers doubles, objects kvlists. */
export type Literal = string | boolean | number | bigint | null | Uint8Array | readonly Literal[] | { readonly [key: string]: Literal }

export function literalAttributes(literals: { readonly [key: string]: Literal }): Attributes {
  return new Map(Object.entries(literals).map(([key, value]) => [key, attributeValue(value)]))
}

function attributeValue(literal: Literal): AttributeValue {
  if (typeof literal === 'number') return Number.isSafeInteger(literal) ? BigInt(literal) : literal
  if (literal === null || typeof literal !== 'object' || literal instanceof Uint8Array) return literal
  if (isList(literal)) return literal.map(attributeValue)
  return new KeyValueList(literalAttributes(literal))
}

const isList = (literal: Literal): literal is readonly Literal[] => Array.isArray(literal)

export interface LiteralSpan {
  readonly name?: string
  readonly scope?: string
  readonly scopeVersion?: string
  readonly parent?: string
  readonly kind?: number
  readonly status?: number
  readonly statusMessage?: string
  readonly resource?: { readonly [key: string]: Literal }
  readonly attributes?: { readonly [key: string]: Literal }
  readonly events?: readonly { readonly name: string; readonly afterMillis?: number; readonly attributes?: { readonly [key: string]: Literal } }[]
}

const start = 1_763_683_200_000_000_000n

/** A span as decoding would hand it over, from the few things a test is about. */
export function literalSpan(literal: LiteralSpan): SpanRecord {
  const events: SpanEvent[] = (literal.events ?? []).map((event) => ({
    timeUnixNano: start + BigInt(Math.round((event.afterMillis ?? 0) * 1e6)), name: event.name,
    attributes: literalAttributes(event.attributes ?? {}), droppedAttributesCount: 0,
  }))
  return {
    traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', parentSpanId: literal.parent ?? '', traceState: '', flags: 0,
    name: literal.name ?? '', kind: literal.kind ?? 1, startTimeUnixNano: start, endTimeUnixNano: start + 1_000_000_000n,
    statusCode: literal.status ?? 0, statusMessage: literal.statusMessage ?? '',
      attributes: literalAttributes(literal.attributes ?? {}),
    droppedAttributesCount: 0, events, droppedEventsCount: 0, links: [], droppedLinksCount: 0,
    resource: { attributes: literalAttributes(literal.resource ?? {}), schemaUrl: '' },
    scope: { name: literal.scope ?? '', version: literal.scopeVersion ?? '', attributes: new Map(), schemaUrl: '' },
  }
}
