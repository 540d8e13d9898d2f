import { parseDocument } from 'yaml'

/** A map of a YAML document: keys come from outside, `__proto__` among them, so it is a `Map`. */
export type Fields = ReadonlyMap<string, unknown>

/** Reads the parts of a document that a person wrote; what does not fit is one line that names the place, the value and what is allowed. */
export interface DocumentReader {
  /** Integers arrive as bigint, maps as `Map`. `where` names the document. */
  parse(yaml: string, where: string): unknown
  fields(value: unknown, where: string): Fields
  items(value: unknown, where: string, max: number): readonly unknown[]
  refuseUnknown(from: Fields, allowed: readonly string[], where: string): void
  text(from: Fields, key: string, where: string, charactersMax: number): string
  choice(from: Fields, key: string, allowed: readonly string[], where: string): string
  integer(from: Fields, key: string, where: string, max: number): number
}

/** Aliases (`*name`) that are resolved: more is a document that wants to be larger than it is. */
const aliasesMax = 100

/** `fail` makes the error that is thrown, of the class that the reader's caller knows. */
export function documentReader(fail: (message: string) => Error): DocumentReader {
  const text: DocumentReader['text'] = (from, key, where, charactersMax) => {
    const value = from.get(key)
    if (typeof value !== 'string' || value === '') throw fail(`${where}: ${key} is ${described(value)}, a text is needed`)
    if (value.length > charactersMax) throw fail(`${where}: ${key} has ${value.length} characters, at most ${charactersMax} are allowed`)
    return value
  }
  return {
    text,
    parse: (yaml, where) => {
      const document = parseDocument(yaml, { intAsBigInt: true, uniqueKeys: true, prettyErrors: true })
      const [problem] = document.errors
      if (problem !== undefined) throw fail(`${where}: not valid YAML: ${problem.message.split('\n')[0]}`)
      try {
        return document.toJS({ mapAsMap: true, maxAliasCount: aliasesMax })
      } catch {
        throw fail(`${where}: not valid YAML: too many aliases (*name), at most ${aliasesMax} are resolved`)
      }
    },
    fields: (value, where) => {
      if (!(value instanceof Map)) throw fail(`${where}: is ${described(value)}, keys and values are needed`)
      for (const key of value.keys()) if (typeof key !== 'string') throw fail(`${where}: key ${described(key)} is not a text`)
      return value
    },
    items: (value, where, max) => {
      if (!Array.isArray(value)) throw fail(`${where}: is ${described(value)}, a list is needed`)
      if (value.length > max) throw fail(`${where}: has ${value.length} items, at most ${max} are allowed`)
      return value
    },
    refuseUnknown: (from, allowed, where) => {
      for (const key of from.keys()) if (!allowed.includes(key)) throw fail(`${where}: unknown key ${described(key)}, allowed: ${allowed.join(', ')}`)
    },
    choice: (from, key, allowed, where) => {
      const value = from.get(key)
      if (typeof value === 'string' && allowed.includes(value)) return value
      throw fail(`${where}: ${key} is ${described(value)}, allowed: ${allowed.join(', ')}`)
    },
    integer: (from, key, where, max) => {
      const value = from.get(key)
      if (typeof value !== 'bigint' || value < 1n || value > BigInt(max)) {
        throw fail(`${where}: ${key} is ${described(value)}, an integer from 1 to ${max} is needed`)
      }
      return Number(value)
    },
  }
}

/** A value as it is quoted back: never an address, which may hold a password or be a secret. */
export function described(value: unknown): string {
  if (typeof value === 'string' && value.includes('://')) return 'an address'
  if (value === undefined) return 'missing'
  if (value instanceof Map) return 'a map'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? `'${value.slice(0, 100)}'` : String(value)
}
