import type { AttributeValue } from './attributes.ts'
import { isObject, type Json, parsed } from './value.ts'

/** Characters of arguments that are parsed to bring them into one form; longer ones are compared as sent. */
const canonicalLimit = 65_536

/**
 * 16 hex digits over a tool's arguments with object keys sorted: equal calls have equal hashes, whichever order and
 * spacing the emitter chose. Not cryptographic: it groups, it does not prove. '' where nothing was captured.
 */
export function argumentsHash(value: AttributeValue | undefined): string {
  if (value === undefined || value === null || value === '') return ''
  if (typeof value === 'string' && value.length > canonicalLimit) return hash64(value)
  const json = parsed(value)
  return hash64(json === undefined ? String(value) : canonical(json))
}

export function canonical(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(canonical).join(',')}]`
  if (!isObject(json)) return JSON.stringify(json)
  const members = Object.keys(json).sort().map((key) => `${JSON.stringify(key)}:${canonical(json[key] ?? null)}`)
  return `{${members.join(',')}}`
}

/** Called so, it is not looked up for every character, whatever kind of string it is. */
const { charCodeAt } = String.prototype

/** Two 32-bit multiply-xor streams with different odd constants, mixed into each other at the end. */
function hash64(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const code = charCodeAt.call(text, index)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return hex32(low) + hex32(high)
}

const hex32 = (number: number) => (number >>> 0).toString(16).padStart(8, '0')
