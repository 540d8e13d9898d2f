import type { Attributes, AttributeValue } from '#semconv/attributes.ts'
import { anyValue } from './otlp-json.ts'

/** Attributes by OTLP type, as the tables hold them. A list is made when there is something to put into it: most spans fill two of the five. */
export interface TypedAttributes {
  string: PairList<string>
  int: PairList<bigint>
  double: PairList<number>
  bool: PairList<boolean>
  /** Arrays, lists, bytes and empty values, as OTLP/JSON `AnyValue`. */
  json: PairList<string>
}

interface PairList<T> {
  readonly keys: string[]
  readonly values: T[]
}

const empty: PairList<never> = { keys: [], values: [] }
export const noAttributes: Readonly<TypedAttributes> = { string: empty, int: empty, double: empty, bool: empty, json: empty }

function pair<T>(list: PairList<T>, key: string, value: T): PairList<T> {
  if (list === empty) return { keys: [key], values: [value] }
  list.keys.push(key)
  list.values.push(value)
  return list
}

export function place(split: TypedAttributes, key: string, value: AttributeValue): void {
  if (typeof value === 'string') split.string = pair(split.string, key, value)
  else if (typeof value === 'bigint') split.int = pair(split.int, key, value)
  else if (typeof value === 'number') split.double = pair(split.double, key, value)
  else if (typeof value === 'boolean') split.bool = pair(split.bool, key, value)
  else split.json = pair(split.json, key, JSON.stringify(anyValue(value)))
}

/** All of them. */
export function byType(attributes: Attributes): TypedAttributes {
  const typed = { ...noAttributes }
  for (const [key, value] of attributes) place(typed, key, value)
  return typed
}
