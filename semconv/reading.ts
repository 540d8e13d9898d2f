import type { Attributes, AttributeValue, Resource } from './attributes.ts'
import {
  type CountField, conventionFirst, current, type Field, fieldTypes, type Keys, older, resourceKeys, shared, type WordField,
} from './keys.ts'
import { tokenCount, word } from './value.ts'

/** One span's attributes, sorted into fields: for each field the value of its most preferred key. */
export interface Reading {
  word(field: WordField): string
  count(field: CountField): number | undefined
  value(field: Field): AttributeValue | undefined
  /** Some key of a count held no count. */
  readonly invalidCounts: boolean
}

const fieldNames = Object.keys(fieldTypes) as Field[]
const fieldIndex = new Map(fieldNames.map((field, index) => [field, index]))
const types = fieldNames.map((field) => fieldTypes[field])

/** Per attribute key: pairs of field index and rank, flattened. Lower ranks win. */
type KeyTable = ReadonlyMap<string, readonly number[]>

/**
 * A key without a dot (`model`, `input_tokens`) means something only in the mouth of its own dialect; anybody's span may
 * carry it otherwise.
 */
const namespaced = (key: string) => key.includes('.')

/** A field's keys in order of preference: the dialect's own, the conventions now and earlier, shared ones, other dialects'. */
export function orderedKeys(field: Field, own: Keys, others: readonly Keys[]): readonly string[] {
  const mine = own[field] ?? []
  const conventions = current[field] ?? []
  const first = conventionFirst.has(field) ? [...conventions, ...mine] : [...mine, ...conventions]
  const foreign = others.flatMap((keys) => keys[field] ?? []).filter(namespaced)
  return [...new Set([...first, ...(older[field] ?? []), ...(shared[field] ?? []), ...foreign])]
}

export function keyTable(own: Keys, others: readonly Keys[]): KeyTable {
  return tabulate((field) => orderedKeys(field, own, others))
}

function tabulate(keysOf: (field: Field) => readonly string[]): KeyTable {
  const table = new Map<string, number[]>()
  fieldNames.forEach((field, index) => {
    keysOf(field).forEach((key, rank) => {
      const targets = table.get(key) ?? []
      targets.push(index, rank)
      table.set(key, targets)
    })
  })
  return table
}

const blank: readonly (AttributeValue | undefined)[] = types.map(() => undefined)
/** Ranks of the values found so far. Shared between calls: only the rank of a value of this call is ever looked at. */
const ranks = new Uint16Array(types.length)

export function read(table: KeyTable, attributes: Attributes, resource: Resource): Reading {
  const values = blank.slice()
  let invalidCounts = false
  attributes.forEach((value, key) => {
    const targets = table.get(key)
    if (targets === undefined || value === null) return
    for (let at = 0; at < targets.length; at += 2) {
      const field = targets[at] as number
      const rank = targets[at + 1] as number
      const type = types[field]
      const outranked = values[field] !== undefined && (ranks[field] as number) < rank
      // What is no count is told of in any order of the attributes.
      if (outranked && type !== 'count') continue
      const accepted = type === 'word' ? word(value) : type === 'count' ? tokenCount(value) : value
      if (accepted === undefined) {
        if (type === 'count') invalidCounts = true
        continue
      }
      if (outranked) continue
      values[field] = accepted
      ranks[field] = rank
    }
  })
  fillFromResource(values, resource)
  return new SortedReading(values, invalidCounts)
}

/** Decoding shares one resource's attributes between its spans, so their part of the answer is worked out once. */
const resourceValues = new WeakMap<Attributes, readonly (readonly [number, string])[]>()

function fillFromResource(values: (AttributeValue | undefined)[], resource: Resource): void {
  let known = resourceValues.get(resource.attributes)
  if (known === undefined) {
    known = readResource(resource)
    resourceValues.set(resource.attributes, known)
  }
  for (const [field, value] of known) values[field] ??= value
}

function readResource(resource: Resource): readonly (readonly [number, string])[] {
  const found: [number, string][] = []
  for (const [field, keys] of Object.entries(resourceKeys)) {
    const value = keys.map((key) => word(resource.attributes.get(key))).find((text) => text !== undefined)
    if (value !== undefined) found.push([fieldIndex.get(field as Field) as number, value])
  }
  return found
}

/** A class only so that its methods are shared: one is made per span. */
class SortedReading implements Reading {
  readonly #values: readonly (AttributeValue | undefined)[]
  readonly invalidCounts: boolean
  constructor(values: readonly (AttributeValue | undefined)[], invalidCounts: boolean) {
    this.#values = values
    this.invalidCounts = invalidCounts
  }
  word(field: WordField): string {
    return (this.#values[fieldIndex.get(field) as number] as string | undefined) ?? ''
  }
  count(field: CountField): number | undefined {
    return this.#values[fieldIndex.get(field) as number] as number | undefined
  }
  value(field: Field): AttributeValue | undefined {
    return this.#values[fieldIndex.get(field) as number]
  }
}
