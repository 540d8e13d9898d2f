import { type Attributes, type AttributeValue, KeyValueList } from '#semconv/attributes.ts'
import { plain } from '#semconv/value.ts'

/** OTLP/JSON `AnyValue`, as the storage keeps what has no column type of its own. */
export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
}
export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

/** Levels that are followed, as deep as the decoder accepts; what lies deeper reads as empty. */
const depthMax = 64

export function attributeValue(any: AnyValue | undefined, depth = 0): AttributeValue {
  if (any === undefined || depth > depthMax) return null
  if (any.stringValue !== undefined) return any.stringValue
  if (any.boolValue !== undefined) return any.boolValue
  if (any.intValue !== undefined) return BigInt(any.intValue)
  if (any.doubleValue !== undefined) return Number(any.doubleValue)
  if (any.bytesValue !== undefined) return Buffer.from(any.bytesValue, 'base64')
  if (any.arrayValue !== undefined) return (any.arrayValue.values ?? []).map((value) => attributeValue(value, depth + 1))
  if (any.kvlistValue !== undefined) return new KeyValueList(attributes(any.kvlistValue.values ?? [], depth + 1))
  return null
}

/** A list of `KeyValue` as attributes; the last one wins where a key repeats. */
export const attributes = (pairs: readonly KeyValue[], depth = 0): Attributes =>
  new Map(pairs.map(({ key, value }) => [key, attributeValue(value, depth)]))

/** Our own columns hold this text: what does not parse is a fault of ours, and said so. */
export const storedPairs = (text: string): readonly KeyValue[] => (text === '' ? [] : (JSON.parse(text) as readonly KeyValue[]))
export const storedAny = (text: string): AttributeValue => attributeValue(JSON.parse(text) as AnyValue)

/** The five maps of attributes by OTLP type, as the store answers them: 64-bit integers are text. */
export interface StoredMaps {
  readonly attributes_string: Readonly<Record<string, string>>
  readonly attributes_int: Readonly<Record<string, string>>
  readonly attributes_double: Readonly<Record<string, number>>
  readonly attributes_bool: Readonly<Record<string, boolean>>
  readonly attributes_json: Readonly<Record<string, string>>
}

/** Every attribute with the type it was sent in. */
export function typedAttributes(stored: StoredMaps): Map<string, AttributeValue> {
  const values = new Map<string, AttributeValue>()
  for (const [key, value] of Object.entries(stored.attributes_string)) values.set(key, value)
  for (const [key, value] of Object.entries(stored.attributes_int)) values.set(key, BigInt(value))
  for (const [key, value] of Object.entries(stored.attributes_double)) values.set(key, value)
  for (const [key, value] of Object.entries(stored.attributes_bool)) values.set(key, value)
  for (const [key, value] of Object.entries(stored.attributes_json)) values.set(key, storedAny(value))
  return values
}

/** By key, sorted; `fromEntries` keeps a key like `__proto__` a key. */
export const plainAttributes = (values: Attributes): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, plain(value)]))
