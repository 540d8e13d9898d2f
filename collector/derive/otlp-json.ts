import { type Attributes, type AttributeValue, KeyValueList, type SpanEvent, type SpanLink } from '#semconv/attributes.ts'

/**
 * OTLP/JSON of what maps of plain values cannot hold, with the type kept: what is stored can be turned back into the
 * very attribute that was sent.
 */
type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number | string }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | { readonly bytesValue: string }
  | Readonly<Record<string, never>>
interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export function anyValue(value: AttributeValue): AnyValue {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'number') return { doubleValue: Number.isFinite(value) ? value : String(value) }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') }
  if (value instanceof KeyValueList) return { kvlistValue: { values: keyValues(value.entries) } }
  return { arrayValue: { values: value.map(anyValue) } }
}

const keyValues = (attributes: Attributes): KeyValue[] => [...attributes].map(([key, value]) => ({ key, value: anyValue(value) }))

/** Under this key a cut list says what it lacks. */
export const cutKey = 'spanledger.cut'

/** At most about `charsMax` long: attributes that do not fit are left out, the others kept, and one more tells how many there were. */
export function attributesJson(attributes: Attributes, charsMax: number): string {
  if (attributes.size === 0) return ''
  const kept: string[] = []
  let chars = 0
  for (const keyValue of keyValues(attributes)) {
    const text = JSON.stringify(keyValue)
    if (chars + text.length > charsMax) continue
    chars += text.length + 1
    kept.push(text)
  }
  const left = attributes.size - kept.length
  if (left > 0) kept.push(JSON.stringify({ key: cutKey, value: { stringValue: `${left} of ${attributes.size} attributes are left out, together they take more than ${charsMax} characters` } }))
  return `[${kept.join(',')}]`
}

export const eventsJson = (events: readonly SpanEvent[]): string =>
  events.length === 0
    ? ''
    : JSON.stringify(events.map((event) => ({
        timeUnixNano: String(event.timeUnixNano),
        name: event.name,
        attributes: keyValues(event.attributes),
        droppedAttributesCount: event.droppedAttributesCount,
      })))

export const linksJson = (links: readonly SpanLink[]): string =>
  links.length === 0
    ? ''
    : JSON.stringify(links.map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        traceState: link.traceState,
        attributes: keyValues(link.attributes),
        droppedAttributesCount: link.droppedAttributesCount,
        flags: link.flags,
      })))
